"""Sanitizing: control characters from a server never reach a terminal."""

from __future__ import annotations


def escape_controls(text: str) -> str:
    r"""Escape control, bidirectional and zero-width characters.

    Line feeds and tabs stay. ESC becomes ␛; characters that JSON may contain unescaped become JSON escapes,
    such as \u202e, and so do lone surrogates, which UTF-8 can't encode.
    """
    if text.isascii() and text.isprintable():
        return text
    return text.encode("utf-8", "backslashreplace").decode().translate(_ESCAPES)


def escape_line(text: str) -> str:
    """Escape like `escape_controls`, and line feeds and tabs too, so that the text stays on one line."""
    return escape_controls(text).replace("\n", "␊").replace("\t", "␉")


def flatten(text: str) -> str:
    """Return a text to use within a line: white space is collapsed, and control characters are escaped."""
    return escape_controls(" ".join(text.split()))


_DIRECTIONS = (0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A))
_WIDTHLESS = (0xAD, 0x180E, 0x200B, 0x2028, 0x2029, *range(0x2060, 0x2066), 0xFEFF, *range(0xFFF9, 0xFFFC))
_TAGS = range(0xE0000, 0xE0080)
_ESCAPES: dict[int, str] = (
    {code: chr(0x2400 + code) for code in range(0x20) if code not in (0x09, 0x0A)}
    | {code: f"\\u{code:04x}" for code in (*range(0x7F, 0xA0), *_DIRECTIONS, *_WIDTHLESS)}
    | {code: f"\\udb40\\u{code - 0xE0000 + 0xDC00:04x}" for code in _TAGS}
)
