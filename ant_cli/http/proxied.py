"""The transport for what the direct one leaves out: proxies, and host names beyond ASCII. It uses httpx."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

import httpx

from ant_cli.errors import UsageError
from ant_cli.http.response import Response
from ant_cli.http.transport import LONGEST_URL, NO_HOST, TOO_LONG, MalformedResponse, TransportError
from ant_cli.http.trust import tls_context
from ant_cli.runtime.extras import install_hint

_NOT_SENT = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
    httpx.LocalProtocolError,
)
"""Errors after which the server can't have received anything."""


class HTTPXTransport:
    """Sends requests with httpx."""

    def __init__(self, environ: Mapping[str, str], proxies: Sequence[str] = ()) -> None:
        """Prepare. `proxies` are the variables that name them. UsageError if one can't be used."""
        variables = " or ".join(proxies)
        try:
            self._client = httpx.Client(verify=tls_context(environ), trust_env=bool(proxies))
        except ImportError:
            message = f"{variables} names a SOCKS proxy, which needs the package socksio."
            raise UsageError(message, install_hint("socks")) from None
        except (httpx.InvalidURL, ValueError) as error:
            raise UsageError(f"{variables} can't be used: {error}.") from None
        self._variables = variables
        self._reused = False

    @contextmanager
    def stream(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes, timeout_s: float
    ) -> Iterator[Response]:
        """Send a request and return the response; see `Transport`."""
        encoded = [(name.encode(), value.encode()) for name, value in headers.items()]
        try:
            with self._client.stream(
                method, url, headers=encoded, content=body or None, timeout=timeout_s
            ) as received:
                found = {name.lower(): value for name, value in received.headers.items()}
                yield Response(received.status_code, received.reason_phrase, found, received.iter_raw())
            self._reused = True
        except httpx.TransportError as error:
            raise self._translated(error) from None
        except (httpx.InvalidURL, UnicodeError):
            raise UsageError(TOO_LONG if len(url) > LONGEST_URL else NO_HOST) from None

    def _translated(self, error: httpx.TransportError) -> TransportError:
        reused, self._reused = self._reused, False
        return TransportError(
            _cause_of(error),
            sent=not isinstance(error, _NOT_SENT),
            timed_out=isinstance(error, httpx.TimeoutException),
            closed=isinstance(error, httpx.NetworkError | httpx.RemoteProtocolError),
            reused=reused,
            hint=self._proxy_hint(error),
        )

    def _proxy_hint(self, error: httpx.TransportError) -> str:
        if not self._variables:
            return ""
        if str(error).startswith("407 "):
            return (
                "The proxy requires a user and a password: "
                f"put them into {self._variables}, as http://USER:PASSWORD@HOST."
            )
        return f"Is the proxy in {self._variables} running?"

    def close(self) -> None:
        """Close the connections."""
        self._client.close()


def _cause_of(error: httpx.TransportError) -> Exception:
    """Return the operating system's error below one of httpx, or what says as much."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, OSError):
            return cause
        cause = cause.__cause__ or cause.__context__
    if isinstance(error, httpx.RemoteProtocolError) and "disconnected" not in str(error):
        return MalformedResponse()
    return error
