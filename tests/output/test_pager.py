"""The pager: what is longer than the screen goes through another program."""

from __future__ import annotations

import io
import json
import os
import shlex
import sys

import httpx
import pytest

from ant_cli.main import main
from ant_cli.output.look import Look
from ant_cli.output.pager import Pager, command_of, lines_of
from ant_cli.streams import Process, Stderr, Stdin, Stdout
from tests.conftest import Screen

LOOK = Look(width=80, height=10, colour=False, now=0.0)
LONG = b"row\n" * 10
COPY = "import sys; sys.stdout.buffer.write(b'paged\\n' + sys.stdin.buffer.read())"
LEAVE = "import sys; sys.stdin.close()"


def pager(script):
    return shlex.join([sys.executable, "-c", script])


@pytest.fixture
def terminal(tmp_path, clean_environ):
    """A screen that is a file; returns what makes a pager on it, and what was shown."""

    class Terminal:
        def __init__(self):
            self.said = Screen(terminal=True)
            self.file = (tmp_path / "screen").open("w+b")
            self.started = []

        def paged(self, **environ):
            process = Process(
                Stdin(None), Stdout(self.file), Stderr(self.said), {**clean_environ, **environ}, now=lambda: 0.0
            )
            return Pager(process, LOOK, lambda: self.started.append(True))

        def shown(self):
            return (tmp_path / "screen").read_bytes()

    made = Terminal()
    yield made
    made.file.close()


def test_what_fits_the_screen_is_not_paged(terminal):
    """It appears when it is all there."""
    with terminal.paged(PAGER=pager(COPY)) as write:
        write(b"row\n" * 9)
        assert terminal.shown() == b""
    assert terminal.shown() == b"row\n" * 9
    assert not terminal.started


def test_what_is_longer_is_paged_page_by_page(terminal):
    """Rows that were held back come first, and later ones follow."""
    with terminal.paged(PAGER=pager(COPY)) as write:
        write(LONG[:-4])
        write(b"row\n")
        write(b"more\n")
    assert terminal.shown() == b"paged\n" + LONG + b"more\n"
    assert terminal.started == [True]


def test_the_own_variable_is_stronger_than_the_common_one(terminal):
    """ANT_PAGER before PAGER."""
    with terminal.paged(ANT_PAGER=pager(COPY), PAGER="false") as write:
        write(LONG)
    assert terminal.shown() == b"paged\n" + LONG


@pytest.mark.parametrize("environ", [{"PAGER": ""}, {"PAGER": "cat"}, {"ANT_PAGER": " ", "PAGER": "less"}])
def test_an_empty_variable_turns_the_pager_off(terminal, environ):
    """Then rows appear as they come."""
    with terminal.paged(**environ) as write:
        write(b"row\n")
        assert terminal.shown() == b"row\n"
        write(LONG)
    assert terminal.shown() == b"row\n" + LONG


def test_leaving_the_pager_ends_the_output(terminal):
    """BrokenPipeError is what main takes for a reader that has enough, so that no further page is fetched."""

    def write_on():
        with terminal.paged(PAGER=pager(LEAVE)) as write:
            while True:
                write(LONG)

    with pytest.raises(BrokenPipeError):
        write_on()


def test_an_error_comes_after_what_was_held_back(terminal):
    """Nothing that came is lost."""

    def fail():
        with terminal.paged(PAGER=pager(COPY)) as write:
            write(b"row\n")
            raise ValueError("page 2")

    with pytest.raises(ValueError, match="page 2"):
        fail()
    assert terminal.shown() == b"row\n"


def test_a_pager_that_is_not_there_is_said(terminal):
    """And the list is shown all the same."""
    with terminal.paged(PAGER="no-such-pager -x") as write:
        write(LONG)
    assert terminal.shown() == LONG
    assert "the pager 'no-such-pager' of PAGER is not there" in terminal.said.text()


def test_a_pager_that_does_not_start_is_done_without(terminal, tmp_path):
    """A file that may be run is not always a program."""
    broken = tmp_path / "broken"
    broken.write_bytes(b"\x00")
    broken.chmod(0o755)
    with terminal.paged(PAGER=str(broken)) as write:
        write(LONG)
    assert terminal.shown() == LONG


def test_the_default_is_less_where_there_is_one(tmp_path):
    """It ends by itself if all fits, keeps colours, and leaves the screen as it is."""
    less = tmp_path / "less"
    less.write_text("#!/bin/sh\n")
    less.chmod(0o755)
    assert command_of({"PATH": str(tmp_path)}, pytest.fail) == ["less", "-FRX"]
    assert command_of({"PATH": str(tmp_path), "TERM": "dumb"}, pytest.fail) == []
    assert command_of({"PATH": os.devnull}, pytest.fail) == []


def test_a_pager_with_an_open_quote_is_not_there():
    """It can't be split into words."""
    said = []
    assert command_of({"PAGER": "less '"}, said.append) == []
    assert len(said) == 1


def test_lines_that_break_count_for_more():
    """A long line fills several of the screen."""
    assert lines_of(b"", 80) == 0
    assert lines_of(b"a\n" * 3, 80) == 3
    assert lines_of(b"a" * 200 + b"\n", 80) == 3


def test_pages_that_nobody_looks_at_are_not_fetched(tmp_path, clean_environ):
    """Who leaves the pager is done, successfully."""
    requests = []

    def answer(request):
        requests.append(request)
        rows = [{"id": f"env_{len(requests)}_{number}", "name": "n" * 40} for number in range(20)]
        content = json.dumps({"data": rows, "next_page": str(len(requests)) if len(requests) < 300 else None})
        return httpx.Response(200, stream=httpx.ByteStream(content.encode()))

    class Terminal(io.FileIO):
        def isatty(self):
            return True

    environ = {**clean_environ, "PAGER": pager(LEAVE)}
    with Terminal(tmp_path / "screen", "w") as screen, open(os.devnull, "rb") as nothing:  # noqa: PTH123
        process = Process(
            Stdin(nothing), Stdout(screen), Stderr(Screen(terminal=True)), environ, httpx.MockTransport(answer)
        )
        assert main(["beta:environments", "list"], process) == 0
    assert 2 <= len(requests) < 300


def test_a_list_is_paged_by_the_command(ant):
    """Without a real terminal there is nothing to page on, so the rows come straight."""
    pages = [{"data": [{"id": str(n)} for n in range(40)], "next_page": None}]
    result = ant(
        "beta:environments", "list", replies=pages, terminal=True, env={"PAGER": pager(COPY), "LINES": "10"}
    )
    assert (result.exit, len(result.stdout.splitlines())) == (0, 41)
