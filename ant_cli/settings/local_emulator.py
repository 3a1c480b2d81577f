"""The emulator on this machine: how a base URL names one, where its database is, and how it is opened."""

from __future__ import annotations

import os
from collections.abc import Mapping

from ant_cli.errors import UsageError

TYPE_CHECKING = False  # the emulator is imported where it is opened, and nowhere else
if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

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


def open_emulator(database: str, **options: Any) -> Emulator:
    """Return the emulator over a database; the options are those of its class.

    Raises:
        UsageError: if the database can't be used.

    """
    from ant_cli.emulator import Emulator, UnusableDatabase

    try:
        return Emulator(database, **options)
    except (UnusableDatabase, OSError) as error:
        raise UsageError(f"the emulator's database can't be used: {error}", ANOTHER) from None


def database_of(base_url: str, environ: Mapping[str, str]) -> str:
    """Return the database that a `local:` URL names: a path, `:memory:`, or the one in the user's state folder.

    Raises:
        UsageError: if there is no such folder, and none can be made.

    """
    if named := base_url.removeprefix(LOCAL):
        return named
    folder = state_folder(environ)
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise UsageError(f"the emulator's database can't be used: {folder}: {reason}.", ANOTHER) from None
    return str(folder / "emulator.db")


def state_folder(environ: Mapping[str, str]) -> Path:
    """Return the folder for what this program keeps for its user.

    Raises:
        UsageError: if the user has no home folder, as in a container that runs under a number without a name.

    """
    from pathlib import Path

    variable, default = ("LOCALAPPDATA", "AppData/Local") if os.name == "nt" else ("XDG_STATE_HOME", ".local/state")
    try:
        return Path(environ.get(variable) or Path.home() / default) / "ant"
    except RuntimeError:
        raise UsageError(
            "this user has no home folder, in which the emulator keeps its data.", f"Set HOME or {variable}."
        ) from None
