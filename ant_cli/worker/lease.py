"""The lease on one work item: when to send a heartbeat, and when to treat the lease as lost.

Nothing here waits or sends. `next_step` says what to send and when; the other methods are told the outcome.

An environment's key can't retrieve an item, so heartbeats are also how a worker looks at one. A heartbeat changes
nothing if it expects another last heartbeat than there is: the 412 says what the last one was, and when the lease
ends.
"""

from __future__ import annotations

from collections.abc import Mapping

from ant_cli.runtime.light_typing import Any, NamedTuple
from ant_cli.settings.worker_options import HeartbeatMode
from ant_cli.worker.settlement import Ending

NO_HEARTBEAT = "NO_HEARTBEAT"
"""The `expected_last_heartbeat` of the first heartbeat."""
LOOK = "1970-01-01T00:00:00Z"
"""The `expected_last_heartbeat` of a heartbeat that should fail."""
ENDING = ("stopping", "stopped")
_SERVER_LEASE_S = 300.0
"""The lease that an acknowledgement starts, as long as no response says otherwise."""
SHORTEST_LEASE_S, LONGEST_LEASE_S = 1, 300
"""The shortest and the longest lease that the API grants."""
_FIRST_LOOK_S = 1.0
_PATIENCE_S = 20.0
"""How long a handler may take to send its first heartbeat. Then the worker sends it."""
_LONGEST_INTERVAL_S = 10.0
"""The most seconds between two heartbeats, so that a request to stop the item is noticed within 15."""
_LONGEST_WATCH_S = 60.0
"""The most seconds between two looks while the handler sends heartbeats: it notices requests to stop itself."""
_SHORTEST_INTERVAL_S = 0.2
_LONGEST_TIMEOUT_S = 5.0
_SHORTEST_TIMEOUT_S = 0.25


class LeaseStep(NamedTuple):
    """The next heartbeat, and when to send it."""

    expected: str
    """The last heartbeat that it expects."""
    at: float


class Lease:
    """What a worker knows about the lease on an item that it acknowledged. Times are seconds of any one clock.

    The methods that take a response return how it ends the run; None if it does not.
    """

    def __init__(self, mode: HeartbeatMode, began: float, ttl_s: float, *, patient: bool = False) -> None:
        """Start when the acknowledgement is sent.

        `ttl_s` is the lease to ask for. `patient` leaves a handler half of the server's lease for its first
        heartbeat, because it is known to send them.
        """
        self.mode = mode
        self._ttl_s = ttl_s
        self._unclear = False
        self._can_look = True
        self.first_look = began + _FIRST_LOOK_S
        """When to look for heartbeats of the handler."""
        self._next = began if mode == "always" else self.first_look
        self.last_heartbeat = NO_HEARTBEAT
        self.held = False
        """This worker sends the heartbeats."""
        self.handler_beats = False
        """The handler, or what it started, sends the heartbeats."""
        self._lasts(began, ttl_s if mode == "always" else _SERVER_LEASE_S)
        self._claim_at = began + (_SERVER_LEASE_S / 2 if patient else _PATIENCE_S)
        """When this worker sends the next heartbeat if the handler does not."""

    def _lasts(self, since: float, seconds: float) -> None:
        self.expires_at = since + seconds
        """The earliest time at which the server may give the item to another worker."""
        self.must_stop_at = self.expires_at - min(seconds / 10, 5.0)
        """When the handler must be dead if the lease has not been extended: a little before it runs out."""

    @property
    def timeout_s(self) -> float:
        """How long to wait for the response to a heartbeat: a fraction of the lease, to repeat it in time."""
        return _clamped(self._ttl_s / 6, _SHORTEST_TIMEOUT_S, _LONGEST_TIMEOUT_S)

    def next_step(self) -> LeaseStep | None:
        """Return the next heartbeat; None if this worker leaves the lease to the handler."""
        if self.mode == "never":
            return None
        if self._owns or not self._can_look or self._next >= self._claim_at:
            return LeaseStep(self.last_heartbeat, self._next if self._owns else max(self._next, self._claim_at))
        return LeaseStep(LOOK, self._next)

    @property
    def _owns(self) -> bool:
        return self.held or self.mode == "always"

    def take_heartbeat(self, response: Mapping[str, Any], sent: float) -> Ending | None:
        """Take a successful response to a heartbeat that was sent at `sent`."""
        if response.get("state") in ENDING or not response.get("lease_extended"):
            return self._ended(response)
        self.held, self._unclear = True, False
        self.last_heartbeat = response.get("last_heartbeat") or NO_HEARTBEAT
        self._ttl_s = float(response.get("ttl_seconds") or self._ttl_s)
        self._lasts(sent, self._ttl_s)
        self._next = sent + _clamped(self._ttl_s / 4, _SHORTEST_INTERVAL_S, _LONGEST_INTERVAL_S)
        return None

    def take_refusal(self, step: LeaseStep, current: Mapping[str, Any], sent: float) -> Ending | None:
        """Take a 412 and what it says about the item, which may be nothing; or that the server allows no look.

        A worker that holds the lease has lost it, unless the response to an earlier heartbeat was lost. As long as
        the lease lasts, nobody else can have sent the last heartbeat then.
        """
        if current.get("state") == "queued":
            return Ending.LEASE_LOST
        if current.get("state") in ENDING:
            return self._ended(current)
        if not current:
            return self._take_bare_refusal(step)
        heartbeat, left_s = current.get("last_heartbeat") or NO_HEARTBEAT, float(current.get("ttl_seconds") or 0)
        if self._owns and not self._unclear:
            return Ending.LEASE_LOST
        if self._owns or (self._unclear and left_s <= self._ttl_s):
            self.held, self._unclear = True, False
            self.last_heartbeat, self._next = heartbeat, sent
        else:
            self._watch(heartbeat, left_s, sent)
        return None

    def _ended(self, item: Mapping[str, Any]) -> Ending:
        is_over = item.get("state") == "stopped" and not self._owns
        return Ending.STOPPED if is_over else Ending.STOP_REQUESTED

    def _take_bare_refusal(self, step: LeaseStep) -> Ending | None:
        if self._owns:
            return Ending.LEASE_LOST
        if step.expected == LOOK:
            self._can_look = False  # it costs nothing: the worker continues without
        else:  # the handler was faster
            self.mode, self.handler_beats = "never", True
        return None

    def _watch(self, heartbeat: str, left_s: float, sent: float) -> None:
        """Note what a look has shown. The worker only takes over if no heartbeat comes for half of the lease."""
        left_s = max(left_s - 1, left_s / 2)  # the server rounds up
        self._lasts(sent, left_s)
        if heartbeat != self.last_heartbeat:
            self.handler_beats = True
            self._claim_at = sent + left_s / 2
        elif not self.handler_beats:
            self._claim_at = min(self._claim_at, sent + left_s / 2)
        self.last_heartbeat = heartbeat
        interval_s = _clamped(left_s / 4, _SHORTEST_INTERVAL_S, _LONGEST_WATCH_S)
        self._next = min(sent + interval_s, self._claim_at) if self.handler_beats else self._claim_at

    def take_failure(self, step: LeaseStep, sent: float, now: float) -> None:
        """Take a heartbeat without a usable response. It may have been carried out."""
        self._unclear = self._unclear or step.expected != LOOK
        self._next = max(now, sent + min(self._ttl_s / 4, _FIRST_LOOK_S))


def _clamped(value: float, low: float, high: float) -> float:
    return max(min(value, high), low)
