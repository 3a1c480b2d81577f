"""Many requests at once: threads share the connections, and results come in the order of the requests.

`apply/workers.py` is for the steps of a plan, which are few and have to be finished. Here there may be millions,
whose results are taken one by one, and an interrupt waits for none of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from threading import Condition, Lock, Thread

from ant_cli.errors import AntError
from ant_cli.http.client import Client
from ant_cli.input.request import Request
from ant_cli.runtime.light_typing import NamedTuple

_WINDOW = 1000
"""How many requests may be sent ahead of the result that is taken next. This bounds the memory."""
_WAKE_S = 0.05
"""How long the consumer waits at a time; signals are checked in between."""

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
    sent: int
    """How many requests were started. They are the first of the list."""


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
        self._requests = iter(requests)
        self._send = send
        self._check = check
        self._fail_fast = fail_fast
        self._clients = [client, *(client.sibling() for _ in range(parallel - 1))]
        self._lock = Lock()
        self._ready, self._room = Condition(self._lock), Condition(self._lock)
        self._results: dict[int, Result] = {}
        self._in_flight: dict[int, Request] = {}
        self._sent = self._taken = 0
        self._working = parallel
        self._closed = self._stopped = False

    def results(self) -> Iterator[Result]:
        """Send the requests, and yield their results in the order of the requests, each as soon as possible."""
        for client in self._clients:
            Thread(target=self._work, args=(client,), daemon=True).start()
        while (result := self._next()) is not None:
            yield result
            self._check()

    def stop(self) -> Unfinished:
        """Send nothing more. Requests in flight are abandoned; their outcome stays unknown."""
        with self._lock:
            self._closed = self._stopped = True
            self._room.notify_all()
            finished = [self._results[position] for position in sorted(self._results)]
            return Unfinished(finished, sorted(self._in_flight.items()), self._sent)

    @property
    def sent(self) -> int:
        """How many requests were started."""
        return self._sent

    def _next(self) -> Result | None:
        with self._lock:
            while self._taken not in self._results:
                if not self._working:
                    return None
                self._ready.wait(_WAKE_S)
                self._check()
            result = self._results.pop(self._taken)
            self._taken += 1
            self._room.notify()
            return result

    def _work(self, client: Client) -> None:
        try:
            while (claimed := self._claim()) is not None:
                self._finish(self._attempt(client, *claimed))
        finally:
            with self._lock:
                self._working -= 1
                self._ready.notify()

    def _claim(self) -> tuple[int, Request] | None:
        """Return the next request and its position; None if all were sent."""
        with self._lock:
            while not self._closed and self._sent - self._taken >= _WINDOW:
                self._room.wait()
            if self._closed:
                return None
            request = next(self._requests, None)
            if request is None:
                self._closed = True
                self._room.notify_all()
                return None
            position = self._sent
            self._in_flight[position] = request
            self._sent += 1
            return position, request

    def _attempt(self, client: Client, position: int, request: Request) -> Result:
        try:
            return Result(position, request, self._send(client, request), None)
        except Exception as error:  # noqa: BLE001 - the consumer raises all other exceptions
            return Result(position, request, b"", error)

    def _finish(self, result: Result) -> None:
        with self._lock:
            if self._stopped:  # it was reported as in flight
                return
            del self._in_flight[result.position]
            self._results[result.position] = result
            if result.error is not None and (self._fail_fast or not isinstance(result.error, AntError)):
                self._closed = True
                self._room.notify_all()
            self._ready.notify()
