"""A shell in a pseudo-terminal: tests type and press keys, and read the line and the screen."""

from __future__ import annotations

import os
import pty
import re
import select
import signal
import subprocess
import sys
import termios
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

PATIENCE_S = 60.0
TAB = "\t"
SHOW_LINE = "\x07"
"""Control-G: the shell's setup must bind it to a function that prints the line between « and »."""
CLEAR_LINE = "\x15"
"""Control-U."""
OWN_TERMINAL = 'exec <"$0" >"$0" 2>&1; exec "$@"'
"""The first terminal that a session leader opens becomes its own, which job control needs."""

assert sys.platform != "win32"  # mypy then knows that there are terminals


class Terminal:
    """An interactive shell."""

    def __init__(self, command: Sequence[str], setup: str, folder: Path, environ: Mapping[str, str]) -> None:
        self._master, slave = pty.openpty()
        termios.tcsetwinsize(slave, (50, 160))
        words = ["sh", "-c", OWN_TERMINAL, os.ttyname(slave), *command]
        self._process = subprocess.Popen(words, cwd=folder, env=environ, start_new_session=True)
        self._seen = b""
        os.write(self._master, (setup.strip() + "\necho sta''rted\n").encode())
        self._wait_for("started")
        os.close(slave)

    def complete(self, typed: str, key: str = TAB) -> str:
        """Type something, press a key, and return the resulting line."""
        self._seen = b""
        os.write(self._master, (typed + key + SHOW_LINE).encode())
        line = self._wait_for("«(.*?)»")
        os.write(self._master, CLEAR_LINE.encode())
        return line[1]

    def screen(self) -> str:
        """Return the output since the typing began, without escape sequences."""
        return re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]|[\r\x07]", "", self._seen.decode("utf-8", "replace"))

    def close(self) -> None:
        """End the shell."""
        self._process.send_signal(signal.SIGHUP)
        os.close(self._master)
        self._process.wait()

    def _wait_for(self, pattern: str) -> re.Match[str]:
        deadline = time.monotonic() + PATIENCE_S
        while (found := re.search(pattern, self._seen.decode("utf-8", "replace"), re.DOTALL)) is None:
            ready, _, _ = select.select([self._master], [], [], deadline - time.monotonic())
            assert ready, f"{pattern!r} did not come; the screen is {self._seen!r}"
            self._seen += os.read(self._master, 65536)
        return found
