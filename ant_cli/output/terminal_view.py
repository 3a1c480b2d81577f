"""A readable view of a value on a terminal: names in one column, values in another, what is nested indented."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from ant_cli.gjson import json_text
from ant_cli.output.cells import cell_width, padding, wrap
from ant_cli.output.columns import TIME_ENDINGS
from ant_cli.output.look import STATES, Look
from ant_cli.output.pretty import EMPTY
from ant_cli.output.times import relative
from ant_cli.runtime.sanitize import escape_controls

GAP = "  "
WIDEST_LABEL = 32
"""A longer name moves only its own value to the right."""
NARROWEST_VALUE = 20
"""With less room than this the terminal breaks the lines."""
EMPTY_IN_WORDS = EMPTY | {"null": "(none)"}
"""How empty values are shown on a terminal: null as a word, too."""


class Line(NamedTuple):
    """A name, and its value if that holds no others."""

    label: str
    value: bytes | None


def to_view(text: bytes, look: Look) -> str:
    """Return the view of a JSON text, with a line feed at its end."""
    if not holds_others(text):
        return _value("", text, look) + "\n"
    lines = list(_lines(text, ""))
    widths = [cell_width(line.label) for line in lines if line.value is not None]
    width = max((width for width in widths if width <= WIDEST_LABEL), default=0)
    return "".join(_shown(line, width, look) for line in lines)


def holds_others(text: bytes) -> bool:
    """Whether the members of a value get lines of their own: it is no scalar, not empty, and no plain list."""
    kind = json_text.kind(text)
    if kind == "object":
        return bool(json_text.members(text))
    return kind == "array" and bool(json_text.elements(text)) and not is_plain_list(text)


def is_plain_list(text: bytes) -> bool:
    """Whether a value is a list that is clear on one line: texts without commas or breaks, and numbers."""
    if json_text.kind(text) != "array":
        return False
    return all(
        json_text.kind(item) not in ("object", "array") and item != b'""' and b"," not in item and b"\\" not in item
        for item in json_text.elements(text)
    )


def _lines(text: bytes, indent: str) -> Iterator[Line]:
    if json_text.kind(text) == "object":
        entries = [
            (escape_controls(key).replace("\n", "␊"), value) for key, value in json_text.members(text).items()
        ]
    else:
        entries = [(f"{number}.", value) for number, value in enumerate(json_text.elements(text), 1)]
    for label, value in entries:
        if holds_others(value):
            yield Line(indent + label, None)
            yield from _lines(value, indent + GAP)
        else:
            yield Line(indent + label, value)


def _shown(line: Line, width: int, look: Look) -> str:
    label = look.paint(line.label, "bold")
    if line.value is None:
        return label + "\n"
    start = label + padding(line.label, width) + GAP
    hanging = "\n" + " " * (width + len(GAP))
    name = line.label.strip().upper()
    value = _value(name, line.value, look, look.width - width - len(GAP))
    return start + value.replace("\n", hanging) + "\n"


def _value(name: str, text: bytes, look: Look, width: int = 0) -> str:
    """Return a value without lines of its own; an empty one in words, a long one wrapped if there is a width."""
    word = json_text.compact(text).decode()
    if word == "null" and name.endswith(TIME_ENDINGS):
        return look.paint("never", "dim")
    if word in EMPTY_IN_WORDS:
        return look.paint(EMPTY_IN_WORDS[word], "dim")
    word = ", ".join(map(_scalar, json_text.elements(text))) if is_plain_list(text) else _scalar(text)
    if name.endswith(TIME_ENDINGS) and (ago := relative(word, look.now)):
        return f"{word} " + look.paint(f"({ago})", "dim")
    if name == "STATE":
        return look.paint(word, STATES.get(word, ""))
    if width < NARROWEST_VALUE:
        return word
    return "\n".join(part for line in word.split("\n") for part in wrap(line, width))


def _scalar(text: bytes) -> str:
    return (
        escape_controls(json_text.string(text))
        if json_text.kind(text) == "string"
        else json_text.compact(text).decode()
    )
