"""The client: one connection to the API, with credentials, retries, time-outs and a debug log.

Time-outs and retries mirror the API's own libraries: a failed connection, 408, 409, 429 and 5xx are tried
again, `x-should-retry` overrides, `retry-after-ms` and `retry-after` say when.
"""

from __future__ import annotations

import random
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from ant_cli import __version__
from ant_cli.errors import AnswerError, APIError, CredentialError, NetworkError, UsageError
from ant_cli.request import Request
from ant_cli.settings import Credential, Settings
from ant_cli.streams import REDACTED, Process, Stderr

if TYPE_CHECKING:
    import httpx

API_VERSION = "2023-06-01"
DEFAULT_BETA = "managed-agents-2026-04-01"
ANSWER_LIMIT = 256_000_000
"""The most bytes of an answer, decompressed, that are taken in."""
RETRIED = frozenset((408, 409, 429))
LONGEST_WAIT_S = 60.0
ANNOUNCED_WAIT_S = 2.0
"""A wait between attempts that is longer is announced."""
_SECRET_HEADERS = frozenset(("x-api-key", "authorization", "proxy-authorization", "set-cookie", "cookie"))
_SECRET_MEMBER = re.compile(r'("secret"\s*:\s*)"((?:[^"\\]|\\.)*)"')


@dataclass(frozen=True, slots=True)
class Response:
    """What came back."""

    status: int
    reason: str
    headers: Mapping[str, str]
    """By their names in lower case."""
    body: bytes = field(repr=False)


class Client:
    """Sends requests to the API, over one connection while it lasts. A context manager."""

    def __init__(self, settings: Settings, process: Process) -> None:
        """Prepare; nothing is opened yet. CredentialError if there is no credential."""
        if settings.credential is None:
            raise CredentialError(
                "there is no API key.", "Set ANTHROPIC_API_KEY, or ANTHROPIC_AUTH_TOKEN for a bearer token."
            )
        self._settings = settings
        self._stderr = process.stderr
        self._sleep = process.sleep or time.sleep
        self._transport = process.transport
        self._http: httpx.Client | None = None
        self.answer_was_lost = False
        """A request was sent, and whether it was carried out is not known."""

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        if self._http is not None:
            self._http.close()

    def send(self, request: Request) -> Response:
        """Send a request until there is an answer that counts, and return it if it is a success.

        Raises:
            APIError: if the answer is an error.
            AnswerError: if it is a redirect, breaks off, or is too large.
            NetworkError: if there is none.

        """
        url = self._settings.base_url + request.target
        response = self._send_until_answered(request, url)
        shown = f'{request.method} "{without_password(url)}"'
        if response.status >= 400:
            request_id = response.headers.get("request-id", "")
            raise APIError(shown, response.status, response.reason, response.body, request_id)
        if response.status >= 300:
            raise AnswerError(
                f"{shown}: {response.status} {response.reason}.",
                "Redirects are not followed, so that no key goes astray. Check the base URL.",
            )
        return response

    def _send_until_answered(self, request: Request, url: str) -> Response:
        attempt = 0
        while True:
            try:
                response = self._attempt(request, url, attempt)
            except _Failed as failure:
                self.answer_was_lost |= failure.answer_lost
                stale = request.guarded and failure.answer_lost
                if attempt >= self._settings.max_retries or stale or not failure.worth_a_retry(request.method):
                    raise failure.error from None
                self._wait(attempt, {}, failure.error.message)
            else:
                if attempt >= self._settings.max_retries or not should_retry(response):
                    return response
                self.answer_was_lost |= response.status >= 500 or response.status == 408
                self._wait(attempt, response.headers, f"{response.status} {response.reason}")
            attempt += 1

    def _wait(self, attempt: int, headers: Mapping[str, str], why: str) -> None:
        delay = retry_delay(attempt, headers)
        if delay > ANNOUNCED_WAIT_S:
            of = self._settings.max_retries
            self._stderr.say(f"Note: {why}. Retry {attempt + 1} of {of} in {delay:.0f} s.")
        self._sleep(delay)

    def _attempt(self, request: Request, url: str, attempt: int) -> Response:
        """Send once. Whatever goes wrong on the way becomes a `_Failed`."""
        import httpx

        try:
            if self._http is None:
                self._http = self._connect()
            message = self._http.build_request(
                request.method,
                url,
                headers=headers_of(request, self._settings, attempt),
                content=request.body,
            )
        except (httpx.InvalidURL, ValueError, UnicodeError) as error:
            raise UsageError(f"the base URL or a proxy variable can't be used: {error}.") from None
        if self._settings.debug:
            log_request(self._stderr, request.method, url, message.headers, request.body)
        exchange = f'{request.method} "{without_password(url)}"'
        try:
            answer = self._http.send(message, stream=True)
        except httpx.HTTPError as error:
            raise _no_answer(error, exchange, self._settings.timeout_s) from None
        try:
            body = _read_body(answer, exchange)
        except httpx.HTTPError as error:
            raise _broken_answer(error, exchange, self._settings.timeout_s) from None
        finally:
            answer.close()
        headers = {name.lower(): value for name, value in answer.headers.multi_items()}
        response = Response(answer.status_code, answer.reason_phrase, headers, body)
        if self._settings.debug:
            log_response(self._stderr, response)
        return response

    def _connect(self) -> httpx.Client:
        """Open the client. Loopback is never asked through a proxy; TLS is prepared only where it is used."""
        import httpx

        parts = urlsplit(self._settings.base_url)
        return httpx.Client(
            transport=self._transport,
            verify=httpx.create_ssl_context() if parts.scheme == "https" and self._transport is None else False,
            trust_env=not is_loopback(parts.hostname or ""),
            timeout=httpx.Timeout(self._settings.timeout_s),
            headers={"accept-encoding": "gzip"},
            follow_redirects=False,
        )


class _Failed(Exception):
    """An attempt without a usable answer."""

    def __init__(self, error: NetworkError | AnswerError, *, answer_lost: bool) -> None:
        super().__init__(error.message)
        self.error = error
        self.answer_lost = answer_lost

    def worth_a_retry(self, method: str) -> bool:
        """Whether to try again: what broke off in the middle was carried out, so only reading is."""
        return isinstance(self.error, NetworkError) or method == "GET"


def _read_body(answer: httpx.Response, exchange: str) -> bytes:
    chunks, size = [], 0
    for chunk in answer.iter_bytes():
        size += len(chunk)
        if size > ANSWER_LIMIT:
            limit = ANSWER_LIMIT // 1_000_000
            raise AnswerError(f"{exchange}: the answer is larger than {limit} MB, which is the limit.")
        chunks.append(chunk)
    return b"".join(chunks)


def _no_answer(error: httpx.HTTPError, exchange: str, timeout_s: float) -> _Failed:
    """Return the failure of a request to which nothing came back."""
    import httpx

    before_sending = isinstance(error, httpx.ConnectError | httpx.ConnectTimeout | httpx.ProxyError)
    if isinstance(error, httpx.TimeoutException):
        what = "no connection" if before_sending else "no answer"
        return _Failed(
            NetworkError(f"{exchange}: {what} within {timeout_s:g} s.", "A longer wait: --timeout SECONDS."),
            answer_lost=not before_sending,
        )
    message, hint = explain(error)
    return _Failed(NetworkError(f"{exchange}: {message}.", hint), answer_lost=not before_sending)


def _broken_answer(error: httpx.HTTPError, exchange: str, timeout_s: float) -> _Failed:
    """Return the failure of an answer that had begun."""
    import httpx

    if isinstance(error, httpx.TimeoutException):
        message = f"{exchange}: the answer stalled for {timeout_s:g} s."
        return _Failed(NetworkError(message, "A longer wait: --timeout SECONDS."), answer_lost=True)
    what = "can't be decompressed" if isinstance(error, httpx.DecodingError) else "broke off"
    return _Failed(AnswerError(f"{exchange}: the answer {what}, so nothing of it is shown."), answer_lost=True)


def explain(error: httpx.HTTPError) -> tuple[str, str]:
    """Return what went wrong on the network, in words, and what may help."""
    cause: BaseException | None = error
    while cause is not None:
        if type(cause).__name__ == "SSLCertVerificationError":
            why = getattr(cause, "verify_message", "") or str(cause)
            return (
                f"the server's certificate is not trusted: {why}",
                "A certificate authority of your own goes into a file that SSL_CERT_FILE names.",
            )
        if type(cause).__name__ == "gaierror":
            return "the host name is not known", "Check the base URL and the network."
        cause = cause.__cause__ or cause.__context__
    text = re.sub(r"^\[(?:Errno|SSL)[^]]*\] ", "", str(error)) or type(error).__name__
    return text.rstrip(".").lower(), ""


# What is sent with every request


def headers_of(request: Request, settings: Settings, attempt: int, *, hidden: bool = False) -> dict[str, str]:
    """Return all headers of a request; if `hidden`, with a mark in place of the secret."""
    headers = {
        "accept": "application/json",
        "anthropic-version": API_VERSION,
        "anthropic-beta": DEFAULT_BETA,
        "user-agent": f"ant-cli-python/{__version__}",
        "x-stainless-retry-count": str(attempt),
        **_credential_header(settings.credential, hidden=hidden),
    }
    if settings.workspace_id:
        headers["anthropic-workspace-id"] = settings.workspace_id
    if request.body is not None:
        headers["content-type"] = "application/json"
    return headers | dict(request.headers)


def _credential_header(credential: Credential | None, *, hidden: bool) -> dict[str, str]:
    if credential is None:
        return {}
    secret = REDACTED if hidden else credential.secret
    if credential.kind == "api_key":
        return {"x-api-key": secret}
    return {"authorization": f"Bearer {secret}"}


# When to try again


def should_retry(response: Response) -> bool:
    """Whether the server wants the request again, or at least may do better next time."""
    wish = response.headers.get("x-should-retry")
    if wish in ("true", "false"):
        return wish == "true" and response.status >= 400
    return response.status in RETRIED or response.status >= 500


def retry_delay(attempt: int, headers: Mapping[str, str]) -> float:
    """Return the seconds to wait after `attempt`, which counts from 0: what the server says, at most a minute."""
    asked = _asked_delay(headers)
    if asked is not None:
        return min(max(asked, 0.0), LONGEST_WAIT_S)
    return min(0.5 * 2.0**attempt, 8.0) * random.uniform(0.75, 1.0)  # noqa: S311 - jitter, no secret


def _asked_delay(headers: Mapping[str, str]) -> float | None:
    """Return the seconds that `retry-after-ms` or `retry-after` asks for; None if neither makes sense."""
    for name, unit in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        try:
            delay = float(headers[name]) * unit
        except (KeyError, ValueError):
            continue
        if delay == delay:  # not NaN
            return delay
    return _seconds_until(headers.get("retry-after", ""))


def _seconds_until(date: str) -> float | None:
    from email.utils import parsedate_to_datetime

    try:
        return parsedate_to_datetime(date).timestamp() - time.time()
    except (ValueError, TypeError, OverflowError):
        return None


# Addresses


def is_loopback(host: str) -> bool:
    """Whether a host is this machine by its name or number."""
    return host == "localhost" or host.endswith(".localhost") or host == "::1" or host.startswith("127.")


def without_password(url: str) -> str:
    """Return the URL without the user and password that it may hold."""
    return re.sub(r"(?<=//)[^/@]*@", "", url)


def password_of(url: str) -> str:
    """Return the password in a URL; empty if there is none."""
    return urlsplit(url).password or ""


# The debug log


def log_request(stderr: Stderr, method: str, url: str, headers: Mapping[str, str], body: bytes | None) -> None:
    """Show a request, without its secrets."""
    lines = [f"> {method} {without_password(url)}", *_header_lines(">", headers), *_body_lines(">", body)]
    stderr.say("\n".join(lines))


def log_response(stderr: Stderr, response: Response) -> None:
    """Show an answer, without the secrets in it, of which none is shown from here on either."""
    for match in _SECRET_MEMBER.finditer(response.body.decode("utf-8", "replace")):
        stderr.keep_secret(match[2])
    head = f"< {response.status} {response.reason}"
    stderr.say("\n".join([head, *_header_lines("<", response.headers), *_body_lines("<", response.body)]))


def _header_lines(mark: str, headers: Mapping[str, str]) -> list[str]:
    return [
        f"{mark} {name}: {REDACTED if name.lower() in _SECRET_HEADERS else value}"
        for name, value in headers.items()
    ]


def _body_lines(mark: str, body: bytes | None) -> list[str]:
    if not body:
        return []
    return [mark, *(f"{mark} {line}" for line in body.decode("utf-8", "backslashreplace").splitlines())]
