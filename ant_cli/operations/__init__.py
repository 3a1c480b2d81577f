"""The API, as rows of data: every operation, by the two parts of its command."""

from __future__ import annotations

from ant_cli.operations import environments, work
from ant_cli.operations.spec import Operation

GROUPS = {group.name: group for group in (environments.COMMANDS, work.COMMANDS)}
"""The groups of commands, by the first part of a command."""
OPERATIONS = tuple(operation for group in GROUPS.values() for operation in group.operations)

OFFICIAL_COMMANDS = (
    "completions",
    "messages",
    "messages:batches",
    "models",
    "beta:agents",
    "beta:agents:versions",
    "beta:deployment-runs",
    "beta:deployments",
    "beta:dreams",
    "beta:files",
    "beta:memory-stores",
    "beta:memory-stores:memories",
    "beta:memory-stores:memory-versions",
    "beta:messages",
    "beta:messages:batches",
    "beta:models",
    "beta:sessions",
    "beta:sessions:events",
    "beta:sessions:resources",
    "beta:sessions:threads",
    "beta:sessions:threads:events",
    "beta:skills",
    "beta:skills:versions",
    "beta:tunnels",
    "beta:tunnels:certificates",
    "beta:user-profiles",
    "beta:vaults",
    "beta:vaults:credentials",
    "@manpages",
)
"""The commands that only the official tool has."""


def find(group: str, name: str) -> Operation | None:
    """Return the operation of a command, or None."""
    return next((item for item in OPERATIONS if (item.group, item.name) == (group, name)), None)
