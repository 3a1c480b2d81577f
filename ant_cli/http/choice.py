"""The choice of the transport for a base URL: directly, through a proxy, or to the emulator in this process."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from contextlib import AbstractContextManager, suppress
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
    # A web server that runs `ant` sets HTTP_PROXY to a header that its visitor chose (https://httpoxy.org).
    unused = "HTTP_PROXY" if "REQUEST_METHOD" in environ else ""
    names = (
        name for lower in (f"{parts.scheme}_proxy", "all_proxy") for name in (lower, lower.upper())
    )
    variable = next(
        (name for name in names if name != unused and environ.get(name, "").strip()), ""
    )
    if not variable:
        return None
    host, port = parts.hostname or "", parts.port or {"http": 80, "https": 443}[parts.scheme]
    # Go separates the items by commas
    exempt = environ.get("no_proxy", "").strip() or environ.get("NO_PROXY", "")
    if is_loopback(host) or any(
        _matches(item.strip(), canonical_host(host), port) for item in exempt.split(",")
    ):
        return None
    url = environ[variable].strip()
    url = url if "://" in url else f"http://{url}"
    try:
        proxy = urlsplit(url)
        usable = bool(proxy.hostname) and proxy.port != 0
    except ValueError:
        usable = False
    if not usable:
        raise UsageError(
            f"{variable} must be the URL of a proxy, such as http://proxy.example:3128."
        )
    return Proxy(url, variable)


def _matches(item: str, host: str, port: int) -> bool:
    """Whether an item of NO_PROXY matches a host: `*`, a network, or an address or domain, perhaps with a port."""
    if item in ("", "*"):
        return item == "*"
    address = host_address(host)
    if "/" in item:
        with suppress(ValueError):
            return address is not None and address in ipaddress.ip_network(item, strict=False)
        return False
    with_port = re.fullmatch(r"(\[.*\]|[^:]*):([0-9]*)", item)
    if with_port and with_port[2] not in ("", str(port)):
        return False
    # without a port, an address has no brackets
    name = with_port[1].strip("[]") if with_port else item
    if (exempt := host_address(canonical_host(name))) is not None:
        return address == exempt
    if name.startswith((".", "*.")):  # matches the subdomains, but not the domain
        return host.endswith("." + canonical_host(name.removeprefix("*")[1:]))
    return f".{host}".endswith("." + canonical_host(name))
