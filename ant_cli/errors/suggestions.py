"""Suggestions for mistyped names."""

from __future__ import annotations

from collections.abc import Iterable

SYNONYMS = {
    "--auto-approve": "--yes",
    "--field-selector": "--filter",
    "--jq": "--transform",
    "--json": "--format",
    "--name": "--filter",
    "--output": "--format",
    "--query": "--filter",
    "--selector": "--filter",
    "--state": "--filter",
    "--where": "--filter",
    "-o": "--format",
    "-w": "--watch",
    "add": "create",
    "config": "profile",
    "describe": "retrieve",
    "destroy": "delete",
    "env": "environments",
    "get": "retrieve",
    "ls": "list",
    "new": "create",
    "plan": "diff",
    "remove": "delete",
    "rm": "delete",
    "run": "start",
    "show": "retrieve",
    "use": "activate",
    "view": "retrieve",
    "whoami": "auth status",
}
"""Names that other tools use, and the command or flag of this one."""


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return " Did you mean ...?" for a synonym or near match; empty if there is no such name."""
    from difflib import get_close_matches  # late: only mistakes need it

    choices = list(known)
    synonym = SYNONYMS.get(name)
    matches = [synonym] if synonym in choices else get_close_matches(name.lower(), choices, n=1, cutoff=0.6)
    return f" Did you mean {matches[0]!r}?" if matches else ""
