"""Write texts in a thread, so that a reader who does not read delays nothing else."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from queue import SimpleQueue
from typing import NamedTuple

from ant_cli.runtime.streams import Stderr

_MOST_WAITING = 4_000_000
"""The most characters that wait to be written. Further texts are left out.

Bulk texts are left out at half of that, and from then on until only a quarter waits.
"""
_COST = 200
"""Added to the size of each text, for the objects that it consists of."""
_PATIENCE_AT_END_S = 1.0
"""How long the end of a program waits for a reader of stderr who reads nothing."""
_PAUSE_S = 0.01
"""The time between two looks at the queue: waking up for each text would cost more than writing it."""

_Render = Callable[[], str]


class _Waiting(NamedTuple):
    """A text that waits to be written."""

    render: _Render
    size: int
    is_bulk: bool


class BackgroundWriter:
    """A queue of texts, and the thread that writes them."""

    def __init__(self, write: Callable[[str], None], note_left_out: Callable[[int], str]) -> None:
        self._write = write
        self._note_left_out = note_left_out
        self._lock = threading.Lock()
        self._queue: SimpleQueue[_Waiting | None] = SimpleQueue()
        """None is the end."""
        self._size = 0
        self._left_out = 0
        self._hurries = False
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def put(self, render: _Render, size: int, bulk: bool) -> None:  # noqa: FBT001 - `Stderr.in_background` has no keywords
        """Write what `render` returns. It is called in the thread."""
        with self._lock:
            if self._size > self._most_waiting(bulk=bulk):
                self._left_out += 1
                return
            self._append_note()
            self._queue.put(_Waiting(render, size + _COST, bulk))
            self._size += size + _COST

    def _most_waiting(self, *, bulk: bool) -> int:
        """Return how much may wait before a text is left out."""
        if not bulk:
            return _MOST_WAITING
        if self._left_out > 0:
            return _MOST_WAITING // 4
        return _MOST_WAITING // 2

    def _append_note(self) -> None:
        if count := self._left_out:
            self._left_out = 0
            self._queue.put(_Waiting(lambda: self._note_left_out(count), 0, is_bulk=False))

    def close(self, patience_s: float) -> bool:
        """Write the rest. Returns whether all was written.

        If that takes longer than `patience_s`, bulk texts are left out, so that the last events are written.
        """
        with self._lock:
            self._append_note()
            self._queue.put(None)
        self._thread.join(patience_s)
        self._hurries = True
        self._thread.join(patience_s)
        return not self._thread.is_alive()

    def _run(self) -> None:
        while waiting := self._queue.get():
            with self._lock:
                self._size -= waiting.size
                is_left_out = waiting.is_bulk and self._hurries
                self._left_out += is_left_out
            if not is_left_out:
                self._write(waiting.render())
            if self._queue.empty():
                time.sleep(_PAUSE_S)
        if self._left_out:
            self._write(self._note_left_out(self._left_out))


@contextmanager
def written_in_background(stderr: Stderr, note_left_out: Callable[[int], str]) -> Iterator[None]:
    """Write stderr in a thread, so that nothing waits for a reader who does not read.

    At the end, the rest is written. If nobody reads it in time, nothing is written any more. `note_left_out`
    returns the line that says how many texts were left out meanwhile.
    """
    writer = BackgroundWriter(stderr.write_safe, note_left_out)
    with stderr.in_background(writer.put):
        try:
            yield
        finally:
            if not writer.close(_PATIENCE_AT_END_S):
                stderr.give_up()
