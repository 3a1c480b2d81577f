"""Find all mistakes in the body of a file at once, by the JSON schema that `ant schema environment` prints.

No value of the file is repeated: it may be a secret.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from ant_cli.errors.suggestions import did_you_mean
from ant_cli.gjson.json_text import Number
from ant_cli.input.request import has_lone_surrogate
from ant_cli.input.values import Value, type_name
from ant_cli.runtime.own_data import own_data

if TYPE_CHECKING:
    from ant_cli.input.yaml_reader import Position

FieldPath = tuple[str | int, ...]
T = TypeVar("T")
MOST_MISTAKES = 50
"""How many mistakes are described."""
AND_MORE = "and more mistakes"
_SCHEMA = ("input", "environment.schema.json")
_VALUES: dict[str, Value] = {
    "object": {},
    "array": [],
    "boolean": False,
    "string": "",
    "number": Number("0"),
}
"""A value of each type of the schema."""
_HINTS = {"array": ": write it in brackets", "string": ": write it in quotes"}
"""How to write a single value so that it has the type."""
_LONE_SURROGATE = "has a lone surrogate, which is not a character"
_LONGEST_HOST = 253
_HOST_PART = r"[^\W_]([\w-]{0,61}[^\W_])?"


class Mistake(NamedTuple):
    """One mistake in a body."""

    path: FieldPath
    """Where it is in the body: keys, and positions in lists from 0."""
    problem: str
    may_be_new: bool = False
    """A field or a choice is unknown, which a newer API may have."""
    is_missing: bool = False
    """The value is missing, or null."""
    known: Sequence[str] = ()
    """The known fields in the place of an unknown one."""

    @property
    def is_sent(self) -> bool:
        """Whether `create` and `update` send it, as the official tool does: one item of metadata, or one host."""
        return not {"metadata", "allowed_hosts"}.isdisjoint(self.path[:-1])

    def __str__(self) -> str:
        """Return the mistake with its path as people write it."""
        where, problem = _written(self.path), self.problem
        if self.known:
            fields = f" The fields are: {', '.join(self.known)}."
            problem += did_you_mean(str(self.path[-1]), self.known) or fields
        return f"{where}: {problem}" if where else problem


def _written(path: FieldPath) -> str:
    """Return a path as people write it: `config.networking.allowed_hosts[0]`."""
    text = ""
    for step in path:
        if isinstance(step, int):
            text += f"[{step}]"
        elif text:
            text += f".{_shown(step)}"
        else:
            text = _shown(step)
    return text


@cache
def json_schema() -> dict[str, Any]:
    """Return the JSON schema of a file. It may state its kind, and leave out the name."""
    return dict(json.loads(own_data(*_SCHEMA)))


def known_fields(path: Sequence[str]) -> list[str]:
    """Return the fields at a path in an environment, of all its types; empty if any field is allowed there."""
    schema = json_schema()
    for name in path:
        schema = _fields(schema).get(name, {})
    return list(_fields(schema))


def check(body: dict[str, Value]) -> list[Mistake]:
    """Return the mistakes in the body of an environment, including unknown fields and choices."""
    mistakes = list(_mistakes(body, json_schema(), ()))
    if any(mistake.path[0] == "config" for mistake in mistakes):
        return mistakes
    if _lacks_registries(body.get("config") or {}):
        problem = "packages under a limited network need networking.allow_package_managers: true"
        mistakes.append(Mistake(("config",), problem))
    return mistakes


def check_sent(body: dict[str, Value], *, creates: bool) -> list[Mistake]:
    """Return the mistakes in the body of a create or an update, with the messages of `check`.

    Unknown fields and choices are left out, because the API may be newer. So are missing values: an update keeps
    the old one, and null clears it.
    """
    found = check(body) if creates else _mistakes(body, json_schema(), ())
    wrong = [mistake for mistake in found if not (mistake.may_be_new or mistake.is_missing)]
    return first_mistakes(wrong, Mistake((), AND_MORE))


def located(mistakes: Sequence[Mistake], text: str) -> list[tuple[Mistake, Position]]:
    """Return the mistakes to describe, with their positions in a text."""
    from ant_cli.input.yaml_reader import positions_of  # late: files without mistakes may be JSON

    shown = first_mistakes(mistakes, Mistake((), AND_MORE))
    return list(zip(shown, positions_of(text, [mistake.path for mistake in shown]), strict=True))


def first_mistakes(mistakes: Sequence[T], more: T) -> list[T]:
    """Return the mistakes to describe, and `more` in place of all others: thousands take too long."""
    if len(mistakes) <= MOST_MISTAKES:
        return list(mistakes)
    return [*mistakes[:MOST_MISTAKES], more]


def _lacks_registries(config: Any) -> bool:
    """Whether there are packages under a limited network that can't reach the registries. The API rejects that."""
    network = config.get("networking") or {}
    if network.get("type") != "limited" or network.get("allow_package_managers"):
        return False
    packages = config.get("packages") or {}
    return any(packages[manager] for manager in packages if manager != "type")


def _mistakes(value: Any, schema: dict[str, Any], path: FieldPath) -> Iterator[Mistake]:
    """Yield the mistakes in a value. Only the keywords that `environment.schema.json` uses are known."""
    expected, *others = schema["type"]
    if value is None and others:
        return
    if "enum" in schema:
        if value not in schema["enum"]:
            yield _no_choice(value, schema["enum"], path)
    elif not isinstance(value, type(_VALUES[expected])):
        yield _wrong_type(value, expected, path)
    elif isinstance(value, dict):
        yield from _mistakes_in_fields(value, schema, path)
    elif isinstance(value, list):
        for position, item in enumerate(value):
            yield from _mistakes(item, schema["items"], (*path, position))
    elif isinstance(value, str) and (problem := _problem_of_text(value, schema)):
        yield Mistake(path, problem)


def _no_choice(value: Value, choices: Sequence[str | None], path: FieldPath) -> Mistake:
    wanted = " or ".join(repr(choice) for choice in choices if choice)
    if isinstance(value, str):
        return Mistake(path, f"must be {wanted}", may_be_new=True)
    return Mistake(path, f"must be {wanted}, got {type_name(value)}")


def _wrong_type(value: Value, expected: str, path: FieldPath) -> Mistake:
    wanted = type_name(_VALUES[expected])
    if expected == "boolean":
        wanted = "true or false"
    problem = f"must be {wanted}, got {type_name(value)}"
    if isinstance(value, str | Number | bool):
        problem += _HINTS.get(expected, "")
    return Mistake(path, problem, is_missing=value is None)


def _mistakes_in_fields(
    fields: dict[str, Any], schema: dict[str, Any], path: FieldPath
) -> Iterator[Mistake]:
    if "oneOf" in schema:  # a union, whose branches are named after their types
        tags, where = _tags(schema), (*path, "type")
        if "type" not in fields:
            yield Mistake(where, "is required", is_missing=True)
        elif fields["type"] not in tags:
            type_ = fields["type"]
            yield _no_choice(type_, tags, where)._replace(may_be_new=_may_be_new_type(type_, tags))
            return
        schema = json_schema()["$defs"].get(fields.get("type"), schema)
    known, rest = _fields(schema), schema.get("additionalProperties")
    for name, value in fields.items():
        rule = known.get(name) or rest
        if not name.isascii() and has_lone_surrogate(name):
            yield Mistake((*path, name), _LONE_SURROGATE)
        elif rule:
            yield from _mistakes(value, rule, (*path, name))
        else:
            yield Mistake((*path, name), "unknown field.", may_be_new=True, known=list(known))


def _may_be_new_type(value: Any, known: Sequence[str]) -> bool:
    """Whether a newer API may have this type: it is one word, and neither a mistyped type nor null."""
    if not isinstance(value, str) or not re.fullmatch(r"[^\W\d][\w.-]*", value):
        return False
    if value.lower() in ("null", "none"):
        return False
    return not did_you_mean(value, known)


def _tags(schema: dict[str, Any]) -> list[str]:
    """Return the names of the branches of a union; none for another schema."""
    return [
        branch["$ref"].removeprefix("#/$defs/")
        for branch in schema.get("oneOf", ())
        if "$ref" in branch
    ]


def _fields(schema: dict[str, Any]) -> dict[str, Any]:
    """Return the rules for the fields of an object; for a union, those of all branches."""
    branches = [json_schema()["$defs"][tag] for tag in _tags(schema)] or [schema]
    fields: dict[str, Any] = {}
    for branch in branches:
        fields |= branch.get("properties", {})
    return fields


def _problem_of_text(text: str, schema: dict[str, Any]) -> str:
    if "minLength" in schema and not text:
        return "must not be empty"
    if not text.isascii() and has_lone_surrogate(text):
        return _LONE_SURROGATE
    if schema.get("format") == "host" and not _is_host(text):
        return "is not a host name: write one such as example.com or *.example.com"
    return ""


def _is_host(text: str) -> bool:
    if len(text) > _LONGEST_HOST:
        return False
    parts = text.removeprefix("*.").split(".")
    return all(re.fullmatch(_HOST_PART, part) for part in parts)


def _shown(key: str) -> str:
    """Return a key as far as it looks like the name of a field."""
    return key if re.fullmatch(r"[\w.$-]{1,40}", key) else "..."
