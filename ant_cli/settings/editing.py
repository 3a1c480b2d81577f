"""Editing the profiles: one change at a time, under a lock, written completely or not at all."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from ant_cli.errors import CredentialError, OutputError, UsageError, os_error_text
from ant_cli.runtime import Runtime, variables
from ant_cli.runtime.light_typing import Any
from ant_cli.runtime.storage import LockTimeout, Patience, locked, replace_file
from ant_cli.settings.config_folder import config_dir
from ant_cli.settings.profiles import FILE_NAME, ProfileStore, read_store, unknown_profile

_NOTE_AFTER_S = 1.0
_LOCK_LIMIT_S = 10.0


class Draft:
    """A copy of the profiles that can be changed."""

    def __init__(self, store: ProfileStore) -> None:
        """Copy the content of the file, unknown keys included."""
        self._store = store
        self.document: dict[str, Any] = dict(store.document)
        self.document["profiles"] = {name: dict(profile) for name, profile in store.profiles.items()}

    @property
    def profiles(self) -> dict[str, dict[str, Any]]:
        """The profiles by their names."""
        profiles: dict[str, dict[str, Any]] = self.document["profiles"]
        return profiles

    @property
    def active(self) -> str:
        """The profile in use if no other is named."""
        active: str = self.document.get("active", "")
        return active

    @active.setter
    def active(self, name: str) -> None:
        self.document.pop("active", None)
        if name:
            self.document["active"] = name

    def existing(self, name: str) -> dict[str, Any]:
        """Return a profile; CredentialError if it does not exist."""
        if name not in self.profiles:
            raise unknown_profile(name, "", self._store)
        return self.profiles[name]

    def new(self, name: str) -> dict[str, Any]:
        """Add an empty profile and return it; UsageError if the name is taken or invalid."""
        check_name(name)
        if name in self.profiles:
            raise UsageError(f"profile {name!r} already exists.", "`ant profile list` shows the profiles.")
        return self.profiles.setdefault(name, {})


def check_name(name: str) -> str:
    """Return the name of a profile if it is valid: easy to type and safe to print."""
    if not re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_.@-]{0,63}", name):
        raise UsageError(
            f"{name!r} is not a valid profile name.",
            "A name consists of letters, digits, and _ . @ -; it begins with a letter, a digit or _.",
        )
    return name


@contextmanager
def edit(runtime: Runtime) -> Iterator[Draft]:
    """Yield the profiles to be changed, and write them at the end, unless that raises or changes nothing.

    Raises:
        CredentialError: if the file can't be parsed; it is not changed.
        OutputError: if the change can't be written; the file is not changed.

    """
    import tomli_w

    path = writable_path(runtime)
    with _locked(path, runtime):
        draft = Draft(read_store(runtime))
        before = tomli_w.dumps(_sorted_keys(draft.document))
        yield draft
        after = tomli_w.dumps(_sorted_keys(draft.document))
        if after != before:
            try:
                replace_file(path, after.encode())
            except OSError as error:
                raise _unwritable(path, os_error_text(error)) from None


@contextmanager
def _locked(path: Path, runtime: Runtime) -> Iterator[None]:
    """Keep other processes from changing the profiles. A note names the lock if waiting takes long."""
    name = f"{path}.lock"
    patience = Patience(_NOTE_AFTER_S, _LOCK_LIMIT_S, runtime.sleep)

    def note() -> None:
        runtime.stderr.say(f"Note: waiting for another process that is changing the profiles and holds {name}.")

    with ExitStack() as stack:
        try:
            stack.enter_context(locked(path, note, patience))
        except OSError as error:
            raise _unwritable(Path(name), os_error_text(error)) from None
        except LockTimeout:
            raise _unwritable(path, f"another process has held {name} for {_LOCK_LIMIT_S:g} s") from None
        yield


def writable_path(runtime: Runtime) -> Path:
    """Return the profiles file, with symbolic links resolved, after creating its folder.

    Raises:
        CredentialError: if there is no folder for profiles.
        OutputError: if it can't be created.

    """
    folder = config_dir(runtime.environ)
    if folder is None:
        missing = "folder" if runtime.environ.get(variables.CONFIG_DIR) else "home directory"
        raise CredentialError(f"there is no {missing} for profiles.", f"Set {variables.CONFIG_DIR} to a folder.")
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        return (folder / FILE_NAME).resolve()
    except OSError as error:
        raise _unwritable(folder, os_error_text(error)) from None
    except RuntimeError as error:  # a circle of links
        raise _unwritable(folder, str(error)) from None


def _sorted_keys(document: dict[str, Any]) -> dict[str, Any]:
    """Return the document with its keys sorted, so that equal profiles give equal files."""
    return {
        key: _sorted_keys(value) if isinstance(value, dict) else value for key, value in sorted(document.items())
    }


def _unwritable(path: Path, why: str) -> OutputError:
    return OutputError(
        f"the profiles in {path} can't be written: {why}. Nothing was changed.",
        f"{variables.CONFIG_DIR} can name another folder.",
    )
