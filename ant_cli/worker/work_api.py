"""The API calls of a worker: poll, acknowledge, heartbeat, retrieve, update and stop."""

from __future__ import annotations

from collections.abc import Mapping

from ant_cli.errors import ResponseError
from ant_cli.http.client import Client
from ant_cli.http.response import json_object
from ant_cli.input.request import Request, has_lone_surrogate, is_id, path_segment, request_of
from ant_cli.input.values import Value
from ant_cli.operations import work
from ant_cli.operations.spec import Operation
from ant_cli.runtime import Runtime
from ant_cli.runtime.light_typing import Any
from ant_cli.settings.credential_sources import Credential
from ant_cli.settings.loading import ConnectionSettings
from ant_cli.worker.polling_pace import BLOCK_MS

WorkItem = dict[str, Any]
"""A work item as the server sent it."""
_FORM: Mapping[str, type] = {
    **dict.fromkeys(("id", "state", "secret", "acknowledged_at", "latest_heartbeat_at", "last_heartbeat"), str),
    **dict.fromkeys(("data", "metadata"), dict),
    **dict.fromkeys(("ttl_seconds", "depth", "pending", "workers_polling"), int),
}
"""The types of the members that the worker reads. Each may be null or missing."""
_IN_REQUESTS = ("latest_heartbeat_at", "last_heartbeat")
"""The members that are sent in a later request."""
_LARGEST = 10**15


class WorkAPI:
    """The work of one environment. Threads may share it. Calls raise as `Client.send` does."""

    def __init__(
        self, connection: ConnectionSettings, runtime: Runtime, environment_id: str, worker_id: str
    ) -> None:
        """Prepare; nothing is connected yet. Raises BadValue if the environment's ID can't be one."""
        path_segment(work.QUEUE_ID.flag, environment_id)
        self._client = Client(connection, runtime)
        # A heartbeat is sent once: after a lost response, the worker looks at the item before the next one.
        self._once = Client(connection._replace(max_retries=0), runtime)
        self._environment_id = environment_id
        self._worker_id = worker_id

    def close(self) -> None:
        """Close the connections."""
        for client in (self._client, self._once):
            client.__exit__()

    def poll(self) -> WorkItem | None:
        """Return the next item of the queue; None if none arrived while the server waited."""
        request = self._request(work.POLL, block_ms=str(BLOCK_MS), anthropic_worker_id=self._worker_id)
        body = self._client.send(request).body
        return None if body.strip() == b"null" else _checked(_object(body))

    def acknowledge(self, work_id: str) -> WorkItem:
        """Take an item out of the queue, and return it."""
        return self._send(self._request(work.ACK, work_id=work_id))

    def retrieve(self, work_id: str) -> WorkItem:
        """Fetch the current state of an item."""
        return self._send(self._request(work.RETRIEVE, work_id=work_id))

    def heartbeat(self, work_id: str, expected: str, ttl_s: int) -> WorkItem:
        """Extend the lease, if the last heartbeat is the expected one. The request is sent once."""
        request = self._request(
            work.HEARTBEAT, work_id=work_id, desired_ttl_seconds=str(ttl_s), expected_last_heartbeat=expected
        )
        return _object(self._once.send(request).body)

    def update(self, work_id: str, metadata: Mapping[str, str | None]) -> WorkItem:
        """Merge metadata into an item, and return it; None deletes a key."""
        return self._send(self._request(work.UPDATE, {"metadata": dict(metadata)}, work_id=work_id))

    def stop(self, work_id: str) -> WorkItem:
        """Stop an item that nobody runs any more."""
        return self._send(self._request(work.STOP, {"force": True}, work_id=work_id))

    def stats(self) -> WorkItem:
        """Return the statistics of the queue."""
        return self._send(self._request(work.STATS))

    def _request(self, operation: Operation, body: Mapping[str, Value] | None = None, **values: str) -> Request:
        return request_of(operation, {"environment_id": self._environment_id, **values}, body)

    def _send(self, request: Request) -> WorkItem:
        return _object(self._client.send(request).body)


def _object(body: bytes) -> WorkItem:
    """Return the object of a response, after checking the members that the worker reads."""
    value = json_object(body)
    if value is None:
        raise ResponseError("the server sent something other than a JSON object.")
    for name, type_ in _FORM.items():
        member = value.get(name)
        if member is not None and (type(member) is not type_ or (isinstance(member, int) and member > _LARGEST)):
            raise ResponseError(f"the server sent an object whose {name!r} is not of the API's form.")
    if any(has_lone_surrogate(value.get(name) or "") for name in _IN_REQUESTS):
        raise ResponseError("the server sent a heartbeat that contains a lone surrogate.")
    return value


def _checked(item: WorkItem) -> WorkItem:
    """Return the item, if its ID can be part of a path."""
    if not is_id(item.get("id")):
        raise ResponseError("the server sent a work item without a usable ID.")
    return item


def connection_with_key(connection: ConnectionSettings, key: str) -> ConnectionSettings:
    """Return the connection with an environment's key, a bearer token, in place of any other credential."""
    return connection._replace(credential=Credential("auth_token", key, "--environment-key", explicit=True))
