"""Progress: a terminal shows what a command waits for, and nothing of it remains on the screen."""

from __future__ import annotations

import os
import re
import threading

import pytest

from ant_cli.output.progress import Progress
from ant_cli.output.style import style_of
from ant_cli.runtime.live_line import ERASE_LINE, LiveLine
from tests.conftest import make_runtime, needs_posix
from tests.helpers.streams import Watched
from tests.helpers.words import EMPTY, LIST, page


def progress_on(screen, patience_s=0.0, **environ):
    return Progress(make_runtime({"COLUMNS": "80", **environ}, stderr=screen), patience_s)


def test_a_wait_is_shown_with_its_reason_and_erased():
    """The line is visible during the wait."""
    screen = Watched()
    with progress_on(screen).waiting_for("GET /v1/environments"):
        assert screen.shown.wait(60)
    frames = screen.text().split(ERASE_LINE)
    assert "Waiting for GET /v1/environments (0 s)" in frames[1]
    assert frames[-1] == ""


def test_a_short_wait_is_not_shown():
    """A line that appears for a moment would only flicker."""
    screen = Watched()
    with progress_on(screen, patience_s=60.0).waiting_for("an answer"):
        pass
    assert screen.text() == ""


def test_pages_are_counted():
    """The count shows that a long list makes progress."""
    screen = Watched()
    progress = progress_on(screen)
    assert list(progress.count_items([[b"1"], [b"2", b"3"]])) == [[b"1"], [b"2", b"3"]]
    with progress.waiting_for("GET /v1/environments"):
        assert screen.shown.wait(60)
    assert "⠋ Waiting for GET /v1/environments, items so far: 3 (0 s)" in screen.text()


def test_a_list_shows_how_many_items_it_has_so_far(ant):
    """The second page arrives when the terminal has shown the items of the first one."""
    screen = Watched("items so far: 2")

    def respond(request):
        if "page" not in request.url.params:
            return page({"id": "env_1"}, {"id": "env_2"}, after="p")
        assert screen.shown.wait(60)
        return EMPTY

    assert ant(*LIST, stderr=screen, replies=respond).exit == 0


def test_a_retry_is_shown_with_its_reason_and_delay():
    """It is shown at once, without the usual delay of a second."""
    screen = Watched()
    with progress_on(screen, patience_s=60.0).before_retry("503 Service Unavailable", 1, 2, 30.0):
        assert screen.shown.wait(60)
    assert re.search(r"Retry 1 of 2 in (30|2\d)\.\d s: 503 Service Unavailable", screen.text())
    assert screen.text().endswith(ERASE_LINE)


def test_a_retry_after_a_short_pause_is_shown_at_once(monkeypatch):
    """Many a pause is shorter than the patience with which a wait is shown."""
    delays = []

    class Line:
        def __init__(self, _runtime, _text, delay_s, _frame_s):
            delays.append(delay_s)

        def close(self):
            pass

    monkeypatch.setattr("ant_cli.runtime.live_line.LiveLine", Line)
    monkeypatch.setattr("ant_cli.output.progress.LiveLine", Line, raising=False)
    with progress_on(Watched(), patience_s=60.0).before_retry("503", 1, 2, 0.1):
        pass
    assert delays == [0.0]


def test_the_countdown_to_a_retry_is_shown_after_an_attempt_that_timed_out():
    """Each wait has its line, however the one before it ended."""
    screen = Watched("Retry 1 of 2")
    progress = progress_on(screen)
    with pytest.raises(TimeoutError), progress.waiting_for("an answer"):
        raise TimeoutError
    with progress.before_retry("no response within 5 s", 1, 2, 30.0):
        assert screen.shown.wait(10)


@pytest.mark.parametrize(("terminal", "environ"), [(False, {}), (True, {"TERM": "dumb"})])
def test_without_a_terminal_a_long_wait_is_reported_in_one_line(terminal, environ):
    """It is reported once, and no thread is started."""
    screen, before = Watched(terminal=terminal), threading.active_count()
    progress = progress_on(screen, **environ)
    with progress.waiting_for("an answer"), progress.before_retry("503", 1, 2, 30.0):
        assert threading.active_count() == before
    with progress.before_retry("503", 2, 2, 2.0):
        pass
    assert screen.text() == "Note: 503. Retry 1 of 2 in 30 s.\n"


@pytest.mark.parametrize(
    ("terminal", "said"), [(True, ""), (False, "Note: 503. Retry 1 of 2 in 30 s.\n")]
)
def test_nothing_is_shown_while_a_pager_is_open(terminal, said):
    """The pager owns the screen. A log is written as always."""
    screen = Watched(terminal=terminal)
    progress = progress_on(screen)
    progress.disable()
    with progress.waiting_for("an answer"), progress.before_retry("503", 1, 2, 30.0):
        pass
    assert screen.text() == said


def test_a_countdown_that_is_over_stays_at_zero():
    """The sleep may take a little longer."""
    screen = Watched("Retry")
    with progress_on(screen).before_retry("503", 1, 2, 0.0):
        assert screen.shown.wait(10)
    assert "Retry 1 of 2 in 0.0 s: 503" in screen.text()


def test_a_secret_in_the_reason_of_a_retry_is_redacted():
    """The reason is what the server or the system said."""
    screen = Watched()
    runtime = make_runtime({"COLUMNS": "80"}, stderr=screen)
    runtime.redactor.register("hush-hush")
    with Progress(runtime).before_retry("503 hush-hush", 1, 2, 30.0):
        assert screen.shown.wait(10)
    assert "s: 503 [redacted]" in screen.text()


@pytest.mark.parametrize(("ended", "cells"), [(0, 0), (1, 10), (2, 20), (3, 30)])
def test_a_bar_is_filled_as_far_as_requests_have_ended(monkeypatch, ended, cells):
    """It has thirty cells."""
    monkeypatch.setattr("ant_cli.output.progress._BAR_PATIENCE_S", 0.0)
    screen = Watched()
    with progress_on(screen).of_many(lambda: (ended, f"archived {ended} of 3"), 3):
        assert screen.shown.wait(10)
    filled = "━" * cells + "·" * (30 - cells)
    assert f"⠋ {filled} archived {ended} of 3{ERASE_LINE}" in screen.text()


def test_the_bar_of_many_requests_stays_while_each_of_them_waits(monkeypatch):
    """There is one last line, and the waits of the requests don't get into it."""
    monkeypatch.setattr("ant_cli.output.progress._BAR_PATIENCE_S", 0.0)
    screen = Watched()
    progress = progress_on(screen)
    bar = progress.of_many(lambda: (1, "archived 1 of 2"), 2)
    with bar, progress.waiting_for("an answer"), progress.before_retry("503", 1, 2, 30.0):
        assert screen.shown.wait(10)
    assert "archived 1 of 2" in screen.text()
    assert "answer" not in screen.text()
    assert "Retry" not in screen.text()


def test_the_line_is_drawn_after_its_delay_and_then_ten_times_a_second(monkeypatch):
    """It shows that the run goes on, and takes no processor time in between."""
    waits = []

    class Closed(threading.Event):
        def wait(self, timeout=None):
            waits.append(timeout)
            return len(waits) > 3

    monkeypatch.setattr("ant_cli.runtime.live_line.Event", Closed)
    screen = Watched()
    line = LiveLine(make_runtime({}, stderr=screen), lambda: "x", delay_s=7.0, every_s=0.1)
    line.close()
    assert waits == [7.0, 0.1, 0.1, 0.1]
    assert screen.text() == f"{ERASE_LINE}x" * 3 + ERASE_LINE


@needs_posix("terminals")
def test_the_width_of_the_line_is_that_of_the_terminal_of_stderr():
    """Stdout may be a file, or another terminal."""
    import pty
    import termios

    def terminal(columns):
        ours, theirs = pty.openpty()
        termios.tcsetwinsize(theirs, (24, columns))
        return ours, open(theirs, "wb", buffering=0)  # noqa: PTH123 - a descriptor

    (out, stdout), (err, stderr) = terminal(30), terminal(60)
    with stdout, stderr:
        runtime = make_runtime({}, stdout=stdout, stderr=stderr)
        assert [style_of(each, runtime).width for each in (runtime.stdout, runtime.stderr)] == [
            30,
            60,
        ]
        progress = Progress(runtime)
        with progress.before_retry("x" * 100, 1, 2, 30.0):
            shown = os.read(err, 1000).decode()
    os.close(out)
    os.close(err)
    assert 40 < len(shown.removeprefix(ERASE_LINE)) <= 60


def test_a_pager_that_opens_while_requests_are_on_their_way_erases_their_progress(monkeypatch):
    """It owns the screen from then on."""
    monkeypatch.setattr("ant_cli.output.progress._BAR_PATIENCE_S", 0.0)
    screen = Watched()
    progress = progress_on(screen)
    with progress.of_many(lambda: (1, "archived 1 of 2"), 2):
        assert screen.shown.wait(60)
        progress.disable()
        before = screen.text()
        with progress.waiting_for("an answer"):
            pass
    assert before.endswith(ERASE_LINE)
    assert screen.text() == before


def test_an_interrupt_erases_the_line_first():
    """The message of Ctrl-C, or of any other error, appears after the line is erased."""
    screen = Watched()

    def interrupt():
        with progress_on(screen).waiting_for("an answer"):
            assert screen.shown.wait(60)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupt()
    assert screen.text().endswith(ERASE_LINE)


def test_the_line_is_never_wider_than_the_screen():
    """A line that wraps could not be erased. Terminal sequences from the server are escaped."""
    screen = Watched()
    with progress_on(screen, COLUMNS="40").before_retry("\x1b[2J\n" + "x" * 100, 1, 2, 30.0):
        assert screen.shown.wait(60)
    line = screen.text().split(ERASE_LINE)[1]
    assert len(line) <= 40
    assert "\x1b" not in line


def test_a_message_in_the_middle_of_another_one_does_not_wait_for_it():
    """The handler of a signal may write while the line is redrawn around a result."""
    is_drawn = threading.Event()
    screen = Watched()

    def render():
        is_drawn.set()
        return "x"

    runtime = make_runtime({}, stderr=screen)
    line = LiveLine(runtime, render, delay_s=0.0, every_s=60)
    assert is_drawn.wait(60)

    def write_both():
        with runtime.stderr.written_by(
            lambda write: line._write_above(lambda: line._write_above(write))
        ):
            runtime.say("both")

    writer = threading.Thread(target=write_both, daemon=True)
    writer.start()
    writer.join(10)
    assert not writer.is_alive()
    line.close()
    assert "both" in screen.text()
