"""Leases from the view of a server: who heartbeats, and the effects of a stop request and of a lost lease."""

from __future__ import annotations

import os
import signal

import pytest

pytestmark = pytest.mark.slow


@pytest.fixture
def blocked(script, fifo):
    """A handler that runs until a line arrives through the named pipe, and the end of the pipe for that line."""
    return script(f"echo started; read line < {fifo}; echo got $line")


def release(fifo):
    """Let the blocked handler continue."""
    fifo.write_text("go\n")


def finish(queue, fifo, work_id):
    """Let the blocked handler end, and wait until the worker has read the response to its stop."""
    release(fifo)
    queue.wait_for_state(work_id, "stopped")
    queue.wait_for_requests("/poll", queue.count("/poll") + 2)


def test_a_worker_that_always_heartbeats_claims_the_lease_before_the_handler_runs(queue, start, blocked, fifo):
    """The item is active by the time that the handler starts."""
    (work_id,) = queue.enqueue()
    worker = start("--heartbeat", "always", "--max-items", "1", handler=[blocked])
    worker.wait_for("handler output", line="started")
    assert queue.item(work_id)["state"] == "active"
    release(fifo)
    assert worker.end() == 0
    assert queue.item(work_id)["state"] == "stopped"


SHORT = pytest.mark.parametrize("server_lease", [6])
"""With such a lease, an automatic worker claims after about a second."""


@SHORT
def test_a_worker_takes_over_a_lease_that_nobody_holds(queue, start, blocked, fifo):
    """It does so long before the server's lease ends, so the item is not run twice. Afterwards --lease holds.

    With the environment's key, the worker can't look at the item.
    """
    (work_id,) = queue.enqueue()
    worker = start("--lease", "30s", "--max-items", "1", handler=[blocked])
    worker.wait_for("handler output", line="started")
    queue.wait_for_state(work_id, "active")
    queue.advance(25)
    assert queue.item(work_id)["state"] == "active"
    release(fifo)
    assert worker.end() == 0
    assert queue.item(work_id)["state"] == "stopped"
    assert queue.count("/ack") == 1
    assert queue.refused == []


def test_a_worker_whose_handler_sent_no_heartbeat_claims_the_next_lease_before_the_handler_runs(
    queue, start, blocked, fifo
):
    """So --lease holds from the beginning. A look after a second has shown that there was none."""
    (first,) = queue.enqueue()
    worker = start("--lease", "30s", "--max-items", "2", handler=[blocked])
    worker.wait_for("handler output", line="started")
    queue.wait_for_requests("/heartbeat", 1)
    finish(queue, fifo, first)
    (second,) = queue.enqueue()
    worker.wait_for("handler output", line="started")
    assert queue.item(second)["state"] == "active"
    release(fifo)
    assert worker.end() == 0


def test_a_handler_that_sends_heartbeats_keeps_the_leases_of_the_next_items(queue, start, blocked, fifo):
    """The worker knows from the item that it stops, although its only look came before the heartbeat."""
    (first,) = queue.enqueue()
    worker = start("--max-items", "2", handler=[blocked])
    worker.wait_for("handler output", line="started")
    queue.wait_for_requests("/heartbeat", 1)
    queue.act(first, "heartbeat", expected_last_heartbeat="NO_HEARTBEAT", desired_ttl_seconds="300")
    finish(queue, fifo, first)
    (second,) = queue.enqueue()
    worker.wait_for("handler output", line="started")
    assert queue.item(second)["state"] == "starting"
    release(fifo)
    assert worker.end() == 0


@SHORT
def test_a_worker_does_not_disturb_a_handler_that_heartbeats(queue, start, blocked, fifo):
    """Its own heartbeats fail: they only show that the handler has sent one."""
    (work_id,) = queue.enqueue()
    worker = start("--max-items", "1", handler=[blocked])
    worker.wait_for("handler output", line="started")
    queue.act(work_id, "heartbeat", expected_last_heartbeat="NO_HEARTBEAT", desired_ttl_seconds="300")
    heartbeat = queue.item(work_id)["latest_heartbeat_at"]
    looks = queue.count("/heartbeat")
    queue.wait_for_requests("/heartbeat", looks + 1)
    assert queue.item(work_id)["latest_heartbeat_at"] == heartbeat
    release(fifo)
    assert worker.end() == 0
    assert queue.item(work_id)["state"] == "stopped"


def test_a_worker_that_never_heartbeats_sends_nothing_while_a_handler_runs(queue, start, blocked, fifo):
    """The official worker does the same with --on-work."""
    queue.enqueue()
    worker = start("--heartbeat", "never", "--lease", "1s", "--max-items", "1", handler=[blocked])
    worker.wait_for("handler output", line="started")
    release(fifo)
    assert worker.end() == 0
    assert queue.count("/heartbeat") == 0


def test_a_stop_request_ends_the_handler(queue, start, script):
    """The handler gets SIGTERM, and the item is stopped for good."""
    (work_id,) = queue.enqueue()
    handler = script("trap 'echo asked to stop; exit 1' TERM; echo started; sleep 600 & wait")
    worker = start("--heartbeat", "always", "--lease", "3s", "--max-items", "1", handler=[handler])
    worker.wait_for("handler output", line="started")
    queue.act(work_id, "stop")
    worker.wait_for("handler output", line="asked to stop")
    assert worker.end() == 0
    assert queue.item(work_id)["state"] == "stopped"
    assert queue.item(work_id)["metadata"] == {}


@SHORT
def test_a_handler_that_is_asked_to_stop_has_the_time_of_kill_timeout(queue, start, script, fifo):
    """It is not killed before, although its item's lease is no longer kept."""
    (work_id,) = queue.enqueue()
    handler = script(f"trap 'read line < {fifo}; echo ended; exit 1' TERM; echo started; sleep 600 & wait")
    worker = start("--kill-timeout", "1h", "--max-items", "1", handler=[handler])
    worker.wait_for("handler output", line="started")
    queue.act(work_id, "stop")
    release(fifo)
    worker.wait_for("handler output", line="ended")
    assert worker.end() == 0
    assert worker.events("killing the handler") == []


@SHORT
def test_a_handler_whose_item_is_stopped_already_may_end_by_itself(queue, start, blocked, fifo):
    """Most likely it has stopped the item itself, as the official SDK does, so its work is done."""
    (work_id,) = queue.enqueue()
    worker = start("--kill-timeout", "1h", "--max-items", "1", handler=[blocked])
    worker.wait_for("handler output", line="started")
    queue.send("POST", f"/v1/environments/{queue.id}/work/{work_id}/stop", {"force": True})
    queue.wait_for_requests("/heartbeat", 1)
    release(fifo)
    worker.wait_for("handler output", line="got go")
    assert worker.wait_for("work item done")["outcome"] == "succeeded"
    assert worker.end() == 0


def test_a_lost_lease_ends_the_handler_and_leaves_the_item_to_its_new_owner(queue, start, blocked, fifo):
    """The official worker would stop the item, which another worker is running."""
    (work_id,) = queue.enqueue()
    worker = start("--heartbeat", "always", "--lease", "3s", "--max-items", "1", handler=[blocked])
    worker.wait_for("handler output", line="started")
    queue.advance(301)
    assert queue.poll()["id"] == work_id
    queue.act(work_id, "ack")
    queue.act(work_id, "heartbeat")
    assert worker.wait_for("work item not done")["outcome"] == "lease_lost"
    assert worker.end() == 0
    assert queue.item(work_id)["state"] == "active"
    assert queue.count("/stop") == 0
    with pytest.raises(OSError, match="No such device"):  # there is no reader, because the handler is gone
        os.open(fifo, os.O_WRONLY | os.O_NONBLOCK)


def test_a_lease_that_is_lost_while_the_handler_is_ended_leaves_the_item_to_its_new_owner(queue, start, script):
    """The timeout that ended the handler is no failure of an item that belongs to another worker."""
    (work_id,) = queue.enqueue()
    handler = script("trap 'echo asked to stop' TERM; echo started; sleep 600 & wait; sleep 600")
    limits = ("--lease", "3s", "--item-timeout", "500ms", "--kill-timeout", "1h", "--max-items", "1")
    worker = start("--heartbeat", "always", *limits, handler=[handler])
    worker.wait_for("handler output", line="asked to stop")
    queue.advance(301)
    assert queue.poll()["id"] == work_id
    queue.act(work_id, "ack")
    assert worker.wait_for("work item not done")["outcome"] == "lease_lost"
    assert worker.end() == 0
    assert queue.item(work_id)["metadata"] == {}
    assert queue.count("/stop") == 0


def test_the_handler_ends_before_a_lease_that_can_not_be_extended(queue, start, blocked):
    """A disconnected worker has to assume that another one gets the item."""
    (work_id,) = queue.enqueue()
    limits = ("--lease", "2s", "--max-items", "1", "--max-retries", "0")  # so that several requests fail meanwhile
    worker = start("--heartbeat", "always", *limits, handler=[blocked])
    worker.wait_for("handler output", line="started")
    queue.fail(work_id, disconnect=True, times=100)
    worker.wait_for("heartbeat staleness ceiling exceeded; lease presumed expired")
    assert worker.wait_for("work item not done")["outcome"] == "lease_lost"
    assert len(worker.events("transient heartbeat failure")) == 1
    assert worker.end() == 0
    assert queue.count("/stop") == 0


def test_a_failed_heartbeat_is_repeated(queue, start, blocked, fifo):
    """It follows long before the lease ends."""
    (work_id,) = queue.enqueue()
    worker = start("--heartbeat", "always", "--lease", "3s", "--max-items", "1", handler=[blocked])
    worker.wait_for("handler output", line="started")
    before = queue.count("/heartbeat")
    queue.fail("/heartbeat", status=500)
    worker.wait_for("transient heartbeat failure")
    queue.wait_for_requests("/heartbeat", before + 3)
    release(fifo)
    assert worker.end() == 0
    assert queue.item(work_id)["state"] == "stopped"


def test_a_swallowed_heartbeat_costs_nothing(queue, start, blocked, fifo):
    """The next one uses another connection, and the lease has not ended meanwhile."""
    (work_id,) = queue.enqueue()
    worker = start("--heartbeat", "always", "--lease", "3s", "--max-items", "1", handler=[blocked])
    worker.wait_for("handler output", line="started")
    queue.fail("/heartbeat", delay_ms=1_000)
    worker.wait_for("transient heartbeat failure")
    before = queue.count("/heartbeat")
    queue.wait_for_requests("/heartbeat", before + 2)
    release(fifo)
    assert worker.end() == 0
    assert queue.item(work_id)["state"] == "stopped"
    assert queue.count("/ack") == 1


def test_a_stop_is_repeated_as_long_as_the_lease_of_the_server_lasts(queue, work, script):
    """It is much longer than --lease, which the worker never asked for. Finished work must not be repeated."""
    (work_id,) = queue.enqueue()
    queue.fail("/stop", status=503, times=2)
    work("--lease", "1s", "--max-retries", "0", handler=[script("exit 0")])
    assert queue.item(work_id)["state"] == "stopped"
    assert queue.count("/stop") == 3


@pytest.mark.parametrize("server_lease", [1])
def test_runs_that_always_lose_their_lease_end(queue, start, script):
    """A server whose lease is too short for any heartbeat must not make a handler run forever."""
    (work_id,) = queue.enqueue()
    worker = start("--attempts", "2", handler=[script("sleep 600")])
    assert worker.wait_for("work item not done", outcome="dead_letter")
    worker.send(signal.SIGTERM)
    assert worker.end() == 0
    assert len(worker.events("spawning on-work script")) == 2
    assert queue.item(work_id)["state"] == "stopped"
