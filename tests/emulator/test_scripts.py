"""Scripts that reach the session which an application creates, and what they make the application handle."""

import pytest

HELLO = {"type": "user.message", "content": [{"type": "text", "text": "Hello."}]}
ASK = {"tool": "bash", "input": {}, "evaluated_permission": "ask", "result": "done"}
RETRYING = {
    "type": "session.error",
    "error": {
        "type": "model_overloaded_error",
        "message": "Busy.",
        "retry_status": {"type": "retrying"},
    },
}
MCP_CALL = {
    "type": "agent.mcp_tool_use",
    "id": "call_1",
    "name": "search",
    "input": {"q": None},
    "mcp_server_name": "docs",
    "evaluated_permission": "ask",
    "evaluation": {"type": "always_ask"},
}
DENIED = {
    "type": "agent.tool_result",
    "tool_use_id": "call_0",
    "is_error": True,
    "content": [{"type": "text", "text": "denied"}],
}
SPAN = {
    "type": "span.model_request_end",
    "is_error": False,
    "model_request_start_id": "sevt_1",
    "model_usage": {
        "input_tokens": 1,
        "output_tokens": 2,
        "cache_creation_input_tokens": 0,
        "cache_read_input_tokens": 0,
    },
}


@pytest.fixture
def sessions(client):
    """Return the SDK's resource for sessions."""
    return client.beta.sessions


@pytest.fixture
def control(client):
    """Return a function that sends a body to a control endpoint."""

    def send(path, **body):
        return client.post(f"/_emulator/{path}", body=body, cast_to=object)

    return send


@pytest.fixture
def report(client):
    """Return a function that returns the kinds in the report of the test."""

    def kinds():
        return [each["kind"] for each in client.get("/_emulator/report", cast_to=object)["data"]]

    return kinds


@pytest.fixture
def start(client, sessions, control):
    """Return a function that creates a session in the cloud, for which a script waits."""
    cloud = client.beta.environments.create(name="cloud").id

    def start(*script, **params):
        if script:
            control("scripts", script=script)
        return sessions.create(agent="agent_1", environment_id=cloud, **params)

    return start


def turn(stream):
    """Return the events of a stream up to the end of a turn, or to a call that waits."""
    events = []
    for event in stream:
        events.append(event)
        if event.type in ("session.status_idle", "session.status_terminated", "session.deleted"):
            return events
    raise AssertionError(events)


def kinds(events):
    return [event.type.partition(".")[2] for event in events]


def texts(events):
    return [event.content[0].text for event in events if event.type == "agent.message"]


def said(sessions, session, *sent):
    """Send events with a stream open, and return what the agent says."""
    with sessions.events.stream(session.id) as stream:
        sessions.events.send(session.id, events=sent or [HELLO])
        return texts(turn(stream))


# Which session gets a script


def test_a_script_waits_for_the_next_session_of_its_agent(client, sessions, control, report):
    """The application sends nothing for it: its title and its metadata stay its own."""
    cloud = client.beta.environments.create(name="cloud").id
    control("scripts", agent="agent_2", times=2, script=[{"message": "For agent_2."}])
    control("scripts", script=[{"message": "For any."}])
    made = [
        sessions.create(agent=agent, environment_id=cloud, title="mine", metadata={"my": "own"})
        for agent in ("agent_1", "agent_1", "agent_2", "agent_2", "agent_2")
    ]
    said_by = [said(sessions, session) for session in made]
    first, second = ["For any."], ["For agent_2."]
    assert said_by == [first, ["Done."], second, second, ["Done."]]
    assert {(each.title, *each.metadata.items()) for each in made} == {("mine", ("my", "own"))}
    assert report() == []


def test_a_script_that_no_session_used_is_in_the_report(control, report):
    """It waits for an agent that the application did not ask for, for example."""
    control("scripts", agent="agent_2", script=["terminate"])
    assert report() == ["unused_script"]


@pytest.mark.parametrize(
    ("step", "why"),
    [
        ({"mesage": "x"}, "script.0.mesage: is not a field of this request"),
        ({"event": {"error": "x"}}, "script.0.event: an event needs a type such as session.error"),
        ({"event": {"type": "a\n\nevent: b"}}, "an event needs a type"),
        ({"event": {"type": "session.error", "id": "a b"}}, "must be an ID, without blanks"),
        ({"event": {"type": "session.status_idle"}}, "stop_reason"),
        ({"idle": {"stop_reason": {"type": "tired"}}}, "tired"),
        ({"idle": {"stop_reason": {"type": "requires_action", "event_ids": []}}}, "event_ids"),
        ({"tool": "a", "custom_tool": "b"}, "must have one of"),
        ({"input": {}}, "got none"),
        ({"custom_tool": "a", "result": "x"}, "custom_tool does not take result"),
        ({"stats": {"active_seconds": 1}}, "stats was removed; the figures are measured"),
    ],
)
def test_a_mistake_in_a_script_is_rejected_when_it_is_given(anthropic, control, step, why):
    """Not when a session gets it: then an error would be the application's."""
    with pytest.raises(anthropic.BadRequestError) as raised:
        control("scripts", script=[step])
    assert why in raised.value.message


# What it plays


def test_any_event_is_played_as_it_is(sessions, start, control):
    """With its own ID, or a new one. The SDK accepts each strictly."""
    session = start(
        {"event": RETRYING},
        {"event": {"type": "session.status_rescheduled"}},
        {"wait": "1s"},
        {"event": {"type": "session.status_running"}},
        {"event": DENIED},
        {"event": SPAN},
        {"message": "Done."},
    )
    control("clock", freeze=True)
    with sessions.events.stream(session.id) as stream:
        sessions.events.send(session.id, events=[HELLO])
        events = [next(stream) for _ in range(4)]
        assert sessions.retrieve(session.id).status == "rescheduling"
        control("clock", advance_ms=1_000)
        events += turn(stream)
    names = [event.type for event in events]
    played = [RETRYING["type"], "session.status_rescheduled", "session.status_running"]
    played += [DENIED["type"], SPAN["type"], "agent.message", "session.status_idle"]
    assert names[-7:] == played
    assert events[-4].is_error is True
    assert all(event.processed_at for event in events)


@pytest.mark.parametrize("reason", ["budget_reached", "retries_exhausted", "refusal", "end_turn"])
def test_a_turn_ends_with_any_stop_reason(sessions, start, reason):
    """By a step, or by the event as it is. The next message begins the next turn."""
    details = {"type": "refusal", "category": "cyber", "explanation": "No."}
    idle = {"stop_reason": {"type": reason}, "stop_details": details}
    event = {"event": {"type": "session.status_idle", **idle}}
    session = start({"idle": idle}, {"message": "2"}, event, {"message": "3"})
    with sessions.events.stream(session.id) as stream:
        sessions.events.send(session.id, events=[HELLO] * 3)
        first, second, third = turn(stream), turn(stream), turn(stream)
    assert [each[-1].stop_reason.type for each in (first, second, third)] == [
        *[reason] * 2,
        "end_turn",
    ]
    assert first[-1].stop_details.category == "cyber"
    assert (texts(second), texts(third)) == (["2"], ["3"])


def test_a_person_answers_a_call_of_an_event_that_was_played(anthropic, sessions, start):
    """The stop reason names it, so the session waits for it."""
    action = {"type": "requires_action", "event_ids": ["call_1"]}
    session = start({"event": MCP_CALL}, {"idle": {"stop_reason": action}}, {"message": "Found."})
    with sessions.events.stream(session.id) as stream:
        sessions.events.send(session.id, events=[HELLO])
        *_, call, idle = turn(stream)
        assert (call.id, call.input, idle.stop_reason.event_ids) == (
            "call_1",
            {"q": None},
            ["call_1"],
        )
        answer = {"type": "user.tool_confirmation", "tool_use_id": "call_1", "result": "allow"}
        with pytest.raises(anthropic.BadRequestError, match="does not wait for a confirmation"):
            sessions.events.send(session.id, events=[answer | {"tool_use_id": "*call_1"}])
        sessions.events.send(session.id, events=[answer])
        assert texts(turn(stream)) == ["Found."]


# Turns


def test_every_message_is_answered_without_a_script_and_after_its_end(sessions, start, report):
    """A chat does not wait for ever. Only the end of a script is in the report, once."""
    chat = start()
    assert [said(sessions, chat) for _ in range(3)] == [["Done."]] * 3
    assert report() == []
    scripted = start({"message": "First."})
    assert [said(sessions, scripted) for _ in range(3)] == [["First."], ["Done."], ["Done."]]
    assert report() == ["script_ended"]


def test_a_session_has_no_events_before_its_first_message(sessions, start):
    """No source says that it begins with one."""
    assert sessions.events.list(start().id).data == []


def test_after_a_part_of_the_results_the_calls_that_remain_are_named_again(sessions, start):
    """Once for a request, and not after the last result."""
    tool = {"custom_tool": "weather"}
    session = start({"tools": [tool] * 4}, {"message": "Sun."}, initial_events=[HELLO])
    with sessions.events.stream(session.id) as stream:
        calls = turn(stream)[-1].stop_reason.event_ids

        def give(*numbers):
            results = [
                {"type": "user.custom_tool_result", "custom_tool_use_id": calls[number]}
                for number in numbers
            ]
            sessions.events.send(session.id, events=results)
            return turn(stream)

        assert give(1)[-1].stop_reason.event_ids == [calls[0], calls[2], calls[3]]
        events = give(0, 3)
        assert kinds(events) == ["custom_tool_result", "custom_tool_result", "status_idle"]
        assert events[-1].stop_reason.event_ids == [calls[2]]
        sessions.events.send(session.id, events=[HELLO])  # it waits, and nothing is repeated
        assert kinds(give(2)) == [
            *("message", "custom_tool_result", "status_running", "message", "status_idle")
        ]


@pytest.mark.parametrize("as_event", [False, True])
@pytest.mark.parametrize("waiting", [{"wait": "9m"}, {"custom_tool": "weather"}])
def test_an_interrupt_ends_the_turn_with_all_that_belongs_to_it(sessions, start, waiting, as_event):
    """What was not said is not said in the next turn either."""
    reason = {"stop_reason": {"type": "requires_action", "event_ids": ["call_1"]}}
    asked = {"idle": reason}
    if as_event:
        asked = {"event": {"type": "session.status_idle", **reason}}
    session = start(
        waiting, {"message": "Late."}, asked, {"message": "Late."}, "idle", {"message": "2"}
    )
    with sessions.events.stream(session.id) as stream:
        sessions.events.send(session.id, events=[HELLO])
        sessions.retrieve(session.id)
        sessions.events.send(session.id, events=[{"type": "user.interrupt"}])
        events = turn(stream)
        if events[-1].stop_reason.type == "requires_action":  # before the interrupt
            events = turn(stream)
        assert texts(events) == []
        assert events[-1].stop_reason.type == "end_turn"
    assert said(sessions, session) == ["2"]


def test_a_message_is_processed_when_its_turn_begins(sessions, start):
    """Until then, its time is null: while the agent works, and while it waits for a result."""
    session = start({"custom_tool": "weather"}, {"message": "1"}, "idle", {"message": "2"})
    with sessions.events.stream(session.id) as stream:
        sent = sessions.events.send(session.id, events=[HELLO, HELLO]).data
        assert [each.processed_at is None for each in sent] == [False, True]
        call = turn(stream)[-1].stop_reason.event_ids[0]
        assert sessions.events.list(session.id, types=["user.message"]).data[1].processed_at is None
        result = {"type": "user.custom_tool_result", "custom_tool_use_id": call}
        sessions.events.send(session.id, events=[result])
        assert [texts(turn(stream)), texts(turn(stream))] == [["1"], ["2"]]
    listed = sessions.events.list(session.id, types=["user.message"]).data
    assert all(each.processed_at for each in listed)


def test_deleting_a_session_ends_its_streams_with_an_event(sessions, start):
    """The client knows that nothing follows."""
    session = start()
    with sessions.events.stream(session.id) as stream:
        sessions.delete(session.id)
        assert kinds(stream) == ["deleted"]


def test_a_failed_expectation_and_an_error_are_in_the_report(client, sessions, start):
    """The test may pass although they happened."""
    session = start({"custom_tool": "weather", "expect": {"text": "sunny"}}, initial_events=[HELLO])
    with sessions.events.stream(session.id) as stream:
        call = turn(stream)[-1].stop_reason.event_ids[0]
        result = {"type": "user.custom_tool_result", "custom_tool_use_id": call}
        sessions.events.send(session.id, events=[result])
        assert kinds(turn(stream))[-2:] == ["error", "status_terminated"]
    assert said(sessions, start({"event": RETRYING})) == []
    expectation, error = client.get("/_emulator/report", cast_to=object)["data"]
    assert expectation["kind"] == "expectation_failed"
    assert "expected the text 'sunny', got ''" in expectation["message"]
    assert (error["kind"], "Busy." in error["message"]) == ("session_error", True)


def test_a_script_that_ends_with_a_call_ends_the_turn_with_its_result(sessions, start, report):
    """The result is no message, so nothing more is said, and it is not reported as one after the end."""
    session = start({"custom_tool": "weather"}, initial_events=[HELLO])
    with sessions.events.stream(session.id) as stream:
        call = turn(stream)[-1].stop_reason.event_ids[0]
        result = {"type": "user.custom_tool_result", "custom_tool_use_id": call}
        sessions.events.send(session.id, events=[result])
        assert kinds(turn(stream)) == ["custom_tool_result", "status_running", "status_idle"]
    assert report() == []


# Streams


def test_a_late_stream_is_in_the_report(sessions, start, control, report):
    """It gets the turn, which the real API would have sent before it was opened."""
    control("clock", freeze=True)
    session = start({"message": "Hi."}, initial_events=[HELLO])
    control("clock", freeze=False, advance_ms=1_001)
    with sessions.events.stream(session.id) as stream:
        assert texts(turn(stream)) == ["Hi."]
    assert report() == ["late_stream"]


def test_a_late_stream_is_measured_from_the_step_that_was_due(client, sessions, start, control):
    """A wait of the script is no delay of the application. What was listed before is not sent again."""
    control("clock", freeze=True)
    session = start({"message": "1"}, {"wait": "5m"}, {"message": "2"}, initial_events=[HELLO])
    assert texts(sessions.events.list(session.id).data) == ["1"]
    control("clock", advance_ms=302_000)
    with sessions.events.stream(session.id) as stream:
        assert texts(turn(stream)) == ["2"]
    (finding,) = client.get("/_emulator/report", cast_to=object)["data"]
    assert "was opened 2.0 s after a step was due" in finding["message"]


def test_a_stream_with_deltas_previews_the_events_that_it_names(anthropic, sessions, start):
    """The parts make the text of the message. The history has no previews."""
    session = start("thinking", {"message": "Hello!"}, {"message": "x"}, {"message": ""})
    with sessions.events.stream(session.id, event_deltas=["agent.message"]) as stream:
        sessions.events.send(session.id, events=[HELLO])
        _, _, thinking, *events = turn(stream)
    assert thinking.type == "agent.thinking"
    begun, first, second, message, *_ = events
    assert (begun.type, begun.event.id) == ("event_start", message.id)
    assert first.event_id == second.event_id == message.id
    assert first.delta.content.text + second.delta.content.text == message.content[0].text
    assert not [e for e in sessions.events.list(session.id).data if e.type.startswith("event_")]
    with pytest.raises(anthropic.BadRequestError, match=r"event_deltas: must be agent\.message or"):
        sessions.events.stream(session.id, event_deltas=["agent.tool_use"]).__enter__()


def test_a_stream_ends_with_an_error_after_some_events(anthropic, sessions, start, control):
    """The SDK raises it, in the middle of its loop."""
    control("faults", path_contains="/stream", error_after_events=2)
    session = start({"message": "1"}, {"message": "2"}, initial_events=[HELLO])
    with sessions.events.stream(session.id) as stream:
        got = [next(stream), next(stream)]
        with pytest.raises(anthropic.APIStatusError, match="Injected fault"):
            next(stream)
    assert texts(got) == ["1", "2"]


# Sessions


def test_a_session_has_what_it_was_asked_to_have(sessions, start):
    """Its resources get IDs and paths, as documented; a token is in no response."""
    budget = {"type": "limit", "max_list_cost": {"amount": "2500", "currency": "USD"}}
    repository = {
        "type": "github_repository",
        "url": "https://github.com/a/tools.git",
        "authorization_token": "correct-horse",
        "checkout": {"type": "branch", "name": "main"},
    }
    resources = [
        {"type": "file", "file_id": "file_1"},
        repository,
        {"type": "memory_store", "memory_store_id": "memstore_1"},
    ]
    session = start(budget=budget, resources=resources, vault_ids=["vlt_1"])
    kept = ("agent", "budget", "resources", "vault_ids")
    again = sessions.retrieve(session.id)
    assert [getattr(session, name) for name in kept] == [getattr(again, name) for name in kept]
    assert session.budget.max_list_cost.amount == "2500"
    assert session.vault_ids == ["vlt_1"]
    file, code, store = session.resources
    assert (file.mount_path, code.mount_path) == (
        "/mnt/session/uploads/file_1",
        "/workspace/tools",
    )
    assert (code.checkout.name, store.access) == ("main", "read_write")
    assert "correct-horse" not in session.to_json()
    other = start()
    assert [each.id for each in sessions.list(memory_store_id="memstore_1")] == [session.id]
    assert len(list(sessions.list(agent_version=7))) == 2  # it applies with an agent_id only
    assert list(sessions.list(agent_version=7, agent_id="agent_1")) == []
    assert other.resources == []


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        ({"resources": ["bogus"]}, "resources.0"),
        ({"resources": [{"type": "file"}]}, "file_id: is required"),
        ({"resources": [{"type": "disk"}]}, "resources.0"),
        ({"budget": "lots"}, "budget: must be an object"),
        (
            {"budget": {"type": "limit", "max_list_cost": {"amount": "1.5", "currency": "USD"}}},
            "amount",
        ),
        ({"agent": {"type": "robot", "id": "a"}}, "agent"),
        ({"agent": {"type": "agent"}}, "id: is required"),
        ({"agent": 5}, "agent: must be the ID of an agent, or an object"),
        ({"vault_ids": ["a b"]}, "vault_ids.0: must be an ID"),
        ({"initial_events": [HELLO | {"content": [{"type": "song"}]}]}, "the type of a block must"),
        ({"initial_events": [HELLO | {"content": [{"type": "image"}]}]}, "image needs source"),
        (
            {"initial_events": [HELLO | {"content": [{"type": "text", "text": ""}]}]},
            "minimum string length is 1",
        ),
        (
            {"initial_events": [HELLO | {"content": [{"type": "document", "source": "x"}]}]},
            "the source of a block must be an object",
        ),
        (
            {
                "initial_events": [
                    HELLO | {"content": [{"type": "image", "source": {"type": "url"}}]}
                ]
            },
            "a source of the type url needs url",
        ),
    ],
)
def test_what_is_invalid_is_refused(anthropic, start, asked, why):
    """A mistake of the application is one here, too."""
    with pytest.raises(anthropic.BadRequestError) as raised:
        start(extra_body=asked)
    assert why in raised.value.message


def test_what_the_api_has_and_the_emulator_has_not_is_not_emulated(anthropic, sessions, start):
    """The error does not sound like the API's own, and says how to give the response."""
    session = start()
    stub = f"ant emulator fault --path /v1/sessions/{session.id}"
    for event in (
        {"type": "user.define_outcome", "description": "x", "rubric": {}},
        {"type": "system.message", "content": []},
        {"type": "user.interrupt", "session_thread_id": "sthr_1"},
    ):
        with pytest.raises(anthropic.BadRequestError, match="is not emulated") as raised:
            sessions.events.send(session.id, events=[event])
        assert f"{stub}/events --method POST" in raised.value.message
    with pytest.raises(anthropic.BadRequestError, match="agent: is not emulated") as raised:
        sessions.update(session.id, agent={"tools": []})
    assert stub in raised.value.message
    with pytest.raises(anthropic.BadRequestError, match="is not emulated"):
        start(initial_events=[{"type": "user.define_outcome", "description": "x"}])


def test_an_update_names_only_what_changed(anthropic, sessions, start):
    """As documented for the event. A budget can be replaced and removed, and not be added."""
    limit = {"type": "limit", "max_list_cost": {"amount": "1", "currency": "USD"}}
    session = start(title="a", metadata={"k": "v"}, budget=limit)
    more = {"type": "limit", "max_list_cost": {"amount": "2", "currency": "USD"}}
    sessions.update(session.id, title="a", budget=more)
    sessions.update(session.id, title="b", metadata={"k": None})
    sessions.update(session.id, title="b", extra_body={"agent": None, "vault_ids": None})
    sessions.update(session.id, budget=None)
    updated = [event.to_dict() for event in sessions.events.list(session.id).data]
    named = [{*each} - {"id", "type", "processed_at"} for each in updated]
    assert named == [{"budget"}, {"title"}, {"budget"}]
    assert sessions.retrieve(session.id).budget is None
    with pytest.raises(anthropic.BadRequestError, match="only at the creation"):
        sessions.update(session.id, budget=limit)


def test_sessions_and_events_are_filtered_by_time(anthropic, sessions, start, control):
    """With each comparison. A time without its zone is refused."""
    times = [f"2030-01-01T00:00:0{second}Z" for second in range(3)]
    made = []
    for time in times:
        control("clock", now=time, freeze=True)
        made.append(start(title=time, metadata={"k": time}))
        sessions.update(made[0].id, title=f"updated at {time}")
    ids = [each.id for each in made]

    def found(**query):
        return [ids.index(each.id) for each in sessions.list(order="asc", **query)]

    assert found(created_at_gt=times[0]) == [1, 2]
    assert found(created_at_gte=times[1], created_at_lte=times[1]) == [1]
    assert found(created_at_lt=times[1]) == [0]
    events = sessions.events.list(made[0].id, created_at_gt=times[0]).data
    assert [event.title for event in events] == [f"updated at {time}" for time in times[1:]]
    with pytest.raises(anthropic.BadRequestError, match="must be a time such as"):
        sessions.list(created_at_gt="2030-01-01T00:00:00")
