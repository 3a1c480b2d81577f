"""Validators for the values of settings, whether they come from a flag, a variable or a profile.

Each takes the source of the text as messages name it, the text, and how to correct it there. It returns the value,
or raises BadValue.
"""

from __future__ import annotations

import re

from ant_cli.errors import BadValue, UnknownName
from ant_cli.operations.formats import BY_NAME
from ant_cli.settings.local_emulator import is_local

KEYRING = "keyring:"
"""The prefix of an `api_key` that is not a key, but names an entry in the operating system's credential store."""


def check_text(_source: str, text: str, _fix_hint: str = "") -> str:
    """Return any text."""
    return text


def check_secret(source: str, secret: str, fix_hint: str = "") -> str:
    """Return a credential without surrounding white space. It will be a header, so it must be printable ASCII."""
    secret = secret.strip()
    if not secret:
        raise BadValue(source, "is empty", fix_hint)
    if not (secret.isascii() and secret.isprintable()):
        raise BadValue(source, "contains a character that no key has (a line break, perhaps)", fix_hint)
    return secret


def check_new_secret(source: str, secret: str, fix_hint: str = "") -> str:
    """Return a credential to store, or one that a command printed. A text with a space is not just a key."""
    secret = check_secret(source, secret, fix_hint)
    if " " in secret:
        raise BadValue(source, "contains a space, which no key has", fix_hint)
    return secret


def check_header(source: str, text: str, fix_hint: str = "") -> str:
    """Return a header value without surrounding space. Raises BadValue if a header can't contain it."""
    if not (text.isascii() and text.isprintable()):
        raise BadValue(source, "contains a character that is not allowed in a header", fix_hint)
    return text.strip()


def check_command(source: str, text: str, fix_hint: str = "") -> str:
    """Return a command line if its quotes are balanced and it is not empty."""
    if not split_command(source, text, fix_hint):
        raise BadValue(source, "is empty", fix_hint)
    return text


def split_command(source: str, text: str, fix_hint: str = "") -> list[str]:
    """Split a command line into arguments, as the user's shell does."""
    from ant_cli.runtime.shell import split

    try:
        return split(text)
    except ValueError as error:
        raise BadValue(source, f"is not a command line: {str(error).lower()}", fix_hint) from None


_NOT_IN_HOST = frozenset('%<>^|\\`{}"')
"""Characters that no host name has: https://url.spec.whatwg.org/#forbidden-host-code-point."""


def check_base_url(source: str, url: str, fix_hint: str = "") -> str:
    """Return the URL without a slash at its end, if requests can be sent to it."""
    if is_local(url):
        return url
    if not url.lower().startswith(("http://", "https://")):
        example = "For example: https://api.anthropic.com"
        raise BadValue(source, "must start with http:// or https://", example, fix_hint)
    from urllib.parse import urlsplit  # late: help needs only the other validators

    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        usable = bool(host) and parts.port != 0 and not {"?", "#"} & set(url)
        usable = usable and (":" in host or not _NOT_IN_HOST & set(host))  # with a colon, an IPv6 address
    except ValueError:
        usable = False
    if not usable or re.search(r"[\s\x00-\x1f\x7f]", url):
        raise BadValue(source, "must be a URL with a host, perhaps a port and a path, and nothing else", fix_hint)
    return url.rstrip("/")


def check_format(source: str, text: str, fix_hint: str = "") -> str:
    """Return the name of a format, in lower case."""
    name = text.lower()
    if name not in BY_NAME:
        known = f"The formats are: {', '.join(BY_NAME)}."
        raise UnknownName(
            "format", text, BY_NAME, known, fix_hint, where="" if source.strip("-") == "format" else source
        )
    return name


def check_seconds(source: str, text: str, fix_hint: str = "") -> float:
    """Return a time in seconds."""
    if not re.fullmatch(r"[0-9]+(\.[0-9]+)?", text) or not 0.001 <= float(text) <= 86_400:
        raise BadValue(source, f"must be a number of seconds from 0.001 to 86400, got {text!r}", fix_hint)
    return float(text)


def check_count(source: str, text: str, fix_hint: str = "") -> int:
    """Return a small whole number."""
    return check_whole_number(source, text, 0, 9999, fix_hint)


def check_whole_number(source: str, text: str, low: int, high: int, fix_hint: str = "") -> int:
    """Return a whole number from `low` to `high`, which has at most nine digits."""
    number = int(text) if re.fullmatch(r"[0-9]{1,9}", text) else -1
    if not low <= number <= high:
        raise BadValue(source, f"must be a whole number from {low} to {high}, got {text!r}", fix_hint)
    return number


def mask(secret: str) -> str:
    """Return a masked secret: its owner can recognize it, but nobody can use it."""
    start = "sk-ant-" if secret.startswith("sk-ant-") else ""
    rest = secret[len(start) :]
    return f"{start}...{rest[-4:] if len(rest) >= 12 else ''}"
