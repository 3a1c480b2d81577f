"""Failed attempts: which error reports one, what may help, and whether another attempt makes sense."""

from __future__ import annotations

import re
import socket

from ant_cli.errors import NetworkError, ResponseError
from ant_cli.http.response import IncompleteResponse, Response
from ant_cli.http.transport import AttemptTimeout, MalformedResponse, Timeouts, TransportError
from ant_cli.http.wire import ConnectionClosed
from ant_cli.input.request import Request

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
        """Most likely, the server had closed a kept connection before the request was sent."""

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
        stale_connection=failure.stale_connection,
    )


# Each of these returns a message and a hint, which may be empty.


def _handshake_problem(error: Exception, timeout_s: float) -> tuple[str, str]:
    import ssl

    if isinstance(error, ssl.SSLCertVerificationError):
        return f"the server's certificate is not trusted ({error.verify_message.rstrip('.')})", _TRUST
    why = f"no reply within {timeout_s:g} s" if isinstance(error, TimeoutError) else _without_number(error)
    return f"the TLS handshake failed ({why})", _NOT_TLS


def _timeout(failure: TransportError, response: Response | None, timeouts: Timeouts) -> tuple[str, str]:
    timeout_s = timeouts.step_s
    if isinstance(failure.cause, AttemptTimeout):
        what, timeout_s = "complete response", timeouts.whole_s
    elif response is not None:
        what = "more of the response"
    else:
        what = "response" if failure.sent else "connection"
    is_fixed = timeouts.whole_s <= timeouts.step_s or (failure.hint and not failure.sent)
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
