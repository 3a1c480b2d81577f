"""Write texts in a thread, so that a reader who does not read delays nothing else."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable

from ant_cli.runtime.light_typing import NamedTuple

_MOST_WAITING = 4_000_000
"""The most characters that wait to be written. What comes then is left out.

Bulk texts are left out at half of that, and from then on until only a quarter waits.
"""
_COST = 200
"""Added to the size of each text, for the objects that it consists of."""
_PAUSE_S = 0.01
"""The time between two looks at the queue: to wake up for each text would cost more than to write it."""

_Render = Callable[[], str]


class _Waiting(NamedTuple):
    """A text that waits to be written."""

    render: _Render
    size: int
    is_bulk: bool


class BackgroundWriter:
    """A queue of texts, and the thread that writes them."""

    def __init__(self, write: Callable[[str], None], note_left_out: Callable[[int], str]) -> None:
        """See `Stderr.write_in_background`."""
        self._write = write
        self._note_left_out = note_left_out
        self._changed = threading.Condition()
        self._waiting: deque[_Waiting] = deque()
        self._size = 0
        self._left_out = 0
        self._closing = False
        self._thread = threading.Thread(target=self._run, name="stderr", daemon=True)
        self._thread.start()

    def put(self, render: _Render, size: int, *, bulk: bool) -> None:
        """Write what `render` returns. It is called in the thread."""
        with self._changed:
            share = 1 if not bulk else 4 if self._left_out else 2
            if self._size > _MOST_WAITING // share:
                self._left_out += 1
                return
            self._append_note()
            self._waiting.append(_Waiting(render, size + _COST, bulk))
            self._size += size + _COST
            self._changed.notify()

    def _append_note(self) -> None:
        if count := self._left_out:
            self._left_out = 0
            self._waiting.append(_Waiting(lambda: self._note_left_out(count), 0, is_bulk=False))

    def close(self, patience_s: float) -> bool:
        """Write the rest. Returns whether all was written.

        If that takes longer than `patience_s`, bulk texts are left out, so that the last events are written.
        """
        with self._changed:
            self._append_note()
            self._closing = True
            self._changed.notify()
        self._thread.join(patience_s)
        with self._changed:
            self._left_out += sum(waiting.is_bulk for waiting in self._waiting)
            self._waiting = deque(waiting for waiting in self._waiting if not waiting.is_bulk)
            self._append_note()
        self._thread.join(patience_s)
        return not self._thread.is_alive()

    def _run(self) -> None:
        while True:
            with self._changed:
                if not self._waiting and not self._closing:
                    self._changed.wait()
                waiting = self._waiting.popleft() if self._waiting else None
                self._size -= waiting.size if waiting else 0
                is_last = self._closing and not self._waiting
            if waiting:
                self._write(waiting.render())
            if is_last:
                return
            if not self._waiting and not self._closing:
                time.sleep(_PAUSE_S)
