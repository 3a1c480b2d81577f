"""The surroundings of a run: streams, environment, clock and transport. Signals and exit are in `process.py`."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

from ant_cli.runtime import variables
from ant_cli.runtime.light_typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ant_cli.runtime.streams import Stderr, Stdin, Stdout


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
        self.environ = environ
        self.transport = transport
        """A `Transport` of `http/`, in place of the network."""
        self.sleep = sleep or time.sleep
        self.now = now or time.time
        self.monotonic = now or time.monotonic
        """A clock that is never set, for measuring how long something takes."""
        self.ask = ask
        """Asks a question and returns the reply, in place of the terminal."""

    def hint(self, text: str) -> None:
        """Print a hint for people on stderr, unless ANT_NO_HINTS is set."""
        if not self.environ.get(variables.NO_HINTS):
            self.stderr.say(text)
