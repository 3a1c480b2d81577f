"""Settings: flag, then environment, then profile, then default."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal, NamedTuple
from urllib.parse import urlsplit

from ant_cli.errors import BadValue, UnknownWord
from ant_cli.operations.global_flags import FORMATS
from ant_cli.spec import Flags

DEFAULT_BASE_URL = "https://api.anthropic.com"
DEFAULT_TIMEOUT_S = 60.0
DEFAULT_MAX_RETRIES = 2

CredentialKind = Literal["api_key", "auth_token"]


class Credential(NamedTuple):
    """A secret that says who asks, and where it was found."""

    kind: CredentialKind
    secret: str
    source: str
    """In words, for people: a flag or a variable."""
    explicit: bool
    """It was typed with this very command."""

    def __repr__(self) -> str:
        """Return all but the secret."""
        return f"Credential(kind={self.kind!r}, source={self.source!r})"


class Settings(NamedTuple):
    """What one run goes by."""

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


def resolve(flags: Flags, environ: Mapping[str, str]) -> Settings:
    """Return the settings of a run.

    Raises:
        UsageError: if a setting that is used has a value that it can't take.

    """
    words = {name: word for name, word in flags.items() if isinstance(word, str)}
    return Settings(
        base_url=_base_url(words, environ),
        credentials=_credentials(words, environ),
        workspace_id=words.get("workspace_id", ""),
        format=_format("--format", words.get("format", "auto")),
        format_error=_format("--format-error", words.get("format_error", "auto")),
        transform=words.get("transform", ""),
        transform_error=words.get("transform_error", ""),
        raw_output=_switch(words, "raw_output"),
        columns=words.get("columns", ""),
        dry_run=_switch(words, "dry_run"),
        debug=_switch(words, "debug"),
        slurp=_switch(words, "slurp"),
        timeout_s=_seconds(words.get("timeout")),
        max_retries=_count("--max-retries", words.get("max_retries"), DEFAULT_MAX_RETRIES),
        max_items=_max_items(words.get("max_items")),
    )


def _credentials(words: Mapping[str, str], environ: Mapping[str, str]) -> tuple[Credential, ...]:
    """Return every credential there is, in order of precedence. Empty ones count as absent."""
    places: tuple[tuple[CredentialKind, str | None, str, bool], ...] = (
        ("api_key", words.get("api_key"), "--api-key", True),
        ("auth_token", words.get("auth_token"), "--auth-token", True),
        ("api_key", environ.get("ANTHROPIC_API_KEY"), "ANTHROPIC_API_KEY", False),
        ("auth_token", environ.get("ANTHROPIC_AUTH_TOKEN"), "ANTHROPIC_AUTH_TOKEN", False),
    )
    return tuple(
        Credential(kind, _clean(source, secret), source, explicit)
        for kind, secret, source, explicit in places
        if secret and secret.strip()
    )


def _clean(source: str, secret: str) -> str:
    """Return a credential without white space around it; it will be a header, so it must be ASCII and printable."""
    secret = secret.strip()
    if not (secret.isascii() and secret.isprintable()):
        raise BadValue(source, "holds a character that no key has (a line break, perhaps)")
    return secret


def _base_url(words: Mapping[str, str], environ: Mapping[str, str]) -> str:
    if _switch(words, "local"):
        return "local:"
    if url := words.get("base_url"):
        return check_base_url("--base-url", url)
    if url := environ.get("ANTHROPIC_BASE_URL"):
        return check_base_url("ANTHROPIC_BASE_URL", url)
    return DEFAULT_BASE_URL


def check_base_url(source: str, url: str) -> str:
    """Return the URL without a slash at its end, if it is one that requests can go to.

    Raises:
        BadValue: if it is not.

    """
    if url.startswith("local:"):
        return url
    if not url.lower().startswith(("http://", "https://")):
        raise BadValue(source, "must start with http:// or https://", "For example: https://api.anthropic.com")
    try:
        parts = urlsplit(url)
        usable = bool(parts.hostname) and parts.port != 0 and not parts.query and not parts.fragment
    except ValueError:
        usable = False
    if not usable or re.search(r"[\s\x00-\x1f\x7f]", url):
        raise BadValue(source, "must be a URL with a host, perhaps a port and a path, and nothing else")
    return url.rstrip("/")


def _format(flag: str, word: str) -> str:
    name = word.lower()
    if name not in FORMATS:
        raise UnknownWord(f"format for {flag}", word, FORMATS, f"The formats are: {', '.join(FORMATS)}.")
    return name


def _switch(words: Mapping[str, str], name: str) -> bool:
    from ant_cli.values import boolean

    return name in words and boolean("--" + name.replace("_", "-"), words[name])


def _seconds(word: str | None) -> float:
    if word is None:
        return DEFAULT_TIMEOUT_S
    if not re.fullmatch(r"[0-9]+(\.[0-9]+)?", word) or not 0 < float(word) <= 86_400:
        raise BadValue("--timeout", f"must be a number of seconds above 0, got {word!r}")
    return float(word)


def _count(flag: str, word: str | None, default: int) -> int:
    if word is None:
        return default
    if not re.fullmatch(r"[0-9]{1,4}", word):
        raise BadValue(flag, f"must be a whole number from 0 to 9999, got {word!r}")
    return int(word)


def _max_items(word: str | None) -> int | None:
    if word is None:
        return None
    if not re.fullmatch(r"[+-]?[0-9]{1,18}", word):
        raise BadValue("--max-items", f"must be a whole number, got {word!r}")
    return int(word) if int(word) >= 0 else None
