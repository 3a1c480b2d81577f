"""The program of the guardian, which kills handlers: each at its deadline, and all of them when its stdin ends.

It runs as a script, without this package, so it starts fast. Lines on stdin are `+ PID` for a handler that started,
`= PID SECONDS LEASE` for its deadline, and `- PID` for one that has ended. LEASE is the input of the command in the
arguments that ends the lease; it may be missing. The command is run if the worker has gone: it gives back the items
of the handlers that were killed.
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


def guard(pipe: int) -> list[bytes]:
    """Kill handlers at their deadlines until the pipe ends, and then those that are left. Return their leases."""
    deadlines: dict[int, float] = {}
    leases: dict[int, bytes] = {}
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
            _follow(line.split(maxsplit=3), deadlines, leases)
    for handler in deadlines:
        signal_session(handler, _signal.SIGKILL)
    return [leases[handler] for handler in deadlines if handler in leases]


def _follow(words: list[bytes], deadlines: dict[int, float], leases: dict[int, bytes]) -> None:
    match words:
        case [b"+", handler]:
            deadlines.setdefault(int(handler), NEVER)
        case [b"=", handler, seconds, *lease]:
            deadlines[int(handler)] = float(seconds)
            if lease:
                leases[int(handler)] = lease[0]
            else:
                leases.pop(int(handler), None)
        case [b"-", handler]:
            deadlines.pop(int(handler), None)


def end_leases(leases: list[bytes], command: list[str]) -> None:
    """Become a command, with the leases as the lines of its stdin."""
    reading, writing = os.pipe()
    if sys.platform != "win32":
        os.set_blocking(writing, False)  # more than a pipe holds would be hundreds of items
    os.write(writing, b"".join(lease + b"\n" for lease in leases))
    os.close(writing)
    os.dup2(reading, 0)
    nothing = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, 1)
    os.dup2(nothing, 2)
    os.execv(command[0], command)  # noqa: S606 - no shell is wanted


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
    if left := guard(0):
        end_leases(left, sys.argv[1:])
