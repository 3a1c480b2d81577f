"""`ant completion`: the script that makes the tab key work in a shell."""

from __future__ import annotations

from typing import Annotated

import typer

from ant_cli.commands.typer_pages import SETTINGS, GroupPage
from ant_cli.errors import UnknownWord
from ant_cli.help.catalog import SHELLS, vocabulary
from ant_cli.help.tool_pages import end_of
from ant_cli.runtime import Runtime

SPELLINGS = {"pwsh": "powershell"}

app = typer.Typer(rich_markup_mode=None, context_settings=SETTINGS)


@app.callback(cls=GroupPage, invoke_without_command=True, subcommand_metavar="", epilog=end_of("completion"))
def completion(
    ctx: typer.Context,
    shell: Annotated[str, typer.Argument(metavar="SHELL", help=f"{', '.join(SHELLS)}, or pwsh.")],
) -> None:
    """Print the completion script of a shell."""
    from ant_cli.completion.scripts import script  # here, because a help page needs none of the shells

    runtime: Runtime = ctx.obj
    name = SPELLINGS.get(shell, shell)
    if name not in SHELLS:
        raise UnknownWord("shell", shell, [*SHELLS, *SPELLINGS], f"The shells are: {', '.join(SHELLS)}.")
    runtime.stdout.write(script(name, vocabulary()).encode())
