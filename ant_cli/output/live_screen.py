"""A full screen that is redrawn by rich's live display.

Each frame overwrites the one before, so that nothing flickers. Everything happens in the main thread: a signal that
arrives while a frame is drawn is handled after it.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable

from rich.live import Live
from rich.text import Text

from ant_cli.output.rich_console import terminal_console
from ant_cli.output.terminal import Style, terminal_size
from ant_cli.runtime.light_typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import FrameType, TracebackType
    from typing import Self

    from ant_cli.runtime import Runtime

_SIGNALS = tuple(getattr(signal, name) for name in ("SIGWINCH", "SIGTSTP") if hasattr(signal, name))
"""Signals: the window was resized; the user pressed Ctrl-Z. Windows has neither."""


class LiveScreen:
    """The alternate screen of the terminal at stdout. A context manager, which restores the terminal.

    What is written to stderr meanwhile appears at the end, if stderr is a terminal.
    """

    def __init__(self, runtime: Runtime, style: Style, lines_of: Callable[[Style], list[str]]) -> None:
        """`lines_of` returns the lines of a frame, safe to show, for a style with the current size."""
        self._runtime = runtime
        self._style = style
        self._lines_of = lines_of
        self._holds_stderr = runtime.stderr.is_terminal
        self._console = terminal_console(self._write, colour=style.colour)
        self._live = Live(
            console=self._console, screen=True, auto_refresh=False, redirect_stdout=False, redirect_stderr=False
        )
        self._before: dict[int, object] = {}
        self._is_drawing = False
        self._pending: list[int] = []

    def __enter__(self) -> Self:
        if self._holds_stderr:
            self._runtime.stderr.buffer()
        try:
            for number in _SIGNALS:
                self._before[number] = signal.signal(number, self._receive)
            self._live.start()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, exception_type: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self._live.stop()
        finally:
            for number, handler in self._before.items():
                signal.signal(number, handler)  # type: ignore[arg-type] # what signal.signal returned
            if self._holds_stderr:
                self._runtime.stderr.flush()

    def draw(self) -> None:
        """Draw a frame in the terminal's current size."""
        self._is_drawing = True
        try:
            width, height = self._console.size = terminal_size(self._runtime.stdout, self._runtime.environ)
            lines = self._lines_of(self._style._replace(width=width, height=height))
            text = Text.from_ansi("\n".join(lines), no_wrap=True, overflow="crop")
            self._live.update(text, refresh=True)
        finally:
            self._is_drawing = False
        while self._pending:
            self._handle(self._pending.pop(0))

    def _write(self, text: str) -> None:
        """Write a frame. Its text has been escaped already."""
        self._runtime.stdout.write(text.encode("utf-8", "backslashreplace"), escape=False)

    def _receive(self, number: int, _frame: FrameType | None) -> None:
        if self._is_drawing:
            self._pending.append(number)
        else:
            self._handle(number)

    def _handle(self, number: int) -> None:
        if sys.platform == "win32":  # it has none of these signals
            return
        if number == signal.SIGWINCH:
            self.draw()
            return
        self._live.stop()
        os.kill(os.getpid(), signal.SIGSTOP)  # the shell has the terminal here, until `fg`
        self._live.start()
        self.draw()
