"""The worker's log: what happened, without secrets, for people at a terminal or as text or JSON for machines."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import NamedTuple

from ant_cli.errors import AntError, APIError, shortened
from ant_cli.http.response import error_message
from ant_cli.output.style import PLAIN, style_of
from ant_cli.runtime import Runtime
from ant_cli.runtime.redaction import redact
from ant_cli.runtime.sanitize import escape_controls
from ant_cli.runtime.screen import terminal_size, truncate
from ant_cli.runtime.streams import Stderr

_HANDLER_OUTPUT = "handler output"
LONGEST_LINE = 16_384
"""The most characters of a handler's line that are logged."""
_EXAMINED = LONGEST_LINE + 12 * 4096
"""The characters of a longer line in which secrets are looked for. One at its end may be cut in two, so the end is
not shown: a character of a secret takes up to 12."""
KEPT_BYTES = 4 * (_EXAMINED + 1)
"""The bytes to keep of a handler's line: enough to tell that a longer line has more than `_EXAMINED` characters."""
_CUT = " [the rest of the line was cut]"
_LONGEST_REASON = 500
"""The most characters of a server's reason that are logged."""
_BARE = re.compile(r"[^\s\"=\x00-\x1f\x7f-\x9f]+")
"""A value that needs no quotes."""
_SHORT_ID = 6
"""How many characters of an item's ID tell it from the others at a terminal."""
_WORKER_FIELDS = ("component", "environment_id")
_ITEM_FIELDS = ("work_id", "session_id", "attempt")
"""Fields that are the same in many lines, so people see those of an item only in the line about its claim."""
_CLAIM = "claimed work"
_REASONS = ("error", "reason")
_COLOURS = {"INFO": "", "WARN": "yellow", "ERROR": "red"}
_PRIORITIES = {"INFO": 6, "WARN": 4, "ERROR": 3}
"""The levels as journald knows them."""


class LogEvent(NamedTuple):
    """An event of the log. Its texts are safe to show."""

    time: datetime
    level: str
    message: str
    fields: Mapping[str, object]


class WorkerLog:
    """Writes events with common fields. `of_item` returns a log that also names an item."""

    def __init__(
        self,
        stderr: Stderr,
        render: Callable[[LogEvent], str],
        fields: Mapping[str, object],
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        secrets: Iterable[str] = (),
    ) -> None:
        self._stderr = stderr
        self._render = render
        self._now = now
        self._secrets = tuple(secrets)
        self._fields = {key: self._safe_value(value) for key, value in fields.items()}

    def of_item(self, secrets: Iterable[str], **fields: object) -> WorkerLog:
        """Return a log for the events of an item. It redacts the item's secrets, which are forgotten with it."""
        return WorkerLog(self._stderr, self._render, {**self._fields, **fields}, self._now, secrets)

    def info(self, message: str, **fields: object) -> None:
        """Log a normal event."""
        self._write("INFO", message, fields)

    def warn(self, message: str, **fields: object) -> None:
        """Log a failure after which the worker continues."""
        self._write("WARN", message, fields)

    def error(self, message: str, **fields: object) -> None:
        """Log a failure that loses an item, or ends the worker."""
        self._write("ERROR", message, fields)

    def say(self, text: str, is_error: bool) -> None:  # noqa: FBT001 - `Stderr.log` has no keywords
        """Log a message to people, whose first line is the text of the event."""
        message, _, hint = text.removeprefix("ant: ").partition("\n")
        level = "ERROR" if is_error else "INFO"
        fields = {"hint": hint} if hint else {}
        self._write(level, message, fields)

    def output(self, stream: str, line: bytes) -> None:
        """Log a handler's line, which may be cut after `KEPT_BYTES`."""
        self._write("INFO", _HANDLER_OUTPUT, {"stream": stream, "line": line}, len(line))

    def note_left_out(self, lines: int) -> str:
        """Return the line that says how many others were left out."""
        message = "the log was not read in time; lines are missing"
        return self._render(self._event(self._now(), "WARN", message, {"lines": lines}))

    def _write(
        self, level: str, message: str, fields: Mapping[str, object], bulk_size: int = 0
    ) -> None:
        """Write an event; `bulk_size` is the size of a handler's line. Secrets are redacted when it is written."""
        now = self._now()

        def render() -> str:
            return self._render(self._event(now, level, message, fields))

        self._stderr.write_rendered(render, bulk_size, bulk=bulk_size > 0)

    def _event(
        self, now: datetime, level: str, message: str, fields: Mapping[str, object]
    ) -> LogEvent:
        safe = {key: self._safe_value(value) for key, value in fields.items()}
        return LogEvent(now, level, self.clean(message), {**self._fields, **safe})

    def _safe_value(self, value: object) -> object:
        if isinstance(value, AntError):
            return self.clean(self._describe(value))
        if isinstance(value, bytes):
            return self._shorten(value)
        return self.clean(value) if isinstance(value, str) else value

    def _shorten(self, line: bytes) -> str:
        """Return a handler's line up to a limit. Secrets are redacted first: a part of one would not be found."""
        text = line.decode("utf-8", "backslashreplace")
        clean = self.clean(text[:_EXAMINED])
        if len(text) > _EXAMINED:
            examined_for_sure = clean[: LONGEST_LINE - _EXAMINED]
            return f"{examined_for_sure[:LONGEST_LINE]}{_CUT}"
        if len(clean) > LONGEST_LINE:
            return f"{clean[:LONGEST_LINE]}{_CUT}"
        return clean

    def clean(self, text: str) -> str:
        """Return a text without secrets and control characters."""
        return escape_controls(self._redacted(text))

    def _describe(self, error: AntError) -> str:
        """Return the message of an error, with the server's reason if it gave one."""
        reason = error_message(error.body) if isinstance(error, APIError) else ""
        if not reason:
            return error.message
        # Redact before cutting: a secret that is cut in two would not be found.
        return f"{error.message}: {shortened(self._redacted(reason), _LONGEST_REASON)}"

    def _redacted(self, text: str) -> str:
        text = self._stderr.redactor.redact(text)
        return redact(text, self._secrets) if self._secrets else text


def log_all(runtime: Runtime, component: str) -> None:
    """Write every message on stderr as an event in JSON."""
    view = LogView(runtime, "json")
    log = WorkerLog(runtime.stderr, view.line, {"component": component})
    runtime.stderr.log = log.say


class LogView:
    """The lines of the log, and at a terminal the status line below them."""

    def __init__(self, runtime: Runtime, log_format: str, *, marks_stderr: bool = True) -> None:
        """Take a format: `auto` is for people at a terminal, and `text` elsewhere."""
        self._runtime = runtime
        self._marked_stream = "stderr" if marks_stderr else ""
        self.is_for_people = runtime.stderr.is_terminal and log_format == "auto"
        self.has_status = self.is_for_people and runtime.stderr.can_redraw(runtime.environ)
        """The terminal can redraw a line for the state of the worker."""
        self._style = style_of(runtime.stderr, runtime) if self.is_for_people else PLAIN
        self._format = "plain" if self.is_for_people else log_format
        self._has_priorities = _is_journal(runtime.stderr, runtime.environ)

    def line(self, event: LogEvent) -> str:
        """Return the line of an event, with its end."""
        priority = f"<{_PRIORITIES[event.level]}>" if self._has_priorities else ""
        text = self._plain(event) if self._format == "plain" else self._for_machines(event)
        return f"{priority}{text}\n"

    def _for_machines(self, event: LogEvent) -> str:
        stamp = event.time.strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
        members = {"time": stamp, "level": event.level, "msg": event.message, **event.fields}
        return json.dumps(members) if self._format == "json" else _pairs(members)

    def _plain(self, event: LogEvent) -> str:
        """Return the time, the end of the item's ID, and the message; the line of a handler as it is."""
        parts = [*self._plain_time(event), *self._plain_item(event)]
        if event.message == _HANDLER_OUTPUT:
            return " ".join([*parts, *self._plain_output(event.fields)])
        return " ".join([*parts, *self._plain_message(event)]).rstrip()

    def _plain_time(self, event: LogEvent) -> list[str]:
        if not self.is_for_people:
            return []
        return [self._style.paint(event.time.astimezone().strftime("%H:%M:%S"), "dim")]

    def _plain_item(self, event: LogEvent) -> list[str]:
        if event.fields.get("component") == "session":  # its process has only one item
            return []
        short = str(event.fields.get("work_id", ""))[-_SHORT_ID:]
        return [self._style.paint(short.ljust(_SHORT_ID), "cyan")]

    def _plain_output(self, fields: Mapping[str, object]) -> list[str]:
        is_marked = fields["stream"] == self._marked_stream
        mark = ("!", "yellow") if is_marked else ("|", "dim")
        return [self._style.paint(*mark), str(fields["line"])]

    def _plain_message(self, event: LogEvent) -> list[str]:
        """Return the message with its reasons, and the other fields, but not those that the claim has shown."""
        paint, fields = self._style.paint, event.fields
        message = ": ".join(
            [event.message, *(str(fields[key]) for key in _REASONS if key in fields)]
        )
        left_out = set(_WORKER_FIELDS)
        if event.message != _CLAIM:
            left_out.update(_ITEM_FIELDS, _REASONS)
        rest = {key: value for key, value in fields.items() if key not in left_out}
        shown = [paint(message, _COLOURS[event.level]), paint(_pairs(rest), "dim")]
        needs_level = event.level != "INFO" and not self._style.colour
        return [event.level, *shown] if needs_level else shown

    def status_line(self, text: str) -> str:
        """Return a text for the last line of the terminal."""
        width = terminal_size(self._runtime.stderr, self._runtime.environ)[0] - 1
        return self._style.paint(truncate(text, width), "bold")


def _pairs(fields: Mapping[str, object]) -> str:
    return " ".join(f"{key}={_quoted(value)}" for key, value in fields.items())


def _quoted(given: object) -> str:
    if isinstance(given, bool):
        return str(given).lower()
    value = str(given)
    return value if _BARE.fullmatch(value) else json.dumps(value, ensure_ascii=False)


def _is_journal(stderr: Stderr, environ: Mapping[str, str]) -> bool:
    """Whether stderr goes to journald, which takes the priority of a line from its start."""
    try:
        status = os.fstat(stderr.descriptor)
    except (OSError, ValueError):
        return False
    return environ.get("JOURNAL_STREAM") == f"{status.st_dev}:{status.st_ino}"
