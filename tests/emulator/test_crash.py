"""Eight workers, five hundred items, and a server that is killed in the middle."""

import http.client
import subprocess
import sys
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

from tests.conftest import needs_posix

from .api import ENVIRONMENTS, connected, send

WORKERS = 8
ITEMS = 500
KILL_AFTER = 150


def start_server(stack, database, port):
    command = [sys.executable, str(Path(__file__).parent / "serve.py"), str(database), str(port)]
    server = stack.enter_context(subprocess.Popen(command, stdout=subprocess.PIPE, text=True))
    stack.callback(server.kill)
    return server, server.stdout.readline().strip()


class Crew:
    """Workers that drain a queue. If the server is lost, they wait until it is back."""

    def __init__(self, url, queue):
        self.work = f"{ENVIRONMENTS}/{queue}/work"
        self.url = url
        self.seen = []
        self.is_time_to_kill, self.is_back = threading.Event(), threading.Event()

    def call(self, method, path, body=None):
        """Send a request, and return the status and the JSON of its response, and whether it had to be repeated."""
        repeated = False
        while True:
            try:
                with connected(self.url) as connection:
                    return *send(connection, method, path, body), repeated
            except (http.client.HTTPException, OSError):
                repeated = True
                self.is_back.wait()

    def drain(self):
        """Poll and acknowledge until the queue is empty."""
        while item := self.call("GET", f"{self.work}/poll")[1]:
            self.seen.append(("got", item["id"]))
            status, _, repeated = self.call("POST", f"{self.work}/{item['id']}/ack")
            # The response to the first attempt may have been lost after the item was acknowledged.
            is_fine = status == 200 or (status == 409 and repeated)
            self.seen.append(("acked" if is_fine else "conflict", item["id"]))
            if len(self.seen) >= 2 * KILL_AFTER:
                self.is_time_to_kill.set()


@needs_posix("SIGTERM")
def test_each_item_is_handed_out_and_acknowledged_exactly_once_across_a_kill(database):
    """Killing the server loses nothing that it confirmed, and gives no item to two workers."""
    with ExitStack() as stack:
        server, url = start_server(stack, database, 0)
        with connected(url) as connection:
            queue = send(
                connection, "POST", ENVIRONMENTS, {"name": "q", "config": {"type": "self_hosted"}}
            )[1]["id"]
            work = send(
                connection, "POST", f"/_emulator/environments/{queue}/enqueue", {"count": ITEMS}
            )[1]["data"]
        crew = Crew(url, queue)
        with ThreadPoolExecutor(WORKERS) as pool:
            workers = [pool.submit(crew.drain) for _ in range(WORKERS)]
            crew.is_time_to_kill.wait()
            server.kill()
            server.wait()
            assert len(crew.seen) < 2 * ITEMS
            server, _ = start_server(stack, database, url.rpartition(":")[2])
            crew.is_back.set()
            for worker in workers:
                worker.result()

        # If the response to a poll was lost with the server, nobody has the item. It will be queued again.
        crew.call("POST", "/_emulator/clock", {"advance_ms": 6_000})
        crew.drain()
        assert Counter(crew.seen) == Counter(
            (what, item["id"]) for item in work for what in ("got", "acked")
        )
        server.terminate()
        assert server.stdout.readline() == "stopped\n"
        assert server.wait() == 0
