"""The API, as rows of data: every operation, by the two parts of its command."""

from __future__ import annotations

from ant_cli.operations import environments, work
from ant_cli.operations.spec import Operation

GROUPS = {group.name: group for group in (environments.COMMANDS, work.COMMANDS)}
"""The groups of commands, by the first part of a command."""
OPERATIONS = tuple(operation for group in GROUPS.values() for operation in group.operations)

OFFICIAL_RESOURCES = (
    "completions",
    "messages",
    "models",
    "beta:agents",
    "beta:deployment-runs",
    "beta:deployments",
    "beta:dreams",
    "beta:files",
    "beta:memory-stores",
    "beta:messages",
    "beta:models",
    "beta:sessions",
    "beta:skills",
    "beta:tunnels",
    "beta:user-profiles",
    "beta:vaults",
    "@manpages",
)
"""The commands that only the official tool has. Those of a part, such as `beta:agents:versions`, begin with one."""

OFFICIAL_VERBS = (
    *("create", "retrieve", "update", "list", "delete", "archive"),
    *("cancel", "count-tokens", "download", "pause", "run", "unpause", "upload"),
)
"""What the official tool does with its resources: no part of one has such a name."""


def is_official(name: str) -> bool:
    """Whether only the official tool has a command of this name. Its verbs follow a space: `beta:agents list`."""
    if name.rpartition(":")[2] in OFFICIAL_VERBS:
        return False
    beginnings = tuple(f"{resource}:" for resource in OFFICIAL_RESOURCES)
    return f"{name}:".startswith(beginnings)


def find(group: str, name: str) -> Operation | None:
    """Return the operation of a command, or None."""
    for operation in OPERATIONS:
        if (operation.group, operation.name) == (group, name):
            return operation
    return None
