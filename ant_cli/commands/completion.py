"""`ant completion`: the script that makes the tab key work in a shell."""

from __future__ import annotations

from typing import Annotated

import typer

from ant_cli.errors import UnknownWord
from ant_cli.streams import Process

SHELLS = ("bash", "zsh", "fish", "powershell")
SPELLINGS = {"pwsh": "powershell"}
HOW_TO_INSTALL = r"""
Put this where your shell starts, and open a new shell:
  bash        eval "$(ant completion bash)"         # in ~/.bashrc
  zsh         source <(ant completion zsh)          # in ~/.zshrc, after compinit
  fish        ant completion fish | source          # in ~/.config/fish/config.fish
  PowerShell  ant completion pwsh | Out-String | Invoke-Expression    # in $PROFILE
"""

app = typer.Typer(rich_markup_mode=None, context_settings={"help_option_names": ["--help", "-h"]})


@app.callback(invoke_without_command=True, subcommand_metavar="", epilog=HOW_TO_INSTALL)
def completion(
    ctx: typer.Context,
    shell: Annotated[str, typer.Argument(metavar="SHELL", help=f"{', '.join(SHELLS)}, or pwsh.")],
) -> None:
    """Print the completion script of a shell."""
    from ant_cli.completion.scripts import script  # here, because they are made of all commands
    from ant_cli.completion.vocabulary import vocabulary

    process: Process = ctx.obj
    name = SPELLINGS.get(shell, shell)
    if name not in SHELLS:
        raise UnknownWord("shell", shell, [*SHELLS, *SPELLINGS], f"The shells are: {', '.join(SHELLS)}.")
    process.stdout.write(script(name, vocabulary()).encode())
