"""`ant beta:worker poll` as a separate process, on a served emulator: the fate of items, and of failures."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path

import pytest

from tests.conftest import KEY
from tests.helpers.processes import COVERAGE
from tests.worker.conftest import WITH_METADATA

pytestmark = pytest.mark.slow


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


def test_a_handler_gets_the_acknowledged_item(work_id, work, script):
    """It arrives on stdin as one line of JSON, with the server's nulls, and with the secret from the poll."""
    work(handler=[script("cat > item.json")])
    line = Path("item.json").read_text()
    item = json.loads(line)
    assert line.endswith("}\n")
    assert line.count("\n") == 1
    assert (item["id"], item["state"], item["started_at"]) == (work_id, "starting", None)
    assert item["acknowledged_at"] is not None
    assert item["secret"]


def test_a_handler_gets_the_values_that_it_needs_in_variables(queue, work_id, work, script):
    """They include two that the official worker leaves out: the item's secret, and the base URL of a flag."""
    work("--worker-id", "w1", handler=[script("env > variables; cat > item.json")])
    found = dict(line.split("=", 1) for line in Path("variables").read_text().splitlines())
    item = json.loads(Path("item.json").read_text())
    expected = {
        "ANTHROPIC_WORK_ID": work_id,
        "ANTHROPIC_ENVIRONMENT_ID": queue.id,
        "ANTHROPIC_SESSION_ID": item["data"]["id"],
        "ANTHROPIC_ENVIRONMENT_KEY": KEY,
        "ANTHROPIC_WORK_SECRET": item["secret"],
        "ANTHROPIC_BASE_URL": queue.url,
        "ANTHROPIC_WORKER_ID": "w1",
        "ANT_WORK_ATTEMPT": "1",
    }
    assert expected.items() <= found.items()


def test_a_flag_that_guides_for_other_workers_use_is_accepted_with_one_note(queue, work, script):
    """It has no effect."""
    queue.enqueue()
    worker = work("--unrestricted-paths", handler=[script("exit 0")])
    assert sum("--unrestricted-paths has no effect" in line for line in worker.lines) == 1


def test_a_handler_may_have_arguments(queue, work, script):
    """Arguments after -- reach it unchanged, even if they look like flags of the worker."""
    queue.enqueue()
    worker = work(handler=[script('printf "[%s]" "$@"; echo'), "--max-items", "two words", ""])
    assert worker.output == ["[--max-items][two words][]"]


def test_a_handler_that_can_not_be_run_is_an_error_before_anything_is_claimed(queue, work_id, work):
    """The official worker would take and stop every item of the queue without running anything."""
    worker = work("--on-work", "missing-program", handler=[], status=2)
    assert "the handler 'missing-program' " in worker.lines[0]
    assert queue.count("/poll") == 0
    assert queue.item(work_id)["state"] == "queued"


def test_the_environment_may_be_an_argument_before_the_handler(queue, work, script):
    """A path there is a mistake: the handler goes after the dashes."""
    queue.enqueue()
    handler = script("echo ran")
    assert work(queue.id, handler=[handler], env={"ANTHROPIC_ENVIRONMENT_ID": ""}).output == ["ran"]
    worker = work(handler, handler=[], status=2)
    (event,) = worker.log
    assert event["msg"] == f"{handler!r} is not the ID of an environment."
    assert event["hint"] == "A handler goes after --."
    assert "can't be used together" in work(queue.id, "--environment-id", "env_1", handler=[], status=2).lines[0]


def test_an_impossible_environment_id_is_an_error_before_polling(queue, work, script):
    """Otherwise the worker would request another resource over and over."""
    worker = work("--environment-id", "..", handler=[script("exit 0")], status=2)
    assert worker.log[0]["msg"].startswith("'..' is not the ID of an environment")
    assert queue.count("/poll") == 0


def test_a_failed_item_is_given_back_and_counted(queue, work_id, work, script):
    """Its lease is its pause. With an API key, the metadata has the number of failures, and the reason."""
    work(handler=[script("exit 3")], env=WITH_METADATA, status=1)
    item = queue.item(work_id)
    assert item["metadata"].pop("ant_retry_at")
    assert item["metadata"] == {"ant_attempts": "1", "ant_last_error": "the handler exited with 3"}
    assert queue.count("/stop") == 0
    queue.advance(5)
    assert queue.item(work_id)["state"] == "active"
    queue.advance(5)
    assert queue.item(work_id)["state"] == "queued"


def test_an_item_that_the_server_hands_out_during_its_pause_is_given_back_for_the_rest(queue, work, script):
    """Another worker knows the end of the pause from the metadata. The server did not grant the long lease."""
    (work_id,) = queue.enqueue()
    handler = script("test -e again || ! touch again")
    work(handler=[handler], env={**WITH_METADATA, "ANT_WORKER_RETRY_DELAY": "2m"}, status=1)
    queue.act(work_id, "heartbeat", desired_ttl_seconds="1")
    queue.advance(1)
    worker = work(handler=[handler], env=WITH_METADATA)
    assert worker.events("work item not done")[0]["reason"] == "its pause after a failure is not over"
    assert worker.events("spawning on-work script") == []
    queue.advance(60)
    assert queue.item(work_id)["state"] == "active"
    queue.advance(60)
    assert work(handler=[handler], env=WITH_METADATA).events("work item done")
    assert queue.item(work_id)["metadata"] == {}


def test_the_metadata_of_a_dead_letter_has_the_last_lines_of_stderr(queue, work_id, work, script):
    """They say more than the exit status. Secrets are redacted, and stdout may be data. The item is stopped."""
    lines = f'seq 100 >&2; echo data; printf "ValueError: {KEY}\n  $ANTHROPIC_WORK_SECRET \033[2J" >&2'
    worker = work("--attempts", "1", handler=[script(f"{lines}; kill -9 $$")], env=WITH_METADATA, status=1)
    assert queue.item(work_id)["state"] == "stopped"
    metadata = queue.item(work_id)["metadata"]
    words = "\n".join([*map(str, range(93, 101)), "ValueError: [redacted]", "  [redacted] ␛[2J"])
    assert metadata["ant_last_error"] == f"the handler was killed by SIGKILL: {words}"
    assert metadata["ant_dead_letter"] == f"1 attempts failed; the last one: {metadata['ant_last_error']}"
    assert worker.log[-1]["msg"] == "1 item is not done: failed, lost, or a dead letter. The log says why."


def test_a_worker_without_an_api_key_counts_failures_itself(queue, work_id, start, script):
    """So an item that always fails is stopped in the end, and nothing is written."""
    handler = [script('echo "attempt $ANT_WORK_ATTEMPT"; exit 1')]
    worker = start("--attempts", "2", "--max-items", "2", handler=handler)
    worker.wait_for("work item not done")
    queue.advance(10)
    assert worker.end() == 1
    assert worker.output == ["attempt 1", "attempt 2"]
    assert [entry["outcome"] for entry in worker.events("work item not done")] == ["failed", "dead_letter"]
    assert {entry["attempt"] for entry in worker.events("work item not done")} == {1, 2}
    assert queue.item(work_id)["state"] == "stopped"
    assert queue.item(work_id)["metadata"] == {}
    assert not worker.events("writing the item's metadata failed")
    assert queue.refused == []


def test_a_success_removes_what_was_written_about_failures(queue, work_id, work, script):
    """Otherwise nobody could tell which items still need attention."""
    handler = script("test -e again || ! touch again")
    work(handler=[handler], env={**WITH_METADATA, "ANT_WORKER_RETRY_DELAY": "0"}, status=1)
    assert queue.item(work_id)["metadata"]["ant_attempts"] == "1"
    queue.advance(1)
    work(handler=[handler], env=WITH_METADATA)
    assert queue.item(work_id)["metadata"] == {}
    assert queue.item(work_id)["state"] == "stopped"


def test_a_key_that_can_not_write_metadata_costs_no_lease(queue, work_id, work, script):
    """The item is given back, and a line of the log says that its failure was not written down."""
    queue.fail(f"/work/{work_id}", method="POST", status=401, after=1)
    worker = work(handler=[script("exit 1")], env=WITH_METADATA, status=1)
    assert worker.events("writing the item's metadata failed")
    queue.advance(10)
    assert queue.item(work_id)["state"] == "queued"


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
    assert item["metadata"]["ant_dead_letter"].startswith("2 attempts failed; 2 of its runs had no reported end")
    assert worker.events("spawning on-work script") == []
    assert worker.events("work item not done")[0]["outcome"] == "dead_letter"


@pytest.mark.parametrize(("status", "metadata"), [(75, {"ant_excused": "1"}), (1, {"ant_attempts": "1"})])
def test_an_old_item_that_is_given_back_is_not_counted_twice(queue, work_id, work, script, status, metadata):
    """Its run was counted before the start, and its end was reported afterwards."""
    queue.advance(300)
    work(handler=[script(f"exit {status}")], env=WITH_METADATA, status=1)
    found = queue.item(work_id)["metadata"]
    found.pop("ant_last_error", None)
    found.pop("ant_retry_at", None)
    assert found == metadata


def test_a_job_whose_failed_items_have_succeeded_in_the_end_has_succeeded(queue, work, script):
    """It waits for their pauses, in which it is not idle, and nothing is left to do."""
    queue.enqueue()
    env = {"ANT_WORKER_RETRY_DELAY": "0"}
    worker = work("--exit-when-idle", "1ms", handler=[script("test -e again || ! touch again")], env=env)
    assert [entry["attempt"] for entry in worker.events("work item done")] == [2]


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


def test_a_handler_that_may_have_passed_its_session_on_is_warned_about_once(queue, work, script):
    """With `docker run -d`, the item would be stopped before the container can work on it."""
    queue.enqueue(4)
    warning = (
        "the handler exited with 0 at once, without output or a heartbeat, and its item was stopped: "
        "a handler has to stay in the foreground until the session ends, or needs --no-auto-stop"
    )
    detached = work("--max-items", "2", handler=[script("exit 0")])
    assert [entry["level"] for entry in detached.events(warning)] == ["WARN"]
    for words, text in ((["--no-auto-stop"], "exit 0"), ([], "echo done")):
        assert warning not in "".join(work(*words, handler=[script(text)]).lines)


@pytest.mark.parametrize(("is_over", "runs"), [(True, 0), (False, 1)])
def test_an_item_whose_session_has_ended_is_stopped_without_a_run(queue, work, script, is_over, runs):
    """Only the session of an item that may have run before is looked at."""
    agent = {"environment_id": queue.id, "script": ["terminate"] if is_over else []}
    session_id = queue.send("POST", "/_emulator/sessions", agent)["id"]
    queue.advance(100)
    worker = work(handler=[script("echo ran")])
    assert len(worker.output) == runs
    assert (queue.count(session_id), queue.count("/stop")) == (1, 1)


def test_a_handler_that_the_system_does_not_start_costs_no_attempt(queue, work, tmp_path):
    """It says nothing about the item, which waits like any other."""
    path = tmp_path / "broken"
    path.write_bytes(b"\x7fELF\0")
    path.chmod(0o755)
    (work_id,) = queue.enqueue()
    worker = work("--attempts", "1", handler=[str(path)], status=1)
    assert queue.item(work_id)["metadata"] == {}
    assert queue.count("/stop") == 0
    assert worker.events("work item not done")[0]["reason"] == "the handler exited with 126, which is not counted"


def test_a_bug_that_an_item_triggers_is_logged_and_polling_backs_off(queue, work, script, tmp_path):
    """The next item may trigger it, too, and the worker must not claim a whole queue in a moment. A job fails."""
    bug = """
from ant_cli.worker.item_run import ItemRun

async def run(self):
    raise ValueError("a bug")

ItemRun.run = run
"""
    (tmp_path / "sitecustomize.py").write_text(bug)
    queue.enqueue()
    worker = work(handler=[script("exit 0")], env={"PYTHONPATH": str(tmp_path)}, status=1)
    assert worker.events("work item failed")[0]["error"] == "ValueError: a bug"
    assert worker.events("backing off after unprocessable work item")


def test_a_health_check_of_the_queue_is_stopped_without_a_handler(queue, work, script):
    """It only checks whether a worker is there."""
    queue.send("POST", f"/_emulator/environments/{queue.id}/enqueue", {"type": "healthcheck"})
    work(handler=[script("touch ran")])
    assert queue.count("/stop") == 1
    assert not Path("ran").exists()


@pytest.mark.parametrize("more", [(), ("--item-timeout", "1h")])
def test_with_no_auto_stop_a_program_that_a_successful_handler_leaves_running_goes_on(
    queue, work, script, fifo, more
):
    """The handler may have passed the item on to it, so the item is not stopped."""
    (work_id,) = queue.enqueue()
    reading = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
    handler = script(f"exec 3> {fifo}; sleep 600 > {os.devnull} 2>&1 & echo $!")
    worker = work("--no-auto-stop", *more, handler=[handler])
    with pytest.raises(BlockingIOError):  # the pipe has not ended: the program has it open for writing
        os.read(reading, 1)
    os.kill(int(worker.output[0]), signal.SIGKILL)
    os.close(reading)
    assert (queue.item(work_id)["state"], queue.count("/stop")) == ("starting", 0)


def test_a_handler_that_takes_too_long_and_ignores_sigterm_is_killed(queue, work_id, work, script):
    """SIGKILL follows after the kill timeout. This is a failed attempt."""
    limits = ("--item-timeout", "200ms", "--kill-timeout", "100ms")
    handler = script("trap '' TERM; sleep 60 & wait; sleep 60")
    worker = work(*limits, handler=[handler], env=WITH_METADATA, status=1)
    assert worker.events("killing the handler")
    assert queue.item(work_id)["metadata"]["ant_last_error"] == "the handler took longer than 0.2 s"


def test_as_many_items_run_at_once_as_there_are_slots(queue, work, script, fifo):
    """Each of the two handlers waits for the other one."""
    first, second = queue.enqueue(2)
    handler = script(f"if mkdir first; then read line < {fifo}; else echo go > {fifo}; fi")
    work("--concurrency", "2", "--max-items", "2", handler=[handler])
    assert {queue.item(first)["state"], queue.item(second)["state"]} == {"stopped"}


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


@pytest.mark.parametrize(("status", "times"), [(400, 1), (409, 9)])
def test_a_failed_acknowledgement_starts_no_handler(queue, work_id, work, script, status, times):
    """The item returns to the queue, or another worker has it: the conflict is not one with an earlier attempt."""
    queue.fail("/ack", status=status, times=times)
    worker = work("--max-retries", "1", handler=[script("touch ran")])
    assert worker.events("ack failed, discarding work item")
    assert queue.item(work_id)["state"] == "queued"
    assert queue.count("/stop") == 0
    assert not Path("ran").exists()


def test_an_acknowledgement_whose_response_is_lost_is_recognized(queue, work_id, work, script):
    """Its repetition conflicts with it. Otherwise the item would wait for 300 s, although nobody runs it."""
    queue.fail("/ack", after_commit=True, disconnect=True)
    work(handler=[script("exit 0")])
    assert queue.count("/ack") == 2
    assert queue.item(work_id)["state"] == "stopped"


@pytest.mark.parametrize(("status", "exit_code"), [(400, 1), (401, 4), (403, 4), (404, 5)])
def test_a_permanent_error_ends_the_worker(queue, work, script, status, exit_code):
    """The exit status is that of the error."""
    queue.fail("/poll", status=status, times=9)
    worker = work(handler=[script("exit 0")], status=exit_code)
    (event,) = worker.events("poll hit permanent 4xx; stopping")
    assert (event["error"].split()[0], event["level"]) == (str(status), "ERROR")
    assert ("(from ANTHROPIC_ENVIRONMENT_KEY)" in worker.lines[-1]) is (status in (401, 403))
    assert queue.count("/poll") == 1


def test_processes_that_a_failed_handler_leaves_running_are_killed(queue, work, script, fifo):
    """They must not run during the next attempt. The log ends, too, although they held the output open."""
    queue.enqueue()
    reading = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
    worker = work(handler=[script(f"exec 3> {fifo}; (sleep 600; echo late) & exit 1")], status=1)
    assert worker.output == []
    assert os.read(reading, 1) == b""  # the end of the pipe: no process has it open for writing
    os.close(reading)


def test_the_handler_and_the_limits_may_be_given_by_variables(queue, start, script):
    """Manifests of containers set variables more easily than arguments."""
    queue.enqueue(2)
    env = {"ANT_WORKER_ON_WORK": script("exit 0"), "ANT_WORKER_MAX_ITEMS": "2", "ANT_WORKER_CONCURRENCY": "2"}
    assert start(env=env).end() == 0
    assert queue.count("/stop") == 2
