"""`ant emulator exec`: run a command, such as a test suite, with an emulator that nothing else uses."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, closing, suppress
from typing import Any

from ant_cli.commands.emulator_log import log_to
from ant_cli.commands.emulator_registry import ANY_KEY
from ant_cli.commands.emulator_serve import import_server
from ant_cli.errors import AntError, ExitStatus, UsageError, os_error_text
from ant_cli.errors.command_line import command_line
from ant_cli.http.in_process import open_emulator
from ant_cli.operations.spec import Flags
from ant_cli.runtime import Runtime, variables
from ant_cli.runtime.process import script_command
from ant_cli.runtime.signals import signal_handlers
from ant_cli.settings.local_emulator import IN_MEMORY
from ant_cli.worker import guardian_process
from ant_cli.worker.guardian_process import NEVER

_os: Any = os
_SIGKILL: int = getattr(signal, "SIGKILL", 0)
_MARK = "ANT_EMULATOR_EXEC"
_BY_SIGNAL = 128
"""The exit status of a command that a signal ended is this plus the signal's number, as in a shell."""


def run_command(runtime: Runtime, _: Flags, *, command: Sequence[str] = (), **options: Any) -> None:
    """Run a command whose clients find an emulator in memory, and no variable of the real API.

    Raises:
        UsageError: if there is no command, it can't be started, or the emulator can't be served.
        AntError: with the exit status of the command, if that is not 0.

    """
    if not command:
        raise UsageError(
            "a command is required.", f"For example: {command_line('emulator exec -- pytest')}"
        )
    if sys.platform == "win32":
        raise UsageError(
            "exec needs a POSIX system, where it can end all processes of the command."
        )
    server_class, port = import_server().Server, options.pop("port")
    with ExitStack() as stack:
        log = stack.enter_context(log_to(options.pop("log_file", os.devnull), runtime))
        emulator = stack.enter_context(closing(open_emulator(runtime, IN_MEMORY, **options)))
        server = server_class(emulator, "127.0.0.1", port, log)
        threading.Thread(
            target=server.http.run, daemon=True
        ).start()  # runs until this process ends
        environ = {
            name: text
            for name, text in runtime.environ.items()
            if not name.startswith("ANTHROPIC_")
        }
        status = _run_guarded(
            command, {**environ, variables.BASE_URL: server.url, variables.API_KEY: ANY_KEY}
        )
    if status:
        raise ExitStatus(status if status > 0 else _BY_SIGNAL - status)


def _run_guarded(command: Sequence[str], environ: Mapping[str, str]) -> int:
    """Run a command in its own session, and return its exit status.

    The rest of the session is killed at the end; if this process is killed, by the worker's guardian. The guardian
    finds the command by its process ID, or before that is known by a variable that nothing else has. Signals are
    passed on, because a terminal sends them to this process only.
    """
    mark = os.urandom(8).hex()
    program = script_command(guardian_process.__file__)
    guardian: Any = subprocess.Popen(
        program, stdin=subprocess.PIPE, start_new_session=True, bufsize=0
    )

    def announce(pid: int) -> None:
        guardian.stdin.write(f"command\t{pid}\t{NEVER}\t{_MARK}={mark}\t\n".encode())

    received = list[int]()
    process: Any = None

    def pass_on(number: int, _: object) -> None:
        received.append(number)
        if process is not None:
            _send_to_group(process.pid, received)

    # The guardian's stdin is closed at the end. A signal that arrives while the command starts is passed on then.
    with guardian, signal_handlers(dict.fromkeys((signal.SIGINT, signal.SIGTERM), pass_on)):
        try:
            announce(0)
        except BrokenPipeError:
            raise AntError("the process that guards the command has ended.") from None
        try:
            process = subprocess.Popen(
                command, env={**environ, _MARK: mark}, start_new_session=True
            )
        except (OSError, ValueError) as error:
            why = os_error_text(error) if isinstance(error, OSError) else str(error)
            raise UsageError(f"{command[0]} can't be started: {why}.") from None
        try:
            with suppress(BrokenPipeError):  # the command may have ended the guardian
                announce(process.pid)
            _send_to_group(process.pid, received)
            if hasattr(os, "waitid"):
                _os.waitid(_os.P_PID, process.pid, _os.WEXITED | _os.WNOWAIT)
            else:  # on macOS before Python 3.13
                process.wait()
        finally:  # before `wait`, no other process can get its ID
            guardian_process.signal_session(process.pid, _SIGKILL)
            status = process.wait()
    return int(status)


def _send_to_group(leader: int, numbers: list[int]) -> None:
    """Send each of the signals once, including those that arrive during the call."""
    while numbers:
        guardian_process.signal_group(leader, numbers.pop())
