"""What all transports share: the time limits and the failures of an attempt to send a request."""

import re
import time
from typing import Literal, NamedTuple

from ant_cli.errors import NetworkError, ResponseError, UsageError
from ant_cli.input.request import Request

Phase = Literal["connect", "handshake", "exchange", "body"]
"""What an attempt is doing: opening a connection, making a TLS handshake, sending the request until the response
begins, or receiving its body."""
STEPS = 10
"""How many times the limit of a step an attempt may take: 600 s by default, as in the official tool."""
LONGEST_URL = 65_536
"""The most characters of a URL."""
_TRUST = "To trust another certificate authority, set SSL_CERT_FILE to the file of its certificate."
_EXPIRED = (
    "Compare the clock of this machine with the certificate's "
    "dates. If it is right, the server needs a new one."
)
_OTHER_HOST = "The certificate is for another host: check the one in the base URL."
_CERTIFICATE_HINTS = {
    **dict.fromkeys((9, 10, 0x800B0101, -67818), _EXPIRED),
    **dict.fromkeys((62, 64, 0x800B010F, -67602), _OTHER_HOST),
}
"""What to do about a certificate of a known authority, by the error's number in OpenSSL, Windows and macOS."""
_NOT_TLS = (
    "Does the server speak TLS at this port? If it does not, the base URL begins with http://."
)
_CHECK_URL = "Check the base URL and the network."
_AWAITED = {"connect": "connection", "exchange": "response", "body": "more of the response"}


class Timeouts(NamedTuple):
    """How many seconds an attempt may take."""

    step_s: float
    """The limit of each step: connecting, sending a part, waiting for a part."""
    whole_s: float


def timeouts_of(step_s: float, longest_s: float = float("inf")) -> Timeouts:
    """Return the limits of an attempt whose steps may take `step_s`, each at most `longest_s`."""
    return Timeouts(min(step_s, longest_s), min(STEPS * step_s, longest_s))


def unusable_url(url: str) -> UsageError:
    """Return the error for a URL to which no request can be sent."""
    if len(url) > LONGEST_URL:
        return UsageError("the ID, or another value, is too long for a URL.")
    return UsageError("the host name in the base URL is not valid.")


class MalformedResponse(Exception):
    """The server did not send valid HTTP."""


class ConnectionClosed(ConnectionError):
    """The server closed the connection before the end of a response."""


class FailedAttempt(Exception):
    """An attempt without a usable response. The message has no full stop."""

    def __init__(
        self,
        kind: type[NetworkError | ResponseError],
        message: str,
        hint: str = "",
        *,
        maybe_processed: bool,
        permanent: bool = False,
        stale_connection: bool = False,
    ) -> None:
        super().__init__(message)
        self._kind = kind
        self._hint = hint
        self.maybe_processed = maybe_processed
        """The server may have carried out the request."""
        self._permanent = permanent
        """Another attempt would fail, too."""
        self.stale_connection = stale_connection
        """Most likely, the server had closed a kept connection before the request was sent."""

    def error(self, request_line: str) -> NetworkError | ResponseError:
        """Return the error that reports it."""
        return self._kind(f"{self}.", self._hint, request_line=request_line)

    def should_retry(self, request: Request) -> bool:
        """Whether to try again. After an incomplete response, only a GET: other requests were carried out."""
        if self._permanent or (self.maybe_processed and request.retries != "always"):
            return False
        return self._kind is NetworkError or request.method == "GET"


def incomplete_response(why: str, *, permanent: bool = False) -> FailedAttempt:
    """Return the failure of an attempt whose response can't be read to its end."""
    message = f"the response {why}, so nothing of it is shown"
    return FailedAttempt(ResponseError, message, maybe_processed=True, permanent=permanent)


class Attempt:
    """The limits of one attempt, what it is doing, and how it fails."""

    def __init__(self, timeouts: Timeouts) -> None:
        self.phase: Phase = "connect"
        self._timeouts = timeouts
        self._end = time.monotonic() + timeouts.whole_s

    def seconds(self) -> float:
        """Return how long the next step may take. Raises TimeoutError if the whole has taken too long."""
        rest = self._end - time.monotonic()
        if rest <= 0:
            raise TimeoutError
        return min(self._timeouts.step_s, rest)

    def failure(self, cause: Exception, *, hint: str = "", reused: bool = False) -> FailedAttempt:
        """Return the failure of the attempt, whose connection failed in this phase.

        `hint` is for a connection that could not be opened. A `reused` one has carried a response before.
        """
        sent = self.phase in ("exchange", "body")
        if self.phase == "handshake":
            message, own_hint = _handshake_problem(cause, self._timeouts.step_s)
        elif isinstance(cause, TimeoutError):
            message, own_hint = self._timeout(can_wait_longer=sent or not hint)
        elif self.phase == "body":
            return incomplete_response("broke off")
        else:
            message, own_hint = _network_problem(cause)
            if not sent and hint:  # what can't be reached is the proxy
                own_hint = hint
        return FailedAttempt(
            NetworkError,
            message,
            own_hint or hint,
            maybe_processed=sent,
            permanent=self.phase == "handshake",
            stale_connection=reused and isinstance(cause, ConnectionError),
        )

    def _timeout(self, *, can_wait_longer: bool) -> tuple[str, str]:
        """Return which limit was exceeded, that of the step or that of the attempt, and a hint."""
        step_s, whole_s = self._timeouts
        is_over = time.monotonic() >= self._end
        if self.phase != "connect" and is_over:
            problem = f"no complete response within {whole_s:g} s"
        else:
            problem = f"no {_AWAITED[self.phase]} within {step_s:g} s"
        if whole_s > step_s and can_wait_longer:
            return problem, "To wait longer: --timeout SECONDS."
        return problem, ""


# Each of these returns a message and a hint, which may be empty.


def _handshake_problem(error: Exception, timeout_s: float) -> tuple[str, str]:
    import ssl

    if isinstance(error, ssl.SSLCertVerificationError):
        hint = _CERTIFICATE_HINTS.get(error.verify_code, _TRUST)
        return f"the server's certificate is not trusted ({error.verify_message.rstrip('.')})", hint
    if isinstance(error, TimeoutError):
        why = f"no reply within {timeout_s:g} s"
    else:
        why = _without_number(error)
    return f"the TLS handshake failed ({why})", _NOT_TLS


def _network_problem(error: Exception) -> tuple[str, str]:
    import socket  # late: 2.4 ms of `--local list`, which opens no connection

    if isinstance(error, socket.gaierror):
        return "the host name is not known", _CHECK_URL
    if isinstance(error, MalformedResponse):
        return "the response is not valid HTTP", _CHECK_URL
    if isinstance(error, ConnectionClosed):
        return "the server closed the connection without sending a response", ""
    return _without_number(error), ""


def _without_number(error: Exception) -> str:
    """Return the message of an error without its number: `connection refused`."""
    message = re.sub(r"^\[(?:Errno|SSL)[^]]*\] | \(_ssl\.c:\d+\)$", "", str(error))
    text = message or type(error).__name__
    return text[:1].lower() + text[1:].rstrip(".")  # the rest may be an ID
