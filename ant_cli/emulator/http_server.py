"""Serve the emulator over HTTP with waitress, until SIGINT or SIGTERM.

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
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from typing import TYPE_CHECKING, Any

from waitress import create_server  # type: ignore[import-untyped] # waitress has no types

from ant_cli.emulator.call import BOUND_HOST, FILES_ARE_REPLACED, IS_STOPPING, LOG, OCCUPY_THREAD
from ant_cli.emulator.errors import EmulatorError
from ant_cli.emulator.journal import Entry
from ant_cli.emulator.own_files import REPLACED, OwnFiles
from ant_cli.emulator.server_threads import FIRST_THREADS, MOST_THREADS, ServerThreads
from ant_cli.emulator.store import rfc3339
from ant_cli.emulator.wsgi_app import Emulator

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

    from ant_cli.emulator.worlds import Worlds

IDLE_SECONDS = 60
"""How long a connection may be silent between requests, or in the middle of one."""
CONNECTIONS_PER_THREAD = 3
"""Connections between two requests need no thread. Clients beyond this limit have to wait until one is closed."""
FILES_PER_THREAD = 3 + 2 * CONNECTIONS_PER_THREAD
"""Three of the database, and for each connection a socket and perhaps a temporary file."""
OTHER_FILES = 32
MOST_CONNECTIONS = 10_000 if hasattr(select, "poll") else 500
"""On Windows, there is only `select`, which is for 512 sockets."""
LARGEST_READ = 64 * 1024 * 1024
"""The largest body that is read, and rejected with the API's error. For more, waitress sends a line of text."""
SIGNALS = (signal.SIGINT, signal.SIGTERM)

Say = Callable[[str], None]
"""Writes a line for people."""
_LARGEST_HEAD = 16_384
"""The most bytes of a request's headers: waitress' time grows with the square of the blanks before a value."""


def _open_files() -> int:
    """Return how many files this process may open, at most as many as it can use. A lower soft limit is raised."""
    most = OTHER_FILES + FILES_PER_THREAD * MOST_THREADS
    if sys.platform == "win32":  # which has no such limit
        return most
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = most if hard == resource.RLIM_INFINITY else min(most, hard)
    is_limited = soft != resource.RLIM_INFINITY
    if is_limited and soft < most:  # on macOS, it is 256
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
    return most


class FilesReplaced(Exception):
    """The emulator had to stop, because its files are those of another version by now."""


class Server:
    """A listening server."""

    def __init__(
        self,
        emulator: Emulator | Worlds,
        host: str,
        port: int,
        log: Say,
        threads: int = 0,
        on_replaced: Callable[[], object] = lambda: None,
    ) -> None:
        """Listen. There are as many threads as the limit of open files allows, unless their number is given.

        `on_replaced` is called in a thread if a request fails because the files of the emulator were replaced.
        """
        # With one address family, a port that the system chooses is a single port.
        family, *_ = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listening = socket.create_server((host, port), family=family, backlog=1024)
        address, port = listening.getsockname()[:2]
        self.url = f"http://[{address}]:{port}" if ":" in address else f"http://{address}:{port}"
        self.is_stopping = False
        """Whether streams and polls that wait end now."""
        self._on_replaced = on_replaced
        self._files = OwnFiles()
        self._emulator = emulator
        self._host = host
        self._log = log
        # At the limit of open files, it could not accept a connection, and would try again and again.
        threads = threads or max(1, (_open_files() - OTHER_FILES) // FILES_PER_THREAD)
        logging.getLogger("waitress").setLevel(logging.ERROR)
        self.http: Any
        """Its `run` serves until SystemExit is raised in that thread, and then finishes requests for up to 5 s."""
        try:
            self.http = self._create(listening, threads)
        except RuntimeError:  # the system refuses even the first thread
            listening.close()
            raise
        self.threads = ServerThreads(threads, self.http.task_dispatcher.set_thread_count)

    def _create(self, listening: socket.socket, threads: int) -> Any:
        return create_server(
            self._application,
            sockets=[listening],
            threads=FIRST_THREADS,
            # The listening socket and a pipe count, too.
            connection_limit=min(2 + CONNECTIONS_PER_THREAD * threads, MOST_CONNECTIONS),
            asyncore_use_poll=True,
            max_request_header_size=_LARGEST_HEAD,
            max_request_body_size=LARGEST_READ,
            channel_timeout=IDLE_SECONDS,
            cleanup_interval=1,
            channel_request_lookahead=1,  # to notice a client that disconnects in the middle of a stream
            log_socket_errors=False,
            ident=None,
        )

    def _application(
        self, environ: WSGIEnvironment, start_response: StartResponse
    ) -> Iterator[bytes]:
        """Call the emulator with the data that only the server knows, and log a line for its response."""
        begun = time.perf_counter()

        def log(entry: Entry) -> None:
            now = rfc3339(time.time_ns() // 1_000)
            took_ms = (time.perf_counter() - begun) * 1000
            # The path is percent-encoded: a control character in it must not reach a terminal.
            outcome = (entry["status"] or "disconnected", f"{took_ms:.1f} ms")
            reasons = (entry[name] for name in ("request_id", "fault", "error") if entry[name])
            words = (now, entry["method"], entry["path"], *outcome, *reasons)
            self._log(" ".join(map(str, words)))
            if entry["error"] == REPLACED:
                self._on_replaced()

        environ[BOUND_HOST] = self._host
        environ[IS_STOPPING] = lambda: self.is_stopping or environ["waitress.client_disconnected"]()
        environ[LOG] = log
        environ[FILES_ARE_REPLACED] = self._files.are_replaced
        with self.threads.occupied(), ExitStack() as stack:

            def occupy_thread() -> None:
                if not self.threads.may_wait():
                    most = f"{self.threads.most_waiting} streams, waiting polls and delays at once"
                    raise EmulatorError(
                        503, f"This emulator has threads for {most}, and all of them are occupied."
                    )
                stack.callback(self.threads.end_wait)

            environ[OCCUPY_THREAD] = occupy_thread
            yield from self._emulator(environ, start_response)


def serve(emulator: Emulator | Worlds, host: str, port: int, on_listening: Say, log: Say) -> None:
    """Serve until SIGINT or SIGTERM, then finish the requests in progress, unless there is another signal.

    `on_listening` is called once with the base URL, `log` with a line for each request.

    Raises:
        OSError: if it can't listen at the address. This is raised before anything is called.
        UnicodeError: if `host` can't be a host name.
        FilesReplaced: if the files of the emulator were replaced.

    """
    replaced = threading.Event()

    def end() -> None:
        replaced.set()
        signal.raise_signal(signal.SIGTERM)  # a thread may send it, and the main thread handles it

    server = Server(emulator, host, port, log, on_replaced=end)

    def stop(*_: object) -> None:
        server.is_stopping = True
        raise SystemExit

    before = {number: signal.signal(number, stop) for number in SIGNALS}
    try:
        with suppress(SystemExit):
            on_listening(server.url)
            server.http.run()
    finally:
        server.http.close()
        for number, handler in before.items():
            signal.signal(number, handler)
    if replaced.is_set():
        raise FilesReplaced(REPLACED)
