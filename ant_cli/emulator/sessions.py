"""Sessions and their events: the endpoints that applications and workers need, and the emulator's own.

A session's agent follows a script. A session that only a work item names is created when it is requested. Its agent
has nothing to do.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from ant_cli.emulator import agent, findings, objects, work
from ant_cli.emulator.call import Call, Filter, Listing, any_of, times
from ant_cli.emulator.environment_rules import check_metadata
from ant_cli.emulator.environment_rules import find as find_environment
from ant_cli.emulator.errors import (
    Disconnected,
    EmulatorError,
    InvalidRequest,
    UnusableDatabase,
)
from ant_cli.emulator.faults import PING
from ant_cli.emulator.store import MICROSECONDS_PER_SECOND, Row, Transaction, rfc3339, wait_for

SQL_FIND = "SELECT * FROM sessions WHERE id = ?"
SQL_NAMED = "SELECT environment_id FROM work WHERE session_id = ? AND kind = 'session' LIMIT 1"
SQL_QUEUE = """SELECT * FROM environments WHERE kind = 'self_hosted' AND NOT archived
               ORDER BY sequence DESC LIMIT 1"""
SQL_DUE = "SELECT * FROM sessions WHERE resume_at <= ?"
SQL_HAS_STORE = """? IN (SELECT json_extract(value, '$.memory_store_id')
                   FROM json_each(details, '$.resources'))"""
LIST = Listing(
    "SELECT * FROM sessions WHERE (archived_at IS NULL OR ?)",
    lambda session, transaction: _to_json(session, transaction),
    is_sortable=True,
    filters={
        "agent_id": any_of("substr(agent, 1, instr(agent || ' ', ' ') - 1)"),
        "agent_version": any_of(
            "iif(instr(agent, ' '), substr(agent, instr(agent, ' ') + 1), '1')"
        ),
        "environment_id": any_of("environment_id"),
        "statuses": any_of("status"),
        "memory_store_id": Filter(SQL_HAS_STORE, lambda _, texts: texts[0]),
        "deployment_id": Filter("? IS NULL", lambda _, texts: texts[0]),  # no session has one
        **times("created_at"),
    },
    options=("include_archived",),
)
SQL_DELETE_EVENTS = "DELETE FROM events WHERE session_id = ?"
SQL_DELETE = (
    "UPDATE work SET state = 'stopped' WHERE session_id = ?",  # the length of the queue follows the state
    "DELETE FROM work WHERE session_id = ?",
    SQL_DELETE_EVENTS,
    "DELETE FROM sessions WHERE id = ?",
)
SQL_SCRIPT = """SELECT * FROM scripts WHERE times > 0 AND (agent_id IS NULL OR agent_id = ?)
                ORDER BY sequence LIMIT 1"""
NO_USAGE = {
    "cache_creation": dict.fromkeys(("ephemeral_1h_input_tokens", "ephemeral_5m_input_tokens"), 0),
    **dict.fromkeys(("cache_read_input_tokens", "input_tokens", "output_tokens"), 0),
}
SCRIPT = "emulator_script"
"""The key of the metadata of a session whose value is the script of its agent, as JSON."""
DEFAULT_SCRIPTS: dict[str, list[agent.Event]] = {
    "self_hosted": [{"tool": "bash", "input": {"command": "echo hello"}}, {"message": "Done."}],
    "cloud": [{"message": "Done."}],
}
"""The script of a session without one, for each kind of environment."""


@contextmanager
def session_transaction(
    call: Call, *, catches_up: bool = True
) -> Iterator[tuple[Transaction, Row]]:
    """Begin a transaction on the call's session. If it catches up, the due steps are carried out first.

    If only a work item names the session, it is added. If nothing does, the status is 404.
    """
    session_id = call.ids["session_id"]
    with call.store.write() as transaction:
        session = transaction.one(SQL_FIND, session_id)
        if session is None:
            item = transaction.one(SQL_NAMED, session_id)
            if item is None:
                raise EmulatorError(404, f"session_id: there is no session {session_id!r}.")
            transaction.run(SQL_DELETE_EVENTS, session_id)  # the last one of a deleted session
            session = _inserted(transaction, id=session_id, environment_id=item["environment_id"])
            session = agent.advance(transaction, session)
        if catches_up:
            session = agent.catch_up(transaction, session)
        yield transaction, session


def create(call: Call) -> str:
    """Create a session, as an application does, and put its work in the queue. A message starts the script."""
    params = call.body
    with call.store.write() as transaction:
        environment = find_environment(transaction, params.environment_id)
        snapshot = objects.session_agent(transaction, params.agent)
        script = _script_of(transaction, params)
        session = _added(
            transaction,
            environment,
            params,
            DEFAULT_SCRIPTS[environment["kind"]] if script is None else script,
            agent=f"{snapshot['id']} {snapshot['version']}",
            is_scripted=script is not None,
            details=json.dumps(_details(transaction, params, snapshot)),
        )
        for sent in params.initial_events:
            session, _ = agent.receive(transaction, session, sent.model_dump(exclude_none=True))
        return _to_json(session, transaction)


def _script_of(transaction: Transaction, params: Any) -> list[agent.Event] | None:
    """Return the script in the metadata of a new session, or the next one that waits for it; None without one."""
    # late: pydantic would double the start of everything else
    from ant_cli.emulator import parsing, session_models

    if SCRIPT in (params.metadata or {}):
        text = params.metadata[SCRIPT].encode()
        return _dumped(parsing.parse(session_models.Script, text, f"metadata.{SCRIPT}").root)
    waiting = transaction.one(SQL_SCRIPT, params.agent.id)
    if waiting is None:
        return None
    transaction.change("scripts", waiting, times=waiting["times"] - 1)
    script: list[agent.Event] = json.loads(waiting["script"])
    return script


def _dumped(steps: Any) -> list[agent.Event]:
    return [step.model_dump(exclude_none=True) for step in steps]


def add_script(call: Call) -> str:
    """Give a script to the next sessions that an application creates, of one agent or of any."""
    request = call.body
    with call.store.write() as transaction:
        added = transaction.add(
            "scripts",
            id=transaction.ids.new_id("script"),
            agent_id=request.agent,
            times=request.times,
            script=json.dumps(_dumped(request.script)),
        )
    fields = {"agent": request.agent, "times": request.times, "type": "script"}
    return json.dumps({"id": added["id"], **fields})


def _details(transaction: Transaction, params: Any, snapshot: agent.Event) -> dict[str, Any]:
    """Return what a session was asked to have: its response has it again."""
    resources = [_resource(transaction, each) for each in params.resources or ()]
    budget = params.budget.model_dump() if params.budget else None
    vault_ids = params.vault_ids or []
    return {"agent": snapshot, "budget": budget, "resources": resources, "vault_ids": vault_ids}


def _resource(transaction: Transaction, asked: Any) -> dict[str, Any]:
    """Return a resource of a session as a response has it, without its token."""
    given: dict[str, Any] = asked.model_dump(exclude_none=True, exclude={"authorization_token"})
    if asked.type == "memory_store":
        return {"access": "read_write", **given}
    now = rfc3339(transaction.now)
    first = {"id": transaction.ids.new_id("sesrsc"), "created_at": now, "updated_at": now}
    return {**first, "mount_path": asked.default_path(), **given}


def create_scripted(call: Call) -> str:
    """Create a session whose agent follows a script at once, and put its work in the queue."""
    request = call.body
    with call.store.write() as transaction:
        environment = _named_or_newest(transaction, request.environment_id)
        script = _dumped(request.script)
        session = _added(
            transaction,
            environment,
            request,
            script,
            secret=request.secret,
            is_scripted=bool(script),
        )
        if script:
            content = [{"type": "text", "text": "Run the script."}]
            session, _ = agent.receive(
                transaction, session, {"type": "user.message", "content": content}
            )
        return _to_json(agent.advance(transaction, session), transaction)


def list_sessions(call: Call) -> str:
    """Return a page of sessions, the newest first unless asked otherwise."""
    include_archived = call.choice("include_archived", "false", ("true", "false")) == "true"
    if not call.text("agent_id"):  # the API documents that the version only applies with it
        call.parameters = [each for each in call.parameters if each[0] != "agent_version"]
    with call.store.write() as transaction:
        for session in transaction.all(SQL_DUE, transaction.now):
            agent.catch_up(transaction, session)
        return call.page(LIST, transaction, "sessions", include_archived)


def update(call: Call) -> str:
    """Change the title, the metadata or the budget. Null deletes a key of the metadata."""
    params = call.body
    with session_transaction(call) as (transaction, session):
        details = json.loads(session["details"])
        before = {
            "title": session["title"],
            "metadata": json.loads(session["metadata"]),
            "budget": details.get("budget"),
        }
        given = params.model_dump(include={*before}, exclude_unset=True)
        _check_budget(before, given)
        merged = before["metadata"] | (given.pop("metadata", None) or {})
        metadata = {key: text for key, text in merged.items() if text is not None}
        _check_metadata(metadata)
        after = {**before, **given, "metadata": metadata}
        changed = {name: value for name, value in after.items() if value != before[name]}
        if changed:
            if not metadata:  # as documented: absent when it was cleared
                changed.pop("metadata", None)
            agent.emit(transaction, session, {"type": "session.updated", **changed})
            session = agent.saved(
                transaction,
                session,
                title=after["title"],
                metadata=json.dumps(metadata),
                details=json.dumps(details | {"budget": after["budget"]}),
            )
        return _to_json(session, transaction)


def _check_budget(before: dict[str, Any], given: dict[str, Any]) -> None:
    if given.get("budget") and before["budget"] is None:
        raise InvalidRequest("budget: only at the creation of a session.", "budget_create_only")


def archive(call: Call) -> str:
    """Archive a session for good: it is terminated. Repeating it changes nothing."""
    with session_transaction(call) as (transaction, session):
        if session["status"] != "terminated":
            session = agent.terminate(transaction, session, session["step"])
        if session["archived_at"] is None:
            session = agent.saved(transaction, session, archived_at=transaction.now)
        return _to_json(session, transaction)


def delete(call: Call) -> str:
    """Delete a session with its events and its work. Its streams end with `session.deleted`."""
    with session_transaction(call) as (transaction, session):
        for statement in SQL_DELETE:
            transaction.run(statement, session["id"])
        agent.emit(transaction, session, {"type": agent.DELETED})  # for the streams that are open
    return json.dumps({"id": session["id"], "type": "session_deleted"})


def show(call: Call) -> str:
    """Return a session with all of its events and its script, for people."""
    with session_transaction(call) as (transaction, session):
        events = ",".join(row["document"] for row in transaction.all(SQL_NEW, session["id"], 0))
        document = _to_json(session, transaction)
    return (
        f'{{"session":{document},"events":[{events}],'
        f'"script":{session["script"]},"step":{session["step"]},"type":"emulator_session"}}'
    )


def retrieve(call: Call) -> str:
    """Return one session."""
    with session_transaction(call) as (transaction, session):
        return _to_json(session, transaction)


def _named_or_newest(transaction: Transaction, environment_id: str | None) -> Row:
    """Return the environment for a new session: the named one, or the newest with a queue."""
    if environment_id is not None:
        return find_environment(transaction, environment_id)
    newest: Row | None = transaction.one(SQL_QUEUE)
    if newest is None:
        raise InvalidRequest("environment_id: required, since there is no self-hosted environment.")
    return newest


def _added(
    transaction: Transaction,
    environment: Row,
    params: Any,
    script: list[agent.Event],
    *,
    secret: bool = True,
    **columns: object,
) -> Row:
    """Add a session with the title and the metadata of a request, and its work if its environment has a queue."""
    metadata = params.metadata or {}
    _check_metadata(metadata)
    work.check_is_active(environment)
    has_queue = environment["kind"] == "self_hosted"
    if not has_queue:
        _check_needs_no_worker(environment, script)
    session = _inserted(
        transaction,
        id=transaction.ids.new_id("session"),
        environment_id=environment["id"],
        title=params.title,
        metadata=json.dumps(metadata),
        script=json.dumps(script),
        **columns,
    )
    if has_queue:
        work.add(transaction, environment["id"], session["id"], secret=secret)
    return session


def _check_needs_no_worker(environment: Row, script: list[agent.Event]) -> None:
    for number, step in enumerate(script):
        if agent.needs_worker([step]):
            raise InvalidRequest(
                f"script.{number}: a {environment['kind']} environment has no worker for this tool; "
                "give its `result` in the script, or use a self-hosted environment."
            )


def _check_metadata(metadata: dict[str, str]) -> None:
    """Check metadata, in which a script may be of any length."""
    check_metadata({key: text for key, text in metadata.items() if key != SCRIPT})


def _inserted(transaction: Transaction, **columns: object) -> Row:
    now = transaction.now
    columns = {"status": "idle", "metadata": "{}", "script": "[]", **columns}
    session: Row = transaction.add("sessions", created_at=now, updated_at=now, **columns)
    return session


def _to_json(session: Row, transaction: Transaction) -> str:
    now = transaction.now
    active = session["active"]
    if agent.is_running(session):
        active += now
    end = session["updated_at"] if session["status"] == "terminated" else now
    active_s = active / MICROSECONDS_PER_SECOND
    duration_s = (end - session["created_at"]) / MICROSECONDS_PER_SECOND
    details = json.loads(session["details"])
    usage = json.loads(session["figures"]).get("usage", {})
    fields = {
        "id": session["id"],
        "agent": details.get("agent") or _unknown_agent(session),
        "archived_at": rfc3339(session["archived_at"]),
        "created_at": rfc3339(session["created_at"]),
        "updated_at": rfc3339(session["updated_at"]),
        "environment_id": session["environment_id"],
        "status": session["status"],
        "title": session["title"],
        "metadata": json.loads(session["metadata"]),
        "type": "session",
        "budget": details.get("budget"),
        "deployment_id": None,
        "outcome_evaluations": (),
        "resources": details.get("resources", ()),
        "vault_ids": details.get("vault_ids", ()),
        "stats": {"active_seconds": active_s, "duration_seconds": duration_s},
        "usage": {"active_seconds": active_s, **NO_USAGE, **usage},
    }
    return json.dumps(fields)


def _unknown_agent(session: Row) -> dict[str, Any]:
    """Return the agent of a session that a control endpoint or an older emulator has created."""
    agent_id, _, version = session["agent"].partition(" ")
    return objects.UNKNOWN_AGENT | {"id": agent_id, "version": int(version or 1)}


# Events


PING_SECONDS = 15.0
"""How long a stream is silent before it shows that it is alive."""
SQL_NEW = "SELECT sequence, type, document FROM events WHERE session_id = ? AND sequence > ? ORDER BY sequence"
SQL_PROCESSED_AT = "json_extract(document, '$.processed_at')"
SQL_LAST = "SELECT coalesce(max(sequence), 0) FROM events WHERE session_id = ?"
SQL_END = "SELECT max(sequence) FROM events WHERE session_id = ? AND type = ?"
EVENTS = Listing(
    "SELECT sequence, document FROM events WHERE session_id = ?",
    limit=100,
    order="asc",
    is_sortable=True,
    filters={"types": any_of("type"), **times(SQL_PROCESSED_AT, as_text=True)},
)
PREVIEWED = ("agent.message", "agent.thinking")
"""The events of which a stream sends previews if `event_deltas` names them."""
LATE = MICROSECONDS_PER_SECOND
"""The report of a test notes a stream that was opened this long after the next step was due."""
LAST = (agent.TERMINATED, agent.DELETED)
"""The events with which a stream ends."""


def list_events(call: Call) -> str:
    """Return a page of a session's events, the oldest first unless asked otherwise."""
    with session_transaction(call) as (transaction, session):
        return call.page(EVENTS, transaction, f"events {session['id']}", session["id"])


def stream(call: Call) -> Iterator[bytes]:
    """Return the events of a session as they happen, until it is terminated or deleted."""
    previewed = _previewed(call)
    with session_transaction(call, catches_up=call.store.strict_streams) as (transaction, session):
        _note_if_late(transaction, session)
        (last,) = transaction.one(SQL_LAST, session["id"])
        if session["status"] == "terminated":
            # The end is repeated, because a worker that missed it would wait forever.
            (end,) = transaction.one(SQL_END, session["id"], agent.TERMINATED)
            last = end - 1
    call.occupy_thread()
    return _follow(call, session["id"], last, previewed)


def _previewed(call: Call) -> list[str]:
    """Return the types of the events that a stream also sends in parts."""
    types = [text for name, text in call.parameters if name.removesuffix("[]") == "event_deltas"]
    for each in types:
        if each not in PREVIEWED:
            raise InvalidRequest(f"event_deltas: must be {' or '.join(PREVIEWED)}, got {each!r}.")
    return types


def _note_if_late(transaction: Transaction, session: Row) -> None:
    """Note that a stream gets events which the real API would have sent before it was opened."""
    if not agent.is_running(session):
        return
    late = transaction.now - session["resume_at"]
    if late > LATE:
        seconds = late / MICROSECONDS_PER_SECOND
        message = (
            f"{session['id']}: a stream was opened {seconds:.1f} s after a step was due, and got its events; "
            "the real API would not send them: open the stream first, and test with strict streams"
        )
        findings.note(transaction, findings.LATE_STREAM, message)


def _follow(call: Call, session_id: str, last: int, previewed: list[str]) -> Iterator[bytes]:
    """Yield the events after the sequence number `last`, and pings while nothing happens."""
    while True:
        yield PING
        while events := wait_for(partial(_new_events, call, session_id, last), PING_SECONDS):
            for event in events:
                if event["type"] in previewed:
                    yield from _preview(event["document"])
                yield _sse(event["type"], event["document"])
            newest = events[-1]
            if newest["type"] in LAST:
                return
            last = newest["sequence"]
        if events is not None:
            return


def _new_events(call: Call, session_id: str, last: int) -> list[Row] | None:
    """Return the events after `last`; None to wait for one, and an empty list to end the stream.

    A stream whose client has left carries out no steps: the client may send a result and open another stream, which
    gets only the events after its opening. No transaction of that client begins between the question and the steps.
    """
    try:
        with call.store.write() as transaction:
            if call.is_stopping():
                return []
            session = transaction.one(SQL_FIND, session_id)
            if session is not None:
                agent.catch_up(transaction, session, 0)
            events = transaction.all(SQL_NEW, session_id, last)
    except UnusableDatabase as unusable:  # the response has begun, so it can't be an error
        raise Disconnected(str(unusable)) from unusable
    if events:
        return _up_to_end(events)
    return [] if session is None else None


def _up_to_end(events: list[Row]) -> list[Row]:
    """Return the events of a stream: a session may be changed after its end."""
    ends = (number for number, event in enumerate(events, 1) if event["type"] in LAST)
    return events[: next(ends, len(events))]


def _sse(name: str, data: str) -> bytes:
    return f"event: {name}\ndata: {data}\n\n".encode()


def _preview(document: str) -> Iterator[bytes]:
    """Yield what a stream with `event_deltas` sends before an event: its start, and its text in two parts."""
    event = json.loads(document)
    start = {"type": "event_start", "event": {"id": event["id"], "type": event["type"]}}
    yield _sse("event_start", json.dumps(start))
    if event["type"] != "agent.message":
        return
    for index, block in enumerate(event.get("content", ())):
        text = block.get("text", "")
        middle = (len(text) + 1) // 2
        for part in filter(None, (text[:middle], text[middle:])):
            content = {"type": "text", "text": part}
            delta = {"type": "content_delta", "index": index, "content": content}
            data = {"type": "event_delta", "event_id": event["id"], "delta": delta}
            yield _sse("event_delta", json.dumps(data))


def send_events(call: Call) -> str:
    """Process events of the user: tool results, permissions, messages, interrupts."""
    taken = []
    with session_transaction(call) as (transaction, session):
        waited_for = session["waits_for"]
        for sent in call.body.events:
            session, event = agent.receive(transaction, session, sent.model_dump(exclude_none=True))
            taken.append(event)
        if session["waits_for"] not in (None, waited_for):
            agent.repeat_idle(transaction, session)
    return json.dumps({"data": taken})
