"""A shell in a pseudo-terminal: tests type and press keys, and read the line and the screen."""

from __future__ import annotations

import re
import signal
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.helpers.terminals import Session

TAB = "\t"
SHOW_LINE = "\x07"
"""Control-G: the shell's setup must bind it to a function that prints the line between « and »."""
CLEAR_LINE = "\x15"
"""Control-U."""


class Terminal(Session):
    """An interactive shell."""

    def __init__(self, command: Sequence[str], setup: str, folder: Path, environ: Mapping[str, str]) -> None:
        super().__init__(command, environ, folder, size=(50, 160))
        self.type(setup.strip() + "\necho sta''rted\n")
        self.wait_for("started")

    def complete(self, typed: str, key: str = TAB) -> str:
        """Type something, press a key, and return the resulting line."""
        self.type(CLEAR_LINE + typed + key + SHOW_LINE)
        self.wait_for("»")
        line = re.search("«(.*?)»", self.screen, re.DOTALL)
        assert line
        return line[1]

    def close(self) -> None:
        """End the shell as the end of its terminal does."""
        self.process.send_signal(signal.SIGHUP)
        super().close()
