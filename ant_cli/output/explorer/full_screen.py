"""The format `explore`: whether it can open here, and a session from the first page to the chosen value.

textual is imported only when the screen will open.
"""

from __future__ import annotations

import io
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from importlib.util import find_spec
from threading import Thread
from typing import TYPE_CHECKING

from ant_cli.runtime import Runtime
from ant_cli.runtime.extras import install_command
from ant_cli.runtime.process import Terminated
from ant_cli.runtime.signals import signal_handlers
from ant_cli.runtime.streams import Stderr

if TYPE_CHECKING:
    from ant_cli.output.explorer.application import Choice


_RECURSION_LIMIT = 2000
"""Twice the usual limit, because textual uses a part of it, and JSON of the accepted depth needs the rest."""


def missing_requirement(runtime: Runtime) -> str | None:
    """Return the missing requirement of the explorer; None if it can open."""
    streams = (runtime.stdin, runtime.stdout, runtime.stderr)
    if not all(stream.can_redraw(runtime.environ) for stream in streams):
        return "a terminal"
    if find_spec("textual"):
        return None
    command = install_command("explore")
    if not command:
        return "textual, which this frozen program does not have"
    return f"textual (`{command}`)"


def explore(
    pages: Iterator[list[bytes]],
    runtime: Runtime,
    *,
    is_list: bool,
    path: str = "",
    before_screen: Callable[[], None] = lambda: None,
) -> Choice:
    """Open the screen with the first page, and return the value that the user chose.

    `path` is the run's `--transform`, which the paths of values are relative to.

    Raises:
        AntError: if the first page can't be loaded.

    """
    Thread(target=_load_screen, daemon=True).start()
    first = next(pages, [])
    before_screen()
    with _process_for_textual(shows_colour=runtime.shows_colour(runtime.stdout)):
        from ant_cli.output.explorer.application import Explorer

        app = Explorer(first, pages, is_list=is_list, transform=path)

        def terminate(*_: object) -> None:
            # On SIGINT, textual shuts down cleanly. An exception could surface anywhere, and leave its mode on.
            app.failure = Terminated()
            signal.raise_signal(signal.SIGINT)

        try:
            with _held_back(runtime.stderr), signal_handlers({signal.SIGTERM: terminate}):
                choice = app.run()
        finally:
            if app.failure:
                raise app.failure
    if choice is None:  # or a signal ended the screen, which asyncio and textual do not report
        raise KeyboardInterrupt
    return choice


@contextmanager
def _held_back(stderr: Stderr) -> Iterator[None]:
    """Hold back what is written to stderr until the context ends. Until then, stderr is not a terminal."""
    held = io.BytesIO()
    try:
        with stderr.redirected(held):
            yield
    finally:
        stderr.write(held.getvalue().decode())


@contextmanager
def _process_for_textual(*, shows_colour: bool) -> Iterator[None]:
    """Set what textual takes from the process as a whole, until the screen is closed."""
    with ExitStack() as restoring:
        restoring.callback(sys.setrecursionlimit, sys.getrecursionlimit())
        sys.setrecursionlimit(_RECURSION_LIMIT)
        # textual knows only this variable, and takes an empty one for a set one.
        restoring.callback(_set_no_color, os.environ.get("NO_COLOR"))
        _set_no_color(None if shows_colour else "1")
        # even under nohup: without a terminal, textual would loop at full speed
        if sys.platform != "win32":
            restoring.callback(
                signal.signal, signal.SIGHUP, signal.signal(signal.SIGHUP, signal.SIG_DFL)
            )
        yield


def _set_no_color(text: str | None) -> None:
    os.environ.pop("NO_COLOR", None)
    if text is not None:
        os.environ["NO_COLOR"] = text


def _load_screen() -> None:
    """Import textual while the first page is being fetched: both take a noticeable time."""
    with suppress(Exception):  # the import above raises it again
        import ant_cli.output.explorer.application  # noqa: F401 - imported for its side effect
