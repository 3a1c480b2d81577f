"""The format `explore`: whether it can open here, the way to the screen, and what is printed afterwards.

textual is imported only when the screen will open.
"""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from threading import Thread
from typing import TYPE_CHECKING

from ant_cli.output.explorer.feed import Feed
from ant_cli.output.explorer.outline import Outline
from ant_cli.output.look import shows_colour
from ant_cli.runtime import Runtime
from ant_cli.runtime.extras import install_command
from ant_cli.runtime.process import Terminated

if TYPE_CHECKING:
    from ant_cli.output.explorer.application import Choice, Explorer

    PrintChosen = Callable[[bytes, bool], None]
    """Prints a value, perhaps a string without its quotes."""
    Run = Callable[[Explorer], Choice | None]


def obstacle(runtime: Runtime) -> str:
    """Return what the explorer needs and does not have here; empty if it can open."""
    streams = (runtime.stdin, runtime.stdout, runtime.stderr)
    if runtime.environ.get("TERM") == "dumb" or not all(stream.is_terminal for stream in streams):
        return "a terminal"
    return "" if find_spec("textual") else f"textual ({install_command('explore')})"


def explore(
    pages: Iterator[list[bytes]],
    runtime: Runtime,
    *,
    is_list: bool,
    transform: str = "",
    print_chosen: PrintChosen,
    before_screen: Callable[[], None] = lambda: None,
    run: Run | None = None,
) -> None:
    """Open the screen with the first page, and print what was chosen there.

    Raises:
        AntError: if the first page does not come, or a later one did not.

    """
    Thread(target=_load_screen, daemon=True).start()
    feed = Feed(pages)
    outline = Outline(is_list=is_list)
    outline.append(next(pages, []))
    before_screen()
    choice = _choose(outline, feed, transform, runtime, run)
    if choice.interrupted:
        raise KeyboardInterrupt
    if choice.value:
        print_chosen(choice.value, choice.bare)
    if feed.error:
        raise feed.error


def _load_screen() -> None:
    """Import textual while the first page is on its way: both take a noticeable time."""
    with suppress(Exception):  # the import below raises it again
        import ant_cli.output.explorer.application  # noqa: F401 - for later


@contextmanager
def _sigterm_as_sigint() -> Iterator[None]:
    """Deal with SIGTERM as with SIGINT, at which asyncio ends textual in good order, and raise Terminated then.

    An exception out of a signal handler could come anywhere, and leave the terminal as textual needs it.
    """
    terminated = False

    def interrupt(*_: object) -> None:
        nonlocal terminated
        terminated = True
        signal.raise_signal(signal.SIGINT)

    before = signal.getsignal(signal.SIGTERM)
    if before not in (signal.SIG_IGN, None):
        signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        if before is not None:
            signal.signal(signal.SIGTERM, before)
        if terminated:
            raise Terminated


def _choose(outline: Outline, feed: Feed, transform: str, runtime: Runtime, run: Run | None) -> Choice:
    from ant_cli.output.explorer.application import Choice, Explorer

    app = Explorer(
        outline,
        feed,
        transform=transform,
        colour=shows_colour(runtime.environ, is_terminal=runtime.stdout.is_terminal),
        describe=lambda error: runtime.stderr.redact(str(error)),
    )
    if sys.platform != "win32":  # even under nohup: without a terminal textual would loop at full speed
        signal.signal(signal.SIGHUP, signal.SIG_DFL)
    runtime.stderr.hold()
    try:
        with _sigterm_as_sigint():
            choice = run(app) if run else app.run()
    finally:
        runtime.stderr.release()
    if app.failure:
        raise app.failure
    # Nothing is chosen if no key ended it, but a signal, which asyncio and textual keep to themselves.
    return choice or Choice(interrupted=True)
