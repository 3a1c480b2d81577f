"""The headers that are sent with every request."""

from __future__ import annotations

from urllib.parse import unquote, urlsplit

from ant_cli import __version__
from ant_cli.input.request import Request
from ant_cli.runtime.redaction import REDACTED
from ant_cli.settings.credentials import Credential
from ant_cli.settings.loading import ConnectionSettings

_API_VERSION = "2023-06-01"
_DEFAULT_BETA = "managed-agents-2026-04-01"
USER_AGENT = f"ant-cli-python/{__version__}"
_OF_THE_TRANSPORT = frozenset(
    ("host", "connection", "content-length", "transfer-encoding", "expect", "upgrade")
)
OAUTH_BETA = "oauth-2025-04-20"
"""Needed by OAuth tokens, which logins and federations give, in addition to any other beta."""


def headers_of(
    request: Request, settings: ConnectionSettings, attempt: int, *, hidden: bool = False
) -> dict[str, str]:
    """Return all headers of a request; if `hidden`, with a placeholder for the secret."""
    headers = {
        **custom_headers(settings, hidden=hidden),
        "accept": "application/json",
        "accept-encoding": "gzip",
        "anthropic-version": _API_VERSION,
        "anthropic-beta": _DEFAULT_BETA,
        "user-agent": USER_AGENT,
        "x-stainless-retry-count": str(attempt),
        **user_header(settings.base_url, hidden=hidden),
        **_credential_header(settings.credential, hidden=hidden),
    }
    issuer = settings.credential.issuer if settings.credential else None
    if settings.workspace_id and not (issuer and issuer.exchanges):  # it is in the exchange
        headers["anthropic-workspace-id"] = settings.workspace_id
    if request.body is not None:
        headers["content-type"] = "application/json"
    headers |= dict(request.headers)
    if issuer:
        headers["anthropic-beta"] = _with_oauth(headers["anthropic-beta"])
    return headers


def _with_oauth(betas: str) -> str:
    """Return the versions with the one that OAuth tokens need."""
    names = list(filter(None, map(str.strip, betas.split(","))))
    return betas if OAUTH_BETA in names else ",".join([*names, OAUTH_BETA])


def unsent_headers(settings: ConnectionSettings) -> list[str]:
    """Return the names of the headers for a gateway in whose place the program sends its own."""
    if not settings.custom_headers:
        return []
    sent = headers_of(Request("POST", "", (), body=b""), settings, 0)
    return [name for name, value in settings.custom_headers.items() if sent.get(name) != value]


def custom_headers(settings: ConnectionSettings, *, hidden: bool = False) -> dict[str, str]:
    """Return the headers for a gateway, except those that only the transport may set."""
    given = settings.custom_headers.items()
    return {
        name: REDACTED if hidden else value
        for name, value in given
        if name not in _OF_THE_TRANSPORT
    }


def user_header(base_url: str, *, hidden: bool = False) -> dict[str, str]:
    """Return the header for the user and password in a URL. A token replaces it: it uses the same header."""
    parts = urlsplit(base_url)
    if parts.username is None:
        return {}
    from base64 import b64encode

    pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
    return {"authorization": f"Basic {REDACTED if hidden else b64encode(pair.encode()).decode()}"}


def _credential_header(credential: Credential | None, *, hidden: bool) -> dict[str, str]:
    if credential is None:
        return {}
    secret = REDACTED if hidden else credential.secret
    if credential.kind == "api_key":
        return {"x-api-key": secret}
    return {"authorization": f"Bearer {secret}"}
