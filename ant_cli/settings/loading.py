"""Settings: flag, then environment, then profile, then default."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Literal, NamedTuple

from ant_cli.errors import BadValue, CredentialError, UsageError
from ant_cli.operations.spec import Flags, flag_name
from ant_cli.runtime.redaction import without_password
from ant_cli.settings.local_emulator import LOCAL, is_local
from ant_cli.settings.profiles import NO_STORE, Selected, Store, select
from ant_cli.settings.validators import (
    KEYRING,
    check_base_url,
    check_count,
    check_format,
    check_header,
    check_seconds,
    check_secret,
)

DEFAULT_BASE_URL = "https://api.anthropic.com"
DEFAULTS = {"base_url": DEFAULT_BASE_URL, "workspace_id": "", "format": "auto", "timeout": "60", "max_retries": "2"}
"""The settings that a profile may hold, and what they are if nobody says."""
VARIABLES = {
    "base_url": "ANTHROPIC_BASE_URL",
    "api_key": "ANTHROPIC_API_KEY",
    "auth_token": "ANTHROPIC_AUTH_TOKEN",
}
MAY_BE_EMPTY = frozenset(("base_url", "workspace_id"))
"""Flags that count as not given when they are empty, as `--base-url "$URL"` may be."""

KINDS = {"api_key": "key", "auth_token": "token"}
"""What credentials are called in sentences."""

CredentialKind = Literal["api_key", "auth_token"]
Form = Literal["text", "command", "keyring"]


class Place(NamedTuple):
    """A place where a credential may be."""

    kind: CredentialKind
    text: str | None
    """What was found there: None for nothing; blank counts as nothing."""
    source: str
    """In words, for people: a flag, a variable, or a profile's key."""
    explicit: bool = False
    """It is a flag, so that a credential in it was typed with this command."""
    form: Form = "text"
    """What the text is: the secret, the command that prints it, or its name in the credential store."""

    def __repr__(self) -> str:
        """Return all but the secret."""
        return f"Place(kind={self.kind!r}, source={self.source!r})"


class Credential(NamedTuple):
    """A secret that says who asks, and where it was found."""

    kind: CredentialKind
    secret: str
    """Empty while it is where `reference` says."""
    source: str
    """In words, for people: a flag, a variable, or a profile's key."""
    explicit: bool
    """It was typed with this command."""
    form: Form = "text"
    reference: str = ""
    """The command that prints it, or its name in the operating system's credential store."""

    def __repr__(self) -> str:
        """Return all but the secret."""
        return f"Credential(kind={self.kind!r}, source={self.source!r})"


class Settings(NamedTuple):
    """The settings of one run."""

    base_url: str
    credentials: tuple[Credential, ...]
    """All that were found, the one to use first."""
    workspace_id: str
    format: str
    format_error: str
    transform: str
    transform_error: str
    raw_output: bool
    columns: str
    dry_run: bool
    debug: bool
    slurp: bool
    timeout_s: float
    max_retries: int
    max_items: int | None
    """None for all of them."""
    profile: Selected = Selected()
    sources: Mapping[str, str] = {}
    """Where each of the settings that a profile may hold came from, in words."""

    @property
    def credential(self) -> Credential | None:
        """The one to use."""
        return self.credentials[0] if self.credentials else None

    @property
    def credentials_compete(self) -> bool:
        """Whether another credential was found that the user may have meant."""
        if len(self.credentials) < 2:
            return False
        winner, *others = self.credentials
        return not winner.explicit or any(other.kind != winner.kind for other in others)

    @property
    def credential_strays(self) -> bool:
        """Whether a profile's credential goes to the server that a variable names, or the reverse.

        What was typed with this command was meant, and so was a server that the credential goes to anyway.
        """
        if self.credential is None or self.credential.explicit or is_local(self.base_url):
            return False
        home = DEFAULT_BASE_URL
        names_server = self.profile.where("base_url")
        if self.credential.source not in VARIABLES.values():
            home = str(self.profile.values.get("base_url") or home).rstrip("/")
            names_server = VARIABLES["base_url"]
        return self.sources.get("base_url") == names_server and self.base_url != home


def resolve(flags: Flags, environ: Mapping[str, str], store: Store = NO_STORE) -> Settings:
    """Return the settings of a run, and where they came from.

    Raises:
        UsageError: if a setting that is used has a value that it can't take.
        CredentialError: if a profile is named that does not exist.

    """
    words = {name: word for name, word in flags.items() if isinstance(word, str)}
    profile = select(words.get("profile"), environ, store)
    try:
        return _resolve(words, environ, profile)
    except UsageError as error:
        if advice := _how_to_correct(error, profile):
            error.hint = "\n".join(filter(None, (error.hint, advice)))
        raise


def _resolve(words: Mapping[str, str], environ: Mapping[str, str], profile: Selected) -> Settings:
    found = {name: next(candidates(name, words, environ, profile)) for name in DEFAULTS}
    return Settings(
        base_url=check_base_url(*found["base_url"]),
        credentials=_credentials(places(words, environ, profile)),
        workspace_id=check_header(*found["workspace_id"]),
        format=check_format(*found["format"]),
        format_error=check_format("--format-error", words.get("format_error", "auto")),
        transform=words.get("transform", ""),
        transform_error=words.get("transform_error", ""),
        raw_output=_switch(words, "raw_output"),
        columns=words.get("columns", ""),
        dry_run=_switch(words, "dry_run"),
        debug=_switch(words, "debug"),
        slurp=_switch(words, "slurp"),
        timeout_s=check_seconds(*found["timeout"]),
        max_retries=check_count(*found["max_retries"]),
        max_items=_max_items(words.get("max_items")),
        profile=profile,
        sources={name: source for name, (source, _) in found.items()},
    )


def _how_to_correct(error: UsageError, profile: Selected) -> str:
    """Return the command that removes a bad value from the profile; empty if the error is not about the profile."""
    key, of_profile, _ = error.message.partition(profile.where(""))
    return f"Set it again, or remove it: ant profile unset {key} --profile {profile.name}" if of_profile else ""


def no_credential(settings: Settings) -> CredentialError:
    """Return the error about settings without a credential, where one is needed."""
    name = settings.profile.name
    return CredentialError(
        f"there is no API key{f', and profile {name!r} holds none' if name else ''}.",
        f"Log in: ant auth login{f' --profile {name}' if name else ''}\n"
        "Or set ANTHROPIC_API_KEY, or ANTHROPIC_AUTH_TOKEN for a bearer token; --local needs none.",
    )


def where_it_goes(settings: Settings) -> str:
    """Say which credential is sent to which server, and where the server's address comes from."""
    if settings.credential is None:
        return ""
    source, profile = settings.credential.source, settings.profile
    if source not in VARIABLES.values() and not settings.credential.explicit:
        source = f"the {KINDS[settings.credential.kind]} of profile {profile.name!r}"
    return f"{source} is sent to {without_password(settings.base_url)} ({settings.sources['base_url']})"


def candidates(name: str, flags: Flags, environ: Mapping[str, str], profile: Selected) -> Iterator[tuple[str, str]]:
    """Yield each source of a setting, in order of precedence, and its text. The first is used.

    An empty variable, or value of a profile, is none.
    """
    words = {flag: word for flag, word in flags.items() if isinstance(word, str)}
    if name == "base_url" and _switch(words, "local"):
        if words.get("base_url", LOCAL) != LOCAL:
            raise UsageError("--local and --base-url can't be used together.", "Give one of them.")
        yield "--local", LOCAL
    word = words.get(name)
    if word or (word is not None and name not in MAY_BE_EMPTY):
        yield flag_name(name), word
    if text := environ.get(VARIABLES.get(name, "")):
        yield VARIABLES[name], text
    if text := profile.text(name):
        yield profile.where(name), text
    yield "default", DEFAULTS[name]


def places(flags: Flags, environ: Mapping[str, str], profile: Selected) -> tuple[Place, ...]:
    """Return every place where a credential may be, in order of precedence, with what is there."""
    typed = {name: word for name, word in flags.items() if isinstance(word, str)}
    outside = (
        Place("api_key", typed.get("api_key"), "--api-key", explicit=True),
        Place("auth_token", typed.get("auth_token"), "--auth-token", explicit=True),
        Place("api_key", environ.get(VARIABLES["api_key"]), VARIABLES["api_key"]),
        Place("auth_token", environ.get(VARIABLES["auth_token"]), VARIABLES["auth_token"]),
    )
    if not profile.name:
        return outside
    key = profile.text("api_key")
    form: Form = "keyring" if key and key.startswith(KEYRING) else "text"
    return (
        *outside,
        Place("api_key", key, profile.where("api_key"), form=form),
        Place("api_key", profile.text("api_key_command"), profile.where("api_key_command"), form="command"),
        Place("auth_token", profile.text("auth_token"), profile.where("auth_token")),
    )


def _credentials(found: tuple[Place, ...]) -> tuple[Credential, ...]:
    """Return every credential there is. Blank ones count as absent."""
    return tuple(_credential(place, place.text) for place in found if place.text and place.text.strip())


def _credential(place: Place, text: str) -> Credential:
    if place.form != "text":
        return Credential(place.kind, "", place.source, place.explicit, place.form, text)
    return Credential(place.kind, check_secret(place.source, text), place.source, place.explicit)


def _switch(words: Mapping[str, str], name: str) -> bool:
    from ant_cli.input.values import boolean

    return name in words and boolean(flag_name(name), words[name])


def _max_items(word: str | None) -> int | None:
    if word is None:
        return None
    if not re.fullmatch(r"[+-]?[0-9]{1,18}", word):
        raise BadValue("--max-items", f"must be a whole number of at most 18 digits, got {word!r}")
    return int(word) if int(word) >= 0 else None
