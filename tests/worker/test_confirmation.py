"""What the events of a session and the times of an item say about a handler that has exited with 0."""

from __future__ import annotations

import pytest

from ant_cli.worker.confirmation import waits_for_tools, was_stopped_by_a_person

END_OF_TURN = {"type": "session.status_idle", "stop_reason": {"type": "end_turn"}}


def waiting_for(*ids):
    """Return the event of a session that waits for something."""
    reason = {"type": "requires_action", "event_ids": list(ids)}
    return {"type": "session.status_idle", "stop_reason": reason}


CALL = {"type": "agent.tool_use", "id": "call_1"}


@pytest.mark.parametrize(
    ("newest_first", "waits"),
    [
        ([waiting_for("call_1"), CALL], True),
        ([waiting_for("custom_1", "call_1"), CALL], True),
        ([waiting_for("custom_1"), CALL], False),
        ([waiting_for("call_1")], False),
        ([END_OF_TURN, waiting_for("call_1"), CALL], False),
        ([CALL, waiting_for("call_1")], True),
        ([END_OF_TURN], False),
        ([{"type": "session.status_idle"}], False),
        ([], False),
    ],
)
def test_a_session_waits_for_a_worker_if_its_last_turn_ended_at_a_tool(newest_first, waits):
    """A custom tool is the application's, and an earlier turn has ended."""
    assert waits_for_tools(newest_first) is waits


@pytest.mark.parametrize(
    ("asked_at", "stopped_at", "expected"),
    [
        ("2026-12-07T10:00:00Z", "2026-12-07T10:00:00Z", False),
        ("2026-12-07T10:00:00Z", "2026-12-07T10:00:00.4Z", False),
        ("2026-12-07T10:00:00Z", "2026-12-07T10:00:12Z", True),
        (None, "2026-12-07T10:00:12Z", False),
        ("2026-12-07T10:00:00Z", None, False),
    ],
)
def test_a_stop_that_was_asked_for_before_is_that_of_a_person(asked_at, stopped_at, expected):
    """A handler that is done stops its item at once."""
    item = {"stop_requested_at": asked_at, "stopped_at": stopped_at}
    assert was_stopped_by_a_person(item) is expected
