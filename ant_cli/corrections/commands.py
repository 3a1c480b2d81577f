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
from ant_cli.operations.ids import ITEM, is_object_id

_PROGRAM = "ant"
_HELP, _BETA, _RETRIEVE, _LIST = "help", "beta", "retrieve", "list"
_GROUPS = [command for command in ROOT.walk() if command.subcommands and command.path]
_BY_NOUN = {group.path[-1].rpartition(":")[2]: group for group in _GROUPS}
_ENVIRONMENTS, _ITEMS = "environments", "work"


def command_steps(line: Line) -> Iterator[Step | Sentence]:
    """Yield what may have been meant after a group, the likeliest first."""
    if not line.parts:
        return
    if _HELP in line.words:
        yield _help_step(line)
    elif line.words[:1] == [_PROGRAM]:
        yield line.replacing(line.places[0], consumed=(_PROGRAM,))
    elif line.parts[0].role is Role.WORD:
        yield from _word_steps(line)
    else:
        yield from renamed(line, 0)
        yield from flag_rows(line, 0)
        yield from _flags_behind(line)


def _word_steps(line: Line) -> Iterator[Step | Sentence]:
    """Yield what may have been meant by a word in the place of a command."""
    *_, identifier = objects_in(line.words[0])
    if is_object_id(identifier):
        yield _verb_first(line, identifier)
        return
    named = [] if _is_official(line) else list(_group_named(line))
    if len(line.words) == 1:  # `profiles` alone is a habit
        yield from word_rows(line)
        yield from named
    else:
        yield from named
        yield from word_rows(line)
    yield from _meant_by(line)


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


def _verb_first(line: Line, identifier: str) -> Step:
    """Read `env_1 delete` as `delete env_1`, and an ID alone as a question for its object, or for its work."""
    object_, *places = line.places
    rest = list(line.rest)
    if places:
        rest[object_], rest[places[0]] = rest[places[0]], rest[object_]
    else:
        asks_for_work = line.command == _BY_NOUN[_ITEMS] and not identifier.startswith(ITEM)
        rest.insert(object_, _LIST if asks_for_work else _RETRIEVE)
    return Step(line.with_rest(*rest))


# The group


def _group_named(line: Line) -> Iterator[Step]:
    """Read `env get demo`, `get env demo`, `get-env demo` and `beta env get demo` as the group, and `get demo`."""
    first, *others = line.leading_words
    joined = split_words(first)
    parts = [*joined, *others]
    found = _place_of_group(parts)
    if found is None:
        return
    group, start, at = found
    taken = max(at - len(joined) + 2, 1)
    verbs = [*parts[start:at], *parts[at + 1 : len(joined)]]
    if len(parts) == at + 1:
        verbs = [_LIST if _is_retrieve(verb) else verb for verb in verbs]
    rest = line.without(line.places[:taken])
    yield Step((*line.before, *group.path, *verbs, *rest), tuple(line.words[:taken]))


def _place_of_group(parts: Sequence[str]) -> tuple[Command, int, int] | None:
    """Return the group that is named, where the verb in front of it may begin, and where its name is."""
    start = int(parts[:1] == [_BETA])
    nouns = [noun(part) for part in parts[start : start + 2]]
    if nouns == [_ENVIRONMENTS, _ITEMS]:
        return _BY_NOUN[_ITEMS], start + 1, start + 1
    for at, name in enumerate(nouns, start):
        if name in _BY_NOUN:
            return _BY_NOUN[name], start, at
    return None


def _is_retrieve(verb: str) -> bool:
    """Whether a verb means `retrieve`, but `list` if no object follows: `get environments`."""
    return fit(verb, _RETRIEVE, [_RETRIEVE]) == SYNONYM


# The command


class _Reading(NamedTuple):
    """A command that the first word may mean. The best one is the lowest."""

    rank: int
    """How well the word fits: `EXACT` and so on."""
    is_alone: bool
    """Its group was not typed."""
    path: Argv
    words: int = 1
    """How many words it replaces."""


def _meant_by(line: Line) -> Iterator[Step | Sentence]:
    """Yield the line with each command that its first word may mean. If two fit, what else was typed decides."""
    alone = [] if _is_official(line) else _verb_alone(line)
    readings = sorted([*_children(line), *_official(line), *alone])
    is_guess = len(alone) > 1
    if is_guess and readings[0].is_alone and len(line.parts) == 1:
        names = [command_line(*reading.path) for reading in alone]
        yield Sentence(f"Did you mean {' or '.join(names)}?")
        return
    for reading in readings:
        others = line.without(line.places[: reading.words])
        consumed = tuple(line.words[: reading.words])
        yield Step((*line.before, *reading.path, *others), consumed, is_guess and reading.is_alone)


def _children(line: Line) -> Iterator[_Reading]:
    """Read the first word as the name of a command of this group, or of a group in it."""
    is_other = not line.command.path and is_noun(line.words[0])
    for reading in _as_commands(line.command, line.leading_words):
        if reading.rank == EXACT or not is_other:
            yield reading


def _is_official(line: Line) -> bool:
    """Whether the first word is a resource of the official tool; after `beta:`, also with a slip."""
    has_prefix = line.words[0].startswith("beta:")
    return any(has_prefix or reading.rank == EXACT for reading in _official(line))


def _official(line: Line) -> Iterator[_Reading]:
    """Read the first word as a resource that only the official tool has, without its prefix."""
    if line.command.path:
        return
    taken = 1
    if line.words[0] == _BETA and len(line.leading_words) > 1:
        taken = 2
    typed = ":".join(line.words[:taken]).replace(".", ":")
    word = typed.removeprefix(f"{_BETA}:")
    # `messages` and `beta:messages` are two APIs. The last one of a name wins.
    resources = OFFICIAL_RESOURCES if word != typed else tuple(reversed(OFFICIAL_RESOURCES))
    names = {name.rpartition(":")[2]: name for name in resources}
    resource, colon, part = word.partition(":")
    for name, full_name in names.items():
        rank = fit(resource, name, names)
        if rank in (EXACT, SLIP):
            path = _before_verb(full_name + colon + part)
            yield _Reading(rank, is_alone=False, path=path, words=taken)


def _before_verb(name: str) -> Argv:
    """Split `beta:agents:list` before its verb."""
    resource, _, verb = name.rpartition(":")
    return (resource, verb) if verb in OFFICIAL_VERBS else (name,)


def _verb_alone(line: Line) -> list[_Reading]:
    """Read the first word as a command of the first groups that have it.

    There may be several: `start` is a command of the emulator, and what other tools call a worker's `poll`.
    """
    words = line.leading_words
    beginning = [*split_words(words[0])[:1], *words[1:2]]
    if line.command.path or any(map(noun, beginning)):
        return []
    for groups in _likely_groups(line):
        found = _best(
            reading for group in groups for reading in _as_commands(group, words, is_implied=True)
        )
        for group in groups:
            for path in paths_by_habit(words[0], group):
                found.setdefault(path, _Reading(SYNONYM, is_alone=True, path=path))
        if found:
            return list(found.values())
    return []


def _likely_groups(line: Line) -> Sequence[Sequence[Command]]:
    """Return the groups of a verb alone: that of the item that is named, or of environments before all others."""
    items, environments = _BY_NOUN[_ITEMS], _BY_NOUN[_ENVIRONMENTS]
    objects = [name for word in line.words for name in objects_in(word)]
    if any(name.startswith(ITEM) for name in objects):
        return [[items]]
    return [environments], [group for group in _GROUPS if group != environments]


def _best(readings: Iterable[_Reading]) -> dict[Argv, _Reading]:
    """Return the readings that fit best, by their commands."""
    found = sorted(readings)
    return {reading.path: reading for reading in found if reading.rank == found[0].rank}


def _as_commands(
    group: Command, words: Sequence[str], *, is_implied: bool = False
) -> Iterator[_Reading]:
    """Read the first word as a command of a group."""
    word = words[0].removeprefix("beta:")
    names = [_name(item) for item in group.subcommands]
    for item in group.subcommands:
        rank = fit(word, _name(item), names, is_implied=is_implied)
        if rank is None:
            continue
        path = item.path
        if path[-1] == _RETRIEVE and rank == SYNONYM and is_implied and len(words) == 1:
            path = (*group.path, _LIST)  # `get` alone
        yield _Reading(rank, is_implied, path)


def _name(item: Command) -> str:
    return item.path[-1].removeprefix("beta:")
