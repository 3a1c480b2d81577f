"""The tool commands as data: those that call no endpoint of the API.

Each row is the only description of its command. Its `function` is imported when the command runs.
"""

from __future__ import annotations

from ant_cli.help.account_commands import AUTH, PROFILES
from ant_cli.help.apply_commands import APPLY_COMMANDS
from ant_cli.help.emulator_commands import EMULATOR
from ant_cli.help.help_commands import COMPLETION_COMMAND, HELP_COMMAND
from ant_cli.help.worker_commands import WORKER

TOOL_COMMANDS = (WORKER, *APPLY_COMMANDS, AUTH, PROFILES, EMULATOR, COMPLETION_COMMAND, HELP_COMMAND)
