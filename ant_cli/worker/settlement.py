"""What happens to an item when its handler has ended: the rules, as pure functions."""

from __future__ import annotations

import signal
from enum import StrEnum
from typing import NamedTuple

from ant_cli.settings.worker_options import EX_CONFIG, PollOptions
from ant_cli.worker.failures import (
    DEAD_LETTER,
    LAST_ERROR,
    MOST_EXCUSED,
    NEVER_RUN,
    History,
    Metadata,
)

EX_TEMPFAIL = 75
"""The exit status (of `sysexits.h`) with which a handler gives its item back."""
_EXCUSED_STATUSES = (EX_TEMPFAIL, EX_CONFIG, 125, 126, 127)
"""Exit statuses that say nothing about the item: 125 is that of `docker run` if it can't start a container, 126 and
127 are those of shells if a program can't be run, or does not exist."""
_LONGEST_REASON = 500
"""The API's metadata values are short texts."""
_STOPPED_BY_OTHERS = (
    "somebody else stopped it while this worker held its lease; if that was its handler, which then also sends "
    "heartbeats, the worker needs --heartbeat never"
)
_STOPPED_MEANWHILE = "it has been stopped, perhaps by its handler, so it can't run again"
_HEARTBEAT_REFUSED = (
    "its handler sends heartbeats, and the server refused them because this worker held the lease: the worker "
    "needs --heartbeat never"
)


class Ending(StrEnum):
    """How a run of a handler ended."""

    EXITED = "exited"
    TIMED_OUT = "timed_out"
    STOP_REQUESTED = "stop_requested"
    STOPPED = "stopped"
    """Somebody else has stopped the item."""
    LEASE_LOST = "lease_lost"
    """The item is queued again, or another worker has it. It must not be run or stopped here."""
    LEASE_ENDED = "lease_ended"
    """The lease could not be extended in time, so another worker may have the item."""
    SHUT_DOWN = "shut_down"
    """The worker had to end before the handler did."""
    REFUSED = "refused"
    """The heartbeat of the handler was refused, because this worker held the lease."""


LEASE_GONE = (Ending.LEASE_LOST, Ending.LEASE_ENDED)
"""This worker no longer has the lease, as far as it knows."""


class Run(NamedTuple):
    """A finished run of a handler."""

    ending: Ending
    status: int = 0
    """The exit status; negative for the number of a signal, as in subprocess."""
    last_words: str = ""
    """The last lines of its stderr, without secrets."""
    has_output: bool = True
    has_started: bool = True
    """False if the worker did not get the lease, so no handler was started."""

    @property
    def succeeded(self) -> bool:
        """Whether the handler did what it should. One that was asked to end may have done half of it."""
        return self.ending is Ending.EXITED and self.status == 0

    @property
    def failed(self) -> bool:
        """Whether the item is not done because of its handler."""
        if self.ending is Ending.EXITED:
            return self.status != 0
        return self.ending in (Ending.TIMED_OUT, Ending.REFUSED) or self.was_stopped_by_others

    def failure(self, options: PollOptions) -> str:
        """Return how it failed, for people."""
        if self.ending is Ending.TIMED_OUT:
            return f"the handler took longer than {options.item_timeout:g} s"
        texts = {Ending.REFUSED: _HEARTBEAT_REFUSED, Ending.STOPPED: _STOPPED_BY_OTHERS}
        return texts.get(self.ending) or _describe_status(self.status)

    @property
    def was_stopped_by_others(self) -> bool:
        """Whether the handler ended by itself, but its item had been stopped before that."""
        return self.ending is Ending.STOPPED and self.status == 0 and self.has_started


class Outcome(StrEnum):
    """The result of an item's run."""

    SUCCEEDED = "succeeded"
    FAILED = "failed"
    TIMED_OUT = "timed_out"
    LEASE_LOST = "lease_lost"
    LOST = "lost"
    """Somebody else stopped the item, or the handler could not work because its heartbeat was refused."""
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
    history: History = NEVER_RUN
    """The runs of the item, including this one, and when it may run again if it is given back."""

    @property
    def if_stopped(self) -> Settlement:
        """The settlement if the item can't be given back because it has been stopped."""
        return Settlement(Outcome.LOST, Fate.LEAVE, {}, f"{self.reason}; {_STOPPED_MEANWHILE}")


def settle_early(history: History, options: PollOptions, now: float) -> Settlement | None:
    """Return the settlement of an item that must not run now; None to run it. `now` is as in `settle`.

    It was tried too often, or its pause is not over: then the server did not grant a lease as long as the pause.
    """
    if history.is_paused(now):
        return _given_back("its pause after a failure is not over", history)
    if history.attempts < options.attempts:
        return None
    reason = f"{history.unreported} of its runs had no reported end: their worker was killed, or lost the lease"
    metadata: Metadata = {DEAD_LETTER: f"{_failures(history)}; {reason}"}
    return Settlement(Outcome.DEAD_LETTER, Fate.STOP, metadata, reason)


def settle(
    run: Run, history: History, options: PollOptions, now: float = 0.0, *, in_outage: bool = False
) -> Settlement:
    """Return what to do with an item after a run, given the earlier ones.

    Args:
        run: The run.
        history: The runs of the item before it.
        options: The options of the worker.
        now: Seconds since 1970 by the server's clock.
        in_outage: Whether all handlers fail, for a reason that is not in their items.

    """
    if run.succeeded:
        fate = Fate.LEAVE if options.no_auto_stop else Fate.STOP
        return Settlement(Outcome.SUCCEEDED, fate, _done())
    if run.ending in LEASE_GONE:
        known = history._replace(unreported=history.unreported + run.has_started)
        return Settlement(Outcome.LEASE_LOST, Fate.LEAVE, {}, "the lease was lost", known)
    if run.was_stopped_by_others:
        return Settlement(Outcome.LOST, Fate.LEAVE, {}, _STOPPED_BY_OTHERS)
    if run.ending in (Ending.STOP_REQUESTED, Ending.STOPPED):
        return Settlement(Outcome.CANCELLED, Fate.STOP, _done(), "a stop was requested")
    if run.ending is Ending.SHUT_DOWN:
        return _given_back("the worker is shutting down", history)
    return _failed(run, history, options, now, in_outage=in_outage)


def _done() -> Metadata:
    """Return the metadata of an item that needs no further run."""
    return {**NEVER_RUN.metadata(), LAST_ERROR: None}


def _given_back(reason: str, history: History) -> Settlement:
    return Settlement(Outcome.GIVEN_BACK, Fate.GIVE_BACK, history.metadata(), reason, history)


def _failures(history: History) -> str:
    return f"{history.attempts} attempt{'s' * (history.attempts != 1)} failed"


def _failed(
    run: Run, history: History, options: PollOptions, now: float, *, in_outage: bool
) -> Settlement:
    outcomes = {Ending.TIMED_OUT: Outcome.TIMED_OUT, Ending.REFUSED: Outcome.LOST}
    outcome, reason = outcomes.get(run.ending, Outcome.FAILED), run.failure(options)
    last_error = f"{reason}: {run.last_words}" if run.last_words else reason
    is_excused = in_outage or (run.ending is Ending.EXITED and run.status in _EXCUSED_STATUSES)
    is_excused = is_excused and history.excused < MOST_EXCUSED
    known = history.after_failure(now, options.retry_delay, excused=is_excused)
    if known.attempts >= options.attempts and not is_excused:
        text = f"{_failures(known)}; the last one: {last_error}"[:_LONGEST_REASON]
        metadata = {
            **known._replace(retry_at=0.0).metadata(),
            LAST_ERROR: last_error[:_LONGEST_REASON],
        }
        return Settlement(Outcome.DEAD_LETTER, Fate.STOP, {**metadata, DEAD_LETTER: text}, reason)
    if is_excused:
        outcome, reason = Outcome.GIVEN_BACK, f"{reason}, which is not counted"
    metadata = {**known.metadata(), LAST_ERROR: last_error[:_LONGEST_REASON]}
    return Settlement(outcome, Fate.GIVE_BACK, metadata, reason, known)


def _describe_status(status: int) -> str:
    """Return how a handler ended, for people."""
    if status >= 0:
        return f"the handler exited with {status}"
    name = next((each.name for each in signal.Signals if each == -status), f"signal {-status}")
    return f"the handler was killed by {name}"
