"""The worker's log: for people at a terminal, for machines elsewhere, and without a reader."""

from __future__ import annotations

import asyncio
import json
import os
import re
import sys
from datetime import UTC, datetime
from types import SimpleNamespace
from unittest.mock import Mock

import pytest

from ant_cli.errors import APIError, NetworkError
from ant_cli.operations.spec import Flags
from ant_cli.settings.loading import load
from ant_cli.worker import handler as handler_module
from ant_cli.worker import supervisor as supervisor_module
from ant_cli.worker.handler import Handler, _Output
from ant_cli.worker.log import KEPT_BYTES, LogEvent, LogView, WorkerLog
from ant_cli.worker.metrics import Tally
from tests.conftest import KEY, Screen, make_runtime
from tests.helpers.terminals import Session
from tests.worker.conftest import poll_options
from tests.worker.simulation import SimulatedLoop

NOW = datetime(2026, 3, 15, 10, 0, 0, 123456, UTC)
ITEM = "work_01abcdefXYZ"


class Logged:
    """A log, and what it has written."""

    def __init__(self, log_format="auto", *, terminal=False, secrets=(), **environ):
        self.screen = Screen(terminal=terminal)
        runtime = make_runtime({"TERM": "xterm", "TZ": "UTC", **environ}, stderr=self.screen)
        runtime.redactor.register(KEY)
        fields = {"component": "work-poller", "environment_id": "e1"}
        self.worker = WorkerLog(
            runtime.stderr, LogView(runtime, log_format).line, fields, lambda: NOW
        )
        self.item = self.worker.of_item(secrets, work_id=ITEM, session_id="s1", attempt=2)

    @property
    def text(self):
        return self.screen.text()

    def output(self, line, stream="stdout"):
        self.item.output(stream, line)
        return self.text


# For machines


@pytest.mark.parametrize("log_format", ["auto", "json"])
def test_journald_gets_the_priority_of_each_line(log_format):
    """It reads the number at the start of a line, and removes it."""
    reading, writing = os.pipe()
    status = os.fstat(writing)
    with open(writing, "wb", buffering=0) as pipe:  # noqa: PTH123 - a descriptor, not a path
        for stream in (f"{status.st_dev}:{status.st_ino}", "1:1"):
            runtime = make_runtime({"JOURNAL_STREAM": stream}, stderr=pipe)
            log = WorkerLog(runtime.stderr, LogView(runtime, log_format).line, {})
            log.info("a")
            log.warn("b")
            log.error("c")
    with open(reading, "rb") as pipe:  # noqa: PTH123 - a descriptor, not a path
        lines = pipe.read().decode().splitlines()
    assert [line[:3] for line in lines[:3]] == ["<6>", "<4>", "<3>"]
    assert not any(line.startswith("<") for line in lines[3:])


@pytest.mark.parametrize("log_format", ["auto", "text"])
def test_a_line_for_machines_has_the_time_to_the_millisecond_and_bare_or_quoted_values(log_format):
    """Texts stay readable, in whatever language a handler or a server writes them."""
    logged = Logged(log_format)
    logged.item.warn(
        "work item not done",
        reason='kein Gerät "x"',
        bare="a:b/c",
        spaced=" a",
        pair="a=b",
        no="",
        yes=True,
        n=3,
    )
    assert logged.text == (
        'time=2026-03-15T10:00:00.123Z level=WARN msg="work item not done" component=work-poller'
        f" environment_id=e1 work_id={ITEM} session_id=s1 attempt=2"
        ' reason="kein Gerät \\"x\\"" bare=a:b/c spaced=" a" pair="a=b" no="" yes=true n=3\n'
    )


def test_a_line_in_json_has_the_same_members():
    """In the same order, and with their types."""
    logged = Logged("json")
    logged.item.error("ack failed", yes=True, n=3, reason="kein Ger\xe4t")
    assert logged.text.isascii()
    assert list(json.loads(logged.text).items()) == [
        ("time", "2026-03-15T10:00:00.123Z"),
        ("level", "ERROR"),
        ("msg", "ack failed"),
        ("component", "work-poller"),
        ("environment_id", "e1"),
        ("work_id", ITEM),
        ("session_id", "s1"),
        ("attempt", 2),
        ("yes", True),
        ("n", 3),
        ("reason", "kein Ger\xe4t"),
    ]


def test_a_field_of_an_event_comes_before_a_common_one_of_the_same_name():
    """It says more."""
    logged = Logged("json")
    logged.item.info("x", attempt=3)
    assert json.loads(logged.text)["attempt"] == 3


def test_a_message_to_people_is_an_event_whose_other_lines_are_a_hint():
    """An error is one, and a note is not."""
    logged = Logged("json")
    logged.worker.say("ant: no key.\nSet it.\nOr type it.", is_error=True)
    logged.worker.say("Note: ant: it is old.", is_error=False)
    error, note = (json.loads(line) for line in logged.text.splitlines())
    assert (error["level"], error["msg"], error["hint"]) == (
        "ERROR",
        "no key.",
        "Set it.\nOr type it.",
    )
    assert (note["level"], note["msg"]) == ("INFO", "Note: ant: it is old.")
    assert "hint" not in note


def test_lines_that_were_left_out_are_a_warning():
    """Whoever reads the log has to know of them."""
    logged = Logged("json")
    event = json.loads(logged.worker.note_left_out(7))
    assert (event["level"], event["lines"]) == ("WARN", 7)
    assert event["component"] == "work-poller"


class Deferred:
    """A stderr that is written later, as it is in the background."""

    def __init__(self):
        self.written = []
        self.redactor = make_runtime({}).redactor

    def write_rendered(self, render, size, *, bulk):
        self.written.append((render, size, bulk))


def test_a_line_that_is_written_late_has_the_time_of_its_event_and_only_a_handler_s_is_bulk():
    """What a handler writes may be left out if nobody reads the log, but not what the worker says."""
    stderr, hours = Deferred(), iter(range(10, 20))
    log = WorkerLog(
        stderr,
        lambda event: f"{event.time.hour} {event.message}",
        {},
        lambda: NOW.replace(hour=next(hours)),
    )
    log.info("a")
    log.of_item([], work_id=ITEM).warn("b")
    log.output("stdout", b"four")
    log.output("stdout", b"")
    assert [(size, bulk) for _, size, bulk in stderr.written[:3]] == [
        (0, False),
        (0, False),
        (4, True),
    ]
    rendered = [render() for render, *_ in reversed(stderr.written[:3])]
    assert rendered == ["12 handler output", "11 b", "10 a"]


def test_a_log_without_a_stream_is_not_that_of_journald():
    """A service may close its streams."""
    runtime = make_runtime({"JOURNAL_STREAM": "1:1"}, stderr=None)
    assert LogView(runtime, "text").line(LogEvent(NOW, "INFO", "x", {})).startswith("time=")


# For people


@pytest.mark.usefixtures("utc")
def test_at_a_terminal_a_line_has_the_time_the_end_of_the_id_and_the_message():
    """What is the same in every line is left out, and a reason follows the message."""
    logged = Logged(terminal=True, NO_COLOR="1")
    logged.worker.info("polling for work", worker_id="w1")
    logged.item.info("claimed work", work_type="session")
    logged.item.warn("work item not done", outcome="failed", reason="the handler exited with 1")
    assert logged.text.splitlines() == [
        "10:00:00        polling for work worker_id=w1",
        f"10:00:00 defXYZ claimed work work_id={ITEM} session_id=s1 attempt=2 work_type=session",
        "10:00:00 defXYZ WARN work item not done: the handler exited with 1 outcome=failed",
    ]


@pytest.mark.usefixtures("utc")
def test_at_a_terminal_the_lines_of_a_handler_are_as_they_are():
    """Indentation, quotes and empty lines make a traceback readable. Lines of stderr have a mark."""
    logged = Logged(terminal=True, NO_COLOR="1")
    for line in (
        b"Traceback (most recent call last):",
        b'  File "a.py", line 1',
        b"",
        b"\tValueError: \xc3\xa4",
    ):
        logged.output(line, "stderr")
    logged.output(b"from stdout")
    assert logged.text.splitlines() == [
        "10:00:00 defXYZ ! Traceback (most recent call last):",
        '10:00:00 defXYZ !   File "a.py", line 1',
        "10:00:00 defXYZ ! ",
        "10:00:00 defXYZ ! \tValueError: ä",
        "10:00:00 defXYZ | from stdout",
    ]


def test_the_lines_of_a_session_have_no_mark():
    """Its whole log is on stderr."""
    runtime = make_runtime({"NO_COLOR": "1"}, stderr=Screen(terminal=True))
    view = LogView(runtime, "auto", marks_stderr=False)
    for stream in ("stdout", "stderr"):
        fields = {"stream": stream, "line": "executing tool"}
        line = view.line(LogEvent(NOW, "INFO", "handler output", fields))
        assert line.endswith(" | executing tool\n")


def test_at_a_terminal_the_time_is_the_local_one(time_zone):
    """It is compared with a clock on the wall."""
    time_zone("Asia/Tokyo")
    logged = Logged(terminal=True, NO_COLOR="1", TZ="Asia/Tokyo")
    logged.worker.info("a")
    assert logged.text.startswith("19:00:00 ")


@pytest.mark.usefixtures("utc")
def test_the_log_of_a_session_at_a_terminal_has_no_column_for_the_item():
    """Its process has only one."""
    runtime = make_runtime({"NO_COLOR": "1"}, stderr=Screen(terminal=True))
    view = LogView(runtime, "auto", marks_stderr=False)
    event = LogEvent(NOW, "INFO", "idle", {"component": "session", "work_id": ITEM})
    assert view.line(event) == "10:00:00 idle\n"
    plain = LogView(make_runtime({}, stderr=Screen(terminal=False)), "plain")
    assert plain.line(event) == "idle\n"


@pytest.mark.parametrize(("stdout", "stderr"), [(True, False), (False, True)])
def test_the_log_is_for_people_if_stderr_is_a_terminal_wherever_stdout_goes(stdout, stderr):
    """The log is on stderr."""
    screens = {"stdout": Screen(terminal=stdout), "stderr": Screen(terminal=stderr)}
    view = LogView(make_runtime({"TERM": "xterm"}, **screens), "auto")
    assert (view.is_for_people, view.has_status) == (stderr, stderr)
    line = view.line(LogEvent(NOW, "ERROR", "x", {}))
    assert ("\x1b[31m" in line) is stderr


def test_at_a_terminal_with_colours_the_level_is_no_word():
    """The colour says it."""
    logged = Logged(terminal=True)
    logged.worker.warn("poll failed")
    logged.worker.error("ack failed")
    logged.worker.info("polling")
    assert "WARN" not in logged.text
    assert "ERROR" not in logged.text
    assert "\x1b[33mpoll failed" in logged.text
    assert "\x1b[31mack failed" in logged.text


@pytest.mark.usefixtures("utc")
def test_at_a_terminal_only_the_claim_has_the_fields_of_its_item_and_a_reason_is_shown_once():
    """They are the same in each line of the item."""
    logged = Logged(terminal=True, NO_COLOR="1")
    logged.item.error("ack failed", error="no", reason="why", other="x")
    logged.item.info("done")
    assert logged.text.splitlines() == [
        "10:00:00 defXYZ ERROR ack failed: no: why other=x",
        "10:00:00 defXYZ done",
    ]


def test_at_a_terminal_warnings_and_errors_have_a_colour():
    """Without colours, they have a word instead."""
    logged = Logged(terminal=True)
    logged.worker.warn("poll failed")
    logged.worker.error("ack failed")
    assert "\x1b[33mpoll failed\x1b[0m" in logged.text
    assert "\x1b[31mack failed\x1b[0m" in logged.text
    plain = Logged(terminal=True, NO_COLOR="1")
    plain.worker.error("ack failed")
    assert "\x1b" not in plain.text
    assert "ERROR ack failed" in plain.text


@pytest.mark.parametrize("log_format", ["text", "json"])
def test_a_format_for_machines_can_be_requested_at_a_terminal(log_format):
    """The official worker has them."""
    logged = Logged(log_format, terminal=True)
    logged.worker.warn("poll failed")
    assert logged.text.startswith(("time=", "{"))


# Secrets, control characters and limits


@pytest.mark.parametrize("log_format", ["auto", "plain", "text", "json"])
@pytest.mark.parametrize("terminal", [False, True])
def test_the_log_has_no_terminal_sequences_and_no_secrets(log_format, terminal):
    """A handler may write anything."""
    logged = Logged(log_format, terminal=terminal, secrets=["inner-token-12345"], NO_COLOR="1")
    text = f"\x1b]0;x\x07\r inner-token-12345 \u202e {KEY} \x9b2J"
    logged.output(text.encode() + b"\xff")
    logged.item.warn(text, text=text)
    for character in ("\x1b", "\x07", "\r", "\u202e", "\x9b"):
        assert character not in logged.text
    assert "inner-token-12345" not in logged.text
    assert KEY not in logged.text
    assert r"\xff" in logged.text
    assert logged.text.count("[redacted]") == 6
    assert logged.text.count("\n") == 2


def test_a_secret_with_a_control_character_is_redacted_before_that_is_escaped():
    """Escaped, it would not be found."""
    logged = Logged("json", secrets=["inner\x07token-12345"])
    logged.item.info("see inner\x07token-12345", error=NetworkError("inner\x07token-12345 lost."))
    logged.output(b"inner\x07token-12345")
    assert "token-12345" not in logged.text
    assert logged.text.count("[redacted]") == 3


def test_a_log_of_an_item_redacts_the_secrets_of_the_worker_as_well():
    """In the common fields, too."""
    logged = Logged("json", secrets=["inner-token-12345"])
    logged.item.info(f"{KEY} inner-token-12345")
    logged.worker.of_item(["other-token"], work_id="other-token").info(KEY)
    assert KEY not in logged.text
    assert "token" not in logged.text


@pytest.mark.parametrize("log_format", ["text", "json"])
def test_the_reason_of_a_server_is_logged_up_to_a_limit_and_without_secrets(log_format):
    """A body without a reason adds nothing, and an error that is not of the API has none."""

    def logged_error(body):
        logged = Logged(log_format, secrets=["inner-token-12345"])
        logged.item.warn(
            "poll failed", error=APIError("GET x", 404, "Not Found", body.encode(), "")
        )
        logged.item.warn("poll failed", error=NetworkError("lost inner-token-12345."))
        assert "lost [redacted]." in logged.text
        return logged.text

    text = logged_error(
        '{"error": {"message": "no inner-token-12345 \\u001b[2J' + "x" * 600 + '"}}'
    )
    assert "404 Not Found: no [redacted] " in text
    assert "inner-token-12345" not in text
    assert "\x1b" not in text
    assert 400 < text.count("x") < 600
    for body in ("", "<html>", "[]", '{"error": "x"}', '{"error": {"message": 1}}'):
        assert "404 Not Found" in logged_error(body)
        assert "404 Not Found:" not in logged_error(body)


@pytest.mark.parametrize("secret", ["item-token-12345", KEY])
def test_no_part_of_a_secret_is_logged_where_the_reason_of_a_server_is_truncated(secret):
    """Secrets of the item and of the worker are redacted before the reason is truncated."""
    logged = Logged(secrets=["item-token-12345"])
    message = "x" * 487 + secret + "y" * 100
    logged.item.warn(
        "poll failed",
        error=APIError("GET x", 404, "", json.dumps({"error": {"message": message}}).encode(), ""),
    )
    assert "x[redacted" in logged.text
    assert secret[:4] not in logged.text


@pytest.mark.parametrize("secret", ["item-token-12345", KEY, "s" * 4000])
@pytest.mark.parametrize("limit", [16_384, 65_536, KEPT_BYTES])
@pytest.mark.parametrize(
    "filler",
    [
        "x",
        pytest.param("ä", marks=pytest.mark.slow),
        pytest.param("\N{GRINNING FACE}", marks=pytest.mark.slow),
    ],
)
def test_no_part_of_a_secret_is_logged_where_a_line_is_cut(secret, limit, filler):
    """Whatever the limit, secrets are redacted before."""
    for overlap in (1, 5, len(secret) - 1):
        logged = Logged("json", secrets=[secret])
        before = limit - overlap
        count = before // len(filler.encode()) if limit == KEPT_BYTES else before
        line = (filler * count + secret + "y" * 300_000).encode()
        logged.output(line[:KEPT_BYTES])
        shown = json.loads(logged.text)["line"]
        assert secret[:4] not in shown
        assert shown.endswith("[the rest of the line was cut]")
        assert len(shown) < 16_500


def test_no_part_of_a_secret_is_logged_where_a_line_that_has_nothing_else_is_cut():
    """Redacted, it would be short enough. No line has fewer characters in the bytes that are kept of it."""
    secret = "\N{GRINNING FACE}" * 100
    logged = Logged("json", secrets=[secret])
    logged.output((secret * 1000).encode()[:KEPT_BYTES])
    shown = json.loads(logged.text)["line"]
    assert "\N{GRINNING FACE}" not in shown
    assert shown.endswith("[the rest of the line was cut]")


def test_no_part_of_a_secret_is_logged_if_others_before_it_leave_room_for_it():
    """Where the examined part of the line ends, the secret is cut in two, and its beginning is not found."""
    secret = "s" * 4000
    logged = Logged("json", secrets=[secret])
    logged.output((secret * 16 + "y" * 1000 + secret).encode())
    shown = json.loads(logged.text)["line"]
    assert "ssss" not in shown
    assert shown.endswith("[the rest of the line was cut]")


def test_the_last_words_of_a_handler_have_no_line_that_may_have_been_cut():
    """A secret at its end would not be found."""
    stderr = SimpleNamespace(last_lines=[b"s" * 1001, b"no disk"])
    handler = Handler(SimpleNamespace(exit=None), SimpleNamespace(last_lines=[]), stderr)
    assert handler.last_words(str) == "no disk"


@pytest.mark.parametrize("length", [1, 16_384, 16_385, 40_000, 65_536, 65_537, 200_000])
def test_a_line_of_a_handler_is_cut_after_its_limit(length):
    """The beginning of a longer line is shown."""
    logged = Logged("json")
    logged.output(b"x" * length)
    cut = " [the rest of the line was cut]" if length > 16_384 else ""
    assert json.loads(logged.text)["line"] == "x" * min(length, 16_384) + cut


def test_a_line_without_an_end_is_output(queue, work, script):
    """A handler that has only written that has not been passed on to a program in the background."""
    queue.enqueue()
    worker = work(handler=[script("printf done")])
    assert worker.output == ["done"]
    assert not [event for event in worker.log if event["level"] == "WARN"]


# A flood, and a reader who does not read


@pytest.mark.slow
def test_of_a_flood_of_lines_only_a_part_is_logged_and_the_rest_is_counted(
    queue, work_id, work, script
):
    """The handler is not blocked. A slow reader gets even less."""
    worker = work(handler=[script("seq 20000; echo last words >&2")])
    too_much = sum(
        event["lines"] for event in worker.events("too much output; lines were left out")
    )
    unread = sum(
        event["lines"] for event in worker.events("the log was not read in time; lines are missing")
    )
    assert worker.output[:1000] == [str(number) for number in range(1, 1001)]
    assert too_much > 0
    assert len(worker.output) + too_much + unread == 20_001
    assert queue.item(work_id)["state"] == "stopped"


class Flooded:
    """An output of a handler that is read when the test says so, by a clock of the test."""

    def __init__(self):
        self.now = 100.0
        self.screen = Screen(terminal=False)
        loop = asyncio.get_running_loop()
        loop.time = lambda: self.now
        runtime = make_runtime({}, stderr=self.screen)
        self._output = _Output(
            "stdout", WorkerLog(runtime.stderr, LogView(runtime, "json").line, {})
        )
        self._transport = Mock()
        self._output.connection_made(self._transport)

    def read(self, data):
        self._output.data_received(data)

    @property
    def is_paused(self):
        return self._transport.pause_reading.called

    @property
    def kept(self):
        """How many bytes of a line without an end are in memory."""
        return len(self._output._line)

    def end(self):
        """Return how many lines were logged, and how many were left out each time."""
        self._output.close()
        events = [json.loads(line) for line in self.screen.text().splitlines()]
        return sum("line" in event for event in events), [
            event["lines"] for event in events if "lines" in event
        ]


def test_a_handler_may_log_so_many_lines_in_each_period():
    """Those that are left out are counted when it may log again, or ends."""

    async def flood():
        flooded = Flooded()
        flooded.read(b"\n" * 20_000)
        flooded.read(b"\n" * 10)
        flooded.now += 10
        flooded.read(b"\n" * 6_000)
        return flooded.end()

    assert asyncio.run(flood()) == (10_000, [15_010, 1_000])


@pytest.mark.parametrize(("length", "most"), [(1_000, 2_222), (30_000, 232)])
def test_a_handler_may_log_so_many_bytes_in_each_period(length, most):
    """A longer line costs no more than what is logged of it."""

    async def flood():
        flooded = Flooded()
        for _ in range(300):
            flooded.read((b"x" * length + b"\n") * (60_000 // length))
        return flooded.end()

    lines, left_out = asyncio.run(flood())
    assert lines + sum(left_out) == 300 * (60_000 // length)
    assert most * 0.9 < lines <= most


@pytest.mark.parametrize(
    "written", [[b"x" * 65_536], [b"\n" * 5_000], [b"x"] * 5_000], ids=["bytes", "lines", "writes"]
)
def test_a_handler_that_floods_its_output_is_read_slowly(written):
    """Otherwise it would keep its worker busy, which has leases to hold."""

    async def flood():
        flooded = Flooded()
        for data in written:
            assert not flooded.is_paused
            flooded.read(data)
        assert flooded.is_paused
        flooded.end()

    asyncio.run(flood())


def test_a_line_may_end_as_on_windows_and_the_last_ten_are_kept():
    """A flood must not replace them by the first ones."""

    async def flood():
        flooded = Flooded()
        flooded.read(b"a\r\nb\r")
        flooded.read(b"\n" + b"".join(b"%d\n" % number for number in range(30)))
        flooded.read(b"rest")
        flooded.end()
        lines = [json.loads(line)["line"] for line in flooded.screen.text().splitlines()]
        return lines, list(flooded._output.last_lines)

    lines, last = asyncio.run(flood())
    assert lines == ["a", "b", *map(str, range(30)), "rest"]
    assert last == [*(b"%d" % number for number in range(21, 30)), b"rest"]


@pytest.mark.parametrize("size", [10, 100_000])
def test_a_handler_that_has_closed_its_input_is_no_error(size):
    """It may not need the item."""

    async def send():
        read, write = os.pipe()
        os.close(read)
        await handler_module._send(b"x" * size, os.fdopen(write, "wb", 0))
        await asyncio.sleep(0)

    asyncio.run(send())


def test_of_a_line_without_an_end_no_more_is_kept_than_may_be_logged():
    """Its handler may write for days."""

    async def flood():
        flooded = Flooded()
        for _ in range(10):
            flooded.read(b"x" * 60_000)
        kept = flooded.kept
        flooded.end()
        return kept

    assert asyncio.run(flood()) == KEPT_BYTES


@pytest.mark.slow
def test_a_worker_whose_log_nobody_reads_finishes_its_items_and_ends(queue, start, script):
    """A log driver may be stuck."""
    ids = queue.enqueue(3)
    worker = start("--max-items", "3", handler=[script("seq 5000")])
    assert worker.process.wait() == 0
    assert [queue.item(work_id)["state"] for work_id in ids] == ["stopped"] * 3


@pytest.mark.slow
def test_a_worker_whose_log_nobody_reads_ends_after_an_error(queue, start, script):
    """The error can't be reported either."""
    queue.enqueue()
    worker = start(handler=[script("seq 5000")])
    queue.wait_for_requests("/stop", 1)
    queue.fail("/poll", status=400, times=9)
    assert worker.process.wait() == 1


# The status line


def tally_of(**items):
    tally = Tally(4)
    for outcome, count in items.items():
        tally.items[outcome] += count
    return tally


def view_at_terminal(**environ):
    runtime = make_runtime(
        {"TERM": "xterm", "NO_COLOR": "1", **environ}, stderr=Screen(terminal=True)
    )
    return LogView(runtime, "auto")


def test_the_status_line_counts_slots_and_items():
    """Timeouts and dead letters are failures. Items that were given back or handed over are not."""
    tally = tally_of(
        succeeded=5,
        failed=1,
        timed_out=1,
        lost=1,
        dead_letter=1,
        given_back=7,
        lease_lost=3,
        cancelled=2,
    )
    tally.slots_used = 3
    view = view_at_terminal()
    assert view.status_line(tally.status()) == "3/4 busy  5 done  4 failed"
    tally.draining = True
    assert tally.status().endswith("failed  draining")
    tally.outage = "the handler exited with 125"
    assert tally.status().endswith("failed  outage  draining")
    assert view_at_terminal(COLUMNS="20").status_line(tally.status()) == "3/4 busy  5 done…"


@pytest.mark.parametrize(
    ("terminal", "log_format", "term"),
    [
        (False, "auto", "xterm"),
        (True, "json", "xterm"),
        (True, "text", "xterm"),
        (True, "auto", "dumb"),
    ],
    ids=["pipe", "json", "text", "dumb"],
)
def test_without_a_capable_terminal_there_is_no_status_line(terminal, log_format, term):
    """A program may read the output, or the terminal can't redraw a line."""
    runtime = make_runtime({"TERM": term}, stderr=Screen(terminal=terminal))
    assert not LogView(runtime, log_format).has_status


@pytest.mark.parametrize(
    ("items", "seconds", "summary"),
    [
        ({}, 3.2, "0 runs in 0:00:03"),
        ({}, 59.6, "0 runs in 0:01:00"),
        ({"succeeded": 1}, 75, "1 run in 0:01:15: 1 succeeded"),
        ({"succeeded": 2, "dead_letter": 1}, 7300, "3 runs in 2:01:40: 2 succeeded, 1 dead letter"),
    ],
)
def test_the_summary_counts_the_runs_of_a_worker(items, seconds, summary):
    """A person reads it at the end."""
    assert tally_of(**items).summary(seconds) == summary


@pytest.fixture
def terminal(queue, clean_environ):
    """Start a worker on the queue at a terminal of 80 by 24."""
    opened = []

    def start(*words, **environ):
        command = (
            sys.executable,
            "-m",
            "ant_cli",
            "beta:worker",
            "poll",
            "--base-url",
            queue.url,
            *words,
        )
        variables = {
            "ANTHROPIC_ENVIRONMENT_ID": queue.id,
            "ANTHROPIC_ENVIRONMENT_KEY": KEY,
            "ANT_NO_HINTS": "1",
        }
        session = Session(command, {**clean_environ, **variables, **environ})
        opened.append(session)
        return session

    yield start
    for session in opened:
        session.close()


def test_a_worker_at_a_terminal_shows_its_status_below_the_log_until_it_ends(
    queue, terminal, script, fifo
):
    """The last line is the summary, and the status line is erased."""
    queue.enqueue()
    handler = script(f"echo started; read line < {fifo}; exit $line")
    session = terminal("--concurrency", "2", "--attempts", "1", "--max-items", "2", "--", handler)
    session.wait_for("1/2 busy  0 done  0 failed")
    fifo.write_text("1\n")
    session.wait_for("0/2 busy  0 done  1 failed")
    queue.enqueue()
    session.wait_for("1/2 busy  0 done  1 failed")
    fifo.write_text("0\n")
    status, shown = session.end()
    assert status == 1
    assert re.search(r"\d\d:\d\d:\d\d \w{6} \| started", shown)
    last = shown.rpartition("2 runs in ")[2]
    assert re.match(r"0:\d\d:\d\d: 1 succeeded, 1 dead letter\n\r?", last)


@pytest.mark.slow
def test_a_worker_that_logs_json_at_a_terminal_draws_nothing(terminal, script):
    """Each line of the output is an object."""
    session = terminal("--exit-when-idle", "10ms", "--log-format", "json", "--", script("exit 0"))
    status, shown = session.end()
    assert status == 0
    assert all(line.startswith("{") for line in shown.splitlines())
    assert not session.has_sent(b"\x1b")


@pytest.mark.slow
def test_a_worker_whose_terminal_was_stopped_finishes_its_items_and_ends(queue, terminal, script):
    """Ctrl-S stops the output of a terminal."""
    session = terminal("--max-items", "2", "--", script("seq 3000"))
    session.wait_for("polling for work")
    session.type("\x13")
    ids = queue.enqueue(2)
    for work_id in ids:
        queue.wait_for_state(work_id, "stopped")
    assert session.process.wait() == 0
    session.type("\x11")


def test_the_summary_has_the_time_of_the_clock(monkeypatch):
    """Not that of the processor: a worker mostly waits."""
    screen = Screen(terminal=True)
    runtime = make_runtime({"ANTHROPIC_AUTH_TOKEN": KEY, "TERM": "dumb"}, stderr=screen)
    view = LogView(runtime, "auto")

    async def wait(_self):
        await asyncio.sleep(95)

    monkeypatch.setattr(supervisor_module.Supervisor, "run", wait)
    connection = load(runtime, Flags()).connection
    work = supervisor_module._work(poll_options(), ["true"], connection, runtime, view)
    with asyncio.Runner(loop_factory=SimulatedLoop) as runner:
        runner.run(work)
    assert "0 runs in 0:01:35" in screen.text()


def test_the_status_line_fits_the_terminal_of_stderr(monkeypatch):
    """Stdout may be another terminal, or a file."""

    class Numbered(Screen):
        def fileno(self):
            return 7

    columns = {7: 11}
    monkeypatch.setattr("os.get_terminal_size", lambda descriptor: (columns[descriptor], 24))
    runtime = make_runtime({"TERM": "xterm", "NO_COLOR": "1"}, stderr=Numbered(terminal=True))
    assert LogView(runtime, "auto").status_line("3/4 busy  5 done") == "3/4 busy…"
