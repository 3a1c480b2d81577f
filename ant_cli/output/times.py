"""Times as people say them: `3 h ago`."""

from __future__ import annotations

import re
from datetime import datetime

_TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)")
_UNITS = ((365 * 86_400, "y"), (30 * 86_400, "mo"), (86_400, "d"), (3600, "h"), (60, "min"))
"""Seconds of each unit, the longest first."""


def relative(text: str, now: float) -> str:
    """Return how long before or after `now` (in seconds since 1970) a timestamp is; empty if it is not one."""
    if not _TIMESTAMP.fullmatch(text):
        return ""
    try:
        seconds = now - datetime.fromisoformat(text).timestamp()
    except (ValueError, OverflowError):
        return ""
    for length, unit in _UNITS:
        if abs(seconds) >= length:
            count = int(abs(seconds) // length)
            return f"{count} {unit} ago" if seconds > 0 else f"in {count} {unit}"
    return "just now" if seconds > -1 else f"in {int(-seconds)} s"
