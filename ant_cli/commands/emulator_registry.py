"""Which emulators this user serves: each has a file on this machine, which it keeps locked while it runs."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import NamedTuple

from ant_cli.errors import AntError, UsageError, os_error_text
from ant_cli.errors.command_line import command_line
from ant_cli.runtime import Runtime
from ant_cli.runtime.storage import append, is_locked, locked, make_private
from ant_cli.runtime.trusted_files import FileRule, open_trusted, read_to_limit
from ant_cli.settings.local_emulator import state_folder

ANY_KEY = "sk-ant-emulator"
"""A key for clients that require one, for an emulator that accepts any."""
_OWN = FileRule(10_000)
_LOOK_AGAIN_S = 0.05


class RunningEmulator(NamedTuple):
    """A served emulator."""

    base_url: str
    pid: int
    has_key: bool
    database: str
    identity: str = ""
    """Makes its process ID unique: containers may share a home folder, and each has its own process IDs.

    Empty for one of 0.3.0 and before, and on systems without namespaces.
    """

    @property
    def port(self) -> str:
        """The port at which it listens."""
        return self.base_url.rpartition(":")[2]


def registry_folder(runtime: Runtime) -> Path:
    """Return the folder with a file for each emulator. It is for the current user only."""
    return state_folder(runtime.environ) / "emulators"


def register(emulator: RunningEmulator, stack: ExitStack, runtime: Runtime) -> None:
    """Keep the file of an emulator until the stack is closed. If it can't be written, a note says so."""
    try:
        folder = registry_folder(runtime)
        # The process ID is not enough: another container may have a process with the same ID, and so hold the lock.
        path = folder / f"{emulator.pid}-{os.urandom(4).hex()}"
        make_private(folder)
        file = stack.enter_context(locked(path))
        stack.callback(file.truncate, 0)  # an empty file is removed with its lock
        append(file, json.dumps(emulator._asdict()).encode())
    except (OSError, UsageError) as error:  # the emulator works without the file
        why = f"{path}: {os_error_text(error)}." if isinstance(error, OSError) else str(error)
        runtime.say(f"Note: `{command_line('emulator env')}` won't find this emulator; {why}")


def find_running(runtime: Runtime) -> list[RunningEmulator]:
    """Return the running emulators, sorted by port. The files of killed ones are removed."""
    return sorted(_read_all(registry_folder(runtime)), key=lambda emulator: int(emulator.port))


def wait_for_some(runtime: Runtime, port: str = "", wait_s: float = 0) -> list[RunningEmulator]:
    """Return the running emulators, or only the one at the port; wait for one to start. AntError without one."""
    deadline = time.monotonic() + wait_s
    while True:
        found = [each for each in find_running(runtime) if port in ("", each.port)]
        if found:
            return found
        if time.monotonic() >= deadline:
            place = f" at port {port}" if port else ""
            raise AntError(
                f"no emulator is running{place}.", f"Start one: {command_line('emulator start')}"
            )
        time.sleep(_LOOK_AGAIN_S)


def wait_for_one(runtime: Runtime, port: str = "", wait_s: float = 0) -> RunningEmulator:
    """Return the only running emulator, or the one at the port; wait for it to start.

    Raises:
        AntError: if no such emulator runs.
        UsageError: if there are several.

    """
    found = wait_for_some(runtime, port, wait_s)
    if len(found) > 1:
        listed = ", ".join(f"--port {emulator.port}" for emulator in found)
        raise UsageError(f"{len(found)} emulators are running.", f"Name one of them: {listed}")
    return found[0]


def wait_for_end(emulators: set[RunningEmulator], runtime: Runtime, most_s: float) -> None:
    """Wait until none of these runs any more. AntError if one still does after that time."""
    deadline = time.monotonic() + most_s
    while emulators & set(find_running(runtime)):
        if time.monotonic() > deadline:
            raise AntError(
                f"the emulator still runs {most_s:.0f} seconds after it was asked to stop."
            )
        time.sleep(_LOOK_AGAIN_S)


def _read_all(folder: Path) -> Iterator[RunningEmulator]:
    for path in folder.glob("*.lock"):
        emulator = _read(path)
        if emulator is not None:
            yield emulator


def _read(path: Path) -> RunningEmulator | None:
    """Return the emulator of a file; None if it is no longer running."""
    try:
        with open_trusted(str(path), _OWN) as file:
            emulator = RunningEmulator(**json.loads(read_to_limit(file, _OWN)))
            int(emulator.port)
            if is_locked(file):
                return emulator
    # the file is gone, or not from an emulator
    except (OSError, RecursionError, TypeError, ValueError):
        return None
    with suppress(OSError):  # another command may be removing the file, too
        path.unlink()
    return None
