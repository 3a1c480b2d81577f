"""What a session asks of the official SDK, and what follows its end. The SDK's worker does what a test says."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path
from types import SimpleNamespace

import pytest
from anthropic import APIConnectionError
from anthropic.lib import environments
from anthropic.lib.tools import ToolError, agent_toolset
from anthropic.resources.beta.environments.work import AsyncWork

from ant_cli.errors import AntError
from ant_cli.worker import sdk_session
from ant_cli.worker.sdk_session import LEASE_HOLDER, _handle, _interruptible
from tests.conftest import KEY
from tests.worker.conftest import session_options

SECRET = "correct-horse-staple"


@pytest.fixture
def handled(monkeypatch):
    """Return a function that runs a session in which the SDK's worker does `act`, and returns what was asked."""

    def run(act=None, *, secret="", workspace_id="", gave_up=False, holder=None, **changes):
        seen = SimpleNamespace(sent=[], error=None, sent_before_the_end=None)

        async def stop(*given, **more):
            seen.sent.append(("stop", given[1:], more))

        async def heartbeat(*given, **more):
            seen.sent.append(("heartbeat", given[1:], more))
            return "the server's"

        class Worker:
            def __init__(self, client, **given):
                seen.client, seen.worker = client, given

            async def handle_item(self, **given):
                seen.item = given
                seen.holder = os.environ.get(LEASE_HOLDER)
                work = AsyncWork(seen.client)
                seen.heartbeat = await work.heartbeat("work_1", environment_id="env_1")
                await work.stop("work_1", environment_id="env_1", force=True)
                seen.sent_before_the_end = [name for name, *_ in seen.sent]
                if act:
                    await act(seen)

        monkeypatch.setattr(AsyncWork, "stop", stop)
        monkeypatch.setattr(AsyncWork, "heartbeat", heartbeat)
        monkeypatch.setattr(environments, "EnvironmentWorker", Worker)
        if holder:
            monkeypatch.setenv(LEASE_HOLDER, holder)
        log = SimpleNamespace(gave_up=gave_up)
        session = _handle(
            session_options(**changes),
            Path("of-it"),
            secret,
            "http://127.0.0.1:9",
            workspace_id,
            log,
        )
        handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            asyncio.run(session)
        except AntError as error:
            seen.error = error
        finally:
            for number, handler in handlers.items():
                signal.signal(number, handler)
        return seen

    return run


INTERRUPTED = "The tool was interrupted by a shutdown of the machine."
STOPPED = [("stop", ("work_1",), {"environment_id": "env_1", "force": True})]


def test_the_sdk_gets_the_item_its_folder_and_its_credentials(handled):
    seen = handled(secret=SECRET, workspace_id="wrkspc_A")
    ids = {"work_id": "work_1", "environment_id": "env_1", "session_id": "session_1"}
    assert seen.item == {**ids, "environment_key": KEY, "work_secret": SECRET}
    assert (seen.worker["workdir"], seen.worker["max_idle"]) == (Path("of-it"), 60.0)
    assert (str(seen.client.base_url), seen.client.auth_token) == ("http://127.0.0.1:9", KEY)
    assert seen.client.default_headers["anthropic-workspace-id"] == "wrkspc_A"


def test_the_sdk_gets_no_empty_values(handled, monkeypatch):
    """The SDK must not use another account's token instead. An idle time of 0 would end the session at once."""
    monkeypatch.setenv("ANTHROPIC_AUTH_TOKEN", "of-another")
    seen = handled(environment_key="", max_idle=0.0)
    assert (seen.item["environment_key"], seen.item["work_secret"]) == (None, None)
    assert (seen.client.auth_token, seen.worker["max_idle"]) == ("", None)
    assert "anthropic-workspace-id" not in seen.client.default_headers


def test_a_signal_tells_the_agent_that_each_of_its_tools_was_interrupted(handled, monkeypatch):
    """The SDK sends these results before the session ends."""

    async def go_on(_given):
        await asyncio.Event().wait()

    def tools(context):
        return [SimpleNamespace(call=go_on, context=context) for _ in range(2)]

    monkeypatch.setattr(agent_toolset, "beta_agent_toolset_20260401", tools)
    told = []

    async def use_tools(seen):
        tools = seen.worker["tools"]("the context")
        assert [tool.context for tool in tools] == ["the context"] * 2
        running = [asyncio.ensure_future(tool.call({})) for tool in tools]
        os.kill(os.getpid(), signal.SIGTERM)
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.wait(running, timeout=10)
            told.extend(task.done() and task.exception() for task in running)

    handled(use_tools)
    assert [str(each.content).startswith(INTERRUPTED) for each in told] == [True, True]


@pytest.mark.parametrize(
    ("gave_up", "holder", "stopped"),
    [
        (False, None, True),
        (False, "work_2", True),
        (False, "work_1", False),
        (True, None, False),
        (True, "work_1", False),
    ],
    ids=["alone", "of another item", "of this item", "given up", "both"],
)
def test_an_item_is_stopped_at_the_end_by_the_process_that_holds_its_lease(
    handled, gave_up, holder, stopped
):
    """The item is not stopped while its session is running, nor if the session was given up."""
    seen = handled(gave_up=gave_up, holder=holder)
    is_held_by_the_worker = holder == "work_1"
    assert seen.sent_before_the_end == ([] if is_held_by_the_worker else ["heartbeat"])
    assert [each for each in seen.sent if each[0] == "stop"] == (STOPPED if stopped else [])
    assert seen.error is None


def test_a_session_whose_worker_holds_the_lease_sends_no_heartbeats_of_its_own(handled):
    """For the SDK, each heartbeat succeeds. The tools do not see the variable that names the holder."""
    seen = handled(holder="work_1")
    assert (seen.heartbeat.lease_extended, seen.heartbeat.state) == (True, "active")
    assert seen.heartbeat.ttl_seconds >= 30
    assert (seen.holder, os.environ.get(LEASE_HOLDER)) == (None, None)
    assert handled(holder="work_2").heartbeat == "the server's"


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (ValueError("no token."), "the session failed: no token."),
        (APIConnectionError(request=None), "the session failed: Connection error."),
        (
            ExceptionGroup("x", [ValueError("a."), ValueError("b")]),
            "the session failed: a; b.",
        ),
    ],
)
def test_a_session_that_fails_is_an_error_and_its_item_is_not_stopped(handled, error, text):
    """The worker decides what happens to the item."""

    async def fail(_seen):
        raise error

    seen = handled(fail)
    assert (str(seen.error), seen.error.exit_code) == (text, 1)
    assert [name for name, *_ in seen.sent] == ["heartbeat"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_session_that_is_interrupted_is_given_back(handled, number):
    """The item has not failed, so it runs again."""

    async def wait_for_the_signal(_seen):
        os.kill(os.getpid(), number)
        await asyncio.Event().wait()

    seen = handled(wait_for_the_signal)
    assert (str(seen.error), seen.error.exit_code) == ("the session was interrupted.", 75)
    assert [name for name, *_ in seen.sent] == ["heartbeat"]


# Tools


@pytest.mark.parametrize(
    ("when", "result", "expected"),
    [
        ("never", "done", "done"),
        ("never", ValueError("no file"), ValueError("no file")),
        ("meanwhile", "done", "done"),
        ("meanwhile", ValueError("Terminated"), INTERRUPTED),
        ("soon after its end", ValueError("Terminated"), INTERRUPTED),
        ("first", None, INTERRUPTED),
    ],
)
def test_a_tool_that_a_shutdown_ends_tells_the_agent_so(when, result, expected):
    """A complete result counts. A tool that still runs is cancelled, and its error names the shutdown."""

    async def run():
        shutdown, ended = asyncio.Event(), []

        async def call(given):
            assert given == {"command": "x"}
            if when == "first":
                shutdown.set()
                try:
                    await asyncio.Event().wait()
                finally:
                    ended.append("the tool")
            if when == "meanwhile":
                shutdown.set()
            if when == "soon after its end":
                loop = asyncio.get_running_loop()
                loop.call_soon(loop.call_soon, loop.call_soon, shutdown.set)
            if isinstance(result, Exception):
                raise result
            return result

        tool = _interruptible(SimpleNamespace(call=call, name="bash"), shutdown)
        assert tool.name == "bash"
        (found,) = await asyncio.gather(tool.call({"command": "x"}), return_exceptions=True)
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert asyncio.all_tasks() == {asyncio.current_task()}
        assert ended == (["the tool"] if when == "first" else [])
        return found

    found = asyncio.run(run())
    if expected is INTERRUPTED:
        assert isinstance(found, ToolError)
        assert str(found.content).startswith(INTERRUPTED)
    else:
        assert repr(found) == repr(expected)


def test_without_the_sdk_a_session_is_a_usage_error_that_says_what_to_install(monkeypatch):
    """The package is looked for before anything else is checked."""
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    with pytest.raises(AntError, match=r"^running sessions here needs the package anthropic") as no:
        sdk_session.run_session(session_options(), "http://h", "", SimpleNamespace(environ={}))
    assert "'anthropic>=" in no.value.hint
