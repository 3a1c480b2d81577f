"""Measure the worker and the official one: latency, throughput, idle processor time, memory.

python benchmarks/worker.py [--official PATH] [--items 500] [--repeat 3] [--delay-ms 0]

Both work for the same emulator on loopback, one after the other. Run it on an otherwise idle machine. Without a
delay, responses take less than a millisecond, and processor time limits the throughput: that of the worker, of its
handlers, and of the emulator, which is one process. `--delay-ms` delays the responses to workers, as networks do.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

KEY = "benchmark-key"
HEADERS = {
    "x-api-key": KEY,
    "anthropic-version": "2023-06-01",
    "anthropic-beta": "managed-agents-2026-04-01",
    "content-type": "application/json",
}
ANT = [sys.executable, "-m", "ant_cli"]
EMPTY = "#!/bin/sh\n"
STAMP = "#!/bin/sh\ndate +%s.%N >> stamps\n"


class Queue:
    """The queue of a served emulator."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.id = self.post("/v1/environments", {"name": "b", "config": {"type": "self_hosted"}})[
            "id"
        ]

    def post(self, path: str, body: object) -> Any:
        """Send a request, and return its response."""
        request = urllib.request.Request(self.url + path, json.dumps(body).encode(), HEADERS)
        with urllib.request.urlopen(request) as response:
            return json.load(response)

    def enqueue(self, count: int) -> list[str]:
        """Put items in the queue, and return their IDs."""
        path = f"/_emulator/environments/{self.id}/enqueue"
        parts = [
            self.post(path, {"count": min(100, count - start)}) for start in range(0, count, 100)
        ]
        return [item["id"] for part in parts for item in part["data"]]

    def delay_workers(self, milliseconds: int) -> None:
        """Delay the responses to the requests that every item takes."""
        for call in ("/work/poll", "/ack", "/stop"):
            self.post(
                "/_emulator/faults",
                {"path_contains": call, "delay_ms": milliseconds, "times": 1_000_000},
            )

    def is_stopped(self, work_id: str) -> bool:
        """Whether an item is done."""
        url = f"{self.url}/v1/environments/{self.id}/work/{work_id}"
        with urllib.request.urlopen(urllib.request.Request(url, headers=HEADERS)) as response:
            return json.load(response)["state"] in ("stopping", "stopped")


@contextmanager
def emulator(folder: Path) -> Iterator[str]:
    """Serve an emulator; yields its base URL."""
    words = [*ANT, "emulator", "start", "--database", str(folder / "emulator.db")]
    process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    assert process.stdout
    try:
        yield process.stdout.readline().strip()
    finally:
        process.terminate()
        process.wait()


@contextmanager
def worker(command: Sequence[str], queue: Queue, folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Run a worker; yields its process."""
    environ = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "ANTHROPIC_ENVIRONMENT_ID": queue.id,
        "ANTHROPIC_ENVIRONMENT_KEY": KEY,
    }
    process = subprocess.Popen(command, env=environ, cwd=folder, stderr=subprocess.DEVNULL)
    try:
        yield process
    finally:
        process.terminate()
        process.wait()


def seconds_of(pid: int) -> float:
    """Return the processor time of a process, with that of its children that have ended."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")


def memory_of(pid: int) -> float:
    """Return the peak resident memory of a process in MiB."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM"))


def latency(command: Sequence[str], queue: Queue, folder: Path, rounds: int) -> list[float]:
    """Return the seconds from enqueueing an item to the handler's first line, at random moments."""
    stamps = folder / "stamps"
    stamps.write_text("")
    found = []
    with worker(command, queue, folder):
        time.sleep(3)
        for count in range(1, rounds + 1):
            time.sleep(random.uniform(0.2, 2.2))
            began = time.time()
            queue.enqueue(1)
            while len(lines := stamps.read_text().splitlines()) < count:
                time.sleep(0.002)
            found.append(float(lines[-1]) - began)
    return found


class Throughput(NamedTuple):
    """What a worker took for its items. On a machine that is not idle, only the processor time means something."""

    per_second: float
    processor_ms: float
    """The processor time of the worker and its handlers for an item, without that of the server."""
    memory_mib: float

    def __str__(self) -> str:
        """Return the figures for people."""
        return f"{self.per_second:.0f} items/s, {self.processor_ms:.2f} ms for each, {self.memory_mib:.0f} MiB"


def throughput(command: Sequence[str], queue: Queue, folder: Path, items: int) -> Throughput:
    """Return what a worker takes for an item when many are waiting."""
    time.sleep(1.5)  # the server may still hold a poll of the last worker, and lose an item with it
    first, *_, last = queue.enqueue(items)
    with worker(command, queue, folder) as process:
        while not queue.is_stopped(first):
            time.sleep(0.01)
        began, used = time.monotonic(), seconds_of(process.pid)
        while not queue.is_stopped(last):
            time.sleep(0.02)
        took, used = time.monotonic() - began, seconds_of(process.pid) - used
        return Throughput(items / took, used / items * 1000, memory_of(process.pid))


def idle(command: Sequence[str], queue: Queue, folder: Path, seconds: float) -> float:
    """Return the percentage of a core that a worker uses while there is no work."""
    with worker(command, queue, folder) as process:
        time.sleep(4)
        before = seconds_of(process.pid)
        time.sleep(seconds)
        return (seconds_of(process.pid) - before) / seconds * 100


def main() -> None:
    """Measure, and print a line for each figure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--official")
    parser.add_argument("--items", type=int, default=500)
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--delay-ms", type=int, default=0)
    given = parser.parse_args()
    resource.setrlimit(resource.RLIMIT_NOFILE, (4096, 4096))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for script, text in (("empty.sh", EMPTY), ("stamp.sh", STAMP)):
            (folder / script).write_text(text)
            (folder / script).chmod(0o755)
        with emulator(folder) as url:
            queue = Queue(url)
            if given.delay_ms:
                queue.delay_workers(given.delay_ms)

            def ours(script: str, slots: int = 1) -> list[str]:
                words = ["beta:worker", "poll", "--base-url", url, "--concurrency", str(slots)]
                return [*ANT, *words, "--", str(folder / script)]

            def official(script: str) -> list[str]:
                words = [
                    "beta:worker",
                    "poll",
                    "--on-work",
                    str(folder / script),
                    "--base-url",
                    url,
                ]
                return [given.official, *words]

            programs = {"ours": ours} | ({"official": official} if given.official else {})
            for who, command in programs.items():
                waits = latency(command("stamp.sh"), queue, folder, given.rounds)
                print(
                    f"{who}: first line after {statistics.median(waits):.3f} s (median), {max(waits):.3f} s (most)"
                )
                print(
                    f"{who}: {idle(command('empty.sh'), queue, folder, 10):.1f} % of a core when idle"
                )
            for _ in range(given.repeat):  # by turns, because other programs may use the machine
                for who, command in programs.items():
                    found = throughput(command("empty.sh"), queue, folder, given.items)
                    print(f"{who}: one at a time: {found}")
                for slots in (8, 64):
                    found = throughput(ours("empty.sh", slots), queue, folder, given.items)
                    print(f"ours: {slots} slots: {found}")


if __name__ == "__main__":
    main()
