"""`ant emulator exec`: a command with an emulator of its own."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from ant_cli.commands import emulator_exec
from tests.helpers.processes import COVERAGE, run_process, started

EXEC = (sys.executable, "-m", "ant_cli", "emulator", "exec")
CREATE = f"{sys.executable} -m ant_cli beta:environments create --name made --transform name -r"


def test_exec_gives_a_command_an_emulator_and_no_variable_of_the_real_api(clean_environ, tmp_path):
    """The command's stdin, output and exit status are those of `ant`."""
    log = tmp_path / "log"
    script = f"cat; {CREATE}; env | grep -c ^ANTHROPIC_; exit 3"
    more = {
        "ANTHROPIC_AUTH_TOKEN": "real",
        "ANTHROPIC_PROFILE": "real",
        "ANTHROPIC_API_KEY": "real",
    }
    command = (*EXEC, "--log-file", log, "--", "sh", "-c", script)
    done = run_process(command, clean_environ | COVERAGE | more, stdin=None, input="piped\n")
    assert (done.returncode, done.stdout.split(), done.stderr) == (3, ["piped", "made", "2"], "")
    assert "POST /v1/environments 200" in log.read_text()


@pytest.mark.parametrize(
    ("words", "status", "message"),
    [
        ((), 2, "a command is required"),
        (("--", "no-such-program"), 2, "no-such-program can't be started: no such file"),
        (("--", "sh", "-c", "kill -9 $$"), 137, ""),
        (("--", "true"), 0, ""),
    ],
)
def test_exec_exits_with_the_status_of_the_command(clean_environ, words, status, message):
    """A command that ends by a signal has the status that a shell gives it."""
    done = run_process((*EXEC, *words), clean_environ)
    assert (done.returncode, done.stdout) == (status, "")
    assert message in done.stderr
    assert bool(message) == bool(done.stderr)


@pytest.mark.parametrize(
    ("number", "script", "status"),
    [
        (signal.SIGKILL, "sleep 600", -9),
        (signal.SIGHUP, "sleep 600", -1),
        (signal.SIGTERM, "sleep 600", -15),
        (signal.SIGINT, "read _", 5),
        (None, "exit 6", 6),
        (None, "kill -9 $(pgrep -P $PPID -f guardian_proces[s]); exit 7", 7),
    ],
)
def test_no_process_of_the_command_is_left_however_exec_ends(clean_environ, number, script, status):
    """They have its output open, so that it ends with the last of them. So has the guardian that kills them."""
    begin = "trap 'exit 5' INT; sleep 601 & (trap '' INT TERM HUP; sleep 602) & echo begun;"
    command = (*EXEC, "--", "bash", "-c", begin + script)
    with started(
        command, env=clean_environ, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout.readline() == b"begun\n"
        if number:
            os.kill(process.pid, number)
        assert process.stdout.read() == b""
    assert process.returncode == status


class Served:
    """An emulator that only records how it was opened and served, and a command that ends at once."""

    def __init__(self, status):
        self.status = status

    def open(self, _runtime, database, **options):
        """Open the emulator."""
        self.opened = {"database": database, **options}
        self.is_closed = False
        return SimpleNamespace(close=lambda: setattr(self, "is_closed", True))

    def Server(self, _emulator, host, port, log):  # noqa: N802 - as the class is named
        """Serve it."""
        self.address, self.log = (host, port), log
        return SimpleNamespace(url="http://127.0.0.1:8123", http=SimpleNamespace(run=lambda: None))

    def run(self, command, environ):
        """Run the command."""
        assert not self.is_closed
        self.command, self.environ = command, environ
        self.log("2026-12-01T a request")
        return self.status


@pytest.mark.parametrize(("status", "expected"), [(0, 0), (3, 3), (-9, 137), (-15, 143)])
def test_exec_serves_in_memory_as_its_flags_say(ant, monkeypatch, status, expected):
    """The emulator serves this machine only. The command gets any key, and no variable of the real API."""
    served = Served(status)
    monkeypatch.setattr(emulator_exec, "import_server", lambda: served)
    monkeypatch.setattr(emulator_exec, "open_emulator", served.open)
    monkeypatch.setattr(emulator_exec, "_run_guarded", served.run)
    flags = ("--port", "8123", "--lease-seconds", "7", "--log-file", "own.log")
    env = {"ANTHROPIC_AUTH_TOKEN": "real", "ANTHROPIC_WORKSPACE_ID": "real", "OTHER": "kept"}
    done = ant("emulator", "exec", *flags, "--", "pytest", "-x", "--seed=1", env=env)
    assert (done.exit, done.stdout, done.stderr) == (expected, "", "")
    assert [*served.command] == ["pytest", "-x", "--seed=1"]
    assert served.address == ("127.0.0.1", 8123)
    assert served.opened == {"database": ":memory:", "lease_seconds": 7}
    own = {name: text for name, text in served.environ.items() if name.startswith("ANTHROPIC_")}
    assert own == {
        "ANTHROPIC_BASE_URL": "http://127.0.0.1:8123",
        "ANTHROPIC_API_KEY": "sk-ant-emulator",
    }
    assert served.environ["OTHER"] == "kept"
    assert served.is_closed
    assert Path("own.log").read_text() == "2026-12-01T a request\n"
    assert ant("emulator", "exec", "--", "true").stderr == ""


def act_on_start(monkeypatch, word, act):
    """Act on each process whose command has this word, before `ant` gets it."""
    popen = subprocess.Popen

    def start(command, **options):
        process = popen(command, **options)
        if word in command:
            act(process)
        return process

    monkeypatch.setattr(subprocess, "Popen", start)


def test_exec_does_not_run_a_command_that_nothing_guards(ant, monkeypatch, tmp_path):
    """A command that could be left behind is not begun, and the exit status shows it."""
    program = tmp_path / "ends_at_once.py"
    program.touch()
    monkeypatch.setattr("ant_cli.worker.guardian_process.__file__", str(program))
    act_on_start(monkeypatch, str(program), lambda guardian: guardian.wait())
    done = ant("emulator", "exec", "--", "false", network=True)
    assert (done.exit, done.stderr) == (1, "ant: the process that guards the command has ended.\n")


def test_a_signal_that_arrives_while_the_command_starts_is_passed_on(ant, monkeypatch):
    """The process ID of the command is not known yet."""
    act_on_start(monkeypatch, "600", lambda _: os.kill(os.getpid(), signal.SIGTERM))
    assert ant("emulator", "exec", "--", "sleep", "600", network=True).exit == 128 + signal.SIGTERM


def test_exec_waits_for_its_command_on_a_system_without_waitid(ant, monkeypatch):
    """As macOS, to Python 3.12."""
    monkeypatch.delattr(os, "waitid")
    assert ant("emulator", "exec", "--", "sh", "-c", "read _; exit 3", network=True).exit == 3


@pytest.mark.parametrize(
    "words",
    [
        ("emulator", "exec", "--", "true"),
        ("emulator", "start", "--detach"),
        ("beta:worker", "poll", "--", "true"),
    ],
    ids=" ".join,
)
def test_a_frozen_program_rejects_what_would_start_python(ant, monkeypatch, words):
    """PyInstaller sets `sys.frozen`, and `sys.executable` is the program itself."""
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    env = {"ANTHROPIC_ENVIRONMENT_ID": "env_1", "ANTHROPIC_ENVIRONMENT_KEY": "key"}
    assert (
        "which a frozen program can't do.\nInstall ant with"
        in ant(*words, env=env, network=True).refusal
    )


KILLED_AT_THE_START = """
import os, signal, subprocess
from ant_cli.__main__ import entry_point

class Popen(subprocess.Popen):
    def __init__(self, command, **options):
        super().__init__(command, **options)
        if command[0] == "sleep":
            os.kill(os.getpid(), signal.SIGKILL)

subprocess.Popen = Popen
entry_point()
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux shows the environment of processes")
def test_a_command_does_not_outlive_an_exec_that_was_killed_before_it_knew_its_process_id(
    clean_environ,
):
    """Its guardian finds it by a variable. Its output ends with it."""
    program = (sys.executable, "-c", KILLED_AT_THE_START, "emulator", "exec", "--", "sleep", "603")
    done = run_process(program, clean_environ, timeout=60)
    assert (done.returncode, done.stdout) == (-signal.SIGKILL, "")
