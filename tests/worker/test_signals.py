"""The end of a worker: drained by a signal, or killed, and the effect on its handlers."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
import sys

import pytest

from ant_cli.worker import guardian_process
from ant_cli.worker.guardian import Fallback, Guardian
from ant_cli.worker.guardian_process import NEVER


@pytest.fixture
def reading(fifo):
    """The reading end of the named pipe. It ends when no process has it open for writing any more."""
    descriptor = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
    yield descriptor
    os.close(descriptor)


def wait_for_end(reading):
    """Wait until no process has the pipe open for writing any more."""
    os.set_blocking(reading, True)
    while os.read(reading, 100):
        pass


def test_the_first_signal_lets_handlers_end_and_takes_no_more_work(queue, running, script, fifo):
    """The official worker cancels running items at each deployment."""
    first, second = queue.enqueue(2)
    worker = running(handler=[script(f"echo started; read line < {fifo}")])
    worker.send(signal.SIGTERM)
    worker.wait_for("draining: no more work is taken")
    fifo.write_text("go\n")
    assert worker.end() == 0
    assert queue.item(first)["state"] == "stopped"
    assert queue.item(second)["state"] == "queued"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGHUP])
def test_an_idle_worker_ends_at_once(start, script, number):
    """The exit status is 0, even if a poll is in progress."""
    worker = start(handler=[script("exit 0")])
    worker.wait_for("polling for work")
    worker.send(number)
    assert worker.end() == 0


def test_the_second_signal_ends_the_handlers_and_gives_their_items_back(
    queue, work_id, running, script
):
    """The item has not failed, so nothing is counted."""
    worker = running(
        handler=[script("trap 'echo asked to stop; exit 1' TERM; echo started; sleep 600 & wait")]
    )
    worker.send(signal.SIGTERM)
    worker.wait_for("draining: no more work is taken")
    worker.wait_for("handlers have 20 s to finish; a second signal ends them")
    worker.send(signal.SIGTERM)
    worker.wait_for("handler output", line="asked to stop")
    assert worker.end() == 0
    assert queue.item(work_id)["metadata"] == {}
    assert queue.count("/stop") == 0
    queue.advance(1)
    assert queue.item(work_id)["state"] == "queued"


def test_the_third_signal_kills_the_handlers(queue, running, script):
    """This is for handlers that ignore SIGTERM. It does not wait for the kill timeout."""
    queue.enqueue()
    handler = script("trap '' TERM; echo started; sleep 600 & wait; sleep 600")
    worker = running("--kill-timeout", "1h", handler=[handler])
    for message in (
        "draining: no more work is taken",
        "terminating the handler",
        "killing the handler",
    ):
        worker.send(signal.SIGTERM)
        worker.wait_for(message)
    assert worker.end() == 0


def test_draining_has_a_time_limit(queue, work_id, running, script):
    """After the drain timeout, the handlers are ended as by a second signal, and killed after the kill timeout."""
    handler = script("trap '' TERM; echo started; sleep 600")
    worker = running("--drain-timeout", "100ms", "--kill-timeout", "100ms", handler=[handler])
    worker.send(signal.SIGTERM)
    worker.wait_for("drain timeout exceeded; ending the handlers")
    worker.wait_for("killing the handler")
    assert worker.end() == 0
    assert queue.count("/stop") == 0
    queue.advance(1)
    assert queue.item(work_id)["state"] == "queued"


def test_the_item_of_a_handler_that_exits_with_0_on_sigterm_is_given_back(
    queue, work_id, running, script
):
    """It may have done half of its work."""
    handler = script("trap 'exit 0' TERM; echo started; sleep 600 & wait")
    worker = running("--drain-timeout", "0", handler=[handler])
    worker.send(signal.SIGTERM)
    assert worker.end() == 0
    assert worker.events("work item not done")[0]["outcome"] == "given_back"
    queue.advance(1)
    assert queue.item(work_id)["state"] == "queued"


def test_a_signal_that_the_parent_ignores_is_ignored(queue, work_id, start, script, fifo):
    """nohup, for example, ignores SIGHUP."""
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        worker = start("--max-items", "1", handler=[script(f"echo started; read line < {fifo}")])
    finally:
        signal.signal(signal.SIGHUP, before)
    worker.wait_for("handler output", line="started")
    worker.send(signal.SIGHUP)
    fifo.write_text("go\n")
    assert worker.end() == 0
    assert worker.events("draining: no more work is taken") == []
    assert queue.item(work_id)["state"] == "stopped"


@pytest.mark.slow
def test_killing_a_worker_ends_its_handlers(queue, running, script, fifo, reading):
    """This includes their children, so that the next holder of the item does not run next to an orphan."""
    queue.enqueue(2)
    handler = script(f"exec 3> {fifo}; (trap '' TERM HUP INT; sleep 600) & echo started; sleep 600")
    worker = running("--concurrency", "2", handler=[handler])
    worker.wait_for("handler output", line="started")
    worker.send(signal.SIGKILL)
    wait_for_end(reading)
    assert worker.end() == -signal.SIGKILL


KILLED_WHILE_IT_STARTS_A_HANDLER = """
import asyncio, os, signal, sys
from ant_cli.worker.guardian import Guardian, Fallback

def start_and_die(program, *arguments, start=os.posix_spawn, **options):
    pid = start(program, *arguments, **options)
    if program == "/bin/sh":
        os.kill(os.getpid(), signal.SIGKILL)
    return pid

async def work():
    os.posix_spawn = start_and_die
    guardian = Guardian(["/bin/sh", "-c", f"cat > {sys.argv[1]}"], {})
    fallback = Fallback("work_1", float("inf"), "the lease")
    item = guardian.guard(fallback)
    guardian.start(item, ["/bin/sh", "-c", "sleep 600"], dict(os.environ), (0, 1, 2), fallback)

asyncio.run(work())
"""


@pytest.mark.skipif(
    sys.platform != "linux", reason="other systems do not show the environment of a process"
)
def test_killing_a_worker_ends_a_handler_that_is_just_starting_and_its_lease(fifo):
    """The worker has not told its guardian the process ID of the handler, which has this pipe open."""
    environ = {**os.environ, "ANTHROPIC_WORK_ID": "work_1"}
    worker = [sys.executable, "-c", KILLED_WHILE_IT_STARTS_A_HANDLER, str(fifo)]
    ended = subprocess.run(worker, env=environ, stdout=subprocess.PIPE, timeout=60, check=False)
    assert ended.returncode == -signal.SIGKILL
    assert fifo.read_text() == "the lease\n"


NEW_GUARDIAN = """guardian() { pgrep -P $PPID -f guardian_process; }
old=$(guardian); kill -9 $old; while [ -e /proc/$old ]; do :; done
until guardian > /dev/null; do :; done
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("words", "before", "program"),
    [
        (("--heartbeat", "never"), "", "exec env -i"),
        ((), "", "timeout 600"),
        ((), NEW_GUARDIAN, "exec"),
    ],
    ids=["without environment", "in a group of timeout", "with a new guardian"],
)
def test_killing_a_worker_ends_a_handler_that_is_hard_to_find(
    queue, running, script, fifo, reading, words, before, program
):
    """Its guardian knows the process ID, also while the lease is left to the handler, or after it was replaced."""
    queue.enqueue()
    handler = script(f"{before}{program} /bin/sh -c 'exec 3> {fifo}; echo started; sleep 600'")
    worker = running(*words, handler=[handler])
    worker.send(signal.SIGKILL)
    wait_for_end(reading)
    assert worker.end() == -signal.SIGKILL


@pytest.mark.slow
def test_draining_ends_a_handler_that_runs_timeout(queue, running, script, fifo, reading):
    """Its child gets the signal, not only the shell, which waits for it here."""
    queue.enqueue()
    child = f'exec 3> {fifo}; trap "echo asked to stop; exit" TERM; echo started; while :; do sleep 0.1; done'
    worker = running(
        "--drain-timeout",
        "0",
        handler=[script(f"trap : TERM; timeout 600 sh -c '{child}'; exit 1")],
    )
    worker.send(signal.SIGTERM)
    worker.wait_for("handler output", line="asked to stop")
    wait_for_end(reading)
    assert worker.end() == 0


@pytest.mark.slow
@pytest.mark.parametrize(("mode", "heartbeats"), [("always", 2), ("never", 1)])
def test_the_item_of_a_killed_worker_is_handed_out_at_once(
    queue, work_id, running, script, mode, heartbeats
):
    """Its guardian ends the lease, which has minutes left here, also if nobody has sent a heartbeat yet."""
    options = ("--heartbeat", mode, "--lease", "300s")
    worker = running(*options, handler=[script("echo started; sleep 600")])
    worker.send(signal.SIGKILL)
    queue.wait_for_requests("/heartbeat", heartbeats)
    queue.advance(1)
    assert queue.poll()["id"] == work_id


@pytest.mark.slow
def test_the_item_of_a_worker_that_its_handler_kills_at_once_is_handed_out_at_once(
    queue, work_id, start, script
):
    """The guardian knows the lease before the handler starts."""
    worker = start("--lease", "300s", handler=[script("kill -KILL $PPID")])
    assert worker.end() == -signal.SIGKILL
    queue.wait_for_requests("/heartbeat", 1)
    queue.advance(1)
    assert queue.poll()["id"] == work_id


@pytest.mark.slow
def test_a_guardian_ends_no_lease_that_is_not_its_workers(queue, work_id, running, script):
    """The handler sends the heartbeats here, or another worker has the item by now."""
    worker = running(
        "--heartbeat", "always", "--lease", "300s", handler=[script("echo started; sleep 600")]
    )
    queue.act(work_id, "heartbeat")
    heartbeat = queue.item(work_id)["latest_heartbeat_at"]
    before = queue.count("/heartbeat")
    worker.send(signal.SIGKILL)
    queue.wait_for_requests("/heartbeat", before + 1)
    assert queue.item(work_id)["latest_heartbeat_at"] == heartbeat
    assert queue.item(work_id)["state"] == "active"


@pytest.mark.slow
def test_a_handler_does_not_start_under_a_dead_guardian(queue, work, script):
    """A new guardian replaces it before the next item."""
    queue.enqueue(2)
    killed = "guardian=$(pgrep -P $PPID -f guardian_process) && kill -9 $guardian && echo killed it || exit 1"
    handler = script(f"{killed}; while [ -e /proc/$guardian ]; do :; done")
    worker = work("--max-items", "2", handler=[handler])
    assert worker.output == ["killed it", "killed it"]
    assert queue.count("/stop") == 2


def test_a_guardian_that_a_handler_stops_is_continued(queue, work, script):
    """A stopped guardian would not notice the end of the worker."""
    queue.enqueue()
    stopped = "guardian=$(pgrep -P $PPID -f guardian_process); kill -STOP $guardian"
    handler = script(
        f"{stopped}; while grep -q ') T' /proc/$guardian/stat; do :; done; echo continued"
    )
    assert work(handler=[handler]).output == ["continued"]


def test_a_guardian_that_was_stopped_a_moment_ago_does_not_hold_up_the_end_of_the_worker():
    """The signal about it may not have been handled yet."""

    async def stop_and_close():
        guardian = Guardian(["true"], {})
        guardian._open_pipe()
        pid = guardian._pid
        os.kill(pid, signal.SIGSTOP)
        guardian.close()
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)

    asyncio.run(stop_and_close())


@pytest.mark.slow
def test_a_worker_that_is_stopped_for_longer_than_its_lease_leaves_no_handler_running(
    queue, work_id, running, script, fifo, reading
):
    """The next holder of the item would run next to it. A debugger or a suspended machine may stop a worker."""
    options = ("--heartbeat", "always", "--lease", "1s", "--max-items", "1", "--kill-timeout", "1h")
    worker = running(*options, handler=[script(f"exec 3> {fifo}; echo started; sleep 600")])
    worker.send(signal.SIGSTOP)
    wait_for_end(reading)
    worker.send(signal.SIGCONT)
    assert worker.wait_for("work item not done")["outcome"] == "lease_lost"
    assert worker.end() == 1
    assert queue.count("/stop") == 0
    assert "ant_attempts" not in queue.item(work_id)["metadata"]


IN_A_CONTAINER = ("unshare", "--pid", "--fork", "--mount-proc")


@pytest.mark.slow
@pytest.mark.skipif(
    shutil.which("unshare") is None
    or subprocess.run([*IN_A_CONTAINER, "true"], check=False).returncode != 0,
    reason="this user may not create a PID namespace",
)
def test_the_first_process_of_a_container_reaps_the_orphans_of_handlers(queue, work, script):
    """Otherwise each of them would stay a zombie for as long as the container runs."""
    queue.enqueue(2)
    orphans = "for number in 1 2 3 4 5; do (sleep 0 & exit); done"
    handler = script(
        f"{orphans}; while grep -q ') Z' /proc/[0-9]*/stat 2> /dev/null; do :; done; exit 3"
    )
    worker = work(
        "--max-items", "2", "--attempts", "1", under=IN_A_CONTAINER, handler=[handler], status=1
    )
    assert [event["reason"] for event in worker.events("work item not done")] == [
        "the handler exited with 3"
    ] * 2


def test_an_item_without_a_handler_is_guarded_and_its_end_kills_nobody(monkeypatch):
    """A process ID of 0 would be the group of the worker itself."""
    killed = []
    monkeypatch.setattr(guardian_process, "signal_session", lambda *given: killed.append(given))

    async def guard():
        guardian = Guardian(["true"], {})
        first, second = (guardian.guard(Fallback("work_1", NEVER, "")) for _ in range(2))
        guardian.end(first)
        guardian.forget(first)
        assert second in guardian._guarded
        guardian.close()

    asyncio.run(guard())
    assert killed == []
