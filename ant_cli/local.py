"""The emulator on this machine: how a base URL names one, where its database is, and how it is opened."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from ant_cli.errors import UsageError

TYPE_CHECKING = False  # the emulator is imported where it is opened, and nowhere else
if TYPE_CHECKING:
    from ant_cli.emulator import Emulator

LOCAL = "local:"
"""How the base URL of the emulator in this process begins; a path of a database may follow."""
ANOTHER = (
    "Name another: --base-url local:PATH, or local::memory: to keep nothing; `ant emulator start` takes --database."
)
"""What to do without the database that can't be used."""


def is_local(base_url: str) -> bool:
    """Whether a base URL names the emulator in this process."""
    return base_url.startswith(LOCAL)


def open_emulator(database: str, *, api_key: str | None = None, require_credential: bool) -> Emulator:
    """Return the emulator over a database.

    Raises:
        UsageError: if it is not installed, or the database can't be used.

    """
    try:
        from ant_cli.emulator import Emulator, UnusableDatabase
    except ImportError as error:
        raise UsageError(
            f"the emulator needs the package {error.name}.", "Install it: pip install 'ant-cli[emulator]'"
        ) from None
    try:
        return Emulator(database, api_key=api_key, require_credential=require_credential)
    except (UnusableDatabase, OSError) as error:
        raise UsageError(f"the emulator's database can't be used: {error}", ANOTHER) from None


def database_of(base_url: str, environ: Mapping[str, str]) -> str:
    """Return the database that a `local:` URL names: a path, `:memory:`, or the one in the user's state folder."""
    if named := base_url.removeprefix(LOCAL):
        return named
    folder = state_folder(environ)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise UsageError(f"the emulator's database can't be used: {folder}: {reason}.", ANOTHER) from None
    return str(folder / "emulator.db")


def state_folder(environ: Mapping[str, str]) -> Path:
    """Return where programs of this user keep what they want to find again."""
    if os.name == "nt":
        return Path(environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local") / "ant"
    return Path(environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state") / "ant"
