"""The lease on one work item: when to send a heartbeat, when to treat the lease as lost, and what keeps it.

An environment's key can't retrieve an item, so a worker also looks at an item by a heartbeat. One that expects the
wrong last heartbeat changes nothing, and its 412 says what the last one was, and when the lease ends.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from ant_cli.errors import AntError, APIError
from ant_cli.http.retries import backoff
from ant_cli.settings.worker_options import HeartbeatMode
from ant_cli.worker.context import WorkerContext, wait_for_any
from ant_cli.worker.guardian import Child, Fallback
from ant_cli.worker.guardian_process import NEVER, guardian_time
from ant_cli.worker.log import WorkerLog
from ant_cli.worker.settlement import LEASE_GONE, Ending
from ant_cli.worker.work_api import (
    LONGEST_LEASE_S,
    SHORTEST_LEASE_S,
    WorkItem,
    is_permanent,
    item_in_refusal,
)

NO_HEARTBEAT = "NO_HEARTBEAT"
"""The `expected_last_heartbeat` of the first heartbeat."""
LOOK = "1970-01-01T00:00:00Z"
"""The `expected_last_heartbeat` of a heartbeat that should fail."""
STOPPING, STOPPED = _STOP_STATES = ("stopping", "stopped")
_SERVER_LEASE_S = 300.0
"""The lease that an acknowledgement starts, as long as no response says otherwise."""
_FIRST_LOOK_S = 1.0
_LONGEST_INTERVAL_S = 10.0
"""The most seconds between two heartbeats, so that a request to stop the item is noticed within 15; and between two
looks before the handler's first heartbeat."""
_LONGEST_WATCH_S = 60.0
"""The most seconds between two looks while the handler sends heartbeats: it notices requests to stop itself."""
_SHORTEST_INTERVAL_S = 0.2
_LONGEST_TIMEOUT_S = 5.0
_SHORTEST_TIMEOUT_S = 0.25
_GIVE_BACK_ATTEMPTS = 3


class LeaseStep(NamedTuple):
    """The next heartbeat, and when to send it."""

    expected: str
    """The last heartbeat that it expects."""
    at: float


class Lease:
    """What a worker knows about the lease on an item that it acknowledged. All times are in seconds of one clock.

    It neither waits nor sends. `next_step` says what to send and when; the `take_` methods record the outcome, and
    return how it ends the run, or None if the run goes on.
    """

    def __init__(self, mode: HeartbeatMode, began: float, ttl_s: float) -> None:
        """Start when the acknowledgement is sent. `ttl_s` is the lease to ask for."""
        self._mode = mode
        self._ttl_s = ttl_s
        self._failures = 0
        """In a row."""
        self.unclear = False
        """A heartbeat that failed may have been carried out."""
        self._handler_beats = False
        """The handler, or what it started, sends the heartbeats."""
        self.held = False
        """This worker sends the heartbeats."""
        self.last_heartbeat = NO_HEARTBEAT
        self._set_end(began, _SERVER_LEASE_S)
        self._next = began if mode == "always" else began + _FIRST_LOOK_S
        self._claim_at = began if mode == "always" else began + _SERVER_LEASE_S / 2
        """When this worker sends the next heartbeat if the handler does not."""

    def _set_end(self, began: float, seconds: float) -> None:
        self.expires_at = began + seconds
        """The earliest time at which the server may give the item to another worker."""
        margin_s = min(seconds / 10, 5.0)
        self.must_stop_at = self.expires_at - margin_s
        """When the handler is asked to end if the lease has not been extended: a little before it runs out."""
        self.must_kill_at = self.expires_at - margin_s / 2
        self.guardian_kills_at = self.expires_at - margin_s / 4
        """When the guardian kills it, if this worker could not."""

    @property
    def timeout_s(self) -> float:
        """How long to wait for the response to a heartbeat: a fraction of the lease, to repeat it in time."""
        return _clamped(self._ttl_s / 6, _SHORTEST_TIMEOUT_S, _LONGEST_TIMEOUT_S)

    def next_step(self) -> LeaseStep | None:
        """Return the next heartbeat; None if this worker leaves the lease to the handler."""
        if self._mode == "never":
            return None
        takes_over = self._owns or self._next >= self._claim_at
        return LeaseStep(self.last_heartbeat if takes_over else LOOK, self._next)

    @property
    def _owns(self) -> bool:
        return self.held or self._mode == "always"

    def take_heartbeat(self, response: Mapping[str, Any], sent: float) -> Ending | None:
        """Record a successful response to a heartbeat that was sent at `sent`."""
        if response.get("state") in _STOP_STATES or not response.get("lease_extended"):
            return _stop_in(response)
        self.held, self.unclear, self._failures = True, False, 0
        self.last_heartbeat = response.get("last_heartbeat") or NO_HEARTBEAT
        self._ttl_s = float(response.get("ttl_seconds") or self._ttl_s)
        self._set_end(sent, self._ttl_s)
        self._next = sent + _clamped(self._ttl_s / 4, _SHORTEST_INTERVAL_S, _LONGEST_INTERVAL_S)
        return None

    def take_refusal(
        self, step: LeaseStep, current: Mapping[str, Any], sent: float
    ) -> Ending | None:
        """Record a 412, and what it says about the item, which may be nothing.

        A worker that holds the lease has lost it, unless the response to an earlier heartbeat was lost. As long as
        the lease lasts, nobody else can have sent the last heartbeat then.
        """
        if current.get("state") == "queued":
            return Ending.LEASE_LOST
        if current.get("state") in _STOP_STATES:
            return _stop_in(current)
        if not current and self._owns:
            return Ending.LEASE_LOST
        if not current and step.expected != LOOK:  # the handler was faster
            self._mode = "never"
            return None
        heartbeat, left_s = (
            current.get("last_heartbeat") or NO_HEARTBEAT,
            float(current.get("ttl_seconds") or 0),
        )
        if not current or heartbeat == step.expected:  # it shows no other holder
            self.take_failure(step, sent)
        elif self._owns and not self.unclear:
            return Ending.LEASE_LOST
        elif self._owns or (self.unclear and left_s <= self._ttl_s):
            self.held, self.unclear = True, False
            self.last_heartbeat, self._next = heartbeat, sent
        else:
            self._watch(heartbeat, left_s, sent)
        return None

    def _watch(self, heartbeat: str, left_s: float, sent: float) -> None:
        """Record what a look at the item has shown: the handler's last heartbeat, and how long the lease lasts.

        The worker takes over if no other heartbeat of the handler comes for two thirds of the lease. Official ones
        come after half of it, or 30 seconds.
        """
        self._failures = 0
        left_s = max(left_s - 1, left_s / 2)  # the server rounds up
        self._set_end(sent, left_s)
        if heartbeat != self.last_heartbeat:
            self._handler_beats = True
            self._claim_at = sent + left_s * 2 / 3
        elif not self._handler_beats:
            self._claim_at = min(self._claim_at, sent + left_s / 2)
        self.last_heartbeat = heartbeat
        longest_s = _LONGEST_WATCH_S if self._handler_beats else _LONGEST_INTERVAL_S
        self._next = min(
            sent + _clamped(left_s / 4, _SHORTEST_INTERVAL_S, longest_s), self._claim_at
        )

    def take_failure(self, step: LeaseStep, at: float, retry_after_s: float = 0.0) -> None:
        """Record a heartbeat that failed at a time, and may have been carried out.

        It is repeated after growing pauses, or after the one that the server asks for if the lease lasts that long.
        """
        self.unclear = self.unclear or step.expected != LOOK
        pause_s = min(backoff(self._failures), self._ttl_s / 4)
        self._next = at + max(pause_s, min(retry_after_s, self.must_stop_at - self.timeout_s - at))
        if at < self._claim_at:
            self._next = min(self._next, self._claim_at)
        self._failures += 1


def _stop_in(item: Mapping[str, Any]) -> Ending:
    return Ending.STOPPED if item.get("state") == STOPPED else Ending.STOP_REQUESTED


def _clamped(value: float, low: float, high: float) -> float:
    return max(min(value, high), low)


class LeaseKeeper:
    """Does what a lease says, until it ends the run."""

    def __init__(self, work_id: str, lease: Lease, context: WorkerContext, log: WorkerLog) -> None:
        self.lease = lease
        self._id = work_id
        self._context = context
        self._log = log
        self._now = asyncio.get_running_loop().time
        self._trouble = ""
        """The latest error of a heartbeat, until one succeeds."""

    async def claim(self) -> Ending | None:
        """Repeat the first heartbeat, before the handler starts. Return None as soon as the lease is held."""
        draining, waiting = self._context.shutdown.draining, self._context.tally.waiting_for_leases
        try:
            while not self.lease.held and (step := self.lease.next_step()):
                if (pause_s := step.at - self._now()) > 0:
                    await wait_for_any(draining, timeout_s=pause_s)
                if ending := Ending.SHUT_DOWN if draining.done() else await self._take(step):
                    return ending
                if self._trouble:
                    waiting.add(self._id)
            return None
        finally:
            waiting.discard(self._id)

    async def keep(self, handler: Child) -> Ending:
        """Hold or watch the lease until it is lost, or a stop is requested."""
        while step := self.lease.next_step():
            if ending := await self._take(step):
                return ending
            self._context.guardian.prepare(handler, self.fallback)
        never: asyncio.Future[Ending] = asyncio.get_running_loop().create_future()
        return await never

    async def confirm(self) -> Ending | None:
        """If this worker holds the lease, check that it still does. Return how the run ends if it does not."""
        return (
            await self._take(LeaseStep(self.lease.last_heartbeat, 0.0)) if self.lease.held else None
        )

    @property
    def fallback(self) -> Fallback:
        """When the guardian has to act: a little later than this worker, and only if this worker can't.

        If the handler has sent another heartbeat by then, the one that gives back the item fails, and does no harm.
        """
        give_back = json.dumps(
            {"work_id": self._id, "expected_last_heartbeat": self.lease.last_heartbeat}
        )
        left_s = (
            NEVER if self.lease.next_step() is None else self.lease.guardian_kills_at - self._now()
        )
        return Fallback(self._id, guardian_time() + left_s, give_back)

    async def _take(self, step: LeaseStep) -> Ending | None:
        """Send a heartbeat when it is due. A lease that was not extended in time is lost."""
        try:
            async with asyncio.timeout_at(self.lease.must_stop_at):
                if (
                    pause_s := step.at - self._now()
                ) > 0:  # even `sleep(0)` would take a turn of the event loop
                    await asyncio.sleep(pause_s)
                ending = await self._send(step)
        except TimeoutError:
            self._log.error("heartbeat staleness ceiling exceeded; lease presumed expired")
            ending = Ending.LEASE_ENDED
        if ending in LEASE_GONE:
            self._context.tally.heartbeats["lost"] += 1
        return ending

    async def _send(self, step: LeaseStep) -> Ending | None:
        sent = self._now()
        try:
            response = await self._heartbeat(step.expected, int(self._context.options.lease))
            ending = self.lease.take_heartbeat(response, sent)
            self._context.tally.heartbeats["extended"] += ending is None
            self._trouble = ""
        except asyncio.CancelledError:  # the handler has ended meanwhile
            self.lease.unclear = self.lease.unclear or step.expected != LOOK
            raise
        except AntError as error:
            ending = self._take_error(error, step, sent)
        if ending in (Ending.STOP_REQUESTED, Ending.STOPPED):
            self._log.info("heartbeat reports shutdown")
        return ending

    async def _heartbeat(self, expected: str, ttl_s: int) -> WorkItem:
        api = self._context.api
        return await self._context.call(
            api.heartbeat, self._id, expected, ttl_s, self.lease.timeout_s
        )

    def _take_error(self, error: AntError, step: LeaseStep, sent: float) -> Ending | None:
        if isinstance(error, APIError) and error.status == 412:
            ending = self.lease.take_refusal(step, item_in_refusal(error), sent)
            if ending is Ending.LEASE_LOST:
                self._log.warn("heartbeat precondition failed; lease reclaimed by another worker")
            return ending
        self._context.tally.heartbeats["error"] += 1
        if self._trouble != error.message:
            self._trouble = error.message
            self._log.warn("heartbeat failed; it is repeated", error=error)
        self.lease.take_failure(step, self._now(), getattr(error, "retry_after_s", 0.0))
        return None

    async def give_back(self, pause_s: int) -> str:
        """Let the item be queued again after a pause. Return its state: somebody may have stopped it meanwhile.

        The API has no call for that: the last heartbeat asks for a lease as long as the pause. A handler may have
        sent the last one before. As long as that lease lasts, nobody else can have the item.
        """
        expected, ttl_s = self.lease.last_heartbeat, min(pause_s, LONGEST_LEASE_S)
        is_open = False  # an attempt may have been carried out
        for attempt in range(_GIVE_BACK_ATTEMPTS):
            try:
                current = await self._heartbeat(expected, ttl_s)
                self.lease.last_heartbeat = current.get("last_heartbeat") or expected
                return str(current.get("state"))
            except AntError as error:
                current = item_in_refusal(error)
                lasts = current.get("state") == "active" and self._now() < self.lease.expires_at
                if current.get("state") in _STOP_STATES:
                    return str(current["state"])
                if is_open and current and _heartbeat_of(current) != expected:
                    return str(
                        current["state"]
                    )  # that of this worker's attempt, or of the next worker
                is_open = is_open or not current
                if attempt == _GIVE_BACK_ATTEMPTS - 1 or (is_permanent(error) and not lasts):
                    message = "giving the item back failed; it is queued again when its lease ends"
                    self._log.warn(message, error=error)
                    return ""
            expected = current.get("last_heartbeat") or expected
            await asyncio.sleep(0 if lasts else backoff(attempt))
        return ""

    async def look(self) -> WorkItem:
        """Return what the server says of the item: state, last heartbeat, rest of the lease. Raises AntError."""
        try:
            return await self._heartbeat(LOOK, SHORTEST_LEASE_S)
        except AntError as error:
            current = item_in_refusal(error)
            if not current:
                raise
            return current


def _heartbeat_of(current: Mapping[str, Any]) -> str:
    return current.get("last_heartbeat") or NO_HEARTBEAT
