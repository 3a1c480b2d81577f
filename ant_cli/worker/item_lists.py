"""The lists to which the items of a queue belong, for those who only look: `check`, and the exporter."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from ant_cli.worker.failures import ATTEMPTS, DEAD_LETTER, LAST_ERROR
from ant_cli.worker.work_api import LONGEST_LEASE_S, RUNNING, WorkItem, age

ListName = Literal["waiting", "running", "unheld", "dead_letters"]
LISTS: tuple[ListName, ...] = ("waiting", "running", "unheld", "dead_letters")


def list_of(item: WorkItem, now: float) -> ListName | None:
    """Return the list to which an item belongs at a time by the server's clock; None if it is done."""
    state = item.get("state")
    if DEAD_LETTER in (item.get("metadata") or {}):
        return "dead_letters"
    if state == "queued":
        return "waiting"
    if state not in RUNNING:
        return None
    return "unheld" if _is_unheld(item, now) else "running"


def _is_unheld(item: WorkItem, now: float) -> bool:
    """Whether nobody seems to hold an item: it was acknowledged, and its lease passed without a heartbeat."""
    if item.get("state") != "starting" or item.get("latest_heartbeat_at"):
        return False
    return age(item.get("acknowledged_at"), now) > LONGEST_LEASE_S


def have_counts(items: Iterable[WorkItem]) -> bool:
    """Whether a worker writes the failures of these items into their metadata, so that dead letters are known."""
    keys = {key for item in items for key in item.get("metadata") or ()}
    return not keys.isdisjoint((ATTEMPTS, DEAD_LETTER, LAST_ERROR))
