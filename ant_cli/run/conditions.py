"""Conditions of `--filter` and `--until`: a comparison of a value in a response, such as `state=="active"`.

Paths and comparisons are GJSON's, with these differences: a missing value is null, a list is compared element by
element, times are compared as times, and `!=` and `!%` are the opposites of `=` and `%`. Anything other than one
comparison is rejected: with `!=`, a misquoted value would select everything.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from itertools import takewhile
from typing import NamedTuple

from ant_cli.errors import ResponseError, UsageError, shortened
from ant_cli.errors.suggestions import did_you_mean
from ant_cli.gjson import json_text
from ant_cli.gjson.evaluate import apply, matches
from ant_cli.gjson.parser import BadPath, Comparison, outside_brackets, split_comparison
from ant_cli.gjson.steps import Each, Key, Modifier, PathStep, Query, Wildcard
from ant_cli.input.validation import known_fields
from ant_cli.operations import GROUPS
from ant_cli.operations.parsers import seconds_in
from ant_cli.operations.spec import Operation
from ant_cli.output.columns import path_of_title
from ant_cli.output.kinds import has_time
from ant_cli.output.times import DATE, seconds_since_1970
from ant_cli.runtime import Runtime
from ant_cli.runtime.shell import quote

_OPERAND = r'"(?:[^"\\]|\\.)*+"|[A-Za-z0-9_.*?:@/+-]+'
"""A quoted string, or a bare word, which includes numbers, times, true, false and null."""
_NOT_IN_A_PATH = r"\|\||[\s'`\u2018-\u201f&,;~)\]}]"
"""What may be part of a key only after a backslash."""
_PLAIN_KEY = re.compile(r"[\w-]+")
"""A key that a path names without a backslash."""
_PATTERNS = ("%", "!%")
_EQUALITY = ("=", "==", "!=")
_OPPOSITES = {"!=": "=", "!%": "%"}
_ABOUT_A_LIST = (
    "The condition is about a list: #==0 holds if it is empty, and #.KEY compares every item"
)
_TIME_HINT = """\
For example: {key}<now-7d (more than 7 days ago), {key}>=2026-11-01T08:00:00Z, or a day: {key}%"2026-11-01*".\
"""


_METADATA = "metadata"
_NAMED = 10
"""How many keys of metadata a note names."""


class _SingleCondition(NamedTuple):
    query: Query
    """Its path, and a comparison that is not negated; without an operator, the value must exist."""
    is_negated: bool
    time: Callable[[], float] | None
    """The time to compare with, in seconds since 1970. It may be relative to now."""

    def holds(self, value: bytes) -> bool:
        """Whether it holds for a JSON value. Raises BadPath and JSONTextError as `apply`."""
        found = apply(self.query.path, value)
        if not self.query.operator:
            return found is not None
        found = found or b"null"
        candidates = json_text.elements(found) if json_text.json_type(found) == "array" else [found]
        return any(map(self._matches, candidates)) is not self.is_negated

    def _matches(self, value: bytes) -> bool:
        if not self.time:
            return matches(value, self.query)
        seconds = (
            seconds_since_1970(json_text.string(value))
            if json_text.json_type(value) == "string"
            else None
        )
        return seconds is not None and matches(
            repr(seconds).encode(), self.query._replace(value=repr(self.time()))
        )

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys that its path consists of, or starts with."""
        names = [step.name if isinstance(step, Key) else "" for step in self.steps]
        return tuple(takewhile(bool, names))

    @property
    def steps(self) -> Sequence[PathStep]:
        """The steps of its path; in a path such as `#.state`, those after the `#`."""
        path = self.query.path
        return path[0].rest or () if isinstance(path[0], Each) else path


class Condition:
    """Whether all expressions of a flag hold for a JSON value."""

    def __init__(
        self,
        flag: str,
        expressions: Sequence[str],
        runtime: Runtime,
        operation: Operation,
        *,
        is_awaited: bool,
    ) -> None:
        """Parse the expressions.

        They are about each item of a list, or about a whole response that `is_awaited`. A member may be mistyped if
        it is neither in the first value nor in the objects of the operation or its response. That is an error if
        the expression holds without the member, because it would select everything, or if the user waits for it;
        otherwise there is a warning.

        Raises:
            UsageError: if an expression is not a comparison in GJSON's query syntax, or can't tell objects apart.

        """
        self._flag, self._say, self._is_awaited = flag, runtime.say, is_awaited
        self._fields = operation.response_keys or GROUPS[operation.group].known_keys
        self._all = [
            _parse(flag, text, runtime, operation, is_awaited=is_awaited) for text in expressions
        ]
        self._unchecked = list(self._all)
        self._unseen_keys = {
            each.keys[1] for each in self._all if each.keys[:1] == (_METADATA,) and each.keys[1:]
        }
        """The keys of metadata that no value has had so far."""
        self._seen_keys: dict[str, None] | None = None
        """Those that values have had; None before the first value."""

    def __call__(self, value: bytes) -> bool:
        """Whether all hold. Raises UsageError for a mistyped member, ResponseError if `value` is not JSON."""
        try:
            sample = _sample(value) if self._unchecked else None
            if sample is not None:
                found = [self._missing_member(each, sample) for each in self._unchecked]
                for warning in dict.fromkeys(filter(None, found)):
                    self._say(warning)
                self._unchecked.clear()
            if self._unseen_keys:
                self._look_for_keys(value)
            return all(each.holds(value) for each in self._all)
        except json_text.JSONTextError as error:
            raise ResponseError(f"the server's response can't be read. {error}") from None
        except BadPath as error:  # only the evaluation shows that a path multiplies the value
            raise UsageError(f"{self._flag}: {error}.") from None

    def _missing_member(self, condition: _SingleCondition, sample: bytes) -> str:
        """Return a warning about a member that may be mistyped. Raises UsageError if that is an error."""
        keys = condition.keys
        for depth, key in enumerate(keys):
            if _is_scalar(sample):
                return self._unfit(
                    condition, f"{'.'.join(keys[:depth])!r} is not an object, so it has no {key!r}."
                )
            members = _members(sample)
            known = (
                [] if key in members else _nested_fields(keys[:depth]) if depth else self._fields
            )
            if known and key not in known:  # an object without known fields may have any
                problem = f"there is no {'.'.join(keys[: depth + 1])!r} in the response."
                is_key = key in _members(members.get(_METADATA, b""))
                meant = "" if is_key else did_you_mean(key, [*members, *known])
                # as in jq
                if not meant and len(keys) == 1 and _METADATA in known and "[" not in key:
                    meant = f" For a key of metadata: {_METADATA}.{key}"
                fields = "" if meant else f"The fields are: {', '.join(known)}."
                return self._unfit(condition, problem + meant, fields)
            sample = members.get(key, b"null")
        path, rest, query = ".".join(keys), condition.steps[len(keys) :], condition.query
        if keys and rest and not isinstance(rest[0], Modifier) and _is_scalar(sample):
            return self._unfit(condition, f"{path!r} is neither an object nor a list.")
        compares = keys and not rest and query.operator and query.value != "~null"
        if compares and json_text.json_type(sample) == "object":
            members = _members(sample)
            plain = [
                key for key in members if _PLAIN_KEY.fullmatch(key) and _is_scalar(members[key])
            ]
            named = [*plain, *_nested_fields(keys), "KEY"]
            return self._unfit(
                condition, f"{path!r} is an object. Compare a member of it: {path}.{named[0]}"
            )
        return ""

    def _unfit(self, condition: _SingleCondition, problem: str, hint: str = "") -> str:
        """Return a warning. Raises UsageError if the condition would select everything, or is waited for."""
        if self._is_awaited or condition.holds(b"[{}]"):
            raise UsageError(f"{self._flag}: {problem}", hint)
        return f"Warning: {self._flag}: {problem}"

    def _look_for_keys(self, value: bytes) -> None:
        seen = self._seen_keys = self._seen_keys or {}
        keys = _members(_members(value).get(_METADATA, b""))
        self._unseen_keys.difference_update(keys)
        seen.update(dict.fromkeys(keys))

    def note_unseen_keys(self) -> None:
        """Note once, after a list, each key of metadata that no item has: with `!=`, all items are selected."""
        if self._seen_keys is None:
            return
        shown = ", ".join(shortened(key) for key in list(self._seen_keys)[:_NAMED])
        more = ", ..." if len(self._seen_keys) > _NAMED else "."
        others = f" The keys are: {shown}{more}" if shown else ""
        for key in self._unseen_keys:
            meant = did_you_mean(key, self._seen_keys)
            self._say(f"Note: {self._flag}: no listed item has {_METADATA}.{key}.{meant}{others}")
        self._unseen_keys.clear()


def _members(value: bytes) -> dict[str, bytes]:
    return json_text.members(value) if value and json_text.json_type(value) == "object" else {}


def _is_scalar(value: bytes) -> bool:
    return json_text.json_type(value) in ("string", "number", "true", "false")


def _sample(value: bytes) -> bytes | None:
    if json_text.json_type(value) == "array":
        value = next(iter(json_text.elements(value)), b"null")
    return value if json_text.json_type(value) == "object" else None


def _nested_fields(path: Sequence[str]) -> list[str]:
    return known_fields(path)


# From text to a comparison


def _parse(
    flag: str, text: str, runtime: Runtime, operation: Operation, *, is_awaited: bool
) -> _SingleCondition:
    where, group, of_list = f"{flag} {text!r}", operation.group, is_awaited and operation.paginated
    try:
        typed = split_comparison(text)
        comparison = typed._replace(path=_path_of(where, typed, group))
        path, operator, operand = comparison
        query = comparison.query()
        is_comparison = _is_operand(operator, operand) if operator else not is_awaited
        if not (_is_path(path) and is_comparison and _compares(query, of_list=of_list)):
            raise BadPath(
                _ABOUT_A_LIST
                if of_list
                else "It takes a path, one of == != < <= > >= % !%, and a value"
            )
    except BadPath as error:
        raise UsageError(
            f"{where} is not a condition: {error}.",
            f'Write strings in double quotes: name!="prod"; for several conditions, give several {flag} flags.',
        ) from None
    if note := _check_pattern(where, query, comparison, group):
        runtime.say(note)
    time = None
    if operator not in ("", *_PATTERNS):
        query = query._replace(value="~null") if operand == "null" else query
        time = _time_of(where, comparison, runtime.server_clock.now)
    positive = query._replace(operator=_OPPOSITES.get(query.operator, query.operator))
    return _SingleCondition(positive, query.operator in _OPPOSITES, time)


def _path_of(where: str, comparison: Comparison, group: str) -> str:
    """Return the path of a comparison, that of a column if its title was given.

    Raises:
        UsageError: if every object of the group has the same value there.

    """
    kind = GROUPS[group]
    each, _, name = comparison.path.rpartition("#.")
    prefix = comparison.path.removesuffix(name)
    if name.lower() == "type" and not each:
        rest, is_same = (
            comparison.operator + comparison.value,
            comparison.value.strip('"') == kind.object_type,
        )
        hint = "Leave it out." if is_same else f"Write {quote(prefix + kind.subtype_path + rest)}"
        raise UsageError(f"{where}: every object has the type {kind.object_type!r}.", hint)
    if each or name in GROUPS[group].known_keys:
        return comparison.path
    return prefix + path_of_title(kind.object_type, name)


def _check_pattern(where: str, query: Query, comparison: Comparison, group: str) -> str:
    """Return a note about a pattern without a *, or a * that is compared as it is; empty if there is none.

    Raises:
        UsageError: if it was most likely meant as part of a pattern.

    """
    path, operator, operand = comparison
    if not operator and isinstance(query.path[0], Wildcard) and len(query.path) == 1:
        name = "name" if "name" in GROUPS[group].known_keys else "id"
        meant = f'{name}%"{path}"'
        raise UsageError(f"{where} compares nothing.", f"Write {quote(meant)}")
    text = operand.strip('"')
    if operator in _PATTERNS and operand != "null" and not {"*", "?"} & {*text}:
        part = quote(f'{path}{operator}"*{text}*"')
        return (
            f"Note: {where} compares the whole text, because it has no *. For a part of it: {part}"
        )
    if operator not in _EQUALITY or "*" not in text:
        return ""
    pattern = quote(f'{path}{"!" * (operator == "!=")}%"{text}"')
    if operand != text:
        return f"Note: {where} compares the * itself. For a pattern: {pattern}"
    raise UsageError(f"{where} compares the * itself.", f"For a pattern: {pattern}")


def _is_path(path: str) -> bool:
    """Whether a text is a path, and not in quotes, or an expression of another language."""
    if not path or re.match(r'[".]|\w+\(', path):
        return False
    return not re.search(_NOT_IN_A_PATH, "".join(char for _, char in outside_brackets(path)))


def _is_operand(operator: str, operand: str) -> bool:
    if operand == "null":
        return operator in (*_EQUALITY, *_PATTERNS)
    return re.fullmatch(_OPERAND, operand, re.DOTALL) is not None


def _compares(query: Query, *, of_list: bool) -> bool:
    beginnings = Each | Query | Modifier if of_list else Key | Wildcard | Modifier
    selects = query.operator != "" or all(map(_may_find_nothing, query.path))
    return selects and isinstance(query.path[0], beginnings)


def _may_find_nothing(step: PathStep) -> bool:
    """Whether a step may find nothing. A step that makes a new array or object always finds something."""
    return isinstance(step, Key | Wildcard) or (isinstance(step, Query) and not step.all)


def _time_of(
    where: str, comparison: Comparison, now: Callable[[], float]
) -> Callable[[], float] | None:
    """Return the time to compare a value with, if any. Raises UsageError if there has to be one, and is not."""
    path, operator, operand = comparison
    is_time = has_time(path)
    time = _parse_time(operand, now, is_time=is_time)
    never_equal = operator in _EQUALITY and re.fullmatch(f"now.*|{DATE}", operand.strip('"'))
    is_wrong = never_equal if time else is_time and operand != "null"
    if is_wrong:
        problem = (
            f"no time is equal to {operand}"
            if time
            else f"{operand} after {operator} is not a time"
        )
        as_text = quote(f'{path}{operator}"{operand}"')
        hint = _TIME_HINT.format(key=path) if is_time else f"For the text: {as_text}"
        raise UsageError(f"{where}: {problem}.", hint)
    return time


def _parse_time(
    operand: str, now: Callable[[], float], *, is_time: bool
) -> Callable[[], float] | None:
    """Return the time that an operand means, if any. In quotes, it is text unless the compared value `is_time`."""
    if relative := re.fullmatch(r"now(?:([+-])(.+))?", operand):
        sign, duration = relative.groups()
        seconds = seconds_in(duration) if duration else 0.0
        if seconds is None:
            return None
        offset = -seconds if sign == "-" else seconds
        return lambda: now() + offset
    moment = seconds_since_1970(operand.strip('"') if is_time else operand)
    return None if moment is None else lambda: moment
