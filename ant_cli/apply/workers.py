"""Run several tasks at once, each with a client that shares the connections, the credential and the pace.

`http/pool.py` is for the requests of a command line, which may never end: it yields results while others are sent,
and abandons requests in flight at an interrupt. Here, all results are needed before the next step, and tasks that
have begun to change something are finished, because an ID would be lost otherwise.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from queue import SimpleQueue

from ant_cli.http.client import Client
from ant_cli.runtime.light_typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")
MOST_WORKERS = 64


class Workers:
    """A client and its siblings, which are created when they are needed."""

    def __init__(self, client: Client, parallel: int) -> None:
        """Take the client, and the number of tasks to run at once."""
        self.client = client
        """For single requests, while no tasks are running."""
        self._parallel = parallel
        self._idle: SimpleQueue[Client] = SimpleQueue()
        self._idle.put(client)
        self._made = 1

    def each(self, items: Sequence[T], work: Callable[[Client, T], R], *, finish: bool = False) -> list[R]:
        """Run a task for each item, and return the results in order.

        After the first failure, or an interrupt, no further task is begun. With `finish`, tasks that have begun are
        finished first, because they change something.

        Raises:
            AntError: the first failure.

        """
        count = min(self._parallel, len(items))
        while self._made < count:
            self._idle.put(self.client.sibling())
            self._made += 1
        if count == 0 or (count == 1 and not finish):  # in a thread, an interrupt does not end a task
            return [self._do(work, item) for item in items]
        pool = ThreadPoolExecutor(count)
        futures = [pool.submit(self._do, work, item) for item in items]
        try:
            wait(futures, return_when=FIRST_EXCEPTION)
        finally:
            pool.shutdown(wait=finish or all(future.done() for future in futures), cancel_futures=True)
        for future in futures:
            if not future.cancelled() and future.done():
                future.result()
        return [future.result() for future in futures]

    def _do(self, work: Callable[[Client, T], R], item: T) -> R:
        client = self._idle.get()
        try:
            return work(client, item)
        finally:
            self._idle.put(client)
