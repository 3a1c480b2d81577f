"""What a worker remembers of its items until it ends, because without an API key it can't write metadata."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from ant_cli.worker.endings import Run
from ant_cli.worker.failures import NEVER_RUN, History, history_in

T = TypeVar("T")
_MOST_REMEMBERED = 10_000
"""The most items that a worker remembers."""


class Latest(dict[str, T]):
    """What is known of items, by ID. Only the latest `_MOST_REMEMBERED` are kept."""

    def __setitem__(self, work_id: str, value: T) -> None:
        super().__setitem__(work_id, value)
        if len(self) > _MOST_REMEMBERED:
            del self[next(iter(self))]


class Memory:
    """All that a worker remembers of its items."""

    def __init__(self) -> None:
        self._histories = Latest[History]()
        self.unstopped = Latest[Run]()
        """How the items have ended that could not be stopped. If they come back, they do not run again."""
        self.not_done = Latest[None]()
        """The items that this worker has taken, and that are not confirmed as done."""
        self.left_to_others_until = Latest[float]()
        """Until when this worker does not take an item again, since it could not start the handler."""
        self.has_warned = False
        """Whether the log says that the handler may pass its items on to programs that it starts."""

    def history_of(self, item: Mapping[str, Any]) -> History:
        """Return the history of an item, as this worker or the item's metadata knows it."""
        remembered, recorded = self._histories.get(item["id"], NEVER_RUN), history_in(item)
        return remembered if remembered.runs >= recorded.runs else recorded

    def note(self, work_id: str, history: History) -> None:
        """Note the history of an item; one without failures is forgotten."""
        self._histories.pop(work_id, None)
        if history.runs:
            self._histories[work_id] = history

    def end_pause(self, work_id: str) -> None:
        """Let an item run as soon as it comes back."""
        self.note(work_id, self._histories.get(work_id, NEVER_RUN)._replace(retry_at=0.0))
