"""Drills with open outcomes in simulated time: slow networks, lost answers, refusals, kills, outages."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from unittest.mock import patch

import pytest

from ant_cli.worker import lease as lease_module
from ant_cli.worker import supervisor as supervisor_module
from tests.helpers.fault_proxy import NO_FAULT, Fault, only, slow
from tests.worker.simulation import Plan, attacked_fleet, each_third_lost, simulate

MODES = pytest.mark.parametrize("heartbeat", ["auto", "always", "never"])
MINUTE, HOUR = 60.0, 3600.0
UNCONFIRMED = "the stop is not confirmed; the item may run again after its lease"


def refuses(kind, status, times):
    """Return the choice of a gateway that refuses the first requests of a kind."""
    return lambda number, what: (
        Fault(refusal=status) if (what, number <= times) == (kind, True) else NO_FAULT
    )


def nothing_lost(simulation):
    """Assert that each item was done once."""
    assert simulation.states().keys() <= {"stopped"}
    assert set(simulation.ledger.started.values()) == {1}
    assert simulation.ledger.finished == simulation.ledger.started
    assert [worker.guardian.leases for worker in simulation.workers if worker.guardian.leases] == []


@MODES
@pytest.mark.parametrize("latency_s", [0.0, 3.0, 12.0])
def test_a_slow_network_strands_no_item(heartbeat, latency_s):
    """Responses come late, and each of them counts."""

    async def story(simulation):
        simulation.server.enqueue(20)
        simulation.start(choose=slow(latency_s), heartbeat=heartbeat, concurrency="3")
        await simulation.until_done(20 * MINUTE)

    nothing_lost(simulate(story))


@MODES
@pytest.mark.parametrize("latency_s", [0.0, 3.0])
def test_lost_answers_repeat_no_work(heartbeat, latency_s):
    """Every third request of a kind has none, or only the 409 of a gateway."""

    async def story(simulation):
        simulation.server.enqueue(60)
        choose = each_third_lost(latency_s)
        simulation.start(choose=choose, heartbeat=heartbeat, concurrency="4", plan=Plan(20.0))
        await simulation.until_done(HOUR)

    nothing_lost(simulate(story))


@MODES
@pytest.mark.parametrize("latency_s", [0.0, 3.0])
def test_a_conflict_of_a_gateway_after_the_change_strands_no_item(heartbeat, latency_s):
    """The server has acknowledged the item, and holds it for this worker."""

    def choose(number, kind):
        return Fault(latency_s, conflict=kind != "poll" and number % 3 == 0)

    async def story(simulation):
        simulation.server.enqueue(30)
        simulation.start(choose=choose, heartbeat=heartbeat, concurrency="4", plan=Plan(20.0))
        await simulation.until_done(10 * MINUTE)

    nothing_lost(simulate(story))


@MODES
@pytest.mark.parametrize("status", [401, 403, 404, 409, 503])
def test_finished_work_is_not_done_again_if_its_stop_is_refused(heartbeat, status):
    """For minutes, here. Meanwhile this worker keeps the lease, also if the handler has sent the heartbeats."""

    async def story(simulation):
        simulation.server.enqueue(3)
        choose = refuses("stop", status, 60)
        worker = simulation.start(choose=choose, heartbeat=heartbeat, concurrency="3")
        await asyncio.sleep(5)
        other = simulation.start(choose=choose, heartbeat=heartbeat)
        await simulation.until_done(6 * MINUTE)
        assert len(worker.events("work item done")) == 3
        assert other.context.tally.polls["work"] == 0

    nothing_lost(simulate(story))


KEEPS_LEASE = Plan(40.0, first_beat_s=2.0, stops=False)
"""A handler that sends heartbeats, and does not stop its item."""


def ended_as(simulation):
    """Return the first end in the log of the first worker: the outcome, and what was done about the item."""
    end = next(event for event in simulation.workers[0].log if "outcome" in event)
    return end["outcome"], end.get("next", "stop")


@MODES
@pytest.mark.parametrize("plan", [Plan(20.0), KEEPS_LEASE], ids=["silent", "keeps the lease"])
def test_a_success_of_a_handler_whose_session_still_waits_is_none(heartbeat, plan):
    """An official worker that could not get the lease, or has lost it, also exits with 0."""

    async def story(simulation):
        simulation.server.enqueue(1)
        simulation.server.unfinished = {"session_work_0"}
        worker = simulation.start(heartbeat=heartbeat, plan=plan)
        await simulation.until(lambda: worker.events("work item not done"), 2 * MINUTE)
        assert simulation.server.requests["stop"] == 0
        assert worker.context.heartbeat == ("never" if heartbeat == "never" else "auto")
        simulation.server.unfinished = set()
        await simulation.until_done(10 * MINUTE)

    done = simulate(story)
    assert ended_as(done) == ("unfinished", "give_back")
    assert done.ledger.started == {"work_0": 2}


@pytest.mark.parametrize("heartbeat", ["auto", "never"])
def test_an_item_that_its_handler_has_not_stopped_is_stopped_if_nobody_waits_for_it(heartbeat):
    """Also if the list of work does not show it any more."""
    for shown in (True, False):

        async def story(simulation, shown=shown):
            simulation.server.enqueue(1)
            if not shown:
                simulation.server.newest_items = list
            simulation.start(heartbeat=heartbeat, plan=KEEPS_LEASE)
            await simulation.until_done(MINUTE)

        nothing_lost(simulate(story))


@pytest.mark.parametrize("heartbeat", ["auto", "never"])
@pytest.mark.parametrize("attempts", ["5", "1"], ids=["another attempt", "the last attempt"])
@pytest.mark.parametrize(
    ("state", "status"), [("active", 0), ("starting", 0), ("queued", 0), ("active", 1)]
)
def test_an_item_that_another_worker_took_is_left_to_it(heartbeat, status, attempts, state):
    """An official handler whose lease is lost exits with 0, and leaves the item alone."""

    async def story(simulation):
        simulation.server.enqueue(1)
        plan = replace(KEEPS_LEASE, status=status)
        flags = {"heartbeat": heartbeat, "attempts": attempts, "max_items": "1"}
        worker = simulation.start(plan=plan, **flags)
        await asyncio.sleep(41.5)  # the last look of `auto` was before this
        item = simulation.server.items["work_0"]
        item.state, item.acknowledged_at, item.lease_until = state, "later", simulation.now() + 300
        item.heartbeat = "another" if state == "active" else None
        await simulation.until(worker.task.done, 2 * MINUTE)
        assert item.state == state
        assert item.heartbeat == ("another" if state == "active" else None)

    assert ended_as(simulate(story)) == ("lease_lost", "leave")


@pytest.mark.parametrize("heartbeat", ["auto", "never"])
def test_a_handler_that_ends_because_a_person_asks_to_stop_its_item_has_not_succeeded(heartbeat):
    """It is counted as cancelled."""

    async def story(simulation):
        simulation.server.enqueue(1)
        simulation.start(heartbeat=heartbeat, plan=KEEPS_LEASE)
        await asyncio.sleep(41.5)
        simulation.server.items["work_0"].state = "stopping"
        await simulation.until_done(MINUTE)

    assert ended_as(simulate(story)) == ("cancelled", "stop")


def test_an_item_of_which_nobody_knows_whether_it_is_done_is_left():
    """For five minutes, every look fails."""

    async def story(simulation):
        simulation.server.enqueue(1)
        worker = simulation.start(
            choose=only("session", Fault(refusal=503)), plan=Plan(20.0), max_items="1"
        )
        await simulation.until(worker.task.done, 10 * MINUTE)
        assert simulation.server.requests["stop"] == 0

    assert ended_as(simulate(story)) == ("lease_lost", "leave")


def test_an_item_whose_stop_was_given_up_does_not_run_again_when_it_comes_back():
    """After five minutes, the worker turns to other things. The item is not done until it is stopped."""

    async def story(simulation):
        simulation.server.enqueue(1)
        blocked = [True]
        worker = simulation.start(
            choose=lambda _, kind: Fault(refusal=404 * (kind == "stop" and blocked[0]))
        )
        await simulation.until(lambda: worker.context.memory.unstopped, MINUTE)
        await asyncio.sleep(6 * MINUTE)
        assert [event["outcome"] for event in worker.events(UNCONFIRMED)] == ["succeeded"]
        assert worker.context.tally.unconfirmed == {"work_0"}
        assert worker.events("work item done") == []
        blocked[0] = False
        await simulation.until_done(10 * MINUTE)
        assert worker.context.memory.unstopped == worker.context.memory.not_done == {}
        assert worker.context.tally.items["succeeded"] == 1
        assert worker.context.tally.unconfirmed == set()

    nothing_lost(simulate(story))


def test_a_dead_letter_whose_stop_is_given_up_is_stopped_when_it_comes_back():
    """Otherwise it would run without end, on a worker without an API key."""

    async def story(simulation):
        simulation.server.enqueue(1)
        blocked = [True]
        simulation.start(
            choose=lambda _, kind: Fault(refusal=403 * (kind == "stop" and blocked[0])),
            plan=Plan(status=1),
            attempts="1",
        )
        await asyncio.sleep(7 * MINUTE)
        blocked[0] = False
        await simulation.until_done(20 * MINUTE)

    assert simulate(story).ledger.started == {"work_0": 1}


@MODES
def test_heartbeats_of_seven_seconds_end_no_handler(heartbeat):
    """The server has extended the lease, even if its response comes late."""

    async def story(simulation):
        simulation.server.enqueue(4)
        choose = only("heartbeat", Fault(7.0))
        simulation.start(
            choose=choose, heartbeat=heartbeat, concurrency="4", plan=Plan(290.0), lease="45s"
        )
        await simulation.until_done(HOUR)

    nothing_lost(simulate(story))


@pytest.mark.parametrize("first_beat_s", [1.0, 160.0, 230.0])
def test_a_handler_has_four_minutes_for_its_first_heartbeat(first_beat_s):
    """It may pull an image. The worker only looks meanwhile."""

    async def story(simulation):
        simulation.server.enqueue(3)
        simulation.start(concurrency="3", plan=Plan(100.0, first_beat_s=first_beat_s))
        await simulation.until_done(HOUR)

    simulation = simulate(story)
    assert simulation.ledger.refused == []
    nothing_lost(simulation)


def test_always_costs_one_item_of_a_handler_that_sends_heartbeats():
    """The worker notices that, and leaves the leases to the handler."""

    async def story(simulation):
        simulation.server.enqueue(40)
        worker = simulation.start(heartbeat="always", plan=Plan(5.0, first_beat_s=0.2))
        await simulation.until_done(HOUR)
        assert worker.context.tally.items["lost"] == 1
        assert worker.context.heartbeat == "auto"

    simulation = simulate(story)
    assert simulation.ledger.refused == ["work_0"]
    assert sum(simulation.ledger.finished.values()) == 39


@MODES
@pytest.mark.parametrize("latency_s", [0.0, 3.0])
def test_a_killed_worker_strands_no_item_whatever_was_on_its_way(heartbeat, latency_s):
    """Its guardian knows an item from before the acknowledgement until the stop is confirmed."""

    async def story(simulation):
        for moment in range(60):
            (work_id,) = simulation.server.enqueue(1)
            worker = simulation.start(choose=slow(latency_s), heartbeat=heartbeat)
            await asyncio.sleep(moment * (0.05 + latency_s / 4))
            await worker.kill()
            # a heartbeat that was on its way grants a lease
            await asyncio.sleep(2 * latency_s + (47 if heartbeat == "always" else 2))
            assert simulation.server.item(work_id).state in ("queued", "stopped"), moment
            simulation.server.stop(work_id)

    simulate(story)


@MODES
@pytest.mark.parametrize("ack_s", [1.0, 2.0, 4.0, 6.0])
def test_an_acknowledgement_that_arrives_after_its_worker_was_killed_strands_no_item(
    heartbeat, ack_s
):
    """It arrives after half of its time. The guardian tries until another worker may have the item."""

    async def story(simulation):
        (work_id,) = simulation.server.enqueue(1)
        choose = only("ack", Fault(ack_s))
        worker = simulation.start(choose=choose, heartbeat=heartbeat)
        await asyncio.sleep(0.1)
        await worker.kill()
        await asyncio.sleep(2)
        assert simulation.server.item(work_id).state == "queued"
        assert simulation.server.requests["ack"] == 1

    simulate(story)


@MODES
@pytest.mark.parametrize("fault", [Fault(refusal=409), Fault(refusal=503), Fault(loses=True)])
def test_the_item_of_a_killed_worker_runs_again_at_once_if_giving_it_back_fails_at_first(
    heartbeat, fault
):
    """A gateway refuses it, or loses its response. It is done once more, and the next worker keeps its lease."""

    async def story(simulation):
        simulation.server.enqueue(1)
        was_killed = []
        choose = lambda number, kind: (  # noqa: E731
            fault if was_killed and kind == "heartbeat" and number < was_killed[0] + 3 else NO_FAULT
        )
        killed = simulation.start(choose=choose, heartbeat=heartbeat, plan=Plan(60.0))
        await asyncio.sleep(5)
        was_killed.append(simulation.server.requests["heartbeat"] + 1)
        await killed.kill()
        simulation.start(heartbeat=heartbeat, plan=Plan(60.0))
        await simulation.until_done(100.0)

    ledger = simulate(story).ledger
    assert (ledger.started, ledger.finished) == ({"work_0": 2}, {"work_0": 1})


@MODES
@pytest.mark.parametrize("slow", [(), ("poll",), ("heartbeat",)])
def test_the_guardian_leaves_an_item_alone_that_another_worker_has_taken(heartbeat, slow):
    """The killed worker was handed the item, and its acknowledgement never arrived."""
    slow_s = 6.0

    def choose(_number, kind):
        if kind == "ack":
            return Fault(latency_s=1.0, refusal=503)
        return Fault(slow_s * (kind in slow))

    async def story(simulation):
        simulation.server.enqueue(1)
        killed = simulation.start(choose=choose, heartbeat=heartbeat)
        await asyncio.sleep(slow_s * ("poll" in slow) + 0.1)
        giving_back = asyncio.create_task(killed.kill())
        simulation.start(heartbeat=heartbeat, plan=Plan(60.0))
        await simulation.until_done(100.0)
        await giving_back

    ledger = simulate(story).ledger
    assert (ledger.started, ledger.finished) == ({"work_0": 1}, {"work_0": 1})


def test_sigterm_leaves_time_for_stops_and_says_what_was_not_confirmed():
    """As long as a drain may take. Then the guardian must not give finished work back."""

    async def story(simulation):
        simulation.server.enqueue(2)
        blocked = [True]
        choose = lambda _, kind: Fault(refusal=503 * (kind == "stop" and blocked[0]))  # noqa: E731
        stops, gives_up = (simulation.start(choose=choose, kill_timeout="10s") for _ in range(2))
        await simulation.until(lambda: simulation.server.requests["stop"] > 4, MINUTE)
        began = simulation.now()
        stops.terminate()
        gives_up.terminate()
        await asyncio.wait([gives_up.task, stops.task])
        assert 30 <= simulation.now() - began < 36
        assert len(gives_up.events(UNCONFIRMED)) == 1
        messages = [event["msg"] for event in gives_up.log if "open_items" in event]
        assert messages == [
            "draining: no more work is taken",
            "drain timeout exceeded; no handler is running, and the last requests about items are cut off soon",
        ]
        assert [event for event in gives_up.log if event["msg"].startswith("handlers have")] == []
        assert gives_up.guardian.leases == []

    assert set(simulate(story).ledger.started.values()) == {1}


@pytest.mark.parametrize(("failures", "state"), [(2, "queued"), (9999, "starting")])
def test_the_third_signal_leaves_five_seconds_for_giving_items_back(failures, state):
    """The kill timeout does not count then, but one failure must not cost a lease."""

    async def story(simulation):
        (work_id,) = simulation.server.enqueue(1)
        left = [failures]

        def choose(_number, kind):
            if kind != "heartbeat" or not worker.context.shutdown.killing.done() or left[0] == 0:
                return NO_FAULT
            left[0] -= 1
            return Fault(refusal=503)

        worker = simulation.start(choose=choose, plan=Plan(600.0), kill_timeout="1m")
        await asyncio.sleep(5)
        began = simulation.now()
        for _ in range(3):
            worker.terminate()
        await asyncio.wait([worker.task])
        assert simulation.now() - began < 7
        await asyncio.sleep(2)
        assert simulation.server.item(work_id).state == state

    simulate(story)


def test_an_outage_whose_queue_others_empty_ends_and_the_next_failure_declares_it_again():
    """It costs no attempt. Four failures still count."""

    async def story(simulation):
        ids = simulation.server.enqueue(5)
        worker = simulation.start(concurrency="5", plan=Plan(status=1), attempts="2")
        await simulation.until(lambda: worker.context.outage.reason, MINUTE)
        for work_id in ids:
            simulation.server.stop(work_id)
        await simulation.until(lambda: not worker.context.outage.reason, 2 * MINUTE)
        assert worker.context.tally.outage == ""
        simulation.server.enqueue(1)
        await simulation.until(lambda: worker.context.outage.reason, MINUTE)
        (failed,) = (
            event for event in worker.log if event.get("work_id") == "work_5" and "outcome" in event
        )
        assert failed["outcome"] == "given_back"

    simulate(story)


def test_the_items_of_an_outage_run_as_soon_as_it_is_over():
    """They would wait for five minutes each, although nothing is wrong with them."""

    async def story(simulation):
        simulation.server.enqueue(8)
        works = []
        plan = lambda _id: Plan(status=0 if works else 1)  # noqa: E731
        worker = simulation.start(concurrency="4", plan=plan, attempts="9")
        await simulation.until(lambda: worker.context.outage.reason, MINUTE)
        await asyncio.sleep(10 * MINUTE)
        works.append("again")
        simulation.server.enqueue(1)
        await simulation.until(lambda: not worker.context.outage.reason, 2 * MINUTE)
        assert len(simulation.server.open) > 5
        await simulation.until_done(20)

    simulate(story)


def test_a_give_back_whose_answer_comes_late_takes_no_lease_of_another_worker():
    """The other worker holds the item by then. Its handler goes on."""

    async def story(simulation):
        simulation.server.enqueue(1)
        late = only("heartbeat", Fault(12.0))
        first = simulation.start(choose=late, plan=Plan(status=75), heartbeat="never")
        await simulation.until(lambda: simulation.server.requests["heartbeat"] > 0, MINUTE)
        first.terminate()
        second = simulation.start(heartbeat="always", plan=Plan(60.0))
        await simulation.until_done(10 * MINUTE)
        assert second.context.tally.items == {
            **second.context.tally.items,
            "succeeded": 1,
            "lease_lost": 0,
        }

    simulate(story)


@pytest.mark.parametrize("heartbeat", ["auto", "always"])
def test_a_fleet_with_slow_requests_lost_answers_and_kills_does_each_item(heartbeat):
    """A run is repeated only if a kill hit it, and no two runs of an item overlap.

    With one seed of three, four heartbeats of an item are lost in a row, so that its lease ends.
    """
    attack = attacked_fleet(600, heartbeat, seed=59)
    assert attack.states == {"stopped": 600}
    assert attack.finished == 600
    assert attack.kills > 5
    assert (attack.overlaps, attack.unexplained) == ([], [])


def test_an_item_that_another_worker_has_won_does_not_count_for_max_items():
    """The job goes on until it has done one."""

    async def story(simulation):
        simulation.server.enqueue(2)
        late = only("ack", Fault(9.0), number=1)
        job = simulation.start(choose=late, max_items="1")
        await asyncio.sleep(4.0)
        simulation.server.items["work_0"].handed_out_at = None
        other = simulation.start(plan=Plan(60.0), max_items="1")
        await asyncio.wait([job.task, other.task])
        assert len(job.events("another worker has the work item")) == 1
        assert [event["work_id"] for event in job.events("work item done")] == ["work_1"]
        assert job.context.memory.not_done == {}
        assert not [event for event in job.log if event["level"] == "ERROR"]

    nothing_lost(simulate(story))


def test_a_worker_that_can_not_start_its_handler_leaves_the_item_to_others():
    """It would take it again and again, until it is given up. If it is alone, it does."""

    async def story(simulation):
        simulation.server.enqueue(3)
        broken = simulation.start(plan=Plan(0.1, status=127), attempts="1")
        await simulation.until(lambda: len(simulation.ledger.started) == 3, MINUTE)
        await asyncio.sleep(30)
        assert max(simulation.ledger.started.values()) == 1
        await simulation.until(lambda: max(simulation.ledger.started.values()) == 2, MINUTE)
        simulation.start()
        await simulation.until_done(3 * MINUTE)
        assert broken.context.tally.items["dead_letter"] == 0

    simulate(story)


def test_an_acknowledgement_that_is_lost_before_it_arrives_is_left_to_the_next_poll():
    """After four seconds, a poll may have handed the item to another worker."""

    async def story(simulation):
        simulation.server.enqueue(1)
        refusal = Fault(8.0, 503)
        choose = only("ack", refusal, number=1)
        worker = simulation.start(choose=choose)
        await simulation.until_done(MINUTE)
        assert simulation.server.requests["ack"] == 2
        assert worker.events("work item done")

    nothing_lost(simulate(story))


def test_a_server_that_says_nothing_in_a_412_is_asked_again_and_trusted_for_four_seconds():
    """Without a look, a conflict after an open outcome is this worker's own acknowledgement."""

    async def story(simulation):
        simulation.server.enqueue(2)
        lease = simulation.server._lease
        simulation.server._lease = lambda item, *, extended: (
            lease(item, extended=True) if extended else {}
        )
        choose = only("ack", Fault(loses=True), number=1)
        simulation.start(choose=choose)
        await simulation.until_done(MINUTE)

    nothing_lost(simulate(story))


def test_a_worker_whose_key_is_refused_for_good_does_not_insist_on_stops():
    """It polls for a minute more, and then ends, although its finished item is not stopped."""

    async def story(simulation):
        simulation.server.enqueue(1)
        refuse = lambda _, __: Fault(refusal=401 * (simulation.now() > 1005))  # noqa: E731
        worker = simulation.start(choose=refuse, plan=Plan(20.0))
        await asyncio.wait([worker.task])
        assert worker.task.exception().status == 401
        assert 60 < simulation.now() - 1005 < 140
        assert len(worker.events(UNCONFIRMED)) == 1

    simulate(story)


def test_an_idle_exit_does_not_wait_for_the_pause_of_an_item_that_was_stopped():
    """It can't come back."""

    async def story(simulation):
        (work_id,) = simulation.server.enqueue(1)

        def choose(number, kind):
            if (kind, number) == ("heartbeat", 1):
                simulation.server.stop(work_id)
            return NO_FAULT

        flags = {"exit_when_idle": "2s", "attempts": "9"}
        worker = simulation.start(choose=choose, plan=Plan(0.1, status=1), **flags)
        await asyncio.wait([worker.task])
        assert worker.context.tally.items["lost"] == 1
        assert simulation.now() < 1006

    simulate(story)


def test_a_handler_that_outlives_several_leases_has_a_new_deadline_after_each_heartbeat():
    """Otherwise the guardian would kill it in the middle of its work."""

    async def story(simulation):
        simulation.server.enqueue(1)
        worker = simulation.start(heartbeat="always", lease="6s", plan=Plan(18.0))
        deadlines = []
        prepare = worker.guardian.prepare

        def note(item, fallback):
            deadlines.append(fallback.deadline)
            prepare(item, fallback)

        worker.guardian.prepare = note
        with patch.object(lease_module, "guardian_time", simulation.now):
            await simulation.until_done(MINUTE)
        assert deadlines == sorted(deadlines)
        assert len(set(deadlines)) > 10

    nothing_lost(simulate(story))


def test_an_item_counts_as_not_done_from_its_acknowledgement_on():
    """A job exits with 1, whatever the reason: here, the server refuses the acknowledgement."""

    async def story(simulation):
        simulation.server.enqueue(1)
        job = simulation.start(choose=refuses("ack", 403, 9), max_items="1")
        await asyncio.wait([job.task])
        assert list(job.context.memory.not_done) == ["work_0"]
        assert supervisor_module._what_is_left(job.context) == "1 item is not done"

    simulate(story)


@pytest.mark.parametrize("count", [1, 1000])
def test_a_job_ends_if_the_server_refuses_every_acknowledgement(count):
    """An item that can't be taken is no work, also if polls return one after another."""

    async def story(simulation):
        simulation.server.enqueue(count)
        job = simulation.start(choose=refuses("ack", 403, 9999), exit_when_idle="10s")
        await simulation.until(job.task.done, 2 * MINUTE)
        assert job.events("the last item could not be acknowledged; exiting")
        assert supervisor_module._what_is_left(job.context) is not None

    assert simulate(story).ledger.started == {}


@pytest.mark.parametrize("count", [2, 3])
def test_a_job_whose_items_other_workers_win_is_idle_from_then_on(count):
    """There was work, and the next item may be its own."""

    async def story(simulation):
        simulation.server.enqueue(3)
        won = []

        def choose(number, kind):
            if kind == "ack" and number <= count:
                won.append(simulation.now())
                simulation.server.acknowledge(f"work_{number - 1}")
            return NO_FAULT

        job = simulation.start(choose=choose, exit_when_idle="9s")
        await simulation.until(job.task.done, MINUTE)
        assert len(won) == count
        assert simulation.now() >= won[-1] + 9
        assert job.context.tally.items["succeeded"] == 3 - count
        assert job.events("no work; exiting")
        assert supervisor_module._what_is_left(job.context) is None

    simulate(story)


def test_a_job_ends_although_each_acknowledgement_gets_a_conflict():
    """It would not, if it took each item for work that another worker has won."""

    async def story(simulation):
        simulation.server.enqueue(100)
        conflict = only("ack", Fault(refusal=409))
        job = simulation.start(choose=conflict, exit_when_idle="2m")
        await simulation.until(job.task.done, HOUR)
        assert job.events("no work; exiting")
        assert simulation.ledger.started == {}

    simulate(story)


def test_a_handler_that_starts_after_the_first_signal_is_announced():
    """Its item is just being acknowledged."""

    async def story(simulation):
        simulation.server.enqueue(1)
        worker = simulation.start(choose=only("ack", Fault(2.0)))
        await asyncio.sleep(1.0)
        worker.terminate()
        await simulation.until(worker.task.done, MINUTE)
        assert worker.events("handlers have 20 s to finish; a second signal ends them")
        assert worker.context.tally.items["succeeded"] == 1

    simulate(story)


@pytest.mark.parametrize("kind", ["fails", "works again"])
def test_a_job_whose_polls_fail_until_it_is_idle_for_long_enough_ends_with_their_error(kind):
    """Nobody knows whether there is work. Otherwise its exit code would be 0."""

    async def story(simulation):
        simulation.server.enqueue(1)
        times = 3 if kind == "works again" else 9999
        job = simulation.start(choose=refuses("poll", 503, times), exit_when_idle="30s")
        await simulation.until(job.task.done, 2 * MINUTE)
        error = job.task.exception()
        assert (error is None) == (kind == "works again")
        assert bool(job.events("no work; exiting")) == (kind == "works again")
        assert getattr(error, "status", 503) == 503

    simulate(story)


def test_a_job_that_a_signal_ends_while_its_polls_fail_does_not_fail():
    """Its items are done, and it does not say that there is no work."""

    async def story(simulation):
        job = simulation.start(choose=refuses("poll", 503, 9999), exit_when_idle="1h")
        await asyncio.sleep(MINUTE)
        job.terminate()
        await simulation.until(job.task.done, MINUTE)
        assert job.task.exception() is None
        assert job.events("no work; exiting") == []

    simulate(story)


def test_a_job_that_has_taken_all_of_its_items_does_not_say_that_there_is_no_work():
    """Others may wait."""

    async def story(simulation):
        simulation.server.enqueue(2)
        job = simulation.start(max_items="1", exit_when_idle="1h")
        await simulation.until(job.task.done, MINUTE)
        assert job.events("no work; exiting") == []

    simulate(story)


def test_an_item_that_triggers_a_bug_is_left_to_its_lease():
    """Later, the guardian would take it for this worker's, and end the lease of another one."""

    async def story(simulation):
        simulation.server.enqueue(1)

        def plan(_work_id):
            raise ValueError("a bug")

        worker = simulation.start(plan=plan)
        await simulation.until(lambda: worker.events("work item failed"), MINUTE)
        assert worker.guardian.leases == []

    simulate(story)
