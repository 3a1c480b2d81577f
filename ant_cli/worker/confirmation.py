"""What the server says about an item whose handler has exited with 0. Who keeps the lease ends the item.

An exit status of 0 is a claim. An official worker also exits with 0 after it has lost the lease, or could not get
it, and a handler may have only started something. So two things are looked at before an item is stopped for good:

| the lease | the item | its session | how it ends |
| --- | --- | --- | --- |
| this worker keeps it | is stopped | | `LOST` |
| | has another lease | | `LEASE_LOST` |
| | is held by this worker | waits for a worker | `UNFINISHED` |
| | | does not | `SUCCEEDED` |
| the handler keeps it | is stopped | | `SUCCEEDED`, or `STOPPED` by `was_stopped_by_a_person` |
| | is to be stopped | | `STOP_REQUESTED` |
| | is queued, or another worker took it | | `LEASE_LOST` |
| | is held by the handler | waits for a worker | `UNFINISHED` |
| | | does not | `SUCCEEDED` |

A session of this program says at the wire whether it is done (`session_wire.py`), and is not looked at.
"""

from __future__ import annotations

from typing import Any

from ant_cli.errors import AntError
from ant_cli.input.request import is_id
from ant_cli.output.times import seconds_since_1970
from ant_cli.worker.context import WorkerContext
from ant_cli.worker.endings import Ending
from ant_cli.worker.lease import STOPPED, STOPPING, Lease
from ant_cli.worker.make_it_so import Verdict, is_still_acknowledged, look_at, taken_at
from ant_cli.worker.work_api import WorkItem, is_permanent

_NOTICED_AFTER_S = 0.5
"""A stop that somebody asks for is noticed with the next heartbeat, which usually comes later than this. That of a
handler at its end stops the item at once."""
_AT_WORK = ("running", "rescheduling")
"""The states of a session whose agent may call a tool at any moment."""


class Confirmation:
    """Look whether an item is done, as its handler claims."""

    name = "looking at the finished item"

    def __init__(self, item: WorkItem, lease: Lease, context: WorkerContext) -> None:
        self._item = item
        self._lease = lease
        self._context = context
        self.ending: Ending | None = None
        """How the item ends; None before this is known."""

    async def attempt(self) -> Verdict | None:
        """Look at the item and its session."""
        self.ending = await self._ending()
        return Verdict.DONE

    async def _ending(self) -> Ending:
        if not self._lease.held and (ending := await self._ending_of_handlers_lease()):
            return ending
        if not self._context.runs_sessions and await self._session_waits():
            return Ending.UNFINISHED
        return Ending.SUCCEEDED

    async def _ending_of_handlers_lease(self) -> Ending | None:
        """Return how an item ends whose handler kept the lease; None if nobody else has done anything about it."""
        looked_at = self._context.now()
        current = await self._look()
        state = current.get("state")
        if state == STOPPED:
            return Ending.SUCCEEDED
        if state == STOPPING:
            return Ending.STOP_REQUESTED
        if state == "queued":
            return Ending.LEASE_LOST
        if state == "starting":
            is_taken_again = taken_at(current, looked_at) > self._lease.acknowledged_by
            return Ending.LEASE_LOST if is_taken_again else None
        if state == "active":
            given = (self._item["id"], self._lease, self._context)
            return None if await is_still_acknowledged(*given) else Ending.LEASE_LOST
        return None  # this server shows nothing

    async def _look(self) -> WorkItem:
        """Return what the item is like; empty if this server shows nothing."""
        try:
            return await look_at(self._item["id"], self._context)
        except AntError as error:
            if is_permanent(error):  # the stop will be refused, too, and repeated
                return {}
            raise

    async def _session_waits(self) -> bool:
        """Whether the session needs a worker now. A key that can't look proves nothing."""
        data = self._item.get("data") or {}
        if data.get("type") != "session" or not is_id(data.get("id")):
            return False
        api, call = self._context.api, self._context.call
        try:
            session = await call(api.session, data["id"])
            if session.get("status") != "idle":
                return session.get("status") in _AT_WORK
            return waits_for_tools(await call(api.latest_events, data["id"]))
        except AntError as error:
            if is_permanent(error):
                return False
            raise


def waits_for_tools(newest_first: list[Any]) -> bool:
    """Whether an idle session waits for the result of a tool that a worker runs.

    It may also wait for a person, or for a custom tool of the application: that is none of a worker's business.
    """
    ends = (each for each in newest_first if each.get("type") == "session.status_idle")
    latest_end: dict[str, Any] = next(ends, {})
    reason = latest_end.get("stop_reason") or {}
    if reason.get("type") != "requires_action":
        return False
    calls = {each.get("id") for each in newest_first if each.get("type") == "agent.tool_use"}
    return not calls.isdisjoint(reason.get("event_ids") or ())


def was_stopped_by_a_person(stopped: WorkItem) -> bool:
    """Whether somebody asked for the stop of an item before it stopped. A handler that is done stops it at once."""
    asked, ended = stopped.get("stop_requested_at"), stopped.get("stopped_at")
    asked_at, ended_at = seconds_since_1970(str(asked)), seconds_since_1970(str(ended))
    if asked_at is None or ended_at is None:
        return False
    return ended_at - asked_at > _NOTICED_AFTER_S
