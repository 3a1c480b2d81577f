"""The first pass: what was meant where a command was expected."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from ant_cli.corrections.flags import renamed
from ant_cli.corrections.line import ROOT, Argv, Line, Part, Role, Sentence, Step
from ant_cli.corrections.rows import flag_rows, word_rows
from ant_cli.corrections.slips import EXACT, SLIP, fit, is_noun, noun, split_words
from ant_cli.help.command_row import HELP, Command
from ant_cli.operations import OFFICIAL_RESOURCES

_DEFAULT = ("beta:environments",)
"""The group of a command that was typed alone."""
_GROUPS = [command for command in ROOT.walk() if command.subcommands and command.path]


def command_steps(line: Line) -> Iterator[Step | Sentence]:
    """Yield what may have been meant after a group, the likeliest first."""
    parts = line.parts
    if not parts:
        return
    if any(part.role is Role.WORD and part.text == "help" for part in parts):
        asks = ("help", *HELP.spellings)
        others = [part.text for part in parts if part.text not in asks]
        yield Step(line.with_rest(*others, HELP.flag), ("help",))
    elif parts[0].role is Role.WORD:
        yield from word_rows(line)
        for reading in sorted(_readings(line.command, _leading_words(parts))):
            yield _replaced(line, parts, reading)
    else:
        yield from renamed(line, 0)
        yield from flag_rows(line, 0)
        yield from _flags_behind(line, parts)


def _leading_words(parts: Sequence[Part]) -> list[str]:
    """Return the words before the first flag that no command has: the word after that may be its value."""
    end = next((at for at, part in enumerate(parts) if part.role is Role.UNKNOWN), len(parts))
    return [part.text for part in parts[:end] if part.role is Role.WORD]


def _flags_behind(line: Line, parts: Sequence[Part]) -> Iterator[Step]:
    """Yield the line with the flags in front of its command behind it; an unknown flag may have a value."""
    first = next((at for at, part in enumerate(parts) if part.role is Role.WORD), len(parts))
    texts = [part.text for part in parts]
    ends = (first, first + 1) if parts[first - 1].role is Role.UNKNOWN else (first,)
    for end in ends:
        if texts[end:]:
            yield Step(line.with_rest(*texts[end:], *texts[:end]))


class _Reading(NamedTuple):
    """A command that the first words may mean. The best one is the lowest."""

    rank: int
    form: int
    path: Argv
    words: int
    """How many words it replaces."""


def _replaced(line: Line, parts: Sequence[Part], reading: _Reading) -> Step:
    """Return the line with a command in place of its words."""
    places = [at for at, part in enumerate(parts) if part.role is Role.WORD][: reading.words]
    others = [part.text for at, part in enumerate(parts) if at not in places]
    return Step((*line.before, *reading.path, *others), tuple(parts[at].text for at in places))


def _readings(group: Command, words: Sequence[str]) -> Iterator[_Reading]:
    """Yield what the words after a group may mean."""
    yield from _children(group, words)
    first = split_words(words[0])
    is_beta = first[:1] == ["beta"] and words != ["beta"]
    parts = [*first, *words[1:]]
    extra = len(first) - 1
    if is_beta:
        parts, extra = parts[1:], extra - 1
    if [noun(part) for part in parts[:2]] == ["environments", "work"]:
        parts, extra = parts[1:], extra - 1
    if not group.path:
        yield from _official(words, is_beta=is_beta)
    for reading in _forms(parts, is_beta=is_beta, is_alone=not group.path):
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
    taken = 2 if is_beta and words[0] == "beta" else 1
    resource, colon, part = words[taken - 1].removeprefix("beta:").partition(":")
    for name in names:
        rank = fit(resource, name, names)
        if rank in (EXACT, SLIP):
            yield _Reading(rank, 0, (names[name] + colon + part,), taken)


def _forms(parts: Sequence[str], *, is_beta: bool, is_alone: bool) -> Iterator[_Reading]:
    """Read the first parts as noun and verb, as a verb and a noun, or as a verb alone."""
    nouns = [noun(part) for part in parts[:2]]
    groups = [group for group in _GROUPS if group.path[0].startswith("beta:") or not is_beta]
    for group in groups:
        kind = group.path[-1].rpartition(":")[2]
        if nouns[:1] == [kind]:
            yield _Reading(EXACT, 1, group.path, 1)
            yield from _verbs(group, parts[1:], 1)
        if nouns[1:] == [kind]:
            yield from _verbs(group, [parts[0], *parts[2:]], 2)
    if is_alone and parts and not nouns[0]:
        yield from _verb_alone(groups, parts)


def _verbs(group: Command, parts: Sequence[str], form: int) -> Iterator[_Reading]:
    """Read the first part as a command of a group whose noun was typed, before or behind it."""
    for item in group.subcommands if parts else ():
        rank = _fit(parts[0], item, group)
        if rank is not None:
            yield _Reading(rank, form, _or_list(item, group, parts), 2)


def _verb_alone(groups: Sequence[Command], parts: Sequence[str]) -> Iterator[_Reading]:
    """Read the first part as a command of the default group, or of the only group that has it."""
    default = [group for group in groups if group.path == _DEFAULT]
    for some in (default, [group for group in groups if group.path != _DEFAULT]):
        found = [
            _Reading(rank, 3, _or_list(item, group, parts), 1)
            for group in some
            for item in group.subcommands
            if (rank := _fit(parts[0], item, group, is_implied=True)) is not None
        ]
        best = [reading for reading in found if reading.rank == min(found).rank]
        if len(best) == 1:
            yield from best
            return


def _or_list(item: Command, group: Command, parts: Sequence[str]) -> Argv:
    """Return the path of a command; that of `list` for `get` without the name of an object."""
    lists = [other.path for other in group.subcommands if other.path[-1] == "list"]
    is_list = item.path[-1] == "retrieve" and parts == [parts[0]] != ["retrieve"] and lists
    return lists[0] if is_list else item.path


def _fit(word: str, item: Command, group: Command, *, is_implied: bool = False) -> int | None:
    names = [_name(other) for other in group.subcommands]
    return fit(word, _name(item), names, is_implied=is_implied)


def _name(item: Command) -> str:
    return item.path[-1].removeprefix("beta:")
