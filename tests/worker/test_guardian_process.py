"""The program of the guardian: whom it kills, when, and which leases it ends. It is called in this process."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from ant_cli.worker import guardian_process
from ant_cli.worker.guardian_process import NEVER, end_leases, guard

NOW = 100.0
NO_PROCESS = 2**22 + 1
"""Larger than any process ID of Linux."""


class Guarding:
    """The program, by a clock of the test. It notes whom it kills."""

    def __init__(self, monkeypatch):
        self.killed = []
        self.now = NOW
        self.read_end, self.write_end = os.pipe()
        monkeypatch.setattr(guardian_process, "guardian_time", lambda: self.now)
        monkeypatch.setattr(guardian_process, "_kill", self._kill)
        monkeypatch.setattr(guardian_process, "_PAUSE_S", 0.0)

    def _kill(self, *handlers):
        self.killed.append([int(pid) for pid, *_ in handlers])

    def told(self, *writes):
        """Return the leases that are left after these writes of its worker, which then ends."""

        def write():
            for data in writes:
                os.write(self.write_end, data)
            os.close(self.write_end)

        writing = threading.Thread(target=write)
        writing.start()
        found = guard(self.read_end)
        writing.join()
        os.close(self.read_end)
        return found


@pytest.fixture
def guarding(monkeypatch):
    """Return the program of a guardian."""
    return Guarding(monkeypatch)


def line(key, pid=0, deadline=NEVER, lease=""):
    """Return what a worker says about an item."""
    return f"{key}\t{pid}\t{deadline}\tANTHROPIC_WORK_ID=work_{key}\t{lease}\n".encode()


def test_at_the_end_of_its_worker_all_handlers_are_killed_and_their_leases_returned(guarding):
    """In one go. An item without a lease needs nothing."""
    assert guarding.told(line(1, 11, lease="L1"), line(2, 12), line(3, lease="L3")) == [
        b"L1",
        b"L3",
    ]
    assert guarding.killed == [[11, 12, 0]]


def test_what_is_said_last_about_an_item_counts(guarding):
    """It is known by its key."""
    data = line(1, 11, lease="old"), line(2, 12, lease="L2"), line(1, 13, lease="new")
    assert guarding.told(*data) == [b"L2", b"new"]
    assert guarding.killed == [[12, 13]]


def test_an_item_that_is_settled_is_forgotten(guarding):
    """Also if it was not known."""
    assert guarding.told(line(1, 11, lease="L1") + b"1\n2\n" + line(3, 13, lease="L3")) == [b"L3"]
    assert guarding.killed == [[13]]


def test_a_line_may_come_in_parts(guarding):
    """A pipe takes what it can. The beginning of a line without its end says nothing."""
    data = line(1, 11, lease="L1") + line(2, 12, lease="L2")
    parts = [data[position : position + 7] for position in range(0, len(data), 7)]
    assert guarding.told(*parts, b"3\t13\tinf") == [b"L1", b"L2"]


def test_a_handler_is_killed_at_its_deadline_and_its_lease_is_not_ended(guarding):
    """That has ended by then, and the item may be another worker's. The others go on."""
    data = line(1, 11, NOW, "L1") + line(2, 12, NOW + 50, "L2") + line(3, 13, lease="L3")
    assert guarding.told(data) == [b"L2", b"L3"]
    assert guarding.killed == [[11], [12, 13]]


@pytest.mark.parametrize(
    ("deadlines", "waits", "killed"),
    [
        ([], None, []),
        ([NEVER], None, []),
        ([NOW + 0.5, NEVER], 0.5, []),
        ([NOW + 30.0, NOW + 0.25], 0.25, []),
        ([NOW + 30.0], 1.0, []),
        ([NOW, NOW + 0.5], 0.5, [0]),
        ([NOW - 5, NOW - 1], None, [0, 1]),
    ],
)
def test_the_guardian_waits_until_the_next_deadline_but_looks_at_the_clock(
    guarding, deadlines, waits, killed
):
    """A machine may be suspended. Without a deadline, it sleeps."""
    items = {b"%d" % number: [b"%d" % number, b"%r" % at] for number, at in enumerate(deadlines)}
    assert guardian_process._kill_overdue(items) == waits
    assert guarding.killed == [[number] for number in killed]
    assert len(items) == len(deadlines) - len(killed)


def test_handlers_are_killed_by_their_process_ids_or_found_by_their_variable(monkeypatch):
    """0 is no process: its group would be that of the guardian."""
    signals, asked = [], []
    monkeypatch.setattr(guardian_process, "signal_session", lambda *given: signals.append(given))
    monkeypatch.setattr(
        guardian_process, "_leaders_with", lambda variables: asked.append(variables) or [99]
    )
    known, unknown = [b"11", b"inf", b"A=1", b""], [b"0", b"inf", b"B=2", b""]
    guardian_process._kill(known)
    assert ([pid for pid, _ in signals], asked) == ([11], [])
    guardian_process._kill(known, unknown)
    assert [pid for pid, _ in signals] == [11, 11, 99]
    assert asked == [{b"B=2"}]
    assert {number for _, number in signals} == {9}


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no /proc")
def test_the_leader_of_a_session_is_found_by_a_whole_variable(monkeypatch):
    """A process with a longer value, one that leads no session, or one that has ended does not count."""
    processes, all_ = [], guardian_process._processes
    monkeypatch.setattr(guardian_process, "_processes", lambda: [NO_PROCESS, *all_()])

    def start(value, **more):
        process = subprocess.Popen(
            ["/bin/sh", "-c", "echo started; exec sleep 600"],
            env={"ANTHROPIC_WORK_ID": value, "PATH": os.environ["PATH"]},
            stdout=subprocess.PIPE,
            **more,
        )
        processes.append(process)
        process.stdout.readline()
        return process.pid

    try:
        leader = start("work_1-of-a-test", start_new_session=True)
        start("work_1-of-a-test-too", start_new_session=True)
        start("work_1-of-a-test")
        found = guardian_process._leaders_with({b"ANTHROPIC_WORK_ID=work_1-of-a-test"})
        assert found == [leader]
    finally:
        for process in processes:
            process.kill()
            process.communicate()


class Session:
    """The processes of a session: those in the group of its leader, and those in other groups."""

    def __init__(self, monkeypatch):
        self.signals = []
        sessions = {NO_PROCESS: None, 11: 11, 12: 11, 13: 11, 14: 14, 15: 11}
        groups = {11: 11, 12: 11, 13: 13, 14: 14, 15: 15}
        faked = SimpleNamespace(
            getsid=lambda pid: self._of(sessions, pid),
            getpgid=lambda pid: self._of(groups, pid),
            kill=lambda *given: self.signals.append(("process", *given)),
            killpg=lambda *given: self.signals.append(("group", *given)),
            scandir=lambda _: [SimpleNamespace(name=str(pid)) for pid in ("x", *sessions)],
        )
        self.system = faked
        monkeypatch.setattr(guardian_process, "os", faked)

    def _of(self, known, pid):
        if known[pid] is None:
            raise ProcessLookupError
        return known[pid]


def test_a_signal_reaches_each_group_of_a_session(monkeypatch):
    """`timeout` starts its program in a new group. A process that has ended meanwhile is skipped."""
    session = Session(monkeypatch)
    guardian_process.signal_session(11, 9)
    assert session.signals == [("group", 11, 9), ("process", 13, 9), ("process", 15, 9)]


def test_without_a_list_of_processes_a_signal_reaches_one_group(monkeypatch):
    """There is no /proc on macOS. A group that has ended is not an error."""
    session = Session(monkeypatch)

    def fail(*_):
        raise FileNotFoundError

    session.system.scandir = fail
    guardian_process.signal_session(11, 9)
    assert session.signals == [("group", 11, 9)]
    session.system.killpg = fail
    guardian_process.signal_session(11, 9)


def ignored_by(pid):
    """Return the signals that a process ignores, as Linux shows them."""
    status = Path(f"/proc/{pid}/status").read_text()
    (mask,) = (line.split()[1] for line in status.splitlines() if line.startswith("SigIgn"))
    return {number for number in signal.valid_signals() if int(mask, 16) >> (number - 1) & 1}


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no /proc")
def test_the_guardian_outlives_the_signals_that_end_its_worker(tmp_path):
    """Ctrl-C, a hangup and a stop of the unit reach all processes. The guardian ends when its stdin is closed."""
    path = tmp_path / "seen"
    command = [sys.executable, "-I", "-S", guardian_process.__file__]
    guardian = subprocess.Popen(
        [*command, "/bin/sh", "-c", f"cat > {path}"], stdin=subprocess.PIPE, start_new_session=True
    )
    until = time.monotonic() + 10
    try:
        guardian.stdin.write(line(1, 0, NEVER, "L1"))
        guardian.stdin.flush()
        ends_others = {signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT}
        while not ends_others <= ignored_by(guardian.pid):
            assert guardian.poll() is None
            assert time.monotonic() < until
        guardian.stdin.close()
        assert guardian.wait() == 0
    finally:
        guardian.kill()
        guardian.communicate()
    assert path.read_bytes() == b"L1\n"


def test_leases_are_the_lines_of_the_input_of_the_command(tmp_path, capfd):
    """The command gets every lease, and its own output is discarded."""
    path = tmp_path / "seen"
    end_leases([b'{"a": 1}', b"L2"], ["/bin/sh", "-c", f"cat > {path}; echo x; echo y >&2; exit 3"])
    assert path.read_bytes() == b'{"a": 1}\nL2\n'
    assert tuple(capfd.readouterr()) == ("", "")


def test_the_time_of_deadlines_goes_on_while_the_machine_is_suspended(monkeypatch):
    """Linux and macOS have a clock for this."""
    clock = {"linux": "CLOCK_BOOTTIME", "darwin": "CLOCK_MONOTONIC"}.get(sys.platform)
    if clock is None:
        pytest.skip("this system has no such clock")
    monkeypatch.setattr(time, "clock_gettime", lambda number: f"the time of {number}")
    assert guardian_process.guardian_time() == f"the time of {getattr(time, clock)}"
