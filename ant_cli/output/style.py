"""How text is shown on a stream: colour, escaping, layout, and the clock of relative times.

`style_of` decides it for every room. Only the basic ANSI colours are used: every theme, light or dark, makes its
own readable.
"""

import re
import time
from collections.abc import Callable
from typing import NamedTuple

from ant_cli.runtime import Runtime
from ant_cli.runtime.sanitize import escape_bytes
from ant_cli.runtime.streams import Stream

_CODES = {
    "bold": 1,
    "dim": 2,
    "red": 31,
    "green": 32,
    "yellow": 33,
    "blue": 34,
    "magenta": 35,
    "cyan": 36,
}
"""The number of each style in an escape sequence."""

_JSON = rb'(?P<key>"(?:[^"\\\n]|\\.)*+"(?=:))|(?P<text>"(?:[^"\\\n]|\\.)*+")|(?P<null>null)'
_JSON_COLOURS = {"key": "blue", "text": "green", "null": "dim"}


class Style(NamedTuple):
    """How text is shown on a stream. None of these facts follows from another."""

    width: int
    height: int
    """The columns and lines of the screen, if text is laid out."""
    colour: bool
    clock: Callable[[], float]
    """Returns the current time, in seconds since 1970. Relative times are relative to the time of printing."""
    is_laid_out: bool = True
    """Text is laid out for a person: fitted to the screen, with relative times. Otherwise a program may read it."""
    is_escaped: bool = True
    """Control characters of data are escaped, since a terminal would act on them."""

    def paint(self, text: str, style: str | None) -> str:
        """Return a text in a style; unchanged if there is no style or no colour."""
        if not (text and style and self.colour):
            return text
        return f"\x1b[{_CODES[style]}m{text}\x1b[0m"

    def safe(self, rendered: bytes, *, is_json: bool = False) -> bytes:
        """Return output that is safe for its stream, and JSON in colours."""
        if self.is_escaped:
            rendered = escape_bytes(rendered)
        if is_json and self.colour:
            rendered = re.sub(_JSON, _coloured, rendered)
        return rendered


def _coloured(part: re.Match[bytes]) -> bytes:
    return b"\x1b[%dm%b\x1b[0m" % (_CODES[_JSON_COLOURS[part.lastgroup or "text"]], part[0])


PLAIN = Style(80, 24, colour=False, clock=time.time, is_laid_out=False, is_escaped=False)
"""The style of text for programs."""


def style_of(stream: Stream, runtime: Runtime) -> Style:
    """Return how text is shown on a stream of this run."""
    if not stream.is_terminal:
        return PLAIN
    from ant_cli.runtime.screen import terminal_size

    width, height = terminal_size(stream, runtime.environ)
    colour = runtime.shows_colour(stream)
    return Style(width, height, colour, runtime.server_clock.now)
