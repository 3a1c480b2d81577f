"""Writing: one change of the profiles at a time, which is made whole or not at all.

A change is written to a new file beside the old one, brought to the disk, and then put in its place under the
same name, all under a lock. Whoever reads finds the old file or the new one, and a process that is killed
leaves one of them.
"""

from __future__ import annotations

import os
import re
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO

from ant_cli.errors import CredentialError, OutputError, UsageError
from ant_cli.runtime import Runtime
from ant_cli.runtime.streams import reason
from ant_cli.settings.profiles import FILE_NAME, FOLDER_VARIABLE, Store, folder, read_store, unknown_profile

UNFINISHED = f".{FILE_NAME}-"
"""How the name of a file begins that is not in its place yet."""
NO_SURPRISES = 0 if sys.platform == "win32" else os.O_NONBLOCK | os.O_NOFOLLOW


class Draft:
    """The profiles while they are being changed."""

    def __init__(self, store: Store) -> None:
        """Take a copy of what the file holds, unknown keys included."""
        self._store = store
        self.document: dict[str, Any] = dict(store.document)
        self.document["profiles"] = {name: dict(profile) for name, profile in store.profiles.items()}

    @property
    def profiles(self) -> dict[str, dict[str, Any]]:
        """The profiles by their names."""
        profiles: dict[str, dict[str, Any]] = self.document["profiles"]
        return profiles

    @property
    def active(self) -> str:
        """The profile that is used if no other is named."""
        active: str = self.document.get("active", "")
        return active

    @active.setter
    def active(self, name: str) -> None:
        self.document.pop("active", None)
        if name:
            self.document["active"] = name

    def existing(self, name: str) -> dict[str, Any]:
        """Return a profile; CredentialError if there is none of this name."""
        if name not in self.profiles:
            raise unknown_profile(name, "", self._store)
        return self.profiles[name]

    def new(self, name: str) -> dict[str, Any]:
        """Add an empty profile and return it; UsageError if the name is taken or can't be one."""
        check_name(name)
        if name in self.profiles:
            raise UsageError(f"profile {name!r} already exists.", "`ant profile list` shows the profiles.")
        return self.profiles.setdefault(name, {})


def check_name(name: str) -> str:
    """Return the name of a profile, if it can be one: it must be easy to type and safe to show."""
    if not re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_.@-]{0,63}", name):
        raise UsageError(
            f"{name!r} can't be the name of a profile.",
            "A name is made of letters, digits, and _ . @ -; it begins with a letter, a digit or _.",
        )
    return name


@contextmanager
def changing(runtime: Runtime) -> Iterator[Draft]:
    """Hand out the profiles to be changed, and write them at the end, unless that raises or changes nothing.

    Raises:
        CredentialError: if the file can't be understood; it stays as it is.
        OutputError: if the change can't be written; the file stays as it is.

    """
    import tomli_w

    path = writable_path(runtime)
    with locked(path):
        store = read_store(runtime, narrow=False)  # the caller's first reading did that; the new file is private
        draft = Draft(store)
        before = tomli_w.dumps(in_order(draft.document))
        yield draft
        after = tomli_w.dumps(in_order(draft.document))
        if after != before:
            replace(path, after.encode())


def writable_path(runtime: Runtime) -> Path:
    """Return the file, behind whatever symbolic links; its folder exists from here on."""
    where = folder(runtime.environ)
    if where is None:
        lacking = "folder" if runtime.environ.get(FOLDER_VARIABLE) else "home folder"
        raise CredentialError(f"there is no {lacking} for profiles.", f"Set {FOLDER_VARIABLE} to a folder.")
    try:
        where.mkdir(parents=True, exist_ok=True, mode=0o700)
        return (where / FILE_NAME).resolve()
    except (OSError, RuntimeError) as error:  # a circle of links is a RuntimeError
        raise unwritable(where, error) from None


def in_order(document: dict[str, Any]) -> dict[str, Any]:
    """Return the document with its keys sorted, so that equal profiles are equal files."""
    return {key: in_order(value) if isinstance(value, dict) else value for key, value in sorted(document.items())}


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Keep other processes from changing the file. The system releases the lock of one that is killed."""
    name = Path(f"{path}.lock")
    try:
        lock = open(name, "ab", opener=privately)  # noqa: SIM115 - closed below; Path has no opener
    except OSError as error:
        raise unwritable(name, error) from None
    with lock:
        wait_for(lock)
        yield


def privately(name: str, flags: int) -> int:
    """Open a file, which only its owner may read if it is new. A link is refused, and a pipe is not waited for."""
    return os.open(name, flags | NO_SURPRISES, 0o600)


if sys.platform == "win32":

    def wait_for(lock: BinaryIO) -> None:
        """Lock an open file."""
        import msvcrt

        msvcrt.locking(lock.fileno(), msvcrt.LK_LOCK, 1)
else:

    def wait_for(lock: BinaryIO) -> None:
        """Lock an open file."""
        import fcntl

        fcntl.flock(lock, fcntl.LOCK_EX)


def replace(path: Path, content: bytes) -> None:
    """Put a new file in the place of the old one. From its first byte only its owner can read it."""
    new = ""
    try:
        for left in path.parent.glob(f"{UNFINISHED}*"):  # by a process that was killed
            left.unlink()
        descriptor, new = tempfile.mkstemp(prefix=UNFINISHED, dir=path.parent)
        with open(descriptor, "wb") as file:  # noqa: PTH123 - a descriptor, not a path
            file.write(content)
            file.flush()
            os.fsync(descriptor)
            keep_owner(descriptor, path)
        Path(new).replace(path)
        bring_to_disk(path.parent)
    except OSError as error:
        if new:
            Path(new).unlink(missing_ok=True)
        raise unwritable(path, error) from None


def keep_owner(descriptor: int, path: Path) -> None:
    """Give the new file to the owner of the old one, who may have let root change it, as with sudo."""
    if os.name != "nt" and path.exists():
        facts = path.stat()
        if facts.st_uid != os.geteuid():
            os.fchown(descriptor, facts.st_uid, facts.st_gid)


def bring_to_disk(folder: Path) -> None:
    """Make a new name in a folder survive a power cut. Windows and some network disks refuse.

    By then the change is made, so a refusal here does not matter.
    """
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def unwritable(path: Path, error: Exception) -> OutputError:
    """Return the error about a change that could not be written."""
    return OutputError(
        f"the profiles in {path} can't be written: {reason(error)}. Nothing was changed.",
        f"{FOLDER_VARIABLE} can name another folder.",
    )
