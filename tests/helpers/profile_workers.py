"""Commands that look at the profiles or change them, perhaps as another user.

A separate program runs them: it has no threads, so it may fork. It reads commands from stdin, one line of JSON
each, and answers each with a line that has its status and its output.
"""

from __future__ import annotations

import io
import json
import os
import shlex  # noqa: F401 - another user may not be able to read Python's library
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Self

from ant_cli.main import main
from ant_cli.runtime import Runtime
from ant_cli.runtime.streams import Stderr, Stdin, Stdout

Said = tuple[int, str]
"""The status and the output of a command."""


class Workers:
    """The running program."""

    def __enter__(self) -> Self:
        """Start it without coverage, which would write a file at the end of each process, as any user."""
        environ = {
            name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")
        }
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

    def run_one(
        self, words: tuple[str, ...], environ: dict[str, str], user: int | None = None
    ) -> Said:
        """Run a command line, and return its status and output."""
        assert self._program.stdin
        assert self._program.stdout
        self._program.stdin.write(
            json.dumps({"words": words, "environ": environ, "user": user}) + "\n"
        )
        self._program.stdin.flush()
        status, said = json.loads(self._program.stdout.readline())
        return status, said


# The program


def serve() -> None:
    """Run one command after the other. Without a umask, only the program itself can keep new files private."""
    os.umask(0)
    # import what they need, because another user may not be able to
    with TemporaryDirectory() as folder:
        for words in (["profile", "create", "a"], ["profile", "list"]):
            assert carry_out(words, {"ANTHROPIC_CONFIG_DIR": folder})[0] == 0
    for line in sys.stdin:
        print(json.dumps(run_as(**json.loads(line))), flush=True)  # noqa: T201 - to the test


def run_as(words: list[str], environ: dict[str, str], user: int | None) -> Said:
    """Run a command in a process of its own."""
    answer, said = os.pipe()
    child = os.fork()
    if not child:
        try:
            if user is not None:
                become(user)
            os.write(said, json.dumps(carry_out(words, environ)).encode())
        finally:
            os._exit(0)
    os.close(said)
    with open(answer, "rb") as pipe:  # noqa: PTH123 - a descriptor, not a path
        status, text = json.load(pipe)
    os.waitpid(child, 0)
    return status, text


def become(user: int) -> None:
    """Become another user for good. Imported modules stay, even if that user may not read their files."""
    os.environ.clear()
    os.setgroups([])
    os.setgid(user)
    os.setuid(user)


def carry_out(words: list[str], environ: dict[str, str]) -> Said:
    """Run a command line, and return its status and output."""
    stderr = io.BytesIO()
    status = main(words, Runtime(Stdin(None), Stdout(io.BytesIO()), Stderr(stderr), environ))
    return status, stderr.getvalue().decode()


if __name__ == "__main__":
    serve()
