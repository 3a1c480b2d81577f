"""The official tool's tokens: `credentials/NAME.json`. Each is registered for redaction when it is read."""

from __future__ import annotations

import math

from ant_cli.errors import BadValue, CredentialError
from ant_cli.runtime import Runtime
from ant_cli.runtime.light_typing import NamedTuple
from ant_cli.settings.access_token import SPARE_S, AccessToken
from ant_cli.settings.logins.configs import OfficialProfile, read_object, text_member, unsafe
from ant_cli.settings.validators import check_new_secret

_LAST_S = 253_402_300_799
"""The end of the year 9999, in Unix seconds."""


class Login(NamedTuple):
    """The tokens of a login, and whom they belong to. Strings that the file leaves out are empty."""

    access_token: str
    expires_at: float
    """Unix seconds; infinite if it does not expire."""
    refresh_token: str
    scope: str
    organization_id: str
    organization_name: str
    account_email: str
    workspace_id: str
    workspace_name: str

    def __repr__(self) -> str:
        """Return a representation without the tokens."""
        return f"Login(account_email={self.account_email!r}, expires_at={self.expires_at!r})"


def read_login(profile: OfficialProfile, runtime: Runtime) -> Login | None:
    """Return the login of a profile, expired or not; None if there is no file.

    Raises:
        CredentialError: if the file is not safe, not JSON, of an unknown type, or has no usable token.

    """
    path = profile.credentials_path
    document = read_object(path, private=True)
    if document is None:
        return None
    for key in ("access_token", "refresh_token"):
        if isinstance(secret := document.get(key), str):
            runtime.stderr.register_secret(secret.strip())
    token_type = text_member(document, "type", path)
    if token_type not in ("", "oauth_token"):
        raise unsafe(path, f"it is of the unknown type {token_type!r}")
    try:
        token = check_new_secret("its access_token", text_member(document, "access_token", path))
    except BadValue as error:
        raise unsafe(path, error.message.removesuffix(".")) from None
    names = ("refresh_token", "scope", "organization_uuid", "organization_name", "account_email")
    texts = [text_member(document, key, path) for key in (*names, "workspace_id", "workspace_name")]
    return Login(token, _expires_at(document, profile), *texts)


def usable_login(profile: OfficialProfile, runtime: Runtime) -> Login:
    """Return the login of a profile, if it lasts for more than 30 s.

    It is never refreshed here: using a refresh token replaces it, and the official tool, which would still have the
    old one, would log its user out.

    Raises:
        CredentialError: if there is none. The error names the file, and the command that renews it.

    """
    login = read_login(profile, runtime)
    if login is None:
        raise CredentialError(f"profile {profile.name!r} of the official tool is not logged in.", _renewal(profile))
    left = login.expires_at - runtime.now()
    if left > SPARE_S:
        return login
    ended = "ended" if left <= 0 else f"ends within {SPARE_S:g} s"
    raise CredentialError(
        f"the login of profile {profile.name!r} in {profile.credentials_path} {ended}.",
        _renewal(profile),
    )


class LoginTokens:
    """The access tokens of a login: a `TokenSource`. Threads may share it: at worst, the file is read twice."""

    def __init__(self, profile: OfficialProfile, runtime: Runtime) -> None:
        self._profile = profile
        self._runtime = runtime
        self._token = self._read()

    def current(self) -> AccessToken:
        """Return a token that lasts for a request. Raises CredentialError if the file has none."""
        token = self._token
        if not token.is_usable(self._runtime.now()):
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
        return AccessToken(login.access_token, login.expires_at, obtained_at=self._runtime.now())


def _renewal(profile: OfficialProfile) -> str:
    profile_flag = f"--profile {profile.name}"
    return (
        "Renew it with the official tool, the Go program of the same name: "
        f"ant auth print-credentials {profile_flag} > /dev/null, or else ant auth login {profile_flag}\n"
        "This program only reads its logins. To store a key here: ant auth login"
    )


def _expires_at(document: dict[str, object], profile: OfficialProfile) -> float:
    value = document.get("expires_at")
    if value is None:
        return math.inf
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) <= _LAST_S:
        raise unsafe(profile.credentials_path, "expires_at must be a time in Unix seconds")
    return value
