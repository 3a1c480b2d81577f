"""Timestamps for people: `3 h ago`."""

from __future__ import annotations

import re

TIME_ENDINGS = ("_AT", "HEARTBEAT")
"""The endings of titles and keys that contain timestamps, in upper case."""
_TIMESTAMP = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)"
_UNITS = ((365 * 86_400, "y"), (30 * 86_400, "mo"), (86_400, "d"), (3600, "h"), (60, "min"))
"""Seconds of each unit, the longest first."""


def relative_time(text: str, now: float) -> str:
    """Return a timestamp relative to `now` (in seconds since 1970), such as `3 h ago`; empty if it is not one.

    The clocks of server and user differ by a few seconds, so a time less than a minute ahead is `just now`.
    """
    if not re.fullmatch(_TIMESTAMP, text):
        return ""
    from datetime import datetime

    try:
        seconds = now - datetime.fromisoformat(text).timestamp()
    except (ValueError, OverflowError):
        return ""
    for length, unit in _UNITS:
        if abs(seconds) >= length:
            count = int(abs(seconds) // length)
            return f"{count} {unit} ago" if seconds > 0 else f"in {count} {unit}"
    return "just now"
