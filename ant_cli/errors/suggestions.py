"""Suggestions for mistyped names."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable

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
    "remove": "delete",
    "rm": "delete",
    "show": "retrieve",
    "view": "retrieve",
}
"""Words of commands of other tools, and those of this one. Whole commands: `help/suggest.py`."""
_SHORTEST = 3
"""A name of so many letters can have a slip: fewer are another name."""


def did_you_mean(name: str, known: Collection[str]) -> str:
    """Return " Did you mean ...?" for a synonym, or a name with a slip; empty if there is no such name."""
    synonym = SYNONYMS.get(name)
    meant = synonym if synonym in known else nearest(name, known)
    return f" Did you mean {meant!r}?" if meant else ""


def nearest(name: str, known: Iterable[str]) -> str:
    """Return the first known name that was typed with other separators, or with one slip; empty if no name fits.

    Names with more differences usually mean something else, and a wrong suggestion is worse than none.
    """
    typed = _letters(name)
    choices = {_letters(choice): choice for choice in known}
    meant = next((letters for letters in choices if _is_slip(typed, letters)), "")
    return choices.get(typed) or choices.get(meant, "")


def _letters(name: str) -> str:
    return re.sub(r"[-_.:\s]", "", name.lower())


def _is_slip(typed: str, name: str) -> bool:
    """Whether a letter is missing, added or different, or two have changed places. The first is rarely wrong."""
    shorter = min(len(typed), len(name))
    same = next((at for at in range(shorter) if typed[at] != name[at]), shorter)
    rest, right = typed[same:], name[same:]
    is_slip = rest[1:] in (right, right[1:]) or rest in (right[1:], right[1::-1] + right[2:])
    return is_slip and same > 0 and len(name) >= _SHORTEST
