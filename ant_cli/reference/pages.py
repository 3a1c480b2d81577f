"""The files of the reference: one in Markdown, and a manual page for `ant` and for each command."""

from __future__ import annotations

import re

from ant_cli.commands.help import TOPICS
from ant_cli.completion.vocabulary import Command
from ant_cli.reference.markdown import below, command_page, demoted, reference, root_page, topic
from ant_cli.reference.roff import manual_page

IN_ROOT = ("exit-codes", "environment")
"""The topics that `man ant` has, because that is where one looks for them."""


def pages(root: Command) -> dict[str, str]:
    """Return the text of each file, by its path below this folder."""
    commands = below(root)
    whole = "\n".join([root_page(root), *(demoted(topic(name)) for name in IN_ROOT)])
    others = ", ".join(f"`{name_of(command)}`(1)" for command in commands)
    names = ", ".join(f"`ant help {name}`" for name in TOPICS)
    found = {"man/ant.1": manual_page("ant", whole, f"{others}; {names}")}
    for command in commands:
        name = name_of(command)
        found[f"man/{name}.1"] = manual_page(name, command_page(command), f"`ant`(1); {names}")
    return found | {"reference.md": reference(root)}


def name_of(command: Command) -> str:
    """Return the name of a command's manual page."""
    return re.sub(r"[ :]", "-", f"ant {command.words}")
