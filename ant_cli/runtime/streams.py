"""Standard input, output and error.

Everything for people goes through `Stderr.write`, which redacts secrets and escapes control characters, so that no
caller has to remember to.
"""

from __future__ import annotations

import errno
import io
import os
import stat
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, BinaryIO

from ant_cli.errors import OutputError, UsageError, os_error_text
from ant_cli.runtime.redactor import Redactor
from ant_cli.runtime.sanitize import escape_bytes, escape_commands, escape_controls

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

_POLL_S = 0.02
"""How often Windows is asked whether a pipe has data."""
_BEGINNING = 10_000
"""How many bytes of a file are looked at, if it is not read."""
PATIENCE_S = 1.0
"""How many seconds to wait for a silent pipe."""


def directly(write: Callable[[], None]) -> None:
    """Write with nothing around it."""
    write()


class Stream:
    """One of the three streams, which may be closed."""

    def __init__(self, file: BinaryIO | None) -> None:
        self._file = file
        self._around: Callable[[Callable[[], None]], None] = directly

    @contextmanager
    def written_by(self, around: Callable[[Callable[[], None]], None]) -> Iterator[None]:
        """Call each write by `around`, which may erase a live line before it, until the context ends."""
        before, self._around = self._around, around
        try:
            yield
        finally:
            self._around = before

    @property
    def is_terminal(self) -> bool:
        """Whether it is a terminal. Windows also calls NUL one, but Python has a separate class for consoles."""
        if self._file is None or not self._file.isatty():
            return False
        return sys.platform != "win32" or not isinstance(
            getattr(self._file, "raw", self._file), io.FileIO
        )

    def can_redraw(self, environ: Mapping[str, str]) -> bool:
        """Whether it is a terminal that understands escape sequences, so that text on it can be replaced."""
        return self.is_terminal and environ.get("TERM") != "dumb"

    @property
    def descriptor(self) -> int:
        """Its file descriptor. Raises ValueError or OSError without one."""
        if self._file is None:
            raise ValueError
        return self._file.fileno()


class Stdin(Stream):
    """Standard input, which can be read once."""

    def __init__(self, file: BinaryIO | None, patience_s: float = PATIENCE_S) -> None:
        super().__init__(file)
        self._patience_s = patience_s
        self.taken = False
        """It was read."""

    @property
    def has_input(self) -> bool:
        """Whether input is piped or redirected: stdin is open, and neither a terminal nor /dev/null."""
        if self._file is None or self.taken:
            return False
        try:
            mode = os.fstat(self._file.fileno()).st_mode
        except (OSError, ValueError):
            return False
        return not stat.S_ISCHR(mode)

    def stays_silent(self) -> bool:
        """Wait up to a second for data or the end of the input. Returns whether neither arrived."""
        return self._file is not None and not _has_data_within(
            self._file.fileno(), self._patience_s
        )

    def beginning_of_file(self) -> str:
        """Return the beginning of the file that stdin is redirected from, if any, without reading it."""
        if self._file is None or sys.platform == "win32":  # has no `pread`
            return ""
        try:
            descriptor = self._file.fileno()
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                return ""
            return os.pread(descriptor, _BEGINNING, os.lseek(descriptor, 0, os.SEEK_CUR)).decode()
        except (OSError, ValueError):
            return ""

    def read(self) -> bytes:
        """Read to the end.

        Raises:
            UsageError: if it was read before, is closed or unreadable, or longer than `INPUT_LIMIT` bytes.

        """
        from ant_cli.runtime.reading import read_limited

        if self.taken:
            raise UsageError("standard input can be read only once, but two arguments need it.")
        self.taken = True
        if self._file is None:
            raise UsageError("standard input is closed.")
        try:
            return read_limited(self._file, "standard input")
        except (OSError, ValueError) as error:
            raise UsageError(f"standard input can't be read: {os_error_text(error)}.") from None

    def read_line(self) -> str:
        """Read a line that a person types, with its line break; empty at the end of the input."""
        if self._file is None:
            return ""
        from ant_cli.runtime.signals import wait_for_input

        wait_for_input(self.descriptor)
        return self._file.readline().decode("utf-8", "replace")


if sys.platform == "win32":

    def _has_data_within(descriptor: int, seconds: float) -> bool:
        """Wait for data or the end of the input. For what is not a pipe, return True at once."""
        import _winapi
        import msvcrt

        handle, end = msvcrt.get_osfhandle(descriptor), time.monotonic() + seconds
        try:
            while not _winapi.PeekNamedPipe(handle)[0]:
                if time.monotonic() > end:
                    return False
                time.sleep(_POLL_S)
        except OSError:  # the pipe is closed, or it is not a pipe
            pass
        return True
else:

    def _has_data_within(descriptor: int, seconds: float) -> bool:
        """Wait for data or the end of the input."""
        import select

        ready, _, _ = select.select([descriptor], [], [], seconds)
        return bool(ready)


def is_broken_pipe(error: OSError) -> bool:
    """Whether the reader of a pipe has closed it."""
    return isinstance(error, BrokenPipeError) or (
        sys.platform == "win32" and error.errno == errno.EINVAL
    )


def _write_all(file: BinaryIO, data: bytes) -> None:
    """Write `data` unbuffered: the rest of a buffer would delay the end of an interrupted run."""
    rest = memoryview(data)
    while rest:
        written = file.write(rest)
        if written is None:  # another process made the shared pipe non-blocking
            import select

            select.select([], [file], [])
        else:
            rest = rest[written:]
    file.flush()


class Stdout(Stream):
    """Standard output: only results, always in UTF-8."""

    def write(self, data: bytes, *, escape: bool = True) -> None:
        """Write `data` unbuffered. On a terminal, escape control characters unless `escape` is False.

        Raises:
            BrokenPipeError: if the reader has closed the pipe, as `head` does.
            OutputError: if it can't be written.

        """
        file = self._file
        if file is None:
            raise OutputError("standard output is closed, so the result can't be written.")
        if escape and self.is_terminal:
            data = escape_bytes(data)
        try:
            self._around(lambda: _write_all(file, data))
        except (OSError, ValueError) as error:
            if isinstance(error, OSError) and is_broken_pipe(error):
                raise BrokenPipeError from None
            raise OutputError(
                f"the result can't be written to standard output: {os_error_text(error)}."
            ) from None


class Stderr(Stream):
    """Standard error: everything for people, with secrets redacted."""

    def __init__(self, file: BinaryIO | None) -> None:
        super().__init__(file)
        self.redactor = Redactor()
        self._background: Callable[[Callable[[], str], int, bool], None] | None = None
        self.log: Callable[[str, bool], None] | None = None
        """Called with each message, and whether it is an error, if every line has to be an event of a log."""

    def write(self, text: str) -> None:
        """Write a text with secrets redacted, and control characters and commands of CI escaped, even in a pipe.

        A log is shown on a terminal sooner or later. A failure is ignored: there is nowhere to report it.
        """
        self.write_rendered(
            lambda: escape_commands(escape_controls(self.redactor.redact(text))), len(text)
        )

    def write_rendered(self, render: Callable[[], str], size: int, *, bulk: bool = False) -> None:
        """Write what `render` returns, which must be safe to show. `size` is its approximate length.

        In the background, `render` is called there, and `bulk` texts are the first to be left out.
        """
        if self._background is not None:
            self._background(render, size, bulk)
        else:
            self.write_safe(render())

    def write_safe(self, text: str) -> None:
        """Write a text that is safe to show, above the live line if there is one."""
        self._around(lambda: self.draw(text))

    def draw(self, text: str) -> None:
        """Write a text of a live line, which must be safe to show."""
        if self._file is None:
            return
        try:  # noqa: SIM105 - contextlib would cost more time than all of this
            _write_all(self._file, text.encode("utf-8", "backslashreplace"))
        except (OSError, ValueError):
            pass

    @contextmanager
    def in_background(self, put: Callable[[Callable[[], str], int, bool], None]) -> Iterator[None]:
        """Pass texts to `put` until the context ends, as `write_rendered` gets them, so that nothing waits."""
        self._background = put
        try:
            yield
        finally:
            self._background = None

    @contextmanager
    def redirected(self, file: BinaryIO) -> Iterator[None]:
        """Write to `file` until the context ends."""
        before, self._file = self._file, file
        try:
            yield
        finally:
            self._file = before

    def give_up(self) -> None:
        """Write nothing any more, because nobody reads."""
        self._file = None
