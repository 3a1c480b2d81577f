"""A progress line on stderr for waits of more than a second, which the HTTP client reports to its observer.

It is drawn only on terminals, by a thread, so that the waiting code is not involved. A log gets one line before a
long wait between two attempts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from itertools import cycle
from time import monotonic

from ant_cli.http.sender import Observer
from ant_cli.runtime.sanitize import collapse_space
from ant_cli.runtime.streams import Stderr

PATIENCE_S = 1.0
"""Shorter waits are not shown, in seconds."""
_LOGGED_WAIT_S = 2.0
"""Longer waits between attempts are announced in a log, in seconds."""
FRAME_S = 0.1
_FRAMES = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
_MARGIN = 8
"""Cells of the line that stay free, for the spinner and the end of the line."""
BAR_PATIENCE_S = 0.5
"""How long many requests take before their progress is drawn. Most runs have ended by then."""
_BAR_WIDTH = 30


class Progress(Observer):
    """The progress of one run."""

    def __init__(self, stderr: Stderr, environ: Mapping[str, str], patience_s: float = PATIENCE_S) -> None:
        self._animates = stderr.can_redraw(environ)
        self._logs = not self._animates
        self._stderr = stderr
        self._environ = environ
        self._first_line_at = monotonic() + patience_s
        self._items = 0

    def disable(self) -> None:
        """Draw nothing from now on, because something else has the screen."""
        self._animates = False
        self._logs = not self._stderr.is_terminal

    def count_items(self, pages: Iterable[list[bytes]]) -> Iterator[list[bytes]]:
        """Yield the pages, and count their items."""
        for page in pages:
            self._items += len(page)
            yield page

    @contextmanager
    def waiting_for(self, what: str) -> Iterator[None]:
        """Show what the body of the `with` is waiting for, if it takes long."""
        if not self._animates:
            yield
            return
        count = f", items so far: {self._items}" if self._items else ""
        with self._drawing(lambda passed: f"Waiting for {what}{count} ({passed:.0f} s)", self._first_line_at):
            yield

    @contextmanager
    def before_retry(self, why: str, attempt: int, of: int, delay_s: float) -> Iterator[None]:
        """Show immediately how long it is until the next attempt."""
        if not self._animates:
            if self._logs and delay_s > _LOGGED_WAIT_S:
                self._stderr.say(f"Note: {why}. Retry {attempt} of {of} in {delay_s:.0f} s.")
            yield
            return
        with self._drawing(
            lambda passed: f"Retry {attempt} of {of} in {max(0.0, delay_s - passed):.1f} s: {why}", monotonic()
        ):
            yield

    @contextmanager
    def _drawing(self, text_at: Callable[[float], str], since: float) -> Iterator[None]:
        from threading import Event, Thread

        done = Event()
        thread = Thread(target=self._draw, args=(text_at, since, done.wait), daemon=True)
        thread.start()
        try:
            yield
        finally:
            done.set()
            thread.join()

    def _draw(self, text_at: Callable[[float], str], since: float, done: Callable[[float], bool]) -> None:
        """Draw frame after frame until `done` returns true, and erase the line."""
        from ant_cli.output.terminal import terminal_size, truncate

        began = monotonic()
        if done(max(0.0, since - began)):
            return
        width = terminal_size(self._stderr, self._environ)[0] - _MARGIN
        for frame in cycle(_FRAMES):
            self._stderr.draw(f"{frame} {truncate(collapse_space(text_at(monotonic() - began)), width)}")
            if done(FRAME_S):
                break
        self._stderr.draw("")


class ProgressBar:
    """How many of many requests are done: a line on stderr that is redrawn; nothing if it is not a terminal."""

    def __init__(self, stderr: Stderr, environ: Mapping[str, str], total: int, past_participle: str) -> None:
        self._stderr = stderr
        self._animates = stderr.can_redraw(environ)
        self._total = total
        self._past_participle = past_participle
        self._next_frame_at = monotonic() + BAR_PATIENCE_S
        self._is_drawn = False

    def update(self, done: int, failed: int) -> None:
        """Draw the line, unless it was drawn a moment ago."""
        if not self._animates or monotonic() < self._next_frame_at:
            return
        self._next_frame_at = monotonic() + FRAME_S
        bar = ("━" * (_BAR_WIDTH * (done + failed) // self._total)).ljust(_BAR_WIDTH, "·")
        failures = f", {failed} failed" if failed else ""
        self._stderr.draw(f"{bar} {self._past_participle} {done} of {self._total}{failures}")
        self._is_drawn = True

    def erase(self) -> None:
        """Remove the line, so that something else can be printed."""
        if self._is_drawn:
            self._stderr.draw("")
            self._is_drawn = False
