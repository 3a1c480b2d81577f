"""Arrivals: how a poll that waits learns that there may be work."""

import threading
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

# Another process that shares the file cannot wake us, and a lease that runs out wakes nobody.
LOOK_AGAIN_SECONDS = 0.025


class Arrivals:
    """Counts the times that work came, and lets threads wait for the next one."""

    def __init__(self, look_again_seconds: float = LOOK_AGAIN_SECONDS) -> None:
        self._look_again_seconds = look_again_seconds
        self._count = 0
        self._changed = threading.Condition()

    def announce(self) -> None:
        """Wake everybody who waits; called after the commit, so that they find what came."""
        with self._changed:
            self._count += 1
            self._changed.notify_all()

    def wait_for(self, look: Callable[[], T | None], seconds: float) -> T | None:
        """Look, and look again whenever there may be something new, until `seconds` have passed."""
        deadline = time.monotonic() + seconds
        while True:
            seen = self._count
            found = look()
            left = deadline - time.monotonic()
            if found is not None or left <= 0:
                return found
            self._wait_while(seen, min(left, self._look_again_seconds))

    def _wait_while(self, seen: int, seconds: float) -> None:
        with self._changed:
            self._changed.wait_for(lambda: self._count != seen, seconds)
