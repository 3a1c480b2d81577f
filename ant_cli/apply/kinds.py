"""The kind of resource that a file declares: from its `type`, its folder, or its name."""

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
YAML = (".yaml", ".yml")
DATA = (*YAML, ".json")
PROSE = (".md", ".markdown")

_PREFIX = re.compile(rf"({'|'.join(KINDS)})(?:[_.-]|$)", re.IGNORECASE)


def kind_by_path(path: Path) -> str | None:
    """Return the kind that a file's folder or else its name indicates; None if neither does."""
    match = _PREFIX.match(path.stem)
    return _FOLDERS.get(path.absolute().parent.name.lower()) or (match[1].lower() if match else None)


def name_from(path: Path) -> str:
    """Return the name of an environment whose file has no `name`.

    It is the name of the file without its extension and the kind. For a bare `environment.yaml`, it is the name of
    the folder.
    """
    rest = re.sub(r"^environment([_.-]|$)", "", path.stem, flags=re.IGNORECASE)
    return rest or path.absolute().parent.name
