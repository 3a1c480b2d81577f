"""Read files and standard input up to a limit, with errors that say what can't be read and why."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ant_cli.errors import UsageError, os_error_text
from ant_cli.runtime.light_typing import BinaryIO

INPUT_LIMIT = 10_000_000
"""The most bytes that are read from stdin or a file. The API accepts no larger requests."""
STREAM_LIMIT = 1_000_000_000
"""The most bytes that are read from a pipe of many objects. Each may have up to `INPUT_LIMIT` bytes."""


def read_limited(file: BinaryIO, name: str) -> bytes:
    """Read a file to its end. Raises UsageError if it is longer than `INPUT_LIMIT` bytes."""
    parts, size = [], 0
    for part in _parts(file):
        parts.append(part)
        size += len(part)
        if size > INPUT_LIMIT:
            raise _too_long(name, INPUT_LIMIT)
    return b"".join(parts)


def read_or_store(file: BinaryIO, name: str, may_be_long: Callable[[bytes], bool]) -> bytes | BinaryIO:
    """Read a file to its end. If it exceeds `INPUT_LIMIT` and `may_be_long`, read it into a temporary file."""
    parts, head = _parts(file), b""
    for part in parts:
        head += part
        if len(head) > INPUT_LIMIT:
            break
    else:
        return head
    if not may_be_long(head):
        raise _too_long(name, INPUT_LIMIT)
    import tempfile
    from itertools import chain

    store: BinaryIO = tempfile.TemporaryFile()  # noqa: SIM115 - the caller reads it
    try:
        for part in chain((head,), parts):
            store.write(part)
            if store.tell() > STREAM_LIMIT:
                raise _too_long(name, STREAM_LIMIT)
    except BaseException:
        store.close()
        raise
    return store


def _parts(file: BinaryIO) -> Iterator[bytes]:
    while (part := file.read(INPUT_LIMIT + 1)) != b"":
        if part is None:  # another process made the shared pipe non-blocking
            _wait_for_data(file)
            continue
        yield part
        if file.isatty():  # Ctrl-D ended the input; another read would wait for a second Ctrl-D
            return


def _wait_for_data(file: BinaryIO) -> None:
    import select

    select.select([file], [], [])


def _too_long(name: str, limit: int) -> UsageError:
    return UsageError(f"{name} is longer than {limit // 1_000_000} MB, which is the limit.")


def read_file(path: str, where: str, hint: str = "") -> bytes:
    """Read a file of at most `INPUT_LIMIT` bytes. `where` is the flag that names it.

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
        UsageError: if it is not UTF-8, with the position of the first wrong byte.

    """
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UsageError(
            f"{name} is not text in UTF-8: byte {error.start + 1} is 0x{data[error.start]:02x}."
        ) from None
