"""Whether handlers fail because something that they need is missing, whatever their items are: the rules.

Times are seconds of any one clock. Nothing here waits, except those who wait for a `Doubt` to be settled.
"""

from __future__ import annotations

import asyncio

from ant_cli.http.retries import backoff
from ant_cli.worker.settlement import CANNOT_RUN, Ending, Run, describe_status

_LONGEST_PAUSE_S = 60.0
_AT_THE_START_S = 3.0
"""A handler that fails within this time has failed at its start, also on a machine that is busy."""
_RUN_OF_FAILURES = 5
"""So many different items in a row whose handlers fail at their start are an outage."""
_LATE_S = 2.0
"""Items that an outage gave back come this much later than the next try, so that it gets a different one."""
_RETURN_S = _LATE_S + 2
"""When the last of them is back, which is never at fault after such an exit status: leases are whole seconds."""
_MOST_EXCUSED = 10_000


class Doubt(asyncio.Event):
    """Whether failures count as attempts of their items. It is set when that is known."""

    counts = True

    def settle(self, *, counts: bool) -> Doubt:
        """Set it, and return it."""
        self.counts = counts
        self.set()
        return self


class Outage:
    """What the ends of a worker's runs say about its handler."""

    def __init__(self) -> None:
        self.reason = ""
        """How the handler failed when the outage began; empty without an outage."""
        self.resumes_at = 0.0
        """In an outage, when the next item may try whether it is over."""
        self._lapses_at = 0.0
        """When an empty queue means that nothing is left to try."""
        self._tries = 0
        self._since = 0.0
        """Only a success that began later shows that the handler works."""
        self._failed: set[str] = set()
        """The items whose handlers have failed at their start, without a success in between."""
        self._excused: dict[str, None] = {}
        """The items that have failed like this in an outage. If they do so again afterwards, it is their fault."""
        self._doubt = Doubt()
        """That of the next early failure; settled when no more items are taken."""

    def take(self, work_id: str, run: Run, began: float, ended: float) -> Doubt:
        """Take the end of a run. Return whether its failure counts, or will count."""
        if run.succeeded and began >= self._since:
            self.end()
        if run.succeeded or run.ending is not Ending.EXITED:
            return Doubt().settle(counts=True)
        if self.reason or run.status in CANNOT_RUN:
            self._pause(work_id, run, began, ended)
            return Doubt().settle(counts=False)
        if ended - began > _AT_THE_START_S or work_id in self._excused:
            return Doubt().settle(counts=True)
        if not self._failed:
            self._since = ended
        self._failed.add(work_id)
        doubt = self._doubt
        if len(self._failed) == _RUN_OF_FAILURES:
            self._pause(work_id, run, began, ended)
        return doubt

    def _pause(self, work_id: str, run: Run, began: float, ended: float) -> None:
        """Begin or prolong the outage."""
        self.reason = self.reason or describe_status(run.status)
        self._excused |= dict.fromkeys([*self._failed, work_id])
        while len(self._excused) > _MOST_EXCUSED:
            del self._excused[next(iter(self._excused))]
        self._failed.clear()
        self._settle_doubts(counts=False)
        if began >= self.resumes_at:  # or it ran at the same time as another one that failed
            self.resumes_at = self._since = ended + backoff(self._tries, _LONGEST_PAUSE_S)
            self._lapses_at = self.resumes_at + (_RETURN_S if run.status in CANNOT_RUN else 0.0)
            self._tries += 1

    def end(self) -> None:
        """Take it that the handler works."""
        self.reason, self.resumes_at, self._tries = "", 0.0, 0
        self._failed.clear()
        self._settle_doubts(counts=True)

    def take_empty_poll(self, sent: float) -> None:
        """Take an empty poll: no run can say more about failures in doubt, or about an outage.

        Other workers have run what was left, or only the item that tried last is left, so that it may be at fault.
        """
        if self.reason and sent >= self._lapses_at:
            self.reason = ""
            self._excused.clear()
        self._settle_doubts(counts=True)

    def close(self, *, counts: bool) -> None:
        """Leave no doubt from now on, because no more items are taken."""
        self._doubt.settle(counts=counts)

    def _settle_doubts(self, *, counts: bool) -> None:
        if not self._doubt.is_set():
            self._doubt.settle(counts=counts)
            self._doubt = Doubt()

    def pause_of_item(self, now: float) -> float:
        """Return the seconds after which an item that an outage gave back may run again."""
        return max(self.resumes_at - now, 0.0) + _LATE_S
