"""How an item ends: one table, and the rules that find its row, as pure functions."""

from __future__ import annotations

import signal
from enum import Enum
from typing import Literal, NamedTuple

from ant_cli.settings.worker_options import EX_CONFIG, PollOptions
from ant_cli.worker.failures import (
    DEAD_LETTER,
    LAST_ERROR,
    MOST_EXCUSED,
    NEVER_RUN,
    History,
    Metadata,
)

Outcome = Literal[
    "succeeded",
    "failed",
    "timed_out",
    "unfinished",
    "lease_lost",
    "lost",
    "cancelled",
    "dead_letter",
    "given_back",
]
"""What is counted and logged about an item."""
Fate = Literal["stop", "give_back", "leave"]
"""What is done about an item. To give it back is to end its lease, so that it is queued again."""
HistoryChange = Literal["cleared", "failure", "excused", "unreported", "kept", "untouched"]
"""What the history of an item, and its metadata, say afterwards. An untouched one is not written."""

EX_TEMPFAIL = 75
"""The exit status (of `sysexits.h`) with which a handler gives its item back."""
_EXCUSED_STATUSES = (EX_TEMPFAIL, EX_CONFIG, 125, 126, 127)
"""Exit statuses that say nothing about the item: 125 is that of `docker run` if it can't start a container, 126 and
127 are those of shells if a program can't be run, or does not exist."""
CANT_START = (126, 127)
"""Exit statuses that say that this machine can't run the handler, and another one perhaps can."""
_LONGEST_REASON = 500
"""The API's metadata values are short texts."""
_STOPPED_BY_OTHERS = (
    "somebody else stopped it while this worker held its lease; if that was its handler, which then also sends "
    "heartbeats, the worker needs --heartbeat never"
)
_SESSION_WAITS = (
    "the handler exited with 0, but its session still waits for a worker: a handler that only starts something "
    "needs --no-auto-stop, and one that sends heartbeats needs --heartbeat never"
)


class Ending(Enum):
    """How an item ends. `when` keeps rows apart that are equal otherwise: an Enum would make them one."""

    SUCCEEDED = "the handler exits with 0", "succeeded", "stop", "cleared"
    HANDED_OVER = "the same, with `--no-auto-stop`", "succeeded", "leave", "cleared"
    NOT_NEEDED = "no handler has to run: it is a health check", None, "stop", "untouched"
    FAILED = "the handler exits otherwise", "failed", "give_back", "failure"
    TIMED_OUT = "the handler exceeds `--item-timeout`", "timed_out", "give_back", "failure"
    LEASE_LOST = "another worker has it, or it is queued", "lease_lost", "leave", "unreported"
    LEASE_ENDED = "the lease can't be extended", "lease_lost", "leave", "unreported"
    UNCLAIMED = "one of these two, before the handler starts", "lease_lost", "leave", "untouched"
    UNFINISHED = (
        "the handler exits with 0, and its session still waits for a worker",
        "unfinished",
        "give_back",
        "failure",
    )
    UNCONFIRMED = (
        "the handler exits with 0, and the server does not say whether its item is done",
        "lease_lost",
        "leave",
        "unreported",
    )
    LOST = (
        "the handler exits with 0, and somebody has stopped the item, whose lease the worker holds",
        "lost",
        "leave",
        "untouched",
    )
    STOPPED_MEANWHILE = (
        "giving it back shows that somebody has stopped it",
        "lost",
        "leave",
        "untouched",
    )
    STOP_REQUESTED = "somebody asks to stop it", "cancelled", "stop", "cleared"
    STOPPED = "somebody has stopped it", "cancelled", "stop", "cleared"
    SESSION_ENDED = (
        "it may have run before, and its session has ended",
        "cancelled",
        "stop",
        "untouched",
    )
    DEAD_LETTER = "its last attempt fails", "dead_letter", "stop", "failure"
    GIVEN_UP = (
        "all of its attempts are used up before it runs",
        "dead_letter",
        "stop",
        "untouched",
    )
    EXCUSED = (
        "the handler exits with 75, 78, 125, 126 or 127, or can't be started; or any failure in an outage: "
        "up to twelve times",
        "given_back",
        "give_back",
        "excused",
    )
    SHUT_DOWN = "the worker has to end", "given_back", "give_back", "kept"
    PAUSED = "its pause is not over", "given_back", "give_back", "kept"

    def __init__(
        self, when: str, outcome: Outcome | None, fate: Fate, history: HistoryChange
    ) -> None:
        self.when = when
        self.outcome = outcome
        """None if it is not counted."""
        self.fate = fate
        self.history = history

    @property
    def is_done(self) -> bool:
        """Whether nothing is left to do about the item once the server has confirmed its fate."""
        return self.outcome in ("succeeded", "cancelled", None)


OUTCOMES = tuple(dict.fromkeys(row.outcome for row in Ending if row.outcome))
"""Every outcome, in the order of the table."""
LEASE_GONE = (Ending.LEASE_LOST, Ending.LEASE_ENDED)
"""This worker no longer has the lease, as far as it knows."""
FAILURES = (Ending.FAILED, Ending.TIMED_OUT, Ending.UNFINISHED, Ending.LOST, Ending.EXCUSED)
"""The item is not done because of its handler, or of what that needs."""
_REASONS = {
    Ending.LEASE_LOST: "the lease was lost",
    Ending.LEASE_ENDED: "the lease was lost",
    Ending.UNCLAIMED: "the lease was lost",
    Ending.UNFINISHED: _SESSION_WAITS,
    Ending.UNCONFIRMED: "the server does not say whether it is done",
    Ending.LOST: _STOPPED_BY_OTHERS,
    Ending.STOP_REQUESTED: "a stop was requested",
    Ending.STOPPED: "a stop was requested",
    Ending.SESSION_ENDED: "its session has ended",
    Ending.SHUT_DOWN: "the worker is shutting down",
    Ending.PAUSED: "its pause after a failure is not over",
}


class Run(NamedTuple):
    """What has become of an item: a row of the table, and what belongs to it."""

    ending: Ending
    reason: str = ""
    """Why it is not done, for people."""
    last_words: str = ""
    """The last lines of the handler's stderr, without secrets."""
    history: History = NEVER_RUN
    """The runs of the item, including this one, and when it may run again if it is given back."""

    @property
    def remembered(self) -> History:
        """What the worker remembers of the item: nothing if it can't come back."""
        return NEVER_RUN if self.ending.fate == "stop" else self.history

    @property
    def metadata(self) -> Metadata:
        """The keys of the item's metadata that say so to other workers."""
        change, written = self.ending.history, self.history.metadata()
        if change == "cleared":
            return {**written, LAST_ERROR: None}
        if self.ending is Ending.GIVEN_UP:
            return {DEAD_LETTER: f"{_failures(self.history)}; {self.reason}"}
        if self.ending is Ending.DEAD_LETTER:
            text = f"{_failures(self.history)}; the last one: {self._last_error}"
            written |= {DEAD_LETTER: text[:_LONGEST_REASON]}
        if change in ("failure", "excused"):
            return {**written, LAST_ERROR: self._last_error[:_LONGEST_REASON]}
        return written if change == "kept" else {}

    @property
    def _last_error(self) -> str:
        return f"{self.reason}: {self.last_words}" if self.last_words else self.reason

    @property
    def shown_reason(self) -> str:
        """The reason in the log."""
        if self.ending is Ending.EXCUSED:
            return f"{self.reason}, which is not counted"
        if self.ending is Ending.STOPPED_MEANWHILE:
            return (
                f"{self.reason}; it has been stopped, perhaps by its handler, so it can't run again"
            )
        return self.reason


def ended(ending: Ending, reason: str = "") -> Run:
    """Return a run that ended like this, whatever the exit status of the handler was."""
    return Run(ending, reason or _REASONS.get(ending, ""))


def ended_itself(status: int, options: PollOptions, last_words: str = "") -> Run:
    """Return a run whose handler exited with a status; negative for the number of a signal, as in subprocess."""
    if status == 0:
        return ended(Ending.HANDED_OVER if options.no_auto_stop else Ending.SUCCEEDED)
    ending = Ending.EXCUSED if status in _EXCUSED_STATUSES else Ending.FAILED
    return Run(ending, _describe_status(status), last_words)


def timed_out(options: PollOptions, last_words: str = "") -> Run:
    """Return a run that took longer than `--item-timeout`."""
    reason = f"the handler took longer than {options.item_timeout:g} s"
    return Run(Ending.TIMED_OUT, reason, last_words)


def before_run(history: History, options: PollOptions, now: float) -> Run | None:
    """Return the end of an item that must not run now; None to run it. `now` is as in `judge`.

    It was tried too often, or its pause is not over: then the server did not grant a lease as long as the pause.
    """
    if history.is_paused(now):
        return ended(Ending.PAUSED)._replace(history=history)
    if history.attempts < options.attempts:
        return None
    reason = f"{history.unreported} of its runs had no reported end: their worker was killed, or lost the lease"
    return Run(Ending.GIVEN_UP, reason, history=history)


def judge(
    run: Run, history: History, options: PollOptions, now: float = 0.0, *, in_outage: bool = False
) -> Run:
    """Return what becomes of an item after a run, given the earlier ones: its row, and its history.

    Args:
        run: The run by itself.
        history: The runs of the item before it.
        options: The options of the worker.
        now: Seconds since 1970 by the server's clock.
        in_outage: Whether all handlers fail, for a reason that is not in their items.

    """
    ending = run.ending
    if ending is Ending.EXCUSED and history.excused >= MOST_EXCUSED:
        ending = Ending.FAILED
    if ending.history == "failure" and in_outage and history.excused < MOST_EXCUSED:
        ending = Ending.EXCUSED
    known = _history_after(ending, history, options, now)
    if ending.history == "failure" and known.attempts >= options.attempts:
        ending, known = Ending.DEAD_LETTER, known._replace(retry_at=0.0)
    return run._replace(ending=ending, history=known)


def _history_after(ending: Ending, history: History, options: PollOptions, now: float) -> History:
    if ending.history == "cleared":
        return NEVER_RUN
    if ending.history == "unreported":
        return history._replace(unreported=history.unreported + 1)
    if ending.history in ("failure", "excused"):
        is_excused = ending.history == "excused"
        return history.after_failure(now, options.retry_delay, excused=is_excused)
    return history


def _failures(history: History) -> str:
    noun = "attempt" if history.attempts == 1 else "attempts"
    return f"{history.attempts} {noun} failed"


def _describe_status(status: int) -> str:
    """Return how a handler ended, for people."""
    if status >= 0:
        return f"the handler exited with {status}"
    name = next((each.name for each in signal.Signals if each == -status), f"signal {-status}")
    return f"the handler was killed by {name}"
