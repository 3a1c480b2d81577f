"""The work queue of a self-hosted environment: the 8 commands of `beta:environments:work`."""

from __future__ import annotations

from ant_cli.operations import shared_flags as shared
from ant_cli.operations.environments import ITEM, METADATA_PATCH
from ant_cli.operations.spec import CREDENTIAL_TYPES, Example, Field, Group, Operation
from ant_cli.runtime import variables

GROUP = "beta:environments:work"
QUEUE = ITEM + "/work"
WORK_ITEM = QUEUE + "/{work_id}"

_API_OR_ENVIRONMENT_KEY = CREDENTIAL_TYPES[:2]

SERVER_FIELDS = (
    "type",
    "data",
    "secret",
    "state",
    "created_at",
    "acknowledged_at",
    "started_at",
    "latest_heartbeat_at",
    "stop_requested_at",
    "stopped_at",
)

ENVIRONMENT_ID = Field(
    "environment_id",
    "path",
    str,
    f"The ID or name of the environment that the work belongs to. Also: {variables.ENVIRONMENT_ID}.",
    required=True,
    variable=variables.ENVIRONMENT_ID,
)
QUEUE_ID = ENVIRONMENT_ID._replace(
    help=f"The ID or name of the self-hosted environment. Also: {variables.ENVIRONMENT_ID}.",
    aliases=("id",),
)
WORK_ID = Field("work_id", "path", str, "The work item's ID.", required=True, aliases=("id",))

_SHOW_ITEM = (
    "beta:environments:work retrieve",
    "--environment-id",
    "{environment_id}",
    "{work_id}",
)
UNTIL_STOPPED = shared.UNTIL._replace(help=shared.UNTIL.help.replace("archived", "stopped"))
UNTIL_STATS = shared.UNTIL._replace(
    help=shared.UNTIL.help.replace('state=="archived"', "pending==0")
)

RETRIEVE = Operation(
    GROUP,
    "retrieve",
    "GET",
    WORK_ITEM,
    "Show one work item.",
    (ENVIRONMENT_ID, WORK_ID, shared.BETA),
    (UNTIL_STOPPED, *shared.WATCHING, *shared.MANY),
    (
        Example("all fields", "--environment-id env_1 work_1"),
        Example("only its state", "--environment-id env_1 work_1 --transform state -r"),
    ),
    past_participle="retrieved",
)

POLL = Operation(
    GROUP,
    "poll",
    "GET",
    QUEUE + "/poll",
    "Take the next work item of a queue; null if the queue is empty.",
    (
        QUEUE_ID,
        Field(
            "block_ms",
            "query",
            int,
            "Milliseconds to wait for work to arrive, 1 to 999. [default: don't wait]",
            nullable=True,
        ),
        Field(
            "reclaim_older_than_ms",
            "query",
            int,
            "Also take items that another worker got this many milliseconds ago but never acknowledged.",
            nullable=True,
            default="5000",
        ),
        Field(
            "anthropic_worker_id",
            "header",
            str,
            "A name for this worker, unique in the environment; the queue's statistics count workers by name.",
            wire="Anthropic-Worker-ID",
            aliases=("anthropic_worker_id",),
        ),
        shared.BETA,
    ),
    (),
    (
        Example("wait almost a second for work", "env_1 --block-ms 999"),
        Example(
            "take an item and acknowledge it",
            "env_1 --format jsonl | ant beta:environments:work ack",
        ),
    ),
    claims=True,
    past_participle="polled",
    accepts=_API_OR_ENVIRONMENT_KEY,
)

ACK = Operation(
    GROUP,
    "ack",
    "POST",
    WORK_ITEM + "/ack",
    "Acknowledge a work item, so that no other worker gets it.",
    (ENVIRONMENT_ID, WORK_ID, shared.BETA),
    shared.MANY,
    (
        Example("one item", "--environment-id env_1 work_1"),
        Example("IDs from a pipe", "< work.json"),
    ),
    success_message="Acknowledged {id}.",
    check_command=_SHOW_ITEM,
    past_participle="acknowledged",
    accepts=_API_OR_ENVIRONMENT_KEY,
)

HEARTBEAT = Operation(
    GROUP,
    "heartbeat",
    "POST",
    WORK_ITEM + "/heartbeat",
    "Extend the lease on a work item.",
    (
        ENVIRONMENT_ID,
        WORK_ID,
        Field(
            "desired_ttl_seconds",
            "query",
            int,
            "How many seconds the lease should last.",
            nullable=True,
        ),
        Field(
            "expected_last_heartbeat",
            "query",
            str,
            "Extend it only if this was the last heartbeat: NO_HEARTBEAT for none, then the last_heartbeat of the "
            "previous response. Otherwise: 412, exit code 6. If absent, stdin is read.",
            nullable=True,
        ),
        shared.BETA,
    ),
    shared.MANY,
    (
        Example(
            "claim the lease",
            "--environment-id env_1 work_1 --expected-last-heartbeat NO_HEARTBEAT",
        ),
        Example(
            "hold it for another minute", "--environment-id env_1 work_1 --desired-ttl-seconds 60"
        ),
    ),
    check_command=_SHOW_ITEM,
    past_participle="extended",
    response="The response has lease_extended, whether the lease was extended; ttl_seconds, how long it lasts; "
    "the item's state; and last_heartbeat, for the next call.",
    precondition="expected_last_heartbeat",
    accepts=CREDENTIAL_TYPES,
)

FORCE = Field("force", "body", bool, "Stop it immediately, without a graceful shutdown.")

STOP = Operation(
    GROUP,
    "stop",
    "POST",
    WORK_ITEM + "/stop",
    "Stop a work item, gracefully or immediately.",
    (ENVIRONMENT_ID, WORK_ID, FORCE, shared.BETA),
    shared.MANY,
    (
        Example("gracefully: it may finish its current task", "--environment-id env_1 work_1"),
        Example("immediately", "--environment-id env_1 work_1 --force"),
    ),
    success_message="Requested stop of {id}.",
    forced_message="Stopped {id}.",
    server_fields=(*SERVER_FIELDS, "metadata"),
    check_command=_SHOW_ITEM,
    past_participle="stopped",
    accepts=CREDENTIAL_TYPES,
)

UNTIL_IDLE = shared.UNTIL_IN_LIST._replace(
    help="Repeat until this holds for the list: '#==0', or idle: no item is queued, starting, active or stopping."
)

LIST = Operation(
    GROUP,
    "list",
    "GET",
    QUEUE,
    "List the work items of an environment, the newest first.",
    (QUEUE_ID, *shared.PAGING, shared.BETA),
    (*shared.LISTING, UNTIL_IDLE, *shared.WATCHING),
    (
        Example(
            "wait until no item is queued, starting, active or stopping",
            "env_1 --until idle --for 10m",
        ),
        Example("IDs and states, a line each", "env_1 --transform '{id,state}' --format jsonl"),
    ),
    paginated=True,
    busy_states=("queued", "starting", "active", "stopping"),
    empty_message="No work items.",
    accepts=("environment key", "item secret"),
)

UPDATE = Operation(
    GROUP,
    "update",
    "POST",
    WORK_ITEM,
    "Set and delete metadata keys of a work item.",
    (ENVIRONMENT_ID, WORK_ID, METADATA_PATCH._replace(required=True), shared.BETA),
    shared.MANY,
    (
        Example(
            "set one key, delete another",
            "--environment-id env_1 work_1 --metadata owner=ada --metadata retry=",
        ),
        Example("from a pipe", "--environment-id env_1 work_1 < metadata.yaml"),
    ),
    server_fields=SERVER_FIELDS,
    past_participle="updated",
)

STATS = Operation(
    GROUP,
    "stats",
    "GET",
    QUEUE + "/stats",
    "Show queue statistics.",
    (QUEUE_ID, shared.BETA),
    (UNTIL_STATS, *shared.WATCHING, *shared.MANY),
    (
        Example("all figures", "env_1"),
        Example("only the number of waiting items", "env_1 --transform depth"),
    ),
    past_participle="retrieved",
    response="The response has depth, the waiting items; pending, those taken but not acknowledged; "
    "oldest_queued_at, since when the oldest of both waits; and workers_polling, the named ones of the last 30 s.",
    response_keys=("type", "depth", "pending", "oldest_queued_at", "workers_polling"),
    accepts=_API_OR_ENVIRONMENT_KEY,
)

COMMANDS = Group(
    GROUP,
    "Process the work queue of a self-hosted environment.",
    (RETRIEVE, POLL, ACK, HEARTBEAT, STOP, LIST, UPDATE, STATS),
    "work",
    "data.type",
)
