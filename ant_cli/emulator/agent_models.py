"""The types of agents in the bodies of requests."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from ant_cli.emulator.models import Identifier, Model, Name, NotEmulated


class McpServer(Model):
    """An MCP server."""

    type: Literal["url"]
    name: Annotated[str, Field(min_length=1, max_length=255)]
    url: str


class Policy(Model):
    """Who decides about the call of a tool."""

    type: Literal["always_allow", "always_ask", "auto"]


class ToolConfig(Model):
    """What all tools of a toolset have by default."""

    enabled: bool | None = None
    permission_policy: Policy | None = None


class NamedToolConfig(ToolConfig):
    """What one tool of a toolset has. The tools for the web have members of their own."""

    model_config = ConfigDict(extra="allow")

    name: Annotated[str, Field(min_length=1, max_length=128)]


BuiltInTool = Literal["bash", "edit", "read", "write", "glob", "grep", "web_fetch", "web_search"]


class BuiltInToolConfig(NamedToolConfig):
    """What one tool of the built-in toolset has."""

    name: BuiltInTool
    type: BuiltInTool | None = None


class Toolset(Model):
    """The built-in tools."""

    type: Literal["agent_toolset_20260401"]
    configs: list[BuiltInToolConfig] | None = None
    default_config: ToolConfig | None = None


class McpToolset(Model):
    """The tools of an MCP server."""

    type: Literal["mcp_toolset"]
    mcp_server_name: Annotated[str, Field(min_length=1, max_length=255)]
    configs: list[NamedToolConfig] | None = None
    default_config: ToolConfig | None = None


class InputSchema(Model):
    """The JSON Schema of the input of a custom tool."""

    model_config = ConfigDict(extra="allow")

    type: Literal["object"]


class CustomTool(Model):
    """A tool that the application runs."""

    type: Literal["custom"]
    name: Annotated[str, Field(pattern="^[A-Za-z0-9_-]{1,128}$")]
    description: str
    input_schema: InputSchema


class Skill(Model):
    """A skill."""

    type: Literal["anthropic", "custom"]
    skill_id: Identifier
    version: str | None = None


class ServiceAccount(Model):
    """Whom the runs of an agent act for, by default."""

    type: Literal["service_account"]


class AwsRole(Model):
    """A role of AWS that the runs of an agent act for."""

    type: Literal["aws_role"]
    role_arn: Annotated[str, Field(min_length=1, max_length=2048)]


Level = Literal["low", "medium", "high", "xhigh", "max"]


class Effort(Model):
    """How hard the model works."""

    type: Level


class ModelConfig(Model):
    """A model with its configuration."""

    id: Annotated[str, Field(min_length=1)]
    effort: Level | Effort | None = None
    inference_geo: str | None = None
    speed: Literal["standard", "fast"] | None = None


class AgentFields(Model):
    """The fields of an agent that a session may override, too."""

    mcp_servers: Annotated[list[McpServer], Field(max_length=20)] | None = None
    model: Annotated[str, Field(min_length=1)] | ModelConfig | None = None
    skills: list[Skill] | None = None
    system: Annotated[str, Field(max_length=100_000)] | None = None
    tools: (
        list[Annotated[Toolset | McpToolset | CustomTool, Field(discriminator="type")]] | None
    ) = None


class AgentCreateParams(AgentFields):
    """The body that creates an agent."""

    name: Name
    model: Annotated[str, Field(min_length=1)] | ModelConfig
    description: str | None = None
    execution_identity: Annotated[ServiceAccount | AwsRole, Field(discriminator="type")] | None = (
        None
    )
    metadata: dict[str, str] | None = None
    multiagent: NotEmulated = None


class AgentWithOverrides(AgentFields):
    """An agent, and what a session has in place of the agent's fields."""

    type: Literal["agent_with_overrides"]
    id: Identifier
    version: Annotated[int, Field(ge=1)] | None = None
