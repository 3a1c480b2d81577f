"""The events of a session: the list, the stream, and what a user sends."""

from __future__ import annotations

import json
from collections.abc import Iterator

from ant_cli.emulator import agent
from ant_cli.emulator.call import Call, Listing
from ant_cli.emulator.faults import PING
from ant_cli.emulator.sessions import SQL_FIND, session_transaction
from ant_cli.emulator.store import Row, wait_for

PING_SECONDS = 15.0
"""How long a stream is silent before it shows that it is alive."""
SQL_NEW = "SELECT sequence, type, document FROM events WHERE session_id = ? AND sequence > ? ORDER BY sequence"
SQL_LAST = "SELECT coalesce(max(sequence), 0) FROM events WHERE session_id = ?"
LIST = Listing(
    "SELECT sequence, document FROM events WHERE session_id = ?",
    limit=100,
    order="asc",
    filters={"types": "instr(?, ' ' || type || ' ')"},
)


def list_events(call: Call) -> str:
    """Return a page of a session's events, the oldest first unless asked otherwise."""
    with session_transaction(call) as (transaction, session):
        return call.page(LIST, transaction, f"events {session['id']}", session["id"])


def stream(call: Call) -> Iterator[str]:
    """Return the events of a session as they happen, until it is terminated."""
    with session_transaction(call, catches_up=False) as (transaction, session):
        (last,) = transaction.one(SQL_LAST, session["id"])
    call.occupy_thread()
    # The end is the only event that is repeated, because a worker that missed it would wait forever.
    return _follow(call, session["id"], last - 1 if session["status"] == "terminated" else last)


def _follow(call: Call, session_id: str, last: int) -> Iterator[str]:
    def look() -> list[Row] | None:
        with call.store.read() as reader:
            events = reader.all(SQL_NEW, session_id, last)
            session = reader.one(SQL_FIND, session_id)
            is_due = session and session["resume_at"] is not None and session["resume_at"] <= reader.now
        if is_due and not events:
            with call.store.write() as transaction:
                if session := transaction.one(SQL_FIND, session_id):
                    agent.catch_up(transaction, session, 0)
                return transaction.all(SQL_NEW, session_id, last) or None
        # An empty list ends the wait, and the stream.
        return events or ([] if session is None or call.is_stopping() else None)

    yield PING
    while True:
        events = wait_for(look, PING_SECONDS)
        if events is None:
            yield PING
            continue
        for event in events:
            yield f"event: {event['type']}\ndata: {event['document']}\n\n"
            last = event["sequence"]
        if not events or event["type"] == agent.TERMINATED:
            return


def send_events(call: Call) -> str:
    """Process events of the user: tool results, permissions, messages, interrupts."""
    taken = []
    with session_transaction(call) as (transaction, session):
        for sent in call.body.events:
            taken.append(agent.emit(transaction, session, sent.model_dump(exclude_none=True)))
            session = agent.receive(transaction, session, taken[-1])
    return json.dumps({"data": taken})
