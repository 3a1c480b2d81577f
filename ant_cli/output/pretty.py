"""A readable view of a value: `key: value` lines, indented where values hold values, and numbered lists."""

from __future__ import annotations

from collections.abc import Iterator

from ant_cli.gjson import json_text
from ant_cli.runtime.sanitize import escape_controls

EMPTY = {"{}": "(none)", "[]": "(none)", "null": "null", '""': "(empty)"}
"""How empty values are shown."""


def to_pretty(text: bytes) -> str:
    """Return the view of a JSON text, with a line feed at its end."""
    lines = list(_lines(text, ""))
    return "".join(line + "\n" for line in lines)


def _lines(text: bytes, indent: str) -> Iterator[str]:
    entries = _entries(text)
    if not entries:
        yield indent + scalar(text)
    for label, value in entries:
        if _entries(value):
            yield f"{indent}{label}"
            yield from _lines(value, indent + "  ")
        else:
            yield from _hanging(f"{indent}{label} ", scalar(value))


def _entries(text: bytes) -> list[tuple[str, bytes]]:
    """Return the members or elements of a value, each with its label; none for a scalar."""
    kind = json_text.kind(text)
    if kind == "object":
        return [(f"{escape_controls(key)}:", value) for key, value in json_text.members(text).items()]
    if kind == "array":
        return [(f"{number}.", value) for number, value in enumerate(json_text.elements(text), 1)]
    return []


def scalar(text: bytes) -> str:
    """Return a scalar, or in words what an empty value is."""
    word = json_text.compact(text).decode()
    if word in EMPTY:
        return EMPTY[word]
    return escape_controls(json_text.string(text)) if word.startswith('"') else word


def _hanging(start: str, value: str) -> Iterator[str]:
    """Yield the lines of a text behind `start`, the later ones indented to stand below the first."""
    first, *others = value.split("\n")
    yield start + first
    for line in others:
        yield " " * len(start) + line if line else ""
