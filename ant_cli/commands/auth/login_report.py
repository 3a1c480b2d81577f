"""What `ant auth status` shows about the official tool's profiles: whom a login belongs to, and when it expires."""

from __future__ import annotations

from ant_cli.errors import CredentialError
from ant_cli.runtime import Runtime
from ant_cli.runtime.light_typing import Any, NamedTuple
from ant_cli.runtime.sanitize import collapse_space
from ant_cli.settings.logins.configs import OfficialProfile, active_name, has_profile, profile_names, read_profile
from ant_cli.settings.logins.tokens import Login, read_login
from ant_cli.settings.profiles import SelectedProfile
from ant_cli.settings.validators import mask

_FIRST_S, _LAST_S = -62_135_596_800.0, 253_402_300_799.0
"""The years 1 to 9999, in Unix seconds. Some systems have no dates outside this range."""


class LoginReport(NamedTuple):
    """The readable parts of a profile of the official tool."""

    name: str
    profile: OfficialProfile | None
    """None if its file can't be used."""
    login: Login | None
    problem: str
    """Why one of its files can't be used; empty if nothing is wrong."""
    others: list[str]
    """The names of the official tool's other profiles."""
    now: float

    @property
    def source(self) -> str:
        """How messages name its credential."""
        form = "federation" if self.profile and self.profile.is_federation else "login"
        return f"{form} of profile {self.name!r}"

    @property
    def value(self) -> str:
        """The masked token and its expiry, or what is wrong."""
        if self.problem:
            return self.problem
        if self.profile and self.profile.is_federation:
            return f"exchanges an identity token by {self.profile.rule_id or 'the rule of a variable'}"
        return f"{mask(self.login.access_token)}, {self.end}" if self.login else "not logged in"

    @property
    def end(self) -> str:
        """When the login ends, in words."""
        expires_at = self.login.expires_at if self.login else None
        if expires_at is None:
            return "without an end"
        return end_text(expires_at, self.now)

    @property
    def owner(self) -> str:
        """The account, organization and workspace of the login; empty if its file names none."""
        if self.login is None:
            return ""
        login = self.login
        organization = _named(login.organization_name, login.organization_id)
        workspace = _named(login.workspace_name, login.workspace_id)
        parts = (
            login.account_email,
            f"organization {organization}" if organization else "",
            f"workspace {workspace}" if workspace else "",
        )
        return collapse_space(
            ", ".join(filter(None, parts))
        )  # the file has data from a server, so it may contain anything

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON, without tokens."""
        profile, login = self.profile, self.login
        return {
            "name": self.name,
            "type": profile.type if profile else None,
            "config": str(profile.path) if profile else None,
            "credentials": str(profile.credentials_path) if profile and not profile.is_federation else None,
            "logged_in": login is not None,
            "account_email": (login and login.account_email) or None,
            "organization_id": (login and login.organization_id) or (profile and profile.organization_id) or None,
            "organization_name": (login and login.organization_name) or None,
            "workspace_id": (login and login.workspace_id) or (profile and profile.workspace_id) or None,
            "workspace_name": (login and login.workspace_name) or None,
            "scope": (login and login.scope) or None,
            "expires_at": int(login.expires_at) if login and login.expires_at is not None else None,
            "problem": self.problem or None,
            "others": self.others,
        }


def end_text(expires_at: float, now: float) -> str:
    """Return in words when a token expires or has expired. Both arguments are Unix seconds."""
    return f"{'ended' if expires_at <= now else 'ends'} {_date(expires_at)}"


def login_report(selected: SelectedProfile, runtime: Runtime) -> LoginReport | None:
    """Return what is known about the official tool's profile for the run; None if it has none.

    That is the selected profile, one with the same name, or else the active one.
    """
    environ, now = runtime.environ, runtime.now()
    same = bool(selected.name) and has_profile(selected.name, environ)
    name, profile, login = selected.name if same else "", selected.official, None
    try:
        name = name or active_name(environ)
        profile = profile or read_profile(name, environ)
        login = read_login(profile, runtime) if profile and not profile.is_federation else None
    except CredentialError as error:
        others = [other for other in profile_names(environ) if other != name]
        return LoginReport(name or "active_config", profile, None, error.message, others, now)
    if profile is None:
        return None
    return LoginReport(name, profile, login, "", [other for other in profile_names(environ) if other != name], now)


def _named(name: str, identifier: str) -> str:
    return f"{name} ({identifier})" if name and identifier else name or identifier


def _date(seconds: float) -> str:
    if not _FIRST_S <= seconds <= _LAST_S:
        return "before the year 1" if seconds < 0 else "after the year 9999"
    from datetime import datetime, timedelta  # late: few have a login

    date = datetime(1970, 1, 1) + timedelta(seconds=seconds)  # gmtime ends in the year 3000 on Windows
    return f"{date:%Y-%m-%d %H:%M} UTC"
