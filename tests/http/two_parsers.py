"""What the HTTP/1.1 parser, and h11, its oracle, make of the same bytes."""

from __future__ import annotations

from typing import NamedTuple

import h11

from ant_cli.http.transport import Attempt, ConnectionClosed, MalformedResponse, Timeouts
from ant_cli.http.wire import Wire


class Outcome(NamedTuple):
    """What a parser makes of bytes that it accepts."""

    status: int
    body: bytes
    headers: dict[str, str]
    is_reusable: bool


class _Parts:
    """A socket that has received these parts, after which the server has closed the connection."""

    def __init__(self, parts):
        self._parts = list(parts)
        self._timeout = None

    def settimeout(self, seconds):
        self._timeout = seconds

    def sendall(self, data):
        pass

    def recv_into(self, buffer):
        if not self._parts:
            if self._timeout == 0:
                raise BlockingIOError
            return 0
        part = self._parts.pop(0)
        count = min(len(part), len(buffer))
        buffer[:count] = part[:count]
        if part[count:]:
            self._parts.insert(0, part[count:])
        return count


def by_ours(parts) -> Outcome | None:
    wire = Wire(_Parts(parts), None)
    wire.send("GET", "/", {"host": "h"}, b"", Attempt(Timeouts(5, 50)))
    try:
        head = wire.receive()
        body = b"".join(wire.body(head))
    except (MalformedResponse, ConnectionClosed):
        return None
    return Outcome(head.status, body, head.headers, wire.is_reusable())


def by_h11(data: bytes) -> Outcome | None:
    connection = h11.Connection(h11.CLIENT)
    connection.send(h11.Request(method="GET", target="/", headers=[("host", "h")]))
    connection.send(h11.EndOfMessage())
    connection.receive_data(data)
    status, body, headers, is_closed = 0, b"", dict[str, list[str]](), False
    try:
        while True:
            event = connection.next_event()
            if isinstance(event, h11.Response):
                status = event.status_code
                for name, value in event.headers:
                    headers.setdefault(name.decode(), []).append(value.decode("latin-1"))
            elif isinstance(event, h11.Data):
                body += bytes(event.data)
            elif event is h11.NEED_DATA and not is_closed:
                connection.receive_data(b"")
                is_closed = True
            elif isinstance(event, h11.EndOfMessage):
                break
            elif not isinstance(event, h11.InformationalResponse):
                return None
    except h11.RemoteProtocolError:
        return None
    is_reusable = connection.their_state is h11.DONE and connection.trailing_data == (b"", False)
    joined = {name: ", ".join(values) for name, values in headers.items()}
    return Outcome(status, body, joined, is_reusable)


def as_h11_writes_them(headers):
    """Return the headers with the one value that h11 writes in lower case."""
    coding = headers.get("transfer-encoding")
    return headers if coding is None else {**headers, "transfer-encoding": coding.lower()}
