"""The counts of a worker, for its metrics, its health checks, and the status line."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from itertools import accumulate

from ant_cli.worker.settlement import Outcome

_FAILURES = (Outcome.FAILED, Outcome.TIMED_OUT, Outcome.DEAD_LETTER)


class Histogram:
    """A histogram of seconds."""

    def __init__(self, *bounds: float) -> None:
        """Take the upper bounds of the buckets."""
        self._bounds = bounds
        self._counts = [0] * (len(bounds) + 1)
        self.sum = 0.0

    def observe(self, seconds: float) -> None:
        """Count a value."""
        position = sum(seconds > bound for bound in self._bounds)
        self._counts[position] += 1
        self.sum += seconds

    def cumulative(self) -> list[tuple[str, int]]:
        """Return the upper bound of each bucket with the number of values up to it, as Prometheus defines them."""
        bounds = [*map(str, self._bounds), "+Inf"]
        return list(zip(bounds, accumulate(self._counts), strict=True))


class Tally:
    """Counts and states of one worker. Written by its event loop, and read by the threads of its listener."""

    def __init__(self, slots: int) -> None:
        self.slots = slots
        self.slots_used = 0
        self.draining = False
        self.polls = Counter(dict.fromkeys(("work", "empty", "error"), 0))
        self.items: Counter[str] = Counter({outcome.value: 0 for outcome in Outcome})
        self.heartbeats = Counter(dict.fromkeys(("extended", "lost", "error"), 0))
        self.item_duration = Histogram(0.1, 0.5, 1.0, 5.0, 15.0, 60.0, 300.0, 900.0, 3600.0)
        self.queue_wait = Histogram(0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 30.0, 120.0, 600.0)
        self.queue_depth: int | None = None
        """The number of waiting items, if it is being fetched; None if the server did not say."""
        self.last_poll_at = 0.0
        """The Unix time of the last successful poll; 0 before the first."""

    def status(self) -> str:
        """Return the state of the worker, for a line of the terminal."""
        parts = [
            f"{self.slots_used}/{self.slots} busy",
            f"{self.items[Outcome.SUCCEEDED]} done",
            f"{sum(self.items[outcome] for outcome in _FAILURES)} failed",
            f"queue {'?' if self.queue_depth is None else self.queue_depth}",
            *(["draining"] if self.draining else []),
        ]
        return "  ".join(parts)

    def summary(self, seconds: float) -> str:
        """Return what the worker has done until its end."""
        counts = {outcome.replace("_", " "): count for outcome, count in self.items.items() if count}
        listed = ", ".join(f"{count} {outcome}" for outcome, count in counts.items())
        total = sum(counts.values())
        runs = f"{total} {'run' if total == 1 else 'runs'} in {timedelta(seconds=round(seconds))}"
        return f"{runs}: {listed}" if listed else runs
