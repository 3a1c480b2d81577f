"""Settings: flag, then environment, then profile, then default. `load` is the only source of them."""

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple
from urllib.parse import urlsplit

from ant_cli.errors import CredentialError
from ant_cli.errors.command_line import command_line
from ant_cli.operations.shared_flags import SLURP
from ant_cli.operations.spec import CredentialType, Flags
from ant_cli.runtime import Runtime, variables
from ant_cli.runtime.redaction import strip_userinfo
from ant_cli.settings import exposed_secrets, secrets_in
from ant_cli.settings.credentials import Credential, Provenance, find_credentials
from ant_cli.settings.local_emulator import is_local
from ant_cli.settings.profiles import ProfileStore, read_store
from ant_cli.settings.rows import CONNECTION, DEFAULT_BASE_URL, OUTPUT, SETTINGS
from ant_cli.settings.selection import (
    NO_PROFILE,
    SelectedProfile,
    SettingSource,
    resolve,
    setting_sources,
)
from ant_cli.settings.token_source import TokenSource
from ant_cli.settings.variable_rows import value_of

_SHORTEST_KEY = 8
"""Shorter words of custom headers are not redacted in messages: they are common words, such as `prod`."""


class ConnectionSettings(NamedTuple):
    """Where requests go, with which credential, and with which timeout and retries."""

    base_url: str
    credential: Credential | None
    """The credential in use; its secret may still have to be fetched (see `Credential.fetch`)."""
    workspace_id: str
    timeout_s: float
    max_retries: int
    debug: bool
    custom_headers: Mapping[str, str] = {}
    """Headers for a gateway. Those that the program sets itself win."""
    profile_name: str = ""
    """The profile in use, for messages; empty without a profile."""
    tokens: TokenSource | None = None
    """The source of each request's secret, if the credential issues tokens, once the client has been created."""
    accepts: tuple[CredentialType, ...] = ("API key",)
    """The types of credentials that the operation accepts, for messages."""
    second_choice: Credential | None = None
    """The credential for requests that don't take the one in use, if that is an environment key. It is checked only
    if a request needs it: most need none."""


class ErrorOutput(NamedTuple):
    """How the bodies of API errors are printed. Only flags say so."""

    format: str
    transform: str
    raw_output: bool
    is_on_stdout: bool
    """A flag asks for the bodies, so they are printed on stdout (D1)."""


class OutputSettings(NamedTuple):
    """How results are printed."""

    format: str
    format_source: str
    """The flag or profile key that chose the format, as messages name it; or `default`."""
    transform: str
    raw_output: bool
    columns: str
    slurp: bool


class Settings(NamedTuple):
    """The settings of one run."""

    connection: ConnectionSettings
    output: OutputSettings
    errors: ErrorOutput
    provenance: Provenance
    dry_run: bool

    @property
    def chosen_profile(self) -> str | None:
        """The profile that the user named or that has the credential; None if it is only the active one."""
        profile, credential = self.provenance.profile, self.connection.credential
        has_credential = credential is not None and credential.origin == "profile"
        return profile.name if profile.is_named or has_credential else None

    @property
    def stays_at_home(self) -> bool:
        """Whether nobody has to be told where the credential is sent.

        That is so if credential and server come from the same place, if a flag names the server, if the credential
        belongs to the server, or if it must not be sent at all.
        """
        credential, url = self.connection.credential, self.connection.base_url
        if credential is None or credential.refusal:
            return True
        if url == DEFAULT_BASE_URL or is_local(url):
            return True
        source, profile = self.provenance.sources["base_url"], self.provenance.profile
        if credential.origin == "profile":
            is_bound = bool(profile.text("base_url"))
            return is_bound or source != variables.BASE_URL
        return credential.origin == "flag" or source != profile.where("base_url")


def load(
    runtime: Runtime,
    flags: Flags,
    store: ProfileStore | None = None,
    *,
    accepts: tuple[CredentialType, ...] = ("API key",),
    has_own_credential: bool = False,
) -> Settings:
    """Return the settings of a run. Every secret among them is registered for redaction first.

    Args:
        runtime: Its environment is read, its stderr redacts the secrets.
        flags: The flags that were given.
        store: The profiles, if they were read already (by `read_store`, which registers their secrets).
        accepts: The types of credentials that the operation accepts.
        has_own_credential: The command has its own credential, so don't look for a login of the official tool.

    Raises:
        UsageError: if a setting in use has a value that can't be used.
        CredentialError: if the profiles can't be read, or the requested one does not exist.

    """
    for secret in (*secrets_in(flags), *exposed_secrets((), runtime.environ)):
        runtime.redactor.register(secret)
    value_of(variables.USE_AWS, runtime.environ)  # raises UsageError unless it is false
    # this registers the secrets of the profiles
    store = read_store(runtime) if store is None else store
    server = next(setting_sources(SETTINGS["base_url"], flags, runtime.environ)).value
    needs_login = not has_own_credential and not is_local(server)
    provenance = find_credentials(flags, runtime, store, accepts, needs_login=needs_login)
    connection = resolve(CONNECTION, flags, runtime.environ, provenance.profile)
    # The format of a profile counts only at a terminal, so that it breaks no script.
    profile = provenance.profile if runtime.stdout.is_terminal else NO_PROFILE
    output = resolve(OUTPUT, flags, runtime.environ, profile)
    sources = {name: item.label for name, item in (connection | output).items()}
    return Settings(
        connection=_connection(connection, provenance, accepts, runtime),
        output=_output(output, flags),
        errors=error_output(flags),
        provenance=provenance._replace(sources=sources),
        dry_run=output["dry_run"].value,
    )


def _connection(
    found: Mapping[str, SettingSource],
    provenance: Provenance,
    accepts: tuple[CredentialType, ...],
    runtime: Runtime,
) -> ConnectionSettings:
    profile, base_url = provenance.profile, found["base_url"]
    credentials = [
        each._replace(refusal=refusal(each, profile, base_url)) for each in provenance.credentials
    ]
    return ConnectionSettings(
        base_url=base_url.value,
        credential=credentials[0] if credentials else None,
        second_choice=_second_choice(credentials),
        workspace_id=found["workspace_id"].value,
        timeout_s=found["timeout"].value,
        max_retries=found["max_retries"].value,
        debug=found["debug"].value,
        profile_name=profile.name,
        accepts=accepts,
        custom_headers=_custom_headers(runtime),
    )


def output_settings(flags: Flags) -> OutputSettings:
    """Return how to print the result of a command that uses neither the API nor a profile.

    Raises:
        UsageError: if a flag has a value that can't be used.

    """
    return _output(resolve(OUTPUT, flags, {}), flags)


def error_output(flags: Flags) -> ErrorOutput:
    """Return how to print the body of an API error."""
    return ErrorOutput(
        format=flags.of(SETTINGS["format_error"]) or "auto",
        transform=flags.of(SETTINGS["transform_error"]),
        raw_output=flags.of(SETTINGS["raw_output"]),
        is_on_stdout="format_error" in flags or "transform_error" in flags,
    )


def _second_choice(credentials: Sequence[Credential]) -> Credential | None:
    """Return the credential for requests that take no environment key, if one is in use."""
    if len(credentials) < 2 or credentials[0].kind != "environment_key":
        return None
    return credentials[1]


def _custom_headers(runtime: Runtime) -> dict[str, str]:
    """Return the headers for a gateway. Each word that may be a key is registered, and no message quotes it."""
    headers: dict[str, str] | None = value_of(variables.CUSTOM_HEADERS, runtime.environ)
    if not headers:
        return {}
    for word in re.split(r"[\s=;,]+", " ".join(headers.values())):
        if len(word) >= _SHORTEST_KEY:
            runtime.redactor.register(word)
    return headers


def _output(found: Mapping[str, SettingSource], flags: Flags) -> OutputSettings:
    values = {name: found[name].value for name in found if name in OutputSettings._fields}
    values["columns"] = ",".join(values["columns"])
    source = found["format"].label
    return OutputSettings(**values, format_source=source, slurp=flags.of(SLURP))


# Where a credential may be sent


def refusal(
    credential: Credential, profile: SelectedProfile, base_url: SettingSource
) -> CredentialError | None:
    """Return why a credential must not be sent to a server (D50); None if it may be.

    A variable may come from a file in somebody else's project. So it can't send the secret of a profile with its
    own server to another one, nor any secret of a profile over plain http.
    """
    url = base_url.value
    if credential.origin != "profile" or base_url.origin != "variable" or is_local(url):
        return None
    sent = f"the {credential.noun} of profile {profile.name!r}"
    named = f"{strip_userinfo(url)} ({base_url.label})"
    home = _home(profile)
    if home is not None and _server(home) != _server(url):
        problem = f"{sent} is for {strip_userinfo(home)}, and is not sent to {named}."
    elif home is None and _is_exposed(url):
        problem = f"{sent} is not sent to {named}, since others could read it on the way."
    else:
        return None
    target = strip_userinfo(url)
    return CredentialError(
        problem,
        f"To send it to {strip_userinfo(home or DEFAULT_BASE_URL)}: unset {base_url.label}",
        f"To send it to {target}, in this command only: --base-url {target}",
    )


def _home(profile: SelectedProfile) -> str | None:
    """Return the server that a profile's secrets are for; None if it names none."""
    stored = profile.text("base_url")
    if not stored:
        return None
    return str(SETTINGS["base_url"].value_of(profile.where("base_url"), stored))


def _server(url: str) -> tuple[str, str, int | None, str]:
    """Return a server's URL in parts, so that two ways to write the same URL are equal."""
    parts = urlsplit(url)
    port = parts.port or {"http": 80, "https": 443}.get(parts.scheme)
    return parts.scheme, parts.hostname or "", port, parts.path


def _is_exposed(url: str) -> bool:
    """Whether what is sent to a URL can be read on the way."""
    from ant_cli.runtime.hosts import is_loopback  # late: its `socket` is 2.4 ms of `--local list`

    scheme, host, _, _ = _server(url)
    return scheme == "http" and not is_loopback(host)


# Notes that say which credential is used, for a user who may have meant another


def note_credential_choice(settings: Settings, runtime: Runtime, *, sends: bool = True) -> None:
    """Print which credential is used, and for which server, if the user may have meant another.

    For a command that only prints the credential, and `sends` nothing, the server does not matter.
    """
    if sends and is_local(settings.connection.base_url):
        return
    found = [_ambiguity(settings.provenance.credentials)]
    if sends:
        found += [_namesake(settings, runtime), describe_destination(settings)]
    clauses = [clause for clause in found if clause is not None]
    if clauses:
        runtime.hint(f"Note: {'; '.join(clauses)}. See: {command_line('auth status')}")


def describe_destination(settings: Settings) -> str | None:
    """Return a clause that says which credential is sent to which server; None if it `stays_at_home`."""
    credential, connection = settings.connection.credential, settings.connection
    if credential is None or settings.stays_at_home:
        return None
    sent = credential.source
    if credential.origin == "profile":
        sent = f"the {credential.noun} of profile {connection.profile_name!r}"
    source = settings.provenance.sources["base_url"]
    return f"{sent} is sent to {strip_userinfo(connection.base_url)} ({source})"


def _ambiguity(credentials: tuple[Credential, ...]) -> str | None:
    """Return a clause if there is another credential that the user may have meant."""
    if len(credentials) < 2 or credentials[0].kind == "environment_key":
        return None
    used, *others = credentials
    if used.origin == "flag" and all(other.kind == used.kind for other in others):
        return None
    sources = ", ".join(place.source for place in credentials)
    return f"multiple auth sources ({sources}); using {used.source}"


def _namesake(settings: Settings, runtime: Runtime) -> str | None:
    """Return a clause if the official tool also has a profile with the name of the one in use."""
    profile, credential = settings.provenance.profile, settings.connection.credential
    if credential is None or credential.origin != "profile" or profile.official:
        return None
    from ant_cli.settings.logins import has_profile  # late: few runs get their key from a profile

    if not has_profile(profile.name, runtime.environ):
        return None
    return f"the official tool has a profile {profile.name!r}, too; this program's is used"
