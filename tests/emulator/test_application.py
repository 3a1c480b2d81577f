"""An application that uses sessions as people do, written against the official SDK, which checks every type."""

import json
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

NOW = "2026-11-30T10:00:00Z"
VAULT = {
    "id": "vlt_1",
    "display_name": "v",
    "metadata": {},
    "type": "vault",
    **dict.fromkeys(("created_at", "updated_at"), NOW),
}
HELLO = {"type": "user.message", "content": [{"type": "text", "text": "Hello."}]}


@pytest.fixture
def sessions(client):
    """Return the SDK's resource for sessions."""
    return client.beta.sessions


@pytest.fixture
def start(client, sessions):
    """Return a function that creates a session in the cloud, whose agent follows a script."""
    cloud = client.beta.environments.create(name="cloud").id

    def start(*script, environment_id=cloud, agent="agent_1", **params):
        metadata = {"emulator_script": json.dumps(script)} if script else {}
        return sessions.create(
            agent=agent, environment_id=environment_id, metadata=metadata, **params
        )

    return start


def control(client, path, /, **body):
    return client.post(f"/_emulator/{path}", body=body, cast_to=object)


def turn(stream):
    """Return the events of a stream up to the end of a turn, or to a call that waits."""
    events = []
    for event in stream:
        events.append(event)
        if event.type in ("session.status_idle", "session.status_terminated"):
            return events
    raise AssertionError(events)


def kinds(events):
    return [event.type.partition(".")[2] for event in events]


def texts(events):
    return [event.content[0].text for event in events if event.type == "agent.message"]


def test_what_is_not_emulated_is_stubbed(anthropic, client):
    """The response of a path that the emulator does not know is given by the test."""
    with pytest.raises(anthropic.NotFoundError, match=r"not emulated\. To give its response: ant"):
        client.beta.vaults.create(display_name="v")
    stub = {"path": "/v1/vaults", "method": "POST", "status": 200, "body": json.dumps(VAULT)}
    control(client, "faults", **stub)
    assert client.beta.vaults.create(display_name="v").id == "vlt_1"


def test_sessions_are_listed_by_page_and_filter(client, sessions, start):
    """The newest first; archived ones only on request."""
    queue = client.beta.environments.create(name="queue", config={"type": "self_hosted"}).id
    mine = [
        start(agent={"type": "agent", "id": "agent_2", "version": number}).id for number in (1, 2)
    ]
    other, gone = start(environment_id=queue), start()
    sessions.archive(gone.id)

    def listed(**query):
        return [session.id for session in sessions.list(limit=1, **query)]

    assert listed() == [other.id, *mine[::-1]]
    assert listed(order="asc", include_archived=True) == [*mine, other.id, gone.id]
    assert listed(agent_id="agent_2") == mine[::-1]
    assert listed(agent_id="agent_2", agent_version=2) == mine[1:]
    assert (
        listed(agent_id="agent")
        == listed(deployment_id="depl_1")
        == listed(memory_store_id="memstore_1")
        == []
    )
    assert listed(extra_query={"environment_id": queue}) == [other.id]
    assert listed(statuses=["terminated", "running"], include_archived=True) == [gone.id]


def test_a_stream_that_is_opened_after_the_create_gets_the_whole_turn(sessions, start):
    """The agent begins when somebody looks, so the client wins, however slow it is."""
    session = start(
        {"message": "Hi."},
        "thinking",
        {"wait": "50ms"},
        {"message": "Bye."},
        initial_events=[HELLO],
    )
    assert session.status == "running"
    with sessions.events.stream(session.id) as stream:
        events = turn(stream)
    assert kinds(events) == ["message", "thinking", "message", "status_idle"]
    assert texts(events) == ["Hi.", "Bye."]
    assert kinds(sessions.events.list(session.id).data[:2]) == ["message", "status_running"]


def test_a_client_that_polls_sees_the_session_run_and_end(client, sessions, start):
    """After a short delay, or when a stopped clock has passed the waits of the script."""
    session = start(initial_events=[HELLO])
    seen = {session.status}
    while (status := sessions.retrieve(session.id).status) != "idle":
        seen.add(status)
    assert seen == {"running"}
    control(client, "clock", freeze=True)
    waiting = start({"wait": "5m"}, {"message": "Done."}, "terminate", initial_events=[HELLO])
    assert sessions.retrieve(waiting.id).status == "running"
    control(client, "clock", advance_ms=299_999)
    assert waiting.id in [each.id for each in sessions.list(statuses=["running"])]
    control(client, "clock", advance_ms=1)
    assert waiting.id in [each.id for each in sessions.list(statuses=["terminated"])]
    stats = sessions.retrieve(waiting.id).stats
    assert (stats.active_seconds, stats.duration_seconds) == (300, 300)


def test_each_of_several_messages_gets_its_turn(sessions, start):
    """Also one that arrives while the agent still works at the one before."""
    session = start({"message": "1"}, "idle", {"message": "2"}, "idle", {"message": "3"})
    with sessions.events.stream(session.id) as stream:
        sessions.events.send(session.id, events=[HELLO] * 3)
        assert [texts(turn(stream)) for _ in range(3)] == [["1"], ["2"], ["3"]]


def test_a_custom_tool_is_called_and_its_result_continues_the_turn(anthropic, sessions, start):
    """The result is sent before the stream is opened. An empty text is refused, and the session still waits."""
    session = start(
        {"custom_tool": "weather", "expect": {"text": "sunny"}},
        {"message": "Sun."},
        initial_events=[HELLO],
    )
    with sessions.events.stream(session.id) as stream:
        call, idle = turn(stream)
    assert idle.stop_reason.event_ids == [call.id]
    result = {"type": "user.custom_tool_result", "custom_tool_use_id": call.id}
    with pytest.raises(anthropic.BadRequestError, match="minimum string length is 1"):
        sessions.events.send(
            session.id, events=[result | {"content": [{"type": "text", "text": ""}]}]
        )
    sessions.events.send(
        session.id, events=[result | {"content": [{"type": "text", "text": "sunny"}]}]
    )
    with sessions.events.stream(session.id) as stream:
        assert texts(turn(stream)) == ["Sun."]


@pytest.mark.parametrize(
    "verdict", [{"result": "allow"}, {"result": "deny", "deny_message": "Not today."}]
)
def test_a_person_allows_or_denies_a_tool_in_the_cloud(anthropic, sessions, start, verdict):
    """An allowed call has the result of the script. A confirmation that nothing waits for is refused."""
    ask = {
        "tool": "bash",
        "input": {"command": "rm a"},
        "evaluated_permission": "ask",
        "result": "removed",
    }
    session = start(ask, {"message": "Done."}, initial_events=[HELLO])
    with sessions.events.stream(session.id) as stream:
        call, idle = turn(stream)
        assert (call.evaluated_permission, call.evaluation.type) == ("ask", "always_ask")
        assert (idle.stop_reason.type, idle.stop_reason.event_ids) == ("requires_action", [call.id])
        confirmation = {"type": "user.tool_confirmation", "tool_use_id": call.id, **verdict}
        for wrong, why in (
            ({"tool_use_id": "sevt_1"}, "does not wait for a confirmation of 'sevt_1'"),
            ({"tool_use_id": f"?{call.id}"}, "does not wait"),
            ({"result": "allow", "deny_message": "x"}, "deny_message: only"),
            ({"type": "user.tool_result"}, "."),
        ):
            with pytest.raises(anthropic.BadRequestError, match=why):
                sessions.events.send(session.id, events=[confirmation | wrong])
        sessions.events.send(session.id, events=[confirmation])
        names = ["tool_confirmation", *["tool_result"] * (verdict["result"] == "allow")]
        assert kinds(turn(stream)) == [*names, "status_running", "message", "status_idle"]
    with pytest.raises(anthropic.BadRequestError, match="does not wait for a confirmation"):
        sessions.events.send(session.id, events=[confirmation])


@pytest.mark.parametrize("cut", [{"cut_after_bytes": 100}, {"cut_after_events": 1}])
def test_a_client_continues_after_a_stream_that_was_cut(client, sessions, start, cut):
    """What it missed is in the list."""
    control(client, "faults", path_contains="/stream", **cut)
    session = start({"message": "Hi."}, {"message": "Bye."}, initial_events=[HELLO])
    with (
        sessions.events.stream(session.id) as stream,
        pytest.raises(Exception, match="peer closed connection"),
    ):
        turn(stream)
    assert client.get("/_emulator/faults", cast_to=object)["data"] == []
    while sessions.retrieve(session.id).status != "idle":
        pass
    assert texts(sessions.events.list(session.id).data) == ["Hi.", "Bye."]


@pytest.mark.slow
@pytest.mark.parametrize("threads", [432])
def test_three_hundred_streams_are_open_at_once(client, sessions, start):
    """Every one gets its events, and a health check does not wait for them."""
    created = [start({"message": str(number)}, "terminate").id for number in range(300)]
    opened = threading.Barrier(301)

    def follow(session):
        with sessions.events.stream(session) as stream:
            opened.wait()
            return texts(turn(stream))

    with ThreadPoolExecutor(300) as pool:
        results = [pool.submit(follow, session) for session in created]
        opened.wait()
        assert client.get("/healthz", cast_to=object) == {"status": "ok"}
        for session in created:
            sessions.events.send(session, events=[HELLO])
        assert [result.result() for result in results] == [[str(number)] for number in range(300)]
