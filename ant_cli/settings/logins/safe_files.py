"""Read the official tool's files, and reject those that other users can write, or whose secrets they can read."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path

from ant_cli.errors import CredentialError, os_error_text
from ant_cli.settings.file_safety import (
    FOREIGN,
    is_foreign,
    is_regular,
    open_no_link,
    open_nonblocking,
    others_may,
)

_LIMIT = 1_000_000
"""The most bytes of a file; the official tool writes less than ten thousand."""


def read_text(path: Path, *, private: bool = False) -> str | None:
    """Return the text of a file; None if it does not exist.

    Args:
        path: The file. If it is private, it must not be a symbolic link.
        private: It holds secrets, so other users must not be able to read it. They must not be able to change any
            other file, either.

    Raises:
        CredentialError: if it can't be read, or is not safe.

    """
    if private and path.is_symlink():
        raise unsafe(path, "it is a symbolic link", "Put the file itself there.")
    try:
        descriptor = (open_no_link if private else open_nonblocking)(str(path), os.O_RDONLY)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError) as error:
        raise unsafe(path, os_error_text(error)) from None
    try:
        _check(descriptor, path, private=private)
        data = _read(descriptor)
    except OSError as error:
        raise unsafe(path, os_error_text(error)) from None
    finally:
        os.close(descriptor)
    if len(data) > _LIMIT:
        raise unsafe(path, "it is larger than 1 MB")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise unsafe(path, f"it is not text in UTF-8: byte {error.start + 1}") from None


def read_object(path: Path, *, private: bool = False) -> dict[str, object] | None:
    """Return the JSON object in a file; None if it does not exist. Raises as `read_text`, without quoting it."""
    text = read_text(path, private=private)
    if text is None:
        return None
    try:
        value = json.loads(text)
    except json.JSONDecodeError as error:
        raise unsafe(path, f"it is not JSON: line {error.lineno}, column {error.colno}") from None
    except (ValueError, RecursionError):
        raise unsafe(path, "it is not JSON that can be read") from None
    if not isinstance(value, dict):
        raise unsafe(path, "it is not a JSON object")
    return value


def text_member(members: dict[str, object], key: str, path: Path) -> str:
    """Return the text of a member; empty if it is absent or null. Raises CredentialError for another type."""
    value = members.get(key)
    if value is None or isinstance(value, str):
        return value or ""
    raise unsafe(path, f"{key} must be a string")


def unsafe(path: Path, why: str, hint: str = "") -> CredentialError:
    """Return the error for a file of the official tool that can't be used."""
    return CredentialError(f"{path}, of the official tool, can't be used: {why}.", hint)


def _read(descriptor: int) -> bytes:
    """Read a file; of one that is too large, only one byte more than the limit."""
    parts, left = [], _LIMIT + 1
    while left and (part := os.read(descriptor, left)):
        parts.append(part)
        left -= len(part)
    return b"".join(parts)


def _check(descriptor: int, path: Path, *, private: bool) -> None:
    facts = os.fstat(descriptor)
    if not is_regular(facts):
        raise unsafe(path, "it is a folder, a pipe or a device, not a file")
    if is_foreign(facts):
        raise unsafe(path, FOREIGN)
    forbidden, may, command = (0o077, "read", "600") if private else (0o022, "change", "go-w")
    if others_may(facts, forbidden):
        import shlex

        hint = f"To change that: chmod {command} {shlex.quote(str(path))}"
        raise unsafe(path, f"other users can {may} it (mode {stat.S_IMODE(facts.st_mode):04o})", hint)
