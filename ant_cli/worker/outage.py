"""What is an outage: a failure of something that all handlers need. The rules are pure, and nothing waits."""

from __future__ import annotations

from ant_cli.http.retries import backoff
from ant_cli.worker.memory import Latest

_DIFFERENT_ITEMS = 5
"""How many different items have to fail, without a success in between, to make an outage."""
_LONGEST_WAIT_S = 60.0
"""The longest pause before the next item shows whether an outage is over."""
_SHORTEST_PROOF_S = 60.0
"""An item that runs for a shorter time does not prove that an outage is over."""


class Outage:
    """Whether handlers fail because something that all of them need is missing. All times are of one clock."""

    def __init__(self) -> None:
        self.reason = ""
        """How the handler failed when the outage began; empty without an outage."""
        self.resumes_at = 0.0
        """In an outage, when the next item may run, to show whether it is over."""
        self._failed: dict[str, None] = {}
        """The items that have failed since the last success: up to the number that makes an outage."""
        self._pauses = Latest[str]()
        """The last heartbeats of the items that have failed since then, and have their pauses."""
        self._since = 0.0
        """When the first of them failed. Only a success that began later shows that the handler works."""
        self._longest_s = 0.0
        self._tries = 0

    @property
    def proof_s(self) -> float:
        """An item that runs longer than this in an outage has shown that it is over."""
        return max(_SHORTEST_PROOF_S, 2 * self._longest_s)

    @property
    def rests_on(self) -> list[str]:
        """The items whose failures make the outage."""
        return list(self._failed)

    def take_failure(self, work_id: str, reason: str, began: float, ended: float) -> None:
        """Record a failed run, which may begin an outage."""
        if not self._failed:
            self._since = ended
        if len(self._failed) < _DIFFERENT_ITEMS:
            self._failed[work_id] = None
        self._longest_s = max(self._longest_s, ended - began)
        if len(self._failed) < _DIFFERENT_ITEMS:
            return
        self.reason = self.reason or reason
        if began >= self.resumes_at:  # otherwise another one failed while this one ran
            self.resumes_at = ended + backoff(self._tries, _LONGEST_WAIT_S)
            self._tries += 1

    def take_pause(self, work_id: str, heartbeat: str) -> None:
        """Record the last heartbeat of a failed item, which gives it its pause."""
        self._pauses[work_id] = heartbeat

    def take_pauses(self) -> dict[str, str]:
        """Return the items that have their pauses, with their last heartbeats, and forget them."""
        pauses, self._pauses = dict(self._pauses), Latest[str]()
        return pauses

    def take_success(self, began: float) -> None:
        """Record a successful run."""
        if began >= self._since:
            self.end()

    def take_emptied_queue(self) -> None:
        """End the outage: others have stopped all items that it rests on. The next failure begins it again."""
        self._calm_down()
        self._failed.pop(next(iter(self._failed)))

    def end(self) -> None:
        """Assume that the handler works again."""
        if not self.reason:  # after an outage, `take_pauses` gets them, and ends them
            self._pauses.clear()
        self._calm_down()
        self._failed.clear()

    def _calm_down(self) -> None:
        self.reason = ""
        self.resumes_at = 0.0
        self._longest_s = 0.0
        self._tries = 0
