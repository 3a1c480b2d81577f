"""The journal: the last requests of the API that an emulator answered, to see what a client really sent.

It is in memory, because a file with every body would grow with each poll. So it has only the requests to one served
emulator since its start, without those about the emulator itself (`/_emulator/`, `/healthz`).
"""

from __future__ import annotations

import json
import re
from collections import deque
from collections.abc import Mapping
from typing import Any

from ant_cli.emulator.errors import to_compact_json
from ant_cli.emulator.store import rfc3339

MOST_REQUESTS = 1_000
LONGEST_BODY = 65_536
"""How many bytes of a body are kept."""
HIDDEN = "[REDACTED]"
SECRETS = r'(?P<name>\\?"(?:secret|sessions_token|environment_key)\\?": ?\\?")[^"\\]+|sk-ant-[\w-]+'
"""The secrets that the emulator issues: in JSON, and in JSON that is a text because it was cut."""
HEADERS = ("anthropic-version", "anthropic-beta", "user-agent", "x-stainless-retry-count")
"""The headers that are kept. They explain many errors, and have no secrets."""

Entry = Mapping[str, Any]
"""A request and its response: the fields of the entry's JSON, with the bodies as bytes and the time as a number."""
Journal = deque[Entry]
"""The last requests of an emulator; the oldest one makes room for a new one."""


def to_json(entry: Entry, api_key: str) -> str:
    """Return an entry as JSON without secrets: those that the emulator issues, and its API key if it has one."""
    bodies = {name: _readable(entry[name]) for name in ("request_body", "response_body")}
    text = to_compact_json({**entry, "time": rfc3339(entry["time"]), **bodies})
    if api_key:
        text = text.replace(json.dumps(api_key, ensure_ascii=False)[1:-1], HIDDEN)
    return re.sub(SECRETS, lambda found: (found["name"] or "") + HIDDEN, text, flags=re.ASCII)


def _readable(body: bytes) -> object:
    """Return a body as the JSON that it is, and otherwise as text; None for an empty one."""
    try:
        return json.loads(body) if body else None
    except (ValueError, RecursionError):
        return body.decode("utf-8", "replace")
