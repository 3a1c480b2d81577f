"""One item from its acknowledgement to its end: what precedes its handler, and what is done about it afterwards."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime
from math import ceil
from typing import NamedTuple

from ant_cli.errors import AntError
from ant_cli.input.request import is_id
from ant_cli.worker.confirmation import Confirmation, was_stopped_by_a_person
from ant_cli.worker.context import WorkerContext
from ant_cli.worker.endings import (
    CANT_START,
    EX_TEMPFAIL,
    FAILURES,
    LEASE_GONE,
    Ending,
    Fate,
    Run,
    before_run,
    ended,
    judge,
)
from ant_cli.worker.failures import UNREPORTED, Metadata
from ant_cli.worker.guardian import GuardedItem
from ant_cli.worker.guardian_process import guardian_time
from ant_cli.worker.handler import secrets_of_item
from ant_cli.worker.handler_run import HandlerRun
from ant_cli.worker.lease import NO_HEARTBEAT, STOPPED, STOPPING, Lease, LeaseKeeper, fallback_of
from ant_cli.worker.log import WorkerLog
from ant_cli.worker.make_it_so import (
    CERTAIN_S,
    Acknowledgement,
    GiveBack,
    Stop,
    Verdict,
    make_it_so,
)
from ant_cli.worker.work_api import SHORTEST_LEASE_S, WorkItem, age

_MAY_HAVE_DETACHED = (
    "the handler exited with 0 at once, without output or a heartbeat, and its item was stopped: "
    "a handler has to stay in the foreground until the session ends, or needs --no-auto-stop"
)
_UNCONFIRMED = "the stop is not confirmed; the item may run again after its lease"
_AT_ONCE_S = 1.0
_LONGEST_ID = 256
_LEFT_TO_OTHERS_S = 30.0
"""How long after its pause an item is left to other workers if this one could not start the handler."""


class Claim(NamedTuple):
    """The result of an acknowledgement."""

    verdict: Verdict
    run: ItemRun | None


async def claim(polled: WorkItem, asked_at: float, context: WorkerContext) -> Claim:
    """Acknowledge an item that was polled. `asked_at` is when the poll was sent.

    From here on, the item is not done, and the guardian gives it back if this worker is killed.
    """
    work_id, memory = polled["id"], context.memory
    ack_arrives_until = guardian_time() + asked_at + CERTAIN_S - context.now()
    guarded = context.guardian.guard(
        fallback_of(work_id, NO_HEARTBEAT, ack_arrives_until=ack_arrives_until)
    )
    acknowledgement = Acknowledgement(work_id, asked_at, context)
    log = _log_of(polled, context)
    is_new = work_id not in memory.not_done
    memory.not_done[work_id] = None
    context.taking.add(work_id)
    verdict = Verdict.UNCONFIRMED
    try:
        verdict = await make_it_so(acknowledgement, context, log)
    finally:
        context.taking.discard(work_id)
        if verdict is not Verdict.DONE:
            context.guardian.forget(guarded)
    if verdict is Verdict.DONE:
        return Claim(verdict, ItemRun(polled, acknowledgement, guarded, context))
    if verdict is Verdict.NOT_OURS:
        log.info("another worker has the work item")
        if is_new:
            memory.not_done.pop(work_id, None)
    else:
        log.error("ack failed, discarding work item", error=acknowledgement.failure)
    return Claim(verdict, None)


def _log_of(item: WorkItem, context: WorkerContext) -> WorkerLog:
    session_id = str((item.get("data") or {}).get("id", ""))
    fields: dict[str, object] = {"work_id": item["id"]}
    if is_id(session_id) and len(session_id) <= _LONGEST_ID:
        fields["session_id"] = session_id
    attempt = context.memory.history_of(item).attempts + 1
    return context.log.of_item(secrets_of_item(item), **fields, attempt=attempt)


class ItemRun:
    """One item that this worker has acknowledged."""

    def __init__(
        self,
        polled: WorkItem,
        acknowledgement: Acknowledgement,
        guarded: GuardedItem,
        context: WorkerContext,
    ) -> None:
        """Take an item with the ID and the secret of the poll: those have been checked."""
        checked = {name: polled[name] for name in ("id", "secret") if name in polled}
        self._polled = polled
        self._item: WorkItem = (acknowledgement.item or polled) | checked
        self._id: str = polled["id"]
        self._context = context
        self._history = context.memory.history_of(self._item)
        self._keys: set[str] = set(self._item.get("metadata") or ())
        """The keys of the item's metadata."""
        self._log = _log_of(self._item, context)
        self._guarded = guarded
        self._mode = context.heartbeat
        lease = Lease(self._mode, acknowledgement.sent_at, context.options.lease)
        lease.acknowledged_by = acknowledgement.known_at
        lease.acknowledged_at = self._item.get("acknowledged_at")
        self._keeper = LeaseKeeper(self._id, lease, guarded, context, self._log)
        self._handler_run = HandlerRun(guarded, self._keeper, context, self._log)
        self._seconds = 0.0
        """How long the handler ran."""
        self._run = ended(Ending.NOT_NEEDED)

    # Before the handler

    async def run(self) -> None:
        """Run the item's handler, unless it must not run now. Call `settle` next."""
        work_type = (self._item.get("data") or {}).get("type")
        self._log.info("claimed work", work_type=str(work_type))
        unstopped = self._context.memory.unstopped.get(self._id)
        if unstopped:
            self._log.info("this worker has finished the item before, and could not stop it")
            self._run = unstopped
        elif work_type != "healthcheck":  # the queue only checks whether there is a worker
            self._run = await self._end_before_its_run() or await self._run_handler()
            self._context.memory.note(self._id, self._run.remembered)

    async def _end_before_its_run(self) -> Run | None:
        """Return the end of an item that must not run now; None to run it.

        An item that may have run before is counted in its metadata before it runs again.
        """
        history, options = self._history, self._context.options
        if run := before_run(history, options, self._context.server_time()):
            return run
        if run := await self._claim_lease():
            return run
        if not history.may_have_run(self._polled, self._item, options.lease):
            return None
        if await self._session_has_ended(self._item.get("data") or {}):
            return ended(Ending.SESSION_ENDED)
        # Count the run before it starts, because it may kill this worker, too.
        self._keys.add(UNREPORTED)
        await self._update({UNREPORTED: str(history.unreported + 1)})
        return None

    async def _claim_lease(self) -> Run | None:
        """Send the first heartbeat if this worker holds the leases. Return the end of an item that it lost."""
        if self._mode != "always":
            return None
        taking = self._context.taking
        taking.add(self._id)
        try:
            ending = await self._keeper.claim()
        finally:
            taking.discard(self._id)
        if ending is None:
            return None
        if ending in LEASE_GONE:
            ending = Ending.UNCLAIMED
        return judge(ended(ending), self._history, self._context.options)

    async def _session_has_ended(self, data: WorkItem) -> bool:
        if data.get("type") != "session" or not is_id(data.get("id")):
            return False
        try:
            session = await self._context.call(self._context.api.session, data["id"])
        except AntError:  # this key can't look: the handler will notice
            return False
        return session.get("status") == "terminated" or bool(session.get("archived_at"))

    # The handler

    async def _run_handler(self) -> Run:
        context, tally = self._context, self._context.tally
        if self._history.is_first(self._polled):
            tally.observe_wait(age(self._item.get("created_at"), time.time()))
        began = context.now()
        proof = None
        if context.outage.reason:
            loop = asyncio.get_running_loop()
            proof = loop.call_later(context.outage.proof_s, context.end_outage)
        context.tally.started_at[self._id] = time.time()
        attempt, holds_lease = self._history.attempts + 1, self._mode == "always"
        try:
            run = await self._handler_run.run(self._item, attempt, holds_lease=holds_lease)
        finally:
            tally.started_at.pop(self._id, None)
            if proof:
                proof.cancel()
        self._seconds = context.now() - began
        tally.observe_duration(self._seconds)
        return self._judged(await self._confirmed(run), began)

    async def _confirmed(self, run: Run) -> Run:
        """Return a successful run as it looks to the server: the handler may not have done it, or lost its item."""
        if run.ending is not Ending.SUCCEEDED or self._keeper.lease.is_certain(self._context.now()):
            return run
        ending = await self._keeper.confirm()
        if ending is Ending.STOPPED:
            return ended(Ending.LOST)
        if ending is Ending.LEASE_LOST:
            return ended(ending)
        confirmation = Confirmation(self._item, self._keeper.lease, self._context)
        async with self._keeper.held_afterwards():
            await make_it_so(confirmation, self._context, self._log)
        ending = confirmation.ending or Ending.UNCONFIRMED
        return run if ending is Ending.SUCCEEDED else ended(ending)

    def _judged(self, run: Run, began: float) -> Run:
        """Return a run as the item's history and the other items show it."""
        context, outage = self._context, self._context.outage
        if run.ending in (Ending.SUCCEEDED, Ending.HANDED_OVER):
            outage.take_success(began)
        elif run.ending in FAILURES:
            outage.take_failure(self._id, run.reason, began, context.now())
        context.note_outage()
        if self._mode == "always" and run.ending in (Ending.UNFINISHED, Ending.LOST):
            context.distrust_handlers()
        in_outage, now = bool(outage.reason), context.server_time()
        return judge(run, self._history, context.options, now, in_outage=in_outage)

    # Afterwards

    async def settle(self) -> int:
        """Stop the item or give it back, and write what other workers should know about it.

        Return the seconds after which the item may run again; 0 if it is not given back.
        """
        try:
            return await self._settle(self._run)
        finally:
            self.abandon()

    async def _settle(self, run: Run) -> int:
        if run.ending.fate == "leave":
            self._conclude(run)
            await self._update(run.metadata)
            return 0
        async with self._keeper.held_afterwards():
            await self._report(run)
        return await self._give_back(run) if run.ending.fate == "give_back" else 0

    def abandon(self) -> None:
        """Let the guardian forget the item: it is settled, or left to its lease."""
        self._context.guardian.forget(self._guarded)

    async def _report(self, run: Run) -> None:
        """Stop the item and write its metadata. Finished work is stopped first, so that it is not done again."""
        if run.ending is Ending.SUCCEEDED:
            await self._stop(run)
        await self._update(run.metadata)
        if run.ending.fate == "stop" and run.ending is not Ending.SUCCEEDED:
            await self._stop(run)

    async def _stop(self, run: Run) -> None:
        """Stop the item. Until the server has confirmed that, it is not done, and does not run here again."""
        context, lease = self._context, self._keeper.lease
        is_confirmed = run.ending is Ending.SUCCEEDED
        given = (self._id, lease, context, lambda: self._note_failed_stop(run))
        stop = Stop(*given, is_confirmed=is_confirmed)
        verdict = Verdict.UNCONFIRMED
        try:
            verdict = await make_it_so(stop, context, self._log)
        finally:
            if verdict is Verdict.UNCONFIRMED:
                self._give_up_stop(run)
        if verdict is Verdict.UNCONFIRMED:
            return
        context.tally.unconfirmed.discard(self._id)
        if verdict is Verdict.NOT_OURS:
            self._conclude(ended(Ending.LEASE_LOST))
            return
        context.memory.unstopped.pop(self._id, None)
        if run.ending is not Ending.SUCCEEDED:
            self._conclude(run, "stop")
        elif was_stopped_by_a_person(stop.item):
            self._conclude(ended(Ending.STOPPED))
        else:
            self._conclude(run)
            self._warn_if_detached(stop.item)

    def _note_failed_stop(self, run: Run) -> None:
        self._context.memory.unstopped[self._id] = run
        self._context.tally.unconfirmed.add(self._id)

    def _give_up_stop(self, run: Run) -> None:
        """Leave the item to its lease, and log when that ends. The guardian would let it run again at once."""
        self._context.guardian.forget(self._guarded)
        self._note_failed_stop(run)
        left_s = self._keeper.lease.expires_at - self._context.now()
        until = datetime.fromtimestamp(self._context.server_time() + max(left_s, 0.0), UTC)
        outcome, held_until = run.ending.outcome, until.isoformat(timespec="seconds")
        self._log.error(_UNCONFIRMED, outcome=outcome, held_until=held_until)

    def _warn_if_detached(self, stopped: WorkItem) -> None:
        """Warn about a handler that may have left its work to a process that is killed now."""
        memory = self._context.memory
        if memory.has_warned or self._seconds >= _AT_ONCE_S or self._handler_run.has_output:
            return
        if self._keeper.lease.held or stopped.get("latest_heartbeat_at", "unknown") is None:
            memory.has_warned = True
            self._log.warn(_MAY_HAVE_DETACHED)

    async def _give_back(self, run: Run) -> int:
        """Give the item back, and return the seconds until it may run again; 0 if somebody has stopped it."""
        context, pause_s = self._context, self._pause_left(run)
        give_back = GiveBack(self._id, self._keeper.lease, context, lambda: self._pause_left(run))
        verdict = await make_it_so(give_back, context, self._log)
        if give_back.state == STOPPING:
            async with self._keeper.held_afterwards():
                await self._stop(ended(Ending.STOP_REQUESTED))
            return 0
        if give_back.state == STOPPED:
            self._conclude(self._stopped_meanwhile(run))
            return 0
        if verdict is Verdict.NOT_OURS and self._keeper.lease.is_kept_by_handler:
            self._conclude(ended(Ending.LEASE_LOST))
            return 0
        if verdict is not Verdict.DONE:
            self._log.warn("giving the item back failed; it is queued again when its lease ends")
        if run.ending in FAILURES:
            context.outage.take_pause(self._id, self._keeper.lease.last_heartbeat)
        if self._handler_run.status in CANT_START:
            until = context.now() + pause_s + _LEFT_TO_OTHERS_S
            context.memory.left_to_others_until[self._id] = until
        self._conclude(run)
        return pause_s

    def _stopped_meanwhile(self, run: Run) -> Run:
        """Return the end of an item that can't be given back. A handler that exits with 75 has not stopped it."""
        if self._handler_run.status == EX_TEMPFAIL:
            return ended(Ending.STOPPED)
        return ended(Ending.STOPPED_MEANWHILE, run.reason)

    def _pause_left(self, run: Run) -> int:
        left_s = ceil(run.history.retry_at - self._context.server_time())
        return max(left_s, SHORTEST_LEASE_S)

    def _conclude(self, run: Run, fate: Fate | None = None) -> None:
        """Count and log what has become of the item. `fate` is given if it is not that of the row."""
        outcome, memory = run.ending.outcome, self._context.memory
        if run.ending.is_done:
            memory.not_done.pop(self._id, None)
        if outcome is None:
            return
        self._context.tally.items[outcome] += 1
        seconds = round(self._seconds, 3)
        if outcome == "succeeded":
            self._log.info("work item done", outcome=outcome, seconds=seconds)
            return
        write = self._log.error if outcome in ("lost", "unfinished") else self._log.warn
        fields = {"outcome": outcome, "seconds": seconds, "reason": run.shown_reason}
        write("work item not done", **fields, next=fate or run.ending.fate)

    async def _update(self, metadata: Metadata) -> None:
        """Write metadata, if this worker has a key for that. A key that the item does not have is not deleted."""
        patch = {
            key: value for key, value in metadata.items() if value is not None or key in self._keys
        }
        if not (patch and self._context.options.metadata_key):
            return
        tally = self._context.tally
        try:
            await self._context.call(self._context.api.update, self._id, patch)
            tally.metadata_writes["written"] += 1
        except AntError as error:
            tally.metadata_writes["failed"] += 1
            self._log.warn("writing the item's metadata failed", error=error)
