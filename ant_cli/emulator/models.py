"""The types of the bodies of requests, without those of sessions and agents. Nothing is converted or guessed.

Responses are built where they are sent, and their types are in the tests.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import partial
from typing import Annotated, Any, Literal
from wsgiref.util import is_hop_by_hop

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    model_validator,
)

LABEL = r"[^\W_](?:[\w-]{0,61}[^\W_])?"
HEADER_NAME = re.compile(r"[A-Za-z0-9_-]+", re.ASCII)
HOST = re.compile(rf"(?:\*\.)?{LABEL}(?:\.{LABEL})*")


def bare_host(text: str) -> str:
    """Return `text` if it is just a host name."""
    if len(text) > 253 or not HOST.fullmatch(text):
        example = "write a host like example.com or *.example.com, without scheme, port or path"
        raise ValueError(f"{text!r} is not a host; {example}")
    return text


NOT_EMULATED = "is not emulated"
"""The error of what the API has and the emulator has not."""


def refuse(value: Any) -> Any:
    """Reject what is not emulated."""
    if value is not None:
        raise ValueError(NOT_EMULATED)
    return value


NotEmulated = Annotated[Any, BeforeValidator(refuse)]
"""A member that the API has. Only null is accepted."""


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


def refuse_removed(instead: Mapping[str, str], data: object) -> None:
    """Reject a member that is no more, and say what to write instead."""
    given = data if isinstance(data, dict) else {}
    for name, text in instead.items():
        if name in given:
            raise ValueError(f"{name} was removed; {text}")


REMOVED_OF_FAULT = {
    "query_contains": "write path or path_contains, and after to choose the request",
    "worker_id": "write path or path_contains, and after to choose the request",
    "retry_after": "write headers, such as ['retry-after: 5']",
    "retry_after_ms": "write headers, such as ['retry-after-ms: 500']",
}


identifier = partial(matching, r"\S+", "must be an ID, without blanks")
Header = Annotated[str, AfterValidator(header_line)]
Host = Annotated[str, AfterValidator(bare_host)]
Package = Annotated[str, Field(min_length=1)]
whole_path = partial(matching, r"/.*", "must begin with a slash")
without_nul = partial(matching, r"[^\x00]*", "must not contain a NUL")
Name = Annotated[str, Field(min_length=1, max_length=256), AfterValidator(without_nul)]
Description = Annotated[str, Field(max_length=1024)]
Identifier = Annotated[str, AfterValidator(identifier)]
WorkType = Literal["session", "healthcheck"]


def organization(scope: object) -> object:
    """Return a scope. `account` is refused with the API's reason."""
    if scope == "account":
        raise ValueError("account is refused in an organization of the API; leave it out")
    return scope


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
    scope: Annotated[Literal["organization"], BeforeValidator(organization)] | None = "organization"


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

    path: Annotated[str, AfterValidator(whole_path)] | None = None
    path_contains: str = ""
    method: Literal["GET", "POST", "DELETE"] | None = None
    status: Annotated[int, Field(ge=200, le=599)] | None = None
    times: Annotated[int, Field(ge=1, le=1_000_000)] = 1
    delay_ms: Annotated[int, Field(ge=0, le=600_000)] = 0
    disconnect: bool = False
    after: Annotated[int, Field(ge=0, le=1_000_000)] = 0
    body_delay_ms: Annotated[int, Field(ge=0, le=600_000)] = 0
    cut_after_events: Annotated[int, Field(ge=0, le=1_000_000)] | None = None
    error_after_events: Annotated[int, Field(ge=0, le=1_000_000)] | None = None
    after_commit: bool = False
    body: str | None = None
    headers: Annotated[list[Header], Field(default_factory=list)]
    error_code: str | None = None
    cut_after_bytes: Annotated[int, Field(ge=0, le=1_000_000)] | None = None

    @model_validator(mode="before")
    @classmethod
    def _refuse_removed(cls, data: Any) -> Any:
        refuse_removed(REMOVED_OF_FAULT, data)
        return data


class ClockRequest(Model):
    """The body that moves the clock: forward by some time, or to a time in RFC 3339; and stops it, or starts it."""

    advance_ms: Annotated[int, Field(ge=0, le=10**12)] | None = None
    now: AwareDatetime | None = None
    freeze: bool | None = None
