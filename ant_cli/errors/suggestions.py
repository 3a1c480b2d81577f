"""Suggestions for mistyped names."""

from __future__ import annotations

from collections.abc import Iterable

SYNONYMS = {
    "--auto-approve": "--yes",
    "--jq": "--transform",
    "--json": "--format",
    "--max-results": "--max-items",
    "--name": "--filter",
    "--output": "--format",
    "--selector": "--filter",
    "--state": "--filter",
    "-o": "--format",
    "-w": "--watch",
    "auth list": "profile list",
    "auth switch": "profile activate",
    "config": "profile",
    "describe": "retrieve",
    "destroy": "delete",
    "env": "environments",
    "environment": "environments",
    "get": "retrieve",
    "ls": "list",
    "plan": "diff",
    "remove": "delete",
    "rm": "delete",
    "show": "retrieve",
    "switch": "activate",
    "validate": "apply --validate",
    "view": "retrieve",
    "whoami": "auth status",
    "worker start": "beta:worker poll",
}
"""Names that other tools use, and the command or flag of this one."""


_FINAL = (
    "Archived environments can't be restored. To make a copy: "
    "ant beta:environments retrieve ID | ant beta:environments create --name NAME"
)
HABITS = {
    "--all": "A list follows every page; --max-items N ends it earlier.",
    "--file": "Files and folders are arguments, as in: ant apply environments/",
    "--no-headers": "For scripts: --format jsonl, or the IDs alone: --transform id -r",
    "--quiet": "Notes go to stderr: 2> /dev/null hides them.",
    "--set": "Each field has a flag of its own; a metadata key is --metadata KEY=VALUE",
    "--sort-by": "Sort with jq: --slurp | jq 'sort_by(.name)'",
    "-n": "--workspace-id ID chooses the workspace.",
    "--wait": "--until CONDITION waits, for example for an idle queue: work list ENVIRONMENT_ID --until idle",
    "-f": "Files and folders are arguments, as in: ant apply environments/",
    "-l": "--filter 'metadata.KEY==\"VALUE\"' selects by metadata.",
    "restore": _FINAL,
    "unarchive": _FINAL,
    "-q": "--transform PATH selects a part of the result; 2> /dev/null hides notes.",
}
"""Flags and commands of other tools that this one does not need, and what to do instead."""
_CUTOFF = 0.7
"""How similar a name must be, from 0 to 1. A wrong suggestion is worse than none."""


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return " Did you mean ...?" for a synonym or near match; empty if there is no such name."""
    from difflib import get_close_matches  # late: only mistakes need it

    choices = {choice.lstrip("-"): choice for choice in known}
    synonym = SYNONYMS.get(name)
    if synonym in choices.values():
        return f" Did you mean {synonym!r}?"
    matches = get_close_matches(name.lower().lstrip("-"), choices, n=1, cutoff=_CUTOFF)
    return f" Did you mean {choices[matches[0]]!r}?" if matches else ""
