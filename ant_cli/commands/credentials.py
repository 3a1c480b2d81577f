"""`ant auth token`, `print-credentials` and `status`: the credential in use, for other programs and for people.

The report of `status` is made as JSON, and its text is made from that, so that both say the same.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator
from copy import copy
from typing import Any

from ant_cli.commands import print_report
from ant_cli.commands.login import verify
from ant_cli.errors import AntError, CredentialError, exclude_each_other
from ant_cli.help.command_row import PROFILE, REQUEST
from ant_cli.http.token_exchange import AccessTokens
from ant_cli.operations import OPERATIONS
from ant_cli.operations.spec import Flags
from ant_cli.runtime import Runtime, variables
from ant_cli.runtime.redaction import strip_userinfo
from ant_cli.runtime.sanitize import collapse_space
from ant_cli.settings.access_tokens import end_text
from ant_cli.settings.credentials import Credential, environment_key, no_credential
from ant_cli.settings.federation import rule_of
from ant_cli.settings.loading import Settings, describe_destination, load, note_credential_choice
from ant_cli.settings.local_emulator import is_local
from ant_cli.settings.logins import Login, active_name, has_profile, read_login, read_profile
from ant_cli.settings.profiles import ProfileStore, read_store
from ant_cli.settings.rows import SETTINGS, check_secret, is_api_key, mask
from ant_cli.settings.selection import ACTIVE, SelectedProfile, of_official, setting_sources

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


# The report


def status(runtime: Runtime, flags: Flags, *, check: bool = False) -> None:
    """Show every source of a credential, which one is used, and why. Exit 4 without a credential."""
    store = read_store(runtime)
    asked = flags.only((*PROFILE, *REQUEST))
    settings = load(runtime, asked, store)
    problem = _problem(settings, runtime)
    report = _report(settings, asked, runtime, store, usable=problem is None)
    print_report(runtime, flags, _report_text(report, runtime), report)
    if problem:
        raise problem
    if check:
        verify(settings, runtime)


def _problem(settings: Settings, runtime: Runtime) -> AntError | None:
    """Return why requests can't be sent, if that can be known without sending one or running a command."""
    connection = settings.connection
    if is_local(connection.base_url):
        return None
    if connection.credential is None:
        return no_credential(connection.profile_name, runtime)
    if connection.credential.refusal:
        return connection.credential.refusal
    try:
        if connection.credential.issuer:
            connection.credential.issuer.check(runtime)
    except AntError as error:
        return error
    return None


def _report(
    settings: Settings, flags: Flags, runtime: Runtime, store: ProfileStore, *, usable: bool
) -> Report:
    """Return the report for settings that were loaded from these flags, variables and profiles."""
    environ, connection, sources = runtime.environ, settings.connection, settings.provenance.sources
    profile, credential = settings.provenance.profile, connection.credential
    official, key = (
        _official_profile(profile, flags, connection.base_url, runtime),
        environment_key(environ),
    )
    urls = setting_sources(SETTINGS["base_url"], flags, environ, profile)
    shadowed = [url for url in urls if url.label not in (sources["base_url"], "default")]
    return {
        "usable": usable,
        "credential": credential.source if credential else None,
        "base_url": {
            "value": strip_userinfo(connection.base_url),
            "source": sources["base_url"],
            "needs_credential": not is_local(connection.base_url),
            "shadows": [
                {"source": url.label, "value": strip_userinfo(url.value)} for url in shadowed
            ],
        },
        "workspace_id": {
            "value": connection.workspace_id or None,
            "source": sources["workspace_id"],
        },
        "profile": {
            "name": profile.name or None,
            "source": profile.source or None,
            "file": str((profile.official and profile.official.path) or store.path or "") or None,
            "others": sorted(name for name in store.profiles if name != profile.name),
        },
        "environment_key": _environment_key(key) if key.is_given else None,
        "official_profile": official,
        "note": describe_destination(settings) or None,
        "sources": list(_source_rows(settings, official, runtime)),
    }


def _environment_key(key: Credential) -> Report:
    """Return the key, the commands that always use it, and those that use it if there is no API key."""
    accepting = [operation for operation in OPERATIONS if "environment key" in operation.accepts]
    always = [operation.command for operation in accepting if "API key" not in operation.accepts]
    others = [operation.command for operation in accepting if "API key" in operation.accepts]
    return {
        "value": mask(check_secret(key.source, key.secret)),
        "source": key.source,
        "is_api_key": is_api_key(key.secret),
        "used_by": ["beta:worker", *always],
        "used_without_api_key_by": others,
    }


# The sources of credentials


def _source_rows(settings: Settings, official: Report | None, runtime: Runtime) -> Iterator[Report]:
    """Yield each place where a credential may be; its state is `used`, `shadowed`, `empty` or `absent`."""
    used = settings.connection.credential
    for place in settings.provenance.places:
        if not place.is_given:
            state, value = "absent" if place.text is None else "empty", None
        else:
            state = "used" if used and place.source == used.source else "shadowed"
            value = _value(place, settings.connection.base_url, runtime)
        yield {"source": place.source, "kind": place.kind, "state": state, "value": value}
    if official and not settings.provenance.profile.official:
        kind = "federation" if official["type"] == "oidc_federation" else "login"
        source = f"{kind} of profile {official['name']!r}, official tool"
        yield {
            "source": source,
            "kind": "auth_token",
            "state": "shadowed",
            "value": official["value"],
        }


def _value(place: Credential, base_url: str, runtime: Runtime) -> str:
    """Return a masked credential, where it comes from, or why it can't be used."""
    kept_by = place.issuer or place.reference
    try:
        return kept_by.describe(base_url, runtime) if kept_by else mask(place.secret.strip())
    except CredentialError as error:
        return error.message


# The official tool's profile


def _official_profile(
    selected: SelectedProfile, flags: Flags, base_url: str, runtime: Runtime
) -> Report | None:
    """Return the selected profile of the official tool, one with the selected name, or else the active one.

    A login says more about its owner than the profile, which may be unreadable. The `value` is the masked token and
    its end, where the token comes from, or why it can't be used.
    """
    environ, profile, login, problem = runtime.environ, selected.official, None, ""
    name = selected.name if has_profile(selected.name, environ) else ""
    try:
        name = name or active_name(environ)
        profile = profile or read_profile(name, environ)
        if profile is None:
            return None
        rule = rule_of(flags, environ, of_official(profile), "") if profile.is_federation else None
        login = None if rule else read_login(profile, runtime)
        value = (rule or Login(profile)).describe(base_url, runtime)
    except CredentialError as error:
        value = problem = error.message
    values = profile.values if profile else {}
    owner = {**login.about, "organization_id": login.about["organization_uuid"]} if login else {}
    return {
        "name": name or "active_config",
        "type": profile.type if profile else None,
        "config": str(profile.path) if profile else None,
        "credentials": str(profile.credentials_path)
        if profile and not profile.is_federation
        else None,
        "logged_in": login is not None,
        **{key: owner.get(key) or values.get(key) or None for key in _OWNER},
        "expires_at": login.end if login else None,
        "value": value,
        "problem": problem or None,
    }


# The text for people


def _report_text(report: Report, runtime: Runtime) -> str:
    rows = report["sources"]
    width = max(len(row["source"]) for row in rows)
    lines = [f"{label:12}{text}" for label, text in _labelled(report, runtime)]
    lines += ["", "Credentials are looked up in this order, and the first one is used:"]
    for number, row in enumerate(rows, 1):
        lines.append(
            f"{number:3}. {row['source']:{width}}  {_state_text(row, report['credential'])}"
        )
    return "\n".join(lines)


def _labelled(report: Report, runtime: Runtime) -> Iterator[tuple[str, str]]:
    """Yield the settings in use, each with its label. A line that continues the previous one has no label."""
    url, workspace, key = report["base_url"], report["workspace_id"], report["environment_key"]
    yield "Credential", _credential_text(report)
    yield "Base URL", f"{url['value']} ({url['source']})"
    for shadowed in url["shadows"]:
        yield "", f"shadows {shadowed['source']}: {shadowed['value']}"
    text = (
        f"{workspace['value']} ({workspace['source']})"
        if workspace["value"]
        else "the credential's own"
    )
    yield "Workspace", text
    yield "Profile", _profile_text(report["profile"])
    if key:
        yield "Environment", f"{key['value']} (environment key, from {key['source']})"
        if key["is_api_key"]:
            yield (
                "",
                "it is an API key, which workers reject: it has to be the key of an environment",
            )
        yield "", f"for {', '.join(key['used_by'])}"
        names = ", ".join(command.rpartition(" ")[2] for command in key["used_without_api_key_by"])
        yield "", f"without an API key also for beta:environments:work {names}"
    if report["official_profile"]:
        yield from _official_texts(report, runtime)
    if report["note"]:
        yield "Note", report["note"]


def _credential_text(report: Report) -> str:
    for row in report["sources"]:
        if row["state"] == "used":
            return f"{row['value']} ({_KINDS[row['kind']]}, from {row['source']})"
    return "none" if report["base_url"]["needs_credential"] else "none, and the emulator needs none"


def _profile_text(profile: Report) -> str:
    """Return the profile, its source and its file; without a profile, the reason."""
    path, others = (
        profile["file"],
        f"; others: {', '.join(profile['others'])}" if profile["others"] else "",
    )
    if profile["name"]:
        source = _ACTIVE.get(profile["source"], f"named by {profile['source']}")
        return f"{profile['name']} ({source}), from {path}{others}"
    return f"none{' is active' if others else ''}{others} ({path or 'there is no folder for them'})"


def _official_texts(report: Report, runtime: Runtime) -> Iterator[tuple[str, str]]:
    """Yield the owner of the official tool's login, or what its profile gives, and where it is stored."""
    official = report["official_profile"]
    yield "Official", f"{official['name']}: {_owner(official) or official['value']}"
    if official["logged_in"]:
        yield "", f"{end_text(official['expires_at'], runtime.now())}, in {official['credentials']}"
    elif official["config"]:
        yield "", f"in {official['config']}"


def _owner(official: Report) -> str:
    """Return the account, organization and workspace of a login; empty without one, or if its file names none."""
    if not official["logged_in"]:
        return ""
    texts = [official["account_email"]]
    for place in ("organization", "workspace"):
        name, identifier = official[f"{place}_name"], official[f"{place}_id"]
        if name or identifier:
            texts.append(
                f"{place} {name or identifier}"
                + (f" ({identifier})" if name and identifier else "")
            )
    # a server wrote them, so they may contain anything
    return collapse_space(", ".join(filter(None, texts)))


def _state_text(row: Report, used: str | None) -> str:
    texts = {
        "absent": "not set",
        "empty": "empty, so treated as not set",
        "used": f"{row['value']}  <- used",
        "shadowed": f"{row['value']}  {f'shadowed by {used}' if used else 'not used'}",
    }
    return texts[row["state"]]
