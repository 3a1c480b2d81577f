"""The pages of the reference in Markdown: headings, paragraphs, lists of `- `term`: text`, and indented code."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from textwrap import indent

from ant_cli.argv import params_of
from ant_cli.commands.typer_pages import ARGUMENTS, BODY, GLOBAL, OTHER, REQUIRED
from ant_cli.help.catalog import HELP, Command, Flag, flag_of, global_flags
from ant_cli.help.layout import Example, folded
from ant_cli.help.operation_pages import panel_of
from ant_cli.help.topics import TOPICS, text_of
from ant_cli.operations.spec import Operation

INTRODUCTION = "All commands of `ant`, with their flags. Written by `python -m ant_cli.generate`: don't edit it."
WHERE_GLOBAL = "See the page of `ant`."
EXIT_STATUS = "0 on success; the page of `ant` and `ant help exit-codes` list the others."


def reference(root: Command) -> str:
    """Return the whole reference as one text."""
    pages = [root_page(root), *map(command_page, below(root)), *map(topic, TOPICS)]
    return "\n".join([page("Reference", INTRODUCTION), *map(demoted, pages)])


def below(root: Command) -> list[Command]:
    """Return all commands and groups, in the order of the help pages."""
    return [command for command in root.walk() if command.path]


def root_page(root: Command) -> str:
    """Return the page of `ant` itself."""
    return page(
        "ant",
        root.help,  # a sentence
        code("Synopsis", ["ant [FLAGS] COMMAND [FLAGS]"]),
        commands(command for command in below(root) if not command.subcommands),
        items("Flags", map(described, root.flags)),
        items(GLOBAL, map(described, global_flags())),
        examples(root.examples),
        items("Topics", ((f"ant help {name}", summary) for name, summary in TOPICS.items())),
    )


def command_page(command: Command) -> str:
    """Return the page of a command, or of a group of them."""
    return page(
        f"ant {command.words}",
        command.summary + ".",
        code("Synopsis", [synopsis(command)]),
        text("Description", plain(command.help).removeprefix(command.summary + ".").strip()),
        items(ARGUMENTS, [(argument.name.strip("[]"), argument.help) for argument in command.arguments]),
        commands(command.subcommands),
        *(operation_sections(command.operation) if command.operation else own_sections(command)),
        examples(command.examples),
        text("Exit status", EXIT_STATUS if command.operation else ""),
    )


def synopsis(command: Command) -> str:
    """Return how a command is typed."""
    names = ["COMMAND"] if command.subcommands else []
    return " ".join(["ant", command.words, *names, "[FLAGS]", *(item.name for item in command.arguments)])


def operation_sections(operation: Operation) -> list[str]:
    """Return the sections of a command of the API: its request, and its flags."""
    panels: dict[str, list[tuple[str, str]]] = {REQUIRED: [], BODY: [], OTHER: []}
    for param in params_of(operation):
        panels.setdefault(panel_of(param), []).append(described(flag_of(param)))
    del panels[GLOBAL]
    panels[OTHER].append(described(HELP))
    return [
        code("Request", [f"{operation.method} {operation.path}"]),
        *(items(title, flags) for title, flags in panels.items()),
        text(GLOBAL, WHERE_GLOBAL),
    ]


def own_sections(command: Command) -> list[str]:
    """Return the sections of a command of our own, or a group: its flags, and its notes."""
    shared = {flag.names[0] for flag in global_flags()}
    return [
        items(OTHER, [described(flag) for flag in command.flags if flag.names[0] not in shared]),
        items(GLOBAL, [described(flag) for flag in command.flags if flag.names[0] in shared]),
        text(GLOBAL, WHERE_GLOBAL if command.takes_global_flags else ""),
        code("Notes", command.notes.splitlines()),
    ]


def commands(found: Iterable[Command]) -> str:
    """Return a section of commands."""
    return items("Commands", ((f"ant {command.words}", command.summary + ".") for command in found))


def described(flag: Flag) -> tuple[str, str]:
    """Return a flag as it is typed, and what it is for."""
    names = ", ".join(reversed(flag.names)) if len(flag.names) == 2 else flag.names[0]
    words = flag.kind.split(" ")[1:]
    known = f" One of {', '.join(f'`{word}`' for word in words)}." if words and "One of" not in flag.help else ""
    return f"{names} {flag.metavar}".strip(), flag.help + known


def topic(name: str) -> str:
    """Return the page of a topic of `ant help`."""
    introduction, _, sections = text_of(name).partition("\n\n")[2].partition("## ")
    return page(f"ant help {name}", TOPICS[name], text("Description", introduction), f"## {sections}")


# The text


def page(title: str, *parts: str) -> str:
    """Return a page: its title, and the parts that are not empty."""
    return "\n".join([f"# {title}\n", *(part.rstrip("\n") + "\n" for part in parts if part)])


def text(title: str, paragraphs: str) -> str:
    """Return a section of paragraphs; nothing if there are none."""
    return f"## {title}\n\n{paragraphs}" if paragraphs else ""


def items(title: str, pairs: Iterable[tuple[str, str]]) -> str:
    """Return a section that is a list of terms; nothing if it is empty."""
    lines = [f"- `{term}`: {' '.join(meaning.split())}" for term, meaning in pairs]
    return "\n".join([f"## {title}\n", *lines]) if lines else ""


def code(title: str, lines: Sequence[str]) -> str:
    """Return a section of lines as they are typed; nothing if there are none."""
    block = indent("\n".join(lines), "    ")
    return f"## {title}\n\n{block}" if lines else ""


def examples(found: Iterable[Example]) -> str:
    """Return the section of the examples."""
    return code("Examples", [line for purpose, words in found for line in (f"# {purpose}", folded(words))])


def plain(help_text: str) -> str:
    """Return the text of a help page as paragraphs, each on one line."""
    return "\n\n".join(" ".join(part.split()) for part in help_text.split("\n\n"))


def demoted(chapter: str) -> str:
    """Return a page as a chapter: its headings one level lower."""
    return re.sub(r"^#(?=#* )", "##", chapter, flags=re.MULTILINE)
