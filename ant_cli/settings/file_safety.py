"""Files that hold secrets, or say where to send them: open them safely, and check owner and permissions."""

from __future__ import annotations

import os
import stat

_NO_WAIT = getattr(os, "O_NONBLOCK", 0)
_NO_LINK = getattr(os, "O_NOFOLLOW", 0)
NOT_A_FILE = "it is a pipe or a device, not a file"
FOREIGN = "it belongs to another user"


def open_nonblocking(name: str, flags: int) -> int:
    """Open a file; without O_NONBLOCK, a pipe would wait for a writer before it can be rejected."""
    return os.open(name, flags | _NO_WAIT)


def open_no_link(name: str, flags: int) -> int:
    """Open a file that is not a symbolic link, and never wait for a pipe."""
    return os.open(name, flags | _NO_WAIT | _NO_LINK)


def is_regular(facts: os.stat_result) -> bool:
    """Whether it is a regular file, not a folder, pipe or device."""
    return stat.S_ISREG(facts.st_mode)


def is_foreign(facts: os.stat_result) -> bool:
    """Whether it belongs to neither this user nor root. Root may use any file, as with sudo.

    On Windows, nothing is foreign: there, the access list of the folder decides.
    """
    return os.name != "nt" and os.geteuid() != 0 and facts.st_uid not in (0, os.geteuid())


def others_may(facts: os.stat_result, permissions: int) -> bool:
    """Whether other users have one of these permissions, such as 0o022 to write. For Windows, see `is_foreign`."""
    return os.name != "nt" and bool(facts.st_mode & permissions)
