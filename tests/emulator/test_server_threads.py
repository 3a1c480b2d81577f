"""The threads of a served emulator, which are started when requests need them."""

from __future__ import annotations

from contextlib import ExitStack

import pytest

from ant_cli.emulator import server_threads
from ant_cli.emulator.server_threads import ServerThreads


@pytest.fixture
def system(monkeypatch):
    """Return what the system allows: how many threads, and how many were asked for."""

    class System:
        most = 1_000
        counts = [1]  # noqa: RUF012 - a list for the test

        def try_to_start(self) -> None:
            if self.counts[-1] >= self.most:
                raise RuntimeError("can't start new thread")

    made = System()
    made.counts = [1]
    monkeypatch.setattr(server_threads, "_try_to_start", made.try_to_start)
    return made


def test_there_is_always_a_thread_for_the_next_request(system):
    """None is started before it is needed, and none is given back."""
    threads = ServerThreads(4, system.counts.append)
    with threads.occupied():
        assert system.counts == [1, 2]
    with threads.occupied(), threads.occupied():
        assert system.counts == [1, 2, 3]
        with threads.occupied(), threads.occupied():
            assert system.counts == [1, 2, 3, 4]


def test_a_system_that_refuses_a_thread_is_asked_again_later(system):
    """Meanwhile, fewer requests may wait, and the server counts no thread that it does not have."""
    threads = ServerThreads(100, system.counts.append)
    assert threads.most_waiting == 68
    system.most = 4
    with ExitStack() as requests:
        for _ in range(6):
            requests.enter_context(threads.occupied())
        assert system.counts == [1, 2, 3, 4]
        assert threads.most_waiting == 2
        system.most = 1_000
        requests.enter_context(threads.occupied())
        assert system.counts == [1, 2, 3, 4, 5]
        assert threads.most_waiting == 68


def test_only_so_many_requests_may_wait_that_a_thread_is_left(system):
    """For health checks and control pages."""
    threads = ServerThreads(4, system.counts.append)
    assert [threads.may_wait() for _ in range(3)] == [True, True, False]
    threads.end_wait()
    assert threads.may_wait()


def test_a_thread_is_tried_before_the_server_counts_it(monkeypatch):
    """A server that was refused one counts it anyway, and waits for it for five seconds when it stops."""

    def refuse(_):
        raise RuntimeError("can't start new thread")

    counts: list[int] = []
    threads = ServerThreads(4, counts.append)
    monkeypatch.setattr("threading.Thread.start", refuse)
    with threads.occupied():
        pass
    assert counts == []
