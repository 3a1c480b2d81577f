"""`--watch` at a terminal: the latest state with its marks, and a status line, by rich's live display."""

from __future__ import annotations

import io
import os
import signal
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from functools import cache
from typing import IO, TYPE_CHECKING, Any, NamedTuple, cast

from rich.console import Console, ConsoleDimensions, RenderableType
from rich.layout import Layout
from rich.live import Live
from rich.table import Table
from rich.text import Text

from ant_cli.output.columns import Columns
from ant_cli.output.printer import Transform, transformed
from ant_cli.output.table import StyledText, TerminalTable
from ant_cli.output.terminal import Style, terminal_size
from ant_cli.output.views import ViewRow, view_rows
from ant_cli.output.watch_lines import Change, differences, item_parts
from ant_cli.runtime.sanitize import collapse_space
from ant_cli.runtime.signals import signal_handlers

if TYPE_CHECKING:
    from typing import Self

    from ant_cli.output.progress import Progress
    from ant_cli.runtime import Runtime

_SIGNS = {Change.ADDED: ("+", "green"), Change.CHANGED: ("~", "yellow"), Change.REMOVED: ("-", "red")}
"""The sign before a line, so that nobody depends on the colour."""
_MARGIN = 2
"""The cells of the sign and the space after it."""


class Marked(NamedTuple):
    """A part of a state, and whether it is new, changed or gone since the state before the last change."""

    part: Any
    change: Change | None


class WatchedList:
    """Shows the items of a list as the rows of a table."""

    titles = 1
    """How many lines of titles there are."""

    def __init__(
        self, transform: Transform, columns: str, warn: Callable[[str], None], *, shows_archived: bool, empty: str
    ) -> None:
        """`empty` is shown for a list without items."""
        self._transform = transform
        self._columns = columns
        self._warn = cache(warn)  # once, not for each frame
        self._shows_archived = shows_archived
        self._empty = empty

    def parts(self, values: Sequence[bytes]) -> dict[str, bytes]:
        """Return the items by their IDs. Raises ResponseError if --transform fails."""
        return item_parts(values, self._transform)

    def table(self, marked: Sequence[Marked], style: Style) -> RenderableType:
        """Return a table that fits the current screen."""
        if not marked:
            return Text(" " * _MARGIN + self._empty, "dim")
        columns = Columns(self._columns, self._warn, is_list=True)
        narrower = style._replace(width=max(style.width - _MARGIN, 1))
        table_of_items = TerminalTable(columns, narrower, shows_archived=self._shows_archived)
        layout = table_of_items.lay_out([item for item, _ in marked])
        table = Table.grid(padding=(0, 2, 0, 0))
        for number, width in enumerate(layout.widths):
            table.add_column(width=width if number else _MARGIN + width)
        changes = [None, *(change for _, change in marked)]
        for cells, change in zip(layout.rows, changes, strict=True):
            table.add_row(*_signed(cells[: len(layout.widths)], change))
        return table


class WatchedObject:
    """Shows an object as the rows of its view."""

    titles = 0

    def __init__(self, transform: Transform, width: int) -> None:
        """Use the width of the screen to decide on the rows. They stay the same in a smaller window."""
        self._transform = transform
        self._width = width

    def parts(self, values: Sequence[bytes]) -> dict[str, ViewRow]:
        """Return the rows by their paths of names."""
        parts, path = dict[str, ViewRow](), list[str]()
        (value,) = transformed(values, self._transform)
        for row in view_rows(value, self._width):
            name = row.label.lstrip()
            path[(len(row.label) - len(name)) // 2 :] = [name]
            parts["\n".join(path)] = row
        return parts

    def table(self, marked: Sequence[Marked], style: Style) -> RenderableType:
        """Return names and values. A value that is too long is truncated."""
        now = style.clock()
        table = Table.grid(padding=(0, 2, 0, 0))
        table.add_column(no_wrap=True)
        for row, change in marked:
            label, text = _signed([StyledText(row.label, "bold"), StyledText(row.text, row.style)], change)
            table.add_row(label, text.append(" ").append(row.age(now), "dim"))
        return table


def _signed(cells: Iterable[StyledText], change: Change | None) -> list[Text]:
    """Return the cells of a line, with its sign before the first; dim if it is about a removed part."""
    first, *others = [(text, "dim" if change is Change.REMOVED else style) for text, style in cells]
    sign = _SIGNS[change] if change else (" ", "")
    return [_on_one_line(sign, (" ", ""), first), *map(_on_one_line, others)]


def _on_one_line(*parts: tuple[str, str]) -> Text:
    flat = [(text.replace("\n", " "), style) for text, style in parts]
    return Text.assemble(*flat, no_wrap=True, overflow="ellipsis")


class WatchScreen:
    """Shows states, and errors between them. A context manager.

    The first state opens the screen. Until then, this is a run like any other. What is written to stderr while the
    screen is open appears at the end, if stderr is a terminal.
    """

    def __init__(
        self,
        watched: WatchedList | WatchedObject,
        style: Style,
        every_s: float,
        progress: Progress,
        runtime: Runtime,
    ) -> None:
        self._progress = progress
        self._watched = watched
        self._style = style
        self._every_s = every_s
        self._runtime = runtime
        self._parts: dict[str, Any] = {}
        self._marked: list[Marked] = []
        self._last_at = 0.0
        self._problem = ""
        self._console = Console(
            file=cast("IO[str]", _TextSink(runtime)),
            force_terminal=True,
            color_system="standard" if style.colour else None,
            highlight=False,
            legacy_windows=False,
        )
        # It draws once a second in a thread, so that the screen fits a window of another size.
        self._live = Live(console=self._console, screen=True, refresh_per_second=1, get_renderable=self._frame)
        self._opened = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Close the screen, and leave the last state below the command."""
        if not self._live.is_started:
            return
        self._opened.close()
        table, hidden = self._fitting(self._size(), 2)
        self._console.print(table)
        if hidden:
            self._console.print(Text(hidden, "dim"))

    def show(self, values: list[bytes]) -> None:
        """Show a state. Raises ResponseError if it can't be shown."""
        before, self._parts = self._parts, self._watched.parts(values)
        self._last_at = self._style.clock()
        self._problem = ""
        if not self._live.is_started:
            self._marked = [Marked(part, None) for part in self._parts.values()]
            self._open()
            return
        if changes := differences(before, self._parts):
            gone = {key: before[key] for key in changes if key not in self._parts}
            self._marked = [Marked(part, changes.get(key)) for key, part in {**self._parts, **gone}.items()]
        self._live.refresh()

    def failed(self, problem: str, delay_s: float) -> None:
        """Show that the state could not be fetched, and when the next attempt is."""
        text = f"{problem.removesuffix('.')}. Asking again in {delay_s:g} s"
        self._problem = collapse_space(self._runtime.stderr.redact(text))
        self._live.refresh()

    def _open(self) -> None:
        self._progress.disable()
        if self._runtime.stderr.is_terminal:
            self._runtime.stderr.buffer()
            self._opened.callback(self._runtime.stderr.flush)
        if sys.platform != "win32":
            self._opened.enter_context(signal_handlers({signal.SIGTSTP: self._suspend}))
        self._opened.callback(self._live.stop)
        self._live.start(refresh=True)

    def _suspend(self, *_: object) -> None:
        """Give the terminal to the shell, until `fg`."""
        self._live.stop()
        if sys.platform != "win32":
            os.kill(os.getpid(), signal.SIGSTOP)
        self._live.start(refresh=True)

    def _size(self) -> Style:
        self._console.size = size = ConsoleDimensions(*terminal_size(self._runtime.stdout, self._runtime.environ))
        return self._style._replace(width=size.width, height=size.height)

    def _frame(self) -> RenderableType:
        table, hidden = self._fitting(self._size(), 1)
        clock = time.strftime("%H:%M:%S", time.localtime(self._last_at))
        state = [self._problem] if self._problem else [f"every {self._every_s:g} s", hidden, "Ctrl-C ends"]
        status = _on_one_line(("  ".join(filter(None, [clock, *state])), "yellow" if self._problem else "dim"))
        frame = Layout()
        frame.split_column(Layout(table), Layout(status, size=1))
        return frame

    def _fitting(self, style: Style, other_lines: int) -> tuple[RenderableType, str]:
        """Return a table that fits on the screen next to other lines, and what it leaves out."""
        room = max(style.height - other_lines - self._watched.titles, 1)
        hidden = len(self._marked) - room
        table = self._watched.table(self._marked[:room], style)
        return table, f"{hidden} row{'s' * (hidden > 1)} not shown" if hidden > 0 else ""


class _TextSink(io.TextIOBase):
    """stdout as a file of rich. The text has been escaped already."""

    def __init__(self, runtime: Runtime) -> None:
        self._stdout = runtime.stdout

    def write(self, text: str) -> int:
        self._stdout.write(text.encode("utf-8", "backslashreplace"), escape=False)
        return len(text)
