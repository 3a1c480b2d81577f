"""Leases: what happens to work whose worker went silent.

Nobody watches the clock. Every request that looks at work first brings the table up to its own moment, which
nobody can tell from a change at the very moment the lease ran out.
"""

from ant_cli.emulator.store import Transaction

# A worker that was asked to stop and went silent has stopped; the item must not start again elsewhere.
END = """UPDATE work SET state = 'stopped', stopped_at = lease_until, lease_until = NULL
         WHERE lease_until <= ? AND state = 'stopping'"""
REQUEUE = """UPDATE work SET state = 'queued', handed_out_at = NULL, acknowledged_at = NULL,
             started_at = NULL, latest_heartbeat_at = NULL, lease_until = NULL WHERE lease_until <= ?"""


def let_leases_run_out(transaction: Transaction) -> None:
    """Put items whose lease has run out back in the queue, as if nobody had ever had them."""
    transaction.run(END, transaction.now)
    transaction.run(REQUEUE, transaction.now)
