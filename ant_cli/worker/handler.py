"""Handlers: the program to run for an item, with the item on its stdin, in its own process group."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import shutil
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from ant_cli.errors import UsageError
from ant_cli.input.request import has_lone_surrogate
from ant_cli.runtime import variables
from ant_cli.runtime.light_typing import Any
from ant_cli.runtime.redaction import texts_in
from ant_cli.worker.guardian import Guardian

SECRET_VARIABLES = (variables.API_KEY, variables.AUTH_TOKEN, variables.IDENTITY_TOKEN)
"""An organization's credentials, which a handler does not need."""
_LONGEST_LINE = 65_536
"""The longest line of output that is logged in one piece."""
_LAST_WORDS_S = 1.0
"""How long to wait for the rest of the output of a handler that has ended. Another process may keep it open."""


def find_handler(command: Sequence[str], environ: Mapping[str, str]) -> list[str]:
    """Return the command line of a handler, with the program replaced by its path.

    Raises:
        UsageError: if there is no such program, or it can't be executed.

    """
    program = shutil.which(command[0], path=environ.get("PATH"))
    if program is None:
        name = command[0]
        raise UsageError(
            f"the handler {name!r} is not a program that can be run.",
            "Give a path, or a name that is in PATH; a script has to be executable." if " " not in name else
            "Give a program with arguments after --, as separate words: ant beta:worker poll -- PROGRAM ARGUMENT",
        )  # fmt: skip
    return [str(Path(program).absolute()), *command[1:]]


def handler_environment(
    environ: Mapping[str, str], item: Mapping[str, Any], attempt: int, own: Mapping[str, str], *, pass_api_key: bool
) -> dict[str, str]:
    """Return the environment of a handler: the worker's, without an organization's key, plus the item's variables.

    `own` are the worker's own values: environment key, base URL, worker ID.
    """
    left_out = () if pass_api_key else SECRET_VARIABLES
    kept = {name: value for name, value in environ.items() if name not in left_out}
    data = item.get("data")
    of_item = {
        "ANTHROPIC_WORK_ID": item.get("id"),
        "ANTHROPIC_ENVIRONMENT_ID": item.get("environment_id"),
        "ANTHROPIC_SESSION_ID": data.get("id") if isinstance(data, dict) else None,
        "ANTHROPIC_WORK_SECRET": item.get("secret"),
        "ANT_WORK_ATTEMPT": str(attempt),
    }
    usable = {name: text for name, text in of_item.items() if isinstance(text, str) and _can_be_variable(text)}
    for name in of_item:
        kept.pop(name, None)
    return {**kept, **own, **usable}


def _can_be_variable(text: str) -> bool:
    """Whether a string from the server can be the value of a variable. If not, only the item on stdin has it."""
    return text != "" and "\0" not in text and not has_lone_surrogate(text)


def secrets_of_item(item: Mapping[str, Any]) -> list[str]:
    """Return the secrets of an item: its `secret`, and every string in the JSON that the secret encodes."""
    secret = item.get("secret")
    if not isinstance(secret, str) or not secret:
        return []
    try:
        return [secret, *texts_in(json.loads(base64.urlsafe_b64decode(secret + "=" * (-len(secret) % 4))))]
    except (ValueError, RecursionError):
        return [secret]


class Handler:
    """A running handler."""

    def __init__(self, process: asyncio.subprocess.Process, output: _OutputLog, guardian: Guardian) -> None:
        self._process = process
        self._output = output
        self._guardian = guardian

    @classmethod
    async def start(
        cls,
        command: Sequence[str],
        environment: Mapping[str, str],
        item: Mapping[str, Any],
        guardian: Guardian,
        log_line: Callable[[str], None],
    ) -> Handler:
        """Start the handler, and give it the item as one line of JSON. Raises OSError if the system refuses."""
        reading, writing = os.pipe()
        try:
            process = await asyncio.create_subprocess_exec(
                *guardian.command(command),
                stdin=asyncio.subprocess.PIPE,
                stdout=guardian.pipe(),
                stderr=writing,
                env=environment,
                process_group=0,
            )
        except BaseException:
            os.close(reading)
            raise
        finally:
            os.close(writing)
        output = _OutputLog(reading, log_line)
        if process.stdin is not None:
            process.stdin.write(json.dumps(item, separators=(",", ":")).encode() + b"\n")
            process.stdin.close()
        return cls(process, output, guardian)

    @property
    def pid(self) -> int:
        """The ID of the process, and of its group."""
        return self._process.pid

    async def wait(self) -> int:
        """Wait until it ends, and return its exit status, or the negative number of a signal."""
        return await self._process.wait()

    def send(self, number: signal.Signals) -> None:
        """Send a signal to its process group."""
        if sys.platform != "win32":  # where the worker doesn't start
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, number)

    def kill(self) -> None:
        """Kill its process group."""
        if sys.platform != "win32":
            self.send(signal.SIGKILL)

    async def finish(self, *, kill_group: bool) -> None:
        """After its end: kill the processes left in its group, if wanted, and log the rest of its output."""
        if kill_group:
            self.kill()
        self._guardian.forget(self.pid)
        await self._output.close(_LAST_WORDS_S)


class _OutputLog:
    """Logs the output of a handler line by line."""

    def __init__(self, descriptor: int, log_line: Callable[[str], None]) -> None:
        self._descriptor = descriptor
        self._log_line = log_line
        self._rest = b""
        self._loop = asyncio.get_running_loop()
        self._ended = asyncio.Event()
        if sys.platform != "win32":
            os.set_blocking(descriptor, False)
        self._loop.add_reader(descriptor, self._read)

    def _read(self) -> None:
        try:
            data = os.read(self._descriptor, _LONGEST_LINE)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._loop.remove_reader(self._descriptor)
            self._ended.set()
            return
        *lines, self._rest = (self._rest + data).split(b"\n")
        if len(self._rest) > _LONGEST_LINE:
            lines.append(self._rest)
            self._rest = b""
        for line in lines:
            self._say(line)

    def _say(self, line: bytes) -> None:
        self._log_line(line.removesuffix(b"\r").decode("utf-8", "backslashreplace"))

    async def close(self, patience_s: float) -> None:
        """Log the rest, and close the pipe."""
        with suppress(TimeoutError):
            async with asyncio.timeout(patience_s):
                await self._ended.wait()
        self._loop.remove_reader(self._descriptor)
        os.close(self._descriptor)
        if self._rest:
            self._say(self._rest)
