"""The screen of a terminal: its size, the cells that a text fills, and messages wrapped to fit on it."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping

from ant_cli.runtime.sanitize import escape_controls
from ant_cli.runtime.streams import Stream

_ELLIPSIS = "…"
_LEFT_TO_RIGHT = "\u200e"
"""Keeps text after Hebrew or Arabic text in its place, on terminals that reorder such text."""
_COMMAND = r"`[^`]*`|(?:^|(?<=: ))(?:ant |/(?=\S*python)\S+ ).*"
"""A command in a message: in backquotes, or to the end of the line. It is not broken."""
_UNBREAKABLE = "\x1f"
"""Replaces a space inside a command during wrapping. It can't be in the text, which was escaped."""


def terminal_size(stream: Stream, environ: Mapping[str, str]) -> tuple[int, int]:
    """Return the columns and lines of a stream's screen; COLUMNS and LINES take precedence."""
    try:
        columns, lines = os.get_terminal_size(stream.descriptor)
    except (OSError, ValueError):
        columns, lines = 80, 24
    return _number(environ.get("COLUMNS")) or columns or 80, _number(
        environ.get("LINES")
    ) or lines or 24


def _number(text: str | None) -> int:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 7 else 0


def cell_width(text: str) -> int:
    """Return how many cells a text fills: wide characters fill two, combining marks none."""
    if text.isascii():
        return len(text)
    from rich.cells import cell_len

    return cell_len(text)


def truncate(text: str, width: int) -> str:
    """Return a text that fills at most `width` cells, with an ellipsis where it was cut; empty if `width` is 0."""
    if cell_width(text) <= width:
        return text
    if width <= 0:
        return ""
    if text.isascii():
        return text[: width - 1].rstrip() + _ELLIPSIS
    from rich.cells import set_cell_size

    return set_cell_size(text, width - 1).rstrip() + _ELLIPSIS


def padding(text: str, width: int) -> str:
    """Return the spaces between a text and the end of its column, which is `width` cells wide."""
    mark = _LEFT_TO_RIGHT if _is_right_to_left(text) else ""
    return mark + " " * max(0, width - cell_width(text))


def _is_right_to_left(text: str) -> bool:
    """Whether a text contains letters that are written from right to left."""
    if text.isascii():
        return False
    import unicodedata

    return any(unicodedata.bidirectional(character) in ("R", "AL", "AN") for character in text)


def wrap(text: str, width: int) -> list[str]:
    """Break a text between words into lines of at most `width` cells; a longer word has its own line."""
    if cell_width(text) <= width:
        return [text]
    lines = [""]
    for word in text.split(" "):
        longer = f"{lines[-1]} {word}" if lines[-1] else word
        if lines[-1] and cell_width(longer) > width:
            lines.append(word)
        else:
            lines[-1] = longer
    return lines


def wrap_message(text: str, width: int) -> str:
    """Return a message in lines of at most `width` cells, each indented like the first one of its paragraph."""
    lines = list[str]()
    for paragraph in escape_controls(text).split("\n"):
        indent = paragraph[: len(paragraph) - len(paragraph.lstrip(" "))]
        kept = re.sub(
            _COMMAND, lambda match: match[0].replace(" ", _UNBREAKABLE), paragraph[len(indent) :]
        )
        lines += [
            indent + line.replace(_UNBREAKABLE, " ")
            for line in wrap(kept, max(1, width - len(indent)))
        ]
    return "\n".join(lines)
