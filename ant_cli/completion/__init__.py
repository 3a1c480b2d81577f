"""The IDs that a completion script asks for: `ant __complete KIND ARGUMENT...`, one `ID<TAB>NAME` a line.

It is the only command that a script starts. `scripts.py` returns the scripts.

The user is waiting after pressing the tab key. So the IDs come from a cache if possible, which needs only modules
that Python loads anyway; otherwise from the API, if it responds at once. If anything goes wrong, nothing is
printed, because a message would appear in the middle of the line that is being typed.

Paths are strings here, because pathlib takes as long to load as Python takes to start.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress

from ant_cli.runtime import Runtime
from ant_cli.runtime.light_typing import TYPE_CHECKING
from ant_cli.runtime.sanitize import collapse_space
from ant_cli.runtime.streams import Stderr, Stdin, Stdout
from ant_cli.runtime.trusted_files import FileRule, open_trusted, read_to_limit

try:  # the same as hashlib's, without OpenSSL, which takes 0.3 of `python -c pass` to load
    from _blake2 import blake2b
except ImportError:
    from hashlib import blake2b

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
NAMES = ("name", "state")
"""Members that describe an item, the best first."""
_KEPT_S = 60
_OWN = FileRule(10_000_000, owner="user")
"""Its lines are inserted into the user's command line."""
PREFIX = "ids-"


def complete(arguments: Sequence[str], runtime: Runtime) -> None:
    """Print the IDs of the kind that the first argument names; the others are the command line up to the cursor."""
    try:
        runtime.stdout.write(candidates(arguments[0], arguments[1:], runtime))
    except Exception:  # noqa: BLE001 - silent on any failure
        return


def candidates(id_kind: str, arguments: Sequence[str], runtime: Runtime) -> bytes:
    """Return the lines `ID<TAB>NAME`, from the cache if they are fresh."""
    typed = arguments[:-1]
    cache = Cache(runtime.environ, id_kind, flag_words(typed))
    kept = cache.read()
    if kept and _has_match(kept, arguments):
        return kept
    lines = b"".join(_line_of(item) for item in fetch(id_kind, typed, runtime))
    if lines:
        cache.write(lines)
    return lines


def _has_match(lines: bytes, arguments: Sequence[str]) -> bool:
    """Whether an ID or a name begins with the word at the cursor. If none does, it may be new."""
    word = arguments[-1] if arguments else ""
    if word.startswith("--"):
        word = word.partition("=")[2]
    start = word.replace("\\", "").encode("utf-8", "surrogateescape")
    return any(part.startswith(start) for line in lines.splitlines() for part in line.split(b"\t"))


def flag_words(typed: Sequence[str]) -> list[str]:
    """Return the flags, and the words after them: they decide on the server, the request and the credential.

    Loading the table of flags, which says which have a value, would take longer than reading the cache.
    """
    return [word for before, word in zip(["", *typed], typed, strict=False) if "-" in (before[:1], word[:1])]


def _line_of(item: Mapping[str, object]) -> bytes:
    """Return the line of an item; empty if its ID looks like a flag, or needs quotes, which real IDs never do."""
    identifier = str(item.get("id") or "")
    if identifier.startswith("-") or not (
        identifier.isascii() and identifier.replace("_", "").replace("-", "").isalnum()
    ):
        return b""
    name = next((str(item[key]) for key in NAMES if item.get(key)), "")
    shown = collapse_space(name)[:_NAME_LENGTH]
    return f"{identifier}\t{shown}\n".encode()


# Asking the API


def fetch(id_kind: str, typed: Sequence[str], runtime: Runtime) -> list[dict[str, object]]:
    """Return the first page of the list that has the IDs, for the words that were typed before the cursor.

    Raises:
        Exception: whatever goes wrong.

    """
    import json
    from urllib.parse import urlsplit

    from ant_cli.http.choice import is_loopback
    from ant_cli.http.client import Client
    from ant_cli.input.request import request_of
    from ant_cli.operations.shared_flags import LARGEST_PAGE
    from ant_cli.operations.spec import values_of
    from ant_cli.settings.local_emulator import has_database, is_local
    from ant_cli.settings.rows import GLOBAL_FLAGS

    source = source_of(id_kind.removeprefix(EMULATOR))
    flags = _deciding_flags(typed, (*GLOBAL_FLAGS, *source.params_in("path")))
    if any("$" in value or "`" in value for value in flags.values()):
        return []  # the scripts pass arguments unchanged, with variables unexpanded
    silent = Runtime(Stdin(None), Stdout(None), Stderr(None), runtime.environ, runtime.transport)
    values = {param.name: flags[param.name] for param in source.params_in("path") if param.name in flags}
    request = request_of(source, {**values, "limit": str(LARGEST_PAGE)})
    settings = settings_of(values_of(flags, GLOBAL_FLAGS), silent, source)
    url = settings.base_url
    if id_kind.startswith(EMULATOR) and not (is_local(url) or is_loopback(urlsplit(url).hostname or "")):
        return []
    if is_local(url) and not has_database(url, runtime.environ):
        return []  # the emulator would create it
    with Client(settings, silent) as client:
        items: list[dict[str, object]] = json.loads(_send_in_time(client, request))["data"]
    return items


def _deciding_flags(typed: Sequence[str], rows: Sequence[Param]) -> dict[str, str]:
    """Return the flags of the request by parameter name. `argv.py` would reject an unfinished line."""
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
    or ask the user for a password. So is a key that will be on stdin, or is exchanged for a token.
    """
    from ant_cli.settings.loading import load
    from ant_cli.settings.rows import ON_STDIN

    connection = load(runtime, flags, accepts=operation.accepts).connection
    credential = connection.credential
    has_token = credential and credential.issuer and not credential.issuer.exchanges
    is_at_hand = credential and (credential.secret or has_token) and not any(map(flags.get, ON_STDIN))
    return connection._replace(
        credential=credential if is_at_hand else None,
        second_choice=None,
        timeout_s=PATIENCE_S,
        max_retries=0,
        debug=False,
    )


def _send_in_time(client: Client, request: Request) -> bytes:
    """Return the body of the response, or raise TimeoutError.

    The client's timeout is per step, and does not cover the look-up of a host name. So the request runs in a
    thread, which is abandoned when the time is up, just before the process ends.
    """
    from concurrent.futures import ThreadPoolExecutor

    return ThreadPoolExecutor(1).submit(client.send, request).result(PATIENCE_S).body


def source_of(id_kind: str) -> Operation:
    """Return the operation that lists the resources of a kind of ID: its path precedes that ID in other paths.

    Raises:
        StopIteration: if no operation does.

    """
    from ant_cli.operations import OPERATIONS

    before = {
        operation.path.partition("/{" + id_kind + "}")[0] for operation in OPERATIONS if id_kind in operation.path
    }
    return next(item for item in OPERATIONS if item.paginated and item.path in before)


# The cache: lists of IDs that are less than a minute old, in the user's cache folder


class Cache:
    """The file of one list.

    Its name is a hash of everything that the list depends on. That includes the credential, so nobody sees data
    that only another key may see. The hash does not reveal the credential.
    """

    def __init__(self, environ: Mapping[str, str], id_kind: str, typed: Sequence[str]) -> None:
        """Take the kind of ID, and the words of the command line on which the response depends."""
        named = (name for name in sorted(environ) if name.startswith("ANTHROPIC_") or name == "XDG_STATE_HOME")
        variables = (f"{name}={environ[name]}" for name in named)  # the state folder has the emulator's file
        deciding = [id_kind, *typed, "", *variables, *_times_of_settings(environ)]
        name = blake2b("\0".join(deciding).encode("utf-8", "surrogateescape"), digest_size=16).hexdigest()
        self._environ = environ
        self._path = os.path.join(folder(environ), PREFIX + name)

    def read(self) -> bytes | None:
        """Return the stored lines; None if nothing is stored, or it is too old or may be another user's."""
        try:
            with open_trusted(self._path, _OWN) as file:
                return read_to_limit(file, _OWN) if _is_fresh(os.fstat(file.fileno())) else None
        except OSError:
            return None

    def write(self, lines: bytes) -> None:
        """Store the lines and remove old files; nothing happens if the folder can't be written to."""
        from pathlib import Path

        from ant_cli.runtime.storage import replace_file

        with suppress(OSError):
            os.makedirs(os.path.dirname(self._path), mode=0o700, exist_ok=True)
            replace_file(Path(self._path), lines)
            forget_ids(self._environ, only_old=True)


def forget_ids(environ: Mapping[str, str], *, only_old: bool = False) -> None:
    """Remove stored lines: all, because this run may have created or deleted what they name, or `only_old` ones."""
    with suppress(OSError), os.scandir(folder(environ)) as entries:
        for entry in entries:
            if PREFIX in entry.name and not (only_old and _is_fresh(os.lstat(entry.path))):
                os.unlink(entry.path)


def _is_fresh(facts: os.stat_result) -> bool:
    return abs(time.time() - facts.st_mtime) < _KEPT_S


def folder(environ: Mapping[str, str], platform: str = os.name) -> str:
    """Return the folder of this user's cache."""
    if platform == "nt":
        return os.path.join(environ.get("LOCALAPPDATA") or os.path.expanduser("~"), "ant", "cache")
    return os.path.join(environ.get("XDG_CACHE_HOME") or os.path.join(_home(environ), ".cache"), "ant")


def _home(environ: Mapping[str, str]) -> str:
    return environ.get("HOME") or os.path.expanduser("~")


def _times_of_settings(environ: Mapping[str, str]) -> Iterator[str]:
    """Yield data that changes with the profiles, and the logins of the official tool: replacing a file does.

    They may hold the credential and the base URL. Which of the folders has them, only the settings know.
    """
    folders = (
        environ.get("ANTHROPIC_CONFIG_DIR", ""),
        os.path.join(environ.get("APPDATA", ""), "Anthropic"),
        os.path.join(environ.get("XDG_CONFIG_HOME", ""), "anthropic"),
        os.path.join(_home(environ), ".config", "anthropic"),
    )
    for parent in folders:
        for name in ("profiles.toml", "active_config", "configs", "credentials"):
            try:
                yield str(os.stat(os.path.join(parent, name)).st_mtime_ns)
            except OSError:
                yield ""
