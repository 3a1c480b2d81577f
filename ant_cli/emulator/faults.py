"""Faults on demand: answers that go wrong, for people who test their own retries.

A fault waits for requests whose path, percent-encoded as it is sent, contains a text, delays them, and then
answers with an error or drops the connection; the request itself is not acted upon. A fault that only delays
lets the request through.
Faults are kept in the database, so that every process that shares it meets them, and each is spent exactly
as often as it says.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from ant_cli.emulator.call import Call
from ant_cli.emulator.clock import MICROSECONDS_PER_MS
from ant_cli.emulator.errors import EmulatorError, InvalidRequest
from ant_cli.emulator.ids import new_id
from ant_cli.emulator.store import Store

COLUMNS = "id, path_contains, method, status, times, retry_after_ms, delay_ms, disconnect"
SQL_ADD = f"INSERT INTO faults ({COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"  # noqa: S608 - a constant
SQL_LIST = f"SELECT {COLUMNS} FROM faults ORDER BY sequence"  # noqa: S608 - a constant
SQL_NEXT = f"""SELECT {COLUMNS} FROM faults WHERE instr(?, path_contains) AND (method IS NULL OR method = ?)
           ORDER BY sequence LIMIT 1"""  # noqa: S608 - a constant


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault as it is stored, in the order of `COLUMNS`; `times` counts down."""

    id: str
    path_contains: str
    method: str | None
    status: int | None
    times: int
    retry_after_ms: int | None
    delay_ms: int
    disconnect: bool

    def error(self) -> EmulatorError | None:
        """Return the answer that the fault asks for, if it asks for one."""
        if self.status is None:
            return None
        headers: tuple[tuple[str, str], ...] = ()
        if self.retry_after_ms is not None:
            # Whoever knows only whole seconds must not come back too early.
            seconds = -(-self.retry_after_ms // MICROSECONDS_PER_MS)
            headers = (("retry-after-ms", str(self.retry_after_ms)), ("retry-after", str(seconds)))
        return EmulatorError(self.status, f"Injected fault ({self.id}).", headers=headers)


def take(store: Store, method: str, path: str) -> Fault | None:
    """Return the oldest fault that waits for this request, and count it down."""
    with store.read() as reader:
        if reader.one("SELECT 1 FROM faults LIMIT 1") is None:
            return None
    with store.write() as transaction:
        row = transaction.one(SQL_NEXT, path, method)
        if row is None:
            return None
        fault = Fault(*row)
        transaction.run("UPDATE faults SET times = times - 1 WHERE id = ?", fault.id)
        transaction.run("DELETE FROM faults WHERE times = 0")
        return fault


def add(store: Store, call: Call) -> str:
    """Ask for a fault."""
    from ant_cli.emulator import models

    request = models.parse(models.FaultRequest, call.body)
    if request.status is None and not request.disconnect and not request.delay_ms:
        raise InvalidRequest("status: required, unless the fault has delay_ms or disconnect.")
    if request.status is not None and request.disconnect:
        raise InvalidRequest("status: cannot be answered by a fault that has disconnect.")
    if request.status is None and request.retry_after_ms is not None:
        raise InvalidRequest("retry_after_ms: needs a status, with whose answer it is sent.")
    asked = request.model_dump()
    with store.write() as transaction:
        fault = Fault(id=new_id("fault"), **asked)
        transaction.run(SQL_ADD, *(getattr(fault, name) for name in COLUMNS.split(", ")))
    return json.dumps(_to_fields(fault))


def list_faults(store: Store, call: Call) -> str:  # noqa: ARG001 - a handler takes both
    """List the faults that are still to come."""
    with store.read() as transaction:
        faults = [Fault(*row) for row in transaction.all(SQL_LIST)]
    return json.dumps({"data": [_to_fields(fault) for fault in faults]})


def clear(store: Store, call: Call) -> str:  # noqa: ARG001 - a handler takes both
    """Forget every fault."""
    with store.write() as transaction:
        count = transaction.run("DELETE FROM faults")
    return json.dumps({"count": count, "type": "faults_deleted"})


def _to_fields(fault: Fault) -> dict[str, object]:
    fields = {name: getattr(fault, name) for name in COLUMNS.split(", ")}
    return fields | {"disconnect": bool(fault.disconnect), "type": "fault"}
