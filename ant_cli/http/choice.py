"""The choice of the transport for a base URL."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

from ant_cli.errors import UsageError
from ant_cli.runtime import variables
from ant_cli.runtime.light_typing import TYPE_CHECKING
from ant_cli.settings.local_emulator import is_local

if TYPE_CHECKING:
    from ant_cli.http.transport import Transport


def open_transport(base_url: str, environ: Mapping[str, str]) -> Transport:
    """Return the transport for a base URL. Nothing is connected yet. Loopback is never reached through a proxy.

    Raises:
        UsageError: if a proxy variable, or a variable that names certificates, can't be used.

    """
    if is_local(base_url):
        from ant_cli.http.emulator_transport import EmulatorTransport

        return EmulatorTransport(base_url, environ)
    host = urlsplit(base_url).hostname or ""
    proxies = _proxy_variables(environ)
    if base_url.isascii() and (not proxies or is_loopback(host)):
        from ant_cli.http.direct import DirectTransport

        return DirectTransport(environ)
    from ant_cli.http.proxied import HTTPXTransport

    return HTTPXTransport(environ, [] if is_loopback(host) else proxies)


def _proxy_variables(environ: Mapping[str, str]) -> list[str]:
    """Return the names of the variables that give a proxy, in the case in which the environment has them.

    Raises:
        UsageError: if one does not hold a URL. The value is not shown, because it may contain a password.

    """
    names = [
        name for lower in variables.PROXIES for name in (lower, lower.upper()) if environ.get(name, "").strip()
    ]
    for name in names:
        url = environ[name].strip()
        try:
            parts = urlsplit(url if "://" in url else f"http://{url}")
            usable = bool(parts.hostname) and parts.port != 0
        except ValueError:
            usable = False
        if not usable:
            raise UsageError(f"{name} must be the URL of a proxy, such as http://proxy.example:3128.")
    return names


def is_loopback(host: str) -> bool:
    """Whether a host is this machine, by its name, or by its address in any notation."""
    import ipaddress
    import socket

    name = host.lower().rstrip(".")
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:  # inet_aton accepts what getaddrinfo accepts, 127.1 included
        address = ipaddress.ip_address(name if ":" in name else socket.inet_aton(name))
    except (OSError, ValueError):
        return False
    address = getattr(address, "ipv4_mapped", None) or address
    return address.is_loopback or address.is_unspecified
