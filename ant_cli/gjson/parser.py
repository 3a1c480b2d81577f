r"""The grammar of GJSON paths: from text to a tree of steps.

A path is a sequence of steps, each applied to the result of the one before. A dot and a pipe mean the same,
except after a `#`, a query or a wildcard, which match several values: what follows a dot is applied to each of
them (`rest` in the tree), what follows a pipe to the result as a whole.

    path      = segment { "|" segment }
    segment   = step { "." step }
    step      = key | wildcard | "#" | query | multipath | literal | modifier
    query     = "#(" [path] [operator value] ")" ["#"]
    multipath = "{" [name ":"] path { "," ... } "}"   or the same in "[" "]"
    literal   = "!" JSON
    modifier  = "@" name [":" argument]
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from ant_cli.gjson import json_text, steps
from ant_cli.gjson.modifiers import FUNCTIONS

_MAX_DEPTH = 100
"""A limit deeper than any useful path, and far from the recursion limit."""

_OPENING = "([{"
_CLOSING = ")]}"
_KEY = re.compile(r"(?:\\.|[^.|\\])*\\?", re.DOTALL)
_ESCAPED = re.compile(r"\\(.?)", re.DOTALL)
_SPECIAL = re.compile(r'[\\.|*?#@!{}\[\]()<>=%",~]')
_WILD = re.compile(r"(?:\\.|[^*?\\])*+[*?]", re.DOTALL)
_WILD_TOKEN = re.compile(r"\\(.)|(\*+)|(\?)|(.)", re.DOTALL)
_MODIFIER = re.compile(r"@(" + "|".join((*FUNCTIONS, "dig")) + r")(?=[.|:]|\Z)")
_LITERAL = re.compile(r'!(?:[\[{"+\-0-9]|(?:true|false|null)(?=[.|]|\Z))')
_OPERATOR = re.compile(r"==?|!=|!%|<=?|>=?|%")
_SEPARATOR = re.compile(r"\\.|([.|])", re.DOTALL)
_NOT_A_NAME = re.compile(r"[\[\]{}()#|!\x00-\x1f]")
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*+"', re.DOTALL)
_SKIPPED = re.compile(r'\\.|"(?:[^"\\]|\\.)*+(?:"|\Z)|(.)', re.DOTALL)
_BLANK = "".join(map(chr, range(33)))


_LINES = steps.Multipath("[", ((b"", ()),))
"""The prefix `..`: the value as the only line of a JSON lines file, which is an array of it."""


class BadPath(ValueError):
    """A path that is not valid, or too expensive. The message has no full stop."""


def parse(text: str, depth: int = 0) -> steps.GJSONPath:
    """Return the steps of a path, or raise BadPath. A path inside another one has a `depth`."""
    return _Parser(text, depth).path()


class Comparison(NamedTuple):
    """The parts of a query's comparison; without a comparison, operator and value are empty."""

    path: str
    operator: str
    value: str

    def query(self, depth: int = 0) -> steps.Query:
        """Return the query for the first element for which it holds, or raise BadPath."""
        value = _comparison_value(self.value)
        path = parse(self.path, depth) if self.path else ()
        operator = "=" if self.operator == "==" else self.operator
        pattern = _wildcard(value if operator in ("%", "!%") else "")
        return steps.Query(path, operator, value, pattern, all=False, rest=())


def split_comparison(text: str) -> Comparison:
    """Split the text between the brackets of a query, or raise BadPath. A quoted value keeps its quotes."""
    operators = (at for at, char in outside_brackets(text) if char in "!=<>%")
    split = next(operators, len(text))
    match = _OPERATOR.match(text, split)
    if not match and split < len(text):
        raise BadPath(
            f'"{text[split:]}" in the path starts with no known operator: == != < <= > >= % !%'
        )
    end = match.end() if match else split
    return Comparison(text[:split].strip(_BLANK), text[split:end], text[end:].strip(_BLANK))


def escaped_key(key: str) -> str:
    """Return a key as a step of a path, which may also be in a query."""
    return _SPECIAL.sub(r"\\\g<0>", key)


def split_at_commas(text: str) -> list[str]:
    """Return the parts of a list of paths. A comma in brackets, in a string or after a backslash does not count."""
    commas = [at for at, char in outside_brackets(text) if char == ","]
    starts = [0, *(at + 1 for at in commas)]
    return [text[start:end] for start, end in zip(starts, [*commas, len(text)], strict=True)]


def _wildcard(pattern: str) -> re.Pattern[str]:
    r"""Return the regular expression for `*`, `?` and `\`; it matches in linear time."""
    chunks: list[list[str]] = [[]]
    for match in _WILD_TOKEN.finditer(pattern):
        escaped, star, question, char = match.groups()
        if star:
            chunks.append([])
        else:
            chunks[-1].append("." if question else re.escape(escaped or char))
    first, *middle = map("".join, chunks)
    last = middle.pop() if middle else None
    # The first position of a chunk is never worse than a later one, so an atomic group (?>) rules out backtracking.
    expression = first + "".join(f"(?>.*?{chunk})" for chunk in middle)
    return re.compile(expression + ("" if last is None else f".*{last}"), re.DOTALL)


class _Parser:
    """Parses one path. A nested path is a separate text, with a parser one level deeper."""

    def __init__(self, text: str, depth: int) -> None:
        self.text = text
        self.depth = depth
        self.at = 0

    def path(self) -> steps.GJSONPath:
        path = self.segment()
        while self.accept("|"):
            path += self.segment()
        return path

    def segment(self) -> steps.GJSONPath:
        """Read up to the next pipe."""
        segment: list[steps.PathStep] = []
        # A literal or the prefix ".." can stand where a path could begin, but not after a key.
        begins = True
        while True:
            self.deeper()
            if begins and self.text.startswith("..", self.at):
                self.at += 2
                segment.append(_LINES)
                continue
            step = self.step(begins=begins)
            segment.append(step)
            if not self.accept("."):
                return tuple(segment)
            begins = not isinstance(step, steps.Key)

    def step(self, *, begins: bool) -> steps.PathStep:
        text, at = self.text, self.at
        if begins and _LITERAL.match(text, at):
            return self.literal()
        if match := _MODIFIER.match(text, at):
            self.at = match.end()
            return self.modifier(match[1])
        if text[at : at + 1] in ("{", "[") and len(text) > 1:
            return self.multipath()
        if text.startswith(("#(", "#["), at):
            return self.query()
        return self.key()

    def key(self) -> steps.PathStep:
        match = _KEY.match(self.text, self.at)
        assert match  # noqa: S101 - the expression also matches the empty text
        self.at = match.end()
        name = match[0]
        if name == "#":
            return steps.Each(self.segment() if self.accept(".") else None)
        if _WILD.match(name):
            return steps.Wildcard(_wildcard(name), self.rest())
        return steps.Key(_ESCAPED.sub(r"\1", name))

    def rest(self) -> steps.GJSONPath:
        return self.segment() if self.accept(".") else ()

    def query(self) -> steps.Query:
        start = self.at + 1
        self.at = end = self.balanced(start)
        query = split_comparison(self.text[start + 1 : end - 1]).query(self.depth)
        every = self.accept("#")
        self.expect_end(f"the query {self.text[start - 1 : self.at]}")
        return query._replace(all=every, rest=self.rest())

    def multipath(self) -> steps.Multipath:
        start = self.at
        bracket = self.text[start]
        self.at = end = self.balanced(start)
        self.expect_end(self.text[start:end])
        parts = split_at_commas(self.text[start + 1 : end - 1])
        selectors = []
        for name, path in map(_name_and_path, parts):
            selectors.append((name, parse(path, self.depth)))
        return steps.Multipath(bracket, tuple(selectors))

    def literal(self) -> steps.Literal:
        start = self.at + 1
        try:
            _, self.at = json_text.DECODER.raw_decode(self.text, start)
        except (ValueError, RecursionError):
            raise BadPath(
                f"The literal {self.text[self.at :]} in the path does not start with JSON"
            ) from None
        raw = self.text[start : self.at]
        self.expect_end(f"the literal !{raw}")
        return steps.Literal(json_text.encoded(raw))

    def modifier(self, name: str) -> steps.Modifier:
        argument = self.argument() if self.accept(":") else ""
        self.expect_end(f"@{name}")
        options: dict[str, bytes] = {}
        if name != "dig" and argument.startswith("{"):
            try:
                options = json_text.members(json_text.encoded(argument))
            except json_text.JSONTextError as error:
                why = str(error).removesuffix(".")
                raise BadPath(f"The argument of @{name} in the path: {why}") from None
        path = parse(argument, self.depth) if name == "dig" else ()
        return steps.Modifier(name, options, path)

    def argument(self) -> str:
        """Read JSON, or all text up to the next pipe, dots included."""
        start = self.at
        if self.text[start : start + 1] in ("{", "[", '"'):
            self.at = self.balanced(start)
        else:
            pipe = (at for at, char in outside_brackets(self.text[start:]) if char == "|")
            self.at = start + next(pipe, len(self.text) - start)
        return self.text[start : self.at]

    def deeper(self) -> None:
        self.depth += 1
        if self.depth > _MAX_DEPTH:
            raise BadPath(f"The path is longer or nested deeper than {_MAX_DEPTH} steps")

    def accept(self, char: str) -> bool:
        if not self.text.startswith(char, self.at):
            return False
        self.at += 1
        return True

    def expect_end(self, what: str) -> None:
        if self.text[self.at : self.at + 1] not in ("", ".", "|"):
            rest = self.text[self.at :]
            raise BadPath(
                f'After {what} the path continues with "{rest}": write . or | between them'
            )

    def balanced(self, start: int) -> int:
        """Return the position after the bracket or string that opens at `start`, or raise BadPath."""
        for at, char in outside_brackets(self.text[start + 1 :]) if self.text[start] != '"' else ():
            if char in _CLOSING:
                return start + at + 2
        match = _QUOTED.match(self.text, start)
        if match:
            return match.end()
        raise BadPath(f'"{self.text[start:]}" in the path is not closed')


def outside_brackets(text: str) -> Iterator[tuple[int, str]]:
    """Yield position and character of everything outside the brackets, strings and escapes of `text`.

    A closing bracket that `text` did not open is yielded, too.
    """
    depth = 0
    for match in _SKIPPED.finditer(text):
        char = match[1]
        if not char:
            continue
        if char in _CLOSING and depth:
            depth -= 1
        elif char in _OPENING:
            depth += 1
        elif not depth:
            yield match.start(), char


def _name_and_path(selector: str) -> tuple[bytes, str]:
    """Split `name:path`; without a name, the last key of the path is the name."""
    for at, char in outside_brackets(selector):
        if (
            char == "@"
            and _MODIFIER.match(selector, at)
            and selector[at - 1 : at] in ("", ".", "|")
        ):
            break  # A colon after a modifier belongs to its argument.
        if char == ":":
            return _name(selector[:at]), selector[at + 1 :]
    start = max((match.end() for match in _SEPARATOR.finditer(selector) if match[1]), default=0)
    last = _ESCAPED.sub(r"\1", selector[start:])
    return json_text.quote("_" if _NOT_A_NAME.search(last) else last), selector


def _name(text: str) -> bytes:
    quoted = json_text.encoded(text)
    try:
        json_text.string(quoted)
    except json_text.JSONTextError:
        return json_text.quote(text)
    return quoted


def _comparison_value(text: str) -> str:
    if len(text) < 2 or text[0] != '"' or text[-1] != '"':
        return text
    try:
        return json_text.string(json_text.encoded(text))
    except json_text.JSONTextError:
        return text[1:-1]
