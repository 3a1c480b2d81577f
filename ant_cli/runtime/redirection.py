"""Stderr, redirected for a while: held back behind a full screen, or written in a thread."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from ant_cli.runtime.background_writer import BackgroundWriter
from ant_cli.runtime.streams import Stderr

_PATIENCE_AT_END_S = 1.0
"""How long the end of a program waits for a reader of stderr who reads nothing."""


@contextmanager
def held_back(stderr: Stderr) -> Iterator[None]:
    """Hold back what is written to stderr while the body of the `with` shows a full screen.

    Meanwhile stderr is not a terminal. All of it is written at the end.
    """
    held = io.BytesIO()
    file = stderr.redirect(held)
    try:
        yield
    finally:
        stderr.redirect(file)
        stderr.write(held.getvalue().decode())


@contextmanager
def written_in_background(stderr: Stderr, note_left_out: Callable[[int], str]) -> Iterator[None]:
    """Write stderr in a thread, so that nothing waits for a reader who does not read.

    At the end, the rest is written. If nobody reads it in time, nothing is written any more. `note_left_out`
    returns the line that says how many texts were left out meanwhile.
    """
    stderr.background = BackgroundWriter(stderr.write_safe, note_left_out)
    try:
        yield
    finally:
        if not stderr.background.close(_PATIENCE_AT_END_S):
            stderr.redirect(None)
        stderr.background = None
