"""Durations in the official tool's notation (`1m30s`, `500ms`), with days, and plain numbers of seconds."""

from __future__ import annotations

import re

from ant_cli.errors import BadValue

_UNITS_S = {"d": 86_400.0, "h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}
_PART = r"([0-9]+(?:\.[0-9]+)?)(ms|d|h|m|s)"
_LONGEST_S = 366 * 86_400.0


def parse_duration(source: str, text: str) -> float:
    """Return the seconds of a duration such as `90`, `1.5s`, `500ms` or `1h30m`.

    Raises:
        BadValue: if it is not a duration, or is longer than a year.

    """
    seconds = float(text) if re.fullmatch(r"[0-9]+(\.[0-9]+)?", text) else seconds_in(text)
    if seconds is None:
        raise BadValue(source, f"must be a duration such as 30s or 1m30s, got {text!r}")
    if seconds > _LONGEST_S:
        raise BadValue(source, f"must be a duration of at most a year, got {text!r}")
    return seconds


def seconds_in(text: str) -> float | None:
    """Return the seconds of a duration with units, such as `7d` or `1h30m`; None if it is not one."""
    if not re.fullmatch(f"(?:{_PART})+", text):
        return None
    return sum(float(number) * _UNITS_S[unit] for number, unit in re.findall(_PART, text))
