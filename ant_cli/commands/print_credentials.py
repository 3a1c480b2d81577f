"""`ant auth print-credentials` and `ant auth token`: the credential for other programs."""

from __future__ import annotations

import json
import shlex
from copy import copy

from ant_cli.errors import CredentialError, exclude_each_other
from ant_cli.operations.spec import Flags
from ant_cli.runtime import Runtime, variables
from ant_cli.runtime.light_typing import Any
from ant_cli.settings.credentials import no_credential
from ant_cli.settings.loading import Settings, load, note_credential_choice
from ant_cli.settings.local_emulator import is_local

_Members = dict[str, Any]
"""A credential as JSON, with the members of the official tool's files."""


def token(runtime: Runtime, flags: Flags) -> None:
    """Print the credential in use, and nothing else, for other tools."""
    settings = load(runtime, flags)
    note_credential_choice(settings, runtime, sends=False)
    runtime.stdout.write(_secret(_credential(settings, runtime)).encode() + b"\n")


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
    note_credential_choice(settings, runtime, sends=False)
    credential = _credential(settings, runtime)
    if access_token and "access_token" not in credential:
        raise CredentialError(
            "the profile has an API key, but no access token.", "To print the key: ant auth token, or --env"
        )
    if access_token:
        text = _secret(credential)
    elif env:
        text = _assignments(credential, settings)
    else:
        text = json.dumps(credential, indent=2, ensure_ascii=False)
    runtime.stdout.write(text.encode() + b"\n")


def _credential(settings: Settings, runtime: Runtime) -> _Members:
    credential = settings.connection.credential
    if credential is None:
        raise no_credential(settings.connection.profile_name, runtime)
    about: _Members = {}
    if credential.issuer:
        from ant_cli.http.client import authenticated

        tokens = authenticated(settings.connection, runtime).tokens
        if tokens is None:
            raise CredentialError("there are no access tokens for this credential and base URL.")
        token = tokens.current()
        credential, about = credential.with_secret(token.secret), {"expires_at": token.end, **token.about}
    secret = credential.fetch(runtime).secret
    if credential.kind == "api_key":
        return {"version": "1.0", "type": "api_key", "api_key": secret}
    given = {name: value for name, value in about.items() if value not in (None, "")}
    return {"version": "1.0", "type": "oauth_token", "access_token": secret, **given}


def _secret(credential: _Members) -> str:
    secret: str = credential.get("api_key") or credential["access_token"]
    return secret


def _assignments(credential: _Members, settings: Settings) -> str:
    """Return lines for a shell or a .env file. Values with characters that are special to a shell are quoted."""
    variable = variables.API_KEY if "api_key" in credential else variables.AUTH_TOKEN
    lines = [f"{variable}={shlex.quote(_secret(credential))}"]
    base_url = settings.connection.base_url
    if settings.provenance.sources["base_url"] != "default" and not is_local(base_url):
        lines.append(f"{variables.BASE_URL}={shlex.quote(base_url)}")
    return "\n".join(lines)
