"""The lock file: the environment of each file, and the hashes of both when it was last applied.

The official tool reads and writes the same file. Everything that this tool doesn't know, such as other kinds of
resources and further fields, is kept byte for byte.
"""

from __future__ import annotations

import errno
import os
import posixpath
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from ant_cli.apply.comparison import canonical
from ant_cli.apply.declarations import ENVIRONMENT
from ant_cli.errors import OutputError, UsageError, os_error_text
from ant_cli.errors.command_line import quote
from ant_cli.gjson import json_text
from ant_cli.input.request import is_id
from ant_cli.runtime.reading import decode
from ant_cli.runtime.redaction import strip_userinfo
from ant_cli.runtime.sanitize import escape_breaks
from ant_cli.runtime.storage import SHARED, replace_file
from ant_cli.runtime.trusted_files import (
    FileRule,
    UntrustedFile,
    is_foreign,
    is_same_file,
    path_below,
    read_trusted,
    real_path_below,
)

FILE_NAME = "claude-lock.json"
VERSION = 1
_RULE = FileRule(10_000_000, own_group=True)
"""It is strict, because the lock file says which environments are changed and archived."""
FIELDS = ("kind", "id", "version", "hash", "remote_hash", "revision", "subpath")
"""The fields of an entry in order. An entry with other fields is sorted."""
_NEEDED = ("kind", "id", "hash", "remote_hash")
"""The fields of an entry that this tool uses."""
_RESTORE = "Restore it from version control: it has the IDs of what was created."
_ONLY_IN_PLANS = frozenset(("paths", "options", "steps"))
"""Members of a saved plan that a lock file does not have."""


class _Origin(NamedTuple):
    base_url: str = ""
    organization_id: str = ""
    workspace_id: str = ""


class ResourceOrigin(_Origin):
    """The server and account that hold the resources. Unknown fields are empty.

    It is written to files that are committed and reviewed, so the URL never has a user or a password.
    """

    __slots__ = ()

    def __new__(
        cls, base_url: str = "", organization_id: str = "", workspace_id: str = ""
    ) -> ResourceOrigin:
        """Leave out the user and password of the URL."""
        return super().__new__(cls, strip_userinfo(base_url), organization_id, workspace_id)


class Entry(NamedTuple):
    """The entry of a resource in the lock file."""

    kind: str
    id: str
    hash: str
    """The hash of the body that was sent last."""
    remote_hash: str
    """The hash of the object that the server returned for it."""
    members: Mapping[str, bytes] = {}
    """All fields, as written in the file."""
    written: tuple[bytes, bytes] = (b"", b"")
    """Its key and the entry, as written in the file."""

    @property
    def is_ours(self) -> bool:
        """Whether it is an environment, and not from another repository."""
        is_elsewhere = "subpath" in self.members or "revision" in self.members
        return self.kind == ENVIRONMENT and not is_elsewhere


class LockFile(NamedTuple):
    """The content of a lock file; empty if the file does not exist yet."""

    path: Path
    exists: bool = False
    origin: ResourceOrigin = ResourceOrigin()
    entries: Mapping[str, Entry] = {}
    """Every entry by its key, which is a path relative to the lock file or a URL."""
    members: Mapping[str, bytes] = {}
    """The fields of the file, as written."""

    @property
    def tracked(self) -> dict[str, Entry]:
        """The entries that this tool manages."""
        ours = {key: entry for key, entry in self.entries.items() if entry.is_ours}
        return {key: entry for key, entry in ours.items() if key.startswith("./")}

    def file_of(self, key: str) -> Path:
        """Return the file of an entry."""
        return self.path.parent / key

    def has_file(self, key: str) -> bool:
        """Whether the file of an entry exists. A link without a target counts as a file, a folder does not.

        If a folder on the way can't be read, or is a link without a target, such as to a share that is not mounted,
        the file counts as existing, so that nothing is archived.
        """
        file = self.file_of(key)
        try:
            file.lstat()
            return not file.is_dir()
        except OSError as error:
            if error.errno not in (errno.ENOENT, errno.ENOTDIR, errno.ENAMETOOLONG):
                return True
            return any(map(_is_broken_link, file.parents))

    def with_entry(self, key: str, entry: Entry) -> LockFile:
        """Return the lock file with an entry added or replaced."""
        needed = {name: _quote(getattr(entry, name)) for name in _NEEDED}
        members = {**entry.members, **needed}
        written = _quote(key), _object(_in_order(members), 2)
        entry = entry._replace(members=members, written=written)
        return self._replace(entries={**self.entries, key: entry})

    def without(self, key: str) -> LockFile:
        """Return the lock file without an entry."""
        left = {other: entry for other, entry in self.entries.items() if other != key}
        return self._replace(entries=left)

    def with_origin(self, origin: ResourceOrigin) -> LockFile:
        """Return the lock file with an origin. Fields of it that this tool does not know are kept."""
        old = json_text.members(self.members.get("origin", b"{}"))
        fields = {name: _quote(value) for name, value in origin._asdict().items() if value}
        unknown = old.keys() - set(ResourceOrigin._fields)
        fields |= {name: value for name, value in old.items() if name in unknown}
        members = {**self.members, "origin": _object(fields, 1)}
        return self._replace(origin=origin, members=members)

    def to_bytes(self) -> bytes:
        """Return the content of the file."""
        entries = [self.entries[key].written for key in sorted(self.entries)]
        lines = [b"\n    %b: %b" % written for written in entries]
        written = b"{%b\n  }" % b",".join(lines) if lines else b"{}"
        fields = {"version": b"%d" % VERSION, "origin": b"{}", **self.members, "resources": written}
        return _object(fields, 0) + b"\n"

    def save(self) -> None:
        """Write the file atomically, and flush it to the disk.

        Raises:
            OutputError: if that fails; the old file is unchanged.

        """
        try:
            replace_file(self.path, self.to_bytes(), SHARED)
        except OSError as error:
            raise OutputError(f"{self.path} can't be written: {os_error_text(error)}.") from None


def _is_broken_link(path: Path) -> bool:
    return path.is_symlink() and not path.exists()


def find_lock_path(named: str | None, folder: Path, paths: Sequence[str] = ()) -> Path:
    """Return the path of the lock file: the named one, or the nearest one above the paths of a run.

    The search ends at the root of a repository, and at the home folder: what is above them may be somebody else's.
    If there are no paths, or no lock file above them, it begins in `folder`, where a new lock file is created.

    Raises:
        UsageError: if the paths have different lock files, if a link leads out of the repository, or if root runs
            this, and the lock file that was found above belongs to another user.

    """
    if named is not None:
        lock_path = folder / named
    else:
        default = default_lock_path(folder)
        starts = {_folder_of(folder / text): text for text in paths}
        found = {_nearest(start) or default: text for start, text in starts.items()}
        if len(found) > 1:
            listed = "".join(f"\n  {text}: {path}" for path, text in found.items())
            raise UsageError(
                f"the paths have different lock files:{listed}", "Name the paths of one at a time."
            )
        lock_path = next(iter(found), default)
        if lock_path.parent not in (folder, *starts):
            _check_owner(lock_path)
    check_stays_inside(lock_path, folder)
    return lock_path


def default_lock_path(folder: Path) -> Path:
    """Return the path of the lock file that is used in a folder if neither paths nor a lock file are named."""
    return _nearest(folder) or folder / FILE_NAME


def _check_owner(path: Path) -> None:
    """Reject a file of another user that root did not name. For other users, `read_lock` rejects all of them."""
    facts = path.lstat()
    if is_foreign(facts, even_to_root=True) and not is_foreign(facts):
        problem = (
            f"the lock file {path} belongs to another user, and is not in a folder that you named."
        )
        raise UsageError(problem, f"To use it: --lock-file {quote(str(path))}")


def shown_path(path: Path) -> str:
    """Return a path relative to the current folder, for people."""
    try:
        relative = Path(os.path.relpath(path)).as_posix()
    except ValueError:  # on another drive of Windows
        return str(path)
    return relative if relative.partition("/")[0] == ".." else f"./{relative}"


def shown_folder(folder: Path) -> str:
    """Return a folder as a path from the current one, for people."""
    return shown_path(folder).removesuffix("/.")


def _folder_of(path: Path) -> Path:
    """Return a folder, or that of a file. Rejects a folder to which a link out of a repository leads."""
    folder = Path(os.path.abspath(path))  # noqa: PTH100 - links are not followed
    if not os.path.isdir(folder):  # noqa: PTH112 - Path.is_dir() may raise
        folder = folder.parent
    for link in filter(os.path.islink, (folder, *folder.parents)):
        repository = repository_of(link)
        if os.path.lexists(Path(repository, ".git")):
            check_inside(link, repository)
    return folder


def _nearest(folder: Path) -> Path | None:
    """Return the nearest lock file, in a folder or above it."""
    candidates = (candidate / FILE_NAME for candidate in _up_to_edge(folder))
    return next(filter(os.path.lexists, candidates), None)


def repository_of(lock_path: Path) -> str:
    """Return the folder in which a run's files must be: the lock file's repository, or else its folder."""
    folder = Path(os.path.realpath(lock_path.parent))
    *_, edge = _up_to_edge(folder)
    return str(edge if os.path.lexists(edge / ".git") else folder)


def check_stays_inside(path: Path, folder: Path, *, follows_link: bool = False) -> None:
    """Reject a file to be written whose path is in the repository of `folder`, but a link leads out of it.

    With `follows_link`, the file itself may be such a link.
    """
    repository = repository_of(folder / FILE_NAME)
    if path_below(os.path.abspath(path), repository) is not None:  # noqa: PTH100 - links are not followed
        check_inside(path.parent, repository)
        if follows_link:
            check_inside(path, repository)


def check_inside(folder: Path, repository: str) -> None:
    """Reject a link to a folder outside the repository.

    Raises:
        UsageError: if the folder is reached by links, and they lead out of the repository.

    """
    if os.path.realpath(folder) == os.path.abspath(folder):  # noqa: PTH100 - links are not followed
        return
    try:
        real_path_below(str(folder), repository)
    except UntrustedFile as error:
        raise UsageError(f"{folder} can't be used: {os_error_text(error)}.") from None


def _up_to_edge(folder: Path) -> Iterator[Path]:
    """Yield a folder and those above it, up to the root of a repository or the home folder."""
    home = os.path.realpath(os.path.expanduser("~"))  # noqa: PTH111 - Path.home() fails without one
    for candidate in (folder, *folder.parents):
        yield candidate
        if os.path.lexists(candidate / ".git") or is_same_file(str(candidate), home):
            return


def read_lock(path: Path) -> LockFile:
    """Read the lock file, which may not exist yet.

    Raises:
        UsageError: if it is a link, if somebody else can change it, if it is not a lock file, has a merge conflict,
            or was written by a newer version, or if the key of an environment leads out of its folder.

    """
    try:
        text = decode(read_trusted(str(path), _RULE), str(path))
    except FileNotFoundError:
        return LockFile(path)
    except OSError as error:
        problem = f"the lock file {path} can't be used: {os_error_text(error)}."
        raise UsageError(
            problem, getattr(error, "hint", ""), "To use another one: --lock-file PATH"
        ) from None
    _check_conflict(text, path)
    try:
        members = _members(text.encode())
        _check_version(members.get("version", b"1"), path)
        _check_members(members, path)
        origin = _read_origin(members.get("origin", b"{}"))
        pairs = json_text.raw_pairs(members["resources"])
        entries = {json_text.string(key): _read_entry(key, value) for key, value in pairs}
    except json_text.JSONTextError as error:
        raise UsageError(
            f"{path} is not a lock file: {str(error).removesuffix('.')}.", _RESTORE
        ) from None
    if len(entries) < len(pairs):
        raise UsageError(f"{path} has two entries for the same file.", "Remove one of them.")
    for key, entry in entries.items():
        if entry.is_ours:
            _check_key(key, path)
    return LockFile(path, exists=True, origin=origin, entries=entries, members=members)


def _check_conflict(text: str, path: Path) -> None:
    match = re.search(r"^(<<<<<<<|=======|>>>>>>>)", text, re.MULTILINE)
    if match:
        line = text.count("\n", 0, match.start()) + 1
        raise UsageError(
            f"{path}, line {line}: there is a merge conflict.",
            "Keep the entries of both sides. If an entry has two IDs, keep that of the environment that exists.",
        )


def _check_members(members: Mapping[str, bytes], path: Path) -> None:
    """Reject another file with a version, which would count as a lock file without environments."""
    if not _ONLY_IN_PLANS.isdisjoint(members):
        raise UsageError(f"{path} is not a lock file: it is a saved plan.", _RESTORE)
    if "resources" not in members:
        raise UsageError(f"{path} is not a lock file: it has no resources.", _RESTORE)


def _check_version(raw: bytes, path: Path) -> None:
    if not re.fullmatch(rb"[1-9][0-9]{0,8}", raw):
        raise UsageError(
            f"{path} is not a lock file: its version is {raw.decode()[:20]}.", _RESTORE
        )
    if int(raw) > VERSION:
        raise UsageError(
            f"{path} was written by a newer ant "
            f"(lock file version {raw.decode()}, this build understands {VERSION}).",
            "Use that tool, or a newer version of this one.",
        )


def _check_key(key: str, path: Path) -> None:
    problem = _problem_of_key(key)
    if problem is not None:
        raise UsageError(f"{path}: the key {key!r} {problem}.", "Correct or remove this entry.")


def _problem_of_key(key: str) -> str | None:
    normal = posixpath.normpath(key)
    if normal in ("..", ".") or normal.startswith(("../", "/")):
        return "leads out of its folder"
    if not key.startswith(("./", "https://")):
        return "does not begin with ./"
    if escape_breaks(key) != key:
        return "has a control character"
    return None


def _members(raw: bytes) -> dict[str, bytes]:
    """Return the fields of an object. Raises JSONTextError if a field occurs twice."""
    pairs = json_text.raw_pairs(raw)
    members = {json_text.string(key): value for key, value in pairs}
    if len(members) < len(pairs):
        raise json_text.JSONTextError("A field occurs twice.")
    return members


def _read_origin(raw: bytes) -> ResourceOrigin:
    members = json_text.members(raw)
    return ResourceOrigin(*(_text(members.get(name, b'""')) for name in ResourceOrigin._fields))


def _read_entry(key: bytes, raw: bytes) -> Entry:
    members = json_text.members(raw)
    kind, identifier, *hashes = (_text(members.get(name, b'""')) for name in _NEEDED)
    entry = Entry(kind, identifier, hashes[0], hashes[1], members, (key, raw))
    if entry.is_ours and not is_id(entry.id):
        raise json_text.JSONTextError("An entry has no id.")
    return entry


def _text(raw: bytes) -> str:
    text = "" if raw == b"null" else json_text.string(raw)
    if escape_breaks(text) != text:  # a line in the log of a CI job may be a command
        raise json_text.JSONTextError("A text has a control character.")
    return text


def _in_order(members: Mapping[str, bytes]) -> dict[str, bytes]:
    if not members.keys() <= set(FIELDS):
        return dict(sorted(members.items()))
    return {name: members[name] for name in FIELDS if name in members}


def _object(fields: Mapping[str, bytes], depth: int) -> bytes:
    """Write an object with each member on its own line."""
    if not fields:
        return b"{}"
    indent = b"  " * depth
    lines = [b"\n%b  %b: %b" % (indent, _quote(name), value) for name, value in fields.items()]
    return b"{%b\n%b}" % (b",".join(lines), indent)


def _quote(text: str) -> bytes:
    return canonical(text).encode()
