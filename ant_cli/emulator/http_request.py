"""A request from WSGI: its headers, its query and its body, read without a web framework.

Without the framework `ant --local` starts in half the time, and nothing else of it is needed.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import parse_qsl

from ant_cli.emulator.errors import EmulatorError, InvalidRequest
from ant_cli.runtime.light_typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

LARGEST_BODY = 10 * 1024 * 1024
_WITHOUT_PREFIX = ("CONTENT_TYPE", "CONTENT_LENGTH")


class Headers:
    """The headers of a request, by case-insensitive name."""

    def __init__(self, environ: WSGIEnvironment) -> None:
        self._environ = environ

    def get(self, name: str, default: str = "") -> str:
        """Return a header."""
        key = name.upper().replace("-", "_")
        value: str = self._environ.get(key if key in _WITHOUT_PREFIX else f"HTTP_{key}", default)
        return value


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


def body_too_large() -> EmulatorError:
    """Return the error for a request whose body is too long."""
    return EmulatorError(413, f"body: larger than {LARGEST_BODY} bytes.")
