"""One run of a handler, with the lease on its item: whichever ends first decides how the run ends."""

from __future__ import annotations

import asyncio
import signal
from contextlib import AsyncExitStack

from ant_cli.worker.context import WorkerContext, handler_environment, item_variables, wait_for_any
from ant_cli.worker.endings import LEASE_GONE, Ending, Run, ended, ended_itself, timed_out
from ant_cli.worker.guardian import GuardedItem
from ant_cli.worker.handler import Handler
from ant_cli.worker.lease import LeaseKeeper
from ant_cli.worker.log import WorkerLog
from ant_cli.worker.sdk_session import LEASE_HOLDER
from ant_cli.worker.work_api import WorkItem

_NOT_STARTED = 126
"""The exit status of shells for a program that can't be run."""


class HandlerRun:
    """A run of the handler of an item."""

    def __init__(
        self, guarded: GuardedItem, keeper: LeaseKeeper, context: WorkerContext, log: WorkerLog
    ) -> None:
        """`guarded` is what the guardian knows of the item, and `keeper` keeps its lease."""
        self._guarded = guarded
        self._keeper = keeper
        self._context = context
        self._log = log
        self.status: int | None = None
        """The exit status; None before the end."""
        self.has_output = True

    async def run(self, item: WorkItem, attempt: int, *, holds_lease: bool) -> Run:
        """Run the handler until its end, and return how it ended, by itself."""
        environ = self._environment(item, attempt, holds_lease=holds_lease)
        self._log.info("spawning on-work script", script=self._context.command[0])
        started = Handler.started(
            self._context, self._guarded, environ, item, self._keeper.fallback, self._log
        )
        async with AsyncExitStack() as stack:
            try:
                handler = await stack.enter_async_context(started)
            except OSError as error:
                self._log.error("the handler could not be started", error=str(error))
                self.status = _NOT_STARTED
                return ended_itself(self.status, self._context.options)
            return await self._run_to_its_end(handler)

    def _environment(self, item: WorkItem, attempt: int, *, holds_lease: bool) -> dict[str, str]:
        own = dict(self._context.own_variables)
        if holds_lease:
            own[LEASE_HOLDER] = str(item["id"])
        environ = handler_environment(self._context.environ, item, attempt, own)
        for name, value in item_variables(item).items():
            if value and name not in environ:
                self._log.warn(
                    "a value of the item can't be a variable; the item on stdin has it",
                    variable=name,
                )
        return environ

    async def _run_to_its_end(self, handler: Handler) -> Run:
        keeping = asyncio.create_task(self._keeper.keep())
        try:
            ending = await self._attend(handler, keeping)
            self.status = await handler.exit
        finally:
            keeping.cancel()
        options = self._context.options
        was_handed_over = ending is None and self.status == 0 and options.no_auto_stop
        await handler.finish(self._context.guardian, kill_rest=not was_handed_over)
        self.has_output = handler.has_output
        if ending is None:
            return ended_itself(self.status, options, handler.last_words(self._log.clean))
        if ending is Ending.TIMED_OUT:
            return timed_out(options, handler.last_words(self._log.clean))
        return ended(ending)

    async def _attend(self, handler: Handler, keeping: asyncio.Task[Ending]) -> Ending | None:
        """Wait until the handler ends, or until something has to end it. Return what that was; None for itself."""
        options, terminating = self._context.options, self._context.shutdown.terminating
        limit_s = options.item_timeout or None
        await wait_for_any(handler.exit, keeping, terminating, timeout_s=limit_s)
        if keeping.done() and keeping.result() is Ending.STOPPED:
            # The handler may have stopped the item itself: its work is done, or its heartbeat was refused.
            await wait_for_any(handler.exit, terminating, timeout_s=options.kill_timeout)
            if handler.exit.done() and handler.exit.result() == 0:
                return Ending.LOST if self._keeper.lease.held else None
        ending = self._why_it_ends(handler, keeping)
        if handler.exit.done():
            return ending
        return await self._end(handler, keeping, ending or Ending.TIMED_OUT)

    def _why_it_ends(self, handler: Handler, keeping: asyncio.Task[Ending]) -> Ending | None:
        """Return why a run ends: its lease, its handler (None), or the worker, or else its time limit."""
        if keeping.done():
            ending = keeping.result()
            return Ending.STOP_REQUESTED if ending is Ending.STOPPED else ending
        if handler.exit.done():
            return Ending.LEASE_LOST if handler.was_overdue else None
        return Ending.SHUT_DOWN if self._context.shutdown.terminating.done() else Ending.TIMED_OUT

    async def _end(self, handler: Handler, keeping: asyncio.Task[Ending], ending: Ending) -> Ending:
        """Ask a handler to end, and kill it after a while; at once if another worker has the lease."""
        if ending is not Ending.LEASE_LOST:
            self._log.info("terminating the handler", reason=ending.name.lower())
            handler.send(signal.SIGTERM)
        if ending not in LEASE_GONE:
            ending = await self._wait_for_end(handler, keeping, ending)
        if ending is Ending.LEASE_ENDED:
            left_s = self._keeper.lease.must_kill_at - self._context.now()
            await self._wait(handler, min(left_s, self._context.options.kill_timeout))
        if not handler.exit.done():
            self._log.warn("killing the handler", reason=ending.name.lower())
            handler.kill()
        return ending

    async def _wait_for_end(
        self, handler: Handler, keeping: asyncio.Task[Ending], ending: Ending
    ) -> Ending:
        """Wait for the kill timeout, or until the lease is lost meanwhile."""
        until = self._context.now() + self._context.options.kill_timeout
        if not keeping.done():
            await self._wait(handler, self._context.options.kill_timeout, keeping)
        if keeping.done() and keeping.result() in LEASE_GONE:
            return keeping.result()
        # if the item was stopped, perhaps by the handler itself, the handler still has all of its time
        await self._wait(handler, max(until - self._context.now(), 0.0))
        return ending

    async def _wait(
        self, handler: Handler, seconds: float, *events: asyncio.Future[Ending]
    ) -> None:
        killing = self._context.shutdown.killing
        await wait_for_any(handler.exit, killing, *events, timeout_s=seconds)
