"""The emulator: a WSGI application that takes a request to its rule and puts the answer in the API's form."""

from __future__ import annotations

import hmac
import logging
import time
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from werkzeug.exceptions import HTTPException, MethodNotAllowed, RequestEntityTooLarge
from werkzeug.wrappers import Request

from ant_cli.emulator import faults
from ant_cli.emulator.call import Call
from ant_cli.emulator.clock import Clock
from ant_cli.emulator.errors import PHRASES, Disconnected, EmulatorError, InvalidRequest, envelope
from ant_cli.emulator.ids import new_id
from ant_cli.emulator.routes import ADMIN, match, path_of
from ant_cli.emulator.store import Store

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

LARGEST_BODY = 10 * 1024 * 1024
BETA = "managed-agents-"
NO_HEADERS: tuple[tuple[str, str], ...] = ()
# The header by which a client can tell that its key was accepted without a check.
ANY_KEY = ("ant-emulator", "takes any key")
VERSIONS = ("2023-06-01", "2026-10-21")
"""The values of `anthropic-version`; clients that send the newer one leave `?beta=true` out."""

logger = logging.getLogger(__name__)


class Emulator:
    """The environments API over one database, as a WSGI application that threads may share.

    With `api_key` nothing else is accepted. Without it any credential will do, and none at all only if
    `require_credential` is false, as inside a process. The WSGI call raises `Disconnected` when a fault drops
    the connection; everything else is an answer.
    """

    def __init__(
        self,
        database: str | Path,
        *,
        api_key: str | None = None,
        clock: Clock | None = None,
        require_credential: bool = True,
    ) -> None:
        self._store = Store(database, clock)
        self._api_key = api_key
        self._require_credential = require_credential

    def close(self) -> None:
        """Close the database."""
        self._store.close()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        request = Request(environ)
        request_id = new_id("req")
        status, headers = 200, NO_HEADERS
        try:
            text = self._answer(request, path_of(environ))
        except EmulatorError as error:
            status, headers, text = error.status, error.headers, envelope(error, request_id)
        body = text.encode()
        lines = [
            ("content-type", "application/json"),
            ("content-length", str(len(body))),
            ("request-id", request_id),
            *([ANY_KEY] if self._api_key is None else []),
            *headers,
        ]
        start_response(f"{status} {PHRASES.get(status, 'Unknown')}", lines)
        return [] if request.method == "HEAD" else [body]

    def _answer(self, request: Request, path: str) -> str:
        is_own = path.startswith(ADMIN + "/")
        try:
            self._check_credential(request, is_own=is_own)
            if not is_own:
                _carry_out(faults.take(self._store, request.method, path))
            return self._dispatch(request, path, is_own=is_own)
        except HTTPException as error:
            raise _refusal(request.method, path, error) from None
        except (EmulatorError, Disconnected):
            raise
        except Exception as error:
            logger.debug("A request failed.", exc_info=True)
            raise EmulatorError(500, f"The emulator failed: {type(error).__name__}: {error}.") from error

    def _dispatch(self, request: Request, path: str, *, is_own: bool) -> str:
        handler, ids = match(path, request.method)
        if not is_own:
            _check_headers(request)
        request.max_content_length = LARGEST_BODY
        call = Call(ids, request.args, request.headers, request.get_data())
        return handler(self._store, call)

    def _check_credential(self, request: Request, *, is_own: bool) -> None:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        bearer = token.strip() if scheme.lower() == "bearer" else ""
        given = [key for key in (request.headers.get("x-api-key", ""), bearer) if key]
        expected = self._api_key
        if expected is None:
            if given or not self._require_credential or is_own:
                return
        elif any(hmac.compare_digest(key.encode(), expected.encode()) for key in given):
            return
        raise EmulatorError(401, "invalid x-api-key" if given else "x-api-key or authorization: Bearer: required.")


def _check_headers(request: Request) -> None:
    version = request.headers.get("anthropic-version")
    if not version:
        raise InvalidRequest(f"anthropic-version: header required, {VERSIONS[0]} for example.")
    if version not in VERSIONS:
        raise InvalidRequest(f"anthropic-version: {version!r} is not a version; use {' or '.join(VERSIONS)}.")
    betas = request.headers.get("anthropic-beta", "").split(",")
    if not any(beta.strip().startswith(BETA) for beta in betas):
        raise InvalidRequest(f"anthropic-beta: header required, {BETA}2026-04-01 for example.")


def _carry_out(fault: faults.Fault | None) -> None:
    """Wait, and then drop the connection or answer with an error, as the fault says."""
    if fault is None:
        return
    time.sleep(fault.delay_ms / 1000)
    if fault.disconnect:
        raise Disconnected(f"Injected fault ({fault.id}) dropped the connection.")
    error = fault.error()
    if error:
        raise error


def _refusal(method: str, path: str, error: HTTPException) -> EmulatorError:
    """Return werkzeug's refusal of a request as the API's."""
    if isinstance(error, RequestEntityTooLarge):
        return EmulatorError(413, f"body: larger than {LARGEST_BODY} bytes.")
    if isinstance(error, MethodNotAllowed):
        allowed = ", ".join(sorted(error.valid_methods or ()))
        return EmulatorError(405, f"{path} takes {allowed}, not {method}.", headers=(("allow", allowed),))
    return EmulatorError(error.code or 400, f"{method} {path}: there is no such endpoint.")
