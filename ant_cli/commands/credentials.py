"""`ant auth token`, `print-credentials` and `status`: the credential in use, for other programs and for people.

The report of `status` is made as JSON, and its text is made from that, so that both say the same.
"""

from __future__ import annotations

import json
import shlex
from copy import copy
from typing import Any

from ant_cli.errors import CredentialError, exclude_each_other
from ant_cli.http.token_exchange import AccessTokens
from ant_cli.operations.spec import Flags
from ant_cli.runtime import Runtime, variables
from ant_cli.settings.credentials import no_credential
from ant_cli.settings.loading import Settings, load, note_credential_choice
from ant_cli.settings.local_emulator import is_local
from ant_cli.settings.selection import ACTIVE

_KINDS = {"api_key": "API key", "auth_token": "bearer token"}
_ACTIVE = {"active": "the active one", ACTIVE: "the active one of the official tool"}
_OWNER = (
    "account_email",
    "organization_id",
    "organization_name",
    "workspace_id",
    "workspace_name",
    "scope",
)
"""What a login says about its owner, or else its profile."""

Report = dict[str, Any]
"""JSON: members and their values."""


# The credential itself


def token(runtime: Runtime, flags: Flags) -> None:
    """Print the credential in use, and nothing else, for other tools."""
    settings = load(runtime, flags)
    note_credential_choice(settings, runtime, sends=False)
    runtime.stdout.write(_secret(_credential(settings, runtime)).encode() + b"\n")


def print_credentials(
    runtime: Runtime, flags: Flags, *, access_token: bool = False, env: bool = False
) -> None:
    """Print the credential of the profile, or of a federation, as the official tool does.

    A key in the environment is ignored.
    """
    if access_token and env:
        raise exclude_each_other("--access-token", "--env")
    left_out = (variables.API_KEY, variables.AUTH_TOKEN)
    runtime = copy(runtime)
    runtime.environ = {
        name: value for name, value in runtime.environ.items() if name not in left_out
    }
    settings = load(runtime, flags)
    name = settings.connection.profile_name
    if settings.connection.credential is None:
        raise CredentialError(
            "no profile with a credential is in use, and the key of a variable is not printed.",
            f"Log in: ant auth login --profile {name}" if name else "Log in: ant auth login",
            "For the credential that other commands use: ant auth token",
        )
    note_credential_choice(settings, runtime, sends=False)
    credential = _credential(settings, runtime)
    if access_token and "access_token" not in credential:
        raise CredentialError(
            "the profile has an API key, but no access token.",
            "To print the key: ant auth token, or --env",
        )
    if access_token:
        text = _secret(credential)
    elif env:
        text = _assignments(credential, settings)
    else:
        text = json.dumps(credential, indent=2, ensure_ascii=False)
    runtime.stdout.write(text.encode() + b"\n")


def _credential(settings: Settings, runtime: Runtime) -> Report:
    credential = settings.connection.credential
    if credential is None:
        raise no_credential(settings.connection.profile_name, runtime)
    about: Report = {}
    if credential.issuer:
        if credential.issuer.exchanges and is_local(settings.connection.base_url):
            raise CredentialError("the emulator in this process exchanges no identity tokens.")
        if credential.refusal:
            raise credential.refusal
        tokens = credential.issuer.tokens(
            runtime, lambda rule: AccessTokens(rule, settings.connection, runtime)
        )
        current = tokens.current()
        credential, about = (
            credential.with_secret(current.secret),
            {"expires_at": current.end, **current.about},
        )
    secret = credential.fetch(runtime).secret
    if credential.kind == "api_key":
        return {"version": "1.0", "type": "api_key", "api_key": secret}
    given = {name: value for name, value in about.items() if value not in (None, "")}
    return {"version": "1.0", "type": "oauth_token", "access_token": secret, **given}


def _secret(credential: Report) -> str:
    secret: str = credential.get("api_key") or credential["access_token"]
    return secret


def _assignments(credential: Report, settings: Settings) -> str:
    """Return lines for a shell or a .env file. Values with characters that are special to a shell are quoted."""
    used = settings.connection.credential
    if used and used.refusal:  # other programs would send it to that server
        raise used.refusal
    variable = variables.API_KEY if "api_key" in credential else variables.AUTH_TOKEN
    lines = [f"{variable}={shlex.quote(_secret(credential))}"]
    base_url = settings.connection.base_url
    if settings.provenance.sources["base_url"] != "default" and not is_local(base_url):
        lines.append(f"{variables.BASE_URL}={shlex.quote(base_url)}")
    return "\n".join(lines)
