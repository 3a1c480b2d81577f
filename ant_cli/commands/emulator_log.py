"""The logs of served emulators: on stderr, or in a file of limited size."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from threading import Lock

from ant_cli.errors import UsageError, os_error_text
from ant_cli.runtime import Runtime
from ant_cli.runtime.sanitize import escape_controls
from ant_cli.runtime.written_files import (
    EMULATOR_LOG,
    Destination,
    check_destination,
    is_own,
    open_stream,
)

Say = Callable[[str], None]
"""Writes a line for people."""
_MOST_BYTES = 10_000_000
_KEPT_LOGS = 10
"""How many logs of emulators in the background are kept."""
_READABLE = 0o644


@contextmanager
def log_to(path: str, runtime: Runtime) -> Iterator[Say]:
    """Yield a function that writes a line to a file, which keeps its newest 10 MB; without a path, to stderr.

    Raises:
        UsageError: if the file can't be written.

    """
    if not path:
        yield runtime.say
        return
    destination = check_destination(path, EMULATOR_LOG)
    try:
        log = _LogFile(destination, runtime)
    except OSError as error:
        raise UsageError(f"--log-file can't be written: {path}: {os_error_text(error)}.") from None
    with closing(log):
        yield log.write_line


class _LogFile:
    """An open log. It is rotated only if it is a file of its own, and a device or a pipe never is.

    A request must not fail because its line can't be written, so the first failure is a note on stderr, and further
    ones are ignored.
    """

    def __init__(self, destination: Destination, runtime: Runtime) -> None:
        """Open the log. Raises OSError if that fails."""
        self._path = Path(destination.path)
        self._runtime = runtime
        self._lock = Lock()
        self._has_failed = False
        if destination.state == "stream":
            self._rotates = False
            self._descriptor = open_stream(destination)
        else:
            self._rotates = destination.state == "new" or is_own(destination.path, EMULATOR_LOG)
            self._descriptor = self._open()
        self._size = os.fstat(self._descriptor).st_size

    def write_line(self, line: str) -> None:
        """Add a line, with secrets redacted and control characters escaped."""
        data = (escape_controls(self._runtime.redactor.redact(line)) + "\n").encode()
        with self._lock:
            if self._rotates and self._size + len(data) > _MOST_BYTES // 2:
                self._rotate()
            try:
                self._size += os.write(self._descriptor, data)
            except OSError as error:
                self._note(f"the log can't be written to {self._path}: {os_error_text(error)}")

    def close(self) -> None:
        """Close the file."""
        with suppress(OSError):  # a full network disk may only say so now
            os.close(self._descriptor)

    def _open(self) -> int:
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | getattr(os, "O_NOFOLLOW", 0)
        return os.open(self._path, flags, _READABLE)

    def _rotate(self) -> None:
        """Begin a new file. One that can't be renamed grows on: it may be mounted into a container by itself."""
        older = self._path.with_name(self._path.name + ".1")
        try:
            if older.exists() and not is_own(str(older), EMULATOR_LOG):
                raise FileExistsError(errno.EEXIST, f"{older} is not a log")
            self._path.replace(older)
            descriptor = self._open()
        except OSError as error:
            self._rotates = False
            self._note(f"the log {self._path} can't be rotated: {os_error_text(error)}")
            return
        os.close(self._descriptor)
        self._descriptor, self._size = descriptor, 0

    def _note(self, problem: str) -> None:
        if not self._has_failed:
            self._has_failed = True
            self._runtime.say(f"Note: {problem}.")


def remove_old_logs(folder: Path) -> None:
    """Remove the logs of emulators in the background, except the newest, whose names are the highest."""
    for old in sorted(folder.glob("*.log"))[: -_KEPT_LOGS + 1]:
        old.unlink()
        old.with_name(old.name + ".1").unlink(missing_ok=True)
