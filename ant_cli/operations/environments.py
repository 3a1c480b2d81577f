"""The environments of an organization: the 6 commands of `beta:environments`."""

from __future__ import annotations

import re

from ant_cli.operations import shared_flags as shared
from ant_cli.operations.spec import Example, Field, Group, Operation

GROUP = "beta:environments"
COLLECTION = "/v1/environments"
ITEM = COLLECTION + "/{environment_id}"
PACKAGE_MANAGERS = ("apt", "cargo", "gem", "go", "npm", "pip")
_CONFIG = Field(
    "config",
    "body",
    dict,
    "Where its sandboxes run: {type: cloud, networking: ..., packages: ...} or {type: self_hosted}.",
    nullable=True,
)
METADATA = Field(
    "metadata",
    "body",
    dict,
    "Your own keys and values, all strings: team=data, repeated, or {team: data, tier: '1'}.",
    nullable=True,
    key_values="new",
)
_SCOPE = Field(
    "scope",
    "body",
    str,
    "Who can see it; organizations of the API reject account.",
    nullable=True,
    choices=("organization", "account"),
)
_FIELDS = (
    Field("name", "body", str, "Name of the environment.", required=True),
    _CONFIG,
    Field("config.type", "body", str, "Only the type.", choices=("cloud", "self_hosted")),
    Field("config.networking", "body", dict, "Only the network policy, {type: limited, ...}."),
    Field("config.packages", "body", dict, "Only the packages, {pip: [pandas]}."),
    Field("description", "body", str, "Description of the environment.", nullable=True),
    METADATA,
    _SCOPE,
)
"""What an environment is made of."""
METADATA_PATCH = METADATA._replace(
    help="Keys to set (tier=2) or to delete (tier=), repeated; or all in one: {tier: '2', team: null}.",
    key_values="patch",
)
_CHANGED = (
    Field("name", "body", str, "A new name.", nullable=True),
    _CONFIG._replace(help="Settings of its sandboxes; others keep their values."),
    Field("description", "body", str, "A new description; null removes it.", nullable=True),
    METADATA_PATCH,
    _SCOPE._replace(help="Who can see it."),
)
"""The fields that an update takes or explains in another way."""
_IMPLIED_TYPES = {"config.networking": "cloud", "config.packages": "cloud"}
"""The type of the config that these imply, since only this one has them (D49)."""
SERVER_FIELDS = ("id", "type", "created_at", "updated_at", "archived_at", "state")

ENVIRONMENT_ID = Field(
    "environment_id",
    "path",
    str,
    "The environment's ID (env_...), or its name.",
    required=True,
    aliases=("id",),
)


def has_id_form(text: str) -> bool:
    """Whether a text has the form of an environment's ID."""
    return re.fullmatch(r"env_\w+", text, re.ASCII) is not None


CREATE = Operation(
    GROUP,
    "create",
    "POST",
    COLLECTION,
    "Create an environment.",
    (*_FIELDS, shared.BETA),
    shared.MANY_CREATED,
    (
        Example(
            "a cloud environment with two Python packages",
            "--name data-analysis --config '{type: cloud, packages: {pip: [pandas, numpy]}}'",
        ),
        Example(
            "one whose work your own workers run", "--name edge --config '{type: self_hosted}'"
        ),
        Example("everything from a file except the name", "--file env.yaml --name staging"),
    ),
    implied_types=_IMPLIED_TYPES,
    creates=True,
    server_fields=SERVER_FIELDS,
    check_command=("beta:environments list", "--transform", "{id,name}", "--format", "jsonl"),
    past_participle="created",
)

LIST = Operation(
    GROUP,
    "list",
    "GET",
    COLLECTION,
    "List environments, the newest first.",
    (
        Field("include_archived", "query", bool, "List archived environments too."),
        *shared.PAGING,
        shared.BETA,
    ),
    (*shared.LISTING, *shared.LIST_WAITING),
    (
        Example("IDs and names, a line each", "--transform '{id,name}' --format jsonl"),
        Example("the ten newest, archived ones included", "--include-archived --max-items 10"),
    ),
    paginated=True,
    empty_message="No environments.",
)

RETRIEVE = Operation(
    GROUP,
    "retrieve",
    "GET",
    ITEM,
    "Show one environment.",
    (ENVIRONMENT_ID, shared.BETA),
    (*shared.WAITING, *shared.MANY),
    (
        Example("all fields", "env_011CZkZ9X2dpNyB7HsEFoRfW"),
        Example(
            "only its packages, for a script",
            "env_011CZkZ9X2dpNyB7HsEFoRfW --transform config.packages.pip --format jsonl",
        ),
    ),
    past_participle="retrieved",
)

UPDATE = Operation(
    GROUP,
    "update",
    "POST",
    ITEM,
    "Change fields of an environment; all others keep their values.",
    (
        ENVIRONMENT_ID,
        # in the order of _FIELDS
        *({field.name: field for field in (*_FIELDS, *_CHANGED)}.values()),
        shared.BETA,
    ),
    (*shared.EDITS, *shared.MANY),
    (
        Example("another name", "env_011CZkZ9X2dpNyB7HsEFoRfW --name nightly"),
        Example(
            "one package more, one metadata key less",
            "env_011CZkZ9X2dpNyB7HsEFoRfW --add packages.pip=polars --metadata tier=",
        ),
    ),
    implied_types=_IMPLIED_TYPES,
    partial_update=True,
    lists=(*(f"packages.{name}" for name in PACKAGE_MANAGERS), "networking.allowed_hosts"),
    server_fields=SERVER_FIELDS,
    past_participle="updated",
)

DELETE = Operation(
    GROUP,
    "delete",
    "DELETE",
    ITEM,
    "Delete an environment permanently.",
    (ENVIRONMENT_ID, shared.BETA),
    (*shared.MANY, shared.YES),
    (
        Example("one", "env_011CZkZ9X2dpNyB7HsEFoRfW"),
        Example("see what would be sent", "env_011CZkZ9X2dpNyB7HsEFoRfW --dry-run"),
    ),
    final=True,
    success_message="Deleted {id}.",
    check_command=("beta:environments retrieve", "{environment_id}"),
    past_participle="deleted",
)

ARCHIVE = Operation(
    GROUP,
    "archive",
    "POST",
    ITEM + "/archive",
    "Archive an environment: it stays readable, but new sessions can't use it, and nothing restores it.",
    (ENVIRONMENT_ID, shared.BETA),
    (*shared.MANY, shared.YES),
    (
        Example("one", "env_011CZkZ9X2dpNyB7HsEFoRfW"),
        Example("when it was archived", "env_011CZkZ9X2dpNyB7HsEFoRfW --transform archived_at -r"),
    ),
    final=True,
    success_message="Archived {id}.",
    check_command=("beta:environments retrieve", "{environment_id}"),
    past_participle="archived",
)

COMMANDS = Group(
    GROUP,
    "Manage environments, the templates for sandboxes.",
    (CREATE, RETRIEVE, UPDATE, LIST, DELETE, ARCHIVE),
    "environment",
    "config.type",
)
