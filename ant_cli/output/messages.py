"""Messages at a terminal: wrapped between words, but never within commands."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from ant_cli.output.terminal import cell_width, terminal_size, wrap
from ant_cli.runtime.sanitize import escape_controls
from ant_cli.runtime.streams import Stderr

_COMMAND = re.compile(r"(?:^|(?<=: ))(?=ant |/\S*python\S* )")
"""The beginning of a command in a hint."""
_QUOTED_COMMAND = re.compile(r"`[^`]*`")
_UNBREAKABLE = "\x1f"
"""Replaces a space inside a quoted command during wrapping. It can't be in the text, which was escaped."""


def message_on_screen(text: str, stderr: Stderr, environ: Mapping[str, str]) -> str:
    """Return a message laid out for the terminal.

    Secrets are redacted before wrapping, because a secret may contain a space.
    """
    width = terminal_size(stderr, environ)[0]
    text = escape_controls(stderr.redact(text))
    return "\n".join(line for paragraph in text.split("\n") for line in _wrapped(paragraph, width))


def _wrapped(paragraph: str, width: int) -> Iterator[str]:
    """Yield a paragraph in lines that fit. A command that does not fit gets its own line."""
    if cell_width(paragraph) <= width:
        yield paragraph
        return
    prose, *command = _COMMAND.split(paragraph, maxsplit=1)
    if prose:
        yield from _broken(prose.rstrip(), width)
    yield from command


def _broken(prose: str, width: int) -> Iterator[str]:
    """Yield lines that fit, each indented like the first, without breaks in a command between backquotes."""
    indent = prose[: len(prose) - len(prose.lstrip(" "))]
    kept = _QUOTED_COMMAND.sub(lambda match: match[0].replace(" ", _UNBREAKABLE), prose[len(indent) :])
    for line in wrap(kept, max(1, width - len(indent))):
        yield indent + line.replace(_UNBREAKABLE, " ")
