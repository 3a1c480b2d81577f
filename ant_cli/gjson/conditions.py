"""Conditions: the comparison of a GJSON query, such as `state=="active"`, on one value."""

from __future__ import annotations

from ant_cli.gjson.evaluate import apply
from ant_cli.gjson.parser import BadPath, parse
from ant_cli.gjson.steps import Path, Query


def parse_condition(expression: str) -> Path:
    """Return a condition for `holds`.

    Raises:
        BadPath: if it is not what GJSON has between `#(` and `)`.

    """
    if not expression.strip():
        raise BadPath("The condition is empty")
    if expression.rstrip().endswith(("=", "<", ">", "%", "!")):
        raise BadPath("The comparison has no value")
    path = parse(f"#({expression})#")
    if len(path) != 1 or not isinstance(path[0], Query) or path[0].rest:
        raise BadPath("The condition must be one comparison")
    return path


def holds(condition: Path, value: bytes) -> bool:
    """Whether a condition holds for a JSON value. Raises BadPath and JSONTextError as `apply`."""
    return apply(condition, b"[" + value + b"]") not in (None, b"[]")
