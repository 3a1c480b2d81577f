"""Time: microseconds since 1970 in UTC, from the system or from a clock that a test sets."""

from __future__ import annotations

import time

from ant_cli.runtime.light_typing import Protocol

MICROSECONDS_PER_MS = 1_000
MICROSECONDS_PER_SECOND = 1_000_000


class Clock(Protocol):
    """Anything that tells the time."""

    def now(self) -> int:
        """Return the microseconds since 1970, UTC."""


class SystemClock:
    """The machine's clock."""

    def now(self) -> int:
        """Return the microseconds since 1970, UTC."""
        return time.time_ns() // 1_000


def rfc3339(moment: int) -> str:
    """Return `moment` as an RFC 3339 timestamp with all six digits of the microseconds."""
    seconds, microseconds = divmod(moment, MICROSECONDS_PER_SECOND)
    return f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(seconds))}.{microseconds:06d}Z"


def rfc3339_or_none(moment: int | None) -> str | None:
    """Return `moment` as an RFC 3339 timestamp; None if it has not happened yet."""
    return None if moment is None else rfc3339(moment)
