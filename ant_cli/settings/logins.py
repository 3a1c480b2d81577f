"""The official tool's profiles, `configs/NAME.json` and `active_config`, and its tokens, `credentials/NAME.json`.

They are read, but never written. Files that other users can write, or whose secrets they can read, are rejected.
Each token is registered for redaction when it is read.
"""

from __future__ import annotations

import json
import math
import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, TypeGuard

from ant_cli.errors import BadValue, CredentialError, os_error_text
from ant_cli.errors.command_line import INTO, command_line
from ant_cli.runtime import Runtime, variables
from ant_cli.runtime.trusted_files import OTHERS_READ, FileRule, read_trusted
from ant_cli.settings.access_tokens import LAST_S, SPARE_S, AccessToken, end_text
from ant_cli.settings.profiles import config_dir
from ant_cli.settings.rows import check_new_secret, mask

_LIMIT = 1_000_000
"""The most bytes of a file; the official tool writes less than ten thousand."""
_PRIVATE = FileRule(_LIMIT, OTHERS_READ, own_place=True)
_PUBLIC = FileRule(_LIMIT, own_place=True, may_be_link=True)
_DEFAULT = "default"
"""The profile that is active if no other is named."""


class OfficialProfile(NamedTuple):
    """A profile of the official tool."""

    name: str
    path: Path
    """Its file in `configs/`."""
    type: str
    """`user_oauth` or `oidc_federation`."""
    credentials_path: Path
    """The file with its tokens, which may not exist."""
    values: Mapping[str, str]
    """The settings that it gives; some may be empty."""

    @property
    def is_federation(self) -> bool:
        """Whether it exchanges an identity token, and needs no login."""
        return self.type == "oidc_federation"

    @property
    def is_logged_in(self) -> bool:
        """Whether there is a file of tokens, if it needs one. The file is not opened."""
        return self.is_federation or os.path.lexists(self.credentials_path)


def folder_of(environ: Mapping[str, str]) -> Path | None:
    """Return the official tool's folder: the one in XDG_CONFIG_HOME if that is set, otherwise this program's."""
    xdg = Path(environ.get("XDG_CONFIG_HOME", ""))
    if environ.get(variables.CONFIG_DIR) or os.name == "nt" or not xdg.is_absolute():
        return config_dir(environ)
    return xdg / "anthropic"


def _config_path(name: str, environ: Mapping[str, str]) -> Path | None:
    """Return the file of a profile, which may not exist; None without a folder, or for an invalid name."""
    folder = folder_of(environ)
    is_name = re.fullmatch(r"[A-Za-z0-9_.-]+", name) and name not in (".", "..")
    if folder is None or not is_name:
        return None
    return folder / "configs" / f"{name}.json"


def has_profile(name: str, environ: Mapping[str, str]) -> bool:
    """Whether the official tool has a profile of this name. Its file is not opened."""
    path = _config_path(name, environ)
    return path is not None and os.path.lexists(path)


def profile_names(environ: Mapping[str, str]) -> list[str]:
    """Return the names of the official tool's profiles, sorted."""
    folder = folder_of(environ)
    names = [path.stem for path in folder.glob("configs/*.json")] if folder else []
    return sorted(name for name in names if _config_path(name, environ))


def active_name(environ: Mapping[str, str]) -> str:
    """Return the name of the profile that the official tool uses; it may not exist.

    Raises:
        CredentialError: if `active_config` can't be read, or names no profile.

    """
    folder = folder_of(environ)
    if folder is None:
        return _DEFAULT
    path = folder / "active_config"
    name = (read_text(path) or "").strip()
    if name and _config_path(name, environ) is None:
        raise unsafe(path, "it does not hold the name of a profile")
    return name or _DEFAULT


def read_profile(name: str, environ: Mapping[str, str]) -> OfficialProfile | None:
    """Return a profile of the official tool; None if it does not exist. Unknown members are ignored.

    Raises:
        CredentialError: if its file is not safe, not JSON, or of an unknown type.

    """
    path = _config_path(name, environ)
    document = read_object(path) if path else None
    if path is None or document is None:
        return None
    authentication = document.get("authentication")
    if not isinstance(authentication, dict):
        raise unsafe(path, "it has no authentication")
    authentication_type = text_member(authentication, "type", path)
    if authentication_type not in ("user_oauth", "oidc_federation"):
        raise unsafe(path, f"its authentication is of the unknown type {authentication_type!r}")
    credentials_path = _credentials_path(authentication, path, environ)
    values = {
        "base_url": text_member(document, "base_url", path),
        "organization_id": text_member(document, "organization_id", path),
        "workspace_id": text_member(document, "workspace_id", path),
        "federation_rule": text_member(authentication, "federation_rule_id", path),
        "service_account_id": text_member(authentication, "service_account_id", path),
        "identity_token_file": _identity_token_file(authentication, path),
    }
    return OfficialProfile(name, path, authentication_type, credentials_path, values)


def _credentials_path(
    authentication: dict[str, object], path: Path, environ: Mapping[str, str]
) -> Path:
    named = text_member(authentication, "credentials_path", path)
    if not named:
        return path.parent.parent / "credentials" / path.name
    if named.startswith("~/") and (home := environ.get("HOME")):
        return Path(home) / named[2:]
    if not Path(named).is_absolute():
        raise unsafe(path, "credentials_path must be an absolute path")
    return Path(named)


def _identity_token_file(authentication: dict[str, object], path: Path) -> str:
    """Return the file of the identity token; empty if flags or variables name it."""
    source = authentication.get("identity_token")
    if source is None:
        return ""
    if not isinstance(source, dict) or source.get("source") != "file":
        raise unsafe(path, "its identity_token has another source than a file")
    file = text_member(source, "path", path)
    if not file:  # a variable might then name the token of another identity
        raise unsafe(path, "its identity_token names no file")
    return file


# Tokens

_TEXTS = (
    *("refresh_token", "scope", "organization_uuid", "organization_name", "account_email"),
    *("workspace_id", "workspace_name"),
)
"""The members of a login's file that only say more about it."""


def read_login(profile: OfficialProfile, runtime: Runtime) -> AccessToken | None:
    """Return the access token of a profile's login, expired or not; None if there is no file.

    Raises:
        CredentialError: if the file is not safe, not JSON, of an unknown type, or has no usable token.

    """
    path = profile.credentials_path
    document = read_object(path, private=True)
    if document is None:
        return None
    for key in ("access_token", "refresh_token"):
        if isinstance(secret := document.get(key), str):
            runtime.redactor.register(secret.strip())
    token_type = text_member(document, "type", path)
    if token_type not in ("", "oauth_token"):
        raise unsafe(path, f"it is of the unknown type {token_type!r}")
    try:
        token = check_new_secret("its access_token", text_member(document, "access_token", path))
    except BadValue as error:
        raise unsafe(path, error.message.removesuffix(".")) from None
    texts = {key: text_member(document, key, path) for key in _TEXTS}
    return AccessToken(token, _expires_at(document, profile), runtime.now(), texts)


def usable_login(profile: OfficialProfile, runtime: Runtime) -> AccessToken:
    """Return the access token of a profile's login, if it lasts for more than 30 s.

    It is never refreshed here: using a refresh token replaces it, and the official tool, which would still have the
    old one, would log its user out.

    Raises:
        CredentialError: without a usable login. The error names the file, and the command that renews it.

    """
    login = read_login(profile, runtime)
    if login is not None and login.is_usable(runtime.now()):
        return login
    problem = f"profile {profile.name!r} of the official tool is not logged in."
    if login is not None:
        where = f"profile {profile.name!r} in {profile.credentials_path}"
        problem = f"the login of {where} has ended, or ends within {SPARE_S:g} s."
    renew = command_line("auth print-credentials --profile", profile.name, INTO, "/dev/null")
    log_in = command_line("auth login --profile", profile.name)
    raise CredentialError(
        problem,
        f"Renew the login with the official tool, the Go program of the same name: {renew}, or else {log_in}",
        f"This program only reads its logins. To store a key here: {command_line('auth login')}",
    )


class Login:
    """The login of a profile, which issues access tokens. It exchanges nothing, and needs no settings."""

    exchanges = False
    missing: Sequence[str] = ()

    def __init__(self, profile: OfficialProfile) -> None:
        self.profile = profile

    def tokens(self, runtime: Runtime, _exchange: object) -> LoginTokens:
        """Return the source of its access tokens. Raises CredentialError without a usable one."""
        return LoginTokens(self.profile, runtime)

    def check(self, runtime: Runtime) -> None:
        """Raise CredentialError unless it can be used."""
        usable_login(self.profile, runtime)

    def describe(self, _base_url: str, runtime: Runtime) -> str:
        """Return its masked token and when that ends. Raises CredentialError if its file can't be used."""
        token = read_login(self.profile, runtime)
        if token is None:
            return "not logged in"
        return f"{mask(token.secret)}, {end_text(token.end, runtime.now())}"


class LoginTokens:
    """The access tokens of a login: a `TokenSource`. Threads may share it: at worst, the file is read twice."""

    def __init__(self, profile: OfficialProfile, runtime: Runtime) -> None:
        """Read the file. Raises CredentialError without a usable login."""
        self._profile = profile
        self._runtime = runtime
        self._login = usable_login(profile, runtime)

    def current(self) -> AccessToken:
        """Return a token that lasts for a request. Raises CredentialError if the file has none."""
        if not self._login.is_usable(self._runtime.now()):
            self._login = usable_login(self._profile, self._runtime)
        return self._login

    def renew(self, rejected: str) -> bool:
        """Read the file again, because the server rejected a token. Returns whether there is another one."""
        try:
            self._login = usable_login(self._profile, self._runtime)
        except CredentialError:  # the server's own message says more
            return False
        return self._login.secret != rejected


def _expires_at(document: dict[str, object], profile: OfficialProfile) -> float:
    value = document.get("expires_at")
    if value is None:
        return math.inf
    if not _is_finite(value):
        raise unsafe(profile.credentials_path, "expires_at must be a time in Unix seconds")
    return min(max(value, 0), LAST_S)


def _is_finite(value: object) -> TypeGuard[float]:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return abs(value) < math.inf


# Reading the files


def read_text(path: Path, *, private: bool = False) -> str | None:
    """Return the text of a file; None if it does not exist.

    Args:
        path: The file. If it is private, it must not be a symbolic link.
        private: It holds secrets, so other users must not be able to read it. They may read any other file, but
            must not be able to change it.

    Raises:
        CredentialError: if it can't be read, or is not safe.

    """
    try:
        return read_trusted(str(path), _PRIVATE if private else _PUBLIC).decode("utf-8-sig")
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise unsafe(path, os_error_text(error), getattr(error, "hint", "")) from None
    except UnicodeDecodeError:
        raise unsafe(path, "it is not text in UTF-8") from None


def read_object(path: Path, *, private: bool = False) -> dict[str, object] | None:
    """Return the JSON object in a file; None if it does not exist. Raises as `read_text`, without quoting it."""
    text = read_text(path, private=private)
    if text is None:
        return None
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        raise unsafe(path, "it is not JSON") from None
    if not isinstance(value, dict):
        raise unsafe(path, "it is not a JSON object")
    return value


def text_member(members: dict[str, object], key: str, path: Path) -> str:
    """Return the text of a member; empty if it is absent or null. Raises CredentialError for another type."""
    value = members.get(key)
    if value is None or isinstance(value, str):
        return value or ""
    raise unsafe(path, f"{key} must be a string")


def unsafe(path: Path, why: str, hint: str = "") -> CredentialError:
    """Return the error for a file of the official tool that can't be used."""
    return CredentialError(f"{path}, of the official tool, can't be used: {why}.", hint)
