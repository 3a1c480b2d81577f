"""The choice of the transport for a base URL: directly, through a proxy, or to the emulator in this process."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Protocol
from urllib.parse import urlsplit

from ant_cli.errors import UsageError
from ant_cli.http.response import Response
from ant_cli.http.transport import Proxy, Timeouts
from ant_cli.runtime import Runtime
from ant_cli.runtime.hosts import canonical_host, host_address, is_loopback
from ant_cli.settings.local_emulator import is_local


class Transport(Protocol):
    """Sends requests. Threads may share it. Tests pass in their own as `Runtime.transport`."""

    def stream(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes, timeouts: Timeouts
    ) -> AbstractContextManager[Response]:
        """Send a request and return the response, whose body is read before the context ends.

        Raises:
            FailedAttempt: if no response arrives; also from reading the body.
            UsageError: if the URL can't be used.

        """

    def close(self) -> None:
        """Close the connections."""


def open_transport(base_url: str, runtime: Runtime) -> Transport:
    """Return the transport for a base URL. Nothing is connected yet.

    Raises:
        UsageError: if the proxy variable, or a variable that names certificates, can't be used.

    """
    if is_local(base_url):
        from ant_cli.http.in_process import EmulatorTransport

        return EmulatorTransport(base_url, runtime)
    environ = runtime.environ
    if is_direct(base_url, environ):
        from ant_cli.http.direct import DirectTransport

        return DirectTransport(environ)
    from ant_cli.http.proxied import HTTPXTransport

    return HTTPXTransport(environ, find_proxy(base_url, environ))


def is_direct(base_url: str, environ: Mapping[str, str]) -> bool:
    """Whether the direct transport can send requests to a base URL. Raises UsageError as `find_proxy` does."""
    return not is_local(base_url) and base_url.isascii() and find_proxy(base_url, environ) is None


def find_proxy(base_url: str, environ: Mapping[str, str]) -> Proxy | None:
    """Return the proxy for a base URL, from the variable of its scheme or else ALL_PROXY. Loopback never has one.

    Raises:
        UsageError: if the variable does not hold a URL. The value is not shown, because it may contain a password.

    """
    parts = urlsplit(base_url)
    variable = _proxy_variable(parts.scheme, environ)
    port = parts.port or {"http": 80, "https": 443}[parts.scheme]
    if variable is None or _is_exempt(parts.hostname or "", port, environ):
        return None
    return _parse_proxy(environ[variable].strip(), variable)


def _proxy_variable(scheme: str, environ: Mapping[str, str]) -> str | None:
    """Return the variable that names a proxy for a scheme; None if none is set."""
    # A web server that runs `ant` sets HTTP_PROXY to a header that its visitor chose (https://httpoxy.org).
    unused = "HTTP_PROXY" if "REQUEST_METHOD" in environ else ""
    for lower in (f"{scheme}_proxy", "all_proxy"):
        for name in (lower, lower.upper()):
            if name != unused and environ.get(name, "").strip():
                return name
    return None


def _is_exempt(host: str, port: int, environ: Mapping[str, str]) -> bool:
    """Whether a host is on this machine, or an item of NO_PROXY matches it."""
    if is_loopback(host):
        return True
    # Go separates the items by commas
    items = environ.get("no_proxy", "").strip() or environ.get("NO_PROXY", "")
    canonical = canonical_host(host)
    return any(_matches(item.strip(), canonical, port) for item in items.split(","))


def _parse_proxy(text: str, variable: str) -> Proxy:
    """Return the proxy that a variable names. Raises UsageError if the text is no URL."""
    url = text if "://" in text else f"http://{text}"
    try:
        parts = urlsplit(url)
        is_usable = bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_usable = False
    if is_usable:
        return Proxy(url, variable)
    raise UsageError(f"{variable} must be the URL of a proxy, such as http://proxy.example:3128.")


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
