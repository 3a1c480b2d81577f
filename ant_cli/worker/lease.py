"""The lease on one work item: when to send a heartbeat, when to treat the lease as lost, and what keeps it.

An environment's key can't retrieve an item, so a worker also looks at an item by a heartbeat. One that expects the
wrong last heartbeat changes nothing, and its 412 says what the last one was, and when the lease ends.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

from ant_cli.errors import AntError, APIError
from ant_cli.http.retries import backoff
from ant_cli.settings.worker_options import HeartbeatMode
from ant_cli.worker.context import WorkerContext, wait_for_any
from ant_cli.worker.endings import LEASE_GONE, Ending
from ant_cli.worker.guardian import Fallback, GuardedItem
from ant_cli.worker.guardian_process import NEVER, guardian_time
from ant_cli.worker.log import WorkerLog
from ant_cli.worker.work_api import TIMEOUT_S, item_in_refusal

NO_HEARTBEAT = "NO_HEARTBEAT"
"""The `expected_last_heartbeat` of the first heartbeat."""
LOOK = "1970-01-01T00:00:00Z"
"""The `expected_last_heartbeat` of a heartbeat that should fail."""
STOPPING, STOPPED = "stopping", "stopped"
STOP_STATES = (STOPPING, STOPPED)
ACKNOWLEDGED_S = 300.0
"""The lease that an acknowledgement starts, as long as no response says otherwise."""
_FIRST_LOOK_S = 1.0
_LONGEST_INTERVAL_S = 10.0
"""The most seconds between two heartbeats, so that a request to stop the item is noticed soon; and between two
looks before the first heartbeat of the handler."""
_LONGEST_WATCH_S = 60.0
"""The most seconds between two looks while the handler sends heartbeats: it notices requests to stop itself."""
_SHORTEST_INTERVAL_S = 0.2
_SHORTEST_TIMEOUT_S = 0.25
_CLAIMED_AFTER = 0.8
"""The part of the acknowledged lease that a handler has for its first heartbeat. What is left is enough for two
heartbeats of this worker that take 30 seconds."""
_HANDLERS_LEASE_S = 30.0
"""The least that is left of a lease when a handler that sends heartbeats ends: half of the usual lease."""
_HELD_AFTER_S = 1.0
"""How long after the end of a handler its lease is left alone. By then its item is usually settled."""


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
        self._is_unwatched = mode == "never"
        """Only the handler knows of its heartbeats."""
        self.held = False
        """This worker sends the heartbeats."""
        self.is_extended = False
        """The last response to a heartbeat of this worker has extended the lease, and not only shown it."""
        self.last_heartbeat = NO_HEARTBEAT
        self._set_end(began, ACKNOWLEDGED_S)
        self._next = began if mode == "always" else began + _FIRST_LOOK_S
        self._began = began
        self.acknowledged_by = began
        """When it was known that this worker has acknowledged the item."""
        self.acknowledged_at: str | None = None
        """The same as the server says it, to compare; None if it has not."""
        self._claim_at = began + (0.0 if mode == "always" else _CLAIMED_AFTER * ACKNOWLEDGED_S)
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
        """How long to wait for the response to a heartbeat: a third of the lease, to repeat it in time."""
        return _clamped(self._ttl_s / 3, _SHORTEST_TIMEOUT_S, TIMEOUT_S)

    def lasts(self, now: float) -> bool:
        """Whether nobody else can have the item."""
        return now < self.expires_at

    @property
    def is_kept_by_handler(self) -> bool:
        """Whether the last heartbeat may be the handler's, or that of another worker after it."""
        return not self.held and (self._handler_beats or self._is_unwatched)

    def is_certain(self, now: float) -> bool:
        """Whether nobody can have sent a heartbeat that this worker has not seen: the lease has just begun."""
        return not self.held and now < self._began + _FIRST_LOOK_S

    def is_of_another(self, current: Mapping[str, Any]) -> bool:
        """Whether an item whose lease has ended belongs to another worker now."""
        if current.get("state") == "active":
            return heartbeat_in(current) != self.last_heartbeat
        return current.get("state") == "starting"

    def end(self, now: float) -> None:
        """Record that the lease is lost."""
        self.expires_at = min(self.expires_at, now)

    def take_over(self, now: float) -> None:
        """Keep the lease from a moment later on: the handler has ended, and the item is not settled yet."""
        if self._mode == "never":  # only the handler knew of its heartbeats
            self._mode = "auto"
            if not self.lasts(now + _HANDLERS_LEASE_S):
                self._set_end(now, _HANDLERS_LEASE_S)
        if not self._owns:
            self._claim_at = min(self._claim_at, now + (self.expires_at - now) / 2)
            self._next = min(self._next, self._claim_at)
        self._next = max(self._next, now + _HELD_AFTER_S)

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
        if response.get("state") in STOP_STATES or not response.get("lease_extended"):
            return _stop_in(response)
        self.held, self.unclear, self._failures, self.is_extended = True, False, 0, True
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
        if current.get("state") in STOP_STATES:
            return _stop_in(current)
        if not current:
            return self._take_bare_refusal(step, sent)
        if heartbeat_in(current) == step.expected:  # it shows no other holder
            self.take_failure(step, sent)
            return None
        if self._owns and not self.unclear:
            return Ending.LEASE_LOST
        if self._is_own(current):
            self._adopt(current, sent)
        else:
            self._watch(current, sent)
        return None

    def _take_bare_refusal(self, step: LeaseStep, sent: float) -> Ending | None:
        """Record a 412 that says nothing about the item."""
        if self._owns:
            return Ending.LEASE_LOST
        if step.expected == LOOK:
            self.take_failure(step, sent)
        else:  # the handler was faster
            self._mode = "never"
        return None

    def _is_own(self, current: Mapping[str, Any]) -> bool:
        """Whether an unknown last heartbeat is this worker's. The handler's would have granted a longer lease."""
        return self._owns or (self.unclear and _left_in(current) <= self._ttl_s)

    def _adopt(self, current: Mapping[str, Any], sent: float) -> None:
        """Record a heartbeat of this worker whose response was lost."""
        self.held, self.unclear, self.is_extended = True, False, False
        self.last_heartbeat, self._next = heartbeat_in(current), sent
        self._set_end(sent, _at_least(_left_in(current)))

    def _watch(self, current: Mapping[str, Any], sent: float) -> None:
        """Record what a look at the item has shown: the handler's last heartbeat, and how long the lease lasts.

        The worker takes over if no other heartbeat of the handler comes for two thirds of the lease. Official ones
        come after half of it, or 30 seconds.
        """
        self._failures = 0
        heartbeat, left_s = heartbeat_in(current), _at_least(_left_in(current))
        self._set_end(sent, left_s)
        if heartbeat != self.last_heartbeat:
            self._handler_beats = True
            self._claim_at = sent + left_s * 2 / 3
        elif not self._handler_beats:
            granted_s = sent + left_s - self._began
            self._claim_at = min(self._claim_at, self._began + _CLAIMED_AFTER * granted_s)
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


def _left_in(item: Mapping[str, Any]) -> float:
    return float(item.get("ttl_seconds") or 0)


def _at_least(left_s: float) -> float:
    """Return how long a lease lasts at least: the server rounds up."""
    return max(left_s - 1, left_s / 2)


def heartbeat_in(item: Mapping[str, Any]) -> str:
    """Return the last heartbeat that a response shows, as the next one has to name it."""
    return item.get("last_heartbeat") or NO_HEARTBEAT


def _clamped(value: float, low: float, high: float) -> float:
    return max(min(value, high), low)


class LeaseKeeper:
    """Does what a lease says, until it ends the run."""

    def __init__(
        self,
        work_id: str,
        lease: Lease,
        guarded: GuardedItem,
        context: WorkerContext,
        log: WorkerLog,
    ) -> None:
        """`guarded` is what the guardian knows of the item."""
        self.lease = lease
        self._id = work_id
        self._guarded = guarded
        self._context = context
        self._log = log
        self._now = context.now
        self._trouble: str | None = None
        """The latest error of a heartbeat, until one succeeds."""
        self._handler_has_ended = False

    async def claim(self) -> Ending | None:
        """Repeat the first heartbeat, before the handler starts. Return None as soon as the lease is held."""
        draining, waiting = self._context.shutdown.draining, self._context.tally.waiting_for_leases
        try:
            while not self.lease.is_extended and (step := self.lease.next_step()):
                if (pause_s := step.at - self._now()) > 0:
                    await wait_for_any(draining, timeout_s=pause_s)
                if draining.done():
                    return Ending.SHUT_DOWN
                if ending := await self._take(step):
                    return ending
                if self._trouble is not None:
                    waiting.add(self._id)
            return None
        finally:
            waiting.discard(self._id)

    async def keep(self) -> Ending:
        """Hold or watch the lease until it is lost, or a stop is requested."""
        while step := self.lease.next_step():
            if ending := await self._take(step):
                return ending
            self._context.guardian.prepare(self._guarded, self.fallback)
        never: asyncio.Future[Ending] = asyncio.get_running_loop().create_future()
        return await never

    async def confirm(self) -> Ending | None:
        """If this worker holds the lease, check that it still does. Return how the run ends if it does not."""
        if not self.lease.held:
            return None
        ending = await self._take(LeaseStep(self.lease.last_heartbeat, 0.0))
        if ending or self._trouble is None:
            return ending
        # once more: the response may have been lost
        return await self._take(LeaseStep(self.lease.last_heartbeat, 0.0))

    @asynccontextmanager
    async def held_afterwards(self) -> AsyncIterator[None]:
        """Hold the lease after the end of the handler, while the item is settled: that may take long."""
        self._handler_has_ended = True
        self.lease.take_over(self._now())
        self._context.guardian.prepare(self._guarded, self.fallback)
        loop, holding = asyncio.get_running_loop(), list[asyncio.Task[None]]()

        def hold() -> None:
            holding.append(loop.create_task(self._hold()))

        timer = loop.call_later(_HELD_AFTER_S, hold)
        try:
            yield
        finally:
            timer.cancel()
            for task in holding:
                task.cancel()
                await asyncio.wait([task])

    async def _hold(self) -> None:
        if await self.keep() in LEASE_GONE:
            self.lease.end(self._now())

    @property
    def fallback(self) -> Fallback:
        """When the guardian has to act: a little later than this worker, and only if this worker can't.

        If the handler has sent another heartbeat by then, the one that gives back the item fails, and does no harm.
        """
        left_s = self.lease.guardian_kills_at - self._now()
        if self._handler_has_ended or self.lease.next_step() is None:
            left_s = NEVER
        return fallback_of(self._id, self.lease.last_heartbeat, guardian_time() + left_s)

    async def _take(self, step: LeaseStep) -> Ending | None:
        """Send a heartbeat when it is due. A lease that was not extended in time is lost."""
        try:
            async with asyncio.timeout_at(self.lease.must_stop_at):
                pause_s = step.at - self._now()
                if pause_s > 0:  # even `sleep(0)` would take a turn of the event loop
                    await asyncio.sleep(pause_s)
                ending = await self._send(step)
        except TimeoutError:
            self._log.error("heartbeat staleness ceiling exceeded; lease presumed expired")
            ending = Ending.LEASE_ENDED
        if ending in LEASE_GONE:
            self._context.tally.heartbeats["lost"] += 1
        return ending

    async def _send(self, step: LeaseStep) -> Ending | None:
        sent, ttl_s = self._now(), int(self._context.options.lease)
        given = (self._id, step.expected, ttl_s, self.lease.timeout_s)
        try:
            response = await self._context.call(self._context.api.heartbeat, *given)
            ending = self.lease.take_heartbeat(response, sent)
            self._context.tally.heartbeats["extended"] += ending is None
            self._trouble = None
        except asyncio.CancelledError:  # the handler has ended meanwhile
            self.lease.unclear = self.lease.unclear or step.expected != LOOK
            raise
        except AntError as error:
            ending = self._take_error(error, step, sent)
        if ending in (Ending.STOP_REQUESTED, Ending.STOPPED):
            self._log.info("heartbeat reports shutdown")
        return ending

    def _take_error(self, error: AntError, step: LeaseStep, sent: float) -> Ending | None:
        if isinstance(error, APIError) and error.status == 412:
            self._trouble = None
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


class LeftItem(NamedTuple):
    """What is known about an item when its worker is killed. `orphans.py` gives it back."""

    work_id: str
    last_heartbeat: str
    ack_arrives_until: float
    """Until when an acknowledgement that arrives can only be that of the killed worker, by `guardian_time`."""


def fallback_of(
    work_id: str, last_heartbeat: str, deadline: float = NEVER, ack_arrives_until: float = 0.0
) -> Fallback:
    """Return what the guardian does about an item if this worker is killed: it gives the item back.

    `ack_arrives_until` is given for an item that is not acknowledged yet.
    """
    left = LeftItem(work_id, last_heartbeat, ack_arrives_until)
    return Fallback(work_id, deadline, json.dumps(left._asdict()))
