"""Settings: flag, then environment, then profile, then default. `load` is the only source of them."""

from __future__ import annotations

import re
from collections.abc import Mapping

from ant_cli.errors import BadValue, CredentialError
from ant_cli.operations.global_flags import SECRETS
from ant_cli.operations.spec import CredentialType, Flags
from ant_cli.runtime import Runtime, variables
from ant_cli.runtime.light_typing import TYPE_CHECKING, NamedTuple
from ant_cli.runtime.redaction import url_secrets
from ant_cli.settings.credential_sources import (
    Credential,
    credential_sources,
    credentials,
    prefers_environment_key,
    with_environment_key,
)
from ant_cli.settings.local_emulator import is_local
from ant_cli.settings.profiles import NO_PROFILE, ProfileStore, SelectedProfile, read_store, requested, select
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
    from ant_cli.settings.federation import TokenSource

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
    needs_login = not has_own_credential and not prefers_environment_key(accepts, runtime.environ)
    profile = _select(flags, runtime, store, needs_login=needs_login)
    sources = {
        name: next(setting_sources(name, flags, runtime.environ, _profile_for(name, profile, runtime)))
        for name in DEFAULTS
    }
    found = credentials(credential_sources(flags, runtime.environ, profile))
    usable = with_environment_key(found, accepts, runtime.environ)
    return Settings(
        connection=_connection(sources, flags, usable, profile.name)._replace(
            accepts=accepts, custom_headers=_custom_headers(runtime)
        ),
        output=_output(sources["format"], flags),
        provenance=Provenance(profile, usable, {name: source.label for name, source in sources.items()}),
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
    return connection._replace(credential=with_secret(credential, runtime))


def with_secret(credential: Credential, runtime: Runtime) -> Credential:
    """Return a credential with its secret, which is fetched and registered if only a reference is known.

    A federation is only checked: its secret needs the network.

    Raises:
        CredentialError: if it can't be fetched.

    """
    if credential.form == "text":
        return credential
    if credential.official is not None:
        from ant_cli.settings.logins.tokens import usable_login

        return credential._replace(secret=usable_login(credential.official, runtime).access_token, form="text")
    if credential.rule is not None:
        from ant_cli.settings.federation_inputs import check_rule

        check_rule(credential.rule)
        return credential  # whose secret changes: see `ConnectionSettings.tokens`
    from ant_cli.settings.fetched_secret import fetch_secret

    secret = fetch_secret(credential.form, credential.reference, credential.source, runtime)
    return credential._replace(secret=secret, form="text")


def no_credential(
    profile_name: str, runtime: Runtime, accepts: tuple[CredentialType, ...] | None = None
) -> CredentialError:
    """Return the error for a run without a credential that needs one; `accepts` has the types that it takes."""
    from ant_cli.settings.logins.selection import usable_instead

    key = variables.ENVIRONMENT_KEY
    if accepts and "API key" not in accepts:
        return CredentialError("there is no environment key.", f"Set {key}; --local needs none.")
    is_useless = accepts and runtime.environ.get(key)  # otherwise it would be the credential
    login = usable_instead(profile_name, runtime)
    return CredentialError(
        f"there is no API key{f', and profile {profile_name!r} has none' if profile_name else ''}.",
        f"{key} is not used: the API takes no environment key for this." if is_useless else "",
        f"To use the login of the official tool: --profile {login}" if login else "",
        f"Log in: ant auth login{f' --profile {profile_name}' if profile_name else ''}",
        "Or set ANTHROPIC_API_KEY, or ANTHROPIC_AUTH_TOKEN for a bearer token; --local needs none.",
        f"Or set {key}." if accepts and "environment key" in accepts else "",
    )


def output_settings(flags: Flags) -> OutputSettings:
    """Return how to print the result of a command that uses neither the API nor a profile.

    Raises:
        UsageError: if a flag has a value that can't be used.

    """
    return _output(next(setting_sources("format", flags, {}, NO_PROFILE)), flags)


def _profile_for(name: str, profile: SelectedProfile, runtime: Runtime) -> SelectedProfile:
    """Return the profile to use for a setting. Its format applies to people only, so that it breaks no script."""
    return profile if name != "format" or runtime.stdout.is_terminal else NO_PROFILE


def _select(flags: Flags, runtime: Runtime, store: ProfileStore, *, needs_login: bool) -> SelectedProfile:
    """Return the profile of the run: one of the store, or else one of the official tool.

    The official tool's files are read only if the profile is not in the store, or if no profile is active and
    nothing else gives a credential.
    """
    name, source = requested(flags.text("profile"), runtime.environ, store)
    if name in store.profiles:
        return select(flags.text("profile"), runtime.environ, store)
    if not name and not (needs_login and _lacks_credential(flags, runtime)):
        return NO_PROFILE
    from ant_cli.settings.logins.selection import select_official

    return select_official(name, source, runtime, store)


def _lacks_credential(flags: Flags, runtime: Runtime) -> bool:
    """Whether flags and variables give no credential even though their server needs one."""
    if any(source.is_complete for source in credential_sources(flags, runtime.environ, NO_PROFILE)):
        return False
    return not is_local(next(setting_sources("base_url", flags, runtime.environ, NO_PROFILE)).text)


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
