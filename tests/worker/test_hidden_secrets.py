"""What a handler of the same user can find out about its worker: no secret that it did not get itself."""

from __future__ import annotations

import os
import shutil
import sys

import pytest

from tests.conftest import KEY
from tests.helpers.processes import ANT, run_process

ORGANIZATION_KEY = "sk-ant-canary-organization"
METADATA_KEY = "sk-ant-canary-metadata"
KEYS = {"ANTHROPIC_API_KEY": ORGANIZATION_KEY, "ANT_WORKER_METADATA_KEY": METADATA_KEY}
WITHOUT_CAPABILITIES = (
    ("setpriv", "--bounding-set", "-all") if os.name != "nt" and os.geteuid() == 0 else ()
)
"""Root may read every process, but not in a container, where root lacks most capabilities."""
needs_linux = pytest.mark.skipif(
    sys.platform != "linux" or bool(WITHOUT_CAPABILITIES and shutil.which("setpriv") is None),
    reason="other systems have no /proc, and as root this needs setpriv",
)


def environment_of(process):
    """Return a shell command that prints the environment of a process."""
    return f"tr '\\0' '\\n' < /proc/{process}/environ"


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no /proc")
def test_the_environment_of_a_worker_has_no_secret_that_its_handlers_do_not_get(
    queue, work, script
):
    """This is true for root, too. The worker starts again without them, as the same process."""
    queue.enqueue()
    shown = (
        f"{environment_of('$PPID')}; {environment_of('$(pgrep -P $PPID -f guardian_process)')}; env"
    )
    worker = work(
        handler=[script(f"{shown}; tr '\\0' ' ' < /proc/$PPID/cmdline; echo; echo ended")], env=KEYS
    )
    output = "\n".join(worker.output)
    assert "ended" in output
    assert "beta:worker poll" in output
    for canary in (
        "canary",
        "ANT_WORKER_METADATA_KEY",
        "ANTHROPIC_API_KEY",
        "[redacted]-organization",
    ):
        assert canary not in output
    assert "".join(worker.lines).count("Note:") == 1


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no /proc")
@pytest.mark.parametrize(
    "flag", [["--environment-key", METADATA_KEY], [f"--environment-key={METADATA_KEY}"]]
)
def test_a_key_that_was_typed_as_a_flag_is_not_in_the_arguments_of_the_worker(
    queue, work, script, flag
):
    """The worker uses it nevertheless, and the arguments of the handler are left as they are."""
    queue.enqueue()
    handler = script(
        "tr '\\0' ' ' < /proc/$PPID/cmdline; echo; tr '\\0' '\\n' < /proc/$PPID/environ; exit 3"
    )
    worker = work(*flag, "--attempts", "1", handler=[handler, METADATA_KEY, "--", "y"], status=1)
    (arguments,) = (line for line in worker.output if "beta:worker poll" in line)
    own, of_handler = arguments.split(" -- ", 1)
    assert "environment-key" not in own
    assert "[redacted]" not in own
    assert of_handler.split() == [handler, "[redacted]", "--", "y"]
    assert "".join(worker.lines).count("Note: other users") == 1


AS_ON_MACOS = (
    "import sys; sys.platform = 'darwin'; from ant_cli.__main__ import entry_point; entry_point()"
)


def test_a_worker_on_macos_hands_its_secrets_over_to_its_new_start(
    monkeypatch, queue, work, script
):
    """A file that is deleted at once has them there. The key of metadata is one."""
    monkeypatch.setattr("tests.worker.conftest.ANT", (sys.executable, "-c", AS_ON_MACOS))
    (work_id,) = queue.enqueue()
    work("--attempts", "1", handler=[script("exit 3")], env=KEYS, status=1)
    assert queue.item(work_id)["metadata"]["ant_dead_letter"]


@needs_linux
@pytest.mark.parametrize(
    "command", ["cat /proc/$PPID/environ", "cat /proc/$PPID/mem", "cat /proc/$PPID/fd/1"]
)
def test_a_handler_can_not_read_the_process_of_its_worker(queue, work, script, command):
    """Its memory has the keys, and its open files are the pipes of other handlers."""
    queue.enqueue()
    worker = work(handler=[script(f"{command} 2>&1; true")], under=WITHOUT_CAPABILITIES)
    assert any("Permission denied" in line for line in worker.output), worker.output


def test_a_worker_that_started_again_uses_the_key_that_it_hid(queue, work, script):
    """Its own program got the key through a pipe, and redacts it."""
    queue.enqueue()
    worker = work(
        handler=[script(f"echo {METADATA_KEY} {ORGANIZATION_KEY}; exit 3")], env=KEYS, status=1
    )
    assert worker.output == ["[redacted] [redacted]"]
    assert worker.log[0]["msg"].startswith("Note: ANTHROPIC_API_KEY is not passed on to handlers")


def test_a_handler_gets_an_api_key_by_a_name_of_its_own(queue, work, script):
    """This is what the error about ANT_WORKER_PASS_API_KEY recommends. The worker's own key stays hidden."""
    queue.enqueue()
    handler = script('test "$ANTHROPIC_API_KEY" = sk-own && test -z "$ANT_WORKER_METADATA_KEY"')
    shell = f"ANTHROPIC_API_KEY=$HANDLER_KEY exec {handler}"
    worker = work(handler=["sh", "-c", shell], env=KEYS | {"HANDLER_KEY": "sk-own"})
    assert [event["outcome"] for event in worker.events("work item done")] == ["succeeded"]


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no /proc")
def test_the_environment_of_a_session_has_no_secret(tmp_path, clean_environ):
    """A session's tools run as its children, and the SDK takes the variables out of theirs."""
    sdk = tmp_path / "anthropic"
    sdk.mkdir()
    (sdk / "__init__.py").write_text(
        "import os, sys\n"
        "with open('/proc/self/environ') as file:\n    print(file.read().replace('\\0', '\\n'))\n"
        "print(sorted(os.environ))\nsys.stdout.flush()\nos._exit(0)\n"
    )
    environ = {
        **clean_environ,
        **KEYS,
        "PYTHONPATH": str(tmp_path),
        "ANTHROPIC_SESSION_ID": "session_1",
        "ANTHROPIC_WORK_ID": "work_1",
        "ANTHROPIC_ENVIRONMENT_ID": "env_1",
        "ANTHROPIC_ENVIRONMENT_KEY": KEY,
        "ANTHROPIC_WORK_SECRET": "sk-ant-canary-secret" + "x" * 100_000,  # more than a pipe holds
    }
    command = [*ANT, "beta:worker", "run"]
    done = run_process(command, environ, check=True)
    assert "ANTHROPIC_SESSION_ID=session_1" in done.stdout
    assert KEY not in done.stdout
    assert "canary-secret" not in done.stdout
    assert "canary-organization" not in done.stdout
