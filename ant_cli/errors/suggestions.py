"""Suggestions for mistyped names."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable

SYNONYMS = {"config": "profile", "md": "markdown"}
"""Names of other tools. Whole commands: `corrections/`."""
_SHORTEST = 3
"""A name of so many letters can have a slip: fewer are another name."""


def did_you_mean(name: str, known: Collection[str]) -> str:
    """Return " Did you mean ...?" for a synonym, or a name with a slip; empty if there is no such name."""
    meant = SYNONYMS.get(name)
    if meant not in known:
        meant = nearest(name, known)
    if not meant:
        return ""
    return f" Did you mean {meant!r}?"


def nearest(name: str, known: Iterable[str]) -> str:
    """Return the first known name that was typed with other separators, or with one slip; empty if no name fits.

    Names with more differences usually mean something else, and a wrong suggestion is worse than none.
    """
    typed = letters_of(name)
    choices = {letters_of(choice): choice for choice in known}
    if typed in choices:
        return choices[typed]
    for letters, choice in choices.items():
        if is_slip(typed, letters):
            return choice
    return ""


def letters_of(name: str) -> str:
    """Return a name without separators, in lower case."""
    return re.sub(r"[-_.:\s]", "", name.lower())


def is_slip(typed: str, name: str, *, may_differ: bool = True) -> bool:
    """Whether a letter is missing, added or different, or two have changed places. The first is rarely wrong."""
    same = _same_letters(typed, name)
    if same == 0 or len(name) < _SHORTEST:
        return False
    rest, right = typed[same:], name[same:]
    if may_differ and rest[1:] == right[1:]:
        return True
    is_missing = rest == right[1:]
    is_added = rest[1:] == right
    return is_missing or is_added or _is_swapped(rest, right)


def _is_swapped(typed: str, name: str) -> bool:
    """Whether the first two letters have changed places."""
    first, second = name[:1], name[1:2]
    return typed == second + first + name[2:]


def _same_letters(typed: str, name: str) -> int:
    """Return how many letters at the start are the same."""
    same = 0
    for letter, expected in zip(typed, name, strict=False):
        if letter != expected:
            break
        same += 1
    return same
