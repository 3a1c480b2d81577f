"""An emulator that a thread serves on loopback."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ant_cli.emulator.http_server import Server


@contextmanager
def serving(
    application: Any,
    log: Callable[[str], None] = lambda _line: None,
    host: str = "127.0.0.1",
    threads: int = 64,
) -> Iterator[Server]:
    """Serve an application, such as an emulator, on a free port. `log` gets a line for each request.

    The many threads of an emulator that users start take half of the time of a short test.
    """
    # A late import: tests of the emulator's imports expect this module not to be loaded.
    from ant_cli.emulator.http_server import Server

    server = Server(application, host, 0, log, threads)
    thread = threading.Thread(target=server.http.run)
    thread.start()
    try:
        yield server
    finally:
        _end(server, thread)


def _end(server: Server, thread: threading.Thread) -> None:
    """Do what a signal does, which only the main thread gets."""
    server.is_stopping = True
    http, left = server.http, []
    http.task_dispatcher.shutdown()

    def leave_loop() -> None:
        left.extend(http._map.values())
        http._map.clear()

    http.trigger.pull_trigger(leave_loop)
    thread.join()
    # not before: the trigger is one of them, and it may have been called before it was pulled
    for each in left:
        each.close()
