"""The direct transport, which nearly every run uses: sockets and TLS of the standard library."""

import re
import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

from ant_cli.http.response import Response
from ant_cli.http.transport import LONGEST_URL, Attempt, MalformedResponse, Timeouts, unusable_url
from ant_cli.http.wire import Wire

if TYPE_CHECKING:
    import ssl

_LABEL = re.compile(r"[^.]{1,63}")


class Origin(NamedTuple):
    """The other end of a connection."""

    scheme: str
    host: str
    port: int


class DirectTransport:
    """Sends requests straight to the server, over connections that are kept. Threads may share it."""

    def __init__(
        self,
        environ: Mapping[str, str],
        open_socket: "Callable[[Origin, Attempt], socket.socket] | None" = None,
    ) -> None:
        """Prepare. Tests pass `open_socket`, which returns a connected socket without using the network."""
        self._environ = environ
        self._open_socket = open_socket or self.connect
        self._idle: list[Wire] = []

    @contextmanager
    def stream(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes, timeouts: Timeouts
    ) -> Iterator[Response]:
        """Send a request and return the response; see `Transport`."""
        if len(url) > LONGEST_URL:
            raise unusable_url(url)
        attempt = Attempt(timeouts)
        origin, host, target = _split(url)
        wire = self._wire(origin, attempt)
        attempt.phase = "exchange"
        try:
            wire.send(method, target, {"host": host, **headers}, body, attempt)
            head = wire.receive()
            attempt.phase = "body"
            yield Response(head.status, head.reason, head.headers, wire.body(head))
        except BaseException as error:
            wire.close()
            if isinstance(error, OSError | MalformedResponse):
                raise attempt.failure(error, reused=wire.reused) from None
            raise
        wire.reused = True
        self._idle.append(wire)  # `_wire` checks whether it can be used again

    def _wire(self, origin: Origin, attempt: Attempt) -> Wire:
        """Return an idle connection, or a new one."""
        while self._idle:
            with suppress(IndexError):  # another thread may have taken the last one
                wire = self._idle.pop()
                if wire.origin == origin and wire.is_reusable():
                    return wire
                wire.close()
        try:
            return Wire(self._open_socket(origin, attempt), origin)
        except OSError as error:
            raise attempt.failure(error) from None

    @cached_property
    def _tls(self) -> "ssl.SSLContext":
        from ant_cli.http.trust import tls_context

        return tls_context(self._environ)

    def connect(self, origin: Origin, attempt: Attempt) -> socket.socket:
        """Open a connection. Raises OSError."""
        tls = self._tls if origin.scheme == "https" else None
        # If the name is bytes, Python does not encode it with the IDNA codec, which takes long to import.
        host = origin.host.encode()
        sock = socket.create_connection((host, origin.port), attempt.seconds())  # type: ignore[arg-type]
        try:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if tls is None:
                return sock
            attempt.phase = "handshake"
            sock.settimeout(attempt.seconds())
            return tls.wrap_socket(sock, server_hostname=host if _takes_bytes(tls) else origin.host)
        except BaseException:
            sock.close()
            raise

    def close(self) -> None:
        """Close the connections."""
        while self._idle:
            self._idle.pop().close()


def _takes_bytes(tls: "ssl.SSLContext") -> bool:
    """Whether a context is Python's own. That of the system's verifier, on Windows and macOS, needs a string."""
    import ssl

    return type(tls) is ssl.SSLContext


def _split(url: str) -> tuple[Origin, str, str]:
    """Return the origin of a URL, its `host` header, and its request target."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    labels = host.removesuffix(".").split(".")
    if not all(map(_LABEL.fullmatch, labels)):
        raise unusable_url(url)
    port = parts.port or {"http": 80, "https": 443}[parts.scheme]
    target = parts.path or "/"
    if parts.query:
        target += f"?{parts.query}"
    return Origin(parts.scheme, host, port), parts.netloc.rpartition("@")[2], target
