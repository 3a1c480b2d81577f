"""The domain types of the API, in the reference's order of fields. Nothing is converted or guessed.

A type that ends in `Params` or `Request` is what a caller sends, the others are parts of an environment as the
emulator keeps and returns it. What else it returns is built where it is shown; its types are in the tests.
A body is parsed by `parse`. This module is imported by requests that carry a body: a read never pays for pydantic.
"""

from __future__ import annotations

import re
from typing import Annotated, Literal, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import ErrorDetails

from ant_cli.emulator.errors import InvalidRequest

LABEL = r"[^\W_](?:[\w-]{0,61}[^\W_])?"
HOST = re.compile(rf"(?:\*\.)?{LABEL}(?:\.{LABEL})*")


def bare_host(text: str) -> str:
    """Return `text` if it is a host name and nothing more."""
    if len(text) > 253 or not HOST.fullmatch(text):
        example = "write a host like example.com or *.example.com, without scheme, port or path"
        raise ValueError(f"{text!r} is not a host; {example}")
    return text


def organization_scope(scope: str) -> str:
    """Return `scope` unless it is `account`, which the API rejects in API organizations."""
    if scope == "account":
        raise ValueError("'account' is not available in API organizations; use 'organization'")
    return scope


Host = Annotated[str, AfterValidator(bare_host)]
Package = Annotated[str, Field(min_length=1)]
Name = Annotated[str, Field(min_length=1, max_length=256)]
Description = Annotated[str, Field(max_length=1024)]
Scope = Annotated[Literal["organization", "account"], AfterValidator(organization_scope)]
WorkType = Literal["session", "healthcheck"]


class Model(BaseModel):
    """The strictness of every type; a type is compiled when it is first used."""

    model_config = ConfigDict(strict=True, extra="forbid", defer_build=True)


class UnrestrictedNetwork(Model):
    """Everything may be reached."""

    type: Literal["unrestricted"]


class LimitedNetwork(Model):
    """Only what is listed may be reached."""

    allow_mcp_servers: bool
    allow_package_managers: bool
    allowed_hosts: list[Host]
    type: Literal["limited"]


class LimitedNetworkParams(Model):
    """Limited access, as it is asked for."""

    type: Literal["limited"]
    allow_mcp_servers: bool | None = None
    allow_package_managers: bool | None = None
    allowed_hosts: list[Host] | None = None


class Packages(Model):
    """What is installed, by package manager."""

    apt: list[Package] = []
    cargo: list[Package] = []
    gem: list[Package] = []
    go: list[Package] = []
    npm: list[Package] = []
    pip: list[Package] = []
    type: Literal["packages"] = "packages"


class PackagesParams(Model):
    """What is to be installed; a package manager that is left out keeps its list."""

    apt: list[Package] | None = None
    cargo: list[Package] | None = None
    gem: list[Package] | None = None
    go: list[Package] | None = None
    npm: list[Package] | None = None
    pip: list[Package] | None = None
    type: Literal["packages"] | None = None


Networking = Annotated[UnrestrictedNetwork | LimitedNetwork, Field(discriminator="type")]
NetworkingParams = Annotated[UnrestrictedNetwork | LimitedNetworkParams, Field(discriminator="type")]


class CloudConfig(Model):
    """A container in Anthropic's cloud."""

    networking: Networking
    packages: Packages
    type: Literal["cloud"]


class CloudConfigParams(Model):
    """A container in Anthropic's cloud, as it is asked for."""

    type: Literal["cloud"]
    networking: NetworkingParams | None = None
    packages: PackagesParams | None = None


class SelfHostedConfig(Model):
    """A sandbox of the user's own, which polls for work. The same in requests and responses."""

    type: Literal["self_hosted"]


Config = Annotated[CloudConfig | SelfHostedConfig, Field(discriminator="type")]
ConfigParams = Annotated[CloudConfigParams | SelfHostedConfig, Field(discriminator="type")]


class EnvironmentCreateParams(Model):
    """The body of `create`."""

    name: Name
    config: ConfigParams | None = None
    description: Description | None = None
    metadata: dict[str, str] | None = None
    scope: Scope | None = None


class EnvironmentUpdateParams(Model):
    """The body of `update`; what is left out or null is kept, except a description, which null unsets."""

    config: ConfigParams | None = None
    description: Description | None = None
    metadata: dict[str, str | None] | None = None
    name: Name | None = None
    scope: Scope | None = None


class Environment(Model):
    """An environment."""

    id: str
    archived_at: str | None
    config: Config
    created_at: str
    description: str | None
    metadata: dict[str, str]
    name: str
    type: Literal["environment"]
    updated_at: str
    scope: Literal["organization", "account"]
    state: Literal["active", "archived"]


class WorkStopRequest(Model):
    """The body of `stop`."""

    force: bool | None = None


class WorkUpdateRequest(Model):
    """The body of `work update`; a key with null goes away."""

    metadata: dict[str, str | None] | None = None


class EnqueueRequest(Model):
    """The body of the emulator's own `enqueue`: what the creation of a session does in the real service."""

    count: Annotated[int, Field(ge=1, le=10_000)] = 1
    type: WorkType = "session"
    session_id: Annotated[str, Field(min_length=1)] | None = None
    metadata: dict[str, str] | None = None
    secret: bool = True


class FaultRequest(Model):
    """The body that asks for a fault."""

    path_contains: str = ""
    method: Literal["GET", "POST", "DELETE"] | None = None
    status: Annotated[int, Field(ge=400, le=599)] | None = None
    times: Annotated[int, Field(ge=1, le=1_000_000)] = 1
    retry_after_ms: Annotated[int, Field(ge=0, le=3_600_000)] | None = None
    delay_ms: Annotated[int, Field(ge=0, le=600_000)] = 0
    disconnect: bool = False
    after: Annotated[int, Field(ge=0, le=1_000_000)] = 0
    body_delay_ms: Annotated[int, Field(ge=0, le=600_000)] = 0
    cut_after_events: Annotated[int, Field(ge=0, le=1_000_000)] | None = None


class ClockRequest(Model):
    """The body that moves the clock: forward by so much, or to a moment in RFC 3339."""

    advance_ms: Annotated[int, Field(ge=0, le=10**12)] | None = None
    now: str | None = None


# Parsing


M = TypeVar("M", bound=BaseModel)
MOST_PROBLEMS = 5
UNIONS = {"config", "networking"}
SENTENCES = {
    "extra_forbidden": "is not a field of this request",
    "missing": "is required",
    "model_type": "must be an object",
    "union_tag_not_found": "is required",
}


def parse(model: type[M], body: bytes) -> M:
    """Return the body as `model`; no body at all is an empty object."""
    try:
        return model.model_validate_json(body or b"{}")
    except ValidationError as error:
        problems = error.errors(include_url=False, include_context=False)
        raise InvalidRequest("; ".join(map(_sentence, problems[:MOST_PROBLEMS])) + ".") from None


def _sentence(problem: ErrorDetails) -> str:
    path = ".".join(_path(problem)) or "body"
    said = SENTENCES.get(problem["type"]) or problem["msg"].removeprefix("Value error, ")
    return f"{path}: {said}"


def _path(problem: ErrorDetails) -> list[str]:
    """Return the place in the body, without the branch of a union that pydantic puts into it."""
    place = [str(step) for step in problem["loc"]]
    path = [
        step
        for before, step in zip(["", *place], place, strict=False)
        if before not in UNIONS and not step.startswith("user.")
    ]
    return [*path, "type"] if problem["type"].startswith("union_tag") else path
