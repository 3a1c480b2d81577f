"""Work: from acknowledgement to the end.

queued ──ack──> starting ──heartbeat──> active
   ^                └───────lease runs out──┤
   └────────────────────────────────────────┘
queued ──stop──> stopped;  starting, active ──stop──> stopping ──stop with force, or lease runs out──> stopped
"""

from __future__ import annotations

import json

from ant_cli.emulator import list_pages
from ant_cli.emulator.call import Call
from ant_cli.emulator.clock import MICROSECONDS_PER_SECOND, rfc3339_or_none
from ant_cli.emulator.environment_rules import StoredEnvironment
from ant_cli.emulator.errors import Conflict, EmulatorError, PreconditionFailed
from ant_cli.emulator.items import COLUMNS, Item, item_transaction, save, to_json, work_transaction
from ant_cli.emulator.store import Store

LONGEST_TTL_SECONDS = 300
STOPPING_TTL_SECONDS = 120
"""The TTL that a heartbeat of a `stopping` item reports."""
NO_HEARTBEAT = "NO_HEARTBEAT"
ENDING = ("stopping", "stopped")
SQL_LIST = f"""SELECT {COLUMNS} FROM work
           WHERE environment_id = ? AND sequence < ? ORDER BY sequence DESC LIMIT ?"""  # noqa: S608 - a constant


def list_work(store: Store, call: Call) -> str:
    """Return a page of an environment's work, the newest first."""
    name = f"work {call.environment_id}"
    limit = call.number("limit", 20, 1, 100)
    below = list_pages.sequence_of(name, call.text("page"))
    with work_transaction(store, call) as (transaction, environment):
        _check_lists_work(environment)
        items = map(Item._make, transaction.all(SQL_LIST, environment.id, below, limit + 1))
    return list_pages.page_of(name, [(item.sequence, to_json(item)) for item in items], limit)


def _check_lists_work(environment: StoredEnvironment) -> None:
    if environment.config_type != "self_hosted":
        message = (
            f"Environment {environment.id} not found, or does not support work listing. "
            "The work API is only available for self-hosted environments."
        )
        raise EmulatorError(404, message, "environment_not_found")
    if environment.archived:
        raise EmulatorError(404, f"Environment {environment.id} is archived.", "environment_archived")


def retrieve(store: Store, call: Call) -> str:
    """Return one work item."""
    with item_transaction(store, call) as (_, item):
        return to_json(item)


def acknowledge(store: Store, call: Call) -> str:
    """Take an item out of the queue. If several workers try, one succeeds."""
    with item_transaction(store, call) as (transaction, item):
        if item.state != "queued":
            raise Conflict(f"work_id: {item.id} is {item.state}; only queued work can be acknowledged.")
        # The lease begins here, not with the first heartbeat, because a worker may die between the two.
        lease = transaction.now + store.lease_seconds * MICROSECONDS_PER_SECOND
        changed = item._replace(state="starting", acknowledged_at=transaction.now, lease_until=lease)
        return to_json(save(transaction, changed))


def heartbeat(store: Store, call: Call) -> str:
    """Extend the lease of an item. The first heartbeat makes the item active."""
    ttl = call.number("desired_ttl_seconds", store.lease_seconds, 1, LONGEST_TTL_SECONDS)
    expected = call.text("expected_last_heartbeat")
    with item_transaction(store, call) as (transaction, item):
        if item.state in ENDING:
            return _lease(item, ttl=STOPPING_TTL_SECONDS if item.state == "stopping" else 0, extended=False)
        _check_heartbeat(item, expected, transaction.now)
        # A heartbeat identifies a lease, so no two may be the same, even if the clock is coarse.
        moment = max(transaction.now, (item.latest_heartbeat_at or 0) + 1)
        changed = item._replace(
            state="active",
            latest_heartbeat_at=moment,
            started_at=item.started_at or moment,
            lease_until=transaction.now + ttl * MICROSECONDS_PER_SECOND,
        )
        return _lease(save(transaction, changed), ttl=ttl, extended=True)


def _check_heartbeat(item: Item, expected: str | None, now: int) -> None:
    last = rfc3339_or_none(item.latest_heartbeat_at)
    if item.state == "queued":
        message = f"work_id: {item.id} is queued; acknowledge it before the first heartbeat."
    elif expected not in (None, last or NO_HEARTBEAT):
        message = f"expected_last_heartbeat: {expected!r} is not the last heartbeat of {item.id}, which is {last}."
    else:
        return
    left = -(-max((item.lease_until or now) - now, 0) // MICROSECONDS_PER_SECOND)
    raise PreconditionFailed(message, {"state": item.state, "ttl_seconds": left, "last_heartbeat": last or ""})


def _lease(item: Item, *, ttl: int, extended: bool) -> str:
    lease = {
        "last_heartbeat": rfc3339_or_none(item.latest_heartbeat_at) or "",
        "lease_extended": extended,
        "state": item.state,
        "ttl_seconds": ttl,
        "type": "work_heartbeat",
    }
    return json.dumps(lease)


def stop(store: Store, call: Call) -> str:
    """Ask a running item to stop, or stop it at once, as if nobody ran it. Repeating this is harmless."""
    from ant_cli.emulator import models

    force = models.parse(models.WorkStopRequest, call.body).force
    with item_transaction(store, call) as (transaction, item):
        if item.state == "stopped":
            return to_json(item)
        changed = item._replace(state="stopping", stop_requested_at=item.stop_requested_at or transaction.now)
        if force or item.state == "queued":
            changed = changed._replace(state="stopped", stopped_at=transaction.now, lease_until=None)
        return to_json(save(transaction, changed))


def update(store: Store, call: Call) -> str:
    """Merge metadata into an item. Null deletes a key."""
    from ant_cli.emulator import models

    patch = models.parse(models.WorkUpdateRequest, call.body).metadata or {}
    with item_transaction(store, call) as (transaction, item):
        metadata = json.loads(item.metadata) | patch
        kept = {key: value for key, value in metadata.items() if value is not None}
        return to_json(save(transaction, item._replace(metadata=json.dumps(kept))))
