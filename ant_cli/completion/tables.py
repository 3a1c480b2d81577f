"""The tables of a completion script, before a shell's quoting: what may follow, and which values are taken."""

from __future__ import annotations

from collections.abc import Iterator

from ant_cli.help.command_row import Command
from ant_cli.help.contents import TOPICS
from ant_cli.operations.spec import Param
from ant_cli.operations.value_kinds import ValueKind
from ant_cli.runtime.light_typing import NamedTuple
from ant_cli.settings.rows import GLOBAL_FLAGS

HELP = "help"
ANY = "*"
"""The position of an argument that may be repeated."""
_KINDS_BY_NAME = {"file": ValueKind.FILE, "identity_token_file": ValueKind.FILE, "profile": ValueKind.PROFILE}
_KINDS_BY_TYPE = {bool: ValueKind.BOOLEAN, int: ValueKind.FREE, float: ValueKind.FREE}


class ValueRow(NamedTuple):
    """The kind of value that a flag, or the argument at a position, takes."""

    command: str
    """Any command, if empty."""
    names: tuple[str, ...]
    kind: str
    """As `kind_name` returns it."""


def kind_of(param: Param) -> ValueKind:
    """Return the kind of a parameter's value, from its row, or else its choices, location, name or type."""
    if param.completes:
        return param.completes
    if param.choices:
        return ValueKind.CHOICE
    if param.location == "path":
        return ValueKind.ID
    other = ValueKind.FREE if param.location == "setting" else ValueKind.TEXT
    return _KINDS_BY_NAME.get(param.name) or _KINDS_BY_TYPE.get(param.type, other)


def kind_name(param: Param) -> str:
    """Return the kind of a parameter's value for the scripts, with its choices or the name of its ID."""
    kind = kind_of(param)
    name: str = kind.value
    if kind is ValueKind.CHOICE:
        return " ".join((name, *param.choices))
    if kind in (ValueKind.ID, ValueKind.EMULATOR_ID):
        return name.removesuffix("id") + param.name
    return name


class Tables:
    """The data that the scripts look up by the full name of a command."""

    def __init__(self, root: Command) -> None:
        self.commands = tuple(_with_help(root).walk())

    @property
    def groups(self) -> list[Command]:
        """The commands that have subcommands."""
        return [command for command in self.commands if command.subcommands]

    @property
    def flagged(self) -> list[Command]:
        """The commands that take flags."""
        return [command for command in self.commands if takes_flags(command)]

    @property
    def flag_kinds(self) -> list[ValueRow]:
        """The kind of value of each flag. Exceptions, for flags of certain commands, come first."""
        uses: dict[str, dict[str, list[str]]] = {}
        for command, flag in self._flags():
            for name in flag.names:
                uses.setdefault(name, {}).setdefault(kind_name(flag), []).append(command.full_name)
        special, general = list[ValueRow](), dict[str, list[str]]()
        for name, kinds in uses.items():
            usual = max(kinds, key=lambda kind: len(kinds[kind]))
            general.setdefault(usual, []).append(name)
            special += [ValueRow(where, (name,), kind) for kind in kinds if kind != usual for where in kinds[kind]]
        return [*special, *(ValueRow("", tuple(names), kind) for kind, names in general.items())]

    @property
    def argument_kinds(self) -> list[ValueRow]:
        """What each argument is."""
        return [
            ValueRow(command.full_name, (ANY if argument.type is list else str(position),), kind_name(argument))
            for command in self.commands
            for position, argument in enumerate(command.arguments)
        ]

    def _flags(self) -> Iterator[tuple[Command, Param]]:
        """Yield every flag of every command."""
        for command in self.flagged:
            shared = GLOBAL_FLAGS if command.takes_all_global_flags else ()
            yield from ((command, flag) for flag in (*command.all_flags, *shared))


def takes_flags(command: Command) -> bool:
    """Whether flags may follow. They may not after `ant help COMMAND`."""
    return command.path[:1] != (HELP,) or len(command.path) == 1


def _with_help(root: Command) -> Command:
    """Return the tree with the topics and all other commands as subcommands of `ant help`."""
    others = [command for command in root.subcommands if command.path[0] != HELP]
    topics = [Command((HELP, name), summary) for name, summary in TOPICS.items()]
    below = (*topics, *map(_named_after_help, others))
    subcommands = [
        command._replace(subcommands=below) if command.path[0] == HELP else command for command in root.subcommands
    ]
    return root._replace(subcommands=tuple(subcommands))


def _named_after_help(command: Command) -> Command:
    """Return a command as just a name after `help`, without flags and arguments."""
    below = tuple(map(_named_after_help, command.subcommands))
    return Command((HELP, *command.path), command.help, subcommands=below)
