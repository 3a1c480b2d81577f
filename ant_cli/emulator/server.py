"""Serving the emulator over HTTP with waitress, until SIGINT or SIGTERM.

A fault that drops the connection works because `Disconnected` is an OSError: waitress takes one for a broken
socket, closes the connection and answers nothing.
"""

from __future__ import annotations

import select
import signal
import socket
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from waitress import wasyncore  # type: ignore[import-untyped] # waitress has no types
from waitress.server import create_server  # type: ignore[import-untyped] # waitress has no types

from ant_cli.emulator.app import Emulator
from ant_cli.emulator.routes import path_of

if TYPE_CHECKING:
    from types import FrameType

    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

# A poll that waits keeps its thread, so there are more of them than workers that anybody starts.
THREADS = 64
MOST_CONNECTIONS = 1_000
GRACE_SECONDS = 10.0
SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Server:
    """A listening server. `run` serves until another thread, or a signal's handler, calls `stop`."""

    def __init__(self, emulator: WSGIApplication, host: str, port: int, log: Callable[[str], None]) -> None:
        self._socket = _listen(host, port)
        self.url = _url(self._socket)
        self._stopping = False
        self._waitress = create_server(
            _logged(emulator, log),
            sockets=[self._socket],
            threads=THREADS,
            connection_limit=MOST_CONNECTIONS,
            asyncore_use_poll=hasattr(select, "poll"),
            log_socket_errors=False,
            ident=None,
        )

    def run(self) -> None:
        """Serve, and when told to stop, finish the requests under way."""
        while not self._stopping:
            self._turn(1.0)
        self._waitress.accepting = False
        deadline = time.monotonic() + GRACE_SECONDS
        while self._close_idle_connections() and time.monotonic() < deadline:
            self._turn(0.05)
        self._waitress.task_dispatcher.shutdown(timeout=1)
        wasyncore.close_all(self._waitress._map)  # noqa: SLF001 - waitress has no public way
        self._waitress.close()

    def stop(self) -> None:
        """Make `run` return soon. May be called from a signal's handler, and again."""
        if not self._stopping:
            self._stopping = True
            self._waitress.pull_trigger()

    def _turn(self, seconds: float) -> None:
        adjustments = self._waitress.adj
        wasyncore.loop(seconds, adjustments.asyncore_use_poll, self._waitress._map, count=1)  # noqa: SLF001 - as above

    def _close_idle_connections(self) -> bool:
        """Close what waits for a next request, and return whether a request is still under way."""
        busy = False
        for channel in list(self._waitress.active_channels.values()):
            if channel.requests or channel.total_outbufs_len:
                busy = True
            else:
                channel.will_close = True
        return busy


def serve(
    emulator: Emulator, host: str, port: int, on_listening: Callable[[str], None], log: Callable[[str], None]
) -> None:
    """Serve until SIGINT or SIGTERM, then finish the requests under way and return.

    `on_listening` is called once with the base URL, `log` with a line for each request.

    Raises:
        OSError: if nothing can listen at the address; before anything is called.
        UnicodeError: if `host` can't be a host name.

    """
    server = Server(emulator, host, port, log)
    with _stopped_by_signals(server):
        on_listening(server.url)
        server.run()


@contextmanager
def _stopped_by_signals(server: Server) -> Iterator[None]:
    def handle(_signal: int, _frame: FrameType | None) -> None:
        server.stop()

    before = {number: signal.signal(number, handle) for number in SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _listen(host: str, port: int) -> socket.socket:
    """Return a listening socket: one family only, so that a port chosen by the system is one port."""
    family, *_ = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
    return socket.create_server((host, port), family=family, backlog=1024)


def _url(listening: socket.socket) -> str:
    host, port = listening.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _logged(application: WSGIApplication, log: Callable[[str], None]) -> WSGIApplication:
    """Return the application with a line in the log for each of its answers."""

    def logged(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        begun = time.perf_counter()
        outcomes = ["disconnected"]

        def start(status: str, headers: list[tuple[str, str]], *rest: object) -> Callable[[bytes], object]:
            outcomes.append(status.partition(" ")[0])
            return start_response(status, headers, *rest)  # type: ignore[arg-type] # exc_info or nothing

        try:
            return application(environ, start)
        finally:
            took = (time.perf_counter() - begun) * 1000
            # The path is percent-encoded: a control character in it must not reach a terminal.
            log(f"{environ['REQUEST_METHOD']} {path_of(environ)} {outcomes[-1]} {took:.1f} ms")

    return logged
