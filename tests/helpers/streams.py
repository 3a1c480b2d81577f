"""Outputs that fail, or that a test waits for."""

from __future__ import annotations

import errno
import os
import threading
from typing import TYPE_CHECKING

from tests.conftest import Screen

if TYPE_CHECKING:
    from typing_extensions import Buffer


class Head(Screen):
    """A stdout that fails after some writes, because its reader leaves, or the disk is full."""

    def __init__(self, writes: int, number: int = errno.EPIPE) -> None:
        super().__init__(terminal=False)
        self.left, self.number = writes, number

    def write(self, data: Buffer) -> int:
        self.left -= 1
        if self.left < 0:
            raise OSError(self.number, os.strerror(self.number))
        return super().write(data)


class Watched(Screen):
    """A terminal on which a test waits for a text, or for anything."""

    def __init__(self, text: str = "", *, terminal: bool = True) -> None:
        super().__init__(terminal=terminal)
        self.shown = threading.Event()
        self._text = text.encode()

    def write(self, data: Buffer) -> int:
        count = super().write(data)
        if self._text in bytes(data):
            self.shown.set()
        return count
