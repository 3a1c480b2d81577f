"""Sessions that the official SDK's worker runs here, with the scripted agents of the emulator."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from ant_cli.errors import UsageError
from ant_cli.operations.spec import Flags
from ant_cli.worker.options import RUN_ROWS, read_options
from ant_cli.worker.sdk_session import SessionOptions, work_secret
from tests.conftest import KEY

IDS = {"session_id": "session_1", "work_id": "work_1", "environment_id": "env_1"}


def options(**flags):
    return SessionOptions(**read_options(RUN_ROWS, Flags({**IDS, **flags}), {}, "beta:worker run"))


def test_a_worker_without_a_handler_runs_sessions(queue, start):
    """The agent's tool runs here, its result satisfies the script, and the item is stopped once."""
    script = [
        {"tool": "bash", "input": {"command": "echo from-here"}, "expect": {"contains": "from-here"}},
        "terminate",
    ]
    queue.send("POST", "/_emulator/sessions", {"environment_id": queue.id, "script": script})
    worker = start("--max-items", "1", "--max-idle", "5s")
    assert worker.end() == 0, "".join(worker.lines)
    assert [entry["outcome"] for entry in worker.events("work item done")] == ["succeeded"]
    assert any("executing tool" in line for line in worker.output)
    assert queue.count("/stop") == 1


def test_a_handler_that_runs_a_session_keeps_its_lease_and_stops_its_item(queue, work, script):
    """This is the way of the official documentation: the container's entry point claims the lease itself."""
    queue.send("POST", "/_emulator/sessions", {"environment_id": queue.id, "script": ["terminate"]})
    handler = script(f"sleep 1; exec {sys.executable} -P -m ant_cli beta:worker run")
    worker = work(handler=[handler])
    assert [entry["outcome"] for entry in worker.events("work item done")] == ["succeeded"]
    assert queue.count("/stop") == 1


def test_a_handler_may_run_the_official_sdk(queue, work, script):
    """Its `handle_item`, as in the official documentation, reads all its input from the variables."""
    queue.send("POST", "/_emulator/sessions", {"environment_id": queue.id, "script": ["terminate"]})
    program = """import asyncio, time
from anthropic import AsyncAnthropic
time.sleep(1)
asyncio.run(AsyncAnthropic(auth_token="unused").beta.environments.work.worker(workdir=".").handle_item())"""
    handler = script("exit 1")
    Path(handler).write_text(f"#!{sys.executable}\n{program}\n")
    worker = work(handler=[handler])
    assert [entry["outcome"] for entry in worker.events("work item done")] == ["succeeded"]
    assert queue.count("/stop") == 1


def test_a_secret_is_read_from_a_file_that_others_can_not_read(tmp_path):
    """White space around it is removed."""
    path = tmp_path / "secret"
    path.write_text("  the-secret\n")
    path.chmod(0o600)
    assert work_secret(options(work_secret_file=str(path)), {"ANTHROPIC_WORK_SECRET": "other"}) == "the-secret"
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


def test_a_secret_that_is_not_text_is_a_usage_error(tmp_path):
    """It could not be sent."""
    (tmp_path / "secret").write_bytes(b"\xff")
    (tmp_path / "secret").chmod(0o600)
    with pytest.raises(UsageError, match="it is not text"):
        work_secret(options(work_secret_file=str(tmp_path / "secret")), {})


def test_a_missing_secret_is_a_usage_error(tmp_path):
    """The file may be missing or empty, or there is no credential at all."""
    (tmp_path / "empty").touch(mode=0o600)
    for path, message in (("empty", "is empty"), ("none", "can't be read"), (".", "can't be read")):
        with pytest.raises(UsageError, match=message):
            work_secret(options(work_secret_file=str(tmp_path / path)), {})
    with pytest.raises(UsageError, match="is required"):
        work_secret(options(), {})
    assert work_secret(options(environment_key=KEY), {}) == ""
    assert work_secret(options(), {"ANTHROPIC_WORK_SECRET": "the-secret"}) == "the-secret"


def test_an_unreachable_session_is_an_error(clean_environ):
    """The output has no traceback and no key."""
    environ = {
        **clean_environ,
        **{f"ANTHROPIC_{name.upper()}": text for name, text in IDS.items()},
        "ANTHROPIC_ENVIRONMENT_KEY": KEY,
        "ANTHROPIC_BASE_URL": "http://127.0.0.1:9",
    }
    done = subprocess.run(
        [sys.executable, "-m", "ant_cli", "beta:worker", "run"],
        env=environ,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "ant: the session failed: Connection error" in done.stderr
    assert "Traceback" not in done.stderr
    assert KEY not in done.stderr
