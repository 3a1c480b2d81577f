"""Read files that somebody else may have made, linked or changed: secrets, settings, and those of a repository.

Every such file is opened here, so that no caller can forget a check. It never waits for a pipe without a writer,
never reads a device, and never reads beyond a limit. Further conditions are in the `FileRule` of a file. The open
file is checked, not its path, so that nobody can replace it after the check.
"""

import errno
import os
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Literal, NamedTuple

from ant_cli.errors.command_line import quote

_NO_WAIT = getattr(os, "O_NONBLOCK", 0)
_NO_LINK = getattr(os, "O_NOFOLLOW", 0)
FOREIGN = "it belongs to another user"
NOTHING_FORBIDDEN, OTHERS_WRITE, OTHERS_READ = 0, 0o022, 0o077
"""Permissions that other users must not have on a file."""
_GROUP, _READ = 0o070, 0o044
"""The permissions of the group, and those to read of others."""


class FileRule(NamedTuple):
    """What must hold for a file to be used."""

    limit: int
    """The most bytes that it may have."""
    forbidden: int = OTHERS_WRITE
    owner: Literal["anyone", "user or root"] = "user or root"
    """Root may use the files of every user, as with sudo."""
    own_group: bool = False
    """Whether the owner's own group may have them: with umask 002, git makes files that it can change."""
    safe_folders: bool = False
    """Whether other users must not be able to replace it: see `check_folders`."""
    own_place: bool = False
    """Whether it must not come with a project: see `check_place`."""
    may_be_link: bool = False
    may_be_pipe: bool = False
    """Whether it may be a pipe, such as that of `<(command)`, whose writer is then waited for."""
    endings: tuple[str, ...] = ()
    """The endings that its name may have if it is read below a folder."""


class UntrustedFile(OSError):
    """A file is not used because of what it is, or who can access it."""

    def __init__(self, why: str, hint: str = "") -> None:
        """`hint` says what to do about it."""
        super().__init__(errno.EPERM, why)
        self.hint = hint


def read_trusted(path: str, rule: FileRule, below: str = "") -> bytes:
    """Read a file. Raises OSError if it can't be read, UntrustedFile if it must not be used."""
    with open_trusted(path, rule, below) as file:
        return read_to_limit(file, rule)


@contextmanager
def open_trusted(path: str, rule: FileRule, below: str = "") -> Iterator[BinaryIO]:
    """Open a file for reading; with `below`, only if it is in that folder after all links.

    Raises:
        OSError: if it can't be opened; UntrustedFile if it must not be used.

    """
    if not rule.may_be_link and os.path.islink(path):
        raise UntrustedFile("it is a symbolic link", "Put the file itself there.")
    extra = (0 if rule.may_be_link else _NO_LINK) | (0 if rule.may_be_pipe else _NO_WAIT)

    def opener(name: str, flags: int) -> int:
        return (
            _open_below(name, below, flags | extra, rule) if below else os.open(name, flags | extra)
        )

    try:
        file = open(path, "rb", opener=opener)  # noqa: SIM115 - closed below
    except ValueError as error:  # a NUL in the name
        raise UntrustedFile(str(error)) from None
    with file:
        _check(os.fstat(file.fileno()), path, rule)
        yield file


def read_to_limit(file: BinaryIO, rule: FileRule) -> bytes:
    """Read an open file to its end. Raises UntrustedFile if it is too large."""
    data = file.read(rule.limit + 1)
    if len(data) > rule.limit:
        megabytes = rule.limit // 1_000_000
        raise UntrustedFile(
            f"it is larger than {f'{megabytes} MB' if megabytes else f'{rule.limit:,} bytes'}"
        )
    return data


def real_path_below(path: str, folder: str) -> str:
    """Return a path relative to a folder, after following all links.

    Raises:
        UntrustedFile: if it leads out of the folder, or if a link leads to something hidden, such as the files in
            `.git`, where CI jobs keep a token.

    """
    real, folder = os.path.realpath(path), os.path.realpath(folder)
    relative = path_below(real, folder)
    if relative is None:
        raise UntrustedFile(f"it is outside {folder}")
    steps = relative.split(os.sep)
    # In the volumes that Kubernetes mounts, files are links to folders whose names begin with two dots.
    is_hidden = any(
        name.startswith(".") and not name.startswith("..") and name != "." for name in steps
    )
    if real != os.path.abspath(path) and is_hidden:
        raise UntrustedFile("it is a link to a hidden file or folder")
    return relative


def path_below(path: str, folder: str) -> str | None:
    """Return a path relative to a folder that it is in; None if it is elsewhere. Links are not followed.

    Folders are compared, not only their names: on macOS and Windows, each way to write a name is the same folder.
    """
    try:
        relative = os.path.relpath(path, folder)
    except ValueError:  # on another drive of Windows
        return None
    if relative.split(os.sep)[0] != os.pardir:
        return relative
    steps = list[str]()
    here = os.path.abspath(path)
    while not is_same_file(here, folder):
        above, step = os.path.split(here)
        if above == here:
            return None
        steps.insert(0, step)
        here = above
    return os.path.join(*steps) if steps else os.curdir


def is_same_file(one: str, other: str) -> bool:
    """Whether two paths lead to the same folder, or file, whatever they are called. Links are not followed."""
    try:
        return os.path.samestat(os.lstat(one), os.lstat(other))
    except OSError:  # one does not exist
        return False


def _open_below(path: str, folder: str, flags: int, rule: FileRule) -> int:
    """Open a file in a folder. No link is followed after the check, so nobody can add one in between."""
    relative = real_path_below(path, folder)
    *steps, name = relative.split(os.sep)
    if not name.lower().endswith(rule.endings or ("",)):
        raise UntrustedFile(
            f"it is a link to a file whose name does not end in {' or '.join(rule.endings)}"
        )
    if sys.platform == "win32":  # has no `dir_fd`
        return os.open(os.path.join(os.path.realpath(folder), relative), flags)
    descriptor = os.open(os.path.realpath(folder), os.O_RDONLY | os.O_DIRECTORY)
    try:
        for step in steps:
            inner = os.open(step, os.O_RDONLY | os.O_DIRECTORY | _NO_LINK, dir_fd=descriptor)
            os.close(descriptor)
            descriptor = inner
        return os.open(name, flags | _NO_LINK, dir_fd=descriptor)
    finally:
        os.close(descriptor)


def _check(facts: os.stat_result, path: str, rule: FileRule) -> None:
    if not _is_readable_kind(facts.st_mode, rule):
        raise UntrustedFile("it is a pipe or a device, not a file")
    if rule.owner != "anyone" and is_foreign(facts):
        raise UntrustedFile(FOREIGN, f"If it should be yours: sudo chown $(id -u) {quote(path)}")
    if others_may(facts, _forbidden(facts, rule)):
        raise _too_open(facts, path, rule)
    if rule.own_place:
        check_place(path)
    if rule.safe_folders:
        check_folders(path)


def _is_readable_kind(mode: int, rule: FileRule) -> bool:
    if stat.S_ISREG(mode):
        return True
    return rule.may_be_pipe and stat.S_ISFIFO(mode)


def _forbidden(facts: os.stat_result, rule: FileRule) -> int:
    """Return the permissions that nobody else must have on a file."""
    if rule.own_group and _is_alone_in_group(facts):
        return rule.forbidden & ~_GROUP
    return rule.forbidden


def _too_open(facts: os.stat_result, path: str, rule: FileRule) -> UntrustedFile:
    mode = stat.S_IMODE(facts.st_mode)
    can = "read" if rule.forbidden & _READ else "change"
    problem = f"other users can {can} it (mode {mode:04o})"
    hint = f"To change that: chmod {mode & ~rule.forbidden:o} {quote(path)}"
    return UntrustedFile(problem, hint)


def check_place(path: str) -> None:
    """Raise UntrustedFile if a file is in the current repository, or if its path is relative to the working folder.

    The file, and a variable that names it, may have come with that repository. A home folder that is itself in a
    repository does not count.
    """
    if not os.path.isabs(path):
        raise UntrustedFile(
            "its path is relative to the working folder", "Name its folder by an absolute path."
        )
    try:
        here = Path.cwd()
    except FileNotFoundError:  # the working folder was deleted
        return
    real, home = (os.path.realpath(each) for each in (path, os.path.expanduser("~")))
    for folder in (here, *here.parents):
        if not os.path.lexists(folder / ".git"):
            continue
        if path_below(real, str(folder)) is not None and path_below(home, str(folder)) is None:
            problem = f"it is in the repository {folder}, and may have come with it"
            raise UntrustedFile(problem, "Move its folder out of the repository.")


def check_folders(path: str) -> None:
    """Raise UntrustedFile if other users could replace a file, by renaming it or a folder on the way to it.

    As in ssh, the folders above the home folder don't count. In a sticky folder, such as /tmp, only the owner of
    a file can rename it.
    """
    if sys.platform == "win32":
        return
    home = os.path.realpath(os.path.expanduser("~"))
    for step in {os.path.abspath(path), os.path.realpath(path)}:
        while step != home and (folder := os.path.dirname(step)) != step:
            _check_folder(folder)
            step = folder


def _check_folder(folder: str) -> None:
    facts = os.stat(folder)
    if is_foreign(facts):
        raise UntrustedFile(f"its folder {folder} belongs to another user")
    mode = stat.S_IMODE(facts.st_mode)
    bits = mode & OTHERS_WRITE
    if bits == 0o020 and _is_alone_in_group(facts):
        return
    if bits and not mode & stat.S_ISVTX:
        problem = f"other users can replace it, because they can change {folder} (mode {mode:04o})"
        raise UntrustedFile(problem, f"To change that: chmod {mode & ~bits:o} {quote(folder)}")


def _is_alone_in_group(facts: os.stat_result) -> bool:
    """Whether a file's group is the owner's own, as Linux gives one to each user, and has no other members."""
    if sys.platform == "win32":
        return False
    import grp
    import pwd

    try:
        group, owner = grp.getgrgid(facts.st_gid), pwd.getpwuid(facts.st_uid)
    except KeyError:  # the group or the owner has no name
        return False
    return group.gr_name == owner.pw_name and set(group.gr_mem) <= {owner.pw_name}


def is_foreign(facts: os.stat_result, *, even_to_root: bool = False) -> bool:
    """Whether a file belongs to neither this user nor root. Root may use any file, as with sudo.

    On Windows, no file is foreign, because the access list of its folder decides.
    """
    if sys.platform == "win32" or (os.geteuid() == 0 and not even_to_root):
        return False
    return facts.st_uid not in (0, os.geteuid())


def others_may(facts: os.stat_result, permissions: int) -> bool:
    """Whether other users have one of these permissions, such as 0o022 to write. For Windows, see `is_foreign`."""
    return sys.platform != "win32" and bool(facts.st_mode & permissions)
