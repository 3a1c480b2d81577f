"""The examples of the tool commands, run in a shell. tests/help/test_pages.py runs those of the API's commands."""

from __future__ import annotations

import os
import pty
import re
import shlex
import shutil
import sys
import threading
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from ant_cli.help.catalog import EXAMPLES as ROOT_EXAMPLES
from ant_cli.help.command_page import fold
from ant_cli.help.command_row import HELP, argument_name
from ant_cli.help.tool_commands import TOOL_COMMANDS
from tests.helpers.processes import ANT, run_process, spawn

pytestmark = pytest.mark.slow

KEY = "sk-ant-example-0123456789"
OWN_TERMINAL = 'exec <"$0"; exec "$@"'
"""The first terminal that a session leader opens becomes its own, where it can be asked for a key."""
OTHER_SHELLS = {
    "zsh": ["zsh", "-efc", "autoload -U compinit && compinit -D\n"],
    "fish": ["fish", "-Nc", ""],
    "pwsh": ["pwsh", "-NoProfile", "-Command", "$ErrorActionPreference = 'Stop'\n"],
}
"""How to run examples for shells other than bash. The example is added to the last word."""
PROGRAMS = {
    "ant": 'case "$1 $2" in "auth login") set -- "$@" --base-url local: ;; esac\n'
    f'"{sys.executable}" -m ant_cli "$@" || {{ echo "exit $?: $@" >> "$HOME/failures"; false; }}',
    "op": f"echo {KEY}",
    "gh": f'test "$(cat)" = {KEY}',
    "fzf": "head -n 1",
    "python": 'test -n "$ANTHROPIC_API_KEY"',
    "pytest": 'test -n "$ANTHROPIC_BASE_URL"',
    "npm": 'test -n "$ANTHROPIC_BASE_URL"',
    "docker": "cat",
    "editor": "sed -i 's/^name: .*/name: edited/' \"$1\"",
    "code": 'shift; exec editor "$1"',
}
"""The programs of the examples. Failures of `ant` are recorded, even if the shell ignores them.

A login is for the emulator.
"""
PROFILES = f"""\
active = "default"
[profiles.default]
api_key = "{KEY}"
base_url = "local:"
[profiles.work]
base_url = "local:"
[profiles.ci]
api_key = "{KEY}"
timeout = 5
[profiles.tmp-1]
[profiles.tmp-2]
"""
BEFORE = {
    "ant edit data": "ant beta:environments create --name data >&2\n",
    "ant export data --directory environments": "ant beta:environments create --name data >&2\n",
}
"""The commands that the page shows before an example."""
WORKER = "export ANT_WORKER_EXIT_WHEN_IDLE=0.1s ANTHROPIC_ENVIRONMENT_ID={queue} ANTHROPIC_ENVIRONMENT_KEY={key}\n"
"""The setup of a worker's examples: an environment without work, so that they end soon."""
QUEUE = ["beta:environments", "create", "--name", "queue", "--transform", "id", "-r", "--config"]
NEED_A_QUEUE = ("env_1", "session_1", "emulator session create")
"""What shows that an example needs an environment with a queue."""
SERVED = "http://127.0.0.1:8080"
NEED_A_SERVER = (SERVED, "8080", "emulator env", "emulator status", "emulator stop")
"""What shows that an example talks to a served emulator."""
COMMANDS = [found for command in TOOL_COMMANDS for found in command.walk()]
LINES = [(command.full_name, line) for command in COMMANDS for _, line in command.examples]
ELSEWHERE = ("beta:worker run", "beta:worker exporter", "beta:worker check")
"""Commands that the tests in tests/worker run: they need a claimed item or a queue, or serve until a signal."""
STARTING = [line for command, line in LINES if command == "emulator start"]
NOT_PLAYED = [*STARTING, *(line for command, line in LINES if command in ELSEWHERE)]
PLAYED = dict.fromkeys(
    [line for _, line in LINES if line not in NOT_PLAYED] + [line for _, line in ROOT_EXAMPLES]
)


@pytest.fixture
def environ(tmp_path, clean_environ):
    """The variables of a shell with the programs of the examples, profiles, and files."""
    programs, config = tmp_path / "bin", tmp_path / "config"
    programs.mkdir()
    for name, script in PROGRAMS.items():
        (programs / name).write_text(f"#!/bin/sh\n{script}\n")
        (programs / name).chmod(0o755)
    config.mkdir(mode=0o700)
    (config / "profiles.toml").write_text(PROFILES)
    (config / "profiles.toml").chmod(0o600)
    (tmp_path / "key.txt").write_text(KEY)
    (tmp_path / "script.yaml").write_text("[{tool: bash, input: {command: ls}}, terminate]")
    (tmp_path / "handle.sh").write_text("#!/bin/sh\n")
    (tmp_path / "handle.sh").chmod(0o755)
    variables = {
        "ANTHROPIC_API_KEY": "",
        "ANTHROPIC_BASE_URL": "local:",
        "ANTHROPIC_CONFIG_DIR": str(config),
        "PATH": f"{programs}:{os.environ['PATH']}",
        "LC_ALL": "C.UTF-8",
        "EDITOR": "editor",
    }
    return {**clean_environ, **variables, "HOME": str(tmp_path)}


@contextmanager
def typist():
    """Open a terminal that answers a question for a key, or for a confirmation; yields the terminal's name."""
    master, slave = pty.openpty()

    def type_key():
        with suppress(OSError):  # Linux raises it at the end, when nobody has the terminal open
            while shown := os.read(master, 1000):
                if b"not shown" in shown:
                    os.write(master, f"{KEY}\n".encode())
                elif b"[y/N]" in shown:
                    os.write(master, b"y\n")

    thread = threading.Thread(target=type_key)
    thread.start()
    try:
        yield os.ttyname(slave)
    finally:
        os.close(slave)
        thread.join()
        os.close(master)


def run(command, environ):
    """Run a command on its own terminal."""
    with typist() as terminal:
        return run_process(
            ["sh", "-c", OWN_TERMINAL, terminal, *command],
            environ,
            start_new_session=True,
            timeout=60,
        )


@contextmanager
def serving(line, environ):
    """Serve an emulator with an example; yields its base URL."""
    process = spawn([*ANT, *shlex.split(line.removesuffix(" &").replace("8080", "0"))[1:]], environ)
    try:
        yield process.stdout.readline().strip()
    finally:
        process.terminate()
        process.communicate()
        if "--detach" in line:
            run([*ANT, "emulator", "stop", "--all"], environ)


@contextmanager
def prepared(line, environ, ant):
    """Prepare what an example needs: objects, or a served emulator. Yields its command line, with their IDs."""
    if any(word in line for word in NEED_A_SERVER):
        with serving(STARTING[-1], environ) as url:
            line = line.replace(SERVED, url).replace("8080", url.rpartition(":")[2])
            at = {**environ, "ANTHROPIC_BASE_URL": url, "ANTHROPIC_API_KEY": KEY}
            yield with_objects(line, at, ant)
    else:
        yield BEFORE.get(line, "") + with_objects(line, environ, ant)


def with_objects(line, environ, ant):
    """Create the objects that an example names, and put their IDs into it."""
    if "beta:worker" in line or any(word in line for word in NEED_A_QUEUE):
        queue = ant(*QUEUE, "{type: self_hosted}", env=environ, network=True).stdout.strip()
        before = WORKER.format(queue=queue, key=KEY) if "beta:worker" in line else ""
        line = before + line.replace("env_1", queue)
    if "session_1" in line:
        session = ant("emulator", "session", "create", env=environ, network=True).stdout.strip()
        line = line.replace("session_1", session)
    return line


@pytest.mark.parametrize("line", PLAYED)
def test_an_example_runs(line, environ, tmp_path, ant):
    """It runs in the shell that it is written for, which stops at the first failure."""
    shell = next((name for name in OTHER_SHELLS if f"completion {name}" in line), "bash")
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed")
    *command, before = OTHER_SHELLS.get(shell, ["bash", "-euo", "pipefail", "-c", ""])
    with prepared(line, environ, ant) as commands:
        done = run([*command, before + commands], environ)
    assert done.returncode == 0, done.stderr
    assert not (tmp_path / "failures").exists()


@pytest.mark.parametrize("line", STARTING)
def test_an_example_of_emulator_start_serves(line, environ):
    """It serves until a signal arrives."""
    with serving(line, environ) as url:
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+", url)


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.full_name)
def test_every_tool_command_has_a_help_page(ant, command):
    """The page has a summary, arguments, flags, notes, and at least two examples if 40 lines have room for them."""
    done = ant(*command.path, "--help")
    assert (done.exit, done.stderr) == (0, "")
    page = " ".join(done.stdout.split())
    parts = [command.summary, *map(argument_name, command.arguments)]
    parts += [name for flag in (HELP, *command.flags) for name in flag.names]
    common = ("--format", "--transform", "--profile", "--local")
    few = len(command.global_flags) <= len(common)
    parts += [flag.flag for flag in command.global_flags if few or flag.flag in common]
    parts += ["(`ant help flags`)"] if command.global_flags else []
    assert all(part in page for part in parts)
    assert command.notes in done.stdout
    assert len(command.examples) >= 2 or len(done.stdout.splitlines()) >= 39
    assert all(f"  # {purpose}\n" in done.stdout for purpose, _ in command.examples)
    assert max(map(len, done.stdout.splitlines())) <= 80


def test_every_example_calls_the_command_of_its_page():
    """Readers copy examples from the page."""
    for command, line in LINES:
        name = command.split()[-1]
        assert f" {name}" in line or command == "profile", line


def test_no_example_has_a_key_in_it():
    """Other users can read the command line, and the shell stores it."""
    assert not any(re.search(r"sk-ant|--api-key[ =]|--auth-token", line) for _, line in LINES)


@pytest.mark.parametrize("line", [line for _, line in LINES])
def test_a_folded_example_is_the_same_line(line):
    """A backslash at the end of a line joins it to the next."""
    assert shlex.split(fold(line).replace("\\\n", " ")) == shlex.split(line)


def test_the_input_of_the_benchmarks_is_accepted(ant):
    """Otherwise they would measure an error."""
    document = (Path(__file__).parents[2] / "benchmarks/environment.yaml").read_text()
    assert ant("beta:environments", "create", "--dry-run", stdin=document).exit == 0
