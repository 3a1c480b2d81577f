"""The progress of a run, on the last line of a terminal: what it waits for, which the HTTP client reports.

A log gets one line before a long wait between two attempts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from itertools import cycle
from time import monotonic
from typing import TYPE_CHECKING

from ant_cli.http.attempts import Observer
from ant_cli.runtime import Runtime
from ant_cli.runtime.sanitize import collapse_space

if TYPE_CHECKING:
    from ant_cli.runtime.live_line import LiveLine

PATIENCE_S = 1.0
"""Shorter waits are not shown, in seconds."""
_LOGGED_WAIT_S = 2.0
"""Longer waits between attempts are announced in a log, in seconds."""
_FRAME_S = 0.1
_FRAMES = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
_MARGIN = 8
"""Cells of the line that stay free, for the spinner and the end of the line."""
_BAR_PATIENCE_S = 0.5
"""How long many requests take before their progress is drawn. Most runs have ended by then."""
_BAR_WIDTH = 30


class Progress(Observer):
    """The progress of one run."""

    def __init__(self, runtime: Runtime, patience_s: float = PATIENCE_S) -> None:
        self._runtime = runtime
        self._animates = runtime.stderr.can_redraw(runtime.environ)
        self._logs = not self._animates
        self._first_line_at = monotonic() + patience_s
        self._items = 0
        self._line: LiveLine | None = None

    def disable(self) -> None:
        """Draw nothing from now on, because something else has the screen."""
        self._animates = False
        if self._line:
            self._line.close()

    def count_items(self, pages: Iterable[list[bytes]]) -> Iterator[list[bytes]]:
        """Yield the pages, and count their items."""
        for page in pages:
            self._items += len(page)
            yield page

    def waiting_for(self, what: str) -> AbstractContextManager[None]:
        """Show what the body of the `with` is waiting for, if it takes long."""
        count = f", items so far: {self._items}" if self._items else ""
        delay_s = self._first_line_at - monotonic()
        return self._showing(lambda passed: f"Waiting for {what}{count} ({passed:.0f} s)", delay_s)

    def before_retry(
        self, why: str, attempt: int, of: int, delay_s: float
    ) -> AbstractContextManager[None]:
        """Show immediately how long it is until the next attempt."""
        if self._logs and delay_s > _LOGGED_WAIT_S:
            self._runtime.say(f"Note: {why}. Retry {attempt} of {of} in {delay_s:.0f} s.")

        def countdown(passed: float) -> str:
            left = max(0.0, delay_s - passed)
            return f"Retry {attempt} of {of} in {left:.1f} s: {why}"

        return self._showing(countdown)

    def of_many(
        self, state: Callable[[], tuple[int, str]], total: int
    ) -> AbstractContextManager[None]:
        """Show how many of many requests have ended, instead of what each of them waits for.

        `state` returns this number, and a text that says it.
        """

        def bar(_passed: float) -> str:
            ended, text = state()
            filled = "━" * (_BAR_WIDTH * ended // total)
            return f"{filled.ljust(_BAR_WIDTH, '·')} {text}"

        return self._showing(bar, _BAR_PATIENCE_S)

    @contextmanager
    def _showing(self, text_at: Callable[[float], str], delay_s: float = 0.0) -> Iterator[None]:
        """Show what `text_at` returns for the seconds that have passed."""
        if not self._animates or self._line:
            yield
            return
        from ant_cli.runtime.live_line import LiveLine
        from ant_cli.runtime.screen import terminal_size, truncate

        stderr, began, frames = self._runtime.stderr, monotonic(), cycle(_FRAMES)

        def line() -> str:
            width = terminal_size(stderr, self._runtime.environ)[0] - _MARGIN
            text = collapse_space(self._runtime.redactor.redact(text_at(monotonic() - began)))
            return f"{next(frames)} {truncate(text, width)}"

        try:
            with closing(LiveLine(self._runtime, line, max(0.0, delay_s), _FRAME_S)) as self._line:
                yield
        finally:
            self._line = None
