"""The shell of the user: sh on POSIX systems, PowerShell on Windows."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping

from ant_cli.errors.command_line import quote, single_quoted

FAILING_COMMAND = "throw 'ant failed'" if sys.platform == "win32" else "false"


def set_variable(name: str, value: str) -> str:
    """Return the command that sets an environment variable."""
    if sys.platform != "win32":
        return f"export {name}={quote(value)}"
    return f"$env:{name} = {single_quoted(value)}"


def find_program(name: str, environ: Mapping[str, str]) -> str | None:
    """Find a program on PATH, and not in the working folder, which may belong to somebody else."""
    if sys.platform != "win32":
        import shutil  # late: few runs start a program

        return shutil.which(name, path=environ.get("PATH"))
    # There, `which` begins with the working folder.
    folders = filter(os.path.isabs, environ.get("PATH", "").split(os.pathsep))
    starts = [""] if {"/", "\\"} & {*name} else [folder + os.sep for folder in folders]
    kinds = environ.get("PATHEXT", ".COM;.EXE;.BAT;.CMD").lower().split(";")
    ends = [""] if name.lower().endswith(tuple(filter(None, kinds))) else kinds
    return next(
        filter(os.path.isfile, (start + name + end for start in starts for end in ends)), None
    )


def split(command: str) -> list[str]:
    """Split a command that the user wrote into arguments. Raises ValueError if a quote is not closed.

    On Windows, a backslash escapes only a double quote that follows it: others separate folders.
    """
    if sys.platform != "win32":
        import shlex

        return shlex.split(command)
    import re

    if re.sub(r'\\"', "", command).count('"') % 2:
        raise ValueError("No closing quotation")
    words = re.findall(r'(?:\\"|[^\s"]|"(?:\\"|[^"])*")+', command)
    return [re.sub(r'(\\)?"', lambda mark: '"' if mark[1] else "", word) for word in words]
