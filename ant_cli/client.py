"""The client: one connection to the API, with credentials, retries, time-outs and a debug log.

Time-outs and retries mirror the API's own libraries: a failed connection, 408, 409, 429 and 5xx are tried
again, `x-should-retry` overrides, `retry-after-ms` and `retry-after` say when.
"""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import urlsplit

from ant_cli import __version__
from ant_cli.connection import BrokenAnswer, Trouble, connect, is_local
from ant_cli.errors import AnswerError, APIError, CredentialError, NetworkError
from ant_cli.request import Request
from ant_cli.settings import Credential, Settings
from ant_cli.streams import REDACTED, Process, Stderr

API_VERSION = "2023-06-01"
DEFAULT_BETA = "managed-agents-2026-04-01"
RETRIED = frozenset((408, 409, 429))
LONGEST_WAIT_S = 60.0
ANNOUNCED_WAIT_S = 2.0
"""A wait between attempts that is longer is announced."""
_SECRET_HEADERS = frozenset(("x-api-key", "authorization", "proxy-authorization", "set-cookie", "cookie"))
_HIDDEN_MEMBER = r'("secret"\s*:\s*)"((?:[^"\\]|\\.)*)"'


class Response(NamedTuple):
    """What came back."""

    status: int
    reason: str
    headers: Mapping[str, str]
    """By their names in lower case."""
    body: bytes


class Client:
    """Sends requests to the API, over one connection while it lasts. A context manager."""

    def __init__(self, settings: Settings, process: Process) -> None:
        """Prepare; nothing is opened yet. CredentialError if there is no credential."""
        if settings.credential is None and not is_local(settings.base_url):
            raise CredentialError(
                "there is no API key.",
                "Set ANTHROPIC_API_KEY, or ANTHROPIC_AUTH_TOKEN for a bearer token; --local needs none.",
            )
        self._settings = settings
        self._stderr = process.stderr
        self._sleep = process.sleep or time.sleep
        self._connection = connect(settings.base_url, settings.timeout_s, process.environ, process.transport)
        self.answer_was_lost = False
        """A request was sent, and whether it was carried out is not known."""

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

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
                self.answer_was_lost |= failure.lost
                stale = request.guarded and failure.lost
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
        headers = headers_of(request, self._settings, attempt)
        if self._settings.debug:
            log_request(self._stderr, request.method, url, headers, request.body)
        exchange = f'{request.method} "{without_password(url)}"'
        began = False
        try:
            with self._connection.exchange(request.method, url, headers, request.body or b"") as answer:
                began = True
                response = Response(answer.status, answer.reason, answer.headers, answer.read())
        except BrokenAnswer as error:
            raise _Failed(
                AnswerError(f"{exchange}: the answer {error}, so nothing of it is shown."), lost=True
            ) from None
        except Trouble as trouble:
            describe = _broken_answer if began else _no_answer
            raise describe(trouble, exchange, self._settings.timeout_s) from None
        if self._settings.debug:
            log_response(self._stderr, response)
        return response


class _Failed(Exception):
    """An attempt without a usable answer."""

    def __init__(self, error: NetworkError | AnswerError, *, lost: bool) -> None:
        super().__init__(error.message)
        self.error = error
        self.lost = lost
        """The server may have done what it was asked."""

    def worth_a_retry(self, method: str) -> bool:
        """Whether to try again: what broke off in the middle was carried out, so only reading is."""
        return isinstance(self.error, NetworkError) or method == "GET"


def _no_answer(trouble: Trouble, exchange: str, timeout_s: float) -> _Failed:
    """Return the failure of a request to which nothing came back."""
    if trouble.timed_out:
        what = "no answer" if trouble.sent else "no connection"
        error = NetworkError(f"{exchange}: {what} within {timeout_s:g} s.", "A longer wait: --timeout SECONDS.")
    else:
        message, hint = explain(trouble.cause)
        error = NetworkError(f"{exchange}: {message}.", hint)
    return _Failed(error, lost=trouble.sent)


def _broken_answer(trouble: Trouble, exchange: str, timeout_s: float) -> _Failed:
    """Return the failure of an answer that had begun."""
    if trouble.timed_out:
        message = f"{exchange}: the answer stalled for {timeout_s:g} s."
        return _Failed(NetworkError(message, "A longer wait: --timeout SECONDS."), lost=True)
    return _Failed(AnswerError(f"{exchange}: the answer broke off, so nothing of it is shown."), lost=True)


def explain(error: Exception) -> tuple[str, str]:
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
        "accept-encoding": "gzip",
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
    import random

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
    for match in re.finditer(_HIDDEN_MEMBER, response.body.decode("utf-8", "replace")):
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
