"""The API, as rows of data: every operation, by the two parts of its command."""

from __future__ import annotations

from ant_cli.operations import environments, work
from ant_cli.operations.spec import Operation
from ant_cli.runtime.light_typing import NamedTuple

OPERATIONS: tuple[Operation, ...] = (*environments.OPERATIONS, *work.OPERATIONS)

GROUPS = {
    environments.GROUP: "Manage environments, the templates for sandboxes.",
    work.GROUP: "Process the work queue of a self-hosted environment.",
}
"""The groups of commands, and what each is for."""


class ObjectKind(NamedTuple):
    """What the objects of a group are."""

    type: str
    """The value of their field `type`, which all of them have."""
    subtype_path: str
    """The field that tells types of them apart."""


KINDS = {
    environments.GROUP: ObjectKind("environment", "config.type"),
    work.GROUP: ObjectKind("work", "data.type"),
}

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


def of_group(group: str) -> list[Operation]:
    """Return the operations of a group, in the order of its help."""
    return [item for item in OPERATIONS if item.group == group]


def fields_of(group: str) -> list[str]:
    """Return the known fields of the objects of a group: IDs, those that are sent, and those of the server."""
    fields = dict[str, None]()
    for operation in of_group(group):
        params = (*operation.params_in("path"), *operation.params_in("body"))
        fields |= dict.fromkeys((*operation.server_fields, *(key for param in params for key in param.input_keys)))
    return list(fields)
