"""The command lines, variables and responses that many tests use."""

from __future__ import annotations

from collections.abc import Iterator
from types import MappingProxyType
from typing import Any

from ant_cli.errors import EXIT_CODES, AntError
from ant_cli.operations.formats import FORMATS

LIST = ("beta:environments", "list")
LINES = (*LIST, "--format", "jsonl")
"""A list that is printed as one line of JSON for each item."""
RETRIEVE = ("beta:environments", "retrieve", "env_1")
CREATE = ("beta:environments", "create", "--name", "n")
UPDATE = ("beta:environments", "update", "env_1")
DELETE = ("beta:environments", "delete", "env_1")
ARCHIVE = ("beta:environments", "archive")

PRINTED = tuple(row.name for row in FORMATS if not row.opens_screen)
"""The formats whose results a program can read."""


def _with_subclasses(error: type[AntError]) -> Iterator[type[AntError]]:
    yield error
    for kind in error.__subclasses__():
        yield from _with_subclasses(kind)


FAILURE_CODES = frozenset(
    {*EXIT_CODES.values(), *(kind.exit_code for kind in _with_subclasses(AntError))}
)
"""The exit codes of failures, by statuses and by classes."""

KEY = "correct-horse-battery"
"""The key of every run.

It must never be shown. No pattern matches it, so it is redacted only if it is registered.
"""
API_HEADERS = {"anthropic-version": "2023-06-01", "anthropic-beta": "managed-agents-2026-04-01"}
"""What the API requires of every request, apart from a credential."""
NO_KEY = MappingProxyType({"ANTHROPIC_API_KEY": None})
"""The variables of a run without a key."""


def page(*items: Any, after: str | None = None) -> dict[str, Any]:
    """Return a page of a list, which is the last one unless it has a cursor."""
    return {"data": list(items), "next_page": after}


EMPTY = page()
"""The response to every request, if a test gives no other."""
