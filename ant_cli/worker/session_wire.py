"""What one session sends, and what the responses say about its end. Only a session imports this: the SDK is large.

The SDK gets an HTTP client of its own, as its documentation allows. All requests of the session pass through it, so
nothing depends on the SDK's code, or on what it logs. tests/worker/test_sdk.py says what the SDK promises.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import httpx2
from anthropic import DefaultAsyncHttpxClient

from ant_cli.http.retries import RETRIED_4XX, backoff
from ant_cli.settings.worker_options import SessionOptions

_HELD = {
    "type": "work_heartbeat",
    "state": "active",
    "lease_extended": True,
    "last_heartbeat": "",
    "ttl_seconds": 60,
}
"""The response to a heartbeat of the SDK while the worker that started this process holds the lease."""
_STOPPED: dict[str, Any] = {}
"""The response to a stop that is held back. The SDK does not read it."""
_REFUSED = (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)
_REFUSED_FOR_S = 20.0
"""How long the requests of a session may be refused. It is less than the usual lease."""
_STOP_ATTEMPTS = 5
_INTERRUPTED = (
    "The tool was interrupted by a shutdown of the machine. It may have done a part of its work."
)
_SIGNAL_S = 0.05
"""How long the result of a failed tool waits for the signal that may have ended the tool, too."""


class SessionWire(DefaultAsyncHttpxClient):
    """The HTTP client of a session. It answers the requests about the lease that are not the SDK's to make."""

    def __init__(self, options: SessionOptions, *, holds_lease: bool) -> None:
        """Prepare. If this process does not hold the lease, heartbeats are answered here."""
        super().__init__()
        self._stop_path = f"/work/{options.work_id}/stop"
        self._heartbeat_path = f"/work/{options.work_id}/heartbeat"
        self._session_path = f"/v1/sessions/{options.session_id}"
        self._environment_key = options.environment_key
        self._holds_lease = holds_lease
        self._loop = asyncio.get_running_loop()
        self._patience: asyncio.TimerHandle | None = None
        self._held_back: httpx2.Request | None = None
        """The stop that the SDK has asked for. It asks at the end of each session, unless the lease is lost."""
        self.lost_lease_by: int | None = None
        """The status with which a heartbeat was refused for good."""
        self.is_stop_requested = False
        """A heartbeat has shown that somebody has stopped the item, or asks to."""
        self.refused_by: int | None = None
        """The status with which the latest request about the session was refused: 401 or 403."""
        self._is_interrupted = False
        self.shut_out: asyncio.Future[None] = self._loop.create_future()
        """Done if the server has refused every request about the session for some time."""

    @property
    def has_asked_to_stop(self) -> bool:
        """Whether the SDK has asked to stop the item."""
        return self._held_back is not None

    def interrupt(self) -> None:
        """From now on, let a tool that fails tell the agent about the signal, and not how its process ended."""
        self._is_interrupted = True

    async def send(self, request: httpx2.Request, **options: Any) -> httpx2.Response:
        """Send a request, or answer it, and note what the response says."""
        path = request.url.path
        if path.endswith(f"{self._session_path}/events") and _has_failed_tool(request):
            await asyncio.sleep(_SIGNAL_S)
            request = _interrupted(request) if self._is_interrupted else request
        if path.endswith(self._stop_path):
            self._held_back = request
            return httpx2.Response(HTTPStatus.OK, json=_STOPPED, request=request)
        if not path.endswith(self._heartbeat_path):
            response = await super().send(request, **options)
            if self._session_path in path:
                self._take_session_status(response.status_code)
            return response
        if not self._holds_lease:
            return httpx2.Response(HTTPStatus.OK, json=_HELD, request=request)
        response = await super().send(request, **options)
        await response.aread()
        self._take_heartbeat(response)
        return response

    def _take_session_status(self, status: int) -> None:
        if status in _REFUSED:
            self.refused_by = status
            if self._patience is None:
                self._patience = self._loop.call_later(
                    _REFUSED_FOR_S, self.shut_out.set_result, None
                )
        elif status < HTTPStatus.BAD_REQUEST:
            self.refused_by = None
            self._end_patience()

    def _take_heartbeat(self, response: httpx2.Response) -> None:
        status = response.status_code
        if status == HTTPStatus.OK:
            self.is_stop_requested = self.is_stop_requested or _shows_stop(response)
        elif status < HTTPStatus.INTERNAL_SERVER_ERROR and status not in RETRIED_4XX:
            self.lost_lease_by = status

    def _end_patience(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
        self._patience = None

    async def aclose(self) -> None:
        """Close the connections."""
        self._end_patience()
        await super().aclose()

    async def stop_item(self) -> bool:
        """Send the stop that was held back, with retries. Return whether the server has confirmed it."""
        request = self._held_back
        if request is None:
            return False
        for attempt in range(_STOP_ATTEMPTS):
            if attempt:
                await asyncio.sleep(backoff(attempt - 1))
            if await self._has_stopped(request):
                return True
        return False

    async def _has_stopped(self, request: httpx2.Request) -> bool:
        try:
            response = await super().send(request)
        except httpx2.HTTPError:
            return False
        if response.status_code == HTTPStatus.UNAUTHORIZED and self._environment_key:
            # the item's token may have expired
            request.headers["authorization"] = f"Bearer {self._environment_key}"
        return response.is_success


def _has_failed_tool(request: httpx2.Request) -> bool:
    return request.method == "POST" and any(each.get("is_error") for each in _events_in(request))


def _events_in(request: httpx2.Request) -> list[dict[str, Any]]:
    """Return the events that a request sends. The SDK's requests have their bodies in memory."""
    events: list[dict[str, Any]] = json.loads(request.content).get("events", [])
    return events


def _interrupted(request: httpx2.Request) -> httpx2.Request:
    """Return a request whose failed tools were interrupted."""
    events = _events_in(request)
    for event in events:
        if event.get("is_error"):
            event["content"] = [{"type": "text", "text": _INTERRUPTED}]
    headers = request.headers.copy()
    del headers["content-length"]
    return httpx2.Request(
        request.method,
        request.url,
        headers=headers,
        json={"events": events},
        extensions=request.extensions,
    )


def _shows_stop(heartbeat: httpx2.Response) -> bool:
    """Whether a response to a heartbeat says that the lease is not extended: the item is stopped, or will be."""
    try:
        found: object = heartbeat.json()
    except ValueError:
        return False
    return isinstance(found, Mapping) and found.get("lease_extended") is False
