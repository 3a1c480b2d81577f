"""How the worker's log looks: for people at a terminal, and for machines as key=value pairs or JSON objects."""

from __future__ import annotations

import json
import os
import re
import time
from collections.abc import Callable, Mapping
from datetime import timedelta

from ant_cli.output.terminal import Style, shows_colour, terminal_size, truncate
from ant_cli.runtime import Runtime
from ant_cli.runtime.streams import Stderr
from ant_cli.worker.log import HANDLER_OUTPUT, LogEvent
from ant_cli.worker.settlement import Outcome
from ant_cli.worker.tally import Tally

_BARE = re.compile(r"[^\s\"=\x00-\x1f\x7f-\x9f]+")
"""A value that needs no quotes."""
_SHORT_ID = 6
"""How many characters of an item's ID tell it from the others at a terminal."""
_COMMON = ("component", "environment_id", "work_id")
"""Fields that are the same in many lines. The line about the claim of an item has its whole ID."""
_CLAIM = "claimed work"
_REASONS = ("error", "reason")
_COLOURS = {"INFO": "", "WARN": "yellow", "ERROR": "red"}
_PRIORITIES = {"INFO": 6, "WARN": 4, "ERROR": 3}
"""The levels as journald knows them."""
_FAILURES = (Outcome.FAILED, Outcome.TIMED_OUT, Outcome.DEAD_LETTER)


class LogView:
    """The lines of the log, and at a terminal the status line below them."""

    def __init__(self, runtime: Runtime, log_format: str, *, marks_stderr: bool = True) -> None:
        """Take a format: `auto` is for people at a terminal, and `text` elsewhere."""
        self._runtime = runtime
        self._marked_stream = "stderr" if marks_stderr else ""
        self.is_for_people = runtime.stderr.is_terminal and log_format == "auto"
        self.has_status = self.is_for_people and runtime.stderr.can_redraw(runtime.environ)
        """The terminal can redraw a line for the state of the worker."""
        self._style = Style(0, 0, self.is_for_people and shows_colour(runtime.environ), time.time)
        self._formatted: Callable[[LogEvent], str] = _text
        if log_format == "json":
            self._formatted = _json
        elif self.is_for_people or log_format == "plain":
            self._formatted = self._plain
        self._has_priorities = _is_journal(runtime.stderr, runtime.environ)

    def line(self, event: LogEvent) -> str:
        """Return the line of an event, with its end."""
        priority = f"<{_PRIORITIES[event.level]}>" if self._has_priorities else ""
        return f"{priority}{self._formatted(event)}\n"

    def _plain(self, event: LogEvent) -> str:
        """Return the time, the end of the item's ID, and the message; the line of a handler as it is."""
        paint, fields = self._style.paint, event.fields
        parts = [paint(event.time.astimezone().strftime("%H:%M:%S"), "dim")] if self.is_for_people else []
        if fields.get("component") != "session":  # a session has a process of its own
            parts.append(paint(str(fields.get("work_id", ""))[-_SHORT_ID:].ljust(_SHORT_ID), "cyan"))
        if event.message == HANDLER_OUTPUT:
            mark = paint("!", "yellow") if fields["stream"] == self._marked_stream else paint("|", "dim")
            return " ".join([*parts, mark, str(fields["line"])])
        message = ": ".join([event.message, *(str(fields[name]) for name in _REASONS if name in fields)])
        if event.level != "INFO" and not self._style.colour:
            parts.append(event.level)
        left_out = _COMMON[:-1] if event.message == _CLAIM else (*_COMMON, *_REASONS)
        rest = {name: value for name, value in fields.items() if name not in left_out}
        return " ".join([*parts, paint(message, _COLOURS[event.level]), paint(_pairs(rest), "dim")]).rstrip()

    def status(self, tally: Tally) -> str:
        """Return the state of a worker on one line of the terminal."""
        failed = sum(tally.items[outcome] for outcome in _FAILURES)
        parts = [
            f"{tally.slots_used}/{tally.slots} busy",
            f"{tally.items[Outcome.SUCCEEDED]} done",
            f"{failed} failed",
            f"queue {'?' if tally.queue_depth is None else tally.queue_depth}",
            *(["draining"] if tally.draining else []),
        ]
        width = terminal_size(self._runtime.stderr, self._runtime.environ)[0] - 1
        return self._style.paint(truncate("  ".join(parts), width), "bold")

    def summary(self, tally: Tally, seconds: float) -> str:
        """Return what a worker has done until its end."""
        counts = {outcome.replace("_", " "): count for outcome, count in tally.items.items() if count}
        listed = ", ".join(f"{count} {outcome}" for outcome, count in counts.items())
        total = sum(counts.values())
        runs = f"{total} {'run' if total == 1 else 'runs'} in {timedelta(seconds=round(seconds))}"
        return f"{runs}: {listed}" if listed else runs


def _text(event: LogEvent) -> str:
    return _pairs(_members(event))


def _json(event: LogEvent) -> str:
    return json.dumps(_members(event))


def _members(event: LogEvent) -> dict[str, object]:
    stamp = event.time.strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
    return {"time": stamp, "level": event.level, "msg": event.message, **event.fields}


def _pairs(fields: Mapping[str, object]) -> str:
    return " ".join(f"{key}={_quoted(str(value))}" for key, value in fields.items())


def _quoted(value: str) -> str:
    return value if _BARE.fullmatch(value) else json.dumps(value, ensure_ascii=False)


def _is_journal(stderr: Stderr, environ: Mapping[str, str]) -> bool:
    """Whether stderr goes to journald, which takes the priority of a line from its start."""
    try:
        status = os.fstat(stderr.descriptor)
    except (OSError, ValueError):
        return False
    return environ.get("JOURNAL_STREAM") == f"{status.st_dev}:{status.st_ino}"
