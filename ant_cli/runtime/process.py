"""What makes a run short, apart from leaving things out. Each technique is here, with its reason.

Figures are in the README, from `benchmarks/run.py`.
"""

from __future__ import annotations

import gc
import os
import sys

TYPE_CHECKING = False  # as typing has it, whose import alone would double the time of `ant --version`
if TYPE_CHECKING:
    from typing import NoReturn


def pause_gc() -> None:
    """Collect no garbage while modules load: they make many objects, and none of them is garbage."""
    gc.disable()


def resume_gc() -> None:
    """Collect from here on, but never look at what was loaded: without this, a long list would fill the memory."""
    if not gc.isenabled():
        gc.freeze()
        gc.enable()


class Terminated(KeyboardInterrupt):
    """Somebody asked the process to end, as `kill` does; dealt with as an interrupt, but for the exit status."""


def handle_sigterm() -> None:
    """End at a SIGTERM as at an interrupt: what was opened is closed, and no temporary file is left.

    A parent that had SIGTERM ignored, as `trap '' TERM` does, wants it ignored here, too.
    """
    import signal

    if signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
        signal.signal(signal.SIGTERM, _terminate)


def _terminate(_number: int, _frame: object) -> NoReturn:
    raise Terminated


def exit_now(status: int) -> NoReturn:
    """End the process without taking down the interpreter, module by module; everything is flushed already."""
    for stream in (sys.stdout, sys.stderr):
        try:
            if stream is not None:
                stream.flush()
        except (OSError, ValueError):
            pass
    os._exit(status)
