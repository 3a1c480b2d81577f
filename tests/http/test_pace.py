"""The pace of concurrent requests: how long a rate limit holds them back, and when a request is prepared."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace

import pytest

from ant_cli.http.attempts import Observer, Pace, Policy, Retrier, Tries
from ant_cli.http.response import Response
from ant_cli.http.transport import timeouts_of
from ant_cli.input.request import Request
from tests.helpers.words import RETRIEVE

GET = Request("GET", "/", ())


class Clock:
    """A clock that goes on only while something sleeps."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 1000.0
        self.waits: list[float] = []
        self.meanwhile: Callable[[], None] = lambda: None
        """What another thread does during the next sleep."""
        monkeypatch.setattr("ant_cli.http.attempts.time", SimpleNamespace(monotonic=self.read))

    def read(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.now += seconds
        action, self.meanwhile = self.meanwhile, lambda: None
        action()


@pytest.fixture
def clock(monkeypatch):
    """The clock of the attempts."""
    return Clock(monkeypatch)


def response(status: int, **headers: str) -> Response:
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    return Response(status, "", named, [])


def test_a_shorter_rate_limit_does_not_end_a_longer_one(clock):
    """The server may ask each of several requests for another delay."""
    pace = Pace(clock.sleep)
    pace.hold(30)
    pace.hold(5)
    pace.wait()
    pace.wait()
    assert clock.waits == [30]


def test_a_rate_limit_that_arrives_during_a_wait_extends_it(clock):
    """The request of another thread was rejected meanwhile."""
    pace = Pace(clock.sleep)
    pace.hold(5)
    clock.meanwhile = lambda: pace.hold(10)
    pace.wait()
    assert clock.waits == [5, 10]


def test_a_request_is_prepared_after_the_wait_and_before_each_attempt(clock):
    """What it reads must not be older than necessary."""
    replies = [response(503), response(200)]
    prepared = []

    def prepare(_: Tries) -> Request:
        prepared.append(clock.now)
        return GET

    pace = Pace(clock.sleep)
    pace.hold(5)
    retrier = Retrier(lambda _request, _tries: replies.pop(0), clock.sleep, pace)
    tries = Tries(Policy(2, timeouts_of(1), Observer()))
    assert retrier.send(GET, tries, prepare).status == 200
    assert prepared[0] == 1005
    assert len(prepared) == 2
    assert prepared[1] == 1000 + sum(clock.waits)


@pytest.mark.parametrize(("asked", "others"), [("7", [7]), ("61", [])])
def test_a_rate_limit_delays_requests_that_share_the_pace_as_long_as_the_server_asks(
    clock, asked, others
):
    """A request that would have to wait too long fails, and does not hold back the others."""
    replies = [response(429, retry_after=asked), response(200)]
    pace = Pace(clock.sleep)
    retrier = Retrier(lambda _request, _tries: replies.pop(0), clock.sleep, pace)
    policy = Policy(0, timeouts_of(1), Observer())
    assert retrier.send(GET, Tries(policy)).status == 429
    assert retrier.send(GET, Tries(policy)).status == 200
    assert clock.waits == others


def test_a_rate_limit_of_another_request_is_waited_for_before_a_retry_too(clock):
    """The rate limit arrives while this request waits after an error of its own."""
    replies = [response(503, retry_after="2"), response(200)]
    pace = Pace(clock.sleep)
    clock.meanwhile = lambda: pace.hold(30)
    retrier = Retrier(lambda _request, _tries: replies.pop(0), clock.sleep, pace)
    assert retrier.send(GET, Tries(Policy(1, timeouts_of(1), Observer()))).status == 200
    assert clock.waits == [2, 30]


def test_the_pauses_grow_if_no_connection_can_be_opened(ant):
    """As after a server error, a pause is half a second, doubled each time, minus up to a quarter."""
    waits = ant(*RETRIEVE, "--max-retries", "4", replies=[ConnectionRefusedError("no")] * 5).waits
    ends = [0.5, 1, 2, 4]
    assert len(waits) == 4
    assert all(0.75 * end <= wait <= end for wait, end in zip(waits, ends, strict=True))
