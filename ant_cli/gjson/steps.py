"""The steps of a GJSON path, as a tree: what `gjson_path.py` makes and `transform.py` follows."""

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Key:
    """A member of an object, or an element of an array by its number."""

    name: str


@dataclass(frozen=True, slots=True)
class Wildcard:
    """The first member whose key matches and in which `rest` finds something."""

    pattern: re.Pattern[str]
    rest: "Path"


@dataclass(frozen=True, slots=True)
class Count:
    """The length of an array."""


@dataclass(frozen=True, slots=True)
class Each:
    """An array of what `rest` finds in each element."""

    rest: "Path"


@dataclass(frozen=True, slots=True)
class Query:
    """The first element, or all, for which the comparison holds, and `rest` of them."""

    path: "Path"
    operator: str
    value: str
    pattern: re.Pattern[str]
    all: bool
    rest: "Path"


@dataclass(frozen=True, slots=True)
class Multipath:
    """A new object or array of what several paths find; `names` are JSON strings."""

    bracket: str
    names: tuple[bytes, ...]
    paths: tuple["Path", ...]


@dataclass(frozen=True, slots=True)
class Literal:
    """JSON that is written in the path itself."""

    text: bytes


@dataclass(frozen=True, slots=True)
class Modifier:
    """A function of the whole value; the argument of `@dig` is a path, of others JSON options."""

    name: str
    options: dict[str, bytes]
    path: "Path"


@dataclass(frozen=True, slots=True)
class Lines:
    """The prefix `..`: the value as the only line of a JSON lines file."""


Step = Key | Wildcard | Count | Each | Query | Multipath | Literal | Modifier | Lines
Path = tuple[Step, ...]
