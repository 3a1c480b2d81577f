"""The emulator: a WSGI application that passes a request to its rule, and returns the result in the API's form."""

import math
import re
from collections.abc import Iterable
from contextlib import suppress
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from ant_cli.emulator import faults
from ant_cli.emulator.call import BOUND_HOST, PATIENCE_S, Call
from ant_cli.emulator.credentials import (
    Access,
    SentCredential,
    check_access,
    credentials_of,
    is_issued,
)
from ant_cli.emulator.errors import (
    NO_RETRY,
    PHRASES,
    ClientLeft,
    Disconnected,
    EmulatorError,
    InvalidRequest,
    UnusableDatabase,
    envelope,
)
from ant_cli.emulator.journal import HEADERS, LONGEST_BODY, MOST_REQUESTS, Journal
from ant_cli.emulator.objects import Content
from ant_cli.emulator.own_files import REPLACED
from ant_cli.emulator.paths import FILES, HEALTH, MODELS
from ant_cli.emulator.routes import ResponseBody, Route, is_api, match
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
    to 300) unless a heartbeat asks for another length. With `strict_streams`, a stream has only the events after
    its opening, as in the real API. Responses name `organization_id` and, if there is one, `workspace_id`. With a
    `seed`, the IDs and secrets in an empty database are the same in each run.

    The WSGI call raises `Disconnected` when a fault drops the connection, and `ClientLeft` when a client in the
    same process would not wait for the response. Everything else is a response.
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
        strict_streams: bool = False,
        organization_id: str = ORGANIZATION_ID,
        workspace_id: str | None = None,
        seed: int | str | None = None,
    ) -> None:
        self._store = Store(
            database, clock, lease_seconds=lease_seconds, strict_streams=strict_streams, seed=seed
        )
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

    def has_issued(self, secret: str) -> bool:
        """Whether a key of an environment or the secret of a work item is from this emulator."""
        with self._store.read() as reader:
            return is_issued(reader, secret)

    def __call__(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        """Handle one request."""
        call = Call(environ, self._store, self._api_key or "", self._journal)
        # A health check must not change the other IDs that follow from a seed: it may come at any time.
        ids = Identifiers() if call.path == HEALTH else self._store.ids
        request_id = ids.new_id("req")
        patience_s = environ.get(PATIENCE_S, math.inf)
        try:
            reply = self._reply(call, request_id, patience_s)
        except (Disconnected, ClientLeft) as lost:
            self._note(call, request_id, str(lost))
            raise
        faults.check_applies(call, reply.error, reply.data)
        self._note(call, request_id, reply.reason, reply)
        chunks = reply.chunks
        if call.fault:
            chunks = faults.damaged(call, call.fault, chunks, patience_s)
        phrase = PHRASES.get(reply.status, "Unknown")
        start_response(f"{reply.status} {phrase}", self._headers(call, request_id, reply))
        return [] if call.method == "HEAD" else chunks

    def _reply(self, call: Call, request_id: str, patience_s: float) -> "_Reply":
        """Return the response to a request. Raises Disconnected or ClientLeft if there is none."""
        try:
            return _Reply(200, self._handle(call, patience_s))
        except (Disconnected, ClientLeft):
            raise
        except EmulatorError as error:
            return _Reply(error.status, envelope(error, request_id), error)
        except Exception as problem:  # noqa: BLE001 - a client gets the API's envelope for a bug, too
            bug = _bug(problem, call)
            return _Reply(bug.status, envelope(bug, request_id), bug)

    def _headers(self, call: Call, request_id: str, reply: "_Reply") -> list[tuple[str, str]]:
        headers = {
            **self._own_headers,
            "content-type": reply.media_type,
            "request-id": request_id,
        }
        if not reply.is_stream:
            headers["content-length"] = str(len(reply.data))
        if call.arrived is not None:  # unless the database can't be read
            headers["date"] = http_date(call.arrived // MICROSECONDS_PER_SECOND)
        if reply.error is not None:
            headers |= dict(reply.error.headers)
        return list(headers.items())

    def _note(
        self, call: Call, request_id: str, error: str | None, reply: "_Reply | None" = None
    ) -> None:
        """Log a request, and add it to the journal unless it is one to the emulator itself."""
        request_body = b""
        with suppress(EmulatorError):  # the body was rejected
            request_body = call.raw_body
        response_body = reply.data if reply else b""
        headers = {name: call.header(name) for name in HEADERS}
        entry = {
            "time": call.arrived,
            "method": call.method,
            "path": call.path,
            "query": call.query,
            "credentials": call.credentials,
            "worker_id": call.header("anthropic-worker-id"),
            "headers": {name: text for name, text in headers.items() if text},
            "request_body": request_body[:LONGEST_BODY],
            "status": reply.status if reply else None,
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
        route = _route_of(call, patience_s)
        client_left = False
        if is_api(call.path):
            if self._checks_kinds:
                check_access(known, route.takes)
            client_left = faults.meet(call, patience_s)
            self._check_headers(call)
        call.check_parameters(route.parameters)
        call.body = _body_of(call, route)
        response = route.handler(call)
        if client_left or faults.carry_out(call, patience_s, after_commit=True):
            raise ClientLeft
        return response

    def _known_credentials(self, call: Call, given: list[SentCredential]) -> list[SentCredential]:
        """Return the credentials that the emulator knows. Raises EmulatorError if it needs one and knows none."""
        known = given
        is_needed = self._require_credential and is_api(call.path)
        if self._api_key is not None:
            known = [each for each in given if each.access is Access.GRANTED]
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
        is_managed = not call.path.startswith((MODELS, FILES))
        if is_managed and not any(beta.strip().startswith(BETA) for beta in betas):
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
    if isinstance(problem, UnusableDatabase):
        return EmulatorError(503, str(problem), headers=NO_RETRY)
    return EmulatorError(500, f"The emulator failed: {type(problem).__name__}: {problem}.")


class _Reply(NamedTuple):
    """A response before it is sent."""

    status: int
    body: ResponseBody
    error: EmulatorError | None = None

    @property
    def is_stream(self) -> bool:
        return not isinstance(self.body, str | Content)

    @property
    def data(self) -> bytes:
        """The body, which is empty for a stream."""
        if isinstance(self.body, str):
            return self.body.encode()
        return self.body.data if isinstance(self.body, Content) else b""

    @property
    def media_type(self) -> str:
        if isinstance(self.body, Content):
            return self.body.media_type
        return "text/event-stream" if self.is_stream else "application/json"

    @property
    def chunks(self) -> Iterable[bytes]:
        return [self.data] if isinstance(self.body, str | Content) else self.body

    @property
    def reason(self) -> str | None:
        """Why the response is an error; None if it is a success, which may be a given one."""
        return str(self.error) if self.status >= faults.LOWEST_ERROR else None


def _route_of(call: Call, patience_s: float) -> Route:
    """Return the endpoint of a request. A fault may give the response of one that is not emulated."""
    try:
        route, call.ids = match(call.path, call.method)
    except EmulatorError:
        if faults.meet(call, patience_s):
            raise ClientLeft from None
        raise
    return route


def _body_of(call: Call, route: Route) -> Any:
    """Return the body of a request, as the type of its endpoint if it has one."""
    data = call.raw_body
    if not route.has_body:
        return data
    # late: pydantic would double the start of everything else
    from ant_cli.emulator import bodies, parsing

    return parsing.parse(bodies.BODIES[route.method, route.path], data, path=call.path)


# Web pages. A browser on this machine can send requests to loopback for any page that it shows. Such a request can
# be recognized by its `Host`, if the page's own name points to this machine (DNS rebinding), or by its `Origin` or
# `Sec-Fetch-Site`, if the page is from elsewhere, as with a plain form.


HOST = r"(?:\[(?P<address>[0-9a-f:.]+)\]|(?P<name>[^\s:@/?#\[\]]+))(?::[0-9]*)?"
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
    if parts := re.fullmatch(HOST, host, re.ASCII | re.IGNORECASE):
        name = (parts["address"] or parts["name"]).lower()
        with suppress(ValueError):  # the name of another host
            return name in ("localhost", bound_host.lower()) or ip_address(name).is_loopback
    return False
