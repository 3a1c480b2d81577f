"""The pages of `ant help`: commands and topics as Markdown.

In the files of topics, # marks the title and ## a section.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from ant_cli.help.command_row import HELP, Command, argument_name, help_text
from ant_cli.help.contents import TOPICS, text_of
from ant_cli.operations.formats import FORMATS
from ant_cli.operations.spec import Example, Param
from ant_cli.settings.rows import FEDERATION, GLOBAL_FLAGS

REQUIRED = "Required, also from stdin or --file"
BODY = "Fields, also from stdin or --file"
ARGUMENTS = "Arguments"
FLAGS = "Flags"
GLOBAL = "Global flags"
_COMMON = ("--format", "--transform", "--profile", "--local")
"""The global flags to name if a command takes more of them."""
_MAX_EXAMPLE = 72


def command_page(command: Command) -> str:
    """Return the help page of a command, or of a group."""
    arguments = ((argument_name(param), param.help) for param in command.arguments)
    parts = [
        f"**Usage:** {synopsis(command)}",
        "\n\n".join(f"> {paragraph}" for paragraph in command.help.split("\n\n")),
        section("Commands", ((item.path[-1], item.summary + ".") for item in command.subcommands)),
        "" if command.operation else section(ARGUMENTS, arguments),
        *(section(title, map(flag_row, flags)) for title, flags in flag_sections(command).items()),
        _global_flags(command),
        command.notes,
        examples(command.examples),
        *_references(command),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def section(title: str, rows: Iterable[tuple[str, str]]) -> str:
    """Return a section of terms and their meanings; empty without rows."""
    lines = [f"- `{term}`: {meaning}" for term, meaning in rows]
    return "\n".join([f"## {title}", *lines]) if lines else ""


def examples(listed: Iterable[Example]) -> str:
    """Return the section of the examples."""
    lines = [
        line for purpose, typed in listed for line in (f"# {purpose}", *fold(typed).split("\n"))
    ]
    return "\n".join(["## Examples", *("  " + line for line in lines)])


def fold(line: str) -> str:
    """Return a command line. If it is too long, it is broken with backslashes before flags and operators."""
    lines = [""]
    for part in re.split(r" (?=--|\||&&)", line):
        if len(lines[-1]) + len(part) > _MAX_EXAMPLE and lines[-1]:
            lines[-1] += " \\"
            lines.append("    " + part)
        else:
            lines[-1] += f" {part}" if lines[-1] else part
    return "\n".join(lines)


def synopsis(command: Command) -> str:
    """Return the usage line of a command."""
    names = ["COMMAND"] if command.subcommands else []
    return " ".join(
        ["ant", *command.path, *names, "[FLAGS]", *map(argument_name, command.arguments)]
    )


def flag_sections(command: Command) -> dict[str, tuple[Param, ...]]:
    """Return the flags of a command by section: the required ones, those of the body, and the others."""
    operation = command.operation
    required = tuple(param for param in command.flags if operation and param.required)
    fields = operation.fields if operation else ()
    body = tuple(field for field in fields if field.location == "body" and field not in required)
    others = tuple(param for param in command.flags if param not in (*required, *body))
    return {REQUIRED: required, BODY: body, FLAGS: (*others, HELP)}


def flag_row(param: Param) -> tuple[str, str]:
    """Return a flag as typed, and its help."""
    return f"{', '.join(reversed(param.names))} {param.metavar}".rstrip(), help_text(param)


def topic_page(topic: str) -> str:
    """Return the help page of a topic. In that on output, FORMATS stands for a line about each format."""
    if topic == "flags":
        rows = [flag_row(flag) for flag in GLOBAL_FLAGS if flag not in FEDERATION[1:]]
        return f"# {TOPICS[topic].removesuffix('.')}\n\n{section(GLOBAL, rows)}\n"
    return text_of(f"topics/{topic}.md").replace(
        "    FORMATS\n", "".join(f"    {row.name:<8} {row.help}\n" for row in FORMATS)
    )


def _global_flags(command: Command) -> str:
    """Return which global flags a command takes; `ant help flags` describes them."""
    flags = [param.flag for param in command.global_flags]
    if len(flags) > len(_COMMON):
        flags = [*(flag for flag in _COMMON if flag in flags), "..."]
    return f"**{GLOBAL}:** {', '.join(flags)} (`ant help flags`)" if flags else ""


def _references(command: Command) -> list[str]:
    if command.subcommands:
        return [f"More examples: ant {command.full_name} COMMAND --help"]
    if command.operation:
        topics = (
            "ant help input, ant help output"
            if command.operation.has_body
            else "ant help output, ant help lists"
        )
        return [f"See also: {topics}, ant help exit-codes"]
    return []
