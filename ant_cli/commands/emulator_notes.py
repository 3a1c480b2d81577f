"""Notes: which emulators this user's machine serves. Each keeps a note, locked as long as it runs."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, NamedTuple

from ant_cli.runtime import Runtime
from ant_cli.runtime.streams import os_error_text
from ant_cli.settings.local_emulator import state_folder

try:
    import fcntl
except ImportError:  # Windows, where the process's ID has to do
    fcntl = None  # type: ignore[assignment] # there is no other way to say so


class Note(NamedTuple):
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
def kept(runtime: Runtime, note: Note) -> Iterator[None]:
    """Keep a note of an emulator. Where nothing can be written, say so; the emulator is served nevertheless."""
    path = notes_folder(runtime) / f"{note.pid}.json"
    try:
        make_folder(runtime)
        file = _written(path, note)
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


def running(runtime: Runtime) -> list[Note]:
    """Return the emulators that run, in order of their ports. Notes of those that were killed are removed."""
    found = [_live(path) for path in sorted(notes_folder(runtime).glob("*.json"))]
    return sorted((note for note in found if note is not None), key=lambda note: int(note.port))


def notes_folder(runtime: Runtime) -> Path:
    """Return the folder of the notes."""
    return state_folder(runtime.environ) / "emulators"


def make_folder(runtime: Runtime) -> Path:
    """Make the folder of the notes, for its user alone. OSError if that can't be done."""
    folder = notes_folder(runtime)
    for each in (folder.parent, folder):
        each.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def _written(path: Path, note: Note) -> IO[str]:
    """Write a note and return its file, which holds the lock until it is closed."""
    temporary = path.with_suffix(".new")
    file = os.fdopen(os.open(temporary, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "w")
    if fcntl is not None:
        fcntl.flock(file, fcntl.LOCK_EX)
    json.dump(note._asdict(), file)
    file.flush()
    temporary.replace(path)
    return file


def _live(path: Path) -> Note | None:
    """Return a note that is true."""
    try:
        with path.open() as file:
            note = Note(**json.load(file))
            int(note.port)
            if _runs(file, note.pid):
                return note
    except (OSError, TypeError, ValueError):
        return None
    with suppress(OSError):
        path.unlink()
    return None


def _runs(file: IO[str], pid: int) -> bool:
    if fcntl is None:
        return isinstance(pid, int)
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    return False
