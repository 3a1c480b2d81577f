"""The completion scripts: the catalog, written into the template of each shell.

A template has all of the shell's logic. `@TABLE NAME@` in it is replaced by the rows of that table, in the syntax
of that shell. The tables are the same for every shell.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from ant_cli.completion.scripts import FILES
from ant_cli.help.command_row import HELP, Command, first_sentence
from ant_cli.help.contents import TOPICS
from ant_cli.operations.spec import Field, Param

_HELP = "help"
_ANY = "*"
"""A pattern for any command, and for the positions of an argument that may be repeated."""
_KINDS_BY_NAME = {"file": "file", "identity_token_file": "file", "profile": "profile"}
_KINDS_BY_TYPE = {bool: "boolean", int: "free", float: "free"}


# The tables, before the quoting of a shell


_Choice = tuple[str, str]
"""What may be typed, and its description."""


class _Row(NamedTuple):
    """What a table says of flags, or of the argument at a position."""

    command: str
    """`_ANY` for any command; empty for `ant` itself."""
    names: tuple[str, ...]
    text: str
    """A kind of value, as `kind_name` returns it, or a description."""


def kind_name(param: Param) -> str:
    """Return the kind of a parameter's value for the scripts, with its choices or the name of its ID.

    It follows from the row, or else from its choices, place, name or type.
    """
    kind: str | None = param.completes or _KINDS_BY_NAME.get(param.name)
    if not kind and param.choices:
        return " ".join(("choices", *param.choices))
    if not kind and isinstance(param, Field):
        kind = "id" if param.location == "path" else _KINDS_BY_TYPE.get(param.type, "text")
    if kind in ("id", "emulator_id"):
        return kind.removesuffix("id") + param.name
    return kind or _KINDS_BY_TYPE.get(param.type, "free")


def flag_rows(commands: Iterable[Command], text_of: Callable[[Param], str]) -> list[_Row]:
    """Return a text about each flag. Exceptions, for flags of certain commands, come first."""
    uses: dict[str, dict[str, list[str]]] = {}
    for command in commands:
        for flag in _all_flags(command):
            for name in flag.names:
                uses.setdefault(name, {}).setdefault(text_of(flag), []).append(command.full_name)
    special, general = list[_Row](), dict[str, list[str]]()
    for name, texts in uses.items():
        usual = max(texts, key=lambda text: len(texts[text]))
        general.setdefault(usual, []).append(name)
        special += [
            _Row(where, (name,), text) for text in texts if text != usual for where in texts[text]
        ]
    return [*special, *(_Row(_ANY, tuple(names), text) for text, names in general.items())]


def _argument_kinds(commands: Iterable[Command]) -> Iterator[_Row]:
    for command in commands:
        for position, argument in enumerate(command.arguments):
            place = _ANY if argument.type is list else str(position)
            yield _Row(command.full_name, (place,), kind_name(argument))


def _subcommands(command: Command) -> list[_Choice]:
    return [(below.path[-1], below.summary) for below in command.subcommands]


def _all_flags(command: Command) -> tuple[Param, ...]:
    return (HELP, *command.flags, *command.global_flags)


def _flags(command: Command) -> list[str]:
    return [name for flag in _all_flags(command) for name in flag.names]


def _description(flag: Param) -> str:
    return first_sentence(flag.help)


def is_named_after_help(command: Command) -> bool:
    """Whether it is just a name after `ant help`: without flags, and with the subcommands of that command."""
    return command.path[:1] == (_HELP,) and len(command.path) > 1


def with_help(root: Command) -> Command:
    """Return the tree with the topics and all other commands as subcommands of `ant help`."""
    others = [command for command in root.subcommands if command.path[0] != _HELP]
    topics = [Command((_HELP, name), summary) for name, summary in TOPICS.items()]
    below = (*topics, *map(_named_after_help, others))
    subcommands = [
        command._replace(subcommands=below) if command.path[0] == _HELP else command
        for command in root.subcommands
    ]
    return root._replace(subcommands=tuple(subcommands))


def _named_after_help(command: Command) -> Command:
    """Return a command as just a name after `help`, without flags and arguments."""
    below = tuple(map(_named_after_help, command.subcommands))
    return Command((_HELP, *command.path), command.help, subcommands=below)


# The syntax of each shell


class _Shell(NamedTuple):
    """How a shell's script is written."""

    subcommands: Callable[[str, Iterable[_Choice]], str]
    """Returns the row for the subcommands of a command."""
    flags: Callable[[str, Iterable[str]], str]
    """Returns the row for the flags of a command."""
    text: Callable[[_Row], str]
    """Returns the row for a kind of value, or for a description."""


def _subcommands_in_bash(command: str, choices: Iterable[_Choice]) -> str:
    return _flags_in_bash(command, (name for name, _ in choices))


def _flags_in_bash(command: str, names: Iterable[str]) -> str:
    return f"{shlex.quote(command)}) reply=({' '.join(names)}) ;;"


def _text_in_bash(row: _Row) -> str:
    """Return a branch whose patterns are a command, or any, followed by one of the row's names."""
    command = row.command if row.command == _ANY else shlex.quote(row.command)
    patterns = " | ".join(rf"{command}\ {name}" for name in row.names)
    return f"{patterns}) text={shlex.quote(row.text)} ;;"


def _subcommands_in_zsh(command: str, choices: Iterable[_Choice]) -> str:
    items = (
        "  " + shlex.quote(name.replace(":", r"\:") + ":" + summary) for name, summary in choices
    )
    return "\n    ".join([f"({shlex.quote(command)}) reply=(", *items, ") ;;"])


def _flags_in_zsh(command: str, names: Iterable[str]) -> str:
    return "(" + _flags_in_bash(command, names)


def _text_in_zsh(row: _Row) -> str:
    return "(" + _text_in_bash(row)


def _subcommands_in_fish(command: str, choices: Iterable[_Choice]) -> str:
    items = (rf"    echo {in_fish(name)}\t{in_fish(summary)}" for name, summary in choices)
    return "\n        ".join([f"case {in_fish(command)}", *items])


def _flags_in_fish(command: str, names: Iterable[str]) -> str:
    return f"case {in_fish(command)}; set flags {' '.join(names)}"


def _text_in_fish(row: _Row) -> str:
    patterns = " ".join(in_fish(f"{row.command} {name}") for name in row.names)
    return f"case {patterns}; echo {in_fish(row.text)}"


def in_fish(text: str) -> str:
    r"""Return the text in quotes, in which only \ and ' have a meaning to fish."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _subcommands_in_powershell(command: str, choices: Iterable[_Choice]) -> str:
    items = ("    " + in_powershell(f"{name}|{summary}") for name, summary in choices)
    return "\n        ".join([f"{in_powershell(command)} = @(", *items, ")"])


def _flags_in_powershell(command: str, names: Iterable[str]) -> str:
    return f"{in_powershell(command)} = {in_powershell(' '.join(names))}"


def _text_in_powershell(row: _Row) -> str:
    keys = (in_powershell(f"{row.command} {name}".removeprefix(f"{_ANY} ")) for name in row.names)
    return "\n        ".join(f"{key} = {in_powershell(row.text)}" for key in keys)


def in_powershell(text: str) -> str:
    """Return the text in quotes. Typographic ones are quotes in PowerShell, too."""
    for mark in "'‘’‚‛":  # noqa: RUF001 - these very characters
        text = text.replace(mark, mark * 2)
    return f"'{text}'"


SHELLS = {
    "bash": _Shell(_subcommands_in_bash, _flags_in_bash, _text_in_bash),
    "zsh": _Shell(_subcommands_in_zsh, _flags_in_zsh, _text_in_zsh),
    "fish": _Shell(_subcommands_in_fish, _flags_in_fish, _text_in_fish),
    "powershell": _Shell(_subcommands_in_powershell, _flags_in_powershell, _text_in_powershell),
}


def filled_template(shell: str, root: Command) -> str:
    """Return the script of a shell, for a tree of commands."""
    syntax = SHELLS[shell]
    template = Path(__file__).with_name("completion").joinpath(FILES[shell]).read_text("utf-8")
    commands = [command for command in with_help(root).walk() if not is_named_after_help(command)]
    groups = [command for command in commands if command.subcommands]
    tables = {
        "subcommands": [
            syntax.subcommands(group.full_name, _subcommands(group)) for group in groups
        ],
        "flags": [syntax.flags(command.full_name, _flags(command)) for command in commands],
        "flag_descriptions": map(syntax.text, flag_rows(commands, _description)),
        "flag_kinds": map(syntax.text, flag_rows(commands, kind_name)),
        "argument_kinds": map(syntax.text, _argument_kinds(commands)),
    }

    def rows(marker: re.Match[str]) -> str:
        return "\n".join(marker["indent"] + row for row in tables[marker["name"]])

    return re.sub(r"^(?P<indent> *)@TABLE (?P<name>\w+)@$", rows, template, flags=re.MULTILINE)
