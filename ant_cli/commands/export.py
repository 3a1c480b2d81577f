"""`ant export`: write existing environments to files. `ant schema`: what such a file may hold."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from ant_cli.apply import server
from ant_cli.apply.comparison import hash_of_body, hash_of_remote
from ant_cli.apply.declarations import ENVIRONMENT, YAML, Exported, choose_file, export
from ant_cli.apply.discovery import key_of
from ant_cli.apply.execution import holding
from ant_cli.apply.lockfile import (
    Entry,
    LockFile,
    check_inside,
    find_lock_path,
    read_lock,
    shown_folder,
    shown_path,
)
from ant_cli.apply.plan import Object
from ant_cli.commands import print_result, wants_structured
from ant_cli.errors import AntError, OutputError, UsageError, os_error_text
from ant_cli.http.client import Sends
from ant_cli.input.validation import json_schema
from ant_cli.names import connect_by_name
from ant_cli.operations.spec import Flags
from ant_cli.runtime import Runtime
from ant_cli.runtime.sanitize import escape_breaks
from ant_cli.runtime.storage import replace_file


class _File(NamedTuple):
    """A file to be written."""

    path: Path
    remote: Object
    exported: Exported


def export_files(
    runtime: Runtime,
    flags: Flags,
    *,
    environment: Sequence[str] = (),
    all: bool = False,  # noqa: A002 - the name of the flag
    directory: str,
    lock_file: str | None = None,
    force: bool = False,
) -> None:
    """Write environments to files, and add them to the lock file."""
    if bool(environment) == all:
        raise UsageError("name environments by ID or name, or use --all, but not both.")
    lock_path = find_lock_path(lock_file, Path.cwd(), (directory,))
    with (
        holding(lock_path, runtime),
        server.connected(flags, runtime, 1, connect_by_name) as connection,
    ):
        lock = read_lock(lock_path)
        origin = server.origin_of(connection)
        server.check_origin(lock, origin)
        remotes = (
            server.list_all(connection.client) if all else _read(environment, connection.client)
        )
        files = _files(remotes, Path(directory), lock, force=force, runtime=runtime)
        lock = lock if lock.origin.base_url else lock.with_origin(origin)
        _write(files, lock)
    _report(files, flags, runtime)
    if files and not runtime.stdout.is_terminal and not wants_structured(flags):
        folders = ", ".join(sorted({shown_folder(file.path.parent) for file in files}))
        runtime.say(f"Note: the files are in {folders}; standard output has only their paths.")


def print_schema(runtime: Runtime, flags: Flags) -> None:
    """Print the JSON schema of an environment's file."""
    schema = json_schema()
    print_result(runtime, flags, json.dumps(schema, indent=2), schema)


def _read(wanted: Sequence[str], client: Sends) -> list[Object]:
    """Return the environments with these IDs or names, each once."""
    remotes = [server.read(client, text) for text in dict.fromkeys(wanted)]
    return list({str(remote["id"]): remote for remote in remotes}.values())


def _files(
    remotes: Sequence[Object], folder: Path, lock: LockFile, *, force: bool, runtime: Runtime
) -> list[_File]:
    """Return the files to write.

    Raises:
        UsageError: if a file exists and may not be overwritten.
        AntError: if an environment can't be declared in a file.

    """
    tracked = {entry.id: key for key, entry in lock.tracked.items()}
    taken: dict[str, int] = {}
    files, problems = [], []
    for remote in remotes:
        key = tracked.get(str(remote["id"]))
        if key and lock.entries[key].remote_hash == hash_of_remote(remote) and lock.has_file(key):
            continue  # the file declares what the server has, unless it was edited
        path = lock.file_of(key) if key else choose_file(folder, remote, taken)
        taken.setdefault(path.name.lower(), 1)
        _check_destination(path, lock.path)
        exported, identifier = export(remote), escape_breaks(str(remote["id"]))
        problems += [f"  {identifier}: {escape_breaks(problem)}" for problem in exported.problems]
        if exported.left_out:
            fields = escape_breaks(", ".join(exported.left_out))
            runtime.hint(f"Note: {identifier} has fields that a file can't declare: {fields}.")
        files.append(_File(path, remote, exported))
    if problems:
        raise AntError(
            "\n".join(["these can't be declared in a file, so nothing was written:", *problems])
        )
    existing = [shown_path(file.path) for file in files if os.path.lexists(file.path)]
    if existing and not force:
        verb = "exists" if len(existing) == 1 else "exist"
        raise UsageError(
            f"{', '.join(existing)} already {verb}, so nothing was written.",
            "To overwrite: --force",
        )
    return files


def _check_destination(path: Path, lock_path: Path) -> None:
    """Reject a path that leads elsewhere: others may have made the lock file, or links.

    Raises:
        UsageError: if it is not a YAML file in the folder of the lock file.

    """
    if path.suffix.lower() not in YAML:
        raise UsageError(
            f"{shown_path(path)} is not a YAML file, and an export writes only those.",
            f"Change it by hand, or remove its entry from {shown_path(lock_path)}.",
        )
    key_of(path, lock_path)
    check_inside(path.parent, str(lock_path.parent))


def _write(files: Sequence[_File], lock: LockFile) -> None:
    """Write the files, and add each to the lock file."""
    for file in files:
        try:
            file.path.parent.mkdir(parents=True, exist_ok=True)
            replace_file(
                file.path, file.exported.text.encode("utf-8", "backslashreplace"), private=False
            )
        except OSError as error:
            raise OutputError(f"{file.path} can't be written: {os_error_text(error)}.") from None
        key = key_of(file.path, lock.path)
        old = lock.entries.get(key)
        hashes = hash_of_body(file.exported.body), hash_of_remote(file.remote)
        lock = lock.with_entry(
            key, Entry(ENVIRONMENT, str(file.remote["id"]), *hashes, old.members if old else {})
        )
    if files:
        lock.save()


def _report(files: Sequence[_File], flags: Flags, runtime: Runtime) -> None:
    if not files and not wants_structured(flags):
        runtime.say("Nothing to export: the lock file already has everything.")
        return
    facts = [
        {"path": shown_path(path), "id": remote["id"], "name": remote.get("name")}
        for path, remote, _ in files
    ]
    lines = [f"{fact['path']}  {escape_breaks(str(fact['id']))}" for fact in facts]
    print_result(runtime, flags, "\n".join(lines), facts)
