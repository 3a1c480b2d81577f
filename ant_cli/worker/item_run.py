"""One item from its acknowledgement to its end: the handler and the lease in parallel, and then the settlement."""

from __future__ import annotations

import asyncio
import signal
import time
from contextlib import AsyncExitStack, suppress
from itertools import count
from math import ceil

from ant_cli.errors import AntError, APIError
from ant_cli.http.retries import backoff
from ant_cli.input.request import is_id
from ant_cli.worker.context import WorkerContext, first_of, handler_environment
from ant_cli.worker.handler import Handler, secrets_of_item
from ant_cli.worker.lease import Lease, LeaseKeeper
from ant_cli.worker.outage import Doubt
from ant_cli.worker.sdk_session import LEASE_HOLDER
from ant_cli.worker.settlement import (
    UNREPORTED,
    Ending,
    Fate,
    History,
    Metadata,
    Outcome,
    Run,
    Settlement,
    may_have_run,
    settle,
    settle_early,
)
from ant_cli.worker.work_api import SHORTEST_LEASE_S, WorkItem, age, is_permanent

_REFUSED = "heartbeat precondition failed"
"""What the SDKs' workers log, with the item's ID, when their heartbeat is answered with 412. They exit with 0."""
_MAY_HAVE_DETACHED = (
    "the handler exited with 0 at once, without output or a heartbeat, and its item was stopped: "
    "a handler has to stay in the foreground until the session ends, or needs --no-auto-stop"
)
_LONGEST_DOUBT_S = 5.0
"""How long to wait for the next runs before a failure counts as the item's own."""
_LEASE_IN_DOUBT_S = 10
"""Until then, the item is nobody's if this worker is killed."""


class ItemRun:
    """One item in the hands of this worker."""

    def __init__(self, polled: WorkItem, context: WorkerContext) -> None:
        """Take a polled item."""
        self._polled = polled
        self._context = context
        self._id: str = polled["id"]
        self._log = context.log.of_item(self._id, secrets_of_item(polled))
        self._now = asyncio.get_running_loop().time
        options, handler_beats = context.options, context.memory.handler_beats
        mode = options.heartbeat
        if mode != "never" and handler_beats:
            mode = "auto"
        elif mode == "auto" and context.memory.handler_is_silent:
            mode = "always"
        lease = Lease(mode, self._now(), options.lease, patient=handler_beats or options.no_auto_stop)
        self._keeper = LeaseKeeper(self._id, lease, context, self._log)
        self._keys: set[str] = set()
        """The keys of the item's metadata."""
        self._history = History(0, 0)
        self._seconds = 0.0
        """How long the handler ran."""
        self._ended = Run(Ending.EXITED)
        self._doubt = Doubt().settle(counts=True)
        self._settlement: Settlement | None = None

    async def run(self) -> bool:
        """Run the item's handler. Return False if the item could not be acknowledged. Then, `carry_out` is next."""
        context = self._context
        try:
            item = await context.call(context.api.acknowledge, self._id) or self._polled
        except AntError as error:
            self._log.error("ack failed, discarding work item", error=error)
            return False
        item |= {name: self._polled[name] for name in ("id", "secret") if name in self._polled}
        work_type = (item.get("data") or {}).get("type")
        self._log.info("claimed work", work_type=str(work_type))
        if work_type == "healthcheck":  # the queue only checks whether a worker is there: nothing to run
            self._settlement = Settlement(Outcome.SUCCEEDED, Fate.STOP, {})
        else:
            await self._run(item)
        return True

    async def _run(self, item: WorkItem) -> None:
        context = self._context
        self._keys |= set(item.get("metadata") or ())
        history = self._history = context.memory.history_of(item)
        if settlement := await self._settle_at_start(item):
            self._conclude(settlement)
            return
        context.tally.observe_wait(age(item.get("created_at"), time.time()))
        began = self._now()
        self._ended = await self._run_handler(item, history.attempts + 1)
        self._seconds = self._now() - began
        context.tally.observe_duration(self._seconds)
        self._doubt = context.outage.take(self._id, self._ended, began, self._now())

    async def _settle_at_start(self, item: WorkItem) -> Settlement | None:
        """Return the settlement of an item that must not run now. Prepare to run one that may have run before."""
        history, options = self._history, self._context.options
        settlement = settle_early(history, options, self._context.server_time())
        if settlement or not may_have_run(self._polled, item, history, options.lease):
            return settlement
        if await self._session_has_ended(item.get("data") or {}):
            return Settlement(Outcome.CANCELLED, Fate.STOP, {}, "its session has ended")
        # The run is counted before it starts, because it may kill this worker, too.
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

    def _settle(self) -> Settlement:
        """Decide what becomes of the item after a run of its handler."""
        context = self._context
        outage_pause_s = None if self._doubt.counts else context.outage.pause_of_item(self._now())
        now = context.server_time()
        return self._conclude(settle(self._ended, self._history, context.options, now, outage_pause_s))

    def _conclude(self, settlement: Settlement) -> Settlement:
        self._settlement = settlement
        self._context.memory.note(self._id, self._history, settlement.outcome, settlement.retry_at)
        self._context.tally.items[settlement.outcome.value] += 1
        fields = {"outcome": settlement.outcome.value, "seconds": round(self._seconds, 3)}
        if settlement.outcome is Outcome.SUCCEEDED:
            self._log.info("work item done", **fields)
        else:
            self._log.warn("work item not done", **fields, reason=settlement.reason, next=settlement.fate.value)
        return settlement

    # Handler and lease

    async def _run_handler(self, item: WorkItem, attempt: int) -> Run:
        context, keeper = self._context, self._keeper
        if keeper.lease.mode == "always" and (ending := await keeper.claim()):
            return Run(ending)
        own = context.own_variables | ({LEASE_HOLDER: self._id} if keeper.lease.mode == "always" else {})
        environment = handler_environment(
            context.environ, item, attempt, own, pass_api_key=context.options.pass_api_key
        )
        self._log.info("spawning on-work script", script=context.command[0], attempt=attempt)
        async with AsyncExitStack() as stack:
            started = Handler.started(context, environment, item, keeper.handler_limit, self._log)
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
            handed_over = context.options.no_auto_stop and run == Run(Ending.EXITED, 0)
            await handler.finish(context.guardian, kill_rest=not handed_over)
        context.memory.handler_beats |= keeper.lease.handler_beats
        if run.ending is Ending.EXITED and handler.has_said(_REFUSED, self._id):
            context.memory.handler_beats |= keeper.lease.held
            return Run(Ending.NEEDS_LEASE if keeper.lease.held else Ending.LEASE_LOST)
        return run._replace(last_words=handler.last_words(self._log.clean), has_output=handler.has_output)

    async def _attend(self, handler: Handler, keeping: asyncio.Task[Ending]) -> Run:
        """Wait until a handler ends, or until something has to end it."""
        options, exited, shutdown = self._context.options, handler.exit, self._context.shutdown.terminating
        await first_of(exited, keeping, shutdown, timeout_s=options.item_timeout or None)
        if keeping.done() and keeping.result() is Ending.STOPPED:
            # If the handler has stopped the item itself, its work is done, and it ends soon.
            await first_of(exited, shutdown, timeout_s=options.kill_timeout)
            if exited.done() and exited.result() == 0:
                return Run(Ending.EXITED)
        if keeping.done():
            ending = keeping.result()
        elif exited.done():
            ending = Ending.LEASE_LOST if handler.was_overdue else Ending.EXITED
        else:
            ending = Ending.SHUT_DOWN if shutdown.done() else Ending.TIMED_OUT
        if not exited.done():
            ending = await self._end(handler, keeping, ending)
        return Run(ending, await exited)

    async def _end(self, handler: Handler, keeping: asyncio.Task[Ending], ending: Ending) -> Ending:
        """Ask a handler to end, and kill it after a while; at once if the lease is lost."""
        if ending is not Ending.LEASE_LOST:
            self._log.info("terminating the handler", reason=ending.value)
            handler.send(signal.SIGTERM)
            options, watched = self._context.options, [] if keeping.done() else [keeping]
            await first_of(handler.exit, self._context.shutdown.killing, *watched, timeout_s=options.kill_timeout)
            if keeping.done() and keeping.result() is Ending.LEASE_LOST:
                ending = Ending.LEASE_LOST
        if not handler.exit.done():
            self._log.warn("killing the handler", reason=ending.value)
            handler.kill()
        return ending

    # Reports to the server. A failure costs nothing: the item comes back when its lease ends.

    async def carry_out(self) -> int:
        """Stop the item or give it back, and write what other workers should know about it.

        If only the next runs tell whether its failure is its own fault, they are waited for, with a short lease.
        Return the seconds after which the item may run again; 0 if it is not given back.
        """
        if not self._doubt.is_set():
            await self._keeper.give_back(_LEASE_IN_DOUBT_S)  # this worker may be killed
            with suppress(TimeoutError):
                await asyncio.wait_for(self._doubt.wait(), _LONGEST_DOUBT_S)
        settlement = self._settlement or self._settle()
        if settlement.outcome is Outcome.SUCCEEDED and settlement.fate is Fate.STOP:
            self._learn(await self._stop())  # first of all, so that finished work is not done again
            await self._update(settlement.metadata)
            return 0
        await self._update(settlement.metadata)
        pause_s = 0
        if settlement.fate is Fate.GIVE_BACK:
            pause_s = max(ceil(settlement.retry_at - self._context.server_time()), SHORTEST_LEASE_S)
        if settlement.fate is Fate.STOP or (pause_s and await self._keeper.give_back(pause_s)):
            await self._stop()
        return pause_s

    async def _update(self, metadata: Metadata) -> None:
        """Write metadata, if this worker has a key for that. A key that the item does not have is not deleted."""
        patch = {key: value for key, value in metadata.items() if value is not None or key in self._keys}
        if not (patch and self._context.options.metadata_key):
            return
        try:
            await self._context.call(self._context.api.update, self._id, patch)
        except AntError as error:
            self._log.warn("writing the item's metadata failed", error=error)

    def _learn(self, stopped: WorkItem) -> None:
        """Note whether the handler had time for a heartbeat and sent none: then the next lease is claimed at once.

        `stopped` is the item after its stop. After a run that took less than a look, a claim would only be one more
        request.
        """
        lease, memory = self._keeper.lease, self._context.memory
        had_time = self._now() >= lease.first_look
        is_silent = lease.held or stopped.get("latest_heartbeat_at", "unknown") is None
        memory.handler_is_silent = is_silent and had_time
        if is_silent and not (had_time or self._ended.has_output or memory.has_warned):
            memory.has_warned = True
            self._log.warn(_MAY_HAVE_DETACHED)

    async def _stop(self) -> WorkItem:
        """Stop the item, and return it; empty if it was stopped already or that failed.

        It is repeated while the lease lasts, because finished work should not be done again.
        """
        for attempt in count():
            try:
                return await self._context.call(self._context.api.stop, self._id)
            except AntError as error:
                if isinstance(error, APIError) and error.status == 409:  # it has stopped already
                    break
                pause_s = backoff(attempt)
                too_late = self._now() + pause_s >= self._keeper.lease.expires_at
                if is_permanent(error) or too_late or self._context.shutdown.terminating.done():
                    self._log.warn("stop failed", error=error)
                    break
            await asyncio.sleep(pause_s)
        return {}
