"""Routes: each endpoint is a row that names its function. Endpoints that belong to no resource are defined here.

A path is matched segment by segment, as sent, so an ID with a %2F in it is one segment.
"""

import json
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from urllib.parse import unquote

from ant_cli.emulator import (
    environment_rules,
    faults,
    findings,
    journal,
    objects,
    sessions,
    work,
)
from ant_cli.emulator.call import Call
from ant_cli.emulator.credentials import API_KEY, ENVIRONMENT_KEY, EVERY_KIND, ITEM_SECRET
from ant_cli.emulator.errors import STUB, EmulatorError, InvalidRequest
from ant_cli.emulator.paths import (
    ADMIN,
    ADMIN_ENVIRONMENT,
    AGENTS,
    ENVIRONMENT,
    ENVIRONMENTS,
    FILES,
    HEALTH,
    ITEM,
    MODELS,
    OBJECT,
    SESSION,
    SESSIONS,
    WORK,
)
from ant_cli.emulator.store import (
    MICROSECONDS_PER_MS,
    MICROSECONDS_PER_SECOND,
    Transaction,
    rfc3339,
)

ResponseBody = str | objects.Content | Iterator[bytes]
"""The body of a response: JSON, another content, or the events of a stream."""


# Endpoints that belong to no resource


MODEL = {
    "type": "model",
    "id": "claude-opus-4-5-20251101",
    "display_name": "Claude Opus 4.5",
    "created_at": "2025-11-01T00:00:00Z",
    "lifecycle": "active",
    "line": "opus",
    **dict.fromkeys(
        ("capabilities", "deprecated_at", "max_input_tokens", "max_tokens", "retires_at")
    ),
}
"""The only model in the list, which can't be used."""


def health(_: Call) -> str:
    """Report that the emulator is up, and can read its database: every request reads the clock first."""
    return json.dumps({"status": "ok"})


def list_models(_: Call) -> str:
    """Return the list of models. Clients request it to check their key, and to learn the organization."""
    return json.dumps(
        {"data": [MODEL], "has_more": False, "first_id": MODEL["id"], "last_id": MODEL["id"]}
    )


def retrieve_model(call: Call) -> str:
    """Return the model of the list."""
    if call.ids["id"] != MODEL["id"]:
        raise EmulatorError(404, f"model: there is only {MODEL['id']}, got {call.ids['id']!r}.")
    return json.dumps(MODEL)


EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
YEAR_9999 = 253_370_764_800 * MICROSECONDS_PER_SECOND
"""The clock can't be set beyond this, so that it does not reach the year 10000: RFC 3339 has four digits."""
SQL_MOVE = (
    "UPDATE clock SET offset = ?, frozen_at = iif(coalesce(?, frozen_at IS NOT NULL), ?, NULL)"
)
"""A stopped clock stays stopped at its new time, unless it is asked to run."""
TABLES = (
    *("environments", "work", "queues", "workers", "sessions", "events"),
    *("faults", "scripts", "objects", "findings"),
)


def reset(call: Call) -> str:
    """Remove everything: what clients created, scripts, faults, findings, the journal, the setting of the clock."""
    call.journal.clear()
    with call.store.write() as transaction:
        for table in TABLES:
            transaction.run(f"DELETE FROM {table}")  # noqa: S608 - a constant
        transaction.run("UPDATE clock SET offset = 0, frozen_at = NULL")
        transaction.ids.restart()
    return json.dumps({"type": "emulator_reset"})


def list_endpoints(_: Call) -> str:
    """Return the emulator's own endpoints, with a JSON Schema of each body."""
    from ant_cli.emulator import bodies  # late: pydantic would double the start of everything else

    endpoints = [
        {
            "method": route.method,
            "path": route.path,
            "description": (route.handler.__doc__ or "").partition("\n")[0],
            "body": bodies.schema_of(route.method, route.path),
        }
        for route in ROUTES
        if route.path.startswith(ADMIN)
    ]
    return json.dumps({"data": endpoints})


def list_requests(call: Call) -> str:
    """Return the last 1,000 requests of the API, the oldest first."""
    entries = [journal.to_json(entry, call.api_key) for entry in list(call.journal)]
    return f'{{"data":[{",".join(entries)}]}}'


def clear_requests(call: Call) -> str:
    """Remove the requests from the journal."""
    count = len(call.journal)
    call.journal.clear()
    return json.dumps({"count": count, "type": "requests_deleted"})


def show_clock(call: Call) -> str:
    """Tell the emulator's time."""
    with call.store.read() as transaction:
        return _clock(transaction, transaction.now)


def move_clock(call: Call) -> str:
    """Move the clock forward or to a given time, and stop or start it, for every process that shares the file."""
    target = call.body.now
    with call.store.write() as transaction:
        # A datetime's own timestamp() is a float, which loses microseconds.
        start = transaction.now if target is None else (target - EPOCH) // timedelta(microseconds=1)
        now = start + (call.body.advance_ms or 0) * MICROSECONDS_PER_MS
        if not 0 <= now < YEAR_9999:
            raise InvalidRequest(
                "now: must be in the years from 1970 to 9998, advance_ms included."
            )
        transaction.run(SQL_MOVE, now - transaction.clock(), call.body.freeze, now)
        return _clock(transaction, now)


def _clock(transaction: Transaction, now: int) -> str:
    (frozen_at,) = transaction.one("SELECT frozen_at FROM clock")
    return json.dumps({"now": rfc3339(now), "frozen": frozen_at is not None, "type": "clock"})


def refuse(call: Call) -> str:
    """Reject a request that the API has and the emulator has not."""
    raise EmulatorError(404, f"{call.method} {call.path}: {_instead(call.path, call.method)}")


# All endpoints


class Route(NamedTuple):
    """An endpoint."""

    method: str
    path: str
    handler: Callable[[Call], ResponseBody]
    takes: tuple[str, ...] = EVERY_KIND
    """The kinds of credentials that it accepts, the usual one first."""
    has_body: bool = False
    """Whether its body is JSON, of the type in `bodies.py`."""
    parameters: tuple[str, ...] = ()
    """The query parameters that the handler reads. Others are rejected."""


ACCOUNT = (API_KEY,)
QUEUE = (ENVIRONMENT_KEY, API_KEY)
LIST = (ENVIRONMENT_KEY, ITEM_SECRET)

ROUTES = (
    Route("GET", HEALTH, health),
    Route("GET", MODELS, list_models, parameters=("limit", "after_id", "before_id")),
    Route("GET", MODELS + OBJECT, retrieve_model),
    Route("POST", ENVIRONMENTS, environment_rules.create, ACCOUNT, has_body=True),
    Route(
        "GET",
        ENVIRONMENTS,
        environment_rules.list_environments,
        ACCOUNT,
        parameters=environment_rules.LIST.parameters,
    ),
    Route("GET", ENVIRONMENT, environment_rules.retrieve, ACCOUNT),
    Route("POST", ENVIRONMENT, environment_rules.update, ACCOUNT, has_body=True),
    Route("DELETE", ENVIRONMENT, environment_rules.delete, ACCOUNT),
    Route("POST", ENVIRONMENT + "/archive", environment_rules.archive, ACCOUNT),
    Route("GET", WORK, work.list_work, LIST, parameters=work.LIST.parameters),
    Route("GET", WORK + "/poll", work.poll, QUEUE, parameters=work.OF_POLL),
    Route("GET", WORK + "/stats", work.stats, QUEUE),
    Route("GET", ITEM, work.retrieve, ACCOUNT),
    Route("POST", ITEM, work.update, ACCOUNT, has_body=True),
    Route("POST", ITEM + "/ack", work.acknowledge, QUEUE),
    Route("POST", ITEM + "/heartbeat", work.heartbeat, parameters=work.OF_HEARTBEAT),
    Route("POST", ITEM + "/stop", work.stop, has_body=True),
    Route("POST", SESSIONS, sessions.create, ACCOUNT, has_body=True),
    Route("GET", SESSIONS, sessions.list_sessions, ACCOUNT, parameters=sessions.LIST.parameters),
    Route("GET", SESSION, sessions.retrieve),
    Route("POST", SESSION, sessions.update, ACCOUNT, has_body=True),
    Route("DELETE", SESSION, sessions.delete, ACCOUNT),
    Route("POST", SESSION + "/archive", sessions.archive, ACCOUNT),
    Route("GET", SESSION + "/events", sessions.list_events, parameters=sessions.EVENTS.parameters),
    Route("POST", SESSION + "/events", sessions.send_events, has_body=True),
    Route("GET", SESSION + "/events/stream", sessions.stream, parameters=("event_deltas",)),
    Route("POST", AGENTS, objects.create_agent, ACCOUNT, has_body=True),
    Route(
        "GET",
        AGENTS,
        objects.list_all(objects.AGENTS),
        ACCOUNT,
        parameters=objects.AGENTS.listing.parameters,
    ),
    Route("GET", AGENTS + OBJECT, objects.retrieve_agent, parameters=("version",)),
    Route("POST", AGENTS + OBJECT, refuse),
    Route("POST", AGENTS + OBJECT + "/archive", objects.archive_agent, ACCOUNT),
    Route("POST", FILES, objects.upload_file, ACCOUNT),
    Route(
        "GET",
        FILES,
        objects.list_all(objects.FILES),
        ACCOUNT,
        parameters=objects.FILES.listing.parameters,
    ),
    Route("GET", FILES + OBJECT, objects.retrieve_file),
    Route("GET", FILES + OBJECT + "/content", objects.download_file),
    Route("DELETE", FILES + OBJECT, objects.delete_file, ACCOUNT),
    Route("GET", ADMIN + "/", list_endpoints),
    Route("POST", ADMIN + "/reset", reset),
    Route("GET", ADMIN + "/report", findings.report),
    Route("POST", ADMIN + "/scripts", sessions.add_script, has_body=True),
    Route("POST", ADMIN + "/sessions", sessions.create_scripted, has_body=True),
    Route("GET", ADMIN + "/sessions/<session_id>", sessions.show),
    Route("POST", ADMIN_ENVIRONMENT + "/enqueue", work.enqueue, has_body=True),
    Route("POST", ADMIN_ENVIRONMENT + "/key", work.make_key),
    Route("POST", ADMIN + "/faults", faults.add, has_body=True),
    Route("GET", ADMIN + "/faults", faults.list_faults),
    Route("DELETE", ADMIN + "/faults", faults.clear),
    Route("GET", ADMIN + "/requests", list_requests),
    Route("DELETE", ADMIN + "/requests", clear_requests),
    Route("GET", ADMIN + "/clock", show_clock),
    Route("POST", ADMIN + "/clock", move_clock, has_body=True),
)


NOT_EMULATED = (
    "/v1/(?:agents|complete|deployments|deployment_runs|dreams|files|memory_stores|messages|models|organizations"
    "|sessions|skills|tunnels|user_profiles|vaults)(?:/.*)?"
)
"""The paths of the API that the emulator does not have."""
API_METHODS = ("GET", "HEAD", "POST", "DELETE")
"""The methods of the API's endpoints."""


def _instead(path: str, method: str) -> str:
    return "not emulated. To give its response: " + STUB.format(path=path, method=method)


def is_api(path: str) -> bool:
    """Whether a path belongs to the API, and not to the emulator itself. Only those have checks and faults."""
    return path != HEALTH and not f"{path}/".startswith(ADMIN + "/")


_PATTERNS = [(route.path.split("/"), route) for route in ROUTES]
"""The segments of each path. `<name>` is an ID."""


def match(path: str, method: str) -> tuple[Route, dict[str, str]]:
    """Return the first endpoint that matches, and the IDs in the path. Raises EmulatorError if none matches."""
    segments, allowed = path.split("/"), set[str]()
    for pattern, route in _PATTERNS:
        ids = _ids(pattern, segments)
        if ids is None:
            continue
        allowed.add(route.method)
        # a HEAD would take work that nobody receives
        if route.method == "GET" and route.handler is not work.poll:
            allowed.add("HEAD")
        if method in allowed:
            return route, ids
    if allowed:
        names = ", ".join(sorted(allowed))
        raise EmulatorError(
            405, f"{path} takes {names}, not {method}.", headers=(("allow", names),)
        )
    is_elsewhere = method in API_METHODS and re.fullmatch(NOT_EMULATED, path)
    why = "there is no such endpoint."
    if is_elsewhere:
        why = _instead(path, method)
    raise EmulatorError(404, f"{method} {path}: {why}")


def _ids(pattern: list[str], segments: list[str]) -> dict[str, str] | None:
    """Return the IDs of a path, or None if it does not match the pattern."""
    if len(pattern) != len(segments):
        return None
    differing = [(name, text) for name, text in zip(pattern, segments, strict=True) if name != text]
    if all(text and name.startswith("<") for name, text in differing):
        return {name[1:-1]: unquote(text) for name, text in differing}
    return None
