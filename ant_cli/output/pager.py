"""The pager: a list longer than the screen is shown in `less`, or in the user's preferred program.

Output is held back until it fills the screen or ends: only then is it known whether to page it.

The user may quit the pager while the next page is still being fetched, and the run must end then, not when the
server responds. A thread could not interrupt that wait, and polling would delay every page; a signal does
interrupt it. So, during each wait, a handler for SIGCHLD checks whether the pager has ended, and raises
`PagerClosed`. The exception can surface in any frame of the HTTP client, so it is a BaseException: code that
handles network errors must not catch it. It leaves the pager's `with` as the BrokenPipeError of a closed pipe.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from time import monotonic
from types import TracebackType

from ant_cli.output.terminal import Style, cell_width
from ant_cli.runtime import Runtime, shell
from ant_cli.runtime.streams import is_broken_pipe

_VARIABLES = ("ANT_PAGER", "PAGER")
_DEFAULT = "less -FRX"
_PIPE_SIZE = 4096
"""How many bytes the pipe to the pager buffers. They are few, so that pages are fetched only as they are read."""
_NO_PAGER = ("", "cat")
"""Values that turn paging off."""
_FAILS_WITHIN_S = 2.0
"""A pager that exits with an error this soon after its start has shown nothing: nobody quits that fast."""


_COLOUR = re.compile(rb"\x1b\[[\d;]*m")
"""Text that fills no cell. It is not counted, because a pager fills the rest of a partly used screen with `~`."""


class PagerClosed(BaseException):
    """The user quit the pager. Not an Exception, so that no code that waits for the server catches it."""


class Pager:
    """Replaces stdout for output that is safe to show. Its `with` block ends when the user quits the pager."""

    def __init__(
        self, runtime: Runtime, style: Style, before_start: Callable[[], None], *, has_header: bool = False
    ) -> None:
        """With `has_header`, the first line stays on the screen, if the pager can do that."""
        self._stdout = runtime.stdout
        self._environ = runtime.environ
        self._style = style
        self._before_start = before_start
        self._has_header = has_header
        self._warn = runtime.stderr.say
        self._command = command_of(runtime.environ, self._warn)
        self._held = b""
        self._program: subprocess.Popen[bytes] | None = None
        self._started_at = 0.0
        self._fed = b""
        """What was written to the pager, while it may still fail."""
        self._failed = False

    def __enter__(self) -> Callable[[bytes], None]:
        return self.write

    def __exit__(
        self, exception_type: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self._write_held()
        finally:
            if self._program:
                _wait_for_pager(self._program)
                self._print_if_failed()
        if exception_type is PagerClosed:
            raise BrokenPipeError from None

    def show(self, parts: Iterable[bytes]) -> None:
        """Show each part as it arrives, and stop waiting for the next one as soon as the user quits.

        Raises:
            BrokenPipeError: if the user has quit the pager.

        """
        iterator = iter(parts)
        with self as write:
            while (part := self._next(iterator)) is not None:
                write(part)

    def _next(self, parts: Iterator[bytes]) -> bytes | None:
        if not self._program:
            return next(parts, None)
        with watch_for_exit(self._program, unless=self._has_failed):
            return next(parts, None)

    def write(self, data: bytes) -> None:
        """Write data to stdout or the pager, or hold it back until it fills the screen.

        Raises:
            BrokenPipeError: if the user has quit the pager.

        """
        if self._program:
            self._feed(data)
        elif not self._command:
            self._stdout.write(data, escape=False)
        else:
            self._held += data
            if lines_of(self._held, self._style.width) >= self._style.height:
                self._start()

    def _start(self) -> None:
        self._before_start()
        self._started_at = monotonic()
        environ = {"LESS": "FRX", "LV": "-c", **self._environ}
        header = ["--header=1"] if self._has_header and _keeps_header(self._command[0], environ) else []
        try:
            self._program = subprocess.Popen(
                [*self._command, *header],
                stdin=subprocess.PIPE,
                stdout=self._stdout.descriptor,
                env=environ,
                pipesize=_PIPE_SIZE,
            )
        except (OSError, ValueError):  # the file is not executable, or stdout is not a real terminal
            self._command = []
        self._write_held()

    def _write_held(self) -> None:
        data, self._held = self._held, b""
        if data and self._program:
            self._feed(data)
        elif data:
            self._stdout.write(data, escape=False)

    def _feed(self, data: bytes) -> None:
        if not self._program or not self._program.stdin:
            raise BrokenPipeError
        self._fed = self._fed + data if self._failed or self._is_new() else b""
        try:
            if self._program.poll() is not None:
                raise BrokenPipeError
            self._program.stdin.write(data)
            self._program.stdin.flush()
        except OSError as error:
            if not is_broken_pipe(error):
                raise
            with suppress(subprocess.TimeoutExpired):  # it has closed the pipe, but may not have exited yet
                self._program.wait(_FAILS_WITHIN_S)
            if not self._print_if_failed():
                raise BrokenPipeError from None

    def _is_new(self) -> bool:
        return monotonic() - self._started_at < _FAILS_WITHIN_S

    def _has_failed(self) -> bool:
        """Whether the pager has exited with an error before it could show anything. Once true, it stays true."""
        status = self._program.returncode if self._program else None
        self._failed = self._failed or bool(status and status > 0 and self._is_new())
        return self._failed

    def _print_if_failed(self) -> bool:
        """Print the text that a failed pager was given, and continue without one. Return whether it has failed."""
        if not self._program or not self._has_failed():
            return False
        program, self._program = self._program, None
        command = " ".join(map(shell.quote, self._command))
        self._warn(f"Note: the pager failed with exit status {program.returncode}: {command}")
        self._command = []
        if program.stdin:
            with suppress(BrokenPipeError):
                program.stdin.close()
        self._stdout.write(self._fed, escape=False)
        return True


@contextmanager
def watch_for_exit(program: subprocess.Popen[bytes], unless: Callable[[], bool] = lambda: False) -> Iterator[None]:
    """Raise PagerClosed as soon as a program ends while the body of the `with` waits, `unless` it has failed.

    Windows has no SIGCHLD; there, the next write fails instead.
    """
    if sys.platform == "win32":
        yield
        return

    def raise_if_ended(*_: object) -> None:
        if _has_ended(program) and not unless():  # SIGCHLD also reports a pager that Ctrl-Z has stopped
            raise PagerClosed

    before = signal.getsignal(signal.SIGCHLD)
    try:
        signal.signal(signal.SIGCHLD, raise_if_ended)
        raise_if_ended()  # it may have ended before the handler was installed
        yield
    finally:
        signal.signal(signal.SIGCHLD, before)


def _has_ended(program: subprocess.Popen[bytes]) -> bool:
    """Whether a program has ended. Unlike Popen.poll(), this works in a signal handler that interrupts a poll()."""
    if sys.platform == "win32":
        return program.poll() is not None
    try:
        pid, status = os.waitpid(program.pid, os.WNOHANG)
    except ChildProcessError:  # poll() has reaped it
        return True
    if pid:
        program.returncode = os.waitstatus_to_exitcode(status)  # poll() could not find out any more
    return pid != 0


def _wait_for_pager(program: subprocess.Popen[bytes]) -> None:
    """Wait until the user quits the pager. Only the pager handles Ctrl-C meanwhile."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        program.communicate()
    finally:
        signal.signal(signal.SIGINT, before)


def command_of(environ: Mapping[str, str], warn: Callable[[str], None]) -> list[str]:
    """Return the arguments of the pager's command; an empty list for no pager."""
    variable = next((name for name in _VARIABLES if name in environ), None)
    text = environ[variable] if variable else _DEFAULT
    if text.strip() in _NO_PAGER or (variable is None and environ.get("TERM") == "dumb"):
        return []
    try:
        args = shell.split(text)
    except ValueError:
        args = [text]
    program = shutil.which(args[0], path=environ.get("PATH"))
    if program is None:
        if variable:
            warn(f"Note: the pager {args[0]!r} from {variable} was not found, so the list is not paged.")
        return []
    return [program, *args[1:]]


def _keeps_header(program: str, environ: Mapping[str, str]) -> bool:
    """Whether a program is a `less` that can keep the first line on the screen: version 600 or later."""
    if program.rpartition("/")[2] != "less":
        return False
    try:
        done = subprocess.run([program, "--version"], env=environ, capture_output=True, timeout=5, check=False)
    except (OSError, subprocess.SubprocessError):
        return False
    version = re.match(rb"less (\d+)", done.stdout)
    return version is not None and int(version[1]) >= 600


def lines_of(data: bytes, width: int) -> int:
    """Return how many lines of the screen `data` fills."""
    lines = _COLOUR.sub(b"", data).decode("utf-8", "replace").split("\n")
    return sum(1 + max(0, cell_width(line) - 1) // width for line in lines) - 1
