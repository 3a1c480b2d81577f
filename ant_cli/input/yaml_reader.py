"""Relaxed YAML, as people type and pipe it. It follows YAML 1.2, and never guesses.

Only `true`, `false` and `null` are keywords, only JSON's decimal numbers, `0x1F` and `0o17` are
numbers; everything else is text. The events of libyaml are read one by one with an explicit stack, so neither depth
nor aliases can exhaust the memory, and each error has its line and column. libyaml itself reads YAML 1.1: before
it does, what would mean something else there is replaced by stand-ins.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator

import yaml

from ant_cli.runtime.light_typing import Any, NamedTuple

_NODE_LIMIT = 100_000
"""How many values the aliases of a text may add to it."""

_LONGEST_BASED = 1000
"""The most digits of a number in base 8 or 16. It has to be converted to base 10."""

_LOADER = getattr(yaml, "CLoader", yaml.Loader)  # libyaml's parser is ten times as fast, if PyYAML has it
_WORDS: dict[str, bool | None] = (
    dict.fromkeys(("null", "Null", "NULL", "~", ""), None)
    | dict.fromkeys(("true", "True", "TRUE"), True)
    | dict.fromkeys(("false", "False", "FALSE"), False)
)
_DECIMAL = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+(?:[eE][-+]?[0-9]+)?)?")
_BASED = r"0x[0-9a-fA-F]+|0o[0-7]+"
_NOT_FINITE = r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)"
_NUMBER_STARTS = frozenset("-+.0123456789NI")
"""The start of a number, or a word for a number that JSON does not have."""
_JSON_NOT_FINITE = r"NaN|-?Infinity"
_TEXT_TAGS = ("!", "tag:yaml.org,2002:str")
_AFTER_ANCHOR = ("", " ", "\t", "\r", "\n", ",", "[", "]", "{", "}")
_PLAIN_TAGS = (None, "tag:yaml.org,2002:map", "tag:yaml.org,2002:seq")
_LINE_SEPARATORS = ("\x85", "\u2028", "\u2029")
_MOST_RETRIES = 100
"""How often a text is parsed again because of a colon after a line separator."""
_UNLIKE_YAML_1_1 = (
    r"\\(?:\\|u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2})"
    r"|\x85|\u2028|\u2029"
    r"|\?(?=[^ \t\r\n,\[\]{}])"
)
"""A surrogate pair, a line separator, or a question mark in a word; also an escaped backslash, to skip it."""


class YAMLProblem(Exception):
    """What is wrong with a text, and where. Lines and columns count from 1."""

    def __init__(self, message: str, mark: Any, *, is_syntax: bool = False) -> None:
        super().__init__(message)
        self.message = message
        self.is_syntax = is_syntax
        """The text is not YAML at all."""
        self.line = mark.line + 1 if mark else 1
        self.column = mark.column + 1 if mark else 1


def read_yaml(
    text: str, *, number: Callable[[str], Any], depth_limit: int, json_words: bool, several: bool
) -> list[Any]:
    """Return the value of each document of a text. Only one is allowed, except with `several`.

    `number` makes a number from its digits. With `json_words`, the words NaN and Infinity are rejected as numbers,
    because apart from them the text is JSON.

    Raises:
        YAMLProblem: if it is not YAML, or breaks the rules above.

    """
    source = _prepare(text)
    for retries_left in reversed(range(_MOST_RETRIES)):
        builder = _Builder(source, number, depth_limit, json_words=json_words, several=several)
        try:
            for event in iter(_LOADER(source.text).get_event, None):
                builder.take(event)
            break
        except (yaml.YAMLError, UnicodeEncodeError) as error:
            colon = source.colon_in_text(error)
            if colon is None or not retries_left:
                raise _problem(error, text, depth_limit) from None
            source = source.with_text_at(colon)
    return builder.results


class _Source(NamedTuple):
    """A text for libyaml, and the meaning of its stand-ins."""

    text: str
    as_written: dict[int, str]
    in_double_quotes: dict[int, str]
    """The same, with escapes resolved."""
    colon: str = ""
    """The stand-in for a colon; empty if the text has no line separators."""

    def value_of(self, event: Any) -> str:
        """Return the text of a scalar."""
        if not self.as_written:
            return str(event.value)
        return str(event.value.translate(self.in_double_quotes if event.style == '"' else self.as_written))

    def colon_in_text(self, error: Exception) -> int | None:
        """Return the position of a colon that libyaml rejects, but is text after a line separator on its line."""
        if not self.colon or "mapping values are not allowed" not in str(getattr(error, "problem", "")):
            return None
        mark: Any = getattr(error, "problem_mark", None)
        line = self.text[self.text.rfind("\n", 0, mark.index) + 1 : mark.index]
        is_text = any(self.as_written.get(ord(character)) in _LINE_SEPARATORS for character in line)
        return mark.index if is_text else None

    def with_text_at(self, colon: int) -> _Source:
        """Return the same with a stand-in for a colon."""
        return self._replace(text=self.text[:colon] + self.colon + self.text[colon + 1 :])


def _prepare(text: str) -> _Source:
    r"""Return a text for libyaml.

    In YAML 1.2, U+0085, U+2028 and U+2029 are no line breaks, a `?` before a character is part of a plain scalar,
    and `"\ud83d\ude00"` is one character, as in JSON. Each of these is replaced by a character that does not occur
    in the text. Quotes and comments need not be recognized, because the originals are put back into the values.
    """
    if not any(part in text for part in (*_LINE_SEPARATORS, "?", r"\ud", r"\uD")):
        return _Source(text, {}, {})
    originals = dict.fromkeys(match[0] for match in re.finditer(_UNLIKE_YAML_1_1, text) if match[0] != r"\\")
    if not originals.keys().isdisjoint(_LINE_SEPARATORS):
        originals[":"] = None
    stand_ins = dict(zip(originals, _unused_characters(text), strict=False))
    if len(stand_ins) < len(originals):
        raise YAMLProblem("the text has too many different characters", None)
    text = re.sub(_UNLIKE_YAML_1_1, lambda match: stand_ins.get(match[0], match[0]), text)
    as_written = {ord(stand_in): original for original, stand_in in stand_ins.items()}
    pairs = {code: json.loads(f'"{original}"') for code, original in as_written.items() if original[0] == "\\"}
    return _Source(text, as_written, {**as_written, **pairs}, stand_ins.get(":", ""))


def _unused_characters(text: str) -> Iterator[str]:
    """Yield private characters of Unicode that are not in the text, neither literally nor as escapes."""
    used = set(text)
    escaped = {int(code, 16) for code in re.findall(r"\\U([0-9a-fA-F]{8})", text)}
    return (chr(code) for code in range(0xF0000, 0x110000) if code not in escaped and chr(code) not in used)


def _problem(error: Exception, text: str, depth_limit: int) -> YAMLProblem:
    if isinstance(error, yaml.MarkedYAMLError):
        mark = _mark_of(error, text)
        if "cannot start any token" in str(error.problem) and _rest_of_line(text, mark).startswith("\t"):
            return YAMLProblem("a tab can't indent YAML: write spaces", mark, is_syntax=True)
        return YAMLProblem(_describe(error, depth_limit), mark, is_syntax=True)
    if isinstance(error, yaml.reader.ReaderError):
        code = error.character if isinstance(error.character, int) else ord(error.character)
        return YAMLProblem(f"the character U+{code:04X} is not allowed", _TextMark.of(text, chr(code)))
    if isinstance(error, UnicodeEncodeError):
        return YAMLProblem("a lone surrogate is not allowed", _TextMark.of(text, text[error.start]))
    return YAMLProblem(f"not valid YAML: {error}", None, is_syntax=True)


def _rest_of_line(text: str, mark: Any) -> str:
    lines: list[str] = text.split("\n")[mark.line : mark.line + 1] if mark else []
    return lines[0][mark.column :] if lines else ""


def _mark_of(error: yaml.MarkedYAMLError, text: str) -> Any:
    """Return the mark of an error. If the end is missing, libyaml gives a line that the text does not have."""
    mark = error.problem_mark or error.context_mark
    last_line = text.rstrip("\n").count("\n")
    return _TextMark.of(text.rstrip("\n") + "\0", "\0") if mark and mark.line > last_line else mark


def _describe(error: yaml.MarkedYAMLError, depth_limit: int) -> str:
    if "maximum nesting depth" in str(error.problem):  # libyaml reads ahead, and has reached its own limit
        return f"nested deeper than {depth_limit} levels"
    if "<document start>" in str(error.problem):  # as in JSON Lines
        return "something follows the end of the value, and only one value can be used"
    parts = [part for part in (error.context, error.problem) if part]
    return "not valid YAML: " + ", ".join(parts)


class _TextMark(NamedTuple):
    """A position in a text, like libyaml's marks. Reader errors have no mark."""

    line: int
    column: int

    @classmethod
    def of(cls, text: str, part: str) -> _TextMark:
        before = text.partition(part)[0]
        return cls(before.count("\n"), len(before) - before.rfind("\n") - 1)


class _YamlNode(NamedTuple):
    """A complete value that has an anchor."""

    value: Any
    size: int
    """How many values it has, including itself, with aliases expanded."""
    height: int
    """How many levels of lists and maps it has, with aliases expanded."""


class _Open:
    """A list or map that is still being read.

    Not a dataclass, because importing those takes longer than reading most YAML.
    """

    __slots__ = ("anchor", "flow", "height", "key", "key_event", "merged", "merging", "size", "value")

    def __init__(self, value: list[Any] | dict[str, Any], anchor: str | None, *, flow: bool) -> None:
        self.value = value
        self.anchor = anchor
        self.flow = flow
        self.size = 1
        self.height = 1
        """Both as in `_YamlNode`, so far."""
        self.key: str | None = None
        self.key_event: Any = None
        self.merged: list[dict[str, Any]] = []
        """The maps of `<<`. The map's own keys win over theirs."""
        self.merging = False


class _Builder:
    """Builds values from parser events."""

    def __init__(
        self, source: _Source, number: Callable[[str], Any], depth_limit: int, *, json_words: bool, several: bool
    ) -> None:
        self.results: list[Any] = []
        self._source = source
        self._number = number
        self._depth_limit = depth_limit
        self._json_words = json_words
        self._several = several
        self._stack: list[_Open] = []
        self._anchors: dict[str, _YamlNode] = {}
        self._aliased = 0
        self._actions: dict[type, Callable[[Any], None]] = {
            yaml.DocumentStartEvent: self._document,
            yaml.ScalarEvent: self._scalar,
            yaml.AliasEvent: self._alias,
            yaml.SequenceStartEvent: lambda event: self._open([], event),
            yaml.MappingStartEvent: lambda event: self._open({}, event),
            yaml.SequenceEndEvent: self._close,
            yaml.MappingEndEvent: self._close,
        }

    def take(self, event: Any) -> None:
        """Take the next event."""
        action = self._actions.get(type(event))
        if action:
            action(event)

    def _document(self, event: Any) -> None:
        self._anchors.clear()  # anchors belong to their document
        if self.results and not self._several:
            raise YAMLProblem("there is a second document, and only one can be used", event.start_mark)

    def _open(self, value: Any, event: Any) -> None:
        if event.tag not in _PLAIN_TAGS:
            raise YAMLProblem(f"the tag {event.tag!r} is not known", event.start_mark)
        self._reject_as_key(event)
        self._reject_depth(len(self._stack) + 1, event)
        self._stack.append(_Open(value, self._anchor(event), flow=bool(event.flow_style)))

    def _reject_depth(self, depth: int, event: Any) -> None:
        if depth > self._depth_limit:
            raise YAMLProblem(f"nested deeper than {self._depth_limit} levels", event.start_mark)

    def _reject_as_key(self, event: Any) -> None:
        if self._stack and isinstance(self._stack[-1].value, dict) and self._stack[-1].key is None:
            raise YAMLProblem("a key must be a string", event.start_mark)

    def _close(self, event: Any) -> None:
        done = self._stack.pop()
        if isinstance(done.value, dict):
            for merged in done.merged:
                for key, value in merged.items():
                    done.value.setdefault(key, value)
        self._place(done.value, done.size, done.height, done.anchor, event)

    def _alias(self, event: Any) -> None:
        anchor = self._name(event)
        self._reject_as_key(event)
        if anchor not in self._anchors:
            raise YAMLProblem(f"there is no &{anchor} before this *{anchor}", event.start_mark)
        node = self._anchors[anchor]
        self._reject_depth(len(self._stack) + node.height, event)
        self._aliased += node.size
        if self._aliased > _NODE_LIMIT:
            raise YAMLProblem(f"the aliases stand for more than {_NODE_LIMIT:,} values", event.start_mark)
        self._place(*node, None, event)

    def _scalar(self, event: Any) -> None:
        top = self._stack[-1] if self._stack else None
        if top is not None and isinstance(top.value, dict) and top.key is None:
            self._start_member(top, event)
        else:
            if top is not None and top.flow:
                self._reject_missing_space(top, event)
            self._place(self._resolve(event), 1, 0, self._anchor(event), event)

    def _start_member(self, top: _Open, event: Any) -> None:
        key = self._resolve(event)
        if not isinstance(key, str):
            raise YAMLProblem(f'a key must be a string: write "{event.value}"', event.start_mark)
        if key in top.value:
            raise YAMLProblem(f"the key {key!r} appears twice", event.start_mark)
        top.key, top.key_event = key, event
        top.merging = key == "<<" and event.implicit[0]
        if anchor := self._anchor(event):
            self._anchors[anchor] = _YamlNode(key, 1, 0)

    def _anchor(self, event: Any) -> str | None:
        return None if event.anchor is None else self._name(event)

    def _name(self, event: Any) -> str:
        """Return the name after `&` or `*`. Rejects `"a":&b:c`, which libyaml would read only in part."""
        sign = "*" if isinstance(event, yaml.AliasEvent) else "&"  # a tag may come before it
        end = self._source.text.find(sign + event.anchor, event.start_mark.index) + 1 + len(event.anchor)
        if self._source.text[end : end + 1] not in _AFTER_ANCHOR:
            raise YAMLProblem("an anchor must be followed by a space", event.start_mark)
        return str(event.anchor)

    def _reject_missing_space(self, top: _Open, event: Any) -> None:
        """Reject `{a:1}`, which is the key "a:1" without a value in YAML."""
        key = top.key_event
        no_value = event.start_mark.index == event.end_mark.index
        if key is not None and no_value and key.implicit[0] and ":" in key.value:
            name = self._source.value_of(key).partition(":")[0]  # what follows is the value, which may be a secret
            raise YAMLProblem(f"{name + ':'!r} needs a space after the colon, or quotes", key.start_mark)

    def _resolve(self, event: Any) -> Any:
        text = self._source.value_of(event)
        if event.tag in _TEXT_TAGS or (event.tag is None and not event.implicit[0]):
            return text
        if event.tag is not None:
            raise YAMLProblem(f"the tag {event.tag!r} is not known", event.start_mark)
        if text in _WORDS:
            return _WORDS[text]
        if text[0] not in _NUMBER_STARTS:
            return text
        if _DECIMAL.fullmatch(text):
            return self._number(text)
        if re.fullmatch(_BASED, text):
            if len(text) > _LONGEST_BASED:
                raise YAMLProblem(f"a number in base 8 or 16 has at most {_LONGEST_BASED} digits", event.start_mark)
            return self._number(str(int(text[2:], 16 if text[1] == "x" else 8)))
        if re.fullmatch(_NOT_FINITE, text) or (self._json_words and re.fullmatch(_JSON_NOT_FINITE, text)):
            raise YAMLProblem(f"JSON has no {text}, so it can't be sent", event.start_mark)
        return text

    def _place(self, value: Any, size: int, height: int, anchor: str | None, event: Any) -> None:
        """Put a complete value in its place. `size` and `height` are as in `_YamlNode`."""
        if anchor:
            self._anchors[anchor] = _YamlNode(value, size, height)
        if not self._stack:
            self.results.append(value)
            return
        top = self._stack[-1]
        top.size += size
        if height >= top.height:
            top.height = height + 1
        if isinstance(top.value, list):
            top.value.append(value)
        elif top.merging:
            self._merge(top, value, event)
        else:
            top.value[str(top.key)] = value
        top.key, top.key_event, top.merging = None, None, False

    def _merge(self, top: _Open, value: Any, event: Any) -> None:
        maps = value if isinstance(value, list) else [value]
        if not all(isinstance(item, dict) for item in maps):
            raise YAMLProblem("<< takes keys and values from maps only", event.start_mark)
        top.merged += maps
