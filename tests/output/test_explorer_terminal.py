"""The explorer in a real pseudo-terminal: keys go in as bytes, and what is left behind is looked at."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import pytest

from tests.hostile.scripted_server import Reply, ScriptedServer, answer
from tests.processes import measured

PATIENCE_S = 20.0
LIST = ("beta:environments", "list")
ESCAPES = re.compile(r"\x1b\[[0-9;?<>=$]*[ -/]*[@-~]|\x1b\][^\x07]*\x07|\x1b[78=>]")
FULL_SCREEN_ON, FULL_SCREEN_OFF = b"\x1b[?1049h", b"\x1b[?1049l"
PROD = {"id": "env_1", "name": "prod-eu"}
TEST = {"id": "env_2", "name": "test"}


def names(count: int, start: int = 0) -> list[Any]:
    return [{"name": f"n{number}"} for number in range(start, start + count)]


def page(items: list[Any], following: str | None = None) -> bytes:
    return answer({"data": items, "next_page": following})


class Session:
    """A run of `ant` in a pseudo-terminal of 80 by 24."""

    def __init__(self, words: tuple[str, ...], environ: dict[str, str]) -> None:
        self._ours, theirs = pty.openpty()
        termios.tcsetwinsize(theirs, (24, 80))
        self._theirs = theirs
        self.mode = termios.tcgetattr(theirs)
        self._seen = b""
        self.process = subprocess.Popen(
            [sys.executable, "-m", "ant_cli", *words],
            env={"TERM": "xterm-256color", **measured(), **environ},
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
        )

    def type(self, keys: str) -> None:
        """Send all these keys at once; what was seen before counts no more."""
        self._seen = b""
        os.write(self._ours, keys.encode())

    def wait_for(self, text: str) -> None:
        """Read until a text is on the screen."""
        deadline = time.monotonic() + PATIENCE_S
        while text not in self.screen:
            ready, _, _ = select.select([self._ours], [], [], max(0.0, deadline - time.monotonic()))
            assert ready, f"{text!r} did not come; the screen is {self.screen!r}"
            self._read()

    @property
    def screen(self) -> str:
        """What was shown since the last keys, without escape sequences."""
        return ESCAPES.sub("", self._seen.decode("utf-8", "replace"))

    def end(self) -> tuple[int, str]:
        """Wait for the end of the run, and return its exit status and what it left below the full screen."""
        deadline = time.monotonic() + PATIENCE_S
        while self.process.poll() is None or select.select([self._ours], [], [], 0)[0]:
            assert time.monotonic() < deadline, f"it does not end; the screen is {self.screen!r}"
            if select.select([self._ours], [], [], 0.02)[0]:
                self._read()
        assert termios.tcgetattr(self._theirs) == self.mode, "the terminal is not as it was"
        _, left, after = self._seen.rpartition(FULL_SCREEN_OFF)
        assert left or FULL_SCREEN_ON not in self._seen
        return self.process.returncode, ESCAPES.sub("", after.decode()).replace("\r\n", "\n")

    def close(self) -> None:
        """Leave nothing behind."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        for descriptor in (self._ours, self._theirs):
            os.close(descriptor)

    def _read(self) -> None:
        with suppress(OSError):
            self._seen += os.read(self._ours, 65536)


Explore = Callable[..., Session]


@pytest.fixture
def explore(clean_environ: dict[str, str]) -> Iterator[Explore]:
    """Open the explorer on what a loopback server answers, and wait for its first screen."""
    opened: list[Session] = []
    servers: list[ScriptedServer] = []

    def start(*replies: bytes | Reply, words: tuple[str, ...] = LIST, until: str = "q quit") -> Session:
        server = ScriptedServer(*replies)
        server.__enter__()
        servers.append(server)
        words = (*words, "--format", "explore", "--max-retries", "0", "--base-url", server.url)
        session = Session(words, clean_environ)
        opened.append(session)
        session.wait_for(until)
        return session

    yield start
    for session in opened:
        session.close()
    for server in servers:
        server.__exit__(None, None, None)


def test_keys_of_a_search_may_come_all_at_once(explore: Explore):
    """What follows / in one burst is what to search for, and what follows Enter moves again."""
    session = explore(page([TEST, PROD, TEST]))
    session.type("/prod\r")
    session.wait_for("item 2 of 3")
    session.type("j/pq\r?qq")
    assert session.end() == (0, "")


def test_a_paste_is_text_in_the_prompt_and_nothing_elsewhere(explore: Explore):
    """Bracketed, as terminals send it to who asks for that."""
    session = explore(page([TEST, PROD, TEST]))
    session.type("\x1b[200~jq\x1b[201~/\x1b[200~prod\x1b[201~\r")
    session.wait_for("item 2 of 3")
    session.type("q")
    assert session.end() == (0, "")
