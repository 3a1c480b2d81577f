"""The queue: enqueue work, hand it out to polling workers, and count it.

An item that was handed out stays `queued` until it is acknowledged. If that does not happen within
`reclaim_older_than_ms`, the next poll hands it out again.
"""

from __future__ import annotations

import json

from ant_cli.emulator.call import Call
from ant_cli.emulator.clock import MICROSECONDS_PER_MS, MICROSECONDS_PER_SECOND, rfc3339_or_none
from ant_cli.emulator.credentials import environment_key, new_token
from ant_cli.emulator.environment_rules import StoredEnvironment
from ant_cli.emulator.errors import InvalidRequest
from ant_cli.emulator.identifiers import new_id
from ant_cli.emulator.items import COLUMNS, Item, save, to_json, work_transaction
from ant_cli.emulator.store import Store, Transaction

RECLAIM_MS = 5_000
LONGEST_RECLAIM_MS = 10**12
"""Three decades: no item is older."""
LONGEST_BLOCK_MS = 999
WORKER_WINDOW = 30 * MICROSECONDS_PER_SECOND
SQL_FREE = "environment_id = ? AND state = 'queued' AND (handed_out_at IS NULL OR handed_out_at < ?)"
SQL_NEXT = f"SELECT {COLUMNS} FROM work WHERE {SQL_FREE} ORDER BY sequence LIMIT 1"  # noqa: S608 - a constant
SQL_ANYTHING = f"SELECT 1 FROM work WHERE {SQL_FREE} UNION ALL SELECT 1 FROM work WHERE lease_until <= ? LIMIT 1"  # noqa: S608 - a constant
SQL_SEEN = """INSERT INTO workers (environment_id, worker_id, polled_at) VALUES (?, ?, ?)
          ON CONFLICT DO UPDATE SET polled_at = excluded.polled_at"""
SQL_STATS = """SELECT count(*) FILTER (WHERE handed_out_at IS NULL), min(created_at),
           count(*) FILTER (WHERE handed_out_at IS NOT NULL)
           FROM work WHERE environment_id = ? AND state = 'queued'"""
SQL_WORKERS = "SELECT count(*) FROM workers WHERE environment_id = ? AND polled_at > ?"
SQL_ADD = """INSERT INTO work (id, environment_id, kind, session_id, sessions_token, metadata, state, created_at)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?) RETURNING sequence"""


def poll(store: Store, call: Call) -> str:
    """Hand out the oldest item that no worker has; wait for one if asked to. Return `null` for an empty queue."""
    reclaim_ms = min(call.number("reclaim_older_than_ms", RECLAIM_MS, 0), LONGEST_RECLAIM_MS)
    block_ms = call.number("block_ms", 0, 1, LONGEST_BLOCK_MS)
    reclaim = reclaim_ms * MICROSECONDS_PER_MS
    worker_id = call.headers.get("anthropic-worker-id")
    with work_transaction(store, call) as (transaction, environment):
        if environment.config_type != "self_hosted":
            raise InvalidRequest(
                f"Only BYOC and bridge environments support work polling. Environment {environment.id} is "
                f"anthropic_{environment.config_type}."
            )
        if worker_id:
            transaction.run(SQL_SEEN, environment.id, worker_id, transaction.now)
        item = _lease_next(transaction, environment.id, reclaim)
    if item is None and block_ms:
        # If the client has disconnected, the item would be lost until it is reclaimed.
        item = store.arrivals.wait_for(
            lambda: "null" if call.is_stopping() else _look(store, call, reclaim), block_ms / 1000
        )
    return item or "null"


def _look(store: Store, call: Call, reclaim: int) -> str | None:
    """Look for work without the write lock, and take the lock only if there is work: many may wait at once."""
    with store.read() as reader:
        values = (call.environment_id, reader.now - reclaim, reader.now)
        if reader.one(SQL_ANYTHING, *values) is None:
            return None
    with work_transaction(store, call) as (transaction, environment):
        return _lease_next(transaction, environment.id, reclaim)


def _lease_next(transaction: Transaction, environment_id: str, reclaim: int) -> str | None:
    row = transaction.one(SQL_NEXT, environment_id, transaction.now - reclaim)
    if row is None:
        return None
    item = save(transaction, Item._make(row)._replace(handed_out_at=transaction.now))
    return to_json(item, with_secret=True)


def check_takes_work(environment: StoredEnvironment) -> None:
    """Reject work for an environment that has no queue, or is archived. InvalidRequest says which."""
    if environment.config_type != "self_hosted":
        raise InvalidRequest(
            f"environment_id: {environment.id} is a {environment.config_type} environment; "
            "only self-hosted environments have a work queue."
        )
    if environment.archived:
        raise InvalidRequest(f"environment_id: {environment.id} is archived and takes no new sessions.")


def stats(store: Store, call: Call) -> str:
    """Count the waiting items, those that were handed out and not acknowledged, and the polling workers."""
    with work_transaction(store, call) as (transaction, environment):
        depth, oldest, pending = transaction.one(SQL_STATS, environment.id) or (0, None, 0)
        window = transaction.now - WORKER_WINDOW
        workers = (transaction.one(SQL_WORKERS, environment.id, window) or (0,))[0]
    statistics = {
        "depth": depth,
        "oldest_queued_at": rfc3339_or_none(oldest),
        "pending": pending,
        "type": "work_queue_stats",
        "workers_polling": workers if environment.config_type == "self_hosted" else None,
    }
    return json.dumps(statistics)


def enqueue(store: Store, call: Call) -> str:
    """Put work in the queue, as the creation of a session does in the real service."""
    from ant_cli.emulator import models

    request = models.parse(models.EnqueueRequest, call.body)
    metadata = json.dumps(request.metadata or {})
    with work_transaction(store, call) as (transaction, environment):
        check_takes_work(environment)
        added = [
            add(
                transaction,
                environment.id,
                request.session_id or new_id(request.type),
                work_type=request.type,
                metadata=metadata,
                secret=request.secret,
            )
            for _ in range(request.count)
        ]
    store.arrivals.announce()
    return f'{{"data":[{",".join(map(to_json, added))}]}}'


def make_key(store: Store, call: Call) -> str:
    """Return a key for the environment, as the Console makes one. It is the same each time."""
    with work_transaction(store, call) as (_, environment):
        check_takes_work(environment)
    key = environment_key(environment.id, call.api_key)
    return json.dumps({"environment_id": environment.id, "environment_key": key, "type": "environment_key"})


def add(
    transaction: Transaction,
    environment_id: str,
    session_id: str,
    *,
    work_type: str = "session",
    metadata: str = "{}",
    secret: bool,
) -> Item:
    """Put one item in a queue, with a sessions token if it should have a secret."""
    item = Item(
        sequence=0,
        id=new_id("work"),
        environment_id=environment_id,
        work_type=work_type,
        session_id=session_id,
        sessions_token=new_token() if secret else None,
        metadata=metadata,
        state="queued",
        created_at=transaction.now,
    )
    row = transaction.one(SQL_ADD, *item[1:9])
    return item._replace(sequence=row[0] if row else 0)
