"""The file of an environment's key, which is read again when the server rejects the key."""

from __future__ import annotations

from collections.abc import Callable
from math import inf
from pathlib import Path

from ant_cli.errors import UsageError
from ant_cli.settings.access_tokens import AccessToken
from ant_cli.settings.worker_options import read_key_file


class KeyFile:
    """A `TokenSource`: the current key of a file. Threads may share it."""

    def __init__(self, path: str, key: str, use: Callable[[str], None]) -> None:
        """Take the key that the file had. `use` is called with each new one."""
        self._path = path
        self._keys = [key]
        """The keys so far, the current one last."""
        self._use = use

    def current(self) -> AccessToken:
        """Return the current key, which has no end."""
        return AccessToken(self._keys[-1], inf, 0.0)

    def renew(self, rejected: str) -> bool:
        """Read the file again, unless there is another key since. Returns whether there is one now."""
        if rejected not in self._keys:  # the API key, for metadata
            return False
        if rejected == self._keys[-1]:
            self._read()
        return rejected != self._keys[-1]

    def _read(self) -> None:
        if not Path(self._path).is_file():  # a pipe can be read only once
            return
        try:
            key = read_key_file(self._path)
        except UsageError:  # it is being replaced
            return
        if key != self._keys[-1]:
            self._keys.append(key)
            self._use(key)
