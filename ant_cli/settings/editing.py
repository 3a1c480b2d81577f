"""Editing the profiles: one change at a time, under a lock, written completely or not at all."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from ant_cli.errors import CredentialError, OutputError, os_error_text
from ant_cli.runtime import Runtime, variables
from ant_cli.runtime.light_typing import Any
from ant_cli.runtime.storage import LockTimeout, Patience, locked, replace_file
from ant_cli.settings.config_folder import config_dir
from ant_cli.settings.profiles import FILE_NAME, ProfileStore, read_store

_NOTE_AFTER_S = 1.0
_LOCK_LIMIT_S = 10.0


@contextmanager
def edit(runtime: Runtime) -> Iterator[ProfileStore]:
    """Yield the profiles to be changed, and write them at the end, unless that raises or changes nothing.

    Raises:
        CredentialError: if the file can't be parsed; it is not changed.
        OutputError: if the change can't be written; the file is not changed.

    """
    import tomli_w

    read_store(runtime)  # a file that can't be used is rejected before a folder or a lock is made
    path = writable_path(runtime)
    with _locked(path, runtime):
        store = read_store(runtime, fix_mode=False)  # that was done above
        store = store._replace(document={"profiles": {}, **store.document})
        before = tomli_w.dumps(_sorted_keys(store.document))
        yield store
        after = tomli_w.dumps(_sorted_keys(store.document))
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
