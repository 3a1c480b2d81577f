"""Read a file: what it declares, or what is wrong with it."""

from __future__ import annotations

import re
from pathlib import Path

from ant_cli.apply.canonical import hash_of_body
from ant_cli.apply.kinds import DATA, ENVIRONMENT, KINDS, PROSE, kind_by_path, name_from
from ant_cli.apply.validation import mistakes_in
from ant_cli.errors import UsageError
from ant_cli.input.values import Value, parse, type_name
from ant_cli.runtime.light_typing import NamedTuple
from ant_cli.runtime.reading import FILE_LIMIT, decode, read_file

_FRONT_MATTER = re.compile(r"---[ \t]*\r?\n(.*?)(?:^---[ \t]*(?:\r?\n|\Z))(.*)", re.DOTALL | re.MULTILINE)


class Declaration(NamedTuple):
    """An environment that a file declares."""

    key: str
    """The path of the file relative to the lock file. It starts with `./`."""
    path: Path
    body: dict[str, Value]
    """The body of `create`, including the derived name."""

    @property
    def name(self) -> str:
        """The name of the environment."""
        return str(self.body["name"])

    @property
    def hash(self) -> str:
        """The hash of the body."""
        return hash_of_body(self.body)


class Skipped(NamedTuple):
    """A file that this tool does not manage."""

    path: Path
    kind: str
    """Its kind, if the official tool knows it; otherwise empty."""


class Mistaken(NamedTuple):
    """A file with mistakes."""

    problems: tuple[str, ...]
    """Each with the file, the line and the column."""


class _FileText(NamedTuple):
    """The parts of a file."""

    data: str
    """YAML or JSON: the whole file, or its front matter."""
    prose: str
    lines_before: int
    """How many lines of the file precede the data."""
    has_data: bool = True


def read_declaration(path: Path, key: str, *, named: bool) -> Declaration | Skipped | Mistaken:
    """Read a file. If it was `named`, not just found in a folder, it has to be of a known kind."""
    expected = kind_by_path(path)
    try:
        source = _split(path, decode(read_file(str(path), "file", limit=FILE_LIMIT), str(path)))
    except UsageError as error:
        return Mistaken((error.message.removesuffix("."),))
    if not source.has_data and not named:
        return Skipped(path, "")  # such as a README in a folder of environments
    try:
        document = parse("\n" * source.lines_before + source.data, str(path))
    except UsageError as error:
        if expected == ENVIRONMENT or (named and expected is None):
            return Mistaken((error.message.removesuffix("."),))
        return Skipped(path, expected or "")
    kind = _kind_of(document, expected, path, named=named)
    if kind != ENVIRONMENT:
        return _skip(path, kind, named=named)
    return _declare(path, key, source, document)


def _split(path: Path, text: str) -> _FileText:
    """Split a file into data and prose."""
    if path.suffix.lower() in DATA:
        return _FileText(text, "", 0)
    match = _FRONT_MATTER.match(text)
    if match:
        return _FileText(match[1], match[2].strip(), 1)
    if re.match(r"---[ \t]*\r?\n", text):
        raise UsageError(f"{path}, line 1, column 1: the front matter has no end: a line of --- is missing.")
    return _FileText("", text.strip(), 0, has_data=False)


def _kind_of(document: Value, expected: str | None, path: Path, *, named: bool) -> str | None:
    stated = document.get("type") if isinstance(document, dict) else None
    if isinstance(stated, str) and stated in KINDS:
        return stated
    if expected is None and named and path.suffix.lower() in PROSE:
        return "agent"  # the only kind whose prose is a separate file in the official tool
    return expected


def _skip(path: Path, kind: str | None, *, named: bool) -> Skipped | Mistaken:
    if kind is None and named:
        return Mistaken(
            (
                f"{path}, line 1, column 1: it does not say what it declares. If it is an environment, add "
                "`type: environment`, or keep it in a folder named environments",
            )
        )
    return Skipped(path, kind or "")


def _declare(path: Path, key: str, source: _FileText, document: Value) -> Declaration | Mistaken:
    if document is None and not source.prose:
        return Mistaken((f"{path}, line 1, column 1: the file is empty",))
    if not isinstance(document, dict | None):
        return Mistaken((f"{path}, line 1, column 1: must hold keys and values, got {type_name(document)}",))
    fields = dict(document or {})
    if fields.get("type") == ENVIRONMENT:
        del fields["type"]
    body = {"name": name_from(path), **fields}
    if source.prose:
        if "description" in body:
            return Mistaken((f"{_locate(path, source, ('description',))}: the text below is the description, too",))
        body["description"] = source.prose
    mistakes = mistakes_in(body)
    if mistakes:
        return Mistaken(tuple(f"{_locate(path, source, mistake.path)}: {mistake}" for mistake in mistakes))
    return Declaration(key, path, body)


def _locate(path: Path, source: _FileText, where: tuple[str | int, ...]) -> str:
    from ant_cli.input.yaml_positions import position_of

    position = position_of(source.data, where)
    return f"{path}, line {position.line + source.lines_before}, column {position.column}"
