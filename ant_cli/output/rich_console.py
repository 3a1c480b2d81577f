"""A rich console that writes to one of this program's streams."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import IO, cast

from rich.console import Console


def terminal_console(write: Callable[[str], None], *, colour: bool) -> Console:
    """Return a console for a terminal. It passes its output to `write`, and does not change the given text."""
    return Console(
        file=cast("IO[str]", _TextSink(write)),
        force_terminal=True,
        color_system="standard" if colour else None,
        highlight=False,
        markup=False,
        emoji=False,
        legacy_windows=False,
    )


class _TextSink(io.TextIOBase):
    def __init__(self, write: Callable[[str], None]) -> None:
        self._write = write

    def write(self, text: str) -> int:
        self._write(text)
        return len(text)
