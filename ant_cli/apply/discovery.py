"""Find the files of a run: those that were named, and those in named folders."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from ant_cli.apply.declarations import DATA, PROSE, Declaration, read_declaration
from ant_cli.apply.lockfile import FILE_NAME, check_inside, repository_of
from ant_cli.apply.validation import AND_MORE, first_of
from ant_cli.errors import UsageError
from ant_cli.runtime.light_typing import NamedTuple

_SKIPPED_FOLDERS = frozenset(("node_modules", "vendor", "__pycache__", "venv", "dist", "build"))
"""Skipped: folders of generated files, or of other projects. Names that start with a dot are also skipped."""


_DEEPEST = 100
"""How many levels of folders are searched. Git stores thousands in a few bytes."""


class Loaded(NamedTuple):
    """What the files of a run declare."""

    declarations: dict[str, Declaration]
    """By their keys."""
    foreign: Mapping[str, int]
    """How many files of each other kind were ignored."""
    warnings: tuple[str, ...] = ()
    other_locks: tuple[Path, ...] = ()
    """The lock files of folders that are left out because they have one of their own."""


def load(paths: Sequence[str], lock_path: Path, *, strict: bool = False) -> Loaded:
    """Read all files, and check them. With `strict`, fields that this tool doesn't know are mistakes.

    Raises:
        UsageError: if a path does not exist or leads out of the folder, or if there are mistakes in files, such as
            the same name in two of them; it names all.

    """
    by_name: dict[str, list[Declaration]] = {}
    foreign = Counter[str]()
    warnings: list[str] = []
    mistakes: list[str] = []
    other_locks: list[Path] = []
    repository = repository_of(lock_path)
    for path, named in _files(paths, lock_path, repository).items():
        if path.name == FILE_NAME:
            other_locks.append(path)
            continue
        result = read_declaration(path, key_of(path, lock_path), repository, named=named, strict=strict)
        if isinstance(result, Declaration):
            by_name.setdefault(result.name, []).append(result)
            warnings += result.warnings
        elif result.mistakes:
            mistakes += result.mistakes
        elif result.kind:
            foreign[result.kind] += 1
    for first, *others in by_name.values():
        mistakes += [f"{one.path}, line 1, column 1: {first.path} declares the same name" for one in others]
    if len(mistakes) == 1:
        raise UsageError(as_sentence(mistakes[0]))
    if mistakes:
        raise UsageError("\n".join(["there are mistakes in the files:", *first_of(mistakes, AND_MORE)]))
    used = {first.key: first for (first,) in by_name.values()}
    return Loaded(used, foreign, tuple(warnings), tuple(other_locks))


def key_of(path: Path, lock_path: Path) -> str:
    """Return the name of a file in the lock file: its path relative to the lock file's folder.

    Raises:
        UsageError: if it is outside that folder.

    """
    try:
        relative = Path(os.path.relpath(path, lock_path.parent)).as_posix()
    except ValueError:  # on another drive of Windows
        relative = ".."
    if relative == ".." or relative.startswith("../"):
        raise UsageError(
            f"{path} is outside {lock_path.parent}, the folder of the lock file.",
            "Keep the lock file in a folder that holds all files: --lock-file PATH",
        )
    return f"./{relative}"


def _files(paths: Sequence[str], lock_path: Path, repository: str) -> dict[Path, bool]:
    """Return the files, each once, and whether each was named itself."""
    is_named: dict[Path, bool] = {}
    lock = os.path.abspath(lock_path)  # noqa: PTH100 - links are not followed
    for text in expand(paths):
        path = Path(os.path.normpath(text))
        if os.path.isdir(path):  # noqa: PTH112 - Path.is_dir() fails if the name is too long
            check_inside(path, repository)
            for file in _walk(path, lock):
                is_named.setdefault(file, False)
        elif os.path.lexists(path):
            if path.suffix.lower() not in (*DATA, *PROSE):
                endings = ".yaml, .yml, .json, .md or .markdown"
                raise UsageError(f"{path} is not a file of resources: its name must end in {endings}.")
            is_named[path] = True
        else:
            raise UsageError(f"{text} does not exist.")
    by_absolute_path = {os.path.abspath(path): path for path in is_named}  # noqa: PTH100 - links are not followed
    by_absolute_path.pop(lock, None)
    return {path: is_named[path] for path in by_absolute_path.values()}


def expand(paths: Sequence[str]) -> Iterator[str]:
    """Yield the paths, with the matches of a pattern in its place: the shells of Windows expand none."""
    import glob

    for text in paths:
        if not text:
            raise UsageError("a path is empty.", "Give it a value; the current folder is a dot.")
        if os.path.lexists(text) or not glob.has_magic(text):
            yield text
        elif matches := sorted(glob.glob(text, recursive=True)):  # noqa: PTH207 - a path may be absolute
            yield from matches
        else:
            raise UsageError(f"no file matches {text}.")


def _walk(folder: Path, lock: str) -> Iterator[Path]:
    """Yield the files below a folder. Of a folder that belongs to another lock file, only that lock file."""
    for root, folders, files in os.walk(folder):
        if root.count(os.sep) > str(folder).count(os.sep) + _DEEPEST:
            raise UsageError(
                f"{folder} has more than {_DEEPEST} levels of folders.", "Name those with environments."
            )
        if "SKILL.md" in files:  # all of it is one skill
            folders.clear()
            continue
        own_lock = Path(root, FILE_NAME)
        if root != str(folder) and FILE_NAME in files and os.path.abspath(own_lock) != lock:  # noqa: PTH100 - no links
            folders.clear()
            yield own_lock
            continue
        folders[:] = sorted(name for name in folders if name not in _SKIPPED_FOLDERS and not name.startswith("."))
        for name in sorted(files):
            if name.lower().endswith((*DATA, *PROSE)) and not name.startswith(".") and name != FILE_NAME:
                yield Path(root, name)


def as_sentence(problem: str) -> str:
    """Return a problem with a punctuation mark at its end."""
    return problem if problem.endswith((".", "?")) else f"{problem}."
