"""The pages of the reference in Markdown: headings, paragraphs, lists of `- `term`: text`, and indented code."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from textwrap import indent

from ant_cli.help.command_row import HELP, VERSION, Command, Example
from ant_cli.help.layout import fold
from ant_cli.help.pages import ARGUMENTS, FLAGS, GLOBAL, flag_row, flag_sections, synopsis
from ant_cli.help.topics import TOPICS, text_of
from ant_cli.operations.global_flags import GLOBAL_FLAGS
from ant_cli.operations.spec import Param

_INTRODUCTION = "All commands of `ant`, with their flags. Written by `python docs/generate.py`: don't edit it."
_WHERE_GLOBAL = "See the page of `ant`."
_EXIT_STATUS = "0 on success; the page of `ant` and `ant help exit-codes` list the others."


def reference(root: Command) -> str:
    """Return the whole reference as one text."""
    pages = [root_page(root), *map(command_page, below(root)), *map(topic, TOPICS)]
    return "\n".join([page("Reference", _INTRODUCTION), *map(demoted, pages)])


def below(root: Command) -> list[Command]:
    """Return all commands and groups, in the order of the help pages."""
    return [command for command in root.walk() if command.path]


def root_page(root: Command) -> str:
    """Return the page of `ant` itself."""
    return page(
        "ant",
        root.help,
        code("Synopsis", [synopsis(root)]),
        commands(command for command in below(root) if not command.subcommands),
        items(FLAGS, map(flag_row, (HELP, VERSION))),
        items(GLOBAL, map(flag_row, GLOBAL_FLAGS)),
        examples(root.examples),
        items("Topics", ((f"ant help {name}", summary) for name, summary in TOPICS.items())),
    )


def command_page(command: Command) -> str:
    """Return the page of a command, or of a group of them."""
    operation = command.operation
    return page(
        f"ant {command.full_name}",
        command.summary + ".",
        code("Synopsis", [synopsis(command)]),
        text("Description", plain(command.help).removeprefix(command.summary + ".").strip()),
        items(ARGUMENTS, map(_argument_item, command.arguments)),
        commands(command.subcommands),
        code("Request", [f"{operation.method} {operation.path}"]) if operation else "",
        *(items(section.title, map(flag_row, section.flags)) for section in flag_sections(command)),
        global_flags(command),
        code("Notes", command.notes.splitlines()),
        examples(command.examples),
        text("Exit status", _EXIT_STATUS if operation else ""),
    )


def _argument_item(param: Param) -> tuple[str, str]:
    """Return an argument as an item of a list."""
    return param.value_name or param.name.upper(), param.help


def global_flags(command: Command) -> str:
    """Return the section of the global flags of a command."""
    if command.takes_all_global_flags:
        return text(GLOBAL, _WHERE_GLOBAL)
    return items(GLOBAL, map(flag_row, command.global_flags))


def commands(listed: Iterable[Command]) -> str:
    """Return a section of commands."""
    return items("Commands", ((f"ant {command.full_name}", command.summary + ".") for command in listed))


def topic(name: str) -> str:
    """Return the page of a topic of `ant help`."""
    if name == "flags":
        return page("ant help flags", TOPICS[name], items(GLOBAL, map(flag_row, GLOBAL_FLAGS)))
    introduction, _, sections = text_of(name).partition("\n\n")[2].partition("## ")
    return page(f"ant help {name}", TOPICS[name], text("Description", introduction), f"## {sections}")


# The text


def page(title: str, *parts: str) -> str:
    """Return a page: its title, and its nonempty parts."""
    return "\n".join([f"# {title}\n", *(part.rstrip("\n") + "\n" for part in parts if part)])


def text(title: str, paragraphs: str) -> str:
    """Return a section of paragraphs; empty without text."""
    return f"## {title}\n\n{paragraphs}" if paragraphs else ""


def items(title: str, pairs: Iterable[tuple[str, str]]) -> str:
    """Return a section with a list of terms; nothing if the list is empty."""
    lines = [f"- `{term}`: {' '.join(meaning.split())}" for term, meaning in pairs]
    return "\n".join([f"## {title}\n", *lines]) if lines else ""


def code(title: str, lines: Sequence[str]) -> str:
    """Return a section with a code block; empty without lines."""
    block = indent("\n".join(lines), "    ")
    return f"## {title}\n\n{block}" if lines else ""


def examples(listed: Iterable[Example]) -> str:
    """Return the section of the examples."""
    return code("Examples", [line for purpose, typed in listed for line in (f"# {purpose}", fold(typed))])


def plain(help_text: str) -> str:
    """Return the text of a help page as paragraphs, each on one line."""
    return "\n\n".join(" ".join(part.split()) for part in help_text.split("\n\n"))


def demoted(chapter: str) -> str:
    """Return a page as a chapter: its headings one level lower."""
    return re.sub(r"^#(?=#* )", "##", chapter, flags=re.MULTILINE)
