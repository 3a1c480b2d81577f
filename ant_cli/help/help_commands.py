"""The rows of `ant completion` and `ant help`."""

from __future__ import annotations

from ant_cli.help.command_row import argument, arguments, tool
from ant_cli.help.contents import TOPICS

SHELLS = ("bash", "zsh", "fish", "powershell")
"""The shells for which there is a completion script."""

COMPLETION_COMMAND = tool(
    "completion",
    "Print a shell completion script.",
    "help:completion",
    ("bash: in ~/.bashrc", 'eval "$(ant completion bash)"'),
    ("zsh: in ~/.zshrc, after compinit", "source <(ant completion zsh)"),
    ("fish: in ~/.config/fish/completions/ant.fish, a new file", "ant completion fish | source"),
    ("PowerShell: in $PROFILE", "ant completion pwsh | Out-String | Invoke-Expression"),
    arguments=(argument("shell", f"{', '.join(SHELLS)}, or pwsh.", "choices", choices=SHELLS),),
    notes="Add the line for your shell to its start-up file, and open a new shell.",
)

HELP_COMMAND = tool(
    "help",
    "Show help on a topic, or on a command.",
    "help:show_help",
    ("a topic", "ant help exit-codes"),
    ("a command", "ant help beta:environments create"),
    arguments=(
        arguments("topic", f"A command, or a topic: {', '.join(TOPICS)}.", "TOPIC | COMMAND", completes=None),
    ),
)
