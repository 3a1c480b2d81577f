"""Suggestions: the known name nearest to one that was mistyped."""

from __future__ import annotations

from collections.abc import Iterable

OTHER_WORDS = {
    "add": "create",
    "get": "retrieve",
    "ls": "list",
    "new": "create",
    "remove": "delete",
    "rm": "delete",
    "run": "start",
    "show": "retrieve",
    "use": "activate",
}
"""What other tools call our commands."""


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return a question that names the known word for another tool's, or else the most similar one, or nothing."""
    from difflib import get_close_matches  # imported for mistakes alone

    choices = list(known)
    other = OTHER_WORDS.get(word)
    matches = [other] if other in choices else get_close_matches(word.lower(), choices, n=1, cutoff=0.6)
    return f" Did you mean {matches[0]!r}?" if matches else ""
