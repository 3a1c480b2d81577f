"""The progress of many requests on a terminal: how many are done, and a bar."""

from __future__ import annotations

from collections.abc import Mapping
from time import monotonic

from ant_cli.runtime.streams import Stderr

PATIENCE_S = 0.5
"""How long to wait before drawing anything. Most runs have ended by then."""
FRAME_S = 0.1
_WIDTH = 30


class ProgressBar:
    """A line on stderr that is redrawn; nothing if stderr is not a terminal."""

    def __init__(self, stderr: Stderr, environ: Mapping[str, str], total: int, past_participle: str) -> None:
        self._stderr = stderr
        self._animates = stderr.can_redraw(environ)
        self._total = total
        self._past_participle = past_participle
        self._next_frame_at = monotonic() + PATIENCE_S
        self._is_drawn = False

    def update(self, done: int, failed: int) -> None:
        """Draw the line, unless it was drawn a moment ago."""
        if not self._animates or monotonic() < self._next_frame_at:
            return
        self._next_frame_at = monotonic() + FRAME_S
        failures = f", {failed} failed" if failed else ""
        self._stderr.draw(f"{self._bar(done + failed)} {self._past_participle} {done} of {self._total}{failures}")
        self._is_drawn = True

    def erase(self) -> None:
        """Remove the line, so that something else can be printed."""
        if self._is_drawn:
            self._stderr.draw("")
            self._is_drawn = False

    def _bar(self, completed: int) -> str:
        """Return the bar as text. rich is imported here because most runs draw nothing."""
        from io import StringIO

        from rich.console import Console
        from rich.progress_bar import ProgressBar as RichBar

        console = Console(file=StringIO(), width=_WIDTH, color_system=None, legacy_windows=False)
        with console.capture() as capture:
            console.print(RichBar(total=self._total, completed=completed, width=_WIDTH), end="")
        return capture.get().rstrip("\n")
