"""Runs of `ant` in processes of their own."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

ANT = (sys.executable, "-m", "ant_cli")
"""The program, without arguments."""
COVERAGE = {name: value for name, value in os.environ.items() if name.startswith("COVERAGE_")}
"""The variables that make coverage measure a separate process; none without coverage.

Measuring makes a short process several times as slow, so only tests of code that nothing else runs pass them on.
"""


def command_line(*words: str) -> str:
    """Return a command as a user writes it in a variable, such as PAGER."""
    return subprocess.list2cmdline(words) if sys.platform == "win32" else shlex.join(words)


def run_process(
    command: Sequence[Any], env: Mapping[str, str], **options: Any
) -> subprocess.CompletedProcess[str]:
    """Run a command with an empty stdin, and return it after its end, with its output as text."""
    return subprocess.run(
        command,
        env=env,
        **{"stdin": subprocess.DEVNULL, "capture_output": True, "text": True, **options},
    )


def spawn(command: Sequence[Any], env: Mapping[str, str], **options: Any) -> subprocess.Popen[Any]:
    """Start a command with an empty stdin, and with pipes for its output as text."""
    pipes = {
        "stdin": subprocess.DEVNULL,
        "stdout": subprocess.PIPE,
        "stderr": subprocess.PIPE,
        "text": True,
    }
    return subprocess.Popen(command, env=env, **pipes | options)


@contextmanager
def started(command: Sequence[Any], **options: Any) -> Iterator[subprocess.Popen[Any]]:
    """Start a process, and wait for its end. If the test fails before, the process is killed."""
    with subprocess.Popen(command, **options) as process:
        try:
            yield process
        except BaseException:
            process.kill()
            raise
