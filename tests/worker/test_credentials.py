"""A worker with nothing but the environment's key, on a server that refuses what the API refuses."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

SDK = f"""#!{sys.executable}
import asyncio
from anthropic import AsyncAnthropic
asyncio.run(AsyncAnthropic(auth_token="unused").beta.environments.work.worker(workdir=".").handle_item())
"""
MODES = pytest.mark.parametrize("mode", ["auto", "always"])
REFUSALS = pytest.mark.parametrize("refusal", [401, 403, 404])
"""Which status the API uses is not documented."""


@pytest.fixture
def outcomes(queue, work):
    """Return a function that runs a worker, and returns the outcomes of its items and the refused requests."""

    def run(mode, handler, *, items, **options):
        worker = work("--heartbeat", mode, "--max-items", str(items), handler=handler, **options)
        found = [
            entry["outcome"] for entry in worker.log if entry["msg"] in ("work item done", "work item not done")
        ]
        return found, [line for line in queue.requests if line.split()[2] in ("401", "403", "404")]

    return run


@REFUSALS
@MODES
@pytest.mark.parametrize("server_lease", [2])
def test_a_handler_that_takes_longer_than_the_lease_ends_and_is_not_disturbed(queue, outcomes, script, mode):
    """Only heartbeats hold its lease: the worker can't look at the item."""
    (work_id,) = queue.enqueue()
    assert outcomes(mode, [script("sleep 4; exit 0")], items=1) == (["succeeded"], [])
    assert queue.item(work_id)["state"] == "stopped"


@REFUSALS
@MODES
def test_a_failing_handler_is_counted_and_ends(queue, outcomes, script, mode):
    """The third run of an item is its last."""
    (work_id,) = queue.enqueue()
    assert outcomes(mode, [script("exit 1")], items=3) == (["failed", "failed", "dead_letter"], [])
    assert queue.item(work_id)["state"] == "stopped"


@MODES
def test_a_session_that_runs_here_ends(queue, outcomes, mode):
    """Its process has the item's secret for the session."""
    body = {"environment_id": queue.id, "script": [{"tool": "bash", "input": {"command": "sleep 1"}}, "terminate"]}
    session = queue.send("POST", "/_emulator/sessions", body)["id"]
    assert outcomes(mode, [], items=1) == (["succeeded"], [])
    assert queue.send("GET", f"/v1/sessions/{session}")["status"] == "terminated"


@pytest.mark.parametrize(("mode", "expected"), [("auto", ["succeeded"]), ("always", ["given_back", "succeeded"])])
def test_the_handler_of_the_official_sdk_ends(queue, outcomes, script, mode, expected):
    """It sends heartbeats itself. Under `always`, the worker learns that from its first run."""
    handler = script("")
    Path(handler).write_text(SDK)
    body = {"environment_id": queue.id, "script": [{"tool": "bash", "input": {"command": "sleep 1"}}, "terminate"]}
    session = queue.send("POST", "/_emulator/sessions", body)["id"]
    assert outcomes(mode, [handler], items=len(expected)) == (expected, [])
    assert queue.send("GET", f"/v1/sessions/{session}")["status"] == "terminated"
