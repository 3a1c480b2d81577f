"""The lease on one work item: when to heartbeat, when only to look, and when it must be taken for lost.

Nothing here waits or sends. `next_step` says what to do and when; the outcome is reported to the other methods.
"""

from __future__ import annotations

from enum import Enum, auto

from ant_cli.runtime.light_typing import Any, NamedTuple
from ant_cli.worker.options import HeartbeatMode

NO_HEARTBEAT = "NO_HEARTBEAT"
"""What `expected_last_heartbeat` is for the first heartbeat."""
_LONGEST_INTERVAL_S = 10.0
"""The most seconds between two looks at an item, so that a request to stop it arrives within 15."""
_SHORTEST_INTERVAL_S = 0.2
ENDING = ("stopping", "stopped")


class Action(Enum):
    """What a step does."""

    BEAT = auto()
    """Send a heartbeat."""
    LOOK = auto()
    """Retrieve the item, and leave its lease alone."""


class LeaseStep(NamedTuple):
    """What to do next about a lease, and when."""

    action: Action
    at: float


class Verdict(Enum):
    """What a response says about the lease."""

    KEPT = auto()
    LOST = auto()
    """The item is queued again, or another worker has it: it must be neither run nor stopped."""
    STOP_REQUESTED = auto()


class Lease:
    """What a worker knows of the lease on an item that it acknowledged. Times are seconds of any one clock."""

    def __init__(self, mode: HeartbeatMode, item: dict[str, Any], began: float, ttl_s: float) -> None:
        """Take the item as its acknowledgement returned it, and when that request was sent."""
        self._mode = mode
        self._acknowledged_at = item.get("acknowledged_at")
        self._ttl_s = ttl_s
        self._sign_of_life = began
        self._next = began if mode == "always" else began + self._interval()
        self._unclear = False
        self.last_heartbeat: str = item.get("latest_heartbeat_at") or NO_HEARTBEAT
        """What the next heartbeat has to expect."""
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
        """When a handler must be dead unless the lease was extended: a little before it runs out."""
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
        """Take a 412: somebody else heartbeat the item, or has it now.

        A worker that holds the lease, or has to, has lost it. One that only meant to take over was too late: most
        likely the handler heartbeats, which a look at the item shows. A heartbeat is sent once and never repeated
        by the client, so that no 412 can be the echo of a worker's own request.
        """
        if self.held or self._mode == "always":
            return Verdict.LOST
        self._unclear, self._next = True, now
        return Verdict.KEPT

    def take_failure(self, now: float) -> None:
        """Take a request without a usable response. It may have been carried out, so look next."""
        self._unclear = True
        self._next = now + min(self._interval(), 1.0)

    def take_item(self, item: dict[str, Any], now: float) -> Verdict:
        """Take the item as it is on the server."""
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
