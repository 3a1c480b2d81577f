"""Writing: one change of the profiles at a time, under a lock, which is made whole or not at all."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from ant_cli.errors import CredentialError, OutputError, UsageError
from ant_cli.runtime import Runtime
from ant_cli.runtime.storage import locked, replace_file
from ant_cli.runtime.streams import os_error_text
from ant_cli.settings.profiles import FILE_NAME, FOLDER_VARIABLE, Store, folder, read_store, unknown_profile


class Draft:
    """The profiles while they are being changed."""

    def __init__(self, store: Store) -> None:
        """Take a copy of what the file holds, unknown keys included."""
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
        """The profile that is used if no other is named."""
        active: str = self.document.get("active", "")
        return active

    @active.setter
    def active(self, name: str) -> None:
        self.document.pop("active", None)
        if name:
            self.document["active"] = name

    def existing(self, name: str) -> dict[str, Any]:
        """Return a profile; CredentialError if there is none of this name."""
        if name not in self.profiles:
            raise unknown_profile(name, "", self._store)
        return self.profiles[name]

    def new(self, name: str) -> dict[str, Any]:
        """Add an empty profile and return it; UsageError if the name is taken or can't be one."""
        check_name(name)
        if name in self.profiles:
            raise UsageError(f"profile {name!r} already exists.", "`ant profile list` shows the profiles.")
        return self.profiles.setdefault(name, {})


def check_name(name: str) -> str:
    """Return the name of a profile, if it can be one: it must be easy to type and safe to show."""
    if not re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_.@-]{0,63}", name):
        raise UsageError(
            f"{name!r} can't be the name of a profile.",
            "A name is made of letters, digits, and _ . @ -; it begins with a letter, a digit or _.",
        )
    return name


@contextmanager
def changing(runtime: Runtime) -> Iterator[Draft]:
    """Hand out the profiles to be changed, and write them at the end, unless that raises or changes nothing.

    Raises:
        CredentialError: if the file can't be understood; it stays as it is.
        OutputError: if the change can't be written; the file stays as it is.

    """
    import tomli_w

    path = writable_path(runtime)
    with ExitStack() as stack:
        try:
            stack.enter_context(locked(path))
        except OSError as error:
            raise unwritable(Path(f"{path}.lock"), error) from None
        store = read_store(runtime, narrow=False)  # the caller's first reading did that; the new file is private
        draft = Draft(store)
        before = tomli_w.dumps(in_order(draft.document))
        yield draft
        after = tomli_w.dumps(in_order(draft.document))
        if after != before:
            try:
                replace_file(path, after.encode())
            except OSError as error:
                raise unwritable(path, error) from None


def writable_path(runtime: Runtime) -> Path:
    """Return the file, behind whatever symbolic links; its folder exists from here on."""
    where = folder(runtime.environ)
    if where is None:
        lacking = "folder" if runtime.environ.get(FOLDER_VARIABLE) else "home folder"
        raise CredentialError(f"there is no {lacking} for profiles.", f"Set {FOLDER_VARIABLE} to a folder.")
    try:
        where.mkdir(parents=True, exist_ok=True, mode=0o700)
        return (where / FILE_NAME).resolve()
    except (OSError, RuntimeError) as error:  # a circle of links is a RuntimeError
        raise unwritable(where, error) from None


def in_order(document: dict[str, Any]) -> dict[str, Any]:
    """Return the document with its keys sorted, so that equal profiles are equal files."""
    return {key: in_order(value) if isinstance(value, dict) else value for key, value in sorted(document.items())}


def unwritable(path: Path, error: Exception) -> OutputError:
    """Return the error about a change that could not be written."""
    return OutputError(
        f"the profiles in {path} can't be written: {os_error_text(error)}. Nothing was changed.",
        f"{FOLDER_VARIABLE} can name another folder.",
    )
