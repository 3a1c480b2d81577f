"""One item from its acknowledgement to its end: the handler and the lease in parallel, and then the settlement."""

from __future__ import annotations

import asyncio
import signal
import time
from contextlib import AsyncExitStack
from itertools import count

from ant_cli.errors import AntError, APIError
from ant_cli.http.response import json_object
from ant_cli.http.retries import backoff
from ant_cli.runtime.light_typing import Any
from ant_cli.worker.context import WorkerContext, handler_environment
from ant_cli.worker.handler import Handler, secrets_of_item
from ant_cli.worker.lease import Lease
from ant_cli.worker.lease_keeper import LeaseKeeper
from ant_cli.worker.sdk_session import LEASE_HOLDER
from ant_cli.worker.settlement import (
    UNREPORTED,
    Ending,
    Fate,
    Metadata,
    Outcome,
    Run,
    Settlement,
    give_up,
    may_have_run,
    settle,
)
from ant_cli.worker.work_api import WorkItem, age, is_permanent

_REFUSED = "heartbeat precondition failed"
"""What the SDKs' workers log, with the item's ID, when their heartbeat is answered with 412. They exit with 0."""


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

    async def run(self) -> Settlement | None:
        """Run the item's handler. Return what to do with it; None if it could not be acknowledged."""
        context = self._context
        try:
            item = await context.call(context.api.acknowledge, self._id) or self._polled
        except AntError as error:
            self._log.error("ack failed, discarding work item", error=error)
            return None
        if "secret" in self._polled:
            item["secret"] = self._polled["secret"]
        work_type = (item.get("data") or {}).get("type")
        self._log.info("claimed work", work_type=str(work_type))
        if work_type == "healthcheck":  # the queue only checks whether a worker is there: nothing to run
            return Settlement(Outcome.SUCCEEDED, Fate.STOP, {})
        return await self._settle(item)

    async def _settle(self, item: WorkItem) -> Settlement:
        context = self._context
        self._keys |= set(item.get("metadata") or ())
        history = context.memory.history_of(item)
        started = self._now()
        settlement = give_up(history, context.options)
        if settlement is None:
            if may_have_run(self._polled, item, history, context.options.lease):
                # The run is counted before it starts, because it may kill this worker, too.
                self._keys.add(UNREPORTED)
                await self._update({UNREPORTED: str(history.unreported + 1)})
            context.tally.queue_wait.observe(age(item.get("created_at"), time.time()))
            run = await self._run_handler(item, history.attempts + 1)
            settlement = settle(run, history, context.options)
            context.tally.item_duration.observe(self._now() - started)
        context.memory.note(self._id, history, settlement.outcome)
        context.tally.items[settlement.outcome.value] += 1
        self._log_outcome(settlement, self._now() - started)
        return settlement

    def _log_outcome(self, settlement: Settlement, seconds: float) -> None:
        fields = {"outcome": settlement.outcome.value, "seconds": round(seconds, 3)}
        if settlement.outcome is Outcome.SUCCEEDED:
            self._log.info("work item done", **fields)
        else:
            self._log.warn("work item not done", **fields, reason=settlement.reason, next=settlement.fate.value)

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
        return run._replace(last_words=handler.last_words(self._log.clean))

    async def _attend(self, handler: Handler, keeping: asyncio.Task[Ending]) -> Run:
        """Wait until a handler ends, or until something has to end it."""
        exited, shutdown = handler.exit, self._context.shutdown.terminating
        timeout_s = self._context.options.item_timeout
        events: set[asyncio.Future[Any]] = {exited, keeping, shutdown}
        await asyncio.wait(events, timeout=timeout_s or None, return_when=asyncio.FIRST_COMPLETED)
        if keeping.done() and keeping.result() is Ending.STOPPED:
            # If the handler has stopped the item itself, its work is done, and it ends soon.
            patience_s = self._context.options.kill_timeout
            await asyncio.wait(events - {keeping}, timeout=patience_s, return_when=asyncio.FIRST_COMPLETED)
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
            events: set[asyncio.Future[Any]] = {handler.exit, self._context.shutdown.killing}
            events |= set() if keeping.done() else {keeping}
            timeout_s = self._context.options.kill_timeout
            await asyncio.wait(events, timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED)
            if keeping.done() and keeping.result() is Ending.LEASE_LOST:
                ending = Ending.LEASE_LOST
        if not handler.exit.done():
            self._log.warn("killing the handler", reason=ending.value)
            handler.kill()
        return ending

    # Reports to the server. A failure costs nothing: the item comes back when its lease ends.

    async def carry_out(self, settlement: Settlement) -> None:
        """Stop the item or give it back, and write what other workers should know about it."""
        if settlement.outcome is Outcome.SUCCEEDED and settlement.fate is Fate.STOP:
            self._learn(await self._stop())  # first of all, so that finished work is not done again
            await self._update(settlement.metadata)
            return
        await self._update(settlement.metadata)
        if settlement.fate is Fate.STOP or (settlement.fate is Fate.GIVE_BACK and await self._keeper.give_back()):
            await self._stop()

    async def _update(self, metadata: Metadata) -> None:
        """Write metadata, if this worker has a key for that. A key that the item does not have is not deleted."""
        patch = {key: value for key, value in metadata.items() if value is not None or key in self._keys}
        if not (patch and self._context.options.metadata_key):
            return
        try:
            await self._context.call(self._context.api.update, self._id, patch)
        except AntError as error:
            self._log.warn("writing the item's metadata failed", error=error)

    def _learn(self, stopped: bytes) -> None:
        """Note whether the handler had time for a heartbeat and sent none: then the next lease is claimed at once.

        `stopped` is the item after its stop. After a run that took less than a look, a claim would only be one more
        request.
        """
        lease, is_silent = self._keeper.lease, False
        if self._now() >= lease.first_look:
            item = json_object(stopped) or {}
            is_silent = lease.held or item.get("latest_heartbeat_at", "unknown") is None
        self._context.memory.handler_is_silent = is_silent

    async def _stop(self) -> bytes:
        """Stop the item, and return the response, or nothing if it was stopped already or that failed.

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
        return b""
