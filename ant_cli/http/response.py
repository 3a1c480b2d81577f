"""Answers: what came back, and what may be wrong with it although its status is a success.

A proxy or gateway may answer in place of the API, with 200 and a page of HTML, an error, or nothing at all.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from ant_cli.errors import AnswerError, APIError
from ant_cli.gjson import json_text

BOM = b"\xef\xbb\xbf"
_MAY_BE_AN_ERROR = 100_000
"""A longer answer is not searched for an error: errors are short."""


class Response(NamedTuple):
    """What came back."""

    status: int
    reason: str
    headers: Mapping[str, str]
    """By their names in lower case."""
    body: bytes
    """Decompressed, without a byte order mark."""

    @property
    def status_line(self) -> str:
        """The status as people read it."""
        return f"{self.status} {self.reason}".rstrip()


def refuse_failure(exchange: str, response: Response) -> None:
    """Raise the error that an answer stands for, if it is not a result.

    Raises:
        APIError: if it is an error by its status, or by what it says.
        AnswerError: if it is a redirect, or can't be an answer of the API.

    """
    if response.status >= 400 or (response.status < 300 and _says_error(response.body)):
        request_id = response.headers.get("request-id", "")
        raise APIError(exchange, response.status, response.reason, response.body, request_id)
    if response.status >= 300:
        raise AnswerError(f"{exchange}: {response.status_line}{_target(response)}.", _NOT_FOLLOWED)
    problem, hint = _problem(response.body) if response.status != 204 else ("", "")
    if problem:
        raise AnswerError(f"{exchange}: {response.status_line}, but the answer is {problem}.", hint)


_NOT_FOLLOWED = "Redirects are not followed, so that no key goes astray. Check the base URL."
_NOT_THE_API = "Something other than the API may have answered, such as a proxy. Check the base URL."


def _target(response: Response) -> str:
    from ant_cli.runtime.redaction import without_password

    location = response.headers.get("location", "")
    return f', a redirect to "{without_password(location)}"' if location else ""


def _says_error(body: bytes) -> bool:
    """Whether the body is the API's error object."""
    if len(body) > _MAY_BE_AN_ERROR or b'"error"' not in body:
        return False
    try:
        return json_text.members(body).get("type") == b'"error"'
    except json_text.JSONTextError:
        return False


def _problem(body: bytes) -> tuple[str, str]:
    """Return why an answer can't be JSON, and a hint. That it is JSON is checked later, where it is printed."""
    start = body[:100].lstrip()
    if not start and not body.strip():
        return "empty, and so not JSON", ""
    if start.startswith((b"<", b"\xff\xfe", b"\xfe\xff")) or b"\0" in start[:4]:
        return (
            "HTML or XML" if start.startswith(b"<") else "in UTF-16 or UTF-32"
        ) + ", not JSON in UTF-8", _NOT_THE_API
    return "", ""
