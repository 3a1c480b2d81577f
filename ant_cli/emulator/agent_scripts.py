"""Scripted agents: the steps of a session, which replace a model.

A step that calls a tool makes the session wait for the tool's result, and `idle` makes it wait for a message from
the user. A result that the step does not expect ends the session with an error that names the step.
"""

from __future__ import annotations

import json

from ant_cli.emulator.clock import rfc3339
from ant_cli.emulator.errors import InvalidRequest
from ant_cli.emulator.identifiers import new_id
from ant_cli.emulator.store import Transaction
from ant_cli.runtime.light_typing import Any, NamedTuple

TOOLS = {"tool": "agent.tool_use", "custom_tool": "agent.custom_tool_use"}
"""The event that a step emits to call a tool."""
RESULTS = {"user.tool_result": "tool_use_id", "user.custom_tool_result": "custom_tool_use_id"}
"""The events with a tool's result, and the field that names the call."""
TERMINATED = "session.status_terminated"
FIRST_MESSAGE = "Run the script."

SQL_ADD_EVENT = "INSERT INTO events (session_id, type, document) VALUES (?, ?, ?)"
SQL_SAVE = "UPDATE sessions SET status = ?, step = ?, waits_for = ?, updated_at = ? WHERE id = ?"

Event = dict[str, Any]


class Session(NamedTuple):
    """A stored session, in the order of its columns."""

    id: str
    environment_id: str
    status: str
    title: str | None
    metadata: str
    script: str
    step: int
    waits_for: str | None
    """The ID of the tool call that has no result yet."""
    created_at: int
    updated_at: int

    @property
    def steps(self) -> list[dict[str, Any]]:
        """The steps of the script."""
        steps: list[dict[str, Any]] = json.loads(self.script)
        return steps


class Received(NamedTuple):
    """A received event of the user, and the session after it."""

    event: Event
    session: Session


def begin(transaction: Transaction, session: Session) -> Session:
    """Emit the events that follow the creation of a session."""
    if session.steps:
        content = [{"type": "text", "text": FIRST_MESSAGE}]
        emit(transaction, session, "user.message", {"content": content})
        emit(transaction, session, "session.status_running")
    return _advance(transaction, session)


def receive(transaction: Transaction, session: Session, event: Event) -> Received:
    """Process an event of the user, and continue with the script if the session waits for it.

    Raises:
        InvalidRequest: if the session has ended, or does not wait for the event's result.

    """
    if session.status == "terminated":
        raise InvalidRequest(f"session_id: {session.id} is terminated and takes no more events.")
    event_type = event["type"]
    if event_type in RESULTS:
        return _receive_result(transaction, session, event)
    taken = emit(transaction, session, event_type, _fields_of(event))
    if event_type == "user.message" and session.waits_for is None:
        emit(transaction, session, "session.status_running")
        return Received(taken, _advance(transaction, session))
    if event_type == "user.interrupt" and session.waits_for is not None:
        return Received(taken, _end_turn(transaction, session._replace(waits_for=None)))
    return Received(taken, session)


def emit(transaction: Transaction, session: Session, event_type: str, fields: Event | None = None) -> Event:
    """Add an event to a session and return it."""
    event = {"id": new_id("sevt"), "type": event_type, "processed_at": rfc3339(transaction.now), **(fields or {})}
    transaction.run(SQL_ADD_EVENT, session.id, event_type, json.dumps(event))
    return event


def _fields_of(event: Event) -> Event:
    return {name: value for name, value in event.items() if name != "type"}


def _receive_result(transaction: Transaction, session: Session, event: Event) -> Received:
    field = RESULTS[event["type"]]
    if event[field] != session.waits_for:
        raise InvalidRequest(f"events: {session.id} does not wait for a result of {event[field]!r}.")
    step = session.steps[session.step - 1]
    if ("tool" in step) != (field == "tool_use_id"):
        raise InvalidRequest(f"events: the result of {event[field]!r} has another type than {event['type']}.")
    taken = emit(transaction, session, event["type"], _fields_of(event))
    if problem := _mismatch(step.get("expect") or {}, event):
        return Received(taken, _fail(transaction, session, f"Step {session.step} ({step}): {problem}"))
    emit(transaction, session, "session.status_running")
    return Received(taken, _advance(transaction, session._replace(waits_for=None)))


def _advance(transaction: Transaction, session: Session) -> Session:
    """Carry out steps until one has to wait, or the script ends."""
    for number, step in enumerate(session.steps[session.step :], session.step + 1):
        session = session._replace(step=number)
        if "message" in step:
            emit(transaction, session, "agent.message", {"content": [{"type": "text", "text": step["message"]}]})
        elif "terminate" in step:
            emit(transaction, session, TERMINATED)
            return _save(transaction, session._replace(status="terminated"))
        elif "idle" in step:
            break
        else:
            return _call_tool(transaction, session, step)
    return _end_turn(transaction, session)


def _call_tool(transaction: Transaction, session: Session, step: Event) -> Session:
    tool = next(tool for tool in TOOLS if tool in step)
    fields = {"name": step[tool], "input": step.get("input") or {}}
    if tool == "tool":
        fields["evaluated_permission"] = "allow"
    call = emit(transaction, session, TOOLS[tool], fields)
    _go_idle(transaction, session, {"type": "requires_action", "event_ids": [call["id"]]})
    return _save(transaction, session._replace(status="idle", waits_for=call["id"]))


def _end_turn(transaction: Transaction, session: Session) -> Session:
    _go_idle(transaction, session, {"type": "end_turn"})
    return _save(transaction, session._replace(status="idle"))


def _go_idle(transaction: Transaction, session: Session, reason: Event) -> None:
    emit(transaction, session, "session.status_idle", {"stop_reason": reason, "stop_details": None})


def _fail(transaction: Transaction, session: Session, message: str) -> Session:
    error = {"type": "unknown_error", "message": message, "retry_status": {"type": "terminal"}}
    emit(transaction, session, "session.error", {"error": error})
    emit(transaction, session, TERMINATED)
    return _save(transaction, session._replace(status="terminated", waits_for=None))


def _mismatch(expected: Event, result: Event) -> str | None:
    """Return why a result is not as expected; empty if it is."""
    is_error = bool(result.get("is_error"))
    text = "".join(block.get("text", "") for block in result.get("content") or [] if block.get("type") == "text")
    if expected.get("is_error") not in (None, is_error):
        return f"expected is_error to be {expected['is_error']}, got {is_error}; the text is {text!r}."
    if expected.get("text") not in (None, text):
        return f"expected the text {expected['text']!r}, got {text!r}."
    if (part := expected.get("contains")) is not None and part not in text:
        return f"expected text that contains {part!r}, got {text!r}."
    return None


def _save(transaction: Transaction, session: Session) -> Session:
    session = session._replace(updated_at=transaction.now)
    values = (session.status, session.step, session.waits_for, session.updated_at, session.id)
    transaction.run(SQL_SAVE, *values)
    return session
