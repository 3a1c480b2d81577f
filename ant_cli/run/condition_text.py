"""From the text of a condition to a comparison. Anything else is rejected.

With `!=`, a misquoted value would select everything. A text in the syntax of another language is rejected with the
condition that it means here.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

from ant_cli.errors import UsageError
from ant_cli.errors.command_line import quote
from ant_cli.gjson.parser import BadPath, Comparison, outside_brackets, split_comparison
from ant_cli.gjson.steps import Each, Key, Modifier, PathStep, Query, Wildcard
from ant_cli.input.validation import known_fields
from ant_cli.operations import GROUPS
from ant_cli.operations.parsers import seconds_in
from ant_cli.operations.spec import Group, Operation
from ant_cli.output.columns import path_of_title
from ant_cli.output.kinds import has_time
from ant_cli.output.times import DATE, seconds_since_1970
from ant_cli.run.comparisons import ValueComparison
from ant_cli.runtime import Runtime

Clock = Callable[[], float]
"""Returns a time, in seconds since 1970."""

_OPERAND = r'"(?:[^"\\]|\\.)*+"|[A-Za-z0-9_.*?:@/+-]+'
"""A quoted string, or a bare word, which includes numbers, times, true, false and null."""
_NOT_IN_A_PATH = r"\|\||[\s'`\u2018-\u201f&,;~)\]}]"
"""What may be part of a key only after a backslash."""
_LITERAL = r"true|false|null|-?[0-9]+(?:\.[0-9]+)?"
"""A value that is compared without quotes."""
_PATTERNS = ("%", "!%")
_EQUALITY = ("=", "==", "!=")
_OPPOSITES = {"!=": "=", "!%": "%"}
_WANTED = "It takes a path, one of == != < <= > >= % !%, and a value"
_WANTED_OF_LIST = (
    "The condition is about a list: #==0 holds if it is empty, and #.KEY compares every item"
)
_TIME_HINT = """\
For example: {key}<now-7d (more than 7 days ago), {key}>=2026-11-01T08:00:00Z, or a day: {key}%"2026-11-01*".\
"""


class ConditionText(NamedTuple):
    """A condition as it was typed."""

    flag: str
    text: str
    operation: Operation
    is_awaited: bool
    """It is about a whole response, and not about each item of a list."""

    @property
    def where(self) -> str:
        """How errors name it."""
        return f"{self.flag} {self.text!r}"

    @property
    def group(self) -> Group:
        """The group of commands, which knows the members of objects."""
        return GROUPS[self.operation.group]

    @property
    def is_about_list(self) -> bool:
        """Whether it is about a list as a whole."""
        return self.is_awaited and self.operation.paginated

    def parse(self, runtime: Runtime) -> ValueComparison:
        """Return the comparison, and print a note if something else may have been meant.

        Raises:
            UsageError: if it is not a comparison in GJSON's query syntax, or can't tell objects apart.

        """
        try:
            comparison, query = self._split()
        except BadPath as error:
            problem = f"{self.where} is not a condition. {error}."
            quotes = 'Write strings in double quotes: name!="prod"'
            several = f"for several conditions, give several {self.flag} flags."
            raise UsageError(problem, f"{quotes}; {several}") from None
        self._check_wildcard(comparison, query)
        if note := self._note_on_pattern(comparison):
            runtime.say(note)
        time = self._time(comparison, runtime.server_clock.now)
        is_null = comparison.value == "null" and comparison.operator not in _PATTERNS
        if is_null:
            query = query._replace(value="~null")
        positive = query._replace(operator=_OPPOSITES.get(query.operator, query.operator))
        return ValueComparison(positive, query.operator in _OPPOSITES, time)

    def _split(self) -> tuple[Comparison, Query]:
        """Return the parts, and the query that they make. Raises BadPath if they are no condition."""
        typed = split_comparison(self.text)
        self._check_colon(typed)
        self._check_type(typed)
        comparison = typed._replace(path=self._path(typed))
        query = comparison.query()
        if not self._is_condition(comparison, query):
            raise BadPath(_WANTED_OF_LIST if self.is_about_list else _WANTED)
        return comparison, query

    def _is_condition(self, comparison: Comparison, query: Query) -> bool:
        if not _is_path(comparison.path):
            return False
        if not comparison.operator:
            is_complete = not self.is_awaited
        else:
            is_complete = _is_operand(comparison.operator, comparison.value)
        return is_complete and self._tells_apart(query)

    def _tells_apart(self, query: Query) -> bool:
        """Whether it may hold for one response and not for another."""
        if query.operator == "" and not all(map(_may_find_nothing, query.path)):
            return False
        first = query.path[0]
        if self.is_about_list:
            return isinstance(first, Each | Query | Modifier)
        return isinstance(first, Key | Wildcard | Modifier)

    def _check_colon(self, typed: Comparison) -> None:
        """Reject `name:demo`, which asks whether there is a member `name:demo`."""
        key, colon, value = typed.path.partition(":")
        if typed.operator or not colon or not self._is_field(key):
            return
        raise UsageError(f"{self.where} compares nothing.", _comparison_hint(key, value.strip()))

    def _is_field(self, path: str) -> bool:
        """Whether a path leads to a field that objects are known to have."""
        first, *inner = path.split(".")
        if first not in self.group.known_keys:
            return False
        outer = [first]
        for key in inner:
            if key not in known_fields(outer):
                return False
            outer.append(key)
        return True

    def _check_type(self, typed: Comparison) -> None:
        """Reject a comparison of the type that all objects have."""
        each, _, name = typed.path.rpartition("#.")
        if name.lower() != "type" or each:
            return
        group = self.group
        hint = "Leave it out."
        if typed.value.strip('"') != group.object_type:
            prefix = typed.path.removesuffix(name)
            meant = f"{prefix}{group.subtype_path}{typed.operator}{typed.value}"
            hint = f"Write {quote(meant)}"
        raise UsageError(f"{self.where}: every object has the type {group.object_type!r}.", hint)

    def _path(self, typed: Comparison) -> str:
        """Return the path of a comparison, that of a column if its title was given."""
        each, _, name = typed.path.rpartition("#.")
        if each or name in self.group.known_keys:
            return typed.path
        return typed.path.removesuffix(name) + path_of_title(self.group.object_type, name)

    def _check_wildcard(self, comparison: Comparison, query: Query) -> None:
        """Reject `da*` alone, which every object has a member for."""
        first, *rest = query.path
        if comparison.operator or rest or not isinstance(first, Wildcard):
            return
        name = "name" if "name" in self.group.known_keys else "id"
        meant = f'{name}%"{comparison.path}"'
        raise UsageError(f"{self.where} compares nothing.", f"Write {quote(meant)}")

    def _note_on_pattern(self, comparison: Comparison) -> str:
        """Return a note about a pattern without a *, or a * that is compared as it is; otherwise empty.

        Raises:
            UsageError: if the * was most likely meant as part of a pattern.

        """
        path, operator, operand = comparison
        text = operand.strip('"')
        if operator in _PATTERNS:
            if operand == "null" or "*" in text or "?" in text:
                return ""
            part = quote(f'{path}{operator}"*{text}*"')
            problem = f"{self.where} compares the whole text, because it has no *."
            return f"Note: {problem} For a part of it: {part}"
        if operator not in _EQUALITY or "*" not in text:
            return ""
        negation = "!" if operator == "!=" else ""
        pattern = quote(f'{path}{negation}%"{text}"')
        problem = f"{self.where} compares the * itself."
        if operand == text:  # without quotes
            raise UsageError(problem, f"For a pattern: {pattern}")
        return f"Note: {problem} For a pattern: {pattern}"

    def _time(self, comparison: Comparison, now: Clock) -> Clock | None:
        """Return the time to compare a value with, if any. Raises UsageError if there has to be one, and is not."""
        path, operator, operand = comparison
        if operator in ("", *_PATTERNS):
            return None
        is_time = has_time(path)
        time = _parse_time(operand, now, is_time=is_time)
        problem = None
        if time is None and is_time and operand != "null":
            problem = f"{operand} after {operator} is not a time"
        if time is not None and operator in _EQUALITY and _is_moment(operand):
            problem = f"no time is equal to {operand}"
        if problem is None:
            return time
        as_text = quote(f'{path}{operator}"{operand}"')
        hint = _TIME_HINT.format(key=path) if is_time else f"For the text: {as_text}"
        raise UsageError(f"{self.where}: {problem}.", hint)


def _comparison_hint(key: str, value: str) -> str:
    """Return what to write to compare a member with a value."""
    if has_time(key):
        return _TIME_HINT.format(key=key)
    operator = "%" if "*" in value or "?" in value else "=="
    is_literal = re.fullmatch(_LITERAL, value)
    operand = value if is_literal else '"' + value.strip('"') + '"'
    meant = f"{key}{operator}{operand}"
    return f"Write {quote(meant)}"


def _is_path(path: str) -> bool:
    """Whether a text is a path, and not in quotes, or an expression of another language."""
    if not path or re.match(r'[".]|\w+\(', path):
        return False
    outside = "".join(char for _, char in outside_brackets(path))
    return re.search(_NOT_IN_A_PATH, outside) is None


def _is_operand(operator: str, operand: str) -> bool:
    if operand == "null":
        return operator in (*_EQUALITY, *_PATTERNS)
    return re.fullmatch(_OPERAND, operand, re.DOTALL) is not None


def _may_find_nothing(step: PathStep) -> bool:
    """Whether a step may find nothing. A step that makes a new array or object always finds something."""
    if isinstance(step, Query):
        return not step.all
    return isinstance(step, Key | Wildcard)


def _is_moment(operand: str) -> bool:
    """Whether a value is a time that no timestamp is equal to: now, or midnight."""
    return re.fullmatch(f"now.*|{DATE}", operand.strip('"')) is not None


def _parse_time(operand: str, now: Clock, *, is_time: bool) -> Clock | None:
    """Return the time that an operand means, if any. In quotes, it is text unless the compared value `is_time`."""
    relative = re.fullmatch(r"now(?:([+-])(.+))?", operand)
    if relative:
        return _relative_time(relative[1], relative[2], now)
    moment = seconds_since_1970(operand.strip('"') if is_time else operand)
    return None if moment is None else lambda: moment


def _relative_time(sign: str | None, duration: str | None, now: Clock) -> Clock | None:
    """Return the time that is a duration before or after now; None if the duration is not one."""
    seconds = seconds_in(duration) if duration else 0.0
    if seconds is None:
        return None
    offset = -seconds if sign == "-" else seconds
    return lambda: now() + offset
