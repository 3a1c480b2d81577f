"""Sessions: the four endpoints that a worker needs, and the emulator's own for creating sessions.

A session's agent follows a script, which replaces a model. A step that calls a tool makes the session wait for the
tool's result, and `idle` makes it wait for a message from the user. A result that the step does not expect ends the
session with an error that names the step.

A session that only a work item names is created when it is requested. Its agent has nothing to do.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

from ant_cli.emulator import work
from ant_cli.emulator.call import BEFORE_THE_FIRST, Call, new_id, page_of
from ant_cli.emulator.environment_rules import StoredEnvironment
from ant_cli.emulator.environment_rules import find as find_environment
from ant_cli.emulator.errors import EmulatorError, InvalidRequest
from ant_cli.emulator.faults import PING
from ant_cli.emulator.store import Store, Transaction, rfc3339, wait_for
from ant_cli.runtime.light_typing import Any, NamedTuple


class Session(NamedTuple):
    """A stored session, in the order of its columns."""

    id: str
    environment_id: str
    status: str
    title: str | None
    metadata: str
    script: str
    step: int
    waits_for: str | None
    """The ID of the tool call that has no result yet."""
    created_at: int
    updated_at: int

    @property
    def steps(self) -> list[dict[str, Any]]:
        """The steps of the script."""
        steps: list[dict[str, Any]] = json.loads(self.script)
        return steps


COLUMNS = ", ".join(Session._fields)
SQL_FIND = f"SELECT {COLUMNS} FROM sessions WHERE id = ?"  # noqa: S608 - a constant
SQL_ADD = f"INSERT INTO sessions ({COLUMNS}) VALUES ({', '.join('?' * len(Session._fields))})"  # noqa: S608 - constants
SQL_SAVE = "UPDATE sessions SET status = ?, step = ?, waits_for = ?, updated_at = ? WHERE id = ?"
SQL_NAMED = "SELECT environment_id FROM work WHERE session_id = ? AND kind = 'session' LIMIT 1"
SQL_UNFINISHED = "SELECT 1 FROM work WHERE session_id = ? AND state <> 'stopped' LIMIT 1"
SQL_QUEUE = """SELECT id FROM environments WHERE kind = 'self_hosted' AND NOT archived
               ORDER BY sequence DESC LIMIT 1"""


def create(store: Store, call: Call) -> str:
    """Create a session whose agent follows a script, and put its work in the queue."""
    from ant_cli.emulator import models

    request = models.parse(models.SessionRequest, call.body)
    steps = [step.model_dump(exclude_none=True) for step in request.script]
    with store.write() as transaction:
        environment = _environment(transaction, request.environment_id)
        work.check_takes_work(environment)
        session = _added(
            transaction, new_id("session"), environment.id, request.title, request.metadata or {}, steps
        )
        work.add(transaction, environment.id, session.id, secret=request.secret)
        return _to_json(session)


def show(store: Store, call: Call) -> str:
    """Return a session with all of its events and its script, for people."""
    session = _find(store, call)
    with store.read() as reader:
        events = ",".join(row[0] for row in reader.all(SQL_ALL, session.id))
    return (
        f'{{"session":{_to_json(session)},"events":[{events}],'
        f'"script":{session.script},"step":{session.step},"type":"emulator_session"}}'
    )


def retrieve(store: Store, call: Call) -> str:
    """Return one session."""
    return _to_json(_find(store, call))


def _find(store: Store, call: Call) -> Session:
    """Return the session that the path names. Raises EmulatorError with status 404 if it does not exist."""
    session_id = call.ids["session_id"]
    with store.read() as reader:
        row = reader.one(SQL_FIND, session_id)
        named = None if row else reader.one(SQL_NAMED, session_id)
    if row is not None:
        return Session._make(row)
    if named is None:
        raise EmulatorError(404, f"session_id: there is no session {session_id!r}.")
    with store.write() as transaction:
        row = transaction.one(SQL_FIND, session_id)
        return Session._make(row) if row else _added(transaction, session_id, named[0], None, {}, [])


def _environment(transaction: Transaction, environment_id: str | None) -> StoredEnvironment:
    """Return the environment for a new session: the named one, or the newest with a queue."""
    if environment_id is None:
        row = transaction.one(SQL_QUEUE)
        if row is None:
            raise InvalidRequest("environment_id: required, since there is no self-hosted environment.")
        environment_id = str(row[0])
    return find_environment(transaction, environment_id)


def _added(
    transaction: Transaction,
    session_id: str,
    environment_id: str,
    title: str | None,
    metadata: dict[str, str],
    steps: list[dict[str, Any]],
) -> Session:
    session = Session(
        id=session_id,
        environment_id=environment_id,
        status="running",
        title=title,
        metadata=json.dumps(metadata),
        script=json.dumps(steps),
        step=0,
        waits_for=None,
        created_at=transaction.now,
        updated_at=transaction.now,
    )
    transaction.run(SQL_ADD, *session)
    if steps:
        content = [{"type": "text", "text": "Run the script."}]
        _emit(transaction, session, "user.message", {"content": content})
        _emit(transaction, session, "session.status_running")
    return _advance(transaction, session)


def _to_json(session: Session) -> str:
    fields = {
        "id": session.id,
        "agent": {
            "id": "agent_emulator",
            "description": None,
            "execution_identity": {"type": "service_account"},
            "mcp_servers": [],
            "model": {"id": "emulator", "speed": "standard"},
            "multiagent": None,
            "name": "scripted agent",
            "skills": [],
            "system": None,
            "tools": [],
            "type": "agent",
            "version": 1,
        },
        "archived_at": None,
        "budget": None,
        "created_at": rfc3339(session.created_at),
        "deployment_id": None,
        "environment_id": session.environment_id,
        "metadata": json.loads(session.metadata),
        "outcome_evaluations": [],
        "resources": [],
        "stats": {},
        "status": session.status,
        "title": session.title,
        "type": "session",
        "updated_at": rfc3339(session.updated_at),
        "usage": {},
        "vault_ids": [],
    }
    return json.dumps(fields)


# Events


PING_SECONDS = 15.0
"""How long a stream is silent before it shows that it is alive."""
TERMINATED = "session.status_terminated"
SQL_EVENTS = {
    "asc": "SELECT sequence, document FROM events WHERE session_id = ? AND sequence > ? ORDER BY sequence LIMIT ?",
    "desc": """SELECT sequence, document FROM events WHERE session_id = ? AND sequence < ?
               ORDER BY sequence DESC LIMIT ?""",
}
SQL_NEW = "SELECT sequence, type, document FROM events WHERE session_id = ? AND sequence > ? ORDER BY sequence"
SQL_ALL = "SELECT document FROM events WHERE session_id = ? ORDER BY sequence"
SQL_LAST = "SELECT coalesce(max(sequence), 0) FROM events WHERE session_id = ?"
SQL_ADD_EVENT = "INSERT INTO events (session_id, type, document) VALUES (?, ?, ?)"

Event = dict[str, Any]
NewEvents = list[tuple[int, str, str]]
"""Sequence number, type and document of events."""


def list_events(store: Store, call: Call) -> str:
    """Return a page of a session's events, the oldest first unless asked otherwise."""
    session = _find(store, call)
    order = call.text("order") or "asc"
    if order not in SQL_EVENTS:
        raise InvalidRequest(f"order: must be asc or desc, got {order!r}.")
    limit = call.number("limit", 100, 1, 1000)
    name = f"events {session.id} {order}"
    start = 0 if order == "asc" else BEFORE_THE_FIRST
    sequence = call.page_start(name, start)
    with store.read() as reader:
        rows = reader.all(SQL_EVENTS[order], session.id, sequence, limit + 1)
    return page_of(name, rows, limit)


def stream(store: Store, call: Call) -> Iterator[str]:
    """Return the events of a session as they happen, until it is terminated."""
    call.before_waiting()
    session = _find(store, call)
    with store.read() as reader:
        last = (reader.one(SQL_LAST, session.id) or (0,))[0]
    # The end is the only event that is repeated, because a worker that missed it would wait forever.
    return _follow(store, call, session.id, last - 1 if session.status == "terminated" else last)


def _follow(store: Store, call: Call, session_id: str, last: int) -> Iterator[str]:
    def look() -> NewEvents | None:
        with store.read() as reader:
            events: NewEvents = reader.all(SQL_NEW, session_id, last)
        # An empty list ends the wait, and the stream.
        return events or ([] if call.is_stopping() else None)

    yield PING
    while True:
        events = wait_for(look, PING_SECONDS)
        if events is None:
            yield PING
            continue
        for sequence, event_type, document in events:
            yield f"event: {event_type}\ndata: {document}\n\n"
            last = sequence
        if not events or events[-1][1] == TERMINATED:
            return


def send_events(store: Store, call: Call) -> str:
    """Process events of the user: tool results, messages, interrupts."""
    from ant_cli.emulator import models

    request = models.parse(models.SendEventsRequest, call.body)
    session_id = _find(store, call).id
    taken = []
    with store.write() as transaction:
        session = Session._make(transaction.one(SQL_FIND, session_id) or ())
        for sent in request.events:
            _check_takes(session, sent.model_dump())
            event = _emit(transaction, session, sent.type, sent.model_dump(exclude={"type"}, exclude_none=True))
            taken.append(event)
            session = _continue(transaction, session, event)
        if session.waits_for is not None and transaction.one(SQL_UNFINISHED, session.id) is None:
            # No worker has the session, or will get it, to call the tool.
            work.add(transaction, session.environment_id, session.id, secret=True)
    return json.dumps({"data": taken})


def _emit(transaction: Transaction, session: Session, event_type: str, fields: Event | None = None) -> Event:
    """Add an event to a session and return it."""
    event = {"id": new_id("sevt"), "type": event_type, "processed_at": rfc3339(transaction.now), **(fields or {})}
    transaction.run(SQL_ADD_EVENT, session.id, event_type, json.dumps(event))
    return event


# The script


TOOLS = {"tool": "agent.tool_use", "custom_tool": "agent.custom_tool_use"}
"""The event that a step emits to call a tool."""
RESULTS = {"user.tool_result": "tool_use_id", "user.custom_tool_result": "custom_tool_use_id"}
"""The events with a tool's result, and the field that names the call."""


def _check_takes(session: Session, event: Event) -> None:
    """Reject an event for a session that has ended, or does not wait for the event's result."""
    if session.status == "terminated":
        raise InvalidRequest(f"session_id: {session.id} is terminated and takes no more events.")
    field = RESULTS.get(event["type"])
    if field is None:
        return
    if event[field] != session.waits_for:
        raise InvalidRequest(f"events: {session.id} does not wait for a result of {event[field]!r}.")
    if ("tool" in session.steps[session.step - 1]) != (field == "tool_use_id"):
        raise InvalidRequest(f"events: the result of {event[field]!r} has another type than {event['type']}.")


def _continue(transaction: Transaction, session: Session, event: Event) -> Session:
    """Continue with the script if the session waits for this event of the user."""
    if event["type"] in RESULTS:
        step = session.steps[session.step - 1]
        if problem := _mismatch(step.get("expect") or {}, event):
            return _fail(transaction, session, f"Step {session.step} ({step}): {problem}")
    elif event["type"] == "user.interrupt" and session.waits_for is not None:
        return _end_turn(transaction, session._replace(waits_for=None))
    elif event["type"] != "user.message" or session.waits_for is not None:
        return session
    _emit(transaction, session, "session.status_running")
    return _advance(transaction, session._replace(waits_for=None))


def _advance(transaction: Transaction, session: Session) -> Session:
    """Carry out steps until one has to wait, or the script ends."""
    for number, step in enumerate(session.steps[session.step :], session.step + 1):
        session = session._replace(step=number)
        if "message" in step:
            _emit(transaction, session, "agent.message", {"content": [{"type": "text", "text": step["message"]}]})
        elif "terminate" in step:
            return _terminate(transaction, session)
        elif "idle" in step:
            break
        else:
            return _call_tool(transaction, session, step)
    return _end_turn(transaction, session)


def _call_tool(transaction: Transaction, session: Session, step: Event) -> Session:
    tool = next(tool for tool in TOOLS if tool in step)
    fields = {"name": step[tool], "input": step.get("input") or {}}
    if tool == "tool":
        fields["evaluated_permission"] = "allow"
    call = _emit(transaction, session, TOOLS[tool], fields)
    reason = {"type": "requires_action", "event_ids": [call["id"]]}
    return _go_idle(transaction, session._replace(waits_for=call["id"]), reason)


def _end_turn(transaction: Transaction, session: Session) -> Session:
    return _go_idle(transaction, session, {"type": "end_turn"})


def _go_idle(transaction: Transaction, session: Session, reason: Event) -> Session:
    _emit(transaction, session, "session.status_idle", {"stop_reason": reason, "stop_details": None})
    return _save(transaction, session._replace(status="idle"))


def _fail(transaction: Transaction, session: Session, message: str) -> Session:
    error = {"type": "unknown_error", "message": message, "retry_status": {"type": "terminal"}}
    _emit(transaction, session, "session.error", {"error": error})
    return _terminate(transaction, session)


def _terminate(transaction: Transaction, session: Session) -> Session:
    _emit(transaction, session, TERMINATED)
    return _save(transaction, session._replace(status="terminated", waits_for=None))


def _save(transaction: Transaction, session: Session) -> Session:
    session = session._replace(updated_at=transaction.now)
    values = (session.status, session.step, session.waits_for, session.updated_at, session.id)
    transaction.run(SQL_SAVE, *values)
    return session


def _mismatch(expected: Event, result: Event) -> str | None:
    """Return why a result is not as expected; None if it is."""
    is_error = bool(result.get("is_error"))
    text = "".join(block.get("text", "") for block in result.get("content") or [] if block.get("type") == "text")
    if expected.get("is_error") not in (None, is_error):
        return f"expected is_error to be {expected['is_error']}, got {is_error}; the text is {text!r}."
    if expected.get("text") not in (None, text):
        return f"expected the text {expected['text']!r}, got {text!r}."
    if (part := expected.get("contains")) is not None and part not in text:
        return f"expected text that contains {part!r}, got {text!r}."
    return None
