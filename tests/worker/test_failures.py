"""What failures mean: pauses, attempts, what is excused, and outages. The tests need no clock."""

from __future__ import annotations

import pytest

from ant_cli.http.retries import backoff
from ant_cli.worker.endings import Ending, before_run, ended, judge, timed_out
from ant_cli.worker.failures import NEVER_RUN, History, history_in, pause_after
from ant_cli.worker.memory import Memory
from ant_cli.worker.outage import Outage
from tests.worker.conftest import exited, poll_options

NOW = 1_790_000_000.0
MINUTE, HOUR = 60.0, 3600.0


class Simulation:
    """A worker with one slot, by its rules alone. `run` returns a handler's exit status, and how long it takes."""

    def __init__(self, run, *items):
        self._run = run
        self._waiting = dict.fromkeys(items, 0.0)
        self._histories = {}
        self.outage = Outage()
        self.ended = {}
        """The outcome of each item, and when it came."""
        self.runs = []

    def work(self, until):
        """Run what waits until a time, or until nothing is left."""
        now = 0.0
        while self._waiting:
            # As a server does, the oldest first of those that wait for nothing.
            moment = max(now, min(self._waiting.values()), self.outage.resumes_at)
            item, began = next(item for item, at in self._waiting.items() if at <= moment), moment
            if began >= until:
                return
            now = self._end(item, began)

    def _end(self, item, began):
        status, seconds = self._run(item, began)
        self.runs.append(item)
        run, at = exited(status), began + seconds
        if run.ending is Ending.SUCCEEDED:
            self.outage.take_success(began)
        else:
            self.outage.take_failure(item, run.reason, began, at)
        history = self._histories.get(item, NEVER_RUN)
        run = judge(run, history, poll_options(), at, in_outage=bool(self.outage.reason))
        if run.ending.fate == "give_back":
            self._histories[item], self._waiting[item] = (
                run.history,
                run.history.retry_at,
            )
        else:
            del self._waiting[item]
            self.ended[item] = run.ending.outcome, at
        return at


def bad(status, seconds=0.1):
    """Return a handler that fails for the items that begin with `bad`."""
    return lambda item, _now: (status if item.startswith("bad") else 0, seconds)


def until(recovered, seconds):
    """Return a handler that fails until a time, as if something were missing."""
    return lambda _item, now: (int(now < recovered), seconds)


@pytest.mark.parametrize("count", [1, 4, 5, 40])
@pytest.mark.parametrize("status", [1, 75, 125])
def test_a_queue_of_nothing_but_bad_items_ends(count, status):
    """Without a limit for what is excused, it would run for ever, and so would a job."""
    simulation = Simulation(bad(status), *(f"bad{number}" for number in range(count)))
    simulation.work(3 * 24 * HOUR)
    assert len(simulation.ended) == count
    assert {outcome for outcome, _ in simulation.ended.values()} == {"dead_letter"}
    assert len(simulation.runs) <= count * (5 + 12)
    if count <= 5:
        assert max(when for _, when in simulation.ended.values()) < 1.5 * HOUR


def test_items_that_fail_slowly_in_an_outage_are_not_given_up():
    """A registry whose time-outs take four seconds is away for ten minutes."""
    simulation = Simulation(until(10 * MINUTE, 4.0), *map(str, range(20)))
    simulation.work(MINUTE)
    assert simulation.outage.reason == "the handler exited with 1"
    simulation.work(HOUR)
    assert [outcome for outcome, _ in simulation.ended.values()] == ["succeeded"] * 20


def test_four_items_that_fail_at_once_have_eleven_minutes():
    """That is no outage: nobody can tell it from four bad items."""
    simulation = Simulation(until(7 * MINUTE, 0.1), *"abcd")
    simulation.work(HOUR)
    assert {outcome for outcome, _ in simulation.ended.values()} == {"succeeded"}


@pytest.mark.parametrize("status", [1, 125])
def test_five_bad_items_do_not_come_before_good_ones(status):
    """One tenant's image does not exist. Each failure has its own pause, and the first success ends the outage."""
    good = [f"good{number}" for number in range(200)]
    simulation = Simulation(bad(status), *(f"bad{number}" for number in range(5)), *good)
    simulation.work(MINUTE)
    assert all(simulation.ended[item][0] == "succeeded" for item in good)
    simulation.work(3 * HOUR)
    assert len(simulation.ended) == 205


def test_a_bad_item_among_good_ones_is_given_up_after_five_failures():
    """They are about eleven minutes apart from the first to the last."""
    simulation = Simulation(bad(1, 3.0), "bad", *map(str, range(400)))
    simulation.work(HOUR)
    outcome, when = simulation.ended["bad"]
    assert outcome == "dead_letter"
    assert 8 * MINUTE < when < 13 * MINUTE
    assert simulation.runs.count("bad") == 5


# Outages


@pytest.fixture
def outage():
    """Return what a worker knows about outages, and let so many different items fail, each within a second."""
    found = Outage()

    def fail(*items, at=100.0, seconds=1.0):
        counted = []
        for item in items:
            found.take_failure(item, "it failed", at - seconds, at)
            counted.append(not found.reason)
        return counted

    found.fail = fail
    return found


@pytest.mark.parametrize(
    ("items", "counts"),
    [
        ("abcd", [True] * 4),
        ("abcde", [True] * 4 + [False]),
        ("abcdefa", [True] * 4 + [False] * 3),
        ("aaaaaa", [True] * 6),
    ],
)
def test_five_different_items_that_fail_without_a_success_are_an_outage(outage, items, counts):
    """The four before the fifth count, so that no item waits for the others."""
    assert outage.fail(*items) == counts
    assert outage.reason == ("" if all(counts) else "it failed")


def test_a_success_of_a_run_that_began_after_the_first_failure_shows_that_the_handler_works(outage):
    """One that began before shows nothing."""
    outage.fail(*"abcd", at=100.0)
    outage.take_success(99.0)
    assert outage.fail("e") == [False]
    outage.take_success(100.0)
    assert (outage.reason, outage.resumes_at) == ("", 0.0)
    assert outage.fail(*"abcd") == [True] * 4


@pytest.mark.parametrize(("longest", "proof"), [(4.0, 60.0), (45.0, 90.0)])
def test_an_item_that_runs_much_longer_than_the_failures_shows_that_an_outage_is_over(
    outage, longest, proof
):
    """Otherwise, the other slots would wait for the end of a long session. A slow failure is no proof."""
    outage.fail(*"abcde", seconds=longest)
    outage.fail("f", seconds=1.0)
    assert outage.proof_s == proof


def test_the_pauses_of_an_outage_grow_to_a_minute(outage):
    """A try that ran at the same time as another one makes no pause longer."""
    outage.fail(*"abcd")
    pauses, now = [], 100.0
    for _ in range(10):
        outage.fail("x", at=now + 0.1, seconds=0.1)
        pauses.append(outage.resumes_at - now - 0.1)
        outage.fail("same time", at=now + 0.2, seconds=0.2)
        assert outage.resumes_at == pauses[-1] + now + 0.1
        resumes_at = outage.resumes_at
        outage.fail("slow", at=resumes_at + 1, seconds=resumes_at + 1 - now)
        assert outage.resumes_at == resumes_at
        now = resumes_at
    for pause, longest in zip(pauses, [0.5, 1, 2, 4, 8, 16, 32, 60, 60, 60], strict=True):
        assert 0.75 * longest <= pause <= longest


# What is counted


@pytest.mark.parametrize(
    ("run", "in_outage", "excused", "counts"),
    [
        (exited(1), False, 0, True),
        (exited(1), True, 11, False),
        (exited(1), True, 12, True),
        *((exited(status), False, 0, False) for status in (75, 78, 125, 126, 127)),
        (exited(125), False, 12, True),
        (timed_out(poll_options()), False, 0, True),
        (ended(Ending.UNFINISHED), False, 0, True),
    ],
)
def test_a_failure_is_excused_in_an_outage_or_by_its_status_but_not_for_ever(
    run, in_outage, excused, counts
):
    """The metadata says so, for all workers. The item waits in each case."""
    found = judge(run, History(1, 0, excused), poll_options(), NOW, in_outage=in_outage)
    metadata = found.metadata
    assert (metadata["ant_attempts"], metadata["ant_excused"]) == (
        ("2", str(excused) if excused else None) if counts else ("1", str(excused + 1))
    )
    assert history_in({"metadata": metadata}) == found.history._replace(
        retry_at=int(found.history.retry_at)
    )
    assert found.history.retry_at >= NOW + 45
    assert (found.ending is Ending.EXCUSED) is not counts


@pytest.mark.parametrize(
    ("metadata", "failures"),
    [
        ({}, 0),
        (None, 0),
        ({"ant_attempts": "2"}, 2),
        ({"ant_attempts": "12345"}, 12345),
        ({"ant_attempts": "123456"}, 0),
        ({"ant_attempts": "many"}, 0),
        ({"ant_attempts": "²"}, 0),
    ],
)
def test_failures_are_counted_in_metadata(metadata, failures):
    """The metadata may have been changed by others."""
    assert Memory().history_of({"id": "work_1", "metadata": metadata}) == History(failures)


def test_runs_without_a_reported_end_count_as_attempts():
    """Their worker was killed, perhaps by the handler."""
    history = Memory().history_of(
        {"id": "work_1", "metadata": {"ant_attempts": "1", "ant_unreported": "2"}}
    )
    assert (history.failures, history.unreported, history.attempts) == (1, 2, 3)
    assert before_run(history, poll_options(attempts="4"), 0.0) is None
    (only,) = before_run(History(0, 1), poll_options(attempts="1"), 0.0).metadata.values()
    assert only.startswith("1 attempt failed; 1 of its runs had no reported end")
    given_up = before_run(history, poll_options(attempts="3"), 0.0)
    assert given_up.ending is Ending.GIVEN_UP
    assert given_up.metadata["ant_dead_letter"].startswith(
        "3 attempts failed; 2 of its runs had no reported end"
    )


def test_a_worker_remembers_the_runs_that_it_can_not_write_down():
    """The metadata may know of more, from another worker. A success ends the history."""
    memory, item = Memory(), {"id": "work_1"}
    lost, excused = ended(Ending.LEASE_LOST), exited(75)
    for run in (exited(1), lost, lost, ended(Ending.SHUT_DOWN), excused):
        memory.note("work_1", judge(run, memory.history_of(item), poll_options(), NOW).remembered)
    assert memory.history_of(item)._replace(retry_at=0.0) == History(1, 2, 1)
    assert memory.history_of({**item, "metadata": {"ant_attempts": "7"}}) == History(7)
    as_recorded = memory.history_of({**item, "metadata": {"ant_attempts": "4"}})
    knows_its_pause = memory.history_of(item)
    assert as_recorded == knows_its_pause
    assert memory.history_of({"id": "work_2"}) == NEVER_RUN
    memory.note("work_1", judge(exited(0), memory.history_of(item), poll_options(), NOW).remembered)
    assert memory.history_of(item) == NEVER_RUN


def test_a_lease_that_was_never_held_is_no_run_of_the_item():
    """A server that refuses heartbeats must not make dead letters of items that no handler has seen."""
    unheld = judge(ended(Ending.UNCLAIMED), NEVER_RUN, poll_options())
    assert (unheld.ending.outcome, unheld.history) == ("lease_lost", NEVER_RUN)
    assert judge(ended(Ending.LEASE_ENDED), NEVER_RUN, poll_options()).history == History(0, 1)


def test_a_worker_does_not_remember_more_items_than_it_needs():
    """It may run for years. The oldest are forgotten first."""
    memory = Memory()
    for number in range(10_001):
        memory.note(f"work_{number}", History(1))
        memory.unstopped[f"work_{number}"] = exited(0)
    assert memory.history_of({"id": "work_0"}) == NEVER_RUN
    assert (
        memory.history_of({"id": "work_1"}) == memory.history_of({"id": "work_10000"}) == History(1)
    )
    assert [f"work_{number}" in memory.unstopped for number in (0, 1, 10_000)] == [
        False,
        True,
        True,
    ]


# Pauses


@pytest.mark.parametrize(
    ("delay", "pauses"),
    [(10, [10, 60, 300, 300]), (60, [60, 300, 300]), (0.001, [0.001, 0.006]), (0, [0, 0])],
)
def test_the_pauses_of_a_failed_item_grow_to_five_minutes_with_jitter(delay, pauses):
    """Up to a quarter of each is left out at random. The first can be changed."""
    for failures, longest_s in enumerate(pauses, 1):
        assert 0.75 * longest_s <= pause_after(failures, delay) <= longest_s
    assert pause_after(1000, delay) <= 300


def test_failures_that_are_not_counted_make_the_pauses_longer_as_well():
    """Otherwise, a broken machine would take the same items again and again."""
    third = History(0, 0, 2).after_failure(NOW, 10.0, excused=True)
    assert 225 <= third.retry_at - NOW <= 300


@pytest.mark.parametrize(
    ("failures", "excused", "rest_s", "outcome"),
    [
        (1, 0, 20.0, "given_back"),
        (1, 0, 0.5, None),
        (1, 0, -60.0, None),
        (1, 0, 301.0, None),  # no pause is that long: somebody else wrote it
        (2, 9, -60.0, None),
        (3, 0, -60.0, "dead_letter"),
    ],
)
def test_an_item_whose_pause_is_not_over_does_not_run(failures, excused, rest_s, outcome):
    """The server may not have granted a lease as long as the pause. The clock is that of the server."""
    history = History(failures, excused=excused, retry_at=NOW + rest_s)
    run = before_run(history, poll_options(attempts="3"), NOW)
    assert (run and run.ending.outcome) == outcome
    if outcome == "given_back":
        assert run.history.retry_at == NOW + rest_s


def test_errors_back_off_to_a_minute_with_jitter():
    """Up to a quarter of each pause is left out at random."""
    pauses = [backoff(attempt, 60.0) for attempt in range(10)]
    for pause, longest in zip(pauses, [0.5, 1, 2, 4, 8, 16, 32, 60, 60, 60], strict=True):
        assert 0.75 * longest <= pause <= longest
    assert backoff(1000) <= 8
