"""The emulator: a WSGI application that passes a request to its rule, and returns the result in the API's form."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from contextlib import suppress
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING

from ant_cli.emulator import faults
from ant_cli.emulator.call import BOUND_HOST, PATIENCE_S, Call
from ant_cli.emulator.credentials import SentCredential, check_access, credentials_of
from ant_cli.emulator.errors import (
    PHRASES,
    ClientLeft,
    Disconnected,
    EmulatorError,
    InvalidRequest,
    envelope,
)
from ant_cli.emulator.journal import HEADERS, LONGEST_BODY, MOST_REQUESTS, Journal
from ant_cli.emulator.own_files import REPLACED
from ant_cli.emulator.routes import HEALTH, MODELS, ResponseBody, is_api, match
from ant_cli.emulator.store import (
    LEASE_SECONDS,
    MICROSECONDS_PER_SECOND,
    Clock,
    Identifiers,
    Store,
    http_date,
)

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

BETA = "managed-agents-"
VERSIONS = ("2023-06-01", "2026-10-21")
"""The values of `anthropic-version`. Clients that send the newer one leave out `?beta=true`."""
ORGANIZATION_ID = "00000000-0000-4000-8000-000000000000"
"""The emulator's organization, unless another one is given."""
ANY_KEY = {"ant-emulator": "API keys are not checked"}
"""The header that shows a client that its key was accepted without a check."""


class Emulator:
    """The environments API over one database, as a WSGI application that threads may share.

    With `api_key`, only that key is accepted, and the credentials that the emulator has issued: environment keys
    for their environment, and sessions tokens for their own item and session. Without it, any credential is
    accepted; if `require_credential` is false, as in the same process, none is needed. Each endpoint accepts the
    kinds of credentials that the API accepts; with `any_credential`, every kind. A lease lasts `lease_seconds` (1
    to 300) unless a heartbeat asks for another length. Responses name `organization_id` and, if there is one,
    `workspace_id`. With a `seed`, the IDs and secrets in an empty database are the same in each run. The WSGI call
    raises `Disconnected` when a fault drops the connection; everything else is a response.
    """

    def __init__(
        self,
        database: str | Path,
        *,
        api_key: str | None = None,
        clock: Clock | None = None,
        require_credential: bool = True,
        any_credential: bool = False,
        lease_seconds: int = LEASE_SECONDS,
        organization_id: str = ORGANIZATION_ID,
        workspace_id: str | None = None,
        seed: int | None = None,
    ) -> None:
        self._store = Store(database, clock, lease_seconds=lease_seconds, seed=seed)
        self.was_older = self._store.was_older
        """Whether the database was one of an older version, which can't open it any more."""
        self._journal = Journal(maxlen=MOST_REQUESTS)
        self._api_key = api_key
        self._require_credential = require_credential
        self._checks_kinds = require_credential and not any_credential
        self._workspace_id = workspace_id
        self._own_headers = {
            "content-type": "application/json",
            "anthropic-organization-id": organization_id,
            **({"anthropic-workspace-id": workspace_id} if workspace_id else {}),
            **(ANY_KEY if api_key is None else {}),
        }

    def close(self) -> None:
        """Close the database."""
        self._store.close()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Handle one request."""
        call = Call(environ, self._store, self._api_key or "", self._journal)
        # A health check must not change the other IDs that follow from a seed: it may come at any time.
        request_id = (Identifiers() if call.path == HEALTH else self._store.ids).new_id("req")
        patience_s = environ.get(PATIENCE_S, math.inf)
        error = None
        try:
            body = self._handle(call, patience_s)
        except (Disconnected, ClientLeft) as lost:
            self._note(call, request_id, None, str(lost))
            raise
        except Exception as problem:  # noqa: BLE001 - a client gets the API's envelope for a bug, too
            error = problem if isinstance(problem, EmulatorError) else _bug(problem, call)
            body = envelope(error, request_id)
        status = error.status if error else 200
        data = body.encode() if isinstance(body, str) else b""
        faults.check_applies(call, error, data)
        reason = str(error) if status >= faults.LOWEST_ERROR else None
        self._note(call, request_id, status, reason, data)
        headers = {
            **self._own_headers,
            "request-id": request_id,
            **dict(error.headers if error else ()),
        }
        if call.arrived is not None:  # unless the database can't be read
            headers.setdefault("date", http_date(call.arrived // MICROSECONDS_PER_SECOND))
        if isinstance(body, str):
            headers["content-length"] = str(len(data))
        else:
            headers["content-type"] = "text/event-stream"
        chunks = [data] if isinstance(body, str) else body
        if call.fault:
            chunks = faults.damaged(call, call.fault, chunks, patience_s)
        start_response(f"{status} {PHRASES.get(status, 'Unknown')}", list(headers.items()))
        return [] if environ["REQUEST_METHOD"] == "HEAD" else chunks

    def _note(
        self,
        call: Call,
        request_id: str,
        status: int | None,
        error: str | None,
        response_body: bytes = b"",
    ) -> None:
        """Log a request, and add it to the journal unless it is one to the emulator itself."""
        request_body = b""
        with suppress(EmulatorError):  # the body was rejected
            request_body = call.raw_body
        entry = {
            "time": call.arrived,
            "method": call.method,
            "path": call.path,
            "query": call.query,
            "credentials": call.credentials,
            "worker_id": call.header("anthropic-worker-id"),
            "headers": {name: text for name in HEADERS if (text := call.header(name))},
            "request_body": request_body[:LONGEST_BODY],
            "status": status,
            "error": error,
            "request_id": request_id,
            "fault": call.fault["id"] if call.fault else None,
            "response_body": response_body[:LONGEST_BODY],
        }
        call.log(entry)
        if is_api(call.path):
            self._journal.append(entry)

    def _handle(self, call: Call, patience_s: float) -> ResponseBody:
        """Return the body of the response. The order of the checks is the API's."""
        given = credentials_of(call)
        call.credentials = [each.kind for each in given]
        with self._store.read() as reader:
            call.arrived, has_faults, _ = reader.moment
        call.has_faults = has_faults and is_api(call.path)
        bound_host = call.environ.get(BOUND_HOST)
        if self._api_key is None and bound_host is not None:  # a web page can't know a key
            _reject_browsers(call, bound_host)
        known = self._known_credentials(call, given)
        try:
            route, call.ids = match(call.path, call.method)
        except EmulatorError:
            if faults.meet(call, patience_s):  # a fault may give the response
                raise ClientLeft from None
            raise
        client_left = False
        if not is_api(call.path) and (unknown := sorted(call.query.keys() - {"beta"})):
            raise InvalidRequest(f"{unknown[0]}: not a parameter of {call.path}, which takes none.")
        if is_api(call.path):
            if self._checks_kinds:
                check_access(known, route.takes)
            client_left = faults.meet(call, patience_s)
            self._check_headers(call)
        call.body = call.raw_body
        if route.body:
            # late: pydantic would double the start of everything else
            from ant_cli.emulator import models, parsing

            call.body = parsing.parse(getattr(models, route.body), call.body)
        response = route.handler(call)
        if client_left or faults.carry_out(call.fault, patience_s, after_commit=True):
            raise ClientLeft
        return response

    def _known_credentials(self, call: Call, given: list[SentCredential]) -> list[SentCredential]:
        """Return the credentials that the emulator knows. Raises EmulatorError if it needs one and knows none."""
        known = given
        is_needed = self._require_credential and is_api(call.path)
        if self._api_key is not None:
            known = [each for each in given if each.opens]
            is_needed = call.path != HEALTH
        if is_needed and not known:
            raise EmulatorError(
                401,
                "invalid x-api-key" if given else "x-api-key or authorization: Bearer: required.",
            )
        return known

    def _check_headers(self, call: Call) -> None:
        version = call.environ.get("HTTP_ANTHROPIC_VERSION", "")
        if version not in VERSIONS:
            raise InvalidRequest(
                f"anthropic-version: must be {' or '.join(VERSIONS)}, got {version!r}."
            )
        betas = call.environ.get("HTTP_ANTHROPIC_BETA", "").split(",")
        if call.path != MODELS and not any(beta.strip().startswith(BETA) for beta in betas):
            raise InvalidRequest(f"anthropic-beta: header required, {BETA}2026-04-01 for example.")
        workspace = call.environ.get("HTTP_ANTHROPIC_WORKSPACE_ID", "")
        if self._workspace_id and workspace and workspace != self._workspace_id:
            raise InvalidRequest(
                f"anthropic-workspace-id: the key belongs to another workspace than {workspace!r}."
            )


def _bug(problem: Exception, call: Call) -> EmulatorError:
    """Return the error for an exception that no rule raises."""
    if call.files_are_replaced():
        return EmulatorError(503, REPLACED)
    return EmulatorError(500, f"The emulator failed: {type(problem).__name__}: {problem}.")


# Web pages. A browser on this machine can send requests to loopback for any page that it shows. Such a request can
# be recognized by its `Host`, if the page's own name points to this machine (DNS rebinding), or by its `Origin` or
# `Sec-Fetch-Site`, if the page is from elsewhere, as with a plain form.


HOST = re.compile(
    r"(?:\[(?P<address>[0-9a-f:.]+)\]|(?P<name>[^\s:@/?#\[\]]+))(?::[0-9]*)?",
    re.ASCII | re.IGNORECASE,
)
"""A host name or an address, and a port that doesn't matter."""
OWN_SITES = ("same-origin", "none")
"""The values of `sec-fetch-site` for requests that were not caused by another page."""
NO_WEB_PAGE = "without a key no web page may use this emulator"


def _reject_browsers(call: Call, bound_host: str) -> None:
    """Reject a request that a web page may have caused.

    Raises:
        EmulatorError: status 403, if `Host` is neither loopback nor `bound_host`, or the origin is foreign.

    """
    host = call.environ.get("HTTP_HOST", "")
    if not _is_own(host, bound_host):
        raise EmulatorError(
            403,
            f"host: {host!r} is not this emulator; without a key it serves loopback addresses only.",
        )
    origin, site = call.environ.get("HTTP_ORIGIN"), call.environ.get("HTTP_SEC_FETCH_SITE", "none")
    if origin is not None and origin.lower() != f"http://{host}".lower():
        raise EmulatorError(403, f"origin: {origin!r} is foreign; {NO_WEB_PAGE}.")
    if site not in OWN_SITES:
        raise EmulatorError(403, f"sec-fetch-site: {site!r} is foreign; {NO_WEB_PAGE}.")


def _is_own(host: str, bound_host: str) -> bool:
    if parts := HOST.fullmatch(host):
        name = (parts["address"] or parts["name"]).lower()
        with suppress(ValueError):  # the name of another host
            return name in ("localhost", bound_host.lower()) or ip_address(name).is_loopback
    return False
