"""The completion scripts: the catalog, written into the template of each shell.

A template has all of the shell's logic. `@TABLE NAME@` in it is replaced by the rows of that table, in the syntax
of that shell, and `@PROGRAM@` by the name of the program.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from importlib.resources import files

from ant_cli.completion import bash, fish, powershell, zsh
from ant_cli.completion.tables import Tables
from ant_cli.help.command_row import Command
from ant_cli.runtime.light_typing import NamedTuple


class Shell(NamedTuple):
    """How to write the script of a shell."""

    file: str
    """The name of the script and of the template. zsh and fish find the script by this name."""
    tables: Mapping[str, Callable[[Tables], list[str]]]
    """The functions that write the rows of each table of its template."""


SHELLS = {
    "bash": Shell("ant.bash", bash.TABLES),
    "zsh": Shell("_ant", zsh.TABLES),
    "fish": Shell("ant.fish", fish.TABLES),
    "powershell": Shell("ant.ps1", powershell.TABLES),
}


PROGRAMS = ("ant", "ant-environments")
"""The names of this program."""


def script(shell: str, root: Command, program: str = PROGRAMS[0]) -> str:
    """Return the script of a shell, for a tree of commands. It completes one of the names of the program."""
    file, writers = SHELLS[shell]
    template = files("ant_cli.completion").joinpath("templates", file).read_text("utf-8")
    tables = Tables(root)

    def rows(marker: re.Match[str]) -> str:
        return "\n".join(marker["indent"] + line for line in writers[marker["name"]](tables))

    written = re.sub(r"^(?P<indent> *)@TABLE (?P<name>\w+)@$", rows, template, flags=re.MULTILINE)
    return written.replace("@PROGRAM@", program)
