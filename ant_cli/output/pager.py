"""The pager: a list longer than the screen goes through `less`, or the program that the user prefers.

Output is held back until it fills the screen or ends: only then is it known whether to page it.
"""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from types import TracebackType

from ant_cli.output.look import Look
from ant_cli.runtime import Runtime

VARIABLES = ("ANT_PAGER", "PAGER")
DEFAULT = "less -FRX"
READ_AHEAD = 4096
"""The bytes that may wait in the pipe to the pager: few, so that pages are fetched only as they are read."""
QUIET = ("", "cat")
"""Values that turn paging off."""


class Left(BaseException):
    """The user left the pager. Not an Exception: nothing that waits for the server may catch it."""


class Pager:
    """Takes the place of stdout, for output that is safe to show. A `with` ends when the user is done."""

    def __init__(self, runtime: Runtime, look: Look, before_start: Callable[[], None]) -> None:
        self._stdout = runtime.stdout
        self._environ = runtime.environ
        self._look = look
        self._before_start = before_start
        self._command = command_of(runtime.environ, runtime.stderr.say)
        self._held = b""
        self._program: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Callable[[bytes], None]:
        return self.write

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self._write_held()
        finally:
            if self._program:
                leave_to_user(self._program)
        if kind is Left:
            raise BrokenPipeError from None

    def show(self, parts: Iterable[bytes]) -> None:
        """Show each part as it comes, and stop waiting for the next one as soon as the user leaves.

        Raises:
            BrokenPipeError: if the user has left the pager.

        """
        coming = iter(parts)
        with self as write:
            while (part := self._next(coming)) is not None:
                write(part)

    def _next(self, parts: Iterator[bytes]) -> bytes | None:
        if not self._program:
            return next(parts, None)
        with heeding_end(self._program):
            return next(parts, None)

    def write(self, data: bytes) -> None:
        """Write it, hold it back, or hand it to the pager.

        Raises:
            BrokenPipeError: if the user has left the pager.

        """
        if self._program:
            self._feed(data)
        elif not self._command:
            self._stdout.write(data, trusted=True)
        else:
            self._held += data
            if lines_of(self._held, self._look.width) >= self._look.height:
                self._start()

    def _start(self) -> None:
        self._before_start()
        environ = {"LESS": "FRX", "LV": "-c", **self._environ}
        try:
            self._program = subprocess.Popen(
                self._command,
                stdin=subprocess.PIPE,
                stdout=self._stdout.descriptor,
                env=environ,
                pipesize=READ_AHEAD,
            )
        except (OSError, ValueError):  # no such program after all, or no real terminal
            self._command = []
        self._write_held()

    def _write_held(self) -> None:
        data, self._held = self._held, b""
        if data and self._program:
            self._feed(data)
        elif data:
            self._stdout.write(data, trusted=True)

    def _feed(self, data: bytes) -> None:
        if not self._program or not self._program.stdin or self._program.poll() is not None:
            raise BrokenPipeError
        self._program.stdin.write(data)
        self._program.stdin.flush()


@contextmanager
def heeding_end(program: subprocess.Popen[bytes]) -> Iterator[None]:
    """Raise Left as soon as a program has ended, whatever the body of the `with` waits for.

    SIGCHLD does it, because a signal interrupts a wait in the operating system. On Windows, which has none, the
    end shows at the next write.
    """
    if not hasattr(signal, "SIGCHLD"):
        yield
        return

    def leave_if_ended(*_: object) -> None:
        if has_ended(program):  # and was not merely stopped by Ctrl-Z
            raise Left

    before = signal.getsignal(signal.SIGCHLD)
    try:
        signal.signal(signal.SIGCHLD, leave_if_ended)
        leave_if_ended()  # it may have ended before
        yield
    finally:
        signal.signal(signal.SIGCHLD, before)


def has_ended(program: subprocess.Popen[bytes]) -> bool:
    """Whether a program has ended. Popen.poll() can't tell in a signal handler that interrupts a poll()."""
    try:
        return os.waitpid(program.pid, os.WNOHANG) != (0, 0)
    except ChildProcessError:  # poll() has reaped it
        return True


def leave_to_user(program: subprocess.Popen[bytes]) -> None:
    """Wait until the user leaves the pager, which alone gets Ctrl-C meanwhile."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        program.communicate()
    finally:
        signal.signal(signal.SIGINT, before)


def command_of(environ: Mapping[str, str], warn: Callable[[str], None]) -> list[str]:
    """Return the words of the pager's command; an empty list for no pager."""
    variable = next((name for name in VARIABLES if name in environ), None)
    text = environ[variable] if variable else DEFAULT
    if text.strip() in QUIET or (variable is None and environ.get("TERM") == "dumb"):
        return []
    try:
        words = shlex.split(text)
    except ValueError:
        words = [text]
    if not shutil.which(words[0], path=environ.get("PATH")):
        if variable:
            warn(f"Note: the pager {words[0]!r} from {variable} was not found, so the list is not paged.")
        return []
    return words


def lines_of(data: bytes, width: int) -> int:
    """Return how many lines of the screen it takes, or a few more: escape sequences count as if they showed."""
    return sum(1 + max(0, len(line) - 1) // width for line in data.split(b"\n")) - 1
