"""The types of sessions: their scripts, and the events that a worker sends."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from ant_cli.emulator.models import Model

STEPS = ("tool", "custom_tool", "message", "idle", "terminate")
"""The kinds of steps of a script."""


class Expectation(Model):
    """What a step of a script expects from its tool's result."""

    is_error: bool | None = None
    text: str | None = None
    contains: str | None = None


class ScriptStep(Model):
    """A step of a script: a call of a tool, a message, or the end of a turn or of the session."""

    tool: Annotated[str, Field(min_length=1)] | None = None
    custom_tool: Annotated[str, Field(min_length=1)] | None = None
    input: dict[str, Any] | None = None
    expect: Expectation | None = None
    message: str | None = None
    idle: Literal[True] | None = None
    terminate: Literal[True] | None = None

    @model_validator(mode="before")
    @classmethod
    def _read_word(cls, data: Any) -> Any:
        return {data: True} if data in ("idle", "terminate") else data

    @model_validator(mode="after")
    def _check_kind(self) -> ScriptStep:
        kinds = [kind for kind in STEPS if getattr(self, kind) is not None]
        if len(kinds) != 1:
            raise ValueError(f"must have one of {', '.join(STEPS)}, got {', '.join(kinds) or 'none'}")
        if kinds[0] not in ("tool", "custom_tool") and (self.input is not None or self.expect is not None):
            raise ValueError(f"{kinds[0]} takes no input and expects nothing")
        return self


class SessionRequest(Model):
    """The body that creates a session with a scripted agent."""

    environment_id: Annotated[str, Field(min_length=1)] | None = None
    title: str | None = None
    metadata: dict[str, str] | None = None
    script: Annotated[list[ScriptStep], Field(max_length=10_000, default_factory=list)]
    secret: bool = True


class ToolResult(Model):
    """The result of a tool of the agent's toolset."""

    type: Literal["user.tool_result"]
    tool_use_id: str
    is_error: bool | None = None
    content: list[dict[str, Any]] | None = None


class CustomToolResult(Model):
    """The result of a custom tool."""

    type: Literal["user.custom_tool_result"]
    custom_tool_use_id: str
    is_error: bool | None = None
    content: list[dict[str, Any]] | None = None


class UserMessage(Model):
    """A message to the agent."""

    type: Literal["user.message"]
    content: Annotated[list[dict[str, Any]], Field(min_length=1)]


class Interrupt(Model):
    """The end of what the agent is doing."""

    type: Literal["user.interrupt"]


class ToolConfirmation(Model):
    """The permission to call a tool."""

    type: Literal["user.tool_confirmation"]
    tool_use_id: str
    result: Literal["allow", "deny"]
    deny_message: str | None = None


UserEvent = Annotated[
    ToolResult | CustomToolResult | UserMessage | Interrupt | ToolConfirmation, Field(discriminator="type")
]


class SendEventsRequest(Model):
    """The body that sends events to a session."""

    events: Annotated[list[UserEvent], Field(min_length=1, max_length=1_000)]
