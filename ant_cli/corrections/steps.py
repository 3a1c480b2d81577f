"""What a pass suggests: another line, or a sentence."""

from __future__ import annotations

from typing import NamedTuple

from ant_cli.corrections.line import Argv


class Step(NamedTuple):
    """A line in place of the one that was typed."""

    argv: Argv
    consumed: Argv = ()
    """Typed words that the change has replaced: those of a command, and values that it has converted."""


class Sentence(NamedTuple):
    """An answer where no line can be typed instead."""

    text: str
