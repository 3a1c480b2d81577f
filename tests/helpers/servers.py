"""A TCP server that follows a script: it reads requests, sends bytes, and ends connections in every way."""

from __future__ import annotations

import contextlib
import json
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator
from enum import Enum
from typing import Any


class Act(Enum):
    """The actions of a server other than sending bytes."""

    RESET = "end the connection with RST"
    CLOSE = "end the connection with FIN"
    STALL = "send nothing more, and keep the connection open"
    DRIP = "send a space every fiftieth of a second, without end"


Reply = tuple[bytes | Act | Callable[[], object], ...]
"""The parts of the reply to one request. A function is called, and may wait."""


def response(
    body: Any = b"", *headers: str, status: str = "200 OK", kind: str = "application/json"
) -> bytes:
    """Return a well-formed response. A body that is not bytes is written as JSON."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    lines = [f"HTTP/1.1 {status}", f"content-length: {len(content)}", *headers]
    if kind:
        lines.append(f"content-type: {kind}")
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + content


def error(status: str, kind: str = "api_error", *headers: str) -> bytes:
    """Return an error in the form of the API's errors."""
    body = {"type": "error", "error": {"type": kind, "message": "made up"}, "request_id": "req_1"}
    return response(body, "request-id: req_1", *headers, status=status)


class ScriptedServer:
    """Gives the n-th request the n-th reply, and all later ones the last reply. A context manager.

    A greeting is all that it sends, as soon as a client connects.
    """

    def __init__(
        self,
        *replies: bytes | Reply,
        tls: ssl.SSLContext | None = None,
        host: str = "127.0.0.1",
        greeting: bytes | None = None,
    ) -> None:
        self.requests: list[bytes] = []
        self.connections = 0
        """How many clients have connected."""
        self.came = threading.Event()
        """A request is in."""
        self._replies = [(reply,) if isinstance(reply, bytes) else reply for reply in replies]
        self._tls = tls
        self._greeting = greeting
        self._socket = socket.create_server(
            (host, 0), family=socket.AF_INET6 if ":" in host else socket.AF_INET
        )
        self._over = threading.Event()
        self._lock = threading.Lock()

    @property
    def port(self) -> int:
        """The port on which it listens."""
        return int(self._socket.getsockname()[1])

    @property
    def url(self) -> str:
        """Its base URL."""
        host = self._socket.getsockname()[0]
        return (
            f"http{'s' if self._tls else ''}://{f'[{host}]' if ':' in host else host}:{self.port}"
        )

    @property
    def lines(self) -> list[str]:
        """The first line of each request."""
        return [request.partition(b"\r\n")[0].decode() for request in self.requests]

    def __enter__(self) -> ScriptedServer:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)  # makes accept() return
        self._socket.close()

    def _accept(self) -> None:
        while not self._over.is_set():
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError), connection:
            if self._tls:
                connection = self._tls.wrap_socket(connection, server_side=True)
            with connection:
                if self._greeting is not None:
                    connection.sendall(self._greeting)
                    connection.recv(10_000)
                    return
                for request in _requests(connection):
                    if not self._reply(connection, request):
                        return

    def _script(self, _request: bytes) -> Reply:
        """Return the reply to the last request."""
        return self._replies[min(len(self.requests), len(self._replies)) - 1]

    def _reply(self, connection: socket.socket, request: bytes) -> bool:
        """Act on the next reply, and return whether the connection stays open."""
        with self._lock:
            self.requests.append(request)
            reply = self._script(request)
        self.came.set()
        for part in reply:
            if isinstance(part, bytes):
                connection.sendall(part)
            elif callable(part):
                part()
            elif part is Act.STALL:
                self._over.wait()
            elif part is Act.DRIP:
                while not self._over.wait(0.02):
                    connection.sendall(b" ")
            else:
                if part is Act.RESET:
                    connection.setsockopt(
                        socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)
                    )
                return False
        return True


def _requests(connection: socket.socket) -> Iterator[bytes]:
    """Yield each request with its head and body."""
    data = b""
    while True:
        while b"\r\n\r\n" not in data:
            chunk = connection.recv(65536)
            if not chunk:
                return
            data += chunk
        head, _, rest = data.partition(b"\r\n\r\n")
        length = next(
            (
                int(line[15:])
                for line in head.lower().split(b"\r\n")
                if line.startswith(b"content-length:")
            ),
            0,
        )
        body = bytearray(rest)  # grows in place, even if the body is large
        while len(body) < length:
            chunk = connection.recv(1_000_000)
            if not chunk:
                return
            body += chunk
        yield head + b"\r\n\r\n" + bytes(body[:length])
        data = bytes(body[length:])
