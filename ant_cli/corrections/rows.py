"""The rows of `rows.txt`: what people type by the habit of other tools, and what to type instead."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from functools import cache
from itertools import takewhile
from typing import NamedTuple

from ant_cli.corrections.line import Argv, Line, Part, Role, commands_in, targets_in
from ant_cli.corrections.steps import Sentence, Step
from ant_cli.errors.command_line import PIPE
from ant_cli.operations.parsers import seconds_in
from ant_cli.runtime.own_data import own_data
from ant_cli.runtime.shell import split
from ant_cli.settings.rows import simple_path

_FILE = "rows.txt"
_FILE_ENDINGS = (".yaml", ".yml", ".json")
_PLAIN = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.+=<>~/")
"""The characters of a value that needs no quotes in YAML, after a letter or a digit."""


class Row(NamedTuple):
    """A line of `rows.txt`, which describes it."""

    commands: Sequence[str]
    """Patterns of the commands after which it is typed."""
    typed: Sequence[Argv]
    """What is typed, in several ways: a flag or words, and kinds of values."""
    instead: str
    """What to type instead; empty if there is a sentence."""
    sentence: str

    def is_after(self, command: str) -> bool:
        """Whether it is about a command, by its full name."""
        return any(fnmatchcase(command or "ant", pattern) for pattern in self.commands)


class Match(NamedTuple):
    """What a row found in a line."""

    values: Mapping[str, str]
    """The values, by the kind that stands for each."""
    taken: int
    """How many arguments it takes."""
    literal: Argv
    """The typed words that the row itself has."""


@cache
def all_rows() -> tuple[Row, ...]:
    """Return the rows, in the order in which they are tried."""
    return tuple(_read(own_data("corrections", _FILE).decode()))


def _read(text: str) -> Iterator[Row]:
    _, *groups = text.split("\nafter ")
    for group in groups:
        first, *lines = group.splitlines()
        yield from _rows_after(first.split(" | "), lines)


def _rows_after(commands: Sequence[str], lines: Sequence[str]) -> Iterator[Row]:
    for line in filter(None, lines):
        typed, arrow, sentence = line.partition(" => ")
        if arrow:
            yield Row(commands, _patterns(typed), "", sentence)
        else:
            typed, _, instead = line.partition(" -> ")
            yield Row(commands, _patterns(typed), instead, "")


def _patterns(text: str) -> list[Argv]:
    return [tuple(pattern.split()) for pattern in text.split(" | ")]


# Kinds of values


def is_file_name(text: str) -> bool:
    """Whether a text looks like the name of a file with a body."""
    return text.endswith(_FILE_ENDINGS)


_KINDS: dict[str, Callable[[str], bool]] = {
    "NUMBER": str.isdecimal,
    "TIME": lambda text: seconds_in(text) is not None,
    "PERIOD": lambda text: text.isdecimal() or seconds_in(text) is not None,
    "PAIR": lambda text: text.find("=") > 0,
    "LIST": lambda text: "," in text,
    "YAML": lambda text: text.startswith("{"),
    "URL": lambda text: text.startswith(("http://", "https://")),
    "FILE": is_file_name,
    "PATH": lambda text: bool(simple_path(text)),
    "KEY": lambda text: text.endswith("-") and text[:1].isalnum(),
}
"""Kinds of values that a row may ask for. Any other name in capitals stands for any value."""
_CONVERTED: dict[str, tuple[str, Callable[[str], str]]] = {
    "PATH": ("PATH", simple_path),
    "MILLISECONDS": ("PERIOD", lambda text: str(round(_seconds(text) * 1000))),
    "PAUSE": ("PERIOD", lambda text: f"{text}s" if text.isdecimal() else text),
    "SECONDS": ("PERIOD", lambda text: f"{_seconds(text):g}"),
    "FIELD": ("FIELD", lambda text: text.replace("-", "_")),
    "EQUATION": ("PAIR", lambda text: _equation(*text.partition("="))),
    "KEY": ("KEY", lambda text: text.removesuffix("-")),
}
"""Values that are typed in another form: the kind in the row, and what becomes of it."""


_LOSSY = ("PATH", "MILLISECONDS", "SECONDS")
"""The forms in which the typed text can't be found again."""


def _equation(key: str, _: str, value: str) -> str:
    text = value.lstrip("=")
    return f'{key}=="{text}"'


def _seconds(text: str) -> float:
    return float(text) if text.isdecimal() else seconds_in(text) or 0.0


def _kind_in(word: str) -> str:
    """Return the kind at the end of a word of a row, such as NAME in `metadata.NAME`; empty if it has none."""
    end = word.rstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
    return word[len(end) :]


def _value_of(pattern: str, text: str) -> str | None:
    """Return the value in a typed word; None if it is not what the row has."""
    kind = _kind_in(pattern)
    start = pattern[: len(pattern) - len(kind)]
    if not kind or not text.startswith(start) or len(text) == len(start):
        return None
    value = text[len(start) :]
    fits = _KINDS.get(kind)
    return value if fits is None or fits(value) else None


# What a row finds


def _match_words(pattern: Argv, words: Sequence[str]) -> Match | None:
    """Return what a pattern finds at the start of some words."""
    values, literal = dict[str, str](), []
    if len(words) < len(pattern):
        return None
    for expected, text in zip(pattern, words, strict=False):
        if expected == text.lower():
            literal.append(text)
            continue
        value = _value_of(expected, text)
        if value is None or text.startswith("-"):
            return None
        values[_kind_in(expected)] = value
        literal.append(text.removesuffix(value))
    return Match(values, len(pattern), tuple(literal))


def _match_flag(row: Row, pattern: Argv, parts: Sequence[Part]) -> Match | None:
    """Return what a pattern finds in a flag and what follows it."""
    name, *expected = pattern
    for typed, value in _readings(parts[0].text):
        if not _is_named(typed, name):
            continue
        if row.sentence and not expected:
            return Match({}, 1, ())
        given = [] if value is None else [value]
        following = [part.text for part in takewhile(_is_value, parts[1:])]
        words = [*given, *following][: len(expected)]
        found = _match_words(tuple(expected), words)
        if found is not None and (expected or not given):
            return found._replace(taken=1 + len(expected) - len(given))
    return None


def _readings(text: str) -> Iterator[tuple[str, str | None]]:
    """Yield how a flag can be read: its name with two dashes, and the value in the same argument, if any."""
    name, equals, value = text.partition("=")
    is_long = name.startswith("--")
    if len(name) > 2 and not is_long:
        yield f"-{name}", value if equals else None
        yield name[:2], text[2:]
    else:
        yield name, value if equals else None


def _is_value(part: Part) -> bool:
    return part.role in (Role.WORD, Role.VALUE)


def _is_named(name: str, pattern: str) -> bool:
    if pattern.endswith("*"):
        return name.startswith(pattern[:-1])
    return name == pattern


# What becomes of it


def command_rows(line: Line, words: Sequence[str]) -> Iterator[Step | Sentence]:
    """Yield what the rows have for words in the place of a command."""
    for row in all_rows():
        if row.is_after(line.command.full_name):
            for pattern in row.typed:
                found = None if pattern[0].startswith("-") else _match_words(pattern, words)
                if found is not None:
                    yield from _answers(row, found, line, _words_of(line, found.taken))


def flag_rows(line: Line, at: int) -> Iterator[Step | Sentence]:
    """Yield what the rows have for the flag at a position after the command.

    A flag that the command has is only wrong together with what follows it.
    """
    parts = line.parts[at:]
    is_known = parts[0].role is Role.FLAG
    for row in all_rows():
        if row.is_after(line.command.full_name):
            for pattern in row.typed:
                is_about_flag = pattern[0].startswith("-") and not (is_known and len(pattern) == 1)
                found = _match_flag(row, pattern, parts) if is_about_flag else None
                if found is not None:
                    yield from _answers(row, found, line, range(at, at + found.taken))


def argument_rows(line: Line) -> Iterator[Step | Sentence]:
    """Yield what the rows have for the words after a command."""
    words = [part.text for part in line.parts if part.role is Role.WORD]
    yield from command_rows(line, words)


def _words_of(line: Line, count: int) -> list[int]:
    return [at for at, part in enumerate(line.parts) if part.role is Role.WORD][:count]


def _answers(
    row: Row, found: Match, line: Line, places: Sequence[int]
) -> Iterator[Step | Sentence]:
    """Yield what a row has for what it found at some places of a line."""
    if row.sentence:
        yield Sentence(row.sentence)
        return
    words = _filled(row.instead, found.values)
    if words is None:
        return
    consumed = (*found.literal, *_converted(row.instead, found.values))
    rest = list(line.rest)
    first = min(places)
    kept = [text for at, text in enumerate(rest) if at not in places]
    if words[-1] is PIPE:
        yield Step((*targets_in(_argv(line)), *words, *line.with_rest(*kept)), consumed)
    elif words[0] == "ant":
        yield Step(_whole(line, words[1:], kept), consumed)
    else:
        yield Step(line.with_rest(*kept[:first], *words, *kept[first:]), consumed)


def _argv(line: Line) -> Argv:
    return line.with_rest(*line.rest)


def _whole(line: Line, words: Argv, kept: Sequence[str]) -> Argv:
    """Return a line with other commands. Each command of a pipe gets the targets."""
    *earlier, last = commands_in(words)
    if not earlier:
        return (*line.before, *words, *kept)
    targets = targets_in(_argv(line))
    last = last[1:]  # each begins with `ant`
    piped = [word for command in earlier for word in (*targets, *command, PIPE)]
    others = [text for text in (*line.before, *kept) if text not in targets]
    return (*piped, *targets, *last, *others)


def _filled(text: str, values: Mapping[str, str]) -> Argv | None:
    """Return the words to type, with the values in their places; None if one can't be there."""
    texts = _by_place(values)
    filled = [PIPE if word == "|" else _put(word, texts) for word in split(text)]
    whole = [word for word in filled if word is not None]
    return tuple(whole) if len(whole) == len(filled) else None


def _put(word: str, texts: Mapping[str, str]) -> str | None:
    """Return a word with values in its places; None if it can't have one of them."""
    in_yaml, in_condition = "{" in word, '"' in word
    used = [value for name, value in texts.items() if name in word]
    if in_condition and not in_yaml and any({*value} & {'"', "\\"} for value in used):
        return None
    places = "|".join(texts)
    return re.sub(places, lambda place: _written(texts[place[0]], in_yaml), word) if used else word


def _written(value: str, in_yaml: bool) -> str:  # noqa: FBT001 - it is private
    return json.dumps(value) if in_yaml and not is_plain(value) else value


def _by_place(values: Mapping[str, str]) -> dict[str, str]:
    """Return the text for each place, the longest name first: converted values, and the typed ones."""
    texts = dict(values)
    for name, (kind, convert) in _CONVERTED.items():
        if kind in values:
            texts[name] = convert(values[kind])
    return dict(sorted(texts.items(), key=lambda item: -len(item[0])))


def _converted(text: str, values: Mapping[str, str]) -> Argv:
    """Return the typed values whose form a row changes."""
    return tuple(
        values[_CONVERTED[name][0]]
        for name in _LOSSY
        if name in text and _CONVERTED[name][0] in values
    )


def is_plain(value: str) -> bool:
    """Whether a value needs no quotes in YAML."""
    return value[:1].isalnum() and _PLAIN.issuperset(value)
