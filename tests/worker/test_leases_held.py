"""Leases from the view of a server: who heartbeats, and the effects of a stop request and of a lost lease."""

from __future__ import annotations

import os
import signal
import sys

import pytest


@pytest.fixture
def blocked(script, fifo):
    """A handler that runs until a line arrives through the named pipe, and the end of the pipe for that line."""
    return script(f"echo started; read line < {fifo}; echo got $line")


def release(fifo):
    """Let the blocked handler continue."""
    fifo.write_text("go\n")


def test_a_worker_that_always_heartbeats_claims_the_lease_before_the_handler_runs(
    queue, running, blocked, fifo
):
    """The item is active by the time that the handler starts."""
    (work_id,) = queue.enqueue()
    worker = running("--heartbeat", "always", "--max-items", "1", handler=[blocked])
    assert queue.item(work_id)["state"] == "active"
    release(fifo)
    assert worker.end() == 0
    assert queue.item(work_id)["state"] == "stopped"


SHORT = pytest.mark.parametrize("server_lease", [4])
"""With such a lease, an automatic worker looks after a second, and claims after two."""


@pytest.mark.slow
@SHORT
def test_a_worker_takes_over_a_lease_that_nobody_holds(queue, work_id, running, blocked, fifo):
    """It does so long before the server's lease ends, so the item is not run twice. Afterwards --lease holds.

    With the environment's key, the worker can't look at the item.
    """
    worker = running("--lease", "30s", "--max-items", "1", handler=[blocked])
    queue.wait_for_state(work_id, "active")
    queue.advance(25)
    assert queue.item(work_id)["state"] == "active"
    release(fifo)
    assert worker.end() == 0
    assert queue.item(work_id)["state"] == "stopped"
    assert queue.count("/ack") == 1
    assert queue.refused == []


@pytest.mark.slow
@SHORT
def test_a_handler_that_is_asked_to_stop_has_the_time_of_kill_timeout(
    queue, work_id, running, script, fifo
):
    """It is not killed before, although its item's lease is no longer kept."""
    handler = script(
        f"trap 'read line < {fifo}; echo ended; exit 1' TERM; echo started; sleep 600 & wait"
    )
    worker = running("--kill-timeout", "1h", "--max-items", "1", handler=[handler])
    queue.act(work_id, "stop")
    release(fifo)
    worker.wait_for("handler output", line="ended")
    assert worker.end() == 0
    assert worker.events("killing the handler") == []
    assert len(worker.events("heartbeat reports shutdown")) == 1
    assert (queue.item(work_id)["state"], queue.item(work_id)["metadata"]) == ("stopped", {})


@pytest.mark.slow
@SHORT
def test_a_handler_whose_item_is_stopped_already_may_end_by_itself(
    queue, work_id, running, blocked, fifo
):
    """Most likely it has stopped the item itself, as the official SDK does, so its work is done."""
    worker = running("--kill-timeout", "1h", "--max-items", "1", handler=[blocked])
    queue.send("POST", f"/v1/environments/{queue.id}/work/{work_id}/stop", {"force": True})
    queue.wait_for_requests("/heartbeat", 1)
    release(fifo)
    worker.wait_for("handler output", line="got go")
    assert worker.wait_for("work item done")["outcome"] == "succeeded"
    assert worker.end() == 0


HEARTBEATING = """import os, sys, urllib.error, urllib.request
def post(action, body=None):
    url, environment, work, key = (
        os.environ["ANTHROPIC_" + name] for name in ("BASE_URL", "ENVIRONMENT_ID", "WORK_ID", "ENVIRONMENT_KEY")
    )
    headers = {"authorization": "Bearer " + key, "anthropic-version": "2023-06-01"}
    headers |= {"anthropic-beta": "managed-agents-2026-04-01", "content-type": "application/json"}
    url += f"/v1/environments/{environment}/work/{work}/{action}"
    urllib.request.urlopen(urllib.request.Request(url, body, headers, method="POST")).close()
print("started", flush=True)
open(sys.argv[1]).readline()
try:
    post("heartbeat?expected_last_heartbeat=NO_HEARTBEAT&desired_ttl_seconds=60")
except urllib.error.HTTPError as error:
    assert error.code == 412
finally:
    post("stop", b'{"force": true}')
"""
"""A stand-in for the official worker: it stops its item after its work, and after a 412, and exits with 0."""


@pytest.fixture
def heartbeating(script, fifo):
    """A handler that sends heartbeats itself after a slow start, which ends by a line in the named pipe."""
    return [sys.executable, script(HEARTBEATING, "official.py"), str(fifo)]


@pytest.mark.slow
def test_a_handler_that_starts_slowly_sends_the_first_heartbeat(
    queue, work_id, running, heartbeating, fifo
):
    """It pulls an image meanwhile. The worker only looks, until most of the acknowledged lease has passed."""
    worker = running("--max-items", "1", handler=heartbeating)
    queue.wait_for_requests("/heartbeat", 1)
    assert queue.item(work_id)["state"] == "starting"
    release(fifo)
    assert worker.wait_for("work item done")["outcome"] == "succeeded"
    assert worker.end() == 0


def test_an_item_that_its_handler_stops_because_its_heartbeat_was_refused_is_lost(
    queue, start, heartbeating, fifo
):
    """It exits with 0 within moments, and a stop of a stopped item succeeds. The worker looks before its stop."""
    queue.enqueue()
    worker = start("--heartbeat", "always", "--max-items", "1", handler=heartbeating)
    worker.wait_for("handler output", line="started")
    release(fifo)
    lost = worker.wait_for("work item not done")
    assert (lost["outcome"], lost["level"]) == ("lost", "ERROR")
    assert "--heartbeat never" in lost["reason"]
    assert worker.end() == 1


def test_an_item_that_its_handler_stops_on_sigterm_is_lost(queue, work_id, running, script):
    """The official worker does that, so that a deployment would lose its session without a word."""
    stop = HEARTBEATING.partition("print")[0] + "post('stop', b'{\"force\": true}')"
    handler = script(
        f"trap '{sys.executable} stop.py; exit 0' TERM; echo started; sleep 600 & wait"
    )
    script(stop, "stop.py")
    worker = running("--drain-timeout", "0", handler=[handler])
    worker.send(signal.SIGTERM)
    lost = worker.wait_for("work item not done")
    assert lost["outcome"] == "lost"
    assert lost["reason"].startswith("the worker is shutting down; it has been stopped, perhaps")
    assert "--heartbeat" not in lost["reason"]
    assert worker.end() == 0
    assert queue.item(work_id)["state"] == "stopped"


@pytest.mark.slow
def test_a_handler_that_stops_its_item_on_sigterm_still_has_the_time_of_kill_timeout(
    queue, running, script, fifo
):
    """The worker notices that with its next heartbeat, and must not kill the handler for it."""
    queue.enqueue()
    script(HEARTBEATING.partition("print")[0] + "post('stop', b'{\"force\": true}')", "stop.py")
    on_term = f"{sys.executable} stop.py; read line < {fifo}; echo ended; exit 0"
    handler = script(f"trap '{on_term}' TERM; echo started; sleep 600 & wait")
    limits = (
        "--drain-timeout",
        "0",
        "--kill-timeout",
        "1h",
        "--heartbeat",
        "always",
        "--lease",
        "2s",
    )
    worker = running(*limits, handler=[handler])
    worker.send(signal.SIGTERM)
    worker.wait_for("heartbeat reports shutdown")
    release(fifo)
    worker.wait_for("handler output", line="ended")
    assert worker.end() == 0


@pytest.mark.slow
def test_an_item_that_somebody_stops_for_good_is_lost_if_its_handler_ends_by_itself(
    queue, running, blocked, fifo
):
    """The worker notices that with a heartbeat, and leaves the handler time: it may be the one that stopped it."""
    (work_id,) = queue.enqueue()
    options = ("--heartbeat", "always", "--lease", "2s", "--kill-timeout", "1h", "--max-items", "1")
    worker = running(*options, handler=[blocked])
    queue.send("POST", f"/v1/environments/{queue.id}/work/{work_id}/stop", {"force": True})
    worker.wait_for("heartbeat reports shutdown")
    release(fifo)
    assert worker.wait_for("work item not done")["outcome"] == "lost"
    assert worker.end() == 1


@pytest.mark.slow
@pytest.mark.parametrize("status", [401, 403, 404, 503])
def test_a_stop_that_is_refused_is_repeated(queue, work_id, work, script, status):
    """Nothing is wrong with finished work. Without the stop it would be done again."""
    queue.fail("/stop", status=status, times=2)
    worker = work(handler=[script("echo ran")])
    assert worker.output == ["ran"]
    assert len(worker.events("stop failed; it is repeated")) == 1
    assert len(worker.events("work item done")) == 1
    assert queue.item(work_id)["state"] == "stopped"


@pytest.mark.slow
def test_a_dead_letter_whose_stop_is_refused_runs_once(queue, work_id, work, script):
    """Without an API key only this worker knows its failures, and a forgotten one would run without end."""
    queue.fail("/stop", status=404, times=2)
    worker = work("--attempts", "1", handler=[script("echo ran; exit 1")], status=1)
    assert worker.output == ["ran"]
    assert [entry["outcome"] for entry in worker.events("work item not done")] == ["dead_letter"]
    assert queue.item(work_id)["state"] == "stopped"


def test_a_conflict_that_is_the_answer_of_a_gateway_to_a_stop_is_no_stop(
    queue, work_id, work, script
):
    """Only a look that shows a stopped item is. Otherwise its finished work would be done again."""
    queue.fail("/stop", status=409, body="<html>")
    worker = work(handler=[script("exit 0")])
    assert worker.events("work item done")
    assert queue.item(work_id)["state"] == "stopped"
    assert (queue.count("/stop"), queue.count("/heartbeat")) == (2, 1)


@pytest.mark.slow
def test_a_conflict_of_a_stop_with_an_item_that_is_stopped_ends_it(queue, work_id, work, script):
    """Its answer may come from a gateway although the request was carried out. One look shows that."""
    queue.fail("/stop", status=409, after_commit=True)
    work(handler=[script("exit 0")])
    assert queue.item(work_id)["state"] == "stopped"
    assert (queue.count("/stop"), queue.count("/heartbeat")) == (1, 1)


@pytest.mark.slow
def test_a_server_that_refuses_heartbeats_holds_no_more_items_than_there_are_slots(
    queue, start, script
):
    """A slot waits for its lease until the acknowledged one ends, or the worker does. Then the item is free."""
    queue.enqueue(3)
    queue.fail("/heartbeat", status=404, times=2)
    worker = start("--heartbeat", "always", handler=[script("exit 0")])
    queue.wait_for_requests("/heartbeat", 2)
    assert queue.count("/ack") == 1
    worker.send(signal.SIGTERM)
    assert worker.wait_for("work item not done")["outcome"] == "given_back"
    assert worker.end() == 0
    assert worker.events("spawning on-work script") == []
    queue.advance(1)
    assert [queue.poll() is not None for _ in range(4)] == [True, True, True, False]


def test_an_item_whose_lease_could_not_be_claimed_has_not_run(queue, start, script):
    """So it is not given up: no handler has seen it."""
    queue.enqueue()
    queue.fail("/heartbeat", status=412)
    worker = start(
        "--heartbeat", "always", "--attempts", "1", "--max-items", "2", handler=[script("exit 0")]
    )
    worker.wait_for("work item not done", outcome="lease_lost")
    queue.advance(301)
    assert worker.wait_for("work item done")["outcome"] == "succeeded"
    assert worker.end() == 0


@pytest.mark.slow
def test_a_lost_lease_ends_the_handler_and_leaves_the_item_to_its_new_owner(
    queue, work_id, running, blocked, fifo
):
    """The official worker would stop the item, which another worker is running."""
    worker = running(
        "--heartbeat", "always", "--lease", "3s", "--max-items", "1", handler=[blocked]
    )
    queue.advance(301)
    assert queue.poll()["id"] == work_id
    queue.act(work_id, "ack")
    queue.act(work_id, "heartbeat")
    assert worker.wait_for("work item not done")["outcome"] == "lease_lost"
    assert worker.end() == 1
    assert queue.item(work_id)["state"] == "active"
    assert queue.count("/stop") == 0
    # there is no reader, because the handler is gone
    with pytest.raises(OSError, match="No such device"):
        os.open(fifo, os.O_WRONLY | os.O_NONBLOCK)


@pytest.mark.slow
def test_a_lease_that_is_lost_while_the_handler_is_ended_leaves_the_item_to_its_new_owner(
    queue, start, script
):
    """The timeout that ended the handler is no failure of an item that belongs to another worker."""
    (work_id,) = queue.enqueue()
    handler = script("trap 'echo asked to stop' TERM; echo started; sleep 600 & wait; sleep 600")
    limits = (
        "--lease",
        "3s",
        "--item-timeout",
        "500ms",
        "--kill-timeout",
        "1h",
        "--max-items",
        "1",
    )
    worker = start("--heartbeat", "always", *limits, handler=[handler])
    worker.wait_for("handler output", line="asked to stop")
    queue.advance(301)
    assert queue.poll()["id"] == work_id
    queue.act(work_id, "ack")
    assert worker.wait_for("work item not done")["outcome"] == "lease_lost"
    assert worker.end() == 1
    assert queue.item(work_id)["metadata"] == {}
    assert queue.count("/stop") == 0


@pytest.mark.slow
def test_the_handler_ends_before_a_lease_that_can_not_be_extended(queue, work_id, running, blocked):
    """A disconnected worker has to assume that another one gets the item."""
    limits = (
        "--lease",
        "2s",
        "--max-items",
        "1",
        "--max-retries",
        "0",
    )  # so that several requests fail meanwhile
    worker = running("--heartbeat", "always", *limits, handler=[blocked])
    queue.fail(work_id, disconnect=True, times=100)
    worker.wait_for("heartbeat staleness ceiling exceeded; lease presumed expired")
    assert worker.wait_for("work item not done")["outcome"] == "lease_lost"
    assert len(worker.events("heartbeat failed; it is repeated")) == 1
    assert worker.end() == 1
    assert queue.count("/stop") == 0


@pytest.mark.slow
@pytest.mark.parametrize("server_lease", [1])
def test_runs_that_always_lose_their_lease_end(queue, work_id, start, script):
    """A server whose lease is too short for any heartbeat must not make a handler run forever."""
    worker = start("--attempts", "1", handler=[script("sleep 600")])
    assert worker.wait_for("work item not done", outcome="dead_letter")
    worker.send(signal.SIGTERM)
    assert worker.end() == 0
    assert len(worker.events("spawning on-work script")) == 1
    assert queue.item(work_id)["state"] == "stopped"
