"""Delay signals until everything that was done has been reported."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from types import FrameType

from ant_cli.runtime.light_typing import Any, Self

_GRACE_S = 0.3
"""The longest delay of a signal. After that, it interrupts even a write to a full pipe, which might never end."""


class DelayedSignals:
    """Delays SIGINT and SIGTERM until `check` is called. A context manager; the end of the context is a check, too.

    Without that, their handlers raise exceptions at any point of the program, such as between printing a result and
    counting it.
    """

    def __init__(self) -> None:
        self._handlers: dict[int, Callable[[int, FrameType | None], Any]] = {}
        self._pending: int | None = None
        self._grace: threading.Timer | None = None

    def __enter__(self) -> Self:
        if (
            threading.current_thread() is threading.main_thread()
        ):  # handlers can be set, and run, only in the main thread
            for number in (signal.SIGINT, signal.SIGTERM):
                handler = signal.getsignal(number)
                if callable(handler):
                    self._handlers[number] = handler
                    signal.signal(number, self._on_signal)
        return self

    def __exit__(self, exception_type: type[BaseException] | None, *_: object) -> None:
        for number, handler in self._handlers.items():
            signal.signal(number, handler)
        if exception_type is None or not issubclass(exception_type, KeyboardInterrupt):
            self.check()

    def check(self) -> None:
        """Handle a signal that arrived meanwhile. Raises whatever its handler raises."""
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
    """Send a signal to the thread that handles it, so that it also interrupts a system call there."""
    if hasattr(signal, "pthread_kill"):
        signal.pthread_kill(threading.main_thread().ident or 0, number)
    else:
        signal.raise_signal(number)
