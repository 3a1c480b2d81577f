"""The interface of the transports, which send one request and return its response, and what they raise."""

from __future__ import annotations

from collections.abc import Mapping

from ant_cli.runtime.light_typing import TYPE_CHECKING, Literal, NamedTuple, Protocol

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from ant_cli.http.deadline import Timeouts
    from ant_cli.http.response import Response

Phase = Literal["connect", "handshake", "exchange"]
"""The phase in which an attempt failed: opening the connection, the TLS handshake, or sending and receiving."""
LONGEST_URL = 65_536
"""The most characters of a URL."""
TOO_LONG = "the ID, or another value, is too long for a URL."
NO_HOST = "the host name in the base URL is not valid."


class Proxy(NamedTuple):
    """A proxy, and the variable that names it."""

    url: str
    variable: str


class TransportError(Exception):
    """The connection failed before the whole response was received."""

    def __init__(
        self,
        cause: Exception,
        *,
        phase: Phase,
        timed_out: bool = False,
        closed: bool = False,
        reused: bool = False,
        hint: str = "",
    ) -> None:
        super().__init__(str(cause))
        self.cause = cause
        self.phase = phase
        self.timed_out = timed_out
        self.closed = closed
        """The connection ended before the response began."""
        self.reused = reused
        """The connection had carried a response before, and the server may have closed it since."""
        self.hint = hint
        """A hint for the case that the connection could not be opened."""

    @property
    def sent(self) -> bool:
        """Whether the request may have reached the server."""
        return self.phase == "exchange"


class MalformedResponse(Exception):
    """The server did not send valid HTTP."""


class Transport(Protocol):
    """Sends requests. Threads may share it. Tests pass in their own as `Runtime.transport`."""

    def stream(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes, timeouts: Timeouts
    ) -> AbstractContextManager[Response]:
        """Send a request and return the response, whose body is read before the context ends.

        Raises:
            TransportError: if no response arrives; also from reading the body.
            UsageError: if the URL can't be used.

        """

    def close(self) -> None:
        """Close the connections."""
