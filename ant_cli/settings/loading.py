"""Settings: flag, then environment, then profile, then default. `load` is the only source of them."""

from __future__ import annotations

import re
from collections.abc import Mapping

from ant_cli.errors import BadValue
from ant_cli.operations.global_flags import SECRETS
from ant_cli.operations.spec import CredentialType, Flags
from ant_cli.runtime import Runtime, variables
from ant_cli.runtime.light_typing import TYPE_CHECKING, NamedTuple
from ant_cli.runtime.redaction import url_secrets
from ant_cli.settings.credentials import Credential, fetched, find_credentials, no_credential
from ant_cli.settings.local_emulator import is_local
from ant_cli.settings.profiles import NO_PROFILE, ProfileStore, SelectedProfile, read_store
from ant_cli.settings.sources import (
    DEFAULT_BASE_URL,
    DEFAULTS,
    VARIABLES,
    SettingSource,
    setting_sources,
)
from ant_cli.settings.validators import (
    check_base_url,
    check_count,
    check_custom_headers,
    check_format,
    check_header,
    check_seconds,
    check_whole_number,
)

if TYPE_CHECKING:
    from ant_cli.settings.access_token import TokenSource

_PARALLEL_LIMIT = 256
_SHORTEST_KEY = 8
"""Shorter words of custom headers are not redacted in messages: they are common words, such as `prod`."""


class ConnectionSettings(NamedTuple):
    """Where requests go, with which credential, and with which timeout and retries."""

    base_url: str
    credential: Credential | None
    """The credential in use; its secret may still have to be fetched (see `fetch_credential`)."""
    workspace_id: str
    timeout_s: float
    max_retries: int
    debug: bool
    custom_headers: Mapping[str, str] = {}
    """Headers for a gateway. Those that the program sets itself win."""
    profile_name: str = ""
    """The profile in use, for messages; empty without a profile."""
    tokens: TokenSource | None = None
    """The source of each request's secret, if the credential is a federation and the client has been created."""
    accepts: tuple[CredentialType, ...] = ("API key",)
    """The types of credentials that the operation accepts, for messages."""
    second_choice: Credential | None = None
    """The credential for requests that reject the one in use, if that is an environment key."""


class OutputSettings(NamedTuple):
    """How results and API errors are printed."""

    format: str
    format_source: str
    """The flag or profile key that chose the format, as messages name it; or `default`."""
    format_error: str
    transform: str
    transform_error: str
    prints_errors: bool
    """A flag asks for the bodies of API errors, so they are printed on stdout (D1)."""
    raw_output: bool
    columns: str
    slurp: bool


class Provenance(NamedTuple):
    """Where the settings came from."""

    profile: SelectedProfile
    credentials: tuple[Credential, ...]
    """All credentials that were found, the one in use first."""
    places: tuple[Credential, ...]
    """Every place where an API key or a token may be, by precedence."""
    sources: Mapping[str, str]
    """The source of each setting that a profile may have, as messages name it."""

    @property
    def is_ambiguous(self) -> bool:
        """Whether there is another credential that the user may have meant."""
        if len(self.credentials) < 2 or self.credentials[0].kind == "environment_key":
            return False
        winner, *others = self.credentials
        return not winner.explicit or any(other.kind != winner.kind for other in others)


class Settings(NamedTuple):
    """The settings of one run."""

    connection: ConnectionSettings
    output: OutputSettings
    provenance: Provenance
    dry_run: bool
    max_items: int | None
    """None for no limit."""
    parallel: int | None
    """How many requests to send at once; None for the default."""

    @property
    def crosses_origin(self) -> bool:
        """Whether credential and base URL come from different places (a profile and a variable).

        Flags are intended, and so is the server that the credential belongs to anyway.
        """
        credential, base_url = self.connection.credential, self.connection.base_url
        if credential is None or credential.explicit or is_local(base_url):
            return False
        profile, home = self.provenance.profile, DEFAULT_BASE_URL
        other_origin = profile.where("base_url")
        if credential.source not in VARIABLES.values():
            home = str(profile.values.get("base_url") or home).rstrip("/")
            other_origin = VARIABLES["base_url"]
        return self.provenance.sources["base_url"] == other_origin and base_url != home


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
        has_own_credential: The command brings its own credential, so don't look for a login of the official tool.

    Raises:
        UsageError: if a setting in use has a value that can't be used.
        CredentialError: if the profiles can't be read, or the requested one does not exist.

    """
    _register_secrets(flags, runtime)
    store = read_store(runtime) if store is None else store  # this registers the secrets of the profiles
    found = find_credentials(flags, runtime, store, accepts, has_own_credential=has_own_credential)
    sources = {
        name: next(setting_sources(name, flags, runtime.environ, _profile_for(name, found.profile, runtime)))
        for name in DEFAULTS
    }
    labels = {name: source.label for name, source in sources.items()}
    return Settings(
        connection=_connection(sources, flags, found.usable, found.profile.name)._replace(
            accepts=accepts, custom_headers=_custom_headers(runtime)
        ),
        output=_output(sources["format"], flags),
        provenance=Provenance(found.profile, found.usable, found.places, labels),
        dry_run=flags.is_on("dry_run"),
        max_items=_max_items(flags.text("max_items")),
        parallel=_parallel(flags.text("parallel")),
    )


def fetch_credential(connection: ConnectionSettings, runtime: Runtime) -> ConnectionSettings:
    """Return the connection with the secret of its credential. A profile may only have a reference to it.

    The emulator in this process needs no credential, so nothing is fetched for it.

    Raises:
        CredentialError: if there is no credential, or its secret can't be fetched.

    """
    credential = connection.credential
    if is_local(connection.base_url):
        return connection
    if credential is None:
        raise no_credential(connection.profile_name, runtime, connection.accepts)
    return connection._replace(credential=fetched(credential, runtime))


def output_settings(flags: Flags) -> OutputSettings:
    """Return how to print the result of a command that uses neither the API nor a profile.

    Raises:
        UsageError: if a flag has a value that can't be used.

    """
    return _output(next(setting_sources("format", flags, {}, NO_PROFILE)), flags)


def _profile_for(name: str, profile: SelectedProfile, runtime: Runtime) -> SelectedProfile:
    """Return the profile to use for a setting. Its format applies to people only, so that it breaks no script."""
    return profile if name != "format" or runtime.stdout.is_terminal else NO_PROFILE


def _register_secrets(flags: Flags, runtime: Runtime) -> None:
    """Register the secrets in flags and variables."""
    for name in SECRETS:
        for text in (flags.text(name), runtime.environ.get(VARIABLES.get(name, ""))):
            runtime.stderr.register_secret((text or "").strip())
    for url in (flags.text("base_url"), runtime.environ.get(variables.BASE_URL)):
        for secret in url_secrets(url or ""):
            runtime.stderr.register_secret(secret)


def _custom_headers(runtime: Runtime) -> dict[str, str]:
    """Return the headers for a gateway. Every word of them that may be a key is registered as a secret."""
    headers = check_custom_headers(variables.CUSTOM_HEADERS, runtime.environ.get(variables.CUSTOM_HEADERS, ""))
    for word in re.split(r"[\s=;,]+", " ".join(headers.values())):
        if len(word) >= _SHORTEST_KEY:
            runtime.stderr.register_secret(word)
    return headers


def _connection(
    sources: Mapping[str, SettingSource], flags: Flags, usable: tuple[Credential, ...], profile_name: str
) -> ConnectionSettings:
    return ConnectionSettings(
        base_url=check_base_url(*sources["base_url"]),
        credential=usable[0] if usable else None,
        second_choice=usable[1] if len(usable) > 1 and usable[0].kind == "environment_key" else None,
        workspace_id=check_header(*sources["workspace_id"]),
        timeout_s=check_seconds(*sources["timeout"]),
        max_retries=check_count(*sources["max_retries"]),
        debug=flags.is_on("debug"),
        profile_name=profile_name,
    )


def _output(chosen: SettingSource, flags: Flags) -> OutputSettings:
    return OutputSettings(
        format=check_format(*chosen),
        format_source=chosen.label,
        format_error=check_format("--format-error", flags.text("format_error") or "auto"),
        transform=flags.text("transform") or "",
        transform_error=flags.text("transform_error") or "",
        prints_errors="format_error" in flags or "transform_error" in flags,
        raw_output=flags.is_on("raw_output"),
        columns=flags.text("columns") or "",
        slurp=flags.is_on("slurp"),
    )


def _parallel(text: str | None) -> int | None:
    return None if text is None else check_whole_number("--parallel", text, 1, _PARALLEL_LIMIT)


def _max_items(text: str | None) -> int | None:
    if text is None:
        return None
    if not re.fullmatch(r"[+-]?[0-9]{1,18}", text):
        raise BadValue("--max-items", f"must be a whole number of at most 18 digits, got {text!r}")
    if int(text) < -1:
        raise BadValue("--max-items", f"must be a number of items, or -1 for all of them, got {text!r}")
    return int(text) if int(text) >= 0 else None
