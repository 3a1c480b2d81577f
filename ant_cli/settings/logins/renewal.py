"""Long runs with a login: the file is read again when the official tool may have renewed the token."""

from __future__ import annotations

import math

from ant_cli.errors import CredentialError
from ant_cli.runtime import Runtime
from ant_cli.settings.access_token import AccessToken
from ant_cli.settings.logins.configs import OfficialProfile
from ant_cli.settings.logins.tokens import usable_login


class LoginTokens:
    """The access tokens of a login: a `TokenSource`. Threads may share it: at worst, the file is read twice."""

    def __init__(self, profile: OfficialProfile, runtime: Runtime) -> None:
        self._profile = profile
        self._runtime = runtime
        self._now = runtime.now
        self._token = self._read()

    def current(self) -> AccessToken:
        """Return a token that lasts for a request. Raises CredentialError if the file has none."""
        token = self._token
        if not token.is_usable(self._now()):
            token = self._token = self._read()
        return token

    def accept(self, accepted: str) -> None:
        """Do nothing: if the token is rejected later, the file is read again in any case."""

    def renew(self, rejected: str) -> bool:
        """Read the file again, because the server rejected a token. Returns whether there is another one."""
        try:
            self._token = self._read()
        except CredentialError:  # the server's own message says more
            return False
        return self._token.secret != rejected

    def _read(self) -> AccessToken:
        login = usable_login(self._profile, self._runtime)
        expires_at = math.inf if login.expires_at is None else login.expires_at
        return AccessToken(login.access_token, expires_at, obtained_at=self._now())
