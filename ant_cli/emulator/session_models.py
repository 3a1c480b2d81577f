"""The types of scripts, sessions and their events in the bodies of requests."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import partial
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import (
    AfterValidator,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    RootModel,
    Tag,
    model_validator,
)

from ant_cli.emulator.agent import IDLE, WAIT
from ant_cli.emulator.agent_models import AgentWithOverrides
from ant_cli.emulator.models import (
    Identifier,
    Model,
    NotEmulated,
    WorkUpdateRequest,
    identifier,
    matching,
    refuse,
    refuse_removed,
)

REMOVED_OF_STEP = {"stats": "the figures are measured: move the clock by a wait, or advance_ms"}
BLOCKS = {
    "text": set[str](),
    "image": {"source"},
    "document": {"source"},
    "redacted": set[str](),
    "search_result": {"content", "source", "title"},
}
"""The members that each type of block needs."""
SOURCES = {
    "base64": {"data", "media_type"},
    "file": {"file_id"},
    "text": {"data", "media_type"},
    "url": {"url"},
}
"""The members that each type of the source of a block needs."""


def content_block(block: dict[str, Any]) -> dict[str, Any]:
    """Return a block of the content of a message or a result. One of the type `text` has a text."""
    _check_members("block", block, BLOCKS)
    text = block.get("text")
    if block["type"] == "text" and not (isinstance(text, str) and text):
        raise ValueError("a block of text needs a text, whose minimum string length is 1")
    if block["type"] in ("image", "document"):
        if not isinstance(block["source"], dict):
            raise ValueError("the source of a block must be an object")
        _check_members("source", block["source"], SOURCES)
    return block


def _check_members(what: str, found: dict[str, Any], needed: Mapping[str, set[str]]) -> None:
    kind = found.get("type")
    if not isinstance(kind, str) or kind not in needed:
        raise ValueError(f"the type of a {what} must be one of {', '.join(needed)}, got {kind!r}")
    if missing := sorted(needed[kind] - found.keys()):
        raise ValueError(f"a {what} of the type {kind} needs {' and '.join(missing)}")


Block = Annotated[dict[str, Any], AfterValidator(content_block)]
waiting_time = partial(
    matching, WAIT, "must be a whole number with its unit, ms, s or m, such as 200ms"
)
Count = Annotated[int, Field(ge=0)]
Seconds = Annotated[float, Field(ge=0, allow_inf_nan=False)]


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


class EndTurn(Model):
    """Why the agent stops: its turn is over."""

    type: Literal["end_turn"]


class RequiresAction(Model):
    """Why the agent stops: the session waits for an answer to each of these events."""

    type: Literal["requires_action"]
    event_ids: Annotated[list[Identifier], Field(min_length=1, max_length=100)]


class OtherReason(Model):
    """Why the agent stops, for good or until something is done about it."""

    type: Literal["retries_exhausted", "budget_reached", "refusal"]


StopReason = Annotated[EndTurn | RequiresAction | OtherReason, Field(discriminator="type")]


class Idle(Model):
    """The end of a turn, with its reason."""

    stop_reason: StopReason | None = None
    stop_details: dict[str, Any] | None = None

    @model_validator(mode="before")
    @classmethod
    def _read_word(cls, data: Any) -> Any:
        return {} if data is True else data


def playable(event: dict[str, Any]) -> dict[str, Any]:
    """Return an event that a script plays as it is. What the emulator itself acts on must have its form."""
    kind = event.get("type")
    if not isinstance(kind, str) or not EVENT_TYPE.fullmatch(kind):
        raise ValueError(f"an event needs a type such as session.error, got {kind!r}")
    if "id" in event:
        identifier(str(event["id"]))
    if kind == IDLE:
        if not event.get("stop_reason"):
            raise ValueError(f"{IDLE} needs a stop_reason, such as {{type: end_turn}}")
        members = {name: event[name] for name in Idle.model_fields if name in event}
        Idle.model_validate(members)
    return event


EVENT_TYPE = re.compile(r"[a-z][a-z_]*(?:\.[a-z_]+)?", re.ASCII)


class ScriptStep(ToolStep):
    """A step of a script: a call of a tool or of several, another event, a pause, figures, or an end."""

    kinds = (
        *ToolStep.kinds,
        "tools",
        "message",
        "thinking",
        "event",
        "wait",
        "usage",
        "idle",
        "terminate",
    )
    tools: Annotated[list[ToolStep], Field(min_length=1, max_length=100)] | None = None
    message: str | None = None
    thinking: Literal[True] | None = None
    event: Annotated[dict[str, Any], AfterValidator(playable)] | None = None
    wait: Annotated[str, AfterValidator(waiting_time)] | None = None
    usage: Usage | None = None
    idle: Idle | None = None
    terminate: Literal[True] | None = None

    @model_validator(mode="before")
    @classmethod
    def _read_word(cls, data: Any) -> Any:
        refuse_removed(REMOVED_OF_STEP, data)
        return {data: True} if data in ("idle", "terminate", "thinking") else data


Steps = Annotated[list[ScriptStep], Field(max_length=10_000)]


class ScriptRequest(Model):
    """The body that gives a script to the next sessions of an agent, or of any."""

    script: Annotated[Steps, Field(min_length=1)]
    agent: Identifier | None = None
    times: Annotated[int, Field(ge=1, le=1_000_000)] = 1


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
    """An agent, or only its ID. It need not have been created here: sessions follow a script."""

    type: Literal["agent"] | None = None
    id: Identifier
    version: Annotated[int, Field(ge=1)] | None = None


def agent_reference(given: Any) -> Any:
    """Return the ID of an agent as a reference to it."""
    if isinstance(given, str):
        return {"id": given, "type": "agent"}
    if isinstance(given, dict):
        return given
    raise ValueError("must be the ID of an agent, or an object")


class FileResource(Model):
    """A file for the sandbox of a session."""

    type: Literal["file"]
    file_id: Identifier
    mount_path: str | None = None

    def default_path(self) -> str:
        """Return where the file is mounted, as documented."""
        return f"/mnt/session/uploads/{self.file_id}"


class Checkout(Model):
    """What is checked out of a repository."""

    type: Literal["branch", "commit"]
    name: str | None = None
    sha: str | None = None


class RepositoryResource(Model):
    """A repository for the sandbox of a session. Its token is in no response."""

    type: Literal["github_repository"]
    url: Annotated[str, Field(min_length=1)]
    authorization_token: str | None = None
    checkout: Checkout | None = None
    mount_path: str | None = None

    def default_path(self) -> str:
        """Return where the repository is mounted, as documented."""
        name = self.url.rstrip("/").rpartition("/")[2]
        return f"/workspace/{name.removesuffix('.git')}"


class MemoryStoreResource(Model):
    """A memory store of a session."""

    type: Literal["memory_store"]
    memory_store_id: Identifier
    access: Literal["read_write", "read_only"] | None = None
    instructions: Annotated[str, Field(max_length=4096)] | None = None


Resource = Annotated[
    FileResource | RepositoryResource | MemoryStoreResource, Field(discriminator="type")
]


class MonetaryAmount(Model):
    """An amount in minor units of its currency."""

    amount: Annotated[str, Field(pattern="^(?:0|[1-9][0-9]{0,17})$")]
    currency: Literal["USD"]


class Budget(Model):
    """The limit of what a session may cost."""

    type: Literal["limit"]
    max_list_cost: MonetaryAmount


class DefineOutcome(Model):
    """An outcome that the agent works towards."""

    model_config = ConfigDict(extra="allow")

    type: Annotated[Literal["user.define_outcome", "system.message"], AfterValidator(refuse)]


class Interrupt(Model):
    """The end of what the agent is doing."""

    type: Literal["user.interrupt"]
    session_thread_id: NotEmulated = None


class ToolConfirmation(Model):
    """The permission to call a tool."""

    type: Literal["user.tool_confirmation"]
    tool_use_id: str
    result: Literal["allow", "deny"]
    deny_message: str | None = None


InitialEvent = Annotated[UserMessage | DefineOutcome, Field(discriminator="type")]
UserEvent = Annotated[
    ToolResult | CustomToolResult | UserMessage | Interrupt | ToolConfirmation | DefineOutcome,
    Field(discriminator="type"),
]


class SessionUpdateParams(WorkUpdateRequest):
    """The body that updates a session."""

    title: str | None = None
    budget: Budget | None = None
    agent: NotEmulated = None
    vault_ids: NotEmulated = None


class SendEventsRequest(Model):
    """The body that sends events to a session."""

    events: Annotated[list[UserEvent], Field(min_length=1, max_length=1_000)]


def kind_of_agent(given: Any) -> str:
    """Return the type that tells the forms of a session's agent apart; without one, it is a reference."""
    return str(given.get("type", "agent"))


class SessionCreateParams(Model):
    """The body that creates a session in the API. Resources, vaults and a budget have no effect."""

    agent: Annotated[
        Annotated[AgentReference, Tag("agent")]
        | Annotated[AgentWithOverrides, Tag("agent_with_overrides")],
        Discriminator(kind_of_agent),
        BeforeValidator(agent_reference),
    ]
    environment_id: str
    title: str | None = None
    metadata: dict[str, str] | None = None
    initial_events: Annotated[list[InitialEvent], Field(max_length=50, default_factory=list)]
    resources: list[Resource] | None = None
    vault_ids: list[Identifier] | None = None
    budget: Budget | None = None
