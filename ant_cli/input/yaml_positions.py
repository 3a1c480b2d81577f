"""The position of a value in a text, for errors about values that are valid YAML, but wrong."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import yaml

from ant_cli.runtime.light_typing import Any, NamedTuple

_LOADER = getattr(yaml, "CLoader", yaml.Loader)


class Position(NamedTuple):
    """A line and a column, counted from 1."""

    line: int
    column: int


def positions_of(text: str, paths: Iterable[Sequence[str | int]]) -> list[Position]:
    """Return the line and column of the value at each path; for a mapping entry, those of its key.

    If there is no such value, because it is missing or comes from a merge key, return the position of the innermost
    value around it. The text is valid YAML or JSON; if PyYAML can't read it, return the position of its beginning.
    """
    try:
        root: Any = yaml.compose(text.replace("\t", " "), Loader=_LOADER)
    except (yaml.YAMLError, RecursionError):
        root = None
    return [_position(root, path) for path in paths]


def _position(node: Any, path: Sequence[str | int]) -> Position:
    mark = node.start_mark if node else None
    for step in path:
        child = _child(node, step)
        if child is None:
            break
        mark, node = child
    return Position(mark.line + 1, mark.column + 1) if mark else Position(1, 1)


def _child(node: Any, step: str | int) -> tuple[Any, Any] | None:
    if isinstance(node, yaml.MappingNode):
        return next(((key.start_mark, child) for key, child in node.value if key.value == step), None)
    if isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
        return node.value[step].start_mark, node.value[step]
    return None
