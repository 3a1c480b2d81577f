"""A call: one request for the rules, read from WSGI without a web framework; query parameters, pages, identifiers.

Without the framework `ant --local` starts in half the time, and nothing else of it is needed.
"""

from __future__ import annotations

import json
import os
import re
import string
from collections.abc import Callable, Mapping, Sequence
from urllib.parse import parse_qsl

from ant_cli.emulator.errors import EmulatorError, InvalidRequest
from ant_cli.runtime.light_typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

LARGEST_BODY = 10 * 1024 * 1024


def query_of(environ: WSGIEnvironment) -> Mapping[str, str]:
    """Return the query parameters. Of equal names, the first one is used."""
    pairs = parse_qsl(environ.get("QUERY_STRING", ""), keep_blank_values=True)
    return dict(reversed(pairs))


def read_body(environ: WSGIEnvironment) -> bytes:
    """Return the body. Raises EmulatorError if it is too large, or shorter than announced."""
    length = environ.get("CONTENT_LENGTH") or "0"
    if not (length.isascii() and length.isdigit()):
        raise InvalidRequest("content-length: must be a whole number.")
    if int(length) > LARGEST_BODY:
        raise body_too_large()
    body: bytes = environ["wsgi.input"].read(int(length)) if int(length) else b""
    if len(body) < int(length):
        raise InvalidRequest("body: shorter than content-length says.")
    return body


ALPHABET = string.digits + string.ascii_uppercase + string.ascii_lowercase
CHARACTERS = "".join(ALPHABET[byte % len(ALPHABET)] for byte in range(256)).encode()
"""The character of an identifier for each random byte."""


def new_id(prefix: str) -> str:
    """Return a fresh identifier: `env_01` and 22 random characters for the prefix `env`."""
    return f"{prefix}_01{os.urandom(22).translate(CHARACTERS).decode()}"


def body_too_large() -> EmulatorError:
    """Return the error for a request whose body is too long."""
    return EmulatorError(413, f"body: larger than {LARGEST_BODY} bytes.")


WHOLE_NUMBER = re.compile(r"-?[0-9]{1,18}", re.ASCII)
BOOLEANS = {"true": True, "false": False}
BEFORE_THE_FIRST = 2**62
CURSOR_PREFIX = "page_"
CURSOR = re.compile(r"(?P<list>.+) (?P<sequence>[0-9]{1,18})", re.ASCII)
"""The content of a cursor: the list, and the sequence number of the last item that was shown.

It names no number of items, so items that are added or deleted meanwhile shift nothing: the next page begins after
that item, even if the item itself is gone.
"""


class Call(NamedTuple):
    """One request: the IDs of its path, its query, its worker and its body."""

    ids: Mapping[str, str]
    query: Mapping[str, str]
    worker_id: str
    """The name of the worker that sent it; empty if it has none."""
    body: bytes
    is_stopping: Callable[[], bool]
    """Whether a stream should end, because the server stops or the client has disconnected."""
    before_waiting: Callable[[], None]
    """Called before the request waits. It may raise an exception that no rule catches."""
    api_key: str
    """The emulator's API key; empty if it accepts any."""

    @property
    def environment_id(self) -> str:
        """The environment that the path names."""
        return self.ids["environment_id"]

    @property
    def work_id(self) -> str:
        """The work item that the path names."""
        return self.ids["work_id"]

    def text(self, name: str) -> str | None:
        """Return a query parameter. An empty one means null, which is treated as left out."""
        return self.query.get(name) or None

    def number(self, name: str, default: int, low: int, high: int | None = None) -> int:
        """Return a query parameter that is a whole number from `low` to `high`."""
        text = self.text(name)
        if text is None:
            return default
        value = int(text) if WHOLE_NUMBER.fullmatch(text) else None
        if value is None or value < low or (high is not None and value > high):
            bounds = f"of at least {low}" if high is None else f"from {low} to {high}"
            raise InvalidRequest(f"{name}: must be a whole number {bounds}, got {text!r}.")
        return value

    def flag(self, name: str) -> bool:
        """Return a query parameter that is true or false; false when it is left out."""
        text = self.text(name) or "false"
        if text not in BOOLEANS:
            raise InvalidRequest(f"{name}: must be true or false, got {text!r}.")
        return BOOLEANS[text]

    def page_start(self, list_name: str, start: int = BEFORE_THE_FIRST) -> int:
        """Return the sequence number after which the page begins that `page` asks for; `start` without a cursor."""
        page = self.text("page")
        if page is None:
            return start
        try:
            content = bytes.fromhex(page.removeprefix(CURSOR_PREFIX)).decode()
        except ValueError:
            content = ""
        match = CURSOR.fullmatch(content)
        if match is None or match["list"] != list_name:
            raise InvalidRequest("page: not a cursor of this list; pass the next_page of an earlier response.")
        return int(match["sequence"])


def page_of(list_name: str, rows: Sequence[Sequence[Any]], limit: int) -> str:
    """Return the response body for `rows` of sequence number and document.

    The query asked for one row more than `limit`, to find out whether there is another page.
    """
    shown = rows[:limit]
    cursor = CURSOR_PREFIX + f"{list_name} {shown[-1][0]}".encode().hex() if len(rows) > limit else None
    return f'{{"data":[{",".join(document for _, document in shown)}],"next_page":{json.dumps(cursor)}}}'
