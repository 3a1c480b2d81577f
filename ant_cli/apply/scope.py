"""Which files take part in a run: named ones, those in the lock file, and successors of files that are gone."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from ant_cli.apply.declarations import Declaration
from ant_cli.apply.discovery import Loaded, beside_tracked, expand, load
from ant_cli.apply.lockfile import LockFile, shown_path
from ant_cli.apply.plan import Options, Plan, lost_keys
from ant_cli.errors import UsageError
from ant_cli.errors.command_line import command_line
from ant_cli.runtime import Runtime
from ant_cli.runtime.confirmation import ask, is_yes


class Scope(NamedTuple):
    """Which files count, and what may be done to make the server match them."""

    paths: tuple[str, ...]
    lock_path: Path
    options: Options
    strict: bool = False


class Files(NamedTuple):
    """The files of a run."""

    scope: Scope
    """Its paths include the new files that the user has added."""
    loaded: Loaded
    untracked: Mapping[str, Declaration]
    """The untracked files, by key. Of these, only the successor of a file that is gone takes part."""
    new: tuple[str, ...]
    """The keys of the untracked files to point out."""


def read_files(scope: Scope, lock: LockFile, runtime: Runtime, *, asks: bool) -> Files:
    """Read the files of a run. At a terminal, the user may add new files to a run without paths.

    Raises:
        UsageError: if there are mistakes in files, or if no file is named and there is no lock file.

    """
    loaded = load_scope(scope, lock)
    offers_new_files = asks and not scope.paths
    untracked = _read_untracked(scope, lock, loaded, runtime, everywhere=offers_new_files)
    if offers_new_files and _wanted(list(untracked), runtime):
        paths = [str(declaration.path) for declaration in untracked.values()]
        scope = scope._replace(paths=tuple(paths))
        loaded, untracked = load_scope(scope, lock), {}
    if not scope.paths and not lock.exists:
        raise UsageError(
            f"there is no {lock.path.name} here or above, and no file was named.",
            f"Name files or folders, for example: {command_line('diff .')}",
        )
    if offers_new_files:  # they were listed in the question
        return Files(scope, loaded, untracked, ())
    return Files(scope, loaded, untracked, tuple(_beside_tracked(untracked, lock)))


def _beside_tracked(keys: Iterable[str], lock: LockFile) -> list[str]:
    """Return the keys of files in the folders of tracked ones: most likely, they were forgotten."""
    folders = {PurePosixPath(key).parent for key in lock.tracked}
    return [key for key in keys if PurePosixPath(key).parent in folders]


def load_scope(scope: Scope, lock: LockFile) -> Loaded:
    """Read the named files, and those in the lock file unless `only` is set."""
    paths = list(scope.paths)
    if not scope.options.only:
        paths += [shown_path(lock.file_of(key)) for key in lock.tracked if lock.has_file(key)]
    return load(paths, lock, strict=scope.strict)


def _read_untracked(
    scope: Scope, lock: LockFile, loaded: Loaded, runtime: Runtime, *, everywhere: bool
) -> dict[str, Declaration]:
    """Read the files that are neither tracked nor named. Some may be successors of tracked files.

    If a file is gone, and its environment would be archived, a mistake in one of them is an error: it may be the
    successor.
    """
    if scope.options.only:
        return {}
    is_one_gone = len(lost_keys(lock, loaded.declarations)) > 0
    if scope.paths and not is_one_gone:
        return {}
    candidates = beside_tracked(lock, everywhere=everywhere or is_one_gone)
    try:
        found = load((), lock, candidates).declarations
    except UsageError as error:
        if is_one_gone and scope.options.prune:
            raise
        runtime.say(f"Note: new files are left out. {error.message}")
        return {}
    known = {*lock.entries, *loaded.declarations}
    return {key: declaration for key, declaration in found.items() if key not in known}


def _wanted(keys: Sequence[str], runtime: Runtime) -> bool:
    """List new files, and ask whether to add them."""
    if not keys:
        return False
    for key in keys:
        runtime.say(f"  {key} is not tracked yet")
    what = "it" if len(keys) == 1 else f"these {len(keys)}"
    return is_yes(ask(f"Add {what} to this apply? (y)es / (n)o", runtime))


def changes_elsewhere(plan: Plan, scope: Scope) -> int:
    """Return how many changes of a plan concern files that no path of the run names."""
    named = set(map(_absolute, expand(scope.paths)))
    files = [_absolute(scope.lock_path.parent / step.key) for step in plan.changing]
    return sum(named.isdisjoint((file, *file.parents)) for file in files)


def _absolute(path: str | Path) -> Path:
    return Path(os.path.abspath(path))  # noqa: PTH100 - links are not followed
