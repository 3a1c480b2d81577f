"""Keeps the lease on one item: sends the heartbeats that are due, and gives the item back with the last one."""

from __future__ import annotations

import asyncio
import json

from ant_cli.errors import AntError, APIError
from ant_cli.http.retries import backoff
from ant_cli.worker.context import WorkerContext
from ant_cli.worker.guardian import UNLIMITED, Child, Limit
from ant_cli.worker.guardian_process import now
from ant_cli.worker.lease import LONGEST_LEASE_S, LOOK, Lease, LeaseStep
from ant_cli.worker.log import WorkerLog
from ant_cli.worker.settlement import Ending
from ant_cli.worker.work_api import WorkItem, is_permanent, item_in_refusal

_GIVE_BACK_ATTEMPTS = 3


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
