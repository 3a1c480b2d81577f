"""`ant emulator enqueue`, `key`, `script`, `session`, `requests`, `fault`, `clock`, `reset`: control an emulator.

They send HTTP requests to `/_emulator/`, so the code is the same for an emulator in this process (`--local`) and
for a served one (`--base-url http://...`).
"""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import datetime
from typing import Any

from ant_cli.commands import print_result, wants_structured
from ant_cli.errors import ResponseError, UsageError, exclude_each_other
from ant_cli.errors.command_line import command_line
from ant_cli.http.names import connect_by_name
from ant_cli.http.response import json_object
from ant_cli.input.flag_values import read_structured
from ant_cli.input.request import Request, path_segment, request_of
from ant_cli.input.values import encode, parse
from ant_cli.operations.environments import ENVIRONMENT_ID, METADATA, RETRIEVE
from ant_cli.operations.spec import Flags
from ant_cli.output.progress import Progress
from ant_cli.runtime import Runtime
from ant_cli.runtime.confirmation import confirm
from ant_cli.runtime.reading import decode, read_file
from ant_cli.settings.loading import load
from ant_cli.settings.rows import DEFAULT_BASE_URL

_NO_EMULATOR = "the server at the base URL is not the emulator."


def enqueue(runtime: Runtime, flags: Flags, *, environment_id: str, **asked: Any) -> None:
    """Put work in a queue, as a new session does in the real service. The flags are the fields of the work."""
    body = _work(asked, runtime)
    response = _call_emulator(runtime, flags, "POST", "/enqueue", body, environment_id)
    items = _objects(response, "data")
    print_result(runtime, flags, "\n".join(str(item.get("id")) for item in items), items)


def key(runtime: Runtime, flags: Flags, *, environment_id: str) -> None:
    """Print a key for the workers of an environment."""
    response = make_key(runtime, flags, environment_id)
    print_result(runtime, flags, response["environment_key"], response)


def make_key(runtime: Runtime, flags: Flags, environment_id: str) -> dict[str, str]:
    """Return the emulator's response with a key for an environment."""
    response = _call_emulator(runtime, flags, "POST", "/key", None, environment_id)
    if not all(
        isinstance(response.get(name), str) for name in ("environment_id", "environment_key")
    ):
        raise ResponseError(_NO_EMULATOR)
    return response


def _objects(response: dict[str, Any], name: str) -> list[dict[str, Any]]:
    """Return a list of objects in a response. ResponseError if it has none."""
    objects = response.get(name)
    if not isinstance(objects, list) or not all(isinstance(each, dict) for each in objects):
        raise ResponseError(_NO_EMULATOR)
    return objects


def _work(asked: dict[str, Any], runtime: Runtime) -> dict[str, Any]:
    """Return the fields of new work. UsageError if --metadata is not keys and values."""
    asked["secret"] = not asked.pop("no_secret", False)
    if "metadata" in asked:
        asked["metadata"] = read_structured(METADATA, asked["metadata"], runtime)
    return asked


# Sessions


def create_session(runtime: Runtime, flags: Flags, **asked: Any) -> None:
    """Create a session whose agent follows a script, and put its work in the queue. The flags are its fields."""
    body = _work(asked, runtime)
    if "script" in body:
        body["script"] = _read_script(runtime, "--script", body["script"])
    response = _call_emulator(runtime, flags, "POST", "/sessions", body)
    print_result(runtime, flags, str(response.get("id")), response)


def add_script(runtime: Runtime, flags: Flags, *, file: str, **asked: Any) -> None:
    """Give a script to the next sessions that an application creates."""
    body = {**asked, "script": _read_script(runtime, "FILE", file)}
    response = _call_emulator(runtime, flags, "POST", "/scripts", body)
    print_result(runtime, flags, str(response.get("id")), response)


def _read_script(runtime: Runtime, flag: str, path: str) -> Any:
    data = runtime.stdin.read() if path == "-" else read_file(path, flag)
    return parse(decode(data, f"{flag}: {path}"), flag)


def show_session(runtime: Runtime, flags: Flags, *, session_id: str) -> None:
    """Print the events of a session, the oldest first."""
    response = _call_emulator(
        runtime, flags, "GET", f"/sessions/{path_segment('SESSION_ID', session_id)}"
    )
    events = _objects(response, "events")
    print_result(runtime, flags, "\n".join(map(_event_line, events)), events)


def _event_line(event: dict[str, Any]) -> str:
    """Return an event as a line for people: the time, the type, and its details."""
    known = ("id", "type", "processed_at")
    rest = {name: value for name, value in event.items() if name not in known and value is not None}
    details = json.dumps(rest, ensure_ascii=False) if rest else ""
    return f"{event.get('processed_at')}  {event.get('type')}  {details}".rstrip()


# The journal, time, faults, and reset


def requests(runtime: Runtime, flags: Flags, *, clear: bool = False) -> None:
    """Print the last requests that a served emulator answered, the oldest first; or remove them."""
    response = _call_emulator(runtime, flags, "DELETE" if clear else "GET", "/requests")
    if clear:
        runtime.say("The journal is empty.")
        return
    entries = _objects(response, "data")
    if not entries:
        runtime.hint(
            "There are no requests. The journal is in the memory of a served emulator, from its start."
        )
    if entries or wants_structured(flags):
        print_result(runtime, flags, "\n".join(map(request_line, entries)), entries)


def request_line(entry: dict[str, Any]) -> str:
    """Return a request as a line for people."""
    names = ("time", "method", "path", "status", "request_id", "fault", "error")
    shown = {"status": "no response"} | {
        name: text for name, text in entry.items() if text is not None
    }
    return "  ".join(str(shown[name]) for name in names if name in shown)


def clock(runtime: Runtime, flags: Flags, **asked: Any) -> None:
    """Show the emulator's clock, or move it, so that leases run out without waiting. The flags say where to."""
    if now := asked.get("now"):
        _check_time(now)
    response = _call_emulator(runtime, flags, "POST" if asked else "GET", "/clock", asked or None)
    print_result(runtime, flags, str(response.get("now")), response)


def _check_time(text: str) -> None:
    with suppress(ValueError):
        if datetime.fromisoformat(text).tzinfo:
            return
    raise UsageError(
        f"--now must be a time with its offset, such as 2026-03-15T10:00:00Z, got {text!r}."
    )


def reset(runtime: Runtime, flags: Flags, *, yes: bool = False) -> None:
    """Delete everything in the emulator: environments, work, sessions and faults. Asks at a terminal."""
    if not yes:
        confirm("Delete everything in the emulator?", runtime)
    _call_emulator(runtime, flags, "POST", "/reset")
    runtime.say("The emulator is empty.")


def fault(runtime: Runtime, flags: Flags, **asked: Any) -> None:
    """Make the next requests fail, to see how your program handles it. The flags are the fields of a fault."""
    lists, clears = asked.pop("list", False), asked.pop("clear", False)
    if lists and clears:
        raise exclude_each_other("--list", "--clear")
    if lists or clears:
        response = _call_emulator(runtime, flags, "DELETE" if clears else "GET", "/faults")
    else:
        if "method" in asked:
            asked["method"] = asked["method"].upper()
        if "header" in asked:
            asked["headers"] = asked.pop("header")
        response = _call_emulator(runtime, flags, "POST", "/faults", asked)
    as_data = flags if "format" in flags else flags.with_values(format="json")
    print_result(runtime, as_data, "", response.get("data", response))


def _call_emulator(
    runtime: Runtime,
    flags: Flags,
    method: str,
    path: str,
    body: dict[str, Any] | None = None,
    environment_id: str | None = None,
) -> dict[str, Any]:
    """Send a request to the emulator at the base URL, and return the parsed response.

    An environment's ID, which may be a name, is part of the path, or is in the body.

    Raises:
        UsageError: if the base URL is still that of the real API, which has no such endpoints.
        AntError: as the client does.

    """
    settings = load(runtime, flags)
    if settings.connection.base_url == DEFAULT_BASE_URL:
        raise UsageError(
            "no emulator was named.",
            f"Name one: --local, or --base-url with the URL that `{command_line('emulator start')}` printed.",
        )
    ids = {ENVIRONMENT_ID.name: environment_id} if environment_id is not None else {}
    segments = "".join(
        f"/environments/{path_segment('ENVIRONMENT_ID', text)}" for text in ids.values()
    )
    with connect_by_name(settings.connection, runtime, Progress(runtime)) as client:
        if body and ENVIRONMENT_ID.name in body:
            named = client.send(
                request_of(RETRIEVE, {ENVIRONMENT_ID.name: body[ENVIRONMENT_ID.name]})
            )
            body = {**body, ENVIRONMENT_ID.name: (json_object(named.body) or {}).get("id")}
        content = None if body is None else encode(body)
        request = Request(method, f"/_emulator{segments}{path}", (), body=content, path_params=ids)
        response = json_object(client.send(request).body)
    if response is None:
        raise ResponseError(_NO_EMULATOR)
    return response
