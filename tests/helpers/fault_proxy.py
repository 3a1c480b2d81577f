"""A gateway in front of a server: it is slow, loses answers after the server has acted, and refuses requests."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple, Self
from urllib.parse import urlsplit


class Fault(NamedTuple):
    """What happens to a request."""

    latency_s: float = 0.0
    """Half of it passes before the server acts, and half of it afterwards."""
    refusal: int = 0
    """The status of a response without the server, if there is one."""
    loses: bool = False
    """The server acts, and the connection is closed without its response."""
    conflict: bool = False
    """The server acts, and the response is a 409 of the gateway."""


NO_FAULT = Fault()
Choose = Callable[[int, str], Fault]
"""Returns the fault of a request, by its number among those of its kind, and its kind: the end of its path."""


def kind_of(path: str) -> str:
    """Return the last segment of a path, such as `ack`."""
    return urlsplit(path).path.rpartition("/")[2]


def slow(latency_s: float) -> Choose:
    """Return the choice of a gateway that is only slow."""
    return lambda _number, _kind: Fault(latency_s)


def only(kind: str, fault: Fault, number: int | None = None) -> Choose:
    """Return the choice of a gateway with a fault for all requests of a kind, or for the one of this number."""

    def choose(count: int, found: str) -> Fault:
        return fault if found == kind and number in (None, count) else NO_FAULT

    return choose


class FaultProxy(ThreadingHTTPServer):
    """The gateway. A context manager."""

    daemon_threads = True
    request_queue_size = 256

    def __init__(self, upstream: str, choose: Choose) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.upstream = urlsplit(upstream).netloc
        self.choose = choose
        self.counts: dict[str, int] = {}
        self.seen: list[tuple[float, str, str]] = []
        """When each request came, its kind, and what became of it."""
        self._lock = threading.Lock()

    @property
    def url(self) -> str:
        """The base URL."""
        return f"http://127.0.0.1:{self.server_address[1]}"

    def next_fault(self, kind: str) -> Fault:
        """Count a request, and return its fault."""
        with self._lock:
            self.counts[kind] = number = self.counts.get(kind, 0) + 1
        return self.choose(number, kind)

    def note(self, kind: str, result: str) -> None:
        """Note what has become of a request."""
        self.seen.append((time.monotonic(), kind, result))

    def __enter__(self) -> Self:
        threading.Thread(
            target=self.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True
        ).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self.server_close()

    def handle_error(self, *_: object) -> None:
        """Say nothing: clients are killed."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: FaultProxy
    timeout = 120

    def _forward(self) -> None:
        kind = kind_of(self.path)
        length = int(self.headers.get("content-length") or 0)
        body = self.rfile.read(length)
        fault = self.server.next_fault(kind)
        time.sleep(fault.latency_s / 2)
        if fault.refusal:
            self._respond(
                fault.refusal, b'{"type":"error","error":{"type":"x","message":"gateway"}}'
            )
            self.server.note(kind, str(fault.refusal))
            return
        status, headers, content = self._exchange(body)
        time.sleep(fault.latency_s / 2)
        if fault.loses:
            self.close_connection = True
            self.server.note(kind, f"lost {status}")
        elif fault.conflict:
            self._respond(409, b"<html>conflict</html>", {"content-type": "text/html"})
            self.server.note(kind, f"409 for {status}")
        else:
            self._respond(status, content, headers)
            self.server.note(kind, str(status))

    def do_GET(self) -> None:
        self._forward()

    def do_POST(self) -> None:
        self._forward()

    def _exchange(self, body: bytes) -> tuple[int, dict[str, str], bytes]:
        connection = HTTPConnection(self.server.upstream, timeout=120)
        try:
            headers: dict[str, Any] = dict(self.headers.items())
            headers = {name: text for name, text in headers.items() if name.lower() != "connection"}
            connection.request(self.command, self.path, body or None, headers)
            response = connection.getresponse()
            kept = {
                name: text
                for name, text in response.getheaders()
                if name.lower() not in ("content-length", "transfer-encoding", "connection")
            }
            return response.status, kept, response.read()
        finally:
            connection.close()

    def _respond(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        with suppress(OSError):  # the client has left
            self.send_response_only(status)
            for name, text in (headers or {"content-type": "application/json"}).items():
                self.send_header(name, text)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Log nothing."""
