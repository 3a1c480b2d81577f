"""The steps of a GJSON path, as a tree that `parser.py` creates and `evaluate.py` follows.

Named tuples, because importing `dataclasses` takes longer than parsing and following most paths.
"""

from __future__ import annotations

import re
from typing import NamedTuple


class Key(NamedTuple):
    """A member of an object, or an element of an array by its number."""

    name: str


class Wildcard(NamedTuple):
    """The first member whose key matches and in which `rest` finds something."""

    pattern: re.Pattern[str]
    rest: GJSONPath


class Each(NamedTuple):
    """An array of the results of `rest` in each element; if that is None, the length of an array."""

    rest: GJSONPath | None


class Query(NamedTuple):
    """The first element, or all, for which the comparison holds, and `rest` of them."""

    path: GJSONPath
    operator: str
    value: str
    pattern: re.Pattern[str]
    all: bool
    rest: GJSONPath


class Multipath(NamedTuple):
    """A new object or array of the results of several paths. Their names are JSON strings."""

    bracket: str
    selectors: tuple[tuple[bytes, GJSONPath], ...]


class Literal(NamedTuple):
    """JSON that is written in the path itself."""

    raw: bytes


class Modifier(NamedTuple):
    """A function of the whole value; the argument of `@dig` is a path, of others JSON options."""

    name: str
    options: dict[str, bytes]
    path: GJSONPath


PathStep = Key | Wildcard | Each | Query | Multipath | Literal | Modifier
GJSONPath = tuple[PathStep, ...]


def plain_keys(path: GJSONPath) -> tuple[str, ...]:
    """Return the keys of a path that consists of keys only, such as `config.type`; otherwise an empty tuple."""
    keys = tuple(step.name for step in path if isinstance(step, Key))
    return keys if len(keys) == len(path) else ()
