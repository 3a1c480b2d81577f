"""Suggestions for a mistyped command: the complete command that may have been meant."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from itertools import takewhile

from ant_cli.errors import UsageError, shortened
from ant_cli.errors.suggestions import SYNONYMS
from ant_cli.help.catalog import catalog, longest_match
from ant_cli.help.command_row import Command
from ant_cli.help.habits import command_instead
from ant_cli.operations import OFFICIAL_COMMANDS

LIMIT = 3
"""The most commands to suggest."""
_CUTOFF = 0.7
"""How similar a command must be, from 0 to 1."""


def unknown_command(args: Sequence[str]) -> UsageError:
    """Return the error for the arguments of an unknown command. The first arguments may be existing groups."""
    group = longest_match(args)
    rest = args[len(group.path) :]
    similar = suggestion(rest, group)
    sentence = "" if similar.endswith("?") else similar.strip()
    typed = repr(shortened(rest[0])) if similar else group.quoted(rest[0])
    place = f" for 'ant {group.full_name}'" if group.path else ""
    help_command = " ".join(["ant", *group.path, "--help"])
    return UsageError(
        f"unknown command {typed}{place}.{'' if sentence else similar}",
        sentence or f"Run `{help_command}` to see the commands.",
    )


def suggestion(args: Sequence[str], group: Command) -> str:
    """Return " Did you mean `ant ...`?" for the commands that may have been meant; empty if none is similar.

    For a command that there can't be, it is a sentence that says why.
    """
    words = list(takewhile(lambda arg: not arg.startswith("-"), args[:6]))
    if instead := command_instead(words, group.full_name):
        return f" Did you mean `{instead}`?" if instead.startswith("ant ") else f" {instead}"
    commands = [f"`ant {command}`" for command in _similar_commands(args, group)]
    return f" Did you mean {' or '.join(commands)}?" if commands else ""


def _similar_commands(args: Sequence[str], group: Command) -> list[str]:
    """Return the commands that may have been meant by the arguments after a group, or after `ant`.

    A command may be written with other separators, without its group or after another one, by its name in another
    tool, or with a mistake.
    """
    arguments = takewhile(lambda arg: not arg.startswith("-"), args[:4])
    literal = [part for name in arguments for part in _parts(shortened(name))]
    typed = [SYNONYMS.get(part, part) for part in literal]
    if group.path and (similar := _mistyped(typed[:1], _by_end(1, [item.full_name for item in group.subcommands]))):
        return similar
    commands = [*catalog().walk()][1:]
    names = [command.full_name for command in commands]
    for command in commands:
        parts = _parts(command.full_name)
        if typed == parts or (not command.subcommands and typed[: len(parts)] == parts):
            return [command.full_name]
    if not group.path and (swapped := _by_end(2, names).get(" ".join(typed[1::-1]))):
        return swapped  # a verb before its object, as in kubectl
    official = [name for name in OFFICIAL_COMMANDS if name.count(":") == 1]
    leaves = [command.full_name for command in commands if not command.subcommands]
    for length in range(len(typed), 1, -1):  # one word means little
        ends = _by_end(length, [*leaves, *official])
        if exact := ends.get(" ".join(literal[:length])) or ends.get(" ".join(typed[:length])):
            return exact[:LIMIT]
    for length in range(len(typed), 0, -1):
        official = [name for name in OFFICIAL_COMMANDS if name.count(":") <= length]
        if similar := _mistyped(typed[:length], _by_end(length, [*names, *official])):
            return similar[:LIMIT]
    return []


def _by_end(length: int, names: Sequence[str]) -> dict[str, list[str]]:
    """Return the names of commands by their last parts."""
    names_by_end: dict[str, list[str]] = {"--version": ["--version"]}
    for name in names:
        names_by_end.setdefault(" ".join(_parts(name)[-length:]), []).append(name)
    return names_by_end


def _mistyped(typed: Sequence[str], commands: Mapping[str, list[str]]) -> list[str]:
    """Return the commands with the most similar names."""
    nearest = get_close_matches(" ".join(typed).lower(), commands, n=1, cutoff=_CUTOFF)
    return [command for name in nearest for command in commands[name]]


def _parts(command: str) -> list[str]:
    """Return the parts of a command, with any separators."""
    return command.replace(":", " ").split()
