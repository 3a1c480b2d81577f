"""Serve the emulator over HTTP by waitress, until SIGINT or SIGTERM.

A fault that drops the connection works because `Disconnected` is an OSError: waitress treats those as a broken
socket, closes the connection, and sends nothing more.
"""

from __future__ import annotations

import logging
import select
import signal
import socket
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable

from waitress import wasyncore  # type: ignore[import-untyped] # waitress has no types
from waitress.channel import HTTPChannel  # type: ignore[import-untyped] # as above
from waitress.server import create_server  # type: ignore[import-untyped] # as above
from waitress.task import ErrorTask, ThreadedTaskDispatcher  # type: ignore[import-untyped] # as above

from ant_cli.emulator.call import BEFORE_WAITING, BOUND_HOST, IS_STOPPING, LOG
from ant_cli.emulator.errors import LARGEST_BODY, PHRASES, EmulatorError, body_too_large, envelope
from ant_cli.emulator.identifiers import Identifiers
from ant_cli.emulator.journal import Entry
from ant_cli.emulator.store import rfc3339
from ant_cli.emulator.wsgi_app import Emulator
from ant_cli.runtime.light_typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

GRACE_SECONDS = 10.0
IDLE_SECONDS = 60
"""How long a connection may be silent between requests, or in the middle of one."""
MOST_THREADS = 100
"""More than anybody starts workers: a waiting poll and a stream each occupy a thread."""
MOST_CONNECTIONS = 300
SIGNALS = (signal.SIGINT, signal.SIGTERM)

Say = Callable[[str], None]
"""Writes a line for people."""


class Limits(NamedTuple):
    """How many clients are served at once; more have to wait."""

    threads: int
    connections: int


def limits_for(open_files: int) -> Limits:
    """Return the limits with which a process stays below its limit of open files.

    At that limit it could not accept a connection, and would try again and again. A thread has three files of the
    database, a connection a socket and perhaps a temporary file, and the rest of the process up to 32 files.
    """
    free = max(open_files - 32, 10)
    threads = min(MOST_THREADS, free // 6)
    return Limits(threads, min(MOST_CONNECTIONS, (free - 3 * threads) // 2))


def _open_files() -> int:
    if sys.platform == "win32":  # which has no such limit
        return sys.maxsize
    import resource

    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return sys.maxsize if soft == resource.RLIM_INFINITY else soft


class _ErrorTask(ErrorTask):  # type: ignore[misc] # waitress has no types
    """Responds to malformed HTTP, in the API's error envelope."""

    def execute(self) -> None:
        cause = self.request.error
        error = EmulatorError(cause.code, f"{cause.reason}: {cause.body}.")
        if cause.code == 413:
            error = body_too_large()
        request_id = Identifiers().new_id("req")
        body = envelope(error, request_id).encode()
        self.status = f"{error.status} {PHRASES.get(error.status, cause.reason)}"
        self.response_headers += [("content-type", "application/json"), ("request-id", request_id)]
        self.content_length = len(body)
        self.set_close_on_finish()
        self.write(body)


class _Channel(HTTPChannel):  # type: ignore[misc] # as above
    """One connection."""

    error_task_class = _ErrorTask

    def send_continue(self) -> None:
        """Ask the client to send its body, unless there is none, or it has already been rejected."""
        if not self.request.completed:
            super().send_continue()


class _HasToWait(BaseException):
    """Ends the handling of a request in the thread that serves all clients; no code may catch it before that."""


class _Dispatcher(ThreadedTaskDispatcher):  # type: ignore[misc] # as above
    """Handles requests in the thread that reads them, which is faster, and those that have to wait in others."""

    def __init__(self, threads: int) -> None:
        super().__init__()
        self.set_thread_count(threads)
        self._new: deque[_Channel] = deque()

    def add_task(self, task: _Channel) -> None:
        """Accept a channel with a request."""
        self._new.append(task)

    def handle_new(self) -> None:
        """Handle the requests that have arrived."""
        for _ in range(len(self._new)):
            channel = self._new.popleft()
            try:
                channel.service()
            except _HasToWait:
                super().add_task(channel)


class Server:
    """A listening server. `run` serves until another thread, or a signal handler, calls `stop`."""

    def __init__(self, emulator: Emulator, host: str, port: int, log: Say) -> None:
        # One family only, so that a port chosen by the system is one port.
        family, *_ = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        listening = socket.create_server((host, port), family=family, backlog=1024)
        address, port = listening.getsockname()[:2]
        self.url = f"http://[{address}]:{port}" if ":" in address else f"http://{address}:{port}"
        self._emulator = emulator
        self._host = host
        self._log = log
        self._stopping = False
        self._main_thread = 0
        self._closing = threading.RLock()
        """Held while `run` is woken up, or closes its sockets."""
        self._sockets: dict[int, Any] = {}
        self._limits = limits_for(_open_files())
        self._dispatcher = _Dispatcher(self._limits.threads)
        logging.getLogger("waitress").setLevel(logging.ERROR)  # this class says itself that the limit is reached
        self._http = create_server(
            self._application,
            map=self._sockets,
            _dispatcher=self._dispatcher,
            sockets=[listening],
            connection_limit=self._limits.connections + 2,  # the listening socket and the trigger count, too
            max_request_body_size=LARGEST_BODY + 1,
            channel_timeout=IDLE_SECONDS,
            cleanup_interval=1,
            channel_request_lookahead=1,  # to notice a client that disconnects in the middle of a stream
            outbuf_high_watermark=sys.maxsize,  # no thread waits for a client that does not read
            asyncore_use_poll=hasattr(select, "poll"),
            log_socket_errors=False,
            ident=None,
        )
        self._http.channel_class = _Channel

    def run(self) -> None:
        """Serve. When told to stop, finish the requests in progress."""
        self._main_thread = threading.get_ident()
        while not self._stopping and not self._http.in_connection_overflow:
            self._turn(1.0)
        if not self._stopping:
            self._log(f"Note: {self._limits.connections} connections are open; more have to wait.")
        while not self._stopping:
            self._turn(1.0)
        self._http.accepting = False
        deadline = time.monotonic() + GRACE_SECONDS
        while self._close_idle_connections() and time.monotonic() < deadline:
            self._turn(0.05)
        self._dispatcher.shutdown(timeout=1)
        with self._closing:
            wasyncore.close_all(self._sockets)

    def stop(self) -> None:
        """Make `run` return soon. May be called from a signal handler, and repeatedly."""
        with self._closing:
            if not self._stopping:
                self._stopping = True
                self._http.pull_trigger()

    def _turn(self, seconds: float) -> None:
        """Wait for up to this time until there is something to read or write, and do it."""
        wasyncore.loop(seconds, self._http.adj.asyncore_use_poll, self._sockets, count=1)
        self._dispatcher.handle_new()

    def _close_idle_connections(self) -> bool:
        """Close connections that wait for the next request, and return whether a request is still in progress."""
        channels = list(self._http.active_channels.values())
        for channel in channels:
            channel.will_close = not (channel.requests or channel.total_outbufs_len)
        return not all(channel.will_close for channel in channels)

    def _application(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Call the emulator with the data that only the server knows, and log a line for its response."""
        begun = time.perf_counter()

        def log(entry: Entry) -> None:
            took = f"{(time.perf_counter() - begun) * 1000:.1f} ms"
            # The path is percent-encoded: a control character in it must not reach a terminal.
            parts = (rfc3339(time.time_ns() // 1_000), entry.method, entry.path, entry.status or "disconnected")
            self._log(" ".join(map(str, filter(None, (*parts, took, entry.request_id, entry.fault, entry.error)))))

        def before_waiting() -> None:
            if threading.get_ident() == self._main_thread:
                environ["wsgi.input"].seek(0)  # another thread reads it again
                raise _HasToWait

        environ[BOUND_HOST] = self._host
        environ[IS_STOPPING] = lambda: self._stopping or environ["waitress.client_disconnected"]()
        environ[BEFORE_WAITING] = before_waiting
        environ[LOG] = log
        return self._emulator(environ, start_response)


def serve(emulator: Emulator, host: str, port: int, on_listening: Say, log: Say) -> None:
    """Serve until SIGINT or SIGTERM, then finish the requests in progress and return.

    `on_listening` is called once with the base URL, `log` with a line for each request.

    Raises:
        OSError: if it can't listen at the address. This is raised before anything is called.
        UnicodeError: if `host` can't be a host name.

    """
    server = Server(emulator, host, port, log)
    before = {number: signal.signal(number, lambda *_: server.stop()) for number in SIGNALS}
    try:
        on_listening(server.url)
        server.run()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
