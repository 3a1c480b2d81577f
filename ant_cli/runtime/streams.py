"""Standard input, output and error: what they are connected to, and what may go through them.

Everything for people passes `Stderr.write`, which takes out the run's secrets: no other place has to
remember to.
"""

from __future__ import annotations

import io
import os
import stat

from ant_cli.errors import OutputError, UsageError
from ant_cli.runtime.sanitize import escape_controls

TYPE_CHECKING = False  # as typing has it, whose import alone would double the time of `ant --version`
if TYPE_CHECKING:
    from typing import BinaryIO

INPUT_LIMIT = 10_000_000
"""The most bytes that are read from stdin or a file: the API takes no larger request."""
ERASE_LINE = "\r\x1b[K"
"""Moves the cursor to the start of its line, and erases the line."""
PATIENCE_S = 1.0
"""How long a pipe may be silent before it is taken for one in which nothing will come."""


class Stream:
    """One of the three streams, if it is open."""

    def __init__(self, file: BinaryIO | None) -> None:
        self._file = file

    @property
    def is_terminal(self) -> bool:
        """Whether a person is at its other end."""
        return self._file is not None and self._file.isatty()

    @property
    def descriptor(self) -> int:
        """The operating system's number for it. ValueError or OSError if it has none."""
        if self._file is None:
            raise ValueError("the stream is closed")
        return self._file.fileno()


class Stdin(Stream):
    """Standard input, which can be read once."""

    def __init__(self, file: BinaryIO | None, patience_s: float = PATIENCE_S) -> None:
        super().__init__(file)
        self._patience_s = patience_s
        self.taken = False
        """Whether it was read already."""

    @property
    def has_input(self) -> bool:
        """Whether something is piped or redirected in: not a terminal, /dev/null, or nothing at all."""
        if self._file is None or self.taken:
            return False
        try:
            mode = os.fstat(self._file.fileno()).st_mode
        except (OSError, ValueError):
            return False
        return not stat.S_ISCHR(mode)

    def stays_silent(self) -> bool:
        """Wait `patience_s` seconds, and return whether neither data nor end of file arrived."""
        if self._file is None or os.name == "nt":  # select takes only sockets there
            return False
        import select

        ready, _, _ = select.select([self._file], [], [], self._patience_s)
        return not ready

    def read(self) -> bytes:
        """Read it to its end.

        Raises:
            UsageError: if it was read before, is closed or unreadable, or holds more than `INPUT_LIMIT` bytes.

        """
        if self.taken:
            raise UsageError("standard input can be read only once, and it was asked for twice.")
        self.taken = True
        if self._file is None:
            raise UsageError("standard input is closed.")
        try:
            return read_limited(self._file, "standard input")
        except (OSError, ValueError) as error:
            raise UsageError(f"standard input can't be read: {os_error_text(error)}.") from None

    def read_line(self) -> str:
        """Read a line that a person types; empty at the end of the input."""
        if self._file is None:
            return ""
        return self._file.readline().decode("utf-8", "replace").strip()


def read_limited(file: BinaryIO, name: str) -> bytes:
    """Read a file to its end. Raises UsageError once it exceeds `INPUT_LIMIT`."""
    parts, size = [], 0
    while (part := file.read(INPUT_LIMIT + 1)) != b"":
        if part is None:  # a process that shares the pipe made it non-blocking
            _wait_for(file, reading=True)
            continue
        parts.append(part)
        size += len(part)
        if size > INPUT_LIMIT:
            raise UsageError(f"{name} holds more than {INPUT_LIMIT // 1_000_000} MB, which is the limit.")
        if file.isatty():  # Ctrl-D ended it; another read would want it again
            break
    return b"".join(parts)


def read_file(path: str, where: str, hint: str = "") -> bytes:
    """Read a file of at most `INPUT_LIMIT` bytes; `where` is the flag that names it.

    Raises:
        UsageError: if it can't be read, or is larger.

    """
    from pathlib import Path

    if not path:
        raise UsageError(f"{where}: the name of the file is missing.", hint)
    try:
        with Path(path).open("rb") as file:
            return read_limited(file, f"{where}: {path}")
    except (OSError, ValueError) as error:
        raise UsageError(f"{where}: {path!r} can't be read: {os_error_text(error)}.", hint) from None


def decode(data: bytes, name: str) -> str:
    """Return text in UTF-8 without a byte order mark.

    Raises:
        UsageError: if it is not UTF-8; with the position of the first byte that is not.

    """
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UsageError(
            f"{name} is not text in UTF-8: byte {error.start + 1} is 0x{data[error.start]:02x}."
        ) from None


def write_all(file: BinaryIO, data: bytes) -> None:
    """Write all of `data` unbuffered: a buffer's rest would delay the end of an interrupted run."""
    rest = memoryview(data)
    while rest:
        written = file.write(rest)
        if written is None:  # non-blocking, as above
            _wait_for(file, reading=False)
        else:
            rest = rest[written:]
    file.flush()


def _wait_for(file: BinaryIO, *, reading: bool) -> None:
    import select

    select.select([file] if reading else [], [] if reading else [file], [])


def os_error_text(error: Exception) -> str:
    """Return the operating system's message for an error, without number and file name."""
    return (getattr(error, "strerror", None) or str(error)).lower()


class Stdout(Stream):
    """Standard output: results, in UTF-8 whatever the locale, and nothing else."""

    def write(self, data: bytes, *, escape: bool = True) -> None:
        """Write `data` unbuffered; on a terminal with control characters escaped, unless `escape` is false.

        Raises:
            BrokenPipeError: if nobody reads any more, as behind `| head`.
            OutputError: if it can't be written.

        """
        if self._file is None:
            raise OutputError("standard output is closed, so the result can't be written.")
        if escape and self.is_terminal:
            data = escape_controls(data.decode("utf-8", "backslashreplace")).encode("utf-8", "backslashreplace")
        try:
            write_all(self._file, data)
        except BrokenPipeError:
            raise
        except (OSError, ValueError) as error:
            raise OutputError(f"the result can't be written to standard output: {os_error_text(error)}.") from None


class Stderr(Stream):
    """Standard error: everything for people, without the run's secrets."""

    def __init__(self, file: BinaryIO | None) -> None:
        super().__init__(file)
        self._held: BinaryIO | None = None
        self._secrets: list[str] = []

    def register_secret(self, secret: str) -> None:
        """Redact `secret` from everything written from here on."""
        if secret and secret not in self._secrets:
            self._secrets.append(secret)

    def redact(self, text: str) -> str:
        """Return the text with every registered secret replaced, also where it is escaped or encoded."""
        from ant_cli.runtime.redaction import redact

        return redact(text, self._secrets)

    def redact_body(self, body: bytes) -> bytes:
        """Return a response body without secrets, and register those that it contains."""
        from ant_cli.runtime.redaction import secrets_in

        for secret in secrets_in(body):
            self.register_secret(secret)
        return self.redact(body.decode("utf-8", "surrogateescape")).encode("utf-8", "surrogateescape")

    def write(self, text: str) -> None:
        """Write a text with secrets redacted and control characters escaped, also in a pipe.

        A log is shown on a terminal sooner or later. A failure is ignored: there is nowhere to report it.
        """
        self._write(escape_controls(self.redact(text)))

    def draw(self, line: str) -> None:
        """Replace the text of the terminal's current line. It must fit on the screen."""
        self._write(ERASE_LINE + escape_controls(self.redact(line)))

    def _write(self, text: str) -> None:
        if self._file is None:
            return
        try:  # noqa: SIM105 - contextlib would cost more time than all of this
            write_all(self._file, text.encode("utf-8", "backslashreplace"))
        except (OSError, ValueError):
            pass

    def buffer(self) -> None:
        """Buffer writes until `flush`, and act as a non-terminal: a full-screen view is active meanwhile."""
        self._held, self._file = self._file, io.BytesIO()

    def flush(self) -> None:
        """Write what was buffered."""
        kept, self._file = self._file, self._held
        if isinstance(kept, io.BytesIO):
            self.write(kept.getvalue().decode())

    def say(self, text: str) -> None:
        """Write a text as a line of its own."""
        self.write(text + "\n")
