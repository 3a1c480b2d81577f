"""Evaluate GJSON paths: every step takes a JSON text and returns another one, or None if nothing matches.

The results are slices of the text, so numbers and escapes are unchanged.
"""

from __future__ import annotations

import operator
from collections.abc import Callable

from ant_cli.gjson import json_text
from ant_cli.gjson.modifiers import FUNCTIONS, child_values, make_array, make_object
from ant_cli.gjson.parser import BadPath
from ant_cli.gjson.steps import (
    Count,
    Each,
    GJSONPath,
    Key,
    Lines,
    Literal,
    Modifier,
    Multipath,
    PathStep,
    Query,
    Wildcard,
)
from ant_cli.runtime.light_typing import Any

_WORK_PER_BYTE = 1000
"""Bytes that a path may process for each byte of the value.

Without a limit, `[@this,@this]|[@this,@this]|...` doubles the value with every step.
"""
_MIN_WORK = 5_000_000
"""The limit for small values, in bytes."""
_WORK_PER_STEP = 100
"""The cost of a step itself, in bytes."""


def apply(path: GJSONPath, text: bytes) -> bytes | None:
    """Return the value at a path in a JSON text, as a slice of it where possible; None if nothing matches.

    Raises:
        BadPath: if the path multiplies the value too often, which is only known during evaluation.
        JSONTextError: if `text` is not JSON, or nested too deeply.

    """
    json_text.validate(text)
    try:
        return _Evaluator(_MIN_WORK + _WORK_PER_BYTE * len(text)).eval(path, text.strip())
    except RecursionError:
        raise json_text.JSONTextError("The JSON is nested too deeply.") from None


class _Evaluator:
    """Evaluates a path on one value. Raises BadPath when the path multiplies the value too often."""

    def __init__(self, work: int) -> None:
        self._work_left = work

    def eval(self, path: GJSONPath, text: bytes) -> bytes | None:
        found: bytes | None = text
        for step in path:
            if found is None:
                return None
            found = self.eval_step(step, found)
        return found

    def eval_step(self, step: PathStep, text: bytes) -> bytes | None:
        self._work_left -= len(text) + _WORK_PER_STEP
        if self._work_left < 0:
            raise BadPath("The path multiplies the value too often")
        match step:
            case Key(name):
                return _child(text, name)
            case Wildcard():
                return self.first_match(step, text)
            case Count() | Each():
                return self.elements(step, text)
            case Query():
                return self.query(step, text)
            case Multipath():
                return self.multipath(step, text)
            case Literal(literal):
                return literal
            case Lines():
                return make_array([text])
            case Modifier("dig", _, path):
                return self.dig(path, text)
            case Modifier(name, options):
                return FUNCTIONS[name](text, options)

    def first_match(self, step: Wildcard, text: bytes) -> bytes | None:
        if json_text.json_type(text) != "object":
            return None
        for key, value in json_text.members(text).items():
            if step.pattern.fullmatch(key):
                found = self.eval(step.rest, value)
                if found is not None:
                    return found
        return None

    def elements(self, step: Count | Each, text: bytes) -> bytes | None:
        if json_text.json_type(text) != "array":
            rest = step.rest if isinstance(step, Each) else ()
            member = _child(text, "#")
            return None if member is None else self.eval(rest, member)
        elements = json_text.elements(text)
        return self.each(step.rest, elements) if isinstance(step, Each) else b"%d" % len(elements)

    def each(self, rest: GJSONPath, elements: list[bytes]) -> bytes:
        found = [self.eval(rest, element) for element in elements]
        return make_array([text for text in found if text is not None])

    def query(self, step: Query, text: bytes) -> bytes | None:
        if json_text.json_type(text) != "array":
            return None
        matches = (element for element in json_text.elements(text) if self.matches(step, element))
        if step.all:
            return self.each(step.rest, list(matches))
        first = next(matches, None)
        return None if first is None else self.eval(step.rest, first)

    def matches(self, query: Query, element: bytes) -> bool:
        """Compare the value at the query's path in `element`; without a path, a scalar `element` itself."""
        if json_text.json_type(element) in ("object", "array"):
            return _matches(self.eval(query.path, element) if query.path else None, query)
        return not query.path and _matches(element, query)

    def multipath(self, step: Multipath, text: bytes) -> bytes:
        found = [(name, self.eval(path, text)) for name, path in zip(step.names, step.paths, strict=True)]
        pairs = [(name, value) for name, value in found if value is not None]
        return make_object(pairs) if step.bracket == "{" else make_array([value for _, value in pairs])

    def dig(self, path: GJSONPath, text: bytes) -> bytes:
        """Return an array of the values at `path` in the value itself and in every value below it."""
        found: list[bytes] = []
        to_visit = [text]
        while to_visit:
            value = to_visit.pop()
            result = self.eval(path, value)
            if result is not None:
                found.append(result)
            to_visit += reversed(child_values(value))
            self._work_left -= len(value)
        return make_array(found)


def _child(text: bytes, name: str) -> bytes | None:
    """Return a member by its key or an element by its number."""
    match json_text.json_type(text):
        case "object":
            return json_text.members(text).get(name)
        # No array has an index of 19 digits, and int() rejects a text of more than 4300.
        case "array" if name.isascii() and name.isdigit() and len(name) < 19:
            elements = json_text.elements(text)
            return elements[int(name)] if int(name) < len(elements) else None
    return None


_COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}

_BOOLEAN_COMPARISONS: dict[str, Callable[[str, str], bool]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": lambda value, other: (value, other) == ("false", "true"),
    "<=": lambda value, _: value == "false",
    ">": lambda value, other: (value, other) == ("true", "false"),
    ">=": lambda value, _: value == "true",
}
"""As in GJSON: true is greater than false, `<=` matches every false, `>=` every true; other values never match."""


def _matches(value: bytes | None, query: Query) -> bool:
    """Whether the query's comparison is true for `value`."""
    wanted = query.value
    if wanted in _TRUTH_TESTS:
        value, wanted = (b"true" if _TRUTH_TESTS[wanted](value) else b"false"), "true"
    if value is None:
        return False
    if not query.operator:
        return True
    match json_text.json_type(value):
        case "string":
            return _string_matches(json_text.string(value), query)
        case "number":
            compare = _COMPARISONS.get(query.operator)
            return compare is not None and compare(float(value), _number(wanted))
        case "true" | "false" as boolean if query.operator in _BOOLEAN_COMPARISONS:
            return _BOOLEAN_COMPARISONS[query.operator](boolean, wanted)
    return False


def _string_matches(value: str, query: Query) -> bool:
    if query.operator in _COMPARISONS:
        return _COMPARISONS[query.operator](value, query.value)
    return bool(query.pattern.fullmatch(value)) is (query.operator == "%")


def _number(text: str) -> float:
    """Return the number in a query. A text that is not a number is 0, as in GJSON."""
    try:
        return float(text)
    except ValueError:
        return 0.0


def _truth(value: bytes | None) -> bool | None:
    """Return the boolean that a `~` comparison reads from a value; None if it is neither."""
    if value is None:
        return False
    match json_text.json_type(value):
        case "string":
            return _TRUTH_OF_TEXT.get(json_text.string(value).lower())
        case "number":
            return float(value) != 0
        case "object" | "array":
            return None
        case kind:
            return kind == "true"


_TRUTH_OF_TEXT = {"1": True, "t": True, "true": True, "0": False, "f": False, "false": False}

_TRUTH_TESTS: dict[str, Callable[[bytes | None], bool]] = {
    "~true": lambda value: _truth(value) is True,
    "~false": lambda value: _truth(value) is False,
    "~null": lambda value: value is None or value == b"null",
    "~*": lambda value: value is not None,
}
