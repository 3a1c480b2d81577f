"""What all items of a worker share."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor

from ant_cli.errors import AntError
from ant_cli.runtime.light_typing import Any, NamedTuple, TypeVar
from ant_cli.worker.guardian import Guardian
from ant_cli.worker.log import WorkerLog
from ant_cli.worker.options import PollOptions
from ant_cli.worker.settlement import Memory
from ant_cli.worker.tally import Tally
from ant_cli.worker.work_api import WorkAPI

T = TypeVar("T")


class Shutdown(NamedTuple):
    """The stages of a worker's shutdown. Signals, or timeouts, bring the next one."""

    draining: asyncio.Future[None]
    """Take no more work."""
    terminating: asyncio.Future[None]
    """End the handlers: SIGTERM, and SIGKILL after the kill timeout."""
    killing: asyncio.Future[None]
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
    memory: Memory
    shutdown: Shutdown

    async def call(self, function: Callable[..., T], *args: Any) -> T:
        """Make an API call in a thread. Cancelling does not stop the call; its result is discarded.

        Raises:
            AntError: if the call fails, or no thread can be started.

        """
        try:
            return await asyncio.get_running_loop().run_in_executor(self.executor, function, *args)
        except RuntimeError as error:  # handlers have used up the processes of this user
            raise AntError(f"{error}.") from None

    def close(self) -> None:
        """Kill the remaining handlers, and close the connections. API calls in progress are not waited for."""
        self.executor.shutdown(wait=False, cancel_futures=True)
        self.guardian.close()
        self.api.close()
