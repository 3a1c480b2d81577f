"""Find all mistakes in the body of a file at once. No value of the file is repeated: it may be a secret."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from ant_cli.errors.suggestions import did_you_mean
from ant_cli.gjson.json_text import Number
from ant_cli.input.values import Value, type_name

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

FieldPath = tuple[str | int, ...]
MOST_MISTAKES = 50
"""How many mistakes are described. Further ones are counted."""
UNIONS = ("config", "networking")
"""The fields after which pydantic names the branch of the union that it chose."""


class Mistake(NamedTuple):
    """One mistake in a body."""

    path: FieldPath
    """Where it is in the body: keys, and positions in lists from 0."""
    problem: str

    def __str__(self) -> str:
        """Return the mistake with its path as people write it."""
        where = ""
        for step in self.path:
            where += f"[{step}]" if isinstance(step, int) else f".{_shown(step)}" if where else _shown(step)
        return f"{where}: {self.problem}" if where else self.problem


class Mistakes(NamedTuple):
    """The mistakes in a body."""

    first: tuple[Mistake, ...] = ()
    """Up to `MOST_MISTAKES`."""
    more: int = 0
    """How many others there are."""


def more_mistakes(count: int) -> list[str]:
    """Return the line that counts mistakes that are not described; none if all are."""
    return [f"and {count} more {'mistake' if count == 1 else 'mistakes'}"] if count else []


def mistakes_in(body: dict[str, Value]) -> Mistakes:
    """Return the mistakes in the body of an environment, including unknown fields and choices."""
    return check(body, strict=True)[0]


def check(body: dict[str, Value], *, strict: bool) -> tuple[Mistakes, Mistakes]:
    """Return the mistakes in a body, and unless it is strict, separately what only the API may know."""
    from pydantic import ValidationError  # late: nothing else takes as long to import

    from ant_cli.apply.environment_file import EnvironmentFile

    mistakes: list[ErrorDetails] = []
    unknown: list[ErrorDetails] = []
    try:
        EnvironmentFile.model_validate(body)
    except ValidationError as problem:
        for error in problem.errors(include_url=False):
            (unknown if not strict and _is_unknown(error) else mistakes).append(error)
    return _described(mistakes), _described(unknown)


def _is_unknown(details: ErrorDetails) -> bool:
    """Whether a field or the name of a choice is unknown, as those of a newer API are."""
    given: Any = details["input"]
    match details["type"]:
        case "extra_forbidden":
            return True
        case "union_tag_invalid":
            return isinstance(given["type"], str)
        case "literal_error":
            return isinstance(given, str)
    return False


def _described(errors: list[ErrorDetails]) -> Mistakes:
    return Mistakes(tuple(map(_to_mistake, errors[:MOST_MISTAKES])), max(len(errors) - MOST_MISTAKES, 0))


def _shown(key: str) -> str:
    """Return a key as far as it looks like the name of a field."""
    return key if re.fullmatch(r"[\w.$-]{1,40}", key) else "..."


def _to_mistake(details: ErrorDetails) -> Mistake:
    error_type = details["type"]
    path = tuple(_without_branches(details["loc"]))
    if error_type.startswith("union_tag") and isinstance(details["input"], dict):
        path = (*path, "type")
    problem = _PROBLEMS.get(error_type)
    return Mistake(path, problem(details) if problem else details["msg"].removeprefix("Value error, "))


def _without_branches(loc: FieldPath) -> Iterator[str | int]:
    """Yield the steps of a path in the body, without the branches of unions."""
    for before, step in zip(("", *loc), loc, strict=False):
        if before not in UNIONS:
            yield step


def _unknown(details: ErrorDetails) -> str:
    from ant_cli.apply.environment_file import FIELDS

    *around, name = details["loc"]
    known = list(FIELDS[tuple(map(str, around))].model_fields)
    suggestion = did_you_mean(str(name), known)
    return "unknown field." + (suggestion or f" The fields are: {', '.join(known)}.")


def _expected(what: str) -> Callable[[ErrorDetails], str]:
    def describe(details: ErrorDetails) -> str:
        given: Any = details["input"]
        hint = ": write it in quotes" if what == "text" and isinstance(given, Number | bool) else ""
        return f"must be {what}, got {type_name(given)}{hint}"

    return describe


def _choice(details: ErrorDetails) -> str:
    expected = details["ctx"].get("expected") or details["ctx"]["expected_tags"]
    given: Any = details["input"]
    given = given["type"] if "tag" in details["ctx"] else given
    got = "" if isinstance(given, str) else f", got {type_name(given)}"
    return f"must be {str(expected).replace(', ', ' or ')}{got}"


def _tag_missing(details: ErrorDetails) -> str:
    return "is required" if isinstance(details["input"], dict) else _expected("keys and values")(details)


_PROBLEMS: dict[str, Callable[[ErrorDetails], str]] = {
    "extra_forbidden": _unknown,
    "missing": lambda _: "is required",
    "string_too_short": lambda _: "must not be empty",
    "string_type": _expected("text"),
    "string_unicode": lambda _: "has a lone surrogate, which is no character",
    "bool_type": _expected("true or false"),
    "list_type": _expected("a list"),
    "dict_type": _expected("keys and values"),
    "model_type": _expected("keys and values"),
    "model_attributes_type": _expected("keys and values"),
    "literal_error": _choice,
    "union_tag_invalid": _choice,
    "union_tag_not_found": _tag_missing,
}
