"""Run several tasks at once, each with a client that shares the connections, the credential and the pace."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ant_cli.http.client import Client
from ant_cli.http.pool import Pool
from ant_cli.runtime.light_typing import NamedTuple, TypeVar

T = TypeVar("T")
R = TypeVar("R")
MOST_WORKERS = 64


class Workers(NamedTuple):
    """A client, and how many tasks may run at once."""

    client: Client
    """For single requests, while no tasks are running."""
    parallel: int

    def each(self, items: Sequence[T], work: Callable[[Client, T], R], *, finish: bool = False) -> list[R]:
        """Run a task for each item, and return the results in order.

        After the first failure, or an interrupt, no further task is begun. With `finish`, tasks that have begun are
        finished first, because they change something: an ID would be lost otherwise.

        Raises:
            AntError: the first failure.

        """
        if len(items) < 2 and not finish:  # in a thread, an interrupt does not end a task
            return [work(self.client, item) for item in items]
        pool = Pool(self.client, items, work, parallel=min(self.parallel, len(items)), fail_fast=True)
        values = list[R]()
        try:
            for result in pool.results():
                if result.error:
                    raise result.error
                values.append(result.value)
        finally:
            if finish:
                pool.finish()
        return values
