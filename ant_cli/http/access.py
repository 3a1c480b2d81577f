"""Access: which credential goes with a request, and what to say if the server rejects it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ant_cli.errors import NOT_FOUND, CredentialError
from ant_cli.errors.command_line import command_line
from ant_cli.http.attempts import Observer, Tries
from ant_cli.http.request_headers import headers_of
from ant_cli.http.response import Response
from ant_cli.http.server import Server
from ant_cli.input.request import Request
from ant_cli.runtime import Runtime, variables
from ant_cli.settings.credentials import Credential, no_credential
from ant_cli.settings.loading import ConnectionSettings
from ant_cli.settings.local_emulator import is_local
from ant_cli.settings.rows import mask

if TYPE_CHECKING:
    from ant_cli.settings.federation import FederationRule
    from ant_cli.settings.token_source import TokenSource

_PROBLEMS = {401: "was not accepted", 403: "has no permission for this"}
"""What to say about the credential after a response with this status."""
_OF_ORGANIZATION = {
    "environment_create_disabled": "The organization allows no new environments. Ask one of its admins.",
    "environment_update_disabled": "The organization allows no changes of environments. Ask one of its admins.",
    "organization_on_hold": "The organization is on hold. Ask one of its admins.",
    "claude_code_key_creator_not_member": "The key's creator has left the organization. Use another key.",
}
"""Codes of a 403 that has another reason than the permissions of the credential."""


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


class Access:
    """Sends each request with the credential that the API takes for it. Threads may share it."""

    def __init__(self, settings: ConnectionSettings, server: Server) -> None:
        """Prepare. `settings` are `authenticated`."""
        self._settings = settings
        self._server = server
        self._is_local = is_local(settings.base_url)

    def send(self, request: Request, tries: Tries) -> Response:
        """Send a request; if its access token is rejected and can be replaced, send it once more.

        Raises:
            CredentialError: if there is no credential for it.
            FailedAttempt, UsageError: as the server does.

        """
        credential = self._credential_for(request)
        response = self._send_with(credential, request, tries)
        if response.status == 401 and self._has_renewed(credential):
            return self._send_with(self._credential_for(request), request, tries)
        return response

    def _send_with(self, credential: Credential | None, request: Request, tries: Tries) -> Response:
        tries.credential = credential
        settings = self._settings._replace(credential=credential)
        headers = headers_of(request, settings, tries.retries)
        return self._server.send(request._replace(headers=tuple(headers.items())), tries)

    def takes_environment_key(self, request: Request) -> bool:
        """Whether a request is sent with an environment's key."""
        return self._has_environment_key and "environment key" in request.accepts

    @property
    def lacks_api_key(self) -> bool:
        """Whether an environment's key is the only credential. No secret is fetched to find another one."""
        other = self._settings.second_choice
        return self._has_environment_key and not (other and other.secret)

    @property
    def _has_environment_key(self) -> bool:
        """Whether an environment's key is preferred. The emulator in this process accepts every credential."""
        credential = self._settings.credential
        return (
            credential is not None and credential.kind == "environment_key" and not self._is_local
        )

    def _credential_for(self, request: Request) -> Credential | None:
        """Return the credential to send. An environment's key is not sent where the API rejects it."""
        if not self._has_environment_key or self.takes_environment_key(request):
            return self._current_credential()
        return self._second_choice()

    def check_second_choice(self) -> None:
        """Reject a second choice that can't be sent, before a request may need it. Raises as `_second_choice`."""
        if self._has_environment_key:
            self._second_choice()

    def _second_choice(self) -> Credential:
        """Return the credential for requests that don't take an environment's key.

        Raises:
            CredentialError: if no other credential was found, or it must not be sent to this server.
            BadValue: if it can't be a credential.

        """
        other = self._settings.second_choice
        if other is None or self.lacks_api_key:
            raise CredentialError("there is no API key for this request.")
        if other.refusal:
            raise other.refusal
        return other.checked()

    def _current_credential(self) -> Credential | None:
        """Return the preferred credential with its current secret. Other threads may renew it at any time."""
        tokens, credential = self._settings.tokens, self._settings.credential
        if tokens is None or credential is None:
            return credential
        return credential.with_secret(tokens.current().secret)

    def _has_renewed(self, rejected: Credential | None) -> bool:
        tokens = self._settings.tokens
        return tokens is not None and rejected is not None and tokens.renew(rejected.secret)

    def hint(self, request: Request, response: Response, tries: Tries) -> str:
        """Return hints about the credential of a rejected request; empty for other responses."""
        credential = tries.credential
        if credential is None or self._is_local:
            return ""
        if response.status == NOT_FOUND:
            return _wrong_type(request, credential)
        if response.status not in _PROBLEMS:
            return ""
        if response.status == 403 and (reason := _reason_of_organization(response)):
            return reason
        sent = f"The {credential.noun} {mask(credential.secret)} (from {credential.source})"
        problem = f"{sent} {_PROBLEMS[response.status]}."
        to_check = f"To check: {command_line('auth status')}"
        hints = (problem, _wrong_type(request, credential), to_check)
        return "\n".join(filter(None, hints))


def _reason_of_organization(response: Response) -> str:
    for code, reason in _OF_ORGANIZATION.items():
        if f'"{code}"'.encode() in response.body:
            return reason
    return ""


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
