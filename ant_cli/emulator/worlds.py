"""Worlds: one emulator for each API key, so that the tests of a suite which run at once don't see each other."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ant_cli.emulator.call import path_of
from ant_cli.emulator.credentials import KEY_PREFIX
from ant_cli.emulator.errors import EmulatorError, envelope
from ant_cli.emulator.paths import HEALTH
from ant_cli.emulator.store import IN_MEMORY, TOKEN_PREFIX, Identifiers
from ant_cli.emulator.wsgi_app import Emulator

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

MOST_WORLDS = 256
NO_KEY = "Each API key has a world of its own: send x-api-key or authorization: Bearer."
NOT_ISSUED = "No world has issued this key or secret. The worker of a test needs that of its world."
TOO_MANY = f"There are {MOST_WORLDS} worlds already: use an API key for each process of tests, not for each test."


class Worlds:
    """A WSGI application that passes a request to the emulator of its API key. All of them are in memory.

    What an emulator has issued, environment keys and the secrets of work items, leads to its world.
    """

    was_older = False

    def __init__(
        self, database: str | Path = IN_MEMORY, *, seed: int | None = None, **options: Any
    ) -> None:
        self._options = {"database": database, **options}
        self._seed = seed
        self._worlds: dict[str, Emulator] = {}
        self._turn = threading.Lock()
        self._shared = Emulator(database, **options)
        """For health checks, which have no key."""

    def close(self) -> None:
        """Close all databases."""
        for emulator in (self._shared, *self._worlds.values()):
            emulator.close()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Handle one request."""
        try:
            emulator = self._world_of(environ)
        except EmulatorError as error:
            request_id = Identifiers().new_id("req")
            body = envelope(error, request_id).encode()
            headers = {
                "content-type": "application/json",
                "content-length": str(len(body)),
                "request-id": request_id,
            }
            start_response(f"{error.status} Refused", list(headers.items()))
            return [body]
        return emulator(environ, start_response)

    def _world_of(self, environ: WSGIEnvironment) -> Emulator:
        if path_of(environ) == HEALTH:
            return self._shared
        key = environ.get("HTTP_X_API_KEY", "")
        token = environ.get("HTTP_AUTHORIZATION", "").partition(" ")[2].strip()
        if key:
            return self._world(key)
        if not token:
            raise EmulatorError(401, NO_KEY)
        if token.startswith((TOKEN_PREFIX, KEY_PREFIX)):
            return self._issuer_of(token)
        return self._world(token)

    def _world(self, key: str) -> Emulator:
        """Return the emulator of a key, which is made for its first request."""
        with self._turn:
            if key not in self._worlds:
                if len(self._worlds) == MOST_WORLDS:
                    raise EmulatorError(503, TOO_MANY)
                seed = None if self._seed is None else f"{self._seed} {key}"
                self._worlds[key] = Emulator(**self._options, seed=seed)
            return self._worlds[key]

    def _issuer_of(self, secret: str) -> Emulator:
        with self._turn:
            worlds = list(self._worlds.values())
        for emulator in worlds:
            if emulator.has_issued(secret):
                return emulator
        raise EmulatorError(401, NOT_ISSUED)
