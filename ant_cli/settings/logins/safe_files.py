"""Read the official tool's files, and reject those that other users can write, or whose secrets they can read."""

from __future__ import annotations

import json
from pathlib import Path

from ant_cli.errors import CredentialError, os_error_text
from ant_cli.runtime.trusted_files import OTHERS_READ, FileRule, read_trusted

_LIMIT = 1_000_000
"""The most bytes of a file; the official tool writes less than ten thousand."""
_PRIVATE = FileRule(_LIMIT, OTHERS_READ)
_PUBLIC = FileRule(_LIMIT, may_be_link=True)


def read_text(path: Path, *, private: bool = False) -> str | None:
    """Return the text of a file; None if it does not exist.

    Args:
        path: The file. If it is private, it must not be a symbolic link.
        private: It holds secrets, so other users must not be able to read it. They must not be able to change any
            other file, either.

    Raises:
        CredentialError: if it can't be read, or is not safe.

    """
    try:
        return read_trusted(str(path), _PRIVATE if private else _PUBLIC).decode("utf-8-sig")
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise unsafe(path, os_error_text(error), getattr(error, "hint", "")) from None
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
