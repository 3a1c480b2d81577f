"""Many requests at once: threads share the connections, and results come in the order of the requests.

`apply/workers.py` is for the steps of a plan, which are few and have to be finished. Here there may be millions,
whose results are taken one by one, and an interrupt waits for none of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from itertools import count
from queue import Empty, SimpleQueue
from threading import Lock, Semaphore, Thread

from ant_cli.http.client import Client
from ant_cli.input.request import Request
from ant_cli.runtime.light_typing import NamedTuple

_WINDOW = 1000
"""How many requests may be sent ahead of the result that is taken next. This bounds the memory."""
_WAKE_S = 0.05
"""How long to wait for a result at a time; signals are checked in between."""

Send = Callable[[Client, Request], bytes]
"""Sends a request and returns the body to print, empty for none. Raises AntError."""


class Result(NamedTuple):
    """What became of a request."""

    position: int
    """From 0, in the order of the requests."""
    request: Request
    body: bytes
    error: Exception | None


class Unfinished(NamedTuple):
    """What is left when a pool is stopped early."""

    finished: list[Result]
    """Results that were not yielded yet, in order."""
    in_flight: list[tuple[int, Request]]
    """Requests that were sent and have no response yet, with their positions, in order."""


class Pool:
    """Sends requests with several threads."""

    def __init__(
        self,
        client: Client,
        requests: Iterable[Request],
        send: Send,
        check: Callable[[], None],
        *,
        parallel: int,
        fail_fast: bool,
    ) -> None:
        """Take the requests. `check` is called between results, and may raise an exception to end the run."""
        self._requests = enumerate(requests)
        self._send = send
        self._check = check
        self._fail_fast = fail_fast
        self._clients = [client, *(client.sibling() for _ in range(parallel - 1))]
        self._lock = Lock()
        self._room = Semaphore(_WINDOW)
        self._done: SimpleQueue[Result | None] = SimpleQueue()
        """Results in the order in which they arrive; None for each thread that has ended."""
        self._ready: dict[int, Result] = {}
        """Results that were received before the one that is yielded next, by position."""
        self._in_flight: dict[int, Request] = {}
        self.sent = 0
        """How many requests were started. They are the first of the list."""
        self._closed = False

    def results(self) -> Iterator[Result]:
        """Send the requests, and yield their results in the order of the requests, each as soon as possible."""
        for client in self._clients:
            Thread(target=self._work, args=(client,), daemon=True).start()
        working = len(self._clients)
        for position in count():
            while position not in self._ready:
                if not working:
                    return
                with suppress(Empty):
                    if (result := self._done.get(timeout=_WAKE_S)) is None:
                        working -= 1
                    else:
                        self._ready[result.position] = result
                self._check()
            self._room.release()
            yield self._ready.pop(position)
            self._check()

    def stop(self) -> Unfinished:
        """Send nothing more. Requests in flight are abandoned; their outcome stays unknown."""
        with self._lock:
            self._closed = True
            while not self._done.empty():
                if result := self._done.get():
                    self._ready[result.position] = result
            finished = [self._ready[position] for position in sorted(self._ready)]
            return Unfinished(finished, sorted(self._in_flight.items()))

    def _work(self, client: Client) -> None:
        try:
            while (claimed := self._claim()) is not None:
                self._finish(self._attempt(client, *claimed))
        finally:
            self._done.put(None)

    def _claim(self) -> tuple[int, Request] | None:
        """Return the next request and its position; None if all were sent."""
        self._room.acquire()
        with self._lock:
            claimed = None if self._closed else next(self._requests, None)
            if claimed is None:
                self._closed = True
                return None
            position, request = claimed
            self._in_flight[position] = request
            self.sent += 1
            return position, request

    def _attempt(self, client: Client, position: int, request: Request) -> Result:
        try:
            return Result(position, request, self._send(client, request), None)
        except Exception as error:  # noqa: BLE001 - the consumer raises all other exceptions
            return Result(position, request, b"", error)

    def _finish(self, result: Result) -> None:
        with self._lock:
            del self._in_flight[result.position]
            self._done.put(result)
            if result.error is not None and self._fail_fast:
                self._closed = True
