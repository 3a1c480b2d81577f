"""The worker's view of a lease: its next step, and the meaning of each response. The tests need no clock."""

from __future__ import annotations

import pytest

from ant_cli.worker.lease import NO_HEARTBEAT, Action, Lease, LeaseStep, Verdict

ITEM = {"acknowledged_at": "A", "latest_heartbeat_at": None, "state": "starting"}
BEGAN = 1000.0


def lease(mode, ttl_s=300.0):
    return Lease(mode, dict(ITEM), BEGAN, ttl_s)


def response(heartbeat="B1", ttl=300, state="active", *, extended=True):
    return {"last_heartbeat": heartbeat, "ttl_seconds": ttl, "state": state, "lease_extended": extended}


def test_a_worker_that_never_heartbeats_has_no_next_step():
    """The handler has to heartbeat."""
    assert lease("never").next_step() is None


def test_a_worker_that_always_heartbeats_claims_at_once_and_notices_a_stop_request_in_time():
    """The first heartbeat expects that there was none before. A stop request must be noticed within 15 s."""
    held = lease("always")
    assert held.next_step() == LeaseStep(Action.BEAT, BEGAN)
    assert held.last_heartbeat == NO_HEARTBEAT
    assert held.take_heartbeat(response(), BEGAN) is Verdict.KEPT
    assert held.next_step() == LeaseStep(Action.BEAT, BEGAN + 10)
    assert held.last_heartbeat == "B1"
    assert held.held


@pytest.mark.parametrize(("ttl", "interval"), [(300, 10), (20, 5), (2, 0.5), (1, 0.25)])
def test_the_interval_between_heartbeats_follows_the_lease_from_the_server(ttl, interval):
    """It is a quarter of the lease, so that one or two lost heartbeats do no harm."""
    held = lease("always")
    held.take_heartbeat(response(ttl=ttl), BEGAN)
    assert held.next_step() == LeaseStep(Action.BEAT, BEGAN + interval)


def test_an_automatic_worker_looks_at_the_item_and_takes_over_at_half_of_the_lease():
    """It does not take over if another heartbeat appears first."""
    watched, looks = lease("auto"), []
    while (step := watched.next_step()).action is Action.LOOK:
        looks.append(step.at - BEGAN)
        assert watched.take_item(dict(ITEM), step.at) is Verdict.KEPT
    assert looks == list(range(10, 150, 10))
    assert step == LeaseStep(Action.BEAT, BEGAN + 150)
    assert watched.last_heartbeat == NO_HEARTBEAT


def test_an_automatic_worker_leaves_the_lease_to_a_handler_that_heartbeats():
    """It takes over at half of the lease after the handler's last heartbeat, and names that heartbeat."""
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


def test_a_look_follows_a_rejected_attempt_to_take_over():
    """The handler was faster, and keeps the lease."""
    watched = lease("auto")
    assert watched.take_refusal(BEGAN + 150) is Verdict.KEPT
    assert watched.next_step() == LeaseStep(Action.LOOK, BEGAN + 150)
    watched.take_item({**ITEM, "state": "active", "latest_heartbeat_at": "H"}, BEGAN + 150)
    assert watched.next_step() == LeaseStep(Action.LOOK, BEGAN + 160)


@pytest.mark.parametrize("mode", ["auto", "always"])
def test_a_rejected_heartbeat_of_the_holder_means_that_the_lease_is_lost(mode):
    """412: the item is queued again, or another worker has it."""
    held = lease(mode)
    held.take_heartbeat(response(), BEGAN)
    assert held.take_refusal(BEGAN + 10) is Verdict.LOST


def test_a_rejected_claim_means_that_the_item_belongs_to_somebody_else():
    """This applies to the mode in which this worker has to hold the lease."""
    assert lease("always").take_refusal(BEGAN) is Verdict.LOST


@pytest.mark.parametrize("state", ["stopping", "stopped"])
def test_a_stop_request_is_noticed_in_heartbeats_and_looks(state):
    """Whichever comes first."""
    assert lease("always").take_heartbeat(response(state=state, extended=False), BEGAN) is Verdict.STOP_REQUESTED
    assert lease("auto").take_item({**ITEM, "state": state}, BEGAN) is Verdict.STOP_REQUESTED


def test_a_lease_that_is_not_extended_is_a_stop_request():
    """The server wants the item to end, whatever its state is."""
    assert lease("always").take_heartbeat(response(extended=False), BEGAN) is Verdict.STOP_REQUESTED


@pytest.mark.parametrize("changed", [{"acknowledged_at": "B"}, {"acknowledged_at": None}, {"state": "queued"}])
def test_an_item_that_was_acknowledged_again_or_is_queued_is_lost(changed):
    """Each acknowledgement has its own time."""
    assert lease("auto").take_item({**ITEM, **changed}, BEGAN) is Verdict.LOST


def test_after_a_failed_heartbeat_a_look_shows_whether_it_was_carried_out():
    """The next heartbeat names the server's last one, and follows at once."""
    held = lease("always")
    held.take_heartbeat(response(), BEGAN)
    held.take_failure(BEGAN + 10)
    assert held.next_step() == LeaseStep(Action.LOOK, BEGAN + 11)
    assert held.take_item({**ITEM, "state": "active", "latest_heartbeat_at": "B2"}, BEGAN + 11) is Verdict.KEPT
    assert held.next_step() == LeaseStep(Action.BEAT, BEGAN + 11)
    assert held.last_heartbeat == "B2"
    assert not held.handler_beats


def test_a_failed_claim_is_repeated_after_a_look():
    """It has the sentinel if the server knows of no heartbeat."""
    held = lease("always")
    held.take_failure(BEGAN + 1)
    assert held.next_step() == LeaseStep(Action.LOOK, BEGAN + 2)
    held.take_item(dict(ITEM), BEGAN + 2)
    assert held.next_step().action is Action.BEAT
    assert held.last_heartbeat == NO_HEARTBEAT


def test_a_handler_must_stop_before_the_lease_can_end():
    """The time runs from when the last successful heartbeat was sent, because it may have arrived at once."""
    held = lease("always", ttl_s=60)
    assert (held.expires_at, held.must_stop_at) == (BEGAN + 60, BEGAN + 55)
    held.take_heartbeat(response(ttl=10), BEGAN + 20)
    assert (held.expires_at, held.must_stop_at) == (BEGAN + 30, BEGAN + 29)
    held.take_failure(BEGAN + 25)
    assert held.must_stop_at == BEGAN + 29


def test_a_heartbeat_is_never_due_after_half_of_the_lease():
    """This holds even right after a look."""
    held = lease("always", ttl_s=2)
    held.take_heartbeat(response(ttl=2), BEGAN)
    held.take_failure(BEGAN + 0.9)
    held.take_item({**ITEM, "latest_heartbeat_at": "B1"}, BEGAN + 1.4)
    assert held.next_step().at <= BEGAN + 1.4
