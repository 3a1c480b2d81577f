"""The server: one request at a time is passed to it, and its response is read, without credentials and retries."""

from __future__ import annotations

from ant_cli.errors import AntError
from ant_cli.http.attempts import Tries
from ant_cli.http.choice import Transport, open_transport
from ant_cli.http.response import Response
from ant_cli.http.transport import FailedAttempt
from ant_cli.input.request import Request
from ant_cli.runtime import Runtime
from ant_cli.runtime.redaction import strip_userinfo
from ant_cli.settings.loading import ConnectionSettings
from ant_cli.settings.local_emulator import LOCAL, creates_file, is_local


class Server:
    """The server at a base URL, over connections that are kept. Threads may share it. A context manager."""

    def __init__(self, settings: ConnectionSettings, runtime: Runtime) -> None:
        """Prepare; nothing is connected yet."""
        url = settings.base_url
        is_new = creates_file(url)
        # its user goes into a header
        self.base_url = url if is_local(url) else strip_userinfo(url)
        self._is_debugged = settings.debug
        self._stderr = runtime.stderr
        self._transport = _transport(self.base_url, runtime)
        if is_new and runtime.stderr.is_terminal:  # the user may have expected an existing one
            runtime.say(f"Created {url.removeprefix(LOCAL)}, an empty database of the emulator.")
        if settings.debug and url.startswith("https:"):
            from ant_cli.http.trust import describe_trust

            runtime.stderr.write(f"* certificate authorities: {describe_trust(runtime.environ)}\n")

    def __enter__(self) -> Server:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._transport.close()

    def send(self, request: Request, tries: Tries) -> Response:
        """Send a request, which has all of its headers, and read the response.

        Raises:
            FailedAttempt: if no usable response arrives.
            UsageError: if the URL can't be used.

        """
        url = self.base_url + request.target
        tries.request_line = f'{request.method} "{url}"'
        if not self._is_debugged:
            return self._exchange(request, url, tries)
        from ant_cli.http.debug_log import log_message

        stderr, headers = self._stderr, dict(request.headers)
        log_message(stderr, ">", f"{request.method} {url}", headers, request.body or b"")
        response = self._exchange(request, url, tries)
        log_message(stderr, "<", response.status_line, response.headers, response.body)
        return response

    def _exchange(self, request: Request, url: str, tries: Tries) -> Response:
        response: Response | None = None
        policy, headers, body = tries.policy, dict(request.headers), request.body or b""
        try:
            with (
                policy.observer.waiting_for(f"{request.method} {request.path}"),
                self._transport.stream(
                    request.method, url, headers, body, policy.timeouts
                ) as response,
            ):
                response.read(policy.response_limit)
        except FailedAttempt:
            # The status alone makes a response an error, even without its body.
            if response is None or response.status < 400:
                raise
        except AntError:  # the request can't be sent
            raise
        except BaseException:  # most likely an interrupt
            tries.in_doubt = True
            raise
        return response


def _transport(base_url: str, runtime: Runtime) -> Transport:
    given: Transport | None = None if is_local(base_url) else runtime.transport
    return given or open_transport(base_url, runtime)
