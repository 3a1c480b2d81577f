"""Relaxed YAML, as people type and pipe it. It follows YAML 1.2, and never guesses.

Only `true`, `false` and `null` are keywords, and only JSON's decimal numbers, `0x1F` and `0o17` are numbers;
everything else is text. The events of libyaml are read one by one, so neither depth nor aliases can exhaust the
memory, and each error has its line and column. libyaml reads YAML 1.1, so everything that has another meaning there
is first replaced by stand-ins.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import yaml

from ant_cli.gjson.json_text import Number
from ant_cli.input import DEPTH_LIMIT

_ALIAS_LIMIT = 1_000_000
"""How many characters the aliases of a text may add to it."""
_SIZE_OF_VALUE = 10
"""Added to the characters of each value, for its memory and its punctuation in JSON."""

# libyaml's parser is ten times as fast, if PyYAML has it
_LOADER = getattr(yaml, "CLoader", yaml.Loader)
_NULLS = ("null", "Null", "NULL", "~", "")
_WORDS: dict[str, bool | None] = (
    dict.fromkeys(_NULLS, None)
    | dict.fromkeys(("true", "True", "TRUE"), True)
    | dict.fromkeys(("false", "False", "FALSE"), False)
)
_DECIMAL = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+(?:[eE][-+]?[0-9]+)?)?")
_BASED = r"0x[0-9a-fA-F]+|0o[0-7]+"
_LONGEST_BASED = 1000
"""The most digits of a number in base 8 or 16. It has to be converted to base 10."""
_NOT_FINITE = r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)"
_NUMBER_STARTS = frozenset("-+.0123456789NI")
"""The start of a number, or a word for a number that JSON does not have."""
_JSON_NOT_FINITE = r"NaN|-?Infinity"
_CORE = "tag:yaml.org,2002:"
"""What `!!` stands for."""
_TEXT_TAGS = ("!", f"{_CORE}str")
_TAG_TYPES = {
    "null": "null or nothing",
    "bool": "true or false",
    "int": "a whole number, such as 31, 0x1F or 0o17",
    "float": "a number that JSON has, such as 1.5 or 1e3",
}
"""What follows each tag of YAML 1.2's core schema that is not about texts, lists or maps."""
_INT = rf"-?(?:0|[1-9][0-9]*)|{_BASED}"
_FLOAT = r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?"
_AFTER_ANCHOR = ("", " ", "\t", "\r", "\n", ",", "[", "]", "{", "}")
_PLAIN_TAGS = (None, f"{_CORE}map", f"{_CORE}seq")
_LINE_SEPARATORS = ("\x85", "\u2028", "\u2029")
_OF_SAME_WIDTH = str.maketrans({"\t": " ", **dict.fromkeys(_LINE_SEPARATORS, "_")})
"""What is replaced to find positions: libyaml would end a line at a separator."""
_UNLIKE_YAML_1_1 = (
    r"\\(?:\\|u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2})"
    r"|\x85|\u2028|\u2029"
    r"|\?(?=[^ \t\r\n,\[\]{}])"
)
"""A surrogate pair, a line separator, or a question mark in a word; also an escaped backslash, to skip it."""
_STARTS = {
    "\t": "a tab can't indent YAML: write spaces",
    **{
        character: f"a text that starts with {character} needs quotes in YAML"
        for character in "@`%"
    },
}
"""What to do about a character that can't start a value."""
_COLON = r":(?=[ \t\r]|$)"
_TEXT_WITH_SEPARATOR = (
    r"(?m)^([^\n\x85\u2028\u2029\"'\[\]{}:]*+: (?![\"'\[{])[^\n\x85\u2028\u2029]*+)(.+)"
)
"""A line of the form `key: text`, with a line separator in its text, not in quotes or brackets."""


class YAMLProblem(Exception):
    """What is wrong with a text, and where. Lines and columns count from 1."""

    def __init__(self, message: str, mark: Any, *, is_syntax: bool = False) -> None:
        self.message = message
        self.is_syntax = is_syntax
        """The text is not YAML at all."""
        self.line = mark.line + 1 if mark else 1
        self.column = mark.column + 1 if mark else 1


def read_yaml(text: str, *, json_words: bool = False, several: bool = False) -> list[Any]:
    """Return the value of each document of a text. Only one is allowed, except with `several`.

    With `json_words`, the words NaN and Infinity are rejected as numbers, because apart from them the text is JSON.

    Raises:
        YAMLProblem: if it is not YAML, or breaks the rules above.

    """
    try:
        return _Reader(_prepare(text), json_words=json_words).documents(several=several)
    except (yaml.YAMLError, UnicodeEncodeError) as error:
        raise _problem(error, text) from None


class _Source(NamedTuple):
    """A text for libyaml, and the meaning of its stand-ins."""

    text: str
    as_written: dict[int, str]
    in_double_quotes: dict[int, str]
    """The same, with escapes resolved."""

    def value_of(self, event: Any) -> str:
        """Return the text of a scalar."""
        return str(
            event.value.translate(self.in_double_quotes if event.style == '"' else self.as_written)
        )


def _prepare(text: str) -> _Source:
    r"""Return a text for libyaml.

    In YAML 1.2, U+0085, U+2028 and U+2029 are not line breaks, a `?` before a character is part of a plain scalar,
    and `"\ud83d\ude00"` is one character, as in JSON. Each of these, and each colon that would end a key only after
    such a line break, is replaced by a character that does not occur in the text. It does not matter whether they
    are in quotes or comments, because the originals are put back into the values.
    """
    if not any(part in text for part in (*_LINE_SEPARATORS, "?", r"\ud", r"\uD")):
        return _Source(text, {}, {})
    originals = {":", *(match[0] for match in re.finditer(_UNLIKE_YAML_1_1, text))} - {r"\\"}
    stand_ins = dict(zip(originals, _unused_characters(text), strict=False))
    if len(stand_ins) < len(originals):
        raise YAMLProblem("the text has too many different characters", None)

    def without_colons(line: re.Match[str]) -> str:
        return line[1] + re.sub(_COLON, stand_ins[":"], line[2])

    text = re.sub(_TEXT_WITH_SEPARATOR, without_colons, text)
    text = re.sub(_UNLIKE_YAML_1_1, lambda match: stand_ins.get(match[0], match[0]), text)
    as_written = {ord(stand_in): original for original, stand_in in stand_ins.items()}
    in_double_quotes = dict(as_written)
    for code, original in as_written.items():
        if original[0] == "\\":  # a pair of escapes
            in_double_quotes[code] = json.loads(f'"{original}"')
    return _Source(text, as_written, in_double_quotes)


def _unused_characters(text: str) -> Iterator[str]:
    """Yield private characters of Unicode that are not in the text, neither literally nor as escapes."""
    used = {ord(character) for character in set(text)}
    used |= {int(code, 16) for code in re.findall(r"\\U([0-9a-fA-F]{8})", text)}
    return (chr(code) for code in range(0xF0000, 0x110000) if code not in used)


def _problem(error: Exception, text: str) -> YAMLProblem:
    if isinstance(error, yaml.MarkedYAMLError):
        return _syntax_problem(error, text)
    # a character that YAML does not allow, or a lone surrogate
    code = _code_in(error)
    mark = _mark_at(text, text.find(chr(code)))
    return YAMLProblem(f"the character U+{code:04X} is not allowed", mark)


def _syntax_problem(error: yaml.MarkedYAMLError, text: str) -> YAMLProblem:
    mark: Any = error.problem_mark or error.context_mark
    if "cannot start any token" in str(error.problem):
        advice = _STARTS.get(text[mark.index])
        if advice:
            return YAMLProblem(advice, mark, is_syntax=True)
    end = len(text.rstrip("\n"))
    # the end is missing, and libyaml is one line too far
    if mark and mark.line > text.count("\n", 0, end):
        mark = _mark_at(text, end)
    return YAMLProblem(_describe(error), mark, is_syntax=True)


def _code_in(error: Any) -> int:
    """Return the code of the character that an error is about."""
    if isinstance(error, UnicodeEncodeError):
        return ord(error.object[error.start])
    character = error.character
    return character if isinstance(character, int) else ord(character)


def _describe(error: yaml.MarkedYAMLError) -> str:
    # libyaml reads ahead, and has reached its own limit
    if "maximum nesting depth" in str(error.problem):
        return f"nested deeper than {DEPTH_LIMIT} levels"
    if "<document start>" in str(error.problem):  # as in JSON Lines
        return "something follows the end of the value, and only one value can be used"
    parts = [part for part in (error.context, error.problem) if part]
    return "not valid YAML: " + ", ".join(parts)


def _mark_at(text: str, index: int) -> Any:
    line, column = text.count("\n", 0, index), index - text.rfind("\n", 0, index) - 1
    return yaml.Mark("", index, line, column, None, 0)


class _Reader:
    """Reads the values of a text from the events of libyaml. The depth limit also bounds the recursion."""

    def __init__(self, source: _Source, *, json_words: bool) -> None:
        self._source = source
        self._json_words = json_words
        self._events: Iterator[Any] = iter(_LOADER(source.text).get_event, None)
        self._anchors: dict[str, Any] = {}
        self._aliased = 0

    def documents(self, *, several: bool) -> list[Any]:
        """Return the values of all documents."""
        values: list[Any] = []
        for event in self._events:
            if isinstance(event, yaml.DocumentStartEvent):
                if values and not several:
                    raise YAMLProblem(
                        "there is a second document, and only one can be used", event.start_mark
                    )
                self._anchors.clear()  # anchors belong to their document
                values.append(self._value(next(self._events), 0))
        return values

    def _value(self, event: Any, depth: int) -> Any:
        """Return the value that starts with an event, inside `depth` lists and maps."""
        if isinstance(event, yaml.AliasEvent):
            return self._alias(event, depth)
        if isinstance(event, yaml.ScalarEvent):
            value, anchor = self._scalar(event), self._anchor(event)
        else:
            if event.tag not in _PLAIN_TAGS:
                raise YAMLProblem(f"the tag {event.tag!r} is not known", event.start_mark)
            _check_depth(depth + 1, event)
            anchor = self._anchor(event)
            read = self._map if isinstance(event, yaml.MappingStartEvent) else self._list
            value = read(event, depth + 1)
        if anchor:
            self._anchors[anchor] = value
        return value

    def _list(self, _: Any, depth: int) -> list[Any]:
        items = []
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            items.append(self._value(event, depth))
        return items

    def _map(self, start: Any, depth: int) -> dict[str, Any]:
        members: dict[str, Any] = {}
        merged: list[dict[str, Any]] = []
        while not isinstance(key_event := next(self._events), yaml.MappingEndEvent):
            key, event = self._key(key_event, members), next(self._events)
            if start.flow_style:
                self._reject_missing_space(key_event, event)
            value = self._value(event, depth)
            if key == "<<" and key_event.implicit[0]:
                merged += _maps_to_merge(value, event)
            else:
                members[key] = value
        for other in merged:
            for key, value in other.items():
                members.setdefault(key, value)  # the map's own keys win
        return members

    def _key(self, event: Any, members: dict[str, Any]) -> str:
        if not isinstance(event, yaml.ScalarEvent):
            self._anchor(event)  # rejects `[*a:b]` with the better message
            raise YAMLProblem("a key must be a string", event.start_mark)
        key = self._scalar(event)
        if not isinstance(key, str):
            raise YAMLProblem(f'a key must be a string: write "{event.value}"', event.start_mark)
        if key in members:
            raise YAMLProblem(f"the key {key!r} appears twice", event.start_mark)
        if anchor := self._anchor(event):
            self._anchors[anchor] = key
        return key

    def _reject_missing_space(self, key: Any, event: Any) -> None:
        """Reject `{a:1}`, which is the key "a:1" without a value in YAML."""
        has_value = event.start_mark.index != event.end_mark.index
        if has_value or not isinstance(event, yaml.ScalarEvent) or not key.implicit[0]:
            return
        # what follows is the value: it may be a secret
        name, colon, _ = self._source.value_of(key).partition(":")
        if colon:
            problem = f"{name + ':'!r} needs a space after the colon, or quotes"
            raise YAMLProblem(problem, key.start_mark)

    def _alias(self, event: Any, depth: int) -> Any:
        anchor = self._anchor(event)
        if anchor not in self._anchors:
            raise YAMLProblem(f"there is no &{anchor} before this *{anchor}", event.start_mark)
        value = self._anchors[anchor]
        size, height = _extent(value)
        _check_depth(depth + height, event)
        self._aliased += size
        if self._aliased > _ALIAS_LIMIT:
            raise YAMLProblem(
                f"the aliases stand for more than {_ALIAS_LIMIT:,} characters", event.start_mark
            )
        return value

    def _anchor(self, event: Any) -> str:
        """Return the name after `&` or `*`, if any. Rejects `"a":&b:c`, which libyaml would read only in part."""
        if event.anchor is None:
            return ""
        sign = "*" if isinstance(event, yaml.AliasEvent) else "&"  # a tag may come before it
        name, text = f"{sign}{event.anchor}", self._source.text
        end = text.find(name, event.start_mark.index) + len(name)
        if text[end : end + 1] not in _AFTER_ANCHOR:
            raise YAMLProblem(f"{name} must be followed by a space", event.start_mark)
        return str(event.anchor)

    def _scalar(self, event: Any) -> Any:
        text = self._source.value_of(event)
        if event.tag is not None:
            return _tagged(event.tag, text, event.start_mark)
        if not event.implicit[0]:  # in quotes, or a block
            return text
        if text in _WORDS:
            return _WORDS[text]
        if text[0] not in _NUMBER_STARTS:
            return text
        number = _number(text, event.start_mark)
        if number is not None:
            return number
        if self._is_not_finite(text):
            raise YAMLProblem(f"JSON has no {text}, so it can't be sent", event.start_mark)
        return text

    def _is_not_finite(self, text: str) -> bool:
        if re.fullmatch(_NOT_FINITE, text):
            return True
        return self._json_words and re.fullmatch(_JSON_NOT_FINITE, text) is not None


def _number(text: str, mark: Any) -> Number | None:
    """Return the number that a text without quotes is; None for a text."""
    if _DECIMAL.fullmatch(text):
        return Number(text)
    if not re.fullmatch(_BASED, text):
        return None
    if len(text) > _LONGEST_BASED:
        raise YAMLProblem(f"a number in base 8 or 16 has at most {_LONGEST_BASED} digits", mark)
    base = 16 if text[1] == "x" else 8
    return Number(str(int(text[2:], base)))


def _tagged(tag: str, text: str, mark: Any) -> Any:
    """Return a scalar of the type that its tag names, such as `!!int`, also if it is in quotes."""
    if tag in _TEXT_TAGS:
        return text
    name = tag.removeprefix(_CORE)
    if name == tag or name not in _TAG_TYPES:
        raise YAMLProblem(f"the tag {tag!r} is not known", mark)
    if name == "null" and text in _NULLS:
        return None
    if name == "bool" and isinstance(_WORDS.get(text), bool):
        return _WORDS[text]
    if name == "float" and re.fullmatch(_FLOAT, text):
        return Number(text)
    if name == "int" and re.fullmatch(_INT, text):
        return _number(text, mark)
    raise YAMLProblem(f"the tag !!{name} needs {_TAG_TYPES[name]}", mark)


def _check_depth(depth: int, event: Any) -> None:
    if depth > DEPTH_LIMIT:
        raise YAMLProblem(f"nested deeper than {DEPTH_LIMIT} levels", event.start_mark)


def _maps_to_merge(value: Any, event: Any) -> list[dict[str, Any]]:
    maps = value if isinstance(value, list) else [value]
    if not all(isinstance(item, dict) for item in maps):
        raise YAMLProblem("<< takes keys and values from maps only", event.start_mark)
    return maps


def _extent(value: Any) -> tuple[int, int]:
    """Return the size of a value, and how many levels of lists and maps it has."""
    if not isinstance(value, list | dict):
        return _SIZE_OF_VALUE + len(str(value)), 0
    size, deepest = _SIZE_OF_VALUE, 0
    children: Iterable[Any] = value
    if isinstance(value, dict):
        size += sum(map(len, value))
        children = value.values()
    for child in children:
        child_size, height = _extent(child)
        size += child_size
        deepest = max(deepest, height)
    return size, 1 + deepest


# Positions of values, for errors about values that are valid YAML, but wrong


class Position(NamedTuple):
    """A line and a column, counted from 1."""

    line: int
    column: int


def positions_of(text: str, paths: Iterable[Sequence[str | int]]) -> list[Position]:
    """Return the line and column of the value at each path; for a mapping entry, those of its key.

    If there is no such value, because it is missing or comes from a merge key, return the position of the innermost
    value around it. The text is valid YAML or JSON; if PyYAML can't read it, return the position of its beginning.
    """
    try:
        root: Any = yaml.compose(text.translate(_OF_SAME_WIDTH), Loader=_LOADER)
    except (yaml.YAMLError, RecursionError):
        root = None
    return [_position(root, path) for path in paths]


def _position(node: Any, path: Sequence[str | int]) -> Position:
    mark = node.start_mark if node else yaml.Mark("", 0, 0, 0, None, 0)
    for step in path:
        mark, node = _children(node).get(step, (mark, None))
    return Position(mark.line + 1, mark.column + 1)


def _children(node: Any) -> dict[str | int, tuple[Any, Any]]:
    if isinstance(node, yaml.MappingNode):
        return {key.value: (key.start_mark, child) for key, child in node.value}
    if isinstance(node, yaml.SequenceNode):
        return {index: (child.start_mark, child) for index, child in enumerate(node.value)}
    return {}
