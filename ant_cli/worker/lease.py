"""The lease on one work item: when to send a heartbeat, when just to look, and when to treat the lease as lost.

Nothing here waits or sends. `next_step` says what to do and when; the other methods are told the outcome.
"""

from __future__ import annotations

from enum import Enum, auto

from ant_cli.runtime.light_typing import Any, NamedTuple
from ant_cli.worker.options import HeartbeatMode

NO_HEARTBEAT = "NO_HEARTBEAT"
"""The `expected_last_heartbeat` of the first heartbeat."""
_LONGEST_INTERVAL_S = 10.0
"""The most seconds between two looks at an item, so that a request to stop it is noticed within 15."""
_SHORTEST_INTERVAL_S = 0.2
ENDING = ("stopping", "stopped")


class Action(Enum):
    """What a step does."""

    BEAT = auto()
    """Send a heartbeat."""
    LOOK = auto()
    """Retrieve the item without extending its lease."""


class LeaseStep(NamedTuple):
    """What to do next about a lease, and when."""

    action: Action
    at: float


class Verdict(Enum):
    """What a response says about the lease."""

    KEPT = auto()
    LOST = auto()
    """The item is queued again, or another worker has it. It must not be run or stopped here."""
    STOP_REQUESTED = auto()


class Lease:
    """What a worker knows about the lease on an item that it acknowledged. Times are seconds of any one clock."""

    def __init__(self, mode: HeartbeatMode, item: dict[str, Any], began: float, ttl_s: float) -> None:
        """Take the item that the acknowledgement returned, and the time when that request was sent."""
        self._mode = mode
        self._acknowledged_at = item.get("acknowledged_at")
        self._ttl_s = ttl_s
        self._sign_of_life = began
        self._next = began if mode == "always" else began + self._interval()
        self._unclear = False
        self.last_heartbeat: str = item.get("latest_heartbeat_at") or NO_HEARTBEAT
        """The `expected_last_heartbeat` of the next heartbeat."""
        self.held = False
        """This worker sends the heartbeats."""
        self.handler_beats = False
        """The handler, or what it started, sends the heartbeats."""

    @property
    def expires_at(self) -> float:
        """The earliest time at which the server may give the item to another worker."""
        return self._sign_of_life + self._ttl_s

    @property
    def must_stop_at(self) -> float:
        """When the handler must be dead if the lease has not been extended: a little before it runs out."""
        return self.expires_at - min(self._ttl_s / 10, 5.0)

    def next_step(self) -> LeaseStep | None:
        """Return what to do next; None if this worker leaves the lease to the handler."""
        if self._mode == "never":
            return None
        if self._unclear:
            return LeaseStep(Action.LOOK, self._next)
        takes_over_at = self._sign_of_life + self._ttl_s / 2
        if self._mode == "always" or self.held or self._next >= takes_over_at:
            return LeaseStep(Action.BEAT, min(self._next, takes_over_at))
        return LeaseStep(Action.LOOK, self._next)

    def _interval(self) -> float:
        return max(min(self._ttl_s / 4, _LONGEST_INTERVAL_S), _SHORTEST_INTERVAL_S)

    def take_heartbeat(self, response: dict[str, Any], sent: float) -> Verdict:
        """Take a successful response to a heartbeat that was sent at `sent`."""
        if response.get("state") in ENDING or not response.get("lease_extended"):
            return Verdict.STOP_REQUESTED
        self.held, self._unclear = True, False
        self.last_heartbeat = str(response.get("last_heartbeat") or NO_HEARTBEAT)
        ttl_s = response.get("ttl_seconds")
        if isinstance(ttl_s, int) and ttl_s > 0:
            self._ttl_s = float(ttl_s)
        self._sign_of_life = sent
        self._next = sent + self._interval()
        return Verdict.KEPT

    def take_refusal(self, now: float) -> Verdict:
        """Take a 412: somebody else sent a heartbeat for the item, or has the item now.

        A worker that holds the lease, or has to, has lost it. A worker that only wanted to take over was too late:
        most likely, the handler sends heartbeats, which a look at the item shows. The client never repeats a
        heartbeat, so a 412 can't be the echo of the worker's own request.
        """
        if self.held or self._mode == "always":
            return Verdict.LOST
        self._unclear, self._next = True, now
        return Verdict.KEPT

    def take_failure(self, now: float) -> None:
        """Take a request without a usable response. It may have been carried out, so the next step is to look."""
        self._unclear = True
        self._next = now + min(self._interval(), 1.0)

    def take_item(self, item: dict[str, Any], now: float) -> Verdict:
        """Take the item's current state on the server."""
        if item.get("acknowledged_at") != self._acknowledged_at or item.get("state") == "queued":
            return Verdict.LOST
        if item.get("state") in ENDING:
            return Verdict.STOP_REQUESTED
        heartbeat = str(item.get("latest_heartbeat_at") or NO_HEARTBEAT)
        if heartbeat != self.last_heartbeat:
            self.last_heartbeat, self._sign_of_life = heartbeat, now
            self.handler_beats = not self.held
        # After an unclear heartbeat of this worker, the next one follows at once.
        self._next = now if self.held and self._unclear else now + self._interval()
        self._unclear = False
        return Verdict.KEPT
