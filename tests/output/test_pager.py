"""The pager: output that is longer than the screen is sent to another program."""

from __future__ import annotations

import errno
import io
import itertools
import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from unittest.mock import Mock

import httpx
import pytest

from ant_cli.main import main
from ant_cli.output.pager import command_of, lines_of, show
from ant_cli.output.progress import Progress
from ant_cli.output.style import Style
from tests.conftest import Screen, make_runtime, needs_linux, needs_posix
from tests.helpers.processes import COVERAGE, command_line
from tests.helpers.servers import response
from tests.helpers.transports import transport_to
from tests.helpers.words import ARCHIVE, LIST, RETRIEVE, page

STYLE = Style(width=80, height=10, colour=False, clock=lambda: 0.0)
LONG = b"row\n" * 10
COPY = "import sys; sys.stdout.buffer.write(b'paged\\n' + sys.stdin.buffer.read())"
LEAVE = "import sys; sys.stdin.close()"


def pager(script):
    return command_line(sys.executable, "-c", script)


@pytest.fixture
def terminal(tmp_path, clean_environ):
    """A screen that is a file. Returns an object that shows output on it, and reads what was shown."""

    class Terminal:
        def __init__(self):
            self.said = Screen(terminal=True)
            self.file = (tmp_path / "screen").open("w+b")
            self.started = []

        def show(self, parts, **environ):
            process = make_runtime(
                {**clean_environ, **environ}, None, self.file, self.said, now=lambda: 0.0
            )
            show(parts, process, STYLE, lambda: self.started.append(True))
            print(self.said.text())  # noqa: T201 - why a test fails if no pager could be started

        def shown(self):
            return (tmp_path / "screen").read_bytes()

    made = Terminal()
    yield made
    made.file.close()


def test_output_that_fits_the_screen_is_not_paged(terminal):
    """It is printed when it is complete."""

    def parts():
        yield b"row\n" * 8
        assert terminal.shown() == b""
        yield b"row\n"

    terminal.show(parts(), PAGER=pager(COPY))
    assert terminal.shown() == b"row\n" * 9
    assert not terminal.started


def test_longer_output_is_paged_page_by_page(terminal):
    """Rows that were held back come first, and later rows follow."""
    terminal.show([LONG[:-4], b"row\n", b"more\n"], PAGER=pager(COPY))
    assert terminal.shown() == b"paged\n" + LONG + b"more\n"
    assert terminal.started == [True]


def test_pagers_show_colours_unless_their_variables_say_otherwise(terminal):
    """Their own variables win."""
    report = pager("import os; print(os.environ['LESS'], os.environ['LV'])")
    terminal.show([LONG], PAGER=report, LESS="-S")
    assert terminal.shown().split() == [b"-S", b"-c"]


def test_ant_pager_has_precedence_over_pager(terminal):
    terminal.show([LONG], ANT_PAGER=pager(COPY), PAGER="false")
    assert terminal.shown() == b"paged\n" + LONG


@pytest.mark.parametrize(
    "environ", [{"PAGER": ""}, *({"ANT_PAGER": text, "PAGER": pager(COPY)} for text in ("", " "))]
)
def test_an_empty_variable_disables_the_pager(terminal, environ):
    """Then rows are printed as they arrive."""

    def parts():
        yield b"row\n"
        assert terminal.shown() == b"row\n"
        yield LONG

    terminal.show(parts(), **environ)
    assert terminal.shown() == b"row\n" + LONG


def test_quitting_the_pager_ends_the_output(terminal):
    """The command ends successfully after a BrokenPipeError, so no further page is fetched."""
    with pytest.raises(BrokenPipeError):
        terminal.show(itertools.repeat(LONG, 10_000), PAGER=pager(LEAVE))


@pytest.mark.parametrize("first", [b"row\n", LONG])
def test_an_error_is_printed_after_the_rows_before_it(terminal, first):
    """No received row is lost, with a pager or without."""

    def parts():
        yield first
        raise ValueError("page 2")

    with pytest.raises(ValueError, match="page 2"):
        terminal.show(parts(), PAGER=pager(COPY))
    assert terminal.shown() == (first if first != LONG else b"paged\n" + LONG)


def test_the_pager_gets_each_page_before_the_next_one_is_fetched(terminal):
    """The user can read the first page meanwhile."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(20)
        port = server.getsockname()[1]
        read = "import socket, sys; rows = sys.stdin.buffer.read1(40)"
        said = f"socket.create_connection(('127.0.0.1', {port})).sendall(rows); sys.stdin.read()"

        def parts():
            yield LONG
            connection = server.accept()[0]
            assert connection.recv(100) == LONG
            connection.close()
            yield b"more\n"

        terminal.show(parts(), PAGER=pager(f"{read}; {said}"))


def test_a_pager_that_does_not_exist_is_reported(terminal):
    """The list is printed anyway."""
    terminal.show([LONG], PAGER="no-such-pager -x")
    assert terminal.shown() == LONG
    assert "the pager 'no-such-pager' was not found" in terminal.said.text()


def test_without_a_pager_that_can_start_the_output_is_printed(terminal, tmp_path):
    """An executable file is not always a program."""
    broken = tmp_path / "broken"
    broken.write_bytes(b"\x00")
    broken.chmod(0o755)

    def parts():
        yield LONG
        yield b"more\n"
        assert terminal.shown() == LONG + b"more\n"

    terminal.show(parts(), PAGER=str(broken))
    assert terminal.shown() == LONG + b"more\n"
    said = " ".join(terminal.said.text().split())
    assert f"the pager {str(broken)!r} can't be started (" in said


def test_a_pager_for_which_there_is_no_process_left_is_reported(terminal, monkeypatch):
    """Otherwise nobody would know why a list is not paged, such as in a full container."""

    def fail(*_: object, **__: object) -> None:
        raise BlockingIOError(errno.EAGAIN, "Resource temporarily unavailable")

    monkeypatch.setattr(subprocess, "Popen", fail)
    terminal.show([LONG, b"more\n"], PAGER=pager(COPY))
    assert terminal.shown() == LONG + b"more\n"
    why = "can't be started (resource temporarily unavailable), so the list is not paged."
    said = " ".join(terminal.said.text().split())
    assert said.count(why) == 1


def test_an_interrupt_does_not_end_the_command_before_its_pager(terminal, monkeypatch):
    """It is for the pager alone until the pager ends. After that, it ends the command."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)

    def communicate() -> None:
        signal.raise_signal(signal.SIGINT)

    program = Mock(stdin=io.BytesIO(), communicate=communicate)
    monkeypatch.setattr(subprocess, "Popen", lambda *_, **__: program)
    try:
        terminal.show([LONG], PAGER=pager(COPY))
        assert program.stdin.getvalue() == LONG
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
    finally:
        signal.signal(signal.SIGINT, before)


def test_the_default_pager_is_less_if_it_is_installed(tmp_path):
    """It ends by itself if everything fits, keeps colours, and does not clear the screen."""
    less = tmp_path / ("less.exe" if sys.platform == "win32" else "less")
    less.write_text("#!/bin/sh\n")
    less.chmod(0o755)
    assert command_of({"PATH": str(tmp_path)}, pytest.fail) == [str(less), "-FRX"]
    assert command_of({"PATH": str(tmp_path), "TERM": "dumb"}, pytest.fail) == []
    assert command_of({"PATH": str(tmp_path), "TERM": "dumb", "PAGER": "less"}, pytest.fail) == [
        str(less)
    ]
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


@needs_posix("a file that can claim to be a terminal")
def test_pages_after_quitting_the_pager_are_not_fetched(tmp_path, clean_environ):
    """The command then ends successfully."""
    requests = []

    def respond(request):
        requests.append(request)
        rows = [{"id": f"env_{len(requests)}_{number}", "name": "n" * 40} for number in range(20)]
        content = json.dumps(
            {"data": rows, "next_page": str(len(requests)) if len(requests) < 300 else None}
        )
        return httpx.Response(200, content=content)

    class Terminal(io.FileIO):
        def isatty(self):
            return True

    environ = {**clean_environ, "PAGER": pager(LEAVE)}
    with Terminal(tmp_path / "screen", "w") as screen, Path(os.devnull).open("rb") as nothing:
        process = make_runtime(
            environ, nothing, screen, Screen(terminal=True), transport=transport_to(respond)
        )
        assert main(LIST, process) == 0
    assert 2 <= len(requests) < 300


@needs_linux("pipes of a chosen size")
def test_the_pager_is_at_most_a_page_of_memory_behind(terminal):
    """Otherwise pages that nobody reads would be fetched: a pipe usually holds 64 KiB, about 300 rows."""
    size = "import fcntl, sys; print(fcntl.fcntl(0, fcntl.F_GETPIPE_SZ)); sys.stdin.read()"
    terminal.show([LONG], PAGER=pager(size))
    assert int(terminal.shown()) == os.sysconf("SC_PAGE_SIZE")


@pytest.mark.parametrize(
    ("words", "opens"),
    [
        (LIST, True),
        ((*LIST, "--max-items", "3"), False),
        ((*LIST, "--format", "jsonl"), True),
        ((*LIST, "--slurp"), True),
        ((*LIST, "--watch", "--for", "1s"), False),
        ((*LIST, "--until", "#>0"), True),
        ((*RETRIEVE, "--until", 'id=="a"'), False),
        (RETRIEVE, False),
        ((*ARCHIVE, *map(str, range(40)), "--yes"), False),
    ],
)
def test_only_a_long_list_opens_the_pager_and_nothing_is_drawn_from_then_on(
    ant, monkeypatch, words, opens
):
    """The pager owns the screen. The result of a change, and that of a watch, is printed at once."""
    drawn = []
    monkeypatch.setattr("ant_cli.output.pager._start", lambda *_: drawn.append("opened"))
    disable = Progress.disable
    monkeypatch.setattr(Progress, "disable", lambda self: drawn.append("off") or disable(self))
    objects = [{"id": str(number)} for number in range(40)]

    def respond(request):
        return page(*objects) if request.url.path.endswith("s") else {"id": "a", "l": objects}

    environ = {"PAGER": pager(COPY), "LINES": "10"}
    result = ant(*words, replies=respond, terminal=True, env=environ)
    assert result.exit == 0
    assert (drawn == ["off", "opened"]) is opens
    assert ("opened" in drawn) is opens


def test_a_list_goes_through_the_pager(ant):
    """This test has no real terminal for a pager, so the rows are printed directly."""
    pages = [page(*({"id": str(n)} for n in range(40)))]
    result = ant(*LIST, replies=pages, terminal=True, env={"PAGER": pager(COPY), "LINES": "10"})
    assert (result.exit, len(result.stdout.splitlines())) == (0, 41)


# In a real terminal

QUIT_ON_KEY_AFTER_CTRL_C = """
import os, signal, sys
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
sys.stdin.buffer.read()
os.write(1, b"read all")
signal.sigwait([signal.SIGINT])
os.write(1, b"interrupted")
os.read(os.open("/dev/tty", os.O_RDONLY), 1)  # a key
os.write(1, b"left")
"""
"""A pager that reads all its input and, like less, ignores Ctrl-C.

It waits for the signal: Python would not call a handler for one that arrives just before the read of the key.
"""


@needs_posix("terminals")
def test_ctrl_c_belongs_to_the_pager_while_the_user_reads(in_terminal, clean_environ):
    """The command ends successfully when the pager ends, because it was not interrupted."""
    clean_environ.update(COVERAGE, LINES="10", ANT_PAGER=pager(QUIT_ON_KEY_AFTER_CTRL_C))
    rows = ({"id": f"env_{number}"} for number in range(40))
    session = in_terminal(response(page(*rows)), words=LIST, until="read all")
    session.type("\x03")
    session.wait_for("interrupted")
    session.type("q\n")
    session.wait_for("left")
    assert session.end()[0] == 0
