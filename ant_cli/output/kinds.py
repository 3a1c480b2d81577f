"""What a value is, for columns, views and conditions: it follows from the last key of its path."""

from __future__ import annotations

_STATE_COLOURS = {
    "queued": "yellow",
    "starting": "cyan",
    "active": "green",
    "stopping": "magenta",
    "stopped": "dim",
}
"""The colours of a work item's states."""


def has_time(path: str) -> bool:
    """Whether the values at a path are timestamps."""
    return path.endswith(("_at", "last_heartbeat"))


def has_id(path: str) -> bool:
    """Whether the values at a path are IDs, which people copy."""
    return _last_key(path) == "id" or path.endswith("_id")


def state_colour(path: str, text: str) -> str | None:
    """Return the colour of a work item's state; None for any other value."""
    return _STATE_COLOURS.get(text) if _last_key(path) == "state" else None


def _last_key(path: str) -> str:
    return path.rpartition(".")[2]
