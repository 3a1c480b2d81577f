"""The findings from the report of `ant beta:worker check`, and its text for people."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from ant_cli.output.times import relative_time
from ant_cli.runtime.sanitize import collapse_space
from ant_cli.runtime.variables import ENVIRONMENT_KEY, METADATA_KEY
from ant_cli.worker.work_api import LONGEST_LEASE_S, age

Report = dict[str, Any]
"""JSON: members and their values. An unknown value is None."""
LISTS = ("waiting", "running", "unheld", "dead_letters")
"""The lists of items in the report."""
GET_KEY = f"Make a key for this environment in the Console, and set {ENVIRONMENT_KEY}."
_FRESH_S = {"starting": 165}
"""After how many seconds without a sign an item of this state is silent, in place of 45: with `--heartbeat auto`,
the worker sends its first heartbeat after 150."""
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


def find_causes(
    report: Report, refusals: list[Finding], handler: Finding | None, start: str, now: float
) -> Iterator[Finding]:
    """Yield what explains why work is not done, the most important first. `start` starts a worker."""
    queue = report["queue"] or {}
    workers = queue.get("workers_polling")
    if report["archived"]:
        is_empty = not (queue.get("depth") or queue.get("pending"))
        more = "its queue is empty." if is_empty else "waiting items are still handed out."
        yield Finding(
            f"The environment is archived: it gets no sessions; {more}", _ELSEWHERE, is_empty
        )
        if is_empty:
            return
    elif queue and workers is None:
        yield Finding(
            "The environment is not self-hosted: Anthropic runs its sessions.", _ELSEWHERE
        )
        return
    yield from refusals
    if handler:
        yield handler._replace(blocks=handler.blocks or not workers)
    if not report["has_key"]:
        yield Finding(
            "There is no environment key: no worker can start here.", GET_KEY, blocks=not workers
        )
    if report["worker_here"] not in (None, "ok"):
        yield Finding(
            f"The worker here is not ready: {report['worker_here']}.", "Its log says more."
        )
    if workers is not None:
        yield from _findings_of_queue(report, queue, start, now)
    yield from _findings_of_items(report)


def _findings_of_queue(report: Report, queue: Report, start: str, now: float) -> Iterator[Finding]:
    depth, workers, running = (
        queue.get("depth"),
        queue.get("workers_polling"),
        report["running"] or (),
    )
    failed = [item for item in running if item["retry_at"]]
    held = [item for item in running if item not in failed]
    silent = [
        item for item in held if age(item["last_sign_at"], now) >= _FRESH_S.get(item["state"], 45)
    ]
    busy = len(held) - len(silent)
    if not workers:
        cause = "No worker has polled in the last 30 seconds."
        cause += " Workers that hold items may be busy, or have died." * bool(busy)
        step = f"Start one: {start}\nIf one runs, see its log: after failures of its handler, it pauses."
        yield Finding(cause, step, bool(depth) or not busy)
    elif depth and age(queue.get("oldest_queued_at"), now) > _SLOW_S:
        cause = (
            "Items wait although workers poll: all are busy, or pause because their handlers fail."
        )
        yield Finding(
            cause, "See their logs, start more of them, or raise --concurrency.", not busy
        )
    if silent:
        cause = f"Running items without a heartbeat in time: {len(silent)}. "
        cause += (
            "Their workers have died, or the items have failed and wait for their next attempts."
        )
        left_s = max(item["lease_ends_within_seconds"] for item in silent)
        step = (
            f"They are handed out again when their leases end, in {left_s} seconds at the latest."
        )
        yield Finding(cause, step, not (depth or busy))
    if len(silent) + len(failed) >= max(_OUTAGE_ITEMS, busy) and report["outage"] is None:
        cause = f"{len(silent) + len(failed)} items wait after failures, more than run: "
        cause += "something that handlers need may be missing."
        yield Finding(
            cause, "See the workers' logs. `check` asks one that serves its state at --listen."
        )
    if not (depth or running or report["unheld"] or queue.get("pending")):
        step = "Create a session in this environment, or look for it in another one."
        yield Finding("The queue is empty: no session waits for a worker.", step, blocks=False)


def _findings_of_items(report: Report) -> Iterator[Finding]:
    if unheld := report["unheld"]:
        cause = (
            f"Items that nobody seems to hold: {len(unheld)}. They were acknowledged {LONGEST_LEASE_S} seconds ago "
            "or more, and had no heartbeat. Those of a handler that sends none (--heartbeat never) look the same."
        )
        yield Finding(
            cause,
            f"To give them back: ant beta:worker check {report['environment']['id']} --requeue",
        )
    if report["given_back"]:
        cause = f"Given back, and handed out in a few seconds: {' '.join(report['given_back'])}"
        step = "If one is not: ant beta:environments:work stop ID --force, and send its session a user.interrupt."
        yield Finding(cause, step, blocks=False)
    if report["dead_letters"] or report["dead_letters_here"]:
        step = "Send their sessions a message, or create the sessions again."
        yield Finding(
            "Dead letters are items that failed too often, and do not run again.",
            step,
            blocks=False,
        )


# The text for people


def report_lines(report: Report, now: float) -> Iterator[str]:
    """Yield the lines of the report for people."""
    environment, queue = report["environment"], report["queue"]
    yield f"Environment   {environment['id']}  {collapse_space(str(environment.get('name', '')))}".rstrip()
    if queue and queue.get("workers_polling") is not None:
        oldest = relative_time(str(queue.get("oldest_queued_at")), now)
        yield f"Queue         {queue.get('depth')} waiting{f', the oldest queued {oldest}' if oldest else ''}"
        yield f"Handed out    {queue.get('pending')} not yet acknowledged"
        yield f"Workers       {queue.get('workers_polling')} polled in the last 30 seconds"
    for name in LISTS:
        if (items := report[name]) is not None:
            yield f"{name.capitalize().replace('_', ' '):14}{len(items)}"
            yield from (f"  {_item_text(item, now)}" for item in items[:_MOST_SHOWN])
    if report["dead_letters"] is None:
        here = report["dead_letters_here"]
        known = "unknown" if here is None else f"{here} of the worker here, others unknown"
        yield f"Dead letters  {known}: only {METADATA_KEY} makes workers list them"
    yield f"Worker here   {report['worker_here'] or 'none serves its state: an outage would not be seen'}"
    key = (
        "may poll"
        if report["may_poll"]
        else "is not confirmed"
        if report["has_key"]
        else "is missing"
    )
    yield f"Key           {key}"
    yield f"Handler       {report['handler']}"
    yield ""
    for finding in report["findings"]:
        yield f"{'!' if finding['blocks'] else '-'} {finding['cause']}"
        yield from (f"  {line}" for line in finding["next_step"].splitlines())


def _item_text(item: Report, now: float) -> str:
    parts, left_s = [item["id"], item["state"]], item["lease_ends_within_seconds"]
    if pause := relative_time(str(item["retry_at"]), now):
        parts.append(f"waits for its next attempt, {pause}")
    elif left_s is not None:
        parts.append(
            f"last seen {relative_time(str(item['last_sign_at']), now)}, lease ends within {left_s} s"
        )
    if item["reason"]:
        parts.append(item["reason"])
    return "  ".join(collapse_space(str(part)) for part in parts)  # a worker or a server wrote them
