"""The tree of commands, as Typer has it: the help pages of the API's commands, and the commands of our own.

Only the branch that is asked for is built.
"""

from __future__ import annotations

import contextlib
import importlib
import io
from collections.abc import Sequence
from typing import Annotated

import typer

from ant_cli import __version__
from ant_cli.commands import api
from ant_cli.errors import UnknownWord, UsageError, see_help
from ant_cli.operations import GROUPS
from ant_cli.streams import Process

OWN_COMMANDS: dict[str, tuple[str, str]] = {}
"""The commands that call no endpoint: the module of each, whose Typer tree is its `app`, and the summary."""
SETTINGS = {"help_option_names": ["--help", "-h"]}
SUMMARY = "The Managed Agents environments API at the command line."


def run_app(words: Sequence[str], process: Process) -> None:
    """Show a help page, or run one of our own commands.

    Raises:
        UsageError: for words that make no sense.
        AntError: as the command does.

    """
    names = [*GROUPS, *OWN_COMMANDS]
    if words and words[0] not in names and not words[0].startswith("-"):
        raise UnknownWord("command", words[0], names, "Run `ant --help` to see the commands.")
    on_terminal = process.stdout.is_terminal
    app = build(words, on_terminal=on_terminal)
    page = io.StringIO()
    with contextlib.nullcontext() if on_terminal else contextlib.redirect_stdout(page):
        try:
            app(list(words), prog_name="ant", standalone_mode=False, obj=process)
        except typer.TyperException as error:
            raise UsageError(error.format_message(), see_help(" ".join(words[:1]))) from None
    if page.getvalue():
        process.stdout.write(page.getvalue().encode())


def build(words: Sequence[str], *, on_terminal: bool) -> typer.Typer:
    """Return the tree, with the commands of the branch that the words name; rich is for terminals only."""
    app = typer.Typer(
        help=SUMMARY,
        add_completion=False,
        context_settings=SETTINGS,
        rich_markup_mode="rich" if on_terminal else None,
        pretty_exceptions_enable=False,
    )
    app.callback(invoke_without_command=True)(root)
    for group, summary in GROUPS.items():
        branch = typer.Typer(rich_markup_mode="rich" if on_terminal else None, context_settings=SETTINGS)
        branch.callback(invoke_without_command=True, help=summary)(show_help)
        if words and words[0] == group:
            api.add_group(branch, group)
        app.add_typer(branch, name=group)
    for name, (module, summary) in OWN_COMMANDS.items():
        own = importlib.import_module(module).app if words and words[0] == name else typer.Typer()
        app.add_typer(own, name=name, help=summary)
    return app


def root(
    ctx: typer.Context, *, version: Annotated[bool, typer.Option("--version", help="Show the version.")] = False
) -> None:
    """Show the version, or the help page if there is nothing to do."""
    if version:
        typer.echo(f"ant {__version__}")
    else:
        show_help(ctx)


def show_help(ctx: typer.Context) -> None:
    """Show the help page of a group that was named alone."""
    if ctx.invoked_subcommand is None:
        typer.echo(ctx.get_help())
