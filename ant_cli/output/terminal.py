"""Terminals: size and colours, the cells that a text fills, wrapped messages, and output that is safe to show.

Only the basic ANSI colours are used: every theme, light or dark, makes its own readable.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping

from ant_cli.runtime import Runtime
from ant_cli.runtime.light_typing import NamedTuple
from ant_cli.runtime.sanitize import escape_controls
from ant_cli.runtime.streams import Stderr, Stdout

_CODES = {"bold": 1, "dim": 2, "red": 31, "green": 32, "yellow": 33, "blue": 34, "magenta": 35, "cyan": 36}
"""The number of each style in an escape sequence."""
STATE_COLOURS = {
    "queued": "yellow",
    "starting": "cyan",
    "active": "green",
    "stopping": "magenta",
    "stopped": "dim",
}
"""The colours of a work item's states."""
_FORCE_COLOR_VARS = ("FORCE_COLOR", "CLICOLOR_FORCE")
"""Variables that ask for colour even if others say no."""

_ELLIPSIS = "…"
_LEFT_TO_RIGHT = "\u200e"
"""Keeps text after Hebrew or Arabic text in its place, on terminals that reorder such text."""

_COLORED = r'(?P<key>"(?:[^"\\\n]|\\.)*+"(?=\s*:))|(?P<text>"(?:[^"\\\n]|\\.)*+")|(?P<null>\bnull\b)'
_COLORS = {"key": "blue", "text": "green", "null": "dim"}

_COMMAND = r"`[^`]*`|(?:^|(?<=: ))(?:ant |/(?=\S*python)\S+ ).*"
"""A command in a message: in backquotes, or to the end of the line. It is not broken."""
_UNBREAKABLE = "\x1f"
"""Replaces a space inside a command during wrapping. It can't be in the text, which was escaped."""


class Style(NamedTuple):
    """How results are shown: the size of the screen, colour, and the clock."""

    width: int
    height: int
    colour: bool
    clock: Callable[[], float]
    """Returns the current time, in seconds since 1970. Relative times are relative to the time of printing."""

    def paint(self, text: str, style: str) -> str:
        """Return a text in a style; unchanged if the style is empty or there is no colour."""
        return f"\x1b[{_CODES[style]}m{text}\x1b[0m" if text and style and self.colour else text

    def safe(self, rendered: bytes, *, is_json: bool = False) -> bytes:
        """Return output with its control characters escaped; JSON in colours, if there is colour."""
        text = escape_controls(rendered.decode("utf-8", "backslashreplace"))
        if is_json and self.colour:
            text = re.sub(_COLORED, lambda match: self.paint(match[0], _COLORS[match.lastgroup or "text"]), text)
        return text.encode("utf-8", "backslashreplace")


def detect_style(runtime: Runtime) -> Style | None:
    """Return the style of stdout; None if it is not a terminal."""
    if not runtime.stdout.is_terminal:
        return None
    width, height = terminal_size(runtime.stdout, runtime.environ)
    return Style(width, height, shows_colour(runtime.environ), runtime.server_clock.now)


def shows_colour(environ: Mapping[str, str]) -> bool:
    """Whether a terminal gets colour: NO_COLOR wins, then FORCE_COLOR, then CLICOLOR and TERM."""
    if environ.get("NO_COLOR"):
        return False
    if any(environ.get(name, "") not in ("", "0", "false") for name in _FORCE_COLOR_VARS):
        return True
    return environ.get("CLICOLOR") != "0" and environ.get("TERM") != "dumb"


def terminal_size(stream: Stdout | Stderr, environ: Mapping[str, str]) -> tuple[int, int]:
    """Return the columns and lines of a stream's screen; COLUMNS and LINES take precedence."""
    try:
        columns, lines = os.get_terminal_size(stream.descriptor)
    except (OSError, ValueError):
        columns, lines = 80, 24
    return _number(environ.get("COLUMNS")) or columns or 80, _number(environ.get("LINES")) or lines or 24


def _number(text: str | None) -> int:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 7 else 0


# Cells


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


# Messages


def message_on_screen(text: str, stderr: Stderr, environ: Mapping[str, str]) -> str:
    """Return a message laid out for the terminal. Lines are indented like the first one of their paragraph.

    Secrets are redacted before wrapping, because a secret may contain a space.
    """
    width, lines = terminal_size(stderr, environ)[0], []
    for paragraph in escape_controls(stderr.redact(text)).split("\n"):
        indent = paragraph[: len(paragraph) - len(paragraph.lstrip(" "))]
        kept = re.sub(_COMMAND, lambda match: match[0].replace(" ", _UNBREAKABLE), paragraph[len(indent) :])
        lines += [indent + line.replace(_UNBREAKABLE, " ") for line in wrap(kept, max(1, width - len(indent)))]
    return "\n".join(lines)
