"""Lost responses: if a change may have been made, the message says so, and how to check it."""

from __future__ import annotations

import pytest

from ant_cli.errors import AntError
from ant_cli.http.client import connect
from ant_cli.input.request import Request
from ant_cli.settings.loading import load
from tests.conftest import flags_of, make_runtime, needs_posix
from tests.helpers.runs import OK, OUTPUT
from tests.helpers.servers import Act, Reply, ScriptedServer, error, response
from tests.helpers.words import CREATE, DELETE

ARCHIVE = ("beta:environments", "archive", "env_1")
WORK = ("--environment-id", "env_1", "work_1")
ACK = ("beta:environments:work", "ack", *WORK)
STOP = ("beta:environments:work", "stop", *WORK)
HEARTBEAT = ("beta:environments:work", "heartbeat", *WORK)
GUARDED = (*HEARTBEAT, "--expected-last-heartbeat", "NO_HEARTBEAT")
LOOK = {
    CREATE: "ant beta:environments list",
    DELETE: "ant beta:environments retrieve env_1",
    ARCHIVE: "ant beta:environments retrieve env_1",
    ACK: "ant beta:environments:work retrieve --environment-id env_1 work_1",
    STOP: "ant beta:environments:work retrieve --environment-id env_1 work_1",
}
LOST = [(Act.RESET,), error("500 Broken"), error("504 Gateway Timeout"), error("408 Timeout")]


@pytest.mark.parametrize(
    ("words", "lost"), [(words, lost) for words in LOOK if words != CREATE for lost in LOST]
)
@pytest.mark.parametrize(("status", "code"), [("409 Conflict", 6), ("404 Not Found", 5)])
def test_a_rejection_after_a_lost_response_is_explained(ant_over_socket, words, lost, status, code):
    """The first attempt may have caused the rejection. A create is not repeated."""
    result = ant_over_socket(lost, error(status), words=words)
    assert result.exit == code
    assert "may have succeeded" in result.stderr
    assert LOOK[words] in result.stderr


@pytest.mark.parametrize("words", LOOK, ids=lambda words: words[1])
@pytest.mark.parametrize(
    ("status", "code"), [("409 Conflict", 6), ("404 Not Found", 5), ("400 Bad Request", 1)]
)
def test_a_rejection_without_a_lost_response_has_no_explanation(
    ant_over_socket, words, status, code
):
    """No response was lost, not even if the server asked the client to wait."""
    for replies in ([error(status)], [error("429 Too Many"), error(status)]):
        result = ant_over_socket(*replies, words=words)
        assert (result.exit, "may have" in result.stderr) == (code, False)


@pytest.mark.parametrize("words", LOOK, ids=lambda words: words[1])
@pytest.mark.parametrize(
    "reply",
    [(Act.STALL,), (Act.RESET,), (OK[:-3], Act.CLOSE), response(b"<p>hello"), response(b"")],
)
def test_a_change_without_any_usable_response_is_explained(ant_over_socket, words, reply):
    """The response of the last attempt may have been lost."""
    result = ant_over_socket(reply, words=words, more=("--max-retries", "0"))
    assert result.exit in (1, 8)
    assert "may have succeeded" in result.stderr
    assert LOOK[words] in result.stderr


def test_the_explanation_keeps_the_reason_why_the_response_was_unusable(ant_over_socket):
    """A server that redirects is most likely not the API."""
    result = ant_over_socket(response(status="308 Permanent Redirect"), words=CREATE)
    assert "Check the base URL" in result.stderr
    assert "may have succeeded" in result.stderr


def test_a_refused_connection_has_no_explanation_of_a_lost_response(ant_over_socket):
    """Nothing was sent over the connection."""
    result = ant_over_socket(words=CREATE, url="http://127.0.0.1:1")
    assert (result.exit, "may have" in result.stderr, result.requests) == (8, False, [])


@needs_posix("the quotes of sh")
def test_the_suggested_check_command_can_be_pasted_into_a_shell(ant_over_socket):
    """This holds for every ID."""
    result = ant_over_socket(
        (Act.RESET,), error("404 Not Found"), words=("beta:environments", "delete", "env 1; rm '*'")
    )
    assert """retrieve 'env 1; rm '"'"'*'"'"''""" in result.stderr


@pytest.mark.parametrize(
    ("lost", "code"),
    [
        ((Act.RESET,), 8),
        ((Act.STALL,), 8),
        (error("504 Gateway Timeout"), 7),
        (error("408 Timeout"), 7),
    ],
    ids=["reset", "stall", "504", "408"],
)
def test_a_conditional_heartbeat_that_timed_out_is_not_retried(ant_over_socket, lost, code):
    """If it was carried out, its expected last heartbeat is outdated."""
    result = ant_over_socket(lost, OK, words=GUARDED)
    assert (result.exit, len(result.requests)) == (code, 1)
    assert LOOK[STOP] in result.stderr


@pytest.mark.parametrize(
    "status", ["429 Too Many", "500 Broken", "503 Unavailable", "529 Overloaded"]
)
def test_a_conditional_heartbeat_with_an_error_response_is_retried(ant_over_socket, status):
    """The response says that the heartbeat failed, or that it came too early."""
    assert ant_over_socket(error(status), OK, words=GUARDED).stdout == OUTPUT


def test_a_rejection_of_a_retried_heartbeat_is_explained(ant_over_socket):
    """The previous attempt may have been carried out."""
    result = ant_over_socket(error("500 Broken"), error("412 Precondition Failed"), words=GUARDED)
    assert (result.exit, len(result.requests)) == (6, 2)
    assert LOOK[STOP] in result.stderr


def test_an_unconditional_heartbeat_is_retried_after_any_failure(ant_over_socket):
    """A repeated heartbeat extends the lease once more."""
    assert ant_over_socket((Act.RESET,), OK, words=HEARTBEAT).stdout == OUTPUT


@pytest.mark.parametrize(
    ("lost", "code"),
    [
        *(((Act.RESET,), 8), ((Act.CLOSE,), 8), ((Act.STALL,), 8), ((OK[:20], Act.CLOSE), 8)),
        *((error(f"{status} Any"), 7) for status in (408, 500, 502, 504, 520, 524, 599)),
    ],
)
def test_a_create_whose_outcome_is_unknown_is_not_retried(ant_over_socket, lost, code):
    """Create is not idempotent, so a retry might make a second environment (D33)."""
    result = ant_over_socket(lost, OK, words=CREATE)
    assert (result.exit, result.stdout, len(result.requests)) == (code, "", 1)
    assert "may have succeeded" in result.stderr
    assert LOOK[CREATE] in result.stderr


@pytest.mark.parametrize("status", ["429 Too Many", "503 Unavailable", "529 Overloaded"])
def test_a_create_that_was_refused_is_retried(ant_over_socket, status):
    """There is no environment yet."""
    assert ant_over_socket(error(status), OK, words=CREATE).stdout == OUTPUT


@pytest.mark.parametrize(
    "invitation", ["x-should-retry: true", "retry-after: 0", "retry-after-ms: 1"]
)
@pytest.mark.parametrize("status", ["408 Timeout", "500 Broken", "502 Bad Gateway"])
def test_a_create_is_retried_if_the_server_says_that_it_may_be(ant_over_socket, status, invitation):
    """It knows what it did not do."""
    assert (
        ant_over_socket(error(status, "api_error", invitation), OK, words=CREATE).stdout == OUTPUT
    )


# A change that reads its object before each attempt


READ, WRITE = Request("GET", "/read", ()), Request("POST", "/write", ())


def doubt_about_change(environ, *replies: bytes | Reply, retries: str = "0") -> bool:
    """Return whether a change is in doubt that reads something before each attempt, and fails."""
    with ScriptedServer(*replies) as server:
        runtime = make_runtime(environ, sleep=lambda _: None)
        connection = load(runtime, flags_of(base_url=server.url, max_retries=retries)).connection
        with connect(connection, runtime) as client, pytest.raises(AntError) as caught:
            client.send(WRITE, lambda _tries: client.send(READ) and WRITE)
    return caught.value.outcome_unknown


def test_a_lost_response_to_the_read_before_a_change_leaves_no_doubt_about_the_change(
    clean_environ,
):
    """The change itself was not sent."""
    assert doubt_about_change(clean_environ, (Act.RESET,)) is False


def test_a_change_whose_next_attempt_could_not_be_prepared_stays_in_doubt(clean_environ):
    """The previous attempt may have been carried out."""
    replies = [OK, error("504 Gateway Timeout"), error("404 Not Found")]
    assert doubt_about_change(clean_environ, *replies, retries="1") is True


def test_a_change_that_can_not_be_sent_is_not_in_doubt(ant_over_socket):
    """A URL has a limit."""
    assert (
        "may have"
        not in ant_over_socket(words=("beta:environments", "delete", "x" * 70_000)).refusal
    )


def test_an_earlier_change_in_doubt_does_not_put_a_later_one_in_doubt(clean_environ):
    """One client sends many changes."""
    with ScriptedServer(error("500 Broken"), error("409 Conflict")) as server:
        runtime = make_runtime(clean_environ)
        connection = load(runtime, flags_of(base_url=server.url, max_retries="0")).connection
        with connect(connection, runtime) as client:
            for doubt in (True, False):
                with pytest.raises(AntError) as caught:
                    client.send(WRITE)
                assert caught.value.outcome_unknown is doubt
