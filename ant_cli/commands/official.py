"""Hand a command line over to the official `ant`, which has the resources of the API that this one lacks."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import NoReturn

from ant_cli.errors import ExitStatus, UsageError
from ant_cli.errors.command_line import command_line
from ant_cli.runtime import Runtime
from ant_cli.runtime.variables import BASE_URL, OFFICIAL
from ant_cli.settings.local_emulator import is_local
from ant_cli.settings.official_tool import is_official
from ant_cli.settings.variable_rows import value_of


def hand_over(name: str, argv: Sequence[str], runtime: Runtime) -> NoReturn:
    """Run the official tool with the same arguments, in place of this process.

    Raises:
        UsageError: if it is not installed, ANT_OFFICIAL names no file, or the command is for the emulator.
        ExitStatus: on Windows, where a process can't be replaced.

    """
    program = _find(runtime.environ)
    if program is None:
        page = command_line("help official")
        raise UsageError(
            f"{name!r} is a command of the official `ant`. This one has only the environments API.",
            f"If the official one is installed too, set {OFFICIAL} to its path. See `{page}`.",
        )
    passed = [program, *argv]
    # the official tool would use the API, where deleting is for good
    if _names_emulator(argv, runtime.environ):
        raise UsageError(
            f"the emulator has no {name!r}.",
            f"To use the API: leave out --local, and name no local: URL in {BASE_URL} or --base-url.",
        )
    environ = {**runtime.environ, OFFICIAL: ""}  # it must not hand the command line back
    if sys.platform == "win32":
        import subprocess

        raise ExitStatus(subprocess.call(passed, env=environ))
    # Python ignores it, and the program would inherit that
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    os.execve(program, passed, environ)  # noqa: S606 - what the user typed, without a shell


def _find(environ: Mapping[str, str]) -> str | None:
    """Return the official tool: the value of ANT_OFFICIAL (empty: none), or the first one on PATH."""
    if OFFICIAL in environ:
        named: str | None = value_of(OFFICIAL, environ)
        return named
    # Relative folders don't count: they depend on the working folder.
    name = "ant.exe" if sys.platform == "win32" else "ant"
    for folder in filter(os.path.isabs, environ.get("PATH", "").split(os.pathsep)):
        program = Path(folder, name)
        if os.access(program, os.X_OK) and is_official(program):
            return str(program)
    return None


def _names_emulator(argv: Sequence[str], environ: Mapping[str, str]) -> bool:
    """Whether the arguments, or else the variable, name the emulator, which only this program has."""
    if "--help" in argv:
        return False
    if "--local" in argv:
        return True
    words = [word for arg in argv for word in arg.split("=", 1)]
    typed = [url for flag, url in pairwise(words) if flag == "--base-url"]
    return is_local(typed[-1] if typed else environ.get(BASE_URL, ""))
