"""The completion cache: API responses that are less than a minute old, in the user's cache folder.

The name of a file is a hash of everything that the response depends on. That includes the credential, so nobody
sees data that only another key may see. The hash does not reveal the credential.

Paths are strings here, because pathlib takes as long to load as Python takes to start.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping, Sequence

from ant_cli.runtime.trusted_files import FileRule, open_trusted, read_to_limit

try:  # the same as hashlib's, without OpenSSL, which takes 0.3 of `python -c pass` to load
    from _blake2 import blake2b
except ImportError:
    from hashlib import blake2b

_KEPT_S = 60
_OWN = FileRule(10_000_000, owner="user")
"""Its lines are inserted into the user's command line."""
PREFIX = "ids-"


class Cache:
    """The file of one response."""

    def __init__(self, environ: Mapping[str, str], id_kind: str, typed: Sequence[str]) -> None:
        """Take the kind of ID, and the words of the command line on which the response depends."""
        deciding = [id_kind, *typed, "", *sorted(_deciding_variables(environ)), *_times_of_settings(environ)]
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
        try:
            os.makedirs(os.path.dirname(self._path), mode=0o700, exist_ok=True)
            draft = f"{self._path}.{os.getpid()}"
            with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                file.write(lines)
            os.replace(draft, self._path)
        except OSError:
            return
        forget_ids(self._environ, only_old=True)


def forget_ids(environ: Mapping[str, str], *, only_old: bool = False) -> None:
    """Remove stored lines: all, because this run may have created or deleted what they name, or `only_old` ones."""
    try:
        with os.scandir(folder(environ)) as entries:
            for entry in entries:
                if entry.name.startswith(PREFIX) and not (only_old and _is_fresh(os.lstat(entry.path))):
                    os.unlink(entry.path)
    except OSError:
        return


def _is_fresh(facts: os.stat_result) -> bool:
    return abs(time.time() - facts.st_mtime) < _KEPT_S


def folder(environ: Mapping[str, str], platform: str = os.name) -> str:
    """Return the folder of this user's cache."""
    if platform == "nt":
        return os.path.join(environ.get("LOCALAPPDATA") or os.path.expanduser("~"), "ant", "cache")
    return os.path.join(environ.get("XDG_CACHE_HOME") or os.path.join(_home(environ), ".cache"), "ant")


def _home(environ: Mapping[str, str]) -> str:
    return environ.get("HOME") or os.path.expanduser("~")


def _deciding_variables(environ: Mapping[str, str]) -> list[str]:
    """Return the variables on which the response depends; the state folder has the emulator's file."""
    return [
        f"{name}={value}"
        for name, value in environ.items()
        if name.startswith("ANTHROPIC_") or name == "XDG_STATE_HOME"
    ]


def _times_of_settings(environ: Mapping[str, str]) -> Iterator[str]:
    """Yield data that changes with the profiles, and the logins of the official tool: replacing a file does.

    They may hold the credential and the base URL.
    """
    for parent in (store(environ), os.path.join(environ.get("XDG_CONFIG_HOME", ""), "anthropic")):
        for name in ("profiles.toml", "active_config", "configs", "credentials"):
            try:
                yield str(os.stat(os.path.join(parent, name)).st_mtime_ns)
            except OSError:
                yield ""


def store(environ: Mapping[str, str], platform: str = os.name) -> str:
    """Return the folder of the profiles, like `settings.profiles.config_dir`, which takes too long to load."""
    if named := environ.get("ANTHROPIC_CONFIG_DIR"):
        return named
    if platform == "nt" and (roaming := environ.get("APPDATA")):
        return os.path.join(roaming, "Anthropic")
    return os.path.join(_home(environ), ".config", "anthropic")
