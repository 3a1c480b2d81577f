"""The completion scripts. `docs/generate.py` writes them from the catalog, which a shell need not wait for then."""

from __future__ import annotations

from pathlib import Path

FILES = {"bash": "ant.bash", "zsh": "_ant", "fish": "ant.fish", "powershell": "ant.ps1"}
"""The script of each shell. zsh and fish find it by this name."""
PROGRAMS = ("ant", "ant-environments")
"""The names of this program."""


def script(shell: str, program: str) -> str:
    """Return the script of a shell, which completes the program of this name."""
    text = Path(__file__).with_name("generated").joinpath(FILES[shell]).read_text("utf-8")
    return text.replace("@PROGRAM@", program)
