"""What failures mean: how long an item waits, which failure counts as an attempt, and what is an outage.

The rules are pure: times are passed in, and nothing here waits. Each item is judged by itself, but an outage needs
several.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple, TypeVar

from ant_cli.http.retries import backoff
from ant_cli.output.times import seconds_since_1970

T = TypeVar("T")
ATTEMPTS, EXCUSED, LAST_ERROR, DEAD_LETTER = (
    "ant_attempts",
    "ant_excused",
    "ant_last_error",
    "ant_dead_letter",
)
"""Metadata keys that count failures and record the last one, because the API has no counter. `ant_excused` counts
the failures that do not count as attempts."""
RETRY_AT = "ant_retry_at"
"""Metadata key: when a failed item may run again, by the server's clock."""
UNREPORTED = "ant_unreported"
"""Metadata key: how many runs were started, but their end was not reported."""
MOST_EXCUSED = 12
"""How many failures of an item are excused. Without a limit, a queue of only bad items would run forever."""
LONGEST_PAUSE_S = 300.0
"""The longest pause of a failed item: the longest lease that the API grants."""
_PAUSE_GROWTH = 6.0
_MOST_REMEMBERED = 10_000
"""The most items that a worker remembers."""
_DIFFERENT_ITEMS = 5
"""How many different items have to fail, without a success in between, to make an outage."""
_LONGEST_WAIT_S = 60.0
"""The longest pause before the next item shows whether an outage is over."""
_SHORTEST_PROOF_S = 60.0
"""An item that runs for a shorter time does not prove that an outage is over."""

Metadata = dict[str, str | None]
"""Keys to set; None deletes one."""


class History(NamedTuple):
    """The earlier runs of an item, as far as they are known."""

    failures: int = 0
    """How many failures count as attempts."""
    unreported: int = 0
    """How many runs have no reported end: their worker was killed, or lost the lease."""
    excused: int = 0
    """How many failures do not count as attempts."""
    retry_at: float = 0.0
    """When its pause ends, in seconds since 1970 by the server's clock; 0 without a pause."""

    @property
    def attempts(self) -> int:
        """How many runs of the item were not successful, without those that were excused."""
        return self.failures + self.unreported

    @property
    def runs(self) -> int:
        """How many runs of the item were not successful."""
        return self.attempts + self.excused

    def is_first(self, polled: Mapping[str, Any]) -> bool:
        """Whether neither this worker nor the server knows of an earlier run of an item that was polled."""
        return not (self.runs or polled.get("acknowledged_at") or polled.get("started_at"))

    def may_have_run(
        self, polled: Mapping[str, Any], acknowledged: Mapping[str, Any], lease_s: float
    ) -> bool:
        """Whether the item may have been run before: then its start should be counted, which costs a request.

        A worker that was killed still holds its item for a whole lease. So an item that was acknowledged within one
        lease of its creation, by the server's clock, is new, unless the server or the metadata says otherwise.
        """
        created = seconds_since_1970(str(acknowledged.get("created_at")))
        taken = seconds_since_1970(str(acknowledged.get("acknowledged_at")))
        return (
            not self.is_first(polled)
            or created is None
            or taken is None
            or taken - created >= lease_s
        )

    def is_paused(self, now: float) -> bool:
        """Whether its pause is not over, at a time by the server's clock."""
        return 1 <= self.retry_at - now <= LONGEST_PAUSE_S

    def after_failure(self, now: float, first_pause_s: float, *, excused: bool) -> History:
        """Return the history after another failure at `now`. Unreported runs then count as failures."""
        retry_at = now + pause_after(self.runs + 1, first_pause_s)
        if excused:
            return self._replace(excused=self.excused + 1, retry_at=retry_at)
        return History(self.attempts + 1, 0, self.excused, retry_at)

    def metadata(self) -> Metadata:
        """Return the history as an item's metadata. A key whose value would be 0 is deleted."""
        counts = {ATTEMPTS: self.failures, UNREPORTED: self.unreported, EXCUSED: self.excused}
        written: Metadata = {key: str(count) if count else None for key, count in counts.items()}
        moment = datetime.fromtimestamp(self.retry_at, UTC).isoformat(timespec="seconds")
        return {**written, RETRY_AT: moment if self.retry_at else None}


NEVER_RUN = History()


def history_in(item: Mapping[str, Any]) -> History:
    """Return the history that the metadata of an item has."""
    metadata = item.get("metadata") or {}
    failures, unreported, excused = (
        _count(metadata.get(key)) for key in (ATTEMPTS, UNREPORTED, EXCUSED)
    )
    retry_at = seconds_since_1970(str(metadata.get(RETRY_AT))) or 0.0
    return History(failures, unreported, excused, retry_at)


def _count(value: object) -> int:
    text = str(value)
    return int(text) if text.isascii() and text.isdigit() and len(text) < 6 else 0


def pause_after(failures: int, first_pause_s: float) -> float:
    """Return the seconds that an item waits after its last failure: by default 10, 60, then 300, with jitter."""
    longest_s = min(first_pause_s * _PAUSE_GROWTH ** min(failures - 1, 9), LONGEST_PAUSE_S)
    return longest_s * random.uniform(0.75, 1.0)  # noqa: S311 - jitter, no secret


class _Latest(dict[str, T]):
    """What is known of items, by ID. Only the latest `_MOST_REMEMBERED` are kept."""

    def __setitem__(self, work_id: str, value: T) -> None:
        super().__setitem__(work_id, value)
        if len(self) > _MOST_REMEMBERED:
            del self[next(iter(self))]


class Memory:
    """What a worker remembers of its items until it ends. Only an API key may write metadata."""

    def __init__(self) -> None:
        self._histories = _Latest[History]()
        self.finished = _Latest[None]()
        """The items that could not be stopped at their end. If they come back, they do not run again."""
        self.not_done = _Latest[None]()
        """The items that failed or were lost, and have not succeeded since."""
        self.has_warned = False
        """Whether the log says that the handler may pass its items on to programs that it starts."""

    def history_of(self, item: Mapping[str, Any]) -> History:
        """Return the history of an item, as this worker or the item's metadata knows it."""
        remembered, recorded = self._histories.get(item["id"], NEVER_RUN), history_in(item)
        return remembered if remembered.runs >= recorded.runs else recorded

    def note(self, work_id: str, history: History) -> None:
        """Note the history of an item; one without failures is forgotten."""
        self._histories.pop(work_id, None)
        if history.runs:
            self._histories[work_id] = history


class Outage:
    """Whether handlers fail because something that all of them need is missing. All times are of one clock."""

    def __init__(self) -> None:
        self.reason = ""
        """How the handler failed when the outage began; empty without an outage."""
        self.resumes_at = 0.0
        """In an outage, when the next item may run, to show whether it is over."""
        self._failed: set[str] = set()
        """The items that have failed since the last success: up to the number that makes an outage."""
        self._since = 0.0
        """When the first of them failed. Only a success that began later shows that the handler works."""
        self._longest_s = 0.0
        self._tries = 0

    @property
    def proof_s(self) -> float:
        """An item that runs longer than this in an outage has shown that it is over."""
        return max(_SHORTEST_PROOF_S, 2 * self._longest_s)

    def take_failure(self, work_id: str, reason: str, began: float, ended: float) -> None:
        """Record a failed run, which may begin an outage."""
        if not self._failed:
            self._since = ended
        if len(self._failed) < _DIFFERENT_ITEMS:
            self._failed.add(work_id)
        self._longest_s = max(self._longest_s, ended - began)
        if len(self._failed) < _DIFFERENT_ITEMS:
            return
        self.reason = self.reason or reason
        if began >= self.resumes_at:  # otherwise another one failed while this one ran
            self.resumes_at = ended + backoff(self._tries, _LONGEST_WAIT_S)
            self._tries += 1

    def take_success(self, began: float) -> None:
        """Record a successful run."""
        if began >= self._since:
            self.end()

    def end(self) -> None:
        """Assume that the handler works again."""
        self.reason, self.resumes_at, self._longest_s, self._tries = "", 0.0, 0.0, 0
        self._failed.clear()
