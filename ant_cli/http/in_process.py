"""The transport to the emulator in this process, and how it is opened. Imported only if it is used."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ant_cli.emulator import Emulator, UnusableDatabase
from ant_cli.emulator.call import PATIENCE_S
from ant_cli.errors import UsageError
from ant_cli.http.response import Response
from ant_cli.http.transport import Attempt, Timeouts
from ant_cli.runtime import Runtime
from ant_cli.settings.local_emulator import DATABASE_HINT, IN_MEMORY, database_path

if TYPE_CHECKING:
    from ant_cli.emulator.worlds import Worlds


def open_emulator(runtime: Runtime, database: str, **options: Any) -> Emulator | Worlds:
    """Open the emulator over a database; the options are those of its class. Print a note if a file was upgraded.

    Raises:
        UsageError: if the database can't be used.

    """
    folder = Path(database).parent
    # Most likely it is a mistyped path, whose new file would look like an empty account.
    if not folder.is_dir():
        raise UsageError(
            f"the emulator's database can't be used: there is no folder {folder}.", DATABASE_HINT
        )
    if database != IN_MEMORY:
        # late: 0.6 ms of `--local list` in memory
        from ant_cli.runtime.written_files import DATABASE, check_destination

        check_destination(database, DATABASE)
    try:
        emulator = _make(database, **options)
    except (UnusableDatabase, OSError) as error:
        raise UsageError(f"the emulator's database can't be used: {error}", DATABASE_HINT) from None
    if emulator.was_older:
        runtime.say(
            f"Note: {database} was brought up to date. The older ant that made it can't open it any more."
        )
    return emulator


def _make(database: str, *, worlds: bool = False, **options: Any) -> Emulator | Worlds:
    if not worlds:
        return Emulator(database, **options)
    from ant_cli.emulator.worlds import Worlds  # late: no command of `--local` has them

    return Worlds(database, **options)


class EmulatorTransport:
    """Passes requests to the emulator in this process: a WSGI call, with no socket and no HTTP library."""

    def __init__(self, base_url: str, runtime: Runtime) -> None:
        """Open the database. Raises UsageError if that fails."""
        self._base_url = base_url
        self._emulator = open_emulator(
            runtime, database_path(base_url, runtime.environ), require_credential=False
        )

    @contextmanager
    def stream(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes, timeouts: Timeouts
    ) -> Iterator[Response]:
        """Call the application; see `Transport`. The only wait is the delay of a fault."""
        started: list[Any] = []
        attempt = Attempt(timeouts)
        attempt.phase = "exchange"

        def start_response(
            status: str, lines: list[tuple[str, str]], _: Any = None, /
        ) -> Callable[[bytes], object]:
            started.extend((status, lines))
            return bytes  # the emulator does not use WSGI's `write`

        environ = _environ_of(method, url.removeprefix(self._base_url), headers, body)
        environ[PATIENCE_S] = timeouts.step_s
        try:
            chunks = self._emulator(environ, start_response)
            status, lines = started
            code, _, reason = status.partition(" ")
            attempt.phase = "body"
            yield Response(
                int(code), reason, {name.lower(): value for name, value in lines}, chunks
            )
        except (ConnectionError, TimeoutError) as error:
            raise attempt.failure(error) from None

    def close(self) -> None:
        """Close the database."""
        self._emulator.close()


def _environ_of(
    method: str, target: str, headers: Mapping[str, str], body: bytes
) -> dict[str, Any]:
    """Return a request as a WSGI environment (PEP 3333), with the keys that the emulator reads."""
    environ: dict[str, Any] = {
        "REQUEST_METHOD": method,
        "REQUEST_URI": target,
        "QUERY_STRING": target.partition("?")[2],
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.input": io.BytesIO(body),
    }
    for name, value in headers.items():
        variable = "HTTP_" + name.upper().replace("-", "_")
        environ[variable] = value.encode().decode("latin-1")
    return environ
