"""What this program relies on of the official SDK: what it does at the wire. A test's name is a sentence of that.

If one fails with a new SDK, the sentence is no longer true: `ant_cli/worker/session_wire.py` and
`ant_cli/worker/confirmation.py` rest on it. The SDK's own code is looked at nowhere.
"""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import httpx2
import pytest

from tests.conftest import KEY

ROOT = Path(__file__).parents[2]
EXTENDED = {
    "type": "work_heartbeat",
    "state": "active",
    "lease_extended": True,
    "last_heartbeat": "B1",
    "ttl_seconds": 60,
}
STOPPING = {**EXTENDED, "state": "stopping", "lease_extended": False}
IDS = {"work_id": "work_1", "environment_id": "env_1", "session_id": "session_1"}


class Scripted:
    """A server with an item whose session has ended, unless a test says otherwise."""

    def __init__(self, heartbeat, session):
        self._heartbeat = heartbeat
        self._session = session
        self.requests = []
        """The last part of the path of each request."""

    def respond(self, request):
        """Return the response to a request."""
        action = request.url.path.rpartition("/")[2]
        self.requests.append(action)
        if action == "heartbeat":
            status, body = self._heartbeat
        elif action == "session_1":
            status, body = self._session
        else:
            status, body = 200, {}
        return httpx2.Response(status, json=body, request=request)


def handled(heartbeat=(200, EXTENDED), session=(200, {"id": "session_1", "status": "terminated"})):
    """Let the SDK handle an item by a client of ours. Return the requests, and what it raised."""
    from anthropic import AsyncAnthropic, DefaultAsyncHttpxClient
    from anthropic.lib.environments import EnvironmentWorker

    server = Scripted(heartbeat, session)

    class Client(DefaultAsyncHttpxClient):
        async def send(self, request, **_options):
            return server.respond(request)

    async def handle():
        given = {"base_url": "http://127.0.0.1:9", "auth_token": KEY, "http_client": Client()}
        async with AsyncAnthropic(**given, max_retries=0) as client:
            worker = EnvironmentWorker(client, max_idle=None, max_concurrent_calls=1)
            await worker.handle_item(**IDS, environment_key=KEY)

    (error,) = asyncio.run(gathered(handle()))
    return server.requests, error


async def gathered(work):
    """Return what some work returns, or the exception that it raises."""
    return await asyncio.gather(asyncio.wait_for(work, 60), return_exceptions=True)


def test_the_sdk_sends_all_requests_by_a_client_that_is_given_to_it():
    """It sends a heartbeat first."""
    requests, error = handled()
    assert error is None
    assert requests[0] == "heartbeat"
    assert "session_1" in requests


def test_the_sdk_stops_an_item_at_the_end_of_its_session():
    assert handled()[0][-1] == "stop"


@pytest.mark.parametrize("status", [400, 401, 403, 404, 412])
def test_the_sdk_does_not_stop_an_item_whose_first_heartbeat_is_refused(status):
    body = {"type": "error", "error": {"type": "invalid_request_error", "message": "no"}}
    requests, _ = handled(heartbeat=(status, body))
    assert requests == ["heartbeat"]


def test_the_sdk_returns_without_an_error_if_a_heartbeat_shows_that_the_item_is_stopped():
    """So the wire has to tell this from a session at its end."""
    requests, error = handled(heartbeat=(200, STOPPING))
    assert error is None
    assert requests == ["heartbeat", "stop"]


def test_the_sdk_stops_an_item_after_a_failure_too_and_raises():
    """So a stop alone is no end of a session."""
    requests, error = handled(session=(400, {}))
    assert requests[-1] == "stop"
    assert isinstance(error, Exception)


def test_the_program_names_nothing_private_of_the_sdk_and_no_sentence_of_its_log():
    """Neither is promised."""
    private = re.compile(r"(?:anthropic|httpx2)[\w.]*\._[a-z]|from (?:anthropic|httpx2)[\w.]*\._")
    sentences = ("heartbeat precondition failed work", "permanent heartbeat failure", "lease lost:")
    replaced = re.compile(r"Async[A-Z]\w+\.\w+ = ")
    for path in sorted((ROOT / "ant_cli").rglob("*.py")):
        text = path.read_text("utf-8")
        found = [*private.findall(text), *replaced.findall(text)]
        assert found + [each for each in sentences if each in text] == [], path
