"""Hashes that tell whether a file, or an object on the server, is what it was.

The official tool computes the same hashes and keeps them in the same lock file. Both need the same text of a value
for that: compact JSON with sorted keys, in the spelling of Go's encoding/json, and one spelling for each number.
"""

from __future__ import annotations

import hashlib
import json
import re
from decimal import Decimal

from ant_cli.gjson.json_text import Number
from ant_cli.input.values import Value
from ant_cli.runtime.light_typing import Any

_SERVER_FIELDS = frozenset(("id", "type", "created_at", "updated_at", "archived_at"))
"""The fields that the official tool leaves out of a hash. `state` is not among them, though the server owns it."""

_ESCAPED = re.compile(r'[\x00-\x1f"\\<>&\u2028\u2029]')
_SHORT_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\b": "\\b", "\f": "\\f"}
_SURROGATE = re.compile("[\ud800-\udfff]")
_INTEGER = re.compile(r"-?[0-9]+")


def hash_of_body(body: Value) -> str:
    """Return the hash of a body as a file declares it."""
    return _digest(canonical(body))


def hash_of_remote(remote: dict[str, Value]) -> str:
    """Return the hash of an object of the server, without what the server owns and what is empty."""
    return _digest(canonical(declared_part(remote)))


def declared_part(remote: dict[str, Value]) -> dict[str, Value]:
    """Return an object of the server without the fields that it owns, and without empty ones at any depth."""
    part: dict[str, Value] = _without_empty(
        {name: value for name, value in remote.items() if name not in _SERVER_FIELDS}
    )
    return part


def read_json(text: bytes) -> Any:
    """Return the value of a JSON text, with each number as it is written. ValueError if it is not JSON."""
    try:
        return json.loads(text, parse_int=Number, parse_float=Number)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def canonical(value: Value) -> str:
    """Return the one text of a value."""
    if isinstance(value, dict):
        members = sorted((_text(key), child) for key, child in value.items())
        return "{" + ",".join(f"{_quote(key)}:{canonical(child)}" for key, child in members) + "}"
    if isinstance(value, Number):
        return _number(value.text)
    if isinstance(value, list):
        return "[" + ",".join(map(canonical, value)) + "]"
    if isinstance(value, str):
        return _quote(_text(value))
    return "null" if value is None else str(value).lower()


def is_empty(value: Value) -> bool:
    """Whether a value says no more than a missing field: null, "", [] or {}."""
    return value is None or (isinstance(value, str | list | dict) and not value)


def are_equal(old: Value, new: Value) -> bool:
    """Whether two values say the same: all empty ones do."""
    return (is_empty(old) and is_empty(new)) or canonical(old) == canonical(new)


def _without_empty(value: Any) -> Any:
    """Return a value without the empty members of its maps; no element of a list is dropped.

    A map that is empty only without its own empty members is dropped, too.
    """
    if isinstance(value, list):
        return [_without_empty(child) for child in value]
    if not isinstance(value, dict):
        return value
    members = {key: _without_empty(child) for key, child in value.items()}
    return {key: child for key, child in members.items() if not is_empty(child)}


def _digest(text: str) -> str:
    data = text.encode()
    return hashlib.sha256(b"%d:%b" % (len(data), data)).hexdigest()[:32]


def _text(text: str) -> str:
    """Return a text that has a form in UTF-8."""
    return _SURROGATE.sub("\ufffd", text)


def _quote(text: str) -> str:
    return f'"{_ESCAPED.sub(_escape, text)}"'


def _escape(match: re.Match[str]) -> str:
    return _SHORT_ESCAPES.get(match[0]) or f"\\u{ord(match[0]):04x}"


def _number(text: str) -> str:
    """Return the one spelling of a number; as it was written if no float holds it."""
    if _INTEGER.fullmatch(text) and len(text) < 5000 and -(2**63) <= int(text) < 2**64:
        return str(int(text))
    number = float(text)
    shortest = repr(number)
    if number in (float("inf"), float("-inf")) or Decimal(text) != Decimal(shortest):
        return text
    if number.is_integer() and abs(number) < 2**53:
        return str(int(number))
    return _shortest(Decimal(shortest))


def _shortest(number: Decimal) -> str:
    """Return the digits of a float as Go's format 'g' does: with an exponent below -4 and from 6 on."""
    sign, digit_tuple, _ = number.as_tuple()
    digits = "".join(map(str, digit_tuple)).rstrip("0")
    exponent = number.adjusted()
    if -4 <= exponent < 6:
        return format(number.normalize(), "f")
    fraction = f".{digits[1:]}" if len(digits) > 1 else ""
    return f"{'-' if sign else ''}{digits[0]}{fraction}e{exponent:+03d}"
