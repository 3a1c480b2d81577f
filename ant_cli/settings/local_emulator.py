"""The emulator in this process: the base URLs that name it, and its database."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING

from ant_cli.errors import UsageError, os_error_text
from ant_cli.errors.command_line import command_line

if TYPE_CHECKING:
    from pathlib import Path

LOCAL = "local:"
"""The prefix of a base URL that names the emulator in this process; the path of a database may follow."""
IN_MEMORY = ":memory:"
"""The database that is kept in memory only."""
_DATABASE = "emulator.db"
DATABASE_HINT = (
    "Name another: --base-url local:PATH, or local::memory: to keep "
    f"nothing; `{command_line('emulator start')}` takes --database."
)
"""The hint if the database can't be used."""


def is_local(base_url: str) -> bool:
    """Whether a base URL names the emulator in this process."""
    return base_url.startswith(LOCAL)


def database_path(base_url: str, environ: Mapping[str, str]) -> str:
    """Return the database that a `local:` URL names: a path, `:memory:`, or the one in the user's state folder.

    Raises:
        UsageError: if that folder does not exist and can't be created.

    """
    if named := base_url.removeprefix(LOCAL):
        return named
    from ant_cli.runtime.storage import make_private  # late: many runs use no emulator

    folder = state_folder(environ)
    try:
        make_private(folder)
    except OSError as error:
        why = os_error_text(error)
        raise UsageError(
            f"the emulator's database can't be used: {folder}: {why}.", DATABASE_HINT
        ) from None
    return str(folder / _DATABASE)


def has_database(base_url: str, environ: Mapping[str, str]) -> bool:
    """Whether the database that a `local:` URL names exists."""
    return os.path.exists(base_url.removeprefix(LOCAL) or state_folder(environ) / _DATABASE)  # noqa: PTH110 - either


def creates_file(base_url: str) -> bool:
    """Whether a base URL names a file that the emulator will create, because it does not exist."""
    path = base_url.removeprefix(LOCAL)
    return is_local(base_url) and path not in ("", IN_MEMORY) and not os.path.exists(path)  # noqa: PTH110 - as above


def state_folder(environ: Mapping[str, str]) -> Path:
    """Return the folder of this program's data for the current user.

    Raises:
        UsageError: if the user has no home directory, as in a container with an unknown user ID.

    """
    from pathlib import Path

    variable, default = "XDG_STATE_HOME", ".local/state"
    if os.name == "nt":
        variable, default = "LOCALAPPDATA", "AppData/Local"
    try:
        return Path(environ.get(variable) or Path.home() / default) / "ant"
    except RuntimeError:
        raise UsageError(
            "this user has no home directory, where the emulator stores its data.",
            f"Set HOME or {variable}.",
        ) from None
