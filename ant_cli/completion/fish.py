"""The tables as fish reads them: a `complete` for each word, with its condition and its description."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ant_cli.completion.tables import Tables
from ant_cli.help.catalog import FILE, FREE, PLAIN, PROFILE, SWITCH, TEXT, Command, Flag

_OFFERS = {
    FREE: "-x",
    TEXT: "-x -a '(__ant_files_after_at)'",
    FILE: "-r -F",
    PROFILE: "-x -a '(__ant_profiles)'",
    SWITCH: "-f",
    PLAIN: "-f",
}


def quote(text: str) -> str:
    r"""Return the text in quotes, in which fish gives a meaning to \ and ' alone."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def offer(kind: str) -> str:
    """Return the options of `complete` that offer what a flag of this kind takes."""
    if kind.startswith("words "):
        return f"-x -a {quote(kind.removeprefix('words '))}"
    return _OFFERS.get(kind) or f"-x -a '(__ant_ids {kind})'"


def commands(tables: Tables) -> list[str]:
    """Return every command that may be typed, for the walk over the words."""
    return [quote(command.words) + " \\" for command in tables.commands if command.words]


def valued(tables: Tables) -> list[str]:
    """Return the flags after which a word is their value."""
    return [name + " \\" for row in tables.flag_kinds if row.kind not in (SWITCH, PLAIN) for name in row.names]


def switches(tables: Tables) -> list[str]:
    """Return the flags without a value, to which =true and =false may be attached."""
    return [
        name + " \\" for row in tables.flag_kinds if row.kind == SWITCH for name in row.names if name[:2] == "--"
    ]


def subcommands(tables: Tables) -> list[str]:
    """Return the words that may follow each group."""
    return [
        f"complete -c ant -n {at(group)} -f -a {quote(command.path[-1])} -d {quote(command.summary)}"
        for group in tables.groups
        for command in group.subcommands
    ]


def global_commands(tables: Tables) -> list[str]:
    """Return the commands that take the flags of all commands of the API."""
    return [quote(command.words) + " \\" for command in tables.commands if command.takes_global_flags]


def global_flags(tables: Tables) -> list[str]:
    """Return the flags of all commands of the API."""
    return [line("__ant_takes_global_flags", flag) for flag in tables.global_flags]


def flags(tables: Tables) -> list[str]:
    """Return the flags of each command."""
    return [line(at(command), flag) for command in tables.commands for flag in command.flags]


def line(condition: str, flag: Flag) -> str:
    """Return the `complete` of a flag."""
    names = " ".join(f"-l {name[2:]}" if name.startswith("--") else f"-s {name[1:]}" for name in flag.names)
    return f"complete -c ant -n {condition} {names} {offer(flag.kind)} -d {quote(flag.summary)}"


def arguments(tables: Tables) -> list[str]:
    """Return the arguments of each command."""
    return [
        f"complete -c ant -n {quote(f'__ant_at_argument {position} {row.command}')} {offer(row.kind)}"
        for row in tables.argument_kinds
        for position in row.names
        if row.kind != FREE
    ]


def at(command: Command) -> str:
    """Return the condition that the words typed so far are a command, whatever its arguments."""
    return quote(f"__ant_at any {command.words}".rstrip())


TABLES: Mapping[str, Callable[[Tables], list[str]]] = {
    "commands": commands,
    "valued": valued,
    "switches": switches,
    "subcommands": subcommands,
    "global_commands": global_commands,
    "global_flags": global_flags,
    "flags": flags,
    "arguments": arguments,
}
