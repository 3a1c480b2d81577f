"""`--watch` in a pipe: a line of JSON for each change."""

from __future__ import annotations

from collections.abc import Sequence

from ant_cli.gjson import json_text
from ant_cli.output.differences import Change, Part, differences, item_parts
from ant_cli.output.printer import Printer, Transform, transformed
from ant_cli.runtime.light_typing import TYPE_CHECKING, Protocol
from ant_cli.settings.loading import OutputSettings

if TYPE_CHECKING:
    from typing import Self

    from ant_cli.output.progress import Progress
    from ant_cli.runtime import Runtime


class ChangeLines(Protocol):
    """Splits the states of a watch into parts, and renders the lines."""

    def parts(self, values: Sequence[bytes]) -> dict[str, Part[bytes]]:
        """Return the parts of a state by their keys. Raises ResponseError if --transform fails."""

    def line(self, change: Change, value: bytes) -> bytes:
        """Return the JSON to print for a change."""


class ItemLines:
    """The items of a list: each change is an object with the kind of change and the item."""

    def __init__(self, transform: Transform) -> None:
        self._transform = transform

    def parts(self, values: Sequence[bytes]) -> dict[str, Part[bytes]]:
        """Return the items by their IDs."""
        return item_parts(values, self._transform)

    def line(self, change: Change, value: bytes) -> bytes:
        """Return the change and the item; for a removed item, its last state."""
        return b'{"change":%s,"item":%s}' % (json_text.quote(change), value)


class ObjectLines:
    """One object, printed again whenever it has changed."""

    def __init__(self, transform: Transform) -> None:
        self._transform = transform

    def parts(self, values: Sequence[bytes]) -> dict[str, Part[bytes]]:
        """Return the object as the only part."""
        (value,) = transformed(values[:1], self._transform)
        return {"": Part(json_text.compact(value), value)}

    def line(self, change: Change, value: bytes) -> bytes:
        """Return the object."""
        del change
        return value


class WatchLines:
    """Prints lines. A context manager, like the display of a terminal."""

    def __init__(self, lines: ChangeLines, output: OutputSettings, progress: Progress, runtime: Runtime) -> None:
        """Disable the progress line: it would get between the lines, which appear at any time."""
        progress.disable()
        self.observer = progress
        self._lines = lines
        self._runtime = runtime
        plain = output._replace(format="jsonl", columns="", transform="")
        self._printer = Printer(plain, runtime, is_list=True, may_page=False)
        self._parts: dict[str, Part[bytes]] = {}
        self._fails = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Do nothing: every line is complete."""

    def show(self, values: list[bytes]) -> None:
        """Print the changes; the first time, everything."""
        parts = self._lines.parts(values)
        changes = differences(self._parts, parts)
        known = {**self._parts, **parts}
        self._parts, self._fails = parts, False
        if changes:
            self._printer.print_pages(
                [[self._lines.line(change, known[key].shown) for key, change in changes.items()]]
            )

    def failed(self, problem: str, delay_s: float) -> None:
        """Print a note, once for consecutive failures."""
        if not self._fails:
            self._runtime.stderr.say(f"Note: {problem.removesuffix('.')}. Asking again in {delay_s:g} s.")
        self._fails = True

    def pause(self, seconds: float) -> None:
        """Wait for the next round. Raises BrokenPipeError as soon as the reader closes the pipe."""
        if self._runtime.stdout.reader_leaves(seconds, self._runtime.sleep):
            raise BrokenPipeError
