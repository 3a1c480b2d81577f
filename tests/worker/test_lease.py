"""The worker's view of a lease: its next heartbeat, and the meaning of each response. The tests need no clock."""

from __future__ import annotations

import asyncio
from unittest.mock import AsyncMock, Mock

import pytest

from ant_cli.worker.guardian import UNLIMITED
from ant_cli.worker.lease import LOOK, NO_HEARTBEAT, Lease, LeaseKeeper, LeaseStep
from ant_cli.worker.settlement import Ending

BEGAN = 1000.0
QUEUED = {"state": "queued", "ttl_seconds": 0, "last_heartbeat": ""}


def lease(mode, ttl_s=45.0, **options):
    return Lease(mode, BEGAN, ttl_s, **options)


def response(heartbeat="B1", ttl=45, state="active", *, extended=True):
    return {"last_heartbeat": heartbeat, "ttl_seconds": ttl, "state": state, "lease_extended": extended}


def current(heartbeat="", ttl=300, state="active"):
    """Return what a 412 says about an item."""
    return {"last_heartbeat": heartbeat, "ttl_seconds": ttl, "state": state}


def refused(watched, at=None, **item):
    """Let the next heartbeat be refused with what the item is like, and return the step after it."""
    step = watched.next_step()
    assert watched.take_refusal(step, current(**item), step.at if at is None else at) is None
    return watched.next_step()


def forbid_look(watched):
    """Let a look fail with an error that says nothing about the item."""
    watched.take_refusal(LeaseStep(LOOK, BEGAN + 1), {}, BEGAN + 1)


def test_a_worker_that_never_heartbeats_has_no_next_step():
    """The handler has to heartbeat."""
    assert lease("never").next_step() is None


def test_a_handler_that_the_lease_is_left_to_has_no_deadline():
    """Otherwise the guardian would kill it when the lease that this worker knows of ends."""

    async def limit():
        return LeaseKeeper("work_1", lease("never"), Mock(), Mock()).handler_limit

    assert asyncio.run(limit()) == UNLIMITED


def test_an_item_can_be_given_back_again_for_longer():
    """The second heartbeat expects the first. No lease is longer than 300 seconds."""

    async def leases():
        context = Mock(call=AsyncMock(return_value=response("H1")))
        keeper = LeaseKeeper("work_1", lease("auto"), context, Mock())
        assert not await keeper.give_back(10)
        assert not await keeper.give_back(301)
        return [call.args[2:4] for call in context.call.await_args_list]

    assert asyncio.run(leases()) == [(NO_HEARTBEAT, 10), ("H1", 300)]


def test_a_worker_that_always_heartbeats_claims_at_once_and_notices_a_stop_request_in_time():
    """The first heartbeat expects that there was none before. A stop request must be noticed within 15 s."""
    held = lease("always")
    assert held.next_step() == LeaseStep(NO_HEARTBEAT, BEGAN)
    assert held.take_heartbeat(response(), BEGAN) is None
    assert held.next_step() == LeaseStep("B1", BEGAN + 10)
    assert held.held


@pytest.mark.parametrize(("ttl", "interval"), [(300, 10), (20, 5), (2, 0.5), (1, 0.25)])
def test_the_interval_between_heartbeats_follows_the_lease_from_the_server(ttl, interval):
    """It is a quarter of the lease, so that one or two lost heartbeats do no harm."""
    held = lease("always")
    held.take_heartbeat(response(ttl=ttl), BEGAN)
    assert held.next_step() == LeaseStep("B1", BEGAN + interval)


@pytest.mark.parametrize(("ttl", "timeout_s"), [(300, 5), (12, 2), (1, 0.25)])
def test_a_heartbeat_waits_for_its_response_for_a_fraction_of_the_lease(ttl, timeout_s):
    """So there is time for several more."""
    held = lease("always")
    held.take_heartbeat(response(ttl=ttl), BEGAN)
    assert held.timeout_s == timeout_s


# The automatic mode


def test_an_automatic_worker_looks_once_and_then_claims_what_the_handler_does_not():
    """A look is a heartbeat that can't succeed. The handler has 20 seconds for its first heartbeat."""
    watched = lease("auto")
    assert watched.next_step() == LeaseStep(LOOK, BEGAN + 1)
    assert refused(watched, state="starting") == LeaseStep(NO_HEARTBEAT, BEGAN + 20)
    assert watched.take_heartbeat(response(), BEGAN + 20) is None
    assert watched.next_step() == LeaseStep("B1", BEGAN + 30)
    assert (watched.held, watched.handler_beats) == (True, False)


def test_an_automatic_worker_claims_before_a_short_lease_of_the_server_ends():
    """An emulator may be started with --lease-seconds 4."""
    watched = lease("auto")
    assert refused(watched, state="starting", ttl=3) == LeaseStep(NO_HEARTBEAT, BEGAN + 2)
    assert BEGAN + 2 < watched.must_stop_at < BEGAN + 4


def test_a_patient_worker_leaves_the_handler_half_of_the_lease_of_the_server():
    """This is for handlers that are known to send heartbeats, but perhaps only after a long start."""
    watched = lease("auto", patient=True)
    assert refused(watched, state="starting", ttl=299) == LeaseStep(NO_HEARTBEAT, BEGAN + 150)


def test_an_automatic_worker_watches_a_handler_that_heartbeats_and_takes_over_if_it_stops():
    """It takes over at half of the lease after the last heartbeat that it saw, and names that one."""
    watched, now = lease("auto"), BEGAN
    for number in range(20):
        step = watched.next_step()
        assert (step.expected, step.at - now) == (LOOK, 60 if number else 1)
        now = step.at
        assert watched.take_refusal(step, current(f"H{number}", ttl=301), now) is None
    silent_since = now
    while (step := watched.next_step()).expected == LOOK:
        refused(watched, heartbeat="H19", ttl=int(301 - (step.at - silent_since)))
    assert step == LeaseStep("H19", silent_since + 150)
    assert watched.handler_beats
    assert not watched.held


def test_a_handler_whose_heartbeat_is_faster_than_the_claim_keeps_the_lease():
    """The 412 shows its heartbeat."""
    watched = lease("auto")
    refused(watched, state="starting")
    assert refused(watched, heartbeat="H") == LeaseStep(LOOK, BEGAN + 80)
    assert watched.handler_beats


def test_a_worker_leaves_the_lease_to_the_handler_if_the_server_does_not_say_who_has_it():
    """A 412 without details to a claim means that the handler sends heartbeats."""
    watched = lease("auto")
    assert watched.take_refusal(watched.next_step(), {}, BEGAN + 1) is None
    step = watched.next_step()
    assert step == LeaseStep(NO_HEARTBEAT, BEGAN + 20)
    assert watched.take_refusal(step, {}, BEGAN + 20) is None
    assert watched.next_step() is None
    assert watched.handler_beats


def test_a_server_that_allows_no_look_costs_no_lease():
    """The worker claims when it is due."""
    watched = lease("auto")
    forbid_look(watched)
    assert watched.next_step() == LeaseStep(NO_HEARTBEAT, BEGAN + 20)


# The end


@pytest.mark.parametrize("mode", ["auto", "always"])
@pytest.mark.parametrize("details", [current("H"), {}])
def test_a_refused_heartbeat_of_the_holder_means_that_the_lease_is_lost(mode, details):
    """412: the item is queued again, or another worker has it."""
    held = lease(mode)
    held.take_heartbeat(response(), BEGAN)
    assert held.take_refusal(held.next_step(), details, BEGAN + 10) is Ending.LEASE_LOST


@pytest.mark.parametrize("details", [current("H"), {}])
def test_a_refused_claim_means_that_the_item_belongs_to_somebody_else(details):
    """This applies to the mode in which this worker has to hold the lease."""
    claiming = lease("always")
    assert claiming.take_refusal(claiming.next_step(), details, BEGAN) is Ending.LEASE_LOST


def test_an_item_that_is_queued_again_is_lost():
    """The lease has ended, and anybody may take it."""
    watched = lease("auto")
    assert watched.take_refusal(watched.next_step(), QUEUED, BEGAN + 1) is Ending.LEASE_LOST


@pytest.mark.parametrize("state", ["stopping", "stopped"])
def test_a_stop_request_is_noticed_in_every_response(state):
    """Whichever comes first."""
    assert lease("always").take_heartbeat(response(state=state, extended=False), BEGAN) is Ending.STOP_REQUESTED
    noticed = {"stopping": Ending.STOP_REQUESTED, "stopped": Ending.STOPPED}[state]
    watched = lease("auto")
    assert watched.take_refusal(watched.next_step(), current(state=state), BEGAN) is noticed
    claiming = lease("auto")
    assert claiming.take_heartbeat(response(state=state, extended=False), BEGAN) is noticed


def test_an_item_that_is_stopped_under_the_lease_of_the_worker_was_stopped_by_somebody_else():
    """The handler of a worker that holds the lease does not stop the item."""
    held = lease("always")
    held.take_heartbeat(response(), BEGAN)
    refusal = current(state="stopped")
    assert held.take_refusal(held.next_step(), refusal, BEGAN + 1) is Ending.STOP_REQUESTED


def test_a_lease_that_is_not_extended_is_a_stop_request():
    """The server wants the item to end, whatever its state is."""
    assert lease("always").take_heartbeat(response(extended=False), BEGAN) is Ending.STOP_REQUESTED


def test_a_handler_must_stop_before_the_lease_can_end():
    """The time runs from when the last successful heartbeat was sent, because it may have arrived at once."""
    held = lease("always", ttl_s=60)
    assert (held.expires_at, held.must_stop_at) == (BEGAN + 60, BEGAN + 55)
    held.take_heartbeat(response(ttl=10), BEGAN + 20)
    assert (held.expires_at, held.must_stop_at) == (BEGAN + 30, BEGAN + 29)
    held.take_failure(held.next_step(), BEGAN + 25, BEGAN + 27)
    assert held.must_stop_at == BEGAN + 29


def test_until_the_first_heartbeat_the_lease_of_the_server_counts():
    """It is 300 s, however short the lease is that this worker asks for later."""
    assert lease("auto", ttl_s=2).expires_at == BEGAN + 300
    assert lease("never", ttl_s=2).expires_at == BEGAN + 300


# Lost responses


def test_a_heartbeat_without_a_response_is_repeated_soon():
    """It is sent at once after a timeout, and after a second at most if it failed early."""
    held = lease("always")
    held.take_heartbeat(response(), BEGAN)
    held.take_failure(held.next_step(), BEGAN + 10, BEGAN + 10)
    assert held.next_step() == LeaseStep("B1", BEGAN + 11)
    held.take_failure(held.next_step(), BEGAN + 11, BEGAN + 16)
    assert held.next_step() == LeaseStep("B1", BEGAN + 16)


def test_a_heartbeat_whose_response_was_lost_is_recognized():
    """The 412 to its repetition names it. As long as the lease lasts, nobody else can have sent it."""
    held = lease("always")
    held.take_heartbeat(response(), BEGAN)
    held.take_failure(held.next_step(), BEGAN + 10, BEGAN + 15)
    assert refused(held, heartbeat="B2", ttl=40) == LeaseStep("B2", BEGAN + 15)
    assert held.take_refusal(held.next_step(), current("X"), BEGAN + 15) is Ending.LEASE_LOST


@pytest.mark.parametrize("mode", ["auto", "always"])
def test_a_claim_whose_response_was_lost_is_recognized(mode):
    """The lease has the length that this worker asked for."""
    claiming = lease(mode)
    forbid_look(claiming)
    at = claiming.next_step().at
    claiming.take_failure(claiming.next_step(), at, at + 5)
    assert refused(claiming, heartbeat="B1", ttl=40) == LeaseStep("B1", at + 5)
    assert claiming.held
    assert not claiming.handler_beats


def test_a_longer_lease_than_that_of_a_lost_claim_is_the_handlers():
    """The SDKs' handlers ask for no length, so they get the server's."""
    claiming = lease("auto")
    forbid_look(claiming)
    claiming.take_failure(claiming.next_step(), BEGAN + 10, BEGAN + 15)
    refused(claiming, heartbeat="H", ttl=296)
    assert claiming.handler_beats
    assert not claiming.held


def test_a_failed_look_leaves_nothing_unclear():
    """It changes nothing, even if it was carried out."""
    watched = lease("auto")
    watched.take_failure(watched.next_step(), BEGAN + 1, BEGAN + 6)
    assert refused(watched, heartbeat="H", ttl=40).expected == LOOK
    assert watched.handler_beats
