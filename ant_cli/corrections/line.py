"""A command line in three parts, and the role of each argument in it."""

from collections.abc import Iterator, Mapping, Sequence
from enum import Enum, auto
from functools import cache
from itertools import islice
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
    is_guess: bool = False
    """It is one of several commands that the words may mean: only a line that is accepted counts."""


class Sentence(NamedTuple):
    """An answer where no line can be typed instead."""

    text: str
    command: Command | None = None
    """The command that it is about, if that was not typed as it is."""


class Line:
    """A command line in its parts."""

    def __init__(self, before: Argv, command: Command, rest: Argv) -> None:
        self.before = before
        """The global flags before the rest."""
        self.command = command
        """The longest command that exists; `ant` itself if there is none."""
        self.rest = rest
        self.known = _known(command.path)
        """The flags that may follow, by name: those of the command, or of all commands after a group."""
        self.parts = list(_parts(rest, self.known))
        """The arguments after the command, with their roles."""
        self.places = [at for at, part in enumerate(self.parts) if part.role is Role.WORD]
        """Where the words are: arguments that are neither flags nor their values."""
        self.words = [rest[at] for at in self.places]
        self.params = [part.param for part in self.parts]
        """The rows of the flags that are given."""

    @property
    def argv(self) -> Argv:
        """The whole line."""
        return self.with_rest(*self.rest)

    @property
    def numbered(self) -> list[tuple[int, str]]:
        """The words with their places."""
        return list(zip(self.places, self.words, strict=True))

    @property
    def unknown_at(self) -> int | None:
        """Where the first flag is that the command does not have; None if it has all."""
        for at, part in enumerate(self.parts):
            if part.role is Role.UNKNOWN:
                return at
        return None

    @property
    def leading_words(self) -> list[str]:
        """The words before the first unknown flag: the word after that may be its value."""
        end = self.unknown_at
        if end is None:
            return self.words
        return [text for at, text in self.numbered if at < end]

    def following(self, at: int) -> list[str]:
        """Return the words right behind a place."""
        found = list[str]()
        for part in self.parts[at + 1 :]:
            if part.role is not Role.WORD:
                break
            found.append(part.text)
        return found

    @property
    def has_flags(self) -> bool:
        """Whether a flag follows the command."""
        return any(part.role is Role.FLAG for part in self.parts)

    @property
    def ends_in_flag(self) -> bool:
        """Whether the last argument is a flag without the value that it takes, so that nothing can follow."""
        last = next(reversed(self.parts), None)
        if last is None or last.param is None or last.role is not Role.FLAG:
            return False
        return last.param.takes_value and last.text in self.known

    def replacing(self, at: int, *words: str, count: int = 1, consumed: Argv = ()) -> Step:
        """Return the line with other words in place of some."""
        before, after = self.rest[:at], self.rest[at + count :]
        return Step(self.with_rest(*before, *words, *after), consumed)

    def without(self, places: Sequence[int]) -> list[str]:
        """Return the arguments after the command, without those at some places."""
        return [text for at, text in enumerate(self.rest) if at not in places]

    def with_rest(self, *rest: str) -> Argv:
        """Return the line with other arguments after its command."""
        return (*self.before, *self.command.path, *rest)


@cache
def _known(path: Argv) -> Mapping[str, Param]:
    known = dict[str, Param]()
    for command in _command_at(path).walk():
        for param in (*command.flags, *command.global_flags, HELP):
            known |= dict.fromkeys(param.spellings, param)
    return known


def _command_at(path: Argv) -> Command:
    command = ROOT
    for name in path:
        command = _named(name, command) or command
    return command


def _named(name: str, group: Command) -> Command | None:
    return next((item for item in group.subcommands if item.path[-1] == name), None)


def line_of(argv: Sequence[str]) -> Line:
    """Split a command line into its parts. Raises UsageError if a global flag lacks its value."""
    command, before, rest = ROOT, list[str](), list(argv)
    while command.subcommands:
        flags, rest = split_leading_globals(rest)
        before += flags
        found = _named(rest[0], command) if rest else None
        if found is None:
            break
        command, rest = found, rest[1:]
    return Line(Argv(before), command, Argv(rest))


def _parts(args: Sequence[str], known: Mapping[str, Param]) -> Iterator[Part]:
    words = iter(args)
    for arg in words:
        param = _param(arg, known)
        if arg == "--":
            yield Part(arg, Role.AFTER)
            break
        if arg == "-" or not arg.startswith("-"):
            yield Part(arg, Role.WORD)
        elif param is None:
            yield Part(arg, Role.UNKNOWN)
        else:
            yield Part(arg, Role.FLAG, param)
            if param.takes_value and arg in known:  # otherwise it is in the same argument
                yield from (Part(word, Role.VALUE, param) for word in islice(words, 1))
    for arg in words:
        yield Part(arg, Role.AFTER)


def _param(arg: str, known: Mapping[str, Param]) -> Param | None:
    name = arg.partition("=")[0]
    if name in known or arg.startswith("--"):
        return known.get(name)
    short = known.get(arg[:2])
    if short is None or not short.takes_value:
        return None
    return short


def commands_in(argv: Sequence[str]) -> Iterator[Argv]:
    """Yield the commands that pipes join."""
    command = list[str]()
    for word in argv:
        if word is PIPE:
            yield Argv(command)
            command = []
        else:
            command.append(word)
    yield Argv(command)


def parts_of(argv: Sequence[str]) -> list[Part]:
    """Return all arguments of a command line with their roles, without its command."""
    line = line_of(argv)
    return [*_parts(line.before, line.known), *line.parts]


def targets_in(argv: Sequence[str]) -> Argv:
    """Return the flags of a command line that choose a server or an account, with their values."""
    targets = list[str]()
    for part in parts_of(argv):
        if part.param is not None and part.param.name in TARGETS:
            targets.append(part.text)
    return Argv(targets)
