"""The values of a response: their texts on the screen, and the GJSON path of each.

A value is split and summarized only when that is needed.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import Any

from ant_cli.gjson import json_text
from ant_cli.gjson.parser import escaped_key
from ant_cli.output.views import CONTAINERS, EMPTY
from ant_cli.runtime.sanitize import escape_controls, picture_breaks

WHOLE = "@this"
"""The GJSON path of a value itself."""
_MAX_ROW = 500
"""The most characters of a value in a row: no screen is wider."""
MAX_VIEW = 200_000
"""The most characters of a value on a page; copying and printing include all of it."""
_RANKS = {"name": 0, "id": 1, "state": 2}
"""The members that identify a value; in a row they come before the others."""
SIZES = {"object": "{{{}}}", "array": "[{}]"}
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
        entries: list[tuple[str, bytes]] = []
        if self.json_type == "object":
            entries = list(json_text.members(self.raw).items())
        elif self.json_type == "array":
            entries = [
                (str(index), element) for index, element in enumerate(json_text.elements(self.raw))
            ]
        return [
            Value(raw, (*self.place, at), (*self.keys, key))
            for at, (key, raw) in enumerate(entries)
        ]

    @property
    def can_open(self) -> bool:
        """Whether its members can be shown."""
        return self.json_type in SIZES and bool(self.raw.strip()[1:-1].strip())

    @cached_property
    def summary(self) -> str:
        """The text after its key in a row."""
        return in_a_row(self.raw)

    def find(self, text: str) -> Iterator[Value]:
        """Yield it and the values inside it whose own key has the text, in any case, or whose row, for a scalar."""
        shown = "" if self.can_open else text_to_copy(self.raw)
        shown = f'"{shown}"' if self.json_type == "string" else shown
        if text in shown.casefold() or any(text in key.casefold() for key in self.keys[-1:]):
            yield self
        # the JSON has it, or an escape, which may be
        if b"\\" in self.raw or text in self.raw.decode().casefold():
            for member in self.members:
                yield from member.find(text)


def path_of(value: Value, transform: str = "") -> str:
    """Return the `--transform` path of the value, below the `transform` of this run."""
    keys = value.keys
    if not keys:
        return transform or WHOLE
    # an empty key leaves two side by side, and two dots mean something else
    separator = "." if all(keys) else "|"
    path = separator.join(map(escaped_key, keys))
    start = transform or ("" if keys[0] else WHOLE)
    return f"{start}|{path}" if start else path


# Texts


def cut_to_row(text: str) -> str:
    """Return the beginning of a text for a row."""
    return picture_breaks(text[:_MAX_ROW])


def key_in_a_row(key: str) -> str:
    """Return a key for the row of its value."""
    return cut_to_row(key) or '""'


def text_to_copy(raw: bytes) -> str:
    """Return a value for copying: a string without quotes, anything else as JSON."""
    value = (
        json_text.string(raw)
        if json_text.json_type(raw) == "string"
        else json_text.indent(raw).decode()
    )
    return value.encode("utf-8", "backslashreplace").decode()


def in_full(raw: bytes) -> str:
    """Return a value for a separate page."""
    value = text_to_copy(raw)
    cut = (
        ""
        if len(value) <= MAX_VIEW
        else "\n… (the rest is not shown; y copies and p prints all of it)"
    )
    return escape_controls(value[:MAX_VIEW]) + cut


def in_a_row(raw: bytes) -> str:
    """Return a value for the row of its key; for an object or array, the beginning of its content."""
    value: Any = json_text.decode(raw)
    if isinstance(value, dict):  # identifying members come first, empty ones last
        ranks = {
            key: _RANKS.get(key, len(_RANKS) + (member in EMPTY)) for key, member in value.items()
        }
        parts = [
            f"{key_in_a_row(key)}: {_inside(value[key])}"
            for key in sorted(ranks, key=ranks.__getitem__)
        ]
    elif isinstance(value, list):
        parts = list(map(_inside, value))
    else:
        return _inside(value)
    return SIZES[json_text.json_type(raw)].format(", ".join(parts)[:_MAX_ROW])


def _inside(value: Any) -> str:
    """Return a value for the row of its parent; for an object or array, only its size."""
    if isinstance(value, str):
        return f'"{cut_to_row(value)}{"" if len(value) > _MAX_ROW else chr(34)}'
    if isinstance(value, CONTAINERS):
        return SIZES["object" if isinstance(value, dict) else "array"].format(len(value) or "")
    return cut_to_row(json_text.scalar_text(value))
