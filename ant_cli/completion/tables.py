"""The tables of a completion script, before a shell's quoting: what follows what, and what takes what."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from ant_cli.help.catalog import Command, Flag, global_flags
from ant_cli.help.topics import TOPICS

HELP = "help"


class Row(NamedTuple):
    """What a flag, or the argument at a position, takes."""

    command: str
    """Any command, if empty."""
    names: tuple[str, ...]
    kind: str


class Tables:
    """What the scripts look up, by the words of a command."""

    def __init__(self, root: Command) -> None:
        self.commands = tuple(with_help(root).walk())
        self.global_flags = global_flags()

    @property
    def groups(self) -> list[Command]:
        """The commands that have commands below them."""
        return [command for command in self.commands if command.subcommands]

    @property
    def flagged(self) -> list[Command]:
        """The commands that take flags."""
        return [command for command in self.commands if command.flags]

    @property
    def flag_kinds(self) -> list[Row]:
        """What each flag takes; first the exceptions: flags that take something else after a certain command."""
        uses: dict[str, dict[str, list[str]]] = {}
        for command, flag in self._flags():
            for name in flag.names:
                uses.setdefault(name, {}).setdefault(flag.kind, []).append(command.words)
        special, general = list[Row](), dict[str, list[str]]()
        for name, kinds in uses.items():
            usual = max(kinds, key=lambda kind: len(kinds[kind]))
            general.setdefault(usual, []).append(name)
            special += [Row(where, (name,), kind) for kind in kinds if kind != usual for where in kinds[kind]]
        return [*special, *(Row("", tuple(names), kind) for kind, names in general.items())]

    @property
    def argument_kinds(self) -> list[Row]:
        """What each argument is."""
        return [
            Row(command.words, (str(position),), argument.kind)
            for command in self.commands
            for position, argument in enumerate(command.arguments)
        ]

    def _flags(self) -> Iterator[tuple[Command, Flag]]:
        """Yield every flag after every command that takes it."""
        for command in self.commands:
            shared = self.global_flags if command.takes_global_flags else ()
            yield from ((command, flag) for flag in (*command.flags, *shared))


def with_help(root: Command) -> Command:
    """Return the tree in which what `ant help` takes stands below it: the topics and all other commands."""
    others = [command for command in root.subcommands if command.path[0] != HELP]
    topics = [Command((HELP, name), summary, ()) for name, summary in TOPICS.items()]
    words = (*topics, *map(_named_after_help, others))
    found = [
        command._replace(subcommands=words) if command.path[0] == HELP else command for command in root.subcommands
    ]
    return root._replace(subcommands=tuple(found))


def _named_after_help(command: Command) -> Command:
    """Return a command as a mere word: neither flags nor arguments follow it."""
    below = tuple(map(_named_after_help, command.subcommands))
    return Command((HELP, *command.path), command.help, (), subcommands=below)
