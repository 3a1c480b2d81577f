"""The changes between two states of a watched object or list, and how long they stay marked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Generic, NamedTuple, TypeVar

from ant_cli.gjson import json_text
from ant_cli.gjson.evaluate import apply
from ant_cli.gjson.parser import parse
from ant_cli.output.printer import Transform, transformed

T = TypeVar("T")
_ID = parse("id")


class Change(StrEnum):
    """What happened to a part of a state."""

    ADDED = "added"
    CHANGED = "changed"
    REMOVED = "removed"


class Part(NamedTuple, Generic[T]):
    """A part of a state: an item of a list, or a row of a view."""

    compared: object
    """What is compared to decide whether the part has changed."""
    shown: T


def object_parts(values: Sequence[bytes], transform: Transform) -> dict[str, Part[bytes]]:
    """Return an object as the only part."""
    (value,) = transformed(values[:1], transform)
    return {"": Part(json_text.compact(value), value)}


def item_parts(items: Sequence[bytes], transform: Transform) -> dict[str, Part[bytes]]:
    """Return the items of a list by their IDs; an item without an ID by its JSON.

    Values that `--transform` leaves out are not compared.
    """
    parts = dict[str, Part[bytes]]()
    for item, value in zip(items, transformed(items, transform), strict=True):
        key = (apply(_ID, item) or item).decode("utf-8", "surrogateescape")
        parts[key] = Part(json_text.compact(value), value)
    return parts


def differences(before: Mapping[str, Part[T]], after: Mapping[str, Part[T]]) -> dict[str, Change]:
    """Return the changes of the parts by key, in the order of the later state, followed by the removed parts."""
    changes = {
        key: Change.CHANGED if key in before else Change.ADDED
        for key, part in after.items()
        if key not in before or before[key].compared != part.compared
    }
    return changes | {key: Change.REMOVED for key in before if key not in after}


class Marked(NamedTuple, Generic[T]):
    """A part as it is shown, and its recent change."""

    shown: T
    change: Change | None


class Marks(Generic[T]):
    """The parts of the latest state, with marks. A removed part stays in its place while its mark lasts."""

    def __init__(self, lasts_s: float) -> None:
        self._lasts_s = lasts_s
        self._parts: dict[str, Part[T]] | None = None
        self._shown: dict[str, Part[T]] = {}
        self._marks: dict[str, tuple[Change, float]] = {}
        """The changes, and since when they are marked."""

    def update(self, parts: dict[str, Part[T]], now: float) -> list[Marked[T]]:
        """Return the parts of a state to show. In the first state, nothing is marked."""
        changes = {} if self._parts is None else differences(self._parts, parts)
        kept = {key: mark for key, mark in self._marks.items() if now - mark[1] < self._lasts_s}
        self._marks = {**kept, **{key: (change, now) for key, change in changes.items()}}
        known = {**self._shown, **parts}
        self._shown = {key: known[key] for key in self._order(parts)}
        self._parts = parts
        return [Marked(part.shown, self._marks.get(key, (None,))[0]) for key, part in self._shown.items()]

    def _order(self, parts: dict[str, Part[T]]) -> list[str]:
        """Return the keys to show. A removed part follows the part that it followed when it was shown."""
        places = {key: number for number, key in enumerate(parts)}
        last = -1
        for key in self._shown:
            if key in self._marks and key not in parts:
                places[key] = last
            last = places.get(key, last)
        return sorted(places, key=places.__getitem__)  # it is stable
