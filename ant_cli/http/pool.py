"""A pool of threads, which do a task for each of many items, such as a request."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from itertools import count
from queue import Empty, SimpleQueue
from threading import Lock, Semaphore, Thread
from typing import Generic, NamedTuple, TypeVar

from ant_cli.errors import AntError

_WINDOW = 1000
"""How many tasks may begin ahead of the result that is taken next. This bounds the memory."""
_WAKE_S = 0.05
"""How long to wait for a result at a time; signals are checked in between."""

Item = TypeVar("Item")
Value = TypeVar("Value")


class Done(NamedTuple, Generic[Item, Value]):
    """An item whose task has returned."""

    position: int
    """From 0, in the order of the items."""
    item: Item
    value: Value
    """What the task returned."""


class Failed(NamedTuple, Generic[Item]):
    """An item whose task has failed."""

    position: int
    """As in `Done`."""
    item: Item
    error: BaseException


class Pool(Generic[Item, Value]):
    """Runs a task for each item, with several threads. There may be millions of items."""

    def __init__(
        self,
        items: Iterable[Item],
        task: Callable[[Item], Value],
        check: Callable[[], None] = lambda: None,
        *,
        parallel: int,
        fail_fast: bool,
    ) -> None:
        """Prepare.

        Args:
            items: What there is to do.
            task: Does it for one item, such as sending a request, and returns the result. Threads share it.
            check: Is called between results, and may raise an exception to end the run.
            parallel: How many threads there are.
            fail_fast: Begin nothing more after a failure.

        """
        self._items = enumerate(items)
        self._task = task
        self._check = check
        self._fail_fast = fail_fast
        self._threads = max(parallel, 1)
        self._lock = Lock()
        self._room = Semaphore(_WINDOW)
        self._done: SimpleQueue[Done[Item, Value] | Failed[Item] | None] = SimpleQueue()
        """Results in the order in which they arrive; None for each thread that has ended."""
        self._working = 0
        """How many threads have not ended."""
        self._ready: dict[int, Done[Item, Value] | Failed[Item]] = {}
        """Results that were received before the one that is yielded next, by position."""
        self._in_flight: dict[int, Item] = {}
        """The items whose tasks have begun and not ended, by position, in order."""
        self.begun = 0
        """How many tasks have begun. They are those of the first items."""
        self._closed = False

    def results(self) -> Iterator[Done[Item, Value] | Failed[Item]]:
        """Run the tasks, and yield their results in the order of the items, each as soon as possible."""
        self._start_threads()
        for position in count():
            while position not in self._ready:
                if self._working == 0:
                    return
                self._receive()
                self._check()
            self._room.release()
            yield self._ready.pop(position)
            self._check()

    def _start_threads(self) -> None:
        """Start the threads, or as many as the system allows: fewer can do the work, too."""
        for _ in range(self._threads):
            try:
                Thread(target=self._work, daemon=True).start()
            except RuntimeError as error:
                if self._working == 0:
                    raise AntError(f"{error}.") from None
                return
            self._working += 1

    def stop(self) -> tuple[list[Done[Item, Value] | Failed[Item]], list[tuple[int, Item]]]:
        """Begin nothing more. Tasks that have begun are abandoned; their outcome stays unknown.

        Returns the results that were not yielded yet, and the items in flight with their positions, both in order.
        """
        with self._lock:
            self._close()
            while not self._done.empty():
                self._receive()
            finished = [self._ready[position] for position in sorted(self._ready)]
            return finished, list(self._in_flight.items())  # they began in order

    def finish(self) -> None:
        """Begin nothing more, and wait for the tasks that have begun."""
        with self._lock:
            self._close()
        while self._in_flight:
            self._receive()

    def _close(self) -> None:
        self._closed = True
        self._room.release(self._threads)  # no thread waits for room any more

    def _receive(self) -> None:
        with suppress(Empty):
            result = self._done.get(timeout=_WAKE_S)
            if result is None:
                self._working -= 1
            else:
                self._ready[result.position] = result

    def _work(self) -> None:
        try:
            while (claimed := self._claim()) is not None:
                result = self._result_of(*claimed)
                with self._lock:
                    del self._in_flight[result.position]
                    self._done.put(result)
                    self._closed |= self._fail_fast and isinstance(result, Failed)
        finally:
            self._done.put(None)

    def _result_of(self, position: int, item: Item) -> Done[Item, Value] | Failed[Item]:
        try:
            return Done(position, item, self._task(item))
        except BaseException as error:  # noqa: BLE001 - the consumer raises it
            return Failed(position, item, error)

    def _claim(self) -> tuple[int, Item] | None:
        """Return the next item and its position; None if there are no more."""
        self._room.acquire()
        with self._lock:
            claimed = None if self._closed else next(self._items, None)
            if claimed is not None:
                self._in_flight.update([claimed])
                self.begun += 1
            return claimed
