"""Parsers of settings: a text becomes a value where it enters, by the parser that its row (`Setting`) names.

The parser is the same for a flag, a variable and a profile.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from ant_cli.errors import BadValue, UnknownName

Parse = Callable[[str, str], Any]
"""Takes the source of a text, as messages name it, and the text. Returns its value, or raises UsageError."""

_BOOLEANS = dict.fromkeys(("true", "True", "TRUE", "1", "t", "T"), True) | dict.fromkeys(
    ("false", "False", "FALSE", "0", "f", "F"), False
)
"""The values of a boolean: those that the official tool accepts."""
_MAY_MEAN_FALSE = ("no", "off", "none", "n")
"""Values that may mean false, so that the flag without a value would be the opposite."""


def boolean(source: str, text: str) -> bool:
    """Return the boolean that a text means. Errors suggest the flag alone, unless the text may mean false."""
    hint = ""
    if source.startswith("--") and text.lower() not in _MAY_MEAN_FALSE:
        hint = f"Write {source} alone."
    return _boolean(source, text, repr(text), hint)


def private_boolean(source: str, text: str) -> bool:
    """Return the boolean that a text means. Errors do not quote it: it may be a key that was meant for a prompt."""
    from ant_cli.runtime.redaction import REDACTED  # late: help does not need it

    hint = f"Write {source} alone. A key is read from stdin, or at a prompt."
    return _boolean(source, text, REDACTED, hint)


def _boolean(source: str, text: str, shown: str, hint: str) -> bool:
    if text not in _BOOLEANS:
        raise BadValue(source, f"must be true or false, got {shown}", hint)
    return _BOOLEANS[text]


def one_of(choices: tuple[str, ...]) -> Parse:
    """Return the parser of a text that must be one of the choices."""

    def parse(source: str, text: str) -> str:
        if text not in choices:
            raise UnknownName(
                "value", text, choices, f"{source} takes: {', '.join(choices)}.", where=source
            )
        return text

    return parse


# Numbers


def whole_number(low: int, high: int) -> Parse:
    """Return the parser of a whole number from `low` to `high`, which has at most nine digits."""

    def parse(source: str, text: str) -> int:
        if len(text) <= 9 and text.isascii() and text.isdigit() and low <= int(text) <= high:
            return int(text)
        raise BadValue(source, f"must be a whole number from {low} to {high}, got {text!r}")

    return parse


def item_count(source: str, text: str) -> int | None:
    """Return a number of items; None for -1, which means all of them."""
    if not re.fullmatch(r"\+?[0-9]{1,18}|-1", text):
        problem = (
            f"must be a number of items of at most 18 digits, or -1 for all of them, got {text!r}"
        )
        raise BadValue(source, problem)
    return None if text == "-1" else int(text)


# Times


_UNITS_S = {"w": 604_800.0, "d": 86_400.0, "h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}
_PART = r"([0-9]+(?:\.[0-9]+)?)(ms|w|d|h|m|s)"
_LONGEST_S = 366 * 86_400.0
_SHORTEST_PAUSE_S = 0.01
_SHORTEST_TIMEOUT_S = 0.001
_LONGEST_TIMEOUT_S = 86_400.0


def duration(source: str, text: str) -> float:
    """Return the seconds of a duration such as `90` (seconds), `1.5s`, `500ms` or `1h30m`, of at most a year."""
    found = seconds_in(text)
    if found is None and re.fullmatch(r"[0-9]+(\.[0-9]+)?", text):
        found = float(text)
    if found is None:
        raise BadValue(source, f"must be a duration such as 30s or 1m30s, got {text!r}")
    if found > _LONGEST_S:
        raise BadValue(source, f"must be a duration of at most a year, got {text!r}")
    return found


def pause(source: str, text: str) -> float:
    """Return the seconds of a duration between requests. A shorter one than 10 ms, such as 0, is a mistake."""
    found = duration(source, text)
    if found < _SHORTEST_PAUSE_S:
        raise BadValue(source, f"must be a duration of at least 10ms, got {text!r}")
    return found


def timeout(source: str, text: str) -> float:
    """Return the seconds of a duration to wait for a server: at least 1 ms, at most a day."""
    found = duration(source, text)
    if not _SHORTEST_TIMEOUT_S <= found <= _LONGEST_TIMEOUT_S:
        raise BadValue(source, f"must be a duration from 1ms to 1d, got {text!r}")
    return found


def seconds_in(text: str) -> float | None:
    """Return the seconds of a duration with units, such as `7d` or `1h30m`; None if it is not one."""
    if not text:
        return None
    seconds, position = 0.0, 0
    while position < len(text):
        # a search would look for the unit of a long number from each of its digits
        part = re.compile(_PART).match(text, position)
        if part is None:
            return None
        seconds += float(part[1]) * _UNITS_S[part[2]]
        position = part.end()
    return seconds
