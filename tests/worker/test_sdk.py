"""What this program expects of the official SDK beyond its documentation. A test fails if the SDK changes that.

The SDK has no other way for it. tests/worker/test_sessions.py runs its worker, with the same expectations.
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator

import pytest
from anthropic.lib.environments import _worker
from anthropic.lib.tools.agent_toolset import AgentToolContext, beta_agent_toolset_20260401
from anthropic.resources.beta.environments.work import AsyncWork
from anthropic.types.beta.environments import BetaSelfHostedWorkHeartbeatResponse

from ant_cli.worker import handler_run, sdk_session

WORKER = ast.parse(inspect.getsource(_worker))


def logged(level: str) -> Iterator[str]:
    """Yield the messages that the SDK's worker logs at a level, before their values are filled in."""
    for node in ast.walk(WORKER):
        match node:
            case ast.Call(
                func=ast.Attribute(value=ast.Name(id="log"), attr=attr),
                args=[ast.Constant(value=str(text)), *_],
            ) if attr == level:
                yield text


@pytest.mark.parametrize("beginning", sdk_session._GAVE_UP)
def test_the_sdk_logs_that_it_gives_up_a_session_in_words_that_are_known(beginning):
    """It returns as after a success. If the words change, such a session would be stopped, and never be done."""
    assert [text for text in logged("error") if text.startswith(beginning)] != []


def test_the_sdk_logs_that_its_heartbeat_was_refused_in_words_that_are_known():
    """Its handlers exit with 0 then. If the words change, their items would be stopped, and never be done."""
    (text,) = (text for text in logged("error") if handler_run._REFUSAL_IN_LOG in text)
    assert "work_id=%s" in text  # which is compared, too


@pytest.mark.parametrize("name", ["stop", "heartbeat"])
def test_the_sdk_calls_the_methods_that_are_replaced(name):
    """Their calls are held back while a worker holds the lease. If it calls others, both would send them."""
    assert inspect.iscoroutinefunction(getattr(AsyncWork, name))
    calls = {
        node.func.attr
        for node in ast.walk(WORKER)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
    }
    assert name in calls


def test_the_sdk_calls_no_other_method_of_the_queue_that_changes_an_item():
    """A new one would have to be held back, too."""
    changing = {"ack", "heartbeat", "poll", "stop", "update"}
    methods = {name for name in vars(AsyncWork) if not name.startswith("_")}
    assert methods >= changing
    assert methods <= changing | {
        *("list", "retrieve", "stats", "poller", "worker"),
        *("with_raw_response", "with_streaming_response"),
    }


def test_the_response_of_a_heartbeat_has_the_members_that_are_made_up():
    """While a worker holds the lease, the SDK gets such a response without a request."""
    members = {"last_heartbeat", "lease_extended", "state", "ttl_seconds", "type"}
    assert BetaSelfHostedWorkHeartbeatResponse.model_fields.keys() == members


def test_the_tools_of_the_sdk_have_a_call_that_can_be_replaced(tmp_path):
    """It is wrapped, so that a shutdown tells the agent that its tool was interrupted."""
    tools = beta_agent_toolset_20260401(AgentToolContext(workdir=tmp_path))
    assert len(tools) >= 6
    for tool in tools:
        assert inspect.iscoroutinefunction(tool.call), tool
        assert list(inspect.signature(tool.call).parameters) == ["input"], tool
