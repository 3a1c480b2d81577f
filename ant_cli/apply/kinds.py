"""Which kind of resource a file declares: by its `type`, its folder, or its name."""

from __future__ import annotations

import re
from pathlib import Path

ENVIRONMENT = "environment"
_FOLDERS = {
    "environments": ENVIRONMENT,
    "agents": "agent",
    "skills": "skill",
    "memory_stores": "memory_store",
    "vaults": "vault",
    "deployments": "deployment",
}
"""The kinds of the official tool, by the folders that hold them. This tool manages environments only."""
KINDS = tuple(_FOLDERS.values())
DATA = (".yaml", ".yml", ".json")
PROSE = (".md", ".markdown")

_PREFIX = re.compile(rf"({'|'.join(KINDS)})(?:[_.-]|$)", re.IGNORECASE)


def kind_by_place(path: Path) -> str | None:
    """Return the kind that the folder of a file states, or else its name; None if neither does."""
    match = _PREFIX.match(path.stem)
    return _FOLDERS.get(path.absolute().parent.name.lower()) or (match[1].lower() if match else None)


def name_from(path: Path) -> str:
    """Return the name of an environment whose file states none.

    It is the name of the file without its extension and the kind. That of a bare `environment.yaml` is the name of
    its folder.
    """
    rest = re.sub(r"^environment([_.-]|$)", "", path.stem, flags=re.IGNORECASE)
    return rest or path.absolute().parent.name
