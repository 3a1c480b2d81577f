"""Sessions: the four endpoints that a worker needs, and the emulator's own for creating sessions.

A session that only a work item names is created when it is requested. Its agent has nothing to do.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

from ant_cli.emulator import list_pages, work
from ant_cli.emulator.agent_scripts import TERMINATED, Session, begin, receive
from ant_cli.emulator.call import Call
from ant_cli.emulator.clock import rfc3339
from ant_cli.emulator.environment_rules import StoredEnvironment
from ant_cli.emulator.environment_rules import find as find_environment
from ant_cli.emulator.errors import EmulatorError, InvalidRequest
from ant_cli.emulator.faults import PING
from ant_cli.emulator.identifiers import new_id
from ant_cli.emulator.store import Store, Transaction
from ant_cli.runtime.light_typing import Any

PING_SECONDS = 15.0
"""How long a stream is silent before it shows that it is alive."""
COLUMNS = ", ".join(Session._fields)
SQL_FIND = f"SELECT {COLUMNS} FROM sessions WHERE id = ?"  # noqa: S608 - a constant
SQL_ADD = f"INSERT INTO sessions ({COLUMNS}) VALUES ({', '.join('?' * len(Session._fields))})"  # noqa: S608 - constants
SQL_NAMED = "SELECT environment_id FROM work WHERE session_id = ? AND kind = 'session' LIMIT 1"
SQL_UNFINISHED = "SELECT 1 FROM work WHERE session_id = ? AND state <> 'stopped' LIMIT 1"
SQL_QUEUE = """SELECT id FROM environments WHERE kind = 'self_hosted' AND NOT archived
               ORDER BY sequence DESC LIMIT 1"""
SQL_EVENTS = {
    "asc": "SELECT sequence, document FROM events WHERE session_id = ? AND sequence > ? ORDER BY sequence LIMIT ?",
    "desc": """SELECT sequence, document FROM events WHERE session_id = ? AND sequence < ?
               ORDER BY sequence DESC LIMIT ?""",
}
SQL_NEW = "SELECT sequence, type, document FROM events WHERE session_id = ? AND sequence > ? ORDER BY sequence"
SQL_ALL = "SELECT document FROM events WHERE session_id = ? ORDER BY sequence"
SQL_LAST = "SELECT coalesce(max(sequence), 0) FROM events WHERE session_id = ?"

NewEvents = list[tuple[int, str, str]]
"""Sequence number, type and document of events."""


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
        document = to_json(session)
    store.arrivals.announce()
    return document


def show(store: Store, call: Call) -> str:
    """Return a session with all of its events and its script, for people."""
    session = _find(store, call)
    with store.read() as reader:
        events = ",".join(row[0] for row in reader.all(SQL_ALL, session.id))
    return (
        f'{{"session":{to_json(session)},"events":[{events}],'
        f'"script":{session.script},"step":{session.step},"type":"emulator_session"}}'
    )


def retrieve(store: Store, call: Call) -> str:
    """Return one session."""
    return to_json(_find(store, call))


def list_events(store: Store, call: Call) -> str:
    """Return a page of a session's events, the oldest first unless asked otherwise."""
    session = _find(store, call)
    order = call.text("order") or "asc"
    if order not in SQL_EVENTS:
        raise InvalidRequest(f"order: must be asc or desc, got {order!r}.")
    limit = call.number("limit", 100, 1, 1000)
    name = f"events {session.id} {order}"
    start = 0 if order == "asc" else list_pages.BEFORE_THE_FIRST
    sequence = list_pages.sequence_of(name, call.text("page"), start)
    with store.read() as reader:
        rows = reader.all(SQL_EVENTS[order], session.id, sequence, limit + 1)
    return list_pages.page_of(name, rows, limit)


def send_events(store: Store, call: Call) -> str:
    """Process events of the user: tool results, messages, interrupts."""
    from ant_cli.emulator import models

    request = models.parse(models.SendEventsRequest, call.body)
    session_id = _find(store, call).id
    taken = []
    with store.write() as transaction:
        session = Session._make(transaction.one(SQL_FIND, session_id) or ())
        for event in request.events:
            result, session = receive(transaction, session, event.model_dump(exclude_none=True))
            taken.append(result)
        _queue_again(transaction, session)
    store.arrivals.announce()
    return json.dumps({"data": taken})


def stream(store: Store, call: Call) -> Iterator[str]:
    """Return the events of a session as they happen, until it is terminated."""
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
        events = store.arrivals.wait_for(look, PING_SECONDS)
        if events is None:
            yield PING
            continue
        for sequence, event_type, document in events:
            yield f"event: {event_type}\ndata: {document}\n\n"
            last = sequence
        if not events or events[-1][1] == TERMINATED:
            return


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
    return begin(transaction, session)


def _queue_again(transaction: Transaction, session: Session) -> None:
    """Put a session with a tool to call in the queue, unless a worker has it or will get it."""
    if session.waits_for is not None and transaction.one(SQL_UNFINISHED, session.id) is None:
        work.add(transaction, session.environment_id, session.id, secret=True)


def to_json(session: Session) -> str:
    """Return the session as a JSON object."""
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
