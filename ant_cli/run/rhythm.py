"""`--every` and `--for`: how often a request is repeated, and how long."""

from __future__ import annotations

from collections.abc import Callable
from math import inf

from ant_cli.errors import BadValue
from ant_cli.input.durations import parse_duration
from ant_cli.operations.global_flags import EVERY, FOR
from ant_cli.operations.spec import Flags
from ant_cli.runtime import Runtime
from ant_cli.runtime.light_typing import NamedTuple

_SHORTEST_S = 0.01
"""The shortest pause or run. A shorter one, such as 0 seconds, is a mistake."""


class Rhythm(NamedTuple):
    """How often, and how long."""

    every_s: float
    limit_s: float
    """Infinite for no limit."""

    def start(self, runtime: Runtime) -> Callable[[float], bool]:
        """Return a function that says whether the time, which starts now, will be up before a pause ends."""
        end = runtime.monotonic() + self.limit_s
        return lambda pause_s: runtime.monotonic() + pause_s > end


def rhythm_of(flags: Flags) -> Rhythm:
    """Parse the flags. Raises UsageError if one has a value that can't be used."""
    limit = flags.text(FOR.name)
    return Rhythm(
        _seconds(EVERY.flag, flags.text(EVERY.name) or EVERY.default),
        inf if limit is None else _seconds(FOR.flag, limit),
    )


def _seconds(flag: str, text: str) -> float:
    seconds = parse_duration(flag, text)
    if seconds < _SHORTEST_S:
        raise BadValue(flag, f"must be a duration of at least 10ms, got {text!r}")
    return seconds
