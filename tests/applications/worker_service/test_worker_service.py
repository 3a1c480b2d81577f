"""The tests of the service, as its author would write them, under xdist."""

import os

import anyio
import pytest
from worker_service import run_queue

HELLO = {"type": "user.message", "content": [{"type": "text", "text": "Go."}]}


@pytest.fixture
def queue(ant_emulator, client, monkeypatch):
    """Return an environment, for which the service has a key."""
    queue = client.beta.environments.create(name="queue", config={"type": "self_hosted"}).id
    monkeypatch.delenv("ANTHROPIC_API_KEY")  # the service has none
    monkeypatch.setenv("ANTHROPIC_ENVIRONMENT_ID", queue)
    monkeypatch.setenv("ANTHROPIC_ENVIRONMENT_KEY", ant_emulator.environment_key(queue))
    return queue


@pytest.fixture
def start(client, queue):
    """Return a function that creates a session with work for the service."""

    def start():
        return client.beta.sessions.create(
            agent="agent_1", environment_id=queue, initial_events=[HELLO]
        ).id

    return start


@pytest.fixture
def run(tmp_path):
    """Return a function that runs the service until the queue is empty."""
    return lambda: anyio.run(run_queue, os.environ, tmp_path)


def bash(command, **expect):
    return {"tool": "bash", "input": {"command": command}, "expect": expect}


def test_the_work_of_each_session_is_done_and_stopped(ant_emulator, client, queue, start, run):
    for number in (1, 2):
        ant_emulator.script([bash(f"echo {number}", contains=str(number)), {"message": "Done."}])
    sessions = [start(), start()]
    assert run() == sessions
    assert client.beta.environments.work.stats(queue).depth == 0
    for session in sessions:
        *_, message, idle = client.beta.sessions.events.list(session)
        assert (message.content[0].text, idle.stop_reason.type) == ("Done.", "end_turn")


def test_a_command_that_fails_is_a_result_for_the_agent(ant_emulator, client, start, run, tmp_path):
    ant_emulator.script([bash("touch made && exit 3", is_error=True), {"message": "I see."}])
    session = start()
    run()
    assert (tmp_path / "made").exists()
    assert client.beta.sessions.events.list(session).data[-1].type == "session.status_idle"


def test_several_calls_at_once_each_get_their_result(ant_emulator, client, start, run):
    calls = [bash(f"echo {number}", contains=str(number)) for number in range(3)]
    ant_emulator.script([{"tools": calls}, {"message": "Done."}])
    session = start()
    run()
    events = [event.type for event in client.beta.sessions.events.list(session)]
    assert events.count("user.tool_result") == 3
    assert events[-2:] == ["agent.message", "session.status_idle"]


def test_a_busy_queue_is_asked_again(ant_emulator, start, run):
    ant_emulator.script([bash("true"), {"message": "Done."}], times=2)
    ant_emulator.fault(path_contains="/work/poll", status=529, headers=["retry-after: 0"])
    sessions = [start(), start()]
    assert run() == sessions


def test_an_item_whose_lease_another_worker_has_is_not_stopped(
    ant_emulator, client, queue, start, run
):
    ant_emulator.script([bash("true"), "idle"])
    start()
    ant_emulator.fault(path_contains="/heartbeat", status=412, times=9)
    run()
    (item,) = [
        each["path"] for each in ant_emulator.requests() if each["path"].endswith("/heartbeat")
    ][:1]
    work = item.split("/")[5]
    state = client.beta.environments.work.retrieve(work, environment_id=queue).state
    assert state == "starting"


@pytest.mark.ant_emulator(lease_seconds=2)
def test_after_a_lease_has_run_out_the_item_is_run_again(ant_emulator, client, queue, start, run):
    ant_emulator.script([bash("echo again", contains="again"), {"message": "Done."}])
    session = start()
    work = client.beta.environments.work
    item = work.poll(queue).id
    work.ack(item, environment_id=queue)  # by a worker that was killed
    assert run() == []
    ant_emulator.clock(advance_ms=2_001)
    assert run() == [session]
    assert client.beta.environments.work.retrieve(item, environment_id=queue).state == "stopped"
