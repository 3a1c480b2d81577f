"""The current user's running emulators on this machine. Each has a file that it keeps locked while it runs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from ant_cli.errors import os_error_text
from ant_cli.runtime import Runtime
from ant_cli.runtime.storage import is_locked, locked
from ant_cli.runtime.trusted_files import FileRule, open_trusted, read_to_limit
from ant_cli.settings.local_emulator import state_folder

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
    path = registry_folder(runtime) / str(emulator.pid)
    with ExitStack() as stack:
        try:
            make_registry_folder(runtime)
            file = stack.enter_context(locked(path))
            stack.callback(file.truncate, 0)  # an empty file is removed with its lock
            file.truncate(0)  # a killed process may have had this ID
            file.write(json.dumps(emulator._asdict()).encode())
            file.flush()
        except OSError as error:
            why = os_error_text(error)
            runtime.stderr.say(f"Note: `ant emulator env` won't find this emulator; {path}: {why}.")
        yield


def find_running(runtime: Runtime) -> list[RunningEmulator]:
    """Return the running emulators, sorted by port. The files of killed ones are removed."""
    emulators = [_read(path) for path in sorted(registry_folder(runtime).glob("*.lock"))]
    return sorted(filter(None, emulators), key=lambda emulator: int(emulator.port))


def registry_folder(runtime: Runtime) -> Path:
    """Return the folder with a file for each emulator."""
    return state_folder(runtime.environ) / "emulators"


def make_registry_folder(runtime: Runtime) -> None:
    """Create that folder, for the current user only. Raises OSError if that fails."""
    folder = registry_folder(runtime)
    for each in (folder.parent, folder):
        each.mkdir(mode=0o700, parents=True, exist_ok=True)


def _read(path: Path) -> RunningEmulator | None:
    """Return the emulator of a file; None if it is no longer running."""
    try:
        with open_trusted(str(path), _OWN) as file:
            emulator = RunningEmulator(**json.loads(read_to_limit(file, _OWN)))
            int(emulator.port)
            if is_locked(file):
                return emulator
    except (OSError, RecursionError, TypeError, ValueError):
        return None
    with suppress(OSError):
        path.unlink()
    return None
