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
    application: Any, log: Callable[[str], None] = lambda _line: None, host: str = "127.0.0.1"
) -> Iterator[Server]:
    """Serve an application, such as an emulator, on a free port. `log` gets a line for each request."""
    # A late import: tests of the emulator's imports expect this module not to be loaded.
    from ant_cli.emulator.http_server import Server

    server = Server(application, host, 0, log)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        yield server
    finally:
        _end(server)
        thread.join()


def _end(server: Server) -> None:
    """Do what a signal does, which only the main thread gets."""
    server.is_stopping = True
    http = server._http
    http.task_dispatcher.shutdown()
    http.trigger.pull_trigger(lambda: [each.close() for each in list(http._map.values())])
