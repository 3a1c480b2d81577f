"""The tool commands as data: those that call no endpoint of the API.

Each row is the only description of its command. Its `function` is imported when the command runs.
"""

from __future__ import annotations

from ant_cli.help.account_commands import AUTH, PROFILES
from ant_cli.help.apply_commands import APPLY_COMMANDS
from ant_cli.help.emulator_commands import EMULATOR
from ant_cli.help.help_commands import COMPLETION_COMMAND, HELP_COMMAND
from ant_cli.help.worker_commands import WORKER

SECTIONS = {
    "Work with the API": (WORKER, *APPLY_COMMANDS),
    "Log in, and switch between accounts": (AUTH, PROFILES),
    "Try and test without an account": (EMULATOR,),
    "Get help": (COMPLETION_COMMAND, HELP_COMMAND),
}
"""The tool commands, by the sections of the first help page. It lists the groups of the API before all of them."""
TOOL_COMMANDS = tuple(command for commands in SECTIONS.values() for command in commands)
