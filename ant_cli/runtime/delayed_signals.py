"""Signals that wait for a moment at which everything that was done has been reported."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from types import FrameType

from ant_cli.runtime.light_typing import Any, Self

_GRACE_S = 0.3
"""How long a signal is delayed at most: a write to a full pipe, which may never end, is interrupted after that."""


class DelayedSignals:
    """Delays SIGINT and SIGTERM until `check` is called. A context manager; the end of the context is a check, too.

    Their handlers raise exceptions wherever the program happens to be, such as between printing a result and
    counting it.
    """

    def __init__(self) -> None:
        self._handlers: dict[int, Callable[[int, FrameType | None], Any]] = {}
        self._pending: int | None = None
        self._grace: threading.Timer | None = None

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():  # only there handlers can be set, and run
            for number in (signal.SIGINT, signal.SIGTERM):
                handler = signal.getsignal(number)
                if callable(handler):
                    self._handlers[number] = handler
                    signal.signal(number, self._on_signal)
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        for number, handler in self._handlers.items():
            signal.signal(number, handler)
        if kind is None or not issubclass(kind, KeyboardInterrupt):
            self.check()

    def check(self) -> None:
        """Handle a signal that came meanwhile, which raises what its handler raises."""
        if self._pending is not None:
            self._handle(self._pending)

    def _on_signal(self, number: int, _frame: FrameType | None) -> None:
        if self._pending is not None:  # the second one is handled at once
            self._handle(number)
            return
        self._pending = number
        self._grace = threading.Timer(_GRACE_S, _send_to_main_thread, [number])
        self._grace.daemon = True
        self._grace.start()

    def _handle(self, number: int) -> None:
        self._pending = None
        if self._grace:
            self._grace.cancel()
        self._handlers[number](number, None)


def _send_to_main_thread(number: int) -> None:
    """Send a signal to the thread that handles it, so that it also ends a system call there."""
    if hasattr(signal, "pthread_kill"):
        signal.pthread_kill(threading.main_thread().ident or 0, number)
    else:
        signal.raise_signal(number)
