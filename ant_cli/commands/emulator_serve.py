"""`ant emulator start` and `env`: serve the emulator, and point clients to the one that runs."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from contextlib import suppress
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ant_cli.commands.framework import command, group, show, show_result
from ant_cli.errors import AntError, BadValue, UsageError
from ant_cli.help.operation_pages import METAVARS
from ant_cli.operations.spec import Flags
from ant_cli.runtime import Runtime
from ant_cli.settings.local_emulator import LOCAL, database_of, open_emulator, state_folder
from ant_cli.settings.validators import check_secret

if TYPE_CHECKING:
    from ant_cli.emulator import Emulator

ANY_KEY = "sk-ant-emulator"
"""What clients that insist on a key may send to an emulator that takes any."""

app = group("emulator")


# Options


def text(words: str) -> Any:
    """Return an option that takes a text."""
    return typer.Option(help=words, metavar=METAVARS[str], show_default=False)


def number(words: str) -> Any:
    """Return an option that takes a number, which `whole_number` checks."""
    return typer.Option(help=words, metavar=METAVARS[int], show_default=False)


def whole_number(flag: str, word: str, low: int, high: int) -> int:
    """Return the number that a word is; BadValue if it is none from `low` to `high`."""
    value = int(word) if re.fullmatch("[0-9]{1,9}", word) else -1
    if not low <= value <= high:
        raise BadValue(flag, f"must be a whole number from {low} to {high}, got {word!r}")
    return value


# Serving


@command(app, "start", ("format", "api_key"))
def start(
    runtime: Runtime,
    flags: Flags,
    *,
    host: Annotated[str, text("The address to listen at (127.0.0.1).")] = "127.0.0.1",
    port: Annotated[str, number("The port, from 1 to 65535; 0 for any that is free (0).")] = "0",
    database: Annotated[str, text("Its file (that of --local); :memory: to forget everything at the end.")] = "",
) -> None:
    """Serve the emulator over HTTP until Ctrl-C; print its base URL as soon as it listens."""
    port_number = whole_number("--port", port, 0, 65535)
    api_key = key_to_send(host, flags)
    runtime.stderr.register_secret(api_key)
    emulator = open_emulator(
        database or database_of(LOCAL, runtime.environ), api_key=api_key or None, require_credential=True
    )

    def announce(url: str) -> None:
        write_note(runtime, {"base_url": url, "pid": os.getpid(), "has_key": bool(api_key)})
        show_result(runtime, flags, url, {"base_url": url})
        runtime.stderr.say(f"The emulator listens at {url}. Stop it with Ctrl-C.")

    try:
        serve(emulator, host, port_number, announce, runtime)
    finally:
        forget_note(runtime)
        emulator.close()


def key_to_send(host: str, flags: Flags) -> str:
    """Return the key that clients have to send, if there is one; UsageError if there must be."""
    if api_key := flags.text("api_key"):
        return check_secret("--api-key", api_key)
    if listens_to_others(host):
        raise UsageError(
            f"--host {host} can be reached from other machines, so --api-key is required.",
            "It is the key that clients have to send.",
        )
    return ""


def listens_to_others(host: str) -> bool:
    """Whether an address is one at which other machines can ask; a name is, unless it is localhost."""
    try:
        return not ip_address(host).is_loopback
    except ValueError:
        return host != "localhost"


def serve(emulator: Emulator, host: str, port: int, announce: Callable[[str], None], runtime: Runtime) -> None:
    """Serve until a signal comes. AntError if nothing can listen at the address."""
    from ant_cli.emulator.server import serve as serve_emulator

    try:
        serve_emulator(emulator, host, port, announce, runtime.stderr.say)
    except (OSError, UnicodeError) as error:  # a host that can't be a name at all is a UnicodeError
        why = os.strerror(error.errno) if isinstance(error, OSError) and error.errno else "not a host name"
        raise AntError(f"the emulator can't listen at {host}:{port}: {why.lower()}.") from None


@command(app, "env", ())
def env(runtime: Runtime, _: Flags) -> None:
    """Print the variables that point every client to the emulator that runs."""
    running = read_note(runtime)
    if not is_alive(running.get("pid")):
        raise AntError("no emulator is running.", "Start one: ant emulator start")
    show(runtime, f"export ANTHROPIC_BASE_URL={running['base_url']}")
    if running["has_key"]:
        runtime.stderr.say("Note: it was started with a key of its own; put that into ANTHROPIC_API_KEY.")
    else:
        show(runtime, f"export ANTHROPIC_API_KEY={ANY_KEY}")


def write_note(runtime: Runtime, running: dict[str, Any]) -> None:
    """Write down for `env` what runs; where nothing can be written the emulator is served all the same."""
    note = running_note(runtime)
    try:
        note.parent.mkdir(parents=True, exist_ok=True)
        note.write_text(json.dumps(running))
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        runtime.stderr.say(f"Note: `ant emulator env` won't find this emulator; {note}: {reason}.")


def read_note(runtime: Runtime) -> dict[str, Any]:
    """Return what the note says of the emulator that runs; nothing if there is no note that can be read."""
    try:
        running = json.loads(running_note(runtime).read_text())
    except (OSError, ValueError):
        return {}
    return running if isinstance(running, dict) and running.keys() >= {"base_url", "pid", "has_key"} else {}


def is_alive(pid: object) -> bool:
    """Whether there is such a process."""
    if not isinstance(pid, int):
        return False
    if os.name == "nt":  # where signal 0 is Ctrl-C
        return True
    try:
        os.kill(pid, 0)
    except (OSError, OverflowError):
        return False
    return True


def forget_note(runtime: Runtime) -> None:
    """Remove the note of this emulator; another one, started later, may have put its own in its place."""
    if read_note(runtime).get("pid") == os.getpid():
        with suppress(OSError):
            running_note(runtime).unlink()


def running_note(runtime: Runtime) -> Path:
    """Return the file in which the emulator that runs says where it is."""
    return state_folder(runtime.environ) / "emulator.json"
