"""The tables as zsh reads them: the branches of `case`, with a description after each choice."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from shlex import quote

from ant_cli.completion.bash import kinds, shared
from ant_cli.completion.tables import Tables
from ant_cli.help.command_row import first_sentence
from ant_cli.operations.global_flags import GLOBAL_FLAGS
from ant_cli.operations.spec import Param


def subcommands(tables: Tables) -> list[str]:
    """Return the subcommands of each group."""
    return [
        branch(group.full_name, [described(command.path[-1], command.summary) for command in group.subcommands])
        for group in tables.groups
    ]


def global_flags(_: Tables) -> list[str]:
    """Return the flags of all commands of the API."""
    return described_flags(GLOBAL_FLAGS)


def flags(tables: Tables) -> list[str]:
    """Return the flags of each command."""
    return [
        branch(command.full_name, described_flags(command.all_flags) + shared(command))
        for command in tables.flagged
    ]


def branch(command: str, items: list[str]) -> str:
    """Return a command's branch of a `case`."""
    return "\n    ".join([f"({quote(command)}) reply=(", *("  " + item for item in items), ") ;;"])


def described_flags(flags: Sequence[Param]) -> list[str]:
    """Return every name of the flags."""
    return [described(name, first_sentence(flag.help)) for flag in flags for name in flag.names]


def described(choice: str, summary: str) -> str:
    """Return a choice with its description, as `_describe` takes them."""
    return quote(choice.replace(":", r"\:") + ":" + summary)


TABLES: Mapping[str, Callable[[Tables], list[str]]] = {
    "subcommands": subcommands,
    "global_flags": global_flags,
    "flags": flags,
    "flag_kinds": lambda tables: ["(" + line for line in kinds(tables.flag_kinds)],
    "argument_kinds": lambda tables: ["(" + line for line in kinds(tables.argument_kinds)],
}
