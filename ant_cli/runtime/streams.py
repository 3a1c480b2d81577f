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

from ant_cli.errors import OutputError, UsageError, os_error_text
from ant_cli.runtime.light_typing import TYPE_CHECKING, BinaryIO
from ant_cli.runtime.sanitize import escape_controls

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ant_cli.runtime.background_writer import BackgroundWriter

LONGEST_SHOWN = 1_000_000
"""The most bytes of a body that are shown. Looking for secrets in more would take too long."""
_MAYBE_CUT = 50_000
"""How many characters at the end of a cut text may belong to a secret. One character of it may take up to 12."""
_MOST_RECEIVED = 50
"""How many secrets from responses are redacted. A server may send any number, and each slows down every message."""
_PATIENCE_AT_END_S = 1.0
"""How long the end of a program waits for a reader of stderr who reads nothing."""
_POLL_S = 0.02
"""How often Windows is asked whether a pipe has data."""
PATIENCE_S = 1.0
"""How many seconds to wait for a silent pipe."""


def _directly(write: Callable[[], None]) -> None:
    write()


class Stream:
    """One of the three streams, which may be closed."""

    def __init__(self, file: BinaryIO | None) -> None:
        self._file = file
        self.around = _directly
        """Calls each write. A live line on the same terminal is erased before and drawn after it."""

    @property
    def is_terminal(self) -> bool:
        """Whether it is a terminal. Windows says so of NUL, too, but has its own class for a console."""
        if self._file is None or not self._file.isatty():
            return False
        return sys.platform != "win32" or not isinstance(getattr(self._file, "raw", self._file), io.FileIO)

    def can_redraw(self, environ: Mapping[str, str]) -> bool:
        """Whether it is a terminal that understands escape sequences, so that text on it can be replaced."""
        return self.is_terminal and environ.get("TERM") != "dumb"

    @property
    def descriptor(self) -> int:
        """Its file descriptor. Raises ValueError or OSError without one."""
        if self._file is None:
            raise ValueError("the stream is closed")
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
        return self._file is not None and not _has_data_within(self._file.fileno(), self._patience_s)

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
        import time

        handle, end = msvcrt.get_osfhandle(descriptor), time.monotonic() + seconds
        try:
            while not _winapi.PeekNamedPipe(handle)[0]:
                if time.monotonic() > end:
                    return False
                time.sleep(_POLL_S)
        except OSError:  # the pipe is closed, or it is no pipe
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
    return isinstance(error, BrokenPipeError) or (sys.platform == "win32" and error.errno == errno.EINVAL)


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
            data = escape_controls(data.decode("utf-8", "backslashreplace")).encode("utf-8", "backslashreplace")
        try:
            self.around(lambda: _write_all(file, data))
        except (OSError, ValueError) as error:
            if isinstance(error, OSError) and is_broken_pipe(error):
                raise BrokenPipeError from None
            raise OutputError(f"the result can't be written to standard output: {os_error_text(error)}.") from None


class Stderr(Stream):
    """Standard error: everything for people, with secrets redacted."""

    def __init__(self, file: BinaryIO | None) -> None:
        super().__init__(file)
        self._secrets: list[str] = []
        self._received: list[str] = []
        """The latest secrets of responses."""
        self._unbuffered: BinaryIO | None = None
        self._background: BackgroundWriter | None = None
        self.lay_out: Callable[[str], str] | None = None
        """Lays out messages on a terminal. It knows the width of the screen."""

    def register_secret(self, secret: str) -> None:
        """Redact `secret` from everything that is written from here on."""
        if secret and secret not in self._secrets:
            self._secrets.append(secret)

    def redact(self, text: str) -> str:
        """Return the text with every secret redacted, in any notation."""
        from ant_cli.runtime.redaction import redact  # late: `ant --version` needs no expressions

        return redact(text, [*self._secrets, *self._received])

    def redact_body(self, body: bytes, longest: int | None = None) -> bytes:
        """Return the body of a response with its secrets redacted. They are redacted in later text, too.

        If a body has more than `longest` bytes, only its beginning is returned, without a cut secret at the end. A
        body with more secrets than can be redacted is not shown at all.
        """
        from ant_cli.runtime.redaction import secrets_in

        new = [secret for secret in dict.fromkeys(secrets_in(body)) if secret not in self._secrets]
        if len(new) > _MOST_RECEIVED:
            return f"[redacted: it contains {len(new):,} secrets]".encode()
        self._received = [*(secret for secret in self._received if secret not in new), *new][-_MOST_RECEIVED:]
        if longest is None or len(body) <= longest:
            text = self.redact(body.decode("utf-8", "surrogateescape"))
        else:
            text = self.redact(body[:longest].decode("utf-8", "surrogateescape"))[:-_MAYBE_CUT]
        return text.encode("utf-8", "surrogateescape")

    def write(self, text: str) -> None:
        """Write a text with secrets redacted and control characters escaped, even in a pipe.

        A log is shown on a terminal sooner or later. A failure is ignored: there is nowhere to report it.
        """
        self.write_rendered(lambda: escape_controls(self.redact(text)), len(text))

    def write_rendered(self, render: Callable[[], str], size: int, *, bulk: bool = False) -> None:
        """Write what `render` returns, which must be safe to show. `size` is its approximate length.

        In the background, `render` is called there, and `bulk` texts are the first to be left out.
        """
        if self._background:
            self._background.put(render, size, bulk=bulk)
        else:
            self._write(render())

    def _write(self, text: str) -> None:
        self.around(lambda: self.draw(text))

    def draw(self, text: str) -> None:
        """Write a text of a live line, which must be safe to show."""
        if self._file is None:
            return
        try:  # noqa: SIM105 - contextlib would cost more time than all of this
            _write_all(self._file, text.encode("utf-8", "backslashreplace"))
        except (OSError, ValueError):
            pass

    def write_in_background(self, note_left_out: Callable[[int], str]) -> None:
        """Write in a thread from now on, so that nothing waits for a reader who does not read.

        `note_left_out` returns the line that says how many texts were left out meanwhile.
        """
        from ant_cli.runtime.background_writer import BackgroundWriter

        self._background = BackgroundWriter(self._write, note_left_out)

    def end_background(self) -> None:
        """Write the rest. If nobody reads it in time, nothing is written any more."""
        if self._background and not self._background.close(_PATIENCE_AT_END_S):
            self._file = None
        self._background = None

    def buffer(self) -> None:
        """Buffer what is written until `flush`, because a full screen is shown. Meanwhile it is not a terminal."""
        self._unbuffered, self._file = self._file, io.BytesIO()

    def flush(self) -> None:
        """Write what was buffered."""
        buffered, self._file = self._file, self._unbuffered
        if isinstance(buffered, io.BytesIO):
            self.write(buffered.getvalue().decode())

    def say(self, text: str) -> None:
        """Write a text on its own line; on a terminal, wrapped between words."""
        if self.lay_out and self.is_terminal:
            text = self.lay_out(text)
        self.write(text + "\n")
