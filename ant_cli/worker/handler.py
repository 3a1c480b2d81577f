"""Handlers: the program to run for an item, with the item on its stdin, in its own session."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import re
import shutil
import signal
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import ExitStack, asynccontextmanager, closing, suppress
from importlib.util import find_spec
from io import FileIO
from pathlib import Path
from typing import Any

from ant_cli.errors import UsageError, exclude_each_other
from ant_cli.errors.command_line import command_line
from ant_cli.runtime.extras import install_hint
from ant_cli.runtime.redaction import texts_in
from ant_cli.worker.context import WorkerContext
from ant_cli.worker.guardian import Fallback, GuardedItem, Guardian, posix_signal
from ant_cli.worker.guardian_process import guardian_time, signal_group, signal_session
from ant_cli.worker.log import KEPT_BYTES, LONGEST_LINE, WorkerLog
from ant_cli.worker.sdk_session import require_sdk
from ant_cli.worker.work_api import WorkItem

_PIPE_TAKES = 4096
"""The bytes that every system's pipe takes while nobody reads."""
_PERIOD_S = 10.0
_MOST_BYTES = 4_000_000
"""How many bytes of each output of a handler are logged in a period."""
_COST = 800
"""Added to the size of each line, so that no more than 5,000 lines are logged in a period."""
_FLOOD = 65_536
"""The bytes of a full pipe, on most systems. Reading so many means that the handler writes faster than that."""
_PAUSE_S = 0.005
"""The time between two reads from a handler that floods its output, so that it does not keep this process busy."""
_LAST_LINES = 10
_LONGEST_LAST_LINE = 1_000
_LONGEST_LAST_WORDS = 400
"""The most lines, the most bytes of one, and the most characters of `last_words`."""
_LAST_WORDS_S = 1.0
"""How long to wait for the rest of the output of a handler that has ended. Another process may keep it open."""


def find_command(handler: Sequence[str], on_work: str, environ: Mapping[str, str]) -> list[str]:
    """Return the handler's command line, from the arguments after `--` or from `--on-work`; empty for `in-process`.

    Raises:
        UsageError: if no worker can run on this system, or with the packages of this Python; or if the handler
            can't be run, or was given twice.

    """
    if os.name == "nt":
        raise UsageError(
            "the worker needs a POSIX system: it manages handlers by process groups.",
            "Run it in WSL or in a container.",
        )
    if find_spec("greenlet") is None:
        raise UsageError("the worker needs the package greenlet.", install_hint("greenlet"))
    if handler and on_work:
        raise exclude_each_other("--on-work", "a handler after --")
    given = list(handler) or [on_work or "in-process"]
    if given != ["in-process"]:
        return _with_path(given, environ)
    require_sdk()
    return []


def _with_path(command: Sequence[str], environ: Mapping[str, str]) -> list[str]:
    """Return the command line of a handler, with the program replaced by its path."""
    program = shutil.which(command[0], path=environ.get("PATH"))
    if program is None:
        raise UsageError(
            f"the handler {command[0]!r} is not a program that can be run.",
            "Give a path, or a name that is in PATH; a script has to be executable. "
            f"Arguments are separate words after --: {command_line('beta:worker poll -- PROGRAM ARGUMENT')}",
        )
    if problem := _script_problem(program):
        hint = "Its first line has to name its interpreter, such as #!/bin/sh, and end without a carriage return."
        raise UsageError(f"the handler {command[0]!r} can't be run: it {problem}.", hint)
    return [str(Path(program).absolute()), *command[1:]]


def _script_problem(program: str) -> str:
    """Return why the system can't execute a script; empty if it can, or if the program is not a script."""
    try:
        with Path(program).open("rb") as file:
            start = file.read(256)
    except OSError:  # it may be executed, but not read
        return ""
    if b"\0" in start:
        return ""
    if not start.startswith(b"#!"):
        return "does not begin with #!"
    interpreter = re.split(rb"[ \t]", start[2:].partition(b"\n")[0].strip(b" \t"))[0]
    if os.access(interpreter, os.X_OK):
        return ""
    return f"is for {os.fsdecode(interpreter)!r}, which does not exist or can't be executed"


def secrets_of_item(item: Mapping[str, Any]) -> list[str]:
    """Return the secrets of an item: its `secret`, and every string in the JSON that the secret encodes."""
    secret = item.get("secret")
    if not isinstance(secret, str) or not secret:
        return []
    try:
        padding = "=" * (-len(secret) % 4)
        decoded = json.loads(base64.urlsafe_b64decode(secret + padding))
        return [secret, *texts_in(decoded)]
    except (ValueError, RecursionError):
        return [secret]


class Handler:
    """A running handler."""

    def __init__(self, guarded: GuardedItem, stdout: _Output, stderr: _Output) -> None:
        self.guarded = guarded
        self.exit = guarded.exit
        """Its exit status, or the negative number of a signal, when it has ended."""
        self._stdout, self._stderr = stdout, stderr

    @classmethod
    @asynccontextmanager
    async def started(
        cls,
        context: WorkerContext,
        guarded: GuardedItem,
        environ: Mapping[str, str],
        item: WorkItem,
        fallback: Fallback,
        log: WorkerLog,
    ) -> AsyncIterator[Handler]:
        """Start the handler, and give it the item as one line of JSON. It does not outlive the context.

        `guarded` is what the guardian knows of the item, and `fallback` what it does while the handler runs.

        Raises:
            OSError: if the system refuses.

        """
        with ExitStack() as own, ExitStack() as inherited:
            item_read, item_write = _pipe(inherited, own)
            stdout_read, stdout_write = _pipe(own, inherited)
            stderr_read, stderr_write = _pipe(own, inherited)
            streams = [file.fileno() for file in (item_read, stdout_write, stderr_write)]
            context.guardian.start(guarded, context.command, environ, streams, fallback)
            own.callback(context.guardian.end, guarded)
            inherited.close()
            await _send(json.dumps(item, separators=(",", ":")).encode() + b"\n", item_write)
            stdout = own.enter_context(closing(await _logged(stdout_read, "stdout", log)))
            stderr = own.enter_context(closing(await _logged(stderr_read, "stderr", log)))
            yield cls(guarded, stdout, stderr)

    def send(self, number: signal.Signals) -> None:
        """Send a signal to its processes, except those that have left its session."""
        signal_session(self.guarded.pid, number)

    def kill(self) -> None:
        """Kill its processes."""
        self.send(posix_signal.SIGKILL)

    @property
    def was_overdue(self) -> bool:
        """Whether the guardian killed it at its deadline, because this worker was stopped."""
        return (
            self.exit.done()
            and self.exit.result() < 0
            and self.guarded.fallback.deadline <= guardian_time()
        )

    async def finish(self, guardian: Guardian, *, kill_rest: bool) -> None:
        """After its end, kill the processes that it has left, if wanted, and wait for the rest of its output."""
        if kill_rest and self.exit.result():
            self.kill()
        elif kill_rest:
            # enough after a success, and faster
            signal_group(self.guarded.pid, posix_signal.SIGKILL)
        guardian.note_end(self.guarded)
        await asyncio.wait([self._stdout.ended, self._stderr.ended], timeout=_LAST_WORDS_S)
        self._stdout.end_line()
        self._stderr.end_line()

    @property
    def has_output(self) -> bool:
        """Whether it has written a line."""
        return bool(self._stdout.last_lines or self._stderr.last_lines)

    def last_words(self, clean: Callable[[str], str]) -> str:
        """Return the last lines of stderr, up to a limit. `clean` removes secrets from a line."""
        # A longer line may have been cut. A secret that is cut in two would not be found.
        short = [line for line in self._stderr.last_lines if len(line) <= _LONGEST_LAST_LINE]
        words = "\n".join(
            clean(line.decode("utf-8", "backslashreplace")).rstrip() for line in short
        )
        return words[-_LONGEST_LAST_WORDS:].strip("\n")


def _pipe(reading: ExitStack, writing: ExitStack) -> tuple[FileIO, FileIO]:
    """Create a pipe. Each of its ends is closed at the end of one of the contexts."""
    read, write = os.pipe()
    read_end = reading.enter_context(os.fdopen(read, "rb", 0))
    write_end = writing.enter_context(os.fdopen(write, "wb", 0))
    return read_end, write_end


async def _send(data: bytes, pipe: FileIO) -> None:
    """Write to a handler's stdin, in the background if a pipe can't hold it all: the handler may not read it."""
    with pipe:
        if len(data) <= _PIPE_TAKES:
            with suppress(BrokenPipeError):  # it has closed stdin already
                pipe.write(data)
            return
        # what a handler leaves running may still read it
        file = os.fdopen(os.dup(pipe.fileno()), "wb", 0)
    transport, _ = await asyncio.get_running_loop().connect_write_pipe(asyncio.BaseProtocol, file)
    transport.write(data)
    transport.close()


async def _logged(pipe: FileIO, stream: str, log: WorkerLog) -> _Output:
    _, output = await asyncio.get_running_loop().connect_read_pipe(
        lambda: _Output(stream, log), pipe
    )
    return output


class _Output(asyncio.Protocol):
    """One of the two outputs of a handler. It is logged line by line; lines beyond the limit are only counted."""

    def __init__(self, stream: str, log: WorkerLog) -> None:
        self._stream = stream
        self._log = log
        self._line = b""
        """The beginning of the current line."""
        self._left = 0
        """How many bytes may still be logged until the period ends."""
        self._ends_at = 0.0
        self._left_out = 0
        self._loop = asyncio.get_running_loop()
        self._transport: Any = None
        self.ended: asyncio.Future[None] = self._loop.create_future()
        self.last_lines: deque[bytes] = deque(maxlen=_LAST_LINES)

    def close(self) -> None:
        """Close the pipe, which another process may keep open."""
        self._transport.close()
        self.end_line()

    def end_line(self) -> None:
        """Log the beginning of a line whose end was not written."""
        line, self._line = self._line, b""
        if line:
            self._log_lines([line])
        self._note_left_out()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def connection_lost(self, _error: Exception | None) -> None:
        self.ended.set_result(None)

    def data_received(self, data: bytes) -> None:
        *lines, rest = (self._line + data).split(b"\n")
        self._line = rest[:KEPT_BYTES]
        self._log_lines(lines)
        self._left -= _COST  # each read counts, because a flood may have no line breaks
        if len(data) >= _FLOOD or self._left <= 0:
            self._transport.pause_reading()
            self._loop.call_later(_PAUSE_S, self._transport.resume_reading)

    def _log_lines(self, lines: list[bytes]) -> None:
        self.last_lines.extend(lines[-_LAST_LINES:])
        if self._loop.time() >= self._ends_at:
            self._left, self._ends_at = _MOST_BYTES, self._loop.time() + _PERIOD_S
        for number, line in enumerate(lines):
            if self._left <= 0:
                self._left_out += len(lines) - number
                break
            self._note_left_out()
            self._left -= min(len(line), LONGEST_LINE) + _COST
            self._log.output(self._stream, line.removesuffix(b"\r"))

    def _note_left_out(self) -> None:
        if self._left_out:
            self._log.warn(
                "too much output; lines were left out", stream=self._stream, lines=self._left_out
            )
        self._left_out = 0
