"""The script of a session's agent: which calls wait for a result, and which results are as expected."""

from __future__ import annotations

import json

from ant_cli.emulator.errors import InvalidRequest
from ant_cli.emulator.store import Row
from ant_cli.runtime.light_typing import Any

Event = dict[str, Any]

TOOLS = {"tool": "agent.tool_use", "custom_tool": "agent.custom_tool_use"}
"""The event that a step emits to call a tool."""
RESULTS = {"user.tool_result": "tool_use_id", "user.custom_tool_result": "custom_tool_use_id"}
"""The events with a tool's result, and the field that names the call."""


def check_takes(session: Row, event: Event) -> None:
    """Reject an event for a session that has ended, or does not wait for the event's result."""
    if session["status"] == "terminated":
        raise InvalidRequest(f"session_id: {session['id']} is terminated and takes no more events.")
    field = RESULTS.get(event["type"])
    if field is None:
        return
    tool = awaited_calls(session).get(event[field])
    if tool is None:
        raise InvalidRequest(f"events: {session['id']} does not wait for a result of {event[field]!r}.")
    if ("tool" in tool) != (field == "tool_use_id"):
        raise InvalidRequest(f"events: the result of {event[field]!r} has another type than {event['type']}.")


def awaited_calls(session: Row) -> dict[str, Event]:
    """Return the calls of the current step that have no result yet, by their IDs."""
    if not session["waits_for"]:
        return {}
    step: Event = json.loads(session["script"])[session["step"] - 1]
    ids = session["waits_for"].split()
    return {call_id: tool for call_id, tool in zip(ids, tools_of(step), strict=True) if call_id != ANSWERED}


ANSWERED = "-"
"""In the place of the ID of a call whose result has arrived, while the session waits for those of others."""


def tools_of(step: Event) -> list[Event]:
    """Return what a step calls at once."""
    return step.get("tools") or [step]


def mismatch(expected: Event, result: Event) -> str | None:
    """Return why a result is not as expected; None if it is."""
    is_error = bool(result.get("is_error"))
    text = "".join(block.get("text", "") for block in result.get("content") or [] if block.get("type") == "text")
    if expected.get("is_error") not in (None, is_error):
        return f"expected is_error to be {expected['is_error']}, got {is_error}; the text is {text!r}."
    if expected.get("text") not in (None, text):
        return f"expected the text {expected['text']!r}, got {text!r}."
    if (part := expected.get("contains")) is not None and part not in text:
        return f"expected text that contains {part!r}, got {text!r}."
    return None
