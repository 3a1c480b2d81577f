"""Time: microseconds since 1970 in UTC, from the system or from a clock that a test sets."""

from __future__ import annotations

import time
from collections.abc import Callable

MICROSECONDS_PER_MS = 1_000
MICROSECONDS_PER_SECOND = 1_000_000


Clock = Callable[[], int]
"""Returns the microseconds since 1970, UTC."""


def system_clock() -> int:
    """Return the machine's time."""
    return time.time_ns() // 1_000


def rfc3339(moment: int) -> str:
    """Return `moment` as an RFC 3339 timestamp with all six digits of the microseconds."""
    seconds, microseconds = divmod(moment, MICROSECONDS_PER_SECOND)
    return f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(seconds))}.{microseconds:06d}Z"


def rfc3339_or_none(moment: int | None) -> str | None:
    """Return `moment` as an RFC 3339 timestamp; None if it has not happened yet."""
    return None if moment is None else rfc3339(moment)
