"""Files that several processes change: one writer at a time, and every change is atomic.

A lock of the operating system on a file next to the real one keeps other processes out; the system releases it when
its process is killed. A change is written to a new file and flushed to the disk, and then replaces the old file, so
that a reader finds the old content or the new one.

The library `filelock` takes 35 ms to import.
"""

from __future__ import annotations

import errno
import os
import stat
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from itertools import count
from math import inf
from pathlib import Path
from typing import BinaryIO, NamedTuple

_PRIVATE = 0o600
_PRIVATE_FOLDER = 0o700
_READABLE = 0o644
"""Others can read a new file, unless the umask says otherwise, and never change it."""
_POLL_S = 0.05
_TRIES = 20
_DRAFT_SUFFIX = ".ant-draft"
"""The ending of a new file's name until it replaces the old file."""
_LOCKED_BYTE = 1 << 30
"""On Windows, nobody else can read what is locked, so it is a byte far after the end of the file."""
_NO_SURPRISES = getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOFOLLOW", 0)


class LockTimeout(Exception):
    """Another process held the lock beyond the limit."""


class Patience(NamedTuple):
    """How to wait for a lock that another process holds."""

    note_after_s: float = 0.0
    """When to call `before_waiting`, in seconds."""
    limit_s: float = inf
    """When to give up, in seconds."""
    sleep: Callable[[float], None] = time.sleep


_WAIT_UNTIL_FREE = Patience()


@contextmanager
def locked(
    path: Path,
    before_waiting: Callable[[], None] = lambda: None,
    patience: Patience = _WAIT_UNTIL_FREE,
) -> Iterator[BinaryIO]:
    """Keep other processes from changing a file. Yields the locked file, which is named PATH.lock.

    Data written to it survives a kill, for the next process that gets the lock. It is removed at the end if it is
    empty. `before_waiting` is called once if another process holds the lock.

    Raises:
        OSError: if the file can't be opened, with its name; a link is rejected.
        LockTimeout: if another process keeps the lock beyond the limit.

    """
    name = Path(f"{path}.lock")
    with _open_locked(name, before_waiting, patience) as lock:
        try:
            yield lock
        finally:
            if os.fstat(lock.fileno()).st_size == 0:
                if sys.platform == "win32":  # does not remove a file that is open
                    lock.close()
                with suppress(OSError):  # if this fails, the next process removes it
                    name.unlink()


def append(lock: BinaryIO, data: bytes) -> None:
    """Write to a locked file. A buffer would keep what a full disk can't take, and fail again when it is closed.

    Raises:
        OSError: if not all can be written.

    """
    if os.write(lock.fileno(), data) < len(data):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def _open_locked(name: Path, before_waiting: Callable[[], None], patience: Patience) -> BinaryIO:
    """Open and lock a file that still has this name: another process may have removed it meanwhile."""
    while True:
        with ExitStack() as stack:
            lock = stack.enter_context(open(name, "a+b", opener=_opener(_PRIVATE)))
            _wait_for(lock, before_waiting, patience)
            with suppress(OSError):  # the file was removed, so open another one
                if sys.platform == "win32" or os.path.samestat(
                    os.fstat(lock.fileno()), name.stat()
                ):
                    stack.pop_all()
                    return lock


def _wait_for(lock: BinaryIO, before_waiting: Callable[[], None], patience: Patience) -> None:
    """Poll for a lock, because no system can wait for a lock and a clock at once."""
    for tries in count():
        if take_lock(lock):
            return
        if tries * _POLL_S >= patience.limit_s:
            raise LockTimeout
        if tries == round(patience.note_after_s / _POLL_S):
            before_waiting()
        patience.sleep(_POLL_S)


def _opener(mode: int) -> Callable[[str, int], int]:
    """Return a function for `open`, with the mode of a new file. It rejects links, and never waits for a pipe."""
    return lambda name, flags: os.open(name, flags | _NO_SURPRISES, mode)


if sys.platform == "win32":

    def take_lock(lock: BinaryIO, *, shared: bool = False) -> bool:  # noqa: ARG001 - no lock is shared here
        """Lock an open file. Returns whether that succeeded."""
        import msvcrt

        lock.seek(_LOCKED_BYTE)
        try:
            msvcrt.locking(lock.fileno(), msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True
else:

    def take_lock(lock: BinaryIO, *, shared: bool = False) -> bool:
        """Lock an open file. Returns whether that succeeded."""
        import fcntl

        try:
            fcntl.flock(lock, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


def is_locked(file: BinaryIO) -> bool:
    """Whether another process has locked an open file. Several may ask at the same time."""
    return not take_lock(file, shared=True)


def make_private(folder: Path) -> None:
    """Create a folder, and missing ones above it, for this user only, regardless of the umask.

    Raises:
        OSError: if that fails.

    """
    try:
        folder.mkdir(mode=_PRIVATE_FOLDER, exist_ok=True)
    except FileNotFoundError:
        if folder.parent == folder:
            raise
        make_private(folder.parent)
        folder.mkdir(mode=_PRIVATE_FOLDER, exist_ok=True)  # once: /proc, for example, makes none


class Permissions(NamedTuple):
    """The permissions of a file that is written."""

    of_new: int
    keeps_old: bool
    """Whether a file that exists keeps its own."""


PRIVATE = Permissions(_PRIVATE, keeps_old=False)
PRIVATE_IF_NEW = Permissions(_PRIVATE, keeps_old=True)
SHARED = Permissions(_READABLE, keeps_old=True)


def replace_file(path: Path, content: bytes, permissions: Permissions = PRIVATE) -> None:
    """Replace a file with a new one, atomically. A link is replaced, not followed.

    A private file is private from the beginning. If other processes may replace the file, the caller holds a lock:
    their unfinished new files are removed.

    Raises:
        OSError: if it can't be written, or is a device, a pipe or a folder; the old file is unchanged.

    """
    _check_replaceable(path)
    prefix = f".{path.name}-"
    _remove_drafts(path.parent, prefix)
    draft = path.with_name(f"{prefix}{os.urandom(8).hex()}{_DRAFT_SUFFIX}")
    try:
        with open(draft, "xb", opener=_opener(permissions.of_new)) as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
            _keep_facts(file.fileno(), path, mode=permissions.keeps_old)
        _take_place(draft, path)
        _sync_folder(path.parent)
    except BaseException:  # even at Ctrl-C: the draft may hold a secret
        draft.unlink(missing_ok=True)
        raise


def _check_replaceable(path: Path) -> None:
    """Reject what a rename would destroy, such as /dev/null, which root can replace."""
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        return
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    if not (stat.S_ISREG(mode) or stat.S_ISLNK(mode)):
        raise OSError(errno.EINVAL, "it is a device or a pipe, not a file")


def _take_place(draft: Path, path: Path) -> None:
    """Rename a draft. Windows can't replace a file that a program has open, so retry for a second."""
    for tries_left in reversed(range(_TRIES)):
        try:
            draft.replace(path)
            return
        except PermissionError:
            if sys.platform != "win32" or not tries_left:
                raise
            time.sleep(_POLL_S)


def _remove_drafts(folder: Path, prefix: str) -> None:
    """Remove unfinished changes of killed processes. No other files have such names."""
    for entry in folder.iterdir():
        if entry.name.startswith(prefix) and entry.name.endswith(_DRAFT_SUFFIX):
            with suppress(OSError):  # it is a folder
                entry.unlink()


def _keep_facts(descriptor: int, path: Path, *, mode: bool) -> None:
    """Give the new file the owner of the old one, because root may change another user's file; and its mode."""
    if sys.platform == "win32":  # there, a new file inherits the folder's access list
        return
    try:
        facts = path.lstat()
    except FileNotFoundError:
        return
    if facts.st_uid != os.geteuid():
        os.fchown(descriptor, facts.st_uid, facts.st_gid)
    if mode and stat.S_ISREG(facts.st_mode):
        os.fchmod(descriptor, facts.st_mode & 0o777)


def _sync_folder(folder: Path) -> None:
    """Fsync a directory, so that a rename survives a crash. Windows and some network disks don't support it.

    A failure does not matter, because the change is complete.
    """
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
