"""The calls that a worker makes: poll, acknowledge, heartbeat, retrieve, update and stop."""

from __future__ import annotations

import json
from collections.abc import Mapping
from urllib.parse import quote

from ant_cli.errors import ResponseError
from ant_cli.http.client import Client
from ant_cli.http.response import json_object
from ant_cli.input.request import Request, has_lone_surrogate
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
"""The types of the members that the worker reads; each may be null, or missing."""
_IN_REQUESTS = ("latest_heartbeat_at", "last_heartbeat")
"""The members that become part of a later request."""
_LARGEST = 10**15


class WorkAPI:
    """The work of one environment. Threads may share it. Calls raise as `Client.send` does."""

    def __init__(
        self, connection: ConnectionSettings, runtime: Runtime, environment_id: str, worker_id: str
    ) -> None:
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
        """Return the next item of the queue; None if none came while the server waited."""
        query = (*_BETA, ("block_ms", str(BLOCK_MS)))
        request = Request("GET", self._path(work.POLL), query, (("anthropic-worker-id", self._worker_id),))
        body = self._client.send(request).body
        return None if body.strip() == b"null" else _checked(_object(body))

    def acknowledge(self, work_id: str) -> WorkItem:
        """Take an item out of the queue, and return it."""
        return self._post(work.ACK, work_id)

    def retrieve(self, work_id: str) -> WorkItem:
        """Fetch the current state of an item."""
        return _object(self._client.send(Request("GET", self._path(work.RETRIEVE, work_id), _BETA)).body)

    def heartbeat(self, work_id: str, expected: str, ttl_s: int) -> WorkItem:
        """Extend the lease, if the last heartbeat is the expected one. The request is sent once."""
        query = (*_BETA, ("desired_ttl_seconds", str(ttl_s)), ("expected_last_heartbeat", expected))
        request = Request("POST", self._path(work.HEARTBEAT, work_id), query, conditional=True)
        return _object(self._once.send(request).body)

    def update(self, work_id: str, metadata: Mapping[str, str | None]) -> WorkItem:
        """Merge metadata into an item, and return it; None deletes a key."""
        return self._post(work.UPDATE, work_id, {"metadata": dict(metadata)})

    def stop(self, work_id: str) -> WorkItem:
        """End an item that nobody runs any more."""
        return self._post(work.STOP, work_id, {"force": True})

    def stats(self) -> WorkItem:
        """Return the statistics of the queue."""
        return _object(self._client.send(Request("GET", self._path(work.STATS), _BETA)).body)

    def _post(self, operation: Operation, work_id: str, body: dict[str, Any] | None = None) -> WorkItem:
        content = None if body is None else json.dumps(body).encode()
        return _object(self._client.send(Request("POST", self._path(operation, work_id), _BETA, body=content)).body)

    def _path(self, operation: Operation, work_id: str = "") -> str:
        return operation.path.format(
            environment_id=quote(self._environment_id, safe=""), work_id=quote(work_id, safe="")
        )


_BETA = (("beta", "true"),)


def _object(body: bytes) -> WorkItem:
    """Return the object of a response, in which the members that the worker reads are of the API's form."""
    value = json_object(body)
    if value is None:
        raise ResponseError("the server sent something other than a JSON object.")
    for name, kind in _FORM.items():
        member = value.get(name)
        if member is not None and (type(member) is not kind or (isinstance(member, int) and member > _LARGEST)):
            raise ResponseError(f"the server sent an object whose {name!r} is not of the API's form.")
    if any(has_lone_surrogate(value.get(name) or "") for name in _IN_REQUESTS):
        raise ResponseError("the server sent a heartbeat that contains a lone surrogate.")
    return value


def _checked(item: WorkItem) -> WorkItem:
    """Return an item whose ID can be part of a path."""
    work_id = item.get("id")
    if not isinstance(work_id, str) or work_id in ("", ".", "..") or not work_id.isprintable():
        raise ResponseError("the server sent a work item without a usable ID.")
    return item


def connection_with_key(connection: ConnectionSettings, key: str) -> ConnectionSettings:
    """Return the connection with an environment's key, a bearer token, in place of any other credential."""
    return connection._replace(credential=Credential("auth_token", key, "--environment-key", explicit=True))
