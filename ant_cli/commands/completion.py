"""`ant completion`: print the script that completes `ant` in a shell."""

from __future__ import annotations

import sys
from pathlib import Path

from ant_cli.completion.scripts import PROGRAMS, script
from ant_cli.errors import UnknownName
from ant_cli.help.catalog import catalog
from ant_cli.help.help_commands import SHELLS
from ant_cli.operations.spec import Flags
from ant_cli.runtime import Runtime

_SHELL_ALIASES = {"pwsh": "powershell"}


def completion(runtime: Runtime, _: Flags, *, shell: str) -> None:
    """Print the completion script of a shell, for the name under which this program runs.

    Raises:
        UnknownName: if there is no script for the shell.

    """
    name = _SHELL_ALIASES.get(shell, shell)
    if name not in SHELLS:
        raise UnknownName("shell", shell, [*SHELLS, *_SHELL_ALIASES], f"The shells are: {', '.join(SHELLS)}.")
    program = Path(sys.argv[0]).stem
    runtime.stdout.write(script(name, catalog(), program if program in PROGRAMS else PROGRAMS[0]).encode())
