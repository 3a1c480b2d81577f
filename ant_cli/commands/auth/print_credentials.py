"""`ant auth print-credentials` and `ant auth token`: the credential for other programs."""

from __future__ import annotations

import json
import shlex
from copy import copy

from ant_cli.errors import CredentialError, exclude_each_other
from ant_cli.operations.spec import Flags
from ant_cli.runtime import Runtime, variables
from ant_cli.runtime.light_typing import Any, NamedTuple
from ant_cli.settings.access_token import whole_seconds
from ant_cli.settings.credentials import fetched, no_credential
from ant_cli.settings.loading import Settings, load
from ant_cli.settings.local_emulator import is_local
from ant_cli.settings.logins.configs import OfficialProfile
from ant_cli.settings.logins.tokens import usable_login
from ant_cli.settings.notes import note_ambiguous_credential

_SOON_S = 120.0
"""A login that expires sooner causes a note: the official tool would renew it now."""


class _Printed(NamedTuple):
    """The printed form of a credential."""

    variable: str
    """The environment variable in which other programs expect it."""
    secret: str
    members: dict[str, Any]
    """The credential as JSON, with the members of the official tool's files."""


def token(runtime: Runtime, flags: Flags) -> None:
    """Print the credential in use, and nothing else, for other tools."""
    settings = load(runtime, flags)
    note_ambiguous_credential(settings.provenance, runtime)
    runtime.stdout.write(_printed(settings, runtime).secret.encode() + b"\n")


def print_credentials(runtime: Runtime, flags: Flags, *, access_token: bool = False, env: bool = False) -> None:
    """Print the credential of the profile, or of a federation, as the official tool does.

    It is printed whatever key is in the environment.
    """
    if access_token and env:
        raise exclude_each_other("--access-token", "--env")
    left_out = (variables.API_KEY, variables.AUTH_TOKEN)
    runtime = copy(runtime)
    runtime.environ = {name: value for name, value in runtime.environ.items() if name not in left_out}
    settings = load(runtime, flags)
    note_ambiguous_credential(settings.provenance, runtime)
    printed = _printed(settings, runtime)
    if access_token and printed.variable != variables.AUTH_TOKEN:
        raise CredentialError(
            "the profile has an API key, but no access token.", "To print the key: ant auth token, or --env"
        )
    text = printed.secret if access_token else _assignments(printed, settings) if env else _json(printed)
    runtime.stdout.write(text.encode() + b"\n")


def _printed(settings: Settings, runtime: Runtime) -> _Printed:
    credential = settings.connection.credential
    if credential is None:
        raise no_credential(settings.connection.profile_name, runtime)
    if credential.official:
        return _login(credential.official, runtime)
    if credential.rule:
        from ant_cli.http.client import access_token
        from ant_cli.output.api_error import rendered_errors

        with rendered_errors(settings.output, runtime.stderr):
            token = access_token(settings.connection, runtime)
        return _bearer_token(token.secret, expires_at=whole_seconds(token.expires_at))
    secret = fetched(credential, runtime).secret
    if credential.kind == "auth_token":
        return _bearer_token(secret)
    return _Printed(variables.API_KEY, secret, {"version": "1.0", "type": "api_key", "api_key": secret})


def _login(profile: OfficialProfile, runtime: Runtime) -> _Printed:
    login = usable_login(profile, runtime)
    if login.expires_at - runtime.now() <= _SOON_S:
        runtime.hint(
            f"Note: the login of profile {profile.name!r} ends within {_SOON_S:g} s, and is not renewed here."
        )
    members = {**login._asdict(), "expires_at": whole_seconds(login.expires_at)}
    names = {"organization_id": "organization_uuid"}  # as the file has it; the others have the same names
    return _bearer_token(**{names.get(name, name): value for name, value in members.items()})


def _bearer_token(access_token: str, **others: Any) -> _Printed:
    given = {name: value for name, value in others.items() if value not in (None, "")}
    members = {"version": "1.0", "type": "oauth_token", "access_token": access_token, **given}
    return _Printed(variables.AUTH_TOKEN, access_token, members)


def _json(printed: _Printed) -> str:
    return json.dumps(printed.members, indent=2, ensure_ascii=False)


def _assignments(printed: _Printed, settings: Settings) -> str:
    """Return lines for a shell or a .env file. Values with characters that are special to a shell are quoted."""
    lines = [f"{printed.variable}={shlex.quote(printed.secret)}"]
    base_url = settings.connection.base_url
    if settings.provenance.sources["base_url"] != "default" and not is_local(base_url):
        lines.append(f"{variables.BASE_URL}={shlex.quote(base_url)}")
    return "\n".join(lines)
