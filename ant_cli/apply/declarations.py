"""Files of environments: their kind, what they declare or what is wrong with them, and files for `ant export`.

Data from the server is never trusted as a path.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from pathlib import Path, PurePath
from typing import Any, NamedTuple

from ant_cli.apply.comparison import SURROGATE, declared_part, hash_of_body
from ant_cli.errors import UsageError, os_error_text
from ant_cli.input import SCHEMA_KEY
from ant_cli.input.validation import AND_MORE, Mistake, check, first_mistakes, known_fields, located
from ant_cli.input.values import Value, encode, parse, type_name
from ant_cli.operations.environments import SERVER_FIELDS
from ant_cli.output.yaml_writer import to_yaml
from ant_cli.runtime.reading import decode
from ant_cli.runtime.sanitize import escape_breaks
from ant_cli.runtime.trusted_files import NOTHING_FORBIDDEN, FileRule, read_trusted

ENVIRONMENT = "environment"
_KINDS = (ENVIRONMENT, "agent", "skill", "memory_store", "vault", "deployment")
"""The kinds of the official tool. This tool manages environments only."""
_FOLDERS = {f"{kind}s": kind for kind in _KINDS}
"""The kinds by the folders that hold them."""
YAML = (".yaml", ".yml")
DATA = (*YAML, ".json")
PROSE = (".md", ".markdown")
_PREFIX = re.compile(rf"({'|'.join(_KINDS)})(?:[_.-]|$)", re.IGNORECASE)
_FRONT_MATTER = re.compile(r"---[ \t]*\n(.*?)^---[ \t]*+(?:\n|\Z)", re.DOTALL | re.MULTILINE)
_DATA_RULE = FileRule(1_000_000, NOTHING_FORBIDDEN, owner="anyone", may_be_link=True, endings=DATA)
"""Anybody may have written a file of a repository, or put a link there, so it must be in the repository."""
_PROSE_RULE = _DATA_RULE._replace(endings=PROSE)
SCHEMA_LINE = "# yaml-language-server: $schema=https://platform.claude.com/schemas/ant/beta/environment.json\n"
"""Lets editors check and complete the file."""
_HOW_TO_DECLARE = "add `type: environment`, or keep it in a folder named environments"
_LONGEST_NAME = 100
"""In bytes: file systems allow 255, with the kind, a number and the ending."""

_RESERVED = re.compile(r"^(con|prn|aux|nul|(?:com|lpt)[\d¹²³])(\..*)?$", re.IGNORECASE)
"""Names of devices on Windows, with any extension. A superscript digit counts as the digit."""


class Declaration(NamedTuple):
    """An environment that a file declares."""

    key: str
    """The path of the file relative to the lock file. It starts with `./`."""
    path: PurePath
    body: dict[str, Value]
    """The body of `create`, including the derived name."""
    warnings: tuple[str, ...] = ()
    """The fields that this tool doesn't know, with lines and columns. They are sent."""

    @property
    def name(self) -> str:
        """The name of the environment."""
        return str(self.body["name"])

    @property
    def hash(self) -> str:
        """The hash of the body."""
        return hash_of_body(self.body)


class Skipped(NamedTuple):
    """A file that declares no environment: it is of another kind, or has mistakes."""

    kind: str | None = None
    """Its kind, if only the official tool manages it."""
    mistakes: tuple[str, ...] = ()
    """Each with the file, the line and the column."""
    warnings: tuple[str, ...] = ()


class _FileText(NamedTuple):
    """The parts of a file."""

    data: str
    """YAML or JSON: the whole file, or its front matter, with an empty line in place of the first `---`."""
    prose: str


# From a file to a declaration


def read_declaration(
    path: PurePath, key: str, repository: str, *, named: bool, strict: bool = False
) -> Declaration | Skipped:
    """Read a file of a repository. One that a path `named` has to be of a known kind; others may be anything.

    With `strict`, fields that this tool doesn't know are mistakes.
    """
    expected = kind_by_path(path)
    try:
        source = _read(path, repository)
        if _is_mere_prose(path, source) and not named:
            return Skipped()
        document = parse(source.data, str(path))
    except UsageError as error:
        if expected == ENVIRONMENT or (named and expected is None):
            return Skipped(mistakes=(error.message.removesuffix("."),))
        return Skipped(expected)
    kind = _kind_of(document, expected, path, named=named)
    if kind is None:
        return _without_kind(path, document, named=named)
    if kind != ENVIRONMENT:
        return Skipped(kind)
    if document is None and not source.prose:
        return _mistaken(path, "the file is empty")
    return _declare(path, key, source, document, strict=strict)


def _is_mere_prose(path: PurePath, source: _FileText) -> bool:
    """Whether a file is text without front matter, such as a README in a folder of environments."""
    return path.suffix.lower() in PROSE and not source.data


def _without_kind(path: PurePath, document: Value, *, named: bool) -> Skipped:
    """Return what to say of a file that does not say what it declares."""
    if named:
        return _mistaken(
            path, f"it does not say what it declares. If it is an environment, {_HOW_TO_DECLARE}"
        )
    if not _looks_like_an_environment(document):
        return Skipped()
    problem = "looks like an environment, but is not applied"
    return Skipped(warnings=(f"{path} {problem}; to apply it, {_HOW_TO_DECLARE}",))


def _looks_like_an_environment(document: Value) -> bool:
    return isinstance(document, dict) and "config" in document and not check(document)


def _read(path: PurePath, repository: str) -> _FileText:
    """Read a file, and split it into data and prose."""
    _check_path(path)
    is_data = path.suffix.lower() in DATA
    rule = _DATA_RULE if is_data else _PROSE_RULE
    try:
        content = read_trusted(str(path), rule, repository)
    except OSError as error:
        raise UsageError(f"{path} can't be used: {os_error_text(error)}.") from None
    text = decode(content, str(path)).replace("\r\n", "\n")
    return _FileText(text, "") if is_data else _split(text, path)


def _check_path(path: PurePath) -> None:
    """Reject a path with a control character: a line in the log of a CI job may be a command."""
    shown = escape_breaks(str(path))
    if shown == str(path):
        return
    is_text = SURROGATE.search(str(path)) is None
    problem = "has a control character" if is_text else "is not UTF-8"
    raise UsageError(f"{shown}: its name {problem}.")


def _split(text: str, path: PurePath) -> _FileText:
    """Split a text into its front matter, if it has one, and its prose."""
    match = _FRONT_MATTER.match(text)
    if match:
        return _FileText(f"\n{match[1]}", text[match.end() :].strip())
    if re.match(r"---[ \t]*\n", text):
        raise UsageError(
            f"{path}, line 1, column 1: the front matter has no end: a line of --- is missing."
        )
    return _FileText("", text.strip())


def _kind_of(document: Value, expected: str | None, path: PurePath, *, named: bool) -> str | None:
    stated = document.get("type") if isinstance(document, dict) else None
    if isinstance(stated, str) and stated.lower() in _KINDS:
        return stated.lower()
    if expected is None and named and path.suffix.lower() in PROSE:
        return "agent"  # the only kind whose prose is a separate file in the official tool
    return expected


def _declare(
    path: PurePath, key: str, source: _FileText, document: Value, *, strict: bool
) -> Declaration | Skipped:
    if not isinstance(document, dict | None):
        return _mistaken(path, f"must hold keys and values, got {type_name(document)}")
    body = {"name": name_from(path), **(document or {})}
    body.pop(SCHEMA_KEY, None)
    if source.prose and "description" in body:
        twice = Mistake(("description",), "the text below it is the description, too")
        return Skipped(mistakes=_lines(path, source, [twice]))
    if source.prose:
        body["description"] = source.prose
    found = check(body)
    mistakes = [mistake for mistake in found if strict or not mistake.may_be_new]
    if mistakes:
        return Skipped(mistakes=_lines(path, source, mistakes))
    if str(body.get("type")).lower() == ENVIRONMENT:
        del body["type"]
    return Declaration(key, path, body, _lines(path, source, found))


def _mistaken(path: PurePath, problem: str) -> Skipped:
    return Skipped(mistakes=(f"{path}, line 1, column 1: {problem}",))


def _lines(path: PurePath, source: _FileText, mistakes: Sequence[Mistake]) -> tuple[str, ...]:
    return tuple(
        f"{path}, line {position.line}, column {position.column}: {mistake}"
        for mistake, position in located(mistakes, source.data)
    )


def kind_by_path(path: PurePath) -> str | None:
    """Return the kind that the name of a file's folder, or else of the file, indicates; None if neither does."""
    folder = Path(path).absolute().parent.name.lower()
    if folder in _FOLDERS:
        return _FOLDERS[folder]
    match = _PREFIX.match(path.stem)
    return match[1].lower() if match else None


def name_from(path: PurePath) -> str:
    """Return the name of an environment whose file has no `name`.

    It is the name of the file without its extension and the kind. For a bare `environment.yaml`, it is the name of
    the folder.
    """
    rest = re.sub(r"^environment([_.-]|$)", "", path.stem, flags=re.IGNORECASE)
    return rest or Path(path).absolute().parent.name


# From the server to a file


class Exported(NamedTuple):
    """An environment as a file."""

    body: dict[str, Value]
    left_out: tuple[str, ...]
    """The fields of the server's object that a file can't declare."""
    problems: tuple[str, ...]
    """The fields that `ant apply` would not accept."""

    @property
    def text(self) -> str:
        """The content of the file."""
        return SCHEMA_LINE + to_yaml(encode(self.body))


def export(remote: dict[str, Value]) -> Exported:
    """Return the body with which a file declares the environment's current state."""
    there = declared_part(remote)
    in_order = dict.fromkeys((*known_fields(()), *there))
    declared = there.keys() - _owned_fields(there)
    body: dict[str, Any] = {field: there[field] for field in in_order if field in declared}
    unknown = [mistake.path for mistake in check(body) if mistake.known]
    for keys in unknown:
        _remove(body, keys)
    config = body.get("config")
    if isinstance(config, dict) and isinstance(config.get("packages"), dict):
        config["packages"].pop("type", None)  # it may be left out
    body = {"name": there.get("name"), **declared_part(body)}
    problems = first_mistakes(check(body), Mistake((), AND_MORE))
    left_out = (".".join(map(str, keys)) for keys in unknown)
    return Exported(body, tuple(left_out), tuple(map(str, problems)))


def _owned_fields(there: dict[str, Value]) -> set[str]:
    """Return the fields that are not exported with the others: the server's, and the name, which is put first."""
    config = there.get("config")
    if isinstance(config, dict) and config.get("type") == "self_hosted":
        return {*SERVER_FIELDS, "name"}
    return {*SERVER_FIELDS, "name", "scope"}  # only self-hosted ones have one


def _remove(body: dict[str, Any], keys: Sequence[str | int]) -> None:
    """Remove the field at a path."""
    *around, name = keys
    part: Any = body
    for key in around:
        part = part[key]
    del part[name]


def choose_file(folder: Path, remote: dict[str, Value], taken: dict[str, int]) -> Path:
    """Return a file name for an environment: based on its name, safe, and not taken.

    `taken` has the folded names of files, each with the last number that was tried for it.
    """
    stem = (
        safe_name(str(remote.get("name", "")))
        or safe_name(str(remote.get("id", "")))
        or ENVIRONMENT
    )
    if kind_by_path(folder / "x.yaml") != ENVIRONMENT:
        stem = f"{ENVIRONMENT}_{stem}"
    name = f"{stem}.yaml"
    first = folded_name(name)
    while folded_name(name) in taken:
        taken[first] += 1
        name = f"{stem}-{taken[first]}.yaml"
    return folder / name


def folded_name(name: str) -> str:
    """Return the same text for all names that are one file on a disk that ignores case, such as that of macOS.

    There, both ways to write an accent are one name, and so are `ß` and `ss`.
    """
    return unicodedata.normalize("NFC", unicodedata.normalize("NFD", name).casefold())


def safe_name(text: str) -> str:
    """Return a text as a file name that is safe on every system; empty if no character of it is safe."""
    safe = re.sub(r"[^\w.-]+", "-", unicodedata.normalize("NFC", text))
    name = safe.encode()[:_LONGEST_NAME].decode(errors="ignore").strip("-. ")
    return _RESERVED.sub(r"\1_\2", name)  # `aux.x_` would still be the device, `aux_.x` is not
