"""`--watch` at a terminal: the latest state with its marks, and a status line at the bottom of the screen."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from ant_cli.output.differences import MarkedPart, Marks
from ant_cli.output.terminal import Style, terminal_size, truncate
from ant_cli.output.watched import Body, Watched
from ant_cli.runtime.light_typing import TYPE_CHECKING, Any
from ant_cli.runtime.sanitize import collapse_space

if TYPE_CHECKING:
    from typing import Self

    from ant_cli.output.live_screen import LiveScreen
    from ant_cli.output.progress import Progress
    from ant_cli.runtime import Runtime

_MARKED_S = 10.0
"""How many seconds a change stays marked; at least until the next state."""


class WatchScreen:
    """Shows states, and errors between them. An observer of the client, and a context manager.

    The first state opens the screen. Until then, this is a run like any other.
    """

    def __init__(
        self, watched: Watched[Any], style: Style, every_s: float, progress: Progress, runtime: Runtime
    ) -> None:
        self.observer = self
        self._watched = watched
        self._style = style
        self._every_s = every_s
        self._progress = progress
        self._runtime = runtime
        self._marks = Marks[Any](_MARKED_S)
        self._marked: list[MarkedPart[Any]] = []
        self._screen: LiveScreen | None = None
        self._last_at = 0.0
        self._problem = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Close the screen, and leave the last state below the command."""
        if self._screen:
            self._screen.__exit__(None, None, None)
            self._runtime.stdout.write("".join(f"{line}\n" for line in self._last_lines()).encode(), escape=False)

    def show(self, values: list[bytes]) -> None:
        """Show a state. Raises ResponseError if it can't be shown."""
        parts = self._watched.parts(values)
        self._last_at = self._style.clock()
        self._marked = self._marks.update(parts, self._last_at)
        self._problem = ""
        self._draw()

    def failed(self, problem: str, delay_s: float) -> None:
        """Show that the state could not be fetched, and when the next attempt is."""
        self._problem = f"{self._runtime.stderr.redact(problem).removesuffix('.')}. Asking again in {delay_s:g} s"
        self._draw()

    def pause(self, seconds: float) -> None:
        """Wait for the next round."""
        self._runtime.sleep(seconds)

    @contextmanager
    def waiting_for(self, what: str) -> Iterator[None]:
        """Show it only in the status line, once there is one."""
        if self._screen:
            yield
            return
        with self._progress.waiting_for(what):
            yield

    @contextmanager
    def before_retry(self, why: str, attempt: int, of: int, delay_s: float) -> Iterator[None]:
        """Show it in the status line, once there is one."""
        if not self._screen:
            with self._progress.before_retry(why, attempt, of, delay_s):
                yield
            return
        self._problem = f"Retry {attempt} of {of} in {delay_s:.1f} s: {self._runtime.stderr.redact(why)}"
        self._draw()
        yield

    def _draw(self) -> None:
        if self._screen is None:
            from ant_cli.output.live_screen import LiveScreen

            self._progress.disable()
            screen = LiveScreen(self._runtime, self._style, self._frame)
            self._screen = screen.__enter__()
        self._screen.draw()

    def _frame(self, style: Style) -> list[str]:
        """Return the lines of the screen."""
        room = max(style.height - 1, 0)
        body = self._watched.body(self._marked, room, style)
        return [*body.lines, *[""] * (room - len(body.lines)), self._status(body, style)]

    def _status(self, body: Body, style: Style) -> str:
        clock = time.strftime("%H:%M:%S", time.localtime(self._last_at))
        if self._problem:
            return style.paint(truncate(f"{clock}  {collapse_space(self._problem)}", style.width), "yellow")
        parts = [clock, f"every {self._every_s:g} s", self._hidden(body), "Ctrl-C ends"]
        return style.paint(truncate("  ".join(filter(None, parts)), style.width), "dim")

    def _hidden(self, body: Body) -> str:
        if not body.hidden:
            return ""
        marks = f", {body.hidden_marks} of them marked" if body.hidden_marks else ""
        return f"{body.hidden} row{'s' * (body.hidden > 1)} not shown{marks}"

    def _last_lines(self) -> list[str]:
        width, height = terminal_size(self._runtime.stdout, self._runtime.environ)
        style = self._style._replace(width=width, height=height)
        body = self._watched.body(self._marked, max(height - 2, 1), style)
        hidden = self._hidden(body)
        return [*body.lines, *([style.paint(hidden, "dim")] if hidden else [])]
