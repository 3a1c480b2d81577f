"""The API calls of a worker. All take the environment's key, except `update`, which takes an API key."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from ant_cli.errors import AntError, APIError, ResponseError
from ant_cli.http.client import Client, connect
from ant_cli.http.pagination import follow_pages
from ant_cli.http.response import error_message, json_object
from ant_cli.http.retries import RETRIED_4XX
from ant_cli.http.transport import Timeouts
from ant_cli.input.request import Request, is_id, path_segment, request_of
from ant_cli.input.values import Value
from ant_cli.operations import work
from ant_cli.operations.spec import Operation
from ant_cli.output.times import seconds_since_1970
from ant_cli.runtime import Runtime
from ant_cli.runtime.variables import ENVIRONMENT_KEY, METADATA_KEY
from ant_cli.settings.credentials import Credential
from ant_cli.settings.loading import ConnectionSettings

WorkItem = dict[str, Any]
"""A work item as the server sent it."""
_FORM: Mapping[str, type] = {
    **dict.fromkeys(
        ("id", "state", "secret", "acknowledged_at", "latest_heartbeat_at", "last_heartbeat"), str
    ),
    **dict.fromkeys(("data", "metadata"), dict),
    **dict.fromkeys(("ttl_seconds", "depth", "pending", "workers_polling"), int),
}
"""The types of the members that the worker reads. Each may be null or missing."""
_LARGEST = 10**15
_LONGEST = {"id": 256, "last_heartbeat": 1024}
"""The most characters, as JSON, of the members that are sent to the guardian: each message must fit into a pipe."""
BLOCK_MS = 999
"""How long the server holds a poll open: the API's maximum."""
SHORTEST_LEASE_S, LONGEST_LEASE_S = 1, 300
"""The shortest and the longest lease that the API grants."""
RUNNING = ("starting", "active", "stopping")
"""The states of an item that is held by a lease."""
_MOST_ITEMS = 2000
"""How many of the newest items are looked at for those that run."""
_PAGE_SIZE = "200"
"""How many of them are requested at once: with 10 KB of metadata each, they fit into `_LARGEST_RESPONSE`."""
_LATEST_EVENTS = "20"
"""How many events show whether a session waits: more than an agent calls tools at once."""
TIMEOUT_S = 30.0
"""How long to wait for a response. Less would fail on a slow network, and more would keep a slot from its work."""
_LARGEST_RESPONSE = 2_000_000
"""The most bytes of a response. While it is read, nothing else happens, so more would cost leases."""


class MalformedResponse(ResponseError):
    """A response to a request that succeeded is not of the API's form. Sending it again changes nothing."""


class WorkAPI:
    """The work of one environment. Threads may share it. Calls raise the same errors as `Client.send`."""

    def __init__(
        self,
        connection: ConnectionSettings,
        runtime: Runtime,
        environment_id: str,
        worker_id: str = "",
    ) -> None:
        """Prepare; nothing is connected yet. Raises BadValue if the environment's ID can't be one."""
        client = connect(connection, runtime)
        self._client = client.with_policy(client.policy._replace(response_limit=_LARGEST_RESPONSE))
        self._patient = _limited(self._client, TIMEOUT_S)
        self._once = _limited(self._client, TIMEOUT_S, max_retries=0)
        self._environment_id = environment_id
        self._poll = self._request(work.POLL, block_ms=str(BLOCK_MS), anthropic_worker_id=worker_id)

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def poll(self) -> WorkItem | None:
        """Return the next item of the queue; None if none arrived while the server waited."""
        body = self._patient.send(self._poll).body
        if body.strip() == b"null":
            return None
        item = _object(body)
        if not is_id(item.get("id")):  # it will be part of a path
            raise ResponseError("the server sent a work item without a usable ID.")
        return item

    def acknowledge(self, work_id: str) -> WorkItem:
        """Take an item out of the queue, and return it. The request is sent once."""
        return _object(_send_change(self._once, self._request(work.ACK, work_id=work_id)))

    def heartbeat(self, work_id: str, expected: str, ttl_s: int, timeout_s: float) -> WorkItem:
        """Extend the lease, if the last heartbeat is the expected one. The request is sent once."""
        request = self._request(
            work.HEARTBEAT,
            work_id=work_id,
            desired_ttl_seconds=str(ttl_s),
            expected_last_heartbeat=expected,
        )
        return _object(_send_change(_limited(self._client, timeout_s, max_retries=0), request))

    def give_back(self, work_id: str) -> bool:
        """End the lease of an item that never had a heartbeat. Return False if it has one by now."""
        try:
            self.heartbeat(work_id, "NO_HEARTBEAT", SHORTEST_LEASE_S, TIMEOUT_S)
        except APIError as error:
            if error.status != 412:
                raise
            return False
        return True

    def stop(self, work_id: str) -> WorkItem:
        """Stop an item that nobody runs any more, and return it, if the server does. The request is sent once."""
        request = self._request(work.STOP, {"force": True}, work_id=work_id)
        return json_object(_send_change(self._once, request)) or {}

    def update(self, work_id: str, metadata: Mapping[str, str | None]) -> None:
        """Merge metadata into an item; None deletes a key. It needs an API key."""
        request = self._request(work.UPDATE, {"metadata": dict(metadata)}, work_id=work_id)
        self._patient.send(request)

    def session(self, session_id: str) -> WorkItem:
        """Return a session. The request is sent once."""
        request = Request(
            "GET", f"/v1/sessions/{path_segment('the session', session_id)}", (("beta", "true"),)
        )
        return json_object(self._once.send(request).body) or {}

    def latest_events(self, session_id: str) -> list[Any]:
        """Return the latest calls of tools and ends of turns of a session, the newest first."""
        segment = path_segment("the session", session_id)
        types = (("types[]", "session.status_idle"), ("types[]", "agent.tool_use"))
        query = (("beta", "true"), ("order", "desc"), ("limit", _LATEST_EVENTS), *types)
        request = Request("GET", f"/v1/sessions/{segment}/events", query)
        found = (json_object(self._once.send(request).body) or {}).get("data")
        events = found if isinstance(found, list) else []
        return [event for event in events if isinstance(event, dict)]

    def stats(self) -> WorkItem:
        """Return the statistics of the queue."""
        return _object(self._client.send(self._request(work.STATS)).body)

    def running(self) -> int:
        """Return how many items run, among the newest of the environment.

        Finished items are older than running ones, so the first page that has nothing else is the last to look at.
        """
        count = 0
        for items in self._pages():
            states = [item.get("state") for item in items]
            count += sum(state in RUNNING for state in states)
            if all(state == "stopped" for state in states):
                break
        return count

    def newest_items(self) -> list[WorkItem]:
        """Return the newest items."""
        return [item for items in self._pages() for item in items]

    def _pages(self) -> Iterator[list[WorkItem]]:
        for page in follow_pages(
            self._client.send, self._request(work.LIST, limit=_PAGE_SIZE), _MOST_ITEMS
        ):
            yield [_of_form(json_object(item) or {}) for item in page]

    def _request(
        self, operation: Operation, body: Mapping[str, Value] | None = None, **values: str
    ) -> Request:
        return request_of(operation, {"environment_id": self._environment_id, **values}, body)


def _limited(client: Client, timeout_s: float, max_retries: int | None = None) -> Client:
    """Return a client with the same connections, for one request that waits only this long for a response.

    So a connection that has died unnoticed costs only this time: the next attempt opens another one.
    """
    policy, limit_s = client.policy, min(timeout_s, client.policy.timeouts.step_s)
    retries = policy.max_retries if max_retries is None else max_retries
    return client.with_policy(
        policy._replace(timeouts=Timeouts(limit_s, limit_s), max_retries=retries)
    )


def _send_change(client: Client, request: Request) -> bytes:
    """Send a request that changes an item, and return the body of the response.

    An error that is not of the API's form is the answer of a gateway, whatever its status. The API may have made
    the change, so the outcome is unknown.
    """
    try:
        return client.send(request).body
    except APIError as error:
        if _is_from_the_api(error):
            raise
        raise error.with_unknown_outcome() from None


def _is_from_the_api(error: APIError) -> bool:
    """Whether the body of an error is the API's error object."""
    body = json_object(error.body) or {}
    details = body.get("error")
    if body.get("type") != "error" or not isinstance(details, dict):
        return False
    return isinstance(details.get("type"), str)


def age(time_of_server: object, now: float) -> float:
    """Return how many seconds ago something was, by the clocks of both sides; 0 if the server does not say when."""
    moment = seconds_since_1970(str(time_of_server))
    return 0.0 if moment is None else max(now - moment, 0.0)


def is_permanent(error: AntError) -> bool:
    """Whether an error is permanent: a client error of the API, with few exceptions."""
    return (
        isinstance(error, APIError)
        and 400 <= error.status < 500
        and error.status not in RETRIED_4XX
    )


def is_archived(error: AntError) -> bool:
    """Whether an error says that the environment is archived, by its code or its message."""
    body = error.body if isinstance(error, APIError) else b""
    return b'"environment_archived"' in body or "is archived" in error_message(body)


def item_in_refusal(error: AntError) -> WorkItem:
    """Return what a 412 says about the item: its state, its last heartbeat and the rest of the lease.

    Empty if the 412 does not say it, or if this is another error.
    """
    found: Any = (
        json_object(error.body) if isinstance(error, APIError) and error.status == 412 else None
    )
    for name in ("error", "details", "current_state"):
        found = found.get(name) if isinstance(found, dict) else None
    try:
        return _of_form(found) if isinstance(found, dict) else {}
    except ResponseError:  # not of the API's form
        return {}


def _object(body: bytes) -> WorkItem:
    """Return the object of a response, after checking the members that the worker reads."""
    value = json_object(body)
    if value is None:
        raise MalformedResponse("the server sent something other than a JSON object.")
    return _of_form(value)


def _of_form(value: WorkItem) -> WorkItem:
    for name, type_ in _FORM.items():
        member = value.get(name)
        if member is not None and not (type(member) is type_ and _is_small(name, member)):
            problem = f"the server sent an object whose {name!r} is not of the API's form."
            raise MalformedResponse(problem)
    return value


def _is_small(name: str, member: Any) -> bool:
    if isinstance(member, int):
        return 0 <= member <= _LARGEST
    return name not in _LONGEST or len(json.dumps(member)) <= _LONGEST[name] + len('""')


def connection_with_key(
    connection: ConnectionSettings, key: str, environ: Mapping[str, str], api_key: str = ""
) -> ConnectionSettings:
    """Return the connection with an environment's key in place of any other credential.

    Messages name the variable as the key's source if `environ` has the key. `api_key` is for the requests that take
    no environment key; it may be empty.
    """
    source = (
        ENVIRONMENT_KEY if environ.get(ENVIRONMENT_KEY, "").strip() == key else "--environment-key"
    )
    second_choice = Credential("api_key", api_key, METADATA_KEY, "flag") if api_key else None
    credential = Credential("environment_key", key, source, "flag")
    return connection._replace(credential=credential, second_choice=second_choice)
