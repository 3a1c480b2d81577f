"""Read files and standard input up to a limit, with errors that say what can't be read and why."""

from __future__ import annotations

from typing import BinaryIO

from ant_cli.errors import UsageError, os_error_text

INPUT_LIMIT = 100_000_000
"""The most bytes that are read from stdin or from a file of the user."""
_PART = 1_000_000
_UTF16_HINT = "Windows PowerShell writes it with >. To write UTF-8 instead: ... | Set-Content -Encoding utf8 FILE"


def read_limited(file: BinaryIO, name: str) -> bytes:
    """Read a file to its end. Raises UsageError if it is longer than `INPUT_LIMIT` bytes."""
    parts, size = [], 0
    while size <= INPUT_LIMIT:
        part = file.read(_PART)
        if part is None:  # another process made the shared pipe non-blocking
            import select  # late: 0.2 ms of `--local list`

            select.select([file], [], [])
            continue
        parts.append(part)
        size += len(part)
        if not part or file.isatty():  # at a terminal, another read would wait for a second Ctrl-D
            return b"".join(parts)
    raise UsageError(f"{name} is longer than {INPUT_LIMIT // 1_000_000} MB, which is the limit.")


def read_file(path: str, where: str, hint: str = "") -> bytes:
    """Read a file of at most `INPUT_LIMIT` bytes. `where` is the flag that names it.

    Raises:
        UsageError: if it can't be read, or is larger.

    """
    if not path:
        raise UsageError(f"{where}: the name of the file is missing.", hint)
    try:
        with open(path, "rb") as file:  # noqa: PTH123 - pathlib takes long to import
            return read_limited(file, f"{where}: {path}")
    except (OSError, ValueError) as error:
        raise UsageError(
            f"{where}: {path!r} can't be read: {os_error_text(error)}.", hint
        ) from None


def decode(data: bytes, name: str) -> str:
    """Return text in UTF-8 without a byte order mark.

    Raises:
        UsageError: if it is not UTF-8, with the position of the first wrong byte.

    """
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):  # the byte order marks
        raise UsageError(f"{name} is text in UTF-16, which must be UTF-8.", _UTF16_HINT)
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UsageError(
            f"{name} is not text in UTF-8: byte {error.start + 1} is 0x{data[error.start]:02x}."
        ) from None
