"""How a run of a handler ends: by itself, its lease, its time limit, or the worker. In simulated time."""

from __future__ import annotations

import asyncio
import signal
from types import SimpleNamespace

import pytest

from ant_cli.worker.context import Shutdown
from ant_cli.worker.endings import Ending
from ant_cli.worker.handler_run import HandlerRun
from tests.worker.calls import Log
from tests.worker.conftest import poll_options
from tests.worker.simulation import SimulatedLoop

ENDS_ON_SIGTERM, IGNORES_SIGTERM = 1.0, None


class FakeHandler:
    """A handler that ends by itself, or some time after a SIGTERM, or when it is killed."""

    def __init__(self, after_s, status, on_sigterm_s, *, overdue):
        self._loop = asyncio.get_running_loop()
        self._began = self._loop.time()
        self.exit = self._loop.create_future()
        self.was_overdue = overdue
        self._on_sigterm_s = on_sigterm_s
        self.signals = []
        """What it got, and when."""
        if after_s is not None:
            self._loop.call_later(after_s, self._end, status)

    def _end(self, status):
        if not self.exit.done():
            self.exit.set_result(status)

    def _note(self, name):
        self.signals.append((name, round(self._loop.time() - self._began, 1)))

    def send(self, number):
        assert number == signal.SIGTERM
        self._note("SIGTERM")
        if self._on_sigterm_s is not None:
            self._loop.call_later(self._on_sigterm_s, self._end, 0)

    def kill(self):
        self._note("SIGKILL")
        self._end(-9)


def attended(
    *,
    after_s=None,
    status=0,
    on_sigterm_s=ENDS_ON_SIGTERM,
    lease=None,
    stages=(),
    held=False,
    overdue=False,
    must_kill_s=8.0,
    **flags,
):
    """Return how a run ended, the signals that its handler got, and the log.

    `lease` is an ending of the lease and when that comes, and `stages` are those of a shutdown.
    """

    async def attend():
        loop = asyncio.get_running_loop()
        began = loop.time()
        handler = FakeHandler(after_s, status, on_sigterm_s, overdue=overdue)
        shutdown = Shutdown(*(loop.create_future() for _ in Shutdown._fields))
        for name, at in stages:
            loop.call_later(at, getattr(shutdown, name).set_result, None)
        context = SimpleNamespace(options=poll_options(**flags), shutdown=shutdown, now=loop.time)
        keeper = SimpleNamespace(lease=SimpleNamespace(held=held, must_kill_at=began + must_kill_s))
        log = Log()
        run = HandlerRun(None, keeper, context, log)

        async def keep():
            if lease is None:
                await loop.create_future()
            await asyncio.sleep(lease[1])
            return lease[0]

        keeping = asyncio.create_task(keep())
        ending = await run._attend(handler, keeping)
        keeping.cancel()
        return ending, handler.signals, [message for _, message in log.lines]

    with asyncio.Runner(loop_factory=SimulatedLoop) as runner:
        return runner.run(attend())


TERMINATING, KILLING = "terminating the handler", "killing the handler"


def test_a_handler_that_ends_by_itself_gets_no_signal():
    """Whatever its status is. Without a time limit, it may take days."""
    assert attended(after_s=500_000.0) == (None, [], [])
    assert attended(after_s=1.0, status=1, item_timeout="2s") == (None, [], [])
    assert attended(after_s=1.0, status=-9, overdue=True) == (Ending.LEASE_LOST, [], [])


def test_a_handler_has_the_time_of_kill_timeout_after_its_time_limit():
    """It is killed afterwards."""
    found = attended(item_timeout="5s", kill_timeout="3s")
    assert found == (Ending.TIMED_OUT, [("SIGTERM", 5.0)], [TERMINATING])
    ignores = attended(item_timeout="5s", kill_timeout="3s", on_sigterm_s=IGNORES_SIGTERM)
    assert ignores == (
        Ending.TIMED_OUT,
        [("SIGTERM", 5.0), ("SIGKILL", 8.0)],
        [TERMINATING, KILLING],
    )


def test_the_end_of_the_worker_ends_a_handler_in_the_same_way():
    """A third signal kills it at once."""
    second = [("draining", 1.0), ("terminating", 2.0)]
    found = attended(stages=second, kill_timeout="3s", on_sigterm_s=IGNORES_SIGTERM)
    assert found[:2] == (Ending.SHUT_DOWN, [("SIGTERM", 2.0), ("SIGKILL", 5.0)])
    third = [*second, ("killing", 2.5)]
    found = attended(stages=third, kill_timeout="1h", on_sigterm_s=IGNORES_SIGTERM)
    assert found[:2] == (Ending.SHUT_DOWN, [("SIGTERM", 2.0), ("SIGKILL", 2.5)])


def test_draining_alone_ends_no_handler():
    """It may finish its item."""
    assert attended(after_s=50.0, stages=[("draining", 1.0)]) == (None, [], [])


def test_a_handler_whose_lease_another_worker_has_is_killed_at_once():
    """It would work next to another one."""
    found = attended(lease=(Ending.LEASE_LOST, 2.0), kill_timeout="1h")
    assert found == (Ending.LEASE_LOST, [("SIGKILL", 2.0)], [KILLING])


@pytest.mark.parametrize(("kill_timeout", "killed_at"), [("1h", 8.0), ("3s", 5.0)])
def test_a_handler_whose_lease_can_not_be_extended_is_asked_first(kill_timeout, killed_at):
    """It has the rest of the lease, and no more than the kill timeout."""
    found = attended(
        lease=(Ending.LEASE_ENDED, 2.0), kill_timeout=kill_timeout, on_sigterm_s=IGNORES_SIGTERM
    )
    signals = [("SIGTERM", 2.0), ("SIGKILL", killed_at)]
    assert found == (Ending.LEASE_ENDED, signals, [TERMINATING, KILLING])


def test_a_request_to_stop_ends_a_handler_in_its_time():
    """It is not killed if it ends."""
    found = attended(lease=(Ending.STOP_REQUESTED, 2.0), kill_timeout="3s")
    assert found == (Ending.STOP_REQUESTED, [("SIGTERM", 2.0)], [TERMINATING])


@pytest.mark.parametrize(
    ("after_s", "status", "held", "expected"),
    [
        (3.0, 0, False, None),
        (3.0, 0, True, Ending.LOST),
        (3.0, 1, False, Ending.STOP_REQUESTED),
        (3.0, 1, True, Ending.STOP_REQUESTED),
    ],
)
def test_a_handler_whose_item_was_stopped_may_end_by_itself(after_s, status, held, expected):
    """Perhaps it has stopped the item. Only a worker that holds the lease knows better."""
    found = attended(
        after_s=after_s, status=status, held=held, lease=(Ending.STOPPED, 2.0), kill_timeout="5s"
    )
    assert found == (expected, [], [])


def test_a_handler_whose_item_was_stopped_is_ended_after_the_kill_timeout():
    """Twice: it is waited for, and then asked to end."""
    found = attended(lease=(Ending.STOPPED, 2.0), kill_timeout="5s", on_sigterm_s=IGNORES_SIGTERM)
    assert found[:2] == (Ending.STOP_REQUESTED, [("SIGTERM", 7.0), ("SIGKILL", 12.0)])
    ended_worker = attended(
        lease=(Ending.STOPPED, 2.0), kill_timeout="1h", stages=[("terminating", 3.0)]
    )
    assert ended_worker[:2] == (Ending.STOP_REQUESTED, [("SIGTERM", 3.0)])


@pytest.mark.parametrize(
    ("lease", "expected", "killed_at"),
    [
        ((Ending.LEASE_LOST, 6.0), Ending.LEASE_LOST, 6.0),
        ((Ending.LEASE_ENDED, 6.0), Ending.LEASE_ENDED, 8.0),
        ((Ending.STOPPED, 6.0), Ending.TIMED_OUT, 15.0),
        ((Ending.STOP_REQUESTED, 6.0), Ending.TIMED_OUT, 15.0),
    ],
)
def test_a_lease_that_is_lost_while_a_handler_is_ended_shortens_its_time(
    lease, expected, killed_at
):
    """A request to stop it does not: it has all of the kill timeout, from the SIGTERM on."""
    found = attended(
        item_timeout="5s", kill_timeout="10s", lease=lease, on_sigterm_s=IGNORES_SIGTERM
    )
    assert found[:2] == (expected, [("SIGTERM", 5.0), ("SIGKILL", killed_at)])
