"""The tables as PowerShell reads them: the members of hash tables."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from ant_cli.completion.tables import Tables, ValueRow
from ant_cli.help.command_row import first_sentence
from ant_cli.operations.global_flags import GLOBAL_FLAGS
from ant_cli.operations.spec import Param


def quote(text: str) -> str:
    """Return the text in quotes. Typographic ones are quotes in PowerShell, too."""
    for mark in "'‘’‚‛":  # noqa: RUF001 - these very characters
        text = text.replace(mark, mark * 2)
    return f"'{text}'"


def subcommands(tables: Tables) -> list[str]:
    """Return the subcommands of each group."""
    return [
        member(group.full_name, [described(command.path[-1], command.summary) for command in group.subcommands])
        for group in tables.groups
    ]


def global_flags(_: Tables) -> list[str]:
    """Return the flags of all commands of the API."""
    return described_flags(GLOBAL_FLAGS)


def flags(tables: Tables) -> list[str]:
    """Return the flags of each command."""
    return [
        member(
            command.full_name,
            described_flags(command.all_flags),
            " + $shared" if command.takes_all_global_flags else "",
        )
        for command in tables.flagged
    ]


def member(command: str, items: list[str], more: str = "") -> str:
    """Return a command's entry in a PowerShell hash table."""
    return "\n        ".join([f"{quote(command)} = @(", *("    " + item for item in items), ")" + more])


def described_flags(flags: Sequence[Param]) -> list[str]:
    """Return every name of the flags."""
    return [described(name, first_sentence(flag.help)) for flag in flags for name in flag.names]


def described(choice: str, summary: str) -> str:
    """Return a choice and its description, separated by a bar."""
    return quote(f"{choice}|{summary}")


def kinds(rows: list[ValueRow]) -> list[str]:
    """Return the kind of each flag, or argument: of one command, or of any."""
    return [f"{quote(f'{row.command} {name}'.strip())} = {quote(row.kind)}" for row in rows for name in row.names]


TABLES: Mapping[str, Callable[[Tables], list[str]]] = {
    "subcommands": subcommands,
    "global_flags": global_flags,
    "flags": flags,
    "flag_kinds": lambda tables: kinds(tables.flag_kinds),
    "argument_kinds": lambda tables: kinds(tables.argument_kinds),
}
