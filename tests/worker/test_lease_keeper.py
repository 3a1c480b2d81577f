"""What keeps a lease: its requests, what it logs and counts, and what the guardian knows. In simulated time."""

from __future__ import annotations

import asyncio
import json
from itertools import pairwise
from types import SimpleNamespace
from unittest.mock import patch

import pytest

from ant_cli.errors import APIError, NetworkError
from ant_cli.worker import lease as lease_module
from ant_cli.worker.endings import Ending
from ant_cli.worker.lease import LOOK, NO_HEARTBEAT, Lease, LeaseKeeper, LeaseStep
from ant_cli.worker.make_it_so import Acknowledgement, Verdict, make_it_so
from ant_cli.worker.metrics import Tally
from tests.worker.calls import Log
from tests.worker.simulation import SimulatedLoop

BEGAN = 1000.0
GUARDIAN_IS_AHEAD_S = 5000.0
"""The guardian's clock runs while the machine is suspended."""
LOST = NetworkError("no response")
REFUSED = APIError("POST x", 403, "Forbidden", b"", "")
BARE = APIError("POST x", 412, "Precondition Failed", b"", "")


def extended(heartbeat="B1", ttl=45, state="active", *, is_extended=True):
    """Return the response to a heartbeat."""
    return {
        "last_heartbeat": heartbeat,
        "ttl_seconds": ttl,
        "state": state,
        "lease_extended": is_extended,
    }


def refused(heartbeat="", ttl=300, state="active"):
    """Return a 412 that shows the item like this."""
    current = {"last_heartbeat": heartbeat, "ttl_seconds": ttl, "state": state}
    body = json.dumps({"error": {"details": {"current_state": current}}}).encode()
    return APIError("POST x", 412, "Precondition Failed", body, "")


class Kept:
    """A keeper whose heartbeats get the given answers, each after a tenth of a second."""

    def __init__(self, mode, *answers, lease_s=45.0):
        loop = asyncio.get_running_loop()
        self.now = loop.time
        self.began = loop.time()
        self.answers = list(answers)
        self.sent = []
        """When each heartbeat was sent, what it expected, and how long a lease it asked for."""
        self.prepared = []
        """The last heartbeats and the deadlines that the guardian knew, one after another."""
        self.log, self.tally = Log(), Tally(1)
        self.draining = loop.create_future()
        self.lease = Lease(mode, loop.time(), lease_s)
        context = SimpleNamespace(
            now=loop.time,
            call=self._call,
            api=SimpleNamespace(heartbeat=None),
            options=SimpleNamespace(lease=lease_s),
            tally=self.tally,
            shutdown=SimpleNamespace(draining=self.draining),
            guardian=SimpleNamespace(prepare=self._prepare),
        )
        self.keeper = LeaseKeeper("work_1", self.lease, None, context, self.log)

    async def _call(self, _function, _id, expected, ttl_s, timeout_s):
        self.sent.append((round(self.now() - self.began, 1), expected, ttl_s))
        self.timeout_s = timeout_s
        await asyncio.sleep(0.1)
        if not self.answers:
            await asyncio.get_running_loop().create_future()
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def _prepare(self, _guarded, fallback):
        heartbeat = json.loads(fallback.lease)["last_heartbeat"]
        deadline_s = fallback.deadline - GUARDIAN_IS_AHEAD_S - self.began
        self.prepared.append((heartbeat, round(deadline_s, 1)))

    def held(self, heartbeat="B0"):
        """Let this worker hold the lease from now on."""
        self.lease.take_heartbeat(extended(heartbeat), self.now())
        return self


def told(story, mode, *answers, **more):
    """Let a story happen with a keeper, and return both."""

    async def tell():
        kept = Kept(mode, *answers, **more)
        with patch.object(lease_module, "guardian_time", lambda: kept.now() + GUARDIAN_IS_AHEAD_S):
            return await story(kept), kept

    with asyncio.Runner(loop_factory=SimulatedLoop) as runner:
        return runner.run(tell())


async def keep(kept):
    """Keep the lease until it ends the run."""
    return await kept.keeper.keep()


STOPPED = extended(state="stopped", is_extended=False)


# While the handler runs


def test_after_each_heartbeat_the_guardian_knows_the_last_one_and_a_later_deadline():
    """Otherwise it would kill a handler that is fine, or fail to give its item back."""
    ending, kept = told(keep, "always", extended("B1"), extended("B2"), STOPPED)
    assert ending is Ending.STOPPED
    assert [sent for _, *sent in kept.sent] == [[NO_HEARTBEAT, 45], ["B1", 45], ["B2", 45]]
    assert [at for at, *_ in kept.sent] == [0.0, 10.0, 20.0]
    assert [heartbeat for heartbeat, _ in kept.prepared] == ["B1", "B2"]
    first, second = (deadline for _, deadline in kept.prepared)
    assert 40 < first < 45
    assert second == pytest.approx(first + 10)


def test_a_heartbeat_asks_for_the_lease_of_the_options_whatever_the_server_granted():
    """It may grant less at one time, and more at another."""
    _, kept = told(keep, "always", extended(ttl=6), STOPPED, lease_s=45.0)
    assert [ttl_s for *_, ttl_s in kept.sent] == [45, 45]
    assert kept.timeout_s == 2.0  # a third of what was granted


@pytest.mark.parametrize(
    ("answer", "ending"),
    [
        (STOPPED, Ending.STOPPED),
        (extended(state="stopping", is_extended=False), Ending.STOP_REQUESTED),
        (refused(state="stopped"), Ending.STOPPED),
        (refused(state="stopping"), Ending.STOP_REQUESTED),
    ],
)
def test_a_request_to_stop_is_logged(answer, ending):
    """Whether it is a response or a refusal that shows it. It has extended nothing."""
    found, kept = told(keep, "always", extended(), answer)
    assert found is ending
    assert kept.log.lines == [("info", "heartbeat reports shutdown")]
    assert dict(kept.tally.heartbeats) == {"extended": 1, "lost": 0, "error": 0}


@pytest.mark.parametrize("answer", [refused("X"), refused(state="queued", ttl=0), BARE])
def test_a_lease_of_another_worker_is_logged_and_counted(answer):
    """The handler is killed at once."""
    found, kept = told(keep, "always", extended(), answer)
    assert found is Ending.LEASE_LOST
    message = "heartbeat precondition failed; lease reclaimed by another worker"
    assert kept.log.lines == [("warn", message)]
    assert dict(kept.tally.heartbeats) == {"extended": 1, "lost": 1, "error": 0}


def test_a_lease_that_could_not_be_extended_in_time_has_ended():
    """It is not known that another worker has it, so the handler is asked to end first."""
    found, kept = told(keep, "always", extended(ttl=10), *[LOST] * 50)
    assert found is Ending.LEASE_ENDED
    assert kept.now() - kept.began == pytest.approx(9.0)
    assert kept.log.lines == [
        ("warn", "heartbeat failed; it is repeated"),
        ("error", "heartbeat staleness ceiling exceeded; lease presumed expired"),
    ]
    assert kept.tally.heartbeats["lost"] == 1
    assert kept.tally.heartbeats["error"] > 2


def test_the_pauses_between_failures_are_no_longer_than_a_quarter_of_the_lease():
    """Several of them fit into a short one."""
    held = Lease("always", BEGAN, 45.0)
    held.take_heartbeat(extended(ttl=8), BEGAN)
    for _ in range(9):
        held.take_failure(held.next_step(), BEGAN + 2)
        assert held.next_step().at <= BEGAN + 4


def test_a_failure_that_lasts_is_logged_once_and_another_one_as_well():
    """After a success, or a 412 that shows nothing new, it is logged again."""
    answers = [LOST, LOST, REFUSED, extended("B1"), REFUSED, extended("B2"), STOPPED]
    _, kept = told(keep, "always", *answers)
    failures = [line for line in kept.log.lines if line[1].startswith("heartbeat failed")]
    assert len(failures) == 3
    assert kept.tally.heartbeats["error"] == 4


def test_a_412_is_an_answer_after_which_the_next_failure_is_logged_again():
    """The connection works."""
    answers = [LOST, refused(state="starting", ttl=290), LOST, STOPPED]
    _, kept = told(keep, "auto", *answers)
    failures = [line for line in kept.log.lines if line[1].startswith("heartbeat failed")]
    assert len(failures) == 2


def test_the_pause_that_a_server_asks_for_comes_before_the_next_heartbeat():
    """It is overloaded."""
    busy = APIError("POST x", 429, "", b"", "")
    busy.retry_after_s = 12.0
    _, kept = told(keep, "always", extended(), busy, STOPPED)
    assert [at for at, *_ in kept.sent] == [0.0, 10.0, 22.1]


def test_a_success_makes_the_next_pauses_short_again():
    """Looks, too, are repeated soon after a first failure."""
    looks = [refused(state="starting", ttl=290)]
    _, kept = told(keep, "auto", *[LOST] * 4, *looks, LOST, STOPPED)
    times = [at for at, *_ in kept.sent]
    assert times[-1] - times[-2] < 0.8


# Before the handler starts


async def claim(kept):
    """Send the first heartbeat."""
    return await kept.keeper.claim()


def test_a_claim_is_one_heartbeat():
    """Nothing waits for it afterwards."""
    found, kept = told(claim, "always", extended())
    assert (found, len(kept.sent)) == (None, 1)
    assert kept.tally.waiting_for_leases == set()


def test_only_an_item_whose_heartbeat_fails_waits_for_its_lease():
    """A worker whose heartbeats succeed is ready."""
    waiting = []

    async def story(kept):
        kept.tally.waiting_for_leases = Noting(waiting)
        return await kept.keeper.claim()

    class Noting(set):
        def __init__(self, log):
            super().__init__()
            self._log = log

        def add(self, work_id):
            self._log.append(work_id)
            super().add(work_id)

    told(story, "always", extended())
    assert waiting == []
    told(story, "always", LOST, extended())
    assert waiting == ["work_1"]


@pytest.mark.parametrize("answer", [LOST, REFUSED])
def test_draining_ends_a_claim_at_once(answer):
    """No handler has to start any more."""

    async def story(kept):
        asyncio.get_running_loop().call_later(1.0, kept.draining.set_result, None)
        return await kept.keeper.claim()

    found, kept = told(story, "always", *[answer] * 99)
    assert found is Ending.SHUT_DOWN
    assert kept.now() - kept.began == pytest.approx(1.0, abs=0.2)


def test_a_claim_that_was_carried_out_although_its_response_was_lost_is_sent_again():
    """The 412 names it, but does not extend the lease: the handler would have a part of it only."""
    found, kept = told(claim, "always", LOST, refused("B1", ttl=30), extended("B2"))
    assert found is None
    assert [expected for _, expected, _ in kept.sent] == [NO_HEARTBEAT, NO_HEARTBEAT, "B1"]


# After its end


async def confirm(kept):
    """Look whether the lease is still held."""
    return await kept.keeper.confirm()


@pytest.mark.parametrize(
    ("answers", "expected", "count"),
    [
        ([extended("B1")], None, 1),
        ([STOPPED], Ending.STOPPED, 1),
        ([refused("X")], Ending.LEASE_LOST, 1),
        ([LOST, extended("B1")], None, 2),
        ([LOST, refused("B1", ttl=44)], None, 2),
        ([LOST, LOST], None, 2),
        ([LOST, STOPPED], Ending.STOPPED, 2),
    ],
)
def test_a_held_lease_is_confirmed_by_a_heartbeat_or_two(answers, expected, count):
    """The response to the first may have been lost."""

    async def story(kept):
        return await confirm(kept.held())

    found, kept = told(story, "always", *answers)
    assert (found, len(kept.sent)) == (expected, count)


def test_a_lease_that_was_never_held_needs_no_confirmation():
    """The handler may hold it."""
    found, kept = told(confirm, "auto")
    assert (found, kept.sent) == (None, [])


async def settled(kept, seconds):
    """Let an item be settled for a time after the end of its handler."""
    async with kept.keeper.held_afterwards():
        await asyncio.sleep(seconds)


def test_a_lease_is_left_alone_for_a_second_after_the_end_of_its_handler():
    """By then, most items are settled. The guardian kills nobody from then on."""

    async def story(kept):
        kept.held()
        await settled(kept, 0.9)
        await asyncio.sleep(100)

    _, kept = told(story, "always", *[extended()] * 9)
    assert kept.sent == []
    assert kept.prepared == [("B0", float("inf"))]


def test_a_held_lease_is_kept_while_an_item_is_settled_and_no_longer():
    """That may take long. The guardian knows each heartbeat, and has no deadline."""

    async def story(kept):
        kept.held()
        await settled(kept, 25)
        await asyncio.sleep(100)

    _, kept = told(story, "always", *[extended(f"B{number}") for number in range(1, 9)])
    assert [at for at, *_ in kept.sent] == [10.0, 20.0]
    assert kept.prepared == [(f"B{number}", float("inf")) for number in range(3)]


async def fail_while_settled(kept):
    """Fail while an item is settled."""
    async with kept.keeper.held_afterwards():
        await asyncio.sleep(5)
        raise ValueError("a bug")


def test_a_lease_is_held_afterwards_only_until_the_end_of_a_failure_as_well():
    """An error of the stop ends it, too."""

    async def story(kept):
        kept.held()
        with pytest.raises(ValueError, match="a bug"):
            await fail_while_settled(kept)
        await asyncio.sleep(100)

    _, kept = told(story, "always", *[extended()] * 9)
    assert kept.sent == []


@pytest.mark.parametrize(
    ("answers", "seconds", "lasts"),
    [
        ([refused("X")], 12, False),
        ([extended("B1")], 12, True),
        ([extended(state="stopping", is_extended=False)], 12, True),
        ([LOST] * 50, 40, True),
        ([LOST] * 50, 42, False),
    ],
)
def test_a_lease_that_is_lost_afterwards_has_ended(answers, seconds, lasts):
    """After that, a stop needs a look first. A request to stop the item does not end the lease."""

    async def story(kept):
        kept.held()
        await settled(kept, seconds)
        return kept.lease.lasts(kept.now())

    assert told(story, "always", *answers)[0] is lasts


@pytest.mark.parametrize(("mode", "claimed_at"), [("auto", 150.0), ("never", 150.0)])
def test_a_lease_that_the_handler_had_is_taken_over_while_its_item_is_settled(mode, claimed_at):
    """The worker claims the lease in the middle of the time that is left."""

    async def story(kept):
        await settled(kept, 160)

    looks = [refused(state="starting", ttl=int(301 - at)) for at in range(1, 151, 10)]
    _, kept = told(story, mode, *looks, extended("B1"))
    claims = [at for at, expected, _ in kept.sent if expected == NO_HEARTBEAT]
    assert claims == [pytest.approx(claimed_at, abs=1)]


def test_a_look_whose_response_comes_late_counts_from_when_it_was_sent():
    """The server may have calculated the rest of the lease at that time."""
    _, kept = told(keep, "auto", refused(state="starting", ttl=290), STOPPED)
    assert kept.lease.expires_at - kept.began == pytest.approx(1.0 + 289)


@pytest.mark.parametrize(
    ("passed_s", "lasts_until"),
    [(0.0, 300.0), (200.0, 300.0), (280.0, 310.0), (299.0, 329.0)],
)
def test_the_lease_of_a_handler_that_sent_the_heartbeats_lasts_a_while(passed_s, lasts_until):
    """Only it knew of them. What is known already is not made shorter."""
    found = Lease("never", BEGAN, 45.0)
    found.take_over(BEGAN + passed_s)
    assert found.expires_at == BEGAN + lasts_until
    assert found.next_step() is not None


def test_a_take_over_that_is_due_before_the_middle_of_the_rest_stays_due():
    """After a later claim, the lease might end before the response comes."""
    watched = Lease("auto", BEGAN, 45.0)
    watched.take_over(BEGAN + 230)
    assert watched.next_step() == LeaseStep(LOOK, BEGAN + 231)
    watched.take_failure(watched.next_step(), BEGAN + 239.9)
    assert watched.next_step() == LeaseStep(NO_HEARTBEAT, BEGAN + 240)


def test_a_worker_that_watched_takes_over_in_the_middle_of_the_rest_of_the_lease():
    """One that held it goes on as before."""
    watched = Lease("auto", BEGAN, 45.0)
    watched.take_over(BEGAN + 100)
    steps = []
    while (step := watched.next_step()).expected == LOOK:
        steps.append(step.at)
        watched.take_refusal(
            step,
            {"state": "starting", "last_heartbeat": "", "ttl_seconds": int(1301 - step.at)},
            step.at,
        )
    assert steps[0] == BEGAN + 101
    assert step == LeaseStep(NO_HEARTBEAT, BEGAN + 200)
    held = Lease("always", BEGAN, 45.0)
    held.take_heartbeat(extended(), BEGAN)
    held.take_over(BEGAN + 5)
    assert held.next_step() == LeaseStep("B1", BEGAN + 10)
    held.take_over(BEGAN + 9.5)
    assert held.next_step() == LeaseStep("B1", BEGAN + 10.5)


def test_the_end_of_a_lease_is_not_moved_to_a_later_time():
    """It may have ended before that was noticed."""
    found = Lease("auto", BEGAN, 45.0)
    found.end(BEGAN + 400)
    assert found.expires_at == BEGAN + 300
    found.end(BEGAN + 100)
    assert found.expires_at == BEGAN + 100


@pytest.mark.parametrize(("ttl", "timeout_s"), [(0.3, 0.25), (0.9, 0.3), (3, 1), (300, 30)])
def test_a_heartbeat_waits_for_its_response_for_a_moment_at_least(ttl, timeout_s):
    """Even if the lease is shorter than that."""
    assert Lease("always", BEGAN, ttl).timeout_s == pytest.approx(timeout_s)


@pytest.mark.parametrize(("left_s", "at_least_s"), [(300, 299), (2, 1), (1, 0.5), (0, 0)])
def test_the_rest_of_a_lease_is_shorter_than_it_looks(left_s, at_least_s):
    """The server rounds up."""
    watched = Lease("auto", BEGAN, 45.0)
    shown = {"state": "active", "last_heartbeat": "H", "ttl_seconds": left_s}
    watched.take_refusal(watched.next_step(), shown, BEGAN + 1)
    assert watched.expires_at == BEGAN + 1 + at_least_s


def test_a_doubt_ends_with_the_next_success():
    """A 412 to the holder means another worker then."""
    held = Lease("always", BEGAN, 45.0)
    held.take_heartbeat(extended("B1"), BEGAN)
    held.take_failure(held.next_step(), BEGAN + 10)
    assert held.unclear
    held.take_heartbeat(extended("B2"), BEGAN + 11)
    assert not held.unclear
    other = {"state": "active", "last_heartbeat": "X", "ttl_seconds": 40}
    assert held.take_refusal(held.next_step(), other, BEGAN + 21) is Ending.LEASE_LOST


# Insisting


class Failing:
    """A change that fails for some time, and notes when it was attempted."""

    name = "stop"

    def __init__(self, context, *answers):
        self._context = context
        self._answers = list(answers)
        self.at = []

    async def attempt(self):
        self.at.append(self._context.now())
        answer = self._answers.pop(0) if self._answers else LOST
        if isinstance(answer, Exception):
            raise answer
        return answer


def insisted(*answers, until_s=300.0, ends_at_s=None):
    """Return the verdict on a change, when it was attempted, and the log. The worker may have to end meanwhile."""

    async def insist():
        loop = asyncio.get_running_loop()
        context = SimpleNamespace(
            now=loop.time,
            insists_until=lambda began: began + until_s,
            shutdown=SimpleNamespace(terminating=loop.create_future()),
        )
        change, log, began = Failing(context, *answers), Log(), loop.time()
        if ends_at_s is not None:
            loop.call_later(ends_at_s, context.shutdown.terminating.set_result, None)
        verdict = await make_it_so(change, context, log)
        return verdict, [round(at - began, 1) for at in change.at], log.lines

    with asyncio.Runner(loop_factory=SimulatedLoop) as runner:
        return runner.run(insist())


def test_a_change_that_fails_again_and_again_is_logged_once():
    """Whatever its failures are."""
    verdict, at, lines = insisted(LOST, REFUSED, LOST, Verdict.DONE)
    assert (verdict, len(at)) == (Verdict.DONE, 4)
    assert lines == [("warn", "stop failed; it is repeated")]


def test_a_change_that_is_not_decided_is_attempted_again_without_a_line():
    """None says nothing."""
    verdict, at, lines = insisted(None, None, Verdict.NOT_OURS)
    assert (verdict, len(at), lines) == (Verdict.NOT_OURS, 3, [])


def test_the_last_attempt_comes_at_the_end_of_the_patience():
    """Not before, and not after."""
    verdict, at, _ = insisted(until_s=20.0)
    assert verdict is Verdict.UNCONFIRMED
    assert at[-1] == 20.0
    assert 5 < len(at) < 10  # the pauses grow


def test_a_pause_that_a_server_asks_for_is_only_made_longer():
    """A short one does not make the worker insist faster."""
    busy, later = APIError("POST x", 503, "", b"", ""), APIError("POST x", 429, "", b"", "")
    busy.retry_after_s, later.retry_after_s = 0.01, 50.0
    _, at, _ = insisted(busy, busy, busy, later, Verdict.DONE)
    pauses = [after - before for before, after in pairwise(at)]
    assert all(pause >= 0.3 for pause in pauses)
    assert pauses[-1] == pytest.approx(50.0)


def test_the_end_of_the_worker_ends_a_long_pause_and_leaves_time_for_short_ones():
    """The next attempt comes at once, and those after it no more than five seconds apart."""
    later = APIError("POST x", 429, "", b"", "")
    later.retry_after_s = 60.0
    _, at, _ = insisted(later, later, later, Verdict.DONE, ends_at_s=10.0)
    assert at == [0.0, 10.0, 15.0, 20.0]


def acknowledged(*answers, latency_s=1.0):
    """Return an acknowledgement after its attempts, and when it began."""

    async def acknowledge():
        loop, left = asyncio.get_running_loop(), list(answers)

        async def call(*_):
            await asyncio.sleep(latency_s)
            answer = left.pop(0)
            if isinstance(answer, Exception):
                raise answer
            return answer

        context = SimpleNamespace(
            now=loop.time,
            call=call,
            api=SimpleNamespace(acknowledge=None, heartbeat=None),
            heartbeat="auto",
            insists_until=lambda began: began + 300,
            shutdown=SimpleNamespace(terminating=loop.create_future()),
        )
        began = loop.time()
        await asyncio.sleep(0.5)
        change = Acknowledgement("work_1", began, context)
        verdict = await make_it_so(change, context, Log())
        return verdict, change, began

    with asyncio.Runner(loop_factory=SimulatedLoop) as runner:
        return runner.run(acknowledge())


def test_a_lease_begins_when_the_acknowledgement_was_sent_and_is_known_when_its_response_came():
    """The server may have carried it out at once."""
    _, change, began = acknowledged({"id": "work_1"})
    assert (change.sent_at - began, change.known_at - began) == (0.5, 1.5)


def test_a_lease_whose_acknowledgement_was_lost_begins_when_that_was_sent():
    """It is known after the look."""
    lost = LOST.with_unknown_outcome()
    verdict, change, began = acknowledged(lost, refused(state="starting", ttl=299))
    assert verdict is Verdict.DONE
    assert change.sent_at - began == 0.5
    assert change.known_at - began > 2.5
