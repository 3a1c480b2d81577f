"""The client: sends requests to the API, and raises an error for each response that is not a success.

It is the first of four layers: `Client`, `Retrier`, `Access`, `Server`. A request goes down from one to the
next, and the response comes back.
"""

from __future__ import annotations

from typing import Protocol, Self

from ant_cli.errors import NOT_FOUND, AntError, OutcomeUnknown
from ant_cli.http.access import Access, authenticated
from ant_cli.http.attempts import Observer, Pace, Policy, Prepare, Retrier, Tries
from ant_cli.http.request_headers import unsent_headers
from ant_cli.http.response import Response, raise_for_error
from ant_cli.http.retries import long_wait
from ant_cli.http.server import Server
from ant_cli.http.transport import timeouts_of
from ant_cli.input.request import Request
from ant_cli.runtime import Runtime, variables
from ant_cli.settings.loading import ConnectionSettings

_ADDS_V1 = "Leave /v1 out of the base URL: each request adds it."


class Sends(Protocol):
    """What sends requests: a `Client`, or a `NameClient` for IDs that a user typed."""

    def send(self, request: Request, prepare: Prepare | None = None) -> Response:
        """Send a request, with retries, and return the successful response. Raises as `Client.send`."""

    def for_threads(self, count: int) -> Self:
        """Return what as many threads share to send their requests."""


def connect(
    settings: ConnectionSettings, runtime: Runtime, observer: Observer | None = None
) -> Client:
    """Fetch the credential, and return a client. Nothing is connected yet.

    Raises:
        CredentialError: if no credential was found, or it can't be used.
        UsageError: if a variable for the connection can't be used.

    """
    settings = authenticated(settings, runtime, observer)
    server = Server(settings, runtime)
    if unsent := unsent_headers(settings):
        runtime.hint(
            f"Note: {variables.CUSTOM_HEADERS}: {', '.join(unsent)} is not sent, because ant sets its own."
        )
    policy = Policy(settings.max_retries, timeouts_of(settings.timeout_s), observer or Observer())
    return Client(server, Access(settings, server), policy, runtime)


class Client:
    """Sends requests to the API. Threads may share it. A context manager."""

    def __init__(
        self,
        server: Server,
        access: Access,
        policy: Policy,
        runtime: Runtime,
        pace: Pace | None = None,
    ) -> None:
        """Use `connect` to make one."""
        self.access = access
        self.policy = policy
        self._server = server
        self._runtime = runtime
        self._pace = pace
        self._retrier = Retrier(access.send, runtime.sleep, pace)

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._server.close()

    def for_threads(self, count: int) -> Client:
        """Return a client for as many threads: a rate limit delays all of them."""
        pace = Pace(self._runtime.sleep) if count > 1 else None
        return Client(self._server, self.access, self.policy, self._runtime, pace)

    def with_policy(self, policy: Policy) -> Client:
        """Return a client that waits by another policy. It shares the credential and the connections."""
        return Client(self._server, self.access, policy, self._runtime, self._pace)

    def send(self, request: Request, prepare: Prepare | None = None) -> Response:
        """Send a request, with retries, and return the successful response.

        `prepare` is called right before each attempt, and returns what to send.

        Raises:
            APIError: if the response is an error.
            ResponseError: if it is a redirect, is incomplete, is too large, or can't be from the API.
            NetworkError: if no response arrives.
            OutcomeUnknown: if it is interrupted after the request was sent, unless that is a GET.

        """
        tries = Tries(self.policy)
        try:
            response = self._retrier.send(request, tries, prepare)
            self._runtime.server_clock.take(response.headers.get("date", ""))
            hint = self._hint(request, response, tries)
            raise_for_error(tries.request_line, response, hint=hint)
        except AntError as error:  # the server wrote a part of its texts, which may have secrets
            shown = error.redacted(self._runtime.redactor.redact)
            if tries.leave_doubt_about(request):
                shown = shown.with_unknown_outcome()
            raise shown from None
        except KeyboardInterrupt as interrupt:
            if tries.leave_doubt_about(request):
                raise OutcomeUnknown from interrupt
            raise
        return response

    def _hint(self, request: Request, response: Response, tries: Tries) -> str:
        """Return what the user can do about an error; empty for most responses."""
        if response.status == NOT_FOUND and self._server.base_url.endswith("/v1"):
            return _ADDS_V1
        return long_wait(response) or self.access.hint(request, response, tries)
