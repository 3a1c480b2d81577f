"""What the agent of a session does in its turns, by a clock that stands still: no stream, and no SDK."""

import json
from contextlib import closing

import pytest
from werkzeug.test import EnvironBuilder, run_wsgi_app

from ant_cli.emulator import Emulator

from .api import ENVIRONMENTS, HEADERS, Api, message

SESSIONS = "/v1/sessions"
HELLO = {"type": "user.message", "content": [{"type": "text", "text": "Hello."}]}
BASH = {"tool": "bash", "input": {"command": "ls"}}
WAITS = {"stop_reason": {"type": "requires_action", "event_ids": ["call_1"]}}


class Session:
    """A session, and what a client sees of it."""

    def __init__(self, api, queue, script, **body):
        metadata = body.pop("metadata", {}) | {"emulator_script": json.dumps(script)}
        sent = {"agent": "agent_1", "environment_id": queue, "metadata": metadata, **body}
        response = api("POST", SESSIONS, {"initial_events": [HELLO], **sent})
        assert response.status_code == 200, response.text
        self.id = response.json["id"]
        self.path = f"{SESSIONS}/{self.id}"
        self._api = api

    @property
    def now(self):
        """The session, whose due steps have happened."""
        return self._api("GET", self.path).json

    def events(self, **query):
        """Return its events."""
        return self._api("GET", f"{self.path}/events", limit=1000, **query).json["data"]

    @property
    def kinds(self):
        """The types of its events after the first message and the beginning of the turn."""
        types = [event["type"].rpartition(".")[2] for event in self.events()]
        assert types[:2] == ["message", "status_running"]
        return types[2:]

    @property
    def calls(self):
        """The IDs that the last stop reason names."""
        *_, last = self.events(types=["session.status_idle"])
        return last["stop_reason"].get("event_ids", [])

    def send(self, *events):
        """Send events."""
        return self._api("POST", f"{self.path}/events", {"events": events})

    def answer(self, call, **fields):
        """Send the result of a call of a tool."""
        return self.send({"type": "user.tool_result", "tool_use_id": call, **fields})

    def decide(self, call, result, **fields):
        """Allow a call, or deny it."""
        return self.send(
            {"type": "user.tool_confirmation", "tool_use_id": call, "result": result, **fields}
        )


@pytest.fixture
def begin(api, queue):
    """Return a function that begins a session with a script. The clock is frozen, so steps are due at once."""
    api("POST", "/_emulator/clock", {"freeze": True})
    return lambda *script, **body: Session(api, queue, script, **body)


def advance(api, ms):
    api("POST", "/_emulator/clock", {"advance_ms": ms})


# Results


@pytest.mark.parametrize("text", ["", "done"])
def test_a_scripted_result_is_a_block_of_text_also_if_that_is_empty(begin, text):
    """A client reads the text of the first block."""
    session = begin(BASH | {"result": text}, {"message": text})
    assert session.kinds == ["tool_use", "tool_result", "message", "status_idle"]
    call, result, said, _ = session.events()[2:]
    assert (result["tool_use_id"], result["is_error"]) == (call["id"], False)
    assert result["content"] == said["content"] == [{"type": "text", "text": text}]


def test_a_call_has_an_input_and_the_permission_of_its_kind(begin):
    """Without one, the input is empty. The calls of an application have no permission."""
    session = begin(
        {"tools": [{"tool": "bash"}, {"custom_tool": "weather", "input": {"city": "x"}}]}
    )
    bash, custom = session.events()[2:4]
    assert (bash["input"], bash["evaluated_permission"]) == ({}, "allow")
    assert bash["evaluation"] == {"type": "always_allow"}
    assert (custom["type"], custom["input"]) == ("agent.custom_tool_use", {"city": "x"})
    assert not {"evaluated_permission", "evaluation"} & custom.keys()


def test_a_step_with_several_calls_waits_for_those_without_a_result(begin):
    """Whichever of them comes first."""
    session = begin(
        {"tools": [BASH | {"result": "1"}, BASH, BASH | {"result": "3"}]}, {"message": "x"}
    )
    kinds = ["tool_use", "tool_result", "tool_use", "tool_use", "tool_result", "status_idle"]
    assert session.kinds == kinds
    assert session.calls == [session.events()[4]["id"]]
    session.answer(session.calls[0])
    assert session.kinds[len(kinds) :] == [
        "tool_result",
        "status_running",
        "message",
        "status_idle",
    ]


@pytest.mark.parametrize(
    ("expect", "sent", "why"),
    [
        ({"is_error": False}, {"is_error": True}, "expected is_error to be false; the text is ''."),
        ({"is_error": True}, {}, "expected is_error to be true; the text is ''."),
        ({"is_error": True}, {"is_error": True}, None),
        ({"is_error": False}, {"is_error": None}, None),
        ({}, {"is_error": True}, None),
        ({"text": ""}, {"text": "a"}, "expected the text '', got 'a'."),
        ({"text": "ab"}, {"text": "ab"}, None),
        ({"text": "a"}, {"text": "ab"}, "expected the text 'a', got 'ab'."),
        ({"contains": "bc"}, {"text": "abcd"}, None),
        ({"contains": "x"}, {"text": "abcd"}, "expected text that contains 'x', got 'abcd'."),
        ({"contains": ""}, {}, None),
    ],
)
def test_a_result_that_is_not_as_expected_ends_the_session_and_says_why(
    api, begin, expect, sent, why
):
    """The text of a result is that of all of its blocks, of which some have none."""
    session = begin(BASH | {"expect": expect}, {"message": "x"})
    fields = {name: value for name, value in sent.items() if name != "text"}
    if "text" in sent:
        parts = [{"type": "text", "text": part} for part in sent["text"]]
        image = {"type": "image", "source": {"type": "url", "url": "u"}, "text": None}
        fields["content"] = [parts[0], image, *parts[1:]]
    session.answer(session.calls[0], **fields)
    report = api("GET", "/_emulator/report").json["data"]
    if why is None:
        assert (session.now["status"], report) == ("idle", [])
        return
    assert session.kinds[2:] == ["tool_result", "error", "status_terminated"]
    (finding,) = report
    assert finding["kind"] == "expectation_failed"
    assert finding["message"].startswith(f"{session.id}: Step 1 (")
    assert finding["message"].endswith(f": {why}")


def test_the_report_names_the_session_and_repeats_the_words_of_its_script(api, begin):
    """Letters such as ü are not escaped, so that people find the step."""
    error = {"type": "unknown_error", "message": "Zu früh."}
    session = begin(
        {"event": {"type": "session.error", "error": error}},
        BASH | {"input": {"für": 1}, "expect": {"text": "ja"}},
    )
    session.answer(session.calls[0])
    report = api("GET", "/_emulator/report").json["data"]
    assert [each["kind"] for each in report] == ["session_error", "expectation_failed"]
    first, second = [each["message"] for each in report]
    assert first == f"{session.id}: {json.dumps(error, ensure_ascii=False)}"
    assert second.startswith(f"{session.id}: Step 2 (")
    assert '{"für": 1}' in second
    failed = session.events()[-2]["error"]
    assert (failed["type"], failed["retry_status"]) == ("unknown_error", {"type": "terminal"})
    assert failed["message"] == second.removeprefix(f"{session.id}: ")


def test_a_result_is_taken_once_also_while_the_turn_goes_on(begin):
    """A second result is refused, because the call no longer waits for a result."""
    session = begin(BASH, {"wait": "1s"})
    (call,) = session.calls
    assert session.answer(call).status_code == 200
    assert "does not wait for a result" in message(session.answer(call), 400)


def test_an_event_has_the_members_that_were_sent_and_an_id_and_a_time(api, begin):
    """Members that the client left out are not added. The end of a turn always has stop_details."""
    session = begin(BASH, {"wait": "1s"})
    sent = {"type": "user.tool_result", "tool_use_id": session.calls[0]}
    (returned,) = session.send(sent).json["data"]
    assert returned == {"id": returned["id"], "processed_at": returned["processed_at"], **sent}
    advance(api, 1_000)
    last = session.events()[-1]
    assert (last["stop_reason"], last["stop_details"]) == ({"type": "end_turn"}, None)


# Permissions


@pytest.mark.parametrize("result", [None, "done"])
def test_a_call_that_was_allowed_waits_for_its_result_or_has_it(begin, result):
    """Denied, it has none."""
    ask = BASH | {"evaluated_permission": "ask"} | ({"result": result} if result else {})
    allowed, denied = begin(ask, {"message": "x"}), begin(ask, {"message": "x"})
    for session in (allowed, denied):
        assert session.kinds == ["tool_use", "status_idle"]
        for call in (session.calls[0], f"?{session.calls[0]}"):
            assert "does not wait for a result" in message(session.answer(call), 400)
    denied.decide(denied.calls[0], "deny", deny_message="No.")
    assert denied.kinds[2:] == ["tool_confirmation", "status_running", "message", "status_idle"]
    call = allowed.calls[0]
    refused = message(allowed.decide(call, "allow", deny_message="No."), 400)
    assert refused == "deny_message: only for the result deny."
    allowed.decide(call, "allow")
    if result is None:
        assert allowed.kinds[2:] == ["tool_confirmation", "status_idle"]
        allowed.answer(call)
    assert allowed.kinds[-3:] == ["status_running", "message", "status_idle"]
    assert "does not wait for a confirmation" in message(allowed.decide(call, "allow"), 400)


def test_an_answer_has_the_type_of_its_call(begin):
    """An answer must also name a call of this session that waits, by its exact ID."""
    session = begin({"tools": [BASH, {"custom_tool": "weather"}]})
    bash, custom = session.calls
    wrong = {"type": "user.custom_tool_result", "custom_tool_use_id": bash}
    assert "has another type than user.custom_tool_result" in message(session.send(wrong), 400)
    assert "has another type than user.tool_result" in message(session.answer(custom), 400)
    for call in ("-", "?", "*", f"?{bash}", f"*{bash}", "sevt_none"):
        why = message(session.answer(call), 400)
        assert why == f"events: {session.id} does not wait for a result of {call!r}."
    session.answer(bash)
    assert "does not wait" in message(session.answer(bash), 400)
    assert session.calls == [custom]
    assert session.send(wrong | {"custom_tool_use_id": custom}).status_code == 200
    assert session.now["status"] == "idle"
    assert session.calls == []


# Time


@pytest.mark.parametrize(("wait", "ms"), [("250ms", 250), ("2s", 2_000), ("3m", 180_000)])
def test_a_wait_lasts_as_long_as_its_unit_says(api, begin, wait, ms):
    """Two of them add up, also if nobody looks in between."""
    session = begin({"wait": wait}, {"message": "1"}, {"wait": wait}, {"message": "2"})
    assert session.kinds == []
    advance(api, ms - 1)
    assert session.kinds == []
    advance(api, 1)
    assert session.kinds == ["message"]
    advance(api, ms)
    assert session.kinds == ["message", "message", "status_idle"]
    late = begin({"wait": wait}, {"wait": wait}, {"message": "2"})
    advance(api, 2 * ms)
    assert late.kinds == ["message", "status_idle"]


def test_the_figures_of_a_session_are_measured(api, begin):
    """It is active while the agent works, and lasts until it is terminated."""
    session = begin({"wait": "5s"}, BASH, {"wait": "7s"}, "terminate")
    advance(api, 3_000)
    assert session.now["stats"] == {"active_seconds": 3.0, "duration_seconds": 3.0}
    advance(api, 2_000)
    assert session.now["status"] == "idle"
    advance(api, 10_000)
    assert session.now["stats"] == {"active_seconds": 5.0, "duration_seconds": 15.0}
    session.answer(session.calls[0])
    advance(api, 7_000)
    ended = {"active_seconds": 12.0, "duration_seconds": 22.0}
    assert session.now["stats"] == ended
    advance(api, 1_000_000)
    assert (session.now["stats"], session.now["status"]) == (ended, "terminated")
    assert session.now["usage"]["active_seconds"] == 12.0


def test_each_step_of_usage_sets_the_figures_that_it_names(begin):
    """The other figures are kept. The active seconds can be set, too."""
    session = begin(
        {"usage": {"input_tokens": 1, "output_tokens": 2}},
        {"usage": {"output_tokens": 0, "active_seconds": 1.5}},
        {"usage": {"cache_creation": {"x": 1}, "list_cost": {"amount": "5"}}},
    )
    usage = session.now["usage"]
    assert (usage["cache_creation"], usage["list_cost"]) == ({"x": 1}, {"amount": "5"})
    assert (usage["input_tokens"], usage["output_tokens"], usage["active_seconds"]) == (1, 0, 1.5)
    assert usage["cache_read_input_tokens"] == 0
    session.send(HELLO)
    assert session.now["usage"] == usage


def test_an_update_comes_after_the_steps_that_were_due(api, begin):
    """So does the end of a session that is archived, and its list shows what it is by then."""
    session = begin({"wait": "1s"}, {"message": "Hi."}, {"wait": "1s"}, {"message": "Bye."})
    advance(api, 1_000)
    api("POST", session.path, {"title": "new"})
    assert session.kinds == ["message", "updated"]
    advance(api, 1_000)
    assert [each["status"] for each in api("GET", SESSIONS).json["data"]] == ["idle"]
    assert session.kinds == ["message", "updated", "message", "status_idle"]
    other = begin({"wait": "1s"}, {"message": "Hi."})
    advance(api, 1_000)
    assert api("POST", f"{other.path}/archive").json["status"] == "terminated"
    assert other.kinds == ["message", "status_idle", "status_terminated"]


def test_steps_wait_for_a_stream_only_while_the_clock_runs(api, queue, clock):
    """For 0.2 s. With strict streams, nothing waits."""
    running = Session(api, queue, [{"message": "Hi."}])
    assert running.kinds == []
    clock.advance(ms=199)
    assert running.kinds == []
    clock.advance(ms=1)
    assert running.kinds == ["message", "status_idle"]
    with closing(Emulator(":memory:", clock=clock, strict_streams=True)) as emulator:
        strict = Api(emulator)
        assert Session(strict, strict.create_queue(), [{"message": "Hi."}]).kinds == [
            "message",
            "status_idle",
        ]


# Turns


def test_a_turn_puts_work_in_the_queue_only_if_no_worker_has_the_session(api, queue, begin):
    """And only if the turn needs one: a call after its end, or one with a result, doesn't."""

    def listed():
        return len(api("GET", f"{ENVIRONMENTS}/{queue}/work").json["data"])

    session = begin({"message": "1"}, "idle", BASH, "idle", BASH | {"result": "x"}, "idle", BASH)
    (item,) = [api.poll(queue)]
    session.send(HELLO)  # the item is not finished
    assert listed() == 1
    api.act(queue, item["id"], "ack")
    api.act(queue, item["id"], "stop", {"force": True})
    session.answer(session.calls[0])
    assert listed() == 1
    session.send(HELLO)
    assert listed() == 1
    session.send(HELLO)
    assert listed() == 2
    again = api.poll(queue)
    assert (again["data"]["id"], again["secret"] is None) == (session.id, False)
    api.act(queue, again["id"], "ack")
    api.act(queue, again["id"], "stop")
    session.answer(session.calls[0])
    session.send(HELLO)
    assert listed() == 2


@pytest.mark.parametrize(
    ("step", "needs_worker"),
    [
        ("terminate", False),
        ("idle", False),
        ({"idle": WAITS}, True),
        ({"event": {"type": "session.status_terminated"}}, False),
        ({"event": {"type": "session.status_idle", "stop_reason": {"type": "end_turn"}}}, False),
        ({"event": {"type": "session.status_idle", **WAITS}}, True),
        ({"event": {"type": "session.error"}}, True),
    ],
)
def test_a_call_after_the_step_that_ends_a_turn_needs_no_worker_yet(
    api, queue, begin, step, needs_worker
):
    """One that waits for an answer goes on after it."""
    session = begin({"message": "1"}, "idle", step, BASH)
    item = api.poll(queue)
    api.act(queue, item["id"], "stop", {"force": True})
    session.send(HELLO)
    assert api.stats(queue)["depth"] == int(needs_worker)


@pytest.mark.parametrize(
    ("step", "needs_worker"),
    [
        (BASH, True),
        (BASH | {"result": ""}, False),
        (BASH | {"evaluated_permission": "ask"}, True),
        ({"custom_tool": "weather"}, False),
        ({"tools": [{"custom_tool": "weather"}, BASH]}, True),
        ({"tools": [BASH | {"result": "x"}, {"custom_tool": "weather"}]}, False),
        ({"wait": "1s"}, False),
        ({"message": "x"}, False),
    ],
)
def test_only_a_call_without_a_result_needs_a_worker(api, queue, begin, step, needs_worker):
    """The application runs custom tools, so they need no worker."""
    session = begin({"message": "1"}, "idle", step)
    item = api.poll(queue)
    api.act(queue, item["id"], "stop", {"force": True})
    session.send(HELLO)
    assert api.stats(queue)["depth"] == int(needs_worker)


def test_each_initial_message_of_a_session_begins_a_turn(begin):
    session = begin({"message": "1"}, "idle", {"message": "2"}, initial_events=[HELLO, HELLO])
    sent, turn = session.events()[:2], ["status_running", "message", "status_idle"]
    assert [event["type"] for event in sent] == ["user.message", "session.status_running"]
    assert session.kinds == ["message", *turn[1:], *turn]


def test_messages_that_wait_are_processed_in_their_order(api, begin):
    """Each turn processes one message."""
    session = begin(*[{"wait": "1s"}, "idle"] * 3)
    session.send(HELLO, HELLO)
    processed = []
    for _ in range(3):
        sent = session.events(types=["user.message"])
        processed.append([event["processed_at"] is not None for event in sent])
        advance(api, 1_000)
    assert processed == [[True, False, False], [True, True, False], [True, True, True]]


def test_a_message_that_waits_begins_its_turn_when_the_one_before_is_interrupted(begin):
    """The waiting message is not lost."""
    session = begin({"wait": "9m"}, {"message": "late"}, "idle", {"message": "2"})
    session.send(HELLO)
    session.send({"type": "user.interrupt"})
    assert session.kinds == [
        *("message", "interrupt", "status_idle", "status_running", "message", "status_idle")
    ]
    assert session.events()[-2]["content"][0]["text"] == "2"


def test_a_message_that_waits_does_not_begin_a_turn_while_a_call_waits(api, begin):
    """It does after the turn of the call."""
    session = begin({"wait": "1s"}, BASH, {"message": "1"}, "idle", {"message": "2"})
    session.send(HELLO)
    advance(api, 1_000)
    assert session.kinds == ["message", "tool_use", "status_idle"]
    session.answer(session.calls[0])
    ended = ["status_running", "message", "status_idle"]
    assert session.kinds[3:] == ["tool_result", *ended, *ended]


def test_a_session_that_is_rescheduled_is_active(api, begin):
    """The turn goes on."""
    session = begin({"event": {"type": "session.status_rescheduled"}}, {"wait": "2s"})
    assert session.now["status"] == "rescheduling"
    advance(api, 1_000)
    assert session.now["stats"]["active_seconds"] == 1.0
    advance(api, 1_000)
    assert session.now["status"] == "idle"
    advance(api, 5_000)
    assert session.now["stats"]["active_seconds"] == 2.0


def test_a_terminated_session_takes_no_events_and_says_how_it_ended(begin):
    """The event that a script plays is sent as it is."""
    played = {
        "type": "session.status_terminated",
        "reason": None,
        "id": "own_1",
        "processed_at": "2020-01-01T00:00:00Z",
    }
    session = begin({"event": played}, {"message": "never"})
    assert session.kinds == ["status_terminated"]
    assert session.events()[-1] == played
    why = message(session.send(HELLO), 400)
    assert why == f"session_id: {session.id} is terminated and takes no more events."


def test_an_idle_step_has_the_reason_that_it_gives(begin):
    """One that names calls waits for them. Any kind of answer to them is accepted."""
    given = {
        "stop_reason": {"type": "requires_action", "event_ids": ["call_1", "call_2"]},
        "stop_details": {"why": "x"},
    }
    session = begin(
        {"idle": given}, {"message": "1"}, {"idle": {"stop_reason": {"type": "refusal"}}}
    )
    last = session.events()[-1]
    assert (last["stop_reason"], last["stop_details"]) == (given["stop_reason"], {"why": "x"})
    session.answer("call_2")
    assert session.calls == ["call_1"]
    session.send({"type": "user.custom_tool_result", "custom_tool_use_id": "call_1"})
    assert session.events()[-1]["stop_reason"] == {"type": "refusal"}
    session.send(HELLO)
    assert session.kinds[-3:] == ["status_running", "message", "status_idle"]


def test_an_interrupt_of_a_session_that_does_nothing_changes_nothing(begin):
    """It is kept, and the next message goes on where the script is."""
    session = begin({"message": "1"}, "idle", {"message": "2"})
    session.send({"type": "user.interrupt"})
    assert session.kinds == ["message", "status_idle", "interrupt"]
    session.send(HELLO)
    assert session.kinds[3:] == ["message", "status_running", "message", "status_idle"]


def test_an_interrupt_in_the_last_turn_leaves_no_step(begin, api):
    """The next message is answered as one after the end of the script."""
    session = begin({"wait": "1s"}, {"message": "late"})
    session.send({"type": "user.interrupt"})
    assert session.kinds == ["interrupt", "status_idle"]
    session.send(HELLO)
    assert session.kinds[2:] == ["message", "status_running", "message", "status_idle"]
    assert session.events()[-2]["content"][0]["text"] == "Done."
    assert [each["kind"] for each in api("GET", "/_emulator/report").json["data"]] == [
        "script_ended"
    ]


def test_a_page_says_how_far_the_script_of_a_session_is(api, begin):
    """A step that an interrupt has skipped counts as done."""
    session = begin({"message": "1"}, "idle", {"wait": "1s"})

    def shown():
        found = api("GET", f"/_emulator/sessions/{session.id}").json
        return found["step"], len(found["script"]), len(found["events"])

    assert shown() == (2, 3, 4)
    session.send(HELLO)
    session.send({"type": "user.interrupt"})
    assert shown() == (3, 3, 8)


def test_a_list_of_events_has_a_hundred_by_default(begin):
    """The rest is on the next page."""
    session = begin(*[{"message": "x"}] * 100)
    page = session._api("GET", f"{session.path}/events").json
    assert (len(page["data"]), page["next_page"] is None) == (100, False)


def test_a_session_has_all_members_of_the_api(api, begin):
    """The members are in the order of the API. A session with a script of its own has an agent, too."""
    session = begin({"message": "1"})
    members = (
        *("id", "agent", "archived_at", "created_at", "updated_at", "environment_id", "status"),
        *("title", "metadata", "type", "budget", "deployment_id", "outcome_evaluations"),
        *("resources", "vault_ids", "stats", "usage"),
    )
    assert tuple(session.now) == members
    assert (session.now["outcome_evaluations"], session.now["vault_ids"]) == ([], [])
    assert session.now["usage"] == {
        "active_seconds": 0.0,
        "cache_creation": {"ephemeral_1h_input_tokens": 0, "ephemeral_5m_input_tokens": 0},
        "cache_read_input_tokens": 0,
        "input_tokens": 0,
        "output_tokens": 0,
    }
    made = api("POST", "/_emulator/sessions", {}).json
    assert (tuple(made), made["agent"]["id"], made["agent"]["version"]) == (
        members,
        "agent_emulator",
        1,
    )
    assert (made["resources"], made["budget"]) == ([], None)
    for version, found in ((1, [made["id"]]), (2, [])):
        query = {"agent_id": "agent_emulator", "agent_version": version}
        listed = api("GET", SESSIONS, **query).json["data"]
        assert [each["id"] for each in listed] == found


# Updates


def test_an_update_of_metadata_keeps_empty_texts_and_deletes_nulls(api, begin):
    """The event names what changed. Metadata that was cleared is not in it."""
    session = begin({"message": "1"}, metadata={"a": "1", "b": "2"})
    api("POST", session.path, {"metadata": {"a": "", "b": None, "c": "3"}})
    assert session.events()[-1]["metadata"] == session.now["metadata"]
    assert {name: session.now["metadata"].get(name) for name in "abc"} == {
        "a": "",
        "b": None,
        "c": "3",
    }
    api("POST", session.path, {"metadata": {"a": ""}})
    api("POST", session.path, {"metadata": None, "title": None})
    assert session.kinds.count("updated") == 1
    cleared = dict.fromkeys(session.now["metadata"])
    api("POST", session.path, {"metadata": cleared, "title": "t"})
    last = session.events()[-1]
    assert (last["title"], "metadata" in last, session.now["metadata"]) == ("t", False, {})


def test_a_session_is_archived_once(api, begin):
    """With one event and one time, also if it has ended before."""
    session = begin("terminate")
    first = api("POST", f"{session.path}/archive").json
    advance(api, 1_000)
    assert api("POST", f"{session.path}/archive").json["archived_at"] == first["archived_at"]
    assert session.kinds == ["status_terminated"]
    updated = api("POST", session.path, {"title": "t"}).json
    assert updated["archived_at"] == first["archived_at"] < updated["updated_at"]
    assert api("GET", SESSIONS).json["data"] == []
    (listed,) = api("GET", SESSIONS, include_archived="true").json["data"]
    assert (listed["id"], listed["archived_at"]) == (session.id, first["archived_at"])


def test_a_session_that_was_idle_is_not_active_until_it_is_archived(api, begin):
    """Only the time of its turns counts as active."""
    session = begin({"wait": "2s"})
    advance(api, 2_000)
    assert session.now["status"] == "idle"
    advance(api, 60_000)
    archived = api("POST", f"{session.path}/archive").json
    assert archived["stats"] == {"active_seconds": 2.0, "duration_seconds": 62.0}


# What a session is created with


def test_an_empty_script_is_a_script_and_none_is_the_default_one(api, queue, begin):
    """By default, a worker has something to do, and the end of that is not reported."""
    session = begin()
    assert session.kinds == ["message", "status_idle"]
    assert session.events()[2]["content"][0]["text"] == "Done."
    report = api("GET", "/_emulator/report").json["data"]
    assert [each["kind"] for each in report] == ["script_ended"]
    sent = {"agent": "agent_1", "environment_id": queue, "initial_events": [HELLO]}
    plain = api("POST", SESSIONS, sent).json["id"]
    events = api("GET", f"{SESSIONS}/{plain}/events").json["data"]
    assert (events[2]["type"], events[2]["input"]) == (
        "agent.tool_use",
        {"command": "echo hello"},
    )
    made = api("POST", "/_emulator/sessions", {}).json["id"]
    api("POST", f"{SESSIONS}/{made}/events", {"events": [HELLO]})
    assert api("GET", "/_emulator/report").json["data"] == report


def test_a_session_of_a_script_may_have_work_without_a_secret(api, queue):
    """It has one by default."""
    for body in ({"secret": False}, {}):
        api("POST", "/_emulator/sessions", {"script": [BASH], **body})
    assert [api.poll(queue)["secret"] is None for _ in range(2)] == [True, False]


def test_the_resources_of_a_session_are_those_that_were_asked_for(api, begin):
    """With the places and the access that were given; a token is not returned."""
    asked = [
        {"type": "file", "file_id": "file_1", "mount_path": "/own"},
        {
            "type": "github_repository",
            "url": "https://github.com/a/b.git/",
            "authorization_token": "correct-horse",
        },
        {"type": "memory_store", "memory_store_id": "memstore_1", "access": "read_only"},
    ]
    session = begin({"message": "x"}, resources=asked, vault_ids=["vlt_1"])
    file, repository, store = session.now["resources"]
    assert (file["file_id"], file["mount_path"]) == ("file_1", "/own")
    assert (repository["mount_path"], "authorization_token" in repository) == (
        "/workspace/b",
        False,
    )
    assert (store["access"], "id" in store) == ("read_only", False)
    assert file["id"] != repository["id"]
    before = session.now
    updated = api("POST", session.path, {"title": "t"}).json
    for name in ("agent", "resources", "vault_ids", "metadata", "usage"):
        assert updated[name] == before[name]


def test_the_next_script_that_waits_is_used_as_often_as_it_says(api, queue, begin):
    """The one in the metadata comes before it, and uses none up."""
    script = {"script": [{"message": "waits"}], "times": 2}
    api("POST", "/_emulator/scripts", script)
    own = begin({"message": "own"})
    assert own.events()[2]["content"][0]["text"] == "own"
    sent = {"agent": "agent_1", "environment_id": queue, "initial_events": [HELLO]}
    made = [api("POST", SESSIONS, sent).json["id"] for _ in range(3)]
    third = [api("GET", f"{SESSIONS}/{each}/events").json["data"][2] for each in made]
    assert [event["type"] for event in third] == ["agent.message"] * 2 + ["agent.tool_use"]


def test_a_session_that_is_refused_uses_no_script(api, queue):
    """The script waits for the next session."""
    api("POST", "/_emulator/scripts", {"script": [{"message": "first"}]})
    sent = {"agent": "agent_1", "environment_id": queue}
    for wrong in ({"metadata": {"k" * 65: "v"}}, {"environment_id": "env_none"}):
        assert api("POST", SESSIONS, sent | wrong).status_code in (400, 404)
    assert [each["kind"] for each in api("GET", "/_emulator/report").json["data"]] == [
        "unused_script"
    ]
    assert api("GET", SESSIONS).json["data"] == []
    assert api("POST", SESSIONS, sent).status_code == 200
    assert api("GET", "/_emulator/report").json["data"] == []


def test_scripts_that_wait_are_used_in_their_order(api, queue):
    """The first session uses the script that was added first."""
    for text in ("first", "second"):
        api("POST", "/_emulator/scripts", {"script": [{"message": text}]})
    sent = {"agent": "agent_1", "environment_id": queue, "initial_events": [HELLO]}
    made = [api("POST", SESSIONS, sent).json["id"] for _ in range(2)]
    api("POST", "/_emulator/clock", {"advance_ms": 200})
    said = [api("GET", f"{SESSIONS}/{each}/events").json["data"][2]["content"] for each in made]
    assert [block["text"] for (block,) in said] == ["first", "second"]


def test_the_report_names_each_script_that_still_waits(api):
    """The message has the agent of the script, and how often it would still have been used."""
    script = {"script": ["terminate"], "times": 3}
    for agent in ({"agent": "agent_2"}, {}):
        given = api("POST", "/_emulator/scripts", script | agent).json
        assert given == {"id": given["id"], "agent": agent.get("agent"), "times": 3} | {
            "type": "script"
        }
    waits = "still waits for a session: 3 of its times are left."
    assert [each["message"] for each in api("GET", "/_emulator/report").json["data"]] == [
        f"A script for the agent 'agent_2' {waits}",
        f"A script for any agent {waits}",
    ]
    api("POST", "/_emulator/reset")
    assert api("GET", "/_emulator/report").json["data"] == []


def test_a_health_check_in_the_queue_names_no_session(api, queue):
    """The ID in the work item begins with healthcheck, and the type is healthcheck."""
    api("POST", f"/_emulator/environments/{queue}/enqueue", {"type": "healthcheck"})
    named = api.poll(queue)["data"]
    assert (named["type"], named["id"].partition("_")[0]) == ("healthcheck", "healthcheck")
    assert api("GET", f"{SESSIONS}/{named['id']}").status_code == 404


def test_a_cloud_environment_has_no_worker_for_a_tool(api):
    """Whichever step calls it, unless the script has its result."""
    cloud = api.create("cloud")
    body = {"environment_id": cloud, "script": [{"message": "x"}, "idle", BASH]}
    refused = message(api("POST", "/_emulator/sessions", body), 400)
    assert refused.startswith("script.2: a cloud environment has no worker for this tool")
    body["script"][2] = BASH | {"result": ""}
    assert api("POST", "/_emulator/sessions", body).status_code == 200
    api("POST", f"{ENVIRONMENTS}/{cloud}/archive")
    assert "archived" in message(api("POST", "/_emulator/sessions", body), 400)
    assert message(api("POST", "/_emulator/sessions", {}), 400).startswith(
        "environment_id: required, since there is no self-hosted environment"
    )


def test_a_session_without_an_environment_is_in_the_newest_queue_that_is_not_archived(api):
    """Not in the cloud."""
    older, newer = api.create_queue("a"), api.create_queue("b")
    api.create("cloud")
    create = ("POST", "/_emulator/sessions", {})
    assert api(*create).json["environment_id"] == newer
    api("POST", f"{ENVIRONMENTS}/{newer}/archive")
    assert api(*create).json["environment_id"] == older


def test_a_preview_has_the_text_of_each_block_in_two_parts(api, queue, emulator):
    """Of an odd length, too; an empty one has none, and each part names its block."""
    blocks = [{"type": "text", "text": text} for text in ("abc", "", "d")]
    played = {"type": "agent.message", "content": blocks}
    session = Session(api, queue, [{"event": played}, "terminate"])
    path = f"{session.path}/events/stream?event_deltas[]=agent.message"
    body, *_ = run_wsgi_app(emulator, EnvironBuilder(path, headers=HEADERS).get_environ())
    events = [json.loads(chunk.decode().partition("data: ")[2]) for chunk in body]
    deltas = [event["delta"] for event in events if event["type"] == "event_delta"]
    assert [(delta["index"], delta["content"]["text"]) for delta in deltas] == [
        *((0, "ab"), (0, "c")),
        (2, "d"),
    ]
    assert [event["type"] for event in events].count("event_start") == 1


def streamed(emulator, path):
    """Return the names of the events of a stream that ends by itself."""
    body, *_ = run_wsgi_app(emulator, EnvironBuilder(path, headers=HEADERS).get_environ())
    return [chunk.decode().partition("\n")[0].removeprefix("event: ") for chunk in body]


def test_a_stream_previews_each_event_that_it_names(api, queue, emulator):
    """Thinking has no text, so its preview has no deltas. The parameter may have brackets."""
    session = Session(api, queue, ["thinking", {"message": "ab"}, "terminate"])
    path = f"{session.path}/events/stream?event_deltas=agent.thinking&event_deltas[]=agent.message"
    assert streamed(emulator, path) == [
        *("ping", "event_start", "agent.thinking", "event_start", "event_delta", "event_delta"),
        *("agent.message", "session.status_terminated"),
    ]


@pytest.mark.parametrize("how", ["environment", "reset"])
def test_a_stream_ends_when_its_session_is_gone_without_an_event(api, emulator, how):
    """The session is removed with its environment, or by a reset."""
    cloud = api.create("cloud")
    session = Session(api, cloud, [], initial_events=[])
    environ = EnvironBuilder(f"{session.path}/events/stream", headers=HEADERS).get_environ()
    body, *_ = run_wsgi_app(emulator, environ)
    assert b"ping" in next(body)
    if how == "reset":
        assert api("POST", "/_emulator/reset").status_code == 200
    else:
        assert api("DELETE", f"{ENVIRONMENTS}/{cloud}").status_code == 200
    assert list(body) == []


def test_the_stream_of_a_deleted_session_has_nothing_of_the_next_one_with_its_id(
    api, queue, emulator
):
    """A test that chooses its session IDs may use an ID twice."""
    path = f"{SESSIONS}/session_1"
    api.enqueue(queue, session_id="session_1")
    environ = EnvironBuilder(f"{path}/events/stream", headers=HEADERS).get_environ()
    body, *_ = run_wsgi_app(emulator, environ)
    next(body)
    api("DELETE", path)
    assert b"session.deleted" in next(body)
    api.enqueue(queue, session_id="session_1")
    assert api("GET", path).status_code == 200
    assert list(body) == []


def test_a_session_of_an_older_emulator_has_the_agent_that_its_row_names(begin, emulator):
    """Older emulators stored only the ID and the version of the agent."""
    session = begin({"message": "1"})
    for stored, agent_id, version in (("agent_2 3", "agent_2", 3), ("agent_2", "agent_2", 1)):
        with emulator._store.write() as transaction:
            transaction.run("UPDATE sessions SET details = '{}', agent = ?", stored)
        agent = session.now["agent"]
        assert (agent["id"], agent["version"], agent["name"]) == (
            agent_id,
            version,
            "scripted agent",
        )
