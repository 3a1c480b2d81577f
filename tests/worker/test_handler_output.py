"""What is logged of the output of a handler: whole lines, up to a limit in each period. In simulated time."""

from __future__ import annotations

import asyncio

import pytest

from ant_cli.worker.handler import _Output
from ant_cli.worker.log import KEPT_BYTES
from tests.worker.simulation import SimulatedLoop

MOST_LINES = 5000
"""How many short lines are logged in a period."""


class Logged:
    """An output of a handler, the lines that are logged of it, and the times at which reading pauses."""

    def __init__(self, stream="stdout"):
        self.lines = []
        self.warnings = []
        self.pauses = []
        """When reading paused, and when it went on."""
        self.is_closed = False
        self._now = asyncio.get_running_loop().time
        self.output_ = _Output(stream, self)
        self.output_.connection_made(self)
        self.write = self.output_.data_received

    def output(self, stream, line):
        self.lines.append((stream, line))

    def warn(self, message, **fields):
        assert message == "too much output; lines were left out"
        self.warnings.append((fields["stream"], fields["lines"]))

    def pause_reading(self):
        self.pauses.append(self._now())

    def resume_reading(self):
        self.pauses.append(self._now())

    def close(self):
        self.is_closed = True


def told(story, stream="stdout"):
    """Let a story happen with an output, and return it."""

    async def tell():
        logged = Logged(stream)
        await story(logged)
        return logged

    with asyncio.Runner(loop_factory=SimulatedLoop) as runner:
        return runner.run(tell())


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
def test_each_line_is_logged_once_with_its_stream(stream):
    """A read or the output may end in the middle of a line. Only a carriage return at its end is left out."""

    async def story(logged):
        logged.write(b"a b \r\n\n  c\rd")
        logged.write(b"e\n\xff\nthe")
        logged.write(b" end")
        logged.output_.end_line()
        logged.output_.end_line()
        logged.output_.close()

    logged = told(story, stream)
    expected = [b"a b ", b"", b"  c\rde", b"\xff", b"the end"]
    assert logged.lines == [(stream, line) for line in expected]
    assert list(logged.output_.last_lines) == [b"a b \r", *expected[1:]]
    assert logged.is_closed
    assert (logged.pauses, logged.warnings) == ([], [])


def test_of_a_line_that_never_ends_the_beginning_is_kept():
    """Such a line must not fill the memory."""

    async def story(logged):
        logged.write(b"a" * KEPT_BYTES + b"b" * 10)
        logged.write(b"c\n")

    ((_, line),) = told(story).lines
    assert line == b"a" * KEPT_BYTES + b"c"


def test_lines_beyond_the_limit_of_ten_seconds_are_counted():
    """A warning gives their number before the next line that is logged."""

    async def story(logged):
        logged.write(b"\n" * (MOST_LINES + 1000))
        assert (len(logged.lines), logged.warnings) == (MOST_LINES, [])
        await asyncio.sleep(9)
        logged.write(b"x\ny\n")
        assert (len(logged.lines), logged.warnings) == (MOST_LINES, [])
        await asyncio.sleep(1.5)
        logged.write(b"z\n")
        logged.write(b"z\n")
        assert logged.warnings == [("stdout", 1002)]
        assert logged.lines[MOST_LINES:] == [("stdout", b"z")] * 2

    told(story)


def test_lines_that_were_left_out_at_the_end_are_counted_there():
    """No later line would cause the warning."""

    async def story(logged):
        logged.write(b"\n" * MOST_LINES)
        logged.write(b"x\nthe end")
        logged.output_.end_line()
        logged.output_.close()

    logged = told(story, "stderr")
    assert logged.warnings == [("stderr", 2)]
    assert list(logged.output_.last_lines)[-2:] == [b"x", b"the end"]


def test_each_period_has_its_own_limit():
    """The lines of an earlier period do not count."""

    async def story(logged):
        logged.write(b"\n" * (MOST_LINES - 10))
        await asyncio.sleep(11)
        logged.write(b"\n" * MOST_LINES)
        assert logged.warnings == []
        assert len(logged.lines) == 2 * MOST_LINES - 10
        await asyncio.sleep(9)
        logged.write(b"x\n")
        assert len(logged.lines) == 2 * MOST_LINES - 10

    told(story)


@pytest.mark.parametrize(("size", "pauses"), [(65_535, False), (65_536, True)])
def test_a_handler_that_writes_faster_than_it_is_read_is_left_alone_for_a_moment(size, pauses):
    """Otherwise, reading its output would keep the worker busy."""

    async def story(logged):
        began = asyncio.get_running_loop().time()
        logged.write(b"x" * size)
        await asyncio.sleep(1)
        logged.pauses = [round(at - began, 3) for at in logged.pauses]

    assert told(story).pauses == ([0.0, 0.005] if pauses else [])


def test_beyond_the_limit_each_read_is_followed_by_a_pause():
    """None of this output is logged, so it can wait."""

    async def story(logged):
        logged.write(b"\n" * MOST_LINES)
        for _ in range(3):
            logged.write(b"x")
        await asyncio.sleep(1)

    assert len(told(story).pauses) == 2 * 4
