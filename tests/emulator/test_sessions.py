"""Sessions with a scripted agent, from the view of a worker."""

import json
import threading
from contextlib import suppress

import pytest
from werkzeug.test import EnvironBuilder, run_wsgi_app

from ant_cli.emulator import Disconnected, Emulator
from ant_cli.emulator.call import IS_STOPPING
from tests.helpers.words import API_HEADERS

from .api import ENVIRONMENTS, HEADERS, Api, message, token_of

SESSIONS = "/v1/sessions"
BASH = {"tool": "bash", "input": {"command": "ls"}}


@pytest.fixture(autouse=True)
def queue(api):
    """Return a self-hosted environment, in which sessions are created by default."""
    return api.create_queue()


def create(api, *script, **body):
    """Create a session and return its ID."""
    response = api("POST", "/_emulator/sessions", {"script": script, **body})
    assert response.status_code == 200, response.text
    return response.json["id"]


def events_of(api, session, **query):
    """Return the events, after those that are due have happened."""
    api("POST", "/_emulator/clock", {"advance_ms": 200})
    return api("GET", f"/v1/sessions/{session}/events", **query).json["data"]


def kinds(events):
    return [event["type"].partition(".")[2] for event in events]


def send(api, session, *events):
    return api("POST", f"/v1/sessions/{session}/events", {"events": events})


def answer(api, session, text="ok", *, is_error=False):
    """Post the result of the tool that the session waits for."""
    *_, call = (event for event in events_of(api, session) if event["type"] == "agent.tool_use")
    content = [{"type": "text", "text": text}]
    return send(
        api,
        session,
        {"type": "user.tool_result", "tool_use_id": call["id"], "is_error": is_error, "content": content},
    )


def test_a_session_waits_for_the_result_of_each_tool(api, queue):
    """The session is idle while a tool runs, names the call that it waits for, and continues with the result."""
    session = create(api, BASH, {"tool": "read", "input": {"path": "a"}}, title="t", metadata={"k": "v"})
    first = events_of(api, session)
    assert kinds(first) == ["message", "status_running", "tool_use", "status_idle"]
    call, idle = first[2:]
    assert (call["name"], call["input"]) == ("bash", {"command": "ls"})
    assert idle["stop_reason"] == {"type": "requires_action", "event_ids": [call["id"]]}
    taken = answer(api, session, "a\n").json["data"]
    assert taken[0]["tool_use_id"] == call["id"]
    assert taken[0] == events_of(api, session)[4]
    assert kinds(events_of(api, session)[5:]) == ["status_running", "tool_use", "status_idle"]
    answer(api, session)
    end = events_of(api, session)[-1]
    assert (end["type"], end["stop_reason"]) == ("session.status_idle", {"type": "end_turn"})
    retrieved = api("GET", f"/v1/sessions/{session}").json
    assert (retrieved["status"], retrieved["title"], retrieved["metadata"]) == ("idle", "t", {"k": "v"})
    assert (retrieved["environment_id"], retrieved["agent"]["skills"], retrieved["resources"]) == (queue, [], [])


def test_a_tool_result_updates_the_session(api, clock):
    """The session says when it last changed."""
    session = create(api, BASH, BASH)
    created = api("GET", f"/v1/sessions/{session}").json
    clock.advance(ms=1)
    answer(api, session)
    updated = api("GET", f"/v1/sessions/{session}").json
    now = api("GET", "/_emulator/clock").json["now"]
    assert (updated["created_at"], updated["updated_at"]) == (created["created_at"], now)
    assert created["updated_at"] == created["created_at"] != updated["updated_at"]


def test_a_script_can_send_messages_go_idle_and_terminate(api):
    """After `idle`, a message of the user continues the script. After `terminate`, no event is accepted."""
    session = create(api, {"message": "Hello."}, "idle", {"idle": True}, "terminate", BASH)
    assert kinds(events_of(api, session)) == ["message", "status_running", "message", "status_idle"]
    assert send(api, session, HELLO).status_code == 200
    assert kinds(events_of(api, session)[4:]) == ["message", "status_running", "status_idle"]
    send(api, session, HELLO)
    assert kinds(events_of(api, session)[7:]) == ["message", "status_running", "status_terminated"]
    assert api("GET", f"/v1/sessions/{session}").json["status"] == "terminated"
    assert "is terminated" in message(send(api, session, HELLO), 400)


@pytest.mark.parametrize(
    ("expect", "text", "is_error", "problem"),
    [
        ({}, "anything", True, None),
        ({"is_error": False}, "x", False, None),
        ({"text": "a"}, "a", False, None),
        ({"contains": "b"}, "abc", False, None),
        ({"is_error": True, "contains": "b"}, "abc", True, None),
        ({"is_error": False}, "boom", True, "expected is_error to be False, got True; the text is 'boom'"),
        ({"is_error": True}, "x", False, "expected is_error to be True"),
        ({"text": "a"}, "ab", False, "expected the text 'a', got 'ab'"),
        ({"contains": "x"}, "abc", False, "expected text that contains 'x', got 'abc'"),
    ],
)
def test_an_unexpected_tool_result_ends_the_session_with_an_error(api, expect, text, is_error, problem):
    """The error names the step, and why its result is unexpected."""
    session = create(api, BASH | {"expect": expect})
    answer(api, session, text, is_error=is_error)
    *_, last_but_one, last = events_of(api, session)
    if problem is None:
        assert last["stop_reason"] == {"type": "end_turn"}
    else:
        assert (last_but_one["type"], last["type"]) == ("session.error", "session.status_terminated")
        assert last_but_one["error"]["message"].startswith("Step 1 ")
        assert problem in last_but_one["error"]["message"]
        assert api("GET", f"/_emulator/sessions/{session}").json["step"] == 1


@pytest.mark.parametrize("text", [5, None, ["x"]])
def test_a_block_of_text_without_text_is_rejected(api, text):
    """The session still waits for the result."""
    session = create(api, {**BASH, "expect": {"text": "a"}})
    assert "a block of text needs a text" in message(answer(api, session, text), 400)
    assert answer(api, session, "a").status_code == 200


def test_only_the_awaited_tool_result_is_accepted(api):
    """The result of another call, one of another type, and a second one are rejected and change nothing."""
    session = create(api, BASH, BASH)
    call = events_of(api, session)[2]["id"]
    assert "does not wait" in message(
        send(api, session, {"type": "user.tool_result", "tool_use_id": "sevt_1"}), 400
    )
    custom = {"type": "user.custom_tool_result", "custom_tool_use_id": call}
    assert "another type" in message(send(api, session, custom), 400)
    result = {"type": "user.tool_result", "tool_use_id": call}
    both = send(api, session, result, result)
    assert message(both, 400)
    assert len(events_of(api, session)) == 4
    assert send(api, session, result).status_code == 200
    assert message(send(api, session, result), 400)


def test_a_session_waits_for_the_results_of_all_tools_that_it_calls_at_once(api):
    """In any order, each once, and each of its own type. Until the last one, nothing else happens."""
    tools = [BASH | {"expect": {"text": "a"}}, {"custom_tool": "weather"}, {"tool": "read"}]
    session = create(api, {"tools": tools}, {"message": "Done."})
    *_, first, second, third, idle = events_of(api, session)
    assert [event["name"] for event in (first, second, third)] == ["bash", "weather", "read"]
    assert second["input"] == {}
    assert idle["stop_reason"] == {"type": "requires_action", "event_ids": [first["id"], second["id"], third["id"]]}
    custom = {"type": "user.custom_tool_result", "custom_tool_use_id": second["id"]}
    results = [{"type": "user.tool_result", "tool_use_id": event["id"]} for event in (third, first)]
    assert "another type" in message(send(api, session, custom | {"custom_tool_use_id": first["id"]}), 400)
    assert send(api, session, custom, results[0]).status_code == 200
    for answered in (custom, results[0], {"type": "user.tool_result", "tool_use_id": "-"}):
        assert "does not wait" in message(send(api, session, answered), 400)
    assert len(events_of(api, session)) == 8
    send(api, session, results[1] | {"content": [{"type": "text", "text": "a"}]})
    assert kinds(events_of(api, session)[9:]) == ["status_running", "message", "status_idle"]


def test_the_error_of_one_of_several_tools_names_it(api):
    """The session ends, whatever the others return."""
    session = create(api, {"tools": [{"tool": "read"}, BASH | {"expect": {"is_error": True}}]})
    answer(api, session)
    *_, error, _ = events_of(api, session)
    assert "Step 1 ({'tool': 'bash'" in error["error"]["message"]


@pytest.mark.parametrize("agent", ["agent_1", {"type": "agent", "id": "agent_1", "version": 1}])
def test_an_application_creates_a_session_and_begins_its_script_with_a_message(api, queue, clock, agent):
    """The script is in the metadata, or the default one. The work is in the queue from the beginning."""
    sent = {"agent": agent, "environment_id": queue, "title": "t", "resources": []}
    script = json.dumps([{"message": "x" * 600}])
    created = api("POST", SESSIONS, {**sent, "metadata": {"emulator_script": script, "k": "v"}}).json
    assert (created["status"], created["agent"]["id"], created["agent"]["version"]) == ("idle", "agent_1", 1)
    assert (created["title"], created["metadata"]["k"]) == ("t", "v")
    assert api.poll(queue)["data"]["id"] == created["id"]
    send(api, created["id"], HELLO)
    happened = kinds(events_of(api, created["id"]))
    assert happened == ["status_idle", "message", "status_running", "message", "status_idle"]
    begun = api("POST", SESSIONS, {**sent, "initial_events": [HELLO]}).json["id"]
    for ms, status in ((199, "running"), (1, "idle")):  # a client that polls leaves others time to open a stream
        clock.advance(ms=ms)
        assert api("GET", f"{SESSIONS}/{begun}").json["status"] == status
    assert kinds(events_of(api, begun)) == ["message", "status_running", "tool_use", "status_idle"]


@pytest.mark.parametrize(
    ("body", "status", "begin"),
    [
        ({"agent": ""}, 400, "agent"),
        ({"agent": "a b"}, 400, "agent"),
        ({"environment_id": "env_1"}, 404, "environment_id: "),
        ({"metadata": {"emulator_script": "[{}]"}}, 400, "script.0: must have one of"),
        ({"metadata": {"emulator_script": "["}}, 400, "body: "),
        ({"initial_events": [{"type": "user.interrupt"}]}, 400, "initial_events.0"),
    ],
)
def test_an_invalid_session_of_an_application_is_rejected(api, queue, body, status, begin):
    """Nothing is created."""
    response = api("POST", SESSIONS, {"agent": "agent_1", "environment_id": queue, **body})
    assert message(response, status).startswith(begin)
    assert api.stats(queue)["depth"] == 0


def test_an_archived_session_is_terminated_and_takes_no_more_events(api, clock):
    """Archiving it again changes nothing."""
    session = create(api, BASH)
    archived = api("POST", f"{SESSIONS}/{session}/archive").json
    assert (archived["status"], archived["archived_at"]) == ("terminated", archived["updated_at"])
    clock.advance(ms=1)
    assert api("POST", f"{SESSIONS}/{session}/archive").json == archived == api("GET", f"{SESSIONS}/{session}").json
    assert message(answer(api, session), 400)


def test_a_deleted_session_is_gone_with_its_work_and_its_streams_end(api, queue, emulator):
    """So no worker waits for it."""
    session = create(api, BASH)
    stream = Stream(emulator, session)
    assert api("DELETE", f"{SESSIONS}/{session}").json == {"id": session, "type": "session_deleted"}
    assert list(stream.body) == []
    assert api("GET", f"{SESSIONS}/{session}").status_code == 404
    assert (api.stats(queue)["depth"], api.poll(queue)) == (0, None)


def test_an_interrupt_ends_the_turn(api):
    """A result that the session waited for is rejected after the interrupt."""
    session = create(api, BASH)
    assert send(api, session, {"type": "user.interrupt", "session_thread_id": None}).status_code == 200
    assert events_of(api, session)[-1]["stop_reason"] == {"type": "end_turn"}
    assert message(answer(api, session), 400)


def test_a_session_that_needs_a_worker_again_gets_a_new_work_item(api, queue):
    """A session has at most one unfinished work item."""
    session = create(api, "idle", BASH, environment_id=queue)
    item = api.poll(queue)
    assert item["data"] == {"id": session, "type": "session"}
    api.act(queue, item["id"], "stop", {"force": True})
    send(api, session, HELLO)
    again = api.poll(queue)
    assert again["data"]["id"] == session
    assert again["id"] != item["id"]
    send(api, session, HELLO)
    assert api.stats(queue)["depth"] == 0


@pytest.mark.parametrize(
    ("body", "begin"),
    [
        ({"environment_id": "env_1"}, "environment_id: "),
        ({"script": [{"tools": [{}]}]}, "script.0.tools.0: must have one of tool, custom_tool, got none"),
        ({"script": [{"tool": "bash", "message": "m"}]}, "script.0: must have one of"),
        ({"script": ["dance"]}, "script.0: must be an object"),
        ({"script": [{"message": "m", "expect": {}}]}, "script.0: message does not take expect"),
        ({"script": [{"tool": "bash", "expect": {"exit": 0}}]}, "script.0.expect.exit: is not a field"),
        ({"script": [{"tool": ""}]}, "script.0.tool: "),
        ({"script": [{"tool": "bash", "input": "ls"}]}, "script.0.input: "),
    ],
)
def test_an_invalid_script_is_rejected_with_the_path_of_the_field(api, queue, body, begin):
    """The message starts with the path of the invalid field."""
    response = api("POST", "/_emulator/sessions", body)
    assert message(response, 404 if body.get("environment_id") else 400).startswith(begin)
    assert api.stats(queue)["depth"] == 0


def test_a_session_without_a_self_hosted_environment_is_rejected(api, queue):
    """Without one, and if it is archived, nothing is created."""
    api("POST", f"{ENVIRONMENTS}/{queue}/archive")
    assert "no self-hosted environment" in message(api("POST", "/_emulator/sessions", {}), 400)
    refused = api("POST", "/_emulator/sessions", {"environment_id": queue})
    assert "is archived" in message(refused, 400)
    assert refused.json["error"]["details"]["error_code"] == "environment_archived"


@pytest.mark.parametrize(
    ("event", "begin"),
    [
        ({"type": "user.tool_result"}, "events.0.tool_use_id: is required"),
        ({"type": "user.tool_confirmation", "tool_use_id": "sevt_1"}, "events.0.result: is required"),
        ({"type": "agent.message"}, "events.0.type: "),
        ({"type": "user.message", "content": []}, "events.0.content: "),
        ({}, "events.0.type: is required"),
    ],
)
def test_an_invalid_event_is_rejected_with_the_path_of_the_field(api, event, begin):
    """The message starts with the path of the invalid field."""
    session = create(api, BASH)
    assert message(send(api, session, event), 400).startswith(begin)
    assert message(send(api, session), 400).startswith("events: ")


def test_events_are_listed_in_pages_in_either_order(api):
    """Following the cursors returns every event once. A cursor is valid only for its order."""
    session = create(api, *[{"message": str(number)} for number in range(7)])
    everything = events_of(api, session)
    for order, expected in (("asc", everything), ("desc", everything[::-1])):
        listed, page = [], ""
        while page is not None:
            got = api("GET", f"/v1/sessions/{session}/events", limit=3, order=order, page=page).json
            listed += got["data"]
            page = got["next_page"]
        assert listed == expected
    page = api("GET", f"/v1/sessions/{session}/events", limit=3).json["next_page"]
    path = f"/v1/sessions/{session}/events"
    assert message(api("GET", path, page=page, order="desc"), 400).startswith("page: ")
    assert message(api("GET", path, order="up"), 400).startswith("order: ")
    for name in ("kind", "created_at[gte]"):
        assert message(api("GET", path, **{name: "agent.message"}), 400).startswith(f"{name}: not emulated; filter")


def test_events_are_filtered_by_their_types(api):
    """The parameter may be repeated, with and without brackets."""
    session = create(api, BASH, {"message": "Done."})
    answer(api, session)
    for name in ("types", "types[]"):
        filtered = events_of(api, session, **{name: ["agent.message", "user.tool_result", "tool"]})
        assert kinds(filtered) == ["tool_result", "message"]


def test_a_session_that_only_a_work_item_names_has_no_script(api, queue):
    """Such work can be processed. Other unknown sessions are 404."""
    work = api.enqueue(queue)[0]
    session = api.item(queue, work)["data"]["id"]
    assert api("GET", f"/v1/sessions/{session}").json["status"] == "idle"
    assert kinds(events_of(api, session)) == ["status_idle"]
    check = api.item(queue, api.enqueue(queue, type="healthcheck")[0])["data"]
    assert check["type"] == "healthcheck"
    for missing in ("session_1", check["id"]):
        for method, rest in (("GET", ""), ("GET", "/events"), ("GET", "/events/stream"), ("POST", "/events")):
            body = {"events": [{"type": "user.interrupt"}]} if method == "POST" else None
            response = api(method, f"/v1/sessions/{missing}{rest}", body)
            assert message(response, 404).startswith("session_id: ")


def test_a_rejected_request_does_not_create_the_session_that_a_work_item_names(api, queue, clock):
    """The session begins with the first request that is accepted."""
    api.enqueue(queue, session_id="named")
    assert message(api("GET", "/v1/sessions/named/events", limit=0), 400).startswith("limit: ")
    clock.advance(ms=1)
    begun = api("GET", "/_emulator/clock").json["now"]
    assert api("GET", "/v1/sessions/named").json["created_at"] == begun


def test_show_returns_the_session_its_events_its_script_and_its_progress(api):
    """The response has everything that the emulator knows about a session."""
    session = create(api, BASH, "terminate")
    shown = api("GET", f"/_emulator/sessions/{session}").json
    assert shown["session"] == api("GET", f"/v1/sessions/{session}").json
    assert shown["events"] == events_of(api, session)
    assert (shown["script"], shown["step"]) == ([BASH, {"terminate": True}], 1)


def test_sessions_are_deleted_with_their_environment_and_by_a_reset(api, queue):
    """The session is then 404."""
    session = create(api, "terminate")
    api.act(queue, api.poll(queue)["id"], "stop", {"force": True})
    assert api("DELETE", f"{ENVIRONMENTS}/{queue}").status_code == 200
    assert api("GET", f"/v1/sessions/{session}").status_code == 404
    api.create_queue()
    session = create(api, BASH)
    api("POST", "/_emulator/reset")
    assert api("GET", f"/v1/sessions/{session}").status_code == 404


# Secrets


def test_only_polls_return_the_secret_of_a_work_item(api, queue):
    """Each poll of the item returns the same secret. The field is null for an item without one."""
    work = api.enqueue(queue)[0]
    polled = [api.poll(queue)["secret"], api.poll(queue, reclaim_older_than_ms=1)]
    assert polled[1] is None
    assert token_of(polled[0]).startswith("sk-ant-")
    assert api.item(queue, work)["secret"] is None
    assert api("GET", f"{ENVIRONMENTS}/{queue}/work").json["data"][0]["secret"] is None
    for action in ("ack", "stop"):
        assert api.act(queue, work, action).json["secret"] is None
    api.enqueue(queue, secret=False)
    assert api.poll(queue)["secret"] is None


def test_the_token_of_a_session_is_accepted_only_for_its_item_and_its_session(clock):
    """On an emulator with a key, a worker may use the token of its item instead of the key."""
    emulator = Emulator(":memory:", clock=clock, api_key="secret")
    api = Api(emulator, HEADERS | {"x-api-key": "secret"})
    queue = api.create_queue()
    session, other = create(api, BASH), create(api, BASH)
    item = api.poll(queue)
    worker = API_HEADERS | {"authorization": f"Bearer {token_of(item['secret'])}"}
    api.act(queue, item["id"], "ack")
    mine = f"{ENVIRONMENTS}/{queue}/work/{item['id']}"
    assert item["data"]["id"] == session
    for method, path, status in (
        ("POST", f"{mine}/heartbeat", 200),
        ("GET", f"/v1/sessions/{session}", 200),
        ("GET", f"/v1/sessions/{session}/events", 200),
        ("POST", f"{mine}/stop", 200),
        ("GET", f"/v1/sessions/{other}", 401),
        ("GET", f"{ENVIRONMENTS}/{queue}/work/poll", 401),
        ("POST", f"{mine}/ack", 401),
        ("GET", f"{ENVIRONMENTS}/{queue}", 401),
        ("GET", "/_emulator/faults", 401),
    ):
        assert api(method, path, headers=worker).status_code == status, path
    worker["authorization"] += "x"
    assert api("GET", f"/v1/sessions/{session}", headers=worker).status_code == 401
    emulator.close()


HELLO = {"type": "user.message", "content": [{"type": "text", "text": "Hello."}]}


def test_a_message_while_a_tool_runs_does_not_continue_the_script(api):
    """The session still waits for the result of the tool."""
    session = create(api, BASH, {"message": "Done."})
    assert send(api, session, HELLO).status_code == 200
    assert kinds(events_of(api, session)[4:]) == ["message"]
    answer(api, session)
    assert kinds(events_of(api, session)[5:]) == ["tool_result", "status_running", "message", "status_idle"]


@pytest.mark.parametrize("script", [[], [BASH | {"expect": {"is_error": True}}]])
def test_a_session_without_a_tool_to_call_gets_no_work(api, queue, script):
    """A worker would have nothing to do, neither after the end of the script nor after an unexpected result."""
    session = create(api, *script)
    api.act(queue, api.poll(queue)["id"], "stop")
    assert (answer(api, session) if script else send(api, session, HELLO)).status_code == 200
    assert api.poll(queue) is None


# Streams


class Stream:
    """A stream from the view of a client."""

    def __init__(self, emulator, session):
        self.stopping = threading.Event()
        environ = EnvironBuilder(f"/v1/sessions/{session}/events/stream", headers=HEADERS).get_environ()
        self.body, self.status, self.headers = run_wsgi_app(emulator, environ | {IS_STOPPING: self.stopping.is_set})
        self.read()

    def read(self):
        """Return the name and the data of the next event."""
        name, data, *end = next(self.body).decode().split("\n")
        assert end == ["", ""]
        return name.removeprefix("event: "), json.loads(data.removeprefix("data: "))


def test_a_stream_sends_the_events_after_its_opening(api, emulator):
    """The list has earlier events. The stream ends with the session."""
    session = create(api, BASH, "terminate")
    stream = Stream(emulator, session)
    assert (stream.status, stream.headers["content-type"]) == ("200 OK", "text/event-stream")
    answer(api, session)
    for expected in events_of(api, session)[4:]:
        assert stream.read() == (expected["type"], expected)
    assert list(stream.body) == []


def test_a_stream_that_is_opened_late_gets_the_whole_turn_if_nobody_looked_before(
    api, queue, clock, emulator, monkeypatch
):
    """The client may take as long as it likes between two requests. It sees waits when they are over."""
    monkeypatch.setattr("ant_cli.emulator.sessions.PING_SECONDS", 0)
    metadata = {"emulator_script": '[{"wait": "1s"}, {"message": "Hi."}, {"wait": "1m"}, "terminate"]'}
    body = {"agent": "agent_1", "environment_id": queue, "metadata": metadata, "initial_events": [HELLO]}
    assert Stream(emulator, api("POST", SESSIONS, body).json["id"]).read()[0] == "ping"
    session = api("POST", SESSIONS, body).json["id"]
    clock.advance(ms=59_000)
    stream = Stream(emulator, session)
    assert stream.read()[0] == "agent.message"
    clock.advance(ms=2_000)
    assert stream.read()[0] == "session.status_terminated"


def test_a_stream_of_a_terminated_session_repeats_its_termination(api, emulator):
    """A worker that connects too late does not wait forever."""
    session = create(api, "terminate")
    stream = Stream(emulator, session)
    assert stream.read()[0] == "session.status_terminated"
    assert list(stream.body) == []


def test_a_stream_ends_when_the_server_stops(api, emulator):
    """A client that keeps reading does not prevent the server from stopping."""
    stream = Stream(emulator, create(api, BASH))
    stream.stopping.set()
    assert list(stream.body) == []


def test_a_stream_without_events_sends_pings(api, emulator, monkeypatch):
    """A ping shows the client that the connection is alive."""
    monkeypatch.setattr("ant_cli.emulator.sessions.PING_SECONDS", 0)
    stream = Stream(emulator, create(api, BASH))
    assert stream.read() == ("ping", {"type": "ping"})


def test_a_fault_can_delay_each_event_of_a_stream(api, emulator, monkeypatch):
    """A slow stream shows whether its reader holds its lease meanwhile."""
    waits = []
    monkeypatch.setattr("ant_cli.emulator.faults.time.sleep", waits.append)
    session = create(api, BASH, "terminate")
    api("POST", "/_emulator/faults", {"body_delay_ms": 1500, "path_contains": "/stream"})
    stream = Stream(emulator, session)
    answer(api, session)
    events = list(stream.body)
    assert waits.count(1.5) == len(events) > 1


@pytest.mark.parametrize("after", [0, 2])
def test_a_fault_can_end_a_stream_after_some_events(api, emulator, after):
    """The connection is dropped once, in the middle of the stream. The fault matches only streams."""
    session = create(api, BASH)
    api("POST", "/_emulator/faults", {"cut_after_events": after})
    assert api("GET", f"/v1/sessions/{session}").status_code == 200
    environ = EnvironBuilder(f"/v1/sessions/{session}/events/stream", headers=HEADERS).get_environ()
    body, *_ = run_wsgi_app(emulator, environ)
    names = []
    if after:
        next(body)
        answer(api, session)
        names = [next(body).decode().partition("\n")[0] for _ in range(after)]
    with pytest.raises(Disconnected):
        list(body)
    assert names == ["event: user.tool_result", "event: session.status_running"][:after]
    assert api("GET", "/_emulator/faults").json["data"] == []


def test_a_fault_cuts_a_stream_after_some_bytes_or_stays_if_the_stream_is_shorter(api, emulator):
    """The beginning of the stream is a ping of 39 bytes."""
    path = f"/v1/sessions/{create(api, 'terminate')}/events/stream"
    received = []
    for cut in (40, 9_999):
        api("POST", "/_emulator/faults", {"cut_after_bytes": cut})
        body, *_ = run_wsgi_app(emulator, EnvironBuilder(path, headers=HEADERS).get_environ())
        with suppress(Disconnected):
            received.append(b"")
            for chunk in body:
                received[-1] += chunk
    assert received[0] == received[1][:40]
    assert [fault["times"] for fault in api("GET", "/_emulator/faults").json["data"]] == [1]
