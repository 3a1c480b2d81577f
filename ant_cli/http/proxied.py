"""The transport for what the direct one leaves out: proxies, and host names beyond ASCII. It uses httpx."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

import httpx

from ant_cli.errors import UsageError
from ant_cli.http.deadline import AttemptTimeout, Deadline, Timeouts
from ant_cli.http.response import Response
from ant_cli.http.transport import LONGEST_URL, NO_HOST, TOO_LONG, MalformedResponse, Phase, TransportError
from ant_cli.http.trust import tls_context
from ant_cli.runtime.extras import install_hint
from ant_cli.runtime.light_typing import Any

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
        self._in_handshake = False
        self._deadline = Deadline(Timeouts(0, 0))

    @contextmanager
    def stream(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes, timeouts: Timeouts
    ) -> Iterator[Response]:
        """Send a request and return the response; see `Transport`."""
        encoded = [(name.encode(), value.encode()) for name, value in headers.items()]
        self._deadline = Deadline(timeouts)
        options: dict[str, Any] = {"timeout": timeouts.step_s, "extensions": {"trace": self._trace}}
        try:
            with self._client.stream(method, url, headers=encoded, content=body or None, **options) as received:
                found = {name.lower(): value for name, value in received.headers.items()}
                yield Response(received.status_code, received.reason_phrase, found, received.iter_raw())
            self._reused = True
        except (httpx.TransportError, AttemptTimeout) as error:
            raise self._translated(error) from None
        except (httpx.InvalidURL, UnicodeError):
            raise UsageError(TOO_LONG if len(url) > LONGEST_URL else NO_HOST) from None

    def _trace(self, event: str, info: Mapping[str, Any]) -> None:
        """Note a TLS handshake under way, and limit reading by the deadline; httpcore calls this (`trace`)."""
        if event.endswith("start_tls.started"):
            self._in_handshake = True
        elif event.endswith(("connect_tcp.complete", "start_tls.complete")):
            self._in_handshake = False
            stream = info["return_value"]
            read = stream.read
            stream.read = lambda size, timeout=None: read(size, timeout and self._deadline.seconds())

    def _translated(self, error: httpx.TransportError | AttemptTimeout) -> TransportError:
        reused, self._reused = self._reused, False
        in_handshake, self._in_handshake = self._in_handshake, False
        connecting: Phase = "handshake" if in_handshake else "connect"
        return TransportError(
            self._deadline.blame(_cause_of(error)),
            phase=connecting if isinstance(error, _NOT_SENT) else "exchange",
            timed_out=isinstance(error, httpx.TimeoutException | AttemptTimeout),
            closed=isinstance(error, httpx.NetworkError | httpx.RemoteProtocolError),
            reused=reused,
            hint=self._proxy_hint(error),
        )

    def _proxy_hint(self, error: Exception) -> str:
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


def _cause_of(error: Exception) -> Exception:
    """Return the operating system's error below one of httpx, or what says as much."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, OSError):
            return cause
        cause = cause.__cause__ or cause.__context__
    if isinstance(error, httpx.RemoteProtocolError) and "disconnected" not in str(error):
        return MalformedResponse()
    return error
