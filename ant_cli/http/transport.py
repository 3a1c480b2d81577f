"""What the transports, which send one request and return its response, have in common: limits and proxies."""

from __future__ import annotations

import time

from ant_cli.errors import UsageError
from ant_cli.runtime.light_typing import Literal, NamedTuple

Phase = Literal["connect", "handshake", "exchange", "body"]
"""The phase in which an attempt failed: opening the connection, the TLS handshake, the exchange of the request for
the beginning of a response, or receiving its body."""
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
        self.timeouts = timeouts
        self._end = time.monotonic() + timeouts.whole_s

    def seconds(self) -> float:
        """Return how long the next step may take. Raises AttemptTimeout if the whole has taken too long."""
        rest = self._end - time.monotonic()
        if rest <= 0:
            raise AttemptTimeout
        return min(self.timeouts.step_s, rest)

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


class MalformedResponse(Exception):
    """The server did not send valid HTTP."""
