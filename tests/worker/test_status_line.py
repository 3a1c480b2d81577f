"""The status line of a worker at a terminal: its content, its place, and that it leaves nothing on the screen."""

from __future__ import annotations

import asyncio
import re
import sys
from types import SimpleNamespace

import pytest

from ant_cli.errors import APIError
from ant_cli.output.worker_status import status_line, status_of
from ant_cli.worker.settlement import Outcome
from ant_cli.worker.start import _follow_depth
from ant_cli.worker.tally import Tally
from tests.conftest import KEY, Screen, make_runtime
from tests.terminal_session import Session


def tally_of(**items):
    tally = Tally(4)
    for outcome, count in items.items():
        tally.items[Outcome(outcome)] += count
    return tally


def test_the_status_line_counts_slots_items_and_the_queue():
    """Timeouts and dead letters are failures. Items that were given back or handed over are not."""
    tally = tally_of(succeeded=5, failed=2, timed_out=1, dead_letter=1, given_back=7, lease_lost=3, cancelled=2)
    tally.slots_used, tally.queue_depth = 3, 12
    assert status_line(tally).plain == "3/4 busy  5 done  4 failed  queue 12"
    tally.draining = True
    assert status_line(tally).plain.endswith("queue 12  draining")


def test_the_status_line_does_not_guess_the_depth_of_the_queue():
    """The depth is unknown before the first response, and after a failure."""
    assert status_line(tally_of()).plain.endswith("queue ?")


def test_a_server_that_does_not_return_the_depth_of_the_queue_is_asked_once():
    """The environment's key may not be allowed to read it."""
    asked = []

    async def refuse(_function):
        asked.append(1)
        raise APIError("GET", 403, "Forbidden", b"", "")

    context = SimpleNamespace(call=refuse, api=SimpleNamespace(stats=None), tally=Tally(1))
    asyncio.run(asyncio.wait_for(_follow_depth(context), 20))
    assert (asked, context.tally.queue_depth) == ([1], None)


@pytest.mark.parametrize(
    ("terminal", "log_format", "term"),
    [(False, "text", "xterm"), (True, "json", "xterm"), (True, "text", "dumb")],
    ids=["pipe", "json", "dumb"],
)
def test_without_a_capable_terminal_there_is_no_status_line(terminal, log_format, term):
    """A program may read the output, or the terminal can't redraw a line."""
    runtime = make_runtime({"TERM": term}, stderr=Screen(terminal=terminal))
    assert status_of(runtime, log_format) is None


def test_lines_of_the_log_are_above_the_status_line_complete_and_escaped():
    """Brackets are not markup, tabs are kept, and a line longer than the screen is not truncated."""
    screen = Screen(terminal=True)
    runtime = make_runtime({"TERM": "xterm", "NO_COLOR": "1"}, stderr=screen)
    runtime.stderr.register_secret(KEY)
    text = f"[bold]\x1b[2J{KEY}\t{'x' * 200} :smile:"
    with status_of(runtime, "text")(tally_of()):
        runtime.stderr.say(text)
    shown = screen.text()
    assert KEY not in shown
    assert "\x1b[2J" not in shown
    assert re.search(r"\[bold\]␛\[2J\S+\s+x{200} :smile:\n", shown)
    runtime.stderr.say("after")
    assert screen.text().endswith("after\n")


@pytest.fixture
def terminal(queue, clean_environ):
    """Start a worker on the queue at a terminal of 80 by 24."""
    opened = []

    def start(*words, **environ):
        command = (sys.executable, "-m", "ant_cli", "beta:worker", "poll", "--base-url", queue.url, *words)
        variables = {"ANTHROPIC_ENVIRONMENT_ID": queue.id, "ANTHROPIC_ENVIRONMENT_KEY": KEY, "ANT_NO_HINTS": "1"}
        session = Session(command, {**clean_environ, **variables, **environ})
        opened.append(session)
        return session

    yield start
    for session in opened:
        session.close()


def test_a_worker_at_a_terminal_shows_its_status_below_the_log_until_it_ends(queue, terminal, script, fifo):
    """The last output is the erased line."""
    queue.enqueue()
    handler = script(f"echo started; read line < {fifo}; exit $line")
    session = terminal("--concurrency", "2", "--attempts", "1", "--max-items", "2", "--", handler)
    session.wait_for("1/2 busy  0 done  0 failed  queue 0")
    fifo.write_text("1\n")
    session.wait_for("0/2 busy  0 done  1 failed")
    assert session.has_sent(b"\x1b[31m1 failed")
    queue.enqueue()
    session.wait_for("1/2 busy  0 done  1 failed")
    fifo.write_text("0\n")
    status, shown = session.end()
    assert status == 0
    assert "outcome=succeeded" in shown
    assert session.sent.rpartition("busy")[2].endswith("\x1b[1A\x1b[2K")


def test_the_status_line_of_a_worker_has_no_colour_with_no_color(terminal, script):
    """The line itself is there."""
    session = terminal("--exit-when-idle", "10ms", "--", script("exit 0"), NO_COLOR="1")
    session.wait_for("0/1 busy  0 done  0 failed  queue 0")
    session.end()
    assert not re.search(r"\x1b\[[\d;]*m", session.sent)


def test_a_worker_that_logs_json_at_a_terminal_draws_nothing(terminal, script):
    """Each line of the output is an object."""
    session = terminal("--exit-when-idle", "10ms", "--log-format", "json", "--", script("exit 0"))
    status, shown = session.end()
    assert status == 0
    assert all(line.startswith("{") for line in shown.splitlines())
    assert not session.has_sent(b"\x1b")
