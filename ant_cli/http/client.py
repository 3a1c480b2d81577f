"""The client: sends requests to the API with a credential, which it renews if it expires.

`NameClient` takes the name of an environment in place of its ID.
"""

from __future__ import annotations

import re
from _thread import allocate_lock
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import quote

from ant_cli.errors import (
    EXIT_CODES,
    NOT_FOUND,
    AntError,
    APIError,
    CredentialError,
    OutcomeUnknown,
)
from ant_cli.errors.suggestions import did_you_mean
from ant_cli.http.request_headers import headers_of, unsent_headers
from ant_cli.http.response import Response, json_object, raise_for_error
from ant_cli.http.retries import long_wait
from ant_cli.http.sender import Doubt, Observer, Pace, Policy, Refresh, Sender
from ant_cli.http.transport import timeouts_of
from ant_cli.input.request import Request, is_id, request_of
from ant_cli.operations.environments import ENVIRONMENT_ID, LIST, RETRIEVE
from ant_cli.operations.shared_flags import LARGEST_PAGE
from ant_cli.runtime import Runtime, variables
from ant_cli.settings.credentials import Credential, no_credential
from ant_cli.settings.loading import ConnectionSettings
from ant_cli.settings.local_emulator import is_local
from ant_cli.settings.rows import mask

if TYPE_CHECKING:
    from ant_cli.settings.access_tokens import TokenSource
    from ant_cli.settings.federation import FederationRule

_PROBLEMS = {401: "was not accepted", 403: "has no permission for this"}
"""What to say about the credential after a response with this status."""
_OF_ORGANIZATION = {
    "environment_create_disabled": "The organization allows no new environments. Ask one of its admins.",
    "environment_update_disabled": "The organization allows no changes of environments. Ask one of its admins.",
    "organization_on_hold": "The organization is on hold. Ask one of its admins.",
    "claude_code_key_creator_not_member": "The key's creator has left the organization. Use another key.",
}
"""Codes of a 403 that has another reason than the permissions of the credential."""
_ADDS_V1 = "Leave /v1 out of the base URL: each request adds it."
_UNKNOWN_ID = (401, 403, NOT_FOUND)
"""The statuses of responses to an environment's key if an ID does not exist."""
_ID = r"env_\w+"
_OTHER_ID = r"(agent|file|sesn|session|work|wrkspc)_\w+"


class Client(Sender):
    """Sends requests to the API. Reuses one connection while it lasts. A context manager."""

    def __init__(
        self, settings: ConnectionSettings, runtime: Runtime, observer: Observer | None = None
    ) -> None:
        """Fetch the credential; nothing is connected yet. Raises CredentialError if no credential was found."""
        policy = Policy(
            settings.max_retries, timeouts_of(settings.timeout_s), observer or Observer()
        )
        super().__init__(authenticated(settings, runtime, observer), runtime, policy)
        self._credential = self._settings.credential
        """The current credential, which is replaced when its token is renewed."""
        if unsent := unsent_headers(self._settings):
            runtime.hint(
                f"Note: {variables.CUSTOM_HEADERS}: {', '.join(unsent)} is not sent, because ant sets its own."
            )

    def for_threads(self, count: int) -> list[Client]:
        """Return clients for as many threads. They share the credential, the connections, names and the pace."""
        pace = Pace(self._runtime.sleep) if count > 1 else None
        clients = [self.with_policy(self.policy) for _ in range(count)]
        for client in clients:
            client._pace = pace  # noqa: SLF001 - a copy of this client
        return clients

    def with_policy(self, policy: Policy) -> Client:
        """Return a client that waits by another policy. It shares the credential and the connections."""
        # late: it imports weakref, and a single request needs no other client
        from copy import copy

        other = copy(self)
        other.policy = policy
        return other

    def send(self, request: Request, refresh: Refresh | None = None) -> Response:
        """Send a request, with retries, and return the successful response.

        `refresh` is called right before each attempt, and returns what to send.

        Raises:
            APIError: if the response is an error.
            ResponseError: if it is a redirect, is incomplete, is too large, or can't be from the API.
            NetworkError: if no response arrives.
            OutcomeUnknown: if it is interrupted after the request was sent, unless that is a GET.

        """
        doubt, is_change = Doubt(), request.method != "GET"
        try:
            response = self.send_with_retries(request, doubt, refresh)
            self._runtime.server_clock.take(response.headers.get("date", ""))
            credential = None if is_local(self._settings.base_url) else self._credential
            hint = long_wait(response) or _credential_hint(request, response, credential)
            if response.status == NOT_FOUND and self._settings.base_url.endswith("/v1"):
                hint = _ADDS_V1
            raise_for_error(self.request_line(request), response, hint=hint)
        except AntError as error:  # the server wrote a part of its texts, which may have secrets
            shown = error.redacted(self._runtime.redactor.redact)
            raise (shown.with_unknown_outcome() if doubt.exists and is_change else shown) from None
        except KeyboardInterrupt as interrupt:
            if doubt.exists and is_change:
                raise OutcomeUnknown from interrupt
            raise
        return response

    def _attempt(self, request: Request, attempt: int, doubt: Doubt) -> Response:
        """Send a request; if its access token is rejected and can be replaced, send it once more."""
        settings, sent = self._settings, self._credential_for(request)
        headers = headers_of(request, settings._replace(credential=sent), attempt)
        response = self._send_once(request, headers, doubt)
        if (
            response.status == 401
            and settings.tokens
            and sent
            and settings.tokens.renew(sent.secret)
        ):
            renewed = settings._replace(credential=self._current_credential())
            response = self._send_once(request, headers_of(request, renewed, attempt), doubt)
        return response

    def _credential_for(self, request: Request) -> Credential | None:
        """Return the credential to send. An environment key is not sent where the API rejects it."""
        credential = self._current_credential()
        if (
            credential is None
            or credential.kind != "environment_key"
            or credential.type in request.accepts
        ):
            return credential
        if is_local(self._settings.base_url):  # the local emulator accepts every credential
            return credential
        other = self._settings.second_choice
        # no secret is fetched for a request that the user did not ask for
        if other is None or not other.secret:
            raise CredentialError("there is no API key for this request.")
        return other

    def _current_credential(self) -> Credential | None:
        """Return the credential with its current secret. Other threads may renew it at any time."""
        tokens, credential = self._settings.tokens, self._credential
        if tokens is not None and credential is not None:
            credential = self._credential = credential.with_secret(tokens.current().secret)
        return credential


# Names in place of IDs


class _Environment(NamedTuple):
    id: str
    name: str
    is_archived: bool


class _Names:
    """The environments that names stand for. The clients of a run share them."""

    def __init__(self) -> None:
        self.lock = allocate_lock()
        self.can_list = True
        self.listed: list[_Environment] | None = None
        """All environments, which are listed once for all names of the run."""
        self.found: dict[str, _Environment] = {}


class NameClient(Client):
    """A client for requests with an environment's ID as a user typed it, which may be a name (D45).

    A request is sent as it is. Only if the server knows no such ID, and exactly one environment has this name, it
    is sent again with the ID of that one. Before each change, the environment is read again: it must still have the
    name.
    """

    def __init__(
        self, settings: ConnectionSettings, runtime: Runtime, observer: Observer | None = None
    ) -> None:
        """Prepare as a client. Raises as it does."""
        super().__init__(settings, runtime, observer)
        self._names = _Names()

    def send(self, request: Request, refresh: Refresh | None = None) -> Response:
        """Send a request; if it has a name in place of an ID, with the ID of the environment that has this name.

        Raises:
            AntError: as a client does, and if a change was not sent because the environment has been renamed.

        """
        name = request.path_params.get(ENVIRONMENT_ID.name, "")
        is_name = name and not re.fullmatch(_ID, name, re.ASCII) and name not in self._names.found
        if is_name and not refresh:  # which finds the name itself
            has_environment_key = self._sends_environment_key(request, name)
            try:
                return super().send(request, refresh)
            except APIError as error:
                if error.status not in (_UNKNOWN_ID if has_environment_key else (NOT_FOUND,)):
                    raise
                self._find(name, error)
        return super().send(request, refresh)

    def _sends_environment_key(self, request: Request, name: str) -> bool:
        """Whether an environment's key is sent. Raises CredentialError without a key that can find the name."""
        settings = self._settings
        credential, other = settings.credential, settings.second_choice
        if (
            credential is None
            or credential.kind != "environment_key"
            or is_local(settings.base_url)
        ):
            return False
        if other is None or not other.secret:
            problem = f"{name!r} is not the ID of an environment (env_...), and an environment key finds no names."
            raise CredentialError(problem, f"Give the ID, or set {variables.API_KEY}.")
        return credential.type in request.accepts

    def as_sent(self, request: Request) -> Request:
        """Return a request with the ID in place of the name that was found."""
        found = self._found(request)
        if found is None:
            return request
        typed, put = (f"/environments/{quote(text, safe='')}" for text in (found.name, found.id))
        ids = {**request.path_params, ENVIRONMENT_ID.name: found.id}
        return request._replace(path=request.path.replace(typed, put), path_params=ids)

    def _found(self, request: Request) -> _Environment | None:
        return self._names.found.get(request.path_params.get(ENVIRONMENT_ID.name, ""))

    def _find(self, name: str, error: APIError) -> None:
        """Find the environment that has the name. Raises the error, with a hint, unless there is exactly one."""
        with self._names.lock:
            candidates = [
                environment for environment in self._all(error) if environment.name == name
            ]
            live = [environment for environment in candidates if not environment.is_archived]
            if len(live or candidates) != 1:
                raise error.with_hints(self._hint(name, live or candidates)) from None
            found = self._names.found[name] = (live or candidates)[0]
        if self._runtime.stderr.is_terminal:
            self._runtime.say(
                f"Note: {name!r} is {found.id}{', which is archived' * found.is_archived}."
            )

    def _hint(self, name: str, candidates: list[_Environment]) -> str:
        if candidates:
            ids = ", ".join(environment.id for environment in candidates)
            return f"{len(candidates)} environments have the name {name!r}: {ids}. Give one of these IDs."
        if re.fullmatch(_OTHER_ID, name):
            return f"{name!r} looks like the ID of another object: that of an environment begins with env_."
        guess = did_you_mean(name, [environment.name for environment in self._names.listed or []])
        return (
            f"No environment has the name {name!r}.{guess} To list them: ant beta:environments list"
        )

    def _all(self, error: APIError) -> list[_Environment]:
        """Return all environments. Raises the error if the credential, or the server, can't list them."""
        if self._names.listed is None:
            if not self._names.can_list:
                raise error
            try:
                self._names.listed = self._list()
            except (AntError, KeyError) as failure:
                # such as a 500: the list may exist
                if isinstance(failure, AntError) and failure.may_pass:
                    raise
                self._names.can_list = False
                raise error from None
        return self._names.listed

    def _list(self) -> list[_Environment]:
        from ant_cli.http.pagination import follow_pages  # late: few runs have a name

        request = request_of(LIST, {"include_archived": "true", "limit": str(LARGEST_PAGE)})
        items = [
            _summarize(item) for page in follow_pages(self.send, request, None) for item in page
        ]
        return [environment for environment in items if is_id(environment.id)]

    def _attempt(self, request: Request, attempt: int, doubt: Doubt) -> Response:
        """Send a request. Before a change, check that the environment still has the name.

        It is not checked again after an attempt that may have been carried out, and so may have changed it.
        """
        found = self._found(request)
        if found and request.method != "GET" and not doubt.exists:
            self._check(found)
        return super()._attempt(request, attempt, doubt)

    def _check(self, found: _Environment) -> None:
        now: _Environment | None = None
        with suppress(KeyError):  # the response is not an environment
            now = _summarize(
                super().send(request_of(RETRIEVE, {ENVIRONMENT_ID.name: found.id})).body
            )
        if now != found:
            problem = (
                f"{found.id} was renamed or archived after it was found by the name {found.name!r}"
            )
            error = AntError(f"{problem}, so nothing was sent.", "Run the command again.")
            raise error.with_exit_code(EXIT_CODES[409])


def _summarize(raw: bytes) -> _Environment:
    """Return what is needed of an environment. Raises KeyError if it is not one."""
    found = json_object(raw) or {}
    return _Environment(str(found["id"]), str(found["name"]), found.get("archived_at") is not None)


# Credentials


def authenticated(
    settings: ConnectionSettings, runtime: Runtime, observer: Observer | None = None
) -> ConnectionSettings:
    """Return the connection with the secret of its credential, or with a source of access tokens.

    Clients of one connection share the source. The emulator in this process needs no credential, so nothing is
    fetched for it.

    Raises:
        CredentialError: if there is no credential, it is not for this server, or its secret can't be fetched.

    """
    if is_local(settings.base_url) or settings.tokens is not None:
        return settings
    if settings.credential is None:
        raise no_credential(settings.profile_name, runtime, settings.accepts)
    if settings.credential.refusal:
        raise settings.credential.refusal
    if settings.credential.issuer is None:
        return settings._replace(credential=settings.credential.fetch(runtime))

    def exchange(rule: FederationRule) -> TokenSource:
        from ant_cli.http.token_exchange import AccessTokens  # late: few runs have a federation

        return AccessTokens(rule, settings, runtime, observer)

    return settings._replace(tokens=settings.credential.issuer.tokens(runtime, exchange))


def _credential_hint(request: Request, response: Response, credential: Credential | None) -> str:
    """Return hints about the credential of a rejected request; empty for other responses."""
    if credential is None or response.status not in (*_PROBLEMS, NOT_FOUND):
        return ""
    wrong_type = _wrong_type(request, credential)
    if response.status == 403:
        for code, reason in _OF_ORGANIZATION.items():
            if f'"{code}"'.encode() in response.body:
                return reason
    if response.status == NOT_FOUND:
        return wrong_type
    sent = f"The {credential.noun} {mask(credential.secret)} (from {credential.source})"
    problem = f"{sent} {_PROBLEMS[response.status]}."
    return "\n".join(filter(None, (problem, wrong_type, "To check: ant auth status")))


def _wrong_type(request: Request, credential: Credential) -> str:
    """Return a sentence that says which credential the request takes; empty if it takes the one that was sent."""
    accepted, sent = request.accepts, credential.type
    if sent in accepted or {"API key", "environment key"} <= {*accepted}:
        return ""
    if "API key" in accepted:
        right, wrong, fix = "an API key", "an environment key", f"Set {variables.API_KEY}."
    else:
        right, wrong, fix = "an environment key", "an API key", f"Set {variables.ENVIRONMENT_KEY}."
    if credential.origin == "flag":
        fix += f" Leave out {credential.source}."
    if sent is None:  # a bearer token may be either
        return f"If the token is {wrong}: the API takes {right} for this. {fix}"
    return f"The API takes {right} for this, not {wrong}. {fix}"
