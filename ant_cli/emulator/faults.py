"""Faults on demand: failing responses, for people who test their own retries, and given responses for any path.

A fault applies to requests whose path and query, percent-encoded as sent, contain a text, or to those of a worker.
It lets the first `after` of them pass. It delays the next `times`, and then either gives a response or drops the
connection, so that the request is not carried out. With `after_commit`, it is carried out, and only its response is
lost. Or the fault lets the request pass, but slows down or cuts the response. It is not counted down for a request
to which that can't happen.
Faults are stored in the database, so they apply to every process that shares it, and each happens exactly as often
as it says.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ant_cli.emulator.call import Call
from ant_cli.emulator.errors import (
    ClientLeft,
    Disconnected,
    EmulatorError,
    GivenResponse,
    InvalidRequest,
)
from ant_cli.emulator.store import Row

STREAM = "/events/stream"
"""How the path of a stream ends."""
PING = b'event: ping\ndata: {"type": "ping"}\n\n'
"""Sent at the beginning of a stream and when nothing happens. It is not an event of the session."""


SQL_LIST = "SELECT * FROM faults WHERE times > 0 ORDER BY sequence"
SQL_MATCHING = """SELECT * FROM faults WHERE times > 0
                  AND instr(?, path_contains) AND (method IS NULL OR method = ?)
                  AND (cut_after_events IS NULL OR ?) AND instr(?, query_contains)
                  AND (worker_id IS NULL OR worker_id = ?) ORDER BY sequence"""


def meet(call: Call, patience_s: float) -> bool:
    """Find the oldest fault for this request, and carry it out unless it is one after the commit.

    Returns the same as `carry_out`.
    """
    call.fault = _take(call)
    if call.fault is not None and call.fault["delay_ms"] + call.fault["body_delay_ms"]:
        call.occupy_thread()
    return carry_out(call.fault, patience_s, after_commit=False)


def _take(call: Call) -> Row | None:
    """Return the oldest fault that applies to this request. Count it down, and those that let the request pass."""
    if not call.has_faults:
        return None
    with call.store.write() as transaction:
        sent = (call.path, call.method, call.path.endswith(STREAM))
        query, worker_id = call.environ.get("QUERY_STRING", ""), call.header("anthropic-worker-id")
        for fault in transaction.all(SQL_MATCHING, *sent, query, worker_id):
            if fault["after"]:
                transaction.run("UPDATE faults SET after = after - 1 WHERE id = ?", fault["id"])
                continue
            transaction.run("UPDATE faults SET times = times - 1 WHERE id = ?", fault["id"])
            return fault
    return None


def give_back(call: Call) -> None:
    """Undo the count of the call's fault, because it could not happen."""
    if call.fault is not None:
        with call.store.write() as transaction:
            transaction.run("UPDATE faults SET times = times + 1 WHERE id = ?", call.fault["id"])
        call.fault = None


def check_applies(call: Call, error: EmulatorError | None, body: bytes) -> None:
    """Give the fault back if it could not happen.

    That is so if the request failed by itself, if the body ends before the cut, or if there was no thread for the
    delay, which is a 503. A stream has no body here.
    """
    if call.fault is None or isinstance(error, GivenResponse):
        return
    cut = call.fault["cut_after_bytes"]
    needs_success = call.fault["after_commit"] or call.fault["cut_after_events"] is not None
    if (error and (needs_success or error.status == 503)) or (
        cut is not None and 0 < len(body) <= cut
    ):
        give_back(call)


def carry_out(fault: Row | None, patience_s: float, *, after_commit: bool) -> bool:
    """Wait, and then drop the connection or raise the given response, if the fault happens at this time.

    A delay ends after `patience_s` seconds, when the client stops waiting. Returns whether the client has left.
    """
    if fault is None or fault["after_commit"] != after_commit:
        return False
    delay_s = fault["delay_ms"] / 1000
    time.sleep(min(delay_s, patience_s))
    if delay_s > patience_s:
        return True
    if fault["disconnect"]:
        raise Disconnected(f"Injected fault ({fault['id']}) dropped the connection.")
    if fault["status"] is not None:
        message, code = f"Injected fault ({fault['id']}).", fault["error_code"] or ""
        body = "" if fault["status"] in NO_BODY else fault["body"]
        raise GivenResponse(fault["status"], message, code, headers=_headers(fault), body=body)
    return False


def _headers(fault: Row) -> tuple[tuple[str, str], ...]:
    """Return the headers of the response: those that tell when to retry, and those that are given as lines."""
    seconds, milliseconds = fault["retry_after"], fault["retry_after_ms"]
    headers = []
    if milliseconds is not None:
        headers.append(("retry-after-ms", str(milliseconds)))
        if seconds is None:  # a client that knows only whole seconds must not retry too early
            seconds = -(-milliseconds // 1000)
    if seconds is not None:
        headers.append(("retry-after", str(seconds)))
    lines = [line.partition(":") for line in json.loads(fault["headers"])]
    return (*headers, *((name.lower(), value.strip()) for name, _, value in lines))


def damaged(call: Call, fault: Row, chunks: Iterable[bytes], patience_s: float) -> Iterator[bytes]:
    """Yield a body in two halves, or the events of a stream, as a fault says.

    There is a delay before each but the first, until the client stops waiting, and the connection may be dropped.
    """
    if isinstance(chunks, list):
        (body,), middle = chunks, len(chunks[0]) // 2
        chunks = body[:middle], body[middle:]
    seconds, sent_bytes, sent_events = fault["body_delay_ms"] / 1000, 0, 0
    most_bytes, most_events = fault["cut_after_bytes"], fault["cut_after_events"]
    for chunk in chunks:
        if sent_bytes:
            time.sleep(min(seconds, patience_s))
            if seconds > patience_s:
                raise ClientLeft
        data = chunk[: None if most_bytes is None else most_bytes - sent_bytes]
        yield data
        sent_bytes += len(data)
        sent_events += chunk != PING
        if most_bytes == sent_bytes or (most_events is not None and sent_events >= most_events):
            raise Disconnected(f"Injected fault ({fault['id']}) cut the response.")
    if most_bytes is not None or most_events is not None:
        give_back(call)


def add(call: Call) -> str:
    """Add a fault."""
    _check(call.body.model_dump(exclude_defaults=True))
    with call.store.write() as transaction:
        transaction.run("DELETE FROM faults WHERE times = 0")
        fields = call.body.model_dump() | {"headers": json.dumps(call.body.headers)}
        fault = transaction.add("faults", id=transaction.ids.new_id("fault"), **fields)
    return json.dumps(_to_fields(fault))


LOWEST_ERROR = 400
NO_BODY = (204, 304)
"""The statuses of responses that have none."""
OF_STATUS = ("retry_after_ms", "retry_after", "body", "headers", "error_code")
"""The fields of a fault that describe its response."""


def _check(given: Mapping[str, Any]) -> None:
    """Reject a fault that does nothing, or does two things that exclude each other."""
    breaks = [
        name
        for name in ("status", "disconnect", "cut_after_events", "cut_after_bytes")
        if name in given
    ]
    if not breaks and not {"delay_ms", "body_delay_ms"} & given.keys():
        raise InvalidRequest("status: required, unless the fault has delays, disconnect or a cut.")
    if len(breaks) > 1:
        raise InvalidRequest(f"{breaks[0]}: excludes {breaks[1]}; a fault does one of them.")
    for name in OF_STATUS:
        if name in given and "status" not in given:
            raise InvalidRequest(f"{name}: needs a status, because it is a part of that response.")
    status = given.get("status", LOWEST_ERROR)
    if "body" not in given and status < LOWEST_ERROR and status not in NO_BODY:
        raise InvalidRequest(
            f"body: required for the status {status}; the default is that of an error."
        )
    if "after_commit" in given and not {"status", "disconnect", "delay_ms"} & given.keys():
        raise InvalidRequest(
            "after_commit: needs a status, disconnect or delay_ms, to happen after the commit."
        )
    if "body_delay_ms" in given and breaks and breaks != ["cut_after_events"]:
        raise InvalidRequest(
            f"body_delay_ms: excludes {breaks[0]}, after which there is no body to delay."
        )


def list_faults(call: Call) -> str:
    """List the remaining faults."""
    with call.store.read() as transaction:
        faults = transaction.all(SQL_LIST)
    return json.dumps({"data": [_to_fields(fault) for fault in faults]})


def clear(call: Call) -> str:
    """Remove every fault."""
    with call.store.write() as transaction:
        count = transaction.run("DELETE FROM faults WHERE times > 0")
    return json.dumps({"count": count, "type": "faults_deleted"})


def _to_fields(fault: Row) -> dict[str, object]:
    fields = dict(fault) | {name: bool(fault[name]) for name in ("disconnect", "after_commit")}
    fields |= {"headers": json.loads(fault["headers"]), "type": "fault"}
    del fields["sequence"]
    return fields
