"""Command lines that the program prints: in hints, notes and errors. They are quoted for the user's shell."""

from __future__ import annotations

import re
import sys

_SAFE = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_@%+=:,./-")
"""The characters that no POSIX shell reads in another way. No pattern: every start writes a command line."""
_SAFE_IN_POWERSHELL = r"[\w.:\\/-]+"


class Operator(str):
    """A word that the shell reads itself. A word of the user is never one, even if it looks like one."""

    __slots__ = ()


PIPE = Operator("|")
FROM = Operator("<")
INTO = Operator(">")


def command_line(command: str, *arguments: str) -> str:
    """Return a command line of this program. `command` is typed after `ant`; each argument is one word.

    Every command line in a message is written here, so that no site can forget the quotes.
    """
    return shell_line("ant", *command.split(), *arguments)


def shell_line(*words: str) -> str:
    """Return a command line of any programs, with each word quoted if it needs it."""
    return " ".join(map(_written, words))


def _written(word: str) -> str:
    return word if isinstance(word, Operator) else quote(word)


def quote(word: str) -> str:
    """Quote a word for a command that the user may copy."""
    if _is_safe(word):
        return word
    if sys.platform != "win32":
        import shlex  # late: 1 ms, and few words need quotes

        return shlex.quote(word)
    # Double quotes are those of cmd.exe, too; `$` and "`" in them are special to PowerShell.
    if re.search('["$`]', word):
        return single_quoted(word)
    return f'"{word}"'


def _is_safe(word: str) -> bool:
    if sys.platform == "win32":
        return re.fullmatch(_SAFE_IN_POWERSHELL, word) is not None
    return word != "" and _SAFE.issuperset(word)


def single_quoted(text: str) -> str:
    """Quote a text for PowerShell."""
    return "'" + text.replace("'", "''") + "'"
