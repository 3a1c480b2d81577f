"""The emulator's own endpoints under `/_emulator/`: reset it, and move its clock."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

from ant_cli.emulator.call import Call
from ant_cli.emulator.clock import MICROSECONDS_PER_MS, MICROSECONDS_PER_SECOND, rfc3339
from ant_cli.emulator.errors import InvalidRequest
from ant_cli.emulator.store import Store

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
YEAR_9999 = 253_370_764_800 * MICROSECONDS_PER_SECOND
"""The clock can't be set beyond this, so that it does not reach the year 10000: RFC 3339 has four digits."""
SQL_EMPTY = (
    "DELETE FROM environments",
    "DELETE FROM work",
    "DELETE FROM workers",
    "DELETE FROM sessions",
    "DELETE FROM events",
    "DELETE FROM faults",
    "UPDATE clock SET offset = 0",
)


def reset(store: Store, call: Call) -> str:  # noqa: ARG001 - a handler takes both
    """Remove everything: environments, work, sessions, faults, and the offset of the clock."""
    with store.write() as transaction:
        for statement in SQL_EMPTY:
            transaction.run(statement)
    return json.dumps({"type": "emulator_reset"})


def show_clock(store: Store, call: Call) -> str:  # noqa: ARG001 - a handler takes both
    """Tell the emulator's time."""
    with store.read() as transaction:
        return _clock(transaction.now)


def move_clock(store: Store, call: Call) -> str:
    """Move the clock forward, or to a given time. It continues from there, for every process on the file."""
    from ant_cli.emulator import models

    request = models.parse(models.ClockRequest, call.body)
    target = None if request.now is None else _moment(request.now)
    with store.write() as transaction:
        start = transaction.now if target is None else target
        now = start + (request.advance_ms or 0) * MICROSECONDS_PER_MS
        if not 0 <= now < YEAR_9999:
            raise InvalidRequest("now: must be in the years from 1970 to 9998, advance_ms included.")
        transaction.run("UPDATE clock SET offset = offset + ?", now - transaction.now)
    # Waiting requests may have something to return now.
    store.arrivals.announce()
    return _clock(now)


def _moment(text: str) -> int:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise InvalidRequest(f"now: must be an RFC 3339 timestamp with an offset, got {text!r}.")
    # A datetime's own timestamp() is a float, which loses microseconds.
    return (moment - EPOCH) // timedelta(microseconds=1)


def _clock(now: int) -> str:
    return json.dumps({"now": rfc3339(now), "type": "clock"})
