"""The completion scripts: the catalog, written into the template of each shell.

A template has all of the shell's logic. `@TABLE NAME@` in it is replaced by the rows of that table, in the syntax
of that shell, and `@PROGRAM@` by the name of the program.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Sequence
from importlib.resources import files

from ant_cli.help.command_row import Command, first_sentence
from ant_cli.help.contents import TOPICS
from ant_cli.operations.spec import Param
from ant_cli.runtime.light_typing import NamedTuple

_HELP = "help"
_ANY = "*"
"""The position of an argument that may be repeated."""
_KINDS_BY_NAME = {"file": "file", "identity_token_file": "file", "profile": "profile"}
_KINDS_BY_TYPE = {bool: "boolean", int: "free", float: "free"}


# The tables, before the quoting of a shell


class _ValueRow(NamedTuple):
    """The kind of value that a flag, or the argument at a position, takes."""

    command: str
    """Any command, if empty."""
    names: tuple[str, ...]
    kind: str
    """As `kind_name` returns it."""


def kind_name(param: Param) -> str:
    """Return the kind of a parameter's value for the scripts, with its choices or the name of its ID.

    It follows from the row, or else from the parameter's choices, location, name or type.
    """
    kind: str | None = param.completes or _KINDS_BY_NAME.get(param.name)
    if kind == "choices" or (not kind and param.choices):
        return " ".join(("choices", *param.choices))
    if kind in ("id", "emulator_id") or (not kind and param.location == "path"):
        return (kind or "id").removesuffix("id") + param.name
    return kind or _KINDS_BY_TYPE.get(param.type, "free" if param.location == "setting" else "text")


class Tables:
    """The data that the scripts look up by the full name of a command."""

    def __init__(self, root: Command) -> None:
        self.commands = tuple(_with_help(root).walk())
        self.groups = [command for command in self.commands if command.subcommands]
        self.flagged = [command for command in self.commands if takes_flags(command)]

    @property
    def flag_kinds(self) -> list[_ValueRow]:
        """The kind of value of each flag. Exceptions, for flags of certain commands, come first."""
        uses: dict[str, dict[str, list[str]]] = {}
        for command in self.flagged:
            for flag in command.all_flags:
                for name in flag.names:
                    uses.setdefault(name, {}).setdefault(kind_name(flag), []).append(command.full_name)
        special, general = list[_ValueRow](), dict[str, list[str]]()
        for name, kinds in uses.items():
            usual = max(kinds, key=lambda kind: len(kinds[kind]))
            general.setdefault(usual, []).append(name)
            special += [_ValueRow(where, (name,), kind) for kind in kinds if kind != usual for where in kinds[kind]]
        return [*special, *(_ValueRow("", tuple(names), kind) for kind, names in general.items())]

    @property
    def argument_kinds(self) -> list[_ValueRow]:
        """What each argument is."""
        return [
            _ValueRow(command.full_name, (_ANY if argument.type is list else str(position),), kind_name(argument))
            for command in self.commands
            for position, argument in enumerate(command.arguments)
        ]


def takes_flags(command: Command) -> bool:
    """Whether flags may follow. They may not after `ant help COMMAND`."""
    return command.path[:1] != (_HELP,) or len(command.path) == 1


def _with_help(root: Command) -> Command:
    """Return the tree with the topics and all other commands as subcommands of `ant help`."""
    others = [command for command in root.subcommands if command.path[0] != _HELP]
    topics = [Command((_HELP, name), summary) for name, summary in TOPICS.items()]
    below = (*topics, *map(_named_after_help, others))
    subcommands = [
        command._replace(subcommands=below) if command.path[0] == _HELP else command for command in root.subcommands
    ]
    return root._replace(subcommands=tuple(subcommands))


def _named_after_help(command: Command) -> Command:
    """Return a command as just a name after `help`, without flags and arguments."""
    below = tuple(map(_named_after_help, command.subcommands))
    return Command((_HELP, *command.path), command.help, subcommands=below)


# The syntax of each shell


class _Bash:
    """The branches of `case`. Each method for a table returns its rows."""

    file = "ant.bash"
    """The name of the script and of the template. zsh and fish find the script by this name."""

    def subcommands(self, tables: Tables) -> list[str]:
        """Return the subcommands of each group."""
        return [
            self._branch(
                group.full_name, [self._choice(command.path[-1], command.summary) for command in group.subcommands]
            )
            for group in tables.groups
        ]

    def flags(self, tables: Tables) -> list[str]:
        """Return the flags of each command."""
        return [self._branch(command.full_name, self._choices(command.all_flags)) for command in tables.flagged]

    def flag_kinds(self, tables: Tables) -> list[str]:
        """Return the kind of value of each flag."""
        return self._kinds(tables.flag_kinds)

    def argument_kinds(self, tables: Tables) -> list[str]:
        """Return the kind of each argument."""
        return self._kinds(tables.argument_kinds)

    def _branch(self, command: str, choices: list[str]) -> str:
        return f"{shlex.quote(command)}) reply=({' '.join(choices)}) ;;"

    def _choices(self, flags: Sequence[Param]) -> list[str]:
        return [flag.flag for flag in flags]

    def _choice(self, name: str, _summary: str) -> str:
        return name

    def _kinds(self, rows: list[_ValueRow]) -> list[str]:
        """Return branches whose pattern is a command, or any, followed by one of the row's names."""
        return [f"{self._patterns(row)}) kind='{row.kind}' ;;" for row in rows]

    def _patterns(self, row: _ValueRow) -> str:
        command = shlex.quote(row.command) if row.command else "*"
        return " | ".join(rf"{command}\ {name}" for name in row.names)


class _Zsh(_Bash):
    """The branches of `case`, with a description after each choice."""

    file = "_ant"

    def _branch(self, command: str, choices: list[str]) -> str:
        items = ("  " + choice for choice in choices)
        return "\n    ".join([f"({shlex.quote(command)}) reply=(", *items, ") ;;"])

    def _choices(self, flags: Sequence[Param]) -> list[str]:
        return [self._choice(name, first_sentence(flag.help)) for flag in flags for name in flag.names]

    def _choice(self, name: str, summary: str) -> str:
        return shlex.quote(name.replace(":", r"\:") + ":" + summary)

    def _kinds(self, rows: list[_ValueRow]) -> list[str]:
        return ["(" + branch for branch in super()._kinds(rows)]


class _PowerShell(_Zsh):
    """The members of hash tables."""

    file = "ant.ps1"

    def _branch(self, command: str, choices: list[str]) -> str:
        items = ("    " + choice for choice in choices)
        return "\n        ".join([f"{in_powershell(command)} = @(", *items, ")"])

    def _choice(self, name: str, summary: str) -> str:
        return in_powershell(f"{name}|{summary}")

    def _kinds(self, rows: list[_ValueRow]) -> list[str]:
        keys = [(f"{row.command} {name}".strip(), row.kind) for row in rows for name in row.names]
        return [f"{in_powershell(key)} = {in_powershell(kind)}" for key, kind in keys]


def in_powershell(text: str) -> str:
    """Return the text in quotes. Typographic ones are quotes in PowerShell, too."""
    for mark in "'‘’‚‛":  # noqa: RUF001 - these very characters
        text = text.replace(mark, mark * 2)
    return f"'{text}'"


_COMPLETE = "complete -c @PROGRAM@ -n"
_OFFERS = {
    "free": "-x",
    "text": "-x -a '(__ant_files_after_at)'",
    "file": "-r -F",
    "profile": "-x -a '(__ant_profiles)'",
    "boolean": "-f",
    "plain": "-f",
}


class _Fish:
    """A `complete` for each choice, with its condition and its description."""

    file = "ant.fish"

    def commands(self, tables: Tables) -> list[str]:
        """Return every full command name. The script uses them to find the command in the line."""
        return [in_fish(command.full_name) + " \\" for command in tables.commands if command.full_name]

    def valued(self, tables: Tables) -> list[str]:
        """Return the flags that take a value."""
        without = ("boolean", "plain")
        return [name + " \\" for row in tables.flag_kinds if row.kind not in without for name in row.names]

    def booleans(self, tables: Tables) -> list[str]:
        """Return the flags without a value, to which =true and =false may be attached."""
        rows = [row for row in tables.flag_kinds if row.kind == "boolean"]
        return [name + " \\" for row in rows for name in row.names if name.startswith("--")]

    def subcommands(self, tables: Tables) -> list[str]:
        """Return the subcommands of each group."""
        return [
            f"{_COMPLETE} {self._at(group)} -f -a {in_fish(command.path[-1])} -d {in_fish(command.summary)}"
            for group in tables.groups
            for command in group.subcommands
        ]

    def flags(self, tables: Tables) -> list[str]:
        """Return the flags of each command."""
        return [self._line(self._at(command), flag) for command in tables.flagged for flag in command.all_flags]

    def arguments(self, tables: Tables) -> list[str]:
        """Return the arguments of each command. Any number may precede one that may be repeated."""
        return [
            f"{_COMPLETE} {in_fish(f'__ant_at_argument {preceding} {command.full_name}')} {self._offer(argument)}"
            for command in tables.commands
            for position, argument in enumerate(command.arguments)
            for preceding in ["any" if argument.type is list else position]
            if kind_name(argument) != "free"
        ]

    def _at(self, command: Command) -> str:
        """Return the condition that the line so far is this command, with any number of arguments."""
        return in_fish(f"__ant_at any {command.full_name}".rstrip())

    def _line(self, condition: str, flag: Param) -> str:
        names = " ".join(f"-l {name[2:]}" if name.startswith("--") else f"-s {name[1:]}" for name in flag.names)
        return f"{_COMPLETE} {condition} {names} {self._offer(flag)} -d {in_fish(first_sentence(flag.help))}"

    def _offer(self, param: Param) -> str:
        """Return the options of `complete` that offer what a parameter takes."""
        if param.choices:  # each with its own, empty description: otherwise fish would show the flag's next to it
            described = " ".join(rf"{choice}\t" for choice in param.choices)
            return f"-x -a {in_fish(described)}"
        kind = kind_name(param)
        return _OFFERS.get(kind) or f"-x -a '(__ant_ids {kind})'"


def in_fish(text: str) -> str:
    r"""Return the text in quotes, in which only \ and ' have a meaning to fish."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


SHELLS: dict[str, _Bash | _Fish] = {"bash": _Bash(), "zsh": _Zsh(), "fish": _Fish(), "powershell": _PowerShell()}

PROGRAMS = ("ant", "ant-environments")
"""The names of this program."""


def script(shell: str, root: Command, program: str = PROGRAMS[0]) -> str:
    """Return the script of a shell, for a tree of commands. It completes one of the names of the program."""
    syntax = SHELLS[shell]
    template = files("ant_cli.completion").joinpath("templates", syntax.file).read_text("utf-8")
    tables = Tables(root)

    def rows(marker: re.Match[str]) -> str:
        lines_of: Callable[[Tables], list[str]] = getattr(syntax, marker["name"])
        return "\n".join(marker["indent"] + line for line in lines_of(tables))

    written = re.sub(r"^(?P<indent> *)@TABLE (?P<name>\w+)@$", rows, template, flags=re.MULTILINE)
    return written.replace("@PROGRAM@", program)
