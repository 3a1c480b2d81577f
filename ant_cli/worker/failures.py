"""What failures mean: how long an item waits, and which failure counts as an attempt.

The rules are pure: times are passed in, and nothing here waits. Each item is judged by itself.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

from ant_cli.output.times import seconds_since_1970

ATTEMPTS = "ant_attempts"
EXCUSED = "ant_excused"
LAST_ERROR = "ant_last_error"
DEAD_LETTER = "ant_dead_letter"
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
