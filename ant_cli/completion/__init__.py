"""The IDs that a completion script asks for: `ant __complete KIND ARGUMENT...`, one `ID<TAB>NAME` a line.

It is the only command that a script starts. `scripts.py` returns the scripts.

The user is waiting after pressing the tab key, so the API has to respond at once. If anything goes wrong, nothing
is printed, because a message would appear in the middle of the line that is being typed.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from ant_cli.http.client import connect
from ant_cli.input.request import request_of
from ant_cli.operations import OPERATIONS
from ant_cli.operations.shared_flags import LARGEST_PAGE
from ant_cli.operations.spec import values_of
from ant_cli.runtime import Runtime
from ant_cli.runtime.hosts import is_loopback
from ant_cli.runtime.sanitize import collapse_space
from ant_cli.runtime.streams import Stderr, Stdin, Stdout
from ant_cli.settings.loading import load
from ant_cli.settings.local_emulator import has_database, is_local
from ant_cli.settings.rows import GLOBAL_FLAGS, ON_STDIN

if TYPE_CHECKING:
    from ant_cli.http.client import Client
    from ant_cli.input.request import Request
    from ant_cli.operations.spec import Flags, Operation, Param
    from ant_cli.settings.loading import ConnectionSettings

PATIENCE_S = 0.3
"""How long to wait for the API, in seconds."""
_NAME_LENGTH = 60
EMULATOR = "emulator_"
"""The prefix of a kind of ID that is requested only from an emulator, never from the real API."""
_NAMES = ("name", "state")
"""Members that describe an item, the best first."""


def complete(arguments: Sequence[str], runtime: Runtime) -> None:
    """Print the IDs of the kind that the first argument names; the others are the command line up to the cursor."""
    try:
        runtime.stdout.write(_lines(fetch(arguments[0], arguments[1:-1], runtime)))
    except Exception:  # noqa: BLE001 - silent on any failure
        return


def _lines(items: Iterable[Mapping[str, object]]) -> bytes:
    """Return the lines `ID<TAB>NAME`.

    IDs that look like a flag or need quotes, which real ones never do, are left out: a shell would act on them. An
    ID that differs from an earlier one only by case, or by `-` and `_`, is left out, too: bash inserts what both
    lines have in common, which could be more than the ID.
    """
    found: dict[str, str] = {}
    for item in items:
        identifier = str(item.get("id") or "")
        letters = identifier.replace("_", "").replace("-", "")
        if letters.isascii() and letters.isalnum() and not identifier.startswith("-"):
            name = next((str(item[key]) for key in _NAMES if item.get(key)), "")
            line = f"{identifier}\t{collapse_space(name)[:_NAME_LENGTH]}\n"
            found.setdefault(identifier.lower().replace("-", "_"), line)
    return "".join(found.values()).encode()


# Asking the API


def fetch(id_kind: str, typed: Sequence[str], runtime: Runtime) -> list[dict[str, object]]:
    """Return the first page of the list that has the IDs, for the words that were typed before the cursor.

    Raises:
        Exception: of any kind, if anything fails.

    """
    source = source_of(id_kind.removeprefix(EMULATOR))
    flags = _deciding_flags(typed, (*GLOBAL_FLAGS, *source.fields_in("path")))
    if any("$" in value or "`" in value for value in flags.values()):
        return []  # the scripts pass arguments unchanged, with variables unexpanded
    silent = Runtime(Stdin(None), Stdout(None), Stderr(None), runtime.environ, runtime.transport)
    values = {
        param.name: flags[param.name] for param in source.fields_in("path") if param.name in flags
    }
    request = request_of(source, {**values, "limit": str(LARGEST_PAGE)})
    settings = settings_of(values_of(flags, GLOBAL_FLAGS), silent, source)
    url = settings.base_url
    if id_kind.startswith(EMULATOR) and not (
        is_local(url) or is_loopback(urlsplit(url).hostname or "")
    ):
        return []
    if is_local(url) and not has_database(url, runtime.environ):
        return []  # the emulator would create it
    with connect(settings, silent) as client:
        items: list[dict[str, object]] = json.loads(_send_in_time(client, request))["data"]
    return items


def _deciding_flags(typed: Sequence[str], rows: Sequence[Param]) -> dict[str, str]:
    """Return the texts of the flags in `rows`, by name. `argv.py` would reject an unfinished line."""
    params = {param.flag: param for param in rows}
    flags = {}
    for word, following in zip(typed, [*typed[1:], ""], strict=True):
        flag, equals, value = word.partition("=")
        if param := params.get(flag):
            flags[param.name] = value if equals else following if param.takes_value else "true"
    return flags


def settings_of(flags: Flags, runtime: Runtime, operation: Operation) -> ConnectionSettings:
    """Return the settings of the command that is being typed, with a short timeout and no retries.

    A key that a command prints, or that is in the system's credential store, is ignored: getting it may take long,
    or ask the user for a password. Also ignored are a key that will be on stdin, an identity token that has to be
    exchanged, and a profile's key for a server that a variable names: nobody would see the note.
    """
    settings = load(runtime, flags, accepts=operation.accepts)
    connection, credential = settings.connection, settings.connection.credential
    has_token = credential and credential.issuer and not credential.issuer.exchanges
    is_at_hand = (
        credential and (credential.secret or has_token) and not any(map(flags.get, ON_STDIN))
    )
    may_be_sent = settings.stays_at_home or (credential and credential.origin != "profile")
    return connection._replace(
        credential=credential if is_at_hand and may_be_sent else None,
        timeout_s=PATIENCE_S,
        max_retries=0,
    )


def _send_in_time(client: Client, request: Request) -> bytes:
    """Return the body of the response, or raise TimeoutError.

    The client's timeout is per step, and does not cover the look-up of a host name. So the request runs in a
    thread, which is abandoned when the time is up, just before the process ends.
    """
    return ThreadPoolExecutor(1).submit(client.send, request).result(PATIENCE_S).body


def source_of(id_kind: str) -> Operation:
    """Return the operation that lists the resources of a kind of ID: its path precedes that ID in other paths.

    Raises:
        StopIteration: if no operation does.

    """
    before = {
        operation.path.partition("/{" + id_kind + "}")[0]
        for operation in OPERATIONS
        if id_kind in operation.path
    }
    return next(item for item in OPERATIONS if item.paginated and item.path in before)
