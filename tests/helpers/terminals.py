"""Programs in a pseudo-terminal: tests send keys as bytes, and check what the screen or the line shows."""

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
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.helpers.processes import ANT
from tests.helpers.servers import Reply, ScriptedServer

assert sys.platform != "win32"  # mypy then knows that there are terminals

PATIENCE_S = 60.0
ESCAPES = re.compile(r"\x1b\[[0-9;?<>=$]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[78=>]")
OWN_TERMINAL = 'exec <"$0" >"$0" 2>&1; exec "$@"'
"""The first terminal that a session leader opens becomes its own, which job control needs."""
TAB = "\t"
SHOW_LINE = "\x07"
"""Control-G: the shell's setup must bind it to a function that prints the line between « and »."""
CLEAR_LINE = "\x15"
"""Control-U."""
FULL_SCREEN_ON, FULL_SCREEN_OFF = b"\x1b[?1049h", b"\x1b[?1049l"


class Session:
    """A program in a pseudo-terminal of its own."""

    def __init__(
        self,
        command: Sequence[str],
        environ: Mapping[str, str],
        folder: Path | None = None,
        size: tuple[int, int] = (24, 80),
    ) -> None:
        self._ours, theirs = pty.openpty()
        termios.tcsetwinsize(theirs, size)
        self._theirs = theirs
        self.mode = termios.tcgetattr(theirs)
        self._seen = b""
        self.process = subprocess.Popen(
            ["sh", "-c", OWN_TERMINAL, os.ttyname(theirs), *command],
            env={"TERM": "xterm-256color", **environ},
            cwd=folder,
            start_new_session=True,
        )

    def type(self, keys: str) -> None:
        """Send all these keys at once. Earlier output is ignored from then on."""
        self._seen = b""
        os.write(self._ours, keys.encode())

    def wait_for(self, text: str) -> None:
        """Read until the string is on the screen."""
        self._read_until(lambda: text in self.screen, text)

    @property
    def screen(self) -> str:
        """The output since the last keys, without escape sequences."""
        return ESCAPES.sub("", self._seen.decode("utf-8", "replace"))

    def has_sent(self, control: bytes) -> bool:
        """Whether a control sequence was sent since the last keys."""
        return control in self._seen

    @property
    def sent(self) -> str:
        """All output since the last keys."""
        return self._seen.decode("utf-8", "replace")

    def resize(self, lines: int, columns: int) -> None:
        """Change the size of the window."""
        termios.tcsetwinsize(self._theirs, (lines, columns))

    def wait_for_stop(self) -> None:
        """Wait until the process is stopped, and the screen belongs to the shell."""
        self._read_until(lambda: FULL_SCREEN_OFF in self._seen, "the end of the full screen")
        _, status = os.waitpid(self.process.pid, os.WUNTRACED)
        assert os.WIFSTOPPED(status)
        assert termios.tcgetattr(self._theirs) == self.mode
        self._seen = b""

    def end(self) -> tuple[int, str]:
        """Wait for the end of the run, and return its exit status and its output after the full screen."""
        self._read_until(
            lambda: self.process.poll() is not None and not self._is_readable(0), "the end"
        )
        assert termios.tcgetattr(self._theirs) == self.mode, "the terminal is not as it was"
        before, _, after = self._seen.rpartition(FULL_SCREEN_OFF)
        assert before or FULL_SCREEN_ON not in self._seen
        return self.process.returncode, ESCAPES.sub("", after.decode()).replace("\r\n", "\n")

    def hang_up(self) -> None:
        """Close the window."""
        for descriptor in (self._ours, self._theirs):
            os.close(descriptor)
        self._ours = self._theirs = -1

    def close(self) -> None:
        """End the process and close the terminal."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        if self._ours >= 0:
            self.hang_up()

    def _read_until(self, is_done: Callable[[], bool], what: str) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while not is_done():
            assert time.monotonic() < deadline, (
                f"{what!r} did not come; the screen is {self.screen!r}"
            )
            if self._is_readable(0.02):
                self._seen += os.read(self._ours, 65536)

    def _is_readable(self, seconds: float) -> bool:
        return bool(select.select([self._ours], [], [], seconds)[0])


class Terminal(Session):
    """An interactive shell."""

    def __init__(
        self, command: Sequence[str], setup: str, folder: Path, environ: Mapping[str, str]
    ) -> None:
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


@pytest.fixture
def in_terminal(clean_environ: dict[str, str]) -> Iterator[Callable[..., Session]]:
    """Run a command with a scripted server in a terminal, and wait for a text on the screen."""
    with ExitStack() as opened:

        def start(
            *replies: bytes | Reply,
            words: tuple[str, ...],
            until: str,
            program: tuple[str, ...] = ANT,
        ) -> Session:
            server = opened.enter_context(ScriptedServer(*replies))
            options = ("--max-retries", "0", "--base-url", server.url)
            session = Session((*program, *words, *options), clean_environ)
            opened.callback(session.close)
            session.wait_for(until)
            return session

        yield start


@pytest.fixture
def time_zone() -> Iterator[Callable[[str], None]]:
    """Return a function that sets the local time zone for the rest of the test."""

    def use(name: str) -> None:
        patch.setenv("TZ", name)
        time.tzset()

    with pytest.MonkeyPatch.context() as patch:
        yield use
    time.tzset()


@pytest.fixture
def utc(time_zone: Callable[[str], None]) -> None:
    """Make the local time zone that of the expected screens and lines."""
    time_zone("UTC")
