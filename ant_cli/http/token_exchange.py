"""Access tokens of a federation rule: from the cache, or from the exchange of an identity token (RFC 7523)."""

from __future__ import annotations

import json
import re
from math import inf
from threading import Lock
from urllib.parse import urlsplit

from ant_cli.errors import AntError, CredentialError, ResponseError, UsageError, shortened
from ant_cli.http.attempts import Observer, Policy, Retrier, Tries
from ant_cli.http.request_headers import OAUTH_BETA, USER_AGENT, custom_headers, user_header
from ant_cli.http.response import Response, json_object, raise_for_error
from ant_cli.http.retries import RETRIED_4XX, long_wait
from ant_cli.http.server import Server
from ant_cli.http.transport import timeouts_of
from ant_cli.input.request import Request
from ant_cli.runtime import Runtime
from ant_cli.runtime.hosts import is_loopback
from ant_cli.runtime.redaction import REDACTED, strip_userinfo
from ant_cli.runtime.redactor import Redactor
from ant_cli.runtime.storage import LockTimeout
from ant_cli.settings.access_tokens import LONGEST_LIFE_S, AccessToken, TokenCache, is_token
from ant_cli.settings.federation import FederationRule, cache_key, read_identity_token
from ant_cli.settings.loading import ConnectionSettings

_PATH = "/v1/oauth/token"
_GRANT_TYPE = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_BETAS = f"{OAUTH_BETA},oidc-federation-2026-04-01"
_TIMEOUT_S = 30.0
"""The limit of a whole attempt, as in the official SDKs."""
_LARGEST_RESPONSE = 1_000_000
_LONGEST_REASON = 500
_LOCK_TIMEOUTS = 2.0
"""How long to wait for another process that exchanges the same identity token, in timeouts of a request. That is
two minutes by default, longer than an exchange takes with all its retries. Then this process exchanges it, too."""
_PAUSE_S = 5.0
"""Seconds to wait after a failed exchange, so that a run of many requests does not repeat it for each."""
_TOO_NEW_S = 60.0
"""A token rejected this soon after its exchange is not renewed: a new one would be rejected as well."""


class AccessTokens:
    """The access tokens of a rule: a `TokenSource`. Threads may share it, and processes share the cache.

    `RENEWAL_S` before the end of a token, the first thread that needs it renews it. Meanwhile, the others use the
    old one.
    """

    def __init__(
        self,
        rule: FederationRule,
        connection: ConnectionSettings,
        runtime: Runtime,
        observer: Observer | None = None,
    ) -> None:
        """Nothing is exchanged yet. Raises CredentialError or BadValue if the rule can't be used."""
        rule.check(runtime)
        self._rule = rule
        self._connection = connection
        self._runtime = runtime
        self._observer = observer or Observer()
        self._now = runtime.now
        self._cache = TokenCache(cache_key(rule, connection.base_url), runtime)
        self._lock = Lock()
        self._token: AccessToken | None = None
        self._exchanged = ""
        """The secret of the last token exchanged here."""
        self._rejected = ""
        self._failure: AntError | None = None
        """Why the last exchange failed, until the next attempt."""
        self._next_attempt = 0.0

    def current(self) -> AccessToken:
        """Return a token that lasts for a request; if its end is near, a renewed one.

        Raises:
            AntError: if there is no token, and the exchange fails.

        """
        token, now = self._token, self._now()
        if token is not None:
            other_thread_renews = self._lock.locked()
            if token.is_fresh(now) or (other_thread_renews and token.is_usable(now)):
                return token
        with self._lock:
            self._token = self._renewed()
            return self._token

    def renew(self, rejected: str) -> bool:
        """Replace a token that the server rejected. Returns whether `current` gives another one.

        If it can't be replaced, the rejection is the error to report, as in the official SDKs.
        """
        with self._lock:
            token = self._token
            if token is None or token.secret != rejected:
                return True  # another thread has replaced it
            if rejected == self._exchanged and self._now() - token.obtained_at < _TOO_NEW_S:
                return False
            self._token, self._rejected = None, rejected
        try:
            return self.current().secret != rejected
        except AntError:
            return False

    def _renewed(self) -> AccessToken:
        """Return a fresh token, from the cache or an exchange; if that fails, one that is still usable."""
        old, now = self._best(), self._now()
        if old is not None and old.is_fresh(now):
            return old
        if self._failure is None or now >= self._next_attempt:
            try:
                return self._exchange_once(old)
            except AntError as error:
                self._failure, self._next_attempt = error, self._now() + _PAUSE_S
        if old is not None and old.is_usable(self._now()):
            return old
        raise self._failure

    def _best(self) -> AccessToken | None:
        """Return the token that lasts longest, if it lasts for another request."""
        now = self._now()
        known = (self._token, self._cache.read())
        accepted = [token for token in known if token and token.secret != self._rejected]
        lasting = [token for token in accepted if token.is_fresh(now) or token.is_usable(now)]
        return max(lasting, key=lambda token: token.expires_at, default=None)

    def _exchange_once(self, old: AccessToken | None) -> AccessToken:
        """Exchange the identity token. If another process is doing that, return its token, or the old one."""
        limit_s = 0.0 if old else _LOCK_TIMEOUTS * self._connection.timeout_s
        try:
            with self._cache.locked(limit_s):
                best = self._best()
                if best is not None and best.is_fresh(self._now()):
                    return best
                if self._rejected:
                    self._cache.remove()
                token = self._exchange(retries=old is None)
                self._cache.write(token)
                return token
        except LockTimeout:
            return old or self._best() or self._exchange(retries=True)

    def _exchange(self, *, retries: bool) -> AccessToken:
        """Exchange the identity token of the rule for an access token, which is registered for redaction.

        Raises:
            UsageError: if others on the network could read the identity token.
            CredentialError: if the identity token can't be read, the server rejects it, or its response can't be
                used.
            APIError: if the server has an internal problem, or a rate limit.
            NetworkError: if no response arrives.

        """
        connection, rule, redactor = self._connection, self._rule, self._runtime.redactor
        _check_privacy(connection.base_url)
        assertion = read_identity_token(rule, redactor)
        request = _request(connection, rule, assertion)
        tries = Tries(self._policy(connection.max_retries if retries else 0))
        # Taken before the request is sent, so that the token does not end earlier than expected.
        obtained_at = self._now()
        try:
            with Server(connection, self._runtime) as server:
                response = Retrier(server.send, self._runtime.sleep).send(request, tries)
            if 400 <= response.status < 500 and response.status not in RETRIED_4XX:
                # Redacted before it is cut: a secret that is cut in two would not be found.
                reason = _without_parts(redactor.redact(_reason(response.body)), assertion)
                raise _rejection(tries.request_line, response, rule, reason)
            raise_for_error(tries.request_line, response, hint=long_wait(response))
        except ResponseError as error:
            # as it is, it would mean that the user's request may have been carried out
            line = error.request_line
            raise CredentialError(error.message, error.hint, request_line=line) from None
        token = _parse(response, obtained_at, redactor)
        self._exchanged = token.secret
        return token

    def _policy(self, max_retries: int) -> Policy:
        timeouts = timeouts_of(self._connection.timeout_s, _TIMEOUT_S)
        return Policy(max_retries, timeouts, self._observer, _LARGEST_RESPONSE)


def _request(connection: ConnectionSettings, rule: FederationRule, assertion: str) -> Request:
    """Return the request for a token, with the headers of the official SDKs."""
    headers = {
        **custom_headers(connection),
        "accept": "application/json",
        "accept-encoding": "gzip",
        "anthropic-beta": _BETAS,
        "content-type": "application/json",
        "user-agent": USER_AGENT,
        **user_header(connection.base_url),
    }
    fields = {
        "grant_type": _GRANT_TYPE,
        "assertion": assertion,
        "federation_rule_id": rule.federation_rule,
        "organization_id": rule.organization_id,
        "service_account_id": rule.service_account_id,
        "workspace_id": rule.workspace_id,
    }
    given = {name: value for name, value in fields.items() if value}
    body = json.dumps(given, separators=(",", ":"))
    return Request("POST", _PATH, (), tuple(headers.items()), body.encode())


def _rejection(
    request_line: str, response: Response, rule: FederationRule, reason: str
) -> CredentialError:
    why = f" ({shortened(reason, _LONGEST_REASON)})" if reason else ""
    request_id = response.headers.get("request-id", "")
    hints = [
        f"Does federation rule {rule.federation_rule} (from {rule.source}) match this token? "
        "The console lists exchanges under Workload identity.",
        "Is the token new? Many can be exchanged only once, and expire after some minutes.",
        "A rule for several workspaces needs --workspace-id.",
    ]
    if request_id:
        hints.append(f"Request ID: {request_id}")
    problem = f"the identity token was not accepted: {response.status_line}{why}."
    return CredentialError(problem, *hints, request_line=request_line)


def _check_privacy(base_url: str) -> None:
    parts = urlsplit(base_url)
    if parts.scheme != "https" and not is_loopback(parts.hostname or ""):
        raise UsageError(
            f"an identity token is not sent to {strip_userinfo(base_url)}, since others could read it on the way.",
            "Use a base URL that begins with https://.",
        )


def _reason(body: bytes) -> str:
    """Return the message of an OAuth error (RFC 6749) or an API error, in one line; empty for anything else."""
    content = json_object(body) or {}
    error = content.get("error")
    if isinstance(error, dict):
        texts = (error.get("type"), error.get("message"))
    else:
        texts = (error, content.get("error_description"))
    reason = ": ".join(text for text in texts if text and isinstance(text, str))
    return " ".join(reason.split()).rstrip(".")


def _without_parts(reason: str, assertion: str) -> str:
    """Redact parts of the identity token, too: a server that repeats it may shorten it."""

    def redact(word: re.Match[str]) -> str:
        return REDACTED if word[0] in assertion else word[0]

    return re.sub(r"[A-Za-z0-9_-]{16,}", redact, reason)


def _parse(response: Response, obtained_at: float, redactor: Redactor) -> AccessToken:
    """Return the access token of a response. Nothing of the response is quoted: it may hold secrets."""
    content = json_object(response.body) or {}
    secret = content.get("access_token")
    if isinstance(secret, str):
        redactor.register(secret)
    if not isinstance(secret, str) or not is_token(secret):
        raise _unusable("it has no access_token that can be sent")
    if not _is_bearer(content.get("token_type")):
        raise _unusable("its token_type is not Bearer")
    return AccessToken(secret, obtained_at + _lifetime_s(content.get("expires_in")), obtained_at)


def _is_bearer(token_type: object) -> bool:
    if token_type is None:
        return True
    return isinstance(token_type, str) and token_type.lower() == "bearer"


def _lifetime_s(expires_in: object) -> float:
    """Return how long a token lasts. If nobody knows, it serves this run only (D42), which has no end."""
    if expires_in is None:
        return inf
    if isinstance(expires_in, int | float) and expires_in is not True:
        if 1 <= expires_in <= LONGEST_LIFE_S:
            return expires_in
    raise _unusable("its expires_in is not a number of seconds up to a year")


def _unusable(why: str) -> CredentialError:
    return CredentialError(f"the response to the token exchange can't be used: {why}.")
