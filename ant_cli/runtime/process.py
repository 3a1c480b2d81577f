"""The process: signals and exit, each technique with its reason.

Figures are in docs/speed.md, from `benchmarks/run.py`.
"""

from __future__ import annotations

import _signal  # type: ignore[import-not-found] # `signal` makes enumerations, 4 % of `--help`
import errno
import os
import sys
from typing import Any, NoReturn

from ant_cli.errors import INTERRUPTED, TERMINATED, UsageError


class Terminated(KeyboardInterrupt):
    """SIGTERM. Handled like Ctrl-C, except for the signal that ends the process."""


def handle_sigterm() -> None:
    """Raise Terminated at a SIGTERM, so that files are closed and temporary files removed.

    If the parent process ignores SIGTERM, as `trap '' TERM` does, it stays ignored.
    """
    # `signal` wraps this module, and creating its enumerations takes a twelfth of Python's start-up time.
    if _signal.getsignal(_signal.SIGTERM) == _signal.SIG_DFL:
        _signal.signal(_signal.SIGTERM, _terminate)


def _terminate(_number: int, _frame: object) -> NoReturn:
    raise Terminated


def own_command(*words: str) -> list[str]:
    """Return the command that starts this program again. Raises UsageError as `python_command` does.

    With `-P`, no module is imported from the working directory, which may belong to somebody else.
    """
    return python_command("-P", "-m", "ant_cli", *words)


def python_command(*words: str) -> list[str]:
    """Return the command that starts Python. Raises UsageError in a frozen program, such as PyInstaller's."""
    if getattr(sys, "frozen", False):
        raise UsageError(
            "this command starts Python, which a frozen program can't do.",
            "Install ant with pip or pipx instead.",
        )
    return [sys.executable, *words]


def script_command(file: str, *words: str) -> list[str]:
    """Return the command that runs a file of this program without its packages, which makes it start fast.

    Raises:
        UsageError: as `python_command` does, and if the program is in a zip.

    """
    from pathlib import Path  # late: as below

    if not Path(file).exists():
        raise UsageError(
            "this command runs a file of ant, which is in a zip.",
            "Install ant with pip or pipx instead.",
        )
    return python_command("-I", "-S", file, *words)


def in_background() -> dict[str, Any]:
    """Return the options of `subprocess.Popen` for a process that keeps running when the terminal is closed."""
    if sys.platform == "win32":
        import subprocess

        return {"creationflags": subprocess.DETACHED_PROCESS | subprocess.CREATE_NEW_PROCESS_GROUP}
    return {"start_new_session": True}


def escapes_work() -> bool:
    """Turn on escape sequences in a console of Windows. Return False for a legacy console, which has none."""
    if sys.platform != "win32" or not any(
        stream and stream.isatty() for stream in (sys.stdout, sys.stderr)
    ):
        return True
    import ctypes

    kernel32 = ctypes.windll.kernel32
    works = True
    for number in (_STDOUT, _STDERR):
        handle, mode = kernel32.GetStdHandle(number), ctypes.c_uint()
        if kernel32.GetConsoleMode(handle, ctypes.byref(mode)):
            works &= bool(kernel32.SetConsoleMode(handle, mode.value | _ENABLE_ESCAPES))
    return works


_STDOUT, _STDERR = -11, -12
_ENABLE_ESCAPES = 4
"""Constants of Windows: STD_OUTPUT_HANDLE, STD_ERROR_HANDLE, ENABLE_VIRTUAL_TERMINAL_PROCESSING."""


def identity_of(pid: int) -> str:
    """Return what tells a process from any other with its ID: boot, PID namespace and start time.

    Empty if there is no such process, and on systems without namespaces.
    """
    from pathlib import Path  # late: only the emulator's commands need it

    process = Path(f"/proc/{pid}")
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        started = (
            process.joinpath("stat").read_text("utf-8", "replace").rpartition(")")[2].split()[19]
        )
        return f"{boot} {process.joinpath('ns/pid').readlink()} {started}"
    except OSError:
        return ""


def terminate(pid: int) -> None:
    """Ask a process to end, if it still runs. Windows ends it at once."""
    import signal

    try:
        os.kill(pid, signal.SIGTERM)
    except OSError as error:
        # what POSIX and Windows say of an ID without a process
        if error.errno not in (errno.ESRCH, errno.EINVAL):
            raise


def exit_now(status: int) -> NoReturn:
    """End the process without the interpreter's slow shutdown. Nothing is buffered: see `streams.py`.

    After a signal, the process ends by that signal: an exit status alone tells a shell that the program handled
    Ctrl-C in its own way, so a `while` loop around it would continue.
    """
    # Windows has no such signals
    if status in (INTERRUPTED, TERMINATED) and sys.platform != "win32":
        import signal

        number = status - 128
        signal.signal(number, signal.SIG_DFL)
        signal.raise_signal(number)  # to this thread, so that it arrives before the next line runs
    os._exit(status)  # even if the signal is blocked
