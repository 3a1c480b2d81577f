"""`ant emulator enqueue`, `fault` and `reset`: put work in an emulator's queues, make it fail, and empty it.

They ask the emulator by HTTP under `/_emulator/`, so that it is the same for one in this process (`--local`) and
for a served one (`--base-url http://...`).
"""

from __future__ import annotations

import json
from typing import Annotated, Any
from urllib.parse import quote

import typer

from ant_cli.commands.emulator_serve import app, number, text, whole_number
from ant_cli.commands.framework import PROFILE, REQUEST, RESULT, command, show_result
from ant_cli.errors import AnswerError, BadValue, UsageError
from ant_cli.help.operation_pages import METAVARS
from ant_cli.http.client import Client
from ant_cli.input.request import Request
from ant_cli.input.values import convert, encode
from ant_cli.operations.spec import Flags, Param, flag_name
from ant_cli.output.api_error import rendered_errors
from ant_cli.output.progress import Progress
from ant_cli.runtime import Runtime
from ant_cli.settings.loading import load
from ant_cli.settings.sources import DEFAULT_BASE_URL

NO_EMULATOR = "the server at the base URL is not the emulator."


@command(app, "enqueue", (*PROFILE, *REQUEST, *RESULT))
def enqueue(
    runtime: Runtime,
    flags: Flags,
    *,
    environment_id: Annotated[str, typer.Argument(help="A self-hosted environment.", metavar="ENVIRONMENT_ID")],
    session_id: Annotated[str, text("The session that the work is for; else each has its own.")] = "",
    count: Annotated[str, number("How many work items, from 1 to 10000 (1).")] = "1",
    metadata: Annotated[
        str, typer.Option(help="Keys and values of each item.", metavar=METAVARS[dict], show_default=False)
    ] = "",
) -> None:
    """Put work in a queue, as a new session does in the real service."""
    body: dict[str, Any] = {"count": whole_number("--count", count, 1, 10_000)}
    if session_id:
        body["session_id"] = session_id
    if metadata:
        body["metadata"] = json.loads(encode(convert(METADATA, "--metadata", metadata)))
    if environment_id in ("", ".", ".."):  # which are no segment of a path
        raise BadValue("ENVIRONMENT_ID", f"must be an ID, got {environment_id!r}")
    answer = ask(runtime, flags, "POST", f"/environments/{quote(environment_id, safe='')}/enqueue", body)
    try:
        ids = [item["id"] for item in answer["data"]]
    except (KeyError, TypeError):
        raise AnswerError(NO_EMULATOR) from None
    show_result(runtime, flags, "\n".join(ids), answer["data"])


@command(app, "reset", (*PROFILE, *REQUEST))
def reset(runtime: Runtime, flags: Flags) -> None:
    """Empty the emulator: no environment, no work, and no fault is left."""
    ask(runtime, flags, "POST", "/reset")
    runtime.stderr.say("The emulator is empty.")


FAULT_NUMBERS = {
    "status": (400, 599),
    "times": (1, 1_000_000),
    "retry_after_ms": (0, 3_600_000),
    "delay_ms": (0, 600_000),
}
"""The least and the most of each number of a fault."""
PathContains = Annotated[str, text("Only requests whose path contains this, percent-encoded as it is sent.")]
Method = Annotated[str, text("Only requests with this method: GET, POST or DELETE.")]
Status = Annotated[str | None, number("The status of the answer, from 400 to 599.")]
Times = Annotated[str, number("How many requests fail, from 1 to 1000000 (1).")]
RetryAfter = Annotated[str | None, number("What the answer's retry-after-ms says, from 0 to 3600000.")]
Delay = Annotated[str | None, number("How many milliseconds each request waits first, from 0 to 600000 (0).")]
Disconnect = Annotated[bool, typer.Option("--disconnect", help="Drop the connection, without an answer.")]
ShowAll = Annotated[bool, typer.Option("--list", help="List the faults that are still to come.")]
Clear = Annotated[bool, typer.Option("--clear", help="Remove all faults.")]


@command(app, "fault", (*PROFILE, *REQUEST, *RESULT))
def fault(
    runtime: Runtime,
    flags: Flags,
    *,
    path_contains: PathContains = "",
    method: Method = "",
    status: Status = None,
    times: Times = "1",
    retry_after_ms: RetryAfter = None,
    delay_ms: Delay = None,
    disconnect: Disconnect = False,
    show_all: ShowAll = False,
    clear: Clear = False,
) -> None:
    """Make the next requests fail, to see what your program does then."""
    if show_all and clear:
        raise UsageError("--list and --clear exclude each other.", "Give one of them.")
    if show_all or clear:
        answer = ask(runtime, flags, "DELETE" if clear else "GET", "/faults")
    else:
        words = {"status": status, "times": times, "retry_after_ms": retry_after_ms, "delay_ms": delay_ms}
        asked = {"path_contains": path_contains, "method": method.upper() or None, "disconnect": disconnect}
        answer = ask(runtime, flags, "POST", "/faults", asked | fault_numbers(words))
    show_result(
        runtime, flags if "format" in flags else flags.with_values(format="json"), "", answer.get("data", answer)
    )


def fault_numbers(words: dict[str, str | None]) -> dict[str, int]:
    """Return the numbers of a fault that were typed; BadValue if one can't be."""
    return {
        name: whole_number(flag_name(name), word, *FAULT_NUMBERS[name])
        for name, word in words.items()
        if word is not None
    }


METADATA = Param("metadata", "body", dict, "")


def ask(runtime: Runtime, flags: Flags, method: str, path: str, body: Any = None) -> Any:
    """Send a request to the emulator that the base URL names, and return its answer.

    Raises:
        UsageError: if the base URL was left to be that of the real API, which has no such endpoints.
        AntError: as the client does.

    """
    settings = load(runtime, flags)
    if settings.connection.base_url == DEFAULT_BASE_URL:
        raise UsageError(
            "no emulator was named.", "Name one: --local, or --base-url with what `ant emulator start` printed."
        )
    content = None if body is None else json.dumps(body).encode()
    observer = Progress(runtime.stderr, runtime.environ)
    with (
        Client(settings.connection, runtime, observer) as client,
        rendered_errors(settings.output, runtime.stderr),
    ):
        try:
            answer = json.loads(client.send(Request(method, "/_emulator" + path, (), body=content)).body)
        except (ValueError, RecursionError):
            raise AnswerError(NO_EMULATOR) from None
    if not isinstance(answer, dict):
        raise AnswerError(NO_EMULATOR)
    return answer
