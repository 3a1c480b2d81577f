"""What may be mistyped in the path of a condition, going by the first object that it is about."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from ant_cli.errors.suggestions import did_you_mean
from ant_cli.gjson import json_text
from ant_cli.gjson.steps import Modifier
from ant_cli.input.validation import known_fields
from ant_cli.run.comparisons import METADATA, ValueComparison

_PLAIN_KEY = re.compile(r"[\w-]+")
"""A key that a path names without a backslash."""
_SYNONYMS = {
    "label": METADATA,
    "labels": METADATA,
    "status": "state",
    "tag": METADATA,
    "tags": METADATA,
    "title": "name",
}
"""Names of members in other APIs, and those in this one."""


class MemberProblem(NamedTuple):
    """What is wrong with a path."""

    message: str
    hint: str = ""


def problem_with(
    condition: ValueComparison, value: bytes, fields: Sequence[str]
) -> MemberProblem | None:
    """Return what is wrong with the path of a condition for an object. `fields` are those that objects may have."""
    keys = condition.keys
    for depth, key in enumerate(keys):
        problem = _problem_with_key(keys, depth, value, fields)
        if problem:
            return problem
        value = members_of(value).get(key, b"null")
    return _problem_with_value(condition, value) if keys else None


def members_of(value: bytes) -> dict[str, bytes]:
    """Return the members of a JSON value, which has none unless it is an object."""
    if value and json_text.json_type(value) == "object":
        return json_text.members(value)
    return {}


def _problem_with_key(
    keys: Sequence[str], depth: int, value: bytes, fields: Sequence[str]
) -> MemberProblem | None:
    """Return what is wrong with one of the keys. `value` is what the keys before it lead to."""
    outer, key = keys[:depth], keys[depth]
    if _is_scalar(value):
        name = ".".join(outer)
        return MemberProblem(f"{name!r} is not an object, so it has no {key!r}.")
    members = members_of(value)
    known = known_fields(outer) if outer else fields
    if key in members or key in known or not known:  # an object without known fields may have any
        return None
    problem = f"there is no {'.'.join((*outer, key))!r} in the response."
    meant = _similar_member(key, members, known)
    if not meant and len(keys) == 1:
        meant = _as_metadata(key, known)
    if meant:
        return MemberProblem(problem + meant)
    return MemberProblem(problem, f"The fields are: {', '.join(known)}.")


def _as_metadata(key: str, known: Sequence[str]) -> str:
    """Return a hint at a key of metadata, unless the key is in brackets, as in jq."""
    if METADATA not in known or "[" in key:
        return ""
    return f" For a key of metadata: {METADATA}.{key}"


def _similar_member(key: str, members: dict[str, bytes], known: Sequence[str]) -> str:
    """Return a question with the member that was most likely meant; empty if none is similar."""
    if key in members_of(members.get(METADATA, b"")):
        return ""
    names = [*members, *known]
    synonym = _SYNONYMS.get(key)
    return f" Did you mean {synonym!r}?" if synonym in names else did_you_mean(key, names)


def _problem_with_value(condition: ValueComparison, value: bytes) -> MemberProblem | None:
    """Return what is wrong with the part of a path behind its keys. `value` is what the keys lead to."""
    keys = condition.keys
    path = ".".join(keys)
    rest = condition.steps[len(keys) :]
    if rest:
        if isinstance(rest[0], Modifier) or not _is_scalar(value):
            return None
        return MemberProblem(f"{path!r} is neither an object nor a list.")
    compares_value = condition.query.operator and condition.query.value != "~null"
    if not compares_value or json_text.json_type(value) != "object":
        return None
    member = _first_member(keys, value)
    return MemberProblem(f"{path!r} is an object. Compare a member of it: {path}.{member}")


def _first_member(path: Sequence[str], value: bytes) -> str:
    """Return a member of an object that can be compared."""
    for key, member in members_of(value).items():
        if _PLAIN_KEY.fullmatch(key) and _is_scalar(member):
            return key
    return next(iter(known_fields(path)), "KEY")


def _is_scalar(value: bytes) -> bool:
    return json_text.json_type(value) in ("string", "number", "true", "false")
