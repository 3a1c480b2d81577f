"""`ant export`: write existing environments to files. `ant schema`: what such a file may hold."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from ant_cli.apply import server
from ant_cli.apply.comparison import hash_of_body, hash_of_remote
from ant_cli.apply.declarations import (
    ENVIRONMENT,
    YAML,
    Exported,
    choose_file,
    export,
    folded_name,
)
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
from ant_cli.http.names import connect_by_name
from ant_cli.input.validation import json_schema
from ant_cli.operations.spec import Flags
from ant_cli.runtime import Runtime
from ant_cli.runtime.sanitize import escape_breaks
from ant_cli.runtime.storage import SHARED, replace_file
from ant_cli.runtime.trusted_files import NOTHING_FORBIDDEN, FileRule, read_trusted
from ant_cli.runtime.written_files import EXPORTED, check_destination


class _File(NamedTuple):
    """A file to be written."""

    path: Path
    remote: Object
    exported: Exported

    @property
    def content(self) -> bytes:
        """What is written."""
        return self.exported.text.encode("utf-8", "backslashreplace")

    def is_written(self) -> bool:
        """Whether a file has this content already."""
        rule = FileRule(len(self.content), NOTHING_FORBIDDEN)
        try:
            return read_trusted(str(self.path), rule) == self.content
        except OSError:  # it is another one, such as a larger file, or a link
            return False


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
        files = _files(remotes, Path(directory), lock)
        _check_fields(files, runtime)
        _check_existing(files, force=force)
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


def _files(remotes: Sequence[Object], folder: Path, lock: LockFile) -> list[_File]:
    """Return the files to write: without those of environments that are as the lock file has them.

    Raises:
        UsageError: if a path leads elsewhere.

    """
    tracked = {entry.id: key for key, entry in lock.tracked.items()}
    taken = {folded_name(lock.file_of(key).name): 1 for key in lock.tracked if lock.has_file(key)}
    files = []
    for remote in remotes:
        key = tracked.get(str(remote["id"]))
        if key and _is_current(key, remote, lock):
            continue
        path = lock.file_of(key) if key else choose_file(folder, remote, taken)
        taken.setdefault(folded_name(path.name), 1)
        _check_path(path, lock.path)
        files.append(_File(path, remote, export(remote)))
    return files


def _is_current(key: str, remote: Object, lock: LockFile) -> bool:
    return lock.has_file(key) and lock.entries[key].remote_hash == hash_of_remote(remote)


def _check_fields(files: Sequence[_File], runtime: Runtime) -> None:
    """Note the fields that a file can't declare. Raises AntError if `ant apply` would not accept a file."""
    problems = []
    for file in files:
        identifier = escape_breaks(str(file.remote["id"]))
        problems += [f"  {identifier}: {escape_breaks(text)}" for text in file.exported.problems]
        if file.exported.left_out:
            fields = escape_breaks(", ".join(file.exported.left_out))
            runtime.hint(f"Note: {identifier} has fields that a file can't declare: {fields}.")
    if problems:
        raise AntError(
            "\n".join(["these can't be declared in a file, so nothing was written:", *problems])
        )


def _check_existing(files: Sequence[_File], *, force: bool) -> None:
    """Reject files that exist, unless `force` is set, or an earlier export wrote them and was killed then."""
    existing = [file for file in files if os.path.lexists(file.path)]
    differing = [file for file in existing if not file.is_written()]
    if differing and not force:
        paths = ", ".join(shown_path(file.path) for file in differing)
        verb = "exists" if len(differing) == 1 else "exist"
        raise UsageError(
            f"{paths} already {verb}, so nothing was written.", "To overwrite: --force"
        )
    for file in differing:
        check_destination(str(file.path), EXPORTED)


def _check_path(path: Path, lock_path: Path) -> None:
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
    """Write the files, and record each in the lock file, so that a run that was killed can be continued."""
    for file in files:
        try:
            file.path.parent.mkdir(parents=True, exist_ok=True)
            replace_file(file.path, file.content, SHARED)
        except OSError as error:
            raise OutputError(f"{file.path} can't be written: {os_error_text(error)}.") from None
        key = key_of(file.path, lock.path)
        lock = lock.with_entry(key, _entry_of(file, lock.entries.get(key)))
        lock.save()


def _entry_of(file: _File, old: Entry | None) -> Entry:
    """Return the entry of a file, which keeps the fields that this tool does not know."""
    members = old.members if old else {}
    hashes = hash_of_body(file.exported.body), hash_of_remote(file.remote)
    return Entry(ENVIRONMENT, str(file.remote["id"]), *hashes, members)


def _report(files: Sequence[_File], flags: Flags, runtime: Runtime) -> None:
    if not files and not wants_structured(flags):
        runtime.say("Nothing to export: the lock file already has everything.")
        return
    facts = []
    lines = []
    for path, remote, _ in files:
        shown = shown_path(path)
        facts.append({"path": shown, "id": remote["id"], "name": remote.get("name")})
        lines.append(f"{shown}  {escape_breaks(str(remote['id']))}")
    print_result(runtime, flags, "\n".join(lines), facts)
