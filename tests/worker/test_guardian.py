"""What a worker tells its guardian, and what it does about the children that end. Few need a process."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path
from types import SimpleNamespace

import pytest

from ant_cli.worker import guardian as guardian_module
from ant_cli.worker.guardian import Fallback, Guardian

EXITED_WITH_3, KILLED, IS_STOPPED = 3 << 8, 9, (19 << 8) | 0x7F
"""Statuses as `waitpid` returns them."""
STREAMS = (5, 6, 7)


def fallback(name, deadline=50.0):
    """Return what the guardian does about an item."""
    return Fallback(f"work_{name}", deadline, f"lease of {name}")


def fact(name, pid=0, deadline=50.0):
    """Return what the guardian knows of an item."""
    return [str(pid), str(deadline), f"ANTHROPIC_WORK_ID=work_{name}", f"lease of {name}"]


class System:
    """The processes of a test. The IDs of guardians are 100 and so on, those of handlers 200 and so on."""

    def __init__(self, monkeypatch):
        self.guardians = []
        """The reading end of the pipe of each guardian."""
        self.environs = []
        """The environment of each guardian."""
        self.handlers = 0
        self.refuses = False
        self.signals = []
        self.ended = []
        """The results of the next calls of `waitpid`."""
        self.waited_for = []
        fakes = {"kill": self._kill, "waitpid": self._wait}
        faked = SimpleNamespace(**{**vars(os), **fakes})
        monkeypatch.setattr(guardian_module, "os", faked)
        monkeypatch.setattr(guardian_module, "_os", faked)
        monkeypatch.setattr(guardian_module, "_spawn", self._spawn)
        monkeypatch.setattr(
            guardian_module.guardian_process,
            "signal_session",
            lambda *given: self.signals.append(("session", *given)),
        )

    def _spawn(self, _command, environ, streams):
        if tuple(streams) == STREAMS:
            self.handlers += 1
            return 199 + self.handlers
        if self.refuses:
            raise OSError("no process is left")
        self.environs.append(environ)
        self.guardians.append(os.dup(streams[0]))
        os.set_blocking(self.guardians[-1], False)
        return 99 + len(self.guardians)

    def _kill(self, pid, number):
        self.signals.append((pid, number))

    def _wait(self, pid, flags):
        self.waited_for.append(pid)
        if not self.ended:
            raise ChildProcessError
        found = self.ended.pop(0)
        if os.WIFSTOPPED(found[1]) and not flags & os.WUNTRACED:
            return 0, 0
        return found

    @property
    def known(self):
        """What the last guardian was told since this was asked, in its order."""
        try:
            lines = os.read(self.guardians[-1], 65536).decode().splitlines()
        except BlockingIOError:
            return []
        return [line.split("\t")[1:] for line in lines]

    def close(self):
        """Close the pipes."""
        for descriptor in self.guardians:
            os.close(descriptor)


@pytest.fixture
def system(monkeypatch):
    """Return the processes."""
    found = System(monkeypatch)
    yield found
    found.close()


def guarded(story):
    """Call a story with a guardian, on an event loop."""

    async def tell():
        guardian = Guardian(["end-leases"], {"A": "1"})
        result = story(guardian)
        if asyncio.iscoroutine(result):
            await result

    asyncio.run(tell())


def open_files():
    """Return how many descriptors this process has."""
    return len(list(Path("/dev/fd").iterdir()))


def start(guardian, item, name):
    """Start the handler of an item."""
    guardian.start(item, ["true"], {}, STREAMS, fallback(name))


def test_the_guardian_is_told_each_change_of_an_item(system):
    """So it knows whom to kill, when, and what to give back."""

    def story(guardian):
        guardian.guard(fallback("b"))
        assert fact("b") in system.known
        item = guardian.guard(fallback("a"))
        assert system.known == [fact("a")]
        guardian.start(item, ["true"], {}, STREAMS, fallback("a", 60.0))
        assert system.known == [fact("a", 200, 60.0)]
        guardian.prepare(item, fallback("a", 70.0))
        assert system.known == [fact("a", 200, 70.0)]
        guardian.note_end(item)
        guardian.prepare(item, fallback("a", 80.0))
        assert system.known == [fact("a", 0, 80.0)]
        guardian.forget(item)
        assert system.known == [[]]
        guardian.forget(item)
        assert system.known == []

    guarded(story)


def test_a_handler_that_is_ended_is_killed_once(system):
    """Its process ID may be another process's by then."""

    def story(guardian):
        item = guardian.guard(fallback("a"))
        guardian.end(item)
        assert system.signals == []
        start(guardian, item, "a")
        guardian.end(item)
        guardian.end(item)
        assert system.signals == [("session", 200, signal.SIGKILL)]

    guarded(story)


def test_all_children_that_have_ended_are_collected_at_once(system):
    """One signal may stand for several. One that nobody knows is an orphan, whose parent is this worker."""

    def story(guardian):
        first, second, gone = (guardian.guard(fallback(name)) for name in "abc")
        for item, name in ((first, "a"), (second, "b"), (gone, "c")):
            start(guardian, item, name)
        gone.exit.cancel()
        system.ended = [(999, 0), (202, 0), (200, EXITED_WITH_3), (201, KILLED)]
        guardian._collect()
        assert (first.exit.result(), second.exit.result()) == (3, -9)
        assert set(system.waited_for) == {-1}
        assert system.signals == []

    guarded(story)


def test_a_guardian_that_was_stopped_is_continued_and_a_handler_is_not(system):
    """A handler may be in the hands of a debugger."""

    def story(guardian):
        item = guardian.guard(fallback("a"))
        start(guardian, item, "a")
        system.ended = [(200, IS_STOPPED), (100, IS_STOPPED), (200, EXITED_WITH_3)]
        guardian._collect()
        assert system.signals == [(100, signal.SIGCONT)]
        assert item.exit.result() == 3
        assert len(system.guardians) == 1

    guarded(story)


def test_a_guardian_that_ended_is_replaced_after_a_moment_and_the_next_one_knows_all(
    system, monkeypatch
):
    """Something may kill each as soon as it starts. What is settled is not told again."""
    monkeypatch.setattr(guardian_module, "_REPLACED_AFTER_S", 0.01)

    async def story(guardian):
        item, settled = guardian.guard(fallback("a")), guardian.guard(fallback("b"))
        start(guardian, item, "a")
        guardian.forget(settled)
        system.ended, before = [(100, KILLED)], open_files()
        guardian._collect()
        assert open_files() == before - 1
        assert len(system.guardians) == 1
        await asyncio.sleep(0.05)
        assert len(system.guardians) == 2
        assert system.known == [fact("a", 200)]
        guardian.prepare(item, fallback("a", 70.0))
        assert system.known == [fact("a", 200, 70.0)]

    guarded(story)


def test_a_guardian_that_was_killed_is_no_error_for_the_worker(system):
    """Its end is collected a moment later."""

    def story(guardian):
        item = guardian.guard(fallback("a"))
        os.close(system.guardians.pop())
        guardian.prepare(item, fallback("a", 70.0))
        assert system.signals == []

    guarded(story)


def test_a_guardian_that_does_not_read_is_killed(system):
    """The worker does not wait for it. A line that is written in part would be garbage in front of the next."""

    def story(guardian):
        item = guardian.guard(fallback("a"))
        for _ in range(5000):  # more than a pipe takes
            if not system.signals:
                guardian.prepare(item, fallback("a"))
        assert system.signals == [(100, signal.SIGKILL)]

    guarded(story)


def test_a_part_of_a_line_kills_the_guardian_too(system, monkeypatch):
    """The next one learns everything."""

    def story(guardian):
        item = guardian.guard(fallback("a"))
        monkeypatch.setattr(guardian_module.os, "write", lambda _pipe, data: len(data) - 1)
        guardian.prepare(item, fallback("a"))
        assert system.signals == [(100, signal.SIGKILL)]

    guarded(story)


def test_without_a_guardian_no_handler_is_started_and_nothing_stays_open(system):
    """Nobody would end it. The next handler may be luckier."""

    def story(guardian):
        system.refuses = True
        before = open_files()
        item = guardian.guard(fallback("a"))
        with pytest.raises(OSError, match="no process"):
            start(guardian, item, "a")
        assert open_files() == before
        assert (system.handlers, item.pid) == (0, 0)
        system.refuses = False
        start(guardian, item, "a")
        assert system.known[-1] == fact("a", 200)

    guarded(story)


def test_only_the_guardian_can_read_its_pipe(system):
    """Otherwise the worker would not notice that it has ended."""

    def story(guardian):
        before = open_files()
        guardian.guard(fallback("a"))
        assert len(system.guardians) == 1
        assert open_files() == before + 2  # the writing end, and that of this test

    guarded(story)


def test_another_environment_is_that_of_the_next_guardian(system):
    """It has other keys. One that was never started needs no end."""

    async def story(guardian):
        guardian.replace_environment({"A": "2"})
        assert system.signals == []
        guardian.guard(fallback("a"))
        guardian.replace_environment({"A": "3"})
        assert system.signals == [(100, signal.SIGKILL)]
        system.ended = [(100, KILLED)]
        guardian._collect()
        guardian.guard(fallback("b"))
        assert system.environs == [{"A": "2"}, {"A": "3"}]

    guarded(story)


def test_the_end_of_a_worker_kills_its_handlers_and_waits_for_its_guardian(system):
    """That gives back the items. If it is stopped meanwhile, it has to go on."""

    def story(guardian):
        for name in "ab":
            start(guardian, guardian.guard(fallback(name)), name)
        guardian.guard(fallback("c"))
        system.ended = [(100, IS_STOPPED), (100, IS_STOPPED), (100, 0), (200, 0)]
        assert system.known
        guardian.close()
        assert os.read(system.guardians[0], 1) == b""
        assert sorted(signal_ for signal_ in system.signals if signal_[0] == "session") == [
            ("session", 200, signal.SIGKILL),
            ("session", 201, signal.SIGKILL),
        ]
        assert [pid for pid, *_ in system.signals if pid == 100] == [100, 100]
        assert system.waited_for == [100] * 3
        guardian.close()
        assert system.waited_for == [100] * 3

    guarded(story)


def test_a_guardian_that_has_been_collected_keeps_nobody_from_the_end(system):
    """And one that was not needed as well."""

    def story(guardian):
        guardian.close()
        assert system.waited_for == []
        guardian.guard(fallback("a"))
        guardian.close()

    guarded(story)


@pytest.mark.parametrize("number", [signal.SIGPIPE, signal.SIGXFSZ])
def test_a_child_leads_a_session_and_takes_the_signals_that_python_ignores(number):
    """`handler | head` ends. The whole session can be killed."""
    reading, writing = os.pipe()
    suicide = ["/bin/sh", "-c", f"read line; kill -{int(number)} $$; exit 1"]
    pid = guardian_module._spawn(suicide, {}, (reading, 1, 2))
    os.close(reading)
    assert os.getsid(pid) == pid
    os.close(writing)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == -number
