"""Many simultaneous processes: one exchanges the identity token, and the others wait for its access token."""

from __future__ import annotations

import json
import re
from threading import Event

import pytest

from tests.helpers.federation import OBJECT, grant
from tests.helpers.processes import ANT, spawn
from tests.helpers.servers import ScriptedServer, response
from tests.helpers.words import RETRIEVE

PROCESSES = 8


class Endpoint(ScriptedServer):
    """A token endpoint and API. An exchange takes a second, unless another one arrives or `release` is set."""

    def __init__(self):
        super().__init__()
        self.exchanges = 0
        self.bearers = []
        self.release = Event()

    def _script(self, request):
        if request.startswith(b"GET"):
            self.bearers += re.findall(rb"Bearer \S+", request)
            return (response(OBJECT),)
        self.exchanges += 1
        if self.exchanges > 1:
            self.release.set()
        return (
            lambda: self.release.wait(1),
            response(grant(access_token=f"token-{self.exchanges}")),
        )


@pytest.fixture
def endpoint():
    """The server, while a test runs."""
    with Endpoint() as server:
        yield server
        server.release.set()


@pytest.fixture
def begin(endpoint, variables, clean_environ, tmp_path):
    """Start `ant` as a separate process."""
    environ = {
        name: value for name, value in {**clean_environ, **variables}.items() if value is not None
    }

    def run():
        return spawn([*ANT, *RETRIEVE, "--base-url", endpoint.url], environ, cwd=tmp_path)

    return run


def test_processes_that_start_at_once_exchange_the_identity_token_once(endpoint, begin, entry):
    """Many identity tokens can be exchanged only once, so the other processes would fail."""
    processes = [begin() for _ in range(PROCESSES)]
    results = [process.communicate(timeout=60) for process in processes]
    assert [process.returncode for process in processes] == [0] * PROCESSES, results
    assert [json.loads(stdout) for stdout, _ in results] == [OBJECT] * PROCESSES
    assert endpoint.exchanges == 1
    assert endpoint.bearers == [b"Bearer token-1"] * PROCESSES
    assert json.loads(entry().read_text())["access_token"] == "token-1"


def test_a_process_that_is_killed_during_its_exchange_does_not_block_others(endpoint, begin, entry):
    """The system releases its lock, and the next process exchanges the token."""
    killed = begin()
    assert endpoint.came.wait(60)
    killed.kill()
    killed.communicate()
    endpoint.release.set()
    following = begin()
    following.communicate(timeout=60)
    assert following.returncode == 0
    assert endpoint.bearers == [b"Bearer token-2"]
    assert json.loads(entry().read_text())["access_token"] == "token-2"
