"""The worker's log: what happened, without secrets. How it looks is up to `log_view.py`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from types import MappingProxyType

from ant_cli.errors import AntError, APIError, shortened
from ant_cli.http.response import error_message
from ant_cli.runtime.light_typing import NamedTuple
from ant_cli.runtime.redaction import redact, unescaped
from ant_cli.runtime.sanitize import escape_controls
from ant_cli.runtime.streams import Stderr

HANDLER_OUTPUT = "handler output"
LONGEST_LINE = 16_384
"""The most characters of a handler's line that are logged."""
_EXAMINED = LONGEST_LINE + 12 * 4096
"""The characters of a longer line in which secrets are looked for. One at its end may be cut in two, so the end is
not shown: a character of a secret takes up to 12."""
KEPT_BYTES = 4 * (_EXAMINED + 1)
"""The bytes to keep of a handler's line: what has more is longer than `_EXAMINED`, and so is what is kept of it."""
_LONGEST_REASON = 500
"""The most characters of a server's reason that are logged."""


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
        fields: Mapping[str, str],
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        secrets: Iterable[str] = (),
        clean_fields: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        self._stderr = stderr
        self._render = render
        self._now = now
        self._secrets = tuple(secrets)
        self._shortest = min((len(unescaped(secret)) for secret in self._secrets), default=0)
        self._fields = {**clean_fields, **{key: self.clean(text) for key, text in fields.items()}}

    def of_item(self, work_id: str, secrets: Iterable[str]) -> WorkerLog:
        """Return a log for the events of an item. It redacts the item's secrets, which are forgotten with it."""
        fields = {"work_id": work_id}
        return WorkerLog(self._stderr, self._render, fields, self._now, secrets, self._fields)

    def info(self, message: str, **fields: object) -> None:
        """Log a normal event."""
        self._write("INFO", message, fields)

    def warn(self, message: str, **fields: object) -> None:
        """Log a failure after which the worker continues."""
        self._write("WARN", message, fields)

    def error(self, message: str, **fields: object) -> None:
        """Log a failure that costs an item, or ends the worker."""
        self._write("ERROR", message, fields)

    def output(self, stream: str, line: bytes) -> None:
        """Log a line of a handler, of which no more than `KEPT_BYTES` are needed."""
        self._write("INFO", HANDLER_OUTPUT, {"stream": stream, "line": line}, len(line))

    def note_left_out(self, lines: int) -> str:
        """Return the line that says how many others were left out."""
        message, fields = "the log was not read in time; lines are missing", {**self._fields, "lines": lines}
        return self._render(LogEvent(self._now(), "WARN", message, fields))

    def _write(self, level: str, message: str, fields: Mapping[str, object], bulk: int = 0) -> None:
        """Write an event. Its secrets are redacted where it is written, which may be in a thread."""
        now = self._now()

        def render() -> str:
            clean = {key: self._clean(value) for key, value in fields.items()}
            return self._render(LogEvent(now, level, self.clean(message), {**self._fields, **clean}))

        self._stderr.write_rendered(render, bulk, bulk=bool(bulk))

    def _clean(self, value: object) -> object:
        if isinstance(value, AntError):
            value = self._describe(value)
        elif isinstance(value, bytes):
            return self._shorten(value)
        return self.clean(value) if isinstance(value, str) else value

    def _shorten(self, line: bytes) -> str:
        """Return a handler's line up to a limit. Secrets are redacted first: a part of one would not be found."""
        text = line.decode("utf-8", "backslashreplace")
        clean = self.clean(text[:_EXAMINED])
        if len(text) > _EXAMINED:
            clean = clean[: LONGEST_LINE - _EXAMINED]
        elif len(clean) <= LONGEST_LINE:
            return clean
        return f"{clean[:LONGEST_LINE]} [the rest of the line was cut]"

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
        text = self._stderr.redact(text)
        if self._secrets and len(text) >= self._shortest:  # a shorter text can't contain any of them
            return redact(text, self._secrets)
        return text
