"""How results look on stdout: the size of the screen, and whether there is colour.

Only the basic ANSI colours are used: every theme, light or dark, makes its own readable.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import NamedTuple

from ant_cli.runtime import Runtime
from ant_cli.runtime.streams import Stderr, Stdout

CODES = {"bold": 1, "dim": 2, "red": 31, "green": 32, "yellow": 33, "blue": 34, "magenta": 35, "cyan": 36}
"""The number of each style in an escape sequence."""
STATES = {"queued": "yellow", "starting": "cyan", "active": "green", "stopping": "magenta", "stopped": "dim"}
"""The colours of a work item's states."""
UNLIMITED = 1_000_000
"""The width and height of a pipe."""
FORCING = ("FORCE_COLOR", "CLICOLOR_FORCE")
"""Variables that ask for colour even in a pipe."""


class Look(NamedTuple):
    """How results are shown."""

    width: int
    height: int
    colour: bool
    now: float
    """The time that relative times count from, in seconds since 1970."""
    is_terminal: bool = True

    def paint(self, text: str, style: str) -> str:
        """Return a text in a style; unchanged if the style is empty or there is no colour."""
        return f"\x1b[{CODES[style]}m{text}\x1b[0m" if text and style and self.colour else text


def look_of(runtime: Runtime) -> Look | None:
    """Return the look of stdout; None if it is plain, as in a pipe without FORCE_COLOR."""
    import time

    is_terminal = runtime.stdout.is_terminal
    colour = shows_colour(runtime.environ, is_terminal=is_terminal)
    if not is_terminal and not colour:
        return None
    now = (runtime.now or time.time)()
    width, height = size_of(runtime.stdout, runtime.environ)
    return Look(width, height, colour, now, is_terminal)


def is_forced(environ: Mapping[str, str]) -> bool:
    """Whether colour is wanted even in a pipe."""
    return any(environ.get(name, "") not in ("", "0", "false") for name in FORCING)


def shows_colour(environ: Mapping[str, str], *, is_terminal: bool) -> bool:
    """Whether to use colour: NO_COLOR wins, then FORCE_COLOR, then CLICOLOR and what stdout is."""
    if environ.get("NO_COLOR"):
        return False
    if is_forced(environ):
        return True
    return is_terminal and environ.get("CLICOLOR") != "0" and environ.get("TERM") != "dumb"


def size_of(stream: Stdout | Stderr, environ: Mapping[str, str]) -> tuple[int, int]:
    """Return the columns and lines of a stream's screen; COLUMNS and LINES win over what the terminal says."""
    try:
        columns, lines = os.get_terminal_size(stream.descriptor)
    except (OSError, ValueError):
        columns, lines = (80, 24) if stream.is_terminal else (UNLIMITED, UNLIMITED)
    return _number(environ.get("COLUMNS")) or columns or 80, _number(environ.get("LINES")) or lines or 24


def _number(word: str | None) -> int:
    return int(word) if word and word.isascii() and word.isdigit() and len(word) < 7 else 0
