"""Responses: read a body to its end, and check responses whose status is a success.

A proxy or gateway may respond in place of the API, with 200 and a page of HTML, an error, or nothing at all.
"""

from __future__ import annotations

import io
import json
import re
import time
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ant_cli.errors import APIError, ResponseError
from ant_cli.gjson import json_text
from ant_cli.http.transport import incomplete_response
from ant_cli.runtime import http_date
from ant_cli.runtime.redaction import strip_userinfo

RESPONSE_LIMIT = 100_000_000
"""The most bytes of a body, after decompression, that are read."""
_BOM = b"\xef\xbb\xbf"
_SECONDS = r"-?[0-9]+(?:\.[0-9]+)?"
_LONGEST_DELAY_S = 100 * 365 * 86_400.0
"""The most that a server may ask for: an operating system can't sleep until the year 9999."""
_LARGEST_PART = 1_000_000
"""The most bytes that are decompressed at once."""
_LONGEST_ERROR = 100_000
"""The longest body that is searched for an error: errors are short."""
_NOT_FOLLOWED = "Redirects are not followed, so your key isn't sent elsewhere. Check the base URL."
_NOT_THE_API = (
    "Something other than the API may have responded, such as a proxy. Check the base URL."
)


class Response:
    """A response. `read` receives its body."""

    def __init__(
        self, status: int, reason: str, headers: Mapping[str, str], chunks: Iterable[bytes]
    ) -> None:
        self.status = status
        self.reason = reason
        self.headers = headers
        """By their names in lower case."""
        self._chunks = chunks
        self.body = b""
        """The body, decompressed and without a byte order mark; empty before `read`."""

    @property
    def status_line(self) -> str:
        """The status as people read it: `404 Not Found`."""
        return f"{self.status} {self.reason}".rstrip()

    def requested_delay(self) -> float | None:
        """Return the seconds that `retry-after-ms` or `retry-after` asks for; None without a usable one."""
        for name, unit in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
            text = self.headers.get(name, "")
            if re.fullmatch(_SECONDS, text):
                return min(max(float(text) * unit, 0.0), _LONGEST_DELAY_S)
        when = http_date(text)
        if when is None:
            return None
        return min(max(when - time.time(), 0.0), _LONGEST_DELAY_S)

    def read(self, limit: int = RESPONSE_LIMIT) -> None:
        """Receive the body, at most `limit` bytes.

        Raises:
            FailedAttempt: if it is too large, is cut off, or has a compression that was not requested.

        """
        body = io.BytesIO()  # a list of small chunks would take many times the memory
        for chunk in self._decompressed():
            body.write(chunk)
            if body.tell() > limit:
                megabytes = limit // 1_000_000
                raise incomplete_response(
                    f"is larger than {megabytes} MB, which is the limit", permanent=True
                )
        self.body = body.getvalue().removeprefix(_BOM)

    def _decompressed(self) -> Iterable[bytes]:
        encoding = self.headers.get("content-encoding", "").lower().removeprefix("x-")
        if encoding == "gzip":
            return _gunzip(self._chunks)
        if encoding in ("identity", ""):
            return self._chunks
        raise incomplete_response(
            f"is compressed as {encoding!r}, which was not requested", permanent=True
        )


def json_object(body: bytes) -> dict[str, Any] | None:
    """Parse a body as a JSON object, with Python's numbers. Return None for anything else, however malformed."""
    try:
        json_text.validate(body)
        value = json.loads(body)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


def error_message(body: bytes) -> str:
    """Return the message of the API's error object; empty if a body has none."""
    error = (json_object(body) or {}).get("error")
    message = error.get("message") if isinstance(error, dict) else None
    return message if isinstance(message, str) else ""


def _gunzip(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Decompress gzip in parts of at most 1 MB, however much a chunk expands to."""
    import zlib

    gunzip = zlib.decompressobj(wbits=31)
    began = False
    try:
        for chunk in chunks:
            began = True
            rest = chunk
            while rest:
                if gunzip.eof:  # gzip may have several members, one after another
                    gunzip = zlib.decompressobj(wbits=31)
                yield gunzip.decompress(rest, _LARGEST_PART)
                rest = gunzip.unused_data if gunzip.eof else gunzip.unconsumed_tail
    except zlib.error:
        raise incomplete_response("can't be decompressed") from None
    if began and not gunzip.eof:  # a response without a body may be labelled as compressed
        raise incomplete_response("broke off")


def raise_for_error(request_line: str, response: Response, *, hint: str = "") -> None:
    """Raise if the response is an error (with a hint, if there is one), a redirect, or not from the API.

    Raises:
        APIError: if it is an error by its status, or by its body.
        ResponseError: if it is a redirect, or can't be from the API.

    """
    if response.status >= 400 or (response.status < 300 and _is_error_object(response)):
        request_id = response.headers.get("request-id", "")
        delay_s = response.requested_delay() or 0.0
        raise APIError(
            request_line, response.status, response.reason, response.body, request_id, hint, delay_s
        )
    if response.status >= 300:
        location = strip_userinfo(response.headers.get("location", ""))
        target = f', a redirect to "{location}"' if location else ""
        raise ResponseError(
            f"{response.status_line}{target}.", _NOT_FOLLOWED, request_line=request_line
        )
    if response.status == 204:
        return
    start = response.body[:100].lstrip()
    if start.startswith(b"<"):
        problem, why = "HTML or XML, not JSON in UTF-8", _NOT_THE_API
    elif not start and not response.body.strip():
        problem, why = "empty, and so not JSON", ""
    else:  # whether it is valid JSON is checked later, when it is printed
        return
    raise ResponseError(
        f"{response.status_line}, but the response is {problem}.", why, request_line=request_line
    )


def _is_error_object(response: Response) -> bool:
    """Whether the body is the API's error object."""
    if len(response.body) > _LONGEST_ERROR or b'"error"' not in response.body:
        return False
    try:
        return json_text.members(response.body).get("type") == b'"error"'
    except json_text.JSONTextError:
        return False
