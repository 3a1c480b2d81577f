"""The files that flags and settings name to be written: what each may be, and what it may replace.

A path is easily the wrong one: a device, the lock file, a file that somebody has written. So each flag is a row
here, and `check_destination` decides. It is called before anything is sent, and again right before a file is
replaced.
"""

import os
import re
import stat
from pathlib import Path
from typing import Literal, NamedTuple

from ant_cli.errors import UsageError, os_error_text
from ant_cli.runtime.trusted_files import NOTHING_FORBIDDEN, FileRule, open_trusted

_BEGINNING = 1_000
"""How many bytes at the beginning of a file show what it is."""
_WRITABLE = 0o222
_ANY_FILE = FileRule(_BEGINNING, NOTHING_FORBIDDEN, owner="anyone", may_be_link=True)
_STANDARD_STREAMS = (1, 2)
"""The descriptors of stdout and stderr."""


class WrittenFile(NamedTuple):
    """A flag or a setting that names a file to be written."""

    name: str
    what: str
    """What is written, for messages."""
    commands: str
    """The commands that have it, for a reader of this table."""
    existing: Literal["replaced", "appended to", "read first"]
    """What becomes of a file that exists. One that is read first is rejected if it is anything else."""
    may_replace: str
    """What may be replaced, for people."""
    own: re.Pattern[bytes] | None = None
    """How a file begins that may be replaced. An empty one always may."""
    may_be_stream: bool = False
    """Whether it may be a device or a pipe."""


SAVED_PLAN = WrittenFile(
    "--save-plan",
    "the plan",
    "apply --dry-run",
    "replaced",
    "an earlier plan",
    re.compile(rb'\{\s*"version":\s*\d+,\s*"paths":'),
    may_be_stream=True,
)
LOCK_FILE = WrittenFile(
    "--lock-file", "the lock file", "apply, export", "read first", "a lock file"
)
EXPORTED = WrittenFile(
    "--directory",
    "the environment",
    "export",
    "replaced",
    "any file, with --force",
    re.compile(b""),
)
EMULATOR_LOG = WrittenFile(
    "--log-file",
    "the log",
    "emulator start, emulator exec",
    "appended to",
    "an earlier log of the emulator, when it is full",
    re.compile(rb"\d{4}-\d\d-\d\dT|Note: |ant: |The emulator "),
    may_be_stream=True,
)
DATABASE = WrittenFile(
    "--database or --base-url local:PATH",
    "the emulator's data",
    "emulator start",
    "read first",
    "data of the emulator",
)
PROFILES = WrittenFile(
    "ANTHROPIC_CONFIG_DIR",
    "the profiles",
    "profile, auth login",
    "read first",
    "profiles",
)
"""Decided in `settings/profiles.py`, which has stricter rules: who owns the file, and who could replace it."""
WRITTEN_FILES = (SAVED_PLAN, LOCK_FILE, EXPORTED, EMULATOR_LOG, DATABASE, PROFILES)


class Destination(NamedTuple):
    """Where something is written."""

    path: str
    """The path of the file after all links; that of a stream as it was given."""
    state: Literal["new", "file", "stream"]
    """Whether it does not exist yet, is a regular file, or is a device or a pipe."""
    descriptor: int | None = None
    """The standard stream that it is, even if that is redirected to a file."""


def check_destination(path: str, row: WrittenFile) -> Destination:
    """Return where to write.

    Raises:
        UsageError: if the path is of something that may not be written or replaced.

    """
    try:
        facts = Path(path).stat()
    except FileNotFoundError:
        return Destination(os.path.realpath(path), "new")
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        raise _rejected(path, row, os_error_text(error)) from None
    if row.may_be_stream and _is_stream(facts.st_mode):
        return Destination(path, "stream", _standard_stream(facts))
    if not stat.S_ISREG(facts.st_mode):
        raise _rejected(path, row, f"it is {_kind_of(facts.st_mode)}")
    descriptor = _standard_stream(facts)
    if row.may_be_stream and descriptor is not None:
        return Destination(path, "stream", descriptor)
    _check_file(path, facts, row)
    return Destination(os.path.realpath(path), "file")


def _check_file(path: str, facts: os.stat_result, row: WrittenFile) -> None:
    if _is_read_only(path, facts.st_mode):
        raise _rejected(path, row, "it is read-only")
    if row.existing == "replaced" and not is_own(path, row):
        raise _rejected(path, row, f"it exists, and is not {row.may_replace}")


def _is_read_only(path: str, mode: int) -> bool:
    """Whether a file must not be changed. Root could, but its mode says that nobody should."""
    return mode & _WRITABLE == 0 or not os.access(path, os.W_OK)


def is_own(path: str, row: WrittenFile) -> bool:
    """Whether a file is empty, or begins as those that may be replaced. Raises UsageError if it can't be read."""
    try:
        with open_trusted(path, _ANY_FILE) as file:
            beginning = file.read(_BEGINNING)
    except OSError as error:
        raise _rejected(path, row, os_error_text(error)) from None
    if not beginning:
        return True
    return row.own is not None and row.own.match(beginning) is not None


def write_stream(destination: Destination, data: bytes) -> None:
    """Write to a device or a pipe. Raises OSError if that fails, such as when its reader has left."""
    with open(open_stream(destination), "wb") as file:
        file.write(data)


def open_stream(destination: Destination) -> int:
    """Open a device or a pipe, and return its descriptor. A standard stream goes on where it is."""
    if destination.descriptor is not None:
        return os.dup(destination.descriptor)
    return os.open(destination.path, os.O_WRONLY | getattr(os, "O_NOCTTY", 0))


def _standard_stream(facts: os.stat_result) -> int | None:
    for descriptor in _STANDARD_STREAMS:
        try:
            if os.path.samestat(facts, os.fstat(descriptor)):
                return descriptor
        except OSError:  # it is closed
            continue
    return None


def _is_stream(mode: int) -> bool:
    """Whether it takes a stream of bytes. A disk is a device, too, but has files on it."""
    return stat.S_ISCHR(mode) or stat.S_ISFIFO(mode)


def _kind_of(mode: int) -> str:
    if stat.S_ISDIR(mode):
        return "a folder"
    if stat.S_ISFIFO(mode):
        return "a pipe"
    return "a socket" if stat.S_ISSOCK(mode) else "a device"


def _rejected(path: str, row: WrittenFile, why: str) -> UsageError:
    problem = f"{row.what} can't be written to {path}: {why}."
    return UsageError(problem, f"Name another place: {row.name}")
