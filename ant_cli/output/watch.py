"""`--watch`: everything, and then what has changed: at a terminal for people, in a pipe as lines of JSON."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from ant_cli.gjson import json_text
from ant_cli.gjson.evaluate import apply
from ant_cli.gjson.parser import parse
from ant_cli.output.printer import Printer, Transform, transformed
from ant_cli.runtime import Runtime

if TYPE_CHECKING:
    from collections.abc import Callable

_ID = parse("id")


def _item_parts(items: Sequence[bytes], transform: Transform) -> dict[str, bytes]:
    """Return the items of a list by their IDs; an item without an ID by its JSON.

    Values that `--transform` leaves out are not compared.
    """
    keys = [(apply(_ID, item) or item).decode("utf-8", "surrogateescape") for item in items]
    return dict(zip(keys, map(json_text.compact, transformed(items, transform)), strict=True))


def _differences(before: Mapping[str, object], after: Mapping[str, object]) -> dict[str, str]:
    """Return the changes of the parts by key, in the order of the later state, followed by the removed parts."""
    changes = {}
    for key, part in after.items():
        if key not in before:
            changes[key] = "added"
        elif before[key] != part:
            changes[key] = "changed"
    removed = (key for key in before if key not in after)
    return changes | dict.fromkeys(removed, "removed")


class Watch:
    """Prints everything the first time, and then only changes."""

    def __init__(
        self,
        make_printer: Callable[[], Printer],
        transform: Transform,
        runtime: Runtime,
        *,
        is_list: bool,
        is_for_people: bool,
    ) -> None:
        """`make_printer` returns a printer that does not transform. A list needs one, each new object another."""
        self._make_printer = make_printer
        self._printer = make_printer()
        self._transform = transform
        self._runtime = runtime
        self._is_list = is_list
        self._is_for_people = is_for_people
        self._parts: dict[str, bytes] | None = None
        self._fails = False

    def show(self, values: list[bytes]) -> None:
        """Print what has changed in a state. Raises ResponseError if it can't be printed."""
        parts = _item_parts(values, self._transform)
        if not self._is_list:
            parts = {"": parts.popitem()[1]}
        is_first = self._parts is None
        before = self._parts or {}
        changes = _differences(before, parts)
        self._parts = parts
        self._fails = False
        if not changes and not is_first:
            return
        if self._is_for_people:
            self._announce(changes)
            shown = [parts[key] for key in changes if key in parts]
        else:
            known = before | parts
            shown = [self._line(change, known[key]) for key, change in changes.items()]
        if shown or not parts:
            self._print(shown)

    def _print(self, shown: list[bytes]) -> None:
        if not self._is_list:
            self._printer = self._make_printer()  # no empty line separates it from the one before
        self._printer.print_pages([shown])

    def _announce(self, changes: Mapping[str, str]) -> None:
        """Say when a state arrived and, of a list, what has changed in it. A removed item has no row."""
        counts = Counter(changes.values()) if self._is_list else {}
        text = ", ".join(f"{count} {change}" for change, count in counts.items())
        removed = ", ".join(
            key.strip('"') for key, change in changes.items() if change == "removed"
        )
        if removed:
            text += f": {removed}"
        clock = time.strftime("%H:%M:%S", time.localtime(self._runtime.server_clock.now()))
        self._runtime.say(f"{clock}  {text}".rstrip())

    def _line(self, change: str, value: bytes) -> bytes:
        if not self._is_list:
            return value
        return b'{"change":%s,"item":%s}' % (json_text.quote(change), value)

    def failed(self, problem: str) -> None:
        """Print a note, once for consecutive failures."""
        if not self._fails:
            self._runtime.say(f"Note: {problem}.")
        self._fails = True
