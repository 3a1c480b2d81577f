"""What somebody may have meant who typed a command that does not exist."""

from __future__ import annotations

from collections.abc import Sequence

from ant_cli.errors.suggestions import OTHER_WORDS
from ant_cli.help.tool_pages import EXAMPLES
from ant_cli.operations import GROUPS, OPERATIONS

MOST = 3
"""How many commands are named at most."""


def whole_commands(words: Sequence[str]) -> list[str]:
    """Return the commands that the words may stand for: written with other separators, or without their group."""
    commands = [*(operation.command for operation in OPERATIONS), *EXAMPLES]
    spelt = words_of(" ".join(words[:4]))
    written_otherwise = [name for name in (*commands, *GROUPS) if spelt[: len(words_of(name))] == words_of(name)]
    if written_otherwise:
        return [max(written_otherwise, key=len)]
    last = OTHER_WORDS.get(words[0], words[0])
    return [command for command in commands if command.split()[1:] == [last]][:MOST]


def words_of(command: str) -> list[str]:
    """Return the words of a command, whatever separates them."""
    return command.replace(":", " ").split()


def meant(words: Sequence[str]) -> str:
    """Return a sentence that writes out what may have been meant, or nothing."""
    commands = [f"`ant {command}`" for command in whole_commands(words)]
    if not commands:
        return ""
    *others, last = commands
    return f"Did you mean {', '.join(others)}{' or ' if others else ''}{last}? "
