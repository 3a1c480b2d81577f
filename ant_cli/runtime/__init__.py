"""The surroundings of a run: streams, environment, clock and transport. Signals and exit are in `process.py`."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from ant_cli.runtime import variables

if TYPE_CHECKING:
    from ant_cli.runtime.streams import Stderr, Stdin, Stdout, Stream


class ServerClock:
    """The time at the server, by the `date` header of its latest response; this computer's time without one.

    So a relative time is right even if this computer's clock is wrong, or if that of the emulator was moved.
    """

    def __init__(self, local: Callable[[], float]) -> None:
        self._local = local
        self._latest: tuple[str, float] | None = None
        self._ahead_s = 0.0

    def take(self, date: str) -> None:
        """Take the `date` header of a response that has just arrived; empty if it has none."""
        self._latest = date, self._local()

    def now(self) -> float:
        """Return the time at the server, in seconds since 1970."""
        latest, self._latest = self._latest, None  # threads may share the clock
        if latest is not None:
            self._ahead_s = _ahead_s(*latest)
        return self._local() + self._ahead_s


_MONTHS = "JanFebMarAprMayJunJulAugSepOctNovDec"
_DATE = r"\w{3}, (?P<day>[0-9]{2}) (?P<month>\w{3}) (?P<year>[0-9]{4}) (?P<time>[0-9:]{8}) GMT"


def _ahead_s(date: str, local: float) -> float:
    """Return how far the server's clock is ahead; 0 if both agree on the second, or if `date` is not a date."""
    server = http_date(date)
    return 0.0 if server is None or server <= local < server + 1 else server + 1 - local


def http_date(text: str) -> float | None:
    """Return the time of a header in seconds since 1970; None if it is not in the format of HTTP."""
    from datetime import datetime

    if (parts := re.fullmatch(_DATE, text)) is None:
        return None
    try:
        month = _MONTHS.index(parts["month"]) // 3 + 1
        return datetime.fromisoformat(
            f"{parts['year']}-{month:02}-{parts['day']}T{parts['time']}Z"
        ).timestamp()
    except ValueError:
        return None


_FORCE_COLOR_VARS = ("FORCE_COLOR", "CLICOLOR_FORCE")
"""Variables that ask for colour even if others say no."""


class Runtime:
    """Everything a run gets from its surroundings; tests pass their own."""

    def __init__(
        self,
        stdin: Stdin,
        stdout: Stdout,
        stderr: Stderr,
        environ: Mapping[str, str],
        transport: Any = None,
        sleep: Callable[[float], None] | None = None,
        now: Callable[[], float] | None = None,
        ask: Callable[[str], str] | None = None,
    ) -> None:
        """Take the streams and the environment. Tests also replace the network, the clock and the user."""
        self.stdin = stdin
        self.stdout = stdout
        self.stderr = stderr
        self.redactor = stderr.redactor
        """Each secret of the run is registered here as soon as it is known."""
        self.environ = environ
        self.transport = transport
        """A `Transport` of `http/`, in place of the network."""
        self.sleep = sleep or time.sleep
        self.now = now or time.time
        self.server_clock = ServerClock(self.now)
        self.monotonic = now or time.monotonic
        """A clock that is never set, for measuring how long something takes."""
        self.ask = ask
        """Asks a question and returns the reply, in place of the terminal."""

    def say(self, text: str, *, is_error: bool = False) -> None:
        """Print a text for people on its own line of stderr; at a terminal, wrapped between words."""
        if self.stderr.log:
            self.stderr.log(text, is_error)
            return
        if self.stderr.is_terminal:
            from ant_cli.runtime.screen import terminal_size, wrap_message

            # Secrets are redacted first: one with a space in it would not be found on two lines.
            text = wrap_message(
                self.redactor.redact(text), terminal_size(self.stderr, self.environ)[0]
            )
        self.stderr.write(text + "\n")

    def hint(self, text: str) -> None:
        """Print a hint for people on stderr, unless ANT_NO_HINTS is set."""
        if not self.environ.get(variables.NO_HINTS):
            self.say(text)

    def shows_colour(self, stream: Stream) -> bool:
        """Whether text on a stream has colour, which is decided only here.

        A terminal has colour unless NO_COLOR is set. NO_COLOR wins over FORCE_COLOR, which wins over CLICOLOR and
        TERM.
        """
        environ = self.environ
        if not stream.is_terminal or environ.get("NO_COLOR"):
            return False
        if any(environ.get(name, "") not in ("", "0", "false") for name in _FORCE_COLOR_VARS):
            return True
        return environ.get("CLICOLOR") != "0" and environ.get("TERM") != "dumb"
