"""Processes that change one profiles file at the same time, perhaps as another user, and may be killed on the way.

A program of its own starts them, which has no threads and so may fork. It reads jobs from stdin, a line of JSON
each, and answers each with a line: what became of the commands of each worker.
"""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from ant_cli.__main__ import main
from ant_cli.runtime import Runtime
from ant_cli.runtime.streams import Stderr, Stdin, Stdout


class Workers:
    """The program, while it runs."""

    def __enter__(self):
        """Start it, without coverage: that writes a file at the end of each process, as whatever user."""
        environ = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}
        self._program = subprocess.Popen(
            [sys.executable, "-m", "tests.profile_workers"],
            cwd=Path(__file__).parent.parent,
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
        """Run lists of commands, all lists at once, and return what each of them acknowledged, and its end."""
        self._program.stdin.write(json.dumps({"lists": lists, "environ": environ, "user": user}) + "\n")
        self._program.stdin.flush()
        return json.loads(self._program.stdout.readline())

    def run_one(self, words, environ, user=None, stdin=""):
        """Run a command line, and return its status and what it said."""
        (outcome,) = self.run([[{"words": words, "stdin": stdin}]], environ, user)
        return outcome["acknowledged"][0]


# The program


def serve():
    """Do one job after the other, where nothing but the program itself keeps a new file from others."""
    os.umask(0)
    warm_up()
    for line in sys.stdin:
        print(json.dumps(run_at_once(**json.loads(line))), flush=True)  # noqa: T201 - to the test


def warm_up():
    """Import what the commands need, before anything is forked: another user may not be able to."""
    with TemporaryDirectory() as folder:
        for words in (["auth", "login", "--profile", "a", "--no-verify", "--api-key-stdin"], ["profile", "list"]):
            status, said = carry_out({"words": words, "stdin": "key"}, {"ANTHROPIC_CONFIG_DIR": folder})
            assert status == 0, said


def run_at_once(lists, environ, user):
    """Run lists of commands, each list in a process of its own, and return what became of them."""
    start, go = os.pipe()
    children = [begin(commands, environ, user, start, go) for commands in lists]
    os.close(start)
    os.close(go)  # now they all begin
    return [outcome(*child) for child in children]


def begin(commands, environ, user, start, go):
    """Start a worker, which waits until the pipe is closed; return its number, and the pipe of its answers."""
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
    """Be another user from here on, for good. What is imported stays, though that user may not read it."""
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
    """Run a command line, and return its status and what it said."""
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
    """Let this process be killed when it calls the operating system for files the n-th time from here."""
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
