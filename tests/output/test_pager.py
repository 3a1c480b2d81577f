"""The pager: output that is longer than the screen is sent to another program."""

from __future__ import annotations

import http.server
import io
import json
import os
import pty
import select
import shlex
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import httpx
import pytest

from ant_cli.main import main
from ant_cli.output.pager import Pager, PagerClosed, command_of, lines_of, watch_for_exit
from ant_cli.output.terminal import Style
from tests.conftest import Screen, make_runtime
from tests.hostile.scripted_server import ScriptedServer, response
from tests.processes import coverage_env
from tests.scripted_socket import transport_to

STYLE = Style(width=80, height=10, colour=False, clock=lambda: 0.0)
LONG = b"row\n" * 10
COPY = "import sys; sys.stdout.buffer.write(b'paged\\n' + sys.stdin.buffer.read())"
LEAVE = "import sys; sys.stdin.close()"


def pager(script):
    return shlex.join([sys.executable, "-c", script])


@pytest.fixture
def terminal(tmp_path, clean_environ):
    """A screen that is a file. Returns an object that creates a pager for it, and reads what was shown."""

    class Terminal:
        def __init__(self):
            self.said = Screen(terminal=True)
            self.file = (tmp_path / "screen").open("w+b")
            self.started = []

        def paged(self, *, has_header=False, **environ):
            process = make_runtime({**clean_environ, **environ}, None, self.file, self.said, now=lambda: 0.0)
            return Pager(process, STYLE, lambda: self.started.append(True), has_header=has_header)

        def shown(self):
            return (tmp_path / "screen").read_bytes()

    made = Terminal()
    yield made
    made.file.close()


def test_output_that_fits_the_screen_is_not_paged(terminal):
    """It is printed when it is complete."""
    with terminal.paged(PAGER=pager(COPY)) as write:
        write(b"row\n" * 9)
        assert terminal.shown() == b""
    assert terminal.shown() == b"row\n" * 9
    assert not terminal.started


def test_longer_output_is_paged_page_by_page(terminal):
    """Rows that were held back come first, and later rows follow."""
    with terminal.paged(PAGER=pager(COPY)) as write:
        write(LONG[:-4])
        write(b"row\n")
        write(b"more\n")
    assert terminal.shown() == b"paged\n" + LONG + b"more\n"
    assert terminal.started == [True]


def test_ant_pager_has_precedence_over_pager(terminal):
    with terminal.paged(ANT_PAGER=pager(COPY), PAGER="false") as write:
        write(LONG)
    assert terminal.shown() == b"paged\n" + LONG


@pytest.mark.parametrize("environ", [{"PAGER": ""}, {"PAGER": "cat"}, {"ANT_PAGER": " ", "PAGER": "less"}])
def test_an_empty_variable_disables_the_pager(terminal, environ):
    """Then rows are printed as they arrive."""
    with terminal.paged(**environ) as write:
        write(b"row\n")
        assert terminal.shown() == b"row\n"
        write(LONG)
    assert terminal.shown() == b"row\n" + LONG


def test_quitting_the_pager_ends_the_output(terminal):
    """The command ends successfully after a BrokenPipeError, so no further page is fetched."""

    def write_on():
        with terminal.paged(PAGER=pager(LEAVE)) as write:
            while True:
                write(LONG)

    with pytest.raises(BrokenPipeError):
        write_on()


def test_an_error_is_printed_after_the_rows_before_it(terminal):
    """No received row is lost."""

    def fail():
        with terminal.paged(PAGER=pager(COPY)) as write:
            write(b"row\n")
            raise ValueError("page 2")

    with pytest.raises(ValueError, match="page 2"):
        fail()
    assert terminal.shown() == b"row\n"


def test_a_pager_that_does_not_exist_is_reported(terminal):
    """The list is printed anyway."""
    with terminal.paged(PAGER="no-such-pager -x") as write:
        write(LONG)
    assert terminal.shown() == LONG
    assert "the pager 'no-such-pager' from PAGER was not found" in terminal.said.text()


def test_without_a_pager_that_can_start_the_output_is_printed(terminal, tmp_path):
    """An executable file is not always a program."""
    broken = tmp_path / "broken"
    broken.write_bytes(b"\x00")
    broken.chmod(0o755)
    with terminal.paged(PAGER=str(broken)) as write:
        write(LONG)
    assert terminal.shown() == LONG


def await_failure(paged):
    """Wait as if for a page, while a signal reports the end of the pager."""
    while not paged._has_failed():
        signal.sigtimedwait([], 0.01)


FAIL = "import sys; sys.exit(2)"
FAIL_AFTER_READING = "import sys; sys.stdin.read(); sys.exit(2)"


@pytest.mark.parametrize("script", [FAIL, FAIL_AFTER_READING])
def test_a_list_is_printed_without_a_pager_that_fails_at_once(terminal, script):
    """`less` does so if it does not know a flag. Nothing of the list is lost or printed twice."""
    pages = [b"%d\n" % number * 500 for number in range(40)]
    with terminal.paged(PAGER=pager(script)) as write:
        for page in pages:
            write(page)
    assert terminal.shown() == b"".join(pages)
    assert terminal.said.text() == f"Note: the pager failed with exit status 2: {pager(script)}\n"


def test_the_wait_for_a_page_continues_after_the_pager_has_failed(terminal):
    """The failure is no reason to end the list."""

    def pages():
        yield LONG
        await_failure(paged)
        yield b"more\n"

    paged = terminal.paged(PAGER=pager(FAIL))
    paged.show(pages())
    assert terminal.shown() == LONG + b"more\n"


def test_output_is_kept_for_a_pager_that_fails_while_the_next_page_is_late(terminal, monkeypatch):
    """The pager's input is kept until it is printed."""

    def pages():
        yield LONG
        await_failure(paged)
        monkeypatch.setattr("ant_cli.output.pager._FAILS_WITHIN_S", 0.0)
        yield b"more\n"

    paged = terminal.paged(PAGER=pager(FAIL))
    paged.show(pages())
    assert terminal.shown() == LONG + b"more\n"


def test_a_list_is_not_printed_again_after_a_pager_that_fails_late(terminal, monkeypatch):
    """The user has read it already."""
    monkeypatch.setattr("ant_cli.output.pager._FAILS_WITHIN_S", 0.0)
    with terminal.paged(PAGER=pager(COPY + "; sys.exit(2)")) as write:
        write(LONG)
    assert terminal.shown() == b"paged\n" + LONG
    assert terminal.said.text() == ""


@pytest.mark.parametrize(
    ("name", "version", "header"),
    [
        ("less", "less 668 (GNU regular expressions)", "--header=1"),
        ("less", "less 590 (GNU regular expressions)", ""),
        ("less", "BusyBox v1.36", ""),
        ("more", "less 668", ""),
    ],
)
def test_the_titles_of_a_table_stay_on_the_screen_if_less_supports_it(terminal, tmp_path, name, version, header):
    """Version 600 was the first with that flag. Earlier versions would fail."""
    less = tmp_path / name
    less.write_text(f'#!/bin/sh\nif [ "$1" = --version ]; then echo "{version}"; exit; fi\necho "flags: $*"; cat\n')
    less.chmod(0o755)
    with terminal.paged(has_header=True, PAGER=f"{less} -R") as write:
        write(LONG)
    assert terminal.shown().decode().splitlines()[0] == f"flags: -R {header}".rstrip()
    with terminal.paged(PAGER=f"{less} -R") as write:
        write(LONG)
    assert terminal.shown().decode().count("--header") == (1 if header else 0)


def test_the_default_pager_is_less_if_it_is_installed(tmp_path):
    """It ends by itself if everything fits, keeps colours, and does not clear the screen."""
    less = tmp_path / "less"
    less.write_text("#!/bin/sh\n")
    less.chmod(0o755)
    assert command_of({"PATH": str(tmp_path)}, pytest.fail) == [str(less), "-FRX"]
    assert command_of({"PATH": str(tmp_path), "TERM": "dumb"}, pytest.fail) == []
    assert command_of({"PATH": os.devnull}, pytest.fail) == []


def test_a_pager_with_an_open_quote_is_ignored():
    """It can't be split into words."""
    said = []
    assert command_of({"PAGER": "less '"}, said.append) == []
    assert len(said) == 1


def test_a_long_line_is_measured_as_several_lines_of_the_screen():
    """The screen wraps it."""
    assert lines_of(b"", 80) == 0
    assert lines_of(b"a\n" * 3, 80) == 3
    assert lines_of(b"a" * 200 + b"\n", 80) == 3
    assert [lines_of("日本\n".encode(), width) for width in (4, 3)] == [1, 2]
    assert lines_of(b"\x1b[1mab\x1b[0m  \x1b[38;5;1mcd\x1b[0m\n" * 3, 6) == 3
    assert [lines_of(b"a" * length + b"\n", 80) for length in (80, 81, 160, 161)] == [1, 2, 2, 3]


def test_pages_after_quitting_the_pager_are_not_fetched(tmp_path, clean_environ):
    """The command then ends successfully."""
    requests = []

    def respond(request):
        requests.append(request)
        rows = [{"id": f"env_{len(requests)}_{number}", "name": "n" * 40} for number in range(20)]
        content = json.dumps({"data": rows, "next_page": str(len(requests)) if len(requests) < 300 else None})
        return httpx.Response(200, content=content)

    class Terminal(io.FileIO):
        def isatty(self):
            return True

    environ = {**clean_environ, "PAGER": pager(LEAVE)}
    with Terminal(tmp_path / "screen", "w") as screen, Path(os.devnull).open("rb") as nothing:
        process = make_runtime(environ, nothing, screen, Screen(terminal=True), transport=transport_to(respond))
        assert main(["beta:environments", "list"], process) == 0
    assert 2 <= len(requests) < 300


def test_a_list_goes_through_the_pager(ant):
    """This test has no real terminal for a pager, so the rows are printed directly."""
    pages = [{"data": [{"id": str(n)} for n in range(40)], "next_page": None}]
    result = ant(
        "beta:environments", "list", replies=pages, terminal=True, env={"PAGER": pager(COPY), "LINES": "10"}
    )
    assert (result.exit, len(result.stdout.splitlines())) == (0, 41)


# Quitting the pager while a page is being fetched

PATIENCE_S = 20.0
QUIT_ON_KEY = """
import os
print("shown:", os.read(0, 4).decode(), flush=True)
os.read(2, 1)  # a key, from the terminal
print("left", flush=True)
"""
"""A pager that shows the beginning, and quits when a key is pressed."""


QUIT_ON_KEY_AFTER_CTRL_C = """
import os, signal, sys
signal.signal(signal.SIGINT, lambda *_: os.write(1, b"interrupted"))  # print() can't interrupt itself
sys.stdin.buffer.read()
os.write(1, b"read all")
os.read(2, 1)  # a key, from the terminal
os.write(1, b"left")
"""
"""A pager that reads all its input and, like less, ignores Ctrl-C."""


class SlowServer(http.server.ThreadingHTTPServer):
    """Sends the first page of a list at once, and the second one only when it is released."""

    daemon_threads = True

    def __init__(self, *, busy=False):
        super().__init__(("127.0.0.1", 0), SlowAnswers)
        self.busy = busy
        """It has the client come again later."""
        self.asked = threading.Event()
        """The second page was asked for."""
        self.release = threading.Event()

    def __enter__(self):
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        return self

    def handle_error(self, *_):
        """Print nothing: the test makes the client leave."""

    def __exit__(self, *_):
        self.release.set()
        self.shutdown()
        self.server_close()


class SlowAnswers(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        rows = [{"id": f"env_{number}", "name": "n" * 40} for number in range(40)]
        status = 200
        if "page=" in self.path:
            self.server.asked.set()
            status = 503 if self.server.busy else 200
            if not self.server.busy:
                self.server.release.wait(PATIENCE_S)
        content = json.dumps({"data": rows, "next_page": "2"}).encode()
        self.send_response(status)
        self.send_header("content-length", str(len(content)))
        self.send_header("retry-after", "50")
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_):
        pass


class OnTerminal:
    """`ant` as a process on its own terminal. A context manager."""

    def __init__(self, words, environ):
        self._master, slave = pty.openpty()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "ant_cli", *words],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env=environ,
            process_group=0,  # like a shell, whose Ctrl-C reaches the group
        )
        os.close(slave)
        self.screen = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        os.close(self._master)

    def press(self, key):
        os.write(self._master, key.encode())

    def wait_for(self, text):
        deadline = time.monotonic() + PATIENCE_S
        while text.encode() not in self.screen:
            ready, _, _ = select.select([self._master], [], [], max(0.0, deadline - time.monotonic()))
            assert ready, f"{text!r} did not come; the screen is {self.screen!r}"
            self.screen += os.read(self._master, 65536)


@pytest.mark.parametrize("busy", [False, True], ids=["a slow answer", "a wait before another attempt"])
def test_quitting_the_pager_ends_the_wait_for_a_page(clean_environ, busy):
    """The command ends at once and successfully, without a message, although the server has not responded."""
    environ = {**clean_environ, **coverage_env(), "TERM": "xterm", "LINES": "10", "ANT_PAGER": pager(QUIT_ON_KEY)}
    with SlowServer(busy=busy) as server:
        environ["ANTHROPIC_BASE_URL"] = f"http://127.0.0.1:{server.server_port}"
        with OnTerminal(["beta:environments", "list"], environ) as ant:
            ant.wait_for("shown:")
            assert server.asked.wait(PATIENCE_S)
            ant.press("q\n")
            assert ant.process.wait(PATIENCE_S / 2) == 0
            ant.wait_for("left")
    assert ant.screen.split() == [b"shown:", b"\x1b[1m", b"q", b"left"]


def test_ctrl_c_belongs_to_the_pager_while_the_user_reads(clean_environ):
    """The command ends successfully when the pager ends, because it was not interrupted."""
    environ = {**clean_environ, **coverage_env(), "TERM": "xterm", "LINES": "10"}
    environ["ANT_PAGER"] = pager(QUIT_ON_KEY_AFTER_CTRL_C)
    rows = [{"id": f"env_{number}"} for number in range(40)]
    with ScriptedServer(response({"data": rows, "next_page": None})) as server:
        environ["ANTHROPIC_BASE_URL"] = server.url
        with OnTerminal(["beta:environments", "list"], environ) as ant:
            ant.wait_for("read all")
            os.killpg(ant.process.pid, signal.SIGINT)
            ant.wait_for("interrupted")
            ant.press("q\n")
            ant.wait_for("left")
            assert ant.process.wait(PATIENCE_S) == 0


def test_the_end_of_a_pager_interrupts_the_wait_for_a_page(terminal):
    """The page is not awaited, and the previous signal handler is restored."""
    fetched = []

    def pages():
        yield LONG
        threading.Event().wait(PATIENCE_S)
        fetched.append(True)

    before = signal.getsignal(signal.SIGCHLD)
    with pytest.raises(BrokenPipeError):
        terminal.paged(PAGER=pager(LEAVE)).show(pages())
    assert not fetched
    assert signal.getsignal(signal.SIGCHLD) is before


def test_a_pager_that_is_only_stopped_interrupts_nothing():
    """Ctrl-Z stops it, and fg continues it."""
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as program:
        with watch_for_exit(program):
            program.send_signal(signal.SIGSTOP)
            os.waitpid(program.pid, os.WUNTRACED)
            program.send_signal(signal.SIGCONT)
        assert program.poll() is None


def test_no_wait_starts_after_the_pager_has_ended():
    """It does not matter how its end became known."""
    program = subprocess.Popen([sys.executable, "-c", ""])
    program.wait()
    with pytest.raises(PagerClosed), watch_for_exit(program):
        pytest.fail("this would wait for the server")
