"""The type of an environment's file: the body of `create`, with a description of each field.

These models check files before anything is sent, and give the JSON schema that editors use. pydantic takes longer
to import than everything else, so this module is imported only when a file is read.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

LABEL = re.compile(r"[^\W_]([\w-]{0,61}[^\W_])?")
"""One part of a host name."""


def _check_host(text: str) -> str:
    """Return a host name, which may begin with `*.`. Raises ValueError for anything else, such as a URL."""
    bare = text.removeprefix("*.")
    if "://" in text:
        raise ValueError("is a URL: write its host name only, without the scheme")
    if "/" in text:
        raise ValueError("has a path: write the host name only")
    if re.search(r":\d*$", text):
        raise ValueError("has a port: write the host name only")
    if len(text) > 253 or not all(LABEL.fullmatch(label) for label in bare.split(".")):
        raise ValueError("is not a host name: write one such as example.com or *.example.com")
    return text


Text: TypeAlias = Annotated[str, Field(min_length=1)]
PackageList: TypeAlias = list[Text] | None
HostList: TypeAlias = list[Annotated[str, AfterValidator(_check_host)]] | None


class _FilePart(BaseModel):
    """The base of all parts: nothing is converted, and unknown fields are rejected."""

    model_config = ConfigDict(strict=True, extra="forbid")


class UnrestrictedNetworkPart(_FilePart):
    """Every host can be reached."""

    type: Literal["unrestricted"] = Field(description="Network policy.")


class LimitedNetworkPart(_FilePart):
    """Only the listed hosts can be reached."""

    type: Literal["limited"] = Field(description="Network policy.")
    allowed_hosts: HostList = Field(
        None, description="Host names that can be reached, such as api.example.com or *.example.com."
    )
    allow_package_managers: bool | None = Field(
        None, description="Also reach the package registries. Required if there are packages."
    )
    allow_mcp_servers: bool | None = Field(None, description="Also reach the MCP servers of the agent.")


class PackagesPart(_FilePart):
    """Packages to install, by package manager. Versions are written as for that package manager."""

    apt: PackageList = Field(None, description="Packages of Ubuntu, such as ffmpeg.")
    cargo: PackageList = Field(None, description="Rust packages, such as ripgrep@14.1.0.")
    gem: PackageList = Field(None, description="Ruby packages, such as rails:7.1.0.")
    go: PackageList = Field(None, description="Go packages, such as golang.org/x/tools/cmd/goimports@latest.")
    npm: PackageList = Field(None, description="Node.js packages, such as '@types/node@22'.")
    pip: PackageList = Field(None, description="Python packages, such as pandas==2.2.0.")
    type: Literal["packages"] | None = Field(None, description="May be left out.")


class CloudConfigPart(_FilePart):
    """A container in Anthropic's cloud."""

    type: Literal["cloud"] = Field(description="Where its sandboxes run.")
    networking: Annotated[UnrestrictedNetworkPart | LimitedNetworkPart, Field(discriminator="type")] | None = Field(
        None, description="What the sandbox can reach; everything if it is left out."
    )
    packages: PackagesPart | None = Field(
        None, description="The packages that are installed before a session starts."
    )

    @model_validator(mode="after")
    def packages_can_be_installed(self) -> CloudConfigPart:
        """Reject packages under a limited network that can't reach the registries. The API rejects that, too."""
        limited = isinstance(self.networking, LimitedNetworkPart) and not self.networking.allow_package_managers
        if limited and self.packages and any(self.packages.model_dump(exclude={"type"}).values()):
            raise ValueError("packages under a limited network need networking.allow_package_managers: true")
        return self


class SelfHostedConfigPart(_FilePart):
    """Your own sandboxes, whose workers poll for work."""

    type: Literal["self_hosted"] = Field(description="Where its sandboxes run.")


class EnvironmentFile(_FilePart):
    """An environment that a file declares."""

    model_config = ConfigDict(title="Environment", json_schema_extra={"$id": "environment"})

    name: Text = Field(description="Its name; if it is left out, the environment is named after the file.")
    description: str | None = Field(None, description="What it is for.")
    config: Annotated[CloudConfigPart | SelfHostedConfigPart, Field(discriminator="type")] | None = Field(
        None, description="Where its sandboxes run; if it is left out, in the cloud."
    )
    metadata: dict[str, str] | None = Field(None, description="Your own keys and values, all strings.")
    scope: Literal["organization", "account"] | None = Field(
        None, description="Who can see it: every account of the organization, or only yours. Self-hosted only."
    )


FIELDS: dict[tuple[str, ...], type[_FilePart]] = {
    (): EnvironmentFile,
    ("config", "cloud"): CloudConfigPart,
    ("config", "self_hosted"): SelfHostedConfigPart,
    ("config", "cloud", "packages"): PackagesPart,
    ("config", "cloud", "networking", "limited"): LimitedNetworkPart,
    ("config", "cloud", "networking", "unrestricted"): UnrestrictedNetworkPart,
}
"""The models by their paths, including the branches of unions, as in pydantic's errors."""


def json_schema() -> dict[str, Any]:
    """Return the JSON schema of a file. It may state its kind, and leave out the name."""
    schema = EnvironmentFile.model_json_schema()
    type_schema = {"const": "environment", "description": "The kind of the file; may be left out in environments/."}
    schema["properties"] = {"type": type_schema, **schema["properties"]}
    del schema["required"]
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}
