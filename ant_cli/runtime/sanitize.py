"""Sanitizing: control characters from a server never reach a terminal."""

from __future__ import annotations

import re


def escape_controls(text: str) -> str:
    r"""Escape control, bidirectional and zero-width characters.

    Line feeds and tabs stay. ESC becomes ␛; characters that JSON may contain unescaped become JSON escapes,
    such as \u202e, and so do lone surrogates, which UTF-8 can't encode.
    """
    if text.isascii() and text.isprintable():
        return text
    return text.encode("utf-8", "backslashreplace").decode().translate(_ESCAPES)


def escape_bytes(output: bytes) -> bytes:
    """Escape the same characters in UTF-8, and bytes that are not UTF-8."""
    return escape_controls(output.decode("utf-8", "backslashreplace")).encode()


def escape_commands(text: str) -> str:
    r"""Escape what the log of a CI job would take as a command, such as `::error::` and `##[error]` in a line."""
    if "::" not in text and "##" not in text:
        return text
    text = re.sub(r"^([^\S\n]*):(?=:)", r"\1\\u003a", text, flags=re.MULTILINE)
    return re.sub(r"#(?=#\w*\[)", r"\\u0023", text)


# Three ways to keep a text on one line. Each escapes the other control characters, too.


def escape_breaks(text: str) -> str:
    r"""Write line feeds and tabs as in JSON: `\n`. For a report in which other values are JSON."""
    return escape_controls(text.replace("\n", "\\n").replace("\t", "\\t"))


def picture_breaks(text: str) -> str:
    """Show line feeds and tabs as ␊ and ␉. For a view of a value, in which every character counts."""
    return escape_controls(text).replace("\n", "␊").replace("\t", "␉")


def collapse_space(text: str) -> str:
    """Make all white space single spaces. For a cell of a table, or a message, in which breaks mean nothing."""
    return escape_controls(" ".join(text.split()))


def markdown_code(text: str) -> str:
    """Return a text as code in which Markdown finds no syntax, and GitHub no mention and no link."""
    shown = escape_breaks(text).translate(_MARKDOWN_ESCAPES)
    return f"<code>{shown}</code>"


_DIRECTIONS = (0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A))
_WIDTHLESS = (
    0xAD,
    0x180E,
    0x200B,
    0x2028,
    0x2029,
    *range(0x2060, 0x2066),
    0xFEFF,
    *range(0xFFF9, 0xFFFC),
)
_TAGS = range(0xE0000, 0xE0080)
_ESCAPES: dict[int, str] = (
    {code: chr(0x2400 + code) for code in range(0x20) if code not in (0x09, 0x0A)}
    | {code: f"\\u{code:04x}" for code in (*range(0x7F, 0xA0), *_DIRECTIONS, *_WIDTHLESS)}
    | {code: f"\\udb40\\u{code - 0xE0000 + 0xDC00:04x}" for code in _TAGS}
)
_MARKDOWN_ESCAPES = {ord(sign): f"&#{ord(sign)};" for sign in "!\"#$%&'()*+,.:;<=>?@[\\]^_`{|}~"}
