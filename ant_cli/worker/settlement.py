"""What happens to an item when its handler has ended: the rules, as pure functions."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum

from ant_cli.runtime.light_typing import Any, NamedTuple
from ant_cli.worker.options import PollOptions

ATTEMPTS, LAST_ERROR, DEAD_LETTER = "ant_attempts", "ant_last_error", "ant_dead_letter"
"""Metadata keys that count attempts and record failures, because the API has no counter."""
UNREPORTED = "ant_unreported"
"""Metadata key: runs that were started and whose end was not reported."""
EX_TEMPFAIL = 75
"""The exit status (of `sysexits.h`) with which a handler gives its item back without counting a failure."""
_CANNOT_RUN = (126, 127)
"""What shells exit with if a program can't be run, or does not exist. It says nothing about the item."""
_LONGEST_REASON = 500
"""The API's metadata values are short texts."""
_MOST_HISTORIES = 10_000
"""The most items that a worker remembers."""


Metadata = dict[str, str | None]
"""Keys to set; None deletes one."""
_DONE: Metadata = {ATTEMPTS: None, LAST_ERROR: None, UNREPORTED: None}
"""What becomes of the metadata of an item that needs no further run."""


class Ending(StrEnum):
    """How a run of a handler ended."""

    EXITED = "exited"
    TIMED_OUT = "timed_out"
    STOP_REQUESTED = "stop_requested"
    STOPPED = "stopped"
    """The item has been stopped, maybe by the handler itself: the SDKs' workers do that at the end of a session."""
    LEASE_LOST = "lease_lost"
    """The item is queued again, or another worker has it. It must not be run or stopped here."""
    SHUT_DOWN = "shut_down"
    """The worker had to end before the handler did."""
    NEEDS_LEASE = "needs_lease"
    """The handler wanted to hold the lease, but the worker held it."""


class Run(NamedTuple):
    """A finished run of a handler."""

    ending: Ending
    status: int = 0
    """The exit status; negative for the number of a signal, as in subprocess."""
    last_words: str = ""
    """The last lines of its stderr, without secrets."""


class Outcome(StrEnum):
    """The outcome of a run, as metrics and the log name it."""

    SUCCEEDED = "succeeded"
    FAILED = "failed"
    TIMED_OUT = "timed_out"
    LEASE_LOST = "lease_lost"
    CANCELLED = "cancelled"
    DEAD_LETTER = "dead_letter"
    GIVEN_BACK = "given_back"


class Fate(StrEnum):
    """What is done about an item."""

    STOP = "stop"
    GIVE_BACK = "give_back"
    """End its lease, so that it is queued again."""
    LEAVE = "leave"
    """Do nothing: another worker has it, or the handler passed it on."""


class Settlement(NamedTuple):
    """What to do with an item, and how to change its metadata."""

    outcome: Outcome
    fate: Fate
    metadata: Metadata
    reason: str = ""
    """Why it did not succeed."""
    handler_is_broken: bool = False
    """The next item would fail, too, so wait before taking it."""


class History(NamedTuple):
    """The earlier runs of an item, as far as they are known."""

    failures: int
    unreported: int
    """Runs whose end nobody reported: their worker was killed, or lost the lease."""

    @property
    def attempts(self) -> int:
        """How many runs of the item were not successful."""
        return self.failures + self.unreported


class Memory:
    """What a worker remembers of its items and of its handlers until it ends.

    The API does not count the runs of an item, and only an API key may write metadata.
    """

    def __init__(self) -> None:
        self._histories: dict[str, History] = {}
        self.handler_beats = False
        """A handler of this worker has sent heartbeats."""
        self.handler_is_silent = False
        """The last handler had time for a heartbeat and sent none."""

    def history_of(self, item: Mapping[str, Any]) -> History:
        """Return the history of an item, as this worker or the item's metadata knows it."""
        known = self._histories.get(item["id"], History(0, 0))
        told = History(_count(item, ATTEMPTS), _count(item, UNREPORTED))
        return known if known.attempts >= told.attempts else told

    def note(self, work_id: str, history: History, outcome: Outcome) -> None:
        """Note how a run ended."""
        self.handler_is_silent &= outcome is Outcome.SUCCEEDED
        self._histories.pop(work_id, None)
        if outcome in (Outcome.FAILED, Outcome.TIMED_OUT):
            self._histories[work_id] = History(history.attempts + 1, 0)
        elif outcome is Outcome.LEASE_LOST:
            self._histories[work_id] = history._replace(unreported=history.unreported + 1)
        elif outcome is Outcome.GIVEN_BACK and history.attempts:
            self._histories[work_id] = history
        if len(self._histories) > _MOST_HISTORIES:
            del self._histories[next(iter(self._histories))]


def _count(item: Mapping[str, Any], key: str) -> int:
    text = str((item.get("metadata") or {}).get(key, ""))
    return int(text) if text.isascii() and text.isdigit() and len(text) < 6 else 0


def may_have_run(
    polled: Mapping[str, Any], acknowledged: Mapping[str, Any], history: History, lease_s: float
) -> bool:
    """Whether an item may have been run before, so that the start should be counted, which costs a request.

    A worker that was killed still holds its item for a whole lease. So an item that was acknowledged within one
    lease of its creation, by the server's clock, is new, unless the server or the metadata says otherwise.
    """
    if history.attempts or polled.get("acknowledged_at") or polled.get("started_at"):
        return True
    try:
        created, taken = (
            datetime.fromisoformat(str(acknowledged.get(key))) for key in ("created_at", "acknowledged_at")
        )
        return (taken - created).total_seconds() >= lease_s
    except (ValueError, TypeError):  # a time is missing, or only one has a time zone
        return True


def give_up(history: History, options: PollOptions) -> Settlement | None:
    """Return the settlement of an item that was already tried too often; None to try it again."""
    if history.attempts < options.attempts:
        return None
    reason = (
        f"the end of {history.unreported} of them was never reported: their worker was killed, or lost the lease"
    )
    metadata: Metadata = {DEAD_LETTER: f"{history.attempts} attempts failed; {reason}"}
    return Settlement(Outcome.DEAD_LETTER, Fate.STOP, metadata, reason)


def settle(run: Run, history: History, options: PollOptions) -> Settlement:
    """Return what to do with an item after a run, given the earlier ones."""
    if run.ending is Ending.LEASE_LOST:
        return Settlement(Outcome.LEASE_LOST, Fate.LEAVE, {}, "the lease was lost")
    if run.ending in (Ending.STOP_REQUESTED, Ending.STOPPED):
        return Settlement(Outcome.CANCELLED, Fate.STOP, _DONE, "a stop was requested")
    if run.ending is Ending.TIMED_OUT:
        reason = f"the handler took longer than {options.item_timeout:g} s"
        return _failed(Outcome.TIMED_OUT, reason, run, history, options)
    if run.ending is Ending.NEEDS_LEASE:
        return _given_back("the handler sends heartbeats itself, so it gets the lease next time", history)
    if run.status == 0:
        fate = Fate.LEAVE if options.no_auto_stop else Fate.STOP
        return Settlement(Outcome.SUCCEEDED, fate, _DONE)
    if run.ending is Ending.SHUT_DOWN:
        return _given_back("the worker is shutting down", history)
    if run.status in _CANNOT_RUN:
        reason = f"{_describe_status(run.status)}: it can't be run"
        return _given_back(reason, history)._replace(handler_is_broken=True)
    if run.status == EX_TEMPFAIL:
        return _given_back(f"the handler exited with {EX_TEMPFAIL}", history)
    return _failed(Outcome.FAILED, _describe_status(run.status), run, history, options)


def _given_back(reason: str, history: History) -> Settlement:
    metadata: Metadata = {UNREPORTED: str(history.unreported) if history.unreported else None}
    return Settlement(Outcome.GIVEN_BACK, Fate.GIVE_BACK, metadata, reason)


def _failed(outcome: Outcome, reason: str, run: Run, history: History, options: PollOptions) -> Settlement:
    attempts = history.attempts + 1
    last_error = f"{reason}: {run.last_words}" if run.last_words else reason
    metadata: Metadata = {ATTEMPTS: str(attempts), LAST_ERROR: last_error[:_LONGEST_REASON], UNREPORTED: None}
    if options.on_failure == "stop":
        return Settlement(outcome, Fate.STOP, metadata, reason)
    if attempts < options.attempts:
        return Settlement(outcome, Fate.GIVE_BACK, metadata, reason)
    metadata[DEAD_LETTER] = f"{attempts} attempts failed; the last one: {last_error}"[:_LONGEST_REASON]
    return Settlement(Outcome.DEAD_LETTER, Fate.STOP, metadata, reason)


def _describe_status(status: int) -> str:
    """Return how a handler ended, for people."""
    if status >= 0:
        return f"the handler exited with {status}"
    import signal

    try:
        return f"the handler was killed by {signal.Signals(-status).name}"
    except ValueError:
        return f"the handler was killed by signal {-status}"
