"""`--every` and `--for`: how often a request is repeated, and how long."""

from __future__ import annotations

import re
from collections.abc import Callable
from math import inf
from time import monotonic

from ant_cli.errors import BadValue
from ant_cli.operations.global_flags import EVERY, FOR
from ant_cli.operations.spec import Flags
from ant_cli.runtime import Runtime
from ant_cli.runtime.light_typing import NamedTuple

_EVERY_DEFAULT = "2s"
_DURATION = re.compile(r"([0-9]+(?:\.[0-9]+)?)(ms|s|m|h|)", re.ASCII)
_UNIT_SECONDS = {"ms": 0.001, "": 1.0, "s": 1.0, "m": 60.0, "h": 3600.0}


class Rhythm(NamedTuple):
    """How often, and how long."""

    every_s: float
    limit_s: float
    """Infinite for no limit."""

    def start(self, runtime: Runtime) -> Callable[[float], bool]:
        """Return a function that says whether the time, which counts from now, is up before a pause ends."""
        now = runtime.now or monotonic
        end = now() + self.limit_s
        return lambda pause_s: now() + pause_s > end


def rhythm_of(flags: Flags) -> Rhythm:
    """Return what the flags say. Raises UsageError if one has a value that can't be used."""
    limit = flags.text(FOR.name)
    return Rhythm(
        _seconds(EVERY.flag, flags.text(EVERY.name) or _EVERY_DEFAULT),
        inf if limit is None else _seconds(FOR.flag, limit),
    )


def _seconds(flag: str, text: str) -> float:
    match = _DURATION.fullmatch(text)
    seconds = float(match[1]) * _UNIT_SECONDS[match[2]] if match else 0.0
    if not 0.01 <= seconds <= 10_000_000:
        raise BadValue(flag, f"must be a duration such as 500ms, 2s, 10m or 1h, got {text!r}")
    return seconds
