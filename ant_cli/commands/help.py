"""`ant help`: a topic, or another way to ask for the help page of a command."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import typer

from ant_cli.commands.typer_pages import SETTINGS, GroupPage
from ant_cli.errors import UnknownWord
from ant_cli.help.suggest import meant
from ant_cli.help.tool_pages import end_of
from ant_cli.help.topics import TOPICS
from ant_cli.operations import GROUPS, of_group

app = typer.Typer(rich_markup_mode=None, subcommand_metavar="", context_settings=SETTINGS)

Words = Annotated[list[str] | None, typer.Argument(metavar="[TOPIC | COMMAND]", hidden=True)]


@app.callback(cls=GroupPage, invoke_without_command=True, epilog=end_of("help"))
def show(words: Words = None) -> None:
    """Show help on a topic, or on a command."""


def words_for(words: Sequence[str], commands: Sequence[str]) -> list[str]:
    """Return the command line that `ant help WORDS` stands for; a topic stands for itself.

    Raises:
        UnknownWord: if it is neither.

    """
    if not words:
        return ["--help"]
    names = [word for word in words if not word.startswith("-") and word != "help"]
    if not names:
        return ["help", "--help"]
    if names[0] in TOPICS:
        return names[:1]
    if names[0] not in commands:
        raise UnknownWord("topic or command", names[0], [*TOPICS, *commands], meant(names) + topics_hint())
    if names[0] in GROUPS and names[1:]:
        known = [operation.name for operation in of_group(names[0])]
        if names[1] not in known:
            raise UnknownWord(f"command of {names[0]}:", names[1], known, topics_hint(names[0]))
    return [*names, "--help"]


def topics_hint(group: str = "") -> str:
    """Return a hint that names the topics, and the page that lists the commands, or those of a group."""
    return f"The topics are: {', '.join(TOPICS)}. Run `{f'ant help {group}'.strip()}` to see the commands."
