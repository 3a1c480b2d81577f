"""Eight worker processes, five hundred items, and a server that is killed in the middle."""

import json
import os
import subprocess
import sys
import urllib.request
from collections import Counter
from contextlib import ExitStack
from pathlib import Path

from tests.conftest import needs_posix

from .api import HEADERS

HERE = Path(__file__).parent
WORKERS = 8
ITEMS = 500
KILL_AFTER = 150


def call(url, path, body):
    request = urllib.request.Request(url + path, json.dumps(body).encode(), HEADERS)
    with urllib.request.urlopen(request) as response:
        return json.load(response)


def start_server(stack, database, port):
    command = [sys.executable, str(HERE / "serve.py"), str(database), str(port)]
    server = stack.enter_context(subprocess.Popen(command, stdout=subprocess.PIPE, text=True))
    stack.callback(server.kill)
    return server, server.stdout.readline().strip()


class Crew:
    """The workers, whose output comes through one pipe."""

    def __init__(self, stack, port, environment_id):
        reader, writer = os.pipe()
        self.lines = stack.enter_context(os.fdopen(reader))
        self.seen = Counter()
        self.workers = {}
        for name in map(str, range(WORKERS)):
            command = [sys.executable, str(HERE / "drain.py"), name, str(port), environment_id]
            worker = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=writer, text=True)
            self.workers[name] = stack.enter_context(worker)
        os.close(writer)

    def read_until(self, enough):
        """Read the output of the workers until a condition is true, and return the workers that wait for a line."""
        waiting = set()
        while not enough(waiting):
            name, event, work_id = self.lines.readline().split()
            self.seen[event, work_id] += 1
            if event in ("lost", "empty"):
                waiting.add(name)
        return waiting

    def tell(self, names):
        """Let workers continue."""
        for name in names:
            self.workers[name].stdin.write("go\n")
            self.workers[name].stdin.flush()

    def everybody(self, waiting):
        """Return whether every worker waits."""
        return len(waiting) == WORKERS

    def count(self, event):
        """Return the number of times that an event happened to each item."""
        return {work_id: number for (what, work_id), number in self.seen.items() if what == event}


@needs_posix("SIGTERM")
def test_each_item_is_handed_out_and_acknowledged_exactly_once_across_a_kill(database):
    """Killing the server loses nothing that it confirmed, and gives no item to two workers."""
    with ExitStack() as stack:
        server, url = start_server(stack, database, 0)
        port = int(url.rpartition(":")[2])
        queue = call(url, "/v1/environments", {"name": "q", "config": {"type": "self_hosted"}})["id"]
        work = call(url, f"/_emulator/environments/{queue}/enqueue", {"count": ITEMS})["data"]
        crew = Crew(stack, port, queue)

        crew.read_until(lambda _: len(crew.count("acked")) >= KILL_AFTER)
        server.kill()
        server.wait()
        lost = crew.read_until(crew.everybody)
        assert len(crew.count("acked")) < ITEMS
        server, _ = start_server(stack, database, port)
        crew.tell(lost)
        crew.read_until(crew.everybody)

        # If the response to a poll was lost with the server, nobody has the item. It will be queued again.
        call(url, "/_emulator/clock", {"advance_ms": 6_000})
        crew.tell(crew.workers)
        crew.read_until(crew.everybody)
        for worker in crew.workers.values():
            worker.stdin.close()

        once = {item["id"]: 1 for item in work}
        assert crew.count("got") == once
        assert crew.count("acked") == once
        assert crew.count("conflict") == {}
        server.terminate()
        assert server.stdout.readline() == "stopped\n"
        assert server.wait() == 0
