"""Errors: what the rules raise, and the API's envelope around it.

Exception
├── EmulatorError            answered in the envelope
│   └── InvalidRequest  status 400
├── UnusableDatabase    the file is not a database of this emulator; raised when it is opened
└── ConnectionError
    └── Disconnected    a fault asked for the connection to be dropped: there is no answer
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus

ERROR_TYPES = {
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    408: "timeout_error",
    413: "request_too_large",
    429: "rate_limit_error",
    504: "timeout_error",
    529: "overloaded_error",
}
PHRASES = {status.value: status.phrase for status in HTTPStatus} | {529: "Overloaded"}


@dataclass
class EmulatorError(Exception):
    """An answer that is an error."""

    status: int
    message: str
    details: Mapping[str, object] = field(default_factory=dict)
    headers: tuple[tuple[str, str], ...] = ()


class InvalidRequest(EmulatorError):
    """The request breaks a rule; the message begins with the path of the offending field."""

    def __init__(self, message: str, details: Mapping[str, object] | None = None) -> None:
        super().__init__(400, message, details or {})


class UnusableDatabase(Exception):
    """The file cannot be used as a database of this emulator; the message says why."""


class Disconnected(ConnectionError):
    """Raised out of the WSGI call instead of an answer, when a fault drops the connection.

    The server closes the connection on it; a transport inside the process reports it as a network error.
    """


def error_type(status: int) -> str:
    """Return the API's word for a status."""
    return ERROR_TYPES.get(status, "api_error" if status >= 500 else "invalid_request_error")


def envelope(error: EmulatorError, request_id: str) -> str:
    """Return the body of an answer that is an error."""
    inner: dict[str, object] = {"type": error_type(error.status), "message": error.message}
    if error.details:
        inner["details"] = error.details
    body = {"type": "error", "error": inner, "request_id": request_id}
    return json.dumps(body, ensure_ascii=False, separators=(",", ":"))
