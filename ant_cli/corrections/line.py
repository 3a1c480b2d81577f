"""A command line in three parts, and the role of each argument in it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from enum import Enum, auto
from functools import cache
from itertools import takewhile
from typing import NamedTuple

from ant_cli.argv import split_leading_globals
from ant_cli.errors.command_line import PIPE
from ant_cli.help.catalog import catalog
from ant_cli.help.command_row import HELP, Command
from ant_cli.operations.spec import Param

Argv = tuple[str, ...]
ROOT = catalog()
"""All commands."""
TARGETS = ("profile", "base_url", "local", "workspace_id")
"""The flags that choose a server or an account."""


class Role(Enum):
    """What an argument is."""

    FLAG = auto()
    VALUE = auto()
    UNKNOWN = auto()
    """It looks like a flag, but the command has none of this name."""
    WORD = auto()
    AFTER = auto()
    """It is `--`, or follows it."""


FLAGS = (Role.FLAG, Role.UNKNOWN)
"""What begins with a dash."""


class Part(NamedTuple):
    """An argument with its role."""

    text: str
    role: Role
    param: Param | None = None
    """The flag that it is, or to which it belongs as a value."""

    @property
    def flag(self) -> str:
        """The name of a flag, as typed, without a value."""
        return self.text.partition("=")[0]

    @property
    def value(self) -> str:
        """The value that is in the same argument."""
        return self.text.partition("=")[2]


class Step(NamedTuple):
    """A line in place of the one that was typed."""

    argv: Argv
    consumed: Argv = ()
    """Typed words that the change has replaced: those of a command, and values that it has converted."""


class Sentence(NamedTuple):
    """An answer where no line can be typed instead."""

    text: str


class Line(NamedTuple):
    """A command line in its parts."""

    before: Argv
    """The global flags before the rest."""
    command: Command
    """The longest command that exists; `ant` itself if there is none."""
    rest: Argv

    @property
    def argv(self) -> Argv:
        """The whole line."""
        return self.with_rest(*self.rest)

    @property
    def known(self) -> Mapping[str, Param]:
        """The flags that may follow, by name: those of the command, or of all commands after a group."""
        return _known(self.command.path)

    @property
    def parts(self) -> list[Part]:
        """The arguments after the command, with their roles."""
        return list(_parts(self.rest, self.known))

    @property
    def words(self) -> list[tuple[int, str]]:
        """The arguments that are neither flags nor their values, with their positions."""
        return [(at, part.text) for at, part in enumerate(self.parts) if part.role is Role.WORD]

    @property
    def params(self) -> list[Param | None]:
        """The rows of the flags that are given."""
        return [part.param for part in self.parts]

    def following(self, at: int) -> list[str]:
        """Return the words right behind a position."""
        others = takewhile(lambda part: part.role is Role.WORD, self.parts[at + 1 :])
        return [part.text for part in others]

    def replacing(self, at: int, *words: str, count: int = 1, consumed: Argv = ()) -> Step:
        """Return the line with other words in place of some."""
        rest = (*self.rest[:at], *words, *self.rest[at + count :])
        return Step(self.with_rest(*rest), consumed)

    def with_rest(self, *rest: str) -> Argv:
        """Return the line with other arguments after its command."""
        return (*self.before, *self.command.path, *rest)


@cache
def _known(path: Argv) -> Mapping[str, Param]:
    return {
        name: param
        for command in line_of(path).command.walk()
        for param in (*command.flags, *command.global_flags, HELP)
        for name in param.spellings
    }


def line_of(argv: Sequence[str]) -> Line:
    """Split a command line into its parts. Raises UsageError if a global flag lacks its value."""
    command, before, rest = ROOT, Argv(), Argv(argv)
    while command.subcommands:
        flags, words = split_leading_globals(rest)
        before, rest = (*before, *flags), Argv(words)
        found = _named(rest[:1], command)
        if found is None:
            break
        command, rest = found, rest[1:]
    return Line(before, command, rest)


def _named(names: Argv, group: Command) -> Command | None:
    return next((item for item in group.subcommands if item.path[-1:] == names), None)


def _parts(args: Sequence[str], known: Mapping[str, Param]) -> Iterator[Part]:
    words = iter(args)
    for arg in words:
        if arg == "--":
            yield from (Part(word, Role.AFTER) for word in (arg, *words))
        elif arg == "-" or not arg.startswith("-"):
            yield Part(arg, Role.WORD)
        elif param := _param(arg, known):
            yield Part(arg, Role.FLAG, param)
            if param.takes_value and _is_alone(arg, known):
                yield from (Part(word, Role.VALUE, param) for word in _next(words))
        else:
            yield Part(arg, Role.UNKNOWN)


def _next(words: Iterator[str]) -> list[str]:
    return [word for _, word in zip(range(1), words, strict=False)]


def _param(arg: str, known: Mapping[str, Param]) -> Param | None:
    param = known.get(arg.partition("=")[0])
    short = known.get(arg[:2])
    if param is None and short is not None and short.takes_value and arg[1] != "-":
        return short
    return param


def _is_alone(arg: str, known: Mapping[str, Param]) -> bool:
    """Whether the value of a flag is the next argument."""
    return arg in known


def commands_in(argv: Sequence[str]) -> Iterator[Argv]:
    """Yield the commands that pipes join."""
    rest = Argv(argv)
    while rest:
        end = next((at for at, word in enumerate(rest) if word is PIPE), len(rest))
        yield rest[:end]
        rest = rest[end + 1 :]


def parts_of(argv: Sequence[str]) -> list[Part]:
    """Return all arguments of a command line with their roles, without its command."""
    line = line_of(argv)
    return [*_parts(line.before, line.known), *line.parts]


def targets_in(argv: Sequence[str]) -> Argv:
    """Return the flags of a command line that choose a server or an account, with their values."""
    return tuple(part.text for part in parts_of(argv) if part.param and part.param.name in TARGETS)
