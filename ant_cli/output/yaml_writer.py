"""Write JSON as YAML 1.2, in block style. Numbers and the order of keys are kept.

PyYAML's own writer is not used: it would convert numbers, follows YAML 1.1, and takes several times as long.

A text is written without quotes only if no reader of YAML 1.1 or 1.2 could take it for another type. YAML has no
duplicate keys, so the last of equal keys is used.
"""

from __future__ import annotations

import json
import re
from functools import lru_cache

from ant_cli.gjson import json_text

_UNPRINTABLE = r"\x00-\x08\x0a-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufeff\ufffe\uffff"
"""Characters that YAML does not allow, that control a terminal, or that change the direction of writing."""
_ESCAPE = re.compile(f"[{_UNPRINTABLE}]")

_SAFE = f"[^{_UNPRINTABLE}\\t :#]"
_WORD_REST = f"(?:{_SAFE}|#|:+(?={_SAFE}|#))*+"
"""The rest of a word. It may have a `#`, as in C#, and a `:` that is followed by more of the word."""
_FIRST = f"(?:[A-Za-z_/$(]|(?![\\x00-\\xa0]){_SAFE})"
_PLAIN = re.compile(f"{_FIRST}{_WORD_REST}(?: +{_SAFE}{_WORD_REST})*+")
"""Texts that need no quotes: words, the first of which starts neither like a number nor like YAML syntax."""
_NOT_A_TEXT = frozenset({"y", "yes", "n", "no", "true", "false", "on", "off", "null"})
_LITERAL_BLOCK = re.compile(
    f"(?=[\\s\\S]*\\n[\\s\\S])\\n*+[^{_UNPRINTABLE}\\t ][^{_UNPRINTABLE}]*+(?:\\n+[^{_UNPRINTABLE}]++)*+\\n?"
)
"""Lines that a literal block represents exactly, with at most one line feed after the last."""

_LONGEST_KEY = 1000
"""YAML requires the colon of a key within 1024 characters, unless `? ` marks the key."""

_CONTAINERS = (dict, list)


def to_yaml(raw: bytes) -> str:
    """Return a JSON value as a YAML document without a marker, ending in a line end."""
    lines: list[str] = []
    try:
        _block(json_text.decode(raw), "", "", lines)
    except RecursionError:
        raise json_text.JSONTextError("The JSON is nested too deeply.") from None
    return "\n".join([*lines, ""])


def _block(value: object, lead: str, indent: str, lines: list[str]) -> None:
    """Append the lines of a value: the first one after `lead`, all others after `indent`."""
    if isinstance(value, dict) and value:
        _mapping(value, lead, indent, lines)
    elif isinstance(value, list) and value:
        _sequence(value, lead, indent, lines)
    else:
        lines.append(lead + _scalar(value, indent))


def _mapping(members: dict[str, object], lead: str, indent: str, lines: list[str]) -> None:
    deeper = indent + "  "
    for name, value in members.items():
        key = _key(name)
        if len(key) > _LONGEST_KEY:
            lines.append(f"{lead}? {key}")
            lead, key = indent, ""
        if value and isinstance(value, _CONTAINERS):
            lines.append(f"{lead}{key}:")
            _block(value, deeper, deeper, lines)
        else:
            lines.append(f"{lead}{key}: {_scalar(value, deeper)}")
        lead = indent


def _sequence(elements: list[object], lead: str, indent: str, lines: list[str]) -> None:
    deeper = indent + "  "
    for value in elements:
        if value and isinstance(value, _CONTAINERS):
            _block(value, f"{lead}- ", deeper, lines)
        else:
            lines.append(f"{lead}- {_scalar(value, deeper)}")
        lead = indent


def _scalar(value: object, indent: str) -> str:
    """Return the text after a colon or a dash; the lines of a literal block are indented."""
    if type(value) is str:
        return _lines(value, indent) if "\n" in value else _text(value)
    return json_text.scalar_text(value)  # also [] and {}


def _lines(value: str, indent: str) -> str:
    if not _LITERAL_BLOCK.fullmatch(value):
        return _text(value)
    indent = indent or "  "
    ending = "" if value.endswith("\n") else "-"
    lines = value.removesuffix("\n").split("\n")
    indented = [indent + line if line else "" for line in lines]
    return "\n".join([f"|{ending}", *indented])


def _text(value: str) -> str:
    """Return a text on one line: without quotes if that is safe, otherwise in double quotes."""
    if _PLAIN.fullmatch(value) and value.lower() not in _NOT_A_TEXT:
        return value
    quoted = json.encoder.encode_basestring(value)
    return _ESCAPE.sub(lambda match: f"\\u{ord(match[0]):04x}", quoted)


_key = lru_cache(maxsize=2048)(_text)
"""The same for a key, cached, because the same keys occur in every item."""
