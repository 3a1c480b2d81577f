"""One item from its acknowledgement to its end: the handler and the lease in parallel, and then the settlement."""

from __future__ import annotations

import asyncio
import signal
import time
from contextlib import AsyncExitStack
from itertools import count
from math import ceil

from ant_cli.errors import AntError, APIError
from ant_cli.http.retries import backoff
from ant_cli.input.request import is_id
from ant_cli.worker.context import WorkerContext, handler_environment, item_variables, wait_for_any
from ant_cli.worker.failures import NEVER_RUN, UNREPORTED, Metadata
from ant_cli.worker.handler import Handler, secrets_of_item
from ant_cli.worker.lease import STOPPED, STOPPING, Lease, LeaseKeeper
from ant_cli.worker.log import WorkerLog
from ant_cli.worker.sdk_session import LEASE_HOLDER
from ant_cli.worker.settlement import (
    LEASE_GONE,
    Ending,
    Fate,
    Outcome,
    Run,
    Settlement,
    settle,
    settle_early,
)
from ant_cli.worker.work_api import SHORTEST_LEASE_S, WorkItem, age, is_permanent

_REFUSAL_IN_LOG = "heartbeat precondition failed"
"""What the SDKs' workers log, with the item's ID, after a 412 to their heartbeat. They exit with 0."""
_MAY_HAVE_DETACHED = (
    "the handler exited with 0 at once, without output or a heartbeat, and its item was stopped: "
    "a handler has to stay in the foreground until the session ends, or needs --no-auto-stop"
)
_AT_ONCE_S = 1.0
_CONFLICT = 409
_LONGEST_ID = 256
_DONE = Settlement(Outcome.SUCCEEDED, Fate.STOP, {})
"""The settlement of an item for which no handler has to run."""


class ItemRun:
    """One item that this worker has polled."""

    _log: WorkerLog
    _keeper: LeaseKeeper
    """Keeps the lease, which begins with the acknowledgement."""

    def __init__(self, polled: WorkItem, context: WorkerContext) -> None:
        """Take a polled item."""
        self._polled = polled
        self._context = context
        self._id: str = polled["id"]
        self._now = asyncio.get_running_loop().time
        self._history = NEVER_RUN
        self._keys: set[str] = set()
        """The keys of the item's metadata."""
        self._seconds = 0.0
        """How long the handler ran."""
        self._has_output = True
        self._settlement = _DONE

    def _log_of(self, item: WorkItem) -> WorkerLog:
        self._history = self._context.memory.history_of(item)
        session_id = str((item.get("data") or {}).get("id", ""))
        fields = (
            {"session_id": session_id}
            if is_id(session_id) and len(session_id) <= _LONGEST_ID
            else {}
        )
        attempt = self._history.attempts + 1
        return self._context.log.of_item(
            secrets_of_item(item), work_id=self._id, **fields, attempt=attempt
        )

    async def run(self) -> bool:
        """Run the item's handler; call `carry_out` next. Return False if the item could not be acknowledged."""
        context, began = self._context, self._now()
        try:
            item = await context.call(context.api.acknowledge, self._id) or self._polled
        except AntError as error:
            self._log_of(self._polled).error("ack failed, discarding work item", error=error)
            return False
        item |= {name: self._polled[name] for name in ("id", "secret") if name in self._polled}
        self._log = self._log_of(item)
        self._keys |= set(item.get("metadata") or ())
        lease = Lease(context.options.heartbeat, began, context.options.lease)
        self._keeper = LeaseKeeper(self._id, lease, context, self._log)
        work_type = (item.get("data") or {}).get("type")
        self._log.info("claimed work", work_type=str(work_type))
        if self._id in context.memory.finished:
            self._log.info("this worker has finished the item before, and could not stop it")
        elif work_type != "healthcheck":  # the queue only checks whether there is a worker
            self._settlement = await self._settle_at_start(item) or await self._run(item)
            context.memory.note(self._id, self._settlement.history)
        return True

    async def _settle_at_start(self, item: WorkItem) -> Settlement | None:
        """Return the settlement of an item that must not run now; None to run it.

        An item that may have run before is counted in its metadata before it runs again.
        """
        history, options = self._history, self._context.options
        if settlement := settle_early(history, options, self._context.server_time()):
            return settlement
        if options.heartbeat == "always" and (ending := await self._keeper.claim()):
            return settle(Run(ending, has_started=False), history, options)
        if not history.may_have_run(self._polled, item, options.lease):
            return None
        if await self._session_has_ended(item.get("data") or {}):
            return Settlement(Outcome.CANCELLED, Fate.STOP, {}, "its session has ended")
        # Count the run before it starts, because it may kill this worker, too.
        self._keys.add(UNREPORTED)
        await self._update({UNREPORTED: str(history.unreported + 1)})
        return None

    async def _session_has_ended(self, data: WorkItem) -> bool:
        if data.get("type") != "session" or not is_id(data.get("id")):
            return False
        try:
            session = await self._context.call(self._context.api.session, data["id"])
        except AntError:  # this key can't look: the handler will notice
            return False
        return session.get("status") == "terminated" or bool(session.get("archived_at"))

    async def _run(self, item: WorkItem) -> Settlement:
        context, history, options = self._context, self._history, self._context.options
        if history.is_first(self._polled):
            context.tally.observe_wait(age(item.get("created_at"), time.time()))
        began, loop = self._now(), asyncio.get_running_loop()
        proof = (
            loop.call_later(context.outage.proof_s, context.end_outage)
            if context.outage.reason
            else None
        )
        context.tally.started_at[self._id] = time.time()
        try:
            run = await self._run_handler(item)
        finally:
            context.tally.started_at.pop(self._id, None)
            if proof:
                proof.cancel()
        self._seconds, self._has_output = self._now() - began, run.has_output
        context.tally.observe_duration(self._seconds)
        if run.succeeded and not options.no_auto_stop:
            ending = await self._keeper.confirm()
            if ending in (Ending.STOPPED, Ending.LEASE_LOST):
                run = run._replace(ending=ending)
        if run.succeeded:
            context.outage.take_success(began)
        elif run.failed:
            context.outage.take_failure(self._id, run.failure(options), began, self._now())
        context.note_outage()
        return settle(
            run, history, options, context.server_time(), in_outage=bool(context.outage.reason)
        )

    # Handler and lease

    async def _run_handler(self, item: WorkItem) -> Run:
        context, keeper, options = self._context, self._keeper, self._context.options
        own = context.own_variables | (
            {LEASE_HOLDER: self._id} if options.heartbeat == "always" else {}
        )
        attempt = self._history.attempts + 1
        environment = handler_environment(context.environ, item, attempt, own)
        for name, value in item_variables(item).items():
            if value and name not in environment:
                self._log.warn(
                    "a value of the item can't be a variable; the item on stdin has it",
                    variable=name,
                )
        self._log.info("spawning on-work script", script=context.command[0])
        async with AsyncExitStack() as stack:
            started = Handler.started(context, environment, item, keeper.fallback, self._log)
            try:
                handler = await stack.enter_async_context(started)
            except OSError as error:
                self._log.error("the handler could not be started", error=str(error))
                return Run(Ending.EXITED, 126)
            keeping = asyncio.create_task(keeper.keep(handler.child))
            try:
                run = await self._attend(handler, keeping)
            finally:
                keeping.cancel()
            handed_over = options.no_auto_stop and run == Run(Ending.EXITED, 0)
            await handler.finish(context.guardian, kill_rest=not handed_over)
        if run.ending is Ending.EXITED and handler.has_said(_REFUSAL_IN_LOG, self._id):
            return Run(Ending.REFUSED if keeper.lease.held else Ending.LEASE_LOST)
        return run._replace(
            last_words=handler.last_words(self._log.clean), has_output=handler.has_output
        )

    async def _attend(self, handler: Handler, keeping: asyncio.Task[Ending]) -> Run:
        """Wait until a handler ends, or until something has to end it."""
        options, exited, shutdown = (
            self._context.options,
            handler.exit,
            self._context.shutdown.terminating,
        )
        await wait_for_any(exited, keeping, shutdown, timeout_s=options.item_timeout or None)
        if keeping.done() and keeping.result() is Ending.STOPPED:
            # The handler may have stopped the item itself: its work is done, or its heartbeat was refused.
            await wait_for_any(exited, shutdown, timeout_s=options.kill_timeout)
            if exited.done() and exited.result() == 0:
                return Run(Ending.STOPPED if self._keeper.lease.held else Ending.EXITED)
        if keeping.done():
            ending = (
                Ending.STOP_REQUESTED if keeping.result() is Ending.STOPPED else keeping.result()
            )
        elif exited.done():
            ending = Ending.LEASE_LOST if handler.was_overdue else Ending.EXITED
        else:
            ending = Ending.SHUT_DOWN if shutdown.done() else Ending.TIMED_OUT
        if not exited.done():
            ending = await self._end(handler, keeping, ending)
        return Run(ending, await exited)

    async def _end(self, handler: Handler, keeping: asyncio.Task[Ending], ending: Ending) -> Ending:
        """Ask a handler to end, and kill it after a while; at once if another worker has the lease."""
        context, exited = self._context, handler.exit
        killing, timeout_s = context.shutdown.killing, context.options.kill_timeout
        if ending is not Ending.LEASE_LOST:
            self._log.info("terminating the handler", reason=ending.value)
            handler.send(signal.SIGTERM)
        until = self._now() + timeout_s
        if ending not in LEASE_GONE:
            await wait_for_any(
                exited, killing, *([] if keeping.done() else [keeping]), timeout_s=timeout_s
            )
            if keeping.done() and keeping.result() in LEASE_GONE:
                ending = keeping.result()
            else:  # if the item was stopped, perhaps by the handler itself, the handler still has all of its time
                await wait_for_any(exited, killing, timeout_s=max(until - self._now(), 0.0))
        if ending is Ending.LEASE_ENDED:
            left_s = self._keeper.lease.must_kill_at - self._now()
            await wait_for_any(exited, killing, timeout_s=min(left_s, timeout_s))
        if not exited.done():
            self._log.warn("killing the handler", reason=ending.value)
            handler.kill()
        return ending

    # Reports to the server. If one fails, nothing is lost: the item is handed out again when its lease ends.

    async def carry_out(self) -> int:
        """Stop the item or give it back, and write what other workers should know about it.

        Return the seconds after which the item may run again; 0 if it is not given back.
        """
        settlement = self._settlement
        if settlement.outcome is Outcome.SUCCEEDED and settlement.fate is Fate.STOP:
            self._conclude(settlement)
            await self._finish()  # first of all, so that finished work is not done again
            await self._update(settlement.metadata)
            return 0
        await self._update(settlement.metadata)
        state, pause_s = "", 0
        if settlement.fate is Fate.GIVE_BACK:
            pause_s = max(
                ceil(settlement.history.retry_at - self._context.server_time()), SHORTEST_LEASE_S
            )
            state = await self._keeper.give_back(pause_s)
        if state == STOPPED:
            settlement = settlement.if_stopped
        elif state == STOPPING:
            settlement = settlement._replace(fate=Fate.STOP)
        self._conclude(settlement)
        if settlement.fate is Fate.STOP:
            await self._stop()
        return pause_s if settlement.fate is Fate.GIVE_BACK else 0

    def _conclude(self, settlement: Settlement) -> None:
        """Count and log what has become of the item."""
        if settlement is _DONE:  # no handler has run
            return
        context, outcome = self._context, settlement.outcome
        context.tally.items[outcome.value] += 1
        if outcome in (Outcome.SUCCEEDED, Outcome.CANCELLED):
            context.memory.not_done.pop(self._id, None)
        elif (
            outcome is not Outcome.GIVEN_BACK or settlement.history.excused > self._history.excused
        ):
            context.memory.not_done[self._id] = None
        fields = {"outcome": outcome.value, "seconds": round(self._seconds, 3)}
        if outcome is Outcome.SUCCEEDED:
            self._log.info("work item done", **fields)
            return
        write = self._log.error if outcome is Outcome.LOST else self._log.warn
        write("work item not done", **fields, reason=settlement.reason, next=settlement.fate.value)

    async def _update(self, metadata: Metadata) -> None:
        """Write metadata, if this worker has a key for that. A key that the item does not have is not deleted."""
        patch = {
            key: value for key, value in metadata.items() if value is not None or key in self._keys
        }
        if not (patch and self._context.options.metadata_key):
            return
        try:
            await self._context.call(self._context.api.update, self._id, patch)
            self._context.tally.metadata_writes["written"] += 1
        except AntError as error:
            self._context.tally.metadata_writes["failed"] += 1
            self._log.warn("writing the item's metadata failed", error=error)

    async def _finish(self) -> None:
        """Stop an item that is done."""
        memory, stopped = self._context.memory, await self._stop()
        if stopped is None:
            return
        is_silent = self._keeper.lease.held or stopped.get("latest_heartbeat_at", "unknown") is None
        if is_silent and not (self._seconds >= _AT_ONCE_S or self._has_output or memory.has_warned):
            memory.has_warned = True
            self._log.warn(_MAY_HAVE_DETACHED)

    async def _stop(self) -> WorkItem | None:
        """Stop the item, and return it; empty if it was stopped already, None if that failed.

        The request is repeated while the lease lasts, because finished work should not be done again. An item that
        could not be stopped is not run again by this worker.
        """
        memory = self._context.memory
        for attempt in count():
            try:
                stopped = await self._context.call(self._context.api.stop, self._id)
            except AntError as error:
                if await self._is_stopped(error):
                    stopped = {}
                    break
                self._context.tally.unconfirmed.add(self._id)
                pause_s = backoff(attempt)
                too_late = self._now() + pause_s >= self._keeper.lease.expires_at
                if is_permanent(error) or too_late or self._context.shutdown.terminating.done():
                    self._log.warn("stop failed", error=error)
                    memory.finished[self._id] = None
                    return None
            else:
                break
            await asyncio.sleep(pause_s)
        memory.finished.pop(self._id, None)
        self._context.tally.unconfirmed.discard(self._id)
        return stopped

    async def _is_stopped(self, error: AntError) -> bool:
        """Whether a stop conflicts with an item that is stopped already. The 409 may be that of a gateway."""
        if not (isinstance(error, APIError) and error.status == _CONFLICT):
            return False
        try:
            return (await self._keeper.look()).get("state") == STOPPED
        except AntError:
            return False
