"""The tree of commands, as Typer has it: the help pages of the API's commands, and the commands of our own.

Only the branch that is asked for is built.
"""

from __future__ import annotations

import contextlib
import importlib
import io
from collections.abc import Sequence
from itertools import takewhile
from typing import Annotated

import typer

from ant_cli import __version__
from ant_cli.argv import HELP_FLAGS
from ant_cli.commands.help import words_for
from ant_cli.commands.typer_pages import SETTINGS, GroupPage, group_of_commands, reworded, show_help
from ant_cli.errors import INTERRUPTED, UnknownWord
from ant_cli.help import layout, topics
from ant_cli.help import operation_pages as api
from ant_cli.help.suggest import meant
from ant_cli.operations import GROUPS
from ant_cli.output.terminal import detect_style
from ant_cli.runtime import Runtime

OWN_COMMANDS: dict[str, tuple[str, str]] = {
    "auth": ("ant_cli.commands.auth", "Log in, log out, and see which key is used and why."),
    "profile": ("ant_cli.commands.profile", "Keep keys and settings under names."),
    "emulator": (
        "ant_cli.commands.emulator_control",
        "An emulator of the API on this machine, served or in the process.",
    ),
    "completion": ("ant_cli.commands.completion", "Make the tab key complete commands, flags and IDs."),
    "help": ("ant_cli.commands.help", "Show help on a topic, or on a command."),
}
"""The commands that call no endpoint: the module of each, whose Typer tree is its `app`, and the summary."""
EXAMPLES = (
    ("try it here, without an account", "ant --local beta:environments create --name demo"),
    ("the environments of your organization", "ant beta:environments list"),
    ("their IDs and names, for a script", "ant beta:environments list --transform '{id,name}' --format jsonl"),
)
SUMMARY = "The Managed Agents environments API at the command line."


def run_app(words: Sequence[str], runtime: Runtime) -> None:
    """Show a help page, or run one of our own commands.

    Raises:
        UsageError: for words that make no sense.
        AntError: as the command does.

    """
    style = detect_style(runtime)
    names = [*GROUPS, *OWN_COMMANDS]
    if words and words[0] == "@completion":  # as the official tool spells it
        words = ["completion", *words[1:]]
    if words and words[0] == "help":
        words = words_for(words[1:], names)
        if words[0] in topics.TOPICS:
            runtime.stdout.write(topics.shown(words[0], style).encode(), escape=False)
            return
    if words and words[0] not in names and not words[0].startswith("-"):
        raise unknown_command(words, names)
    is_page = len(words) < 2 or any(word in HELP_FLAGS for word in words)
    page = io.StringIO()
    with contextlib.redirect_stdout(page) if is_page or style is None else contextlib.nullcontext():
        call(build(words, layout.page_width(style)), words, runtime)
    if page.getvalue():
        runtime.stdout.write(layout.painted(page.getvalue(), style).encode(), escape=False)


def unknown_command(words: Sequence[str], names: Sequence[str]) -> UnknownWord:
    """Return the error of a first word that names nothing."""
    whole = meant(words)
    similar = [] if whole else [*names, "--version"]
    return UnknownWord("command", words[0], similar, f"{whole}Run `ant --help` to see the commands.")


def call(app: typer.Typer, words: Sequence[str], runtime: Runtime) -> None:
    """Run the command that the words name in the tree."""
    try:
        status = app(list(words), prog_name="ant", standalone_mode=False, obj=runtime)
    except typer.TyperException as error:
        raise reworded(error, " ".join(takewhile(is_name, words[:2]))) from None
    except SystemExit:  # Typer's way with a pipe that nobody reads any more
        raise BrokenPipeError from None
    if status == INTERRUPTED:  # Typer takes an interrupt for a result
        raise KeyboardInterrupt


def is_name(word: str) -> bool:
    """Whether a word is no flag."""
    return not word.startswith("-")


def build(words: Sequence[str], width: int = layout.WIDTH) -> typer.Typer:
    """Return the tree, with the commands of the branch that the words name, and help pages of this width."""
    app = typer.Typer(
        cls=GroupPage,
        help=SUMMARY,
        epilog=epilog(),
        add_completion=False,
        context_settings={**SETTINGS, "terminal_width": width},
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
    )
    app.callback(invoke_without_command=True)(root)
    for group, summary in GROUPS.items():
        branch = group_of_commands(group, api.group_epilog(group))
        if words and words[0] == group:
            api.add_group(branch, group)
        app.add_typer(branch, help=summary, short_help=summary)
    for name, (module, summary) in OWN_COMMANDS.items():
        own = importlib.import_module(module).app if words and words[0] == name else typer.Typer()
        app.add_typer(own, name=name, help=summary, short_help=summary)
    return app


def epilog() -> str:
    """Return what stands below the commands: examples, and the topics of help."""
    about = layout.section("Topics, shown by ant help TOPIC", list(topics.TOPICS.items()))
    return f"{layout.examples(EXAMPLES)}\n\n{about}\n\nFlags and more examples: ant COMMAND --help"


def root(
    ctx: typer.Context,
    *,
    version: Annotated[bool, typer.Option("--version", "-v", help="Show the version.")] = False,
) -> None:
    """Show the version, or the help page if there is nothing to do."""
    if version:
        typer.echo(f"ant {__version__}")
    else:
        show_help(ctx)
