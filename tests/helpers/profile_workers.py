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

from ant_cli.main import main
from ant_cli.runtime import Runtime
from ant_cli.runtime.streams import Stderr, Stdin, Stdout


class Workers:
    """The running program."""

    def __enter__(self):
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

    def __exit__(self, *_):
        """End it."""
        self._program.communicate()

    def run(self, lists, environ, user=None):
        """Run lists of commands, all lists at once, and return what each list acknowledged, and how it ended."""
        self._program.stdin.write(json.dumps({"lists": lists, "environ": environ, "user": user}) + "\n")
        self._program.stdin.flush()
        return json.loads(self._program.stdout.readline())

    def run_one(self, words, environ, user=None, stdin=""):
        """Run a command line, and return its status and output."""
        (outcome,) = self.run([[{"words": words, "stdin": stdin}]], environ, user)
        return outcome["acknowledged"][0]


# The program


def serve():
    """Do one job after the other. Without a umask, only the program itself can keep new files private."""
    os.umask(0)
    warm_up()
    for line in sys.stdin:
        print(json.dumps(run_at_once(**json.loads(line))), flush=True)  # noqa: T201 - to the test


def warm_up():
    """Import what the commands need before forking, because another user may not be able to import it."""
    with TemporaryDirectory() as folder:
        for words in (["auth", "login", "--profile", "a", "--no-verify", "--api-key-stdin"], ["profile", "list"]):
            status, said = carry_out({"words": words, "stdin": "key"}, {"ANTHROPIC_CONFIG_DIR": folder})
            assert status == 0, said


def run_at_once(lists, environ, user):
    """Run lists of commands, each list in its own process, and return the results."""
    start, go = os.pipe()
    children = [begin(commands, environ, user, start, go) for commands in lists]
    os.close(start)
    os.close(go)  # now all of them begin
    return [outcome(*child) for child in children]


def begin(commands, environ, user, start, go):
    """Start a worker, which waits until the pipe is closed. Return its process ID, and the pipe of its answers."""
    answers, acknowledge = os.pipe()
    child = os.fork()
    if child:
        os.close(acknowledge)
        return child, answers
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


def become(user):
    """Become another user for good. Imported modules stay, even if that user may not read their files."""
    os.environ.clear()
    os.setgroups([])
    os.setgid(user)
    os.setuid(user)


def outcome(child, answers):
    """Return the answers of a worker, and whether it was killed."""
    with open(answers, "rb") as pipe:  # noqa: PTH123 - a descriptor, not a path
        acknowledged = [json.loads(line) for line in pipe]
    _, status = os.waitpid(child, 0)
    return {"acknowledged": acknowledged, "status": os.waitstatus_to_exitcode(status)}


def carry_out(command, environ):
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


def die_at(number):
    """Let this process be killed when it makes the n-th call to the operating system about files."""
    calls = 0

    def count(event, _):
        nonlocal calls
        if event == "open" or event.startswith(("os.", "fcntl.", "tempfile.")):
            calls += 1
            if calls == number:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(count)


if __name__ == "__main__":
    serve()
