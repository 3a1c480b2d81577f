"""The lease as a worker knows it: what it does next, and what each response means. No clock runs here."""

from __future__ import annotations

import pytest

from ant_cli.worker.lease import NO_HEARTBEAT, Action, Lease, LeaseStep, Verdict

ITEM = {"acknowledged_at": "A", "latest_heartbeat_at": None, "state": "starting"}
BEGAN = 1000.0


def lease(mode, ttl_s=300.0):
    return Lease(mode, dict(ITEM), BEGAN, ttl_s)


def response(heartbeat="B1", ttl=300, state="active", *, extended=True):
    return {"last_heartbeat": heartbeat, "ttl_seconds": ttl, "state": state, "lease_extended": extended}


def test_never_does_nothing():
    """The handler has to."""
    assert lease("never").next_step() is None


def test_always_claims_at_once_and_then_heartbeats_often_enough_for_a_stop_request():
    """The first heartbeat expects that there was none; a stop request must arrive within 15 s."""
    held = lease("always")
    assert held.next_step() == LeaseStep(Action.BEAT, BEGAN)
    assert held.last_heartbeat == NO_HEARTBEAT
    assert held.take_heartbeat(response(), BEGAN) is Verdict.KEPT
    assert held.next_step() == LeaseStep(Action.BEAT, BEGAN + 10)
    assert held.last_heartbeat == "B1"
    assert held.held


@pytest.mark.parametrize(("ttl", "interval"), [(300, 10), (20, 5), (2, 0.5), (1, 0.25)])
def test_the_interval_follows_the_lease_that_the_server_gives(ttl, interval):
    """A quarter of it, so that a lost heartbeat or two cost nothing."""
    held = lease("always")
    held.take_heartbeat(response(ttl=ttl), BEGAN)
    assert held.next_step() == LeaseStep(Action.BEAT, BEGAN + interval)


def test_auto_looks_at_the_item_and_takes_over_at_half_of_the_lease():
    """Unless a heartbeat shows up before."""
    watched, looks = lease("auto"), []
    while (step := watched.next_step()).action is Action.LOOK:
        looks.append(step.at - BEGAN)
        assert watched.take_item(dict(ITEM), step.at) is Verdict.KEPT
    assert looks == list(range(10, 150, 10))
    assert step == LeaseStep(Action.BEAT, BEGAN + 150)
    assert watched.last_heartbeat == NO_HEARTBEAT


def test_auto_leaves_the_lease_to_a_handler_that_heartbeats():
    """And takes over at half of the lease after its last heartbeat, which it then names."""
    watched, now = lease("auto"), BEGAN
    while now < BEGAN + 1000:
        step = watched.next_step()
        assert step.action is Action.LOOK
        now = step.at
        watched.take_item({**ITEM, "state": "active", "latest_heartbeat_at": f"H{now}"}, now)
    silent_since = now
    while (step := watched.next_step()).action is Action.LOOK:
        watched.take_item({**ITEM, "state": "active", "latest_heartbeat_at": f"H{silent_since}"}, step.at)
    assert step.at == silent_since + 150
    assert watched.last_heartbeat == f"H{silent_since}"
    assert watched.handler_beats


def test_a_refused_attempt_to_take_over_is_followed_by_a_look():
    """The handler was faster, and is left alone."""
    watched = lease("auto")
    assert watched.take_refusal(BEGAN + 150) is Verdict.KEPT
    assert watched.next_step() == LeaseStep(Action.LOOK, BEGAN + 150)
    watched.take_item({**ITEM, "state": "active", "latest_heartbeat_at": "H"}, BEGAN + 150)
    assert watched.next_step() == LeaseStep(Action.LOOK, BEGAN + 160)


@pytest.mark.parametrize("mode", ["auto", "always"])
def test_a_refused_heartbeat_of_the_holder_means_that_the_lease_is_lost(mode):
    """412: the item is queued again, or another worker has it."""
    held = lease(mode)
    held.take_heartbeat(response(), BEGAN)
    assert held.take_refusal(BEGAN + 10) is Verdict.LOST


def test_a_refused_claim_means_that_the_item_is_somebody_elses():
    """In the mode in which this worker has to hold the lease."""
    assert lease("always").take_refusal(BEGAN) is Verdict.LOST


@pytest.mark.parametrize("state", ["stopping", "stopped"])
def test_a_stop_request_is_seen_in_heartbeats_and_looks(state):
    """Whichever comes first."""
    assert lease("always").take_heartbeat(response(state=state, extended=False), BEGAN) is Verdict.STOP_REQUESTED
    assert lease("auto").take_item({**ITEM, "state": state}, BEGAN) is Verdict.STOP_REQUESTED


def test_a_lease_that_is_not_extended_is_a_stop_request():
    """The server wants an end, whatever the state says."""
    assert lease("always").take_heartbeat(response(extended=False), BEGAN) is Verdict.STOP_REQUESTED


@pytest.mark.parametrize("changed", [{"acknowledged_at": "B"}, {"acknowledged_at": None}, {"state": "queued"}])
def test_an_item_that_was_acknowledged_again_or_is_queued_is_lost(changed):
    """Each acknowledgement has a time of its own."""
    assert lease("auto").take_item({**ITEM, **changed}, BEGAN) is Verdict.LOST


def test_after_a_failed_heartbeat_a_look_shows_whether_it_was_carried_out():
    """The next heartbeat names what the server has, and follows at once."""
    held = lease("always")
    held.take_heartbeat(response(), BEGAN)
    held.take_failure(BEGAN + 10)
    assert held.next_step() == LeaseStep(Action.LOOK, BEGAN + 11)
    assert held.take_item({**ITEM, "state": "active", "latest_heartbeat_at": "B2"}, BEGAN + 11) is Verdict.KEPT
    assert held.next_step() == LeaseStep(Action.BEAT, BEGAN + 11)
    assert held.last_heartbeat == "B2"
    assert not held.handler_beats


def test_a_claim_that_failed_is_made_again_after_a_look():
    """With the sentinel, if the server knows of no heartbeat."""
    held = lease("always")
    held.take_failure(BEGAN + 1)
    assert held.next_step() == LeaseStep(Action.LOOK, BEGAN + 2)
    held.take_item(dict(ITEM), BEGAN + 2)
    assert held.next_step().action is Action.BEAT
    assert held.last_heartbeat == NO_HEARTBEAT


def test_a_handler_must_stop_before_the_lease_can_end():
    """Counted from when the last successful heartbeat was sent, since the server may have got it at once."""
    held = lease("always", ttl_s=60)
    assert (held.expires_at, held.must_stop_at) == (BEGAN + 60, BEGAN + 55)
    held.take_heartbeat(response(ttl=10), BEGAN + 20)
    assert (held.expires_at, held.must_stop_at) == (BEGAN + 30, BEGAN + 29)
    held.take_failure(BEGAN + 25)
    assert held.must_stop_at == BEGAN + 29


def test_a_heartbeat_is_never_due_after_half_of_the_lease():
    """Even right after a look."""
    held = lease("always", ttl_s=2)
    held.take_heartbeat(response(ttl=2), BEGAN)
    held.take_failure(BEGAN + 0.9)
    held.take_item({**ITEM, "latest_heartbeat_at": "B1"}, BEGAN + 1.4)
    assert held.next_step().at <= BEGAN + 1.4
