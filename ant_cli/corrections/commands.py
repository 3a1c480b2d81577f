"""The first pass: what was meant where a command was expected."""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from ant_cli.corrections.flags import renamed
from ant_cli.corrections.line import ROOT, Argv, Line, Role, Sentence, Step
from ant_cli.corrections.rows import flag_rows, paths_by_habit, word_rows
from ant_cli.corrections.slips import (
    EXACT,
    SLIP,
    SYNONYM,
    fit,
    is_noun,
    noun,
    objects_in,
    split_words,
)
from ant_cli.errors.command_line import command_line
from ant_cli.help.command_row import HELP, Command
from ant_cli.operations import OFFICIAL_RESOURCES, OFFICIAL_VERBS
from ant_cli.operations.ids import ITEM

_PROGRAM = "ant"
_HELP, _BETA, _RETRIEVE = "help", "beta", "retrieve"
_DEFAULT = ("beta:environments",)
"""The group of a command that was typed alone."""
_DEFAULT_NOUN = "environments"
_ITEMS = ("beta:environments:work",)
_GROUPS = [command for command in ROOT.walk() if command.subcommands and command.path]
_Groups = Sequence[Sequence[Command]]
"""Groups in which a verb is looked for, one sequence after the other."""
_ALONE = 3
"""The form of a verb alone."""


def command_steps(line: Line) -> Iterator[Step | Sentence]:
    """Yield what may have been meant after a group, the likeliest first."""
    if not line.parts:
        return
    if _HELP in line.words:
        yield _help_step(line)
    elif line.words[:1] == [_PROGRAM]:
        yield line.replacing(line.places[0], consumed=(_PROGRAM,))
    elif line.parts[0].role is Role.WORD:
        yield from _noun_first(line)
        yield from word_rows(line)
        yield from _meant_by(line)
    else:
        yield from renamed(line, 0)
        yield from flag_rows(line, 0)
        yield from _flags_behind(line)


def _noun_first(line: Line) -> Iterator[Step]:
    """Read `start worker` as `worker start`. What a verb means for environments, other rules know."""
    if len(line.words) < 2:
        return
    verb, kind, *_ = line.words
    if noun(verb) is None and is_noun(kind) and noun(kind) != _DEFAULT_NOUN:
        rest = list(line.rest)
        first, second, *_ = line.places
        rest[first], rest[second] = kind, verb
        yield Step(line.with_rest(*rest))


def _meant_by(line: Line) -> Iterator[Step | Sentence]:
    """Yield the line with each command that its words may mean. If two fit, what else was typed decides."""
    readings = sorted(_readings(line, line.leading_words))
    alone = [reading for reading in readings if reading.form == _ALONE]
    is_guess = len(alone) > 1
    if is_guess and readings[0] == alone[0] and len(line.parts) == 1:
        names = [command_line(*reading.path) for reading in alone]
        yield Sentence(f"Did you mean {' or '.join(names)}?")
        return
    for reading in readings:
        step = _replaced(line, reading)
        yield step._replace(is_guess=is_guess and reading.form == _ALONE)


def _help_step(line: Line) -> Step:
    """Return the line in which `help` in the place of a command is `--help` at the end."""
    asks = (_HELP, *HELP.spellings)
    others = [part.text for part in line.parts if part.text not in asks]
    return Step(line.with_rest(*others, HELP.flag), (_HELP,))


def _flags_behind(line: Line) -> Iterator[Step]:
    """Yield the line with the flags in front of its command behind it; an unknown flag may have a value."""
    if not line.places:
        return
    first = line.places[0]
    ends = [first]
    if line.parts[first - 1].role is Role.UNKNOWN:
        ends.append(first + 1)
    for end in ends:
        flags, others = line.rest[:end], line.rest[end:]
        if others:
            yield Step(line.with_rest(*others, *flags))


class _Reading(NamedTuple):
    """A command that the first words may mean. The best one is the lowest."""

    rank: int
    """How well the words fit: `EXACT` and so on."""
    form: int
    """0: the name of the command. 1: its noun comes first. 2: its verb comes first. 3: a verb alone."""
    path: Argv
    words: int
    """How many words it replaces."""


def _replaced(line: Line, reading: _Reading) -> Step:
    """Return the line with a command in place of its words."""
    places = line.places[: reading.words]
    others = line.without(places)
    consumed = line.words[: reading.words]
    return Step((*line.before, *reading.path, *others), tuple(consumed))


def _readings(line: Line, words: Sequence[str]) -> Iterator[_Reading]:
    """Yield what the words after a group may mean."""
    yield from _children(line.command, words)
    parts = [*split_words(words[0]), *words[1:]]
    is_beta = parts[:1] == [_BETA] and len(parts) > 1
    if is_beta:
        parts = parts[1:]
    if [noun(part) for part in parts[:2]] == ["environments", "work"]:
        parts = parts[1:]
    is_alone = not line.command.path
    if is_alone:
        yield from _official(words, is_beta=is_beta)
    found = list(_forms(parts, is_beta=is_beta))
    if is_alone and parts and noun(parts[0]) is None and not is_noun("".join(parts[1:2])):
        found += _verb_alone(parts, _orders(line))
    extra = len(parts) - len(words)
    for reading in found:
        if reading.words > extra:
            yield reading._replace(words=reading.words - extra)


def _children(group: Command, words: Sequence[str]) -> Iterator[_Reading]:
    """Read the first word as the name of a command of this group, or of a group in it."""
    for item in group.subcommands:
        rank = _fit(words[0].removeprefix("beta:"), item, group)
        is_other = not group.path and is_noun(words[0])
        if rank is not None and (rank == EXACT or not is_other):
            yield _Reading(rank, 0, item.path, 1)


def _official(words: Sequence[str], *, is_beta: bool) -> Iterator[_Reading]:
    """Read the first word as a resource that only the official tool has, without its prefix."""
    names = {name.rpartition(":")[2]: name for name in reversed(OFFICIAL_RESOURCES)}
    taken = 1
    if is_beta and words[0] == _BETA:
        taken = 2
    word = words[taken - 1].replace(".", ":").removeprefix("beta:")
    resource, colon, part = word.partition(":")
    for name, full_name in names.items():
        rank = fit(resource, name, names)
        if rank in (EXACT, SLIP):
            path = (full_name, part) if part in OFFICIAL_VERBS else (full_name + colon + part,)
            yield _Reading(rank, 0, path, taken)


def _forms(parts: Sequence[str], *, is_beta: bool) -> Iterator[_Reading]:
    """Read the first parts as noun and verb, or as a verb and a noun."""
    nouns = [noun(part) for part in parts[:2]]
    groups = _GROUPS
    if is_beta:
        groups = [group for group in _GROUPS if group.path[0].startswith("beta:")]
    for group in groups:
        kind = group.path[-1].rpartition(":")[2]
        if nouns[:1] == [kind]:
            yield _Reading(EXACT, 1, group.path, 1)
            yield from _verbs(group, parts[1:], 1)
        if nouns[1:] == [kind]:
            others = [parts[0], *parts[2:]]
            yield from _verbs(group, others, 2)


def _verbs(group: Command, parts: Sequence[str], form: int) -> Iterator[_Reading]:
    """Read the first part as a command of a group whose noun was typed, before or behind it."""
    for reading in _as_commands(group, parts, is_implied=False):
        yield reading._replace(form=form, words=2)


def _verb_alone(parts: Sequence[str], orders: _Groups) -> list[_Reading]:
    """Read the first part as a command of the first groups that have it.

    There may be several: `start` is a command of the emulator, and what other tools call a worker's `poll`.
    """
    for groups in orders:
        found = _best(reading for group in groups for reading in _as_commands(group, parts))
        for group in groups:
            for path in paths_by_habit(parts[0], group):
                found.setdefault(path, _Reading(SYNONYM, _ALONE, path, 1))
        if found:
            return list(found.values())
    return []


def _best(readings: Iterable[_Reading]) -> dict[Argv, _Reading]:
    """Return the readings that fit best, by their commands."""
    found = sorted(readings)
    return {reading.path: reading for reading in found if reading.rank == found[0].rank}


def _orders(line: Line) -> _Groups:
    """Return the groups of a verb alone: that of the item that is named, or the default one before all others."""
    objects = [name for word in line.words for name in objects_in(word)]
    if any(name.startswith(ITEM) for name in objects):
        return [[group for group in _GROUPS if group.path == _ITEMS]]
    default = [group for group in _GROUPS if group.path == _DEFAULT]
    return default, [group for group in _GROUPS if group.path != _DEFAULT]


def _as_commands(
    group: Command, parts: Sequence[str], *, is_implied: bool = True
) -> Iterator[_Reading]:
    """Read the first part as a command of a group."""
    if not parts:
        return
    for item in group.subcommands:
        rank = _fit(parts[0], item, group, is_implied=is_implied)
        if rank is not None:
            path = _or_list(item, group, parts)
            yield _Reading(rank, _ALONE, path, 1)


def _or_list(item: Command, group: Command, parts: Sequence[str]) -> Argv:
    """Return the path of a command; that of `list` for `get` without the name of an object."""
    if item.path[-1] != _RETRIEVE or len(parts) > 1 or parts[0] == _RETRIEVE:
        return item.path
    for other in group.subcommands:
        if other.path[-1] == "list":
            return other.path
    return item.path


def _fit(word: str, item: Command, group: Command, *, is_implied: bool = False) -> int | None:
    names = [_name(other) for other in group.subcommands]
    return fit(word, _name(item), names, is_implied=is_implied)


def _name(item: Command) -> str:
    return item.path[-1].removeprefix("beta:")
