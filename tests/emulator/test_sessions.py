"""Sessions with a scripted agent, from the view of a worker."""

import json
import threading
from contextlib import closing, suppress

import pytest
from werkzeug.test import EnvironBuilder, run_wsgi_app

from ant_cli.emulator import Disconnected, Emulator
from ant_cli.emulator.call import IS_STOPPING
from tests.helpers.words import API_HEADERS

from .api import ENVIRONMENTS, HEADERS, Api, message, token_of

SESSIONS = "/v1/sessions"
HELLO = {"type": "user.message", "content": [{"type": "text", "text": "Hello."}]}
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


def answer(api, session):
    """Post the result of the tool that the session waits for."""
    *_, call = (event for event in events_of(api, session) if event["type"] == "agent.tool_use")
    content = [{"type": "text", "text": "ok"}]
    return send(
        api, session, {"type": "user.tool_result", "tool_use_id": call["id"], "content": content}
    )


def test_a_client_that_polls_leaves_others_time_to_open_a_stream(api, queue, clock):
    """The script, which may be long, begins 0.2 s after its message."""
    metadata = {"emulator_script": json.dumps([{"message": "x" * 600}])}
    sent = {
        "agent": "agent_1",
        "environment_id": queue,
        "metadata": metadata,
        "initial_events": [HELLO],
    }
    begun = api("POST", SESSIONS, sent).json["id"]
    for ms, status in ((199, "running"), (1, "idle")):
        clock.advance(ms=ms)
        assert api("GET", f"{SESSIONS}/{begun}").json["status"] == status


def test_a_deleted_session_is_gone_with_its_work_and_its_streams_end(api, queue, emulator):
    """So no worker waits for it. Every stream gets the same last event."""
    session = create(api, BASH)
    streams = [Stream(emulator, session) for _ in range(2)]
    assert api("DELETE", f"{SESSIONS}/{session}").json == {"id": session, "type": "session_deleted"}
    last = [stream.read() for stream in streams]
    assert last[0] == last[1]
    assert last[0][0] == last[0][1]["type"] == "session.deleted"
    assert [list(stream.body) for stream in streams] == [[], []]
    assert api("GET", f"{SESSIONS}/{session}").status_code == 404
    assert (api.stats(queue)["depth"], api.poll(queue)) == (0, None)


def test_a_session_that_work_names_after_its_deletion_begins_again(api, queue):
    """A test that chooses the IDs may use one twice."""
    for _ in range(2):
        api.enqueue(queue, session_id="session_1")
        assert kinds(events_of(api, "session_1")) == ["status_idle"]
        assert api("DELETE", f"{SESSIONS}/session_1").status_code == 200


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
    path = f"/v1/sessions/{session}/events"
    page = api("GET", path, limit=3).json["next_page"]
    assert message(api("GET", path, page=page, order="desc"), 400) == (
        "page: not a cursor of this list; pass the next_page of an earlier response."
    )


@pytest.mark.parametrize(
    ("path", "field", "items"),
    [
        (SESSIONS, "initial_events", [HELLO] * 51),
        ("/_emulator/sessions", "script", ["idle"] * 10_001),
        ("/_emulator/sessions", "script.0.tools", [BASH] * 101),
        (f"{SESSIONS}/session_1/events", "events", [HELLO] * 1_001),
    ],
)
def test_lists_have_a_greatest_length(api, queue, path, field, items):
    """So a request takes a limited time."""
    body = {"agent": "a", "environment_id": queue} if path == SESSIONS else {}
    body |= {"script": [{"tools": items}]} if "." in field else {field: items}
    most = len(items) - 1
    assert message(api("POST", path, body), 400).startswith(
        f"{field}: List should have at most {most} items after"
    )


def test_a_rejected_request_does_not_create_the_session_that_a_work_item_names(api, queue, clock):
    """The session begins with the first request that is accepted."""
    api.enqueue(queue, session_id="named")
    assert message(api("GET", "/v1/sessions/named/events", limit=0), 400).startswith("limit: ")
    clock.advance(ms=1)
    begun = api("GET", "/_emulator/clock").json["now"]
    assert api("GET", "/v1/sessions/named").json["created_at"] == begun


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


def test_the_secret_of_deleted_work_is_not_said_to_belong_to_another_environment(api, queue):
    """Its session was deleted, so the item is gone."""
    session = create(api, BASH)
    item = api.poll(queue)
    worker = API_HEADERS | {"authorization": f"Bearer {token_of(item['secret'])}"}
    other = create(api, BASH)
    path = f"{SESSIONS}/{session}/events"
    assert "another environment or work item" in message(
        api("GET", f"{SESSIONS}/{other}", headers=worker), 403
    )
    api("DELETE", f"{SESSIONS}/{session}")
    why = message(api("GET", path, headers=worker), 403)
    assert "There is no work item with this secret" in why
    assert "another" not in why


# Streams


class Stream:
    """A stream from the view of a client."""

    def __init__(self, emulator, session):
        self.stopping = threading.Event()
        environ = EnvironBuilder(
            f"/v1/sessions/{session}/events/stream", headers=HEADERS
        ).get_environ()
        self.body, self.status, self.headers = run_wsgi_app(
            emulator, environ | {IS_STOPPING: self.stopping.is_set}
        )
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
    metadata = {
        "emulator_script": '[{"wait": "1s"}, {"message": "Hi."}, {"wait": "1m"}, "terminate"]'
    }
    body = {
        "agent": "agent_1",
        "environment_id": queue,
        "metadata": metadata,
        "initial_events": [HELLO],
    }
    assert Stream(emulator, api("POST", SESSIONS, body).json["id"]).read()[0] == "ping"
    session = api("POST", SESSIONS, body).json["id"]
    clock.advance(ms=59_000)
    stream = Stream(emulator, session)
    assert stream.read()[0] == "agent.message"
    clock.advance(ms=2_000)
    assert stream.read()[0] == "session.status_terminated"


def test_a_strict_stream_has_only_the_events_after_its_opening(clock, monkeypatch):
    """As in the real API: a client that opens it late misses the turn, and one that opens it first gets it."""
    monkeypatch.setattr("ant_cli.emulator.sessions.PING_SECONDS", 0)
    with closing(Emulator(":memory:", clock=clock, strict_streams=True)) as emulator:
        api = Api(emulator)
        body = {"agent": "agent_1", "environment_id": api.create()}
        begun = api("POST", SESSIONS, {**body, "initial_events": [HELLO]}).json["id"]
        assert Stream(emulator, begun).read() == ("ping", {"type": "ping"})
        session = api("POST", SESSIONS, body).json["id"]
        stream = Stream(emulator, session)
        send(api, session, HELLO)
        names = [stream.read()[0] for _ in range(3)]
        assert names == ["user.message", "session.status_running", "agent.message"]
        assert api("GET", "/_emulator/report").json["data"] == []


def test_a_stream_of_a_terminated_session_repeats_its_termination(api, emulator):
    """A worker that connects too late does not wait forever."""
    session = create(api, "terminate")
    stream = Stream(emulator, session)
    assert stream.read()[0] == "session.status_terminated"
    assert list(stream.body) == []


def test_a_stream_of_a_session_that_was_changed_after_its_end_ends_too(api, emulator):
    """What came after the termination is no part of the stream."""
    session = create(api, "terminate")
    api("POST", f"/v1/sessions/{session}", {"title": "done"})
    stream = Stream(emulator, session)
    assert stream.read()[0] == "session.status_terminated"
    assert list(stream.body) == []


def test_a_stream_ends_when_the_server_stops(api, emulator):
    """A client that keeps reading does not prevent the server from stopping."""
    stream = Stream(emulator, create(api, BASH))
    stream.stopping.set()
    assert list(stream.body) == []


def test_a_stream_whose_client_has_left_leaves_the_turn_to_the_next_one(api, emulator):
    """A client may send a result between two streams, before the server has ended the first one."""
    session = create(api, BASH, {"message": "Done."})
    left = Stream(emulator, session)
    left.stopping.set()
    answer(api, session)
    assert list(left.body) == []
    assert Stream(emulator, session).read()[0] == "agent.message"


def test_a_stream_without_events_sends_pings(api, emulator, monkeypatch):
    """A ping shows the client that the connection is alive."""
    monkeypatch.setattr("ant_cli.emulator.sessions.PING_SECONDS", 0)
    stream = Stream(emulator, create(api, BASH))
    assert [stream.read() for _ in range(2)] == [("ping", {"type": "ping"})] * 2


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
    next(body)
    if after:
        answer(api, session)
    names = [next(body).decode().partition("\n")[0] for _ in range(after)]
    with pytest.raises(Disconnected):
        next(body)
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
