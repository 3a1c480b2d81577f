"""A fleet of workers under attack: every second, SIGKILL hits a worker or a handler, until the queue is done.

Run by hand: python -m tests.worker.fleet --workers 8 --slots 4 --items 10000
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Mapping
from contextlib import closing, suppress
from pathlib import Path
from typing import NamedTuple

import httpx

from tests.helpers.processes import ANT
from tests.helpers.words import API_HEADERS, KEY
from tests.worker.fleet_log import HandlerKill, Run, Verdict, WorkerKill, judge, runs_of

_LEASE_SECONDS = "5"
"""It also applies before the first heartbeat, so that the items of a killed worker are soon free again."""
HANDLER = """#!/bin/sh
exec 9>> "locks/$ANTHROPIC_WORK_ID"
flock -n 9 || echo "overlap $ANTHROPIC_WORK_ID $$" >> runs
echo "start $ANTHROPIC_WORK_ID $$ $ANTHROPIC_WORKER_ID" >> runs
sleep 0.05
echo "end $ANTHROPIC_WORK_ID $$" >> runs
"""
"""The lock shows whether two runs of an item overlap. A killed run releases it."""


class Report(NamedTuple):
    """The outcome of a fleet."""

    states: Mapping[str, int]
    """The number of items in each state."""
    dead_letters: int
    verdict: Verdict
    worker_kills: int
    handler_kills: int
    seconds: float

    @property
    def extra_runs(self) -> int:
        """The number of runs in addition to the first run of each item."""
        return self.verdict.starts - sum(self.states.values())


class Fleet:
    """Workers, the server that they work for, and the log of their handlers."""

    def __init__(self, folder: Path, workers: int, slots: int) -> None:
        self._folder = folder
        self._slots = slots
        (folder / "locks").mkdir()
        (folder / "runs").touch()
        self._handler = folder / "handle.sh"
        self._handler.write_text(HANDLER)
        self._handler.chmod(0o755)
        self._database = folder / "emulator.db"
        serve = Path(__file__).parents[1] / "emulator" / "serve.py"
        self._server = subprocess.Popen(
            [sys.executable, str(serve), str(self._database), "0", _LEASE_SECONDS],
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._server.stdout is not None
        self._url = self._server.stdout.readline().strip()
        body = {"name": "fleet", "config": {"type": "self_hosted"}}
        self._environment = self._post("/v1/environments", body)["id"]
        self._workers: dict[str, subprocess.Popen[bytes]] = {}
        self._size = workers
        self._started = 0
        self._worker_kills: list[WorkerKill] = []
        self._handler_kills: list[HandlerKill] = []

    def _post(self, path: str, body: object) -> dict[str, str]:
        response = httpx.post(
            self._url + path, json=body, headers=API_HEADERS | {"x-api-key": KEY}, timeout=60
        )
        assert response.status_code == 200, response.text
        return json.loads(response.text)

    def enqueue(self, count: int) -> None:
        """Put items in the queue."""
        while count:
            part = min(count, 100)
            self._post(f"/_emulator/environments/{self._environment}/enqueue", {"count": part})
            count -= part

    def fill_up(self) -> None:
        """Start the missing workers."""
        self._workers = {
            name: worker for name, worker in self._workers.items() if worker.poll() is None
        }
        while len(self._workers) < self._size:
            self._started += 1
            name = f"worker-{self._started}"
            self._workers[name] = self._start(name)

    def _start(self, name: str) -> subprocess.Popen[bytes]:
        words = ["--base-url", self._url, "--worker-id", name, "--concurrency", str(self._slots)]
        words += ["--attempts", "1000", "--heartbeat", "always"]
        words += ["--lease", f"{_LEASE_SECONDS}s", "--", str(self._handler)]
        environ = {
            **os.environ,
            "ANTHROPIC_ENVIRONMENT_ID": self._environment,
            "ANTHROPIC_ENVIRONMENT_KEY": KEY,
            "ANT_NO_HINTS": "1",
            "ANT_WORKER_RETRY_DELAY": "0",
        }
        with (self._folder / "log").open("ab") as log:
            command = [*ANT, "beta:worker", "poll", *words]
            return subprocess.Popen(
                command, env=environ, cwd=self._folder, stdin=subprocess.DEVNULL, stderr=log
            )

    def _log(self) -> list[str]:
        return (self._folder / "runs").read_text().splitlines()

    def kill_a_worker(self) -> None:
        """Kill a worker, and with it its handlers."""
        name, worker = random.choice(list(self._workers.items()))
        position = len(self._log())
        worker.kill()
        worker.wait()
        self._worker_kills.append(WorkerKill(name, position, frozenset(self._unstopped())))

    def kill_a_handler(self) -> None:
        """Kill the first process of a handler."""
        running = [
            HandlerKill(run.work_id, run.pid) for run in runs_of(self._log()) if self._goes_on(run)
        ]
        if running:
            kill = random.choice(running)
            with suppress(ProcessLookupError):
                os.kill(kill.pid, signal.SIGKILL)
                self._handler_kills.append(kill)

    def _goes_on(self, run: Run) -> bool:
        """Whether a run seems to continue. The log has no line for a run that was killed."""
        is_alive = run.worker in self._workers and self._workers[run.worker].poll() is None
        return (
            run.end is None
            and is_alive
            and HandlerKill(run.work_id, run.pid) not in self._handler_kills
        )

    def _unstopped(self) -> list[str]:
        with closing(sqlite3.connect(self._database)) as connection:
            return [
                work_id
                for (work_id,) in connection.execute("SELECT id FROM work WHERE state != 'stopped'")
            ]

    def states(self) -> Counter[str]:
        """Return the number of items in each state."""
        with closing(sqlite3.connect(self._database)) as connection:
            return Counter(
                dict(connection.execute("SELECT state, count(*) FROM work GROUP BY state"))
            )

    def report(self, seconds: float) -> Report:
        """Return the outcome."""
        with closing(sqlite3.connect(self._database)) as connection:
            (dead,) = connection.execute(
                "SELECT count(*) FROM work WHERE metadata LIKE '%dead_letter%'"
            ).fetchone()
        verdict = judge(self._log(), self._worker_kills, self._handler_kills)
        return Report(
            self.states(), dead, verdict, len(self._worker_kills), len(self._handler_kills), seconds
        )

    def close(self) -> None:
        """End all processes."""
        for process in self._workers.values():
            process.terminate()
        for process in self._workers.values():
            process.wait()
        self._server.terminate()
        self._server.wait()
        if self._server.stdout:
            self._server.stdout.close()


def run(folder: Path, workers: int, slots: int, items: int, pause_s: float) -> Report:
    """Run a fleet under attack until every item is stopped, and return the outcome."""
    fleet = Fleet(folder, workers, slots)
    try:
        fleet.enqueue(items)
        began = time.monotonic()
        kill = fleet.kill_a_handler
        while fleet.states()["stopped"] < items:
            fleet.fill_up()
            time.sleep(pause_s)
            kill()
            kill = random.choice([fleet.kill_a_worker, fleet.kill_a_handler])
        return fleet.report(time.monotonic() - began)
    finally:
        fleet.close()


def main() -> None:
    """Run the fleet of the command line, and print the outcome."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name, default in (("workers", 8), ("slots", 4), ("items", 10_000)):
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--pause", type=float, default=1.0, help="seconds between two kills")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        report = run(Path(folder), given.workers, given.slots, given.items, given.pause)
    sys.stdout.write(
        f"{report}\nextra runs: {report.extra_runs}, runs that a kill hit: {report.verdict.hits}\n"
    )


if __name__ == "__main__":
    main()
