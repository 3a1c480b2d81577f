r"""Redaction: replace secrets in every notation in which servers, libraries and formats write them.

`"` becomes `\"` in JSON, `%22` in a URL and `&quot;` in HTML, and one inside the other adds a level. A secret may
also be in hexadecimal or base64, as the password of a basic `authorization` header is, after a user.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache

from ant_cli.runtime.secret_names import MEMBERS

REDACTED = "[redacted]"
_MIN_LENGTH = 4
"""The shortest secret that can be redacted. A shorter one is part of too many words."""
_MAX_LENGTH = 4096
"""The longest secret that is found in every notation. A longer one, such as a file, is found only verbatim."""
_LONG = 16
"""From this length, a secret in hexadecimal or base64 may be in pieces, such as lines. Those of a shorter one could
be words."""
_KEY_START = "sk-ant-"
_KEY = _KEY_START + r"[A-Za-z0-9_-]{4,}"
"""How keys begin. A key in the wrong place is redacted even though it was not registered."""
_SECRET_MEMBER = rf'("(?:{"|".join(MEMBERS)})"\s*:\s*)"((?:[^"\\]|\\.)*)"?'
"""A member with a secret. The text may end within it."""


def may_be_key(text: str) -> bool:
    """Whether a misplaced argument may be a key or a token: it is long, or not made of words as names are."""
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


def _replace(text: str, secrets: tuple[str, ...]) -> str:
    """Replace secrets, and anything like a key, in the text with and without its escapes."""
    forms, forms_in_pieces = _forms(secrets)
    spans: list[tuple[int, int]] = []
    for level in _levels(text):
        spans += _find(forms, level, _KEY)
        if forms_in_pieces:  # a key has no pieces: all words behind it would be part of it
            spans += _find(forms_in_pieces, level.translate(_SEPARATORS))
    parts, position = [], 0
    for start, end in sorted(spans):
        if start >= position:
            parts += [text[position:start], REDACTED]
        position = max(position, end)
    return "".join([*parts, text[position:]])


def _find(forms: Iterable[str], level: str, pattern: str = "") -> list[tuple[int, int]]:
    """Return the spans of secrets, and of matches of a pattern, without the fillers and separators of a level."""
    text = level.replace(_FILLER, "").replace(_SEPARATOR, "")
    comparable = _comparable(text)
    found = [span for form in forms for span in _occurrences(form, comparable)]
    if pattern and _KEY_START in text:
        found += [match.span() for match in re.finditer(pattern, text)]
    if not found or len(text) == len(level):
        return found
    positions = [position for position, character in enumerate(level) if character not in (_FILLER, _SEPARATOR)]

    def with_fillers(start: int, end: int) -> tuple[int, int]:
        before = positions[start - 1] + 1 if start else 0
        return before + len(level[before : positions[start]].rstrip(_FILLER)), positions[end - 1] + 1

    return [with_fillers(start, end) for start, end in found]


def _occurrences(form: str, text: str) -> Iterator[tuple[int, int]]:
    """Yield where a form occurs; occurrences that overlap at equal distances, as in `aaaa`, as one."""
    start = text.find(form)
    while start >= 0:
        end = start + len(form)
        following = text.find(form, start + 1, end + len(form) - 1)
        while following >= 0 and text.startswith(form[start - following :], end):
            end += following - start
        yield start, end
        start = text.find(form, end - len(form) + 1)


def _comparable(text: str) -> str:
    """Return a text of the same length in lower case, in which base64 and forms are as outside of URLs."""
    return text.replace("İ", "i").lower().translate(_IN_URLS)


@lru_cache(maxsize=16)  # a log redacts the same few secrets in every line
def _forms(secrets: tuple[str, ...]) -> tuple[list[str], list[str]]:
    """Return all comparable forms of secrets, and those that are also found in pieces."""
    forms = {form for secret in secrets for form in (secret, unescaped(secret), *_encoded(secret))}
    in_pieces = {form for secret in secrets if len(secret) >= _LONG for form in _encoded(secret)}
    return [*map(_comparable, forms)], [*map(_comparable, in_pieces)]


def _encoded(secret: str) -> Iterator[str]:
    """Yield a secret in hexadecimal, and in base64, which depends on the number of preceding bytes."""
    from binascii import b2a_base64  # late: at the start, there is no secret to hide yet

    data = secret.encode("utf-8", "surrogatepass")
    yield data.hex()
    for shift, skip in ((0, 0), (1, 2), (2, 3)):
        yield b2a_base64(bytes(shift) + data).decode()[skip : (shift + len(data)) * 8 // 6]


# Escapes are undone level by level. The character of an escape is preceded by fillers up to the escape's length, so
# that all levels have the same positions.

_FILLER, _SEPARATOR = "\ud800", "\ud801"
"""Lone surrogates, which no text in UTF-8 has."""
_SEPARATORS = dict.fromkeys(map(ord, " \t\r\n:"), _SEPARATOR)
"""The characters between the pieces of a long secret in hexadecimal or base64."""
_IN_URLS = {ord(" "): "+", ord("-"): "+", ord("_"): "/"}
_MAX_LEVELS = 8
"""How many nested notations are undone, such as JSON in JSON in a URL."""
_STARTS = "%\\&"
"""The characters with which escapes start. Most texts have none, which is quick to check."""
_ESCAPE = r"""
    % (?: ~[0-7] ~H | ~[c-fC-F] ~H (?: ~% ~[89abAB] ~H ){1,3} )
    | \\ ~ (?: ["'\\/nrt] | u ~[dD] ~[89abAB] (?:~H){2} ~\\ ~u (?:~H){4} | u (?:~H){4} )
    | & ~ (?: \#[0-9]{1,7} | \#[xX]H{1,6} | quot | amp | apos | lt | gt | sol | bsol | plus ) ;?
""".replace("~", f"{_FILLER}*").replace("H", "[0-9a-fA-F]")
"""An escape of a URL, of JSON or of HTML, with fillers (~) of earlier levels in it. One character may need several
bytes of UTF-8 in a URL, and two units of UTF-16 in JSON."""
_BREAKS = dict.fromkeys("nrt", "\n")


def _levels(text: str) -> Iterator[str]:
    """Yield the text itself, then with one level of escapes undone, then two, and so on until nothing changes."""
    for _ in range(_MAX_LEVELS):
        yield text
        if not any(start in text for start in _STARTS):
            return
        undone = re.sub(_ESCAPE, _undo, text, flags=re.VERBOSE)
        if undone == text:
            return
        text = undone


def unescaped(text: str) -> str:
    """Return the text without any escapes."""
    *_, last = _levels(text)
    return last.replace(_FILLER, "")


def _undo(escape: re.Match[str]) -> str:
    """Return the character of an escape, after fillers."""
    code = escape[0].replace(_FILLER, "").removesuffix(";")
    if code.startswith("%"):
        character = bytes.fromhex(code.replace("%", "")).decode("utf-8", "replace")
    elif code.startswith("\\u"):
        character = bytes.fromhex(code.replace("\\u", "")).decode("utf-16-be", "surrogatepass")
    elif code.startswith("\\"):
        character = _BREAKS.get(code[1], code[1])
    else:
        import html  # late: few texts are HTML

        character = html.unescape(f"{code};")
    return character.rjust(len(escape[0]), _FILLER)


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
    return re.sub(_USERINFO, "", url[:end]) + url[end:]


def url_secrets(url: str) -> list[str]:
    """Return the password in a URL, as written and decoded; without a password, the user, which may be a token."""
    userinfo = re.match(rf"\s*(?:[A-Za-z][\w+.-]*:)?//{_USERINFO}", url)
    if not userinfo:
        return []
    from urllib.parse import unquote

    user, _, password = userinfo[0].partition("//")[2].removesuffix("@").partition(":")
    return [password or user, unquote(password or user)]
