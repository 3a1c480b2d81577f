"""What the log of a fleet's handlers says about their runs: which ones were repeated, and which kill caused it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple


class Run(NamedTuple):
    """A run of a handler. Positions are line numbers of the log."""

    work_id: str
    pid: int
    worker: str
    """The name of its worker."""
    start: int
    end: int | None
    """None if it did not end."""


class WorkerKill(NamedTuple):
    """SIGKILL for a worker."""

    worker: str
    position: int
    """The length of the log just before."""
    unstopped: frozenset[str]
    """The items that were not stopped yet just after."""


class HandlerKill(NamedTuple):
    """SIGKILL for the first process of a handler."""

    work_id: str
    pid: int


class Verdict(NamedTuple):
    """The outcome of all runs."""

    starts: int
    overlaps: int
    """Runs that began during another run of the same item."""
    hits: int
    """Runs that were repeated because a kill hit them in progress, or before the stop of their item."""
    unexplained: tuple[Run, ...]
    """Runs that were repeated although no kill hit them."""
    unfinished: tuple[Run, ...]
    """Runs without an end that were not repeated."""


def runs_of(lines: Iterable[str]) -> list[Run]:
    """Return the runs in a log. A line that a kill has cut off is ignored."""
    found: dict[tuple[str, str], Run] = {}
    for position, line in enumerate(lines):
        match line.split():
            case ["start", work_id, pid, worker]:
                found[work_id, pid] = Run(work_id, int(pid), worker, position, None)
            case ["end", work_id, pid] if (work_id, pid) in found:
                found[work_id, pid] = found[work_id, pid]._replace(end=position)
    return list(found.values())


def judge(
    lines: Sequence[str], worker_kills: Sequence[WorkerKill], handler_kills: Sequence[HandlerKill]
) -> Verdict:
    """Find a kill for each run that was repeated."""
    runs = runs_of(lines)
    last = {run.work_id: run for run in runs}  # they are in the order of their starts
    repeated = [run for run in runs if last[run.work_id] != run]
    unexplained = tuple(run for run in repeated if not _was_hit(run, worker_kills, handler_kills))
    overlaps = sum(line.startswith("overlap ") for line in lines)
    unfinished = tuple(run for run in last.values() if run.end is None)
    return Verdict(len(runs), overlaps, len(repeated) - len(unexplained), unexplained, unfinished)


def _was_hit(
    run: Run, worker_kills: Sequence[WorkerKill], handler_kills: Sequence[HandlerKill]
) -> bool:
    return HandlerKill(run.work_id, run.pid) in handler_kills or any(
        run.end is None or run.end >= kill.position or run.work_id in kill.unstopped
        for kill in worker_kills
        if kill.worker == run.worker
    )
