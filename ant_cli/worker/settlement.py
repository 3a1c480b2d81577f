"""What happens to an item when its handler has ended: the rules, as pure functions."""

from __future__ import annotations

import random
from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum

from ant_cli.output.times import seconds_since_1970
from ant_cli.runtime.light_typing import Any, NamedTuple
from ant_cli.settings.worker_options import PollOptions

ATTEMPTS, LAST_ERROR, DEAD_LETTER = "ant_attempts", "ant_last_error", "ant_dead_letter"
"""Metadata keys that count attempts and record failures, because the API has no counter."""
RETRY_AT = "ant_retry_at"
"""Metadata key: when a failed item may run again, by the server's clock."""
UNREPORTED = "ant_unreported"
"""Metadata key: runs that were started and whose end was not reported."""
EX_TEMPFAIL = 75
"""The exit status (of `sysexits.h`) with which a handler gives its item back without counting a failure."""
CANNOT_RUN = (EX_TEMPFAIL, 125, 126, 127)
"""Exit statuses that say nothing about the item: 125 is that of `docker run` if it can't start a container, 126 and
127 are those of shells if a program can't be run, or does not exist."""
_LONGEST_PAUSE_S = 300.0
"""The longest pause of a failed item: the longest lease that the API grants."""
_PAUSE_GROWTH = 6.0
_LONGEST_REASON = 500
"""The API's metadata values are short texts."""
_MOST_HISTORIES = 10_000
"""The most items that a worker remembers."""


Metadata = dict[str, str | None]
"""Keys to set; None deletes one."""
_DONE: Metadata = {ATTEMPTS: None, LAST_ERROR: None, RETRY_AT: None, UNREPORTED: None}
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
    has_output: bool = True

    @property
    def succeeded(self) -> bool:
        """Whether the handler did what it should."""
        return self.status == 0 and self.ending in (Ending.EXITED, Ending.SHUT_DOWN)


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
    retry_at: float = 0.0
    """When an item that is given back may run again, in seconds since 1970 by the server's clock; 0 for at once."""


class History(NamedTuple):
    """The earlier runs of an item, as far as they are known."""

    failures: int
    unreported: int
    """Runs whose end nobody reported: their worker was killed, or lost the lease."""
    retry_at: float = 0.0
    """When its pause ends, in seconds since 1970 by the server's clock."""

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
        self.has_warned = False
        """The log says that the handler may pass its items on to programs that it starts."""

    def history_of(self, item: Mapping[str, Any]) -> History:
        """Return the history of an item, as this worker or the item's metadata knows it."""
        known = self._histories.get(item["id"], History(0, 0))
        retry_at = seconds_since_1970(str((item.get("metadata") or {}).get(RETRY_AT))) or 0.0
        told = History(_count(item, ATTEMPTS), _count(item, UNREPORTED), retry_at)
        return known if known.attempts >= told.attempts else told

    def note(self, work_id: str, history: History, outcome: Outcome, retry_at: float = 0.0) -> None:
        """Note how a run ended, and when a failed item may run again."""
        self.handler_is_silent &= outcome is Outcome.SUCCEEDED
        self._histories.pop(work_id, None)
        if outcome in (Outcome.FAILED, Outcome.TIMED_OUT):
            self._histories[work_id] = History(history.attempts + 1, 0, retry_at)
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
    created, taken = (seconds_since_1970(str(acknowledged.get(key))) for key in ("created_at", "acknowledged_at"))
    return created is None or taken is None or taken - created >= lease_s


def settle_early(history: History, options: PollOptions, now: float) -> Settlement | None:
    """Return the settlement of an item that must not run now; None to run it. `now` is as in `settle`.

    It was tried too often, or its pause is not over: then the server did not grant a lease as long as the pause.
    """
    if 1 <= history.retry_at - now <= _LONGEST_PAUSE_S:
        return _given_back("its pause after a failure is not over", history, history.retry_at)
    if history.attempts < options.attempts:
        return None
    reason = (
        f"the end of {history.unreported} of them was never reported: their worker was killed, or lost the lease"
    )
    metadata: Metadata = {DEAD_LETTER: f"{history.attempts} attempts failed; {reason}"}
    return Settlement(Outcome.DEAD_LETTER, Fate.STOP, metadata, reason)


def settle(
    run: Run, history: History, options: PollOptions, now: float = 0.0, outage_pause_s: float | None = None
) -> Settlement:
    """Return what to do with an item after a run, given the earlier ones.

    Args:
        run: The run.
        history: The runs of the item before it.
        options: The options of the worker.
        now: Seconds since 1970 by the server's clock.
        outage_pause_s: When to retry an item whose failure is not its fault; None if it counts as an attempt.

    """
    if run.ending is Ending.LEASE_LOST:
        return Settlement(Outcome.LEASE_LOST, Fate.LEAVE, {}, "the lease was lost")
    if run.ending in (Ending.STOP_REQUESTED, Ending.STOPPED):
        return Settlement(Outcome.CANCELLED, Fate.STOP, _DONE, "a stop was requested")
    if run.ending is Ending.NEEDS_LEASE:
        return _given_back("the handler sends heartbeats itself, so it gets the lease next time", history)
    if run.succeeded:
        fate = Fate.LEAVE if options.no_auto_stop else Fate.STOP
        return Settlement(Outcome.SUCCEEDED, fate, _DONE)
    if run.ending is Ending.SHUT_DOWN:
        return _given_back("the worker is shutting down", history)
    if outage_pause_s is not None:
        return _given_back(f"{describe_status(run.status)}: an outage", history, now + outage_pause_s)
    return _failed(run, history, options, now)


def pause_after(failures: int, options: PollOptions) -> float:
    """Return the seconds that an item waits after its last failure: by default 10, 60, then 300, with jitter."""
    longest_s = min(options.retry_delay * _PAUSE_GROWTH ** min(failures - 1, 9), _LONGEST_PAUSE_S)
    return longest_s * random.uniform(0.75, 1.0)  # noqa: S311 - jitter, no secret


def _given_back(reason: str, history: History, retry_at: float = 0.0) -> Settlement:
    metadata: Metadata = {UNREPORTED: str(history.unreported) if history.unreported else None}
    return Settlement(Outcome.GIVEN_BACK, Fate.GIVE_BACK, metadata, reason, retry_at)


def _failed(run: Run, history: History, options: PollOptions, now: float) -> Settlement:
    outcome, reason = Outcome.FAILED, describe_status(run.status)
    if run.ending is Ending.TIMED_OUT:
        outcome, reason = Outcome.TIMED_OUT, f"the handler took longer than {options.item_timeout:g} s"
    attempts = history.attempts + 1
    last_error = f"{reason}: {run.last_words}" if run.last_words else reason
    metadata: Metadata = {**_DONE, ATTEMPTS: str(attempts), LAST_ERROR: last_error[:_LONGEST_REASON]}
    if options.on_failure == "stop":
        return Settlement(outcome, Fate.STOP, metadata, reason)
    if attempts >= options.attempts:
        metadata[DEAD_LETTER] = f"{attempts} attempts failed; the last one: {last_error}"[:_LONGEST_REASON]
        return Settlement(Outcome.DEAD_LETTER, Fate.STOP, metadata, reason)
    retry_at = now + pause_after(attempts, options)
    metadata[RETRY_AT] = datetime.fromtimestamp(retry_at, UTC).isoformat(timespec="seconds")
    return Settlement(outcome, Fate.GIVE_BACK, metadata, reason, retry_at)


def describe_status(status: int) -> str:
    """Return how a handler ended, for people."""
    if status >= 0:
        return f"the handler exited with {status}"
    import signal

    try:
        return f"the handler was killed by {signal.Signals(-status).name}"
    except ValueError:
        return f"the handler was killed by signal {-status}"
