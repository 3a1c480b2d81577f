"""Sessions: the endpoints that an application and a worker need, and the emulator's own.

A session's agent follows a script, which replaces a model. A step that calls a tool makes the session wait for the
tool's result, and `idle` makes it wait for a message from the user. A result that the step does not expect ends the
session with an error that names the step.

A session that only a work item names is created when it is requested. Its agent has nothing to do.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from ant_cli.emulator import work
from ant_cli.emulator.call import BEFORE_THE_FIRST, LARGEST_PAGE, Call, page_of
from ant_cli.emulator.environment_rules import check_metadata
from ant_cli.emulator.environment_rules import find as find_environment
from ant_cli.emulator.errors import EmulatorError, InvalidRequest
from ant_cli.emulator.faults import PING
from ant_cli.emulator.store import Row, Transaction, rfc3339, wait_for
from ant_cli.runtime.light_typing import Any

Event = dict[str, Any]

TOOLS = {"tool": "agent.tool_use", "custom_tool": "agent.custom_tool_use"}
"""The event that a step emits to call a tool."""
RESULTS = {"user.tool_result": "tool_use_id", "user.custom_tool_result": "custom_tool_use_id"}
"""The events with a tool's result, and the field that names the call."""
ANSWERED = "-"
"""In the place of the ID of a call whose result has arrived, while the session waits for those of others."""

SQL_FIND = "SELECT * FROM sessions WHERE id = ?"
SQL_NAMED = "SELECT environment_id FROM work WHERE session_id = ? AND kind = 'session' LIMIT 1"
SQL_UNFINISHED = "SELECT 1 FROM work WHERE session_id = ? AND state <> 'stopped' LIMIT 1"
SQL_QUEUE = """SELECT * FROM environments WHERE kind = 'self_hosted' AND NOT archived
               ORDER BY sequence DESC LIMIT 1"""


SQL_DELETE = (
    "UPDATE work SET state = 'stopped' WHERE session_id = ?",  # the length of the queue follows the state
    "DELETE FROM work WHERE session_id = ?",
    "DELETE FROM events WHERE session_id = ?",
    "DELETE FROM sessions WHERE id = ?",
)
SCRIPT = "emulator_script"
"""The key of the metadata of a session whose value is the script of its agent, as JSON."""
DEFAULT_SCRIPT = '[{"tool": "bash", "input": {"command": "echo hello"}}, {"message": "Done."}]'


@contextmanager
def session_transaction(call: Call) -> Iterator[tuple[Transaction, Row]]:
    """Begin a transaction on the call's session. If only a work item names it, it is added. 404 without either."""
    session_id = call.ids["session_id"]
    with call.store.write() as transaction:
        session = transaction.one(SQL_FIND, session_id)
        if session is None:
            item = transaction.one(SQL_NAMED, session_id)
            if item is None:
                raise EmulatorError(404, f"session_id: there is no session {session_id!r}.")
            session = _inserted(transaction, id=session_id, environment_id=item["environment_id"])
            session = _advance(transaction, session)
        yield transaction, session


def create(call: Call) -> str:
    """Create a session, as an application does, and put its work in the queue. A message begins its script."""
    from ant_cli.emulator import models  # late: pydantic would double the start of everything else

    params = call.body
    script = (params.metadata or {}).get(SCRIPT, DEFAULT_SCRIPT)
    scripted = models.parse(models.SessionRequest, f'{{"script":{script}}}'.encode())
    with call.store.write() as transaction:
        environment = find_environment(transaction, params.environment_id)
        session = _added(transaction, environment, params, scripted, agent=params.agent_and_version)
        for sent in params.initial_events:
            event = _emit(transaction, session, sent.model_dump(exclude_none=True))
            session = _continue(transaction, session, event)
        if not params.initial_events:
            session = _go_idle(transaction, session, 0)
        return _to_json(session)


def create_scripted(call: Call) -> str:
    """Create a session whose agent follows a script at once, and put its work in the queue."""
    request = call.body
    with call.store.write() as transaction:
        environment = _environment(transaction, request.environment_id)
        session = _added(transaction, environment, request, request, secret=request.secret)
        if request.script:
            content = [{"type": "text", "text": "Run the script."}]
            _emit(transaction, session, {"type": "user.message", "content": content})
            _emit(transaction, session, RUNNING)
        return _to_json(_advance(transaction, session))


def archive(call: Call) -> str:
    """Archive a session for good: it is terminated. Repeating it changes nothing."""
    with session_transaction(call) as (transaction, session):
        if session["status"] != "terminated":
            session = _terminate(transaction, session, session["step"])
        if session["archived_at"] is None:
            session = _saved(transaction, session, archived_at=transaction.now)
        return _to_json(session)


def delete(call: Call) -> str:
    """Delete a session with its events and its work. Its streams end."""
    with session_transaction(call) as (transaction, session):
        for statement in SQL_DELETE:
            transaction.run(statement, session["id"])
    return json.dumps({"id": session["id"], "type": "session_deleted"})


def show(call: Call) -> str:
    """Return a session with all of its events and its script, for people."""
    with session_transaction(call) as (transaction, session):
        events = ",".join(row["document"] for row in transaction.all(SQL_NEW, session["id"], 0))
    return (
        f'{{"session":{_to_json(session)},"events":[{events}],'
        f'"script":{session["script"]},"step":{session["step"]},"type":"emulator_session"}}'
    )


def retrieve(call: Call) -> str:
    """Return one session."""
    with session_transaction(call) as (_, session):
        return _to_json(session)


def _environment(transaction: Transaction, environment_id: str | None) -> Row:
    """Return the environment for a new session: the named one, or the newest with a queue."""
    if environment_id is not None:
        return find_environment(transaction, environment_id)
    newest: Row | None = transaction.one(SQL_QUEUE)
    if newest is None:
        raise InvalidRequest("environment_id: required, since there is no self-hosted environment.")
    return newest


def _added(
    transaction: Transaction, environment: Row, params: Any, scripted: Any, *, secret: bool = True, **columns: str
) -> Row:
    """Add a session with the title and the metadata of a request, and its work. A script may be of any length."""
    metadata = params.metadata or {}
    check_metadata({key: text for key, text in metadata.items() if key != SCRIPT})
    work.check_takes_work(environment)
    session = _inserted(
        transaction,
        id=transaction.ids.new_id("session"),
        environment_id=environment["id"],
        title=params.title,
        metadata=json.dumps(metadata),
        script=json.dumps([step.model_dump(exclude_none=True) for step in scripted.script]),
        **columns,
    )
    work.add(transaction, environment["id"], session["id"], secret=secret)
    return session


def _inserted(transaction: Transaction, **columns: str | None) -> Row:
    now = transaction.now
    columns = {"status": "running", "metadata": "{}", "script": "[]", **columns}
    session: Row = transaction.add("sessions", created_at=now, updated_at=now, **columns)
    return session


def _to_json(session: Row) -> str:
    agent_id, _, version = session["agent"].partition(" ")
    fields = {
        "id": session["id"],
        "agent": {
            "id": agent_id,
            "execution_identity": {"type": "service_account"},
            "model": {"id": "emulator", "speed": "standard"},
            "name": "scripted agent",
            "type": "agent",
            "version": int(version or 1),
            **dict.fromkeys(("description", "multiagent", "system")),
            **dict.fromkeys(("mcp_servers", "skills", "tools"), ()),
        },
        "archived_at": rfc3339(session["archived_at"]),
        "created_at": rfc3339(session["created_at"]),
        "environment_id": session["environment_id"],
        "metadata": json.loads(session["metadata"]),
        "status": session["status"],
        "title": session["title"],
        "type": "session",
        "updated_at": rfc3339(session["updated_at"]),
        **dict.fromkeys(("budget", "deployment_id")),
        **dict.fromkeys(("outcome_evaluations", "resources", "vault_ids"), ()),
        "stats": {},
        "usage": {},
    }
    return json.dumps(fields)


# Events


PING_SECONDS = 15.0
"""How long a stream is silent before it shows that it is alive."""
RUNNING = {"type": "session.status_running"}
TERMINATED = "session.status_terminated"
SQL_EVENTS = {
    "asc": "SELECT sequence, document FROM events WHERE session_id = ? AND sequence > ? ORDER BY sequence LIMIT ?",
    "desc": """SELECT sequence, document FROM events WHERE session_id = ? AND sequence < ?
               ORDER BY sequence DESC LIMIT ?""",
}
SQL_NEW = "SELECT sequence, type, document FROM events WHERE session_id = ? AND sequence > ? ORDER BY sequence"
SQL_LAST = "SELECT coalesce(max(sequence), 0) FROM events WHERE session_id = ?"

LIST_PARAMETERS = {"limit", "order", "page", "beta"}


def list_events(call: Call) -> str:
    """Return a page of a session's events, the oldest first unless asked otherwise. Filters are rejected."""
    if filters := sorted(call.query.keys() - LIST_PARAMETERS):
        raise InvalidRequest(f"{filters[0]}: not emulated; filter the events that you get.")
    with session_transaction(call) as (transaction, session):
        order = call.choice("order", "asc", tuple(SQL_EVENTS))
        limit = call.number("limit", 100, 1, LARGEST_PAGE)
        name = f"events {session['id']} {order}"
        sequence = call.page_start(name, 0 if order == "asc" else BEFORE_THE_FIRST)
        rows = transaction.all(SQL_EVENTS[order], session["id"], sequence, limit + 1)
    return page_of(name, rows, limit)


def stream(call: Call) -> Iterator[str]:
    """Return the events of a session as they happen, until it is terminated."""
    with session_transaction(call) as (transaction, session):
        (last,) = transaction.one(SQL_LAST, session["id"])
    # The end is the only event that is repeated, because a worker that missed it would wait forever.
    return _follow(call, session["id"], last - 1 if session["status"] == "terminated" else last)


def _follow(call: Call, session_id: str, last: int) -> Iterator[str]:
    def look() -> list[Row] | None:
        with call.store.read() as reader:
            events = reader.all(SQL_NEW, session_id, last)
            is_deleted = not events and reader.one(SQL_FIND, session_id) is None
        # An empty list ends the wait, and the stream.
        return events or ([] if is_deleted or call.is_stopping() else None)

    yield PING
    while True:
        events = wait_for(look, PING_SECONDS)
        if events is None:
            yield PING
            continue
        for event in events:
            yield f"event: {event['type']}\ndata: {event['document']}\n\n"
            last = event["sequence"]
        if not events or event["type"] == TERMINATED:
            return


def send_events(call: Call) -> str:
    """Process events of the user: tool results, messages, interrupts."""
    taken = []
    with session_transaction(call) as (transaction, session):
        for sent in call.body.events:
            _check_takes(session, sent.model_dump())
            taken.append(_emit(transaction, session, sent.model_dump(exclude_none=True)))
            session = _continue(transaction, session, taken[-1])
        if session["waits_for"] and transaction.one(SQL_UNFINISHED, session["id"]) is None:
            # No worker has the session, or will get it, to call the tool.
            work.add(transaction, session["environment_id"], session["id"], secret=True)
    return json.dumps({"data": taken})


def _emit(transaction: Transaction, session: Row, fields: Event) -> Event:
    """Add an event with these fields to a session, and return it."""
    first = {"id": transaction.ids.new_id("sevt"), "type": fields["type"], "processed_at": rfc3339(transaction.now)}
    event = first | fields
    transaction.add("events", session_id=session["id"], type=event["type"], document=json.dumps(event))
    return event


# The script


def _continue(transaction: Transaction, session: Row, event: Event) -> Row:
    """Continue with the script if the session waits for this event of the user."""
    if event["type"] in RESULTS:
        call_id, awaited = event[RESULTS[event["type"]]], _awaited_calls(session)
        if problem := _mismatch(awaited[call_id].get("expect") or {}, event):
            message = f"Step {session['step']} ({awaited[call_id]}): {problem}"
            error = {"type": "unknown_error", "message": message, "retry_status": {"type": "terminal"}}
            _emit(transaction, session, {"type": "session.error", "error": error})
            return _terminate(transaction, session, session["step"])
        if len(awaited) > 1:
            return _saved(transaction, session, waits_for=session["waits_for"].replace(call_id, ANSWERED))
    elif event["type"] == "user.interrupt" and session["waits_for"]:
        return _go_idle(transaction, session, session["step"])
    elif event["type"] != "user.message" or session["waits_for"]:
        return session
    _emit(transaction, session, RUNNING)
    return _advance(transaction, session)


def _advance(transaction: Transaction, session: Row) -> Row:
    """Carry out steps until one has to wait, or the script ends."""
    done = session["step"]
    for step in json.loads(session["script"])[done:]:
        done += 1
        if "message" in step:
            content = [{"type": "text", "text": step["message"]}]
            _emit(transaction, session, {"type": "agent.message", "content": content})
        elif "terminate" in step:
            return _terminate(transaction, session, done)
        elif "idle" in step:
            break
        else:
            return _go_idle(
                transaction, session, done, [_call(transaction, session, tool) for tool in _tools_of(step)]
            )
    return _go_idle(transaction, session, done)


def _call(transaction: Transaction, session: Row, tool: Event) -> str:
    """Call a tool, and return the ID of the call."""
    kind = next(kind for kind in TOOLS if kind in tool)
    event = {"type": TOOLS[kind], "name": tool[kind], "input": tool.get("input") or {}}
    if kind == "tool":
        event["evaluated_permission"] = "allow"
    return str(_emit(transaction, session, event)["id"])


def _go_idle(transaction: Transaction, session: Row, step: int, call_ids: Sequence[str] = ()) -> Row:
    """End the turn, or wait for the results of calls."""
    reason = {"type": "requires_action", "event_ids": call_ids} if call_ids else {"type": "end_turn"}
    _emit(transaction, session, {"type": "session.status_idle", "stop_reason": reason, "stop_details": None})
    return _saved(transaction, session, status="idle", step=step, waits_for=" ".join(call_ids) or None)


def _terminate(transaction: Transaction, session: Row, step: int) -> Row:
    _emit(transaction, session, {"type": TERMINATED})
    return _saved(transaction, session, status="terminated", step=step, waits_for=None)


def _saved(transaction: Transaction, session: Row, **columns: object) -> Row:
    return transaction.change("sessions", session, updated_at=transaction.now, **columns)


def _check_takes(session: Row, event: Event) -> None:
    """Reject an event for a session that has ended, or does not wait for the event's result."""
    if session["status"] == "terminated":
        raise InvalidRequest(f"session_id: {session['id']} is terminated and takes no more events.")
    field = RESULTS.get(event["type"])
    if field is None:
        return
    tool = _awaited_calls(session).get(event[field])
    if tool is None:
        raise InvalidRequest(f"events: {session['id']} does not wait for a result of {event[field]!r}.")
    if ("tool" in tool) != (field == "tool_use_id"):
        raise InvalidRequest(f"events: the result of {event[field]!r} has another type than {event['type']}.")


def _awaited_calls(session: Row) -> dict[str, Event]:
    """Return the calls of the current step that have no result yet, by their IDs."""
    if not session["waits_for"]:
        return {}
    step: Event = json.loads(session["script"])[session["step"] - 1]
    ids = session["waits_for"].split()
    return {call_id: tool for call_id, tool in zip(ids, _tools_of(step), strict=True) if call_id != ANSWERED}


def _tools_of(step: Event) -> list[Event]:
    """Return what a step calls at once."""
    return step.get("tools") or [step]


def _mismatch(expected: Event, result: Event) -> str | None:
    """Return why a result is not as expected; None if it is."""
    is_error = bool(result.get("is_error"))
    text = "".join(block.get("text", "") for block in result.get("content") or [])
    if expected.get("is_error") not in (None, is_error):
        return f"expected is_error to be {expected['is_error']}, got {is_error}; the text is {text!r}."
    if expected.get("text") not in (None, text):
        return f"expected the text {expected['text']!r}, got {text!r}."
    if (part := expected.get("contains")) is not None and part not in text:
        return f"expected text that contains {part!r}, got {text!r}."
    return None
