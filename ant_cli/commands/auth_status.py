"""`ant auth status`: every place where a credential may be, which one is used, and where it is sent.

The report is made as JSON, and the text for people from that, so that both say the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from ant_cli.commands import print_report
from ant_cli.errors import AntError, BadValue, CredentialError
from ant_cli.help.command_row import PROFILE, REQUEST
from ant_cli.operations import OPERATIONS
from ant_cli.operations.spec import Flags
from ant_cli.runtime import Runtime
from ant_cli.runtime.redaction import strip_userinfo
from ant_cli.runtime.sanitize import collapse_space
from ant_cli.settings.access_tokens import AccessToken, end_text
from ant_cli.settings.credentials import (
    ENVIRONMENT_KEY_FIRST,
    ENVIRONMENT_KEY_LAST,
    Credential,
    Place,
    environment_key_place,
    no_credential,
)
from ant_cli.settings.loading import Settings, describe_destination, load
from ant_cli.settings.local_emulator import is_local
from ant_cli.settings.logins import (
    Login,
    OfficialProfile,
    active_name,
    has_profile,
    read_login,
    read_profile,
)
from ant_cli.settings.profiles import ProfileStore, read_store
from ant_cli.settings.rows import SETTINGS, is_api_key, mask
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


def status(runtime: Runtime, flags: Flags, *, check: bool = False) -> None:
    """Show every source of a credential, which one is used, and why. Exit 4 without a credential."""
    store = read_store(runtime)
    asked = flags.only((*PROFILE, *REQUEST))
    settings = load(runtime, asked, store)
    problem = _problem(settings, runtime)
    report = _report(_Run(settings, asked, runtime, store), is_usable=problem is None)
    print_report(runtime, flags, _report_text(report, runtime), report)
    if problem:
        raise problem
    if check:
        from ant_cli.commands.login import verify  # late: needed only with --check

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


# The report


class _Run(NamedTuple):
    """What the report is about: settings, and what they were loaded from."""

    settings: Settings
    flags: Flags
    runtime: Runtime
    store: ProfileStore

    @property
    def profile(self) -> SelectedProfile:
        """The selected profile."""
        return self.settings.provenance.profile

    @property
    def base_url(self) -> str:
        """Where requests are sent."""
        return self.settings.connection.base_url


def _report(run: _Run, *, is_usable: bool) -> Report:
    settings = run.settings
    credential = settings.connection.credential
    official = _official_profile(run)
    return {
        "usable": is_usable,
        "credential": credential.source if credential else None,
        "base_url": _base_url(run),
        "workspace_id": {
            "value": settings.connection.workspace_id or None,
            "source": settings.provenance.sources["workspace_id"],
        },
        "profile": _profile(run),
        "environment_key": _environment_key(environment_key_place(run.runtime.environ)),
        "official_profile": official,
        "note": describe_destination(settings),
        "sources": list(_source_rows(run, official)),
    }


def _base_url(run: _Run) -> Report:
    source = run.settings.provenance.sources["base_url"]
    urls = setting_sources(SETTINGS["base_url"], run.flags, run.runtime.environ, run.profile)
    shadowed = [url for url in urls if url.label not in (source, "default")]
    return {
        "value": strip_userinfo(run.base_url),
        "source": source,
        "needs_credential": not is_local(run.base_url),
        "shadows": [{"source": url.label, "value": strip_userinfo(url.value)} for url in shadowed],
    }


def _profile(run: _Run) -> Report:
    profile = run.profile
    file = profile.official.path if profile.official else run.store.path
    return {
        "name": profile.name or None,
        "source": profile.source or None,
        "file": str(file) if file else None,
        "others": sorted(name for name in run.store.profiles if name != profile.name),
    }


def _environment_key(key: Credential) -> Report | None:
    """Return the key, the commands that always use it, and those that use it without another credential."""
    if not key.is_given:
        return None
    return {
        "value": _masked(key),
        "source": key.source,
        "is_api_key": is_api_key(key.secret),
        "problem": _problem_of(key),
        "used_by": ["beta:worker", *_commands_of(ENVIRONMENT_KEY_FIRST)],
        "used_without_api_key_by": _commands_of(ENVIRONMENT_KEY_LAST),
    }


def _commands_of(place: Place) -> list[str]:
    return [operation.command for operation in OPERATIONS if place.is_for(operation.accepts)]


# The places of credentials


def _source_rows(run: _Run, official: Report | None) -> Iterator[Report]:
    """Yield each place where a credential may be.

    Its state is `used`, `shadowed`, `partial` (it only supplies what another one leaves out), `unused`, `empty` or
    `absent`.
    """
    used = run.settings.connection.credential
    for place in run.settings.provenance.places:
        yield {
            "source": place.source,
            "kind": place.kind,
            "state": _state(place, used),
            "value": _value(place, run) if place.is_given else place.supplies,
        }
    if official and not run.profile.official:
        yield _row_of_official(official, is_shadowed=used is not None)


def _row_of_official(official: Report, *, is_shadowed: bool) -> Report:
    """Return the place of a profile of the official tool that is not selected."""
    kind = "federation" if official["type"] == "oidc_federation" else "login"
    return {
        "source": f"{kind} of profile {official['name']!r}, official tool",
        "kind": "auth_token",
        "state": "shadowed" if is_shadowed else "unused",
        "value": official["value"],
    }


def _state(place: Credential, used: Credential | None) -> str:
    if place.supplies is not None:
        return "partial"
    if not place.is_given:
        return "absent" if place.text is None else "empty"
    if used and place.source == used.source:
        return "used"
    return "shadowed"


def _value(place: Credential, run: _Run) -> str:
    """Return a masked credential, where it comes from, or why it can't be used."""
    kept_by = place.issuer or place.reference
    if kept_by is None:
        return _problem_of(place) or _masked(place)
    try:
        return kept_by.describe(run.base_url, run.runtime)
    except CredentialError as error:
        return error.message


def _masked(place: Credential) -> str:
    """Return the masked secret on one line, whatever is in it."""
    return collapse_space(mask(place.secret.strip()))


def _problem_of(place: Credential) -> str | None:
    """Return why a secret can't be used; None if it can be."""
    try:
        place.checked()
    except BadValue as error:
        return error.message
    return None


# The official tool's profile


class _Login(NamedTuple):
    """A profile of the official tool, and what its files say."""

    name: str
    profile: OfficialProfile | None = None
    token: AccessToken | None = None
    """The token of its login, if it has one."""
    value: str = ""
    """The masked token and its end, or where the token comes from."""


def _official_profile(run: _Run) -> Report | None:
    """Return the selected profile of the official tool, one with the selected name, or else the active one.

    A login says more about its owner than the profile, which may be unreadable.
    """
    try:
        name = _official_name(run)
    except CredentialError as error:
        return _official_report(_Login("active_config"), error.message)
    profile = None
    try:
        profile = run.profile.official or read_profile(name, run.runtime.environ)
        if profile is None:
            return None
        return _official_report(_read(name, profile, run), "")
    except CredentialError as error:
        return _official_report(_Login(name, profile), error.message)


def _official_name(run: _Run) -> str:
    if has_profile(run.profile.name, run.runtime.environ):
        return run.profile.name
    return active_name(run.runtime.environ)


def _read(name: str, profile: OfficialProfile, run: _Run) -> _Login:
    """Read the token of a login, or describe a federation. Raises CredentialError if a file can't be used."""
    if not profile.is_federation:
        token = read_login(profile, run.runtime)
        return _Login(name, profile, token, Login(profile).describe(run.base_url, run.runtime))
    from ant_cli.settings.federation import rule_of  # late: few profiles have one

    rule = rule_of(run.flags, run.runtime.environ, of_official(profile), "")
    return _Login(name, profile, None, rule.describe(run.base_url, run.runtime))


def _official_report(login: _Login, problem: str) -> Report:
    token = login.token
    return {
        "name": login.name,
        **_files_of(login.profile),
        "logged_in": token is not None,
        **_owner_of(login.profile, token),
        "expires_at": token.end if token else None,
        "value": problem or login.value,
        "problem": problem or None,
    }


def _files_of(profile: OfficialProfile | None) -> Report:
    files: Report = {"type": None, "config": None, "credentials": None}
    if profile:
        files["type"] = profile.type
        files["config"] = str(profile.path)
        if not profile.is_federation:
            files["credentials"] = str(profile.credentials_path)
    return files


def _owner_of(profile: OfficialProfile | None, token: AccessToken | None) -> Report:
    by_profile = profile.values if profile else {}
    by_login = dict(token.about) if token else {}
    by_login["organization_id"] = by_login.get("organization_uuid", "")
    return {key: by_login.get(key) or by_profile.get(key) or None for key in _OWNER}


# The text for people


def _report_text(report: Report, runtime: Runtime) -> str:
    rows = report["sources"]
    width = max(len(row["source"]) for row in rows)
    lines = [f"{label:12}{text}" for label, text in _labelled(report, runtime)]
    lines += ["", "Credentials are looked up in this order, and the first one is used:"]
    for number, row in enumerate(rows, 1):
        lines.append(f"{number:3}. {row['source']:{width}}  {_state_text(row, report)}")
    return "\n".join(lines)


def _state_text(row: Report, report: Report) -> str:
    if row["state"] == "absent":
        return "not set"
    if row["state"] == "empty":
        return "empty, so treated as not set"
    if row["state"] == "partial":
        return f"only supplies what {row['value']} leaves out"
    if row["state"] == "used":
        return f"{row['value']}  <- used"
    if row["state"] == "shadowed" and report["credential"]:
        return f"{row['value']}  shadowed by {report['credential']}"
    if report["profile"]["name"]:
        profile = report["profile"]["name"]
        return f"{row['value']}  not used: profile {profile!r} is, which has no credential"
    return f"{row['value']}  not used"


def _labelled(report: Report, runtime: Runtime) -> Iterator[tuple[str, str]]:
    """Yield the settings in use, each with its label. A line that continues the previous one has no label."""
    url, workspace = report["base_url"], report["workspace_id"]
    yield "Credential", _credential_text(report)
    yield "Base URL", f"{url['value']} ({url['source']})"
    for shadowed in url["shadows"]:
        yield "", f"shadows {shadowed['source']}: {shadowed['value']}"
    if workspace["value"]:
        yield "Workspace", f"{workspace['value']} ({workspace['source']})"
    else:
        yield "Workspace", "the credential's own"
    yield "Profile", _profile_text(report["profile"])
    if report["environment_key"]:
        yield from _environment_texts(report["environment_key"])
    if report["official_profile"]:
        yield from _official_texts(report["official_profile"], runtime)
    if report["note"]:
        yield "Note", report["note"]


def _environment_texts(key: Report) -> Iterator[tuple[str, str]]:
    yield "Environment", f"{key['value']} (environment key, from {key['source']})"
    if key["problem"]:
        yield "", key["problem"]
    yield "", f"for {', '.join(key['used_by'])}"
    names = ", ".join(command.rpartition(" ")[2] for command in key["used_without_api_key_by"])
    yield "", f"without another credential also for beta:environments:work {names}"


def _credential_text(report: Report) -> str:
    for row in report["sources"]:
        if row["state"] == "used":
            return f"{row['value']} ({_KINDS[row['kind']]}, from {row['source']})"
    return "none" if report["base_url"]["needs_credential"] else "none, and the emulator needs none"


def _profile_text(profile: Report) -> str:
    """Return the profile, its source and its file; without a profile, the reason."""
    others = f"; others: {', '.join(profile['others'])}" if profile["others"] else ""
    if profile["name"]:
        source = _ACTIVE.get(profile["source"], f"named by {profile['source']}")
        return f"{profile['name']} ({source}), from {profile['file']}{others}"
    none = f"none is active{others}" if others else "none"
    return f"{none} ({profile['file'] or 'there is no folder for them'})"


def _official_texts(official: Report, runtime: Runtime) -> Iterator[tuple[str, str]]:
    """Yield the owner of the official tool's login, or what its profile gives, and where it is stored."""
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
        if name and identifier:
            texts.append(f"{place} {name} ({identifier})")
        elif name or identifier:
            texts.append(f"{place} {name or identifier}")
    # a server wrote them, so they may contain anything
    return collapse_space(", ".join(filter(None, texts)))
