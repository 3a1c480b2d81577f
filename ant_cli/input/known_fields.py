"""Warnings about fields and values that the API does not document. They are sent unchanged."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from ant_cli.errors.suggestions import did_you_mean
from ant_cli.input.values import Value
from ant_cli.operations.spec import Members, Param


def unknown_in(body: Mapping[str, Value], params: Iterable[Param]) -> Iterator[str]:
    """Yield a warning for each unknown field of a body, at any depth, and for each unknown value of a choice."""
    by_name = {param.wire_name: param for param in params}
    yield from _unknown_fields(body, {name: param.members for name, param in by_name.items()}, "")
    for name, param in by_name.items():
        value = body.get(name)
        if param.choices and isinstance(value, str) and value not in param.choices:
            yield _warning(f"{value!r} is not a known {name}", value, param.choices)


def _unknown_fields(body: Mapping[str, Value], known: Members, path: str) -> Iterator[str]:
    for name, value in body.items():
        if name not in known:
            yield _warning(f"{path + name!r} is not a known field", name, known)
        elif known[name] and isinstance(value, dict):
            yield from _unknown_fields(value, known[name], f"{path}{name}.")


def _warning(problem: str, name: str, known: Iterable[str]) -> str:
    return f"Warning: {problem}; it is sent unchanged.{did_you_mean(name, known)}"
