"""A small fleet under fire; `python -m tests.worker.fleet` is the large one."""

from __future__ import annotations

import shutil

import pytest

from tests.worker.fleet import run


@pytest.mark.skipif(shutil.which("flock") is None, reason="the handlers lock files with flock")
def test_no_item_is_lost_or_run_twice_at_once_while_workers_and_handlers_are_killed(tmp_path):
    """Each ends stopped by a handler that came to its end, and runs again only if a kill hit it."""
    report = run(tmp_path, workers=2, slots=2, items=40, pause_s=0.4)
    assert report.states == {"stopped": 40}
    assert (report.dead_letters, report.overlaps, report.never_finished) == (0, 0, 0)
    assert report.worker_kills + report.handler_kills > 0
    assert report.extra_runs >= report.hits  # a worker may die between the end of a handler and the stop
