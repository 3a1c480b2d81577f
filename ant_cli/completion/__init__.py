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
    from ant_cli.settings.credentials import Credential
    from ant_cli.settings.loading import ConnectionSettings, Settings

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
        kind, *typed, _ = arguments
        items = fetch(kind, typed, runtime)
        runtime.stdout.write(_lines(items))
    except Exception:  # noqa: BLE001 - silent on any failure
        return


def _lines(items: Iterable[Mapping[str, object]]) -> bytes:
    """Return the lines `ID<TAB>NAME`.

    IDs that look like a flag or need quotes, which real ones never do, are left out: a shell would act on them. An
    ID that differs from an earlier one only by case, or by `-` and `_`, is left out, too: bash inserts what both
    lines have in common, which could be more than the ID.
    """
    found = dict[str, str]()
    for item in items:
        identifier = str(item.get("id") or "")
        if _is_plain(identifier):
            letters = identifier.lower().replace("-", "_")
            name = _name_of(item)[:_NAME_LENGTH]
            found.setdefault(letters, f"{identifier}\t{name}\n")
    return "".join(found.values()).encode()


def _is_plain(identifier: str) -> bool:
    """Whether an ID is neither like a flag nor needs quotes."""
    if identifier.startswith("-"):
        return False
    letters = identifier.replace("_", "").replace("-", "")
    return letters.isascii() and letters.isalnum()


def _name_of(item: Mapping[str, object]) -> str:
    """Return what describes an item; empty if nothing does."""
    for key in _NAMES:
        if item.get(key):
            return collapse_space(str(item[key]))
    return ""


# Asking the API


def fetch(id_kind: str, typed: Sequence[str], runtime: Runtime) -> list[dict[str, object]]:
    """Return the first page of the list that has the IDs, for the words that were typed before the cursor.

    Raises:
        Exception: of any kind, if anything fails.

    """
    source = source_of(id_kind.removeprefix(EMULATOR))
    outer = source.fields_in("path")
    texts = _deciding_texts(typed, (*GLOBAL_FLAGS, *outer))
    if any(map(_has_variable, texts.values())):
        return []
    silent = Runtime(Stdin(None), Stdout(None), Stderr(None), runtime.environ, runtime.transport)
    ids = {field.name: texts[field.name] for field in outer if field.name in texts}
    request = request_of(source, {**ids, "limit": str(LARGEST_PAGE)})
    flags = values_of(texts, GLOBAL_FLAGS)
    settings = settings_of(flags, silent, source)
    if not _may_be_asked(settings.base_url, id_kind, runtime):
        return []
    with connect(settings, silent) as client:
        body = _send_in_time(client, request)
    items: list[dict[str, object]] = json.loads(body)["data"]
    return items


def _has_variable(text: str) -> bool:
    """Whether a text has a variable or a command, which the scripts pass as it was typed."""
    return "$" in text or "`" in text


def _may_be_asked(url: str, id_kind: str, runtime: Runtime) -> bool:
    """Whether a server may be asked for a kind of ID. A local emulator would create its database."""
    if is_local(url):
        return has_database(url, runtime.environ)
    if not id_kind.startswith(EMULATOR):
        return True
    return is_loopback(urlsplit(url).hostname or "")


def _deciding_texts(typed: Sequence[str], rows: Sequence[Param]) -> dict[str, str]:
    """Return the texts of the flags in `rows`, by name. `argv.py` would reject an unfinished line."""
    params = {name: param for param in rows for name in param.spellings}
    texts = dict[str, str]()
    for word, following in zip(typed, [*typed[1:], ""], strict=True):
        flag, equals, value = word.partition("=")
        param = params.get(flag)
        if param is None:
            continue
        if equals:
            texts[param.name] = value
        elif param.takes_value:
            texts[param.name] = following
        else:
            texts[param.name] = "true"
    return texts


def settings_of(flags: Flags, runtime: Runtime, operation: Operation) -> ConnectionSettings:
    """Return the settings of the command that is being typed, with a short timeout and no retries.

    A key that a command prints, or that is in the system's credential store, is ignored: getting it may take long,
    or ask the user for a password. Also ignored are a key that will be on stdin, an identity token that has to be
    exchanged, and a profile's key for a server that a variable names: nobody would see the note.
    """
    settings = load(runtime, flags, accepts=operation.accepts)
    credential = settings.connection.credential
    if credential is not None and not _may_be_used(credential, settings, flags):
        credential = None
    return settings.connection._replace(credential=credential, timeout_s=PATIENCE_S, max_retries=0)


def _may_be_used(credential: Credential, settings: Settings, flags: Flags) -> bool:
    if any(map(flags.get, ON_STDIN)):
        return False
    issuer = credential.issuer
    has_token = issuer is not None and not issuer.exchanges
    if not (credential.secret or has_token):
        return False
    return settings.stays_at_home or credential.origin != "profile"


def _send_in_time(client: Client, request: Request) -> bytes:
    """Return the body of the response, or raise TimeoutError.

    The client's timeout is per step, and does not cover the look-up of a host name. So the request runs in a
    thread, which is abandoned when the time is up, just before the process ends.
    """
    future = ThreadPoolExecutor(1).submit(client.send, request)
    return future.result(PATIENCE_S).body


def source_of(id_kind: str) -> Operation:
    """Return the operation that lists the resources of a kind of ID: its path precedes that ID in other paths.

    Raises:
        StopIteration: if no operation does.

    """
    place = "/{" + id_kind + "}"
    having = [operation.path for operation in OPERATIONS if place in operation.path]
    before = {path.partition(place)[0] for path in having}
    lists = [operation for operation in OPERATIONS if operation.paginated]
    return next(operation for operation in lists if operation.path in before)
