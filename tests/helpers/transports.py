"""Sockets in memory, below the direct transport: a function answers their requests.

Everything above the socket is the code of nearly every real run.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx

from ant_cli.http.direct import DirectTransport, Origin

Handler = Callable[[httpx.Request], httpx.Response]


def transport_to(handler: Handler, connect: Callable[[], None] = lambda: None) -> DirectTransport:
    """Return a transport that sends its requests to a function. `connect` may raise an error of connecting."""

    def open_socket(origin: Origin, _deadline: object) -> Any:
        connect()
        return ScriptedSocket(origin, handler)

    return DirectTransport({}, open_socket)


class ScriptedSocket:
    """A connected socket. An exception of the handler is raised to the reader."""

    def __init__(self, origin: Origin, handler: Handler) -> None:
        self._origin = origin
        self._handler = handler
        self._sent = b""
        self._received = b""
        self._waits = True

    def settimeout(self, seconds: float) -> None:
        self._waits = seconds > 0

    def sendall(self, data: bytes) -> None:
        self._sent += data

    def recv_into(self, buffer: Any) -> int:
        if not self._received and not self._sent:
            if self._waits:
                return 0  # a real socket would wait forever, because there was no request
            raise BlockingIOError
        if not self._received:
            request, self._sent = request_of(self._sent, self._origin), b""
            self._received = bytes_of(self._handler(request))
        size = min(len(buffer), len(self._received))
        buffer[:size], self._received = self._received[:size], self._received[size:]
        return size

    def close(self) -> None:
        self._sent = self._received = b""


def request_of(sent: bytes, origin: Origin) -> httpx.Request:
    """Return a request that was sent."""
    head, _, body = sent.partition(b"\r\n\r\n")
    first, *lines = head.split(b"\r\n")
    method, target, _ = first.decode().split(" ")
    headers = [(name, value) for name, _, value in (line.partition(b": ") for line in lines)]
    host = next(value.decode() for name, value in headers if name == b"host")
    return httpx.Request(method, f"{origin.scheme}://{host}{target}", headers=headers, content=body)


def bytes_of(response: httpx.Response) -> bytes:
    """Return the bytes of a response. Its content is not decompressed."""
    stream = response.stream
    # perhaps compressed
    body = b"".join(stream) if isinstance(stream, httpx.ByteStream) else response.content
    headers = [
        (name, value) for name, value in response.headers.raw if name.lower() != b"content-length"
    ]
    if response.status_code not in (204, 304):
        headers.append((b"content-length", b"%d" % len(body)))
    lines = [f"HTTP/1.1 {response.status_code} {response.reason_phrase}".encode()]
    return b"\r\n".join([*lines, *(b": ".join(pair) for pair in headers), b"", b""]) + body
