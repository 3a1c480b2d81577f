"""Write texts in a thread, so that a reader who does not read delays nothing else."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable

_MOST_WAITING = 8_000_000
"""The most characters that wait to be written. What comes then is left out."""
_BULK_SHARE = 2
"""Bulk texts are left out at half of that, and from then on until only a quarter waits."""
_COST = 200
"""Added to the size of each text, for the objects that it consists of."""
_FRAME_S = 0.5

_Render = Callable[[], str]


class BackgroundWriter:
    """A queue of texts, and the thread that writes them."""

    def __init__(
        self, write: Callable[[str], None], note_left_out: Callable[[int], str], footer: _Render | None, erase: str
    ) -> None:
        """See `Stderr.write_in_background`. `erase` erases the footer."""
        self._write = write
        self._note_left_out = note_left_out
        self._footer = footer
        self._erase = erase
        self._changed = threading.Condition()
        self._waiting: deque[tuple[_Render, int]] = deque()
        self._size = 0
        self._left_out = 0
        self._closing = False
        self._thread = threading.Thread(target=self._run, name="stderr", daemon=True)
        self._thread.start()

    def put(self, render: _Render, size: int, *, bulk: bool) -> None:
        """Write what `render` returns. It is called in the thread."""
        with self._changed:
            most = _MOST_WAITING
            if bulk:
                most //= _BULK_SHARE * (2 if self._left_out else 1)
            if self._size > most:
                self._left_out += 1
                return
            self._append_note()
            self._append(render, size)
            self._changed.notify()

    def _append(self, render: _Render, size: int) -> None:
        self._waiting.append((render, size + _COST))
        self._size += size + _COST

    def _append_note(self) -> None:
        if count := self._left_out:
            self._left_out = 0
            self._append(lambda: self._note_left_out(count), 0)

    def close(self, patience_s: float) -> bool:
        """Write the rest. Returns whether that was done within `patience_s`."""
        with self._changed:
            self._append_note()
            self._closing = True
            self._changed.notify()
        self._thread.join(patience_s)
        return not self._thread.is_alive()

    def _run(self) -> None:
        while True:
            with self._changed:
                if not self._waiting and not self._closing:
                    self._changed.wait(_FRAME_S if self._footer else None)
                render, size = self._waiting.popleft() if self._waiting else (None, 0)
                self._size -= size
                is_last = self._closing and not self._waiting
            text = render() if render else ""
            if self._footer:
                text = f"{self._erase}{text}{'' if is_last else self._footer()}"
            self._write(text)
            if is_last:
                return
