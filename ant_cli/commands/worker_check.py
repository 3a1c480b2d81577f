"""`ant beta:worker check`: the state of a queue, whether a worker could run here, and why work is not done.

Nothing is claimed, and nothing is changed without `--requeue`: the API gets only GET requests, and no poll. The
text for people is made from the JSON of the report, so that both say the same.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Sequence
from contextlib import closing, suppress
from functools import partial
from typing import Any, NamedTuple, TypeVar

from ant_cli.commands import print_report
from ant_cli.commands.environment_worker import environment_flag, options_of
from ant_cli.commands.worker_findings import (
    GET_KEY,
    Finding,
    Report,
    find_causes,
    report_lines,
)
from ant_cli.errors import NOT_FOUND, AntError, APIError, NetworkError, UsageError
from ant_cli.errors.command_line import command_line
from ant_cli.http.direct import DirectTransport
from ant_cli.http.names import connect_by_name
from ant_cli.http.response import error_message, json_object
from ant_cli.http.transport import FailedAttempt, Timeouts
from ant_cli.input.request import is_id, request_of
from ant_cli.operations.environments import RETRIEVE
from ant_cli.operations.spec import Flags
from ant_cli.output.times import seconds_since_1970
from ant_cli.runtime import Runtime
from ant_cli.runtime.confirmation import confirm
from ant_cli.runtime.sanitize import collapse_space
from ant_cli.runtime.variables import METADATA_KEY
from ant_cli.settings.credentials import Credential
from ant_cli.settings.loading import ConnectionSettings, load
from ant_cli.settings.local_emulator import is_local
from ant_cli.settings.worker_options import CheckOptions
from ant_cli.worker.failures import DEAD_LETTER, LAST_ERROR, RETRY_AT
from ant_cli.worker.handler import find_command
from ant_cli.worker.item_lists import LISTS, have_counts, list_of
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
_REFUSED = (401, 403, NOT_FOUND)
"""The statuses of a response to a credential that is not for this environment."""
_TO_LIST = command_line("beta:environments list")
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
    options = options_of(CheckOptions, asked, runtime, "beta:worker check")
    connections = _connections(options, load(runtime, flags).connection, runtime)
    report = _make_report(options, connections, runtime, handler)
    if requeue and report["unheld"] and connections.worker:
        given_back = _give_back(report, connections.worker, runtime, asks=asks)
        report = _make_report(options, connections, runtime, handler, given_back)
    lines = report_lines(report, runtime.server_clock.now())
    print_report(runtime, flags, "\n".join(lines), report)
    if not report["works"]:
        raise AntError(f"no work of {report['environment']['id']} would be done now.")


# What the API says


class _Connections(NamedTuple):
    """The connections for which there is a credential."""

    account: ConnectionSettings | None
    """With an API key."""
    worker: ConnectionSettings | None
    """With the environment's key."""
    metadata: ConnectionSettings | None
    """With the API key by which workers write metadata."""


def _connections(
    options: CheckOptions, connection: ConnectionSettings, runtime: Runtime
) -> _Connections:
    is_here = is_local(connection.base_url)
    account = connection if connection.credential or is_here else None
    worker = account if is_here else None
    if options.environment_key:
        worker = connection_with_key(connection, options.environment_key, runtime.environ)
    metadata = None
    if key := runtime.environ.get(METADATA_KEY, "").strip():
        credential = Credential("api_key", key, METADATA_KEY, "variable")
        metadata = connection._replace(credential=credential)
    return _Connections(account, worker, metadata)


class _Answers:
    """What the API says about an environment, asked with the credentials that there are."""

    def __init__(self, environment_id: str, connections: _Connections, runtime: Runtime) -> None:
        """Ask. Raises UsageError if a credential, or the environment's ID, can't be used."""
        self._account, self._worker, self._metadata = connections
        self._runtime = runtime
        self.id = environment_id
        """The environment's ID, or its name until that is found."""
        self.environment: WorkItem = {}
        self.items: list[WorkItem] | None = None
        """Its newest items; None if they are unknown, as is the next one."""
        self.queue: WorkItem | None = None
        self.is_archived = False
        self.takes_metadata_key: bool | None = None
        """Whether the server takes the key for metadata; None if there is none, or no response."""
        self.problems: list[Finding] = []
        """What could not be asked, and why."""
        try:
            self._ask_all()
        except NetworkError as error:
            cause = f"The server does not respond: {error.message}"
            self.problems = [Finding(cause, "Check the base URL and the network.")]
        if self._account is None and not self._has_id:
            cause = f"{self.id!r} is a name, whose ID only an API key can find."
            step = "Give the ID, which begins with env_, or set ANTHROPIC_API_KEY."
            self.problems.append(Finding(cause, step))

    @property
    def has_key(self) -> bool:
        """Whether there is an environment's key, so that a worker can start."""
        return self._worker is not None

    @property
    def may_poll(self) -> bool:
        """Whether the server takes the environment's key, as the list of work shows, or its error."""
        return self.items is not None or self.is_archived

    @property
    def _has_id(self) -> bool:
        return self.id.startswith("env_")

    def _ask_all(self) -> None:
        if self._account:
            asked = self._ask(self._account, "environment", self._find_environment)
            self.environment = asked or {}
            self.id = self.environment.get("id", self.id)
        has_own_key = self._worker is not self._account
        if not self.environment and not (has_own_key and self._has_id):
            return
        if self._worker:
            newest_items = partial(self._of_queue, WorkAPI.newest_items)
            self.items = self._ask(self._worker, "queue", newest_items)
        if reader := self._reader_of_queue():
            self.queue = self._ask(reader, "queue", partial(self._of_queue, WorkAPI.stats))
        if self._metadata:
            self._try_metadata_key(self._metadata)

    def _reader_of_queue(self) -> ConnectionSettings | None:
        if self.may_poll:
            return self._worker
        return self._account if self.environment else None

    def _ask(
        self,
        connection: ConnectionSettings,
        subject: str,
        question: Callable[[ConnectionSettings], T],
    ) -> T | None:
        """Return the answer to a question about a subject; None, with a problem, if the server rejects it."""
        try:
            return question(connection)
        except (NetworkError, UsageError):
            raise
        except AntError as error:
            if is_archived(error):
                self.is_archived = True
                return None
            is_key = connection is not self._account
            problem = _rejection(error, subject, is_key=is_key)
            if problem not in self.problems:  # a server that is down says the same twice
                self.problems.append(problem)
            return None

    def _find_environment(self, connection: ConnectionSettings) -> WorkItem:
        with connect_by_name(connection, self._runtime) as client:
            response = client.send(request_of(RETRIEVE, {"environment_id": self.id}))
        found = json_object(response.body)
        return found if found and is_id(found.get("id")) else {}

    def _of_queue(self, question: Callable[[WorkAPI], T], connection: ConnectionSettings) -> T:
        with closing(WorkAPI(connection, self._runtime, self.id)) as api:
            return question(api)

    def _try_metadata_key(self, connection: ConnectionSettings) -> None:
        """Look at the environment by the key for metadata, since its changes can't be tried."""
        try:
            self._find_environment(connection)
        except APIError as error:
            if error.status in _REFUSED:
                self.takes_metadata_key = False
                cause = f"The server does not take {METADATA_KEY}: {_said(error)}"
                step = "Workers with this key count failures only in their memory, and list no dead letters."
                self.problems.append(Finding(cause, step, blocks=False))
        else:
            self.takes_metadata_key = True


def _rejection(error: AntError, subject: str, *, is_key: bool) -> Finding:
    """Return why a question has no answer. Only if the server rejects the key, another one would help."""
    if not isinstance(error, APIError):  # no request was sent, or its response can't be read
        return Finding(f"The {subject} could not be read: {error.message}", error.hint)
    if error.may_pass:
        cause = f"The {subject} could not be read: {_said(error)}"
        return Finding(cause, "Try again later: this says nothing about the credential.")
    if is_key and error.status in _REFUSED:
        cause = f"The environment does not accept this environment key, which may be of another one: {_said(error)}"
        return Finding(cause, _with_hint(error, GET_KEY))
    cause = f"The server refuses: {_said(error)}"
    if is_key or _TO_LIST in error.hint:
        return Finding(cause, error.hint)
    return Finding(cause, _with_hint(error, f"To see all: {_TO_LIST}"))


def _said(error: APIError) -> str:
    return f"{error.message}: {error_message(error.body)}"


def _with_hint(error: APIError, step: str) -> str:
    return f"{error.hint}\n{step}".strip()


# The report


def _make_report(
    options: CheckOptions,
    connections: _Connections,
    runtime: Runtime,
    handler: Sequence[str],
    given_back: Sequence[str] = (),
) -> Report:
    """Ask the API and the worker on this machine, and say what keeps work from being done."""
    answers = _Answers(options.environment_id, connections, runtime)
    now = runtime.server_clock.now()
    report = {**_known(answers, options, now), "given_back": list(given_back)}
    problem = _handler_problem(handler, options.on_work, runtime)
    start = _start_command(answers.id, handler or [options.on_work or "HANDLER"])
    found = list(find_causes(report, answers.problems, problem, start, now))
    report["handler"] = problem.cause if problem else "can be started"
    report["findings"] = [finding._asdict() for finding in found]
    report["works"] = not any(finding.blocks for finding in found)
    return report


def _known(answers: _Answers, options: CheckOptions, now: float) -> Report:
    report: Report = {
        "environment": {**answers.environment, "id": answers.id},
        "archived": answers.is_archived or bool(answers.environment.get("archived_at")),
        "has_key": answers.has_key,
        "may_poll": answers.may_poll,
        "takes_metadata_key": answers.takes_metadata_key,
        "queue": answers.queue,
        **_what_worker_says(*options.listen, answers.id),
        **_lists(answers.items, now),
    }
    if not report["dead_letters"] and not _counts_dead_letters(report, answers):
        report["dead_letters"] = None
    return report


def _counts_dead_letters(report: Report, answers: _Answers) -> bool:
    """Whether workers write dead letters into metadata. Otherwise, that there are none is not known."""
    if answers.takes_metadata_key is False or report["failed_metadata_writes_here"]:
        return False
    return answers.takes_metadata_key is True or have_counts(answers.items or ())


def _lists(items: list[WorkItem] | None, now: float) -> Report:
    """Return the lists of the report, each None if unknown."""
    if items is None:
        return dict.fromkeys(LISTS)
    found: Report = {name: [] for name in LISTS}
    for item in items:
        if name := list_of(item, now):
            found[name].append(_shown(item, now))
    return found


def _shown(item: WorkItem, now: float) -> Report:
    """Return an item's data for the report."""
    metadata = item.get("metadata") or {}
    retry_at = metadata.get(RETRY_AT)
    is_paused = (seconds_since_1970(str(retry_at)) or 0) > now
    return {
        **{key: item.get(key) for key in ("id", "state", "data", "created_at")},
        **_lease_of(item, now),
        "retry_at": retry_at if is_paused else None,
        "reason": metadata.get(DEAD_LETTER) or metadata.get(LAST_ERROR),
    }


def _lease_of(item: WorkItem, now: float) -> Report:
    """Return when an item was taken, its last sign, and the longest time that its lease can last."""
    taken_at = item.get("acknowledged_at")
    last_sign_at = item.get("latest_heartbeat_at") or taken_at
    if item.get("state") not in RUNNING:
        return {"taken_at": None, "last_sign_at": last_sign_at, "lease_ends_within_seconds": None}
    left_s = LONGEST_LEASE_S - age(last_sign_at, now)
    return {
        "taken_at": taken_at,
        "last_sign_at": last_sign_at,
        "lease_ends_within_seconds": round(max(left_s, 0)),
    }


def _give_back(
    report: Report, connection: ConnectionSettings, runtime: Runtime, *, asks: bool
) -> list[str]:
    """Let the leases of the items that nobody holds end, unless one has a heartbeat by now. Return their IDs."""
    ids = [item["id"] for item in report["unheld"]]
    if asks:
        more = "A handler that still runs, and sends no heartbeats, would run twice."
        confirm(f"Return {' '.join(ids)} to the queue? {more}", runtime)
    with closing(WorkAPI(connection, runtime, report["environment"]["id"])) as api:
        return [work_id for work_id in ids if api.give_back(work_id)]


def _start_command(environment_id: str, handler: Sequence[str]) -> str:
    """Return what starts a worker, and on Windows, where."""
    command = command_line("beta:worker poll", environment_id, "--", *handler)
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


_UNKNOWN_HERE: Report = dict.fromkeys(
    (
        "worker_here",
        "outage",
        "unconfirmed_stops_here",
        "dead_letters_here",
        "failed_metadata_writes_here",
    )
)


def _what_worker_says(host: str, port: int, environment_id: str) -> Report:
    """Return what the worker of an environment says about itself, each None if none serves that there."""
    found = _numbers(_page(host, port, "/metrics"), environment_id)
    if ("ant_worker_slots", "") not in found:
        return _UNKNOWN_HERE

    def count(metric: str, outcome: str) -> int:
        return int(found.get((metric, outcome), 0))

    return {
        "worker_here": collapse_space(_page(host, port, "/readyz")) or "no answer",
        "outage": count("ant_worker_outage", "") > 0,
        "unconfirmed_stops_here": count("ant_worker_unconfirmed", ""),
        "dead_letters_here": count("ant_worker_items_total", "dead_letter"),
        "failed_metadata_writes_here": count("ant_worker_metadata_writes_total", "failed"),
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
