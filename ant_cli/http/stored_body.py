"""The body of a response: in memory while it is small, and in a temporary file when it gets large."""

from __future__ import annotations

from collections.abc import Iterator

from ant_cli.runtime.light_typing import TYPE_CHECKING

if TYPE_CHECKING:
    from io import FileIO

_LARGE = 16_000_000
"""The size in bytes from which a body is stored in a file."""
_PART = 1_000_000
BOM = b"\xef\xbb\xbf"


class StoredBody:
    """The part of a body that has been received, without a byte order mark."""

    _file: FileIO | None = None
    """A class attribute, so that `__del__` finds it even if a signal interrupts `__init__`."""

    def __init__(self) -> None:
        self.size = 0
        self._parts: list[bytes] = []

    def __del__(self) -> None:
        if self._file is not None:
            self._file.close()

    @property
    def is_large(self) -> bool:
        """Whether it is in a file, and should be read in parts."""
        return self._file is not None

    def append(self, chunk: bytes) -> None:
        """Add received data. Raises OSError if there is no room for a temporary file."""
        self.size += len(chunk)
        if self._file is not None:
            self._write(chunk)
            return
        self._parts.append(chunk)
        if self.size > _LARGE:
            import tempfile

            # Its name is removed before anything is written. Until then, only this user can open it (0600).
            self._file = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115 - closed with this object
            self._write(b"".join(self._parts))
            self._parts.clear()

    def _write(self, data: bytes) -> None:
        rest = memoryview(data)
        while rest and self._file is not None:
            rest = rest[self._file.write(rest) :]

    def parts(self) -> Iterator[bytes]:
        """Yield it from the beginning."""
        if self._file is None:
            yield self.whole()
            return
        self._file.seek(0)
        part = self._file.read(_PART).removeprefix(BOM)
        while part:
            yield part
            part = self._file.read(_PART)

    def whole(self) -> bytes:
        """Return the whole body, in memory."""
        if self._file is None:
            if len(self._parts) > 1:
                self._parts = [b"".join(self._parts)]
            return self._parts[0].removeprefix(BOM) if self._parts else b""
        self._file.seek(0)
        if self._file.read(len(BOM)) != BOM:
            self._file.seek(0)
        return self._file.read()
