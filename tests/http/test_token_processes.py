"""Many simultaneous processes: one exchanges the identity token, and the others wait for its access token."""

from __future__ import annotations

import json
import subprocess
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread

import pytest

from tests.helpers.federation import OBJECT, RETRIEVE

PROCESSES = 8


class Endpoint(ThreadingHTTPServer):
    """A token endpoint and API. An exchange takes a second, unless another one arrives or `release` is set."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.exchanges = []
        self.bearers = []
        self.asked = Event()
        self.release = Event()
        self.url = f"http://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    server: Endpoint

    def log_message(self, *_):
        pass

    def do_GET(self):
        self.server.bearers.append(self.headers["authorization"])
        self._respond(OBJECT)

    def do_POST(self):
        self.server.exchanges.append(self.rfile.read(int(self.headers["content-length"])))
        number = len(self.server.exchanges)
        self.server.asked.set()
        if number > 1:
            self.server.release.set()
        self.server.release.wait(1)
        self._respond({"access_token": f"token-{number}", "token_type": "Bearer", "expires_in": 3600})

    def _respond(self, content):
        body = json.dumps(content).encode()
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@pytest.fixture
def endpoint():
    """The server, while a test runs."""
    with Endpoint() as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.release.set()
        server.shutdown()


@pytest.fixture
def start(endpoint, variables, clean_environ, tmp_path):
    """Start `ant` as a separate process."""
    environ = {name: value for name, value in {**clean_environ, **variables}.items() if value is not None}

    def begin():
        return subprocess.Popen(
            [sys.executable, "-m", "ant_cli", *RETRIEVE, "--base-url", endpoint.url],
            env=environ,
            cwd=tmp_path,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    return begin


def test_processes_that_start_at_once_exchange_the_identity_token_once(endpoint, start, entry):
    """Many identity tokens can be exchanged only once, so the other processes would fail."""
    processes = [start() for _ in range(PROCESSES)]
    results = [process.communicate(timeout=60) for process in processes]
    assert [process.returncode for process in processes] == [0] * PROCESSES, results
    assert [json.loads(stdout) for stdout, _ in results] == [OBJECT] * PROCESSES
    assert len(endpoint.exchanges) == 1
    assert endpoint.bearers == ["Bearer token-1"] * PROCESSES
    assert json.loads(entry().read_text())["access_token"] == "token-1"


def test_a_process_that_is_killed_during_its_exchange_does_not_block_others(endpoint, start, entry):
    """The system releases its lock, and the next process exchanges the token."""
    killed = start()
    assert endpoint.asked.wait(60)
    killed.kill()
    killed.communicate()
    endpoint.release.set()
    following = start()
    following.communicate(timeout=60)
    assert following.returncode == 0
    assert endpoint.bearers == ["Bearer token-2"]
    assert json.loads(entry().read_text())["access_token"] == "token-2"
