"""The transport for what the direct one does not support: proxies, and non-ASCII host names. It uses httpx."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from threading import local
from typing import Any
from urllib.parse import urlsplit

import httpx

from ant_cli.errors import UsageError
from ant_cli.http.response import Response
from ant_cli.http.transport import Attempt, MalformedResponse, Timeouts, unusable_url
from ant_cli.http.trust import tls_context
from ant_cli.runtime.extras import install_hint

_NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError)
"""Errors after which the server can't have received anything."""
_PROXY_HINT = (
    "Is the proxy in {} running? If it requires a user and a password: http://USER:PASSWORD@HOST."
)


class HTTPXTransport:
    """Sends requests with httpx. Threads may share it, each for one request at a time."""

    def __init__(self, environ: Mapping[str, str], variable: str | None = None) -> None:
        """Prepare. `variable` names the proxy. Raises UsageError if it can't be used."""
        trust = tls_context(environ)
        self._hint = _PROXY_HINT.format(variable) if variable else ""
        url = proxy_url(variable, environ) if variable else None
        try:
            through = httpx.Proxy(url) if url else None
            if through and through.url.scheme == "https":
                through.ssl_context = trust
            self._client = httpx.Client(verify=trust, proxy=through, trust_env=False)
        except ImportError:
            message = f"{variable} names a SOCKS proxy, which needs the package socksio."
            raise UsageError(message, install_hint("socks")) from None
        except (httpx.InvalidURL, ValueError) as error:
            raise UsageError(f"{variable} can't be used: {error}.") from None
        self._of_thread = local()
        """The `attempt` that a thread is making."""

    @contextmanager
    def stream(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes, timeouts: Timeouts
    ) -> Iterator[Response]:
        """Send a request and return the response; see `Transport`."""
        encoded = [(name.encode(), value.encode()) for name, value in headers.items()]
        attempt = self._of_thread.attempt = Attempt(timeouts)
        options: dict[str, Any] = {"timeout": timeouts.step_s, "extensions": {"trace": self._trace}}
        try:
            with self._client.stream(
                method, url, headers=encoded, content=body or None, **options
            ) as received:
                attempt.phase = "body"
                response_headers = {name.lower(): value for name, value in received.headers.items()}
                yield Response(
                    received.status_code,
                    received.reason_phrase,
                    response_headers,
                    received.iter_raw(),
                )
        except (httpx.TransportError, TimeoutError) as error:
            if attempt.phase != "body" and not isinstance(error, _NOT_SENT):
                attempt.phase = "exchange"
            raise attempt.failure(_cause_of(error), hint=self._hint) from None
        except (httpx.InvalidURL, UnicodeError):
            raise unusable_url(url) from None

    def _trace(self, event: str, info: Mapping[str, Any]) -> None:
        """Note what httpcore does. It calls this with the names of its steps.

        If they change, test_a_tls_handshake_that_stalls_is_named_and_not_retried fails.
        """
        if event.endswith("start_tls.started"):
            self._of_thread.attempt.phase = "handshake"
        elif event.endswith(("connect_tcp.complete", "start_tls.complete")):
            self._of_thread.attempt.phase = "connect"
            self._limit_reads(info["return_value"])

    def _limit_reads(self, stream: Any) -> None:
        """Limit all reads of an attempt together; httpx limits each of them.

        This replaces a method of httpcore's streams. If they change,
        test_a_response_that_drips_is_given_up_when_the_attempt_takes_too_long fails.
        """
        read, of_thread = stream.read, self._of_thread

        def limited_read(size: int, timeout: float | None = None) -> bytes:
            left = None if timeout is None else of_thread.attempt.seconds()
            received: bytes = read(size, left)
            return received

        stream.read = limited_read

    def close(self) -> None:
        """Close the connections."""
        self._client.close()


def proxy_url(variable: str, environ: Mapping[str, str]) -> str:
    """Return the URL of the proxy that a variable names.

    Raises:
        UsageError: if the text is no URL. It is not shown, because it may contain a password.

    """
    text = environ[variable].strip()
    url = text if "://" in text else f"http://{text}"
    try:
        parts = urlsplit(url)
        is_usable = bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_usable = False
    if is_usable:
        return url
    raise UsageError(f"{variable} must be the URL of a proxy, such as http://proxy.example:3128.")


def _cause_of(error: Exception) -> Exception:
    """Return the operating system's error that caused one of httpx, or an equivalent of it."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, OSError):
            return cause
        cause = cause.__cause__ or cause.__context__
    if isinstance(error, httpx.RemoteProtocolError) and "disconnected" not in str(error):
        return MalformedResponse()
    return error
