"""Sessions that the official SDK's worker runs here, with the scripted agents of the emulator."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from ant_cli.errors import UsageError
from ant_cli.settings.worker_options import SessionOptions, read_options
from ant_cli.worker.sdk_session import work_secret
from tests.conftest import KEY, flags_of
from tests.helpers.processes import ANT, started
from tests.worker.conftest import WITH_METADATA

IDS = {"session_id": "session_1", "work_id": "work_1", "environment_id": "env_1"}
IDENTITY = {f"ANTHROPIC_{name.upper()}": text for name, text in IDS.items()}


def options(**flags):
    return read_options(
        SessionOptions, flags_of("beta:worker", "run", **IDS | flags), {}, "beta:worker run"
    )


SDK = """import asyncio, time
from anthropic import AsyncAnthropic
asyncio.run(AsyncAnthropic(auth_token="unused").beta.environments.work.worker(workdir=".").handle_item())"""


@pytest.fixture
def sdk_handler(script):
    """A handler that runs the official Python SDK's `handle_item`, as in the official documentation."""
    path = script("exit 1", "sdk.py")
    Path(path).write_text(f"#!{sys.executable}\n{SDK}\n")
    return path


@pytest.fixture
def session(queue):
    """Create a session whose agent calls a tool, and return its ID."""
    script = [
        {
            "tool": "bash",
            "input": {"command": "echo from-here"},
            "expect": {"contains": "from-here"},
        },
        "terminate",
    ]
    body = {"environment_id": queue.id, "script": script}
    return queue.send("POST", "/_emulator/sessions", body)["id"]


def events(queue, session):
    """Return the types of a session's events."""
    return [
        event["type"]
        for event in queue.send("GET", f"/v1/sessions/{session}/events?limit=1000")["data"]
    ]


def is_done(queue, session):
    """Whether a session has ended, and each step of its script was as it expects."""
    found = events(queue, session)
    return "session.error" not in found and found[-1] == "session.status_terminated"


@pytest.mark.slow
def test_a_worker_without_a_handler_runs_sessions(queue, start, session):
    """The agent's tool runs here, its result satisfies the script, and the item is stopped once, by the worker."""
    worker = start("--max-items", "1", "--max-idle", "5s")
    assert worker.end() == 0, "".join(worker.lines)
    assert [entry["outcome"] for entry in worker.events("work item done")] == ["succeeded"]
    assert any("executing tool" in line for line in worker.output)
    assert is_done(queue, session)
    assert queue.count("/stop") == 1
    assert queue.refused == []


RUN = [sys.executable, "-P", "-m", "ant_cli", "beta:worker", "run"]


@pytest.mark.slow
@pytest.mark.parametrize("handler", [[], RUN], ids=["in-process", "handler"])
def test_a_drained_session_tells_the_agent_that_its_tool_was_interrupted_and_is_given_back(
    queue, start, handler
):
    """In the same words whichever ended first, the tool by the signal or the session. The item is not stopped.

    Without a handler, the worker holds its lease from the beginning, and the session's process leaves it alone.
    """
    tool = {"tool": "bash", "input": {"command": "sleep 600"}}
    body = {"environment_id": queue.id, "script": [tool, "terminate"]}
    session = queue.send("POST", "/_emulator/sessions", body)["id"]
    worker = start(handler=handler)
    worker.wait_for("spawning on-work script")
    assert handler or queue.count("/heartbeat") == 1
    while "executing tool" not in worker.wait_for("handler output")["line"]:
        pass
    worker.send(signal.SIGTERM)
    worker.wait_for("draining: no more work is taken")
    worker.send(signal.SIGTERM)
    assert worker.wait_for("work item not done")["outcome"] == "given_back"
    assert worker.end() == 0
    assert queue.count("/stop") == 0
    sent = queue.send("GET", f"/v1/sessions/{session}/events?limit=1000")["data"]
    (result,) = (event for event in sent if event["type"] == "user.tool_result")
    assert result["is_error"]
    assert "interrupted by a shutdown" in result["content"][0]["text"]


@pytest.mark.slow
def test_a_handler_may_run_the_official_sdk(queue, work, sdk_handler, session):
    """Its `handle_item` gets all its input from the variables. It stops the item, as the worker does afterwards."""
    worker = work(handler=[sdk_handler])
    assert [entry["outcome"] for entry in worker.events("work item done")] == ["succeeded"]
    assert is_done(queue, session)
    assert queue.count("/stop") == 2
    assert queue.refused == []


@pytest.mark.slow
@pytest.mark.parametrize("redirected", ["", " 2>&-"], ids=["with a log", "without a log"])
def test_a_handler_whose_heartbeat_is_refused_has_not_succeeded(
    queue, work, sdk_handler, script, session, redirected
):
    """The SDK exits with 0 and stops nothing. Its session shows that it was not run, also if nothing is logged.

    From then on, the handler keeps its leases, and the session is done.
    """
    handler = script(f"exec {sdk_handler}{redirected}")
    limits = ("--exit-when-idle", "3s", "--heartbeat", "always")
    worker = work(*limits, handler=[handler], env={"ANT_WORKER_RETRY_DELAY": "1s", **WITH_METADATA})
    (event,) = worker.events("work item not done")
    assert (event["outcome"], event["level"], event["next"]) == ("unfinished", "ERROR", "give_back")
    assert event["reason"].endswith("needs --heartbeat never")
    assert [entry["outcome"] for entry in worker.events("work item done")] == ["succeeded"]
    assert is_done(queue, session)


@pytest.mark.slow
@pytest.mark.parametrize("status", [401, 403, 404, 412])
def test_a_session_whose_heartbeat_is_refused_is_not_stopped(queue, work, script, session, status):
    """The lease is lost. The SDK only logs it, or raises an error."""
    queue.fail("/heartbeat", status=status, times=1)
    handler = script(f"exec {' '.join(RUN)}")
    worker = work("--heartbeat", "never", handler=[handler], status=1)
    (event,) = worker.events("work item not done")
    assert (event["outcome"], event["reason"]) == (
        "given_back",
        "the handler exited with 75, which is not counted",
    )
    assert f"the server refused a heartbeat with {status}." in "".join(worker.output)
    assert queue.count("/stop") == 0
    assert not is_done(queue, session)


@pytest.mark.slow
@pytest.mark.parametrize("status", [401, 403])
@pytest.mark.parametrize("handler", [[], RUN], ids=["in-process", "handler"])
def test_a_session_whose_credential_is_refused_ends_and_is_given_back(
    queue, work, session, handler, status
):
    """The item has not failed."""
    queue.fail(f"/v1/sessions/{session}", status=status, times=1000)
    worker = work(handler=handler, status=1)
    (event,) = worker.events("work item not done")
    assert (event["outcome"], event["next"]) == ("given_back", "give_back")
    assert f"refuses the credential of the session with {status}." in "".join(worker.output)
    assert queue.count("/stop") == 0


@pytest.mark.slow
@pytest.mark.parametrize("heartbeat", ["auto", "never"])
@pytest.mark.parametrize("force", [False, True], ids=["graceful", "forced"])
@pytest.mark.parametrize("server_lease", [12])  # so that the next heartbeat comes soon
def test_an_item_that_a_person_stops_during_its_session_is_cancelled(
    queue, start, heartbeat, force
):
    """The SDK returns as after a session at its end."""
    script = [{"tool": "bash", "input": {"command": "sleep 600"}}, "terminate"]
    queue.send("POST", "/_emulator/sessions", {"environment_id": queue.id, "script": script})
    worker = start("--max-items", "1", "--heartbeat", heartbeat, handler=RUN)
    work_id = worker.wait_for("claimed work")["work_id"]
    while "executing tool" not in worker.wait_for("handler output")["line"]:
        pass
    path = f"/v1/environments/{queue.id}/work/{work_id}/stop"
    queue.send("POST", path, {"force": force})
    assert worker.wait_for("work item not done")["outcome"] == "cancelled"
    assert worker.end() == 0


def bash(command, **step):
    """Return a step of a script: the agent calls the tool."""
    return {"tool": "bash", "input": {"command": command}, **step}


@pytest.mark.slow
def test_the_tools_of_a_session_do_not_see_who_holds_its_lease(queue, work):
    """A worker that one of them starts would take the item of this one for its own."""
    hidden = bash('echo "[$ANT_WORKER_HOLDS_LEASE_ON]"', expect={"contains": "[]"})
    body = {"environment_id": queue.id, "script": [hidden, "terminate"]}
    session = queue.send("POST", "/_emulator/sessions", body)["id"]
    work(handler=[])
    assert is_done(queue, session)


@pytest.mark.slow
@pytest.mark.parametrize("handler", [[], RUN], ids=["in-process", "handler"])
def test_sessions_that_run_at_once_do_not_share_a_folder(queue, work, tmp_path, handler):
    """Each waits until the other has written its own text to a file of the same name."""
    sessions = []
    fifos = [tmp_path / name for name in "ab"]
    for mine, others in (fifos, reversed(fifos)):
        os.mkfifo(mine)
        steps = [
            bash(f"echo {mine.name} > note; (echo > {others} &); cat {mine}"),
            bash("cat note", expect={"contains": mine.name}),
            "terminate",
        ]
        body = {"environment_id": queue.id, "script": steps}
        sessions.append(queue.send("POST", "/_emulator/sessions", body)["id"])
    limits = ("--concurrency", "2", "--max-items", "2", "--workdir", str(tmp_path))
    worker = work(*limits, handler=handler)
    assert worker.log[0]["session_folders"] is True
    assert all(is_done(queue, session) for session in sessions)
    notes = [(tmp_path / session / "note").read_text() for session in sessions]
    assert notes == ["a\n", "b\n"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("words", "folder"),
    [
        ([], ""),
        (["--session-folders"], "{id}"),
        (["--concurrency", "2"], "{id}"),
        (["--concurrency", "2", "--session-folders=false"], ""),
    ],
    ids=["one", "one, on", "two", "two, off"],
)
def test_the_next_item_of_a_session_finds_its_files(queue, work, tmp_path, words, folder):
    """Nothing removes them: neither the end of an item, nor the start of the next."""
    steps = [bash("echo kept > note"), "idle", bash("cat note", expect={"contains": "kept"})]
    body = {"environment_id": queue.id, "script": [*steps, "terminate"]}
    session = queue.send("POST", "/_emulator/sessions", body)["id"]
    shared = ("--workdir", str(tmp_path), "--max-idle", "1s", "--exit-when-idle", "1s")
    work(*shared, *words, handler=[])
    assert (tmp_path / folder.format(id=session) / "note").read_text() == "kept\n"
    message = {"type": "user.message", "content": [{"type": "text", "text": "go on"}]}
    queue.send("POST", f"/v1/sessions/{session}/events", {"events": [message]})
    worker = work(*shared, *words, handler=[])
    assert worker.log[0]["session_folders"] is bool(folder)
    assert is_done(queue, session)


def test_a_secret_is_read_from_a_file_that_others_can_not_read(tmp_path):
    """White space around it is removed."""
    path = tmp_path / "secret"
    path.write_text("  the-secret\n")
    path.chmod(0o600)
    assert (
        work_secret(options(work_secret_file=str(path)), {"ANTHROPIC_WORK_SECRET": "other"})
        == "the-secret"
    )
    for mode in (0o604, 0o602):
        path.chmod(mode)
        with pytest.raises(UsageError, match="other users can read it"):
            work_secret(options(work_secret_file=str(path)), {})


def test_a_secret_file_may_be_a_link_or_a_pipe(tmp_path):
    """Mounted secrets are links, and `<(command)` keeps a secret off the disk."""
    (tmp_path / "secret").write_text("the-secret")
    (tmp_path / "secret").chmod(0o600)
    (tmp_path / "link").symlink_to("secret")
    assert work_secret(options(work_secret_file=str(tmp_path / "link")), {}) == "the-secret"
    read_end, write_end = os.pipe()
    os.write(write_end, b"piped-secret\n")
    os.close(write_end)
    assert work_secret(options(work_secret_file=f"/dev/fd/{read_end}"), {}) == "piped-secret"
    os.close(read_end)


def test_the_key_of_a_worker_may_come_from_a_pipe_which_is_read_only_once(
    queue, start, script, tmp_path
):
    """No process has it in its environment then, and no handler can read it again, but each is given the key."""
    queue.enqueue()
    pipe = tmp_path / "key"
    os.mkfifo(pipe, 0o600)
    file = "ANT_WORKER_ENVIRONMENT_KEY_FILE"
    handler = script(f'test "$ANTHROPIC_ENVIRONMENT_KEY" = {KEY} && test -z "${file}"')
    # Because of the metadata key, the program starts again.
    env = {"ANTHROPIC_ENVIRONMENT_KEY": "sk-ant-oat01-other", file: str(pipe), **WITH_METADATA}
    worker = start("--max-items", "1", handler=[handler], env=env)
    writing = threading.Thread(target=pipe.write_text, args=(f"{KEY}\n",))
    writing.start()
    status = worker.end()
    os.close(os.open(pipe, os.O_RDONLY | os.O_NONBLOCK))  # if nobody has read it, the thread ends
    writing.join()
    assert status == 0, worker.lines


def test_a_secret_that_is_not_text_is_a_usage_error(tmp_path):
    """It could not be sent."""
    (tmp_path / "secret").write_bytes(b"\xff")
    (tmp_path / "secret").chmod(0o600)
    with pytest.raises(UsageError, match="contains a character that no key has"):
        work_secret(options(work_secret_file=str(tmp_path / "secret")), {})


@pytest.mark.slow
def test_a_session_takes_what_is_missing_from_the_item_on_stdin(queue, work, script, session):
    """`docker run -i` passes on what its `-e` names. It holds its lease, and stops the item, as the SDK does."""
    names = ("PATH", "HOME", "ANTHROPIC_BASE_URL")
    container = " ".join(f'{name}="${name}"' for name in names)
    work(handler=[script(f"exec env -i {container} {' '.join(RUN)}")])
    assert is_done(queue, session)
    assert queue.count("/stop") == 2


TALKING_SDK = {
    "lib/environments.py": "from anthropic import EnvironmentWorker",
    "__init__.py": """
import logging
from httpx2 import AsyncClient as DefaultAsyncHttpxClient
class AsyncAnthropic:
    def __init__(self, default_headers, http_client, **_):
        self.http = http_client
        logging.getLogger("anthropic").warning("%s", default_headers)
    async def __aenter__(self): return self
    async def __aexit__(self, *_): pass
class EnvironmentWorker:
    def __init__(self, client, **_): self.http = client.http
    async def handle_item(self, work_secret, **_):
        logging.getLogger("anthropic").info("the secret is %s", work_secret)
        for _ in range(500):
            logging.getLogger("anthropic").info("x" * 10_000)
        await self.http.post("http://127.0.0.1:9/work/work_1/stop")
""",
}


@pytest.mark.slow
def test_a_session_ends_without_a_reader_of_its_log_and_shows_no_secret_in_it(
    clean_environ, tmp_path
):
    """The pipe is full after a few lines, and nobody empties it."""
    for path, text in TALKING_SDK.items():
        (tmp_path / "anthropic" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "anthropic" / path).write_text(text)
    (tmp_path / "secret").write_text("plain-secret")
    (tmp_path / "secret").chmod(0o600)
    command = [*ANT, "beta:worker", "run", "--work-secret-file", "secret"]
    environ = {
        **clean_environ,
        **IDENTITY,
        "PYTHONPATH": str(tmp_path),
        "ANTHROPIC_WORKSPACE_ID": "wrkspc_1",
    }
    environ["ANT_WORK_ATTEMPT"] = "3"
    environ["ANT_WORKER_HOLDS_LEASE_ON"] = "work_1"
    with started(command, env=environ, stderr=subprocess.PIPE, text=True) as process:
        assert process.wait(60) == 0
        log = process.stderr.read()
    assert "the secret is " in log
    assert "work_id=work_1 session_id=session_1 attempt=3" in log
    assert "{'anthropic-workspace-id': 'wrkspc_1'}" in log
    assert "plain-secret" not in log


@pytest.mark.slow
def test_a_session_that_fails_is_an_error(queue, work, script):
    """The output has no traceback and no key. A flag that guides for other workers use is accepted, with a note."""
    queue.send("POST", "/_emulator/sessions", {"environment_id": queue.id, "script": ["idle"]})
    queue.fail("/v1/sessions/", status=400, times=100)  # which the SDK does not repeat
    handler = script(f"exec {' '.join(RUN)} --unrestricted-paths 2>&1")
    worker = work("--heartbeat", "never", "--attempts", "1", handler=[handler], status=1)
    (event,) = worker.events("work item not done")
    assert event["reason"] == "the handler exited with 1"
    said = "\n".join(worker.output)
    assert "the session failed: " in said
    assert "Note: --unrestricted-paths has no effect: file tools stay below --workdir." in said
    assert "Traceback" not in said
    assert KEY not in said
