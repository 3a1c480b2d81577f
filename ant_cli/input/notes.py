"""Notes and warnings about input: each is printed once, even if it is about many inputs."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence

from ant_cli.errors import shortened
from ant_cli.errors.suggestions import did_you_mean
from ant_cli.input.values import Value
from ant_cli.operations import GROUPS
from ant_cli.operations.spec import Field, Operation

_NAMED = 3
"""How many unused keys a note names."""


class Notes:
    """Notes and warnings, in the order in which they were found."""

    def __init__(self) -> None:
        self._sources: dict[tuple[str, str], dict[str, None]] = {}
        """By the kind and the text, the documents that a warning is about; empty if there is only one document."""

    def note(self, text: str) -> None:
        """Add a note."""
        self._sources.setdefault(("Note", text), {})

    def warn(self, problem: str, source: str, hint: str = "") -> None:
        """Add a warning about a value that is sent. `source` names its document, if there are several."""
        text = f"{problem}; it is sent unchanged.{hint}"
        self._sources.setdefault(("Warning", text), {}).setdefault(source)

    def texts(self) -> Iterator[str]:
        """Yield each of them, with the first of the documents that it is about."""
        for (kind, text), sources in self._sources.items():
            yield f"{kind}: {_first(list(sources))}{text}"


def _first(sources: Sequence[str]) -> str:
    """Return how a warning names its documents, which end in a colon and a space."""
    others = len(sources) - 1
    if others < 1:
        return "".join(sources)
    return f"{sources[0].removesuffix(': ')} and {others} more: "


def note_unused(operation: Operation, given: Mapping[str, Value], notes: Notes) -> None:
    """Note keys that are neither fields of the request nor of an object: they may be mistyped."""
    known = {key for group in GROUPS.values() for key in group.known_keys}
    unused = [key for key in given if key.lower() not in known]
    if not unused:
        return
    names = ", ".join(map(repr, unused[:_NAMED]))
    if len(unused) > _NAMED:
        names += ", ..."
    own = [key for field in operation.fields for key in field.input_keys]
    guess = did_you_mean(unused[0], own)
    notes.note(f"{operation.command} does not use {names} of the input.{guess}")


def note_files(value: Value, notes: Notes) -> None:
    """Note each text that the official tool would replace by a file of this machine (D32)."""
    if isinstance(value, dict):
        for child in value.values():
            note_files(child, notes)
    elif isinstance(value, list):
        for child in value:
            note_files(child, notes)
    elif isinstance(value, str) and value.startswith("@"):
        if os.path.isfile(value[1:]):  # noqa: PTH113 - Path.is_file() may raise
            text = repr(shortened(value))
            notes.note(f"{text} is sent literally: files are read only for values of flags.")


def warn_of_unknown(
    body: Mapping[str, Value], fields: Sequence[Field], notes: Notes, source: str
) -> None:
    """Warn of each field, at any depth, and of each choice that the API does not document."""
    known = [field.wire_name for field in fields]
    for where, others in _unknown_fields(body, known, ()):
        problem = f"{'.'.join(where)!r} is not a known field"
        notes.warn(problem, source, did_you_mean(where[-1], others))
    for field in fields:
        value = body.get(field.wire_name)
        if field.choices and isinstance(value, str) and value not in field.choices:
            problem = f"{value!r} is not a known {field.wire_name}"
            notes.warn(problem, source, did_you_mean(value, field.choices))


def _unknown_fields(
    body: Mapping[str, Value], known: Sequence[str], path: tuple[str, ...]
) -> Iterator[tuple[tuple[str, ...], Sequence[str]]]:
    """Yield the path of each unknown field, with the known ones in its place."""
    for name, value in body.items():
        where = (*path, name)
        if name not in known:
            yield where, known
        elif isinstance(value, dict):
            from ant_cli.input.validation import known_fields  # late: reading the schema takes time

            if fields := known_fields(where):
                yield from _unknown_fields(value, fields, where)
