"""Hints: what may help a person, and what ANT_NO_HINTS=1 silences."""

from __future__ import annotations

from ant_cli.streams import Process


def hint(process: Process, text: str) -> None:
    """Print it on stderr, unless ANT_NO_HINTS is set."""
    if not process.environ.get("ANT_NO_HINTS"):
        process.stderr.say(text)
