"""The readable view of a value: names and values in lines, nested values indented.

There are two: plain `key: value` lines for a pipe, and two columns fitted to the screen for a terminal.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from ant_cli.gjson import json_text
from ant_cli.output.terminal import (
    STATE_COLOURS,
    TIME_ENDINGS,
    Style,
    cell_width,
    padding,
    relative_time,
    wrap,
)
from ant_cli.runtime.sanitize import escape_controls

_GAP = "  "
_MAX_LABEL = 32
"""A longer name shifts only its own value to the right."""
_MIN_VALUE = 20
"""With fewer cells than this for values, long ones are not wrapped: the terminal breaks the lines."""
_EMPTY = {"{}": "(none)", "[]": "(none)", "null": "null", '""': "(empty)"}
"""How empty values are shown."""
_EMPTY_ON_TERMINAL = _EMPTY | {"null": "(none)"}


def as_pretty(text: bytes, style: Style | None) -> bytes:
    """Render the view of a JSON text, with a line feed at its end."""
    return json_text.encoded(_plain_view(text) if style is None else _styled_view(text, style))


# In a pipe


def _plain_view(text: bytes) -> str:
    return "".join(line + "\n" for line in _plain_lines(text, ""))


def _plain_lines(text: bytes, indent: str) -> Iterator[str]:
    entries = _entries(text)
    if not entries:
        yield indent + _plain_scalar(text)
    for label, value in entries:
        if _entries(value):
            yield f"{indent}{label}"
            yield from _plain_lines(value, indent + _GAP)
        else:
            yield from _hanging(f"{indent}{label} ", _plain_scalar(value))


def _entries(text: bytes) -> list[tuple[str, bytes]]:
    """Return the members or elements of a value, each with its label; an empty list for a scalar."""
    kind = json_text.json_type(text)
    if kind == "object":
        return [(f"{escape_controls(key)}:", value) for key, value in json_text.members(text).items()]
    if kind == "array":
        return [(f"{number}.", value) for number, value in enumerate(json_text.elements(text), 1)]
    return []


def _plain_scalar(text: bytes) -> str:
    """Return a scalar, or a word for an empty value."""
    compact = json_text.compact(text).decode()
    if compact in _EMPTY:
        return _EMPTY[compact]
    return escape_controls(json_text.string(text)) if compact.startswith('"') else compact


def _hanging(start: str, value: str) -> Iterator[str]:
    """Yield the lines of a text after `start`, the later ones indented to stand below the first."""
    first, *others = value.split("\n")
    yield start + first
    for line in others:
        yield " " * len(start) + line if line else ""


# On a terminal


class _Row(NamedTuple):
    """A name, and its value unless that has rows of its own."""

    label: str
    value: bytes | None


def _styled_view(text: bytes, style: Style) -> str:
    if not _has_rows(text):
        return _styled_value("", text, style) + "\n"
    rows = list(_rows(text, ""))
    widths = [cell_width(row.label) for row in rows if row.value is not None]
    width = max((width for width in widths if width <= _MAX_LABEL), default=0)
    return "".join(_styled_row(row, width, style) for row in rows)


def _has_rows(text: bytes) -> bool:
    """Whether the members of a value get rows of their own: it is no scalar, not empty, and no plain list."""
    kind = json_text.json_type(text)
    if kind == "object":
        return bool(json_text.members(text))
    return kind == "array" and bool(json_text.elements(text)) and not _is_plain_list(text)


def _is_plain_list(text: bytes) -> bool:
    """Whether a value is a list that is clear on one line: texts without commas or breaks, and numbers."""
    if json_text.json_type(text) != "array":
        return False
    return all(
        json_text.json_type(item) not in ("object", "array")
        and item != b'""'
        and b"," not in item
        and b"\\" not in item
        for item in json_text.elements(text)
    )


def _rows(text: bytes, indent: str) -> Iterator[_Row]:
    if json_text.json_type(text) == "object":
        entries = [
            (escape_controls(key).replace("\n", "␊"), value) for key, value in json_text.members(text).items()
        ]
    else:
        entries = [(f"{number}.", value) for number, value in enumerate(json_text.elements(text), 1)]
    for label, value in entries:
        if _has_rows(value):
            yield _Row(indent + label, None)
            yield from _rows(value, indent + _GAP)
        else:
            yield _Row(indent + label, value)


def _styled_row(row: _Row, width: int, style: Style) -> str:
    label = style.paint(row.label, "bold")
    if row.value is None:
        return label + "\n"
    start = label + padding(row.label, width) + _GAP
    hanging = "\n" + " " * (width + len(_GAP))
    name = row.label.strip().upper()
    value = _styled_value(name, row.value, style, style.width - width - len(_GAP))
    return start + value.replace("\n", hanging) + "\n"


def _styled_value(name: str, text: bytes, style: Style, width: int = 0) -> str:
    """Return a value without rows of its own; a word for an empty one, a long one wrapped if there is a width."""
    shown = json_text.compact(text).decode()
    if shown == "null" and name.endswith(TIME_ENDINGS):
        return style.paint("never", "dim")
    if shown in _EMPTY_ON_TERMINAL:
        return style.paint(_EMPTY_ON_TERMINAL[shown], "dim")
    shown = ", ".join(map(_scalar, json_text.elements(text))) if _is_plain_list(text) else _scalar(text)
    if name.endswith(TIME_ENDINGS) and (ago := relative_time(shown, style.clock())):
        return f"{shown} " + style.paint(f"({ago})", "dim")
    if name == "STATE":
        return style.paint(shown, STATE_COLOURS.get(shown, ""))
    if width < _MIN_VALUE:
        return shown
    return "\n".join(part for line in shown.split("\n") for part in wrap(line, width))


def _scalar(text: bytes) -> str:
    if json_text.json_type(text) == "string":
        return escape_controls(json_text.string(text))
    return json_text.compact(text).decode()
