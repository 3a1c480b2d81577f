"""The emulator in this process, as a transport: a WSGI call, with no socket and no HTTP library."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from ant_cli.http.response import Response
from ant_cli.http.transport import Timeouts, TransportError
from ant_cli.runtime.light_typing import Any
from ant_cli.settings.local_emulator import database_path, open_emulator


class EmulatorTransport:
    """Passes requests to the emulator."""

    def __init__(self, base_url: str, environ: Mapping[str, str]) -> None:
        """Open the database. UsageError if that fails, or the emulator is not installed."""
        self._base_url = base_url
        self._emulator = open_emulator(database_path(base_url, environ), require_credential=False)

    @contextmanager
    def stream(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes, timeouts: Timeouts
    ) -> Iterator[Response]:
        """Call the application; see `Transport`. The only wait is the delay of a fault."""
        started: list[Any] = []

        def start_response(
            status: str, lines: list[tuple[str, str]], _: Any = None, /
        ) -> Callable[[bytes], object]:
            started.extend((status, lines))
            return bytes  # the emulator does not use WSGI's `write`

        environ = _environ_of(method, url.removeprefix(self._base_url), headers, body)
        environ[self._emulator.patience_key] = timeouts.step_s
        try:
            chunks = self._emulator(environ, start_response)
            status, lines = started
            code, _, reason = status.partition(" ")
            yield Response(int(code), reason, {name.lower(): value for name, value in lines}, chunks)
        except (ConnectionError, TimeoutError) as error:
            timed_out = isinstance(error, TimeoutError)
            raise TransportError(error, phase="exchange", timed_out=timed_out) from None

    def close(self) -> None:
        """Close the database."""
        self._emulator.close()


def _environ_of(method: str, target: str, headers: Mapping[str, str], body: bytes) -> dict[str, Any]:
    """Return a request as a WSGI environment (PEP 3333), with the keys that the emulator reads."""
    fields = {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in headers.items()}
    return {name: value.encode().decode("latin-1") for name, value in fields.items()} | {
        "REQUEST_METHOD": method,
        "REQUEST_URI": target,
        "QUERY_STRING": target.partition("?")[2],
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.input": io.BytesIO(body),
    }
