"""GJSON: `apply` finds what a path names in a JSON text, in the bytes that came.

`gjson_path.py` reads a path into the steps of `gjson_steps.py`, `gjson_modifiers.py` holds the `@` functions,
and this file walks: every step takes a JSON text and gives another, or None where there is nothing.
"""

import operator
from collections.abc import Callable
from typing import Any

from ant_cli.gjson import json_text
from ant_cli.gjson.modifiers import FUNCTIONS, array, children, obj
from ant_cli.gjson.parser import BadPath, parse
from ant_cli.gjson.steps import (
    Count,
    Each,
    Key,
    Lines,
    Literal,
    Modifier,
    Multipath,
    Path,
    Query,
    Step,
    Wildcard,
)

__all__ = ["BadPath", "Path", "apply", "parse"]

# Without a bound, [@this,@this]|[@this,@this]|... doubles the value with every step.
WORK_PER_BYTE = 1000
WORK_AT_LEAST = 5_000_000
WORK_PER_STEP = 100


def apply(path: Path, text: bytes) -> bytes | None:
    """Return what a path finds in `text`, or None.

    Raises:
        BadPath: if the path multiplies the value beyond reason, which only the value shows.
        JSONTextError: if `text` is not JSON.

    """
    json_text.validate(text)
    try:
        return _Walk(WORK_AT_LEAST + WORK_PER_BYTE * len(text)).along(path, text.strip())
    except RecursionError:
        raise json_text.JSONTextError("The JSON is nested too deeply.") from None


class _Walk:
    """Follows a path through one value. Raises BadPath when the path multiplies the value beyond reason."""

    def __init__(self, work: int) -> None:
        self.work = work

    def along(self, path: Path, text: bytes) -> bytes | None:
        found: bytes | None = text
        for step in path:
            if found is None:
                return None
            found = self.step(step, found)
        return found

    def step(self, step: Step, text: bytes) -> bytes | None:
        self.work -= len(text) + WORK_PER_STEP
        if self.work < 0:
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
                return array([text])
            case Modifier("dig", _, path):
                return self.dig(path, text)
            case Modifier(name, options):
                return FUNCTIONS[name](text, options)

    def first_match(self, step: Wildcard, text: bytes) -> bytes | None:
        if json_text.kind(text) != "object":
            return None
        for key, value in json_text.members(text).items():
            if step.pattern.fullmatch(key):
                found = self.along(step.rest, value)
                if found is not None:
                    return found
        return None

    def elements(self, step: Count | Each, text: bytes) -> bytes | None:
        if json_text.kind(text) != "array":
            rest = step.rest if isinstance(step, Each) else ()
            member = _child(text, "#")
            return None if member is None else self.along(rest, member)
        elements = json_text.elements(text)
        return self.each(step.rest, elements) if isinstance(step, Each) else b"%d" % len(elements)

    def each(self, rest: Path, elements: list[bytes]) -> bytes:
        found = [self.along(rest, element) for element in elements]
        return array([text for text in found if text is not None])

    def query(self, step: Query, text: bytes) -> bytes | None:
        if json_text.kind(text) != "array":
            return None
        matches = (element for element in json_text.elements(text) if self.matches(step, element))
        if step.all:
            return self.each(step.rest, list(matches))
        first = next(matches, None)
        return None if first is None else self.along(step.rest, first)

    def matches(self, query: Query, element: bytes) -> bool:
        """Compare what the query's path finds in `element`; without a path, `element` itself if it is a scalar."""
        if json_text.kind(element) in ("object", "array"):
            return _holds(self.along(query.path, element) if query.path else None, query)
        return not query.path and _holds(element, query)

    def multipath(self, step: Multipath, text: bytes) -> bytes:
        found = [(name, self.along(path, text)) for name, path in zip(step.names, step.paths, strict=True)]
        pairs = [(name, value) for name, value in found if value is not None]
        return obj(pairs) if step.bracket == "{" else array([value for _, value in pairs])

    def dig(self, path: Path, text: bytes) -> bytes:
        """Return an array of what `path` finds in the value and in every value below it."""
        found: list[bytes] = []
        to_visit = [text]
        while to_visit:
            value = to_visit.pop()
            result = self.along(path, value)
            if result is not None:
                found.append(result)
            to_visit += reversed(children(value))
            self.work -= len(value)
        return array(found)


def _child(text: bytes, name: str) -> bytes | None:
    """Return a member by its key or an element by its number."""
    match json_text.kind(text):
        case "object":
            return json_text.members(text).get(name)
        # No array is so long that its index has 19 digits, and int() refuses those of 5000.
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

# True is greater than false, and nothing else is comparable with them; but every bound includes its end.
_BOOLEAN_COMPARISONS: dict[str, Callable[[str, str], bool]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": lambda value, other: (value, other) == ("false", "true"),
    "<=": lambda value, _: value == "false",
    ">": lambda value, other: (value, other) == ("true", "false"),
    ">=": lambda value, _: value == "true",
}


def _holds(value: bytes | None, query: Query) -> bool:
    """Return whether `value` compares with the query's value as its operator says."""
    wanted = query.value
    if wanted in _LOOKS:
        value, wanted = (b"true" if _LOOKS[wanted](value) else b"false"), "true"
    if value is None:
        return False
    if not query.operator:
        return True
    match json_text.kind(value):
        case "string":
            return _string_holds(json_text.string(value), query)
        case "number":
            compare = _COMPARISONS.get(query.operator)
            return compare is not None and compare(float(value), _number(wanted))
        case "true" | "false" as boolean if query.operator in _BOOLEAN_COMPARISONS:
            return _BOOLEAN_COMPARISONS[query.operator](boolean, wanted)
    return False


def _string_holds(value: str, query: Query) -> bool:
    if query.operator in _COMPARISONS:
        return _COMPARISONS[query.operator](value, query.value)
    return bool(query.pattern.fullmatch(value)) is (query.operator == "%")


def _number(text: str) -> float:
    """Return the number in a query; anything else counts as 0, as in GJSON."""
    try:
        return float(text)
    except ValueError:
        return 0.0


def _truth(value: bytes | None) -> bool | None:
    """Return the boolean that a value stands for in a `~` comparison, or None if it is neither."""
    if value is None:
        return False
    match json_text.kind(value):
        case "string":
            return _TRUTH_OF_TEXT.get(json_text.string(value).lower())
        case "number":
            return float(value) != 0
        case "object" | "array":
            return None
        case kind:
            return kind == "true"


_TRUTH_OF_TEXT = {"1": True, "t": True, "true": True, "0": False, "f": False, "false": False}

_LOOKS: dict[str, Callable[[bytes | None], bool]] = {
    "~true": lambda value: _truth(value) is True,
    "~false": lambda value: _truth(value) is False,
    "~null": lambda value: value is None or value == b"null",
    "~*": lambda value: value is not None,
}
