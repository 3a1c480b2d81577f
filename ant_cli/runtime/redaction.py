r"""Redaction: replace secrets in the notations in which servers, libraries and formats write them.

`"` is `\"` in JSON and `%22` in a URL. A secret may also be in base64, as the password of a basic `authorization`
header is, after a user, or in hexadecimal.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from typing import Any

from ant_cli.runtime.secret_names import MEMBERS

REDACTED = "[redacted]"
_MIN_LENGTH = 4
"""The shortest secret that can be redacted. A shorter one is part of too many words."""
_MAX_LENGTH = 4096
"""The longest secret that is found in every notation. A longer one, such as a file, is found only verbatim."""
_LONG = 16
"""The length from which a word is more likely a key than a name."""
_KEY_START = "sk-ant-"
_KEY = _KEY_START + r"[A-Za-z0-9_-]{4,}"
"""How keys begin. A key in the wrong place is redacted even though it was not registered."""
_SECRET_MEMBER = rf'("(?:{"|".join(MEMBERS)})"\s*:\s*)"((?:[^"\\]|\\.)*)"?'
"""A member with a secret. The text may end within it."""


def may_be_key(text: str) -> bool:
    """Whether a misplaced argument may be a key or a token: it is long, or is not made of words as a name is."""
    return len(text) >= _LONG or not re.fullmatch(r"[A-Za-z]+(?:[-_:][A-Za-z]+)*[0-9]?", text)


def redact(text: str, secrets: Iterable[str]) -> str:
    """Return the text without the secrets, anything like a key, and the members of `MEMBERS`."""
    short = []
    for secret in secrets:
        if len(secret) > _MAX_LENGTH:
            text = text.replace(secret, REDACTED)
        elif len(secret) >= _MIN_LENGTH:
            short.append(secret)
    text = _replace(text, tuple(short))
    return re.sub(_SECRET_MEMBER, rf'\1"{REDACTED}"', text)


def redact_values(value: Any, redact: Callable[[str], str]) -> Any:
    """Return a JSON value with the secrets in its texts and keys redacted."""
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, list):
        return [redact_values(item, redact) for item in value]
    if isinstance(value, dict):
        return {redact(name): redact_values(item, redact) for name, item in value.items()}
    return value


def _replace(text: str, secrets: tuple[str, ...]) -> str:
    """Replace secrets, and anything like a key."""
    comparable = _comparable(text)
    spans = [span for form in _forms(secrets) for span in _occurrences(form, comparable)]
    if _KEY_START in text:
        spans += [match.span() for match in re.finditer(_KEY, text)]
    parts, position = [], 0
    for start, end in sorted(spans):
        if start >= position:
            parts += [text[position:start], REDACTED]
        position = max(position, end)
    return "".join([*parts, text[position:]])


def _occurrences(form: str, text: str) -> Iterator[tuple[int, int]]:
    """Yield where a form occurs. Occurrences that overlap at equal distances, as in `aaaa`, are yielded as one."""
    start = text.find(form)
    while start >= 0:
        end = start + len(form)
        following = text.find(form, start + 1, end + len(form) - 1)
        while following >= 0 and text.startswith(form[start - following :], end):
            end += following - start
        yield start, end
        start = text.find(form, end - len(form) + 1)


def _comparable(text: str) -> str:
    """Return a text of the same length, in lower case, with the characters of URLs replaced: see `_IN_URLS`."""
    return text.replace("İ", "i").lower().translate(_IN_URLS)


_IN_URLS = {ord(" "): "+", ord("-"): "+", ord("_"): "/"}


@lru_cache(maxsize=16)  # a log redacts the same few secrets in every line
def _forms(secrets: tuple[str, ...]) -> frozenset[str]:
    """Return all comparable forms of secrets."""
    return frozenset(
        _comparable(form) for secret in secrets for form in (*_escaped(secret), *_encoded(secret))
    )


def _escaped(secret: str) -> Iterator[str]:
    """Yield a secret as it is, and with the escapes of JSON, of Python's messages and of URLs."""
    yield secret
    if re.fullmatch(r"[\w.~-]+", secret, re.ASCII):  # such as keys, which have none
        return
    import json  # late: few secrets need them
    from urllib.parse import quote

    in_json = json.dumps(secret)[1:-1]
    yield from (in_json, in_json.replace("/", r"\/"), json.dumps(secret, ensure_ascii=False)[1:-1])
    yield repr(secret)[1:-1]
    for safe in ("", "/", " "):  # a space is `+` in a form
        yield quote(secret, safe, errors="surrogatepass")


def _encoded(secret: str) -> Iterator[str]:
    """Yield a secret in hexadecimal, and in base64, also in a URL: three forms, for what may come before it."""
    from binascii import b2a_base64  # late: at the start, there is no secret to hide yet

    data = secret.encode("utf-8", "surrogatepass")
    yield data.hex()
    for shift, skip in ((0, 0), (1, 2), (2, 3)):
        form = b2a_base64(bytes(shift) + data).decode()[skip : (shift + len(data)) * 8 // 6]
        yield from (form, form.replace("+", "%2B").replace("/", "%2F"))


def secrets_in(body: bytes) -> list[str]:
    """Return every string in a response's members that have the name of a secret, at any depth."""
    text = body.decode("utf-8", "replace")
    if not any(f'"{name}"' in text for name in MEMBERS):
        return []
    import json  # late: few responses have a secret

    secrets: list[str] = []

    def collect(members: list[tuple[str, object]]) -> dict[str, object]:
        secrets.extend(text for key, value in members if key in MEMBERS for text in texts_in(value))
        return dict(members)

    try:
        json.loads(text, object_pairs_hook=collect, parse_int=str, parse_float=str)
    except (ValueError, RecursionError):
        return [match[2] for match in re.finditer(_SECRET_MEMBER, text)]
    return secrets


def texts_in(value: object) -> Iterator[str]:
    """Yield every string in a decoded JSON value, at any depth."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list | dict):
        for child in value.values() if isinstance(value, dict) else value:
            yield from texts_in(child)


_USERINFO = r"(?<=//)(?:[^/?#]*|[^:/?#\[]*:(?!\d*/)[^@]*)@"
"""The user and password in a URL, even if the password has an unescaped slash."""


def strip_userinfo(url: str) -> str:
    """Return the URL without the user and password in it."""
    end = url.rfind("@") + 1  # so that not every `//` behind it is searched to the end
    if not end:
        return url
    return re.sub(_USERINFO, "", url[:end]) + url[end:]


def url_secrets(url: str) -> list[str]:
    """Return the password in a URL, as written and decoded; without a password, the user, which may be a token."""
    userinfo = re.match(rf"\s*(?:[A-Za-z][\w+.-]*:)?//{_USERINFO}", url)
    if not userinfo:
        return []
    from urllib.parse import unquote

    user, _, password = userinfo[0].partition("//")[2].removesuffix("@").partition(":")
    return [password or user, unquote(password or user)]
