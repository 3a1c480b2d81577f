"""Shared by the commands for environments as code: hold the lock file, and connect workers to the API."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from ant_cli.apply.drawing import shown_path
from ant_cli.apply.execution import Journal, not_from_a_run
from ant_cli.apply.server import Workers
from ant_cli.errors import OutputError, os_error_text
from ant_cli.operations.spec import Flags
from ant_cli.output.api_error import open_client
from ant_cli.runtime import Runtime
from ant_cli.runtime.storage import locked
from ant_cli.settings.loading import Settings, note_credential_choice
from ant_cli.settings.loading import load as load_settings
from ant_cli.settings.local_emulator import is_local


@contextmanager
def connected(flags: Flags, runtime: Runtime, parallel: int) -> Iterator[tuple[Workers, Settings]]:
    """Yield workers for the API, and the settings. API errors that are raised inside are rendered."""
    settings = load_settings(runtime, flags)
    note_credential_choice(settings, runtime)
    if is_local(settings.connection.base_url):
        parallel = 1  # several are no faster there, and so environments are created in the order of their files
    with open_client(settings, runtime) as client:
        yield Workers(client, parallel), settings


@contextmanager
def holding(lock_path: Path, runtime: Runtime) -> Iterator[Journal]:
    """Keep other runs from changing the lock file meanwhile.

    Raises:
        OutputError: if the folder of the lock file can't be written to.
        UsageError: if something that no run has left is in the way, such as a link in a repository.

    """
    name = Path(f"{lock_path}.lock")

    def announce() -> None:
        runtime.stderr.say(f"Waiting for another run that holds {shown_path(lock_path)} ...")

    with ExitStack() as stack:
        try:
            file = stack.enter_context(locked(lock_path, announce))
        except OSError as error:
            if name.is_symlink() or name.is_fifo() or name.is_socket():
                raise not_from_a_run(str(name)) from None
            raise OutputError(f"{name} can't be written: {os_error_text(error)}.") from None
        yield Journal(file)
