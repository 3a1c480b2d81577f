"""The program of the guardian, which kills handlers: each at its deadline, and all of them when its stdin ends.

It runs as a script, without this package, so it starts fast. A line on stdin has, between tabs, a key for an item
that is not settled, the process ID of its handler (0 before it is known, and after its end), the deadline of the
handler, a variable that is in no other environment, and its LEASE. A line with the key alone says that the item is
settled. LEASE is the input of the command in the arguments that ends the lease; it may be empty. The command is run
if the worker has gone: it gives back the items that were not settled.
"""

from __future__ import annotations

import _signal  # type: ignore[import-not-found] # importing `signal` takes longer
import os
import select
import sys
import time

NEVER = float("inf")
_LONGEST_WAIT_S = 1.0
"""How often to look at the clock: if the machine is suspended, a wait takes longer than it should."""
_PAUSE_S = 0.01
"""The time between two reads. Waking up for each line would take a twentieth of the worker's processor time."""


def guardian_time() -> float:
    """Return the time of the deadlines, by a clock that runs while the machine is suspended, where there is one."""
    if sys.platform == "linux":
        return time.clock_gettime(time.CLOCK_BOOTTIME)
    if sys.platform == "darwin":  # `time.monotonic` stands still while a Mac sleeps
        return time.clock_gettime(time.CLOCK_MONOTONIC)
    return time.monotonic()


def guard(pipe: int) -> list[bytes]:
    """Kill handlers at their deadlines until the pipe ends, and then those that are left. Return their leases."""
    items: dict[bytes, list[bytes]] = {}
    rest = b""
    while True:
        wait_s = _kill_overdue(items)
        if not select.select([pipe], [], [], wait_s)[0]:
            continue
        data = os.read(pipe, 65536)
        if not data:
            break
        *lines, rest = (rest + data).split(b"\n")
        for line in lines:
            key, *facts = line.split(b"\t")
            items.pop(key, None)
            if facts:
                items[key] = facts
        time.sleep(_PAUSE_S)
    _kill(*items.values())
    return [lease for *_, lease in items.values() if lease]


def _kill_overdue(items: dict[bytes, list[bytes]]) -> float | None:
    """Kill the handlers whose deadline is over. Return how long to wait at most; None for any time."""
    now, next_deadline = guardian_time(), NEVER
    for key, facts in list(items.items()):
        deadline = float(facts[1])
        if deadline <= now:
            _kill(items.pop(key))
        else:
            next_deadline = min(next_deadline, deadline)
    return None if next_deadline == NEVER else min(next_deadline - now, _LONGEST_WAIT_S)


def _kill(*handlers: list[bytes]) -> None:
    leaders = [int(pid) for pid, *_ in handlers if pid != b"0"]
    unknown = {variable for pid, _, variable, _ in handlers if pid == b"0"}
    for leader in leaders + (_leaders_with(unknown) if unknown else []):
        signal_session(leader, _signal.SIGKILL)


def end_leases(leases: list[bytes], command: list[str]) -> None:
    """Run a command with the leases as the lines of its stdin."""
    import subprocess  # late: few workers are killed

    lines = b"".join(lease + b"\n" for lease in leases)
    nowhere = subprocess.DEVNULL
    subprocess.run(command, input=lines, stdout=nowhere, stderr=nowhere, check=False)


def _leaders_with(variables: set[bytes]) -> list[int]:
    """Return the leaders of sessions that have one of these variables in their environment.

    A process that is just starting has none yet. Until it has, it holds the pipe to the guardian open, so the pipe
    of a killed worker does not end before.
    """
    found: list[int] = []
    if sys.platform != "win32":
        for pid in _processes():
            try:
                if os.getsid(pid) == pid:
                    with open(f"/proc/{pid}/environ", "rb") as environ:  # noqa: PTH123 - pathlib takes long to import
                        if variables.intersection(environ.read().split(b"\0")):
                            found.append(pid)
            except OSError:  # the process has ended, or belongs to another user
                pass
    return found


def _processes() -> list[int]:
    try:
        return [int(entry.name) for entry in os.scandir("/proc") if entry.name.isdigit()]
    except OSError:  # this system has no /proc
        return []


def signal_session(leader: int, number: int) -> None:
    """Send a signal to a process, its group, and the other groups of its session, which `timeout` creates."""
    if sys.platform == "win32":  # only for the type checker: the worker doesn't start there
        return
    signal_group(leader, number)
    for pid in _processes():
        try:
            if os.getsid(pid) == leader != os.getpgid(pid):
                os.kill(pid, number)
        except OSError:  # the process has ended
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
