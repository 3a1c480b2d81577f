"""Faults on demand: failing responses, for people who test their own retries, and given responses for any path.

A fault applies to requests for one path, or whose path contains a text, percent-encoded as sent. It lets the first
`after` of them pass. It delays the next `times`, and then either gives a response or drops the connection, so that
the request is not carried out. With `after_commit`, it is carried out, and only its response is lost. Or the fault
lets the request pass, but slows down or cuts the response. It is not counted down for a request to which that can't
happen. Of several faults for a request, the newest one applies.
Faults are stored in the database, so they apply to every process that shares it, and each happens exactly as often
as it says.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any

from ant_cli.emulator import findings, work
from ant_cli.emulator.call import Call
from ant_cli.emulator.errors import (
    NO_RETRY,
    ClientLeft,
    Disconnected,
    EmulatorError,
    GivenResponse,
    InvalidRequest,
)
from ant_cli.emulator.store import Row, Transaction

STREAM = "/events/stream"
"""How the path of a stream ends."""
PING = b'event: ping\ndata: {"type": "ping"}\n\n'
"""Sent at the beginning of a stream and when nothing happens. It is not an event of the session."""


SQL_LIST = "SELECT * FROM faults WHERE times > 0 ORDER BY sequence"
SQL_MATCHING = """SELECT * FROM faults WHERE times > 0
                  AND (path IS NULL OR path = ?) AND instr(?, path_contains)
                  AND (method IS NULL OR method = ?)
                  AND (cut_after_events IS NULL AND error_after_events IS NULL OR ?)
                  ORDER BY sequence DESC"""


def meet(call: Call, patience_s: float) -> bool:
    """Find the newest fault for this request, and carry it out unless it is one after the commit.

    Returns the same as `carry_out`.
    """
    call.fault = _take(call)
    if call.fault is not None and call.fault["delay_ms"] + call.fault["body_delay_ms"]:
        call.occupy_thread()
    return carry_out(call, patience_s, after_commit=False)


def _take(call: Call) -> Row | None:
    """Return the newest fault that applies to this request. Count it down, and those that let the request pass."""
    if not call.has_faults:
        return None
    is_stream = call.path.endswith(STREAM)
    with call.store.write() as transaction:
        for fault in transaction.all(SQL_MATCHING, call.path, call.path, call.method, is_stream):
            if fault["after"]:
                transaction.run("UPDATE faults SET after = after - 1 WHERE id = ?", fault["id"])
                continue
            _count(transaction, fault["id"], 1)
            return fault
    return None


SQL_COUNT = "UPDATE faults SET times = times - ?, fired = fired + ? WHERE id = ?"


def _count(transaction: Transaction, fault_id: str, requests: int) -> None:
    """Note that a fault applied to so many requests more; to fewer if it is negative."""
    transaction.run(SQL_COUNT, requests, requests, fault_id)


def give_back(call: Call) -> None:
    """Undo the count of the call's fault, because it could not happen."""
    if call.fault is not None:
        with call.store.write() as transaction:
            _count(transaction, call.fault["id"], -1)
        call.fault = None


def check_applies(call: Call, error: EmulatorError | None, body: bytes) -> None:
    """Give the fault back if it could not happen.

    That is so if the request failed by itself, if the body ends before the cut, or if there was no thread for the
    delay, which is a 503. A stream has no body here.
    """
    if call.fault is None or isinstance(error, GivenResponse):
        return
    if error is not None and (error.status == 503 or _needs_success(call.fault)):
        give_back(call)
        return
    cut = call.fault["cut_after_bytes"]
    if cut is not None and 0 < len(body) <= cut:
        give_back(call)


def _needs_success(fault: Row) -> bool:
    return bool(fault["after_commit"]) or _last_event(fault) is not None


def _last_event(fault: Row) -> int | None:
    """Return after how many events of a stream the fault happens; None if it is not one of a stream."""
    number = fault["cut_after_events"]
    if number is None:
        number = fault["error_after_events"]
    return None if number is None else int(number)


def carry_out(call: Call, patience_s: float, *, after_commit: bool) -> bool:
    """Wait, and then drop the connection or raise the given response, if the call's fault happens at this time.

    A delay ends after `patience_s` seconds, when the client stops waiting. Returns whether the client has left.
    """
    fault = call.fault
    if fault is None or fault["after_commit"] != after_commit:
        return False
    delay_s = fault["delay_ms"] / 1000
    time.sleep(min(delay_s, patience_s))
    if delay_s > patience_s:
        return True
    if fault["disconnect"]:
        raise Disconnected(f"Injected fault ({fault['id']}) dropped the connection.")
    if fault["status"] is not None:
        _check_is_page(call, fault)
        raise _given_response(call, fault)
    return False


def _given_response(call: Call, fault: Row) -> GivenResponse:
    status = fault["status"]
    body = "" if status in NO_BODY else fault["body"]
    code = fault["error_code"] or ""
    details: Mapping[str, object] = {}
    if status == STATUS_OF_LOST_LEASE and call.path.endswith("/heartbeat"):
        details = work.lost_lease(call)
        code = code or work.LOST_LEASE
    message = f"Injected fault ({fault['id']})."
    return GivenResponse(status, message, code, details, _headers(fault), body)


STATUS_OF_LOST_LEASE = 412
"""The status of a heartbeat for a lease that is another worker's, whose error has details."""


def _check_is_page(call: Call, fault: Row) -> None:
    """Reject a stub that returns an object where a client expects a list: it would see an empty one.

    Raises:
        EmulatorError: status 500. It is an error of the test, so the report names it, too.

    """
    if fault["status"] != OK or call.method != "GET" or not re.fullmatch(LIST_PATH, call.path):
        return
    with suppress(ValueError):
        body = json.loads(fault["body"])
        if not isinstance(body, dict) or "data" in body:
            return
        message = (
            f"The stub {fault['id']} answers the list GET {call.path} with an object that is no page. "
            'Give it a method, an exact path, or a body such as {"data": [], "next_page": null}.'
        )
        with call.store.write() as transaction:
            findings.note(transaction, findings.STUB_OF_LIST, message)
        raise EmulatorError(500, message, headers=NO_RETRY)


OK = 200
LIST_PATH = r"/v1/[a-z_]+(?:/[^/]+/(?!content$)[a-z_]+)*"
"""A path that ends with the name of objects, and not with one object or its content."""


def _headers(fault: Row) -> tuple[tuple[str, str], ...]:
    """Return the headers of the response, which are given as lines."""
    lines = [line.partition(":") for line in json.loads(fault["headers"])]
    return tuple((name.lower(), value.strip()) for name, _, value in lines)


def damaged(call: Call, fault: Row, chunks: Iterable[bytes], patience_s: float) -> Iterator[bytes]:
    """Yield a body in two halves, or the events of a stream, as a fault says.

    There is a delay before each but the first, until the client stops waiting. Then the connection may be dropped,
    or a stream may end with an error.
    """
    most_bytes, most_events = fault["cut_after_bytes"], _last_event(fault)
    sent_bytes = sent_events = 0
    for chunk in _parts(chunks):
        if sent_bytes:
            _pause(fault, patience_s)
        data = chunk if most_bytes is None else chunk[: most_bytes - sent_bytes]
        yield data
        sent_bytes += len(data)
        sent_events += chunk != PING
        if most_bytes == sent_bytes:
            raise _cut(fault)
        if most_events is not None and sent_events >= most_events:
            yield from _end_of_stream(fault)
            return
    if most_bytes is not None or most_events is not None:
        give_back(call)


def _parts(chunks: Iterable[bytes]) -> Iterable[bytes]:
    """Return the halves of a body, or the events of a stream."""
    if not isinstance(chunks, list):
        return chunks
    (body,) = chunks
    middle = len(body) // 2
    return body[:middle], body[middle:]


def _pause(fault: Row, patience_s: float) -> None:
    pause_s = fault["body_delay_ms"] / 1000
    time.sleep(min(pause_s, patience_s))
    if pause_s > patience_s:
        raise ClientLeft


def _end_of_stream(fault: Row) -> Iterator[bytes]:
    """Yield the error that ends a stream. Raises Disconnected if the connection is dropped instead."""
    if fault["error_after_events"] is None:
        raise _cut(fault)
    error = {"type": "overloaded_error", "message": f"Injected fault ({fault['id']})."}
    data = fault["body"] or json.dumps({"type": "error", "error": error})
    yield f"event: error\ndata: {data}\n\n".encode()


def _cut(fault: Row) -> Disconnected:
    return Disconnected(f"Injected fault ({fault['id']}) cut the response.")


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
BREAKS = ("status", "disconnect", "cut_after_events", "cut_after_bytes", "error_after_events")
"""What a fault may do, of which it does one."""
OF_STATUS = ("body", "headers", "error_code")
"""The fields of a fault that describe its response."""


def _check(given: Mapping[str, Any]) -> None:
    """Reject a fault that does nothing, or does two things that exclude each other."""
    breaks = [name for name in BREAKS if name in given]
    if len(breaks) > 1:
        raise InvalidRequest(f"{breaks[0]}: excludes {breaks[1]}; a fault does one of them.")
    if "path" in given and "path_contains" in given:
        raise InvalidRequest("path: excludes path_contains; the path is the whole one.")
    if not given.keys() & {*BREAKS, "delay_ms", "body_delay_ms"}:
        raise InvalidRequest("status: required, unless the fault has delays, disconnect or a cut.")
    _check_response(given)
    _check_moment(given, breaks)


OF_STREAM = ("cut_after_events", "error_after_events")


def _check_moment(given: Mapping[str, Any], breaks: Sequence[str]) -> None:
    """Reject a time at which the fault can't happen."""
    if "after_commit" in given and not given.keys() & {"status", "disconnect", "delay_ms"}:
        raise InvalidRequest(
            "after_commit: needs a status, disconnect or delay_ms, to happen after the commit."
        )
    ends_body = [name for name in breaks if name not in OF_STREAM]
    if "body_delay_ms" in given and ends_body:
        raise InvalidRequest(
            f"body_delay_ms: excludes {ends_body[0]}, after which there is no body to delay."
        )


def _check_response(given: Mapping[str, Any]) -> None:
    """Reject the parts of a response without a status, and a success without a body."""
    if "error_after_events" in given:
        _check_event(given)
    elif "status" not in given:
        for name in OF_STATUS:
            if name in given:
                why = "needs a status, because it is a part of that response"
                raise InvalidRequest(f"{name}: {why}.")
    status = given.get("status", LOWEST_ERROR)
    may_lack_body = status >= LOWEST_ERROR or status in NO_BODY
    if "body" not in given and not may_lack_body:
        raise InvalidRequest(
            f"body: required for the status {status}; the default is that of an error."
        )


def _check_event(given: Mapping[str, Any]) -> None:
    """Reject what the event `error` of a stream can't have. Its data may be given."""
    for name in ("headers", "error_code"):
        if name in given:
            raise InvalidRequest(f"{name}: a stream that ends with an error has none.")
    if not _is_one_line(given.get("body", "")):
        raise InvalidRequest("body: must be one line, which is the data of an event.")


def _is_one_line(text: str) -> bool:
    return "\n" not in text and "\r" not in text


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
    del fields["sequence"], fields["fired"]
    return fields
