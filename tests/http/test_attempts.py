"""One attempt to send a request: how long it may take, what its failure says, and whether it is repeated."""

from __future__ import annotations

import socket
import ssl
from types import SimpleNamespace

import pytest

from ant_cli.errors import NetworkError, ResponseError
from ant_cli.http.attempts import Observer, Policy, Retrier, Tries
from ant_cli.http.transport import (
    Attempt,
    ConnectionClosed,
    FailedAttempt,
    MalformedResponse,
    Timeouts,
    incomplete_response,
    timeouts_of,
)
from ant_cli.input.request import Request

HINT = "Is the proxy running?"
CHECK_URL = "Check the base URL and the network."
WAIT_LONGER = "To wait longer: --timeout SECONDS."
NOT_TLS = (
    "Does the server speak TLS at this port? If it does not, the base URL begins with http://."
)
TRUST = "To trust another certificate authority, set SSL_CERT_FILE to the file of its certificate."
EXPIRED = (
    "Compare the clock of this machine with the certificate's dates. "
    "If it is right, the server needs a new one."
)
OTHER_HOST = "The certificate is for another host: check the one in the base URL."


@pytest.fixture
def clock(monkeypatch):
    """The clock of the attempts, whose time a test sets."""
    now = SimpleNamespace(s=1000.0)
    fake = SimpleNamespace(monotonic=lambda: now.s)
    monkeypatch.setattr("ant_cli.http.transport.time", fake)
    return now


def untrusted(code, message="no good"):
    error = ssl.SSLCertVerificationError()
    error.verify_code, error.verify_message = code, message
    return error


def report(failure):
    error = failure.error('GET "http://a/"')
    return error.message, error.hint, error.request_line


@pytest.mark.parametrize(
    ("passed_s", "left_s"), [(0, 60), (540, 60), (541, 59), (599.5, 0.5), (600, None), (601, None)]
)
def test_a_step_ends_at_its_own_limit_or_at_that_of_the_attempt(clock, passed_s, left_s):
    """The limit that is reached first counts."""
    attempt = Attempt(timeouts_of(60))
    clock.s += passed_s
    if left_s is None:
        with pytest.raises(TimeoutError):
            attempt.seconds()
    else:
        assert attempt.seconds() == left_s


@pytest.mark.parametrize(
    ("step_s", "limits"), [(1, (1, 10)), (3, (3, 30)), (5, (5, 30)), (60, (30, 30))]
)
def test_a_limit_of_whole_attempts_is_also_the_longest_of_a_step(step_s, limits):
    """The exchange of an identity token has such a limit."""
    assert timeouts_of(step_s, 30) == limits


@pytest.mark.parametrize(
    ("phase", "error", "said", "hint"),
    [
        ("connect", ConnectionRefusedError(111, "Connection refused"), "connection refused", HINT),
        ("connect", OSError(65, "No route to host."), "no route to host", HINT),
        ("connect", OSError("ID_of.X"), "iD_of.X", HINT),
        ("connect", ConnectionResetError(), "connectionResetError", HINT),
        ("connect", socket.gaierror(-2, "?"), "the host name is not known", HINT),
        ("connect", TimeoutError(), "no connection within 5 s", HINT),
        ("exchange", TimeoutError(), "no response within 5 s", WAIT_LONGER),
        ("body", TimeoutError(), "no more of the response within 5 s", WAIT_LONGER),
        ("exchange", ConnectionResetError(104, "Reset"), "reset", HINT),
        ("exchange", MalformedResponse(), "the response is not valid HTTP", CHECK_URL),
        (
            "exchange",
            ConnectionClosed(),
            "the server closed the connection without sending a response",
            HINT,
        ),
        ("handshake", TimeoutError(), "the TLS handshake failed (no reply within 5 s)", NOT_TLS),
        (
            "handshake",
            ssl.SSLError(1, "[SSL: WRONG_VERSION_NUMBER] wrong version number (_ssl.c:1007)"),
            "the TLS handshake failed (wrong version number)",
            NOT_TLS,
        ),
        ("handshake", untrusted(20), "the server's certificate is not trusted (no good)", TRUST),
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_failure_says_what_the_attempt_was_doing_and_what_helps(phase, error, said, hint):
    """A hint about the known cause takes precedence over the hint about the proxy."""
    attempt = Attempt(Timeouts(5, 50))
    attempt.phase = phase
    failure = attempt.failure(error, hint=HINT)
    assert report(failure) == (f"{said}.", hint, 'GET "http://a/"')
    assert failure.maybe_processed is (phase in ("exchange", "body"))
    assert failure.should_retry(Request("GET", "/", ())) is (phase != "handshake")


@pytest.mark.parametrize(
    ("phase", "passed_s", "limits", "said"),
    [
        ("connect", 49, (5, 50), "no connection within 5 s.|To wait longer: --timeout SECONDS."),
        ("connect", 50, (5, 50), "no connection within 5 s.|To wait longer: --timeout SECONDS."),
        ("exchange", 49, (5, 50), "no response within 5 s.|To wait longer: --timeout SECONDS."),
        (
            "exchange",
            50,
            (5, 50),
            "no complete response within 50 s.|To wait longer: --timeout SECONDS.",
        ),
        (
            "body",
            50,
            (5, 50),
            "no complete response within 50 s.|To wait longer: --timeout SECONDS.",
        ),
        ("exchange", 29, (30, 30), "no response within 30 s.|"),
    ],
)
def test_a_time_out_names_the_limit_that_was_reached_and_a_flag_if_it_helps(
    clock, phase, passed_s, limits, said
):
    """A longer --timeout does not change a limit that is fixed."""
    attempt = Attempt(Timeouts(*limits))
    attempt.phase = phase
    clock.s += passed_s
    assert "|".join(report(attempt.failure(TimeoutError()))[:2]) == said


@pytest.mark.parametrize(
    ("codes", "hint"),
    [
        ((9, 10, 0x800B0101, -67818), EXPIRED),
        ((62, 64, 0x800B010F, -67602), OTHER_HOST),
        ((18, 19, 20, -67843), TRUST),
    ],
)
def test_the_hint_about_a_certificate_follows_from_the_number_of_its_problem(codes, hint):
    """OpenSSL, Windows and macOS have their own numbers. Some of their messages end with a full stop."""
    for code in codes:
        attempt = Attempt(Timeouts(5, 50))
        attempt.phase = "handshake"
        failure = attempt.failure(untrusted(code, "It is bad."), hint=HINT)
        said = "the server's certificate is not trusted (It is bad)."
        assert report(failure)[:2] == (said, hint)


FAILURES = {
    "never sent": FailedAttempt(NetworkError, "x", maybe_processed=False),
    "perhaps carried out": FailedAttempt(NetworkError, "x", maybe_processed=True),
    "permanent": FailedAttempt(NetworkError, "x", maybe_processed=False, permanent=True),
    "incomplete": incomplete_response("broke off"),
    "too large": incomplete_response("is large", permanent=True),
}


@pytest.mark.parametrize(
    ("method", "mode", "repeated"),
    [
        ("GET", "always", {"never sent", "perhaps carried out", "incomplete"}),
        ("DELETE", "always", {"never sent", "perhaps carried out"}),
        ("POST", "unless_timed_out", {"never sent"}),
        ("POST", "unless_unknown", {"never sent"}),
    ],
)
def test_an_attempt_is_repeated_only_if_that_can_help_and_does_no_harm(method, mode, repeated):
    """If the response is incomplete, the server has carried out the change."""
    request = Request(method, "/", ())._replace(retries=mode)
    assert {name for name, each in FAILURES.items() if each.should_retry(request)} == repeated


def test_an_incomplete_response_is_an_error_of_the_response():
    """The server was reached, so the network is not to blame."""
    attempt = Attempt(Timeouts(5, 50))
    attempt.phase = "body"
    error = attempt.failure(ConnectionResetError(), hint=HINT).error("")
    assert type(error) is ResponseError
    assert error.message == "the response broke off, so nothing of it is shown."
    assert error.hint == ""


@pytest.mark.parametrize("reused", [False, True])
@pytest.mark.parametrize(
    ("error", "may_be_stale"),
    [
        (ConnectionResetError(), True),
        (BrokenPipeError(), True),
        (ConnectionClosed(), True),
        (TimeoutError(), False),
        (MalformedResponse(), False),
    ],
)
def test_only_a_kept_connection_that_was_closed_may_have_been_stale(error, may_be_stale, reused):
    """A server that does not respond may still have received the request."""
    attempt = Attempt(Timeouts(5, 50))
    attempt.phase = "exchange"
    assert attempt.failure(error, reused=reused).stale_connection is (may_be_stale and reused)


@pytest.mark.parametrize(
    ("outcomes", "method", "is_in_doubt"),
    [
        (["lost", "not sent"], "DELETE", True),
        (["not sent", "lost"], "DELETE", True),
        (["not sent", "not sent"], "DELETE", False),
        (["lost", "not sent"], "GET", False),
        (["stale", "stale", "lost", "not sent"], "GET", False),
    ],
)
def test_a_change_stays_in_doubt_whatever_later_attempts_do(outcomes, method, is_in_doubt):
    """The server may have carried out the first attempt. For a GET, a stale connection is not an attempt."""
    left = list(outcomes)

    def send(_request, tries):
        outcome = left.pop(0)
        tries.request_line = f"attempt {tries.retries}"
        raise FailedAttempt(
            NetworkError,
            outcome,
            maybe_processed=outcome != "not sent",
            stale_connection=outcome == "stale",
        )

    tries = Tries(Policy(1, timeouts_of(1), Observer()))
    request = Request(method, "/", ())
    with pytest.raises(NetworkError) as caught:
        Retrier(send, lambda _: None).send(request, tries)
    assert (left, tries.retries) == ([], 1)
    assert (caught.value.message, caught.value.request_line) == (f"{outcomes[-1]}.", "attempt 1")
    assert tries.leave_doubt_about(request) is is_in_doubt
