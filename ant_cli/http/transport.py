"""The connection: sends one request and returns its answer, or says what went wrong.

`DirectConnection` uses httpcore, the layer below httpx, because it is imported in half the time; it serves
nearly every run. `HTTPXConnection` is for what httpcore leaves out: proxies, host names beyond ASCII, and
transports other than the network. Their exceptions have the same names.
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol
from urllib.parse import unquote, urlsplit

from ant_cli.errors import UsageError
from ant_cli.runtime.extras import install_hint
from ant_cli.settings.local_emulator import database_of, is_local, open_emulator

if TYPE_CHECKING:
    import ssl
    from contextlib import AbstractContextManager

    import httpx

ANSWER_LIMIT = 256_000_000
"""The most bytes of an answer, decompressed, that are taken in."""
PROXY_VARIABLES = ("http_proxy", "https_proxy", "all_proxy")
LONGEST_URL = 65_536
"""The most characters of a URL that httpx takes."""
TOO_LONG = "the ID, or another value, is too long for a URL."
NO_HOST = "the host name in the base URL is not valid."
_UNSENT = frozenset(("ConnectError", "ConnectTimeout", "ProxyError", "UnsupportedProtocol", "LocalProtocolError"))


class TransportFailure(Exception):
    """What went wrong on the network."""

    def __init__(self, error: Exception, hint: str = "") -> None:
        super().__init__(str(error))
        names = {kind.__name__ for kind in type(error).__mro__}
        self.sent = not names & _UNSENT
        """The request may have reached the server."""
        self.timed_out = "TimeoutException" in names
        self.cause = error
        self.hint = hint
        """What may help if no connection came about."""


class BrokenAnswer(Exception):
    """An answer that can't be read to its end, and why."""

    def __init__(self, why: str, *, final: bool = False) -> None:
        super().__init__(why)
        self.final = final
        """Another answer would be no better."""


class Answer(NamedTuple):
    """An answer whose body is still to come."""

    status: int
    reason: str
    headers: Mapping[str, str]
    """By their names in lower case."""
    chunks: Iterator[bytes]

    def read(self) -> bytes:
        """Return the body, decompressed.

        Raises:
            BrokenAnswer: if it is too large, or compressed in a way that nobody asked for.
            TransportFailure: if it does not come.

        """
        encoding = self.headers.get("content-encoding", "").lower().removeprefix("x-")
        if encoding not in ("identity", "gzip", ""):
            raise BrokenAnswer(f"is compressed as {encoding!r}, which was not asked for", final=True)
        chunks = _decompressed(self.chunks) if encoding == "gzip" else self.chunks
        parts, size = [], 0
        for chunk in chunks:
            size += len(chunk)
            if size > ANSWER_LIMIT:
                raise BrokenAnswer(f"is larger than {ANSWER_LIMIT // 1_000_000} MB, which is the limit", final=True)
            parts.append(chunk)
        return b"".join(parts)


class Connection(Protocol):
    """What sends requests."""

    def exchange(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes
    ) -> AbstractContextManager[Answer]:
        """Send a request; TransportFailure if no answer comes."""

    def close(self) -> None:
        """End it."""


def connect(
    base_url: str, timeout_s: float, environ: Mapping[str, str], transport: httpx.BaseTransport | None
) -> Connection:
    """Return the connection to a base URL, which is not opened yet. Loopback is never asked through a proxy.

    Raises:
        UsageError: if a proxy variable can't be used.

    """
    if is_local(base_url):
        return LocalConnection(base_url, environ, timeout_s)
    parts = urlsplit(base_url)
    proxies = [] if transport else proxy_variables(environ)
    if proxies and is_loopback(parts.hostname or ""):
        proxies = []
    if transport is None and base_url.isascii() and not proxies:
        return DirectConnection(parts.scheme, timeout_s, environ)
    trusted = _trusted(environ) if parts.scheme == "https" and transport is None else None
    return HTTPXConnection(timeout_s, transport, trusted, proxies)


def proxy_variables(environ: Mapping[str, str]) -> list[str]:
    """Return the variables that name a proxy, in their own spelling.

    Raises:
        UsageError: if one does not hold a URL. It may hold a password, so that it is not shown.

    """
    names = [name for lower in PROXY_VARIABLES for name in (lower, lower.upper()) if environ.get(name, "").strip()]
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
    """Whether a host is this machine, by its name, or by its number however it is written."""
    import ipaddress
    import socket

    name = host.lower().rstrip(".")
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:  # inet_aton takes what getaddrinfo takes, 127.1 included
        address = ipaddress.ip_address(name if ":" in name else socket.inet_aton(name))
    except (OSError, ValueError):
        return False
    address = getattr(address, "ipv4_mapped", None) or address
    return address.is_loopback or address.is_unspecified


class DirectConnection:
    """httpcore, straight to the server."""

    def __init__(self, scheme: str, timeout_s: float, environ: Mapping[str, str]) -> None:
        import httpcore

        self._pool = httpcore.ConnectionPool(ssl_context=_trusted(environ) if scheme == "https" else None)
        self._timeouts = dict.fromkeys(("connect", "read", "write", "pool"), timeout_s)
        self._errors = (httpcore.TimeoutException, httpcore.NetworkError, httpcore.ProtocolError)

    @contextmanager
    def exchange(self, method: str, url: str, headers: Mapping[str, str], body: bytes) -> Iterator[Answer]:
        """Send a request; TransportFailure if no answer comes."""
        extensions = {"timeout": self._timeouts}
        content = body if body or method != "GET" else None
        encoded = [(name.encode(), value.encode()) for name, value in headers.items()]
        try:
            with self._pool.stream(method, url, headers=encoded, content=content, extensions=extensions) as answer:
                found = {name.decode().lower(): value.decode("latin-1") for name, value in answer.headers}
                reason: Any = answer.extensions.get("reason_phrase", b"")
                yield Answer(answer.status, reason.decode("latin-1"), found, answer.iter_stream())
        except self._errors as error:
            raise TransportFailure(error) from error
        except UnicodeError:  # from the codec of host names
            raise UsageError(NO_HOST) from None

    def close(self) -> None:
        """Close its connections."""
        self._pool.close()


def _trusted(environ: Mapping[str, str]) -> ssl.SSLContext:
    """Return the TLS settings, from the same variables as httpx. UsageError if they can't be used."""
    import ssl

    file, folder = environ.get("SSL_CERT_FILE"), environ.get("SSL_CERT_DIR")
    if not file and not folder:
        import certifi

        file = certifi.where()
    folders = folder.split(os.pathsep) if folder else []
    if folders and not any(Path(name).is_dir() for name in folders):
        raise UsageError("SSL_CERT_DIR can't be used: there is no such folder.")
    try:
        return ssl.create_default_context(cafile=file or None, capath=folder or None)
    except (OSError, ValueError) as error:
        raise UsageError(f"SSL_CERT_FILE or SSL_CERT_DIR can't be used: {error}.") from None


class HTTPXConnection:
    """httpx, with what it knows of proxies and the world's host names."""

    def __init__(
        self,
        timeout_s: float,
        transport: httpx.BaseTransport | None,
        trusted: ssl.SSLContext | None,
        proxies: Sequence[str] = (),
    ) -> None:
        """Prepare. UsageError if one of the variables that name proxies can't be used."""
        import httpx

        variables = " or ".join(proxies)
        try:
            self._client = httpx.Client(
                transport=transport, timeout=timeout_s, verify=trusted or True, trust_env=bool(proxies)
            )
        except ImportError:
            message = f"{variables} names a SOCKS proxy, which needs the package socksio."
            raise UsageError(message, install_hint("socks")) from None
        except (httpx.InvalidURL, ValueError) as error:
            raise UsageError(f"{variables} can't be used: {error}.") from None
        self._errors = (httpx.TransportError, ConnectionError)
        self._no_url = (httpx.InvalidURL, UnicodeError)
        self._variables = variables

    @contextmanager
    def exchange(self, method: str, url: str, headers: Mapping[str, str], body: bytes) -> Iterator[Answer]:
        """Send a request; TransportFailure if no answer comes."""
        try:
            encoded = [(name.encode(), value.encode()) for name, value in headers.items()]
            with self._client.stream(method, url, headers=encoded, content=body or None) as answer:
                found = {name.lower(): value for name, value in answer.headers.items()}
                yield Answer(answer.status_code, answer.reason_phrase, found, answer.iter_raw())
        except self._errors as error:
            raise TransportFailure(error, self._proxy_hint(error)) from error
        except self._no_url:
            raise UsageError(TOO_LONG if len(url) > LONGEST_URL else NO_HOST) from None

    def _proxy_hint(self, error: Exception) -> str:
        if not self._variables:
            return ""
        if str(error).startswith("407 "):
            return f"The proxy wants a user and a password: put them into {self._variables}, as http://USER:PASSWORD@HOST."
        return f"Is the proxy in {self._variables} running?"

    def close(self) -> None:
        """Close its connections."""
        self._client.close()


class LocalConnection:
    """The emulator in this process: no socket, and nothing to start."""

    def __init__(self, base_url: str, environ: Mapping[str, str], timeout_s: float) -> None:
        """Open the database. UsageError if that can't be done, or the emulator is not installed."""
        import httpx

        self._base_url = base_url
        self._emulator = open_emulator(database_of(base_url, environ), require_credential=False)

        def answer(request: httpx.Request) -> httpx.Response:
            # httpx tells an application the decoded path alone, in which %2F is a slash.
            target = request.url.raw_path.decode("ascii")
            paths = {"REQUEST_URI": target, "PATH_INFO": unquote(target.partition("?")[0], "latin-1")}
            transport = httpx.WSGITransport(lambda environ, start: self._emulator({**environ, **paths}, start))
            return transport.handle_request(request)

        self._inner = HTTPXConnection(timeout_s, httpx.MockTransport(answer), trusted=None)

    def exchange(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes
    ) -> AbstractContextManager[Answer]:
        """Have the emulator answer a request."""
        return self._inner.exchange(method, "http://emulator" + url.removeprefix(self._base_url), headers, body)

    def close(self) -> None:
        """Close the database."""
        self._inner.close()
        self._emulator.close()


def _decompressed(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """Decompress gzip in parts of at most 1 MB, however much a chunk expands to."""
    gunzip = zlib.decompressobj(wbits=31)
    began = False
    try:
        for chunk in chunks:
            began = True
            part, rest = b"", chunk
            while part or rest:
                if gunzip.eof and rest:  # gzip may have several members, one after another
                    gunzip = zlib.decompressobj(wbits=31)
                part = gunzip.decompress(rest, 1_000_000)
                rest = gunzip.unused_data if gunzip.eof else gunzip.unconsumed_tail
                if part:
                    yield part
    except zlib.error:
        raise BrokenAnswer("can't be decompressed") from None
    if began and not gunzip.eof:  # an answer without a body may be called compressed
        raise BrokenAnswer("broke off")
