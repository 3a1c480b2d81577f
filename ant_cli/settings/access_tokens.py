"""Access tokens, which logins and federations give in place of a key: how long each can be used, and their cache.

The cache keeps them for later runs. A file is not trusted if somebody else may have written or read it. If the
folder can't be used, nothing is cached.
"""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from datetime import datetime, timedelta
from math import inf
from pathlib import Path
from typing import NamedTuple

from ant_cli.errors import os_error_text
from ant_cli.runtime import Runtime
from ant_cli.runtime.storage import Patience, locked, make_private, replace_file
from ant_cli.runtime.trusted_files import (
    FOREIGN,
    OTHERS_READ,
    FileRule,
    check_place,
    is_foreign,
    others_may,
    read_trusted,
)
from ant_cli.settings.profiles import config_dir

RENEWAL_S = 120.0
"""How many seconds before its end an access token is renewed, as in the official SDKs. One with a short life is
renewed after half of it."""
SPARE_S = 30.0
"""A token is not used in the last 30 seconds of its life, as in the official SDKs. This holds for logins, too."""
LONGEST_LIFE_S = 366 * 86_400
"""The longest life of an access token that makes sense, in seconds."""
LAST_S = 253_402_300_799
"""The end of the year 9999, in Unix seconds."""
_CLOCK_JITTER_S = 5.0
"""How far a clock may normally go back."""
_FOLDER_NAME = "access-tokens"
_SUFFIX = ".json"
_PRIVATE = FileRule(65_536, OTHERS_READ)
_NOTE_AFTER_S = 2.0


class AccessToken(NamedTuple):
    """A token that the API accepts in place of a key."""

    secret: str
    expires_at: float
    """Unix seconds; infinite if it has no end."""
    obtained_at: float
    """Unix seconds, by the same clock."""
    about: Mapping[str, str] = {}
    """What the file of a login says about its owner, by the file's keys."""

    def __repr__(self) -> str:
        """Return a representation without the token."""
        return f"AccessToken(expires_at={self.expires_at!r})"

    @property
    def end(self) -> int | None:
        """When it expires, as JSON has it; None if it has no end."""
        return None if self.expires_at == inf else int(self.expires_at)

    def is_fresh(self, now: float) -> bool:
        """Whether the token can be used without being renewed first.

        A token that seems to have been obtained in the future can't: the clock was set back, so its end is unknown.
        """
        renewal_s = min(RENEWAL_S, (self.expires_at - self.obtained_at) / 2)
        return self.obtained_at - _CLOCK_JITTER_S <= now < self.expires_at - renewal_s

    def is_usable(self, now: float) -> bool:
        """Whether the token lasts for another request, so that it can be used while it is being renewed."""
        return self.obtained_at - _CLOCK_JITTER_S <= now < self.expires_at - SPARE_S


def end_text(end: int | None, now: float) -> str:
    """Return in words when a token ends or has ended. `end` is in Unix seconds."""
    if end is None:
        return "never ends"
    # gmtime ends in 3000 on Windows
    date = datetime(1970, 1, 1) + timedelta(seconds=min(max(end, 0), LAST_S))
    return f"{'ended' if end <= now else 'ends'} {date.isoformat(' ', 'minutes')} UTC"


def is_token(text: str) -> bool:
    """Whether a text can be sent as a token: printable ASCII without spaces."""
    return text.isascii() and text.isprintable() and text != "" and " " not in text


# The cache


class TokenCache:
    """The cache entry with a key. If a file or folder can't be used, nothing is raised; one note says why."""

    def __init__(self, key: str, runtime: Runtime) -> None:
        folder = config_dir(runtime.environ)
        self._path = folder / _FOLDER_NAME / f"{key}{_SUFFIX}" if folder else None
        self._runtime = runtime
        try:
            check_place(str(self._path or os.devnull))
        except OSError as error:
            self._do_without(os_error_text(error))

    def read(self) -> AccessToken | None:
        """Return the token, registered for redaction; it may have expired. None without a trusted one."""
        if self._path is None:
            return None
        try:
            problem = _secure(self._path.parent)
            token = None if problem else _parse(read_trusted(str(self._path), _PRIVATE))
        except FileNotFoundError:
            return None
        except OSError as error:
            problem, token = os_error_text(error), None
        if token is None:
            self._discard(self._path, problem or "it is damaged")
        else:
            self._runtime.redactor.register(token.secret)
        return token

    @contextmanager
    def locked(self, limit_s: float) -> Iterator[None]:
        """Keep other processes from exchanging the same identity token.

        Raises:
            LockTimeout: if another process takes longer than `limit_s` seconds to exchange it.

        """
        with ExitStack() as stack:
            if self._path is not None:
                patience = Patience(_NOTE_AFTER_S, limit_s, self._runtime.sleep)
                try:
                    make_private(self._path.parent)
                    stack.enter_context(locked(self._path, self._note_waiting, patience))
                except OSError as error:
                    self._do_without(os_error_text(error))
            yield

    def write(self, token: AccessToken) -> None:
        """Store a token, unless it has no end, and remove expired entries. The caller holds the lock."""
        if self._path is None or token.expires_at == inf:
            return
        entry = {
            "access_token": token.secret,
            "obtained_at": token.obtained_at,
            "expires_at": token.expires_at,
        }
        try:
            replace_file(self._path, json.dumps(entry).encode())
            # `_remove_ended` looks only at this time
            os.utime(self._path, (token.expires_at, token.expires_at))
            _remove_ended(self._path.parent, token.obtained_at)
        except OSError as error:
            self._do_without(os_error_text(error))

    def remove(self) -> None:
        """Remove the entry. The caller holds the lock."""
        if self._path is not None:
            with suppress(OSError):  # the entry is gone, or the folder can't be changed
                self._path.unlink()

    def _discard(self, path: Path, problem: str) -> None:
        """Remove an entry that is not trusted."""
        try:
            _secure(path.parent)
            path.unlink()
        except OSError:
            self._do_without(problem)
        else:
            self._runtime.hint(
                f"Note: the cached access token in {path} was removed, and not used: {problem}."
            )

    def _do_without(self, why: str) -> None:
        if self._path is not None:
            self._runtime.hint(
                f"Note: access tokens can't be cached in {self._path.parent}, so each run exchanges one: {why}."
            )
            self._path = None

    def _note_waiting(self) -> None:
        self._runtime.hint(
            "Note: waiting for another process that is exchanging the same identity token."
        )


def _parse(data: bytes) -> AccessToken | None:
    """Return the token of an entry; None if it is damaged."""
    try:
        entry = json.loads(data)
        token = AccessToken(
            entry["access_token"], float(entry["expires_at"]), float(entry["obtained_at"])
        )
        is_sane = (
            is_token(token.secret) and 0 < token.expires_at - token.obtained_at <= LONGEST_LIFE_S
        )
        return token if is_sane else None
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError):
        return None


def _secure(folder: Path) -> str | None:
    """Remove other users' permissions from the folder. Returns why its entries are not trusted; None if they are.

    Raises:
        OSError: if it does not exist, is a link or a file, or belongs to another user.

    """
    facts = folder.lstat()
    if not stat.S_ISDIR(facts.st_mode):
        raise NotADirectoryError("it is a link, or not a folder")
    if is_foreign(facts):
        raise PermissionError(FOREIGN)
    if others_may(facts, 0o077):
        folder.chmod(0o700)
    if others_may(facts, 0o022):
        return "other users could write to its folder"
    return None


def _remove_ended(folder: Path, now: float) -> None:
    """Remove expired entries, such as those of CI jobs, each of which has its own identity token."""
    for entry in folder.glob(f"*{_SUFFIX}"):
        with suppress(OSError):  # another process may be removing it, too
            if entry.lstat().st_mtime < now:
                entry.unlink()
