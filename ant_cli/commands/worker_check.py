"""`ant beta:worker check`: a page about a queue and a worker that could run here, and why work is not done.

Nothing is changed or claimed: the API gets GET requests only, and none of them is a poll. The report is made as
JSON, and its text for people is made from that, so that both say the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing

from ant_cli.commands import print_report
from ant_cli.commands.environment_worker import environment_flag
from ant_cli.errors import NOT_FOUND, AntError, APIError, NetworkError, UsageError
from ant_cli.http.client import NameClient
from ant_cli.http.response import error_message, json_object
from ant_cli.input.request import is_id, request_of
from ant_cli.operations.environments import RETRIEVE
from ant_cli.operations.spec import Flags
from ant_cli.output.times import relative_time, seconds_since_1970
from ant_cli.runtime import Runtime
from ant_cli.runtime.light_typing import Any, NamedTuple, TypeVar
from ant_cli.runtime.sanitize import collapse_space
from ant_cli.runtime.shell import quote
from ant_cli.runtime.variables import ENVIRONMENT_KEY
from ant_cli.settings.loading import ConnectionSettings, load
from ant_cli.settings.local_emulator import is_local
from ant_cli.settings.worker_options import CheckOptions, read_options
from ant_cli.worker.handler import find_command
from ant_cli.worker.listener import served_text
from ant_cli.worker.settlement import DEAD_LETTER, LAST_ERROR, RETRY_AT
from ant_cli.worker.work_api import LONGEST_LEASE_S, RUNNING, WorkAPI, WorkItem, age, connection_with_key

T = TypeVar("T")
Report = dict[str, Any]
"""JSON: members and their values. What nobody said is None."""
_FRESH_S = 45
"""The heartbeats of a worker come every 30 seconds, or more often."""
_SLOW_S = 30
"""An item that waits longer was not taken at once."""
_MOST_SHOWN = 10
"""How many items of a kind the page for people lists."""
_LISTS: dict[str, Callable[[WorkItem], object]] = {
    "waiting": lambda item: item.get("state") == "queued",
    "running": lambda item: item.get("state") in RUNNING,
    "dead_letters": lambda item: DEAD_LETTER in (item.get("metadata") or {}),
}
"""The lists of the report, and which items belong to each."""
_GET_KEY = f"Make a key for this environment in the Console, and set {ENVIRONMENT_KEY}."
_ELSEWHERE = "Create the sessions in another environment, which is self-hosted."


class Finding(NamedTuple):
    """Something that explains why work is not done."""

    cause: str
    next_step: str
    blocks: bool = True
    """Because of it, work would not be done now."""


def check(
    runtime: Runtime, flags: Flags, *, environment: str = "", handler: Sequence[str] = (), **given: Any
) -> None:
    """Show why the work of an environment is not done. Raises AntError if work would not be done now."""
    asked = Flags(given, **environment_flag(environment, given))
    options = read_options(CheckOptions, asked, runtime.environ, "beta:worker check")
    report, refusals = _ask(options, load(runtime, flags).connection, runtime)
    environment_id, now = report["environment"]["id"], runtime.server_clock.now()
    words = ["ant", "beta:worker", "poll", environment_id, "--", *(handler or [options.on_work or "HANDLER"])]
    problem = _handler_problem(handler, options.on_work, runtime)
    found = list(_findings(report, refusals, problem, " ".join(map(quote, words)), now))
    report["handler"] = problem.cause if problem else "can be started"
    report["findings"] = [finding._asdict() for finding in found]
    report["works"] = not any(finding.blocks for finding in found)
    print_report(runtime, flags, "\n".join(_page(report, now)), report)
    if not report["works"]:
        raise AntError(f"no work of {environment_id} would be done now.")


# What the API and this machine say


def _ask(options: CheckOptions, connection: ConnectionSettings, runtime: Runtime) -> tuple[Report, list[Finding]]:
    """Ask the API with the credentials at hand. Return what it says, and what it refuses."""
    refusals, is_here = list[Finding](), is_local(connection.base_url)
    account = connection if connection.credential or is_here else None
    worker = account if is_here else None
    if options.environment_key:
        worker = connection_with_key(connection, options.environment_key, runtime.environ)

    def ask(connection: ConnectionSettings | None, question: Callable[..., T], *more: Any) -> T | None:
        try:
            return question(connection, runtime, environment_id, *more) if connection else None
        except (NetworkError, UsageError):
            raise
        except AntError as error:
            refusals.append(_refusal(error, is_key=connection is not account))
            return None

    environment_id, environment, items, queue = options.environment_id, WorkItem(), None, None
    try:
        environment = ask(account, _environment) or environment
        environment_id = environment.get("id", environment_id)  # a name was given
        if environment or (worker is not account and environment_id.startswith("env_")):
            items = ask(worker, _of_queue, WorkAPI.newest_items)
            queue = ask((account if environment else None) if items is None else worker, _of_queue, WorkAPI.stats)
    except NetworkError as error:
        refusals = [Finding(f"The server does not respond: {error.message}", "Check the base URL and the network.")]
    if account is None and not environment_id.startswith("env_"):
        step = "Give the ID, which begins with env_, or set ANTHROPIC_API_KEY."
        refusals.append(Finding(f"{environment_id!r} is a name, whose ID only an API key can find.", step))
    now = runtime.server_clock.now()
    report = {
        "environment": {**environment, "id": environment_id},
        "has_key": worker is not None,
        "may_poll": items is not None,
        "queue": queue,
        "worker_here": _worker_here(*options.listen, environment_id),
    }
    for name, belongs in _LISTS.items():
        report[name] = items and [_shown(item, now) for item in items if belongs(item)]
    return report, refusals


def _worker_here(host: str, port: int, environment_id: str) -> str | None:
    """Return what a worker of the environment says about itself; None if none serves that there."""
    if f'ant_worker_slots{{environment_id="{environment_id}"' not in served_text(host, port, "/metrics"):
        return None
    return collapse_space(served_text(host, port, "/readyz")) or None


def _environment(connection: ConnectionSettings, runtime: Runtime, environment_id: str) -> WorkItem:
    with NameClient(connection, runtime) as client:
        found = json_object(client.send(request_of(RETRIEVE, {"environment_id": environment_id})).body)
    return found if found and is_id(found.get("id")) else {}


def _of_queue(
    connection: ConnectionSettings, runtime: Runtime, environment_id: str, question: Callable[[WorkAPI], T]
) -> T:
    with closing(WorkAPI(connection, runtime, environment_id)) as api:
        return question(api)


def _refusal(error: AntError, *, is_key: bool) -> Finding:
    said = f": {error_message(error.body)}" if isinstance(error, APIError) else ""
    cause = "The server refuses"
    if is_key and isinstance(error, APIError) and error.status in (401, 403, NOT_FOUND):
        cause = "The environment does not accept this environment key, which may be of another one"
    step = _GET_KEY if is_key else "To see all: ant beta:environments list"
    return Finding(f"{cause}: {error.message}{said}", f"{error.hint}\n{step}".strip())


def _shown(item: WorkItem, now: float) -> Report:
    """Return what matters of an item, and how long its lease lasts at the most."""
    metadata, last_sign = item.get("metadata") or {}, item.get("latest_heartbeat_at") or item.get("acknowledged_at")
    is_paused = (seconds_since_1970(str(metadata.get(RETRY_AT))) or 0) > now
    left_s = round(max(LONGEST_LEASE_S - age(last_sign, now), 0))
    return {
        **{key: item.get(key) for key in ("id", "state", "data", "created_at")},
        "last_sign_at": last_sign,
        "lease_ends_within_seconds": left_s if item.get("state") in RUNNING else None,
        "retry_at": metadata.get(RETRY_AT) if is_paused else None,
        "reason": metadata.get(DEAD_LETTER) or metadata.get(LAST_ERROR),
    }


def _handler_problem(handler: Sequence[str], on_work: str, runtime: Runtime) -> Finding | None:
    """Return why a worker can't start here. If no handler is given, that matters only if there are no others."""
    try:
        find_command(handler, on_work, runtime.environ)
    except UsageError as error:
        return Finding(error.message[0].upper() + error.message[1:], error.hint, blocks=bool(handler or on_work))
    return None


# What follows from that


def _findings(
    report: Report, refusals: list[Finding], handler: Finding | None, start: str, now: float
) -> Iterator[Finding]:
    """Yield what explains why work is not done, the most important first. `start` starts a worker."""
    environment, queue = report["environment"], report["queue"] or {}
    workers = queue.get("workers_polling")
    if environment.get("archived_at"):
        yield Finding("The environment is archived: it hands out no work.", _ELSEWHERE)
        return
    if queue and workers is None:
        yield Finding("The environment is not self-hosted: Anthropic runs its sessions.", _ELSEWHERE)
        return
    yield from refusals
    if handler:
        yield handler._replace(blocks=handler.blocks or not workers)
    if not report["has_key"]:
        yield Finding("There is no environment key: no worker can start here.", _GET_KEY, blocks=not workers)
    if report["worker_here"] not in (None, "ok"):
        yield Finding(f"The worker here takes no work: {report['worker_here']}.", "Its log says more.")
    if workers is not None:
        yield from _findings_of_queue(report, queue, start, now)


def _findings_of_queue(report: Report, queue: Report, start: str, now: float) -> Iterator[Finding]:
    depth, workers = queue.get("depth"), queue.get("workers_polling")
    running = [item for item in report["running"] or () if not item["retry_at"]]
    silent = [item for item in running if age(item["last_sign_at"], now) >= _FRESH_S]
    is_busy = len(silent) < len(running)
    if not workers:
        cause = "No worker has polled in the last 30 seconds."
        cause += " Those that hold items may be busy, or have died." * is_busy
        step = f"Start one: {start}\nIf one runs, see its log: after failures of its handler, it pauses."
        yield Finding(cause, step, bool(depth) or not is_busy)
    elif depth and age(queue.get("oldest_queued_at"), now) > _SLOW_S:
        cause = "Items wait although workers poll: all are busy, or pause because their handlers fail."
        yield Finding(cause, "See their logs, start more of them, or raise --concurrency.", not is_busy)
    if silent:
        cause = (
            f"Of {len(silent)} running, no heartbeat came for {_FRESH_S} seconds: their workers have died, or they "
            "have failed and wait for their next attempts."
        )
        left_s = max(item["lease_ends_within_seconds"] for item in silent)
        step = f"They are handed out again when their leases end, in {left_s} seconds at the latest."
        yield Finding(cause, step, not (depth or is_busy))
    if report["dead_letters"]:
        step = "Send their sessions a message, or create the sessions again."
        yield Finding("Dead letters are items that failed too often, and do not run again.", step, blocks=False)
    if not (depth or report["running"] or queue.get("pending")):
        step = "Create a session in this environment, or look for it in another one."
        yield Finding("The queue is empty: no session waits for a worker.", step, blocks=False)


# The text for people


def _page(report: Report, now: float) -> Iterator[str]:
    environment, queue = report["environment"], report["queue"]
    yield f"Environment   {environment['id']}  {collapse_space(str(environment.get('name', '')))}"
    if queue and queue.get("workers_polling") is not None:
        oldest = relative_time(str(queue.get("oldest_queued_at")), now)
        yield f"Queue         {queue.get('depth')} waiting{f', the oldest queued {oldest}' if oldest else ''}"
        yield f"Handed out    {queue.get('pending')} not yet acknowledged"
        yield f"Workers       {queue.get('workers_polling')} polled in the last 30 seconds"
    for name in _LISTS:
        if (items := report[name]) is not None:
            yield f"{name.capitalize().replace('_', ' '):14}{len(items)}"
            yield from (f"  {_item_text(item, now)}" for item in items[:_MOST_SHOWN])
    if report["worker_here"]:
        yield f"Worker here   {report['worker_here']}"
    key = "may poll" if report["may_poll"] else "is not known to be good" if report["has_key"] else "is missing"
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
        parts.append(f"last seen {relative_time(str(item['last_sign_at']), now)}, lease ends within {left_s} s")
    return collapse_space("  ".join(map(str, [*parts, item["reason"] or ""])))
