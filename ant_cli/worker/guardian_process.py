"""The program of the guardian, which kills handlers: each at its deadline, and all of them when its stdin ends.

It runs as a script, without this package: so it starts fast, and holds no secrets. Lines on stdin are `+ PID` for a
handler that started, `= PID SECONDS` for its deadline, and `- PID` for one that has ended.
"""

from __future__ import annotations

import _signal  # type: ignore[import-not-found] # importing `signal` takes longer
import os
import select
import sys
import time

NEVER = float("inf")
_LONGEST_WAIT_S = 1.0
"""How often to look at the clock. A wait takes longer if the machine is suspended meanwhile."""


def now() -> float:
    """Return the time of the deadlines. It goes on while the machine is suspended, where there is such a clock."""
    if sys.platform == "linux":
        return time.clock_gettime(time.CLOCK_BOOTTIME)
    return time.monotonic()


def guard(pipe: int) -> None:
    """Kill handlers at their deadlines until the pipe ends, and then those that are left."""
    deadlines: dict[int, float] = {}
    rest = b""
    while True:
        time_now = now()
        for handler in [handler for handler, deadline in deadlines.items() if deadline <= time_now]:
            signal_session(handler, _signal.SIGKILL)
            del deadlines[handler]
        left_s = min(deadlines.values(), default=NEVER) - time_now
        if not select.select([pipe], [], [], None if left_s == NEVER else min(left_s, _LONGEST_WAIT_S))[0]:
            continue
        data = os.read(pipe, 65536)
        if not data:
            break
        *lines, rest = (rest + data).split(b"\n")
        for line in lines:
            _follow(line.split(), deadlines)
    for handler in deadlines:
        signal_session(handler, _signal.SIGKILL)


def _follow(words: list[bytes], deadlines: dict[int, float]) -> None:
    match words:
        case [b"+", handler]:
            deadlines.setdefault(int(handler), NEVER)
        case [b"=", handler, seconds]:
            deadlines[int(handler)] = float(seconds)
        case [b"-", handler]:
            deadlines.pop(int(handler), None)


def signal_session(leader: int, number: int) -> None:
    """Send a signal to a process, its group, and the other groups of its session, which `timeout` creates."""
    if sys.platform == "win32":  # where the worker doesn't start
        return
    signal_group(leader, number)
    try:
        names = [entry.name for entry in os.scandir("/proc")]
    except OSError:  # not on this system
        names = []
    for pid in (int(name) for name in names if name.isdigit()):
        try:
            if os.getsid(pid) == leader != os.getpgid(pid):
                os.kill(pid, number)
        except OSError:  # it has ended
            pass


def signal_group(leader: int, number: int) -> None:
    """Send a signal to a process group, if there is one."""
    if sys.platform != "win32":
        try:  # noqa: SIM105 - contextlib takes longer to import than the rest
            os.killpg(leader, number)
        except OSError:
            pass


if __name__ == "__main__":
    for number in (_signal.SIGINT, _signal.SIGTERM, _signal.SIGHUP, _signal.SIGQUIT):
        _signal.signal(number, _signal.SIG_IGN)
    guard(0)
