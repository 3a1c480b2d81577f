r"""What a secret looks like in a text: as it is, escaped, percent-encoded, or in base64. None of it is shown.

Servers, libraries and formats spell a key in their own ways: `"` becomes `\"` in JSON and `%22` in a URL, and a
password is half of what a basic `authorization` header holds in base64.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from urllib.parse import unquote, urlsplit

REDACTED = "[redacted]"
_SHORTEST = 4
"""A shorter text can't be taken out: it is part of too many words."""
_LONGEST = 4096
"""A longer text, such as a file that took the place of a key, is only looked for as it is."""
_KEY = r"sk-ant-[A-Za-z0-9_-]{4,}"
"""How keys begin: one that was typed in the wrong place is one all the same."""
_MEMBER = re.compile(r'("secret"\s*:\s*)"((?:[^"\\]|\\.)*)"?')
"""The member of a work item that holds its credential; perhaps cut off."""


def redact(text: str, secrets: Iterable[str]) -> str:
    """Return the text without the secrets, without anything like a key, and without members called secret."""
    spellings: list[str] = []
    for secret in secrets:
        if len(secret) > _LONGEST:
            text = text.replace(secret, REDACTED)
        elif len(secret) >= _SHORTEST:
            spellings += _spellings(secret)
    pattern = "|".join([*sorted(spellings, key=len, reverse=True), _KEY])
    return _MEMBER.sub(rf'\1"{REDACTED}"', re.sub(pattern, REDACTED, text))


def _spellings(secret: str) -> Iterator[str]:
    """Yield regular expressions, one for all ways to escape a secret, the others for its base64 forms."""
    import base64

    yield "".join(map(_any_escape, secret))
    data = secret.encode("utf-8", "surrogatepass")
    for shift, unclear in ((0, 0), (1, 2), (2, 3)):  # how many bytes stand before it decides what it looks like
        whole = base64.b64encode(bytes(shift) + data).decode()
        clear = whole[unclear : (shift + len(data)) * 8 // 6]
        yield clear.replace("+", "[+-]").replace("/", "[/_]")


def _any_escape(character: str) -> str:
    """Return what matches a character as it is, and as JSON, URLs and HTML escape it."""
    code = ord(character)
    percent = "".join(f"%{byte:02x}" for byte in character.encode("utf-8", "surrogatepass"))
    return rf"(?:\\?{re.escape(character)}|(?i:{percent}|\\u{code:04x}|\\x{code:02x}|&\#{code};|&\#x{code:x};))"


def secrets_in(body: bytes) -> list[str]:
    """Return every text in the members called secret of an answer, however deep."""
    text = body.decode("utf-8", "replace")
    if '"secret"' not in text:
        return []
    found: list[str] = []

    def look(members: list[tuple[str, object]]) -> dict[str, object]:
        found.extend(text for key, value in members if key == "secret" for text in _texts(value))
        return dict(members)

    try:
        json.loads(text, object_pairs_hook=look, parse_int=str, parse_float=str)
    except (ValueError, RecursionError):
        return [match[2] for match in _MEMBER.finditer(text)]
    return found


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list | dict):
        for child in value.values() if isinstance(value, dict) else value:
            yield from _texts(child)


def without_password(url: str) -> str:
    """Return the URL without the user and password that it may hold."""
    return re.sub(r"(?<=//)[^/?#]*@", "", url)


def secrets_of_url(url: str) -> list[str]:
    """Return the password in a URL, as it is spelt and as it is meant; or else the user, which may be a token."""
    try:
        parts = urlsplit(url)
        secret = parts.password or parts.username or ""
    except ValueError:
        secret = url.rpartition("@")[0].rpartition("//")[2].partition(":")[2]
    return [secret, unquote(secret)]
