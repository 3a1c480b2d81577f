"""The vocabulary of the command line: every command, and what each of its flags and arguments takes.

It is gathered from the operations and from the Typer trees of our own commands. The completion scripts and
the reference are written from it.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import typer

from ant_cli.app import EXAMPLES, OWN_COMMANDS, SUMMARY
from ant_cli.argv import params_of
from ant_cli.help import operation_pages as api
from ant_cli.help import tool_pages as own_pages
from ant_cli.help.layout import Example
from ant_cli.operations import GROUPS, OPERATIONS, of_group
from ant_cli.operations.global_flags import GLOBAL_FLAGS
from ant_cli.operations.spec import Operation, Param
from ant_cli.settings.validators import PROFILE_FIELDS

FREE = "free"
"""A value that can't be completed."""
TEXT = "text"
"""A value that may be @ and the name of a file."""
FILE = "file"
PROFILE = "profile"
SWITCH = "switch"
"""A flag without a value, to which =true or =false may be attached."""
PLAIN = "plain"
"""A flag without any value."""
EMULATED = "emulator_environment_id"
"""The ID of an environment of an emulator: the real API is not asked for it."""
SHELLS = ("bash", "zsh", "fish", "powershell")
"""The shells for which there is a script."""

_KINDS_BY_NAME = {"file": FILE, "database": FILE, "profile": PROFILE}
_KINDS_BY_TYPE = {bool: SWITCH, int: FREE, float: FREE}


class Flag(NamedTuple):
    """A flag of a command."""

    names: tuple[str, ...]
    help: str
    kind: str
    """One of the constants above, the name of an ID, or "words" and the words that it takes."""
    metavar: str = ""
    """What stands for its value in documentation."""

    @property
    def summary(self) -> str:
        """The first sentence of its help."""
        return brief(self.help)


class Argument(NamedTuple):
    """A positional argument."""

    name: str
    """As synopses write it: in brackets if it may be left out."""
    help: str
    kind: str


class Command(NamedTuple):
    """A command, or a group of them."""

    path: tuple[str, ...]
    """Its words after `ant`."""
    help: str
    flags: tuple[Flag, ...]
    """Its own; see `takes_global_flags`."""
    arguments: tuple[Argument, ...] = ()
    subcommands: tuple[Command, ...] = ()
    takes_global_flags: bool = False
    operation: Operation | None = None
    """What it asks of the API."""
    examples: Sequence[Example] = ()
    notes: str = ""
    """What else its help page says, as it stands there."""

    @property
    def summary(self) -> str:
        """The first sentence of its help."""
        return brief(self.help)

    @property
    def words(self) -> str:
        """The command as it is typed after `ant`."""
        return " ".join(self.path)

    def walk(self) -> Iterator[Command]:
        """Yield it and all commands below it."""
        yield self
        for command in self.subcommands:
            yield from command.walk()


def words_kind(words: Iterable[str]) -> str:
    """Return the kind of a value that is one of some words."""
    return " ".join(("words", *words))


_OWN_ARGUMENTS = {
    ("profile", "name"): PROFILE,
    ("profile", "create", "name"): FREE,
    ("profile", "key"): words_kind(PROFILE_FIELDS),
    ("completion", "shell"): words_kind(SHELLS),
    ("emulator", "environment_id"): EMULATED,
}
"""What arguments of our own commands are, by the command (or its group) and the name; else their type says it."""

HELP = Flag(("--help", "-h"), "Show help.", PLAIN)
VERSION = Flag(("--version", "-v"), "Show the version.", PLAIN)


def vocabulary() -> Command:
    """Return `ant`, with all commands below it."""
    groups = tuple(_group(group, summary) for group, summary in GROUPS.items())
    commands = (*groups, *own_commands())
    return Command((), SUMMARY, (HELP, VERSION), subcommands=commands, takes_global_flags=True, examples=EXAMPLES)


def global_flags() -> tuple[Flag, ...]:
    """Return the flags that every command of the API takes."""
    return tuple(map(flag_of, GLOBAL_FLAGS))


def _group(group: str, summary: str) -> Command:
    commands = tuple(map(_command, of_group(group)))
    examples = api.examples_of_group(group)
    return Command((group,), summary, (HELP,), (), commands, takes_global_flags=True, examples=examples)


def _command(operation: Operation) -> Command:
    flags = (HELP, *(flag_of(param) for param in params_of(operation) if param not in GLOBAL_FLAGS))
    param = operation.positional
    arguments = (Argument(f"[{param.name.upper()}]", param.help, kind_of(param)),) if param else ()
    return Command(
        (operation.group, operation.name),
        api.help_text(operation),
        flags,
        arguments,
        takes_global_flags=True,
        operation=operation,
        examples=api.examples_of(operation),
    )


def flag_of(param: Param) -> Flag:
    """Return the flag of a parameter."""
    names = tuple(name for name in (param.flag, param.short) if name)
    return Flag(names, param.help, kind_of(param), api.metavar_of(param) or "")


def kind_of(param: Param) -> str:
    """Return what a parameter takes, as the scripts know it."""
    if param.choices:
        return words_kind(param.choices)
    if param.location == "path":
        return param.name
    other = FREE if param.location == "setting" else TEXT
    return _KINDS_BY_NAME.get(param.name) or _KINDS_BY_TYPE.get(param.type, other)


def brief(text: str) -> str:
    """Return the first sentence, without its full stop."""
    return text.partition("\n")[0].partition(". ")[0].removesuffix(".")


# Our own commands


def own_commands() -> tuple[Command, ...]:
    """Return the commands that call no endpoint, from their Typer trees."""
    app = typer.Typer()
    app.callback()(lambda: None)
    for name, (module, summary) in OWN_COMMANDS.items():
        app.add_typer(importlib.import_module(module).app, name=name, help=summary)
    return _below(typer.main.get_command(app), ())


def _below(group: Any, path: tuple[str, ...]) -> tuple[Command, ...]:
    """Return the commands of a group. It is one of Click's, which each release of Typer keeps elsewhere."""
    found = getattr(group, "commands", {}).items()
    return tuple(_own_command(command, (*path, name)) for name, command in found if not command.hidden)


def _own_command(command: Any, path: tuple[str, ...]) -> Command:
    shown = [param for param in command.params if not param.hidden]
    flags = (HELP, *(_own_flag(param) for param in shown if param.param_type_name == "option"))
    arguments = tuple(_own_argument(param, path) for param in shown if param.param_type_name == "argument")
    words = " ".join(path)
    return Command(
        path,
        command.help or "",
        flags,
        arguments,
        _below(command, path),
        examples=own_pages.EXAMPLES[words],
        notes=own_pages.NOTES.get(words, ""),
    )


def _own_flag(option: Any) -> Flag:
    names = (*option.opts, *option.secondary_opts)
    if option.is_flag:
        return Flag(names, option.help or "", PLAIN)
    return Flag(names, option.help or "", _own_kind(option), option.metavar or option.type.name.upper())


def _own_argument(argument: Any, path: tuple[str, ...]) -> Argument:
    kind = _OWN_ARGUMENTS.get((*path, argument.name)) or _OWN_ARGUMENTS.get((path[0], argument.name))
    name = argument.metavar or argument.name.upper()
    return Argument(name, argument.help or "", kind or _own_kind(argument))


def _own_kind(param: Any) -> str:
    """Return what a parameter of our own commands takes: by its type, or by its name if it is one of the API's."""
    if choices := getattr(param.type, "choices", None):
        return words_kind(map(str, choices))
    known = {flag.name: kind_of(flag) for operation in OPERATIONS for flag in params_of(operation)}
    return _KINDS_BY_NAME.get(param.name) or known.get(param.name, FREE)
