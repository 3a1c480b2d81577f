"""The types of the emulator's responses, with the fields in the order of the reference."""

from typing import Literal

from pydantic import create_model

from ant_cli.emulator.models import (
    EnvironmentParams,
    Host,
    Model,
    Package,
    SelfHostedConfig,
    UnrestrictedNetwork,
    WorkType,
)

State = Literal["queued", "starting", "active", "stopping", "stopped"]


class LimitedNetwork(Model):
    """Only the listed hosts can be reached."""

    allow_mcp_servers: bool
    allow_package_managers: bool
    allowed_hosts: list[Host]
    type: Literal["limited"]


class Packages(Model):
    """The installed packages, by package manager."""

    apt: list[Package]
    cargo: list[Package]
    gem: list[Package]
    go: list[Package]
    npm: list[Package]
    pip: list[Package]
    type: Literal["packages"]


class CloudConfig(Model):
    """A container in Anthropic's cloud."""

    networking: UnrestrictedNetwork | LimitedNetwork
    packages: Packages
    type: Literal["cloud"]


class ReferenceEnvironment(Model):
    """An environment, as the reference has it."""

    id: str
    archived_at: str | None
    config: CloudConfig | SelfHostedConfig
    created_at: str
    description: str | None
    metadata: dict[str, str]
    name: str
    type: Literal["environment"]
    updated_at: str
    scope: Literal["organization", "account"]
    state: Literal["active", "archived"]


LATER = {
    name: field
    for name, field in EnvironmentParams.model_fields.items()
    if name not in ReferenceEnvironment.model_fields
}
"""The fields that the emulator got later. Responses have them last, except for what an older emulator stored."""
Environment = create_model(
    "Environment",
    __base__=ReferenceEnvironment,
    **{name: (field.annotation, field) for name, field in LATER.items()},
)


class EnvironmentList(Model):
    """A page of environments."""

    data: list[Environment]
    next_page: str | None


class EnvironmentDeleteResponse(Model):
    """The confirmation of `delete`."""

    id: str
    type: Literal["environment_deleted"]


class WorkData(Model):
    """The subject of a work item: a session, or a check that a worker is there."""

    id: str
    type: WorkType


class Work(Model):
    """A work item."""

    id: str
    acknowledged_at: str | None
    created_at: str
    data: WorkData
    environment_id: str
    latest_heartbeat_at: str | None
    metadata: dict[str, str]
    secret: str | None
    started_at: str | None
    state: State
    stop_requested_at: str | None
    stopped_at: str | None
    type: Literal["work"]


class WorkList(Model):
    """A page of work items."""

    data: list[Work]
    next_page: str | None


class WorkHeartbeatResponse(Model):
    """The state of the lease after a heartbeat."""

    last_heartbeat: str
    lease_extended: bool
    state: State
    ttl_seconds: int
    type: Literal["work_heartbeat"]


class WorkQueueStats(Model):
    """The state of a queue."""

    depth: int
    oldest_queued_at: str | None
    pending: int
    type: Literal["work_queue_stats"]
    workers_polling: int | None
