"""The rows of `rows.txt`: what people type by the habit of other tools, and what to type instead."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from itertools import takewhile
from typing import NamedTuple

from ant_cli.corrections.line import (
    Argv,
    Line,
    Part,
    Role,
    Sentence,
    Step,
    commands_in,
    line_of,
    targets_in,
)
from ant_cli.errors.command_line import PIPE
from ant_cli.help.command_row import Command
from ant_cli.operations.ids import WORKSPACE
from ant_cli.operations.parsers import seconds_in
from ant_cli.runtime.own_data import own_data
from ant_cli.runtime.shell import split
from ant_cli.settings.rows import simple_path

_FILE = "rows.txt"
_FILE_ENDINGS = (".yaml", ".yml", ".json")
_CAPITALS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


class Row(NamedTuple):
    """A line of `rows.txt`, which describes it."""

    commands: Sequence[str]
    """Patterns of the commands after which it is typed."""
    typed: Sequence[Argv]
    """What is typed, in several ways: a flag or words, and kinds of values."""
    instead: str
    """What to type instead, or a sentence."""
    is_sentence: bool

    def is_after(self, command: str) -> bool:
        """Whether it is about a command, by its full name."""
        return any(_is_like(command or "ant", pattern) for pattern in self.commands)


def _is_like(command: str, pattern: str) -> bool:
    """Whether a command has the name, or its beginning before `*`, or its end after it."""
    start, star, end = pattern.partition("*")
    return command.startswith(start) and command.endswith(end) if star else command == pattern


@cache
def all_rows() -> tuple[Row, ...]:
    """Return the rows, in the order in which they are tried."""
    _, *groups = own_data("corrections", _FILE).decode().split("\nafter ")
    return tuple(row for group in groups for row in _rows_after(*group.splitlines()))


def _rows_after(commands: str, *lines: str) -> Iterator[Row]:
    for line in filter(None, lines):
        typed, arrow, instead = re.split(" (->|=>) ", line, maxsplit=1)
        patterns = [tuple(pattern.split()) for pattern in typed.split(" | ")]
        yield Row(commands.split(" | "), patterns, instead, arrow == "=>")


# Kinds of values


def is_file_name(text: str) -> bool:
    """Whether a text looks like the name of a file with a body."""
    return text.endswith(_FILE_ENDINGS)


def _is_period(text: str) -> bool:
    return text.isdecimal() or seconds_in(text) is not None


def _is_pair(text: str) -> bool:
    return text.find("=") > 0


_KINDS: dict[str, Callable[[str], bool]] = {
    "FILE": is_file_name,
    "KEY": lambda text: text[:1].isalnum() and text.endswith("-"),
    "LIST": lambda text: "," in text,
    "NUMBER": str.isdecimal,
    "PAIR": _is_pair,
    "PAIRS": lambda text: "," in text and all(map(_is_pair, text.split(","))),
    "PATH": lambda text: bool(simple_path(text)),
    "PERIOD": _is_period,
    "TIME": lambda text: seconds_in(text) is not None,
    "URL": lambda text: text.startswith(("http://", "https://")),
    "WORKSPACE": lambda text: text.startswith(WORKSPACE),
    "YAML": lambda text: text.startswith("{"),
}
"""Kinds of values that a row may ask for. Any other name in capitals stands for any value."""


def _seconds(text: str) -> float:
    return float(text) if text.isdecimal() else seconds_in(text) or 0.0


def _equation(text: str) -> str:
    key, _, value = text.partition("=")
    return f'{key}=="{value.lstrip("=")}"'


_FORMS: dict[str, tuple[str, Callable[[str], str]]] = {
    "EQUATION": ("PAIR", _equation),
    "FIELD": ("FIELD", lambda text: text.replace("-", "_")),
    "KEY": ("KEY", lambda text: text.removesuffix("-")),
    "MILLISECONDS": ("PERIOD", lambda text: f"{_seconds(text) * 1000:.0f}"),
    "PATH": ("PATH", simple_path),
    "PAUSE": ("PERIOD", lambda text: f"{text}s" if text.isdecimal() else text),
    "SECONDS": ("PERIOD", lambda text: f"{_seconds(text):g}"),
}
"""Values that are typed in another form: the kind in the row, and what becomes of it."""
_LOSSY = ("MILLISECONDS", "PATH", "SECONDS")
"""The forms in which the typed text can't be found again."""


# What a row finds in a line


class _Match(NamedTuple):
    """What a row found."""

    values: Mapping[str, str]
    """The values, by the kind that stands for each."""
    literal: Argv
    """The typed words that the row itself has."""


def _match(pattern: Argv, words: Sequence[str]) -> _Match | None:
    """Return what a pattern finds at the start of some words."""
    values, literal = dict[str, str](), list[str]()
    if len(words) < len(pattern):
        return None
    for expected, text in zip(pattern, words, strict=False):
        start = expected if expected[0] == "-" else expected.rstrip(_CAPITALS)
        kind = expected[len(start) :]
        value = text[len(start) :]
        if _is_named(text, expected):
            literal.append(text)
        elif text.startswith(start) and _is_of_kind(value, kind):
            values[kind] = value
            literal.append(start)
        else:
            return None
    return _Match(values, tuple(literal))


def _is_named(text: str, expected: str) -> bool:
    """Whether a text is the word of a row, or begins with it if that ends with `*`."""
    start, star, _ = expected.partition("*")
    return text.startswith(start) if star else text == expected


def _is_of_kind(value: str, kind: str) -> bool:
    if not kind or not value:
        return False
    fits = _KINDS.get(kind)
    return fits is None or fits(value)


def word_rows(line: Line) -> Iterator[Step | Sentence]:
    """Yield what the rows have for the words after a command. An unknown flag may take one of them."""
    readings = dict.fromkeys((tuple(line.leading_words), tuple(line.words)))
    for words in readings:
        for row, pattern in _patterns_after(line.command.full_name):
            found = None if pattern[0][0] == "-" else _match(pattern, words)
            # `auth login NAME` is not about all that may follow
            if found is not None and (any(found.literal) or len(words) == len(pattern)):
                yield from _answers(row, found, line, line.places[: len(pattern)])


def flag_rows(line: Line, at: int) -> Iterator[Step | Sentence]:
    """Yield what the rows have for a flag. One that the command has is wrong only together with what follows.

    A sentence is for what no earlier row can type: `-o json` is a format, whatever else may be wrong.
    """
    is_known = False
    for row, found, places in _matches_at(line, at):
        answers = list(_answers(row, found, line, places))
        if not (row.is_sentence and is_known):
            yield from answers
        is_known = is_known or answers != []


def _matches_at(line: Line, at: int) -> Iterator[tuple[Row, _Match, Sequence[int]]]:
    """Yield the rows about a flag, what each found, and where."""
    flag, *others = line.parts[at:]
    fewest = 2 if flag.role is Role.FLAG else 1
    following = [part.text for part in takewhile(_is_value, others)]
    for row, pattern in _patterns_after(line.command.full_name):
        if pattern[0][0] != "-" or len(pattern) < fewest:
            continue
        for name, *value in _readings(flag.text):
            found = _match(pattern, [name, *value, *following])
            taken = len(pattern) - len(value)
            if found is not None and (taken > 0 or row.is_sentence):
                yield row, found, range(at, at + max(taken, 1))


def paths_by_habit(verb: str, group: Command) -> Iterator[Argv]:
    """Yield the commands that rows have for a verb alone after a group."""
    for row, pattern in _patterns_after(group.full_name):
        if pattern == (verb,) and not row.is_sentence:
            path = Argv(split(row.instead)[1:])
            if line_of(path).command.path == path:
                yield path


@cache
def _patterns_after(command: str) -> Sequence[tuple[Row, Argv]]:
    rows = [row for row in all_rows() if row.is_after(command)]
    return [(row, pattern) for row in rows for pattern in row.typed]


def _readings(text: str) -> Iterator[Sequence[str]]:
    """Yield how a flag can be read: its name with two dashes, and the value in the same argument, if any."""
    name, *value = text.split("=", 1)
    if len(name) == 2 or name.startswith("--"):
        yield name, *value
    else:
        yield f"-{name}", *value
        yield text[:2], text[2:]


def _is_value(part: Part) -> bool:
    return part.role in (Role.WORD, Role.VALUE)


# What becomes of it


def _answers(
    row: Row, found: _Match, line: Line, places: Sequence[int]
) -> Iterator[Step | Sentence]:
    """Yield what a row has for what it found at some places of a line."""
    if row.is_sentence:
        yield Sentence(row.instead)
        return
    words = _filled(row.instead, found.values)
    if not words or _is_second_argument(words, line, places):
        return
    consumed = found.literal
    if any(name in row.instead for name in _LOSSY):
        consumed += tuple(found.values.values())
    yield Step(_argv(words, line, places), consumed)


def _is_second_argument(words: Argv, line: Line, places: Sequence[int]) -> bool:
    """Whether a flag would become an argument next to another one: `delete a -n b` does not delete both."""
    if places[0] in line.places or words[-1] is PIPE:
        return False
    if words[0] == "ant" or words[0].startswith("-"):
        return False
    return not set(line.places) <= set(places)


def _argv(words: Argv, line: Line, places: Sequence[int]) -> Argv:
    """Return a line with words in place of some of its own."""
    kept = line.without(places)
    if words[-1] is PIPE:
        return (*targets_in(line.argv), *words, *line.with_rest(*kept))
    if words[0] == "ant":
        return _with_commands(line, words, kept)
    before, after = kept[: places[0]], kept[places[0] :]
    return line.with_rest(*before, *words, *after)


def _with_commands(line: Line, words: Argv, kept: Sequence[str]) -> Argv:
    """Return a line with other commands. Each command of a pipe gets the targets."""
    *earlier, last = (command[1:] for command in commands_in(words))
    if not earlier:
        return (*line.before, *last, *kept)
    targets = targets_in(line.argv)
    piped = list[str]()
    for command in earlier:
        piped += [*targets, *command, PIPE]
    others = [text for text in (*line.before, *kept) if text not in targets]
    return (*piped, *targets, *last, *others)


def _filled(text: str, values: Mapping[str, str]) -> Argv:
    """Return the words to type, with the values in their places; none if one can't be there."""
    texts = dict(values)
    for name, (kind, convert) in _FORMS.items():
        if kind in values:
            texts[name] = convert(values[kind])
    typed = "".join(values.values())
    if '"' in text and ('"' in typed or "\\" in typed):
        return ()
    return tuple(PIPE if word == "|" else _put(word, texts) for word in split(text))


def _put(word: str, texts: Mapping[str, str]) -> str:
    """Return a word with values in its places."""
    names = sorted(texts, key=len, reverse=True)
    if not names:
        return word
    return re.sub("|".join(names), lambda place: texts[place[0]], word)
