"""How the explorer words values: in a row, in full, and for searching."""

from __future__ import annotations

import re
from typing import NamedTuple

from ant_cli.gjson import json_text
from ant_cli.runtime.sanitize import escape_controls

LONGEST_ROW = 500
"""The most characters of a value that a row needs: no screen is wider."""
LONGEST_VIEW = 200_000
"""The most characters of a value that are laid out on a page; copying and printing takes all of it."""
TOLD_FIRST = ("name", "id", "state")
"""The members that tell values apart; in a row they come before the others."""
EMPTY = (b"null", b'""', b"[]", b"{}")
_IN_A_ROW = str.maketrans({"\n": "␊", "\t": "␉"})
_HOLDS = {"object": "{{{}}}", "array": "[{}]"}
_TOKEN = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"(?:\s*:)?|[^\s{}\[\],:"]++')


class Words(NamedTuple):
    """The texts and numbers of a value, case-folded."""

    values: str
    keys: str


def words_of(text: bytes) -> Words:
    """Return the words of a JSON text."""
    # Case is folded first, in one call for all: that changes no quote, bracket or escape.
    tokens = _TOKEN.findall(text.decode().casefold())
    if b"\\" in text:
        tokens = [_unescaped(token) for token in tokens]
    values = [token for token in tokens if token[-1] != ":"]
    keys = [token for token in tokens if token[-1] == ":"]
    return Words("\n".join(values), "\n".join(keys))


def _unescaped(token: str) -> str:
    end = token.rfind('"') + 1
    return json_text.string(token[:end].encode()).casefold() + token[end:] if "\\" in token else token


def on_one_line(text: str, *, end: bool = False) -> str:
    """Return the beginning of a text, or its end, as it is shown in a row."""
    return escape_controls(text[-LONGEST_ROW:] if end else text[:LONGEST_ROW]).translate(_IN_A_ROW)


def key_in_a_row(key: str) -> str:
    """Return a key as it stands before its value."""
    return on_one_line(key) or '""'


def bare(text: bytes) -> str:
    """Return a value as it is copied: a string without quotes, anything else as JSON."""
    value = json_text.string(text) if json_text.kind(text) == "string" else json_text.indent(text).decode()
    return value.encode("utf-8", "backslashreplace").decode()


def in_full(text: bytes) -> str:
    """Return a value as it is shown on a screen of its own."""
    value = bare(text)
    cut = "" if len(value) <= LONGEST_VIEW else "\n… (the rest is not shown; y copies and p prints all of it)"
    return escape_controls(value[:LONGEST_VIEW]) + cut


def in_a_row(text: bytes) -> str:
    """Return a value as it stands behind its key; of an object or array, the beginning of what it holds."""
    kind = json_text.kind(text)
    if kind == "string":
        value = json_text.string(text)
        return f'"{on_one_line(value)}{"" if len(value) > LONGEST_ROW else chr(34)}'
    if kind == "object":
        return "{" + _cut_list([f"{key_in_a_row(key)}: {_inside(value)}" for key, value in _told(text)]) + "}"
    if kind == "array":
        return "[" + _cut_list([_inside(value) for value in json_text.elements(text)]) + "]"
    return on_one_line(text.strip().decode())


def _told(text: bytes) -> list[tuple[str, bytes]]:
    """Return the members of an object: those that tell it apart first, empty ones last."""
    members = json_text.members(text)
    first = [name for name in TOLD_FIRST if name in members]
    others = sorted(members, key=lambda name: members[name] in EMPTY)
    return [(name, members[name]) for name in dict.fromkeys([*first, *others])]


def _cut_list(parts: list[str]) -> str:
    return ", ".join(parts)[:LONGEST_ROW]


def _inside(text: bytes) -> str:
    """Return a value as it stands in another one's row: of an object or array only the size."""
    kind = json_text.kind(text)
    if kind not in _HOLDS:
        return in_a_row(text)
    holds = len(json_text.members(text) if kind == "object" else json_text.elements(text))
    return _HOLDS[kind].format(holds or "")
