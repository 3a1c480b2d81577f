"""The readable view of a value: a name and a value per line, with nested values indented.

There are two: plain `key: value` lines for a pipe, and two columns fitted to the screen for a terminal.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from ant_cli.gjson import json_text
from ant_cli.output.kinds import has_time, state_colour
from ant_cli.output.style import Style
from ant_cli.output.times import relative_time
from ant_cli.runtime.sanitize import escape_controls, picture_breaks
from ant_cli.runtime.screen import cell_width, padding, wrap

_LabelledValue = tuple[str, Any]
_GAP = "  "
_MAX_LABEL = 32
"""A longer name shifts only its own value to the right."""
_MIN_VALUE = 20
"""With fewer cells than this for values, long ones are not wrapped here: the terminal breaks the lines."""
CONTAINERS = (dict, list)
EMPTY: tuple[Any, ...] = (None, {}, [], "")
"""The values that are empty."""
_NONE = "(none)"
"""How an empty value is shown; null only on a terminal."""


def view(raw: bytes, style: Style) -> str:
    """Return the view of a JSON value, with a line feed at its end."""
    value = json_text.decode(raw)
    if not style.is_laid_out:
        return "".join(line + "\n" for line in _plain_lines(value, ""))
    rows = [_scalar_row("", "", value)]
    if _has_rows(value):
        rows = list(_rows(_in_order(value), "", style.width))
    width = _label_width(rows)
    return "".join(_line(row, width, style) for row in rows)


def _label_width(rows: list[_ViewRow]) -> int:
    widths = [cell_width(row.label) for row in rows if row.text]
    return max((width for width in widths if width <= _MAX_LABEL), default=0)


def _entries(value: Any) -> list[_LabelledValue]:
    """Return the members or elements of a value, each with its label; an empty list for a scalar."""
    if isinstance(value, dict):
        return list(value.items())
    elements = value if isinstance(value, list) else []
    return [(f"{number}.", element) for number, element in enumerate(elements, 1)]


def resource_type(value: Any) -> str:
    """Return the `type` of a resource; empty if it has none, or if the value is not an object."""
    type_ = value.get("type") if isinstance(value, dict) else None
    return type_ if isinstance(type_, str) else ""


def _scalar(value: Any) -> str:
    return escape_controls(json_text.scalar_text(value))


# In a pipe


def _plain_lines(value: Any, indent: str) -> Iterator[str]:
    entries = _entries(value)
    colon = ":" if isinstance(value, dict) else ""
    if not entries:
        yield indent + _plain_scalar(value)
    for name, inner in entries:
        label = f"{indent}{escape_controls(name)}{colon}"
        if _entries(inner):
            yield label
            yield from _plain_lines(inner, indent + _GAP)
        else:
            hanging = "\n" + " " * (len(label) + 1)  # an empty line stays empty
            yield f"{label} " + re.sub(r"\n(?=.)", hanging, _plain_scalar(inner))


def _plain_scalar(value: Any) -> str:
    return _NONE if value in EMPTY and value is not None else _scalar(value)


# On a terminal


_FIRST = ("name", "id", "state", "archived_at", "description")
_LAST = ("metadata", "scope", "created_at", "updated_at")
"""The members of a known resource that come before and after the others."""
_KNOWN_TYPES = ("environment", "work", "work_queue_stats", "work_heartbeat")
"""The resources whose members are ordered, and whose `type` is clear from the command."""
_LABEL_RESERVE = 18
"""Cells that are reserved for labels when deciding whether members fit on the line of their object."""


class _ViewRow(NamedTuple):
    """A name, and the text next to it; empty for a value that is shown in separate rows."""

    label: str
    text: str
    style: str | None = None
    is_time: bool = False


def _in_order(value: Any) -> list[_LabelledValue]:
    """Return the members of a value: for a known resource, the important ones first, without obvious ones.

    Those are the type, times that are null, and the time of the last update if there was none since the creation.
    """
    if resource_type(value) not in _KNOWN_TYPES:
        return _entries(value)
    others = [name for name in value if name not in (*_FIRST, *_LAST, "type")]
    names = [name for name in (*_FIRST, *others, *_LAST) if name in value]
    return [(name, value[name]) for name in names if not _is_redundant(name, value)]


def _is_redundant(name: str, members: dict[str, Any]) -> bool:
    if name == "updated_at":
        return bool(members[name] == members.get("created_at"))
    return members[name] is None and name.endswith("_at") and name != "oldest_queued_at"


def _rows(entries: list[_LabelledValue], indent: str, width: int) -> Iterator[_ViewRow]:
    for name, value in entries:
        label = indent + picture_breaks(name)
        if not _has_rows(value):
            yield _scalar_row(label, name, value)
            continue
        summary, rest = "", _entries(value)
        if isinstance(value, dict):
            summary, rest = _summarized(name, value, width - _LABEL_RESERVE)
        yield _ViewRow(label, summary)
        yield from _rows(rest, indent + _GAP, width)


def _summarized(name: str, members: dict[str, Any], room: int) -> tuple[str, list[_LabelledValue]]:
    """Return the text next to an object's name, and the members that need separate rows.

    The text is the object's `type`, and its scalars if all of them are short, plain, and fit into `room` cells.
    """
    type_ = resource_type(members)
    start = escape_controls(type_) if type_ != name else ""
    others = list(members.items())
    if type_:
        others = [(key, value) for key, value in others if key != "type"]
    pairs = [_pair(key, value) for key, value in others if not isinstance(value, CONTAINERS)]
    line = ", ".join(filter(None, [start, *pairs]))
    if not all(map(_PLAIN_PAIR.fullmatch, pairs)) or cell_width(line) > room:
        return start, _without_empty_lists(others)
    nested = [(key, value) for key, value in others if isinstance(value, CONTAINERS)]
    return line, _without_empty_lists(nested)


_PLAIN_PAIR = re.compile(r"[\w.-]+=[^,=\n]*")
"""A pair that is clear among others, with commas between them."""


def _pair(key: str, value: Any) -> str:
    return f"{key}={_NONE if value in EMPTY else _scalar(value)}"


def _without_empty_lists(entries: list[_LabelledValue]) -> list[_LabelledValue]:
    """Replace the empty lists among the members of an object, if there are several, by one row with their names."""
    empty = [name for name, value in entries if value == []]
    if len(empty) < 2:
        return entries
    return [*(entry for entry in entries if entry[1] != []), ("empty", empty)]


def _has_rows(value: Any) -> bool:
    """Whether the members of a value get separate rows: it is not a scalar, not empty, and not a plain list."""
    return bool(_entries(value)) and not plain_list(value)


def plain_list(value: Any) -> list[str]:
    """Return the texts of an array of scalars, to be joined by commas; nothing if that would be ambiguous."""
    if not isinstance(value, list):
        return []
    if any(element is None or isinstance(element, CONTAINERS) for element in value):
        return []
    texts = list(map(_scalar, value))
    is_clear = all(text and "," not in text for text in texts)
    return texts if is_clear else []


def _scalar_row(label: str, name: str, value: Any) -> _ViewRow:
    """Return the row of a value that needs no separate rows: an empty value as a label, a time with its age."""
    if value in EMPTY:
        return _ViewRow(label, _NONE, "dim")
    shown = ", ".join(plain_list(value)) or _scalar(value)
    return _ViewRow(label, shown, state_colour(name, shown), is_time=has_time(name))


def _line(row: _ViewRow, width: int, style: Style) -> str:
    label = style.paint(row.label, "bold")
    if not row.label or not row.text:
        return label + _painted(row, style) + "\n"
    start = label + padding(row.label, width) + _GAP
    indent = width + len(_GAP)
    text = _painted(row, style, style.width - indent)
    hanging = "\n" + " " * indent
    return start + text.replace("\n", hanging) + "\n"


def _painted(row: _ViewRow, style: Style, width: int = 0) -> str:
    """Return the text of a row, wrapped if there is room for that."""
    if row.is_time and (age := relative_time(row.text, style.clock())):
        return f"{row.text} {style.paint(f'({age})', 'dim')}"
    if row.style or width < _MIN_VALUE:
        return style.paint(row.text, row.style)
    lines = row.text.split("\n")
    return "\n".join(part for line in lines for part in wrap(line, width))
