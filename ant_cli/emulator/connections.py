"""Connections: those of waitress, with limits, so that one client can't lock out the others.

* The length of a request is checked before its body is read, and an error of HTTP itself has the API's form.
* A connection is closed if a request does not arrive in time. If there are too many, one of the address with the
  most connections is closed: one that never had a request, or else the one that has been silent longest.
* A request that can't block is handled by the thread that read it. Handing it to another thread takes longer than
  handling it, especially with many clients.
"""

from __future__ import annotations

import socket
import threading
import time
from collections import Counter, deque
from collections.abc import Callable
from contextlib import suppress

from waitress import wasyncore  # type: ignore[import-untyped] # waitress has no types
from waitress.adjustments import Adjustments  # type: ignore[import-untyped] # as above
from waitress.channel import HTTPChannel  # type: ignore[import-untyped] # as above
from waitress.server import TcpWSGIServer  # type: ignore[import-untyped] # as above
from waitress.task import ErrorTask, ThreadedTaskDispatcher  # type: ignore[import-untyped] # as above

from ant_cli.emulator.errors import PHRASES, EmulatorError, envelope
from ant_cli.emulator.http_request import LARGEST_BODY, body_too_large
from ant_cli.emulator.identifiers import new_id
from ant_cli.runtime.light_typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication
    from waitress.parser import HTTPRequestParser  # type: ignore[import-untyped] # as above

THREADS = 100
"""More than anybody starts workers: a waiting poll and a stream each occupy a thread."""
MOST_CONNECTIONS = 400
"""Each connection takes a file descriptor, and each of the database takes three. A process often has 1,024."""
REQUEST_SECONDS = 30.0
"""How long a request may take to arrive, from its first byte to its last."""
IDLE_SECONDS = 120
"""How long a connection may wait for the next request."""
LINGER_SECONDS = 2.0
"""How long a client may go on sending after its request was refused. Closing at once could cost it the response."""


class _ErrorTask(ErrorTask):  # type: ignore[misc] # waitress has no types
    """Responds to a malformed request, in the API's error envelope."""

    def execute(self) -> None:
        cause = self.request.error
        error = EmulatorError(cause.code, f"{cause.reason}: {cause.body}.")
        if cause.code == 413:
            error = body_too_large()
        request_id = new_id("req")
        body = envelope(error, request_id).encode()
        self.status = f"{error.status} {PHRASES.get(error.status, cause.reason)}"
        self.response_headers += [("content-type", "application/json"), ("request-id", request_id)]
        self.content_length = len(body)
        self.set_close_on_finish()
        self.channel.refused = True
        self.write(body)


class _Channel(HTTPChannel):  # type: ignore[misc] # as above
    """One connection."""

    error_task_class = _ErrorTask
    requests_served = 0
    request_began: float | None = None
    close_when_flushed: bool
    refused = False
    lingers_until: float | None = None
    _inline: list[bytes] | None = None
    """The parts of a response that is produced on the thread that reads and writes."""

    def received(self, data: bytes) -> bool:
        """Receive data, and note since when a request has been incomplete."""
        taken: bool = super().received(data)
        if self.request is None:
            self.request_began = None
        elif self.request_began is None:
            self.request_began = time.time()
        return taken

    def send_continue(self) -> None:
        """Ask the client to send its body, unless there is none, or the request has already been refused."""
        if not (self.request.error or self.request.completed):
            super().send_continue()

    def service(self) -> None:
        """Handle one request."""
        self.requests_served += 1
        super().service()

    def service_inline(self) -> None:
        """Handle one request on the thread that reads and writes, and send the response in one piece."""
        parts: list[bytes] = []
        self._inline = parts
        try:
            self.service()
        finally:
            self._inline = None
        if self.connected:
            super().write_soon(b"".join(parts))
            self.handle_write()

    def write_soon(self, data: bytes) -> int:
        """Send data at once, because the next data may take a while; or keep it for `service_inline`."""
        if self._inline is None:
            return int(super().write_soon(data))
        self._inline.append(data)
        return len(data)

    def readable(self) -> bool:
        """Whether to wait for data."""
        return self.lingers_until is not None or bool(super().readable())

    def handle_read(self) -> None:
        """Read data, or discard it if it belongs to a refused request."""
        if self.lingers_until is None:
            super().handle_read()
        else:
            with suppress(OSError):
                self.recv(self.adj.recv_bytes)

    def handle_write(self) -> None:
        """Send what can be sent. Closing at once would also discard the response to a refused request."""
        if self.refused and self.close_when_flushed and not self.will_close:
            self._flush_exception(self._flush_some)
            if not self.total_outbufs_len and self.connected:
                self.close_when_flushed = False
                self.lingers_until = time.time() + LINGER_SECONDS
                with suppress(OSError):
                    self.socket.shutdown(socket.SHUT_WR)
        else:
            super().handle_write()

    @property
    def is_idle(self) -> bool:
        """Whether no request and no response is in progress."""
        return not self.requests and not self.total_outbufs_len

    def is_overdue(self, now: float) -> bool:
        """Whether the connection has been kept long enough."""
        if self.lingers_until is not None:
            return now > self.lingers_until
        if self.request_began is not None and now > self.request_began + REQUEST_SECONDS:
            return True
        return self.is_idle and now > self.last_activity + IDLE_SECONDS


class _Dispatcher(ThreadedTaskDispatcher):  # type: ignore[misc] # as above
    """Hands requests that may wait to threads. The thread that runs the server handles the others."""

    def __init__(self, may_wait: Callable[[HTTPRequestParser], bool]) -> None:
        super().__init__()
        self._may_wait = may_wait
        self._at_once: deque[_Channel] = deque()

    def add_task(self, task: _Channel) -> None:
        """Accept a channel with a request."""
        request = task.requests[0]
        if request.error or not self._may_wait(request):
            self._at_once.append(task)
        else:
            super().add_task(task)

    def answer_at_once(self) -> bool:
        """Handle the requests for this thread, and return whether more have arrived meanwhile."""
        for _ in range(len(self._at_once)):
            self._at_once.popleft().service_inline()
        return bool(self._at_once)


class HTTPServer(TcpWSGIServer):  # type: ignore[misc] # as above
    """A listening server. One thread calls `turn` repeatedly."""

    channel_class = _Channel

    def __init__(
        self, application: WSGIApplication, listening: socket.socket, may_wait: Callable[[HTTPRequestParser], bool]
    ) -> None:
        self._loop: dict[int, Any] = {}
        self._thread: int | None = None
        self._waking = threading.RLock()
        self._is_closed = False
        dispatcher = _Dispatcher(may_wait)
        dispatcher.set_thread_count(THREADS)
        super().__init__(
            application,
            map=self._loop,
            _sock=listening,
            dispatcher=dispatcher,
            adj=Adjustments(
                sockets=[listening],
                max_request_body_size=LARGEST_BODY + 1,
                channel_timeout=IDLE_SECONDS,
                channel_request_lookahead=1,  # to notice a client that disconnects in the middle of a stream
                cleanup_interval=1,
                connection_limit=2 * MOST_CONNECTIONS,
                asyncore_use_poll=hasattr(wasyncore.select, "poll"),
                log_socket_errors=False,
                ident=None,
            ),
            bind_socket=False,
            sockinfo=(listening.family, listening.type, listening.proto, listening.getsockname()),
        )

    @property
    def runs_here(self) -> bool:
        """Whether the calling thread is the one that runs the server."""
        return threading.get_ident() == self._thread

    def turn(self, seconds: float) -> None:
        """Wait for up to this time until there is something to read or write, and do it."""
        self._thread = threading.get_ident()
        more = self.task_dispatcher.answer_at_once()
        wasyncore.loop(0 if more else seconds, self.adj.asyncore_use_poll, self._loop, count=1)
        self.task_dispatcher.answer_at_once()

    def pull_trigger(self) -> None:
        """End the wait of `turn`, unless `turn` itself is calling. waitress calls this after each response."""
        if not self.runs_here:
            self.wake()

    def wake(self) -> None:
        """End the wait of `turn`. May be called from a signal handler, and after the end."""
        with self._waking:
            if not self._is_closed:
                super().pull_trigger()

    def handle_accept(self) -> None:
        """Accept a connection. A silent one may be closed for it."""
        if len(self.active_channels) >= MOST_CONNECTIONS:
            self._close_one()
        super().handle_accept()

    def _close_one(self) -> None:
        channels = list(self.active_channels.values())
        count = Counter(channel.addr[0] for channel in channels)
        idle = [channel for channel in channels if channel.is_idle]
        if idle:
            # First those that never had a request; among them, the one that has been silent longest.
            victim = min(idle, key=lambda c: (-count[c.addr[0]], c.requests_served > 0, c.last_activity))
            victim.handle_close()

    def maintenance(self, now: float) -> None:
        """Close connections that have been kept long enough. waitress calls it every second."""
        for channel in self.active_channels.values():
            if channel.is_overdue(now):
                channel.will_close = True

    def close_idle_connections(self) -> bool:
        """Close connections that wait for the next request, and return whether a request is still in progress."""
        busy = False
        for channel in list(self.active_channels.values()):
            if channel.is_idle:
                channel.will_close = True
            else:
                busy = True
        return busy

    def shutdown(self) -> None:
        """Close everything."""
        self.task_dispatcher.shutdown(timeout=1)
        with (
            self._waking
        ):  # otherwise the trigger's file descriptor may belong to something else by the time it is written to
            self._is_closed = True
            wasyncore.close_all(self._loop)
            self.close()
