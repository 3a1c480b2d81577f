"""Error messages at a terminal: wrapped between words, and commands never broken."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from ant_cli.errors import AntError
from ant_cli.output.terminal import cell_width, terminal_size, wrap
from ant_cli.runtime.sanitize import escape_controls
from ant_cli.runtime.streams import Stderr

_COMMAND = re.compile(r"(?<=: )(?=ant |/\S*python\S* )")
"""Where the command of a hint begins."""


def error_on_screen(error: AntError, stderr: Stderr, environ: Mapping[str, str]) -> str:
    """Return an error and its hint, laid out for the terminal.

    Secrets are redacted before lines are broken: a secret may contain a space.
    """
    width = terminal_size(stderr, environ)[0]
    text = "\n".join(part for part in (*error.screen_lines(), error.hint) if part)
    text = escape_controls(stderr.redact(text))
    return "\n".join(line for paragraph in text.split("\n") for line in _wrapped(paragraph, width))


def _wrapped(paragraph: str, width: int) -> Iterator[str]:
    """Yield a paragraph in lines that fit. A command that does not fit gets its own one."""
    if cell_width(paragraph) <= width:
        yield paragraph
        return
    prose, *command = _COMMAND.split(paragraph, maxsplit=1)
    yield from wrap(prose.rstrip(), width)
    yield from command
