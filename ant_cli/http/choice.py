"""The choice of the transport for a base URL: directly, through a proxy, or to the emulator in this process."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Protocol
from urllib.parse import urlsplit

from ant_cli.http.response import Response
from ant_cli.http.transport import Timeouts
from ant_cli.runtime import Runtime
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
        UsageError: if the variable of the proxy, or one that names certificates, can't be used.

    """
    if is_local(base_url):
        from ant_cli.http.in_process import EmulatorTransport

        return EmulatorTransport(base_url, runtime)
    environ = runtime.environ
    if is_direct(base_url, environ):
        from ant_cli.http.direct import DirectTransport

        return DirectTransport(environ)
    from ant_cli.http.proxied import HTTPXTransport

    return HTTPXTransport(environ, proxy_variable(base_url, environ))


def is_direct(base_url: str, environ: Mapping[str, str]) -> bool:
    """Whether the direct transport can send requests to a base URL."""
    if is_local(base_url):
        return False
    return base_url.isascii() and proxy_variable(base_url, environ) is None


def proxy_variable(base_url: str, environ: Mapping[str, str]) -> str | None:
    """Return the variable that names the proxy for a base URL: that of its scheme, or else ALL_PROXY.

    None if neither is set, or the host needs no proxy: one on this machine, or in NO_PROXY.
    """
    parts = urlsplit(base_url)
    variable = _variable_that_is_set(parts.scheme, environ)
    if variable is None:
        return None
    from ant_cli.http.no_proxy import is_exempt  # late: few runs have a proxy

    port = parts.port or {"http": 80, "https": 443}[parts.scheme]
    return None if is_exempt(parts.hostname or "", port, environ) else variable


def _variable_that_is_set(scheme: str, environ: Mapping[str, str]) -> str | None:
    """Return the variable that names a proxy for a scheme; None if none is set."""
    # A web server that runs `ant` sets HTTP_PROXY to a header that its visitor chose (https://httpoxy.org).
    unused = "HTTP_PROXY" if "REQUEST_METHOD" in environ else ""
    for lower in (f"{scheme}_proxy", "all_proxy"):
        for name in (lower, lower.upper()):
            if name != unused and environ.get(name, "").strip():
                return name
    return None
