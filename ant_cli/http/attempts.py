"""Attempts: a request is sent until it succeeds, or until another attempt would not help."""

import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import NamedTuple

from ant_cli.http import retries
from ant_cli.http.response import RESPONSE_LIMIT, Response
from ant_cli.http.transport import FailedAttempt, Timeouts
from ant_cli.input.request import Request
from ant_cli.settings.credentials import Credential


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


class Tries:
    """The record of one send: what each layer notes for those above it."""

    def __init__(self, policy: Policy) -> None:
        self.policy = policy
        self.retries = 0
        """How many times it was sent again so far."""
        self.in_doubt = False
        """Whether an attempt may have been carried out although it failed."""
        self.request_line = ""
        """The request that was sent last, as errors name it; empty if none was."""
        self.credential: Credential | None = None
        """The credential that was sent last."""

    def leave_doubt_about(self, request: Request) -> bool:
        """Whether a change that failed may have been made."""
        return self.in_doubt and request.method != "GET"

    @property
    def are_left(self) -> bool:
        """Whether it may be sent again."""
        return self.retries < self.policy.max_retries


Send = Callable[[Request, Tries], Response]
"""Sends a request once. Raises FailedAttempt if no usable response arrives."""

Prepare = Callable[[Tries], Request | Response]
"""Returns the request to send now, or a response that makes it unnecessary. Called right before each attempt."""


class _Pause:
    """What comes before a retry."""

    def __init__(self, why: str, delay_s: float) -> None:
        self.why = why
        self.delay_s = delay_s


class Retrier:
    """Decides when a request is sent again. Threads may share it."""

    def __init__(
        self, send: Send, sleep: Callable[[float], None], pace: Pace | None = None
    ) -> None:
        self._send = send
        self._sleep = sleep
        self._pace = pace

    def send(self, request: Request, tries: Tries, prepare: Prepare | None = None) -> Response:
        """Send a request, with retries, and return the last response, which may be an error.

        `prepare` may itself send requests, which say nothing about the outcome of this one.

        Raises:
            ResponseError: if it is incomplete or too large.
            NetworkError: if no response arrives.

        """
        while True:
            if self._pace:
                self._pace.wait()
            prepared = prepare(tries) if prepare else request
            if isinstance(prepared, Response):
                return prepared
            outcome = self._attempt(prepared, tries)
            if isinstance(outcome, Response):
                return outcome
            if outcome is not None:
                self._wait(outcome, tries)

    def _attempt(self, request: Request, tries: Tries) -> Response | _Pause | None:
        """Send a request once. Return the response; or the pause before the next attempt, None for none at all."""
        try:
            response = self._send(request, tries)
        except FailedAttempt as failure:
            if failure.stale_connection and request.method == "GET":
                # the server had closed the idle connection: sending again is not a retry
                return None
            tries.in_doubt |= failure.maybe_processed
            if tries.are_left and failure.should_retry(request):
                return _Pause(str(failure), retries.backoff(tries.retries))
            raise failure.error(tries.request_line) from None
        tries.in_doubt |= retries.outcome_unknown(response.status)
        self._hold_others(response, tries)
        if tries.are_left and retries.should_retry(response, request.retries):
            return _Pause(response.status_line, retries.retry_delay(tries.retries, response))
        return response

    def _hold_others(self, response: Response, tries: Tries) -> None:
        """Delay the requests of other threads, too, after a rate limit that a retry waits for."""
        if self._pace is None or response.status != retries.RATE_LIMITED:
            return
        if not retries.long_wait(response):
            self._pace.hold(retries.retry_delay(tries.retries, response))

    def _wait(self, pause: _Pause, tries: Tries) -> None:
        tries.retries += 1
        policy = tries.policy
        with policy.observer.before_retry(
            pause.why, tries.retries, policy.max_retries, pause.delay_s
        ):
            self._sleep(pause.delay_s)
