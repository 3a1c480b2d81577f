"""Several requests at once, each worker with a client of its own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from contextlib import ExitStack
from queue import SimpleQueue

from ant_cli.http.client import Client, authenticated
from ant_cli.runtime import Runtime
from ant_cli.runtime.light_typing import TypeVar
from ant_cli.settings.loading import Settings
from ant_cli.settings.local_emulator import is_local

T = TypeVar("T")
R = TypeVar("R")
MOST_WORKERS = 64


def open_workers(settings: Settings, runtime: Runtime, parallel: int) -> Workers:
    """Return workers for the API that the settings name. They share the credential, which is fetched once.

    The emulator in this process has one worker: what it keeps in memory belongs to one client.

    Raises:
        CredentialError: if there is no credential.

    """
    connection = authenticated(settings.connection, runtime)
    return Workers(lambda: Client(connection, runtime), 1 if is_local(connection.base_url) else parallel)


class Workers:
    """Clients, made when they are needed. A context manager."""

    def __init__(self, connect: Callable[[], Client], parallel: int) -> None:
        """Take what makes a client, and how many may be used at once."""
        self._connect = connect
        self._parallel = parallel
        self._stack = ExitStack()
        self._idle: SimpleQueue[Client] = SimpleQueue()
        self._made = 0

    def __enter__(self) -> Workers:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def one(self, work: Callable[[Client], R]) -> R:
        """Do a piece of work in this thread."""
        (result,) = self.each([work], lambda client, piece: piece(client))
        return result

    def each(self, items: Sequence[T], work: Callable[[Client, T], R], *, finish: bool = False) -> list[R]:
        """Do a piece of work for each item, and return the results in their order.

        After the first failure, or an interrupt, no further piece is begun. With `finish`, those that were begun
        are finished first, because they change something.

        Raises:
            AntError: the first failure.

        """
        count = min(self._parallel, len(items))
        while self._made < count:
            self._idle.put(self._stack.enter_context(self._connect()))
            self._made += 1
        if count <= 1:
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
