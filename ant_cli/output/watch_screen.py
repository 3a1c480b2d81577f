"""`--watch` at a terminal: the latest state with its marks, and a status line, by rich's live display."""

from __future__ import annotations

import io
import os
import signal
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, ExitStack
from functools import cache
from itertools import zip_longest
from typing import IO, Any, cast

from rich.console import Console, ConsoleDimensions, Group
from rich.live import Live
from rich.text import Text

from ant_cli.output.columns import Columns
from ant_cli.output.printer import Printer, Transform, transformed
from ant_cli.output.progress import Progress
from ant_cli.output.style import Style
from ant_cli.output.table import StyledText, TableLayout, TerminalTable
from ant_cli.output.views import ViewRow, view_rows
from ant_cli.output.watch_lines import Change, differences, item_parts
from ant_cli.runtime import Runtime
from ant_cli.runtime.redirection import held_back
from ant_cli.runtime.sanitize import collapse_space
from ant_cli.runtime.screen import cell_width, padding, terminal_size, truncate
from ant_cli.runtime.signals import signal_handlers

_SIGNS = {"added": ("+", "green"), "changed": ("~", "yellow"), "removed": ("-", "red")}
"""The sign before a line, so that nobody depends on the colour."""
_MARGIN = 2
"""The cells of the sign and the space after it."""


class WatchedList:
    """Shows the items of a list as the rows of a table."""

    titles = 1
    """How many lines of titles there are."""

    def __init__(self, printer: Printer, columns: str, warn: Callable[[str], None]) -> None:
        """Take the printer of the same list without `--watch`, and its `--columns`."""
        self._printer = printer
        self._columns = columns
        self._warn = cache(warn)  # once, not for each frame

    def parts(self, values: Sequence[bytes]) -> dict[str, bytes]:
        """Return the items by their IDs. Raises ResponseError if --transform fails."""
        return item_parts(values, self._printer.transform)

    def lay_out(self, items: list[bytes], style: Style) -> TableLayout:
        """Return a table that fits on the screen."""
        if not items:
            return TableLayout([[StyledText(self._printer.empty_message, "dim")]], [])
        columns = Columns(self._columns, self._warn, is_list=True)
        return TerminalTable(columns, style, shows_archived=self._printer.shows_archived).lay_out(items)


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

    def lay_out(self, rows: list[ViewRow], style: Style) -> TableLayout:
        """Return names, values, and the ages of times."""
        now = style.clock()
        cells = [
            [StyledText(row.label, "bold"), StyledText(row.text, row.style), StyledText(f" {row.age(now)}", "dim")]
            for row in rows
        ]
        return TableLayout(cells, [max((cell_width(row.label) for row in rows), default=0)])


def _line(cells: list[StyledText], widths: list[int], change: Change | None) -> Text:
    """Return the cells of a line after its sign; dim if it is about a removed part. Only columns have a width."""
    line = Text.assemble(_SIGNS[change] if change else " ", " ", no_wrap=True, overflow="ellipsis")
    for (text, style), width in zip_longest(cells, widths):
        shown = text.replace("\n", " ") if width is None else truncate(text, width)
        line.append(shown, "dim" if change == "removed" else style)
        line.append(padding(shown, width or 0) + "  " * bool(width))
    line.rstrip()
    return line


class WatchScreen(AbstractContextManager["WatchScreen"]):
    """Shows states, and errors between them.

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
        self._shown: list[tuple[Any, Change | None]] = []
        """The parts, with those that the last change removed, and what it did."""
        self._last_at = 0.0
        self._problem = ""
        self._console = Console(
            file=cast("IO[str]", _TextSink(runtime)),
            force_terminal=True,
            color_system="standard" if style.colour else None,
            no_color=not style.colour,
            highlight=False,
            legacy_windows=False,
        )
        # It draws once a second in a thread, so that the screen fits a window of another size.
        self._live = Live(console=self._console, screen=True, refresh_per_second=1, get_renderable=self._frame)
        self._opened = ExitStack()

    def __exit__(self, *_: object) -> None:
        """Close the screen, and leave the last state below the command."""
        if self._live.is_started:
            self._opened.close()
            lines, hidden = self._fitting(2)
            self._console.print(Group(*lines, *([Text(hidden, "dim")] if hidden else [])))

    def show(self, values: list[bytes]) -> None:
        """Show a state. Raises ResponseError if it can't be shown."""
        before, self._parts = self._parts, self._watched.parts(values)
        self._last_at = self._style.clock()
        self._problem = ""
        if not self._live.is_started:
            self._shown = [(part, None) for part in self._parts.values()]
            self._open()
            return
        if changes := differences(before, self._parts):
            gone = {key: before[key] for key in changes if key not in self._parts}
            self._shown = [(part, changes.get(key)) for key, part in {**self._parts, **gone}.items()]
        self._live.refresh()

    def failed(self, problem: str) -> None:
        """Show why the state could not be fetched, until one is."""
        self._problem = collapse_space(self._runtime.redactor.redact(problem))
        self._live.refresh()

    def _open(self) -> None:
        self._progress.disable()
        if self._runtime.stderr.is_terminal:
            self._opened.enter_context(held_back(self._runtime.stderr))
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

    def _frame(self) -> Group:
        lines, hidden = self._fitting(1)
        clock = time.strftime("%H:%M:%S", time.localtime(self._last_at))
        state = [self._problem] if self._problem else [f"every {self._every_s:g} s", hidden, "Ctrl-C ends"]
        text, colour = "  ".join(filter(None, [clock, *state])), "yellow" if self._problem else "dim"
        status = Text(text, colour, no_wrap=True, overflow="ellipsis")
        empty = [Text()] * (self._console.height - len(lines) - 1)
        return Group(*lines, *empty, status)

    def _fitting(self, other_lines: int) -> tuple[list[Text], str]:
        """Return the lines of a table that fits on the screen next to other lines, and what it leaves out."""
        self._console.size = size = ConsoleDimensions(*terminal_size(self._runtime.stdout, self._runtime.environ))
        room = max(size.height - other_lines - self._watched.titles, 1)
        shown, hidden = self._shown[:room], len(self._shown) - room
        style = self._style._replace(width=max(size.width - _MARGIN, 1), height=size.height)
        layout = self._watched.lay_out([part for part, _ in shown], style)
        changes = [*[None] * (len(layout.rows) - len(shown)), *(change for _, change in shown)]
        lines = [_line(row, layout.widths, change) for row, change in zip(layout.rows, changes, strict=True)]
        return lines, f"{hidden} row{'s' * (hidden > 1)} not shown" if hidden > 0 else ""


class _TextSink(io.TextIOBase):
    """stdout as a file of rich. The text has been escaped already."""

    def __init__(self, runtime: Runtime) -> None:
        self._stdout = runtime.stdout

    def write(self, text: str) -> int:
        self._stdout.write(text.encode("utf-8", "backslashreplace"), escape=False)
        return len(text)
