"""Renewal: long runs, wrong clocks, and tokens that a server rejects."""

from __future__ import annotations

import json
import re
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import httpx
import pytest

from ant_cli.http.access import authenticated
from ant_cli.operations.spec import Flags
from ant_cli.runtime.storage import locked
from ant_cli.settings.loading import load
from ant_cli.settings.rows import mask
from tests.conftest import Server, make_runtime
from tests.helpers.federation import OBJECT, SIGNATURE, bearers, grant
from tests.helpers.transports import transport_to
from tests.helpers.words import ARCHIVE, KEY, LIST, RETRIEVE

UNAUTHORIZED = httpx.Response(
    401, json={"type": "error", "error": {"type": "authentication_error", "message": "no"}}
)
IDS = [f"env_{number}" for number in range(4)]


def page(number, last):
    return {
        "data": [{"id": f"env_{number}"}],
        "has_more": not last,
        "next_page": None if last else f"page_{number}",
    }


@pytest.fixture
def slow(ant, variables, clock):
    """Run `ant` with a server that takes some seconds for each reply. `during` is called at each reply."""

    def run(*words, seconds, replies, during=lambda: None, **more):
        following = iter(replies)

        def reply(_request):
            clock.now += seconds
            during()
            return next(following)

        return ant(*words, env=variables, now=clock, replies=reply, **more)

    return run


def test_a_list_renews_the_token_between_its_pages(slow):
    """It renews the token two minutes before its expiry, so that no request has an expired one."""
    pages = [page(number, last=number == 3) for number in range(4)]
    replies = [grant(1, expires_in=600), *pages[:2], grant(2, expires_in=600), *pages[2:]]
    result = slow(*LIST, "--format", "jsonl", seconds=200, replies=replies)
    assert (result.exit, len(result.stdout.splitlines())) == (0, 4)
    assert bearers(result) == ["", "1", "1", "", "2", "2"]


def test_simultaneous_requests_exchange_only_once(federated):
    """The first one exchanges, and the others wait for it."""
    ids = [f"env_{number}" for number in range(40)]
    replies = [grant(1), *[{}] * 40]
    result = federated(*ARCHIVE, *ids, "--parallel", "16", "--yes", replies=replies)
    assert (result.exit, bearers(result)) == (0, ["", *["1"] * 40])


def test_a_retry_has_a_new_token_if_the_old_one_expired_meanwhile(slow, clock):
    """The wait before a retry may be long."""

    def sleep(_):
        clock.now += 3600

    result = slow(
        *RETRIEVE, seconds=0, replies=[grant(1), httpx.Response(503), grant(2), OBJECT], sleep=sleep
    )
    assert (result.exit, bearers(result)) == (0, ["", "1", "", "2"])


def test_the_identity_token_file_is_read_at_each_exchange(slow, token_file):
    """The file is replaced from time to time, so an earlier identity token may have expired."""
    numbers = iter(range(2, 10))

    def rotate():
        token_file.write_text(f"a.b.{SIGNATURE}-{next(numbers)}")

    token_file.write_text(f"a.b.{SIGNATURE}-1")
    replies = [grant(1), page(0, last=False), grant(2), page(1, last=True)]
    result = slow(*LIST, seconds=3600, replies=replies, during=rotate)
    assert bearers(result) == ["", "1", "", "2"]
    assertions = [json.loads(result.requests[number].content)["assertion"] for number in (0, 2)]
    assert assertions == [f"a.b.{SIGNATURE}-1", f"a.b.{SIGNATURE}-3"]


# The time of renewal


@pytest.mark.parametrize(
    ("lifetime", "passed", "exchanges"),
    [
        (3600, 3479, False),
        (3600, 3481, True),
        (60, 29, False),  # a short-lived token is renewed after half of its lifetime
        (60, 31, True),
        (1, 0.4, False),
        (3600, 100_000, True),
    ],
)
def test_a_cached_token_is_renewed_two_minutes_before_its_expiry(
    federated, clock, lifetime, passed, exchanges
):
    """A short-lived token is renewed after half of its lifetime."""
    federated(*RETRIEVE, replies=[grant(1, expires_in=lifetime), OBJECT])
    clock.now += passed
    replies = [grant(2), OBJECT] if exchanges else [OBJECT]
    assert bearers(federated(*RETRIEVE, replies=replies)) == (["", "2"] if exchanges else ["1"])


@pytest.mark.parametrize("hours", [-1, 1])
def test_a_change_of_the_clock_by_an_hour_costs_one_exchange_and_no_error(federated, clock, hours):
    """If a token comes from the future, its remaining time can't be trusted."""
    federated(*RETRIEVE, replies=[grant(1), OBJECT])
    clock.now += hours * 3600
    assert bearers(federated(*RETRIEVE, replies=[grant(2), OBJECT])) == ["", "2"]
    assert bearers(federated(*RETRIEVE, replies=[OBJECT])) == ["2"]


# Failed exchanges


def test_a_token_that_can_not_be_renewed_is_used_until_it_expires(federated, clock, entry):
    """The token endpoint may recover before that. There are no retries, because nothing has to wait for it."""
    federated(*RETRIEVE, replies=[grant(1, expires_in=600), OBJECT])
    clock.now += 500
    result = federated(*RETRIEVE, replies=[httpx.Response(503), OBJECT])
    assert (result.exit, bearers(result), result.waits) == (0, ["", "1"], [])
    entry()  # for other processes
    clock.now += 75  # less than half a minute is left
    assert federated(*RETRIEVE, replies=[httpx.Response(503)] * 3).exit == 7


def test_a_failing_renewal_is_not_repeated_for_each_request(federated, clock):
    """Otherwise a list of many pages would send as many requests to the token endpoint."""
    federated(*RETRIEVE, replies=[grant(1, expires_in=600), OBJECT])
    clock.now += 500
    pages = [page(number, last=number == 3) for number in range(4)]
    result = federated(*LIST, replies=[httpx.Response(503), *pages])
    assert bearers(result) == ["", "1", "1", "1", "1"]


@pytest.mark.parametrize(("seconds", "sent"), [(5, ["", "1", "", "2"]), (4, ["", "1", "1"])])
def test_a_failed_renewal_is_repeated_after_five_seconds(slow, federated, clock, seconds, sent):
    """The first page takes that long. Only after all five does the second one have a new token."""
    federated(*RETRIEVE, replies=[grant(1, expires_in=600), OBJECT])
    clock.now += 500
    replies = [
        httpx.Response(503),
        page(0, last=False),
        *[grant(2)] * (seconds == 5),
        page(1, last=True),
    ]
    assert bearers(slow(*LIST, seconds=seconds, replies=replies)) == sent


def test_a_process_does_not_wait_forever_for_the_exchange_of_another_one(federated, clock, entry):
    """A token that is still valid is used at once.

    Without one, this process exchanges the identity token itself.
    """
    federated(*RETRIEVE, replies=[grant(1, expires_in=600), OBJECT])
    clock.now += 500
    with locked(entry()):
        result = federated(*RETRIEVE, replies=[OBJECT])
        assert (result.exit, bearers(result), result.waits, result.stderr) == (0, ["1"], [], "")
        clock.now += 3600
        result = federated(*RETRIEVE, replies=[grant(2), OBJECT])
    assert (result.exit, bearers(result)) == (0, ["", "2"])
    assert sum(result.waits) == pytest.approx(120)
    assert (
        result.stderr
        == "Note: waiting for another process that is exchanging the same identity token.\n"
    )


@pytest.mark.parametrize(("held_s", "is_noted"), [(1.9, False), (2.1, True)])
def test_a_wait_for_the_exchange_of_another_process_is_noted_after_two_seconds(
    federated, clock, entry, held_s, is_noted
):
    """Most exchanges take less time."""
    federated(*RETRIEVE, replies=[grant(1), OBJECT])
    clock.now += 3600
    waited = [0.0]
    with ExitStack() as other_process:
        other_process.enter_context(locked(entry()))

        def sleep(seconds):
            waited[0] += seconds
            if waited[0] >= held_s:
                other_process.close()

        result = federated(*RETRIEVE, replies=[grant(2), OBJECT], sleep=sleep)
    assert (result.exit, "Note: waiting for another process" in result.stderr) == (0, is_noted)


@pytest.mark.parametrize(
    ("problem", "exit_code", "exchanges"),
    [(httpx.Response(400), 4, 1), (httpx.Response(503), 7, 3)],
)
@pytest.mark.parametrize("parallel", ["1", "8"])
def test_a_failed_exchange_is_not_repeated_for_each_request(
    federated, problem, exit_code, exchanges, parallel
):
    """The other requests fail at once, with the same error."""
    ids = [f"env_{number}" for number in range(40)]
    words = (*ARCHIVE, *ids, "--parallel", parallel, "--yes")
    result = federated(*words, replies=[problem] * 3)
    assert (result.exit, bearers(result)) == (exit_code, [""] * exchanges)
    assert "40 failed" in result.stderr


def test_a_failed_exchange_is_repeated_after_some_seconds(ant, variables):
    """A long run may have a new identity token by then."""
    seconds = iter(range(1_790_000_000, 1_800_000_000))
    answers = iter([httpx.Response(400), grant()])
    result = ant(
        *(*ARCHIVE, *IDS, *IDS, "--parallel", "1", "--yes"),
        env=variables,
        replies=lambda request: (
            next(answers) if request.url.path.endswith("/oauth/token") else OBJECT
        ),
        now=lambda: float(next(seconds)),  # a second passes between two reads of the clock
    )
    assert (result.exit, [*answers]) == (4, [])
    assert re.search(r"archived [1-7] of 8, [1-7] failed", result.stderr)


# Rejected tokens


def test_a_cached_token_that_is_rejected_is_replaced_once(federated):
    """It may have been revoked. The request is sent again, like in the official SDKs."""
    federated(*RETRIEVE, replies=[grant(1), OBJECT])
    result = federated(*RETRIEVE, replies=[UNAUTHORIZED, grant(2), OBJECT])
    assert (result.exit, bearers(result), result.waits) == (0, ["1", "", "2"], [])
    replies = [httpx.Response(503), UNAUTHORIZED, grant(3), OBJECT]
    result = federated(*RETRIEVE, replies=replies)
    assert (result.exit, bearers(result)) == (0, ["2", "2", "", "3"])
    assert [request.headers.get("x-stainless-retry-count") for request in result.requests] == [
        "0",
        "1",
        None,
        "1",
    ]


def test_a_rejected_token_is_removed_and_reported_if_there_is_no_other_one(federated, folder):
    """Some identity tokens can be exchanged only once. The next run does not try the rejected token."""
    federated(*RETRIEVE, replies=[grant(1), OBJECT])
    refused = httpx.Response(
        401, json={"error": "invalid_grant", "error_description": "jti_reused"}
    )
    result = federated(*RETRIEVE, replies=[UNAUTHORIZED, refused])
    assert (result.exit, bearers(result)) == (4, ["1", ""])
    assert "from ANTHROPIC_FEDERATION_RULE_ID) was not accepted." in result.stderr
    assert not list(folder.iterdir())


def test_a_new_token_that_is_rejected_is_an_error(federated):
    """Another exchange would not give a better one. The message names the source of the credential."""
    result = federated(*RETRIEVE, replies=[grant(1), UNAUTHORIZED])
    assert (result.exit, bearers(result)) == (4, ["", "1"])
    assert "from ANTHROPIC_FEDERATION_RULE_ID) was not accepted." in result.stderr
    federated(*RETRIEVE, "--organization-id", "other", replies=[grant(1), OBJECT])
    result = federated(
        *RETRIEVE, "--organization-id", "other", replies=[UNAUTHORIZED, grant(2), UNAUTHORIZED]
    )
    assert (result.exit, bearers(result)) == (4, ["1", "", "2"])
    assert f"The token {mask(f'{KEY}-2')} (from ANTHROPIC_FEDERATION_RULE_ID)" in result.stderr


def test_no_token_is_exchanged_only_to_say_which_one_was_rejected(slow):
    """The token has expired while the server took its time, and the message names it anyway."""
    forbidden = httpx.Response(403, json={})
    result = slow(*RETRIEVE, seconds=4000, replies=[grant(1), forbidden])
    assert (result.exit, bearers(result)) == (4, ["", "1"])
    assert "from ANTHROPIC_FEDERATION_RULE_ID) has no permission for this." in result.stderr


def test_a_server_that_keeps_rejecting_tokens_gets_one_more_exchange_per_minute(slow):
    """It does not get an exchange for each request, even if it accepts other requests."""
    words = (*ARCHIVE, *IDS, "env_4", "--parallel", "1", "--yes")
    no = UNAUTHORIZED
    result = slow(
        *words,
        seconds=19,
        replies=[grant(1), OBJECT, no, no, grant(2), no, no, no, grant(3), OBJECT],
    )
    assert (result.exit, bearers(result)) == (4, ["", "1", "1", "1", "", "2", "2", "2", "", "3"])


def test_simultaneous_requests_replace_a_rejected_token_once(federated):
    """Each rejected request is sent again with the new token."""
    federated(*RETRIEVE, replies=[grant(1), OBJECT])

    def reply(request):
        if request.url.path.endswith("/oauth/token"):
            return grant(2)
        return UNAUTHORIZED if request.headers["authorization"] == f"Bearer {KEY}-1" else OBJECT

    ids = [f"env_{number}" for number in range(40)]
    result = federated(*ARCHIVE, *ids, "--parallel", "16", replies=reply)
    assert (result.exit, bearers(result).count("")) == (0, 1)


def test_clients_of_one_connection_share_the_access_tokens(variables, clean_environ):
    """Otherwise a program with several clients, such as the worker's exporter, would exchange one for each."""
    environ = {name: value for name, value in (clean_environ | variables).items() if value}
    runtime = make_runtime(environ)
    connection = authenticated(load(runtime, Flags({})).connection, runtime)
    assert connection.tokens is not None
    assert authenticated(connection, runtime).tokens is connection.tokens


def test_a_rejected_token_that_another_thread_is_replacing_is_not_replaced_again(
    variables, clean_environ
):
    """In the meantime there is no token at all."""
    environ = {name: value for name, value in (clean_environ | variables).items() if value}
    runtime = make_runtime(environ)
    tokens = authenticated(load(runtime, Flags({})).connection, runtime).tokens
    assert tokens is not None
    assert tokens.renew("a rejected token")


def tokens_of(environ, clock, *replies):
    """Return the access tokens of a federation whose server gives these replies."""
    runtime = make_runtime(environ, transport=transport_to(Server(replies).respond), now=clock)
    tokens = authenticated(load(runtime, Flags({})).connection, runtime).tokens
    assert tokens is not None
    return tokens


@pytest.fixture
def environ(variables, clean_environ):
    """The environment of a federation."""
    return {name: value for name, value in (clean_environ | variables).items() if value}


def test_a_token_is_used_while_another_thread_renews_it(environ, clock):
    """Its end is near, but no request has to wait for the exchange."""
    tokens = tokens_of(environ, clock, grant(1, expires_in=600), grant(2, expires_in=600))
    assert tokens.current().secret == f"{KEY}-1"
    clock.now += 500
    with ThreadPoolExecutor(1) as thread:
        with tokens._lock:
            assert thread.submit(tokens.current).result(timeout=10).secret == f"{KEY}-1"
        assert thread.submit(tokens.current).result(timeout=10).secret == f"{KEY}-2"


def test_a_token_that_was_rejected_waits_for_the_thread_that_renews_it(environ, clock):
    """So that one rejected token is exchanged once."""
    tokens = tokens_of(environ, clock, grant(1))
    tokens.current()
    with ThreadPoolExecutor(1) as thread:
        with tokens._lock:
            renewal = thread.submit(tokens.renew, "an older token")
            with pytest.raises(TimeoutError):
                renewal.result(timeout=0.05)
        assert renewal.result(timeout=10) is True


def test_a_token_that_another_process_has_renewed_is_used(environ, clock):
    """Of the tokens of this process and of the cache, the one that is valid for longer is used."""
    mine = tokens_of(environ, clock, grant(1, expires_in=600))
    assert mine.current().secret == f"{KEY}-1"
    clock.now += 500
    other = tokens_of(environ, clock, grant(2, expires_in=600))
    assert other.current().secret == f"{KEY}-2"
    assert mine.current().secret == f"{KEY}-2"


def test_a_token_that_ends_while_its_renewal_fails_is_not_used(slow, federated, clock):
    """The server would reject the expired token."""
    federated(*RETRIEVE, replies=[grant(1, expires_in=600), OBJECT])
    clock.now += 500
    result = slow(*RETRIEVE, seconds=80, replies=[httpx.Response(503)])
    assert (result.exit, bearers(result)) == (7, [""])


def test_a_rejection_stays_the_error_if_the_token_can_not_be_renewed_for_now(federated):
    """The token server may be down. The official SDKs do the same."""
    federated(*RETRIEVE, replies=[grant(1), OBJECT])
    result = federated(*RETRIEVE, replies=[UNAUTHORIZED, *[httpx.Response(503)] * 3])
    assert (result.exit, bearers(result)) == (4, ["1", "", "", ""])
    assert "from ANTHROPIC_FEDERATION_RULE_ID) was not accepted." in result.stderr


def test_a_token_that_another_process_stores_while_it_is_waited_for_is_used(
    federated, clock, entry
):
    """Some identity tokens can be exchanged only once. The other process may still hold the lock."""
    federated(*RETRIEVE, replies=[grant(1), OBJECT])
    clock.now += 7200
    stored = json.loads(entry().read_text())
    stored |= {"access_token": f"{KEY}-2", "obtained_at": clock.now, "expires_at": clock.now + 3600}
    path = entry()
    with locked(path):
        result = federated(
            *RETRIEVE, replies=[OBJECT], sleep=lambda _: path.write_text(json.dumps(stored))
        )
    assert (result.exit, bearers(result)) == (0, ["2"])
