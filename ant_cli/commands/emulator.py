"""`ant emulator`: serve the emulator, put work in its queues, make it fail, and empty it.

What acts on an emulator asks it by HTTP under `/_emulator/`, so that it is the same for one in this process
(`--local`) and for a served one (`--base-url http://...`).
"""

from __future__ import annotations

import json
import os
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

import typer

from ant_cli.client import Client
from ant_cli.commands.own import REQUEST, RESULT, command, group, load, show, show_result
from ant_cli.connection import LOCAL, database_of, open_emulator, state_folder
from ant_cli.errors import AnswerError, AntError, APIError, UsageError
from ant_cli.output.printer import error_details
from ant_cli.request import Request
from ant_cli.run import keep_secrets
from ant_cli.settings import DEFAULT_BASE_URL, resolve
from ant_cli.spec import Flags, Param
from ant_cli.streams import Process
from ant_cli.values import convert, encode

SUMMARY = """An emulator of the API on this machine."""
ANY_KEY = "emulator"
NO_EMULATOR = "what answers at the base URL is not the emulator."
"""What clients that insist on a key may send to an emulator that takes any."""

app = group(SUMMARY)


# Serving


@command(app, "start", ("format", "api_key"))
def start(
    process: Process,
    flags: Flags,
    *,
    host: Annotated[str, typer.Option(help="The address to listen at.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="The port; 0 for any that is free.", min=0, max=65535)] = 0,
    database: Annotated[str, typer.Option(help="Its file; :memory: to forget everything at the end.")] = "",
) -> None:
    """Serve the emulator over HTTP until Ctrl-C; print its base URL as soon as it listens."""
    api_key = str(flags.get("api_key", ""))
    if not api_key and listens_to_others(host):
        raise UsageError(
            f"--host {host} can be reached from other machines, so --api-key is required.",
            "It is the key that clients have to send.",
        )
    process.stderr.keep_secret(api_key)
    emulator = open_emulator(
        database or database_of(LOCAL, process.environ), api_key=api_key or None, require_credential=True
    )
    note = running_note(process)

    def announce(url: str) -> None:
        note.parent.mkdir(parents=True, exist_ok=True)
        note.write_text(json.dumps({"base_url": url, "pid": os.getpid(), "has_key": bool(api_key)}))
        show_result(process, flags, url, {"base_url": url})
        process.stderr.say(f"The emulator listens at {url}. Stop it with Ctrl-C.")

    try:
        serve(emulator, host, port, announce, process)
    finally:
        note.unlink(missing_ok=True)
        emulator.close()


def listens_to_others(host: str) -> bool:
    """Whether an address is one at which other machines can ask; a name is, unless it is localhost."""
    try:
        return not ip_address(host).is_loopback
    except ValueError:
        return host != "localhost"


def serve(emulator: Any, host: str, port: int, announce: Any, process: Process) -> None:
    """Serve until a signal comes. AntError if the address can't be had."""
    from ant_cli.emulator.server import serve as serve_emulator

    try:
        serve_emulator(emulator, host, port, announce, process.stderr.say)
    except OSError as error:
        raise AntError(f"{host}:{port} can't be listened at: {(error.strerror or str(error)).lower()}.") from None


@command(app, "env", ())
def env(process: Process, _: Flags) -> None:
    """Print the variables that point every client to the emulator that runs: eval "$(ant emulator env)"."""
    note = running_note(process)
    try:
        running = json.loads(note.read_text())
        os.kill(running["pid"], 0)
    except (OSError, ValueError, KeyError):
        raise AntError("no emulator is running.", "Start one: ant emulator start") from None
    show(process, f"export ANTHROPIC_BASE_URL={running['base_url']}")
    if running["has_key"]:
        process.stderr.say("Note: it was started with a key of its own; put that into ANTHROPIC_API_KEY.")
    else:
        show(process, f"export ANTHROPIC_API_KEY={ANY_KEY}")


def running_note(process: Process) -> Path:
    """Return the file in which the emulator that runs says where it is."""
    return state_folder(process.environ) / "emulator.json"


# Acting on an emulator


@command(app, "enqueue", (*REQUEST, *RESULT))
def enqueue(
    process: Process,
    flags: Flags,
    *,
    environment_id: Annotated[str, typer.Argument(help="A self-hosted environment.", metavar="ENVIRONMENT_ID")],
    session_id: Annotated[str, typer.Option(help="The session that the work is for; else each has its own.")] = "",
    count: Annotated[int, typer.Option(help="How many work items.", min=1, max=10_000)] = 1,
    metadata: Annotated[str, typer.Option(help="Keys and values of each item.", metavar="YAML")] = "",
) -> None:
    """Put work in a queue, as a new session does in the real service."""
    body: dict[str, Any] = {"count": count}
    if session_id:
        body["session_id"] = session_id
    if metadata:
        body["metadata"] = json.loads(encode(convert(METADATA, "--metadata", metadata)))
    answer = ask(process, flags, "POST", f"/environments/{quote(environment_id, safe='')}/enqueue", body)
    try:
        ids = [item["id"] for item in answer["data"]]
    except (KeyError, TypeError):
        raise AnswerError(NO_EMULATOR) from None
    show_result(process, flags, "\n".join(ids), answer["data"])


@command(app, "reset", REQUEST)
def reset(process: Process, flags: Flags) -> None:
    """Empty the emulator: no environment, no work, and no fault is left."""
    ask(process, flags, "POST", "/reset")
    process.stderr.say("The emulator is empty.")


@command(app, "fault", (*REQUEST, *RESULT))
def fault(
    process: Process,
    flags: Flags,
    *,
    path_contains: Annotated[str, typer.Option(help="Requests whose path contains this fail.")] = "",
    method: Annotated[str, typer.Option(help="Only requests with this method.")] = "",
    status: Annotated[int | None, typer.Option(help="The status of the answer.", min=400, max=599)] = None,
    times: Annotated[int, typer.Option(help="How many requests fail.", min=1)] = 1,
    retry_after_ms: Annotated[
        int | None, typer.Option(help="What the answer's retry-after-ms says.", min=0)
    ] = None,
    delay_ms: Annotated[int, typer.Option(help="How long each request waits first.", min=0)] = 0,
    disconnect: Annotated[
        bool, typer.Option("--disconnect", help="Drop the connection, without an answer.")
    ] = False,
    show_all: Annotated[bool, typer.Option("--list", help="List the faults that are still to come.")] = False,
    clear: Annotated[bool, typer.Option("--clear", help="Remove all faults.")] = False,
) -> None:
    """Make the next requests fail, to see what your program does then."""
    if show_all or clear:
        answer = ask(process, flags, "DELETE" if clear else "GET", "/faults")
    else:
        wanted = {
            "path_contains": path_contains,
            "method": method.upper() or None,
            "status": status,
            "times": times,
            "retry_after_ms": retry_after_ms,
            "delay_ms": delay_ms or None,
            "disconnect": disconnect or None,
        }
        answer = ask(process, flags, "POST", "/faults", {k: v for k, v in wanted.items() if v is not None})
    result = answer.get("data", answer)
    show_result(process, {"format": "json", **flags}, "", result)


METADATA = Param("metadata", "body", dict, "")


def ask(process: Process, flags: Flags, method: str, path: str, body: Any = None) -> Any:
    """Send a request to the emulator that the base URL names, and return its answer.

    Raises:
        UsageError: if the base URL was left to be that of the real API, which has no such endpoints.
        AntError: as the client does.

    """
    settings = resolve(flags, process.environ, load(process))
    if settings.base_url == DEFAULT_BASE_URL:
        raise UsageError(
            "no emulator was named.", "Name one: --local, or --base-url with what `ant emulator start` printed."
        )
    keep_secrets(settings, process)
    content = None if body is None else json.dumps(body).encode()
    with Client(settings, process) as client:
        try:
            return json.loads(client.send(Request(method, "/_emulator" + path, (), body=content)).body)
        except APIError as error:
            error.details = error_details(process.stderr.without_secrets(error.body), settings)
            raise
        except (ValueError, RecursionError):
            raise AnswerError(NO_EMULATOR) from None
