"""Sessions and their events: the endpoints that applications and workers need, and the emulator's own.

A session's agent follows a script. A session that only a work item names is created when it is requested. Its agent
has nothing to do.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from ant_cli.emulator import agent, work
from ant_cli.emulator.call import Call, Listing
from ant_cli.emulator.environment_rules import check_metadata
from ant_cli.emulator.environment_rules import find as find_environment
from ant_cli.emulator.errors import EmulatorError, InvalidRequest
from ant_cli.emulator.faults import PING
from ant_cli.emulator.store import MICROSECONDS_PER_SECOND, Row, Transaction, rfc3339, wait_for

SQL_FIND = "SELECT * FROM sessions WHERE id = ?"
SQL_NAMED = "SELECT environment_id FROM work WHERE session_id = ? AND kind = 'session' LIMIT 1"
SQL_QUEUE = """SELECT * FROM environments WHERE kind = 'self_hosted' AND NOT archived
               ORDER BY sequence DESC LIMIT 1"""
SQL_DUE = "SELECT * FROM sessions WHERE resume_at <= ?"
LIST = Listing(
    "SELECT * FROM sessions WHERE (archived_at IS NULL OR ?)",
    lambda session, transaction: _to_json(session, transaction),
    filters={
        "agent_id": "instr(?, ' ' || substr(agent || ' ', 1, instr(agent || ' ', ' ')))",
        "agent_version": "instr(?, iif(instr(agent, ' '), substr(agent, instr(agent, ' ')), ' 1') || ' ')",
        "environment_id": "instr(?, ' ' || environment_id || ' ')",
        "statuses": "instr(?, ' ' || status || ' ')",
        **dict.fromkeys(("deployment_id", "memory_store_id"), "? IS NULL"),  # no session has one
    },
)
SQL_DELETE = (
    "UPDATE work SET state = 'stopped' WHERE session_id = ?",  # the length of the queue follows the state
    "DELETE FROM work WHERE session_id = ?",
    "DELETE FROM events WHERE session_id = ?",
    "DELETE FROM sessions WHERE id = ?",
)
AGENT = {
    "execution_identity": {"type": "service_account"},
    "model": {"id": "emulator", "speed": "standard"},
    "name": "scripted agent",
    "type": "agent",
    **dict.fromkeys(("description", "multiagent", "system")),
    **dict.fromkeys(("mcp_servers", "skills", "tools"), ()),
}
NO_USAGE = {
    "cache_creation": dict.fromkeys(("ephemeral_1h_input_tokens", "ephemeral_5m_input_tokens"), 0),
    **dict.fromkeys(("cache_read_input_tokens", "input_tokens", "output_tokens"), 0),
}
SCRIPT = "emulator_script"
"""The key of the metadata of a session whose value is the script of its agent, as JSON."""
DEFAULT_SCRIPTS = {
    "self_hosted": '[{"tool": "bash", "input": {"command": "echo hello"}}, {"message": "Done."}]',
    "cloud": '[{"message": "Done."}]',
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
            session = _inserted(transaction, id=session_id, environment_id=item["environment_id"])
            session = agent.advance(transaction, session)
        if catches_up:
            session = agent.catch_up(transaction, session)
        yield transaction, session


def create(call: Call) -> str:
    """Create a session, as an application does, and put its work in the queue. A message starts the script."""
    # late: pydantic would double the start of everything else
    from ant_cli.emulator import models, parsing

    params = call.body
    with call.store.write() as transaction:
        environment = find_environment(transaction, params.environment_id)
        script = (params.metadata or {}).get(SCRIPT, DEFAULT_SCRIPTS[environment["kind"]])
        steps = parsing.parse(models.Script, script.encode(), f"metadata.{SCRIPT}").root
        agent_and_version = f"{params.agent.id} {params.agent.version or 1}"
        session = _added(transaction, environment, params, steps, agent=agent_and_version)
        for sent in params.initial_events:
            event = agent.emit(transaction, session, sent.model_dump())
            session = agent.receive(transaction, session, event)
        if not params.initial_events:
            session = agent.go_idle(transaction, session, 0)
        return _to_json(session, transaction)


def create_scripted(call: Call) -> str:
    """Create a session whose agent follows a script at once, and put its work in the queue."""
    request = call.body
    with call.store.write() as transaction:
        environment = _named_or_newest(transaction, request.environment_id)
        session = _added(transaction, environment, request, request.script, secret=request.secret)
        if request.script:
            content = [{"type": "text", "text": "Run the script."}]
            agent.emit(transaction, session, {"type": "user.message", "content": content})
            session = agent.begin(transaction, session)
        return _to_json(agent.advance(transaction, session), transaction)


def list_sessions(call: Call) -> str:
    """Return a page of sessions, the newest first unless asked otherwise."""
    include_archived = call.choice("include_archived", "false", ("true", "false")) == "true"
    with call.store.write() as transaction:
        for session in transaction.all(SQL_DUE, transaction.now):
            agent.catch_up(transaction, session)
        return call.page(LIST, transaction, "sessions", include_archived)


def update(call: Call) -> str:
    """Change the title or the metadata. Null deletes a key."""
    params = call.body
    with session_transaction(call) as (transaction, session):
        before = {"title": session["title"], "metadata": json.loads(session["metadata"])}
        merged = before["metadata"] | (params.metadata or {})
        after = before | params.model_dump(include={"title"}, exclude_unset=True)
        after["metadata"] = {key: text for key, text in merged.items() if text is not None}
        _check_metadata(after["metadata"])
        if changed := {name: value for name, value in after.items() if value != before[name]}:
            agent.emit(transaction, session, {"type": "session.updated", **changed})
            columns = {"title": after["title"], "metadata": json.dumps(after["metadata"])}
            session = agent.saved(transaction, session, **columns)
        return _to_json(session, transaction)


def archive(call: Call) -> str:
    """Archive a session for good: it is terminated. Repeating it changes nothing."""
    with session_transaction(call) as (transaction, session):
        if session["status"] != "terminated":
            session = agent.terminate(transaction, session, session["step"])
        if session["archived_at"] is None:
            session = agent.saved(transaction, session, archived_at=transaction.now)
        return _to_json(session, transaction)


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
    steps: Any,
    *,
    secret: bool = True,
    **columns: str,
) -> Row:
    """Add a session with the title and the metadata of a request, and its work if its environment has a queue."""
    metadata = params.metadata or {}
    _check_metadata(metadata)
    work.check_is_active(environment)
    script = [step.model_dump(exclude_none=True) for step in steps]
    has_queue = environment["kind"] == "self_hosted"
    for number, step in enumerate(() if has_queue else script):
        if agent.needs_worker([step]):
            raise InvalidRequest(
                f"script.{number}: a {environment['kind']} environment has no worker for this tool; "
                "give its `result` in the script, or use a self-hosted environment."
            )
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


def _check_metadata(metadata: dict[str, str]) -> None:
    """Check metadata, in which a script may be of any length."""
    check_metadata({key: text for key, text in metadata.items() if key != SCRIPT})


def _inserted(transaction: Transaction, **columns: str | None) -> Row:
    now = transaction.now
    columns = {"status": "idle", "metadata": "{}", "script": "[]", **columns}
    session: Row = transaction.add("sessions", created_at=now, updated_at=now, **columns)
    return session


def _to_json(session: Row, transaction: Transaction) -> str:
    agent_id, _, version = session["agent"].partition(" ")
    now, status = transaction.now, session["status"]
    active = (session["active"] + now * (status == "running")) / MICROSECONDS_PER_SECOND
    end = session["updated_at"] if status == "terminated" else now
    duration = (end - session["created_at"]) / MICROSECONDS_PER_SECOND
    figures = json.loads(session["figures"])
    fields = {
        "id": session["id"],
        "agent": AGENT | {"id": agent_id, "version": int(version or 1)},
        **{name: rfc3339(session[name]) for name in ("archived_at", "created_at", "updated_at")},
        **{name: session[name] for name in ("environment_id", "status", "title")},
        "metadata": json.loads(session["metadata"]),
        "type": "session",
        **dict.fromkeys(("budget", "deployment_id")),
        **dict.fromkeys(("outcome_evaluations", "resources", "vault_ids"), ()),
        "stats": {
            "active_seconds": active,
            "duration_seconds": duration,
            **figures.get("stats", {}),
        },
        "usage": {"active_seconds": active, **NO_USAGE, **figures.get("usage", {})},
    }
    return json.dumps(fields)


# Events


PING_SECONDS = 15.0
"""How long a stream is silent before it shows that it is alive."""
SQL_NEW = "SELECT sequence, type, document FROM events WHERE session_id = ? AND sequence > ? ORDER BY sequence"
SQL_LAST = "SELECT coalesce(max(sequence), 0) FROM events WHERE session_id = ?"
EVENTS = Listing(
    "SELECT sequence, document FROM events WHERE session_id = ?",
    limit=100,
    order="asc",
    filters={"types": "instr(?, ' ' || type || ' ')"},
)


def list_events(call: Call) -> str:
    """Return a page of a session's events, the oldest first unless asked otherwise."""
    with session_transaction(call) as (transaction, session):
        return call.page(EVENTS, transaction, f"events {session['id']}", session["id"])


def stream(call: Call) -> Iterator[bytes]:
    """Return the events of a session as they happen, until it is terminated."""
    with session_transaction(call, catches_up=False) as (transaction, session):
        (last,) = transaction.one(SQL_LAST, session["id"])
    call.occupy_thread()
    # The end is the only event that is repeated, because a worker that missed it would wait forever.
    return _follow(call, session["id"], last - 1 if session["status"] == "terminated" else last)


def _follow(call: Call, session_id: str, last: int) -> Iterator[bytes]:
    def look() -> list[Row] | None:
        with call.store.write() as transaction:
            if session := transaction.one(SQL_FIND, session_id):
                agent.catch_up(transaction, session, 0)
            events = transaction.all(SQL_NEW, session_id, last)
        # An empty list ends the wait, and the stream.
        return events or ([] if session is None or call.is_stopping() else None)

    while True:
        yield PING
        while events := wait_for(look, PING_SECONDS):
            for event in events:
                yield f"event: {event['type']}\ndata: {event['document']}\n\n".encode()
                last = event["sequence"]
            if event["type"] == agent.TERMINATED:
                return
        if events is not None:
            return


def send_events(call: Call) -> str:
    """Process events of the user: tool results, permissions, messages, interrupts."""
    taken = []
    with session_transaction(call) as (transaction, session):
        for sent in call.body.events:
            taken.append(agent.emit(transaction, session, sent.model_dump(exclude_none=True)))
            session = agent.receive(transaction, session, taken[-1])
    return json.dumps({"data": taken})
