"""Replace signal handlers for a while, or delay signals until everything that was done has been reported."""

from __future__ import annotations

import os
import select
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import FrameType
from typing import Any

_GRACE_S = 0.3
"""The longest delay of a signal. After that, it interrupts even a write to a full pipe, which might never end."""


@contextmanager
def signal_handlers(
    handlers: Mapping[Any, Callable[[int, FrameType | None], Any] | int],
) -> Iterator[dict[int, Any]]:
    """Replace signal handlers until the context ends, and yield the old ones.

    A signal that the parent process ignores, as nohup does, stays ignored. Outside the main thread nothing changes,
    because Python handles signals only there.
    """
    before: dict[int, Any] = {}
    try:
        if threading.current_thread() is threading.main_thread():
            for number, handler in handlers.items():
                old = signal.getsignal(number)
                if old not in (signal.SIG_IGN, None):
                    before[number] = old
                    signal.signal(number, handler)
        yield before
    finally:
        for number, old in before.items():
            signal.signal(number, old)


def wait_for_input(descriptor: int) -> None:
    """Wait until a terminal has input. Call it in the main thread.

    A signal that arrives just before a system call is noticed only when the call returns, so that a read would wait
    for the next key. Here it also writes to a pipe, which ends the wait. On Windows, a console needs no help.
    """
    if sys.platform == "win32":
        return
    woken, wake = os.pipe()
    os.set_blocking(wake, False)
    before = signal.set_wakeup_fd(wake)
    try:
        while descriptor not in select.select([descriptor, woken], [], [])[0]:
            os.read(woken, 1)
    finally:
        signal.set_wakeup_fd(before)
        os.close(woken)
        os.close(wake)


class DelayedSignals:
    """SIGINT and SIGTERM, which are delayed until `check` is called."""

    def __init__(self) -> None:
        self.handlers: dict[int, Any] = {}
        """The handlers that are called later, by `check`."""
        self._pending: int | None = None
        self._grace = threading.Timer(0, lambda: None)

    def check(self) -> None:
        """Handle a signal that has arrived. Raises what its handler raises."""
        if self._pending is not None:
            number, self._pending = self._pending, None
            self._grace.cancel()
            signal.signal(number, self.handlers[number])
            signal.raise_signal(number)

    def receive(self, number: int, _frame: FrameType | None) -> None:
        """Note a signal, and send it again if it is not handled soon. A second signal is handled at once."""
        is_second, self._pending = self._pending is not None, number
        if is_second:
            self.check()
        else:
            self._grace = threading.Timer(_GRACE_S, _send_to_main_thread, [number])
            self._grace.daemon = True
            self._grace.start()


@contextmanager
def delayed_signals() -> Iterator[DelayedSignals]:
    """Delay SIGINT and SIGTERM until `check` is called. The end of the context is a check, too.

    Without that, their handlers raise exceptions at any point of the program, such as between printing a result and
    counting it.
    """
    delayed = DelayedSignals()
    try:
        with signal_handlers(
            dict.fromkeys((signal.SIGINT, signal.SIGTERM), delayed.receive)
        ) as delayed.handlers:
            yield delayed
    finally:
        delayed.check()


def _send_to_main_thread(number: int) -> None:
    """Send a signal to the thread that handles it, so that it also interrupts a system call there."""
    if hasattr(signal, "pthread_kill"):
        signal.pthread_kill(threading.main_thread().ident or 0, number)
    else:
        signal.raise_signal(number)
