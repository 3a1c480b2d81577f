"""Failed attempts: which error reports one, what may help, and whether another attempt makes sense."""

from __future__ import annotations

import re
import socket

from ant_cli.errors import NetworkError, ResponseError
from ant_cli.http.deadline import AttemptTimeout, Timeouts
from ant_cli.http.response import IncompleteResponse, Response
from ant_cli.http.transport import MalformedResponse, TransportError
from ant_cli.http.wire import ConnectionClosed
from ant_cli.input.request import Request

_UNTRUSTED = {
    9: "is not valid yet",
    10: "has expired",
    18: "is self-signed",
    19: "is from an issuer that is not known here",
    20: "is from an issuer that is not known here",
    21: "is from an issuer that is not known here",
    62: "is for another host name",
    64: "is for another address",
}
"""Descriptions of certificate problems, by OpenSSL's verification code."""
_TRUST = "To trust another certificate authority, set SSL_CERT_FILE to the file of its certificate."
_NOT_TLS = "Does the server speak TLS at this port? If it does not, the base URL begins with http://."
_CHECK_URL = "Check the base URL and the network."


class FailedAttempt(Exception):
    """An attempt without a usable response."""

    def __init__(
        self,
        error: NetworkError | ResponseError,
        *,
        maybe_processed: bool,
        permanent: bool = False,
        stale_connection: bool = False,
    ) -> None:
        super().__init__(error.message)
        self.error = error
        self.maybe_processed = maybe_processed
        """The server may have carried out the request."""
        self.permanent = permanent
        """Another attempt would fail, too."""
        self.stale_connection = stale_connection
        """Most likely, a kept connection had ended before the request was sent."""

    def should_retry(self, request: Request) -> bool:
        """Whether to try again. After an incomplete response, only a GET: other requests were carried out."""
        if self.permanent or (self.maybe_processed and request.retries != "always"):
            return False
        return isinstance(self.error, NetworkError) or request.method == "GET"


def failed_attempt(
    failure: IncompleteResponse | TransportError, response: Response | None, request_line: str, timeouts: Timeouts
) -> FailedAttempt:
    """Return the failure with the error that reports it. `response` is the one whose body could not be read."""
    if isinstance(failure, IncompleteResponse):
        error = ResponseError(f"the response {failure}, so nothing of it is shown.", request_line=request_line)
        return FailedAttempt(error, maybe_processed=True, permanent=failure.permanent)
    if failure.phase == "handshake":
        message, hint = _handshake_problem(failure.cause, timeouts.step_s)
    elif failure.timed_out:
        message, hint = _timeout(failure, response, timeouts)
    elif response is not None:
        error = ResponseError("the response broke off, so nothing of it is shown.", request_line=request_line)
        return FailedAttempt(error, maybe_processed=True)
    else:
        message, hint = _network_problem(failure.cause)
    return FailedAttempt(
        NetworkError(f"{message}.", hint or failure.hint, request_line=request_line),
        maybe_processed=failure.sent,
        permanent=failure.phase == "handshake",
        stale_connection=failure.reused and failure.closed,
    )


# Each of these returns a message and a hint, which may be empty.


def _handshake_problem(error: Exception, timeout_s: float) -> tuple[str, str]:
    import ssl

    if isinstance(error, ssl.SSLCertVerificationError):
        problem = _UNTRUSTED.get(error.verify_code, "is not trusted")
        return f"the server's certificate {problem} ({error.verify_message.rstrip('.')})", _TRUST
    if isinstance(error, TimeoutError):
        why = f"no reply within {timeout_s:g} s"
    elif isinstance(error, ssl.SSLError) and error.reason:
        why = error.reason.replace("_", " ").lower()
    else:
        why = _without_number(error)
    return f"the TLS handshake failed ({why})", _NOT_TLS


def _timeout(failure: TransportError, response: Response | None, timeouts: Timeouts) -> tuple[str, str]:
    timeout_s = timeouts.step_s
    if isinstance(failure.cause, AttemptTimeout):
        what, timeout_s = "no complete response within", timeouts.whole_s
    elif response is not None:
        what = "the response stalled for"
    else:
        what = "no response within" if failure.sent else "no connection within"
    is_shortened = timeout_s >= timeouts.longest_s or (failure.hint and not failure.sent)
    return f"{what} {timeout_s:g} s", "" if is_shortened else "To wait longer: --timeout SECONDS."


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
    text = re.sub(r"^\[(?:Errno|SSL)[^]]*\] ", "", str(error)) or type(error).__name__
    return text[:1].lower() + text[1:].rstrip(".")  # the rest may be an ID
