"""Convert an environment to text for an editor, and back: to an environment, or to mistakes with their lines.

Data from the server is never at the beginning or the end of the file, because editors execute directives there, for
example Vim's modelines.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ant_cli.apply.exporting import SCHEMA_LINE, Exported
from ant_cli.apply.plan import Object
from ant_cli.apply.validation import Mistake, check, first_of
from ant_cli.input.values import Value, encode, type_name
from ant_cli.input.yaml_reader import YAMLProblem, positions_of, read_yaml
from ant_cli.operations.environments import SERVER_FIELDS
from ant_cli.output.yaml_writer import to_yaml
from ant_cli.runtime.light_typing import NamedTuple
from ant_cli.runtime.sanitize import escape_breaks

_MARK = "#! "
"""The beginning of lines that report a mistake. They are not part of the text."""
_HEAD = f"""\
{SCHEMA_LINE}\
# Change the environment and leave the editor: your changes are sent at once.
# To send nothing, change nothing. Lines that start with # are comments.
# Delete a field to clear it: the description, a list, a key of metadata.
# Other fields need a value.
#
"""
_FOOT = """\
#
# The package managers are apt, cargo, gem, go, npm and pip. A limited network
# has allowed_hosts, allow_package_managers and allow_mcp_servers.
#
# `ant help config` describes every field.
"""


class TextNote(NamedTuple):
    """A note to show at a line of the text."""

    line: int
    """From 1; 0 for the text as a whole."""
    text: str


class ParsedText(NamedTuple):
    """What a text declares."""

    body: dict[str, Value]
    """Empty if the text has nothing except comments."""
    mistakes: tuple[TextNote, ...] = ()


def text_of(remote: Object, exported: Exported) -> str:
    """Return the text to edit: the environment's fields, with those that the server owns as comments."""
    owned = {key: remote[key] for key in (*SERVER_FIELDS, "scope") if key in remote and key not in exported.body}
    lines = [f"# {line}" for line in to_yaml(encode(owned)).splitlines()]
    if exported.left_out:
        lines.append(f"# Kept unchanged: {escape_breaks(', '.join(exported.left_out))}")
    return "\n".join([*lines, "", to_yaml(encode(exported.body))])


def framed(text: str) -> str:
    """Return a text between explanations."""
    return f"{_HEAD}{text}{_FOOT}"


def with_notes(text: str, notes: Iterable[TextNote]) -> str:
    """Return a text with each note above its line. Notes about the whole text are above the server's data."""
    top = _HEAD.count("\n")
    lines = text.splitlines()
    for note in sorted(notes, key=lambda note: note.line, reverse=True):
        position = note.line - 1 if note.line else min(top, len(lines))
        lines[position:position] = [_MARK + escape_breaks(line) for line in note.text.splitlines()]
    return "\n".join([*lines, ""])


def without_notes(text: str) -> str:
    """Return a text without the lines of notes."""
    return "".join(line for line in text.splitlines(keepends=True) if not line.startswith(_MARK.rstrip()))


def read_text(text: str) -> ParsedText:
    """Return the environment that a text without notes declares. Fields that are null are treated as deleted."""
    try:
        documents = read_yaml(text)
    except YAMLProblem as problem:
        return ParsedText({}, (TextNote(problem.line, problem.message),))
    document = documents[0] if documents else None
    if document is None:
        return ParsedText({})
    if not isinstance(document, dict):
        return ParsedText({}, (TextNote(0, f"must hold keys and values, got {type_name(document)}"),))
    mistakes = first_of(check(document))
    document.pop("type", None)
    return ParsedText(_without_null(document), notes_about(text, mistakes))


def notes_about(text: str, mistakes: Sequence[Mistake]) -> tuple[TextNote, ...]:
    """Return mistakes as notes at their lines."""
    positions = positions_of(text, [mistake.path for mistake in mistakes])
    return tuple(
        TextNote(position.line if mistake.path else 0, str(mistake))
        for mistake, position in zip(mistakes, positions, strict=True)
    )


def _without_null(value: dict[str, Value]) -> dict[str, Value]:
    return {
        key: _without_null(child) if isinstance(child, dict) else child
        for key, child in value.items()
        if child is not None
    }
