"""The completion scripts. `docs/generate.py` writes them from the catalog, so that a shell does not wait for it."""

from __future__ import annotations

import re
from pathlib import Path

FILES = {"bash": "ant.bash", "zsh": "_ant", "fish": "ant.fish", "powershell": "ant.ps1"}
"""The script of each shell. zsh and fish find it by this name."""
PROGRAMS = ("ant", "ant-environments")
"""The names of this program."""
_FOLDERS = (Path(__file__).with_name("generated"), Path(__file__).parents[2] / "completions")
"""Where the scripts are in a wheel, and in a checkout."""
_REGISTRATION = r"^(?:#compdef|  compdef|complete|Register-ArgumentCompleter) .*"
"""The lines of the scripts that name the program."""


def script(shell: str, program: str) -> str:
    """Return the script of a shell, which completes the program of this name."""
    folder = next(filter(Path.is_dir, _FOLDERS))
    text = folder.joinpath(FILES[shell]).read_text("utf-8")
    return re.sub(
        _REGISTRATION,
        lambda line: re.sub(rf"\b{PROGRAMS[0]}\b", program, line[0]),
        text,
        flags=re.MULTILINE,
    )
