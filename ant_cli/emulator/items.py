"""Work items: read, write and show them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager

from ant_cli.emulator import environment_rules
from ant_cli.emulator.call import Call
from ant_cli.emulator.clock import rfc3339, rfc3339_or_none
from ant_cli.emulator.credentials import secret_of
from ant_cli.emulator.errors import EmulatorError
from ant_cli.emulator.leases import expire_leases
from ant_cli.emulator.store import Store, Transaction
from ant_cli.runtime.light_typing import NamedTuple

COLUMNS = """sequence, id, environment_id, kind, session_id, sessions_token, metadata, state, created_at,
             handed_out_at, acknowledged_at, started_at, latest_heartbeat_at, lease_until, stop_requested_at,
             stopped_at"""
SQL_FIND = f"SELECT {COLUMNS} FROM work WHERE id = ? AND environment_id = ?"  # noqa: S608 - a constant
SQL_SAVE = """UPDATE work SET metadata = :metadata, state = :state, handed_out_at = :handed_out_at,
          acknowledged_at = :acknowledged_at, started_at = :started_at,
          latest_heartbeat_at = :latest_heartbeat_at, lease_until = :lease_until,
          stop_requested_at = :stop_requested_at, stopped_at = :stopped_at WHERE sequence = :sequence"""


class Item(NamedTuple):
    """A stored work item, in the order of `COLUMNS`."""

    sequence: int
    id: str
    environment_id: str
    work_type: str
    session_id: str
    sessions_token: str | None
    metadata: str
    state: str
    created_at: int
    handed_out_at: int | None = None
    acknowledged_at: int | None = None
    started_at: int | None = None
    latest_heartbeat_at: int | None = None
    lease_until: int | None = None
    stop_requested_at: int | None = None
    stopped_at: int | None = None


@contextmanager
def work_transaction(store: Store, call: Call) -> Iterator[tuple[Transaction, environment_rules.StoredEnvironment]]:
    """Begin a transaction on the work of the call's environment, after expiring leases. 404 without one."""
    with store.write() as transaction:
        environment = environment_rules.find(transaction, call.environment_id)
        expire_leases(transaction)
        yield transaction, environment


@contextmanager
def item_transaction(store: Store, call: Call) -> Iterator[tuple[Transaction, Item]]:
    """Begin a transaction on the call's work item. 404 if there is none."""
    with work_transaction(store, call) as (transaction, environment):
        row = transaction.one(SQL_FIND, call.work_id, environment.id)
        if row is None:
            raise EmulatorError(404, f"work_id: there is no work item {call.work_id!r} in {environment.id}.")
        yield transaction, Item._make(row)


def save(transaction: Transaction, item: Item) -> Item:
    """Write the item and return it."""
    transaction.save(SQL_SAVE, item._asdict())
    return item


def to_json(item: Item, *, with_secret: bool = False) -> str:
    """Return the item as a JSON object. Only the worker that polls it gets its secret."""
    token = item.sessions_token if with_secret else None
    fields = {
        "id": item.id,
        "acknowledged_at": rfc3339_or_none(item.acknowledged_at),
        "created_at": rfc3339(item.created_at),
        "data": {"id": item.session_id, "type": item.work_type},
        "environment_id": item.environment_id,
        "latest_heartbeat_at": rfc3339_or_none(item.latest_heartbeat_at),
        "metadata": json.loads(item.metadata),
        "secret": secret_of(token) if token else None,
        "started_at": rfc3339_or_none(item.started_at),
        "state": item.state,
        "stop_requested_at": rfc3339_or_none(item.stop_requested_at),
        "stopped_at": rfc3339_or_none(item.stopped_at),
        "type": "work",
    }
    return json.dumps(fields, ensure_ascii=False, separators=(",", ":"))
