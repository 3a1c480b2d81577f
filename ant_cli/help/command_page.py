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
    parts = [f"**Usage:** {synopsis(command)}"]
    parts += [f"> {paragraph}" for paragraph in command.help.split("\n\n")]
    commands = [(item.path[-1], f"{item.summary}.") for item in command.subcommands]
    parts.append(section("Commands", commands))
    if command.operation is None:
        arguments = [(argument_name(param), param.help) for param in command.arguments]
        parts.append(section(ARGUMENTS, arguments))
    for title, flags in flag_sections(command).items():
        parts.append(section(title, map(flag_row, flags)))
    parts += [_global_flags(command), command.notes, examples(command.examples)]
    parts += _references(command)
    return "\n\n".join(filter(None, parts)) + "\n"


def section(title: str, rows: Iterable[tuple[str, str]]) -> str:
    """Return a section of terms and their meanings; empty without rows."""
    lines = [f"- `{term}`: {meaning}" for term, meaning in rows]
    return "\n".join([f"## {title}", *lines]) if lines else ""


def examples(listed: Iterable[Example]) -> str:
    """Return the section of the examples."""
    lines = ["## Examples"]
    for purpose, typed in listed:
        lines.append(f"  # {purpose}")
        lines += [f"  {line}" for line in fold(typed).split("\n")]
    return "\n".join(lines)


def fold(line: str) -> str:
    """Return a command line. If it is too long, it is broken with backslashes before flags and operators."""
    lines = [""]
    for part in re.split(r" (?=--|\||&&)", line):
        length = len(lines[-1]) + len(part)
        if not lines[-1]:
            lines[-1] = part
        elif length <= _MAX_EXAMPLE:
            lines[-1] += f" {part}"
        else:
            lines[-1] += " \\"
            lines.append(f"    {part}")
    return "\n".join(lines)


def synopsis(command: Command) -> str:
    """Return the usage line of a command."""
    words = ["ant", *command.path]
    if command.subcommands:
        words.append("COMMAND")
    words.append("[FLAGS]")
    words += map(argument_name, command.arguments)
    return " ".join(words)


def flag_sections(command: Command) -> dict[str, tuple[Param, ...]]:
    """Return the flags of a command by section: the required ones, those of the body, and the others."""
    operation = command.operation
    if operation is None:
        return {FLAGS: (*command.flags, HELP)}
    sections = dict[str, tuple[Param, ...]]()
    sections[REQUIRED] = tuple(param for param in command.flags if param.required)
    body = [field for field in operation.fields if field.location == "body"]
    sections[BODY] = tuple(field for field in body if field not in sections[REQUIRED])
    placed = (*sections[REQUIRED], *sections[BODY])
    others = [param for param in command.flags if param not in placed]
    sections[FLAGS] = (*others, HELP)
    return sections


def flag_row(param: Param) -> tuple[str, str]:
    """Return a flag as typed, and its help."""
    names = ", ".join(reversed(param.names))
    typed = f"{names} {param.metavar}"
    return typed.rstrip(), help_text(param)


def topic_page(topic: str) -> str:
    """Return the help page of a topic. In that on output, FORMATS stands for a line about each format."""
    if topic == "flags":
        rows = [flag_row(flag) for flag in GLOBAL_FLAGS if flag not in FEDERATION[1:]]
        return f"# {TOPICS[topic].removesuffix('.')}\n\n{section(GLOBAL, rows)}\n"
    formats = [f"    {row.name:<8} {row.help}\n" for row in FORMATS]
    text = text_of(f"topics/{topic}.md")
    return text.replace("    FORMATS\n", "".join(formats))


def _global_flags(command: Command) -> str:
    """Return which global flags a command takes; `ant help flags` describes them."""
    flags = [param.flag for param in command.global_flags]
    if not flags:
        return ""
    if len(flags) > len(_COMMON):
        flags = [flag for flag in _COMMON if flag in flags]
        flags.append("...")
    return f"**{GLOBAL}:** {', '.join(flags)} (`ant help flags`)"


def _references(command: Command) -> list[str]:
    if command.subcommands:
        return [f"More examples: ant {command.full_name} COMMAND --help"]
    if command.operation is None:
        return []
    topics = "ant help output, ant help lists"
    if command.operation.has_body:
        topics = "ant help input, ant help output"
    return [f"See also: {topics}, ant help exit-codes"]
