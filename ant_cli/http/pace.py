"""The pace of concurrent requests: when one of them hits a rate limit, all of them wait."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic


class Pace:
    """When the next request may be sent. Threads may share it."""

    def __init__(self, sleep: Callable[[float], None]) -> None:
        self._sleep = sleep
        self._earliest = 0.0

    def hold(self, delay_s: float) -> None:
        """Send nothing for `delay_s` seconds."""
        self._earliest = max(self._earliest, monotonic() + delay_s)

    def wait(self) -> None:
        """Return when a request may be sent."""
        earliest = 0.0
        while earliest != self._earliest:  # another thread may have moved it meanwhile
            earliest = self._earliest
            if (left := earliest - monotonic()) > 0:
                self._sleep(left)
