"""The program that gives back the items of a killed worker. The guardian runs it, with a line for each on stdin."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import Iterable
from contextlib import closing

from ant_cli.errors import AntError
from ant_cli.operations.spec import Flags
from ant_cli.runtime import Runtime, variables
from ant_cli.runtime.streams import Stderr, Stdin, Stdout
from ant_cli.settings.loading import load
from ant_cli.settings.worker_options import PollOptions, read_options
from ant_cli.worker.context import WorkerContext
from ant_cli.worker.guardian_process import guardian_time
from ant_cli.worker.lease import NO_HEARTBEAT, LeftItem
from ant_cli.worker.log import LogView, WorkerLog
from ant_cli.worker.make_it_so import (
    PRECONDITION_FAILED,
    Verdict,
    has_status,
    look_at,
    make_it_so,
    taken_at,
)
from ant_cli.worker.work_api import (
    SHORTEST_LEASE_S,
    TIMEOUT_S,
    WorkItem,
    connection_with_key,
    is_permanent,
    item_in_refusal,
)

_PATIENCE_S = 60.0
"""How long requests are repeated. An outage that lasts longer costs the rest of the lease."""
_REFUSED_FOR_S = 5.0
"""How long a request is repeated that is refused as if for good."""
_NEXT_TRY_S = 0.5
"""How long to wait for an acknowledgement that may still arrive."""


class OrphanGiveBack:
    """Let an item of a killed worker be queued again. Only the last heartbeat that the worker knew is named.

    A request that names no heartbeat could hit the next worker. So after one that failed, a look comes before the
    next.
    """

    name = "giving the item back"

    def __init__(self, left: LeftItem, context: WorkerContext) -> None:
        self._left = left
        self._context = context
        self._began = context.now()
        self._ack_arrives_until = self._began + left.ack_arrives_until - guardian_time()
        self._has_failed = False
        """A request was sent some time ago. Others may have been handed the item since."""
        self._is_open = False
        """A request may have been carried out. Then the item may be the next worker's."""

    async def attempt(self) -> Verdict | None:
        """End the lease of the item, unless it has none, or somebody else has it."""
        if self._has_failed and self._left.last_heartbeat == NO_HEARTBEAT:
            return await self._attempt_after_a_look()
        return await self._attempt_at_once()

    async def _attempt_after_a_look(self) -> Verdict | None:
        looked_at = self._context.now()
        current = await look_at(self._left.work_id, self._context)
        if current.get("state") == "queued" and not self._is_open:
            return await self._after_refusal(current)
        if not self._is_still_left(current, looked_at):
            return Verdict.NOT_OURS
        return await self._attempt_at_once()

    async def _attempt_at_once(self) -> Verdict | None:
        try:
            await self._send()
        except AntError as error:
            if has_status(error, PRECONDITION_FAILED):
                return await self._after_refusal(item_in_refusal(error))
            self._has_failed = True
            self._is_open = self._is_open or error.outcome_unknown
            if is_permanent(error) and not self._is_open and self._is_refused_for_good():
                return Verdict.REFUSED
            raise
        return Verdict.DONE

    def _is_refused_for_good(self) -> bool:
        return self._context.now() >= self._began + _REFUSED_FOR_S

    async def _send(self) -> None:
        given = (self._left.work_id, self._left.last_heartbeat, SHORTEST_LEASE_S, TIMEOUT_S)
        await self._context.call(self._context.api.heartbeat, *given)

    async def _after_refusal(self, current: WorkItem) -> Verdict | None:
        """Try again while an item is queued, and an acknowledgement that arrives is the killed worker's."""
        left_s = self._ack_arrives_until - self._context.now()
        if current.get("state") != "queued" or left_s <= 0:
            return Verdict.NOT_OURS
        await asyncio.sleep(min(left_s, _NEXT_TRY_S))
        return await self.attempt()

    def _is_still_left(self, current: WorkItem, looked_at: float) -> bool:
        """Whether the item has the lease of the killed worker, also by an acknowledgement that arrived later."""
        if current.get("state") != "starting" or current.get("last_heartbeat"):
            return False
        latest = self._began
        if not self._is_open:
            latest = max(self._began, self._ack_arrives_until)
        return taken_at(current, looked_at) <= latest


def give_back(lines: Iterable[str], runtime: Runtime) -> None:
    """Give back the items of these lines, with the environment's key and the base URL of the variables."""
    environ = runtime.environ
    items = [LeftItem(**json.loads(line)) for line in lines]
    flags = {
        "environment_id": environ[variables.ENVIRONMENT_ID],
        "environment_key": environ[variables.ENVIRONMENT_KEY],
        "concurrency": len(items),
        "kill_timeout": _PATIENCE_S,
    }
    options = read_options(PollOptions, Flags(flags), {}, "beta:worker poll")
    given = Flags({"base_url": environ[variables.BASE_URL]})
    connection = load(runtime, given, has_own_credential=True).connection
    connection = connection_with_key(connection, options.environment_key, environ)

    async def work() -> None:
        log = WorkerLog(runtime.stderr, LogView(runtime, "json").line, {})
        with closing(WorkerContext(options, [], connection, runtime, log)) as context:
            context.shutdown.terminating.set_result(None)
            # The guardian ignores this signal, and so does what it starts, unless that handles it.
            asyncio.get_running_loop().add_signal_handler(
                signal.SIGTERM, _end_soon, context.shutdown.killing
            )
            changes = [OrphanGiveBack(item, context) for item in items]
            await asyncio.gather(*(make_it_so(change, context, log) for change in changes))

    asyncio.run(work())


def _end_soon(killing: asyncio.Future[None]) -> None:
    """Repeat requests only for some seconds more."""
    if not killing.done():
        killing.set_result(None)


if __name__ == "__main__":
    give_back(sys.stdin, Runtime(Stdin(None), Stdout(None), Stderr(None), os.environ))
