"""The tables as bash reads them: the branches of `case`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from shlex import quote

from ant_cli.completion.tables import Tables, ValueRow
from ant_cli.help.command_row import Command
from ant_cli.operations.global_flags import GLOBAL_FLAGS


def subcommands(tables: Tables) -> list[str]:
    """Return the subcommands of each group."""
    return [
        f"{quote(group.full_name)}) reply=({' '.join(command.path[-1] for command in group.subcommands)}) ;;"
        for group in tables.groups
    ]


def global_flags(_: Tables) -> list[str]:
    """Return the flags of all commands of the API."""
    return [flag.flag for flag in GLOBAL_FLAGS]


def flags(tables: Tables) -> list[str]:
    """Return the long flags of each command."""
    rows = [
        (command.full_name, [flag.flag for flag in command.all_flags] + shared(command))
        for command in tables.flagged
    ]
    return [f"{quote(command)}) reply=({' '.join(names)}) ;;" for command, names in rows]


def shared(command: Command) -> list[str]:
    """Return the placeholder for the flags of all API commands, if the command is one."""
    return ['"${global[@]}"'] if command.takes_all_global_flags else []


def kinds(rows: list[ValueRow]) -> list[str]:
    """Return the kind of each flag, or argument, of a command."""
    return [f"{_patterns(row)}) kind='{row.kind}' ;;" for row in rows]


def _patterns(row: ValueRow) -> str:
    """Return the `case` pattern of a command followed by one of the row's names."""
    command = quote(row.command) if row.command else "*"
    return " | ".join(rf"{command}\ {name}" for name in row.names)


TABLES: Mapping[str, Callable[[Tables], list[str]]] = {
    "subcommands": subcommands,
    "global_flags": global_flags,
    "flags": flags,
    "flag_kinds": lambda tables: kinds(tables.flag_kinds),
    "argument_kinds": lambda tables: kinds(tables.argument_kinds),
}
