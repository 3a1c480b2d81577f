"""The worker's view of a lease: its next heartbeat, and the meaning of each response. The tests need no clock."""

from __future__ import annotations

import asyncio
import json
from math import ceil
from unittest.mock import AsyncMock, Mock

import pytest

from ant_cli.errors import APIError, NetworkError
from ant_cli.worker.endings import Ending
from ant_cli.worker.lease import LOOK, NO_HEARTBEAT, Lease, LeaseKeeper, LeaseStep
from ant_cli.worker.metrics import Tally
from ant_cli.worker.work_api import item_in_refusal

BEGAN = 1000.0
QUEUED = {"state": "queued", "ttl_seconds": 0, "last_heartbeat": ""}


def lease(mode, ttl_s=45.0):
    return Lease(mode, BEGAN, ttl_s)


def response(heartbeat="B1", ttl=45, state="active", *, extended=True):
    return {
        "last_heartbeat": heartbeat,
        "ttl_seconds": ttl,
        "state": state,
        "lease_extended": extended,
    }


def current(heartbeat="", ttl=300, state="active"):
    """Return what a 412 says about an item."""
    return {"last_heartbeat": heartbeat, "ttl_seconds": ttl, "state": state}


def refusal(**item):
    body = json.dumps({"error": {"details": {"current_state": current(**item)}}}).encode()
    return APIError("POST x", 412, "Precondition Failed", body, "")


def refused(watched, at=None, **item):
    """Let the next heartbeat be refused with what the item is like, and return the step after it."""
    step = watched.next_step()
    assert watched.take_refusal(step, current(**item), step.at if at is None else at) is None
    return watched.next_step()


def keeper_of(found, **context):
    """Return the keeper of a lease. It must be made in an event loop."""
    now = asyncio.get_running_loop().time
    return LeaseKeeper("work_1", found, Mock(), Mock(now=now, **context), Mock())


def fallback_of(found):
    async def fallback():
        return keeper_of(found).fallback

    return asyncio.run(fallback())


def claiming_lease(mode="auto"):
    """Return a lease whose next step is the first heartbeat of this worker."""
    found = lease(mode)
    while found.next_step().expected == LOOK:
        refused(found, state="starting")
    return found


def test_a_worker_that_never_heartbeats_has_no_next_step():
    """The handler has to heartbeat."""
    assert lease("never").next_step() is None


def test_a_handler_that_the_lease_is_left_to_has_no_deadline_and_its_item_is_given_back_if_the_worker_is_killed():
    """Otherwise it would be killed when the lease that this worker knows of ends, or its item be lost with it."""
    fallback = fallback_of(lease("never"))
    assert fallback.deadline == float("inf")
    assert json.loads(fallback.lease) == {
        "work_id": "work_1",
        "last_heartbeat": NO_HEARTBEAT,
        "ack_arrives_until": 0.0,
    }


def test_a_handler_whose_lease_is_watched_has_a_deadline_and_its_item_is_given_back_if_the_worker_is_killed():
    """The worker may be stopped for so long that the lease ends."""
    watched = lease("auto")
    refused(watched, state="starting", ttl=100)
    fallback = fallback_of(watched)
    assert fallback.deadline < float("inf")
    assert json.loads(fallback.lease)["last_heartbeat"] == NO_HEARTBEAT


def test_an_item_that_is_given_up_does_not_wait_for_its_lease_any_more():
    """A worker with such an item would never be ready again."""

    async def claim():
        draining, tally = asyncio.get_running_loop().create_future(), Tally(1)

        async def fail(*_):
            draining.set_result(None)
            raise NetworkError("no response")

        shutdown, options = Mock(draining=draining), Mock(lease=45.0)
        context = {"call": fail, "shutdown": shutdown, "options": options, "tally": tally}
        assert await keeper_of(lease("always"), **context).claim() is Ending.SHUT_DOWN
        return tally.waiting_for_leases

    assert asyncio.run(claim()) == set()


def test_a_worker_that_always_heartbeats_claims_at_once_and_notices_a_stop_request_in_time():
    """The first heartbeat expects that there was none before. A stop request must be noticed soon."""
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


@pytest.mark.parametrize(("ttl", "timeout_s"), [(300, 30), (45, 15), (6, 2), (1, 1 / 3)])
def test_a_heartbeat_waits_for_its_response_for_a_fraction_of_the_lease(ttl, timeout_s):
    """A slow network is no reason to end handlers, and there is time for another one."""
    held = lease("always")
    held.take_heartbeat(response(ttl=ttl), BEGAN)
    assert held.timeout_s == timeout_s


def test_a_heartbeat_that_was_under_way_when_the_handler_ended_is_no_conflict():
    """It may have been carried out. The look before the stop must not take it for that of another worker."""
    refused = refusal(heartbeat="B2", ttl=44)

    async def endings():
        held = lease("always")
        held.take_heartbeat(response(), BEGAN)
        now = asyncio.get_running_loop().time()
        held.expires_at = held.must_stop_at = now + 45
        call = AsyncMock(side_effect=[asyncio.CancelledError, refused, refused])
        keeper = keeper_of(held, call=call, options=Mock(lease=45.0))
        with pytest.raises(asyncio.CancelledError):
            await keeper.confirm()
        return [await keeper.confirm(), held.last_heartbeat]

    assert asyncio.run(endings()) == [None, "B2"]


def test_a_412_whose_details_are_not_of_the_form_of_the_api_says_nothing():
    """The worker then goes by the status alone."""
    body = json.dumps(
        {"error": {"details": {"current_state": {**current(), "ttl_seconds": "60"}}}}
    ).encode()
    assert item_in_refusal(APIError("POST x", 412, "Precondition Failed", body, "")) == {}


# The automatic mode


def test_a_handler_has_four_fifths_of_the_acknowledged_lease_for_its_first_heartbeat():
    """It may pull an image first. A look is a heartbeat that can't succeed, and shows what is left of the lease.

    Two slow heartbeats still fit in afterwards.
    """
    watched, looks = lease("auto"), []
    while (step := watched.next_step()).expected == LOOK:
        looks.append(step.at - BEGAN)
        refused(watched, state="starting", ttl=int(301 - looks[-1]))
    assert looks == [1 + 10 * number for number in range(24)]
    assert (step.expected, watched.must_stop_at >= step.at + 50) == (NO_HEARTBEAT, True)
    assert BEGAN + 239 <= step.at <= BEGAN + 240
    assert watched.take_heartbeat(response(), step.at) is None
    assert watched.next_step() == LeaseStep("B1", step.at + 10)
    assert watched.held


@pytest.mark.parametrize(("lease_s", "earliest_s"), [(4, 2), (60, 46)])
def test_an_automatic_worker_claims_before_a_short_lease_of_the_server_ends(lease_s, earliest_s):
    """A lease is short with the emulator's --lease-seconds 4. The handler has most of it to claim it first."""
    watched = lease("auto")
    while (step := watched.next_step()).expected == LOOK:
        refused(watched, state="starting", ttl=ceil(BEGAN + lease_s - step.at))
    assert BEGAN + earliest_s < step.at < watched.must_stop_at < BEGAN + lease_s
    assert step.at <= BEGAN + 0.8 * lease_s


def test_what_a_response_to_a_heartbeat_does_not_say_is_as_before():
    """The length of the lease stays. Without last_heartbeat, the next heartbeat expects none."""
    held = lease("always")
    held.take_heartbeat(response(ttl=20), BEGAN)
    held.take_heartbeat({"state": "active", "lease_extended": True}, BEGAN + 5)
    assert held.expires_at == BEGAN + 25
    assert held.next_step() == LeaseStep(NO_HEARTBEAT, BEGAN + 10)


def test_an_automatic_worker_watches_a_handler_that_heartbeats_and_takes_over_if_it_stops():
    """It takes over two thirds of the lease after the last heartbeat that it saw, and names that one."""
    watched, now = lease("auto"), BEGAN
    for number in range(20):
        step = watched.next_step()
        assert (step.expected, step.at - now) == (LOOK, 60 if number else 1)
        now = step.at
        assert watched.take_refusal(step, current(f"H{number}", ttl=301), now) is None
    silent_since = now
    while (step := watched.next_step()).expected == LOOK:
        refused(watched, heartbeat="H19", ttl=int(301 - (step.at - silent_since)))
    assert step == LeaseStep("H19", silent_since + 200)
    assert not watched.held


def test_a_handler_that_sends_its_heartbeats_after_half_of_the_lease_keeps_it():
    """Official ones do, if the lease is one of 60 seconds or less. A look may come right after a heartbeat."""
    watched = lease("auto")
    for beat in range(1, 20):
        last = BEGAN + 30 * (beat - 1)
        while (step := watched.next_step()).at < BEGAN + 30 * beat:
            assert step.expected == LOOK
            refused(watched, heartbeat=f"H{beat}", ttl=int(last + 61 - step.at))


def test_a_handler_whose_heartbeat_is_faster_than_the_claim_keeps_the_lease():
    """The 412 shows its heartbeat."""
    watched = claiming_lease()
    claim = watched.next_step()
    assert refused(watched, heartbeat="H") == LeaseStep(LOOK, claim.at + 60)


def test_a_worker_leaves_the_lease_to_the_handler_if_the_server_does_not_say_who_has_it():
    """A 412 without details to a claim means that the handler sends heartbeats. To a look, it says nothing."""
    watched = lease("auto")
    while (step := watched.next_step()).expected == LOOK:
        assert watched.take_refusal(step, {}, step.at) is None
    assert step == LeaseStep(NO_HEARTBEAT, BEGAN + 240)
    assert watched.take_refusal(step, {}, BEGAN + 240) is None
    assert watched.next_step() is None


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


def test_a_412_that_shows_no_other_holder_is_repeated():
    """The server contradicts itself. Killing the handler at once would lose its work."""
    held = lease("always")
    held.take_heartbeat(response(), BEGAN)
    assert BEGAN + 10.3 < refused(held, heartbeat="B1").at < BEGAN + 11


def test_an_item_that_is_queued_again_is_lost():
    """The lease has ended, and anybody may take it."""
    watched = lease("auto")
    assert watched.take_refusal(watched.next_step(), QUEUED, BEGAN + 1) is Ending.LEASE_LOST


@pytest.mark.parametrize("state", ["stopping", "stopped"])
def test_a_stop_request_is_noticed_in_every_response(state):
    """Whichever comes first."""
    noticed = {"stopping": Ending.STOP_REQUESTED, "stopped": Ending.STOPPED}[state]
    for mode in ("always", "auto"):
        watched = lease(mode)
        assert watched.take_refusal(watched.next_step(), current(state=state), BEGAN) is noticed
        for extended in (False, True):
            answer = response(state=state, extended=extended)
            assert lease(mode).take_heartbeat(answer, BEGAN) is noticed


def test_a_lease_that_is_not_extended_is_a_stop_request():
    """The server wants the item to end, whatever its state is."""
    assert lease("always").take_heartbeat(response(extended=False), BEGAN) is Ending.STOP_REQUESTED


def test_a_handler_is_asked_to_end_and_killed_before_the_lease_can_end():
    """The time runs from when the last successful heartbeat was sent, because it may have arrived at once."""
    held = lease("always")
    held.take_heartbeat(response(ttl=60), BEGAN)
    assert (held.expires_at, held.must_stop_at) == (BEGAN + 60, BEGAN + 55)
    held.take_heartbeat(response(ttl=20), BEGAN + 20)
    assert held.expires_at == BEGAN + 40
    ends = (held.must_stop_at, held.must_kill_at, held.guardian_kills_at)
    assert ends == (BEGAN + 38, BEGAN + 39, BEGAN + 39.5)
    held.take_failure(held.next_step(), BEGAN + 25)
    assert held.must_stop_at == BEGAN + 38


@pytest.mark.parametrize("mode", ["auto", "always", "never"])
def test_until_the_first_heartbeat_the_lease_of_the_server_counts(mode):
    """It is 300 s, however short the lease is that this worker asks for later."""
    assert lease(mode, ttl_s=2).expires_at == BEGAN + 300


# Lost responses


def test_a_failed_heartbeat_is_repeated_after_growing_pauses():
    """One refusal is not the end, whatever its status is. A success makes the next pause short again."""
    held = lease("always")
    for _ in range(2):
        at, pauses = BEGAN, []
        for _ in range(7):
            held.take_failure(held.next_step(), at)
            pauses.append(held.next_step().at - at)
            at += pauses[-1]
        for pause, longest in zip(pauses, [0.5, 1, 2, 4, 8, 8, 8], strict=True):
            assert 0.75 * longest <= pause <= longest
        held.take_heartbeat(response(), BEGAN)


@pytest.mark.parametrize(("asked", "pause"), [(15, 15), (30, 15.5), (3600, 15.5)])
def test_the_pause_that_a_server_asks_for_is_kept_within_the_lease(asked, pause):
    """There is time for one more heartbeat before the handler has to end."""
    held = lease("always")
    held.take_heartbeat(response(), BEGAN)
    held.take_failure(held.next_step(), BEGAN + 10, asked)
    assert held.next_step().at == BEGAN + 10 + pause


def test_a_heartbeat_whose_response_was_lost_is_recognized():
    """The 412 to its repetition names it. As long as the lease lasts, nobody else can have sent it."""
    held = lease("always")
    held.take_heartbeat(response(), BEGAN)
    held.take_failure(held.next_step(), BEGAN + 15)
    assert refused(held, BEGAN + 15, heartbeat="B2", ttl=40) == LeaseStep("B2", BEGAN + 15)
    assert held.expires_at == BEGAN + 15 + 39
    assert held.take_refusal(held.next_step(), current("X"), BEGAN + 15) is Ending.LEASE_LOST


@pytest.mark.parametrize("left_s", [40, 45])
@pytest.mark.parametrize("mode", ["auto", "always"])
def test_a_claim_whose_response_was_lost_is_recognized(mode, left_s):
    """The lease has the length that this worker asked for."""
    claiming = claiming_lease(mode)
    at = claiming.next_step().at
    claiming.take_failure(claiming.next_step(), at + 5)
    assert refused(claiming, at + 6, heartbeat="B1", ttl=left_s) == LeaseStep("B1", at + 6)
    assert claiming.held


def test_a_412_that_says_nothing_ends_a_held_lease_also_after_a_lost_response():
    """Nobody can tell whose heartbeat was the last one."""
    held = lease("always")
    held.take_heartbeat(response(), BEGAN)
    held.take_failure(held.next_step(), BEGAN + 15)
    assert held.take_refusal(held.next_step(), {}, BEGAN + 16) is Ending.LEASE_LOST


def test_a_look_that_fails_does_not_delay_the_claim():
    """The pause that the server asks for does not matter."""
    watched = lease("auto")
    watched.take_failure(watched.next_step(), BEGAN + 200, retry_after_s=60)
    assert watched.next_step() == LeaseStep(NO_HEARTBEAT, BEGAN + 240)


def test_a_longer_lease_than_that_of_a_lost_claim_is_the_handlers():
    """The SDKs' handlers ask for no length, so they get the server's."""
    claiming = claiming_lease()
    claiming.take_failure(claiming.next_step(), BEGAN + 245)
    assert refused(claiming, heartbeat="H", ttl=296).expected == LOOK
    assert not claiming.held


def test_a_failed_look_leaves_nothing_unclear():
    """It changes nothing, even if it was carried out."""
    watched = lease("auto")
    watched.take_failure(watched.next_step(), BEGAN + 6)
    assert refused(watched, heartbeat="H", ttl=40).expected == LOOK
    assert not watched.held
