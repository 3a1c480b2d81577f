"""The pages of the reference in Markdown: headings, paragraphs, lists of `- `term`: text`, and indented code."""

from __future__ import annotations

import re
from collections.abc import Iterable

from ant_cli.argv import params_of
from ant_cli.commands.api import BODY, GLOBAL, OTHER, REQUIRED, panel_of
from ant_cli.commands.help import FOLDER, TOPICS, folded
from ant_cli.completion.vocabulary import HELP, Command, Flag, flag_of, global_flags
from ant_cli.spec import Operation

INTRODUCTION = "All commands of `ant`, with their flags. Written by `python -m ant_cli.completion`: don't edit it."


def reference(root: Command) -> str:
    """Return the whole reference as one text."""
    pages = [root_page(root), *(command_page(command) for command in below(root))]
    return "\n".join([page("Reference", INTRODUCTION), *map(demoted, [*pages, *map(topic, TOPICS)])])


def below(root: Command) -> list[Command]:
    """Return all commands that do something, in the order of the help pages."""
    return [command for command in root.walk() if command.path and not command.subcommands]


def root_page(root: Command) -> str:
    """Return the page of `ant` itself."""
    commands = [(command.words, command.summary + ".") for command in below(root)]
    return page(
        "ant",
        root.help,  # a sentence
        code("Synopsis", ["ant [FLAGS] COMMAND [FLAGS]"]),
        items("Commands", commands),
        items("Flags", map(described, root.flags)),
        items(GLOBAL, map(described, global_flags())),
    )


def command_page(command: Command) -> str:
    """Return the page of a command."""
    arguments = [(argument.name, argument.help) for argument in command.arguments]
    synopsis = " ".join(["ant", command.words, "[FLAGS]", *(f"[{name}]" for name, _ in arguments)])
    sections = operation_sections(command.operation) if command.operation else own_sections(command)
    return page(
        f"ant {command.words}",
        command.summary + ".",
        code("Synopsis", [synopsis]),
        text("Description", plain(command.help).removeprefix(command.summary + ".").strip()),
        items("Arguments", arguments),
        *sections,
    )


def operation_sections(operation: Operation) -> list[str]:
    """Return what is said of a command of the API: how it asks, its flags, and examples."""
    panels: dict[str, list[tuple[str, str]]] = {REQUIRED: [], BODY: [], OTHER: []}
    for param in params_of(operation):
        panels.setdefault(panel_of(param), []).append(described(flag_of(param)))
    del panels[GLOBAL]
    panels[OTHER].append(described(HELP))
    examples = [line for purpose, words in operation.examples for line in (f"# {purpose}", f"ant {folded(words)}")]
    return [
        code("Request", [f"{operation.method} {operation.path}"]),
        *(items(title, flags) for title, flags in panels.items()),
        text(GLOBAL, "They are on the page of `ant`."),
        code("Examples", examples),
        text(
            "Exit status",
            "0 if it worked; what the others say is on the page of `ant`, and in `ant help exit-codes`.",
        ),
    ]


def own_sections(command: Command) -> list[str]:
    """Return what is said of a command of our own."""
    return [items(OTHER, map(described, command.flags)), code("", command.epilog.strip("\b\n ").splitlines())]


def described(flag: Flag) -> tuple[str, str]:
    """Return a flag as it is typed, and what it is for."""
    names = ", ".join(reversed(flag.names)) if len(flag.names) == 2 else flag.names[0]
    words = flag.kind.split(" ")[1:]
    known = f" One of {', '.join(f'`{word}`' for word in words)}." if words else ""
    return f"{names} {flag.metavar}".strip(), flag.help + known


def topic(name: str) -> str:
    """Return the page of a topic of `ant help`."""
    return (FOLDER / f"{name}.md").read_text("utf-8")


# The text


def page(title: str, *parts: str) -> str:
    """Return a page: its title, and the parts that say something."""
    return "\n".join([f"# {title}\n", *(part.rstrip("\n") + "\n" for part in parts if part)])


def text(title: str, paragraphs: str) -> str:
    """Return a section of paragraphs; nothing if there are none."""
    return f"## {title}\n\n{paragraphs}" if paragraphs else ""


def items(title: str, pairs: Iterable[tuple[str, str]]) -> str:
    """Return a section that is a list of terms; nothing if it is empty."""
    lines = [f"- `{term}`: {' '.join(meaning.split())}" for term, meaning in pairs]
    return "\n".join([f"## {title}\n", *lines]) if lines else ""


def code(title: str, lines: list[str]) -> str:
    """Return a section of lines as they are typed; nothing if there are none."""
    head = [f"## {title}\n"] if title else []
    return "\n".join([*head, *("    " + line.replace("\n", "\n    ") for line in lines)]) if lines else ""


def plain(help_text: str) -> str:
    """Return the text of a help page as paragraphs, each on one line."""
    return "\n\n".join(" ".join(part.split()) for part in help_text.split("\n\n"))


def demoted(chapter: str) -> str:
    """Return a page as a chapter: its headings one level lower."""
    return re.sub(r"^#(?=#* )", "##", chapter, flags=re.MULTILINE)
