"""The completion scripts. `docs/generate.py` writes them from the catalog, so that a shell does not wait for it."""

from __future__ import annotations

import os
import re
from contextlib import suppress

from ant_cli.errors import UsageError
from ant_cli.runtime.own_data import own_data

FILES = {"bash": "ant.bash", "zsh": "_ant", "fish": "ant.fish", "powershell": "ant.ps1"}
"""The script of each shell. zsh and fish find it by this name."""
PROGRAMS = ("ant", "ant-environments")
"""The names of this program."""
_FOLDERS = (("completion", "generated"), (os.pardir, "completions"))
"""Where the scripts are in a wheel, and in a checkout, below the package."""
_REGISTRATION = r"^(?:#compdef|  compdef|complete|Register-ArgumentCompleter) .*"
"""The lines of the scripts that name the program."""


def script(shell: str, program: str) -> str:
    """Return the script of a shell, which completes the program of this name. UsageError if there is none."""

    def for_program(line: re.Match[str]) -> str:
        return re.sub(rf"\b{PROGRAMS[0]}\b", program, line[0])

    text = _read(FILES[shell])
    return re.sub(_REGISTRATION, for_program, text, flags=re.MULTILINE)


def _read(file: str) -> str:
    for folder in _FOLDERS:
        with suppress(OSError):
            return own_data(*folder, file).decode()
    raise UsageError("this copy of ant has no completion scripts.", "Install it with pip or pipx.")
