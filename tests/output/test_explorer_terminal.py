"""The explorer in a real pseudo-terminal: keys go in as bytes, and what is left behind is looked at."""

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
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from ant_cli.runtime.extras import install_command
from tests.completion.terminal import OWN_TERMINAL
from tests.hostile.scripted_server import Act, Reply, ScriptedServer, error, response
from tests.processes import coverage_env

PATIENCE_S = 20.0
LIST = ("beta:environments", "list")
RETRIEVE = ("beta:environments", "retrieve", "env_2")
ESCAPES = re.compile(r"\x1b\[[0-9;?<>=$]*[ -/]*[@-~]|\x1b\][^\x07]*\x07|\x1b[78=>]")
FULL_SCREEN_ON, FULL_SCREEN_OFF = b"\x1b[?1049h", b"\x1b[?1049l"
PROD = {"id": "env_1", "name": "prod-eu"}
TEST = {"id": "env_2", "name": "test"}
CHOSEN = '{\n  "id": "env_2",\n  "name": "test"\n}\n'
ANT = (sys.executable, "-m", "ant_cli")
WITHOUT_TEXTUAL = (
    sys.executable,
    "-c",
    "import sys; sys.modules['textual'] = None; from ant_cli.__main__ import entry_point; entry_point()",
)


def page(items: list[Any], following: str | None = None) -> bytes:
    return response({"data": items, "next_page": following})


class Session:
    """A run of `ant` in a pseudo-terminal of 80 by 24."""

    def __init__(self, command: tuple[str, ...], environ: dict[str, str]) -> None:
        self._ours, theirs = pty.openpty()
        termios.tcsetwinsize(theirs, (24, 80))
        self._theirs = theirs
        self.mode = termios.tcgetattr(theirs)
        self._seen = b""
        self.process = subprocess.Popen(
            ["sh", "-c", OWN_TERMINAL, os.ttyname(theirs), *command],
            env={"TERM": "xterm-256color", **coverage_env(), **environ},
            start_new_session=True,
        )

    def type(self, keys: str) -> None:
        """Send all these keys at once; what was seen before counts no more."""
        self._seen = b""
        os.write(self._ours, keys.encode())

    def wait_for(self, text: str) -> None:
        """Read until a text is on the screen."""
        self._read_until(lambda: text in self.screen, text)

    @property
    def screen(self) -> str:
        """What was shown since the last keys, without escape sequences."""
        return ESCAPES.sub("", self._seen.decode("utf-8", "replace"))

    def has_sent(self, control: bytes) -> bool:
        """Whether a control sequence was sent since the last keys."""
        return control in self._seen

    def resize(self, lines: int, columns: int) -> None:
        """Change the size of the window."""
        termios.tcsetwinsize(self._theirs, (lines, columns))

    def wait_for_stop(self) -> None:
        """Wait until the process is stopped, and the screen is the shell's."""
        self._read_until(lambda: FULL_SCREEN_OFF in self._seen, "the end of the full screen")
        _, status = os.waitpid(self.process.pid, os.WUNTRACED)
        assert os.WIFSTOPPED(status)
        assert termios.tcgetattr(self._theirs) == self.mode
        self._seen = b""

    def end(self) -> tuple[int, str]:
        """Wait for the end of the run, and return its exit status and what it left below the full screen."""
        self._read_until(lambda: self.process.poll() is not None and not self._is_readable(0), "the end")
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
        """Leave nothing behind."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        if self._ours >= 0:
            self.hang_up()

    def _read_until(self, is_done: Callable[[], bool], what: str) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while not is_done():
            assert time.monotonic() < deadline, f"{what!r} did not come; the screen is {self.screen!r}"
            if self._is_readable(0.02):
                self._seen += os.read(self._ours, 65536)

    def _is_readable(self, seconds: float) -> bool:
        return bool(select.select([self._ours], [], [], seconds)[0])


Explore = Callable[..., Session]


@pytest.fixture
def explore(clean_environ: dict[str, str]) -> Iterator[Explore]:
    """Open the explorer on what a loopback server answers, and wait for its first screen."""
    with ExitStack() as opened:

        def start(
            *replies: bytes | Reply,
            words: tuple[str, ...] = LIST,
            until: str = "q quit",
            program: tuple[str, ...] = ANT,
        ) -> Session:
            server = opened.enter_context(ScriptedServer(*replies))
            options = ("--format", "explore", "--max-retries", "0", "--base-url", server.url)
            session = Session((*program, *words, *options), clean_environ)
            opened.callback(session.close)
            session.wait_for(until)
            return session

        yield start


def test_a_search_and_keys_after_it_may_arrive_in_one_burst(explore: Explore):
    """Keys after / are the search text, and keys after Enter move the cursor."""
    session = explore(page([TEST, PROD, TEST]))
    session.type("/prod\r")
    session.wait_for("item 2 of 3")
    session.type("j/pq\r?qq")
    assert session.end() == (0, "")


def test_a_bracketed_paste_is_text_in_the_prompt_and_ignored_elsewhere(explore: Explore):
    """Terminals send bracketed pastes to programs that request them."""
    session = explore(page([TEST, PROD, TEST]))
    session.type("\x1b[200~jq\x1b[201~/\x1b[200~prod\x1b[201~\r")
    session.wait_for("item 2 of 3")
    session.type("q")
    assert session.end() == (0, "")


@pytest.mark.parametrize(
    ("keys", "printed"), [("jp", '{\n  "id": "env_2",\n  "name": "test"\n}\n'), ("jljP", "id\n")]
)
def test_a_chosen_value_is_printed_below_the_shell_prompt(explore: Explore, keys, printed):
    """Nothing else of the screen is left."""
    session = explore(page([PROD, TEST]))
    session.type(keys)
    assert session.end() == (0, printed)


def test_copied_text_is_sent_to_the_terminal_by_osc_52(explore: Explore):
    """This works through ssh, too."""
    session = explore(page([PROD, TEST]))
    session.type("jY")
    session.wait_for("copied: @this")
    assert session.has_sent(b"\x1b]52;c;QHRoaXM=\x07")
    session.type("q")
    assert session.end() == (0, "")


def test_quitting_does_not_wait_for_a_page(explore: Explore):
    """The server stalls."""
    session = explore(page([PROD, TEST], "page_2"), (Act.STALL,))
    session.type("j")
    session.wait_for("item 2 of 2+")
    session.type("q")
    assert session.end() == (0, "")


def test_an_error_of_a_later_page_is_shown_and_printed_after_quitting(explore: Explore):
    """The error is on the screen, and below the shell prompt; it sets the exit code."""
    session = explore(page([PROD, TEST], "page_2"), error("500 Oops"), until="500 Oops")
    session.type("q")
    session.wait_for("the list is incomplete")
    session.type("q")
    status, left = session.end()
    assert (status, "(500 " in left, "Traceback" in left) == (7, True, False)


@pytest.mark.parametrize(
    ("how", "number"),
    [("\x03", signal.SIGINT), (signal.SIGINT, signal.SIGINT), (signal.SIGTERM, signal.SIGTERM)],
    ids=["key", "INT", "TERM"],
)
def test_interrupts_end_the_explorer_and_restore_the_terminal(explore: Explore, how, number):
    """The interrupt is a key or a signal, which may arrive while a page is fetched."""
    session = explore(page([PROD, TEST], "page_2"), (Act.STALL,))
    if isinstance(how, str):
        session.type(how)
    else:
        session.process.send_signal(how)
    assert session.end() == (-number, "")


def test_ctrl_z_suspends_the_explorer_and_fg_restores_the_screen(explore: Explore):
    """In between, the shell has the terminal."""
    session = explore(page([PROD, TEST]))
    session.type("j")
    session.wait_for("item 2 of 2")
    session.type("\x1a")
    session.wait_for_stop()
    session.process.send_signal(signal.SIGCONT)
    session.wait_for("item 2 of 2")
    session.type("q")
    assert session.end() == (0, "")


def test_the_explorer_ends_when_its_terminal_is_closed(explore: Explore):
    """This holds under nohup, too, where no signal could end it any more."""
    session = explore(page([PROD, TEST]), program=("sh", "-c", "trap '' HUP; exec \"$@\"", "sh", *ANT))
    session.hang_up()
    assert session.process.wait(PATIENCE_S) == -signal.SIGHUP


@pytest.mark.parametrize("size", [(1, 1), (2, 12), (4, 20)])
def test_the_explorer_survives_a_window_of_any_size(explore: Explore, size):
    """When there is room again, the screen is complete."""
    session = explore(page([PROD, TEST]))
    session.resize(*size)
    session.type("jl/prod\r?qfx\rvv")
    session.resize(24, 80)
    session.wait_for('nothing · "x" in 0')
    session.type("q")
    assert session.end() == (0, "")


def test_without_textual_the_explorer_names_what_to_install(explore: Explore):
    """The package is optional; the response is printed anyway."""
    session = explore(response(TEST), words=RETRIEVE, program=WITHOUT_TEXTUAL, until="Note")
    status, shown = session.end()
    note = f"Note: the format explore needs textual ({install_command('explore')}); pretty is used instead.\n"
    assert (status, shown) == (0, note + "id    env_2\nname  test\n")
