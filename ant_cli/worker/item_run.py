"""One item from its acknowledgement to its end: the handler and the lease in parallel, and then the settlement."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import Callable
from concurrent.futures import Executor
from datetime import datetime

from ant_cli.errors import AntError, APIError
from ant_cli.http.retries import RETRIED_4XX
from ant_cli.runtime.light_typing import Any, NamedTuple, TypeVar
from ant_cli.worker.guardian import Guardian
from ant_cli.worker.handler import Handler, handler_environment, secrets_of_item
from ant_cli.worker.lease import ENDING, NO_HEARTBEAT, Action, Lease, LeaseStep, Verdict
from ant_cli.worker.log import WorkerLog
from ant_cli.worker.options import PollOptions
from ant_cli.worker.polling_pace import Backoff
from ant_cli.worker.settlement import (
    UNREPORTED,
    Ending,
    Fate,
    History,
    Outcome,
    Run,
    Settlement,
    give_up,
    history_of,
    may_have_run,
    settle,
)
from ant_cli.worker.tally import Tally
from ant_cli.worker.work_api import WorkAPI, WorkItem

T = TypeVar("T")

_LOOK_BEFORE_STOP_S = 1.0
"""A handler that ran for less than this ran no session. At a session's end, the SDKs' workers stop the item."""
_ENDINGS = {Verdict.LOST: Ending.LEASE_LOST, Verdict.STOP_REQUESTED: Ending.STOP_REQUESTED}


class Shutdown:
    """The stages of a worker's shutdown; set by signals."""

    def __init__(self) -> None:
        self.draining = asyncio.Event()
        """Take no more work."""
        self.terminating = asyncio.Event()
        """End the handlers: SIGTERM, and SIGKILL after the kill timeout."""
        self.killing = asyncio.Event()
        """Kill the handlers now."""


class WorkerContext(NamedTuple):
    """What all items of a worker share."""

    api: WorkAPI
    executor: Executor
    options: PollOptions
    command: list[str]
    environ: dict[str, str]
    own_variables: dict[str, str]
    guardian: Guardian
    log: WorkerLog
    tally: Tally
    shutdown: Shutdown

    async def call(self, function: Callable[..., T], *args: Any) -> T:
        """Make an API call in a thread. Cancelling does not stop the call; its result is discarded."""
        return await asyncio.get_running_loop().run_in_executor(self.executor, function, *args)

    def close(self) -> None:
        """Kill the remaining handlers, and close the connections. API calls in progress are not waited for."""
        self.executor.shutdown(wait=False, cancel_futures=True)
        self.guardian.close()
        self.api.close()


def is_permanent(error: AntError) -> bool:
    """Whether an error is permanent: a client error of the API, with few exceptions."""
    return isinstance(error, APIError) and 400 <= error.status < 500 and error.status not in RETRIED_4XX


class ItemRun:
    """One item in the hands of this worker."""

    def __init__(self, polled: WorkItem, context: WorkerContext, free_slot: Callable[[], None]) -> None:
        """Take a polled item. `free_slot` is called when its handler has ended, before the item is stopped."""
        self._polled = polled
        self._free_slot = free_slot
        self._context = context
        self._id: str = polled["id"]
        self._log = context.log.of_item(self._id, secrets_of_item(polled))
        self._now = asyncio.get_running_loop().time
        self._began = self._now()
        self._trouble_logged = False
        self._start_noted = False

    async def run(self) -> Settlement | None:
        """Handle the item. Return what was done with it; None if it could not be acknowledged."""
        context = self._context
        try:
            item = await context.call(context.api.acknowledge, self._id)
        except AntError as error:
            self._log.error("ack failed, discarding work item", error=error)
            return None
        if "secret" in self._polled:
            item["secret"] = self._polled["secret"]
        work_type = (item.get("data") or {}).get("type")
        self._log.info("claimed work", work_type=str(work_type))
        if work_type == "healthcheck":  # the queue only checks whether a worker is there: nothing to run
            await self._stop(self._began + context.options.lease)
            return Settlement(Outcome.SUCCEEDED, Fate.STOP, {})
        return await self._handle(item)

    async def _handle(self, item: WorkItem) -> Settlement:
        context = self._context
        lease = Lease(context.options.heartbeat, item, self._began, context.options.lease)
        history = history_of(item)
        if given_up := give_up(history, context.options):
            return await self._give_up(given_up, item, lease)
        await self._note_start(item, history)
        started = self._now()
        context.tally.queue_wait.observe(_age(item))
        run = await self._run_handler(item, lease, history.attempts + 1)
        self._free_slot()
        settlement = settle(run, history.attempts, context.options)
        seconds = self._now() - started
        context.tally.item_ended(settlement.outcome, seconds)
        self._log_outcome(settlement, seconds)
        may_be_stopped = lease.handler_beats or (not lease.held and seconds >= _LOOK_BEFORE_STOP_S)
        await self._carry_out(settlement, item, lease, may_be_stopped=may_be_stopped)
        return settlement

    async def _give_up(self, settlement: Settlement, item: WorkItem, lease: Lease) -> Settlement:
        """Stop an item that was tried too often, without another run."""
        self._free_slot()
        self._context.tally.items[settlement.outcome.value] += 1
        self._log_outcome(settlement, 0.0)
        await self._carry_out(settlement, item, lease, may_be_stopped=False)
        return settlement

    async def _note_start(self, item: WorkItem, history: History) -> None:
        """Count a run before it starts, if it may not be the first, because it may kill this worker, too."""
        if may_have_run(self._polled, item, self._context.options.lease):
            self._start_noted = True
            metadata = {UNREPORTED: str(history.unreported + 1)}
            await self._attempt(self._context.api.update, self._id, metadata)

    def _log_outcome(self, settlement: Settlement, seconds: float) -> None:
        fields = {"outcome": settlement.outcome.value, "seconds": round(seconds, 3)}
        if settlement.outcome is Outcome.SUCCEEDED:
            self._log.info("work item done", **fields)
        else:
            self._log.warn("work item not done", **fields, reason=settlement.reason, next=settlement.fate.value)

    # Handler and lease

    async def _run_handler(self, item: WorkItem, lease: Lease, attempt: int) -> Run:
        context = self._context
        if context.options.heartbeat == "always" and (verdict := await self._claim(lease)) is not Verdict.KEPT:
            return Run(_ENDINGS[verdict])
        environment = handler_environment(
            context.environ, item, attempt, context.own_variables, pass_api_key=context.options.pass_api_key
        )
        self._log.info("spawning on-work script", script=context.command[0], attempt=attempt)
        try:
            handler = await Handler.start(context.command, environment, item, context.guardian, self._log)
        except OSError as error:
            self._log.error("the handler could not be started", error=str(error))
            return Run(Ending.EXITED, 126)
        keeper = asyncio.create_task(self._keep(lease, handler))
        try:
            run = await self._attend(handler, keeper)
        finally:
            keeper.cancel()
        handed_over = context.options.no_auto_stop and run == Run(Ending.EXITED, 0)
        await handler.finish(kill_rest=not handed_over)
        return run._replace(last_words=handler.last_words(self._log.clean))

    async def _attend(self, handler: Handler, keeper: asyncio.Task[Verdict]) -> Run:
        """Wait until a handler ends, or until something has to end it."""
        exited = asyncio.create_task(handler.wait())
        shutdown = asyncio.create_task(self._context.shutdown.terminating.wait())
        timeout_s = self._context.options.item_timeout
        try:
            await asyncio.wait(
                {exited, keeper, shutdown}, timeout=timeout_s or None, return_when=asyncio.FIRST_COMPLETED
            )
            if keeper.done():
                ending = _ENDINGS[keeper.result()]
            elif exited.done():
                ending = Ending.LEASE_LOST if handler.was_overdue else Ending.EXITED
            else:
                ending = Ending.SHUT_DOWN if shutdown.done() else Ending.TIMED_OUT
            if not exited.done():
                ending = await self._end(handler, exited, keeper, ending)
            return Run(ending, await exited, timeout_s)
        finally:
            shutdown.cancel()

    async def _end(
        self, handler: Handler, exited: asyncio.Task[int], keeper: asyncio.Task[Verdict], ending: Ending
    ) -> Ending:
        """Ask a handler to end, and kill it after a while; at once if the lease is lost."""
        if ending is not Ending.LEASE_LOST:
            self._log.info("terminating the handler", reason=ending.value)
            handler.send(signal.SIGTERM)
            killing = asyncio.create_task(self._context.shutdown.killing.wait())
            others = {keeper} if not keeper.done() else set()
            await asyncio.wait(
                {exited, killing, *others},
                timeout=self._context.options.kill_timeout,
                return_when=asyncio.FIRST_COMPLETED,
            )
            killing.cancel()
            if others and keeper.done() and keeper.result() is Verdict.LOST:
                ending = Ending.LEASE_LOST
        if not exited.done():
            self._log.warn("killing the handler", reason=ending.value)
            handler.kill()
        return ending

    async def _claim(self, lease: Lease) -> Verdict:
        """Repeat the first heartbeat, before the handler starts, until there is a verdict."""
        verdict = Verdict.KEPT
        while verdict is Verdict.KEPT and not lease.held and (step := lease.next_step()):
            verdict = await self._take(step, lease)
        return verdict

    async def _keep(self, lease: Lease, handler: Handler) -> Verdict:
        """Hold or watch the lease until it is lost, or a stop is requested."""
        while step := lease.next_step():
            # The guardian acts a little later than this worker, and only if this worker can't.
            handler.kill_in((lease.must_stop_at + lease.expires_at) / 2 - self._now())
            verdict = await self._take(step, lease)
            if verdict is not Verdict.KEPT:
                return verdict
        never: asyncio.Future[Verdict] = asyncio.get_running_loop().create_future()
        return await never

    async def _take(self, step: LeaseStep, lease: Lease) -> Verdict:
        """Take the next step when it is due. A lease that was not extended in time is lost."""
        try:
            async with asyncio.timeout_at(lease.must_stop_at):
                await asyncio.sleep(step.at - self._now())
                sent = self._now()
                verdict = await self._send(step, lease, sent)
        except TimeoutError:
            self._log.error("heartbeat staleness ceiling exceeded; lease presumed expired")
            verdict = Verdict.LOST
        if verdict is Verdict.LOST:
            self._context.tally.heartbeats["lost"] += 1
        return verdict

    async def _send(self, step: LeaseStep, lease: Lease, sent: float) -> Verdict:
        api, call = self._context.api, self._context.call
        try:
            if step.action is Action.LOOK:
                verdict = lease.take_item(await call(api.retrieve, self._id), self._now())
            else:
                ttl_s = int(self._context.options.lease)
                verdict = lease.take_heartbeat(
                    await call(api.heartbeat, self._id, lease.last_heartbeat, ttl_s), sent
                )
                self._context.tally.heartbeats["extended"] += verdict is Verdict.KEPT
        except AntError as error:
            return self._failed(error, lease)
        self._trouble_logged = False
        if verdict is Verdict.STOP_REQUESTED:
            self._log.info("heartbeat reports shutdown")
        elif verdict is Verdict.LOST:
            self._log.warn("lease lost; the item is queued again, or another worker has it")
        return verdict

    def _failed(self, error: AntError, lease: Lease) -> Verdict:
        if isinstance(error, APIError) and error.status == 412:
            verdict = lease.take_refusal(self._now())
            if verdict is Verdict.LOST:
                self._log.warn("heartbeat precondition failed; lease reclaimed by another worker")
            return verdict
        if is_permanent(error):
            self._log.error("permanent heartbeat failure", error=error)
            return Verdict.LOST
        self._context.tally.heartbeats["error"] += 1
        if not self._trouble_logged:
            self._log.warn("transient heartbeat failure", error=error)
            self._trouble_logged = True
        lease.take_failure(self._now())
        return Verdict.KEPT

    # The settlement

    async def _carry_out(
        self, settlement: Settlement, item: WorkItem, lease: Lease, *, may_be_stopped: bool
    ) -> None:
        """Stop the item or give it back. Failures are only logged: the item comes back when its lease ends."""
        if settlement.fate is Fate.GIVE_BACK:
            await self._give_back(settlement, item)
        elif settlement.fate is Fate.STOP:
            if settlement.metadata:
                await self._attempt(self._context.api.update, self._id, settlement.metadata)
            if not (may_be_stopped and await self._is_stopped()):
                await self._stop(lease.expires_at)

    async def _is_stopped(self) -> bool:
        """Whether the handler has stopped the item itself, as the SDKs' workers do."""
        item = await self._attempt(self._context.api.retrieve, self._id)
        return item is not None and item.get("state") == "stopped"

    async def _stop(self, until: float) -> None:
        """Stop the item. Repeat that while the lease lasts, because finished work should not be done again."""
        backoff = Backoff()
        while True:
            try:
                await self._context.call(self._context.api.stop, self._id)
                return
            except AntError as error:
                pause_s = backoff.failed(0.5)
                if (
                    is_permanent(error)
                    or self._now() + pause_s >= until
                    or self._context.shutdown.terminating.is_set()
                ):
                    self._log.warn("stop failed", error=error)
                    return
            await asyncio.sleep(pause_s)

    async def _give_back(self, settlement: Settlement, item: WorkItem) -> None:
        """End the lease, so that the item is queued again.

        The API has no call for that: the last heartbeat asks for the shortest lease there is.
        """
        api = self._context.api
        latest = await self._attempt(api.retrieve, self._id)
        if latest is None or latest.get("acknowledged_at") != item.get("acknowledged_at"):
            return
        if latest.get("state") in ENDING:
            if latest["state"] != "stopped":
                await self._stop(self._now())
            return
        metadata = {**settlement.metadata, **({UNREPORTED: None} if self._start_noted else {})}
        if metadata:
            latest = await self._attempt(api.update, self._id, metadata) or latest
        await self._attempt(api.heartbeat, self._id, latest.get("latest_heartbeat_at") or NO_HEARTBEAT, 1)

    async def _attempt(self, function: Callable[..., WorkItem], *args: Any) -> WorkItem | None:
        try:
            return await self._context.call(function, *args)
        except AntError as error:
            self._log.warn("giving back or marking the item failed", error=error)
            return None


def _age(item: WorkItem) -> float:
    """Return how many seconds ago an item was created, by the clocks of both sides."""
    try:
        created = datetime.fromisoformat(str(item.get("created_at")))
        return max(time.time() - created.timestamp(), 0.0)
    except ValueError:
        return 0.0
