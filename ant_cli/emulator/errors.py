"""The errors that the rules raise, and the API's envelope around them.

Exception
├── EmulatorError           a response in the API's error envelope
│   ├── InvalidRequest      status 400
│   ├── Conflict            status 409
│   └── GivenResponse       what a fault responds, which may be a success
├── UnusableDatabase        the file is not a database of this emulator; raised when it is opened, or by a
│                           transaction after a newer ant has changed it
├── ConnectionError
│   └── Disconnected        a fault drops the connection: there is no response
└── TimeoutError
    └── ClientLeft          a client in the same process did not wait for the response
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from http import HTTPStatus

NO_RETRY = (("x-should-retry", "false"),)
"""Tells a client not to retry, because that won't help."""
ERROR_TYPES = {
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    409: "conflict_error",
    413: "request_too_large",
    429: "rate_limit_error",
    504: "timeout_error",
    529: "overloaded_error",
}
LARGEST_BODY = 10 * 1024 * 1024
to_compact_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
"""Return JSON as the API writes it."""
STUB = "ant emulator fault --path {path} --method {method} --status 200 --body '{{...}}'"
"""The command that gives the response of what is not emulated."""
PHRASES = {status.value: status.phrase for status in HTTPStatus} | {529: "Overloaded"}


class EmulatorError(Exception):
    """A response that is an error; `code` is its `error_code`."""

    def __init__(
        self,
        status: int,
        message: str,
        code: str = "",
        details: Mapping[str, object] | None = None,
        headers: tuple[tuple[str, str], ...] = (),
        body: str | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.details = details or {}
        self.headers = headers
        self.body = body
        """The whole body, in place of the envelope."""


class InvalidRequest(EmulatorError):
    """The request breaks a rule; the message begins with the path of the offending field."""

    def __init__(self, message: str, code: str = "") -> None:
        super().__init__(400, message, code)


class Conflict(EmulatorError):
    """The request conflicts with the state of its object. A header keeps clients from retrying the 409."""

    def __init__(self, message: str) -> None:
        super().__init__(409, message, headers=NO_RETRY)


class GivenResponse(EmulatorError):
    """The response that a fault gives: an error, or a success of an endpoint that may not even be emulated."""


class UnusableDatabase(Exception):
    """The file can't be used as a database of this emulator. The message says why."""


class ClientLeft(TimeoutError):
    """Raised from the WSGI call instead of a response, if a client in the same process would not wait for it."""


class Disconnected(ConnectionError):
    """Raised from the WSGI call instead of a response, when a fault drops the connection.

    Then the server closes the connection. A transport in the same process reports a network error.
    """


def envelope(error: EmulatorError, request_id: str) -> str:
    """Return the body of a response that is an error. The SDKs read the code from `details`."""
    if error.body is not None:
        return error.body
    kind = ERROR_TYPES.get(
        error.status, "api_error" if error.status >= 500 else "invalid_request_error"
    )
    inner: dict[str, object] = {"type": kind, "message": str(error)}
    code = {"error_code": error.code} if error.code else {}
    if code or error.details:
        inner |= code | {"details": code | {**error.details}}
    body = {"type": "error", "error": inner, "request_id": request_id}
    return to_compact_json(body)
