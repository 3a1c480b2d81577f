"""Timestamps: in seconds for comparisons, and for people, such as `3 h ago`."""

from __future__ import annotations

import re
from datetime import UTC, datetime

DATE = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
_A_MOMENT_S = 10
_UNITS = ((365 * 86_400, "y"), (30 * 86_400, "mo"), (86_400, "d"), (3600, "h"), (60, "min"))
"""Seconds of each unit, the longest first."""


def seconds_since_1970(text: str) -> float | None:
    """Return when a time in the notation of the API is, such as `2026-11-01T08:00:00Z`; a date means its start."""
    if not re.match(DATE, text):
        return None
    try:
        moment = datetime.fromisoformat(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except ValueError:
        return None


def relative_time(text: str, now: float) -> str:
    """Return a timestamp relative to `now` (in seconds since 1970), such as `3 h ago`; empty if it is not one.

    The clocks of server and user differ by a few seconds, so a time up to nine seconds ago, or less than a minute
    ahead, is `just now`.
    """
    moment = seconds_since_1970(text)
    if moment is None:
        return ""
    seconds = now - moment
    for length, unit in _UNITS:
        if abs(seconds) >= length:
            count = int(abs(seconds) // length)
            return f"{count} {unit} ago" if seconds > 0 else f"in {count} {unit}"
    return f"{int(seconds)} s ago" if seconds >= _A_MOMENT_S else "just now"
