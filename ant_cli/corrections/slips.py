"""Words that mean the same, and words with a slip."""

from __future__ import annotations

import re
from collections.abc import Collection

from ant_cli.errors.suggestions import is_slip, letters_of
from ant_cli.operations.ids import is_object_id, joined_ids

FAMILIES = tuple(
    frozenset(words.split())
    for words in (
        "ack acknowledge accept",
        "activate use select switch choose",
        "apply replace deploy",
        "archive shelve",
        "check doctor diagnose",
        "completion completions autocomplete autocompletion",
        "create new add make",
        "delete rm remove destroy del drop erase",
        "diff plan preview",
        "export pull import",
        "list ls index",
        "login signin",
        "logout signout",
        "poll work",
        "rename mv move",
        "requests logs log journal",
        "retrieve get show view describe inspect info read display cat",
        "set put",
        "start up serve launch boot",
        "stats statistics metrics",
        "stop cancel kill terminate abort halt down",
        "update modify patch change alter",
        "unset clear",
    )
)
"""Verbs that other tools use for the same."""
NOUNS = {
    name: noun
    for noun, names in {
        "environments": "env envs environment environments",
        "work": "work works item items queue queues task tasks job jobs workitem workitems",
        "worker": "worker workers",
        "profile": "profile profiles context contexts",
        "auth": "auth",
        "emulator": "emulator emulators",
        "session": "session",
        "fault": "fault faults",
        "schema": "schema schemas",
    }.items()
    for name in names.split()
}
"""What people call the objects of a group, and its last name without `beta:`."""
_SHORTEST_BEGINNING = 3
_SHORTEST_NOUN = 5
"""The fewest letters of a noun that is recognized with a slip: `end` is not `env`."""

EXACT, SYNONYM, SLIP, BEGINNING = range(4)
"""How well a word fits a name: the best first."""


def fit(word: str, name: str, names: Collection[str], *, is_implied: bool = False) -> int | None:
    """Return how well a word fits one of several names; None if it doesn't.

    `is_implied` is for a command of a group that was not named: a different letter is no slip there, because
    `lint` is not `list`.
    """
    typed, letters = letters_of(word), letters_of(name)
    if typed == letters:
        return EXACT
    if typed in _family_of(name):
        return SYNONYM
    others = [letters_of(other) for other in names]
    if typed in others:
        return None
    if is_slip(typed, letters, may_differ=not is_implied):
        return SLIP
    starts = [other for other in others if other.startswith(typed)]
    if starts == [letters] and len(typed) >= _SHORTEST_BEGINNING:
        return BEGINNING
    return None


def _family_of(name: str) -> frozenset[str]:
    """Return a name with the words that mean the same."""
    family = frozenset({name})
    for other in FAMILIES:
        if name in other:
            family |= other
    return family


def noun(word: str) -> str | None:
    """Return the noun that a word means, maybe with a slip; None if it means none."""
    typed = word.lower().removeprefix("beta:")
    if typed in NOUNS:
        return NOUNS[typed]
    if not typed.isalpha() or len(typed) < _SHORTEST_NOUN:
        return None
    for name, meaning in NOUNS.items():
        if len(name) >= _SHORTEST_NOUN and is_slip(typed, name):
            return meaning
    return None


def meant(words: Collection[str], name: str) -> bool:
    """Whether one of the words is a name, or means the same, maybe with a slip."""
    family = _family_of(name)
    return any(_is_one_of(word, family) for word in words)


def _is_one_of(word: str, names: Collection[str]) -> bool:
    if word in names:
        return True
    return any(is_slip(word, name) for name in names)


def is_noun(word: str) -> bool:
    """Whether a word is one of the nouns without a slip."""
    return word in NOUNS


def objects_in(text: str) -> list[str]:
    """Return what a text names: the objects in `env/demo`, `env_1/work_1` and `env_1,env_2`; otherwise itself."""
    first, *others = text.split("/")
    if len(others) == 1 and _is_kind_of(first, others[0]):
        return others
    parts = [part for part in (first, *others) if part not in NOUNS]
    if len(parts) > 1 and all(map(is_object_id, parts)):
        return parts
    return joined_ids(text) or [text]


def _is_kind_of(kind: str, object_: str) -> bool:
    """Whether the parts of `env/demo` are a kind and its object. A name is one of an environment."""
    if NOUNS.get(kind) == "environments":
        return bool(object_)
    return kind in NOUNS and is_object_id(object_)


def split_words(text: str) -> list[str]:
    """Return the words that separators join: `delete-environment`, `environments:list`."""
    return re.findall(r"[^\W_]+", text)
