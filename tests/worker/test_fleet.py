"""A small fleet under attack. `python -m tests.worker.fleet` is the large one."""

from __future__ import annotations

import shutil

import pytest

from tests.worker.fleet import run
from tests.worker.fleet_log import HandlerKill, Verdict, WorkerKill, judge

pytestmark = pytest.mark.slow


@pytest.mark.skipif(shutil.which("flock") is None, reason="the handlers lock files with flock")
def test_no_item_is_lost_or_run_twice_at_once_while_workers_and_handlers_are_killed(tmp_path):
    """A handler completes and stops each item, which runs again only if a kill hit it."""
    report = run(tmp_path, workers=2, slots=2, items=40, pause_s=0.4)
    assert report.states == {"stopped": 40}
    verdict = report.verdict
    assert (report.dead_letters, verdict.overlaps, verdict.unfinished, verdict.unexplained) == (
        0,
        0,
        (),
        (),
    )
    assert report.worker_kills + report.handler_kills > 0
    assert report.extra_runs == verdict.hits


# The harness

LOG = [
    "start a 1 w1",  # its worker is killed while it runs
    "start b 2 w1",
    "end b 2",  # its worker is killed before the stop
    "start c 3 w1",
    "end c 3",  # its item is stopped before its worker is killed
    "start d 4 w2",  # is killed itself
    "start a 5 w2",
    "start b 6 w2",
    "start d 7 w2",
    "end a 5",
    "end b 6",
    "end d 7",
]
WORKER_KILL = WorkerKill("w1", 6, frozenset("abd"))


def test_the_harness_finds_the_kill_for_each_run_that_was_repeated():
    """A kill may hit a run in progress, or after the end of the handler and before the stop of its item."""
    verdict = judge(LOG, [WORKER_KILL], [HandlerKill("d", 4)])
    assert verdict == Verdict(7, 0, 3, (), ())


def test_the_harness_reports_runs_that_were_repeated_without_a_kill():
    """That would be a bug of the worker."""
    assert [run.pid for run in judge(LOG, [], []).unexplained] == [1, 2, 4]
    stopped_before = WORKER_KILL._replace(unstopped=frozenset("a"))
    assert [run.pid for run in judge(LOG, [stopped_before], []).unexplained] == [2, 4]
    other_worker = WORKER_KILL._replace(worker="w2", position=5)
    assert [run.pid for run in judge(LOG, [other_worker], []).unexplained] == [1, 2]


def test_the_harness_reports_an_item_whose_last_run_has_no_end_and_runs_at_once():
    """Its work was lost, or done twice at the same time."""
    verdict = judge(
        ["start a 1 w1", "overlap a 2", "start a 2 w1", "sta"], [], [HandlerKill("a", 1)]
    )
    assert [run.pid for run in verdict.unfinished] == [2]
    assert verdict.overlaps == 1
