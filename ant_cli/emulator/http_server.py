"""Serve the emulator over HTTP, until SIGINT or SIGTERM.

A fault that drops the connection works because `Disconnected` is an OSError: waitress treats those as a broken
socket, closes the connection, and sends nothing more.
"""

from __future__ import annotations

import signal
import socket
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

from ant_cli.emulator.connections import HTTPServer
from ant_cli.emulator.routes import path_of
from ant_cli.emulator.wsgi_app import BOUND_HOST, IS_STOPPING, NO_FAULTS, Emulator
from ant_cli.runtime.light_typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import FrameType

    from _typeshed.wsgi import StartResponse, WSGIEnvironment
    from waitress.parser import HTTPRequestParser  # type: ignore[import-untyped] # waitress has no types

GRACE_SECONDS = 10.0
SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Server:
    """A listening server. `run` serves until another thread, or a signal handler, calls `stop`."""

    def __init__(self, emulator: Emulator, host: str, port: int, log: Callable[[str], None]) -> None:
        listening = _listen(host, port)
        self.url = _url(listening)
        self._emulator = emulator
        self._host = host
        self._log = log
        self._stopping = False
        self._http = HTTPServer(self._application, listening, self._may_wait)

    def run(self) -> None:
        """Serve. When told to stop, finish the requests in progress."""
        while not self._stopping:
            self._http.turn(1.0)
        self._http.accepting = False
        deadline = time.monotonic() + GRACE_SECONDS
        while self._http.close_idle_connections() and time.monotonic() < deadline:
            self._http.turn(0.05)
        self._http.shutdown()

    def stop(self) -> None:
        """Make `run` return soon. May be called from a signal handler, and repeatedly."""
        if not self._stopping:
            self._stopping = True
            self._http.wake()

    def _may_wait(self, request: HTTPRequestParser) -> bool:
        return self._emulator.may_wait(request.path, request.query)

    def _application(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Call the emulator with the data that only the server knows, and log a line for its response."""
        begun = time.perf_counter()
        statuses = ["disconnected"]

        def start(status: str, headers: list[tuple[str, str]], *rest: object) -> Callable[[bytes], object]:
            statuses.append(status.partition(" ")[0])
            return start_response(status, headers, *rest)  # type: ignore[arg-type] # exc_info or nothing

        environ[BOUND_HOST] = self._host
        environ[IS_STOPPING] = lambda: self._stopping or environ["waitress.client_disconnected"]()
        environ[NO_FAULTS] = self._http.runs_here  # otherwise `may_wait` would have sent it to a thread
        try:
            return self._emulator(environ, start)
        finally:
            took = (time.perf_counter() - begun) * 1000
            # The path is percent-encoded: a control character in it must not reach a terminal.
            self._log(f"{environ['REQUEST_METHOD']} {path_of(environ)} {statuses[-1]} {took:.1f} ms")


def serve(
    emulator: Emulator, host: str, port: int, on_listening: Callable[[str], None], log: Callable[[str], None]
) -> None:
    """Serve until SIGINT or SIGTERM, then finish the requests in progress and return.

    `on_listening` is called once with the base URL, `log` with a line for each request.

    Raises:
        OSError: if it can't listen at the address. This is raised before anything is called.
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
