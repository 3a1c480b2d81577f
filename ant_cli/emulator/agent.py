"""The agent of a session: it follows a script in place of a model.

A step that calls a tool makes the session wait for the tool's result, or for a person who allows the call. `idle`
makes it wait for a message from the user. A result that the step does not expect ends the session with an error
that names the step.

No timer runs the steps. They happen when somebody looks at the session, as if they had happened on time.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from itertools import takewhile
from typing import Any

from ant_cli.emulator import work
from ant_cli.emulator.errors import InvalidRequest
from ant_cli.emulator.store import (
    MICROSECONDS_PER_MS,
    MICROSECONDS_PER_SECOND,
    Row,
    Transaction,
    rfc3339,
)

Event = dict[str, Any]

TOOLS = {"tool": "agent.tool_use", "custom_tool": "agent.custom_tool_use"}
"""The event that a step emits to call a tool."""
CONFIRMATION = "user.tool_confirmation"
ANSWERS = {"user.custom_tool_result": "custom_tool_use_id"} | dict.fromkeys(
    ("user.tool_result", CONFIRMATION), "tool_use_id"
)
"""The events that a call waits for, and the field that names the call."""
ANSWERED = "-"
"""Takes the place of a call's ID when the call no longer waits, while the session waits for other calls."""
UNCONFIRMED = "?"
"""Precedes the ID of a call that waits for a person's permission."""
FIGURES = ("usage", "stats")
"""The steps that set figures of the session."""
RUNNING = {"type": "session.status_running"}
TERMINATED = "session.status_terminated"
SQL_UNFINISHED = "SELECT 1 FROM work WHERE session_id = ? AND state <> 'stopped' LIMIT 1"

HEAD_START = 200 * MICROSECONDS_PER_MS
"""How long due steps wait for a stream, so that a client can open one. With a stopped clock, they don't wait."""
WAIT = re.compile(r"(?P<count>[0-9]{1,6})(?P<unit>ms|s|m)", re.ASCII)
UNITS = {"ms": MICROSECONDS_PER_MS, "s": MICROSECONDS_PER_SECOND, "m": 60 * MICROSECONDS_PER_SECOND}


def emit(transaction: Transaction, session: Row, fields: Event) -> Event:
    """Add an event with these fields to a session, and return it."""
    first = {
        "id": transaction.ids.new_id("sevt"),
        "type": fields["type"],
        "processed_at": rfc3339(transaction.now),
    }
    event = first | fields
    transaction.add(
        "events", session_id=session["id"], type=event["type"], document=json.dumps(event)
    )
    return event


def saved(transaction: Transaction, session: Row, **columns: object) -> Row:
    """Change columns of a session, and return it."""
    return transaction.change("sessions", session, updated_at=transaction.now, **columns)


# The steps


def catch_up(transaction: Transaction, session: Row, patience: int = HEAD_START) -> Row:
    """Carry out the steps that have been due for `patience`."""
    if transaction.moment.is_frozen:
        patience = 0
    while session["resume_at"] is not None and session["resume_at"] + patience <= transaction.now:
        session = advance(transaction, session)
    return session


def advance(transaction: Transaction, session: Row) -> Row:
    """Carry out steps until one has to wait, or the script ends."""
    done = session["step"]
    for step in json.loads(session["script"])[done:]:
        done += 1
        if "message" in step:
            emit(transaction, session, {"type": "agent.message", "content": _text(step["message"])})
        elif "thinking" in step:
            emit(transaction, session, {"type": "agent.thinking"})
        elif name := next((each for each in FIGURES if each in step), ""):
            figures = json.loads(session["figures"])
            figures[name] = figures.get(name, {}) | step[name]
            session = saved(transaction, session, figures=json.dumps(figures))
        elif "wait" in step:
            count, unit = WAIT.fullmatch(step["wait"]).groups()  # type: ignore[union-attr] # checked when it was read
            resume_at = session["resume_at"] + int(count) * UNITS[unit]
            return saved(transaction, session, step=done, resume_at=resume_at)
        elif "terminate" in step:
            return terminate(transaction, session, done)
        elif "idle" in step:
            break
        else:
            calls = [_call(transaction, session, tool) for tool in _tools_of(step)]
            if set(calls) != {ANSWERED}:
                return go_idle(transaction, session, done, calls)
    return go_idle(transaction, session, done)


def _text(text: str) -> list[Event]:
    return [{"type": "text", "text": text}]


def _call(transaction: Transaction, session: Row, tool: Event) -> str:
    """Call a tool, and return the ID of the call if it waits for a result, with a mark if it waits for a person."""
    kind = next(kind for kind in TOOLS if kind in tool)
    event = {"type": TOOLS[kind], "name": tool[kind], "input": tool.get("input") or {}}
    permission = tool.get("evaluated_permission", "allow")
    if kind == "tool":
        event |= {
            "evaluated_permission": permission,
            "evaluation": {"type": f"always_{permission}"},
        }
    call_id = str(emit(transaction, session, event)["id"])
    if permission == "ask":
        return UNCONFIRMED + call_id
    return _waits(transaction, session, tool, call_id)


def _waits(transaction: Transaction, session: Row, tool: Event, call_id: str) -> str:
    """Return the ID of an allowed call, which waits for a worker; `ANSWERED` if the script has its result."""
    if "result" not in tool:
        return call_id
    result = {"tool_use_id": call_id, "content": _text(tool["result"]), "is_error": False}
    emit(transaction, session, {"type": "agent.tool_result", **result})
    return ANSWERED


def begin(transaction: Transaction, session: Row) -> Row:
    """Begin a turn, or continue it. If a worker has to call a tool in it, there is a work item."""
    emit(transaction, session, RUNNING)
    rest = json.loads(session["script"])[session["step"] :]
    if needs_worker(rest) and transaction.one(SQL_UNFINISHED, session["id"]) is None:
        # No worker has the session, or will get it, to call the tool.
        work.add(transaction, session["environment_id"], session["id"], secret=True)
    active = session["active"] - transaction.now
    return saved(
        transaction,
        session,
        status="running",
        waits_for=None,
        resume_at=transaction.now,
        active=active,
    )


def needs_worker(steps: Iterable[Event]) -> bool:
    """Whether a worker has to call a tool before the turn ends."""
    turn = takewhile(lambda step: not step.keys() & {"idle", "terminate"}, steps)
    return any("tool" in tool and "result" not in tool for step in turn for tool in _tools_of(step))


def go_idle(transaction: Transaction, session: Row, step: int, calls: Sequence[str] = ()) -> Row:
    """End the turn, or wait for the results of calls. A message that has arrived meanwhile begins the next turn."""
    ids = [call.removeprefix(UNCONFIRMED) for call in calls if call != ANSWERED]
    reason = {"type": "requires_action", "event_ids": ids} if ids else {"type": "end_turn"}
    emit(
        transaction,
        session,
        {"type": "session.status_idle", "stop_reason": reason, "stop_details": None},
    )
    session = _stopped(transaction, session, "idle", step=step, waits_for=" ".join(calls) or None)
    if ids or not session["queued"]:
        return session
    return begin(transaction, saved(transaction, session, queued=session["queued"] - 1))


def terminate(transaction: Transaction, session: Row, step: int) -> Row:
    """End the session for good."""
    emit(transaction, session, {"type": TERMINATED})
    return _stopped(transaction, session, "terminated", step=step)


def _stopped(transaction: Transaction, session: Row, status: str, **columns: object) -> Row:
    """Note that the agent stops. While it runs, `active` is its earlier running time minus its start time."""
    active = session["active"] + (transaction.now if session["status"] == "running" else 0)
    return saved(transaction, session, status=status, resume_at=None, active=active, **columns)


def _tools_of(step: Event) -> list[Event]:
    """Return the tools that a step calls at once."""
    return step.get("tools") or [step]


# Events of the user


def receive(transaction: Transaction, session: Row, event: Event) -> Row:
    """Continue with the script if the session waits for this event of the user.

    Raises:
        InvalidRequest: if the session has ended, or no call waits for the event.

    """
    if session["status"] == "terminated":
        raise InvalidRequest(f"session_id: {session['id']} is terminated and takes no more events.")
    if event["type"] in ANSWERS:
        return _answered(transaction, session, event)
    is_running = session["resume_at"] is not None
    if event["type"] == "user.interrupt" and (is_running or session["waits_for"]):
        return go_idle(transaction, session, session["step"])
    if event["type"] != "user.message" or session["waits_for"]:
        return session
    if is_running:
        return saved(transaction, session, queued=session["queued"] + 1)
    return begin(transaction, session)


def _answered(transaction: Transaction, session: Row, event: Event) -> Row:
    """Continue with the result of a call, or with the permission for it."""
    kind, field = event["type"], ANSWERS[event["type"]]
    call_id, calls = event[field], (session["waits_for"] or "").split()
    call = UNCONFIRMED * (kind == CONFIRMATION) + call_id
    if call not in calls or call_id.startswith((ANSWERED, UNCONFIRMED)):
        what = kind.rpartition("_")[2]
        raise InvalidRequest(f"events: {session['id']} does not wait for a {what} of {call_id!r}.")
    tool = _tools_of(json.loads(session["script"])[session["step"] - 1])[calls.index(call)]
    if ("tool" in tool) != (field == "tool_use_id"):
        raise InvalidRequest(f"events: the result of {call_id!r} has another type than {kind}.")
    waits = ANSWERED
    if kind == CONFIRMATION:
        if event["result"] == "allow":
            if event.get("deny_message"):
                raise InvalidRequest("deny_message: only for the result deny.")
            waits = _waits(transaction, session, tool, call_id)
    elif problem := _mismatch(tool.get("expect") or {}, event):
        message = f"Step {session['step']} ({json.dumps(tool, ensure_ascii=False)}): {problem}"
        error = {"type": "unknown_error", "message": message, "retry_status": {"type": "terminal"}}
        emit(transaction, session, {"type": "session.error", "error": error})
        return terminate(transaction, session, session["step"])
    calls[calls.index(call)] = waits
    if set(calls) == {ANSWERED}:
        return begin(transaction, session)
    return saved(transaction, session, waits_for=" ".join(calls))


def _mismatch(expected: Event, result: Event) -> str | None:
    """Return why a result is not as expected; None if it is."""
    is_error = bool(result.get("is_error"))
    text = "".join(block.get("text", "") for block in result.get("content") or [])
    if expected.get("is_error") not in (None, is_error):
        return f"expected is_error to be {json.dumps(not is_error)}; the text is {text!r}."
    if expected.get("text") not in (None, text):
        return f"expected the text {expected['text']!r}, got {text!r}."
    if (part := expected.get("contains")) is not None and part not in text:
        return f"expected text that contains {part!r}, got {text!r}."
    return None
