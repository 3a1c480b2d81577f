"""Measure the worker and the official one: latency, throughput, idle processor time, memory.

python benchmarks/worker.py [--official PATH] [--items 500]

Both work for the same emulator on loopback, one after the other. Run it on an otherwise idle machine.
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

KEY = "benchmark-key"
HEADERS = {
    "x-api-key": KEY,
    "authorization": f"Bearer {KEY}",  # for the list of work, which takes an environment key
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
        self.id = self.post("/v1/environments", {"name": "b", "config": {"type": "self_hosted"}})["id"]

    def post(self, path: str, body: object) -> dict[str, str]:
        """Send a request, and return its response."""
        request = urllib.request.Request(self.url + path, json.dumps(body).encode(), HEADERS)
        with urllib.request.urlopen(request) as response:
            return json.load(response)

    def enqueue(self, count: int) -> None:
        """Put items in the queue."""
        for start in range(0, count, 100):
            self.post(f"/_emulator/environments/{self.id}/enqueue", {"count": min(100, count - start)})

    def stopped(self) -> int:
        """Return how many of the newest 100 items are done."""
        request = urllib.request.Request(f"{self.url}/v1/environments/{self.id}/work?limit=100", headers=HEADERS)
        with urllib.request.urlopen(request) as response:
            return sum(item["state"] in ("stopping", "stopped") for item in json.load(response)["data"])


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
    """Return the processor time of a process, without its children."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


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


def throughput(command: Sequence[str], queue: Queue, folder: Path, items: int) -> tuple[float, float]:
    """Return items per second, and the peak memory in MiB."""
    queue.enqueue(items)
    with worker(command, queue, folder) as process:
        while queue.stopped() == 100:  # the newest are not done yet: wait for the first of them
            time.sleep(0.01)
        began = time.monotonic()
        while queue.stopped() < 100:
            time.sleep(0.02)
        took = time.monotonic() - began
        return items / took, memory_of(process.pid)


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
    given = parser.parse_args()
    resource.setrlimit(resource.RLIMIT_NOFILE, (4096, 4096))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for script, text in (("empty.sh", EMPTY), ("stamp.sh", STAMP)):
            (folder / script).write_text(text)
            (folder / script).chmod(0o755)
        with emulator(folder) as url:
            queue = Queue(url)

            def ours(script: str, slots: int = 1) -> list[str]:
                words = ["beta:worker", "poll", "--base-url", url, "--concurrency", str(slots)]
                return [*ANT, *words, "--", str(folder / script)]

            def official(script: str) -> list[str]:
                words = ["beta:worker", "poll", "--on-work", str(folder / script), "--base-url", url]
                return [given.official, *words]

            programs = {"ours": ours} | ({"official": official} if given.official else {})
            for who, command in programs.items():
                waits = latency(command("stamp.sh"), queue, folder, given.rounds)
                print(
                    f"{who}: first line after {statistics.median(waits):.3f} s (median), {max(waits):.3f} s (most)"
                )
                rate, memory = throughput(command("empty.sh"), queue, folder, given.items)
                print(f"{who}: {rate:.0f} items/s one at a time, {memory:.0f} MiB")
                print(f"{who}: {idle(command('empty.sh'), queue, folder, 10):.1f} % of a core when idle")
            rate, memory = throughput(ours("empty.sh", 8), queue, folder, given.items)
            print(f"ours: {rate:.0f} items/s with 8 slots, {memory:.0f} MiB")
            rate, memory = throughput(ours("empty.sh", 64), queue, folder, given.items)
            print(f"ours: {rate:.0f} items/s with 64 slots, {memory:.0f} MiB")


if __name__ == "__main__":
    main()
