"""The first pass: what was meant where a command was expected."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from ant_cli.corrections.flags import renamed
from ant_cli.corrections.line import Argv, Line, Part, Role
from ant_cli.corrections.rows import command_rows
from ant_cli.corrections.slips import EXACT, NOUNS, SLIP, SYNONYM, fit, noun, split_words
from ant_cli.corrections.steps import Sentence, Step
from ant_cli.help.catalog import catalog
from ant_cli.help.command_row import HELP, Command
from ant_cli.operations import OFFICIAL_RESOURCES

_DEFAULT = ("beta:environments",)
"""The group of a command that was typed alone."""
_HELP_WORDS = ("help", *HELP.spellings)
_RETRIEVES = "retrieve"


def command_steps(line: Line) -> Iterator[Step | Sentence]:
    """Yield what may have been meant after a group, the likeliest first."""
    parts = line.parts
    if not parts:
        return
    if help_step := _help_step(line, parts):
        yield help_step
    elif parts[0].role is Role.WORD:
        words = _leading_words(parts)
        yield from command_rows(line, words)
        for found in sorted(_Grammar(line.command, words).readings()):
            yield _replaced(line, parts, found)
    else:
        yield from renamed(line, 0)
        yield from _flags_behind(line, parts)


def _help_step(line: Line, parts: Sequence[Part]) -> Step | None:
    """Return the line in which `help` in the place of a command is `--help` at the end."""
    asked = [part for part in parts if part.role is Role.WORD and part.text == "help"]
    if not asked:
        return None
    others = [part.text for part in parts if part.text not in _HELP_WORDS]
    return Step(line.with_rest(*others, HELP.flag), ("help",))


def _leading_words(parts: Sequence[Part]) -> list[str]:
    """Return the words before the first flag that no command has: the word after that may be its value."""
    end = next((at for at, part in enumerate(parts) if part.role is Role.UNKNOWN), len(parts))
    return [part.text for part in parts[:end] if part.role is Role.WORD]


def _flags_behind(line: Line, parts: Sequence[Part]) -> Iterator[Step]:
    """Yield the line with the flags in front of its command behind it; an unknown flag may have a value."""
    first = next((at for at, part in enumerate(parts) if part.role is Role.WORD), len(parts))
    texts = [part.text for part in parts]
    for end in (first, first + 1):
        if texts[end:]:
            yield Step(line.with_rest(*texts[end:], *texts[:end]))
        if parts[first - 1].role is not Role.UNKNOWN:
            return


class _Reading(NamedTuple):
    """A command that the first words may mean. The best one is the lowest."""

    rank: int
    form: int
    path: Argv
    words: int
    """How many words it replaces."""


def _replaced(line: Line, parts: Sequence[Part], found: _Reading) -> Step:
    """Return the line with a command in place of its words."""
    words = [at for at, part in enumerate(parts) if part.role is Role.WORD][: found.words]
    others = [part.text for at, part in enumerate(parts) if at not in words]
    consumed = tuple(parts[at].text for at in words)
    return Step(line.with_command(found.path, others), consumed)


class _Grammar:
    """How the words after a group can be read: as a noun and a verb in either order, or as a verb alone."""

    def __init__(self, group: Command, words: Sequence[str]) -> None:
        self._group = group
        self._words = words
        self._groups = [item for item in catalog().walk() if item.subcommands and item.path]
        first = split_words(words[0])
        self._parts = [*first, *words[1:]]
        self._is_beta = self._parts[:1] == ["beta"] and len(self._parts) > 1
        if self._is_beta:
            self._parts = self._parts[1:]
        self._joined = len(self._parts) - len(words[1:])
        """How many parts the first word has."""

    def readings(self) -> Iterator[_Reading]:
        """Yield the commands that the words may mean."""
        if not self._parts:
            return
        yield from self._children()
        yield from self._noun_first()
        yield from self._verb_and_noun()
        if not self._group.path:
            yield from self._official()
        if not self._group.path and not noun(self._parts[0]):
            yield from self._verb_alone()

    def _reading(self, rank: int, form: int, path: Argv, parts: int) -> Iterator[_Reading]:
        """Yield a reading of so many parts, if the first word is among them as a whole."""
        if parts >= self._joined:
            yield _Reading(rank, form, path, parts - self._joined + 1)

    def _children(self) -> Iterator[_Reading]:
        """Read the first word as the name of a command of this group, or of a group in it."""
        for item in self._group.subcommands:
            rank = _fit(self._words[0].removeprefix("beta:"), item, self._group)
            if rank is not None:
                yield _Reading(rank, 0, item.path, 1)

    def _noun_first(self) -> Iterator[_Reading]:
        """Read the first part as the noun of a group: `env rm demo`; maybe with a verb that is joined to it."""
        nouns = [noun(part) for part in self._parts[:2]]
        work = nouns == ["environments", "work"]
        count = 1 + work
        for group in self._groups_of(nouns[work]):
            rank = EXACT if self._parts[0] in NOUNS else SYNONYM
            yield from self._reading(rank, 1, group.path, count)
            for item in group.subcommands:
                if (verb := self._fit_at(count, item, group)) is not None:
                    yield from self._reading(verb, 1, item.path, count + 1)

    def _verb_and_noun(self) -> Iterator[_Reading]:
        """Read the first two parts as a verb and a noun: `rm env demo`, `list-environments`."""
        if len(self._parts) < 2:
            return
        for group in self._groups_of(noun(self._parts[1])):
            for item in group.subcommands:
                rank = self._fit_at(0, item, group)
                if rank is not None:
                    yield from self._reading(rank, 2, self._or_list(item, group, 2), 2)

    def _official(self) -> Iterator[_Reading]:
        """Read the first part as a resource that only the official tool has, without its prefix."""
        names = {name.rpartition(":")[2]: name for name in reversed(OFFICIAL_RESOURCES)}
        taken = 1 + (self._words[0] == "beta")
        word = self._words[taken - 1].removeprefix("beta:")
        resource, colon, part = word.partition(":")
        for name in names:
            rank = fit(resource, name, names)
            if rank in (EXACT, SLIP):
                yield _Reading(rank, 0, (names[name] + colon + part,), taken)

    def _verb_alone(self) -> Iterator[_Reading]:
        """Read the first part as a command of the default group, or of the only group that has it."""
        default = [group for group in self._groups if group.path == _DEFAULT]
        for groups in (default, [group for group in self._groups if group.path != _DEFAULT]):
            found = [
                (rank, item, group)
                for group in groups
                for item in group.subcommands
                if (rank := _fit(self._parts[0], item, group, is_implied=True)) is not None
            ]
            best = [each for each in found if each[0] == min(rank for rank, _, _ in found)]
            if len(best) == 1:
                ((rank, item, group),) = best
                yield from self._reading(rank, 4, self._or_list(item, group, 1), 1)
                return

    def _groups_of(self, meant: str) -> list[Command]:
        """Return the groups with a noun."""
        found = [group for group in self._groups if meant and _noun_of(group) == meant]
        return [group for group in found if group.path[0].startswith("beta:") or not self._is_beta]

    def _fit_at(self, at: int, item: Command, group: Command) -> int | None:
        if at >= len(self._parts):
            return None
        return _fit(self._parts[at], item, group)

    def _or_list(self, item: Command, group: Command, count: int) -> Argv:
        """Return the path of a command; that of `list` for `get` without the name of an object."""
        has_object = len(self._parts) > count
        lists = [other.path for other in group.subcommands if other.path[-1] == "list"]
        if item.path[-1] == _RETRIEVES and not has_object and lists:
            return lists[0]
        return item.path


def _fit(word: str, item: Command, group: Command, *, is_implied: bool = False) -> int | None:
    names = [_name(other) for other in group.subcommands]
    return fit(word, _name(item), names, is_implied=is_implied)


def _name(item: Command) -> str:
    return item.path[-1].removeprefix("beta:")


def _noun_of(group: Command) -> str:
    return group.path[-1].rpartition(":")[2]
