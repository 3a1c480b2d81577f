"""The lease on one work item: when to send a heartbeat, when to treat the lease as lost, and what keeps it.

An environment's key can't retrieve an item, so heartbeats are also how a worker looks at one. A heartbeat changes
nothing if it expects another last heartbeat than there is: the 412 says what the last one was, and when the lease
ends.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping

from ant_cli.errors import AntError, APIError
from ant_cli.http.retries import backoff
from ant_cli.runtime.light_typing import Any, NamedTuple
from ant_cli.settings.worker_options import HeartbeatMode
from ant_cli.worker.context import WorkerContext
from ant_cli.worker.guardian import UNLIMITED, Child, Limit
from ant_cli.worker.guardian_process import now
from ant_cli.worker.log import WorkerLog
from ant_cli.worker.settlement import Ending
from ant_cli.worker.work_api import LONGEST_LEASE_S, WorkItem, is_permanent, item_in_refusal

NO_HEARTBEAT = "NO_HEARTBEAT"
"""The `expected_last_heartbeat` of the first heartbeat."""
LOOK = "1970-01-01T00:00:00Z"
"""The `expected_last_heartbeat` of a heartbeat that should fail."""
ENDING = ("stopping", "stopped")
_SERVER_LEASE_S = 300.0
"""The lease that an acknowledgement starts, as long as no response says otherwise."""
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
_GIVE_BACK_ATTEMPTS = 3


class LeaseStep(NamedTuple):
    """The next heartbeat, and when to send it."""

    expected: str
    """The last heartbeat that it expects."""
    at: float


class Lease:
    """What a worker knows about the lease on an item that it acknowledged. Times are seconds of any one clock.

    It neither waits nor sends. `next_step` says what to send and when; the other methods take the outcome. Those
    that take a response return how it ends the run; None if it does not.
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


class LeaseKeeper:
    """Does what a lease says, until it ends the run."""

    def __init__(self, work_id: str, lease: Lease, context: WorkerContext, log: WorkerLog) -> None:
        self.lease = lease
        self._id = work_id
        self._context = context
        self._log = log
        self._now = asyncio.get_running_loop().time
        self._trouble_logged = False

    async def claim(self) -> Ending | None:
        """Repeat the first heartbeat, before the handler starts, until the lease is held. Return why it is not."""
        ending = None
        while not (ending or self.lease.held) and (step := self.lease.next_step()):
            ending = await self._take(step)
        return ending

    async def keep(self, handler: Child) -> Ending:
        """Hold or watch the lease until it is lost, or a stop is requested."""
        while step := self.lease.next_step():
            if ending := await self._take(step):
                return ending
            self._context.guardian.limit(handler, self.handler_limit)
        never: asyncio.Future[Ending] = asyncio.get_running_loop().create_future()
        return await never

    @property
    def handler_limit(self) -> Limit:
        """When the guardian has to act: a little later than this worker, and only if this worker can't."""
        if self.lease.next_step() is None:
            return UNLIMITED
        left_s = (self.lease.must_stop_at + self.lease.expires_at) / 2 - self._now()
        last_heartbeat = {"work_id": self._id, "expected_last_heartbeat": self.lease.last_heartbeat}
        return Limit(now() + left_s, "" if self.lease.handler_beats else json.dumps(last_heartbeat))

    async def _take(self, step: LeaseStep) -> Ending | None:
        """Send a heartbeat when it is due. A lease that was not extended in time is lost."""
        try:
            async with asyncio.timeout_at(self.lease.must_stop_at):
                await asyncio.sleep(step.at - self._now())
                ending = await self._send(step)
        except TimeoutError:
            self._log.error("heartbeat staleness ceiling exceeded; lease presumed expired")
            ending = Ending.LEASE_LOST
        if ending is Ending.LEASE_LOST:
            self._context.tally.heartbeats["lost"] += 1
        return ending

    async def _send(self, step: LeaseStep) -> Ending | None:
        sent = self._now()
        try:
            response = await self._heartbeat(step.expected, int(self._context.options.lease))
            ending = self.lease.take_heartbeat(response, sent)
            self._context.tally.heartbeats["extended"] += ending is None
            self._trouble_logged = False
        except AntError as error:
            ending = self._take_error(error, step, sent)
        if ending in (Ending.STOP_REQUESTED, Ending.STOPPED):
            self._log.info("heartbeat reports shutdown")
        return ending

    async def _heartbeat(self, expected: str, ttl_s: int) -> WorkItem:
        api = self._context.api
        return await self._context.call(api.heartbeat, self._id, expected, ttl_s, self.lease.timeout_s)

    def _take_error(self, error: AntError, step: LeaseStep, sent: float) -> Ending | None:
        is_refusal = isinstance(error, APIError) and error.status == 412
        if is_refusal or (is_permanent(error) and step.expected == LOOK):
            ending = self.lease.take_refusal(step, item_in_refusal(error), sent)
            if ending is Ending.LEASE_LOST:
                self._log.warn("heartbeat precondition failed; lease reclaimed by another worker")
            return ending
        if is_permanent(error):
            self._log.error("permanent heartbeat failure", error=error)
            return Ending.LEASE_LOST
        self._context.tally.heartbeats["error"] += 1
        if not self._trouble_logged:
            self._log.warn("transient heartbeat failure", error=error)
            self._trouble_logged = True
        self.lease.take_failure(step, sent, self._now())
        return None

    async def give_back(self, pause_s: int) -> bool:
        """Let the item be queued again after a pause. Return whether a stop was requested instead.

        The API has no call for that: the last heartbeat asks for a lease as long as the pause. A handler may have
        sent the last one before. As long as that lease lasts, nobody else can have the item.
        """
        expected, ttl_s = self.lease.last_heartbeat, min(pause_s, LONGEST_LEASE_S)
        for attempt in range(_GIVE_BACK_ATTEMPTS):
            try:
                response = await self._heartbeat(expected, ttl_s)
                self.lease.last_heartbeat = response.get("last_heartbeat") or expected
                return response.get("state") == "stopping"
            except AntError as error:
                current = item_in_refusal(error)
                lasts = current.get("state") == "active" and self._now() < self.lease.expires_at
                if attempt == _GIVE_BACK_ATTEMPTS - 1 or (is_permanent(error) and not lasts):
                    message = "giving the item back failed; it is queued again when its lease ends"
                    self._log.warn(message, error=error)
                    return False
            expected = current.get("last_heartbeat") or expected
            await asyncio.sleep(0 if lasts else backoff(attempt))
        return False
