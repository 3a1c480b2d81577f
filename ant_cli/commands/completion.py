"""`ant completion`: print the script that completes `ant` in a shell."""

from __future__ import annotations

from ant_cli.completion.scripts import script
from ant_cli.errors import UnknownName
from ant_cli.help.catalog import catalog
from ant_cli.help.help_commands import SHELLS
from ant_cli.operations.spec import Flags
from ant_cli.runtime import Runtime

_SHELL_ALIASES = {"pwsh": "powershell"}


def completion(runtime: Runtime, _: Flags, *, shell: str) -> None:
    """Print the completion script of a shell. Raises UsageError for an unknown one."""
    name = _SHELL_ALIASES.get(shell, shell)
    if name not in SHELLS:
        raise UnknownName("shell", shell, [*SHELLS, *_SHELL_ALIASES], f"The shells are: {', '.join(SHELLS)}.")
    runtime.stdout.write(script(name, catalog()).encode())
