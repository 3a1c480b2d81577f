r"""Redaction: replace secrets in every notation.

Servers, libraries and formats write a key in their own ways: `"` becomes `\"` in JSON, `%22` in a URL and `&quot;`
in HTML; one inside the other adds a level; a basic `authorization` header has a password in base64, after a user.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache

from ant_cli.runtime.unescape import levels, unescaped

REDACTED = "[redacted]"
_MIN_LENGTH = 4
"""The shortest secret that can be redacted. A shorter one is part of too many words."""
_MAX_LENGTH = 4096
"""The longest secret that is found in every notation. A longer one, such as a file, is found only verbatim."""
_KEY = r"sk-ant-[A-Za-z0-9_-]{4,}"
"""How keys begin. A key in the wrong place is redacted even though it was not registered."""
_SECRET_NAMES = ("secret", "access_token", "refresh_token", "id_token")
"""The members of responses that hold a credential: the first of a work item, the others of a token exchange."""
_SECRET_MEMBER = re.compile(rf'("(?:{"|".join(_SECRET_NAMES)})"\s*:\s*)"((?:[^"\\]|\\.)*)"?')
"""A member with a secret. The text may end within it."""


def redact(text: str, secrets: Iterable[str]) -> str:
    """Return the text without the secrets, anything like a key, and the members of `_SECRET_NAMES`."""
    short = []
    for secret in secrets:
        if len(secret) > _MAX_LENGTH:
            text = text.replace(secret, REDACTED)
        elif len(secret) >= _MIN_LENGTH:
            short.append(secret)
    text = _replace(text, tuple(short))
    return _SECRET_MEMBER.sub(rf'\1"{REDACTED}"', text)


@lru_cache(maxsize=16)  # a log redacts the same few secrets in every line
def _pattern(secrets: tuple[str, ...]) -> re.Pattern[str]:
    """Return a pattern that matches the secrets in all their forms, and anything like a key."""
    forms = sorted((form for secret in secrets for form in _forms(secret)), key=len, reverse=True)
    return re.compile("|".join([*forms, _KEY]))


def _replace(text: str, secrets: tuple[str, ...]) -> str:
    """Replace secrets, and anything like a key, in the text with and without its escapes."""
    from ant_cli.runtime.condensed import spans_in_pieces  # late: most runs print nothing on stderr

    pattern = _pattern(secrets)
    spans: list[tuple[int, int]] = []
    for level in levels(text):
        matches = [match.span() for match in pattern.finditer(level.text)]
        matches += spans_in_pieces(level.text, secrets)
        spans += [(level.starts[start], level.starts[end]) for start, end in matches] if level.starts else matches
    parts, position = [], 0
    for start, end in sorted(spans):
        if start >= position:
            parts += [text[position:start], REDACTED]
        position = max(position, end)
    return "".join([*parts, text[position:]])


def _forms(secret: str) -> Iterator[str]:
    """Yield regular expressions for a secret: its text in upper or lower case, in hexadecimal, and in base64."""
    import base64

    for text in {secret, unescaped(secret)}:
        yield f"(?i:{re.escape(text)})"
    data = secret.encode("utf-8", "surrogatepass")
    yield f"(?i:{data.hex()})"
    for shift, skip in ((0, 0), (1, 2), (2, 3)):  # base64 depends on the number of preceding bytes
        encoded = base64.b64encode(bytes(shift) + data).decode()
        own = encoded[skip : (shift + len(data)) * 8 // 6]
        yield own.replace("+", "[ +-]").replace("/", "[/_]")  # an unescaped + is a space


def secrets_in(body: bytes) -> list[str]:
    """Return every string in a response's members that have the name of a secret, at any depth."""
    text = body.decode("utf-8", "replace")
    if not any(f'"{name}"' in text for name in _SECRET_NAMES):
        return []
    import json  # late: few responses have a secret

    secrets: list[str] = []

    def collect(members: list[tuple[str, object]]) -> dict[str, object]:
        secrets.extend(text for key, value in members if key in _SECRET_NAMES for text in texts_in(value))
        return dict(members)

    try:
        json.loads(text, object_pairs_hook=collect, parse_int=str, parse_float=str)
    except (ValueError, RecursionError):
        return [match[2] for match in _SECRET_MEMBER.finditer(text)]
    return secrets


def texts_in(value: object) -> Iterator[str]:
    """Yield every string in a decoded JSON value, at any depth."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list | dict):
        for child in value.values() if isinstance(value, dict) else value:
            yield from texts_in(child)


def strip_userinfo(url: str) -> str:
    """Return the URL without the user and password that it may contain."""
    return re.sub(r"(?<=//)[^/?#]*@", "", url)


def url_secrets(url: str) -> list[str]:
    """Return the password in a URL, as written and decoded; without a password, the user, which may be a token."""
    if "@" not in url:
        return []
    from urllib.parse import unquote, urlsplit

    try:
        parts = urlsplit(url)
        secret = parts.password or parts.username or ""
    except ValueError:
        secret = url.rpartition("@")[0].rpartition("//")[2].partition(":")[2]
    return [secret, unquote(secret)]
