"""Sending requests to one server, with retries and timeouts, but without credentials."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import NamedTuple, Self

from ant_cli.errors import AntError
from ant_cli.http import retries
from ant_cli.http.choice import Transport, open_transport
from ant_cli.http.response import RESPONSE_LIMIT, Response
from ant_cli.http.transport import FailedAttempt, Timeouts
from ant_cli.input.request import Request
from ant_cli.runtime import Runtime
from ant_cli.runtime.redaction import strip_userinfo
from ant_cli.settings.loading import ConnectionSettings
from ant_cli.settings.local_emulator import LOCAL, creates_file, is_local

Refresh = Callable[[], Request | Response]
"""Returns the request to send now, or a response that makes it unnecessary."""


class Observer:
    """Displays each wait, which lasts as long as the context that the method returns. This one does nothing."""

    def waiting_for(self, _what: str) -> AbstractContextManager[None]:
        """Wait for a response."""
        return nullcontext()

    def before_retry(
        self, _why: str, _attempt: int, _of: int, _delay_s: float
    ) -> AbstractContextManager[None]:
        """Wait `_delay_s` seconds before retry number `_attempt` of `_of`."""
        return nullcontext()


class Policy(NamedTuple):
    """How long, how often and how visibly to wait for a response."""

    max_retries: int
    timeouts: Timeouts
    observer: Observer
    response_limit: int = RESPONSE_LIMIT


class Pace:
    """When the next of concurrent requests may be sent: a rate limit delays all of them. Threads may share it."""

    def __init__(self, sleep: Callable[[float], None]) -> None:
        self._sleep = sleep
        self._earliest = 0.0

    def hold(self, delay_s: float) -> None:
        """Send nothing for `delay_s` seconds."""
        self._earliest = max(self._earliest, time.monotonic() + delay_s)

    def wait(self) -> None:
        """Return when a request may be sent."""
        earliest = 0.0
        while earliest != self._earliest:  # another thread may have moved it meanwhile
            earliest = self._earliest
            if (left := earliest - time.monotonic()) > 0:
                self._sleep(left)


class Doubt:
    """Whether a change may have been made by an attempt to send its request."""

    exists = False


class Sender:
    """Sends requests to one server. Reuses one connection while it lasts. A context manager.

    Each request has all of its headers; a client adds those of the API.
    """

    def __init__(self, settings: ConnectionSettings, runtime: Runtime, policy: Policy) -> None:
        """Prepare; nothing is connected yet."""
        self._settings = settings
        self._runtime = runtime
        self.policy = policy
        self._pace: Pace | None = None
        url = settings.base_url
        is_new = creates_file(url)
        # its user goes into a header
        self._base_url = url if is_local(url) else strip_userinfo(url)
        self._transport: Transport = (not is_local(url) and runtime.transport) or open_transport(
            self._base_url, runtime
        )
        if is_new and runtime.stderr.is_terminal:  # the user may have expected an existing one
            runtime.say(f"Created {url.removeprefix(LOCAL)}, an empty database of the emulator.")
        if settings.debug and url.startswith("https:"):
            from ant_cli.http.trust import describe_trust

            runtime.stderr.write(f"* certificate authorities: {describe_trust(runtime.environ)}\n")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._transport.close()

    def _attempt(self, request: Request, _attempt: int, doubt: Doubt) -> Response:
        """Send a request once. Attempts count from 0."""
        return self._send_once(request, dict(request.headers), doubt)

    def as_sent(self, request: Request) -> Request:
        """Return a request as it is sent. A client may replace its IDs; this one does not."""
        return request

    def _url(self, request: Request) -> str:
        return self._base_url + self.as_sent(request).target

    def request_line(self, request: Request) -> str:
        """Return a request as errors name it."""
        return f'{request.method} "{self._url(request)}"'

    def send_with_retries(
        self, request: Request, doubt: Doubt, refresh: Refresh | None = None
    ) -> Response:
        """Send a request, with retries, and return the last response, which may be an error.

        `refresh` is called right before each attempt, and returns what to send. It may itself send requests, which
        say nothing about the outcome of this one.

        Raises:
            ResponseError: if it is incomplete or too large.
            NetworkError: if no response arrives.

        """
        attempt = 0
        while True:
            if self._pace:
                self._pace.wait()
            prepared = refresh() if refresh else request
            if isinstance(prepared, Response):
                return prepared
            request = prepared
            retries_left = attempt < self.policy.max_retries
            try:
                response = self._attempt(request, attempt, doubt)
            except FailedAttempt as failure:
                if failure.stale_connection and request.method == "GET":
                    continue  # the server had closed the idle connection: sending again is not a retry
                doubt.exists |= failure.maybe_processed
                if not retries_left or not failure.should_retry(request):
                    raise failure.error(self.request_line(request)) from None
                delay_s, why = retries.backoff(attempt), str(failure)
            else:
                doubt.exists |= retries.outcome_unknown(response.status)
                if (
                    self._pace
                    and response.status == retries.RATE_LIMITED
                    and not retries.long_wait(response)
                ):
                    self._pace.hold(retries.retry_delay(attempt, response))
                if not retries_left or not retries.should_retry(response, request.retries):
                    return response
                delay_s, why = retries.retry_delay(attempt, response), response.status_line
            attempt += 1
            with self.policy.observer.before_retry(why, attempt, self.policy.max_retries, delay_s):
                self._runtime.sleep(delay_s)

    def _send_once(self, request: Request, headers: Mapping[str, str], doubt: Doubt) -> Response:
        """Send a request and read the response, with the debug log around it."""
        url = self._url(request)
        if not self._settings.debug:
            return self._exchange(request, url, headers, doubt)
        from ant_cli.http.debug_log import log_message

        log_message(
            self._runtime.stderr, ">", f"{request.method} {url}", headers, request.body or b""
        )
        response = self._exchange(request, url, headers, doubt)
        log_message(
            self._runtime.stderr, "<", response.status_line, response.headers, response.body
        )
        return response

    def _exchange(
        self, request: Request, url: str, headers: Mapping[str, str], doubt: Doubt
    ) -> Response:
        """Send a request and read the response."""
        response: Response | None = None
        policy, body = self.policy, request.body or b""
        try:
            with (
                policy.observer.waiting_for(f"{request.method} {request.path}"),
                self._transport.stream(
                    request.method, url, headers, body, policy.timeouts
                ) as response,
            ):
                response.read(policy.response_limit)
        except FailedAttempt:
            # The status alone makes a response an error, even without its body.
            if response is None or response.status < 400:
                raise
        except AntError:  # the request can't be sent
            raise
        except BaseException:  # most likely an interrupt
            doubt.exists = True
            raise
        return response
