"""The pages of a list, fetched one at a time by a thread, so that the screen never waits for the network."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator


class Feed:
    """The pages of a list that have not been fetched yet."""

    def __init__(self, pages: Iterator[list[bytes]]) -> None:
        self._pages = pages
        self.is_busy = False
        """Whether a page is being fetched. The receiver resets this, so that pages arrive in order."""
        self.has_more = True
        self.error: Exception | None = None
        """The error that cut the list short."""

    def fetch(self, arrived: Callable[[list[bytes]], object]) -> None:
        """Unless a page is already being fetched, fetch the next one in a thread, and pass it to `arrived`."""
        if self.is_busy or not self.has_more:
            return
        self.is_busy = True
        # A daemon thread, so that quitting does not wait for a response that is no longer needed.
        threading.Thread(target=lambda: arrived(self.next_page()), daemon=True).start()

    def next_page(self) -> list[bytes]:
        """Return the next page; an empty one at the end of the list, or after an error."""
        try:
            page = next(self._pages, None)
        except Exception as error:  # noqa: BLE001 - shown on the screen, and raised after it has closed
            self.error, page = error, None
        self.has_more = page is not None
        return page or []
