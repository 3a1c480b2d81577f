"""HTTP/1.1 over one socket: send requests and receive responses, with a limit for each wait.

The parser is strict where http.client is lenient (a truncated header block, a malformed header, a length
that is not a number, a short body), and it needs neither `email` nor `dataclasses`, which take longer to import
than the rest of a request. h11, which httpx is built on, is its oracle in the tests.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from ant_cli.http.transport import Attempt, ConnectionClosed, MalformedResponse

if TYPE_CHECKING:
    import socket

    from _typeshed import WriteableBuffer as Buffer

_LONGEST_HEAD = 65_536
"""The most bytes of a status line with its headers."""
_SENT_AT_ONCE = 262_144
_READ_AT_ONCE = 65_536
_STATUS = re.compile(rb"HTTP/1\.([01]) ([1-9][0-9]{2})(?: ([^\0\r\n\f\v]*))?")
_HEADER = re.compile(rb"([-!#$%&'*+.^_`|~0-9A-Za-z]+):([^\0\r\n\f\v]*)")
_BLANKS = " \t"
_CHUNK_SIZE = rb"([0-9A-Fa-f]{1,15})(?:;[^\0\r\n]*|[ \t]*)\r\n"
_LENGTH = re.compile(r"[0-9]{1,18}")


class Head:
    """The beginning of a response."""

    def __init__(
        self, status: int, reason: str, headers: dict[str, str], *, keep_alive: bool
    ) -> None:
        self.status = status
        self.reason = reason
        self.headers = headers
        """By name in lower case. The values of headers with the same name are joined with commas."""
        self.keep_alive = keep_alive
        """Whether the connection stays open, unless its end is that of the body."""


class _SocketBytes(io.RawIOBase):
    """The bytes that a socket receives, with a limit on each wait."""

    def __init__(self, sock: socket.socket) -> None:
        self._socket = sock
        self.attempt: Attempt | None = None
        """Limits each wait; None not to wait at all."""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Buffer) -> int:
        self._socket.settimeout(self.attempt.seconds() if self.attempt else 0)
        return self._socket.recv_into(buffer)


class Wire:
    """A connection to a server, for one request at a time."""

    def __init__(self, sock: socket.socket, origin: object) -> None:
        self.origin = origin
        """The other end: scheme, host and port."""
        self.reused = False
        self._complete = False
        """The last response was received to its end, and the connection stays open."""
        self._socket = sock
        self._source = _SocketBytes(sock)
        self._reader = io.BufferedReader(self._source, _READ_AT_ONCE)

    def send(
        self, method: str, target: str, headers: Mapping[str, str], body: bytes, attempt: Attempt
    ) -> None:
        """Send a request. A closed connection is not an error here, because the server may have responded already.

        Raises:
            OSError: if it takes too long.

        """
        self._complete = False
        self._source.attempt = attempt
        lines = [f"{method} {target} HTTP/1.1"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        if body or method not in ("GET", "DELETE"):
            lines.append(f"content-length: {len(body)}")
        data = memoryview("\r\n".join([*lines, "", ""]).encode() + body)
        try:
            for start in range(0, len(data), _SENT_AT_ONCE):
                self._socket.settimeout(attempt.seconds())
                self._socket.sendall(data[start : start + _SENT_AT_ONCE])
        except ConnectionError:
            pass  # `receive` finds the response, or the reason

    def receive(self) -> Head:
        """Return the beginning of the response; informational ones are skipped.

        Raises:
            MalformedResponse: if it is not valid HTTP, or has too many headers.
            ConnectionClosed: if the connection ends first.
            OSError: if the connection fails or takes too long.

        """
        room = _LONGEST_HEAD
        while True:
            lines = self._lines(room)
            head = _parse_head(lines)
            if head.status >= 200:
                return head
            # a switch to another protocol, which the request did not ask for
            if head.status == 101:
                raise MalformedResponse
            room -= sum(map(len, lines))

    def _lines(self, room: int) -> list[bytes]:
        """Return lines up to the next empty one, without their ends."""
        lines: list[list[bytes]] = []
        while True:
            line = self._line(room)
            room -= len(line)
            content = line.removesuffix(b"\n").removesuffix(b"\r")
            if not content:
                return [b" ".join(parts) for parts in lines]
            # an obsolete way to continue a header
            if len(lines) > 1 and content[:1] in (b" ", b"\t"):
                lines[-1].append(content.lstrip(b" \t"))
            else:
                lines.append([content])

    def _line(self, limit: int) -> bytes:
        line = self._reader.readline(max(limit, 0) + 1)
        if len(line) > limit:
            raise MalformedResponse
        if not line.endswith(b"\n"):
            raise ConnectionClosed
        return line

    def body(self, head: Head) -> Iterator[bytes]:
        """Yield the body in chunks.

        Raises:
            MalformedResponse, OSError: as `receive` does.

        """
        keep_alive = head.keep_alive
        if head.status in (204, 304):
            chunks: Iterator[bytes] = iter(())
        elif "transfer-encoding" in head.headers:
            chunks = self._chunked()
        elif "content-length" in head.headers:
            chunks = self._exactly(int(head.headers["content-length"]))
        else:
            chunks = iter(lambda: self._reader.read1(_READ_AT_ONCE), b"")
            keep_alive = False
        yield from chunks
        self._complete = keep_alive

    def _exactly(self, length: int) -> Iterator[bytes]:
        while length:
            chunk = self._reader.read1(min(length, _READ_AT_ONCE))
            if not chunk:
                raise ConnectionClosed
            length -= len(chunk)
            yield chunk

    def _chunked(self) -> Iterator[bytes]:
        while True:
            match = re.fullmatch(_CHUNK_SIZE, self._line(_LONGEST_HEAD))
            if not match:
                raise MalformedResponse
            size = int(match[1], 16)
            if not size:
                # trailers, which are ignored
                _check_framing(_parse_headers(self._lines(_LONGEST_HEAD)))
                return
            yield from self._exactly(size)
            if self._line(2) != b"\r\n":
                raise MalformedResponse

    def is_reusable(self) -> bool:
        """Whether another request can be sent: the last response was complete, and nothing has arrived since."""
        if not self._complete:
            return False
        self._source.attempt = None
        try:
            self._reader.peek(1)
        except OSError as error:
            return would_block(error)
        return False

    def close(self) -> None:
        """Close the connection."""
        self._socket.close()


def would_block(error: OSError) -> bool:
    """Whether an error only means that a socket is not ready to be read or written."""
    if isinstance(error, BlockingIOError):
        return True
    import ssl  # late: the direct transport imports it only for https

    return isinstance(error, ssl.SSLWantReadError | ssl.SSLWantWriteError)


def _parse_head(lines: list[bytes]) -> Head:
    """Parse a status line and headers. Raises MalformedResponse if they are not valid."""
    status = _STATUS.fullmatch(lines[0]) if lines else None
    if not status:
        raise MalformedResponse
    headers = _parse_headers(lines[1:])
    _check_framing(headers)
    closes = "close" in headers.get("connection", "").lower()
    keep_alive = status[1] == b"1" and not closes
    reason = (status[3] or b"").decode("latin-1")
    return Head(int(status[2]), reason, headers, keep_alive=keep_alive)


def _parse_headers(lines: list[bytes]) -> dict[str, str]:
    headers: dict[str, list[str]] = {}
    for line in lines:
        header = _HEADER.fullmatch(line)
        if not header:
            raise MalformedResponse
        name, value = header[1].decode().lower(), header[2].decode("latin-1").strip(_BLANKS)
        headers.setdefault(name, []).append(value)
    return {name: ", ".join(values) for name, values in headers.items()}


def _check_framing(headers: dict[str, str]) -> None:
    """Reject headers that do not say clearly where the body ends."""
    if headers.get("transfer-encoding", "chunked").lower() != "chunked":
        raise MalformedResponse
    if "content-length" in headers:
        lengths = {text.strip(_BLANKS) for text in headers["content-length"].split(",")}
        length = lengths.pop()
        if lengths or not _LENGTH.fullmatch(length):
            raise MalformedResponse
        headers["content-length"] = length
