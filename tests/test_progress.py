"""Waiting is visible on a terminal, and leaves no trace."""

from __future__ import annotations

import threading

import pytest

from ant_cli.output.progress import Progress
from ant_cli.runtime.streams import ERASE_LINE, Stderr
from tests.conftest import Screen


class Watched(Screen):
    """A terminal that says when something was drawn."""

    def __init__(self, *, terminal=True):
        super().__init__(terminal=terminal)
        self.drawn = threading.Event()

    def write(self, data):
        count = super().write(data)
        self.drawn.set()
        return count


def progress_on(screen, patience_s=0.0, **environ):
    return Progress(Stderr(screen), {"COLUMNS": "80", **environ}, patience_s)


def test_a_wait_says_what_for_and_is_erased():
    """The line is there while it lasts."""
    screen = Watched()
    with progress_on(screen).waiting_for("GET /v1/environments"):
        assert screen.drawn.wait(5)
    frames = screen.text().split(ERASE_LINE)
    assert "Waiting for GET /v1/environments (0 s)" in frames[1]
    assert frames[-1] == ""


def test_a_short_wait_says_nothing():
    """Nobody notices a moment."""
    screen = Watched()
    with progress_on(screen, patience_s=60.0).waiting_for("an answer"):
        pass
    assert screen.text() == ""


def test_pages_are_counted():
    """One sees that a long list comes along."""
    screen = Watched()
    progress = progress_on(screen)
    assert list(progress.count_items([[b"1"]])) == [[b"1"]]
    with progress.waiting_for("GET /v1/environments"):
        assert screen.drawn.wait(5)
    assert "GET /v1/environments, 1 item so far (0 s)" in screen.text()
    screen.drawn.clear()
    assert list(progress.count_items([[b"2"], [b"3"]])) == [[b"2"], [b"3"]]
    with progress.waiting_for("GET /v1/environments"):
        assert screen.drawn.wait(5)
    assert "GET /v1/environments, 3 items so far (0 s)" in screen.text()


def test_a_retry_says_which_and_when():
    """At once, without a second of patience."""
    screen = Watched()
    with progress_on(screen, patience_s=60.0).before_retry("503 Service Unavailable", 1, 2, 30.0):
        assert screen.drawn.wait(5)
    assert "Retry 1 of 2 in 30.0 s: 503 Service Unavailable" in screen.text()
    assert screen.text().endswith(ERASE_LINE)


@pytest.mark.parametrize(("terminal", "environ"), [(False, {}), (True, {"TERM": "dumb"})])
def test_elsewhere_a_long_wait_is_said_in_a_line(terminal, environ):
    """Once, and no thread is started."""
    screen, before = Watched(terminal=terminal), threading.active_count()
    progress = progress_on(screen, **environ)
    with progress.waiting_for("an answer"), progress.before_retry("503", 1, 2, 30.0):
        assert threading.active_count() == before
    with progress.before_retry("503", 2, 2, 2.0):
        pass
    assert screen.text() == "Note: 503. Retry 1 of 2 in 30 s.\n"


@pytest.mark.parametrize(("terminal", "said"), [(True, ""), (False, "Note: 503. Retry 1 of 2 in 30 s.\n")])
def test_nothing_is_shown_beside_a_pager(terminal, said):
    """The screen is its own then; a log is not."""
    screen = Watched(terminal=terminal)
    progress = progress_on(screen)
    progress.disable()
    with progress.waiting_for("an answer"), progress.before_retry("503", 1, 2, 30.0):
        pass
    assert screen.text() == said


def test_an_interrupt_leaves_a_clean_line():
    """Ctrl-C, and every other error, comes after the line is gone."""
    screen = Watched()

    def interrupt():
        with progress_on(screen).waiting_for("an answer"):
            assert screen.drawn.wait(5)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupt()
    assert screen.text().endswith(ERASE_LINE)


def test_the_line_is_never_wider_than_the_screen():
    """A line that wraps could not be erased; terminal sequences of the server are escaped."""
    screen = Watched()
    with progress_on(screen, COLUMNS="40").before_retry("\x1b[2J\n" + "x" * 100, 1, 2, 30.0):
        assert screen.drawn.wait(5)
    line = screen.text().split(ERASE_LINE)[1]
    assert len(line) <= 40
    assert "\x1b" not in line
