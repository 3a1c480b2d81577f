"""Configurations: the one of a new environment, and how an update changes it."""

from __future__ import annotations

from ant_cli.emulator.errors import InvalidRequest
from ant_cli.emulator.models import (
    CloudConfig,
    CloudConfigParams,
    LimitedNetwork,
    LimitedNetworkParams,
    Model,
    Packages,
    SelfHostedConfig,
    UnrestrictedNetwork,
)

UNRESTRICTED = UnrestrictedNetwork(type="unrestricted")
LIMITED = LimitedNetwork(allow_mcp_servers=False, allow_package_managers=False, allowed_hosts=[], type="limited")


def new_config(params: CloudConfigParams | SelfHostedConfig | None) -> CloudConfig | SelfHostedConfig:
    """Return the configuration of a new environment: cloud, unrestricted and without packages by default."""
    if isinstance(params, SelfHostedConfig):
        return params
    default = CloudConfig(networking=UNRESTRICTED, packages=Packages(), type="cloud")
    return _merged_cloud(default, params) if params else default


def merged_config(
    old: CloudConfig | SelfHostedConfig, params: CloudConfigParams | SelfHostedConfig | None
) -> CloudConfig | SelfHostedConfig:
    """Return `old` with the changes of `params`. The type never changes."""
    if params is None:
        return old
    if params.type != old.type:
        raise InvalidRequest(
            f"config.type: cannot change from {old.type!r} to {params.type!r}; create another environment.",
            "invalid_config_type_change",
        )
    if isinstance(old, CloudConfig) and isinstance(params, CloudConfigParams):
        return _merged_cloud(old, params)
    return old


def _merged_cloud(old: CloudConfig, params: CloudConfigParams) -> CloudConfig:
    config = CloudConfig(
        networking=_merged_networking(old.networking, params.networking),
        packages=old.packages.model_copy(update=_given(params.packages)),
        type="cloud",
    )
    _check_packages(config)
    return config


def _merged_networking(
    old: UnrestrictedNetwork | LimitedNetwork, params: UnrestrictedNetwork | LimitedNetworkParams | None
) -> UnrestrictedNetwork | LimitedNetwork:
    if params is None:
        return old
    if isinstance(params, UnrestrictedNetwork):
        return params
    base = old if isinstance(old, LimitedNetwork) else LIMITED
    return base.model_copy(update=_given(params))


def _given(params: Model | None) -> dict[str, object]:
    return params.model_dump(exclude_none=True) if params else {}


def _check_packages(config: CloudConfig) -> None:
    """Reject packages that can't be installed, because limited networking can't reach the registries."""
    networking = config.networking
    if isinstance(networking, UnrestrictedNetwork) or networking.allow_package_managers:
        return
    for manager, packages in config.packages.model_dump(exclude={"type"}).items():
        if packages:
            raise InvalidRequest(
                f"config.packages.{manager}: packages under limited networking need "
                "config.networking.allow_package_managers to be true."
            )
