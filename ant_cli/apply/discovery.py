"""Find the files of a run: named files, and those in named folders."""

from __future__ import annotations

import os
import posixpath
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from fnmatch import fnmatch
from itertools import groupby, takewhile
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from ant_cli.apply.declarations import (
    DATA,
    ENVIRONMENT,
    PROSE,
    Declaration,
    Skipped,
    folded_name,
    kind_by_path,
    read_declaration,
)
from ant_cli.apply.lockfile import FILE_NAME, LockFile, check_inside, repository_of, shown_folder
from ant_cli.errors import UsageError
from ant_cli.input.validation import AND_MORE, first_mistakes
from ant_cli.runtime.trusted_files import is_same_file, path_below

_SKIPPED_FOLDERS = frozenset(("node_modules", "vendor", "__pycache__", "venv", "dist", "build"))
"""Folders of generated files, or of other projects. Names that start with a dot are skipped, too."""


_LONGEST_PATTERN = 1000
"""The most characters of a pattern."""
_DEEPEST = 100
"""How many levels of folders are searched. Git stores thousands in a few bytes."""


class Loaded(NamedTuple):
    """What the files of a run declare."""

    declarations: Mapping[str, Declaration]
    """By their keys."""
    foreign: Mapping[str, int]
    """How many files of each other kind were ignored."""
    warnings: tuple[str, ...] = ()
    other_locks: tuple[Path, ...] = ()
    """The lock files of the folders that are left out because they have their own."""


def load(
    paths: Sequence[str], lock: LockFile, found: Iterable[Path] = (), *, strict: bool = False
) -> Loaded:
    """Read the files that the paths name, and those that were `found` in another way, and check all of them.

    With `strict`, fields that this tool doesn't know are mistakes.

    Raises:
        UsageError: if a path does not exist or leads out of the folder, or if there are mistakes in files, such as
            the same name in two of them; it names all.

    """
    repository = repository_of(lock.path)
    files = _files(paths, found, lock.path, repository)
    other_locks = tuple(path for path in files if path.name == FILE_NAME)
    for path in other_locks:
        del files[path]
    results = list(_read(files, lock, repository, strict=strict))
    return _checked(results)._replace(other_locks=other_locks)


def _read(
    files: Mapping[Path, bool], lock: LockFile, repository: str, *, strict: bool
) -> Iterator[Declaration | Skipped]:
    """Yield what each file declares, or why it declares nothing."""
    tracked = {_identity(lock.file_of(key)): key for key in lock.tracked}
    for found_path, named in files.items():
        key, path = _known_as(found_path, lock, tracked)
        shown = PurePosixPath(path.as_posix())  # messages have one kind of slash, as keys do
        yield read_declaration(shown, key, repository, named=named, strict=strict)


def _checked(results: Sequence[Declaration | Skipped]) -> Loaded:
    """Return what files declare. Raises UsageError if there are mistakes in them."""
    declarations = {each.key: each for each in results if isinstance(each, Declaration)}
    skipped = [each for each in results if isinstance(each, Skipped)]
    mistakes = [mistake for file in skipped for mistake in file.mistakes]
    mistakes += _same_names(declarations.values())
    if mistakes:
        raise _mistakes_in_files(mistakes)
    foreign = Counter(file.kind for file in skipped if file.kind is not None)
    warnings = tuple(warning for each in results for warning in each.warnings)
    return Loaded(declarations, foreign, warnings)


def _known_as(
    path: Path, lock: LockFile, tracked: Mapping[tuple[object, ...], str]
) -> tuple[str, Path]:
    """Return the key of a file, and its path. One that the lock file has under another name keeps that.

    The name of an environment may come from the name of its file, and so depend on the case.
    """
    key = key_of(path, lock.path)
    known_as = tracked.get(_identity(path), key)
    return (key, path) if known_as == key else (known_as, lock.file_of(known_as))


def _same_names(declarations: Iterable[Declaration]) -> list[str]:
    """Return a mistake for each file that declares the name of an earlier one."""
    first_of: dict[str, Declaration] = {}
    mistakes = []
    for declaration in declarations:
        first = first_of.setdefault(declaration.name, declaration)
        if first is not declaration:
            place = f"{declaration.path}, line 1, column 1"
            mistakes.append(f"{place}: {first.path} declares the same name")
    return mistakes


def _mistakes_in_files(mistakes: Sequence[str]) -> UsageError:
    if len(mistakes) == 1:
        return UsageError(as_sentence(mistakes[0]))
    shown = first_mistakes(mistakes, AND_MORE)
    return UsageError("\n".join(["there are mistakes in the files:", *shown]))


def key_of(path: Path, lock_path: Path) -> str:
    """Return the name of a file in the lock file: its path relative to the lock file's folder.

    Raises:
        UsageError: if it is outside that folder.

    """
    relative = path_below(os.path.abspath(path), str(lock_path.parent))  # noqa: PTH100 - no links
    if relative is None:
        raise UsageError(
            f"{path} is outside {lock_path.parent}, the folder of the lock file.",
            "Keep the lock file in a folder that holds all files: --lock-file PATH",
        )
    return f"./{Path(relative).as_posix()}"


def _identity(path: Path) -> tuple[object, ...]:
    """Return what is the same for all paths of a file: its number and that of its folder, and its folded name.

    Where the disk ignores case, or how an accent is written, a file has many names. A hard link is another file.
    For a path without a file, it is the path.
    """
    absolute = Path(os.path.abspath(path))  # noqa: PTH100 - links are not followed
    try:
        file, folder = absolute.lstat(), absolute.parent.stat()
    except OSError:
        return (str(absolute),)
    return folder.st_dev, folder.st_ino, file.st_ino, folded_name(absolute.name)


def beside_tracked(lock: LockFile, *, everywhere: bool) -> Iterator[Path]:
    """Yield files that may be successors of tracked ones: those in the same folders.

    With `everywhere`, yield all files below the folder of the lock file.
    """
    root = Path(shown_folder(lock.path.parent))
    if everywhere:
        lock_path = os.path.abspath(lock.path)  # noqa: PTH100 - links are not followed
        files = _walk(root, lock_path, repository_of(lock.path))
        yield from (path for path in files if path.name != FILE_NAME)
        return
    folders = {root / posixpath.dirname(key) for key in lock.tracked}
    for folder in sorted(folders):
        with suppress(OSError):  # the folder is gone, or can't be read
            names = sorted(os.listdir(folder))  # noqa: PTH208 - names
            paths = [folder / name for name in names if _may_declare(name)]
            yield from (path for path in paths if not path.is_dir())


def _files(
    paths: Sequence[str], found: Iterable[Path], lock_path: Path, repository: str
) -> dict[Path, bool]:
    """Return the files, each once, and whether a path names the file itself and not only its folder."""
    is_named = dict.fromkeys(found, False)
    lock = os.path.abspath(lock_path)  # noqa: PTH100 - links are not followed
    for text in expand(paths):
        path = Path(os.path.normpath(text))
        if os.path.isdir(path):  # noqa: PTH112 - Path.is_dir() fails if the name is too long
            check_inside(path, repository)
            for file in _walk(path, lock, repository):
                is_named.setdefault(file, False)
        elif os.path.lexists(path):
            if path.suffix.lower() not in (*DATA, *PROSE):
                endings = ".yaml, .yml, .json, .md or .markdown"
                raise UsageError(
                    f"{path} is not a file of resources: its name must end in {endings}."
                )
            is_named[path] = True
        else:
            raise UsageError(f"{text} does not exist.")
    spellings: dict[tuple[object, ...], list[Path]] = {}
    for path in is_named:
        spellings.setdefault(_identity(path), []).append(path)
    spellings.pop(_identity(lock_path), None)
    return {paths[-1]: any(map(is_named.get, paths)) for paths in spellings.values()}


def expand(paths: Sequence[str]) -> Iterator[str]:
    """Yield the paths, with the matches of a pattern in its place: the shells of Windows don't expand patterns."""
    for text in paths:
        if not text:
            raise UsageError("a path is empty.", "Give it a value; the current folder is a dot.")
        if not _has_wildcard(text) or os.path.lexists(text):
            yield text
        elif len(text) > _LONGEST_PATTERN:
            raise UsageError(
                f"a pattern has more than {_LONGEST_PATTERN:,} characters.",
                "Name a folder instead.",
            )
        elif matches := list(_matches(Path(text).parts)):
            yield from matches
        else:
            raise UsageError(f"no file matches {text}.")


def _has_wildcard(text: str) -> bool:
    return any(character in text for character in "*?[")


def _matches(pattern: Sequence[str]) -> Iterator[str]:
    """Yield the files and folders that match a pattern, given as its parts. A matching folder is not searched."""
    fixed = [*takewhile(lambda part: not _has_wildcard(part), pattern)]
    parts = [part for part, _ in groupby(pattern[len(fixed) :])]  # several ** mean one
    start = Path(*fixed)
    reached = {str(start): _with_empty(parts, {0})}
    for root, folders, files in _searched(start):
        names = [*folders, *filter(_may_declare, files)]
        after = {name: _after(parts, reached[root], name) for name in names}
        yield from (os.path.join(root, name) for name in names if len(parts) in after[name])  # noqa: PTH118 - as walk
        folders[:] = [name for name in folders if after[name] and len(parts) not in after[name]]
        reached |= {os.path.join(root, name): after[name] for name in folders}  # noqa: PTH118 - as walk


def _after(parts: Sequence[str], positions: set[int], name: str) -> set[int]:
    """Return the positions in a pattern that can be reached with a name."""
    after = set[int]()
    for at in positions:
        if at == len(parts):  # the pattern ends before this name
            continue
        if parts[at] == "**":
            after.add(at)
        elif fnmatch(name, parts[at]):
            after.add(at + 1)
    return _with_empty(parts, after)


def _with_empty(parts: Sequence[str], positions: set[int]) -> set[int]:
    """Return positions in a pattern, and the next ones where ** stands for no folder."""
    skipped = {at + 1 for at in positions if at < len(parts) and parts[at] == "**"}
    return positions | skipped


def _walk(folder: Path, lock: str, repository: str) -> Iterator[Path]:
    """Yield the files below a folder. Of a folder that belongs to another lock file, only that lock file."""
    for root, folders, files in _searched(folder, repository):
        own_lock = Path(root, FILE_NAME)
        is_below = root != str(folder) and FILE_NAME in files
        if is_below and not is_same_file(str(own_lock), lock):
            folders.clear()
            yield own_lock
            continue
        yield from (Path(root, name) for name in files if _may_declare(name))


def _searched(
    folder: Path, repository: str | None = None
) -> Iterator[tuple[str, list[str], list[str]]]:
    """Yield each folder, with the names of its folders and files. The caller may remove folders from the list.

    Links are not followed. One in place of a folder of environments is rejected if it leads out of the repository.
    """
    for root, folders, files in os.walk(folder):
        if root.count(os.sep) > str(folder).count(os.sep) + _DEEPEST:
            raise UsageError(
                f"{folder} has more than {_DEEPEST} levels of folders.",
                "Name those with environments.",
            )
        if "SKILL.md" in files:  # all of it is one skill
            folders.clear()
            continue
        folders[:] = sorted(_to_search(Path(root), folders, repository))
        yield root, folders, sorted(files)


def _to_search(root: Path, folders: Sequence[str], repository: str | None) -> Iterator[str]:
    for name in folders:
        if name in _SKIPPED_FOLDERS or name.startswith("."):
            continue
        folder = root / name
        if not folder.is_symlink():
            yield name
        elif repository is not None and kind_by_path(folder / "x") == ENVIRONMENT:
            check_inside(folder, repository)


def _may_declare(name: str) -> bool:
    if name.startswith(".") or name == FILE_NAME:
        return False
    return name.lower().endswith((*DATA, *PROSE))


def as_sentence(problem: str) -> str:
    """Return a problem with a punctuation mark at its end."""
    return problem if problem.endswith((".", "?")) else f"{problem}."
