"""The pages of a list, fetched one at a time by a thread, so that the screen never waits for the network."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator


class Feed:
    """What is still to come of a list."""

    def __init__(self, pages: Iterator[list[bytes]]) -> None:
        self._pages = pages
        self.is_busy = False
        """A page is on its way. Whoever takes it resets this: pages must not overtake each other."""
        self.has_more = True
        self.error: Exception | None = None
        """What ended the list before its end."""

    def fetch(self, arrived: Callable[[list[bytes]], object]) -> None:
        """Fetch the next page in a thread, which hands it to `arrived`; nothing if one is being fetched already."""
        if self.is_busy or not self.has_more:
            return
        self.is_busy = True
        # A daemon, so that quitting does not wait for an answer that nobody wants any more.
        threading.Thread(target=lambda: arrived(self.next_page()), daemon=True).start()

    def next_page(self) -> list[bytes]:
        """Return the next page, or an empty one at the end of the list, which an error is, too."""
        try:
            page = next(self._pages, None)
        except Exception as error:  # noqa: BLE001 - it is shown on the screen, and raised when that is gone
            self.error, page = error, None
        self.has_more = page is not None
        return page or []
