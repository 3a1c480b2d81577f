"""The interface of the transports, which send one request and return its response: their limits and errors."""

from __future__ import annotations

import time
from collections.abc import Mapping

from ant_cli.errors import UsageError
from ant_cli.runtime.light_typing import TYPE_CHECKING, Literal, NamedTuple, Protocol

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from ant_cli.http.response import Response

Phase = Literal["connect", "handshake", "exchange"]
"""The phase in which an attempt failed: opening the connection, the TLS handshake, or sending and receiving."""
STEPS = 10
"""The limit of a whole attempt, as a multiple of that of a step. As in the official tool: 600 s by default."""
LONGEST_URL = 65_536
"""The most characters of a URL."""


class Timeouts(NamedTuple):
    """How many seconds an attempt may take."""

    step_s: float
    """The limit of each step: connecting, sending a part, waiting for a part."""
    whole_s: float


def timeouts_of(step_s: float, longest_s: float = float("inf")) -> Timeouts:
    """Return the limits of an attempt whose steps may take `step_s`, each at most `longest_s`."""
    return Timeouts(min(step_s, longest_s), min(STEPS * step_s, longest_s))


class AttemptTimeout(TimeoutError):
    """The attempt as a whole took too long."""


class Deadline:
    """The limits of one attempt."""

    def __init__(self, timeouts: Timeouts) -> None:
        self._step_s = timeouts.step_s
        self._end = time.monotonic() + timeouts.whole_s

    def seconds(self) -> float:
        """Return how long the next step may take. Raises AttemptTimeout if the whole has taken too long."""
        rest = self._end - time.monotonic()
        if rest <= 0:
            raise AttemptTimeout
        return min(self._step_s, rest)

    def blame(self, error: Exception) -> Exception:
        """Return the error of a step, or AttemptTimeout if it only ended because the attempt did."""
        return AttemptTimeout() if isinstance(error, TimeoutError) and time.monotonic() >= self._end else error


class Proxy(NamedTuple):
    """A proxy, and the variable that names it."""

    url: str
    variable: str


def unusable_url(url: str) -> UsageError:
    """Return the error for a URL to which no request can be sent."""
    if len(url) > LONGEST_URL:
        return UsageError("the ID, or another value, is too long for a URL.")
    return UsageError("the host name in the base URL is not valid.")


class TransportError(Exception):
    """The connection failed before the whole response was received."""

    def __init__(
        self,
        cause: Exception,
        *,
        phase: Phase,
        timed_out: bool = False,
        stale_connection: bool = False,
        hint: str = "",
    ) -> None:
        super().__init__(str(cause))
        self.cause = cause
        self.phase = phase
        self.timed_out = timed_out
        self.stale_connection = stale_connection
        """The connection had carried a response before. Most likely, the server had closed it since."""
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
