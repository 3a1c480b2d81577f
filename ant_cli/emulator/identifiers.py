"""Identifiers and tokens: random, or the same in each run if the emulator has a seed."""

from __future__ import annotations

import base64
import os
import string

from ant_cli.runtime.light_typing import Any

ALPHABET = string.digits + string.ascii_uppercase + string.ascii_lowercase
CHARACTERS = "".join(ALPHABET[byte % len(ALPHABET)] for byte in range(256)).encode()
"""The character of an identifier for each random byte."""
TOKEN_PREFIX = "sk-ant-sst01-"  # noqa: S105 - only the prefix


class Identifiers:
    """Makes identifiers and tokens.

    With a seed, each kind has a sequence of its own. So the requests of a worker that polls meanwhile don't change
    the IDs of what a test creates.
    """

    def __init__(self, seed: int | None = None) -> None:
        self._seed = seed
        self._sequences: dict[str, Any] = {}

    def new_id(self, prefix: str) -> str:
        """Return a fresh identifier: `env_01` and 22 random characters for the prefix `env`."""
        return f"{prefix}_01{self._random(prefix, 22).translate(CHARACTERS).decode()}"

    def new_token(self) -> str:
        """Return a fresh sessions token."""
        return TOKEN_PREFIX + base64.urlsafe_b64encode(self._random("token", 24)).decode()

    def restart(self) -> None:
        """Begin again, as after a start."""
        self._sequences.clear()

    def _random(self, kind: str, count: int) -> bytes:
        if self._seed is None:
            return os.urandom(count)
        if kind not in self._sequences:
            import random  # late: few emulators have a seed

            # Another thread may have been faster.
            self._sequences.setdefault(kind, random.Random(f"{self._seed} {kind}"))  # noqa: S311 - it is meant to be known
        data: bytes = self._sequences[kind].randbytes(count)
        return data
