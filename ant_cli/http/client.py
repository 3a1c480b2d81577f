"""The client: one connection to the API, with credentials, retries and time-outs."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from urllib.parse import unquote, urlsplit

from ant_cli import __version__
from ant_cli.errors import AnswerError, AntError, NetworkError
from ant_cli.http.response import BOM, Response, refuse_failure
from ant_cli.http.retries import TIMED_OUT, leaves_doubt, retry_delay, should_retry
from ant_cli.http.transport import Answer, BrokenAnswer, TransportFailure, connect
from ant_cli.input.request import Request
from ant_cli.output.progress import Progress
from ant_cli.runtime import Runtime
from ant_cli.runtime.redaction import REDACTED, without_password
from ant_cli.settings.loading import Credential, Settings, no_credential
from ant_cli.settings.local_emulator import is_local

API_VERSION = "2023-06-01"
DEFAULT_BETA = "managed-agents-2026-04-01"


class Client:
    """Sends requests to the API, over one connection while it lasts. A context manager."""

    def __init__(self, settings: Settings, runtime: Runtime, progress: Progress | None = None) -> None:
        """Prepare; nothing is opened yet. CredentialError if there is no credential."""
        if settings.credential is None and not is_local(settings.base_url):
            raise no_credential(settings)
        self._settings = settings
        self._stderr = runtime.stderr
        self.progress = progress or Progress(runtime.stderr, runtime.environ)
        self._sleep = runtime.sleep or time.sleep
        url = settings.base_url
        self._base_url = url if is_local(url) else without_password(url)  # its user goes into a header
        self._connection = connect(self._base_url, settings.timeout_s, runtime.environ, runtime.transport)
        self.answer_was_lost = False
        """A request was sent, and whether it was carried out is not known."""
        self.under_way = False
        """A request was sent, and nothing has come back yet."""
        self._reused = False
        """The connection has carried an answer, after which the server may have ended it."""

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def send(self, request: Request) -> Response:
        """Send a request until there is an answer that counts, and return it if it is a success.

        Raises:
            APIError: if the answer is an error.
            AnswerError: if it is a redirect, breaks off, is too large, or is nothing that the API would say.
            NetworkError: if there is none.

        """
        url = self._base_url + request.target
        response = self._send_until_answered(request, url)
        refuse_failure(f'{request.method} "{url}"', response)
        return response

    def _send_until_answered(self, request: Request, url: str) -> Response:
        attempt = 0
        while True:
            may_go_on = attempt < self._settings.max_retries
            try:
                response = self._attempt(request, url, attempt)
            except _AttemptFailed as failure:
                if self._is_stale(failure, request):
                    continue
                self.answer_was_lost |= failure.lost
                if not may_go_on or not failure.worth_a_retry(request):
                    raise failure.error from None
                self._wait(attempt, {}, failure.error.message.removesuffix("."))
            else:
                self.answer_was_lost |= leaves_doubt(response.status)
                stale = request.conditional and response.status in TIMED_OUT
                if not may_go_on or stale or not should_retry(response.status, response.headers):
                    return response
                self._wait(attempt, response.headers, response.status_line)
            attempt += 1

    def _is_stale(self, failure: _AttemptFailed, request: Request) -> bool:
        """Whether a GET met a connection that the server had closed while idle: sending it again is no retry."""
        was_reused, self._reused = self._reused, False
        return was_reused and failure.silent and request.method == "GET"

    def _wait(self, attempt: int, headers: Mapping[str, str], why: str) -> None:
        delay = retry_delay(attempt, headers)
        with self.progress.before_retry(why, attempt + 1, self._settings.max_retries, delay):
            self._sleep(delay)

    def _attempt(self, request: Request, url: str, attempt: int) -> Response:
        """Send once. Whatever goes wrong on the way becomes a `_AttemptFailed`."""
        headers = headers_of(request, self._settings, attempt)
        if self._settings.debug:
            from ant_cli.http.debug_log import log_request, log_response

            log_request(self._stderr, request.method, url, headers, request.body)
        exchange = f'{request.method} "{url}"'
        answer: Answer | None = None
        self.under_way = True
        try:
            with (
                self.progress.waiting_for(f"{request.method} {request.path}"),
                self._connection.exchange(request.method, url, headers, request.body or b"") as answer,
            ):
                body = answer.read()
        except (BrokenAnswer, TransportFailure) as failure:
            if answer is None or answer.status < 400:
                self.under_way = False
                raise _failed(failure, answer, exchange, self._settings.timeout_s) from None
            body = b""  # an error is one by its status, whatever became of its body
        self.under_way = False
        self._reused = "close" not in answer.headers.get("connection", "").lower()
        response = Response(answer.status, answer.reason, answer.headers, body.removeprefix(BOM))
        if self._settings.debug:
            log_response(self._stderr, response.status_line, response.headers, response.body)
        return response


class _AttemptFailed(Exception):
    """An attempt that brought no usable answer."""

    def __init__(self, error: AntError, *, lost: bool, final: bool = False, silent: bool = False) -> None:
        super().__init__(error.message)
        self.error = error
        self.lost = lost
        """The server may have done what it was asked."""
        self.final = final
        """It would fail again."""
        self.silent = silent
        """The connection ended without a word."""

    def worth_a_retry(self, request: Request) -> bool:
        """Whether to try again. After an answer that broke off, only a GET: anything else was carried out."""
        if self.final or (self.lost and request.conditional):
            return False
        return isinstance(self.error, NetworkError) or request.method == "GET"


def _failed(
    failure: BrokenAnswer | TransportFailure, answer: Answer | None, exchange: str, timeout_s: float
) -> _AttemptFailed:
    """Return what went wrong, in words."""
    if isinstance(failure, BrokenAnswer):
        broken = AnswerError(f"{exchange}: the answer {failure}, so nothing of it is shown.")
        return _AttemptFailed(broken, lost=True, final=failure.final)
    if failure.timed_out:
        return _AttemptFailed(_timed_out(failure, answer, exchange, timeout_s), lost=failure.sent)
    if answer is not None:
        return _AttemptFailed(
            AnswerError(f"{exchange}: the answer broke off, so nothing of it is shown."), lost=True
        )
    message, hint, final = explain(failure.cause)
    error = NetworkError(f"{exchange}: {message}.", hint or failure.hint)
    return _AttemptFailed(error, lost=failure.sent, final=final, silent=failure.sent)


def _timed_out(failure: TransportFailure, answer: Answer | None, exchange: str, timeout_s: float) -> NetworkError:
    what = "no answer within" if failure.sent else "no connection within"
    what = what if answer is None else "the answer stalled for"
    hint = failure.hint if not failure.sent else ""
    return NetworkError(f"{exchange}: {what} {timeout_s:g} s.", hint or "To wait longer: --timeout SECONDS.")


_UNTRUSTED = {
    9: "is not valid yet",
    10: "has expired",
    18: "is self-signed",
    19: "is from an issuer that is not known here",
    20: "is from an issuer that is not known here",
    21: "is from an issuer that is not known here",
    62: "is for another host name",
    64: "is for another address",
}
"""What is wrong with a certificate, by OpenSSL's verification code."""
_TRUST = "To trust a certificate authority of your own, set SSL_CERT_FILE to the file of its certificate."
_LOOK_UP = "Check the base URL and the network."


def explain(error: Exception) -> tuple[str, str, bool]:
    """Return what went wrong on the network, a hint, and whether every further attempt would fail, too."""
    cause: BaseException | None = error
    while cause is not None:
        name = type(cause).__name__
        if name == "SSLCertVerificationError":
            why = getattr(cause, "verify_message", "").rstrip(".") or str(cause)
            problem = _UNTRUSTED.get(getattr(cause, "verify_code", 0), "is not trusted")
            return f"the server's certificate {problem} ({why})", _TRUST, True
        if name == "gaierror":
            return "the host name is not known", _LOOK_UP, False
        if name == "RemoteProtocolError" and "disconnected" not in str(cause):
            return "the answer is not valid HTTP", _LOOK_UP, False
        cause = cause.__cause__ or cause.__context__
    text = re.sub(r"^\[(?:Errno|SSL)[^]]*\] ", "", str(error)) or type(error).__name__
    return text.rstrip(".").lower(), "", False


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
        **_user_header(settings.base_url, hidden=hidden),
        **_credential_header(settings.credential, hidden=hidden),
    }
    if settings.workspace_id:
        headers["anthropic-workspace-id"] = settings.workspace_id
    if request.body is not None:
        headers["content-type"] = "application/json"
    return headers | dict(request.headers)


def _user_header(base_url: str, *, hidden: bool) -> dict[str, str]:
    """Return what the user and password of a URL become, unless there is a token, which needs the same header."""
    parts = urlsplit(base_url)
    if parts.username is None:
        return {}
    from base64 import b64encode

    pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
    return {"authorization": f"Basic {REDACTED if hidden else b64encode(pair.encode()).decode()}"}


def _credential_header(credential: Credential | None, *, hidden: bool) -> dict[str, str]:
    if credential is None:
        return {}
    secret = REDACTED if hidden else credential.secret
    if credential.kind == "api_key":
        return {"x-api-key": secret}
    return {"authorization": f"Bearer {secret}"}
