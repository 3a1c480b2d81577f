"""Conditions of `--filter` and `--until`: a comparison of a value in a response, such as `state=="active"`.

Paths and comparisons are GJSON's, with these differences: a missing value is null, a list is compared element by
element, times are compared as times, and `!=` and `!%` are the opposites of `=` and `%`. Anything other than one
comparison is rejected: with `!=`, a misquoted value would select everything.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from itertools import takewhile

from ant_cli.errors import ResponseError, UsageError
from ant_cli.errors.suggestions import did_you_mean
from ant_cli.gjson import json_text
from ant_cli.gjson.evaluate import TRUTH_TESTS, apply, matches
from ant_cli.gjson.parser import BadPath, outside_brackets, split_comparison
from ant_cli.gjson.steps import Count, Each, Key, Modifier, PathStep, Query, Wildcard
from ant_cli.input.durations import seconds_in
from ant_cli.operations.spec import Members
from ant_cli.output.times import DATE, seconds_since_1970
from ant_cli.runtime import Runtime
from ant_cli.runtime.light_typing import NamedTuple

Condition = Callable[[bytes], bool]
"""Whether conditions hold for a JSON value."""

_OPERAND = r'"(?:[^"\\]|\\.)*+"|~(?:true|false|null|\*)|[A-Za-z0-9_.*?:@/+-]+'
"""A quoted string, a test of GJSON, or a bare word, which includes numbers, times, true, false and null."""
_NOT_IN_A_PATH = r"\|\||[\s'`\u2018-\u201f&,;~)\]}]"
"""Characters that may be part of a key only after a backslash."""
_PATTERNS = ("%", "!%")
_EQUALITY = ("=", "==", "!=")
_OPPOSITES = {"!=": "=", "!%": "%"}
_TIME_HINT = """\
For example: {key}<now-7d (more than 7 days ago), {key}>=2026-11-01T08:00:00Z, or a day: {key}%"2026-11-01*".\
"""


class _Time(NamedTuple):
    """A time to compare with."""

    seconds: Callable[[], float]
    """The time, in seconds since 1970."""
    is_relative: bool
    """It is relative to now."""


class _SingleCondition(NamedTuple):
    query: Query
    """Its path, and a comparison that is not negated; without an operator, the value must exist."""
    is_negated: bool
    with_null: bool
    time: _Time | None

    def holds(self, value: bytes) -> bool:
        """Whether it holds for a JSON value. Raises BadPath and JSONTextError as `apply`."""
        found = apply(self.query.path, value)
        if not self.query.operator:
            return found is not None
        if self.query.value in TRUTH_TESTS:
            return matches(found, self.query) is not self.is_negated
        found = found or b"null"
        candidates = json_text.elements(found) if json_text.json_type(found) == "array" else [found]
        return any(map(self._matches, candidates)) is not self.is_negated

    def _matches(self, value: bytes) -> bool:
        type_ = json_text.json_type(value)
        if self.with_null:
            return type_ == "null"
        seconds = seconds_since_1970(json_text.string(value)) if self.time and type_ == "string" else None
        if self.time and seconds is not None:
            return matches(repr(seconds).encode(), self.query._replace(value=repr(self.time.seconds())))
        return not (self.time and self.time.is_relative) and matches(value, self.query)

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys that its path consists of, or starts with; in a path such as `#.state`, after the `#`."""
        path = self.query.path
        path = path[0].rest if isinstance(path[0], Each) else path
        names = [step.name if isinstance(step, Key) else "" for step in path]
        return tuple(takewhile(bool, names))


def make_condition(
    flag: str,
    expressions: Sequence[str],
    runtime: Runtime,
    known: Members,
    *,
    must_compare: bool = False,
    of_list: bool = False,
) -> Condition:
    """Return a function that says whether all expressions hold for a JSON value.

    A member that an expression names may be mistyped, if neither the first value nor `known`, the fields of the
    API's objects, have it. That is an error if the expression holds without the member, because it would select
    everything, or if the expressions `must_compare`, because they are waited for; otherwise there is a warning.
    `of_list` is for conditions on a whole list.

    Raises:
        UsageError: if an expression is not a comparison in GJSON's query syntax.

    """
    comparisons = [_parse(flag, text, runtime, must_compare=must_compare, of_list=of_list) for text in expressions]
    unchecked = list(comparisons)

    def condition(value: bytes) -> bool:
        try:
            sample = _sample(value) if unchecked else None
            if sample is not None:
                found = [_missing_member(flag, each, sample, known, is_error=must_compare) for each in unchecked]
                for warning in dict.fromkeys(filter(None, found)):
                    runtime.stderr.say(warning)
                unchecked.clear()
            return all(each.holds(value) for each in comparisons)
        except json_text.JSONTextError as error:
            raise ResponseError(f"the server's response can't be read. {error}") from None
        except BadPath as error:  # only the evaluation shows that it multiplies the value
            raise UsageError(f"{flag}: {error}.") from None

    return condition


def _sample(value: bytes) -> bytes | None:
    if json_text.json_type(value) == "array":
        value = next(iter(json_text.elements(value)), b"null")
    return value if json_text.json_type(value) == "object" else None


def _missing_member(
    flag: str, condition: _SingleCondition, sample: bytes, known: Members, *, is_error: bool
) -> str:
    """Return a warning about a member that may be mistyped. Raises UsageError if that is an error."""
    for depth, key in enumerate(condition.keys):
        members = json_text.members(sample) if json_text.json_type(sample) == "object" else {}
        if key not in members and key not in known:
            name = ".".join(condition.keys[: depth + 1])
            problem = f"there is no {name!r} in the response.{did_you_mean(key, [*members, *known])}"
            if is_error or condition.holds(b"[{}]"):
                raise UsageError(f"{flag}: {problem}")
            return "" if depth else f"Warning: {flag}: {problem}"
        sample, known = members.get(key, b"null"), known.get(key, {})
        if not known:  # it may have any members
            break
    return ""


# From text to a comparison


def _parse(flag: str, text: str, runtime: Runtime, *, must_compare: bool, of_list: bool) -> _SingleCondition:
    try:
        comparison = split_comparison(text)
        path, operator, operand = comparison
        _check_path(path)
        if operator:
            _check_operand(operator, operand)
        elif must_compare:
            empty = "; #==0 holds if the list is empty" if of_list else ""
            raise BadPath(f"The condition compares nothing{empty}")
        query = comparison.query()
        _check_steps(query, of_list=of_list)
    except BadPath as error:
        raise UsageError(
            f"{flag} {text!r} is not a condition: {error}.",
            f'Write strings in double quotes: name!="prod"; for several conditions, give several {flag} flags.',
        ) from None
    key = path.rpartition(".")[2]
    moment = None if operator in ("", *_PATTERNS) else _parse_time(operand, runtime, is_time=key.endswith("_at"))
    if problem := _time_problem(key, operator, operand, moment):
        raise UsageError(f"{flag} {text!r}: {problem}.", _TIME_HINT.format(key=path))
    positive = query._replace(operator=_OPPOSITES.get(query.operator, query.operator))
    with_null = operand == "null" and operator not in _PATTERNS
    return _SingleCondition(positive, query.operator in _OPPOSITES, with_null, moment)


def _check_path(path: str) -> None:
    if not path:
        raise BadPath("The condition has no path")
    if path.startswith("."):
        raise BadPath("A GJSON path does not start with a dot")
    if function := re.match(r"\w+\(", path):
        raise BadPath(f"GJSON has no function {function[0]})")
    stray = re.search(_NOT_IN_A_PATH, outside_brackets(path))
    if stray or path.startswith('"'):
        raise BadPath(f"The path {path} has {stray[0] if stray else path[0]!r} in it")


def _check_operand(operator: str, operand: str) -> None:
    if not operand:
        raise BadPath("The comparison has no value")
    if not re.fullmatch(_OPERAND, operand, re.DOTALL) or (operator == "=" and operand.startswith("~")):
        raise BadPath(f"{operand} after {operator} is neither a string in double quotes nor one word")
    if operand == "null" and operator not in ("=", "==", "!=", *_PATTERNS):
        raise BadPath(f"null can't be compared with {operator}")


def _check_steps(query: Query, *, of_list: bool) -> None:
    first = query.path[0]
    if of_list and isinstance(first, Key | Wildcard):
        raise BadPath("The condition is about a list: #==0 holds if it is empty, and #.KEY compares every item")
    if not isinstance(first, (Count | Each | Query if of_list else Key | Wildcard) | Modifier):
        raise BadPath("The condition compares nothing")
    if not query.operator and not all(map(_may_find_nothing, query.path)):
        raise BadPath("The condition compares nothing")


def _may_find_nothing(step: PathStep) -> bool:
    """Whether a step may find nothing. A step that makes a new array or object always finds something."""
    return isinstance(step, Key | Wildcard) or (isinstance(step, Query) and not step.all)


# Times


def _parse_time(operand: str, runtime: Runtime, *, is_time: bool) -> _Time | None:
    """Return the time that an operand means, if any. In quotes, it is text unless the compared value `is_time`."""
    now = runtime.now
    if relative := re.fullmatch(r"now(?:([+-])(.+))?", operand):
        sign, duration = relative.groups()
        seconds = seconds_in(duration) if duration else 0.0
        if seconds is None:
            return None
        offset = -seconds if sign == "-" else seconds
        return _Time(lambda: now() + offset, is_relative=True)
    text = operand.strip('"') if is_time else operand
    seconds = seconds_since_1970(text)
    return None if seconds is None else _Time(lambda: seconds, is_relative=False)


def _time_problem(key: str, operator: str, operand: str, moment: _Time | None) -> str:
    if moment is None:
        is_other = operator in ("", *_PATTERNS) or operand == "null" or operand.startswith("~")
        return "" if is_other or not key.endswith("_at") else f"{operand} is not a time"
    is_exact = not moment.is_relative and not re.fullmatch(DATE, operand.strip('"'))
    return "" if is_exact or operator not in _EQUALITY else f"{operand} after {operator} is not an exact time"
