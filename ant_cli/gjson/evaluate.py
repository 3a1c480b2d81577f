"""Evaluate GJSON paths: every step takes a JSON value and returns another one, or None if nothing matches.

The results are slices of the value, so numbers and escapes are unchanged.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable
from typing import Any

from ant_cli.gjson import json_text, steps
from ant_cli.gjson.modifiers import FUNCTIONS, child_values, make_array, make_object, truth
from ant_cli.gjson.parser import BadPath

_WORK_PER_BYTE = 1000
"""Bytes that a path may process for each byte of the value.

Without a limit, `[@this,@this]|[@this,@this]|...` doubles the value with every step.
"""
_MIN_WORK = 5_000_000
"""The limit for small values, in bytes."""
_WORK_PER_STEP = 100
"""The cost of a step itself, in bytes."""


def apply(path: steps.GJSONPath, raw: bytes) -> bytes | None:
    """Return the value at a path in a JSON value, as a slice of it where possible; None if nothing matches.

    Raises:
        BadPath: if the path multiplies the value too often, which is only known during evaluation.
        JSONTextError: if `raw` is not JSON, or nested too deeply.

    """
    json_text.validate(raw)
    try:
        return _Evaluator(_MIN_WORK + _WORK_PER_BYTE * len(raw)).eval(path, raw.strip())
    except RecursionError:
        raise json_text.JSONTextError("The JSON is nested too deeply.") from None


class _Evaluator:
    """Evaluates a path on one value. Raises BadPath when the path multiplies the value too often."""

    def __init__(self, work: int) -> None:
        self._work_left = work

    def eval(self, path: steps.GJSONPath, raw: bytes) -> bytes | None:
        result: bytes | None = raw
        for step in path:
            if result is None:
                return None
            result = self.eval_step(step, result)
        return result

    def eval_step(self, step: steps.PathStep, raw: bytes) -> bytes | None:
        self._work_left -= len(raw) + _WORK_PER_STEP
        if self._work_left < 0:
            raise BadPath("The path multiplies the value too often")
        match step:
            case steps.Key(name):
                return _child(raw, name)
            case steps.Wildcard():
                return self.first_match(step, raw)
            case steps.Each(rest):
                return self.elements(rest, raw)
            case steps.Query():
                return self.query(step, raw)
            case steps.Multipath():
                return self.multipath(step, raw)
            case steps.Literal(literal):
                return literal
            case steps.Modifier("dig", _, path):
                return self.dig(path, raw)
            case steps.Modifier(name, options):
                return FUNCTIONS[name](raw, options)

    def first_match(self, step: steps.Wildcard, raw: bytes) -> bytes | None:
        if json_text.json_type(raw) != "object":
            return None
        for key, value in json_text.members(raw).items():
            if step.pattern.fullmatch(key):
                result = self.eval(step.rest, value)
                if result is not None:
                    return result
        return None

    def elements(self, rest: steps.GJSONPath | None, raw: bytes) -> bytes | None:
        if json_text.json_type(raw) != "array":
            member = _child(raw, "#")
            return None if member is None else self.eval(rest or (), member)
        elements = json_text.elements(raw)
        if rest is None:
            return b"%d" % len(elements)
        return self.each(rest, elements)

    def each(self, rest: steps.GJSONPath, elements: Iterable[bytes]) -> bytes:
        results = [self.eval(rest, element) for element in elements]
        return make_array([result for result in results if result is not None])

    def query(self, step: steps.Query, raw: bytes) -> bytes | None:
        if json_text.json_type(raw) != "array":
            return None
        matching = (element for element in json_text.elements(raw) if self.matches(step, element))
        if step.all:
            return self.each(step.rest, matching)
        first = next(matching, None)
        return None if first is None else self.eval(step.rest, first)

    def matches(self, query: steps.Query, element: bytes) -> bool:
        """Compare the value at the query's path in `element`; without a path, a scalar `element` itself."""
        is_scalar = json_text.json_type(element) not in ("object", "array")
        if not query.path:
            return matches(element if is_scalar else None, query)
        if is_scalar:
            return False
        return matches(self.eval(query.path, element), query)

    def multipath(self, step: steps.Multipath, raw: bytes) -> bytes:
        results = [(name, self.eval(path, raw)) for name, path in step.selectors]
        pairs = [(name, value) for name, value in results if value is not None]
        if step.bracket == "{":
            return make_object(pairs)
        return make_array([value for _, value in pairs])

    def dig(self, path: steps.GJSONPath, raw: bytes) -> bytes:
        """Return an array of the values at `path` in the value itself and in every value below it."""
        results: list[bytes] = []
        to_visit = [raw]
        while to_visit:
            value = to_visit.pop()
            result = self.eval(path, value)
            if result is not None:
                results.append(result)
            to_visit += reversed(child_values(value))
            self._work_left -= len(value)
        return make_array(results)


def _child(raw: bytes, name: str) -> bytes | None:
    match json_text.json_type(raw):
        case "object":
            return json_text.members(raw).get(name)
        # No array has an index of 19 digits, and int() rejects a text of more than 4300.
        case "array" if name.isascii() and name.isdigit() and len(name) < 19:
            elements = json_text.elements(raw)
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


def matches(value: bytes | None, query: steps.Query) -> bool:
    """Whether the query's comparison is true for `value`."""
    if query.value in TRUTH_TESTS:
        holds = TRUTH_TESTS[query.value](value)
        return _compare(b"true" if holds else b"false", query, "true")
    if value is None:
        return False
    return _compare(value, query, query.value)


def _compare(value: bytes, query: steps.Query, wanted: str) -> bool:
    if not query.operator:
        return True
    compare = _COMPARISONS.get(query.operator)
    match json_text.json_type(value):
        case "string" if compare:
            return compare(json_text.string(value), wanted)
        case "string":
            is_match = query.pattern.fullmatch(json_text.string(value)) is not None
            return is_match is (query.operator == "%")
        case "number" if compare:
            return compare(float(value), _number(wanted))
        case "true" | "false" as boolean if query.operator in _BOOLEAN_COMPARISONS:
            return _BOOLEAN_COMPARISONS[query.operator](boolean, wanted)
    return False


def _number(text: str) -> float:
    """Return the number in a query. A text that is not a number is 0, as in GJSON.

    Python also takes underscores, surrounding space, and digits of other scripts.
    """
    if not text.isascii() or "_" in text or text != text.strip():
        return 0.0
    try:
        return float(text)
    except ValueError:
        return 0.0


TRUTH_TESTS: dict[str, Callable[[bytes | None], bool]] = {
    "~true": lambda value: truth(value) is True,
    "~false": lambda value: truth(value) is False,
    "~null": lambda value: value is None or value == b"null",
    "~*": lambda value: value is not None,
}
