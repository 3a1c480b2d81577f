"""The logs of served emulators: on stderr, or in a file of limited size."""

from __future__ import annotations

import logging.handlers
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from ant_cli.errors import UsageError, os_error_text
from ant_cli.runtime import Runtime
from ant_cli.runtime.sanitize import escape_controls

Say = Callable[[str], None]
"""Writes a line for people."""
_MOST_BYTES = 10_000_000
_KEPT_LOGS = 10
"""How many logs of emulators in the background are kept."""


@contextmanager
def log_to(path: str, runtime: Runtime) -> Iterator[Say]:
    """Yield a function that writes a line to a file, which keeps its newest 10 MB; without a path, to stderr.

    Raises:
        UsageError: if the file can't be written.

    """
    if not path:
        yield runtime.say
        return
    try:
        file = logging.handlers.RotatingFileHandler(path, maxBytes=_MOST_BYTES // 2, backupCount=1)
    except OSError as error:
        raise UsageError(f"--log-file can't be written: {path}: {os_error_text(error)}.") from None

    def log(line: str) -> None:
        file.handle(logging.makeLogRecord({"msg": escape_controls(runtime.redactor.redact(line))}))

    with closing(file):
        yield log


def remove_old_logs(folder: Path) -> None:
    """Remove the logs of emulators in the background, except the newest, whose names are the highest."""
    for old in sorted(folder.glob("*.log"))[: -_KEPT_LOGS + 1]:
        old.unlink()
        old.with_name(old.name + ".1").unlink(missing_ok=True)
