"""Leases: what happens to work if its worker stops responding.

There is no timer. Every request that looks at work first expires the leases that have run out. From outside, that
is the same as expiring them on time.
"""

from __future__ import annotations

from ant_cli.emulator.store import Transaction

SQL_END = """UPDATE work SET state = 'stopped', stopped_at = lease_until, lease_until = NULL
         WHERE lease_until <= ? AND state = 'stopping'"""
"""A worker that was asked to stop and no longer responds has stopped. The item must not start again elsewhere."""
SQL_ANY = "SELECT 1 FROM work WHERE lease_until <= ? LIMIT 1"
SQL_REQUEUE = """UPDATE work SET state = 'queued', handed_out_at = NULL, acknowledged_at = NULL,
             started_at = NULL, latest_heartbeat_at = NULL, lease_until = NULL WHERE lease_until <= ?"""


def expire_leases(transaction: Transaction) -> None:
    """Return items with expired leases to the queue, as if no worker had ever had them; end stopping ones."""
    if transaction.one(SQL_ANY, transaction.now) is not None:
        transaction.run(SQL_END, transaction.now)
        transaction.run(SQL_REQUEUE, transaction.now)
