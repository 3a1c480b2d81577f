"""The worker's log on stderr: a line for each event, as key=value pairs or as one JSON object."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from datetime import UTC, datetime

from ant_cli.errors import AntError, APIError, shortened
from ant_cli.http.response import error_message
from ant_cli.runtime.redaction import redact, unescaped
from ant_cli.runtime.sanitize import escape_controls
from ant_cli.runtime.streams import Stderr

_BARE = re.compile(r"[^\s\"=\x00-\x1f\x7f-\x9f]+")
"""A value that needs no quotes."""
_LONGEST_REASON = 500
"""The most characters of a server's reason that are logged."""


class WorkerLog:
    """Writes events with common fields. `of_item` returns a log that also names an item."""

    def __init__(
        self,
        stderr: Stderr,
        log_format: str,
        fields: dict[str, str],
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        secrets: Iterable[str] = (),
    ) -> None:
        self._stderr = stderr
        self._format = log_format
        self._fields = fields
        self._now = now
        self._secrets = tuple(secrets)
        self._shortest = min((len(unescaped(secret)) for secret in self._secrets), default=0)

    def of_item(self, work_id: str, secrets: Iterable[str]) -> WorkerLog:
        """Return a log for the events of an item. It redacts the item's secrets, which are forgotten with it."""
        fields = {**self._fields, "work_id": work_id}
        return WorkerLog(self._stderr, self._format, fields, self._now, secrets)

    def info(self, message: str, **fields: object) -> None:
        """Log a normal event."""
        self._write("INFO", message, fields)

    def warn(self, message: str, **fields: object) -> None:
        """Log a failure after which the worker continues."""
        self._write("WARN", message, fields)

    def error(self, message: str, **fields: object) -> None:
        """Log a failure that costs an item, or ends the worker."""
        self._write("ERROR", message, fields)

    def _write(self, level: str, message: str, fields: dict[str, object]) -> None:
        time = self._now().strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
        entry = {"time": time, "level": level, "msg": message, **self._fields, **fields}
        # Secrets are redacted in each value first, because quoting could change them.
        clean = {key: self._clean(value) for key, value in entry.items()}
        if self._format == "json":
            line = json.dumps(clean)
        else:
            line = " ".join(f"{key}={_quoted(str(value))}" for key, value in clean.items())
        self._stderr.write(line + "\n")

    def _clean(self, value: object) -> object:
        if isinstance(value, AntError):
            value = self._describe(value)
        if not isinstance(value, str):
            return value
        return escape_controls(self._redacted(value))

    def _describe(self, error: AntError) -> str:
        """Return the message of an error, with the server's reason if it gave one."""
        reason = error_message(error.body) if isinstance(error, APIError) else ""
        if not reason:
            return error.message
        # Redact before cutting: a secret that is cut in two would not be found.
        reason = self._redacted(self._stderr.redact(reason))
        return f"{error.message}: {shortened(reason, _LONGEST_REASON)}"

    def _redacted(self, text: str) -> str:
        if self._secrets and len(text) >= self._shortest:  # a shorter text can't contain any of them
            return redact(text, self._secrets)
        return text


def _quoted(value: str) -> str:
    return value if _BARE.fullmatch(value) else json.dumps(value, ensure_ascii=False)
