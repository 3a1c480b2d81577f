"""The worker's pure rules: the fate of an item, pauses, and flags."""

from __future__ import annotations

import base64
import json

import pytest

from ant_cli.errors import MissingFlag, UsageError
from ant_cli.http.retries import backoff
from ant_cli.operations.parsers import duration
from ant_cli.operations.spec import Flags
from ant_cli.settings.worker_options import PollOptions, read_options
from ant_cli.worker.context import handler_environment
from ant_cli.worker.handler import secrets_of_item
from ant_cli.worker.outage import Outage
from ant_cli.worker.settlement import (
    Ending,
    Fate,
    History,
    Memory,
    Outcome,
    Run,
    may_have_run,
    pause_after,
    settle,
    settle_early,
)
from ant_cli.worker.supervisor import pause_after_empty
from tests.conftest import KEY, flags_of

REQUIRED = {"environment_id": "env_1", "environment_key": KEY}
NEVER_RUN = History(0, 0)


def options(**flags):
    return read_options(PollOptions, flags_of("beta:worker", "poll", **REQUIRED | flags), {}, "beta:worker poll")


# The fate of an item


@pytest.mark.parametrize(
    ("run", "outcome", "fate"),
    [
        (Run(Ending.EXITED, 0), Outcome.SUCCEEDED, Fate.STOP),
        (Run(Ending.EXITED, 1), Outcome.FAILED, Fate.GIVE_BACK),
        (Run(Ending.EXITED, -9), Outcome.FAILED, Fate.GIVE_BACK),
        (Run(Ending.TIMED_OUT, 0), Outcome.TIMED_OUT, Fate.GIVE_BACK),
        (Run(Ending.STOP_REQUESTED, 1), Outcome.CANCELLED, Fate.STOP),
        (Run(Ending.STOP_REQUESTED, 0), Outcome.CANCELLED, Fate.STOP),
        (Run(Ending.STOPPED, -15), Outcome.CANCELLED, Fate.STOP),
        (Run(Ending.LEASE_LOST, 0), Outcome.LEASE_LOST, Fate.LEAVE),
        (Run(Ending.NEEDS_LEASE, 0), Outcome.GIVEN_BACK, Fate.GIVE_BACK),
        (Run(Ending.SHUT_DOWN, -15), Outcome.GIVEN_BACK, Fate.GIVE_BACK),
        (Run(Ending.SHUT_DOWN, 0), Outcome.SUCCEEDED, Fate.STOP),
    ],
)
def test_the_end_of_a_run_decides_the_fate_of_its_item(run, outcome, fate):
    """An item is stopped only if it was done, given up, or asked to stop."""
    settlement = settle(run, NEVER_RUN, options())
    assert (settlement.outcome, settlement.fate) == (outcome, fate)


def test_only_failures_of_the_handler_are_counted():
    """Failures of the worker, of the machine, or in an outage, are not counted."""
    counted = (Run(Ending.EXITED, 1), Run(Ending.TIMED_OUT, -15))
    before, nine = History(3, 1), options(attempts="9")
    assert all(settle(run, before, nine).metadata["ant_attempts"] == "5" for run in counted)
    others = [settle(Run(ending, 1), before, nine) for ending in (Ending.SHUT_DOWN, Ending.LEASE_LOST)]
    others += [settle(Run(Ending.EXITED), before, nine), settle(Run(Ending.EXITED, 1), before, nine, 0.0, 2.0)]
    assert not any(settlement.metadata.get("ant_attempts") for settlement in others)


def test_an_item_whose_last_attempt_fails_becomes_a_dead_letter():
    """This happens exactly after the allowed number of failures."""
    run = Run(Ending.EXITED, 2)
    assert settle(run, History(1, 0), options(attempts="3")).fate is Fate.GIVE_BACK
    last = settle(run, History(1, 1), options(attempts="3"))
    assert (last.outcome, last.fate) == (Outcome.DEAD_LETTER, Fate.STOP)
    assert last.metadata["ant_dead_letter"] == "3 attempts failed; the last one: the handler exited with 2"


def test_an_item_that_was_handed_over_is_neither_stopped_nor_given_back():
    """This applies only after success."""
    assert settle(Run(Ending.EXITED, 0), NEVER_RUN, options(no_auto_stop="true")).fate is Fate.LEAVE
    assert settle(Run(Ending.EXITED, 1), NEVER_RUN, options(no_auto_stop="true")).fate is Fate.GIVE_BACK


@pytest.mark.parametrize(
    ("metadata", "failures"),
    [({}, 0), (None, 0), ({"ant_attempts": "2"}, 2), ({"ant_attempts": "many"}, 0), ({"ant_attempts": "²"}, 0)],
)
def test_failures_are_counted_in_metadata(metadata, failures):
    """The metadata may have been changed by others."""
    assert Memory().history_of({"id": "work_1", "metadata": metadata}) == History(failures, 0)


def test_runs_without_a_reported_end_count_as_attempts():
    """Their worker was killed, perhaps by the handler."""
    history = Memory().history_of({"id": "work_1", "metadata": {"ant_attempts": "1", "ant_unreported": "2"}})
    assert (history.failures, history.unreported, history.attempts) == (1, 2, 3)
    assert settle_early(history, options(attempts="4"), 0.0) is None
    given_up = settle_early(history, options(attempts="3"), 0.0)
    assert (given_up.outcome, given_up.fate) == (Outcome.DEAD_LETTER, Fate.STOP)
    assert given_up.metadata["ant_dead_letter"].startswith("3 attempts failed; the end of 2 of them")


def test_a_worker_remembers_the_runs_that_it_can_not_write_down():
    """The metadata may know of more, from another worker. A success ends the history."""
    memory, item = Memory(), {"id": "work_1"}
    for outcome in (Outcome.FAILED, Outcome.LEASE_LOST, Outcome.GIVEN_BACK, Outcome.TIMED_OUT):
        memory.note("work_1", memory.history_of(item), outcome)
    assert memory.history_of(item).attempts == 3
    assert memory.history_of({**item, "metadata": {"ant_attempts": "7"}}) == History(7, 0)
    assert memory.history_of({"id": "work_2"}) == NEVER_RUN
    memory.note("work_1", memory.history_of(item), Outcome.SUCCEEDED)
    assert memory.history_of(item) == NEVER_RUN


def test_a_worker_does_not_remember_more_items_than_it_needs():
    """It may run for years. The oldest are forgotten first."""
    memory = Memory()
    for number in range(10_001):
        memory.note(f"work_{number}", NEVER_RUN, Outcome.FAILED)
    assert memory.history_of({"id": "work_0"}) == NEVER_RUN
    assert memory.history_of({"id": "work_1"}) == memory.history_of({"id": "work_10000"}) == History(1, 0)


def test_a_worker_claims_no_lease_at_once_after_a_failure():
    """It may have been a heartbeat of the handler that the worker's own claim made impossible."""
    memory = Memory()
    memory.handler_is_silent = True
    memory.note("work_1", NEVER_RUN, Outcome.SUCCEEDED)
    assert memory.handler_is_silent
    memory.note("work_2", NEVER_RUN, Outcome.FAILED)
    assert not memory.handler_is_silent


def test_what_was_written_about_failures_is_deleted_after_a_success():
    """The item needs no further run."""
    metadata = settle(Run(Ending.EXITED, 0), History(1, 1), options()).metadata
    keys = ("ant_attempts", "ant_last_error", "ant_retry_at", "ant_unreported")
    assert metadata == dict.fromkeys(keys)


def test_a_run_that_was_counted_before_its_start_is_not_counted_twice():
    """Its end is known now. Earlier runs whose end is not known stay."""
    assert settle(Run(Ending.EXITED, 1), History(1, 1), options(attempts="9")).metadata["ant_unreported"] is None
    interrupted = Run(Ending.SHUT_DOWN, 75)
    assert settle(interrupted, NEVER_RUN, options()).metadata == {"ant_unreported": None}
    assert settle(interrupted, History(0, 2), options()).metadata == {"ant_unreported": "2"}


NEW = {"created_at": "2026-03-14T15:00:00Z", "acknowledged_at": "2026-03-14T15:04:59.9Z", "metadata": {}}


@pytest.mark.parametrize(
    ("polled", "changes", "expected"),
    [
        ({}, {}, False),
        ({"acknowledged_at": "", "started_at": None}, {}, False),
        ({}, {"acknowledged_at": "2026-03-14T15:05:00Z"}, True),
        ({}, {"metadata": {"ant_attempts": "1"}}, True),
        ({"started_at": "2026-03-14T15:00:01Z"}, {}, True),
        ({"acknowledged_at": "2026-03-14T15:00:01Z"}, {}, True),
        ({}, {"created_at": None}, True),
    ],
)
def test_an_item_taken_within_a_lease_of_its_creation_is_new(polled, changes, expected):
    """The server or its metadata may contradict that. In doubt, one more request is sent."""
    item = {"id": "work_1", **NEW, **changes}
    assert may_have_run(polled, item, Memory().history_of(item), 300.0) == expected


# Pauses


@pytest.mark.parametrize(
    ("delay", "pauses"),
    [("10s", [10, 60, 300, 300]), ("1m", [60, 300, 300]), ("1ms", [0.001, 0.006]), ("0", [0, 0])],
)
def test_the_pauses_of_a_failed_item_grow_to_five_minutes_with_jitter(delay, pauses):
    """Up to a quarter of each is left out at random. The first can be changed."""
    for failures, longest_s in enumerate(pauses, 1):
        assert 0.75 * longest_s <= pause_after(failures, options(retry_delay=delay)) <= longest_s
    assert pause_after(1000, options()) <= 300


NOW = 1_790_000_000.0


@pytest.mark.parametrize(
    ("failures", "attempts", "rest_s", "outcome"),
    [
        (1, "3", 20.0, Outcome.GIVEN_BACK),
        (1, "3", 0.5, None),
        (1, "3", -60.0, None),
        (1, "3", 301.0, None),  # no pause is that long: somebody else wrote it
        (3, "3", -60.0, Outcome.DEAD_LETTER),
    ],
)
def test_an_item_whose_pause_is_not_over_does_not_run(failures, attempts, rest_s, outcome):
    """The server may not have granted a lease as long as the pause. The clock is that of the server."""
    settlement = settle_early(History(failures, 0, NOW + rest_s), options(attempts=attempts), NOW)
    assert (settlement and settlement.outcome) == outcome
    if outcome is Outcome.GIVEN_BACK:
        assert settlement.retry_at == NOW + rest_s


def test_the_metadata_and_the_memory_of_a_worker_know_when_a_pause_ends():
    """Another worker reads it from the metadata, to the second."""
    settlement = settle(Run(Ending.EXITED, 1), NEVER_RUN, options(), NOW)
    assert NOW + 7.5 <= settlement.retry_at <= NOW + 10
    memory = Memory()
    memory.note("work_1", NEVER_RUN, settlement.outcome, settlement.retry_at)
    assert memory.history_of({"id": "work_1"}) == History(1, 0, settlement.retry_at)
    found = Memory().history_of({"id": "work_1", "metadata": settlement.metadata})
    assert found == History(1, 0, int(settlement.retry_at))
    assert settle(Run(Ending.EXITED, 1), History(2, 0), options(), NOW).metadata["ant_retry_at"] is None


# Outages

CANNOT_RUN, FAILS, WORKS = 125, 1, 0


def run_of(outage, *ends, took=0.1):
    """Let runs end one after the other, as (item, exit status), and return whether each failure counts."""
    doubts = []
    for item, status in ends:
        began = outage.resumes_at or outage.now
        outage.now = began + took
        doubts.append(outage.take(item, Run(Ending.EXITED, status), began, outage.now))
    return [doubt.counts if doubt.is_set() else None for doubt in doubts]


@pytest.fixture
def outage():
    """Return what a worker knows about outages, with a clock."""
    found = Outage()
    found.now = 100.0
    return found


@pytest.mark.parametrize(
    ("ends", "counts", "is_outage"),
    [
        (["a1"], [None], False),
        (["a1", "b1", "c1", "d1"], [None] * 4, False),
        (["a1", "b1", "c1", "d1", "e1"], [False] * 5, True),
        (["a1", "b1", "c1", "d1", "e1", "f1", "a1"], [False] * 7, True),
        (["a1", "a1", "a1", "a1", "a1", "a1"], [None] * 6, False),
        (["a1", "b0"], [True, True], False),
        (["a1", "b1", "c1", "d1", "e0", "f1"], [True] * 5 + [None], False),
        (["a75"], [False], True),
        (["a125", "b1"], [False, False], True),
        (["a126", "b0"], [False, True], False),
        (["a127", "a0", "b1"], [False, True, None], False),
        # An item is excused once, so that five bad ones don't hold up all others for ever.
        (["a1", "b1", "c1", "d1", "e1", "f0", "a1", "b1"], [False] * 5 + [True] * 3, False),
    ],
)
def test_a_run_of_early_failures_of_different_items_is_an_outage(outage, ends, counts, is_outage):
    """Until that is known, no failure counts. Some exit statuses show it at once, and a success the opposite."""
    assert run_of(outage, *((end[0], int(end[1:])) for end in ends)) == counts
    assert bool(outage.reason) is is_outage


def test_a_late_failure_counts_at_once_and_says_nothing_about_others(outage):
    """The handler could be started."""
    assert run_of(outage, *((item, 1) for item in "abcdefg"), took=10.0) == [True] * 7
    assert not outage.reason


def test_a_worker_that_takes_no_more_items_has_no_new_doubt(outage):
    """Nothing would settle it. A success in between changes nothing."""
    outage.close(counts=False)
    assert run_of(outage, ("a", 0), ("b", 1)) == [True, False]


@pytest.mark.parametrize(("end", "counts"), [("empty queue", True), ("interrupted", False)])
def test_failures_in_doubt_are_decided_when_nothing_else_runs(outage, end, counts):
    """The queue may be empty, or the worker may have to end: then an attempt of the item is not over."""
    doubt = outage.take("a", Run(Ending.EXITED, 1), 100.0, 100.1)
    outage.take_empty_poll(100.2) if end == "empty queue" else outage.close(counts=False)
    assert (doubt.is_set(), doubt.counts) == (True, counts)
    later = outage.take("b", Run(Ending.EXITED, 1), 101.0, 101.1)
    assert later.is_set() is (end == "interrupted")


@pytest.mark.parametrize(
    ("ends", "later_s"), [([(item, 1) for item in "abcde"], 0.0), ([("a", 125)], 4.0)], ids=["failures", "125"]
)
def test_an_outage_is_forgotten_when_nothing_is_left_to_try(outage, ends, later_s):
    """Otherwise the last item would be excused for ever, and an idle worker would not be ready."""
    run_of(outage, *ends)
    outage.take_empty_poll(outage.resumes_at + later_s - 0.01)
    assert outage.reason
    outage.take_empty_poll(outage.resumes_at + later_s)
    assert not outage.reason
    assert run_of(outage, ("a", 1), ("b", 125)) == [False, False]
    assert outage.resumes_at - outage.now >= 0.75  # pauses still grow


def test_the_pauses_of_an_outage_grow_to_a_minute(outage):
    """A try that ran at the same time as another one makes no pause longer. A success ends it."""
    pauses = []
    for number in range(10):
        run_of(outage, (str(number), 125))
        resumes_at = outage.resumes_at
        pauses.append(resumes_at - outage.now)
        outage.take("same time", Run(Ending.EXITED, 125), outage.now - 0.05, outage.now + 0.05)
        assert outage.resumes_at == resumes_at
    for pause, longest in zip(pauses, [0.5, 1, 2, 4, 8, 16, 32, 60, 60, 60], strict=True):
        assert 0.75 * longest <= pause <= longest
    outage.take("began before", Run(Ending.EXITED, 0), 100.0, outage.now)
    assert outage.reason == "the handler exited with 125"
    run_of(outage, ("next", 0), ("another", 125))
    assert outage.resumes_at - outage.now <= 0.5


def test_errors_back_off_to_a_minute_with_jitter():
    """Up to a quarter of each pause is left out at random."""
    pauses = [backoff(attempt, 60.0) for attempt in range(10)]
    for pause, longest in zip(pauses, [0.5, 1, 2, 4, 8, 16, 32, 60, 60, 60], strict=True):
        assert 0.75 * longest <= pause <= longest
    assert backoff(1000) <= 8


def test_idle_polls_follow_one_another_and_slow_down_after_five_minutes():
    """The server itself waits 0.999 s. A server that does not wait is not flooded either."""
    assert pause_after_empty(0.999, 0.999) == 0
    assert pause_after_empty(0.25, 0.25) == 0.75
    assert pause_after_empty(301.0, 1.0) == 1.0
    assert pause_after_empty(1.0, 1.0) == 0


# Flags and variables


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("0", 0),
        ("90", 90),
        ("1.5", 1.5),
        ("500ms", 0.5),
        ("1m30s", 90),
        ("1h0m1s", 3601),
        ("1m0s", 60),
        ("1d", 86_400),
    ],
)
def test_durations_have_the_units_of_the_official_tool_or_are_plain_seconds(text, seconds):
    """Units can be combined."""
    assert duration("--max-idle", text) == seconds


@pytest.mark.parametrize("text", ["", "soon", "1w", "-1s", "1m 30s", "s", "1e3", "99999h", "\u0661s"])
def test_an_invalid_duration_is_rejected(text):
    """The message names the flag."""
    with pytest.raises(UsageError, match="--max-idle must be a duration"):
        duration("--max-idle", text)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("concurrency", "0"),
        ("concurrency", "many"),
        ("attempts", "0"),
        ("heartbeat", "sometimes"),
        ("on_failure", "ignore"),
        ("log_format", "xml"),
        ("lease", "0.5s"),
        ("lease", "301s"),
        ("item_timeout", "soon"),
        ("listen", "9464"),
        ("listen", ":9464"),
        ("listen", "localhost:65536"),
        ("no_auto_stop", "perhaps"),
        ("worker_id", "w\n1"),
        ("environment_key", " "),
        ("on_work", ""),
        *((name, "") for name in ("concurrency", "on_failure", "metadata_key", "max_items", "item_timeout")),
        *(("environment_id", blank) for blank in ("", " ")),
    ],
)
def test_a_value_that_makes_no_sense_is_a_usage_error(name, text):
    """It is reported before anything is sent. An empty flag is a mistake: most likely, a variable is not set."""
    with pytest.raises(UsageError):
        options(**{name: text})


def test_a_flag_has_precedence_over_its_variable_and_an_empty_variable_is_unset():
    """The official variables keep their names. The names of all others start with ANT_WORKER_."""
    environ = {"ANTHROPIC_ENVIRONMENT_ID": "env_2", "ANT_WORKER_CONCURRENCY": "4", "ANT_WORKER_ATTEMPTS": ""}
    found = read_options(
        PollOptions, flags_of("beta:worker", "poll", environment_key=KEY, concurrency="2"), environ, ""
    )
    assert (found.environment_id, found.concurrency, found.attempts) == ("env_2", 2, 3)
    found = read_options(PollOptions, Flags({"environment_key": KEY}), environ, "")
    assert found.concurrency == 4


def test_missing_values_are_named_with_their_variables():
    """One message names both."""
    with pytest.raises(MissingFlag, match=r"--environment-id \(ANTHROPIC_ENVIRONMENT_ID\) and --environment-key"):
        read_options(PollOptions, Flags(), {}, "beta:worker poll")


@pytest.mark.parametrize(
    ("text", "address"), [("127.0.0.1:9464", ("127.0.0.1", 9464)), ("[::1]:65535", ("::1", 65535)), ("", "")]
)
def test_an_address_has_a_host_and_a_port(text, address):
    """An IPv6 address is in brackets."""
    assert options(**({"listen": text} if text else {})).listen == address


def test_options_do_not_show_the_keys():
    """Even a debugger that prints them can't leak them."""
    assert KEY not in repr(options(metadata_key=KEY))


# Handlers


def test_variables_of_another_item_are_not_inherited():
    """A worker that is itself a handler must not pass on its own item."""
    environ = {"ANTHROPIC_WORK_SECRET": "old", "ANTHROPIC_SESSION_ID": "old", "HOME": "/root"}
    found = handler_environment(environ, {"id": "work_1", "data": None}, 2, {}, pass_api_key=False)
    assert found == {"HOME": "/root", "ANTHROPIC_WORK_ID": "work_1", "ANT_WORK_ATTEMPT": "2"}


@pytest.mark.parametrize("name", ["ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "ANTHROPIC_IDENTITY_TOKEN"])
def test_credentials_of_an_organization_are_inherited_only_on_request(name):
    """A session's tools could read them."""
    found = handler_environment({name: KEY}, {"id": "work_1"}, 1, {}, pass_api_key=False)
    assert name not in found
    assert handler_environment({name: KEY}, {"id": "work_1"}, 1, {}, pass_api_key=True)[name] == KEY


def test_a_null_byte_from_a_server_does_not_break_the_handler():
    """It can't be part of a variable."""
    found = handler_environment({}, {"id": "work_1", "secret": "a\0b"}, 1, {}, pass_api_key=False)
    assert "ANTHROPIC_WORK_SECRET" not in found


def test_the_tokens_inside_the_secret_of_a_work_item_are_redacted():
    """The secret is JSON in base64, perhaps without padding."""
    secret = (
        base64.urlsafe_b64encode(json.dumps({"sessions_token": "inner-token", "n": 1}).encode())
        .decode()
        .rstrip("=")
    )
    assert secrets_of_item({"secret": secret}) == [secret, "inner-token"]
    nested = base64.urlsafe_b64encode(b'{"sources": [{"token": "inner-token"}], "version": 1}').decode()
    assert secrets_of_item({"secret": nested}) == [nested, "inner-token"]
    assert secrets_of_item({"secret": "no base64!"}) == ["no base64!"]
    assert secrets_of_item({"secret": None}) == []
