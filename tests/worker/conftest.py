"""A served emulator with a queue, and workers in separate processes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest

from ant_cli.emulator import Emulator
from ant_cli.settings.worker_options import PollOptions, SessionOptions, read_options
from ant_cli.worker.endings import Run, ended_itself
from tests.conftest import KEY, flags_of
from tests.helpers.emulators import serving
from tests.helpers.processes import ANT, spawn
from tests.helpers.words import API_HEADERS

API_KEY = "sk-ant-api03-of-the-operator"
WITH_METADATA = {"ANT_WORKER_METADATA_KEY": API_KEY}
"""The environment of a worker that may write metadata."""


def poll_options(**flags: str) -> PollOptions:
    """Return the options of a worker with these flags, and those that it needs."""
    required = {"environment_id": "env_1", "environment_key": KEY}
    return read_options(
        PollOptions, flags_of("beta:worker", "poll", **required | flags), {}, "beta:worker poll"
    )


def session_options(**changes: Any) -> SessionOptions:
    """Return the options of a session with a key, except for these changes."""
    given: dict[str, Any] = {
        "session_id": "session_1",
        "work_id": "work_1",
        "environment_id": "env_1",
        "environment_key": KEY,
        "environment_key_file": "",
        "work_secret_file": "",
        "workdir": ".",
        "session_folders": False,
        "max_idle": 60.0,
        "max_concurrent_calls": 1,
        "log_format": "json",
        "unrestricted_paths": False,
    }
    return SessionOptions(**given | changes)


def exited(status: int, **flags: str) -> Run:
    """Return a run whose handler exited with a status."""
    return ended_itself(status, poll_options(**flags))


class RequestLog:
    """A line for each request that a server has handled."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.arrived = threading.Condition()

    def add(self, line: str) -> None:
        """Add a line without its time, and wake up those who wait for it."""
        with self.arrived:
            self.lines.append(line.partition(" ")[2])
            self.arrived.notify_all()


class Queue:
    """The queue of an environment from the view of an operator, and the requests that the server received."""

    def __init__(self, url: str, log: RequestLog) -> None:
        self.url = url
        self._log = log
        self._sent = 0
        self._client = httpx.Client(
            base_url=url, timeout=60, headers=API_HEADERS | {"x-api-key": API_KEY}
        )
        config = {"name": "queue", "config": {"type": "self_hosted"}}
        self.id = self.send("POST", "/v1/environments", config)["id"]
        self._path = f"/v1/environments/{self.id}/work"

    def send(self, method: str, path: str, body: Any = None) -> Any:
        """Send a request, and return the JSON of its response."""
        self._sent += 1
        response = self._client.request(method, path, json=body)
        assert response.status_code == 200, response.text
        return response.json()

    def enqueue(self, count: int = 1) -> list[str]:
        """Put items in the queue, and return their IDs."""
        found = self.send("POST", f"/_emulator/environments/{self.id}/enqueue", {"count": count})
        return [item["id"] for item in found["data"]]

    def item(self, work_id: str) -> Any:
        """Return the current state of an item."""
        return self.send("GET", f"{self._path}/{work_id}")

    def act(self, work_id: str, action: str, **query: str) -> Any:
        """Acknowledge, heartbeat or stop an item, in place of the worker."""
        return self.send(
            "POST",
            f"{self._path}/{work_id}/{action}?{httpx.QueryParams(query)}",
            {} if action == "stop" else None,
        )

    def poll(self) -> Any:
        """Take the next item, like another worker."""
        return self.send("GET", f"{self._path}/poll")

    def advance(self, seconds: float) -> None:
        """Move the server's clock."""
        self.send("POST", "/_emulator/clock", {"advance_ms": int(seconds * 1000)})

    def fail(self, path: str, **fault: Any) -> None:
        """Make requests fail if their path contains a string."""
        self.send("POST", "/_emulator/faults", {"path_contains": path, **fault})

    def count(self, what: str) -> int:
        """Return the number of requests to paths that end like this."""
        return sum(line.split()[1].endswith(what) for line in self.requests)

    @property
    def requests(self) -> list[str]:
        """A line for each request so far."""
        return list(self._log.lines)

    @property
    def refused(self) -> list[str]:
        """The requests whose credential or path the server refused."""
        return [line for line in self.requests if line.split()[2] in ("401", "403", "404")]

    def wait_until(self, condition: Callable[[], bool]) -> None:
        """Wait until a condition holds, which may send requests: look again after each request of others.

        A test fails if none arrives for a minute, which no worker lets pass.
        """
        seen = self._requests_of_others()
        while not condition():
            with self._log.arrived:
                while self._requests_of_others() == seen:
                    assert self._log.arrived.wait(60), "no request arrived"
            seen = self._requests_of_others()

    def wait_for_state(self, work_id: str, state: str) -> None:
        """Wait until an item has a state."""
        self.wait_until(lambda: self.item(work_id)["state"] == state)

    def wait_for_requests(self, what: str, count: int) -> None:
        """Wait until the server has handled so many requests to paths that end like this."""
        self.wait_until(lambda: self.count(what) >= count)

    def _requests_of_others(self) -> int:
        return len(self._log.lines) - self._sent

    def close(self) -> None:
        """Close the connections."""
        self._client.close()


class Worker:
    """A worker in a separate process, with a log in JSON."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.lines: list[str] = []
        """What it wrote on stderr so far."""

    def wait_for(self, message: str, **fields: Any) -> dict[str, Any]:
        """Read the log until an event, and return it."""
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.lines.append(line)
            entry = json.loads(line) if line.startswith("{") else {}
            if entry.get("msg") == message and fields.items() <= entry.items():
                return entry
        pytest.fail(f"the worker ended without {message!r}:\n{''.join(self.lines)}")

    def send(self, number: signal.Signals) -> None:
        """Send a signal to the worker, but not to its handlers."""
        self.process.send_signal(number)

    def end(self) -> int:
        """Read the log to its end, and return the exit status."""
        assert self.process.stderr is not None
        self.lines += self.process.stderr
        return self.process.wait()

    @property
    def log(self) -> list[dict[str, Any]]:
        """The events so far."""
        return [json.loads(line) for line in self.lines if line.startswith("{")]

    def events(self, message: str) -> list[dict[str, Any]]:
        """Return the events that have this message."""
        return [entry for entry in self.log if entry["msg"] == message]

    @property
    def output(self) -> list[str]:
        """The output of the handlers."""
        return [entry["line"] for entry in self.events("handler output")]


@pytest.fixture
def server_lease():
    """How many seconds an acknowledgement's lease has."""
    return 300


@pytest.fixture
def server_key() -> str | None:
    """The API key that the server takes; None if it takes every key."""
    return None


@pytest.fixture
def queue(tmp_path, server_lease, server_key):
    """Serve an emulator, and return the queue of an environment."""
    log = RequestLog()
    with (
        closing(
            Emulator(tmp_path / "emulator.db", api_key=server_key, lease_seconds=server_lease)
        ) as emulator,
        serving(emulator, log.add) as server,
        closing(Queue(server.url, log)) as found,
    ):
        yield found


@pytest.fixture
def script(tmp_path):
    """Return a function that writes a handler, and returns its path."""

    def write(text: str, name: str = "handle.sh") -> str:
        path: Path = tmp_path / name
        path.write_text(f"#!/bin/sh\n{text}\n")
        path.chmod(0o755)
        return str(path)

    return write


@pytest.fixture
def coverage():
    """The variables that measure the coverage of workers: none, because those of test_poll.py run most lines."""
    return {}


@pytest.fixture
def start(queue, clean_environ, coverage):
    """Return a function that starts a worker on the queue."""
    started: list[subprocess.Popen[str]] = []

    def start_worker(
        *words: str,
        handler: Sequence[str] = (),
        env: Mapping[str, str] | None = None,
        under: Sequence[str] = (),
    ) -> Worker:
        environ = {
            **clean_environ,
            **coverage,
            "ANTHROPIC_ENVIRONMENT_ID": queue.id,
            "ANTHROPIC_ENVIRONMENT_KEY": KEY,
            "ANTHROPIC_API_KEY": "",
            "ANT_WORKER_LOG_FORMAT": "json",
            **(env or {}),
        }
        behind = ["--", *handler] if handler else []
        process = spawn(
            [*under, *ANT, "beta:worker", "poll", "--base-url", queue.url, *words, *behind], environ
        )
        started.append(process)
        return Worker(process)

    yield start_worker
    for process in started:
        if process.poll() is None:
            process.kill()
        process.communicate()


@pytest.fixture
def work_id(queue):
    """The ID of an item in the queue, which is empty otherwise."""
    (found,) = queue.enqueue()
    return found


@pytest.fixture
def running(start):
    """Return a function that starts a worker, and waits until its handler has written `started`."""

    def run(*words: str, **options: Any) -> Worker:
        worker = start(*words, **options)
        worker.wait_for("handler output", line="started")
        return worker

    return run


@pytest.fixture
def work(start):
    """Return a function that runs a worker until it ends by itself, by default after one item."""

    def run(*words: str, handler: Sequence[str], status: int = 0, **options: Any) -> Worker:
        limits = (
            ()
            if any(word in ("--exit-when-idle", "--max-items") for word in words)
            else ("--max-items", "1")
        )
        worker = start(*limits, *words, handler=handler, **options)
        assert worker.end() == status, "".join(worker.lines)
        assert KEY not in "".join(worker.lines)
        assert "Traceback" not in "".join(worker.lines)
        return worker

    return run


@pytest.fixture
def fifo(tmp_path):
    """Return the path of a named pipe. A handler and a test use it to wait for each other."""
    path = tmp_path / "fifo"
    os.mkfifo(path)
    return path
