"""A worker process for a test: `drain.py NAME PORT ENVIRONMENT_ID`.

It polls, acknowledges, and prints each result: `NAME got|acked|conflict WORK_ID`. If the connection is lost or
the queue is empty, it says so and waits for a line on stdin. The end of stdin ends it.
"""

import http.client
import json
import sys

HEADERS = {
    "x-api-key": "any-key",
    "anthropic-version": "2023-06-01",
    "anthropic-beta": "managed-agents-2026-04-01",
}
LOST = (http.client.HTTPException, OSError)


class Worker:
    """A worker with its connection."""

    def __init__(self, name, port, environment_id):
        self.name = name
        self.port = int(port)
        self.work = f"/v1/environments/{environment_id}/work"
        self.connection = None

    def say(self, *words) -> None:
        """Print one line. Lines of several workers that share a pipe do not mix."""
        sys.stdout.write(" ".join([self.name, *words]) + "\n")
        sys.stdout.flush()

    def wait(self, word) -> None:
        """Print why there is nothing to do, and wait for a line that tells the worker to continue."""
        self.say(word, "-")
        if not sys.stdin.readline():
            sys.exit(0)

    def send(self, method, path):
        """Return the status and the body, and whether the request had to be repeated."""
        repeated = False
        while True:
            try:
                if self.connection is None:
                    self.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
                self.connection.request(method, f"{self.work}{path}?beta=true", headers=HEADERS)
                response = self.connection.getresponse()
                return response.status, json.loads(response.read()), repeated
            except LOST:
                self.connection = None
                repeated = True
                self.wait("lost")

    def step(self) -> None:
        """Poll once, and acknowledge the item, if there is one."""
        _, item, _ = self.send("GET", "/poll")
        if item is None:
            self.wait("empty")
            return
        self.say("got", item["id"])
        status, _, repeated = self.send("POST", f"/{item['id']}/ack")
        # The response to the first attempt may have been lost after the item was acknowledged.
        fine = status == 200 or (status == 409 and repeated)
        self.say("acked" if fine else "conflict", item["id"])


if __name__ == "__main__":
    worker = Worker(*sys.argv[1:])
    while True:
        worker.step()
