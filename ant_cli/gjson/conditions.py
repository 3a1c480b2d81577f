"""Conditions: a comparison in GJSON's query syntax, such as `state=="active"`, for one value.

They are stricter than GJSON, which accepts any text as a path or a value: with `!=`, a misquoted value would match
everything.
"""

from __future__ import annotations

import re

from ant_cli.gjson.evaluate import apply
from ant_cli.gjson.parser import BadPath, outside_brackets, parse, split_comparison
from ant_cli.gjson.steps import GJSONPath, Key, Modifier, Query, Wildcard

_VALUE = re.compile(
    r'"(?:[^"\\]|\\.)*+"|~(?:true|false|null|\*)|[A-Za-z0-9_.*?:@/+-]+',
    re.DOTALL,
)
"""A quoted string, a test of GJSON, or a bare word, which includes numbers, true, false and null."""
_NOT_IN_A_PATH = re.compile(r"\|\||[\s'`\u2018-\u201f&,;~]")
"""Characters that may be part of a key only after a backslash."""
_PATTERNS = ("%", "!%")


def parse_condition(expression: str) -> GJSONPath:
    """Return a condition for `holds`.

    `==null` and `!=null` compare with JSON null, where GJSON compares with the text; a missing value is neither.

    Raises:
        BadPath: if it is neither a comparison nor the path of a value that must exist.

    """
    path, operator, value = split_comparison(expression)
    _check_path(path)
    if operator:
        _check_value(operator, value)
    parsed = parse(f"#({expression})#")
    if len(parsed) != 1 or not isinstance(parsed[0], Query) or parsed[0].rest:
        raise BadPath("The condition must be one comparison")
    query = parsed[0]
    if not isinstance(query.path[0], Key | Wildcard | Modifier) or not (operator or _may_be_missing(query.path)):
        raise BadPath("The condition compares nothing")
    if value == "null" and operator not in _PATTERNS:
        # As JSON text, null differs from every other value, including the string "null".
        query = query._replace(path=(*query.path, Modifier("tostr", {}, ())))
    return (query,)


def compared_key(condition: GJSONPath) -> str:
    """Return the key of the member that a condition compares; empty if it only checks that the member exists."""
    (query,) = condition
    first = query.path[0] if isinstance(query, Query) and query.operator else None
    return first.name if isinstance(first, Key) else ""


def holds(condition: GJSONPath, value: bytes) -> bool:
    """Whether a condition holds for a JSON value. Raises BadPath and JSONTextError as `apply`."""
    return apply(condition, b"[" + value + b"]") not in (None, b"[]")


def _check_path(path: str) -> None:
    if not path:
        raise BadPath("The condition has no path")
    stray = _NOT_IN_A_PATH.search(outside_brackets(path))
    if stray or path.startswith('"'):
        raise BadPath(f"The path {path} has {stray[0] if stray else path[0]!r} in it")


def _check_value(operator: str, value: str) -> None:
    if not value:
        raise BadPath("The comparison has no value")
    if not _VALUE.fullmatch(value) or (operator == "=" and value.startswith("~")):
        raise BadPath(f"{value} after {operator} is neither a string in double quotes nor one word")
    if value == "null" and operator not in ("=", "==", "!=", *_PATTERNS):
        raise BadPath(f"null can't be compared with {operator}")


def _may_be_missing(path: GJSONPath) -> bool:
    """Whether a path may find nothing. A path that makes a new array or object always finds something."""
    return all(isinstance(step, Key | Wildcard) or (isinstance(step, Query) and not step.all) for step in path)
