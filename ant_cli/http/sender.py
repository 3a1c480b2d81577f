"""Sending requests to one server, with retries and timeouts, but without credentials."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

from ant_cli.errors import AntError, NetworkError, ResponseError
from ant_cli.http.choice import open_transport
from ant_cli.http.deadline import STEPS, AttemptTimeout, Timeouts
from ant_cli.http.network_problem import describe_handshake_error, describe_network_error
from ant_cli.http.observer import Observer, Unobserved
from ant_cli.http.pace import Pace
from ant_cli.http.response import RESPONSE_LIMIT, IncompleteResponse, Response
from ant_cli.http.retries import (
    GATEWAY_TIMEOUTS,
    RATE_LIMITED,
    backoff,
    long_wait,
    outcome_unknown,
    retry_delay,
    should_retry,
)
from ant_cli.http.transport import Transport, TransportError
from ant_cli.input.request import Request
from ant_cli.runtime import Runtime
from ant_cli.runtime.light_typing import TYPE_CHECKING, NamedTuple
from ant_cli.runtime.redaction import strip_userinfo
from ant_cli.settings.loading import ConnectionSettings
from ant_cli.settings.local_emulator import is_local

if TYPE_CHECKING:
    from typing import Self

Refresh = Callable[[], Request | Response]
"""Returns the request to send now, or a response that makes it unnecessary."""


class Sender:
    """Sends requests to one server. Reuses one connection while it lasts. A context manager.

    Subclasses differ in the headers that they send.
    """

    def __init__(self, settings: ConnectionSettings, runtime: Runtime, observer: Observer | None = None) -> None:
        """Prepare; nothing is connected yet."""
        self._settings = settings
        self._stderr = runtime.stderr
        self._observer = observer or Unobserved()
        self._sleep = runtime.sleep or time.sleep
        self._pace: Pace | None = None
        self._timeouts = Timeouts(settings.timeout_s, STEPS * settings.timeout_s)
        self._response_limit = RESPONSE_LIMIT
        url = settings.base_url
        self._base_url = url if is_local(url) else strip_userinfo(url)  # its user goes into a header
        self._transport: Transport = (not is_local(url) and runtime.transport) or open_transport(
            self._base_url, runtime.environ
        )
        if settings.debug and url.startswith("https:"):
            from ant_cli.http.debug_log import log_trust

            log_trust(self._stderr, runtime.environ)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._transport.close()

    def _attempt(self, delivery: Delivery) -> Response:
        """Send a request by `_send_once`, with the headers of the attempt."""
        raise NotImplementedError

    def _url(self, request: Request) -> str:
        return self._base_url + request.target

    def _request_line(self, request: Request) -> str:
        """Return a request as errors name it."""
        return f'{request.method} "{self._url(request)}"'

    def _send_with_retries(self, delivery: Delivery, refresh: Refresh | None = None) -> Response:
        """Send a request, with retries, and return the last response, which may be an error.

        `refresh` is called right before each attempt, and returns what to send.

        Raises:
            ResponseError: if it is incomplete or too large.
            NetworkError: if no response arrives.

        """
        while True:
            if self._pace:
                self._pace.wait()
            prepared = refresh() if refresh else delivery.request
            if isinstance(prepared, Response):
                return prepared
            delivery.request = prepared
            request, attempt = delivery.request, delivery.attempt
            retries_left = attempt < self._settings.max_retries
            try:
                response = self._attempt(delivery)
            except _AttemptFailed as failure:
                if failure.stale_connection and request.method == "GET":
                    continue  # the server had closed the idle connection: sending again is not a retry
                delivery.maybe_done |= failure.maybe_processed
                if not retries_left or not failure.should_retry(request):
                    raise failure.error from None
                self._wait(backoff(attempt), attempt, failure.error.message.removesuffix("."))
            else:
                delivery.maybe_done |= outcome_unknown(response.status)
                if self._pace and response.status == RATE_LIMITED and not long_wait(response):
                    self._pace.hold(retry_delay(attempt, response))
                timed_out = request.retries == "unless_timed_out" and response.status in GATEWAY_TIMEOUTS
                if not retries_left or timed_out or not should_retry(response):
                    return response
                self._wait(retry_delay(attempt, response), attempt, response.status_line)
            delivery.attempt += 1

    def _wait(self, delay_s: float, attempt: int, why: str) -> None:
        with self._observer.before_retry(why, attempt + 1, self._settings.max_retries, delay_s):
            self._sleep(delay_s)

    def _send_once(self, delivery: Delivery, headers: Mapping[str, str]) -> Response:
        """Send a request and read the response, with the debug log around it."""
        request = delivery.request
        url = self._url(request)
        if not self._settings.debug:
            return self._exchange(delivery, url, headers)
        from ant_cli.http.debug_log import log_request, log_response

        log_request(self._stderr, request.method, url, headers, request.body)
        response = self._exchange(delivery, url, headers)
        log_response(self._stderr, response.status_line, response.headers, response.body)
        return response

    def _exchange(self, delivery: Delivery, url: str, headers: Mapping[str, str]) -> Response:
        """Send a request and read the response. Every failure becomes an `_AttemptFailed`."""
        response: Response | None = None
        request, timeouts = delivery.request, self._timeouts
        delivery.in_flight = True
        try:
            with (
                self._observer.waiting_for(f"{request.method} {request.path}"),
                self._transport.stream(request.method, url, headers, request.body or b"", timeouts) as response,
            ):
                response.read(self._response_limit)
        except (IncompleteResponse, TransportError) as failure:
            # The status alone makes a response an error, even without its body.
            if response is None or response.status < 400:
                delivery.in_flight = False
                raise _to_failure(failure, response, self._request_line(request), timeouts) from None
        delivery.in_flight = False
        return response


class Doubt(NamedTuple):
    """Attached to an error or interrupt that ended a request: the server may have carried the request out."""

    retried: bool
    """It was sent more than once."""


_DOUBT = "doubt"
"""The attribute of the exception that holds a `Doubt`. An error keeps its attributes when hints are added."""


def doubt_about(error: BaseException) -> Doubt | None:
    """Return the doubt about the request that this exception ended; None if its outcome is known."""
    doubt: Doubt | None = vars(error).get(_DOUBT)
    return doubt


class Delivery:
    """A request on its way. A context manager: if there is a `Doubt`, the exception that ends it gets it."""

    def __init__(self, request: Request) -> None:
        self.request = request
        """As it is in this attempt."""
        self.attempt = 0
        """Counts from 0."""
        self.in_flight = False
        """It was sent, and no response has arrived yet."""
        self.maybe_done = False
        """This attempt, or one before it, may have been carried out, although its response was lost or an error."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _exception_type: object, error: BaseException | None, _traceback: object) -> None:
        if error is None or self.request.method == "GET":
            return
        interrupted = self.in_flight and not isinstance(error, AntError)
        if self.maybe_done or interrupted:
            vars(error)[_DOUBT] = Doubt(self.attempt > 0)


class _AttemptFailed(Exception):
    """An attempt without a usable response."""

    def __init__(
        self,
        error: AntError,
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


def _to_failure(
    failure: IncompleteResponse | TransportError, response: Response | None, request_line: str, timeouts: Timeouts
) -> _AttemptFailed:
    """Turn a failed attempt into the error that reports it, and say whether a retry is safe."""
    if isinstance(failure, IncompleteResponse):
        error = ResponseError(f"the response {failure}, so nothing of it is shown.", request_line=request_line)
        return _AttemptFailed(error, maybe_processed=True, permanent=failure.permanent)
    if failure.timed_out and failure.phase != "handshake":
        timeout = _timed_out(failure, response, request_line, timeouts)
        return _AttemptFailed(timeout, maybe_processed=failure.sent)
    if response is not None:
        error = ResponseError("the response broke off, so nothing of it is shown.", request_line=request_line)
        return _AttemptFailed(error, maybe_processed=True)
    problem = (
        describe_handshake_error(failure.cause, timeouts.step_s)
        if failure.phase == "handshake"
        else describe_network_error(failure.cause)
    )
    return _AttemptFailed(
        NetworkError(f"{problem.message}.", problem.hint or failure.hint, request_line=request_line),
        maybe_processed=failure.sent,
        permanent=problem.permanent,
        stale_connection=failure.reused and failure.closed,
    )


def _timed_out(
    failure: TransportError, response: Response | None, request_line: str, timeouts: Timeouts
) -> NetworkError:
    timeout_s = timeouts.step_s
    if isinstance(failure.cause, AttemptTimeout):
        what, timeout_s = "no complete response within", timeouts.whole_s
    elif response is not None:
        what = "the response stalled for"
    else:
        what = "no response within" if failure.sent else "no connection within"
    hint = "" if failure.sent else failure.hint
    if not hint and timeout_s < timeouts.longest_s:
        hint = "To wait longer: --timeout SECONDS."
    return NetworkError(f"{what} {timeout_s:g} s.", hint, request_line=request_line)
