"""The program of the guardian, which kills process groups: at their deadlines, and all of them when its stdin ends.

It runs as a script, without this package: so it starts fast, and holds no secrets. Lines on stdin are `+ GROUP` for
a group that started, `= GROUP SECONDS` for its deadline, and `- GROUP` for one that has ended.
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
    """Kill groups at their deadlines until the pipe ends, and then those that are left."""
    deadlines: dict[int, float] = {}
    rest = b""
    while True:
        time_now = now()
        for group in [group for group, deadline in deadlines.items() if deadline <= time_now]:
            _kill(group)
            del deadlines[group]
        left_s = min(deadlines.values(), default=NEVER) - time_now
        if not select.select([pipe], [], [], None if left_s == NEVER else min(left_s, _LONGEST_WAIT_S))[0]:
            continue
        data = os.read(pipe, 65536)
        if not data:
            break
        *lines, rest = (rest + data).split(b"\n")
        for line in lines:
            _follow(line.split(), deadlines)
    for group in deadlines:
        _kill(group)


def _follow(words: list[bytes], deadlines: dict[int, float]) -> None:
    match words:
        case [b"+", group]:
            deadlines.setdefault(int(group), NEVER)
        case [b"=", group, seconds]:
            deadlines[int(group)] = float(seconds)
        case [b"-", group]:
            deadlines.pop(int(group), None)


def _kill(group: int) -> None:
    if sys.platform != "win32":  # where the worker doesn't start
        try:  # noqa: SIM105 - contextlib takes longer to import than the rest
            os.killpg(group, _signal.SIGKILL)
        except OSError:  # it has ended
            pass


if __name__ == "__main__":
    for number in (_signal.SIGINT, _signal.SIGTERM, _signal.SIGHUP, _signal.SIGQUIT):
        _signal.signal(number, _signal.SIG_IGN)
    guard(0)
