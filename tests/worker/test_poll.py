"""`ant beta:worker poll` as a separate process, on a served emulator: the fate of items, and of failures."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from tests.helpers.processes import COVERAGE
from tests.worker.conftest import WITH_METADATA


@pytest.fixture
def coverage():
    """The variables that measure the coverage of workers."""
    return COVERAGE


def test_an_item_whose_handler_exits_with_0_is_stopped_once(queue, work_id, work, script):
    """It causes one acknowledgement, one stop, and no heartbeat, because it took no time. Nothing was counted."""
    worker = work(handler=[script("exit 0")])
    assert [queue.count(what) for what in ("/ack", "/stop", "/heartbeat", work_id)] == [1, 1, 0, 0]
    assert queue.item(work_id)["state"] == "stopped"
    assert worker.events("work item done")[0]["work_id"] == work_id


def test_a_worker_without_an_api_key_counts_failures_itself(queue, work_id, start, script):
    """So an item that always fails is stopped in the end, and nothing is written."""
    handler = [script('echo "attempt $ANT_WORK_ATTEMPT"; exit 1')]
    worker = start("--attempts", "2", "--max-items", "2", handler=handler)
    worker.wait_for("work item not done")
    queue.advance(10)
    assert worker.end() == 1
    assert worker.output == ["attempt 1", "attempt 2"]
    assert [entry["outcome"] for entry in worker.events("work item not done")] == [
        "failed",
        "dead_letter",
    ]
    assert {entry["attempt"] for entry in worker.events("work item not done")} == {1, 2}
    assert queue.item(work_id)["state"] == "stopped"
    assert queue.item(work_id)["metadata"] == {}
    assert not worker.events("writing the item's metadata failed")
    assert queue.refused == []


@pytest.mark.slow
def test_an_item_that_always_kills_its_worker_becomes_a_dead_letter(queue, work_id, work, script):
    """Each run after the first is counted before it starts, because a killed worker can't count it afterwards."""
    handler = script("kill -9 $PPID; sleep 10")
    counted = []
    for _ in range(3):
        work("--attempts", "2", handler=[handler], status=-signal.SIGKILL, env=WITH_METADATA)
        counted.append(queue.item(work_id)["metadata"].get("ant_unreported"))
        queue.advance(300)
    assert counted == [None, "1", "2"]
    worker = work("--attempts", "2", handler=[handler], env=WITH_METADATA, status=1)
    item = queue.item(work_id)
    assert item["state"] == "stopped"
    assert item["metadata"]["ant_dead_letter"].startswith(
        "2 attempts failed; 2 of its runs had no reported end"
    )
    assert worker.events("spawning on-work script") == []
    assert worker.events("work item not done")[0]["outcome"] == "dead_letter"


@pytest.mark.slow
def test_a_job_whose_failed_items_have_succeeded_in_the_end_has_succeeded(queue, work, script):
    """It waits for their pauses, in which it is not idle, and nothing is left to do."""
    queue.enqueue()
    env = {"ANT_WORKER_RETRY_DELAY": "0"}
    worker = work(
        "--exit-when-idle", "1ms", handler=[script("test -e again || ! touch again")], env=env
    )
    assert [entry["attempt"] for entry in worker.events("work item done")] == [2]


@pytest.mark.slow
def test_an_outage_of_slow_failures_ends_with_a_success(queue, start, script):
    """Five different items show it. Then one after another tries, and the others wait."""
    queue.enqueue(5)
    env = {"ANT_WORKER_RETRY_DELAY": "0"}
    worker = start("--exit-when-idle", "10ms", handler=[script("test -e works")], env=env)
    reason = "the handler exited with 1"
    worker.wait_for("outage: only one item at a time runs, until one succeeds", reason=reason)
    Path("works").touch()
    queue.advance(1)
    for _ in range(5):
        worker.wait_for("work item done")
    worker.send(signal.SIGTERM)
    assert worker.end() == 0
    assert worker.events("the outage is over")
    outcomes = [entry["outcome"] for entry in worker.events("work item not done")]
    assert outcomes[:4] == ["failed"] * 4
    assert set(outcomes[4:]) == {"given_back"}


@pytest.mark.parametrize("more", [(), ("--item-timeout", "1h")])
def test_with_no_auto_stop_a_program_that_a_successful_handler_leaves_running_goes_on(
    queue, work, script, fifo, more
):
    """The handler may have passed the item on to it, so the item is not stopped."""
    (work_id,) = queue.enqueue()
    reading = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
    handler = script(f"exec 3> {fifo}; sleep 600 > {os.devnull} 2>&1 & echo $!")
    worker = work("--no-auto-stop", *more, handler=[handler])
    # the pipe has not ended: the program has it open for writing
    with pytest.raises(BlockingIOError):
        os.read(reading, 1)
    os.kill(int(worker.output[0]), signal.SIGKILL)
    os.close(reading)
    assert (queue.item(work_id)["state"], queue.count("/stop")) == ("starting", 0)


def test_as_many_items_run_at_once_as_there_are_slots(queue, work, script, fifo):
    """Each of the two handlers waits for the other one."""
    first, second = queue.enqueue(2)
    handler = script(f"if mkdir first; then read line < {fifo}; else echo go > {fifo}; fi")
    work("--concurrency", "2", "--max-items", "2", handler=[handler])
    assert {queue.item(first)["state"], queue.item(second)["state"]} == {"stopped"}


@pytest.mark.slow
def test_two_polls_never_run_more_items_than_there_are_slots(queue, work, script):
    """A third handler would find both directories taken. When the queue is empty, the worker may exit."""
    work_ids = queue.enqueue(30)
    handler = script("for slot in 1 2; do mkdir $slot && { rmdir $slot; exit 0; }; done; exit 1")
    worker = work("--concurrency", "2", "--exit-when-idle", "200ms", handler=[handler])
    assert not worker.events("work item not done")
    assert worker.log[-1]["msg"] == "no work; exiting"
    assert {queue.item(work_id)["state"] for work_id in work_ids} == {"stopped"}


def test_no_more_than_max_items_are_taken(queue, work, script):
    """The rest of the queue is for other workers."""
    queue.enqueue(3)
    work("--max-items", "2", "--concurrency", "8", handler=[script("exit 0")])
    assert queue.count("/ack") == 2
    assert queue.poll() is not None


@pytest.mark.slow
def test_an_acknowledgement_whose_response_is_lost_is_recognized(queue, work_id, work, script):
    """A look shows that somebody has it. Otherwise it would wait for 300 s, although nobody runs it."""
    queue.fail("/ack", after_commit=True, disconnect=True)
    work(handler=[script("exit 0")])
    assert (queue.count("/ack"), queue.count("/heartbeat")) == (1, 1)
    assert queue.item(work_id)["state"] == "stopped"


@pytest.mark.parametrize("status", [0, 1])
def test_processes_that_a_handler_leaves_running_are_killed(queue, work, script, fifo, status):
    """They must not run during the next attempt. The log ends, too, although they held the output open."""
    queue.enqueue()
    reading = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
    worker = work(
        handler=[script(f"exec 3> {fifo}; (sleep 600; echo late) & exit {status}")], status=status
    )
    assert worker.output == []
    assert os.read(reading, 1) == b""  # the end of the pipe: no process has it open for writing
    os.close(reading)
