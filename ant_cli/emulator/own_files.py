"""Whether the files of the emulator are still those that run: an upgrade replaces them below a served one.

What it imports later would then be of another version, and fail in odd ways.
"""

from __future__ import annotations

from pathlib import Path

_FOLDER = Path(__file__).parent
REPLACED = (
    "The files of this emulator were replaced while it was running, such as by an upgrade, so it stops. "
    "Start it again."
)

Facts = frozenset[tuple[str, int, int]]
"""The name, the time and the size of each file."""


def facts_of_files() -> Facts:
    """Return what shows whether a module was replaced; empty in a program without files, such as one in a zip."""
    facts = []
    try:
        for path in _FOLDER.iterdir():
            if path.suffix == ".py":
                found = path.stat()
                facts.append((path.name, found.st_mtime_ns, found.st_size))
    except OSError:  # the folder is gone, or it was never there
        return frozenset()
    return frozenset(facts)


class OwnFiles:
    """The files of the emulator when it was started."""

    def __init__(self) -> None:
        self._at_start = facts_of_files()

    def are_replaced(self) -> bool:
        """Whether a file was replaced since then."""
        return facts_of_files() != self._at_start
