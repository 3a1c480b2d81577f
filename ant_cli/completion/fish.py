"""The tables as fish reads them: a `complete` for each choice, with its condition and its description."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ant_cli.completion.tables import Tables, kind_name, kind_of
from ant_cli.help.command_row import Command, first_sentence
from ant_cli.operations.global_flags import GLOBAL_FLAGS
from ant_cli.operations.spec import Param
from ant_cli.operations.value_kinds import ValueKind

_COMPLETE = "complete -c @PROGRAM@ -n"
_OFFERS = {
    ValueKind.FREE: "-x",
    ValueKind.TEXT: "-x -a '(__ant_files_after_at)'",
    ValueKind.FILE: "-r -F",
    ValueKind.PROFILE: "-x -a '(__ant_profiles)'",
    ValueKind.BOOLEAN: "-f",
    ValueKind.NOTHING: "-f",
}


def quote(text: str) -> str:
    r"""Return the text in quotes, in which only \ and ' have a meaning to fish."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def offer(param: Param) -> str:
    """Return the options of `complete` that offer what a parameter takes."""
    if param.choices:  # each with its own, empty description: otherwise fish would show the flag's next to it
        described = " ".join(rf"{choice}\t" for choice in param.choices)
        return f"-x -a {quote(described)}"
    return _OFFERS.get(kind_of(param)) or f"-x -a '(__ant_ids {kind_name(param)})'"


def commands(tables: Tables) -> list[str]:
    """Return every full command name. The script uses them to find the command in the line."""
    return [quote(command.full_name) + " \\" for command in tables.commands if command.full_name]


def valued(tables: Tables) -> list[str]:
    """Return the flags that take a value."""
    without = (ValueKind.BOOLEAN.value, ValueKind.NOTHING.value)
    return [name + " \\" for row in tables.flag_kinds if row.kind not in without for name in row.names]


def booleans(tables: Tables) -> list[str]:
    """Return the flags without a value, to which =true and =false may be attached."""
    rows = [row for row in tables.flag_kinds if row.kind == ValueKind.BOOLEAN.value]
    return [name + " \\" for row in rows for name in row.names if name.startswith("--")]


def subcommands(tables: Tables) -> list[str]:
    """Return the subcommands of each group."""
    return [
        f"{_COMPLETE} {at(group)} -f -a {quote(command.path[-1])} -d {quote(command.summary)}"
        for group in tables.groups
        for command in group.subcommands
    ]


def global_commands(tables: Tables) -> list[str]:
    """Return the commands that take the flags of all commands of the API."""
    return [quote(command.full_name) + " \\" for command in tables.commands if command.takes_all_global_flags]


def global_flags(_: Tables) -> list[str]:
    """Return the flags of all commands of the API."""
    return [line("__ant_takes_global_flags", flag) for flag in GLOBAL_FLAGS]


def flags(tables: Tables) -> list[str]:
    """Return the flags of each command."""
    return [line(at(command), flag) for command in tables.flagged for flag in command.all_flags]


def line(condition: str, flag: Param) -> str:
    """Return the `complete` command that offers a flag."""
    names = " ".join(f"-l {name[2:]}" if name.startswith("--") else f"-s {name[1:]}" for name in flag.names)
    return f"{_COMPLETE} {condition} {names} {offer(flag)} -d {quote(first_sentence(flag.help))}"


def arguments(tables: Tables) -> list[str]:
    """Return the arguments of each command."""
    return [
        f"{_COMPLETE} {quote(f'__ant_at_argument {preceding(position, argument)} {command.full_name}')}"
        f" {offer(argument)}"
        for command in tables.commands
        for position, argument in enumerate(command.arguments)
        if kind_of(argument) is not ValueKind.FREE
    ]


def preceding(position: int, argument: Param) -> str:
    """Return how many arguments precede one; any number if the argument may be repeated."""
    return "any" if argument.type is list else str(position)


def at(command: Command) -> str:
    """Return the condition that the line so far is this command, with any number of arguments."""
    return quote(f"__ant_at any {command.full_name}".rstrip())


TABLES: Mapping[str, Callable[[Tables], list[str]]] = {
    "commands": commands,
    "valued": valued,
    "booleans": booleans,
    "subcommands": subcommands,
    "global_commands": global_commands,
    "global_flags": global_flags,
    "flags": flags,
    "arguments": arguments,
}
