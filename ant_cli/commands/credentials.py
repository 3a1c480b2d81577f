"""`ant auth token` and `print-credentials`: the credential in use, for other programs."""

from __future__ import annotations

import json
import shlex
from copy import copy
from typing import TYPE_CHECKING, Any

from ant_cli.errors import CredentialError, exclude_each_other
from ant_cli.errors.command_line import command_line
from ant_cli.http.token_exchange import AccessTokens
from ant_cli.operations.spec import Flags
from ant_cli.runtime import Runtime, variables
from ant_cli.settings.credentials import Issuer, no_credential
from ant_cli.settings.loading import Settings, load, note_credential_choice
from ant_cli.settings.local_emulator import is_local

if TYPE_CHECKING:
    from ant_cli.settings.access_tokens import AccessToken

Report = dict[str, Any]
"""JSON: members and their values."""
_TOKEN = {"version": "1.0", "type": "oauth_token"}


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
    runtime = _without_keys(runtime)
    settings = load(runtime, flags)
    if settings.connection.credential is None:
        name = settings.connection.profile_name
        words = ["--profile", name] if name else []
        raise CredentialError(
            "no profile with a credential is in use, and the key of a variable is not printed.",
            f"Log in: {command_line('auth login', *words)}",
            f"For the credential that other commands use: {command_line('auth token')}",
        )
    note_credential_choice(settings, runtime, sends=False)
    credential = _credential(settings, runtime)
    if access_token and "access_token" not in credential:
        raise CredentialError(
            "the profile has an API key, but no access token.",
            f"To print the key: {command_line('auth token')}, or --env",
        )
    if access_token:
        text = _secret(credential)
    elif env:
        text = _assignments(credential, settings)
    else:
        text = json.dumps(credential, indent=2, ensure_ascii=False)
    runtime.stdout.write(text.encode() + b"\n")


def _without_keys(runtime: Runtime) -> Runtime:
    """Return a runtime whose variables give no key or token of the organization."""
    left_out = (variables.API_KEY, variables.AUTH_TOKEN)
    others = {name: text for name, text in runtime.environ.items() if name not in left_out}
    runtime = copy(runtime)
    runtime.environ = others
    return runtime


def _credential(settings: Settings, runtime: Runtime) -> Report:
    """Return the credential in use as the official tool prints it."""
    credential = settings.connection.credential
    if credential is None:
        raise no_credential(settings.connection.profile_name, runtime)
    if credential.issuer:
        token = _access_token(credential.issuer, settings, runtime)
        about = {"expires_at": token.end, **token.about}
        given = {name: value for name, value in about.items() if value not in (None, "")}
        return {**_TOKEN, "access_token": token.secret, **given}
    secret = credential.fetch(runtime).secret
    if credential.kind == "api_key":
        return {"version": "1.0", "type": "api_key", "api_key": secret}
    return {**_TOKEN, "access_token": secret}


def _access_token(issuer: Issuer, settings: Settings, runtime: Runtime) -> AccessToken:
    """Return an access token that can be used. It may have to be exchanged over the network."""
    connection = settings.connection
    if issuer.exchanges and is_local(connection.base_url):
        raise CredentialError("the emulator in this process exchanges no identity tokens.")
    if connection.credential and connection.credential.refusal:
        raise connection.credential.refusal
    tokens = issuer.tokens(runtime, lambda rule: AccessTokens(rule, connection, runtime))
    return tokens.current()


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
