r"""Secrets in pieces: in lines of 76 characters, with a colon after each byte, or with invisible characters.

Secret and text are compared without case and without the characters between the pieces. Then a sentence may contain
a short secret by chance, so only long secrets are looked for.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

_SHORTEST = 16
"""The fewest characters to compare, not counting separators."""
_SEPARATORS = " \t\r\n\v\f:;,._+/-"
"""What base64 has besides letters and digits is here, too, because it differs in URLs."""
_INVISIBLE = (
    0xAD,
    0x34F,
    0x61C,
    0x180E,
    *range(0x200B, 0x2010),
    *range(0x2028, 0x202F),
    *range(0x2060, 0x2070),
    0xFEFF,
)
_CONDENSED: dict[int, str | None] = {
    **dict.fromkeys((*map(ord, _SEPARATORS), *_INVISIBLE)),
    **{upper: chr(upper).lower() for upper in range(ord("A"), ord("Z") + 1)},
}
_ESCAPED_BREAK = re.compile(r"\\[nrt]")


def spans_in_pieces(text: str, secrets: tuple[str, ...]) -> list[tuple[int, int]]:
    """Return the positions of secrets in a text, in pieces or as a whole."""
    spaced = _ESCAPED_BREAK.sub("  ", text)
    condensed = spaced.translate(_CONDENSED)
    spans = [(start, start + len(form)) for form in _forms(secrets) for start in _occurrences(form, condensed)]
    if not spans:
        return []
    positions = [position for position, character in enumerate(spaced) if character.translate(_CONDENSED)]
    return [(positions[start], positions[end - 1] + 1) for start, end in spans]


def _occurrences(form: str, text: str) -> Iterator[int]:
    start = text.find(form)
    while start >= 0:
        yield start
        start = text.find(form, start + len(form))


@lru_cache(maxsize=16)
def _forms(secrets: tuple[str, ...]) -> list[str]:
    """Return the secrets and their encodings as they are in a condensed text."""
    forms = {form.translate(_CONDENSED) for secret in secrets for form in (secret, *_encoded(secret))}
    return sorted(form for form in forms if len(form) >= _SHORTEST)


def _encoded(secret: str) -> Iterator[str]:
    """Yield a secret in hexadecimal, base64 and base32. The latter two depend on the number of preceding bytes."""
    import base64  # late: at the start, there is no secret to hide yet

    data = secret.encode("utf-8", "surrogatepass")
    yield data.hex()
    yield "".join(map(str, data))  # its byte values, as Go and JavaScript print them
    yield "".join(f"0x{byte:02x}" for byte in data)
    for encode, bits, shifts in ((base64.b64encode, 6, 3), (base64.b32encode, 5, 5)):
        for shift in range(shifts):
            own = slice(-(-shift * 8 // bits), (shift + len(data)) * 8 // bits)
            yield encode(bytes(shift) + data).decode()[own]
