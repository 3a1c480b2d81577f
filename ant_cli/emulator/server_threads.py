"""The threads of a served emulator: as many as its requests occupy, and one to spare."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

MOST_THREADS = 432
"""A stream, a waiting poll and a delay of a fault each occupy a thread."""
FREE_THREADS = 32
"""Threads that those never occupy, so that there is always one for a health check or a control page."""
FIRST_THREADS = 1


class ServerThreads:
    """Starts threads when requests need them: a process may have few, such as in a container, or beside others."""

    def __init__(self, most: int, set_count: Callable[[int], None]) -> None:
        """`set_count` makes the server have this many threads. RuntimeError if they can't be started."""
        self.most = most
        self._set_count = set_count
        self._lock = threading.Lock()
        self._count = FIRST_THREADS
        self._busy = 0
        self._waiting = 0
        self._is_limited = False
        """Whether the system has refused a thread."""

    @property
    def most_waiting(self) -> int:
        """How many requests may wait at once."""
        most = self._count if self._is_limited else self.most
        return most - min(FREE_THREADS, most // 2)

    @contextmanager
    def occupied(self) -> Iterator[None]:
        """Count a request, which occupies a thread until the context ends, and start one for the next request."""
        with self._lock:
            self._busy += 1
            if self._busy >= self._count < self.most:
                self._add_one()
        try:
            yield
        finally:
            with self._lock:
                self._busy -= 1

    def may_wait(self) -> bool:
        """Count a request that begins to wait, unless too many do. Returns whether it may."""
        with self._lock:
            if self._waiting >= self.most_waiting:
                return False
            self._waiting += 1
            return True

    def end_wait(self) -> None:
        """Count a request that does not wait any more."""
        with self._lock:
            self._waiting -= 1

    def _add_one(self) -> None:
        try:
            _try_to_start()
            self._set_count(self._count + 1)
        except RuntimeError:
            self._is_limited = True
        else:
            self._count += 1
            self._is_limited = False


def _try_to_start() -> None:
    """Start a thread that ends at once. Raises RuntimeError if the system refuses it.

    A server that was refused one counts it anyway, and would wait for it when it stops.
    """
    thread = threading.Thread(target=int)
    thread.start()
    thread.join()
