"""Faults on demand: failing responses, for people who test their own retries.

A fault applies to requests whose path, percent-encoded as sent, contains a text. It lets the first `after` of them
pass. It delays the next `times`, and then either raises an error or drops the connection, so the request is not
carried out; or it lets the request pass, but slows down or cuts the response.
Faults are stored in the database, so they apply to every process that shares it, and each happens exactly as often
as it says.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Iterator

from ant_cli.emulator.call import Call, new_id
from ant_cli.emulator.errors import ClientLeft, Disconnected, EmulatorError, InvalidRequest
from ant_cli.emulator.store import MICROSECONDS_PER_MS, Store
from ant_cli.runtime.light_typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from ant_cli.emulator import models

STREAM = "/events/stream"
"""How the path of a stream ends."""
PING = 'event: ping\ndata: {"type": "ping"}\n\n'
"""Sent at the beginning of a stream and when nothing happens. It is not an event of the session."""


class Fault(NamedTuple):
    """A stored fault, in the order of `COLUMNS`. `after` and `times` count down."""

    id: str
    path_contains: str
    method: str | None
    status: int | None
    times: int
    retry_after_ms: int | None
    delay_ms: int
    disconnect: bool
    after: int
    body_delay_ms: int
    cut_after_events: int | None

    def error(self, status: int) -> EmulatorError:
        """Return the error that the fault raises."""
        headers: tuple[tuple[str, str], ...] = ()
        if self.retry_after_ms is not None:
            # A client that knows only whole seconds must not retry too early.
            seconds = -(-self.retry_after_ms // MICROSECONDS_PER_MS)
            headers = (("retry-after-ms", str(self.retry_after_ms)), ("retry-after", str(seconds)))
        return EmulatorError(status, f"Injected fault ({self.id}).", headers=headers)


COLUMNS = ", ".join(Fault._fields)
SQL_ADD = f"INSERT INTO faults ({COLUMNS}) VALUES ({', '.join('?' * len(Fault._fields))})"  # noqa: S608 - constants
SQL_LIST = f"SELECT {COLUMNS} FROM faults ORDER BY sequence"  # noqa: S608 - a constant
SQL_MATCHING = f"""SELECT {COLUMNS} FROM faults WHERE instr(?, path_contains) AND (method IS NULL OR method = ?)
                   AND (cut_after_events IS NULL OR ?) ORDER BY sequence"""  # noqa: S608 - a constant


def take(store: Store, method: str, path: str, before_waiting: Callable[[], None]) -> Fault | None:
    """Return the oldest fault that applies to this request. Count it down, and those that let the request pass."""
    with store.read() as reader:
        if reader.one("SELECT 1 FROM faults LIMIT 1") is None:
            return None
    before_waiting()
    with store.write() as transaction:
        for row in transaction.all(SQL_MATCHING, path, method, path.endswith(STREAM)):
            fault = Fault._make(row)
            if fault.after:
                transaction.run("UPDATE faults SET after = after - 1 WHERE id = ?", fault.id)
                continue
            transaction.run("UPDATE faults SET times = times - 1 WHERE id = ?", fault.id)
            transaction.run("DELETE FROM faults WHERE times = 0")
            return fault
    return None


def carry_out(fault: Fault | None, patience_s: float) -> bool:
    """Wait, and then drop the connection or raise the error of the fault.

    A delay is cut after `patience_s` seconds, for which the client waits. Returns whether the client has left.
    """
    if fault is None:
        return False
    delay_s = fault.delay_ms / 1000
    time.sleep(min(delay_s, patience_s))
    if delay_s > patience_s:
        return True
    if fault.disconnect:
        raise Disconnected(f"Injected fault ({fault.id}) dropped the connection.")
    if fault.status is not None:
        raise fault.error(fault.status)
    return False


def delayed_body(fault: Fault | None, body: bytes, patience_s: float) -> Iterable[bytes]:
    """Return a body in two halves, with the fault's delay between them."""
    if fault is None or not fault.body_delay_ms:
        return [body]
    return _halves(body, fault.body_delay_ms / 1000, patience_s)


def _halves(body: bytes, seconds: float, patience_s: float) -> Iterator[bytes]:
    middle = len(body) // 2
    yield body[:middle]
    time.sleep(min(seconds, patience_s))
    if seconds > patience_s:
        raise ClientLeft
    yield body[middle:]


def cut_stream(fault: Fault | None, stream: Iterator[str]) -> Iterator[bytes]:
    """Yield the events of a stream, with the fault's delay before each, until it drops the connection."""
    sent = 0
    for event in stream:
        if fault is not None and event != PING:
            time.sleep(fault.body_delay_ms / 1000)
        yield event.encode()
        sent += event != PING
        if fault is not None and fault.cut_after_events is not None and sent >= fault.cut_after_events:
            raise Disconnected(f"Injected fault ({fault.id}) cut the stream.")


def add(store: Store, call: Call) -> str:
    """Add a fault."""
    from ant_cli.emulator import models

    request = models.parse(models.FaultRequest, call.body)
    _check(request)
    with store.write() as transaction:
        fault = Fault(id=new_id("fault"), **request.model_dump())
        transaction.run(SQL_ADD, *fault)
    return json.dumps(_to_fields(fault))


def _check(request: models.FaultRequest) -> None:
    """Reject a fault that does nothing, or does two things that exclude each other."""
    breaks = [name for name in ("status", "disconnect", "cut_after_events") if _is_set(request, name)]
    if not breaks and not request.delay_ms and not request.body_delay_ms:
        raise InvalidRequest("status: required, unless the fault has delays, disconnect or cut_after_events.")
    if len(breaks) > 1:
        raise InvalidRequest(f"{breaks[0]}: excludes {breaks[1]}; a fault does one of them.")
    if request.retry_after_ms is not None and request.status is None:
        raise InvalidRequest("retry_after_ms: needs a status, with whose response it is sent.")
    if request.body_delay_ms and breaks and breaks != ["cut_after_events"]:
        raise InvalidRequest(f"body_delay_ms: excludes {breaks[0]}, after which there is no body to delay.")


def _is_set(request: models.FaultRequest, name: str) -> bool:
    value = getattr(request, name)
    return value is not None and value is not False


def list_faults(store: Store, call: Call) -> str:  # noqa: ARG001 - a handler takes both
    """List the remaining faults."""
    with store.read() as transaction:
        faults = [Fault._make(row) for row in transaction.all(SQL_LIST)]
    return json.dumps({"data": [_to_fields(fault) for fault in faults]})


def clear(store: Store, call: Call) -> str:  # noqa: ARG001 - a handler takes both
    """Remove every fault."""
    with store.write() as transaction:
        count = transaction.run("DELETE FROM faults")
    return json.dumps({"count": count, "type": "faults_deleted"})


def _to_fields(fault: Fault) -> dict[str, object]:
    return fault._asdict() | {"disconnect": bool(fault.disconnect), "type": "fault"}
