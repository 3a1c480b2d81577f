"""A clock that a test sets."""

from ant_cli.emulator.store import MICROSECONDS_PER_MS


class ManualClock:
    """A clock that stops until it is moved. It starts on 15 March 2026 at ten o'clock."""

    def __init__(self, time: int = 1_773_568_800_000_000) -> None:
        self.time = time

    def __call__(self) -> int:
        """Return the microseconds since 1970, UTC."""
        return self.time

    def advance(self, *, ms: int) -> None:
        """Move the clock forward."""
        self.time += ms * MICROSECONDS_PER_MS
