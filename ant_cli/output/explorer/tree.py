"""The values of a response: their texts on the screen, and the GJSON path of each.

A value is split and summarized only when that is needed.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import Any

from ant_cli.gjson import json_text
from ant_cli.gjson.parser import escaped_key
from ant_cli.output.views import EMPTY
from ant_cli.runtime.sanitize import escape_controls, picture_breaks

WHOLE = "@this"
"""The GJSON path of a value itself."""
_MAX_ROW = 500
"""The most characters of a value in a row: no screen is wider."""
MAX_VIEW = 200_000
"""The most characters of a value on a page; copying and printing include all of it."""
_RANKS = {"name": 0, "id": 1, "state": 2}
"""The members that identify a value; in a row they come before the others."""
_OBJECT, _ARRAY = "{{{}}}", "[{}]"
SIZES = {"object": _OBJECT, "array": _ARRAY}
"""What is around the members of a value, or their number."""


class Value:
    """A JSON value, and its place in the response."""

    def __init__(self, raw: bytes, place: tuple[int, ...] = (), keys: tuple[str, ...] = ()) -> None:
        """Take the JSON, the positions of its ancestors and of itself among their siblings, and its path.

        The place sorts values in the order of the response. Of a response that is one value, it is empty.
        """
        self.raw = raw
        self.place = place
        self.keys = keys
        """The keys and indexes that lead to it from the item of the list, or from the only value."""
        self.json_type = json_text.json_type(raw)

    @property
    def members(self) -> list[Value]:
        """Its members or elements; empty for a scalar."""
        members: dict[str, bytes] = {}
        if self.json_type == "object":
            members = json_text.members(self.raw)
        elif self.json_type == "array":
            elements = json_text.elements(self.raw)
            members = {str(index): element for index, element in enumerate(elements)}
        return [self._inner(at, key, raw) for at, (key, raw) in enumerate(members.items())]

    def _inner(self, at: int, key: str, raw: bytes) -> Value:
        return Value(raw, (*self.place, at), (*self.keys, key))

    @property
    def can_open(self) -> bool:
        """Whether its members can be shown."""
        if self.json_type not in SIZES:
            return False
        content = self.raw.strip()[1:-1]
        return content.strip() != b""

    @cached_property
    def summary(self) -> str:
        """The text after its key in a row."""
        return in_a_row(self.raw)

    def find(self, text: str) -> Iterator[Value]:
        """Yield it and the values inside it whose own key has the text, in any case, or whose row, for a scalar."""
        if self._shows(text):
            yield self
        if self._may_contain(text):
            for member in self.members:
                yield from member.find(text)

    def _shows(self, text: str) -> bool:
        """Whether its own row has the text: its key, or its value if that is a scalar."""
        if self.keys and text in self.keys[-1].casefold():
            return True
        if self.can_open:
            return False
        shown = text_to_copy(self.raw)
        if self.json_type == "string":
            shown = f'"{shown}"'
        return text in shown.casefold()

    def _may_contain(self, text: str) -> bool:
        """Whether the JSON has the text, or an escape, which may be a part of it."""
        return b"\\" in self.raw or text in self.raw.decode().casefold()


def path_of(value: Value, transform: str = "") -> str:
    """Return the `--transform` path of the value, below the `transform` of this run."""
    keys = value.keys
    if not keys:
        return transform or WHOLE
    # an empty key leaves two side by side, and two dots mean something else
    separator = "." if all(keys) else "|"
    path = separator.join(map(escaped_key, keys))
    if transform:
        return f"{transform}|{path}"
    if keys[0] == "":
        return f"{WHOLE}|{path}"
    return path


# Texts


def cut_to_row(text: str) -> str:
    """Return the beginning of a text for a row."""
    return picture_breaks(text[:_MAX_ROW])


def key_in_a_row(key: str) -> str:
    """Return a key for the row of its value."""
    return cut_to_row(key) or '""'


def text_to_copy(raw: bytes) -> str:
    """Return a value for copying: a string without quotes, anything else as JSON."""
    if json_text.json_type(raw) == "string":
        return json_text.encoded(json_text.string(raw)).decode()
    return json_text.indent(raw).decode()


def in_full(raw: bytes) -> str:
    """Return a value for a separate page."""
    value = text_to_copy(raw)
    if len(value) <= MAX_VIEW:
        return escape_controls(value)
    return f"{escape_controls(value[:MAX_VIEW])}\n… (the rest is not shown; y copies and p prints all of it)"


def in_a_row(raw: bytes) -> str:
    """Return a value for the row of its key; for an object or array, the beginning of its content."""
    value: Any = json_text.decode(raw)
    if isinstance(value, dict):
        members = sorted(value.items(), key=_rank)
        parts = [f"{key_in_a_row(key)}: {_inside(member)}" for key, member in members]
        return _OBJECT.format(", ".join(parts)[:_MAX_ROW])
    if isinstance(value, list):
        return _ARRAY.format(", ".join(map(_inside, value))[:_MAX_ROW])
    return _inside(value)


def _rank(member: tuple[str, Any]) -> int:
    """Return the rank of a member in a row: identifying ones come first, empty ones last."""
    key, value = member
    if key in _RANKS:
        return _RANKS[key]
    return len(_RANKS) + 1 if value in EMPTY else len(_RANKS)


def _inside(value: Any) -> str:
    """Return a value for the row of its parent; for an object or array, only its size."""
    if isinstance(value, str):
        end = "" if len(value) > _MAX_ROW else '"'
        return f'"{cut_to_row(value)}{end}'
    if isinstance(value, dict):
        return _OBJECT.format(len(value) or "")
    if isinstance(value, list):
        return _ARRAY.format(len(value) or "")
    return cut_to_row(json_text.scalar_text(value))
