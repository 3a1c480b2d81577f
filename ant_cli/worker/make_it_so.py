"""What a worker wants of an item on the server, and insists on: acknowledge it, stop it, give it back.

An answer that leaves the outcome open is not a no: the change may have been made, or may still be. So the worker
looks at the item, and then decides. A look is a heartbeat that expects a wrong last heartbeat: nothing changes, and
its 412 says what the item is like. An environment's key can't retrieve an item.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from enum import Enum
from itertools import count
from typing import Protocol

from ant_cli.errors import AntError, APIError
from ant_cli.http.retries import backoff
from ant_cli.worker.context import WorkerContext, wait_for_any
from ant_cli.worker.lease import (
    ACKNOWLEDGED_S,
    LOOK,
    NO_HEARTBEAT,
    STOP_STATES,
    STOPPED,
    Lease,
    heartbeat_in,
)
from ant_cli.worker.log import WorkerLog
from ant_cli.worker.work_api import (
    LONGEST_LEASE_S,
    SHORTEST_LEASE_S,
    TIMEOUT_S,
    MalformedResponse,
    WorkItem,
    is_permanent,
    item_in_refusal,
)

CONFLICT, PRECONDITION_FAILED = 409, 412
CERTAIN_S = 4.0
"""A poll hands an item that was not acknowledged to somebody else after five seconds. For a little less than that,
an item that is taken was taken by this worker."""
_SILENCE_S = 5.0
"""How long to look for the heartbeat of somebody else who may have taken an item."""


class Verdict(Enum):
    """What has become of a change."""

    DONE = "done"
    """The item is as wanted."""
    NOT_OURS = "not ours"
    """The item belongs to somebody else."""
    REFUSED = "refused"
    """The server does not make the change, and has not made it."""
    UNCONFIRMED = "unconfirmed"
    """The time is up, and nobody knows."""


class Change(Protocol):
    """A change of an item."""

    name: str
    """For the log: the subject of "failed"."""

    async def attempt(self) -> Verdict | None:
        """Look, if there is a doubt, and send the request. None, or AntError: try again after a pause."""


async def make_it_so(change: Change, context: WorkerContext, log: WorkerLog) -> Verdict:
    """Try to make a change until it is made, or until it is certain that it is not this worker's to make.

    Without a fault, it sends one request. It gives up after five minutes, or a little after the worker has to end.
    """
    began, has_failed = context.now(), False
    for attempt in count():
        pause_s = backoff(attempt)
        try:
            if verdict := await change.attempt():
                return verdict
        except AntError as error:
            pause_s = max(pause_s, getattr(error, "retry_after_s", 0.0))
            if not has_failed:
                log.warn(f"{change.name} failed; it is repeated", error=error)
            has_failed = True
        left_s = context.insists_until(began) - context.now()
        if left_s <= 0:
            break
        await _pause(min(pause_s, left_s), context)
    return Verdict.UNCONFIRMED


async def _pause(seconds: float, context: WorkerContext) -> None:
    """Wait before the next attempt. The end of the worker, when it comes, leaves no time for a long wait."""
    terminating = context.shutdown.terminating
    if terminating.done():
        await asyncio.sleep(min(seconds, _SILENCE_S))
    else:
        await wait_for_any(terminating, timeout_s=seconds)


async def look_at(work_id: str, context: WorkerContext) -> WorkItem:
    """Return the state of an item, its last heartbeat, and the rest of its lease; empty if a 412 does not say it.

    Raises:
        AntError: if there is another error than a 412.

    """
    heartbeat = context.api.heartbeat
    try:
        return await context.call(heartbeat, work_id, LOOK, SHORTEST_LEASE_S, TIMEOUT_S)
    except AntError as error:
        if not has_status(error, PRECONDITION_FAILED):
            raise
        return item_in_refusal(error)


async def is_still_acknowledged(work_id: str, lease: Lease, context: WorkerContext) -> bool:
    """Whether no other worker has acknowledged an item since: then its last heartbeat is the handler's.

    The list of work shows it, and a clock that stood still misleads nobody. If the list does not show the item, or
    is refused, as in an archived environment, the item is this worker's as long as the lease lasts.

    Raises:
        AntError: if the list can't be read now.

    """
    try:
        newest = await context.call(context.api.newest_items)
    except AntError as error:
        if not is_permanent(error):
            raise
        newest = []
    found = next((item for item in newest if item.get("id") == work_id), {})
    latest = found.get("acknowledged_at")
    if latest is None or lease.acknowledged_at is None:
        return lease.lasts(context.now())
    return bool(latest == lease.acknowledged_at)


async def is_taken(work_id: str, lease: Lease, context: WorkerContext) -> bool:
    """Whether another worker has taken an item whose handler kept the lease. Raises as above."""
    if not lease.is_kept_by_handler:
        return False
    return not await is_still_acknowledged(work_id, lease, context)


def has_status(error: AntError | None, status: int) -> bool:
    """Whether an error is a response with this status."""
    return isinstance(error, APIError) and error.status == status


class Acknowledgement:
    """Take an item that was polled out of the queue."""

    name = "ack"

    def __init__(self, work_id: str, asked_at: float, context: WorkerContext) -> None:
        """`asked_at` is when the poll was sent: the server has handed out the item since."""
        self._id = work_id
        self._context = context
        self._certain_until = asked_at + CERTAIN_S
        self._is_open = False
        """A request has left open whether this worker has the item."""
        self._failed_at = 0.0
        self._silent_since: float | None = None
        self.item: WorkItem = {}
        """The item as the server returned it; empty if that response was lost."""
        self.sent_at = asked_at
        """When the request was sent that has taken the item, whose lease lasts from then on."""
        self.known_at = asked_at
        """When it was known that the item is taken."""
        self.failure: AntError | None = None
        """Why the last request failed."""

    async def attempt(self) -> Verdict | None:
        """Acknowledge the item, unless a look shows whose it is."""
        if self._is_open or has_status(self.failure, CONFLICT):
            if verdict := await self._look_for_the_owner():
                self.known_at = self._context.now()
                return verdict
        self.sent_at = self._context.now()
        try:
            self.item = await self._context.call(self._context.api.acknowledge, self._id)
        except AntError as error:
            self.failure, self._failed_at = error, self._context.now()
            self._is_open = self._is_open or error.outcome_unknown
            if self._is_final(error):
                return Verdict.REFUSED
            raise
        self.known_at = self._context.now()
        return Verdict.DONE

    def _is_final(self, error: AntError) -> bool:
        """Whether a failure ends the attempts. A refusal does if nothing can have been carried out."""
        if isinstance(error, MalformedResponse):
            return True
        return is_permanent(error) and not self._is_open

    async def _look_for_the_owner(self) -> Verdict | None:
        """Return whose the item is; None to take it now: it is still in the queue, or the server does not say."""
        looked_at = self._context.now()
        current = await look_at(self._id, self._context)
        if not current:
            return self._guess()
        if current.get("state") == "queued":
            # later, a poll hands it out again, perhaps to somebody else
            return None if self._is_certain(self._context.now()) else Verdict.NOT_OURS
        if not self._may_be_ours(current, looked_at):
            return Verdict.NOT_OURS
        if self._is_certain(looked_at) or self._context.heartbeat == "always":
            return Verdict.DONE  # with `always`, its first heartbeat decides
        self._silent_since = self._silent_since or looked_at
        if looked_at >= self._silent_since + _SILENCE_S:
            return Verdict.DONE
        await asyncio.sleep(_SILENCE_S)
        return await self._look_for_the_owner()

    def _is_certain(self, now: float) -> bool:
        """Whether no poll can have handed the item to anybody else yet."""
        return now < self._certain_until

    def _may_be_ours(self, current: WorkItem, looked_at: float) -> bool:
        """Whether an item that is taken may be this worker's. Its lease shows about when it was taken."""
        if current.get("state") != "starting" or current.get("last_heartbeat"):
            return False
        return self._is_open and taken_at(current, looked_at) <= self._failed_at + 1

    def _guess(self) -> Verdict | None:
        """Decide without a look, because this server shows nothing."""
        if not has_status(self.failure, CONFLICT):
            return None
        is_ours = self._is_open and self._is_certain(self._context.now())
        return Verdict.DONE if is_ours else Verdict.NOT_OURS


def taken_at(current: WorkItem, looked_at: float) -> float:
    """Return when an item without a heartbeat was acknowledged; a time before that if leases are short."""
    left_s = current.get("ttl_seconds") or 0
    return looked_at - (ACKNOWLEDGED_S - left_s) - 1


class Stop:
    """Stop an item that needs no further run, so that it is not done again.

    While this worker has the lease, the request is only repeated: it is idempotent. Afterwards, another worker may
    have the item, and a stop would destroy its session.
    """

    name = "stop"

    def __init__(
        self,
        work_id: str,
        lease: Lease,
        context: WorkerContext,
        note_failure: Callable[[], None],
        *,
        is_confirmed: bool = False,
    ) -> None:
        """`note_failure` is called after each request that fails. `is_confirmed`: nobody else has the item."""
        self._is_confirmed = is_confirmed
        self._id = work_id
        self._lease = lease
        self._context = context
        self._note_failure = note_failure
        self._failure: AntError | None = None
        self.item: WorkItem = {}
        """The item as the server returned it; empty if only a look has shown that it is stopped."""

    async def attempt(self) -> Verdict | None:
        """Stop the item. A conflict is no proof that it is stopped: it may be the answer of a gateway."""
        if not self._is_confirmed and await is_taken(self._id, self._lease, self._context):
            return Verdict.NOT_OURS
        self._is_confirmed = True
        lasts = self._lease.lasts(self._context.now())
        if self._failure and (not lasts or has_status(self._failure, CONFLICT)):
            current = await look_at(self._id, self._context)
            if current.get("state") == STOPPED:
                return Verdict.DONE
            if not lasts and not current:
                return None  # in doubt, leave it
            if not lasts and self._lease.is_of_another(current):
                return Verdict.NOT_OURS
        try:
            self.item = await self._context.call(self._context.api.stop, self._id)
        except AntError as error:
            self._failure = error
            self._note_failure()
            raise
        return Verdict.DONE


class GiveBack:
    """Let an item be queued again after a pause.

    The API has no call for that: the last heartbeat asks for a lease as long as the pause. The request names the
    heartbeat before it, so it can't hit another worker, and its repetition is a look.
    """

    name = "giving the item back"

    def __init__(
        self, work_id: str, lease: Lease, context: WorkerContext, pause_s: Callable[[], int]
    ) -> None:
        """`pause_s` returns the pause that is left."""
        self._id = work_id
        self._lease = lease
        self._context = context
        self._pause_s = pause_s
        self._is_confirmed = False
        """Nobody else has the item."""
        self._is_open = False
        """A request may have been carried out. Then another heartbeat may be the next worker's."""
        self.state: str | None = None
        """The state of the item afterwards: somebody may have stopped it. None if it is unknown."""

    async def attempt(self) -> Verdict | None:
        """Send the heartbeat. If the handler has sent the last one, the next attempt names that."""
        if not self._is_confirmed and await is_taken(self._id, self._lease, self._context):
            return Verdict.NOT_OURS
        self._is_confirmed = True
        if self._is_open and self._lease.last_heartbeat == NO_HEARTBEAT:
            looked_at = self._context.now()
            current = await look_at(self._id, self._context)
            is_taken_again = taken_at(current, looked_at) > self._lease.acknowledged_by
            if is_taken_again or self._is_settled(current):
                self.state = current.get("state")
                return Verdict.DONE
        try:
            await self._send()
        except AntError as error:
            if await self._adopts(item_in_refusal(error)):
                return None
            return self._judge(error)
        return Verdict.DONE

    async def _send(self) -> None:
        ttl_s = max(min(self._pause_s(), LONGEST_LEASE_S), SHORTEST_LEASE_S)
        given = (self._id, self._lease.last_heartbeat, ttl_s, self._lease.timeout_s)
        current = await self._context.call(self._context.api.heartbeat, *given)
        self.state = current.get("state")
        self._lease.last_heartbeat = heartbeat_in(current)

    async def _adopts(self, current: WorkItem) -> bool:
        """Take over the last heartbeat of the handler, unless it is that of another worker."""
        if self._is_open or current.get("state") != "active":
            return False
        if heartbeat_in(current) == self._lease.last_heartbeat:
            return False
        if not self._lease.is_kept_by_handler:  # otherwise this was asked before the first attempt
            if not await is_still_acknowledged(self._id, self._lease, self._context):
                return False
        self._lease.last_heartbeat = heartbeat_in(current)
        return True

    def _judge(self, error: AntError) -> Verdict | None:
        """Return what a failure says; raise it if it says nothing."""
        current = item_in_refusal(error)
        if current and self._is_settled(current):
            self.state = current.get("state")
            return Verdict.DONE
        if has_status(error, PRECONDITION_FAILED) and not current:
            return Verdict.NOT_OURS  # as far as this server says
        self._is_open = self._is_open or error.outcome_unknown
        raise error

    def _is_settled(self, current: WorkItem) -> bool:
        """Whether the item is queued, stopped, or somebody else's."""
        if current.get("state") in ("queued", *STOP_STATES):
            return True
        return heartbeat_in(current) != self._lease.last_heartbeat
