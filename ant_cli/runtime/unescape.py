r"""Undo the escapes of JSON, URLs, HTML and programming languages, and keep track of each character's position.

Redaction compares the unescaped text, and replaces the original text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ant_cli.runtime.light_typing import NamedTuple

_HEX = "[0-9a-fA-F]"
_ESCAPE = rf"""(?P<percent>(?:%{_HEX}{{2}})+)
    |(?P<utf16>(?:\\u{_HEX}{{4}})+)
    |(?P<bytes>(?:\\x{_HEX}{{2}})+)
    |(?P<octal>(?:\\[0-3][0-7]{{2}})+)
    |\\U(?P<code>{_HEX}{{8}}) |\\u\{{(?P<braced>{_HEX}{{1,6}})\}}
    |&\#(?P<decimal>[0-9]{{1,7}});? |&\#[xX](?P<hex>{_HEX}{{1,6}});?
    |&(?P<name>quot|amp|apos|lt|gt|sol|bsol|plus);?
    |\\(?P<character>["'\\/]) |(?P<space>\+)"""
_STARTS = "%\\&+"
"""The characters with which escapes start. Most texts have none, which is quick to check."""
_NAMED = {"quot": '"', "amp": "&", "apos": "'", "lt": "<", "gt": ">", "sol": "/", "bsol": "\\", "plus": "+"}
_MAX_LEVELS = 8
"""How many nested notations are undone, such as JSON in JSON in a URL."""


class Unescaped(NamedTuple):
    """A text without one level of escapes, or more."""

    text: str
    starts: list[int]
    """The start of each character in the original, and its end. Empty if nothing was escaped."""


def levels(text: str) -> Iterator[Unescaped]:
    """Yield the text itself, then without one level of escapes, without two, and so on until nothing changes."""
    if not any(start in text for start in _STARTS) or not re.search(_ESCAPE, text, re.VERBOSE):
        yield Unescaped(text, [])
        return
    current = Unescaped(text, list(range(len(text) + 1)))
    for _ in range(_MAX_LEVELS):
        yield current
        following = _without_one_level(current)
        if following.text == current.text:
            return
        current = following


def unescaped(text: str) -> str:
    """Return the text without any escapes."""
    *_, last = levels(text)
    return last.text


def _without_one_level(escaped: Unescaped) -> Unescaped:
    parts: list[str] = []
    starts: list[int] = []
    position = 0
    for match in re.finditer(_ESCAPE, escaped.text, re.VERBOSE):
        parts.append(escaped.text[position : match.start()])
        starts += escaped.starts[position : match.start()]
        offset = match.start()
        for character, width in _characters(match):
            parts.append(character)
            starts.append(escaped.starts[offset])
            offset += width
        position = match.end()
    parts.append(escaped.text[position:])
    return Unescaped("".join(parts), starts + escaped.starts[position:])


def _characters(match: re.Match[str]) -> Iterator[tuple[str, int]]:
    """Yield each character of an escape, and its length in the escaped text."""
    notation = match.lastgroup or ""
    content: str = match[notation]
    if notation == "utf16":
        text = bytes.fromhex(content.replace("\\u", "")).decode("utf-16-be", "surrogatepass")
        yield from ((character, 12 if ord(character) > 0xFFFF else 6) for character in text)
    elif notation in ("percent", "bytes", "octal"):
        width, base = (3, 16) if notation == "percent" else (4, 8 if notation == "octal" else 16)
        digits = 3 if notation == "octal" else 2
        data = bytes(int(content[end - digits : end], base) for end in range(width, len(content) + 1, width))
        yield from _decoded(data, width)
    else:
        yield _single(notation, content), len(match[0])


def _decoded(data: bytes, width: int) -> Iterator[tuple[str, int]]:
    """Decode UTF-8, or else Latin-1; yield each character with its length in the escaped text."""
    try:
        yield from ((character, len(character.encode()) * width) for character in data.decode())
    except UnicodeDecodeError:
        yield from ((character, width) for character in data.decode("latin-1"))


def _single(notation: str, content: str) -> str:
    if notation == "name":
        return _NAMED[content]
    if notation in ("character", "space"):
        return content if notation == "character" else " "
    code = int(content, 10 if notation == "decimal" else 16)
    return chr(code) if code <= 0x10FFFF else content
