"""Access tokens of a federation rule: from the cache or an exchange, and renewed before they end."""

from __future__ import annotations

from threading import Lock

from ant_cli.errors import AntError
from ant_cli.http.observer import Observer
from ant_cli.runtime import Runtime
from ant_cli.settings.federation import AccessToken, FederationRule
from ant_cli.settings.loading import ConnectionSettings
from ant_cli.settings.token_cache import TokenCache

_LOCK_TIMEOUTS = 2.0
"""How long to wait for another process that exchanges the same identity token, in timeouts of a request. That is
two minutes by default, longer than an exchange takes with all its retries. Then this process exchanges it, too."""
_PAUSE_S = 5.0
"""Seconds to wait after a failed exchange, so that a run of many requests does not repeat it for each."""
_TOO_NEW_S = 60.0
"""A token rejected this soon after its exchange is not renewed, unless the API had accepted it: a new one would be
rejected as well."""


class AccessTokens:
    """The access tokens of a rule: a `TokenSource`. Threads may share it, and processes share the cache.

    `RENEWAL_S` before the end of a token, the first thread that needs it renews it. The others use the old one
    meanwhile.
    """

    def __init__(
        self,
        rule: FederationRule,
        connection: ConnectionSettings,
        runtime: Runtime,
        observer: Observer | None = None,
    ) -> None:
        self._rule = rule
        self._connection = connection
        self._runtime = runtime
        self._observer = observer
        self._now = runtime.now
        self._cache = TokenCache(rule, connection.base_url, runtime)
        self._lock = Lock()
        self._token: AccessToken | None = None
        self._exchanged = ""
        """The secret of the last token exchanged here; cleared if the API accepts it before rejecting any."""
        self._rejected = ""
        self._failure: AntError | None = None
        """Why there is no token, until the next attempt."""
        self._next_attempt = 0.0

    def current(self) -> AccessToken:
        """Return a token that lasts for a request. If its end is near, it is renewed first.

        Raises:
            AntError: as `exchange` does.

        """
        token, now = self._token, self._now()
        if token is not None:
            is_renewed = self._lock.locked()  # by another thread
            if token.is_fresh(now) or (is_renewed and token.is_usable(now)):
                return token
        with self._lock:
            self._token = self._renewed()
            return self._token

    def accept(self, accepted: str) -> None:
        """Note that the server accepted a token: if the server rejects it later, a new one may be accepted."""
        if accepted == self._exchanged and not self._rejected:
            self._exchanged = ""

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
        old = self._best()
        if old is not None and (old.is_fresh(self._now()) or self._now() < self._next_attempt):
            return old
        if self._failure is not None and self._now() < self._next_attempt:
            raise self._failure
        try:
            return self._exchange_once(old)
        except AntError as error:
            self._next_attempt = self._now() + _PAUSE_S
            if old is not None and old.is_usable(self._now()):
                self._failure = None
                return old
            self._failure = error
            raise

    def _best(self) -> AccessToken | None:
        """Return the token that lasts longest, if it lasts for another request."""
        now = self._now()
        known = [token for token in (self._token, self._cache.read()) if token and token.secret != self._rejected]
        lasting = [token for token in known if token.is_fresh(now) or token.is_usable(now)]
        return max(lasting, key=lambda token: token.expires_at, default=None)

    def _exchange_once(self, old: AccessToken | None) -> AccessToken:
        """Exchange the identity token. If another process is doing that, return its token, or the old one."""
        from ant_cli.runtime.storage import LockTimeout  # late: as the exchange

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
        from ant_cli.http.token_exchange import exchange  # late: most runs find a token in the cache

        connection = self._connection if retries else self._connection._replace(max_retries=0)
        token = exchange(self._rule, connection, self._runtime, self._observer)
        self._exchanged = token.secret
        return token
