"""Work: items, the queue that hands them out, and their rules from acknowledgement to the end.

queued ──ack──> starting ──heartbeat──> active
   ^                └───────lease runs out──┤
   └────────────────────────────────────────┘
queued ──stop──> stopped;  starting, active ──stop──> stopping ──stop with force, or lease runs out──> stopped

An item that was handed out stays `queued` until it is acknowledged. If that does not happen within
`reclaim_older_than_ms`, the next poll hands it out again.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from ant_cli.emulator.call import Call, Listing
from ant_cli.emulator.credentials import environment_key, secret_of
from ant_cli.emulator.environment_rules import check_metadata, environment_transaction
from ant_cli.emulator.errors import (
    NO_RETRY,
    Conflict,
    EmulatorError,
    InvalidRequest,
    to_compact_json,
)
from ant_cli.emulator.store import (
    MICROSECONDS_PER_MS,
    MICROSECONDS_PER_SECOND,
    Row,
    Transaction,
    rfc3339,
    wait_for,
)

SQL_FIND = "SELECT * FROM work WHERE id = ? AND environment_id = ?"


@contextmanager
def item_transaction(call: Call) -> Iterator[tuple[Transaction, Row]]:
    """Begin a transaction on the call's work item. 404 if there is none."""
    work_id = call.ids["work_id"]
    with environment_transaction(call) as (transaction, environment):
        item = transaction.one(SQL_FIND, work_id, environment["id"])
        if item is None:
            raise EmulatorError(
                404, f"work_id: there is no work item {work_id!r} in {environment['id']}."
            )
        yield transaction, item


def to_json(item: Row, *, with_secret: bool = False) -> str:
    """Return the item as a JSON object. Only the worker that polls it gets its secret."""
    secret = None
    if with_secret and item["sessions_token"]:
        secret = secret_of(item["sessions_token"])
    fields = {
        "id": item["id"],
        "acknowledged_at": rfc3339(item["acknowledged_at"]),
        "created_at": rfc3339(item["created_at"]),
        "data": {"id": item["session_id"], "type": item["kind"]},
        "environment_id": item["environment_id"],
        "latest_heartbeat_at": rfc3339(item["latest_heartbeat_at"]),
        "metadata": json.loads(item["metadata"]),
        "secret": secret,
        "started_at": rfc3339(item["started_at"]),
        "state": item["state"],
        "stop_requested_at": rfc3339(item["stop_requested_at"]),
        "stopped_at": rfc3339(item["stopped_at"]),
        "type": "work",
    }
    return to_compact_json(fields)


# The queue


OF_POLL = ("reclaim_older_than_ms", "block_ms")
"""The query parameters of a poll."""
RECLAIM_MS = 5_000
LONGEST_RECLAIM_MS = 10**12
LONGEST_BLOCK_MS = 999
NOTHING = "null"
"""The response of a poll without an item."""
WORKER_WINDOW = 30 * MICROSECONDS_PER_SECOND
SQL_NEXT = """SELECT * FROM work WHERE environment_id = ? AND state = 'queued'
              AND (handed_out_at IS NULL OR handed_out_at < ?) ORDER BY sequence LIMIT 1"""
SQL_SEEN = """INSERT INTO workers (environment_id, worker_id, polled_at) VALUES (?, ?, ?)
          ON CONFLICT DO UPDATE SET polled_at = excluded.polled_at"""
SQL_STATS = """SELECT (SELECT queued FROM queues WHERE environment_id = ?),
           (SELECT count(*) FROM work WHERE environment_id = ? AND state = 'queued' AND handed_out_at IS NOT NULL),
           (SELECT created_at FROM work WHERE environment_id = ? AND state = 'queued' ORDER BY sequence LIMIT 1)"""
SQL_WORKERS = "SELECT count(*) FROM workers WHERE environment_id = ? AND polled_at > ?"


def poll(call: Call) -> str:
    """Hand out the oldest item that no worker has; wait for one if asked to. Return `null` for an empty queue."""
    reclaim_ms = call.number("reclaim_older_than_ms", RECLAIM_MS, LONGEST_RECLAIM_MS)
    reclaim = reclaim_ms * MICROSECONDS_PER_MS
    block_ms = call.number("block_ms", 0, LONGEST_BLOCK_MS)
    with environment_transaction(call) as (transaction, environment):
        if environment["kind"] != "self_hosted":
            raise InvalidRequest(
                f"Only BYOC and bridge environments support work polling. Environment {environment['id']} is "
                f"anthropic_{environment['kind']}."
            )
        if worker_id := call.environ.get("HTTP_ANTHROPIC_WORKER_ID", ""):
            transaction.run(SQL_SEEN, environment["id"], worker_id, transaction.now)
    item = _hand_out(call, reclaim)
    if item is None and block_ms:
        call.occupy_thread()
        item = wait_for(lambda: _hand_out(call, reclaim), block_ms / 1000)
    return item or NOTHING


def _hand_out(call: Call, reclaim: int) -> str | None:
    """Return the next item, or None to wait for one.

    If the client has disconnected, it gets nothing: the item would be lost until it is reclaimed.
    """
    with environment_transaction(call) as (transaction, environment):
        if call.is_stopping():
            return NOTHING
        item = transaction.one(SQL_NEXT, environment["id"], transaction.now - reclaim)
        if item is None:
            return None
        item = transaction.change("work", item, handed_out_at=transaction.now)
        return to_json(item, with_secret=True)


def check_takes_work(environment: Row) -> None:
    """Raise InvalidRequest if an environment has no queue, or is archived."""
    if environment["kind"] != "self_hosted":
        raise InvalidRequest(
            f"environment_id: {environment['id']} is a {environment['kind']} environment; "
            "only self-hosted environments have a work queue."
        )
    check_is_active(environment)


def check_is_active(environment: Row) -> None:
    """Reject an archived environment."""
    if environment["archived"]:
        message = f"environment_id: {environment['id']} is archived and takes no new sessions."
        raise InvalidRequest(message, "environment_archived")


def stats(call: Call) -> str:
    """Count the waiting items, those that were handed out and not acknowledged, and the polling workers."""
    with environment_transaction(call) as (transaction, environment):
        queued, pending, oldest = transaction.one(SQL_STATS, *[environment["id"]] * 3)
        since = transaction.now - WORKER_WINDOW
        (workers,) = transaction.one(SQL_WORKERS, environment["id"], since)
    if environment["kind"] != "self_hosted":
        workers = None
    statistics = {
        "depth": (queued or 0) - pending,
        "oldest_queued_at": rfc3339(oldest),
        "pending": pending,
        "type": "work_queue_stats",
        "workers_polling": workers,
    }
    return json.dumps(statistics)


def enqueue(call: Call) -> str:
    """Put work in the queue, as the creation of a session does in the real service."""
    request = call.body
    check_metadata(request.metadata or {})
    columns = {"kind": request.type, "metadata": json.dumps(request.metadata or {})}
    with environment_transaction(call) as (transaction, environment):
        check_takes_work(environment)
        sessions = [
            request.session_id or transaction.ids.new_id(request.type) for _ in range(request.count)
        ]
        added = [
            add(transaction, environment["id"], session_id, secret=request.secret, **columns)
            for session_id in sessions
        ]
    return f'{{"data":[{",".join(map(to_json, added))}]}}'


def make_key(call: Call) -> str:
    """Return a key for the environment, as the Console makes one. It is the same each time."""
    with environment_transaction(call) as (_, environment):
        check_takes_work(environment)
    key = environment_key(environment["id"], call.api_key)
    return json.dumps(
        {"environment_id": environment["id"], "environment_key": key, "type": "environment_key"}
    )


def add(
    transaction: Transaction, environment_id: str, session_id: str, *, secret: bool, **columns: str
) -> Row:
    """Put one item in a queue, with a sessions token if it should have a secret."""
    item: Row = transaction.add(
        "work",
        id=transaction.ids.new_id("work"),
        environment_id=environment_id,
        session_id=session_id,
        sessions_token=transaction.ids.new_token() if secret else None,
        created_at=transaction.now,
        **{"metadata": "{}", **columns},
    )
    return item


# The rules of an item


OF_HEARTBEAT = ("desired_ttl_seconds", "expected_last_heartbeat")
"""The query parameters of a heartbeat."""
LONGEST_TTL_SECONDS = 300
STOPPING_TTL_SECONDS = 120
"""The TTL that a heartbeat of a `stopping` item reports."""
NO_HEARTBEAT = "NO_HEARTBEAT"
LOST_LEASE = "heartbeat_precondition_failed"
ENDING = ("stopping", "stopped")
LIST = Listing("SELECT * FROM work WHERE environment_id = ?", lambda item, _: to_json(item))


def list_work(call: Call) -> str:
    """Return a page of an environment's work, the newest first."""
    environment_id = call.ids["environment_id"]
    with environment_transaction(call) as (transaction, environment):
        if environment["kind"] != "self_hosted":
            message = (
                f"Environment {environment_id} not found, or does not support work listing. "
                "The work API is only available for self-hosted environments."
            )
            raise EmulatorError(404, message, "environment_not_found")
        if environment["archived"]:
            raise EmulatorError(
                404, f"Environment {environment_id} is archived.", "environment_archived"
            )
        return call.page(LIST, transaction, f"work {environment_id}", environment_id)


def retrieve(call: Call) -> str:
    """Return one work item."""
    with item_transaction(call) as (_, item):
        return to_json(item)


def acknowledge(call: Call) -> str:
    """Take an item out of the queue. If several workers try, one succeeds."""
    with item_transaction(call) as (transaction, item):
        if item["state"] != "queued":
            raise Conflict(
                f"work_id: {item['id']} is {item['state']}; only queued work can be acknowledged."
            )
        # The lease begins here, not with the first heartbeat, because a worker may die between the two.
        lease = transaction.now + call.store.lease_seconds * MICROSECONDS_PER_SECOND
        now = transaction.now
        return to_json(
            transaction.change(
                "work", item, state="starting", acknowledged_at=now, lease_until=lease
            )
        )


def heartbeat(call: Call) -> str:
    """Extend the lease of an item. The first heartbeat makes the item active."""
    ttl = call.number("desired_ttl_seconds", call.store.lease_seconds, LONGEST_TTL_SECONDS)
    expected = call.text("expected_last_heartbeat")
    with item_transaction(call) as (transaction, item):
        if item["state"] in ENDING:
            return _lease(
                item, ttl=STOPPING_TTL_SECONDS if item["state"] == "stopping" else 0, extended=False
            )
        _check_heartbeat(item, expected, transaction.now)
        # A heartbeat identifies a lease, so no two may be the same, even if the clock is coarse.
        moment = max(transaction.now, (item["latest_heartbeat_at"] or 0) + 1)
        item = transaction.change(
            "work",
            item,
            state="active",
            latest_heartbeat_at=moment,
            started_at=item["started_at"] or moment,
            lease_until=transaction.now + ttl * MICROSECONDS_PER_SECOND,
        )
        return _lease(item, ttl=ttl, extended=True)


def _check_heartbeat(item: Row, expected: str | None, now: int) -> None:
    work_id, state, last = item["id"], item["state"], rfc3339(item["latest_heartbeat_at"])
    if state == "queued" and item["lapsed_at"]:
        last = rfc3339(item["lapsed_heartbeat_at"])
        message = f"work_id: the lease of {work_id} ran out at {rfc3339(item['lapsed_at'])}; it is queued again."
    elif state == "queued":
        message = f"work_id: {work_id} is queued; acknowledge it before the first heartbeat."
    elif expected is not None and expected != (last or NO_HEARTBEAT):
        known = last or NO_HEARTBEAT
        message = f"expected_last_heartbeat: {expected!r} is not the last heartbeat of {work_id}, which is {known}."
    else:
        return
    left = -(-max((item["lease_until"] or now) - now, 0) // MICROSECONDS_PER_SECOND)
    raise EmulatorError(412, message, LOST_LEASE, _current_state(state, left, last), NO_RETRY)


def _current_state(state: str, ttl_seconds: int, last: str | None) -> dict[str, object]:
    """Return the details of a 412: the lease as it is."""
    lease = {"ttl_seconds": ttl_seconds, "lease_extended": False, "last_heartbeat": last}
    return {"current_state": {"state": state, **lease}}


def lost_lease(call: Call) -> dict[str, object]:
    """Return the details of an injected 412: as if another worker had just sent a heartbeat for the item."""
    with suppress(EmulatorError), item_transaction(call) as (transaction, item):
        last = max(transaction.now, (item["latest_heartbeat_at"] or 0) + 1)
        state = item["state"] if item["state"] in ENDING else "active"
        return _current_state(state, call.store.lease_seconds, rfc3339(last))
    return {}


def _lease(item: Row, *, ttl: int, extended: bool) -> str:
    lease = {
        "last_heartbeat": rfc3339(item["latest_heartbeat_at"]) or "",
        "lease_extended": extended,
        "state": item["state"],
        "ttl_seconds": ttl,
        "type": "work_heartbeat",
    }
    return json.dumps(lease)


def stop(call: Call) -> str:
    """Ask a running item to stop, or stop it at once, as if nobody ran it. Repeating this is harmless."""
    with item_transaction(call) as (transaction, item):
        if item["state"] == "stopped":
            return to_json(item)
        values: dict[str, object] = {
            "state": "stopping",
            "stop_requested_at": item["stop_requested_at"] or transaction.now,
        }
        if call.body.force or item["state"] == "queued":
            values |= {"state": "stopped", "stopped_at": transaction.now, "lease_until": None}
        return to_json(transaction.change("work", item, **values))


def update(call: Call) -> str:
    """Merge metadata into an item. Null deletes a key."""
    with item_transaction(call) as (transaction, item):
        metadata = json.loads(item["metadata"]) | (call.body.metadata or {})
        kept = {key: value for key, value in metadata.items() if value is not None}
        check_metadata(kept)
        return to_json(transaction.change("work", item, metadata=json.dumps(kept)))
