"""The pace of polling: at once while there is work, at the server's pace otherwise."""

from __future__ import annotations

BLOCK_MS = 999
"""How long the server holds a poll open: the API's maximum."""
_IDLE_CYCLE_S = 1.0
"""The shortest time between two empty polls. The server usually holds the poll open that long."""
_QUIET_AFTER_S = 300.0
_QUIET_CYCLE_S = 2.0
"""The same, when no work has arrived for `_QUIET_AFTER_S`."""
_LONGEST_BACKOFF_S = 60.0


class Backoff:
    """Pauses that get longer with each failure in a row."""

    def __init__(self) -> None:
        self.failures = 0

    def failed(self, jitter: float) -> float:
        """Return the seconds to wait after an error: twice as long each time, at most a minute.

        `jitter` is a random number from 0 to 1. It shortens the wait by up to half.
        """
        self.failures += 1
        return min(_LONGEST_BACKOFF_S, 2.0 ** min(self.failures, 6)) * (1 - jitter / 2)

    def succeeded(self) -> bool:
        """Forget the failures, and return whether there were any."""
        had_failed, self.failures = self.failures > 0, 0
        return had_failed


class IdleTime:
    """How long no work has arrived, and how long to wait before the next poll."""

    def __init__(self, now: float) -> None:
        self._since = now

    def work_came(self, now: float) -> None:
        """Start again from zero."""
        self._since = now

    def seconds(self, now: float) -> float:
        """Return how many seconds ago work last arrived."""
        return now - self._since

    def pause_after_empty(self, began: float, now: float) -> float:
        """Return the seconds to wait after an empty poll that began at `began`."""
        cycle = _QUIET_CYCLE_S if self.seconds(now) >= _QUIET_AFTER_S else _IDLE_CYCLE_S
        # The server's own wait takes a little less than a second; a further pause of milliseconds helps nobody.
        left = cycle - (now - began)
        return left if left > 0.05 else 0.0
