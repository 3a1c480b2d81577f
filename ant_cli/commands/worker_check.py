"""`ant beta:worker check`: the state of a queue, whether a worker could run here, and why work is not done.

Nothing is claimed, and nothing is changed without `--requeue`: the API gets only GET requests, and no poll. The
text for people is made from the JSON of the report, so that both say the same.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Sequence
from contextlib import closing, suppress
from typing import Any, NamedTuple, TypeVar

from ant_cli.commands import print_report
from ant_cli.commands.environment_worker import environment_flag
from ant_cli.commands.worker_findings import (
    GET_KEY,
    LISTS,
    Finding,
    Report,
    find_causes,
    report_lines,
)
from ant_cli.errors import NOT_FOUND, AntError, APIError, NetworkError, UsageError
from ant_cli.http.direct import DirectTransport
from ant_cli.http.response import error_message, json_object
from ant_cli.http.transport import FailedAttempt, Timeouts
from ant_cli.input.request import is_id, request_of
from ant_cli.names import connect_by_name
from ant_cli.operations.environments import RETRIEVE
from ant_cli.operations.spec import Flags
from ant_cli.output.times import seconds_since_1970
from ant_cli.runtime import Runtime
from ant_cli.runtime.confirmation import confirm
from ant_cli.runtime.sanitize import collapse_space
from ant_cli.runtime.shell import quote
from ant_cli.runtime.variables import METADATA_KEY
from ant_cli.settings.loading import ConnectionSettings, load
from ant_cli.settings.local_emulator import is_local
from ant_cli.settings.worker_options import CheckOptions, read_options
from ant_cli.worker.failures import ATTEMPTS, DEAD_LETTER, LAST_ERROR, RETRY_AT
from ant_cli.worker.handler import find_command
from ant_cli.worker.work_api import (
    LONGEST_LEASE_S,
    RUNNING,
    WorkAPI,
    WorkItem,
    age,
    connection_with_key,
    is_archived,
)

T = TypeVar("T")
_PATIENCE_S = 2.0
"""How long a page of a worker may take, from the connection to its last byte."""
_LARGEST_PAGE = 1_000_000
_TO_LIST = "ant beta:environments list"
_LABELS = r'(?:\w++="(?:[^"\\\n]|\\.)*+",?)*+'
_SAMPLE = re.compile(
    rf"^(\w++)\{{({_LABELS})\}} (\d{{1,15}}(?:\.\d++)?(?:e\+\d\d)?)$", re.MULTILINE
)
_LABEL = re.compile(r'(\w++)="((?:[^"\\\n]|\\.)*+)"')


def check(
    runtime: Runtime,
    flags: Flags,
    *,
    environment: str = "",
    handler: Sequence[str] = (),
    **given: Any,
) -> None:
    """Show why the work of an environment is not done. Raises AntError if work would not be done now."""
    requeue, asks = given.pop("requeue", False), not given.pop("yes", False)
    asked = Flags(given, **environment_flag(environment, given))
    options = read_options(CheckOptions, asked, runtime.environ, "beta:worker check")
    connections = _connections(options, load(runtime, flags).connection, runtime)
    report, refusals = _make_report(options, connections, runtime)
    if requeue and report["unheld"] and connections.worker:
        given_back = _give_back(report, connections.worker, runtime, asks=asks)
        report, refusals = _make_report(options, connections, runtime)
        report["given_back"] = given_back
    environment_id, now = report["environment"]["id"], runtime.server_clock.now()
    start = _start_command(environment_id, handler or [options.on_work or "HANDLER"])
    problem = _handler_problem(handler, options.on_work, runtime)
    found = list(find_causes(report, refusals, problem, start, now))
    report["handler"] = problem.cause if problem else "can be started"
    report["findings"] = [finding._asdict() for finding in found]
    report["works"] = not any(finding.blocks for finding in found)
    print_report(runtime, flags, "\n".join(report_lines(report, now)), report)
    if not report["works"]:
        raise AntError(f"no work of {environment_id} would be done now.")


# What the API and this machine say


class _Connections(NamedTuple):
    """The connections for which there is a credential."""

    account: ConnectionSettings | None
    """With an API key."""
    worker: ConnectionSettings | None
    """With the environment's key."""


def _connections(
    options: CheckOptions, connection: ConnectionSettings, runtime: Runtime
) -> _Connections:
    is_here = is_local(connection.base_url)
    account = connection if connection.credential or is_here else None
    if options.environment_key:
        return _Connections(
            account, connection_with_key(connection, options.environment_key, runtime.environ)
        )
    return _Connections(account, account if is_here else None)


def _make_report(
    options: CheckOptions, connections: _Connections, runtime: Runtime
) -> tuple[Report, list[Finding]]:
    """Ask the API with the available credentials. Return the report, and a finding for each refusal."""
    (account, worker), refusals, archived = connections, list[Finding](), list[bool]()

    def ask(
        connection: ConnectionSettings | None, question: Callable[..., T], *more: Any
    ) -> T | None:
        try:
            return question(connection, runtime, environment_id, *more) if connection else None
        except (NetworkError, UsageError):
            raise
        except AntError as error:
            if is_archived(error):
                archived.append(True)
            else:
                refusals.append(_refusal(error, is_key=connection is not account))
            return None

    environment_id, environment, items, queue = options.environment_id, WorkItem(), None, None
    try:
        environment = ask(account, _find_environment) or environment
        environment_id = environment.get("id", environment_id)  # a name was given
        if environment or (worker is not account and environment_id.startswith("env_")):
            items = ask(worker, _of_queue, WorkAPI.newest_items)
            takes_key = items is not None or archived
            queue = ask(
                worker if takes_key else account if environment else None, _of_queue, WorkAPI.stats
            )
    except NetworkError as error:
        refusals = [
            Finding(
                f"The server does not respond: {error.message}",
                "Check the base URL and the network.",
            )
        ]
    if account is None and not environment_id.startswith("env_"):
        step = "Give the ID, which begins with env_, or set ANTHROPIC_API_KEY."
        refusals.append(
            Finding(f"{environment_id!r} is a name, whose ID only an API key can find.", step)
        )
    report: Report = {
        "environment": {**environment, "id": environment_id},
        "archived": bool(archived or environment.get("archived_at")),
        "has_key": worker is not None,
        "may_poll": items is not None or bool(archived),
        "queue": queue,
        "given_back": [],
        **_what_worker_says(*options.listen, environment_id),
        **_lists(items, runtime),
    }
    return report, refusals


def _find_environment(
    connection: ConnectionSettings, runtime: Runtime, environment_id: str
) -> WorkItem:
    with connect_by_name(connection, runtime) as client:
        found = json_object(
            client.send(request_of(RETRIEVE, {"environment_id": environment_id})).body
        )
    return found if found and is_id(found.get("id")) else {}


def _of_queue(
    connection: ConnectionSettings,
    runtime: Runtime,
    environment_id: str,
    question: Callable[[WorkAPI], T],
) -> T:
    with closing(WorkAPI(connection, runtime, environment_id)) as api:
        return question(api)


def _refusal(error: AntError, *, is_key: bool) -> Finding:
    if not isinstance(error, APIError):  # no request was sent, or its response can't be read
        return Finding(
            f"The {'queue' if is_key else 'environment'} could not be read: {error.message}",
            error.hint,
        )
    cause = "The server refuses"
    if is_key and error.status in (401, 403, NOT_FOUND):
        cause = "The environment does not accept this environment key, which may be of another one"
    step = GET_KEY if is_key else "" if _TO_LIST in error.hint else f"To see all: {_TO_LIST}"
    return Finding(
        f"{cause}: {error.message}: {error_message(error.body)}", f"{error.hint}\n{step}".strip()
    )


def _lists(items: list[WorkItem] | None, runtime: Runtime) -> Report:
    """Return the lists of the report, each None if unknown. Only a worker with an API key lists dead letters."""
    if items is None:
        return dict.fromkeys(LISTS)
    now = runtime.server_clock.now()
    found: Report = {
        name: [_shown(item, now) for item in items if _list_of(item, now) == name] for name in LISTS
    }
    metadata = {key for item in items for key in item.get("metadata") or ()}
    if not (runtime.environ.get(METADATA_KEY) or metadata & {ATTEMPTS, DEAD_LETTER, LAST_ERROR}):
        found["dead_letters"] = None
    return found


def _list_of(item: WorkItem, now: float) -> str:
    """Return the list to which an item belongs; empty for one that has been stopped."""
    if DEAD_LETTER in (item.get("metadata") or {}):
        return "dead_letters"
    state, held_s = item.get("state"), age(item.get("acknowledged_at"), now)
    if state == "starting" and not item.get("latest_heartbeat_at") and held_s > LONGEST_LEASE_S:
        return "unheld"
    return "waiting" if state == "queued" else "running" if state in RUNNING else ""


def _shown(item: WorkItem, now: float) -> Report:
    """Return an item's data for the report, and the longest time that its lease can last."""
    metadata, last_sign = (
        item.get("metadata") or {},
        item.get("latest_heartbeat_at") or item.get("acknowledged_at"),
    )
    is_paused = (seconds_since_1970(str(metadata.get(RETRY_AT))) or 0) > now
    left_s = round(max(LONGEST_LEASE_S - age(last_sign, now), 0))
    return {
        **{key: item.get(key) for key in ("id", "state", "data", "created_at")},
        "last_sign_at": last_sign,
        "lease_ends_within_seconds": left_s if item.get("state") in RUNNING else None,
        "retry_at": metadata.get(RETRY_AT) if is_paused else None,
        "reason": metadata.get(DEAD_LETTER) or metadata.get(LAST_ERROR),
    }


def _give_back(
    report: Report, connection: ConnectionSettings, runtime: Runtime, *, asks: bool
) -> list[str]:
    """Let the leases of the items that nobody holds end, unless one has a heartbeat by now. Return their IDs."""
    ids = [item["id"] for item in report["unheld"]]
    if asks:
        more = "A handler that still runs, and sends no heartbeats, would run twice."
        confirm(f"Return {' '.join(ids)} to the queue? {more}", runtime)
    environment_id = report["environment"]["id"]
    return _of_queue(
        connection, runtime, environment_id, lambda api: list(filter(api.give_back, ids))
    )


def _start_command(environment_id: str, handler: Sequence[str]) -> str:
    """Return what starts a worker, and on Windows, where."""
    command = " ".join(map(quote, ["ant", "beta:worker", "poll", environment_id, "--", *handler]))
    return f"in WSL or in a container, {command}" if sys.platform == "win32" else command


def _handler_problem(handler: Sequence[str], on_work: str, runtime: Runtime) -> Finding | None:
    """Return why a worker can't start here. Without a given handler, that matters only if no other worker polls."""
    try:
        find_command(handler, on_work, runtime.environ)
    except UsageError as error:
        return Finding(
            error.message[0].upper() + error.message[1:],
            error.hint,
            blocks=bool(handler or on_work),
        )
    return None


# What a worker on this machine says about itself at its `--listen`, where anything may listen in its place


def _what_worker_says(host: str, port: int, environment_id: str) -> dict[str, Any]:
    """Return what the worker of an environment says about itself, each None if none serves that there."""
    found = _numbers(_page(host, port, "/metrics"), environment_id)
    exists = ("ant_worker_slots", "") in found
    return {
        "worker_here": collapse_space(_page(host, port, "/readyz")) or "no answer"
        if exists
        else None,
        "outage": found.get(("ant_worker_outage", ""), 0) > 0 if exists else None,
        "dead_letters_here": int(found.get(("ant_worker_items_total", "dead_letter"), 0))
        if exists
        else None,
    }


def _numbers(text: str, environment_id: str) -> dict[tuple[str, str], float]:
    """Return the numbers of an environment in Prometheus' text format, by their names and outcomes."""
    found = {}
    for name, given, number in _SAMPLE.findall(text):
        labels = dict(_LABEL.findall(given))
        if labels.get("environment_id") == environment_id:
            found[name, labels.get("outcome", "")] = float(number)
    return found


def _page(host: str, port: int, path: str) -> str:
    """Return the text of a page; empty if it does not arrive, or is too large."""
    url = f"http://[{host}]:{port}{path}" if ":" in host else f"http://{host}:{port}{path}"
    limits = Timeouts(_PATIENCE_S, _PATIENCE_S)
    with (
        suppress(FailedAttempt, UsageError, ValueError),  # a host that no URL can have
        closing(DirectTransport({})) as transport,
        transport.stream("GET", url, {}, b"", limits) as response,
    ):
        response.read(_LARGEST_PAGE)
        return response.body.decode("utf-8", "replace")
    return ""
