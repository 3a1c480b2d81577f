"""Failed attempts: which error reports one, what may help, and whether another attempt makes sense."""

from __future__ import annotations

import re
import socket

from ant_cli.errors import NetworkError, ResponseError
from ant_cli.http.transport import AttemptTimeout, Deadline, MalformedResponse, Phase, Timeouts
from ant_cli.http.wire import ConnectionClosed
from ant_cli.input.request import Request

_TRUST = "To trust another certificate authority, set SSL_CERT_FILE to the file of its certificate."
_NOT_TLS = "Does the server speak TLS at this port? If it does not, the base URL begins with http://."
_CHECK_URL = "Check the base URL and the network."
_AWAITED = {"connect": "connection", "exchange": "response", "body": "more of the response"}


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


def failed_attempt(
    cause: Exception, phase: Phase, deadline: Deadline, *, hint: str = "", reused: bool = False
) -> FailedAttempt:
    """Return the failure of an attempt whose connection failed.

    `hint` is for a connection that could not be opened. A `reused` one has carried a response before.
    """
    sent = phase in ("exchange", "body")
    cause = deadline.blame(cause) if sent else cause
    if phase == "handshake":
        message, own_hint = _handshake_problem(cause, deadline.timeouts.step_s)
    elif isinstance(cause, TimeoutError):
        message, own_hint = _timeout(cause, phase, deadline.timeouts, has_hint=bool(hint))
    elif phase == "body":
        return incomplete_response("broke off")
    else:
        message, own_hint = _network_problem(cause)
    return FailedAttempt(
        NetworkError,
        message,
        own_hint or hint,
        maybe_processed=sent,
        permanent=phase == "handshake",
        stale_connection=reused and isinstance(cause, ConnectionError),
    )


# Each of these returns a message and a hint, which may be empty.


def _handshake_problem(error: Exception, timeout_s: float) -> tuple[str, str]:
    import ssl

    if isinstance(error, ssl.SSLCertVerificationError):
        return f"the server's certificate is not trusted ({error.verify_message.rstrip('.')})", _TRUST
    why = f"no reply within {timeout_s:g} s" if isinstance(error, TimeoutError) else _without_number(error)
    return f"the TLS handshake failed ({why})", _NOT_TLS


def _timeout(cause: TimeoutError, phase: Phase, timeouts: Timeouts, *, has_hint: bool) -> tuple[str, str]:
    if isinstance(cause, AttemptTimeout):
        what, timeout_s = "complete response", timeouts.whole_s
    else:
        what, timeout_s = _AWAITED[phase], timeouts.step_s
    is_fixed = timeouts.whole_s <= timeouts.step_s or (has_hint and phase == "connect")
    return f"no {what} within {timeout_s:g} s", "" if is_fixed else "To wait longer: --timeout SECONDS."


def _network_problem(error: Exception) -> tuple[str, str]:
    if isinstance(error, socket.gaierror):
        return "the host name is not known", _CHECK_URL
    if isinstance(error, MalformedResponse):
        return "the response is not valid HTTP", _CHECK_URL
    if isinstance(error, ConnectionClosed):
        return "the server closed the connection without sending a response", ""
    return _without_number(error), ""


def _without_number(error: Exception) -> str:
    """Return the message of an error without its number: `connection refused`."""
    text = re.sub(r"^\[(?:Errno|SSL)[^]]*\] | \(_ssl\.c:\d+\)$", "", str(error)) or type(error).__name__
    return text[:1].lower() + text[1:].rstrip(".")  # the rest may be an ID
