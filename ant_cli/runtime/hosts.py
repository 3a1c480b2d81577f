"""Hosts in URLs: the same one in each notation, and whether it is this machine."""

from __future__ import annotations

import ipaddress
import socket
from contextlib import suppress


def is_loopback(host: str) -> bool:
    """Whether a host is this machine, by its name, or by its address in any notation."""
    name = canonical_host(host)
    if name == "localhost" or name.endswith(".localhost"):
        return True
    address = host_address(name)
    return address is not None and (address.is_loopback or address.is_unspecified)


def canonical_host(host: str) -> str:
    """Return a host as it is looked up: in lower case and ASCII, even if it has full-width dots or digits."""
    if not host.isascii():
        with suppress(UnicodeError):  # it can't be looked up, either
            host = host.encode("idna").decode()
    return host.lower().rstrip(".")


def host_address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """Return an address in any notation that getaddrinfo accepts, such as 127.1; None for a name."""
    try:
        address = ipaddress.ip_address(
            host.partition("%")[0] if ":" in host else socket.inet_aton(host)
        )
    except (OSError, ValueError):
        return None
    return getattr(address, "ipv4_mapped", None) or address
