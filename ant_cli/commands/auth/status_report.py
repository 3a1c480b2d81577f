"""The report of `ant auth status`: which settings are used, where they come from, and what they shadow."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ant_cli.commands.auth.login_report import LoginReport, end_text, login_report
from ant_cli.errors import AntError
from ant_cli.operations import OPERATIONS
from ant_cli.operations.spec import Flags
from ant_cli.runtime import Runtime
from ant_cli.runtime.light_typing import Any, NamedTuple
from ant_cli.runtime.redaction import strip_userinfo
from ant_cli.settings.credentials import Credential, environment_key, fetched, no_credential
from ant_cli.settings.federation import FederationRule
from ant_cli.settings.loading import Settings
from ant_cli.settings.local_emulator import is_local
from ant_cli.settings.logins.selection import ACTIVE
from ant_cli.settings.notes import describe_destination
from ant_cli.settings.profiles import ProfileStore, SelectedProfile, shown
from ant_cli.settings.sources import SettingSource, setting_sources
from ant_cli.settings.validators import mask

_KINDS = {"api_key": "API key", "auth_token": "bearer token"}
_ACTIVE = {"active": "the active one", ACTIVE: "the active one of the official tool"}
_FORMS = {"command": "runs `{}`", "keyring": "in the credential store, as {}"}


class SourceRow(NamedTuple):
    """One source of a credential."""

    source: str
    kind: str
    state: str
    """`used`, `shadowed`, `empty` or `absent`."""
    value: str | None
    """The masked credential, or how it is fetched; None without one."""


class AuthReport(NamedTuple):
    """What `auth status` shows."""

    settings: Settings
    store: ProfileStore
    shadowed_urls: tuple[SettingSource, ...]
    """Base URLs that are not used because a source of higher precedence has one."""
    rows: tuple[SourceRow, ...]
    environment_key: Credential
    """The place of the environment key."""
    official: LoginReport | None = None
    """The official tool's profile of the run, used or not; None if it has none."""
    problem: AntError | None = None
    """Why requests can't be sent; None if they can."""

    @property
    def needs_credential(self) -> bool:
        """Whether the server is not the emulator in this process."""
        return not is_local(self.settings.connection.base_url)

    @property
    def usable(self) -> bool:
        """Whether requests can be sent."""
        return self.problem is None

    @property
    def note(self) -> str:
        """A sentence that says which credential goes to which server, if they come from different places."""
        return describe_destination(self.settings) if self.settings.crosses_origin else ""

    @property
    def other_profiles(self) -> list[str]:
        """The names of the profiles that are not used."""
        return sorted(name for name in self.store.profiles if name != self.settings.provenance.profile.name)

    @property
    def profile_file(self) -> str:
        """The file of the profile that is or would be used; empty without a folder for it."""
        official = self.settings.provenance.profile.official
        return str((official and official.path) or self.store.path or "")

    def to_json(self) -> dict[str, Any]:
        """Return the report as JSON for `--format`."""
        connection, provenance = self.settings.connection, self.settings.provenance
        return {
            "usable": self.usable,
            "credential": connection.credential.source if connection.credential else None,
            "base_url": {
                "value": strip_userinfo(connection.base_url),
                "source": provenance.sources["base_url"],
                "needs_credential": self.needs_credential,
                "shadows": [{"source": url.label, "value": strip_userinfo(url.text)} for url in self.shadowed_urls],
            },
            "workspace_id": {
                "value": connection.workspace_id or None,
                "source": provenance.sources["workspace_id"],
            },
            "profile": {
                "name": provenance.profile.name or None,
                "source": provenance.profile.source or None,
                "file": self.profile_file or None,
                "others": self.other_profiles,
            },
            "environment_key": self._environment_key(),
            "official_profile": self.official.to_json() if self.official else None,
            "note": self.note or None,
            "sources": [row._asdict() for row in self.rows],
        }

    def _environment_key(self) -> dict[str, Any] | None:
        key = self.environment_key
        if not key.is_given:
            return None
        return {"value": mask(key.secret.strip()), "source": key.source, **_uses_of_environment_keys()}


def _uses_of_environment_keys() -> dict[str, list[str]]:
    """Return the commands that use an environment key: always, and only if there is no API key."""
    accepting = [operation for operation in OPERATIONS if "environment key" in operation.accepts]
    always = [operation.command for operation in accepting if "API key" not in operation.accepts]
    others = [operation.command for operation in accepting if "API key" in operation.accepts]
    return {"used_by": ["beta:worker", *always], "used_without_api_key_by": others}


def auth_report(settings: Settings, flags: Flags, runtime: Runtime, store: ProfileStore) -> AuthReport:
    """Return the report for settings that were loaded from these flags, variables and profiles."""
    environ, profile, credential = runtime.environ, settings.provenance.profile, settings.connection.credential
    used = credential.source if credential else None
    official = login_report(profile, runtime)
    rows = [_row(source, used, official) for source in settings.provenance.places]
    rows = [row if row.state != "used" else _with_cached_end(row, settings, runtime) for row in rows]
    if official and not profile.official:
        rows.append(SourceRow(f"{official.source}, official tool", "auth_token", "shadowed", official.value))
    urls = _shadowed_urls(flags, environ, profile)
    key = environment_key(environ)
    return AuthReport(settings, store, urls, tuple(rows), key, official, _problem(settings, runtime))


def _problem(settings: Settings, runtime: Runtime) -> AntError | None:
    """Return why requests can't be sent, if that can be known without sending one or running a command."""
    connection = settings.connection
    if is_local(connection.base_url):
        return None
    if connection.credential is None:
        return no_credential(connection.profile_name, runtime)
    if connection.credential.is_oauth:
        try:
            fetched(connection.credential, runtime)
        except AntError as error:
            return error
    return None


def _shadowed_urls(flags: Flags, environ: Mapping[str, str], profile: SelectedProfile) -> tuple[SettingSource, ...]:
    _, *others = setting_sources("base_url", flags, environ, profile)
    return tuple(other for other in others if other.label != "default")


def _row(source: Credential, used: str | None, official: LoginReport | None) -> SourceRow:
    text = (source.text or "").strip()
    if not source.is_given:
        return SourceRow(source.source, source.kind, "absent" if source.text is None else "empty", None)
    state = "used" if source.source == used else "shadowed"
    if source.official and official:
        return SourceRow(source.source, source.kind, state, official.value)
    if source.rule is not None:
        return SourceRow(source.source, source.kind, state, _rule_text(source.rule))
    form = _FORMS.get(source.form)
    value = form.format(shown("api_key_command", text)) if form else mask(text)
    return SourceRow(source.source, source.kind, state, value)


def _with_cached_end(row: SourceRow, settings: Settings, runtime: Runtime) -> SourceRow:
    """Return the row of a federation with the end of its cached access token, if there is one."""
    credential = settings.connection.credential
    if credential is None or credential.rule is None or not credential.rule.is_complete:
        return row
    from ant_cli.settings.token_cache import TokenCache  # late: few runs have a federation

    token = TokenCache(credential.rule, settings.connection.base_url, runtime).read()
    now = runtime.now()
    return row._replace(value=f"{row.value}; its access token {end_text(token.expires_at, now)}") if token else row


def _rule_text(rule: FederationRule) -> str:
    """Return how a federation gets its token, without the identity token."""
    token = mask(rule.identity_token) if rule.identity_token else "no token"
    if rule.identity_token_file:
        token = f"the token in {rule.identity_token_file}"
    return f"exchanges {token} by {rule.rule_id or 'no rule'}"


def report_text(report: AuthReport) -> str:
    """Return the report for people."""
    width = max(len(row.source) for row in report.rows)
    used = next((row for row in report.rows if row.state == "used"), None)
    return "\n".join(
        (
            *(f"{label:12}{text}" for label, text in _labelled(report, used)),
            "",
            "Credentials are looked up in this order, and the first one is used:",
            *(
                f"{number:3}. {row.source:{width}}  {_state_text(row, used)}"
                for number, row in enumerate(report.rows, 1)
            ),
        )
    )


def _labelled(report: AuthReport, used: SourceRow | None) -> Iterator[tuple[str, str]]:
    """Yield the settings in use, each with its label. A line that continues the previous one has no label."""
    yield "Credential", _credential_text(report, used)
    yield "Base URL", _base_url_text(report)
    for shadowed in report.shadowed_urls:
        yield "", f"shadows {shadowed.label}: {strip_userinfo(shadowed.text)}"
    yield "Workspace", _workspace_text(report)
    yield "Profile", _profile_text(report)
    if report.environment_key.is_given:
        yield from _environment_key_texts(report.environment_key)
    if report.official:
        yield "Official", _login_text(report.official)
        if files := _login_files(report.official):
            yield "", files
    if report.note:
        yield "Note", report.note


def _credential_text(report: AuthReport, used: SourceRow | None) -> str:
    if used:
        return f"{used.value} ({_KINDS[used.kind]}, from {used.source})"
    return "none" if report.needs_credential else "none, and the emulator needs none"


def _environment_key_texts(key: Credential) -> Iterator[tuple[str, str]]:
    """Yield the environment key, and which commands use it."""
    uses = _uses_of_environment_keys()
    yield "Environment", f"{mask(key.secret.strip())} (environment key, from {key.source})"
    yield "", f"for {', '.join(uses['used_by'])}"
    names = ", ".join(command.rpartition(" ")[2] for command in uses["used_without_api_key_by"])
    yield "", f"without an API key also for beta:environments:work {names}"


def _base_url_text(report: AuthReport) -> str:
    url, source = report.settings.connection.base_url, report.settings.provenance.sources["base_url"]
    return f"{strip_userinfo(url)} ({source})"


def _workspace_text(report: AuthReport) -> str:
    workspace_id = report.settings.connection.workspace_id
    source = report.settings.provenance.sources["workspace_id"]
    return f"{workspace_id} ({source})" if workspace_id else "the credential's own"


def _profile_text(report: AuthReport) -> str:
    """Return the profile, its source and its file; without a profile, the reason."""
    profile, path = report.settings.provenance.profile, report.profile_file
    others = f"; others: {', '.join(report.other_profiles)}" if report.other_profiles else ""
    if profile.name:
        source = _ACTIVE.get(profile.source, f"named by {profile.source}")
        return f"{profile.name} ({source}), from {path}{others}"
    if others:
        return f"none is active{others} ({path})"
    return f"none ({path or 'there is no folder for them'})"


def _login_text(official: LoginReport) -> str:
    """Return whom a login of the official tool belongs to."""
    others = f"; others: {', '.join(official.others)}" if official.others else ""
    return f"{official.name}: {official.owner or official.value}{others}"


def _login_files(official: LoginReport) -> str:
    """Return when a login expires and where it is stored; empty without its profile."""
    profile = official.profile
    if profile is None:
        return ""
    return f"{official.end}, in {profile.credentials_path}" if official.login else f"in {profile.path}"


def _state_text(row: SourceRow, used: SourceRow | None) -> str:
    texts = {
        "absent": "not given" if row.source.startswith("--") else "not set",
        "empty": "empty, so treated as not set",
        "used": f"{row.value}  <- used",
        "shadowed": f"{row.value}  {f'shadowed by {used.source}' if used else 'not used'}",
    }
    return texts[row.state]
