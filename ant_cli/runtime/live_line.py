"""The last line of a terminal, which shows the state of a run below everything else that is written."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from threading import Event, RLock, Thread

from ant_cli.runtime import Runtime

ERASE_LINE = "\r\x1b[K"
"""Moves the cursor to the start of its line, and erases the line."""
_PATIENCE_AT_END_S = 1.0
"""How long the end of a line waits for a terminal that takes no output."""


class LiveLine:
    """Draws what `render` returns after `delay_s`, and then every `every_s`, in a thread until it is closed.

    The text must be safe to show, and fit on one line of the terminal.
    """

    def __init__(
        self, runtime: Runtime, render: Callable[[], str], delay_s: float, every_s: float
    ) -> None:
        self._draw = runtime.stderr.draw
        self._render = render
        self._is_drawn = False
        self._lock = RLock()  # the handler of a signal may write in the middle of a write
        self._closed = Event()
        self._thread = Thread(target=self._run, args=(delay_s, every_s), daemon=True)
        self._streams = ExitStack()
        for stream in (runtime.stdout, runtime.stderr):
            if stream.is_terminal:
                self._streams.enter_context(stream.written_by(self._write_above))
        self._thread.start()

    def close(self) -> None:
        """Erase the line."""
        self._closed.set()
        self._thread.join(_PATIENCE_AT_END_S)
        self._streams.close()

    def _write_above(self, write: Callable[[], None]) -> None:
        with self._lock:
            if not self._is_drawn:
                write()
                return
            self._draw(ERASE_LINE)
            write()
            self._draw(self._render())

    def _run(self, delay_s: float, every_s: float) -> None:
        while not self._closed.wait(delay_s):
            with self._lock:
                self._draw(ERASE_LINE + self._render())
                self._is_drawn = True
            delay_s = every_s
        with self._lock:
            if self._is_drawn:
                self._draw(ERASE_LINE)
            self._is_drawn = False
