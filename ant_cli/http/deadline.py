"""Deadlines: how long a step of an attempt may take, and the attempt as a whole."""

from __future__ import annotations

import time

from ant_cli.runtime.light_typing import NamedTuple

STEPS = 10
"""The limit of a whole attempt, as a multiple of that of a step. As in the official tool: 600 s by default."""


class Timeouts(NamedTuple):
    """How many seconds an attempt may take."""

    step_s: float
    """The limit of each step: connecting, sending a part, waiting for a part."""
    whole_s: float
    longest_s: float = float("inf")
    """No flag extends a limit beyond this."""


def timeouts_of(step_s: float, longest_s: float = float("inf")) -> Timeouts:
    """Return the limits of an attempt whose steps may take `step_s`."""
    return Timeouts(min(step_s, longest_s), min(STEPS * step_s, longest_s), longest_s)


class AttemptTimeout(TimeoutError):
    """The attempt as a whole took too long."""


class Deadline:
    """The limits of one attempt."""

    def __init__(self, timeouts: Timeouts) -> None:
        self._step_s = timeouts.step_s
        self._end = time.monotonic() + timeouts.whole_s

    def seconds(self) -> float:
        """Return how long the next step may take. Raises AttemptTimeout if the whole has taken too long."""
        rest = self._end - time.monotonic()
        if rest <= 0:
            raise AttemptTimeout
        return min(self._step_s, rest)

    def blame(self, error: Exception) -> Exception:
        """Return the error of a step, or AttemptTimeout if it only ended because the attempt did."""
        return AttemptTimeout() if isinstance(error, TimeoutError) and time.monotonic() >= self._end else error
