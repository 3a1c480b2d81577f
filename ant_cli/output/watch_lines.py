"""`--watch`: the changes between two states, and in a pipe a line of JSON for each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ant_cli.gjson import json_text
from ant_cli.gjson.evaluate import apply
from ant_cli.gjson.parser import parse
from ant_cli.output.printer import Printer, Transform, transformed
from ant_cli.runtime import Runtime
from ant_cli.runtime.light_typing import Literal
from ant_cli.settings.loading import OutputSettings

_ID = parse("id")


Change = Literal["added", "changed", "removed"]
"""What happened to a part of a state."""


def item_parts(items: Sequence[bytes], transform: Transform) -> dict[str, bytes]:
    """Return the items of a list by their IDs; an item without an ID by its JSON.

    Values that `--transform` leaves out are not compared.
    """
    keys = [(apply(_ID, item) or item).decode("utf-8", "surrogateescape") for item in items]
    return dict(zip(keys, map(json_text.compact, transformed(items, transform)), strict=True))


def differences(before: Mapping[str, object], after: Mapping[str, object]) -> dict[str, Change]:
    """Return the changes of the parts by key, in the order of the later state, followed by the removed parts."""
    changes: dict[str, Change] = {
        key: "changed" if key in before else "added" for key, part in after.items() if before.get(key) != part
    }
    return {**changes, **{key: "removed" for key in before if key not in after}}


class WatchLines:
    """Prints lines, each of which is complete."""

    def __init__(self, transform: Transform, output: OutputSettings, runtime: Runtime, *, is_list: bool) -> None:
        self._runtime = runtime
        self._is_list = is_list
        self._transform = transform
        plain = output._replace(format="jsonl", columns="", transform="")
        self._printer = Printer(plain, runtime, is_list=True, may_page=False)
        self._parts: dict[str, bytes] = {}
        self._fails = False

    def show(self, values: list[bytes]) -> None:
        """Print the changes of a list, or an object that has changed; the first time, everything."""
        parts = item_parts(values, self._transform)
        if not self._is_list:
            parts = {"": parts.popitem()[1]}
        changes = differences(self._parts, parts)
        known = {**self._parts, **parts}
        self._parts, self._fails = parts, False
        if changes:
            self._printer.print_pages([[self._line(change, known[key]) for key, change in changes.items()]])

    def _line(self, change: Change, value: bytes) -> bytes:
        return b'{"change":%s,"item":%s}' % (json_text.quote(change), value) if self._is_list else value

    def failed(self, problem: str) -> None:
        """Print a note, once for consecutive failures."""
        if not self._fails:
            self._runtime.say(f"Note: {problem}.")
        self._fails = True
