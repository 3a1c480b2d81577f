"""The findings from the report of `ant beta:worker check`, and its text for people."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from ant_cli.errors.command_line import command_line
from ant_cli.output.times import relative_time
from ant_cli.runtime.sanitize import collapse_space
from ant_cli.runtime.variables import ENVIRONMENT_KEY, METADATA_KEY
from ant_cli.worker.item_lists import LISTS
from ant_cli.worker.work_api import LONGEST_LEASE_S, age

Report = dict[str, Any]
"""JSON: members and their values. An unknown value is None."""
GET_KEY = f"Make a key for this environment in the Console, and set {ENVIRONMENT_KEY}."
_FRESH_S = {"starting": 255}
"""After how many seconds without a sign an item of this state is silent, in place of 45: with `--heartbeat auto`,
the worker sends its first heartbeat after 240."""
_SLOW_S = 30
"""After how many seconds an item waits too long."""
_OUTAGE_ITEMS = 5
"""How many items have to fail before a worker assumes an outage."""
_MOST_SHOWN = 10
"""How many items of a kind the page for people lists."""
_ELSEWHERE = "Create the sessions in another environment, which is self-hosted."


class Finding(NamedTuple):
    """Something that explains why work is not done."""

    cause: str
    next_step: str
    blocks: bool = True
    """Whether it keeps work from being done now."""


class _Queue:
    """What the statistics and the running items show."""

    def __init__(self, report: Report, now: float) -> None:
        numbers, running = report["queue"] or {}, report["running"] or []
        self.depth: int = numbers.get("depth") or 0
        self.pending: int = numbers.get("pending") or 0
        self.workers: int | None = numbers.get("workers_polling")
        """How many workers have polled lately; None if the server does not say it."""
        self.has_workers = bool(self.workers)
        self.waited_s = age(numbers.get("oldest_queued_at"), now)
        self.is_known = bool(numbers)
        self.is_idle = not (self.depth or self.pending or running or report["unheld"])
        held = [item for item in running if not item["retry_at"]]
        self.silent = [item for item in held if _is_silent(item, now)]
        self.failed = len(running) - len(held)
        """How many wait for their next attempts."""
        self.busy = len(held) - len(self.silent)


def _is_silent(item: Report, now: float) -> bool:
    return age(item["last_sign_at"], now) >= _FRESH_S.get(item["state"], 45)


def find_causes(
    report: Report, problems: list[Finding], handler: Finding | None, start: str, now: float
) -> Iterator[Finding]:
    """Yield what explains why work is not done, the most important first.

    Args:
        report: What the API and the worker here say.
        problems: What could not be asked, and why.
        handler: Why a worker can't start here.
        start: The command that starts a worker.
        now: Seconds since 1970 by the server's clock.

    """
    queue = _Queue(report, now)
    if report["archived"]:
        finding = _of_archive(queue)
        yield finding
        if finding.blocks:
            return
    elif queue.is_known and queue.workers is None:
        yield Finding(
            "The environment is not self-hosted: Anthropic runs its sessions.", _ELSEWHERE
        )
        return
    yield from problems
    if handler:
        yield handler._replace(blocks=handler.blocks or not queue.has_workers)
    if not report["has_key"]:
        cause = "There is no environment key: no worker can start here."
        yield Finding(cause, GET_KEY, blocks=not queue.has_workers)
    yield from _of_worker_here(report)
    if queue.workers is not None:
        yield from _of_queue(queue, report, start)
    yield from _of_items(report)


def _of_archive(queue: _Queue) -> Finding:
    if queue.depth or queue.pending:
        cause = (
            "The environment is archived: it gets no sessions; waiting items are still handed out."
        )
        return Finding(cause, _ELSEWHERE, blocks=False)
    cause = "The environment is archived: it gets no sessions; its queue is empty."
    return Finding(cause, _ELSEWHERE)


def _of_worker_here(report: Report) -> Iterator[Finding]:
    if report["worker_here"] not in (None, "ok"):
        cause = f"The worker here is not ready: {report['worker_here']}."
        yield Finding(cause, "Its log says more.")
    if unconfirmed := report["unconfirmed_stops_here"]:
        cause = (
            f"Items of the worker here that are finished, and whose stop is not confirmed: {unconfirmed}. "
            "They may run again."
        )
        yield Finding(cause, "Its log names them, and says why.", blocks=False)
    if failures := report["failed_metadata_writes_here"]:
        cause = (
            f"Writes of metadata by the worker here that have failed: {failures}. "
            "What they counted, dead letters among it, is only in its memory and in its log."
        )
        step = f"Its log says why. {METADATA_KEY} needs an API key that may change the environment's work."
        yield Finding(cause, step, blocks=False)


def _of_queue(queue: _Queue, report: Report, start: str) -> Iterator[Finding]:
    if not queue.has_workers:
        yield _of_missing_workers(queue, start)
    elif queue.depth and queue.waited_s > _SLOW_S:
        cause = (
            "Items wait although workers poll: all are busy, or pause because their handlers fail."
        )
        step = "See their logs, start more of them, or raise --concurrency."
        yield Finding(cause, step, blocks=queue.busy == 0)
    if queue.silent:
        yield _of_silence(queue)
    failed = len(queue.silent) + queue.failed
    if failed >= max(_OUTAGE_ITEMS, queue.busy) and report["outage"] is None:
        cause = (
            f"{failed} items wait after failures, more than run: "
            "something that handlers need may be missing."
        )
        step = "See the workers' logs. `check` asks one that serves its state at --listen."
        yield Finding(cause, step)
    if queue.is_idle:
        step = "Create a session in this environment, or look for it in another one."
        yield Finding("The queue is empty: no session waits for a worker.", step, blocks=False)


def _of_missing_workers(queue: _Queue, start: str) -> Finding:
    cause = "No worker has polled in the last 30 seconds."
    if queue.busy:
        cause += " Workers that hold items may be busy, or have died."
    step = (
        f"Start one: {start}\nIf one runs, see its log: after failures of its handler, it pauses."
    )
    return Finding(cause, step, blocks=queue.depth > 0 or queue.busy == 0)


def _of_silence(queue: _Queue) -> Finding:
    cause = (
        f"Running items without a heartbeat in time: {len(queue.silent)}. "
        "Their workers have died, or the items have failed and wait for their next attempts."
    )
    left_s = max(item["lease_ends_within_seconds"] for item in queue.silent)
    step = f"They are handed out again when their leases end, in {left_s} seconds at the latest."
    return Finding(cause, step, blocks=queue.depth == 0 and queue.busy == 0)


def _of_items(report: Report) -> Iterator[Finding]:
    if unheld := report["unheld"]:
        cause = (
            f"Items that nobody seems to hold: {len(unheld)}. They were acknowledged {LONGEST_LEASE_S} seconds ago "
            "or more, and had no heartbeat. Those of a handler that sends none (--heartbeat never) look the same."
        )
        command = command_line("beta:worker check", report["environment"]["id"], "--requeue")
        yield Finding(cause, f"To give them back: {command}")
    if report["given_back"]:
        cause = f"Given back, and handed out in a few seconds: {' '.join(report['given_back'])}"
        stop = command_line("beta:environments:work stop ID --force")
        step = f"If one is not: {stop}, and send its session a user.interrupt."
        yield Finding(cause, step, blocks=False)
    if report["dead_letters"] or report["dead_letters_here"]:
        cause = "Dead letters are items that failed too often, and do not run again."
        step = "Send their sessions a message, or create the sessions again."
        yield Finding(cause, step, blocks=False)


# The text for people


def report_lines(report: Report, now: float) -> Iterator[str]:
    """Yield the lines of the report for people."""
    environment = report["environment"]
    name = collapse_space(str(environment.get("name", "")))
    yield f"Environment   {environment['id']}  {name}".rstrip()
    yield from _queue_lines(report["queue"] or {}, now)
    for list_name in LISTS:
        yield from _list_lines(list_name.capitalize().replace("_", " "), report[list_name], now)
    if report["dead_letters"] is None:
        yield f"Dead letters  {_known_dead_letters(report)}"
    worker_here = report["worker_here"] or "none serves its state: an outage would not be seen"
    yield f"Worker here   {worker_here}"
    yield f"Key           {_key_state(report)}"
    yield f"Handler       {report['handler']}"
    yield ""
    for finding in report["findings"]:
        mark = "!" if finding["blocks"] else "-"
        yield f"{mark} {finding['cause']}"
        yield from (f"  {line}" for line in finding["next_step"].splitlines())


def _queue_lines(queue: Report, now: float) -> Iterator[str]:
    if queue.get("workers_polling") is None:
        return
    waiting = f"{queue.get('depth')} waiting"
    if oldest := relative_time(str(queue.get("oldest_queued_at")), now):
        waiting += f", the oldest queued {oldest}"
    yield f"Queue         {waiting}"
    yield f"Handed out    {queue.get('pending')} not yet acknowledged"
    yield f"Workers       {queue.get('workers_polling')} polled in the last 30 seconds"


def _list_lines(title: str, items: list[Report] | None, now: float) -> Iterator[str]:
    if items is None:
        return
    yield f"{title:14}{len(items)}"
    yield from (f"  {_item_text(item, now)}" for item in items[:_MOST_SHOWN])
    if len(items) > _MOST_SHOWN:
        yield f"  and {len(items) - _MOST_SHOWN} more: --format json lists all"


def _known_dead_letters(report: Report) -> str:
    """Return what is known if the metadata does not list them, and why it does not."""
    here = report["dead_letters_here"]
    known = "unknown" if here is None else f"{here} of the worker here, others unknown"
    if report["takes_metadata_key"] is False:
        return f"{known}: the server does not take {METADATA_KEY}"
    if report["failed_metadata_writes_here"]:
        return f"{known}: the worker here can't write them into metadata"
    return f"{known}: only {METADATA_KEY} makes workers list them"


def _key_state(report: Report) -> str:
    if report["may_poll"]:
        return "may poll"
    return "is not confirmed" if report["has_key"] else "is missing"


def _item_text(item: Report, now: float) -> str:
    parts = [item["id"], item["state"]]
    if taken := relative_time(str(item["taken_at"]), now):
        parts.append(f"taken {taken}")
    left_s = item["lease_ends_within_seconds"]
    if pause := relative_time(str(item["retry_at"]), now):
        parts.append(f"waits for its next attempt, {pause}")
    elif left_s is not None:
        seen = relative_time(str(item["last_sign_at"]), now)
        parts.append(f"last seen {seen}, lease ends within {left_s} s")
    if item["reason"]:
        parts.append(item["reason"])
    return "  ".join(collapse_space(str(part)) for part in parts)  # a worker or a server wrote them
