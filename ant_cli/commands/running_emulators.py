"""The current user's running emulators on this machine. Each has a file that it keeps locked while it runs."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, BinaryIO, NamedTuple

from ant_cli.errors import os_error_text
from ant_cli.runtime import Runtime
from ant_cli.runtime.trusted_files import FileRule, open_trusted, read_to_limit
from ant_cli.settings.local_emulator import state_folder

try:
    import fcntl
except ImportError:  # Windows, where the ID of the process has to be enough
    fcntl = None  # type: ignore[assignment] # there is no other way to say so

_OWN = FileRule(10_000)


class RunningEmulator(NamedTuple):
    """A served emulator."""

    base_url: str
    pid: int
    has_key: bool
    database: str

    @property
    def port(self) -> str:
        """The port at which it listens."""
        return self.base_url.rpartition(":")[2]


@contextmanager
def registered(runtime: Runtime, emulator: RunningEmulator) -> Iterator[None]:
    """Keep the file of an emulator. If it can't be written, a note says so, and the emulator is served anyway."""
    path = registry_folder(runtime) / f"{emulator.pid}.json"
    try:
        make_registry_folder(runtime)
        file = _written(path, emulator)
    except OSError as error:
        runtime.stderr.say(f"Note: `ant emulator env` won't find this emulator; {path}: {os_error_text(error)}.")
        yield
        return
    with file:
        try:
            yield
        finally:
            with suppress(OSError):
                path.unlink()


def find_running(runtime: Runtime) -> list[RunningEmulator]:
    """Return the running emulators, sorted by port. The files of killed ones are removed."""
    emulators = [_read(path) for path in sorted(registry_folder(runtime).glob("*.json"))]
    return sorted(filter(None, emulators), key=lambda emulator: int(emulator.port))


def registry_folder(runtime: Runtime) -> Path:
    """Return the folder with a file for each emulator."""
    return state_folder(runtime.environ) / "emulators"


def make_registry_folder(runtime: Runtime) -> None:
    """Create that folder, for the current user only. Raises OSError if that fails."""
    folder = registry_folder(runtime)
    for each in (folder.parent, folder):
        each.mkdir(mode=0o700, parents=True, exist_ok=True)


def _written(path: Path, emulator: RunningEmulator) -> IO[str]:
    """Write the file of an emulator, and return the open file. It holds the lock until it is closed."""
    temporary = path.with_suffix(".new")
    file = os.fdopen(os.open(temporary, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "w")
    if fcntl is not None:
        fcntl.flock(file, fcntl.LOCK_EX)
    json.dump(emulator._asdict(), file)
    file.flush()
    temporary.replace(path)
    return file


def _read(path: Path) -> RunningEmulator | None:
    """Return the emulator of a file; None if it is no longer running."""
    try:
        with open_trusted(str(path), _OWN) as file:
            emulator = RunningEmulator(**json.loads(read_to_limit(file, _OWN)))
            int(emulator.port)
            if _runs(file, emulator.pid):
                return emulator
    except (OSError, TypeError, ValueError):
        return None
    with suppress(OSError):
        path.unlink()
    return None


def _runs(file: BinaryIO, pid: int) -> bool:
    if fcntl is None:
        return isinstance(pid, int)
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    return False
