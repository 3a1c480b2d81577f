"""Processes that change one profiles file at the same time, perhaps as another user, and may be killed meanwhile.

A separate program starts them: it has no threads, so it may fork. It reads jobs from stdin, one line of JSON
each, and answers each with a line that has the results of each worker's commands.
"""

from __future__ import annotations

import io
import json
import os
import shlex  # noqa: F401 - another user may not be able to read Python's library
import signal
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple, Self

from ant_cli.main import main
from ant_cli.runtime import Runtime
from ant_cli.runtime.streams import Stderr, Stdin, Stdout

Command = dict[str, Any]
"""The words of a command line, its stdin, and at which call to the operating system its process dies."""
Said = tuple[int, str]
"""The status and the output of a command."""


class Workers:
    """The running program."""

    def __enter__(self) -> Self:
        """Start it without coverage, which would write a file at the end of each process, as any user."""
        environ = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}
        self._program = subprocess.Popen(
            [sys.executable, "-m", "tests.helpers.profile_workers"],
            cwd=Path(__file__).parents[2],
            env=environ,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        return self

    def __exit__(self, *_: object) -> None:
        """End it."""
        self._program.communicate()

    def run(self, lists: list[list[Command]], environ: dict[str, str], user: int | None = None) -> list[Any]:
        """Run lists of commands, all lists at once, and return what each list acknowledged, and how it ended."""
        assert self._program.stdin
        assert self._program.stdout
        self._program.stdin.write(json.dumps({"lists": lists, "environ": environ, "user": user}) + "\n")
        self._program.stdin.flush()
        outcomes: list[Any] = json.loads(self._program.stdout.readline())
        return outcomes

    def run_one(self, words: list[str], environ: dict[str, str], user: int | None = None, stdin: str = "") -> Said:
        """Run a command line, and return its status and output."""
        (outcome,) = self.run([[{"words": words, "stdin": stdin}]], environ, user)
        status, said = outcome["acknowledged"][0]
        return status, said


# The program


def serve() -> None:
    """Do one job after the other. Without a umask, only the program itself can keep new files private."""
    os.umask(0)
    warm_up()
    for line in sys.stdin:
        print(json.dumps(run_at_once(**json.loads(line))), flush=True)  # noqa: T201 - to the test


def warm_up() -> None:
    """Import what the commands need before forking, because another user may not be able to import it."""
    with TemporaryDirectory() as folder:
        for words in (["auth", "login", "--profile", "a", "--no-verify", "--api-key-stdin"], ["profile", "list"]):
            status, said = carry_out({"words": words, "stdin": "key"}, {"ANTHROPIC_CONFIG_DIR": folder})
            assert status == 0, said


def run_at_once(lists: list[list[Command]], environ: dict[str, str], user: int | None) -> list[dict[str, Any]]:
    """Run lists of commands, each list in its own process, and return the results."""
    start, go = os.pipe()
    children = [begin(commands, environ, user, start, go) for commands in lists]
    os.close(start)
    os.close(go)  # now all of them begin
    return [outcome(child) for child in children]


class Child(NamedTuple):
    """A worker's process ID, and the pipe of its answers."""

    pid: int
    answers: int


def begin(commands: list[Command], environ: dict[str, str], user: int | None, start: int, go: int) -> Child:
    """Start a worker, which waits until the pipe is closed."""
    answers, acknowledge = os.pipe()
    child = os.fork()
    if child:
        os.close(acknowledge)
        return Child(child, answers)
    status = 1
    try:
        os.close(go)
        if user is not None:
            become(user)
        os.read(start, 1)
        for command in commands:
            os.write(acknowledge, json.dumps(carry_out(command, environ)).encode() + b"\n")
        status = 0
    finally:
        os._exit(status)


def become(user: int) -> None:
    """Become another user for good. Imported modules stay, even if that user may not read their files."""
    os.environ.clear()
    os.setgroups([])
    os.setgid(user)
    os.setuid(user)


def outcome(child: Child) -> dict[str, Any]:
    """Return the answers of a worker, and whether it was killed."""
    with open(child.answers, "rb") as pipe:  # noqa: PTH123 - a descriptor, not a path
        acknowledged = [json.loads(line) for line in pipe]
    _, status = os.waitpid(child.pid, 0)
    return {"acknowledged": acknowledged, "status": os.waitstatus_to_exitcode(status)}


def carry_out(command: Command, environ: dict[str, str]) -> Said:
    """Run a command line, and return its status and output."""
    stdin, text = os.pipe()
    os.write(text, command["stdin"].encode())
    os.close(text)
    stderr = io.BytesIO()
    if command.get("dies_at") is not None:
        die_at(command["dies_at"])
    with open(stdin, "rb") as source:  # noqa: PTH123 - a descriptor, not a path
        streams = Stdin(source), Stdout(io.BytesIO()), Stderr(stderr)
        status = main(command["words"], Runtime(*streams, environ))
    return status, stderr.getvalue().decode()


def die_at(number: int) -> None:
    """Let this process be killed when it makes the n-th call to the operating system about files."""
    calls = 0

    def count(event: str, _: object) -> None:
        nonlocal calls
        if event == "open" or event.startswith(("os.", "fcntl.", "tempfile.")):
            calls += 1
            if calls == number:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(count)


if __name__ == "__main__":
    serve()
