"""The types of the bodies of requests. Nothing is converted or guessed.

Only requests with a body import this module, so a read never loads pydantic. Responses are built where they are
sent, and their types are in the tests.
"""

from __future__ import annotations

import re
from functools import partial
from typing import Annotated, Any, ClassVar, Literal, Self
from wsgiref.util import is_hop_by_hop

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    RootModel,
    model_validator,
)

from ant_cli.emulator.agent import WAIT

LABEL = r"[^\W_](?:[\w-]{0,61}[^\W_])?"
HEADER_NAME = re.compile(r"[A-Za-z0-9_-]+", re.ASCII)
HOST = re.compile(rf"(?:\*\.)?{LABEL}(?:\.{LABEL})*")


def bare_host(text: str) -> str:
    """Return `text` if it is just a host name."""
    if len(text) > 253 or not HOST.fullmatch(text):
        example = "write a host like example.com or *.example.com, without scheme, port or path"
        raise ValueError(f"{text!r} is not a host; {example}")
    return text


def content_block(block: dict[str, Any]) -> dict[str, Any]:
    """Return a block of the content of a message or a result. One of the type `text` has a text."""
    if block.get("type") == "text" and not (isinstance(text := block.get("text"), str) and text):
        raise ValueError("a block of text needs a text, whose minimum string length is 1")
    return block


def matching(pattern: str, rule: str, text: str) -> str:
    """Return `text` if it matches a pattern. The error says the rule, not the pattern."""
    if not re.fullmatch(pattern, text, re.ASCII):
        raise ValueError(rule)
    return text


def header_line(line: str) -> str:
    """Return a line `name: value` of a header that an application may set (PEP 3333)."""
    name, colon, value = line.partition(":")
    of_connection = is_hop_by_hop(name) or name.lower() == "content-length"
    if (
        not (colon and HEADER_NAME.fullmatch(name) and value.isascii() and value.isprintable())
        or of_connection
    ):
        raise ValueError(
            f"{line!r} is not a header; write 'name: value', and none of the connection itself"
        )
    return line


Header = Annotated[str, AfterValidator(header_line)]
Host = Annotated[str, AfterValidator(bare_host)]
Block = Annotated[dict[str, Any], AfterValidator(content_block)]
Package = Annotated[str, Field(min_length=1)]
identifier = partial(matching, r"\S+", "must be an ID, without blanks")
without_nul = partial(matching, r"[^\x00]*", "must not contain a NUL")
Name = Annotated[str, Field(min_length=1, max_length=256), AfterValidator(without_nul)]
waiting_time = partial(
    matching, WAIT.pattern, "must be a whole number with its unit, ms, s or m, such as 200ms"
)
Description = Annotated[str, Field(max_length=1024)]
Count = Annotated[int, Field(ge=0)]
Seconds = Annotated[float, Field(ge=0, allow_inf_nan=False)]
WorkType = Literal["session", "healthcheck"]


class Model(BaseModel):
    """The base of every type: strict, and compiled at its first use."""

    model_config = ConfigDict(strict=True, extra="forbid", defer_build=True)


class UnrestrictedNetwork(Model):
    """Everything may be reached."""

    type: Literal["unrestricted"]


class LimitedNetwork(Model):
    """Only the listed hosts can be reached."""

    type: Literal["limited"]
    allow_mcp_servers: bool | None = None
    allow_package_managers: bool | None = None
    allowed_hosts: list[Host] | None = None


class Packages(Model):
    """The packages to install. A package manager that is left out keeps its list."""

    apt: list[Package] | None = None
    cargo: list[Package] | None = None
    gem: list[Package] | None = None
    go: list[Package] | None = None
    npm: list[Package] | None = None
    pip: list[Package] | None = None
    type: Literal["packages"] | None = None


class CloudConfig(Model):
    """A container in Anthropic's cloud."""

    type: Literal["cloud"]
    networking: (
        Annotated[UnrestrictedNetwork | LimitedNetwork, Field(discriminator="type")] | None
    ) = None
    packages: Packages | None = None


class SelfHostedConfig(Model):
    """The user's own sandbox, which polls for work."""

    type: Literal["self_hosted"]


Config = Annotated[CloudConfig | SelfHostedConfig, Field(discriminator="type")]


class EnvironmentParams(Model):
    """The fields that `create` and `update` take alike. A response has all of them, and null sets the default.

    Those but the config need no rule: they are stored as they are.
    """

    config: Config | None = None
    description: Description | None = None
    scope: Literal["organization"] | None = "organization"


class EnvironmentCreateParams(EnvironmentParams):
    """The body of `create`."""

    name: Name
    metadata: dict[str, str] | None = None


class EnvironmentUpdateParams(EnvironmentParams):
    """The body of `update`. Missing fields are kept, and so are a name, a config and metadata that are null."""

    name: Name | None = None
    metadata: dict[str, str | None] | None = None


class WorkStopRequest(Model):
    """The body of `stop`."""

    force: bool | None = None


class WorkUpdateRequest(Model):
    """The body of `work update`. A key with null is deleted."""

    metadata: dict[str, str | None] | None = None


class EnqueueRequest(Model):
    """The body of the emulator's own `enqueue`: what the creation of a session does in the real service."""

    count: Annotated[int, Field(ge=1, le=10_000)] = 1
    type: WorkType = "session"
    session_id: Annotated[str, Field(min_length=1)] | None = None
    metadata: dict[str, str] | None = None
    secret: bool = True


class FaultRequest(Model):
    """The body that creates a fault."""

    path_contains: str = ""
    method: Literal["GET", "POST", "DELETE"] | None = None
    status: Annotated[int, Field(ge=200, le=599)] | None = None
    times: Annotated[int, Field(ge=1, le=1_000_000)] = 1
    retry_after_ms: Annotated[int, Field(ge=0, le=3_600_000)] | None = None
    delay_ms: Annotated[int, Field(ge=0, le=600_000)] = 0
    disconnect: bool = False
    after: Annotated[int, Field(ge=0, le=1_000_000)] = 0
    body_delay_ms: Annotated[int, Field(ge=0, le=600_000)] = 0
    cut_after_events: Annotated[int, Field(ge=0, le=1_000_000)] | None = None
    query_contains: str = ""
    worker_id: str | None = None
    after_commit: bool = False
    body: str | None = None
    headers: Annotated[list[Header], Field(default_factory=list)]
    error_code: str | None = None
    retry_after: Annotated[int, Field(ge=0, le=3_600)] | None = None
    cut_after_bytes: Annotated[int, Field(ge=0, le=1_000_000)] | None = None


class ClockRequest(Model):
    """The body that moves the clock: forward by some time, or to a time in RFC 3339; and stops it, or starts it."""

    advance_ms: Annotated[int, Field(ge=0, le=10**12)] | None = None
    now: AwareDatetime | None = None
    freeze: bool | None = None


# Sessions


class Expectation(Model):
    """What a step of a script expects from its tool's result."""

    is_error: bool | None = None
    text: str | None = None
    contains: str | None = None


class Usage(Model):
    """The figures that a step sets in the usage of its session."""

    active_seconds: Seconds | None = None
    cache_creation: dict[str, Any] | None = None
    cache_read_input_tokens: Count | None = None
    input_tokens: Count | None = None
    list_cost: dict[str, Any] | None = None
    output_tokens: Count | None = None


class ToolStep(Model):
    """A call of a tool, alone or as one of several at once. With a result, no worker has to call it."""

    kinds: ClassVar[tuple[str, ...]] = ("tool", "custom_tool")
    """The fields of which a step has one."""
    tool: Annotated[str, Field(min_length=1)] | None = None
    custom_tool: Annotated[str, Field(min_length=1)] | None = None
    input: dict[str, Any] | None = None
    expect: Expectation | None = None
    evaluated_permission: Literal["allow", "ask"] | None = None
    result: str | None = None

    @model_validator(mode="after")
    def _check_kind(self) -> Self:
        kinds = [kind for kind in self.kinds if getattr(self, kind) is not None]
        if len(kinds) != 1:
            raise ValueError(
                f"must have one of {', '.join(self.kinds)}, got {', '.join(kinds) or 'none'}"
            )
        taken = {
            "tool": {"input", "expect", "evaluated_permission", "result"},
            "custom_tool": {"input", "expect"},
        }
        if others := self.model_fields_set - set(self.kinds) - taken.get(kinds[0], set()):
            raise ValueError(f"{kinds[0]} does not take {' or '.join(sorted(others))}")
        return self


class ScriptStep(ToolStep):
    """A step of a script: a call of a tool or of several, another event, a pause, figures, or an end."""

    kinds = (
        *ToolStep.kinds,
        "tools",
        "message",
        "thinking",
        "wait",
        "usage",
        "stats",
        "idle",
        "terminate",
    )
    tools: Annotated[list[ToolStep], Field(min_length=1, max_length=100)] | None = None
    message: str | None = None
    thinking: Literal[True] | None = None
    wait: Annotated[str, AfterValidator(waiting_time)] | None = None
    usage: Usage | None = None
    stats: dict[Literal["active_seconds", "duration_seconds"], Seconds] | None = None
    idle: Literal[True] | None = None
    terminate: Literal[True] | None = None

    @model_validator(mode="before")
    @classmethod
    def _read_word(cls, data: Any) -> Any:
        return {data: True} if data in ("idle", "terminate", "thinking") else data


Steps = Annotated[list[ScriptStep], Field(max_length=10_000)]


class Script(RootModel[Steps]):
    """A script in the metadata of a session."""

    model_config = ConfigDict(strict=True, defer_build=True)


class SessionRequest(Model):
    """The body that creates a session with a scripted agent."""

    environment_id: Annotated[str, Field(min_length=1)] | None = None
    title: str | None = None
    metadata: dict[str, str] | None = None
    script: Annotated[Steps, Field(default_factory=list)]
    secret: bool = True


class ToolResult(Model):
    """The result of a tool of the agent's toolset."""

    type: Literal["user.tool_result"]
    tool_use_id: str
    is_error: bool | None = None
    content: list[Block] | None = None


class CustomToolResult(Model):
    """The result of a custom tool."""

    type: Literal["user.custom_tool_result"]
    custom_tool_use_id: str
    is_error: bool | None = None
    content: list[Block] | None = None


class UserMessage(Model):
    """A message to the agent."""

    type: Literal["user.message"]
    content: Annotated[list[Block], Field(min_length=1)]


class AgentReference(Model):
    """An agent, or only its ID. The emulator does not look at it: its sessions follow a script."""

    model_config = ConfigDict(extra="ignore")

    id: Annotated[str, AfterValidator(identifier)]
    version: int | None = None

    @model_validator(mode="before")
    @classmethod
    def _read_id(cls, data: Any) -> Any:
        return {"id": data} if isinstance(data, str) else data


class SessionCreateParams(Model):
    """The body that creates a session in the API. Resources, vaults and a budget have no effect."""

    agent: AgentReference
    environment_id: str
    title: str | None = None
    metadata: dict[str, str] | None = None
    initial_events: Annotated[list[UserMessage], Field(max_length=50, default_factory=list)]
    resources: list[Any] | None = None
    vault_ids: list[str] | None = None
    budget: Any = None


class SessionUpdateParams(WorkUpdateRequest):
    """The body that updates a session."""

    title: str | None = None


class Interrupt(Model):
    """The end of what the agent is doing."""

    type: Literal["user.interrupt"]
    session_thread_id: None = None


class ToolConfirmation(Model):
    """The permission to call a tool."""

    type: Literal["user.tool_confirmation"]
    tool_use_id: str
    result: Literal["allow", "deny"]
    deny_message: str | None = None


UserEvent = Annotated[
    ToolResult | CustomToolResult | UserMessage | Interrupt | ToolConfirmation,
    Field(discriminator="type"),
]


class SendEventsRequest(Model):
    """The body that sends events to a session."""

    events: Annotated[list[UserEvent], Field(min_length=1, max_length=1_000)]
