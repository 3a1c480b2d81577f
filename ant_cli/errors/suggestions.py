"""Suggestions for mistyped names."""

from __future__ import annotations

from collections.abc import Iterable

SYNONYMS = {
    "config": "profile",
    "describe": "retrieve",
    "destroy": "delete",
    "env": "environments",
    "environment": "environments",
    "envs": "environments",
    "get": "retrieve",
    "ls": "list",
    "md": "markdown",
    "plan": "diff",
    "remove": "delete",
    "rm": "delete",
    "show": "retrieve",
    "switch": "activate",
    "view": "retrieve",
}
"""Words of commands of other tools, and those of this one. Whole commands: `help/suggest.py`."""
_CUTOFF = 0.7
"""How similar a name must be, from 0 to 1. A wrong suggestion is worse than none."""


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return " Did you mean ...?" for a synonym or near match; empty if there is no such name."""
    from difflib import get_close_matches  # late: only mistakes need it

    choices = {choice.lstrip("-"): choice for choice in known}
    synonym = SYNONYMS.get(name)
    if synonym in choices.values():
        return f" Did you mean {synonym!r}?"
    matches = get_close_matches(name.lower().lstrip("-"), choices, n=1, cutoff=_CUTOFF)
    return f" Did you mean {choices[matches[0]]!r}?" if matches else ""
