"""The files of the reference: one in Markdown, and a manual page for `ant`, each command, group and topic."""

from __future__ import annotations

import re
from collections.abc import Iterable

from ant_cli.help.command_row import Command
from ant_cli.help.markdown import below, command_page, demoted, reference, root_page, topic
from ant_cli.help.roff import manual_page
from ant_cli.help.topics import TOPICS, text_of

_IN_ROOT = ("exit-codes", "environment")
"""The topics that `man ant` also contains, because people look for them there."""


def pages(root: Command) -> dict[str, str]:
    """Return the text of each file, by its path below this folder."""
    others = {name_of(command.full_name): command_page(command) for command in below(root)}
    others |= {name_of(name): topic(name) for name in TOPICS}
    whole = "\n".join([root_page(root), *(demoted(text_of(name)) for name in _IN_ROOT)])
    texts = {manual("ant"): manual_page("ant", whole, references(others))}
    for name, text in others.items():
        texts[manual(name)] = manual_page(name, text, references(["ant", *map(name_of, TOPICS)]))
    return texts | {"reference.md": reference(root)}


def name_of(full_name: str) -> str:
    """Return the name of the manual page of a command, or a topic."""
    return re.sub(r"[ :]", "-", f"ant {full_name}")


def manual(name: str) -> str:
    """Return the path of a manual page."""
    return f"man/{name}.1"


def references(names: Iterable[str]) -> str:
    """Return references to manual pages, as `man` shows them."""
    return ", ".join(f"`{name}`(1)" for name in names)
