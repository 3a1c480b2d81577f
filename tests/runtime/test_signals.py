"""Signals that are delayed until what was done has been reported."""

from __future__ import annotations

import signal
import threading

import pytest

from ant_cli.runtime.signals import delayed_signals


def test_a_delayed_signal_interrupts_what_takes_too_long():
    """A write to a full pipe might never end."""
    ended = []

    def write() -> None:
        with delayed_signals():
            signal.raise_signal(signal.SIGINT)
            ended.append(threading.Event().wait(60))

    with pytest.raises(KeyboardInterrupt):
        write()
    assert ended == []
