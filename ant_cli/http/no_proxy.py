"""NO_PROXY: the hosts that are requested without a proxy. Go's rules decide, as in the official tool."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping

from ant_cli.runtime.hosts import canonical_host, host_address, is_loopback


def is_exempt(host: str, port: int, environ: Mapping[str, str]) -> bool:
    """Whether a host is on this machine, or an item of NO_PROXY matches it."""
    if is_loopback(host):
        return True
    # Go separates the items by commas
    items = environ.get("no_proxy", "").strip() or environ.get("NO_PROXY", "")
    canonical = canonical_host(host)
    return any(_matches(item.strip(), canonical, port) for item in items.split(","))


def _matches(item: str, host: str, port: int) -> bool:
    """Whether an item of NO_PROXY matches a host: `*`, a network, or an address or domain, perhaps with a port."""
    if item in ("", "*"):
        return item == "*"
    if "/" in item:
        return _contains(item, host)
    with_port = re.fullmatch(r"(\[.*\]|[^:]*):([0-9]*)", item)
    if with_port is None:
        return _is_host_or_domain(item, host)
    if with_port[2] not in ("", str(port)):
        return False
    name = with_port[1].strip("[]")  # without a port, an address has no brackets
    return _is_host_or_domain(name, host)


def _contains(network: str, host: str) -> bool:
    """Whether a text is a network in which a host is, which is an address."""
    address = host_address(host)
    try:
        return address is not None and address in ipaddress.ip_network(network, strict=False)
    except ValueError:
        return False


def _is_host_or_domain(name: str, host: str) -> bool:
    """Whether a name is an address of a host, the host itself, or a domain that it is in."""
    exempt = host_address(canonical_host(name))
    if exempt is not None:
        return host_address(host) == exempt
    if name.startswith((".", "*.")):  # matches the subdomains, but not the domain
        return host.endswith("." + canonical_host(name.removeprefix("*")[1:]))
    return f".{host}".endswith("." + canonical_host(name))
