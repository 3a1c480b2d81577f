"""The tool commands as data: those that call no endpoint of the API.

Each row is the only description of its command. Its `function` is imported when the command runs.
"""

from __future__ import annotations

from ant_cli.help.account_commands import AUTH, PROFILES
from ant_cli.help.apply_commands import APPLY_COMMANDS
from ant_cli.help.emulator_commands import EMULATOR
from ant_cli.help.tool_rows import tool
from ant_cli.help.topics import TOPICS
from ant_cli.help.worker_commands import WORKER
from ant_cli.operations.spec import Param
from ant_cli.operations.value_kinds import ValueKind

SECTION = "Get help"
SHELLS = ("bash", "zsh", "fish", "powershell")
"""The shells for which there is a completion script."""

_COMPLETION = tool(
    "completion",
    "Print a shell completion script.",
    "completion:completion",
    ("bash: in ~/.bashrc", 'eval "$(ant completion bash)"'),
    ("zsh: in ~/.zshrc, after compinit", "source <(ant completion zsh)"),
    ("fish: in ~/.config/fish/config.fish", "ant completion fish | source"),
    ("PowerShell: in $PROFILE", "ant completion pwsh | Out-String | Invoke-Expression"),
    arguments=(
        Param(
            "shell",
            "setting",
            str,
            f"{', '.join(SHELLS)}, or pwsh.",
            required=True,
            choices=SHELLS,
            completes=ValueKind.CHOICE,
        ),
    ),
)._replace(section=SECTION, notes="Add the line for your shell to its start-up file, and open a new shell.")

HELP_COMMAND = tool(
    "help",
    "Show help on a topic, or on a command.",
    "help:show_help",
    ("a topic", "ant help exit-codes"),
    ("a command", "ant help beta:environments create"),
    arguments=(Param("topic", "setting", list, "A topic, or a command.", value_name="TOPIC | COMMAND"),),
)._replace(section=SECTION, notes=f"Topics: {', '.join(TOPICS)}")

TOOL_COMMANDS = (WORKER, *APPLY_COMMANDS, AUTH, PROFILES, EMULATOR, _COMPLETION, HELP_COMMAND)
