"""The status line of a worker at a terminal, by rich's live display. The log scrolls above it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

from ant_cli.output.terminal import shows_colour
from ant_cli.runtime import Runtime
from ant_cli.runtime.light_typing import TYPE_CHECKING
from ant_cli.worker.settlement import Outcome
from ant_cli.worker.tally import Tally

if TYPE_CHECKING:
    from rich.text import Text

_FRAMES_PER_SECOND = 4
_FAILURES = (Outcome.FAILED, Outcome.TIMED_OUT, Outcome.DEAD_LETTER)


def status_of(runtime: Runtime, log_format: str) -> Callable[[Tally], AbstractContextManager[None]] | None:
    """Return what shows a tally below the log; None if only the log is wanted: in a pipe, or if it is JSON."""
    if log_format == "json" or not runtime.stderr.can_redraw(runtime.environ):
        return None
    return lambda tally: _shown(tally, runtime)


@contextmanager
def _shown(tally: Tally, runtime: Runtime) -> Iterator[None]:
    from rich.live import Live

    from ant_cli.output.rich_console import terminal_console

    write = runtime.stderr.share(lambda text: console.print(text, end="", soft_wrap=True))
    console = terminal_console(write, colour=shows_colour(runtime.environ, is_terminal=True))
    live = Live(
        console=console,
        get_renderable=lambda: status_line(tally),
        refresh_per_second=_FRAMES_PER_SECOND,
        transient=True,
        redirect_stdout=False,
        redirect_stderr=False,
    )
    try:
        live.start()
        console.show_cursor(show=True)  # the terminal is unchanged after a worker that was stopped or killed
        yield
    finally:
        live.stop()
        runtime.stderr.end_sharing()


def status_line(tally: Tally) -> Text:
    """Return the status of a worker for people, on one line."""
    from rich.text import Text

    failed = sum(tally.items[outcome] for outcome in _FAILURES)
    parts = [
        (f"{tally.slots_used}/{tally.slots} busy", "bold"),
        (f"{tally.items[Outcome.SUCCEEDED]} done", "green" if tally.items[Outcome.SUCCEEDED] else ""),
        (f"{failed} failed", "red" if failed else ""),
        ("queue ?" if tally.queue_depth is None else f"queue {tally.queue_depth}", ""),
        *([("draining", "yellow")] if tally.draining else []),
    ]
    line = Text("  ", no_wrap=True, overflow="ellipsis").join(Text(text, style) for text, style in parts)
    line.no_wrap, line.overflow = True, "ellipsis"
    return line
