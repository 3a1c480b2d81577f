"""Make a plan from the command line: read the lock file, the files and the server, and compare them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from ant_cli.apply import server
from ant_cli.apply.declarations import Declaration
from ant_cli.apply.discovery import Loaded, load
from ant_cli.apply.drawing import shown_path
from ant_cli.apply.lockfile import LockFile, ResourceOrigin
from ant_cli.apply.plan import HintFlags, Known, Options, Plan, ids_to_read, make_plan, needs_names
from ant_cli.errors import UsageError
from ant_cli.runtime.light_typing import NamedTuple
from ant_cli.settings.loading import Settings


class Facts(NamedTuple):
    """What plans are made of."""

    origin: ResourceOrigin
    known: Known
    profile: str
    """The profile that the user chose or that has the credential; otherwise empty."""
    moved: bool
    """The lock file has another origin on the disk."""
    left_out: Mapping[str, Sequence[str]]
    """The mistakes of the files that were left out, by path."""


def load_files(paths: Sequence[str], lock: LockFile, *, only: bool = False, strict: bool = False) -> Loaded:
    """Read the files of a run: the named ones, and unless these are the `only` ones, those in the lock file.

    Raises:
        UsageError: with every mistake in them, or if there is neither a path nor a lock file.

    """
    if not (paths or lock.exists):
        raise UsageError(
            f"there is no {lock.path.name} here, nor above, and no file was named.",
            "Name files or folders: ant apply .",
        )
    tracked = [] if only else [shown_path(lock.file_of(key)) for key in lock.tracked if lock.has_file(key)]
    return load([*paths, *tracked], lock.path, strict=strict)


def untracked(lock: LockFile) -> list[Declaration]:
    """Return what files in the lock file's folder declare that it doesn't have."""
    try:
        loaded = load([shown_path(lock.path.parent)], lock.path)
    except UsageError:
        return []
    return [declaration for key, declaration in loaded.declarations.items() if key not in lock.entries]


def look_up(
    lock: LockFile,
    loaded: Loaded,
    workers: server.Workers,
    settings: Settings,
    interrupted: Collection[str] = (),
    *,
    hints: HintFlags,
    allow_origin_change: bool = False,
) -> Facts:
    """Fetch the server's objects for the entries of the lock file.

    Raises:
        AntError: if the credentials are for another server or account than the lock file, and that may not change,
            or if a request fails.

    """
    origin = server.origin_of(workers.client, settings.connection.base_url)
    if not allow_origin_change:
        server.check_origin(lock, origin)
    moved = allow_origin_change and lock.exists and lock.origin != origin
    if moved or not lock.origin.base_url:
        lock = lock.with_origin(origin)
    ids = ids_to_read(lock, loaded.declarations)
    remotes = dict(zip(ids, workers.each(ids, server.retrieve), strict=True))
    known = Known(lock, loaded.declarations, remotes, {}, interrupted, hints)
    return Facts(origin, known, settings.chosen_profile, moved, loaded.left_out)


def plan_for(facts: Facts, options: Options, workers: server.Workers) -> Plan:
    """Return the plan. If something gets a new name, first look on the server for environments with that name."""
    known = facts.known
    if needs_names(known, options):
        names = {declaration.name for declaration in known.declarations.values()}
        known = known._replace(named=server.find_names(workers.client, names, archived=True))
    return make_plan(known, options)
