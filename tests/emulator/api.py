"""A client of the emulator that checks every response against the domain types, including the order of fields."""

from __future__ import annotations

import base64
import http.client
import json
import re
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from werkzeug.test import Client, TestResponse

from ant_cli.emulator import Emulator
from tests.helpers.words import API_HEADERS

from . import response_types as types

API_KEY = "test"
"""The SDK sends it as a bearer token. It has no form that shows what it is."""
HEADERS = API_HEADERS | {"x-api-key": "any-key"}
WORKER_HEADERS = API_HEADERS | {"authorization": "Bearer any-environment-key"}
ENVIRONMENTS = "/v1/environments"
WORK_LIST = re.compile(f"{ENVIRONMENTS}/[^/]+/work")
ANSWERS = (
    ("GET", r"/v1/environments", types.EnvironmentList),
    ("DELETE", r"/v1/environments/[^/]+", types.EnvironmentDeleteResponse),
    ("GET|POST", r"/v1/environments(/[^/]+(/archive)?)?", types.Environment),
    ("GET", r"/v1/environments/[^/]+/work", types.WorkList),
    ("GET", r"/v1/environments/[^/]+/work/stats", types.WorkQueueStats),
    ("POST", r"/v1/environments/[^/]+/work/[^/]+/heartbeat", types.WorkHeartbeatResponse),
    ("GET|POST", r"/v1/environments/[^/]+/work/[^/]+(/ack|/stop)?", types.Work),
)


def check_form(method: str, path: str, response: TestResponse) -> None:
    """Check what all responses have in common, and the type of a successful one."""
    assert response.content_type == "application/json"
    assert re.fullmatch(r"req_[0-9A-Za-z]{24}", response.headers["request-id"])
    if response.status_code != 200:
        assert response.json["type"] == "error"
        assert list(response.json) == ["type", "error", "request_id"]
        assert response.json["request_id"] == response.headers["request-id"]
        return
    for methods, pattern, model in ANSWERS:
        if (
            re.fullmatch(methods, method)
            and re.fullmatch(pattern, path)
            and response.text != "null"
        ):
            typed = model.model_validate_json(response.text)
            assert json.dumps(typed.model_dump(exclude_unset=True)) == json.dumps(response.json)
            return


@dataclass
class Api:
    """Calls an emulator in the process, with the required headers. The work list gets an environment key."""

    emulator: Emulator
    headers: dict[str, str] = field(default_factory=lambda: dict(HEADERS))

    def __call__(self, method, path, body=None, *, headers=None, **query) -> TestResponse:
        """Send a request, check the form of the response, and return it."""
        client = Client(self.emulator)
        lists_work = method == "GET" and WORK_LIST.fullmatch(path)
        response = client.open(
            path,
            method=method,
            json=body,
            query_string={"beta": "true", **query},
            headers=headers
            if headers is not None
            else WORKER_HEADERS
            if lists_work
            else self.headers,
        )
        check_form(method, path, response)
        return response

    def create(self, name="demo", **body) -> str:
        """Create an environment and return its ID."""
        response = self("POST", ENVIRONMENTS, {"name": name, **body})
        assert response.status_code == 200, response.text
        return response.json["id"]

    def create_queue(self, name="queue") -> str:
        """Create a self-hosted environment and return its ID."""
        return self.create(name, config={"type": "self_hosted"})

    def enqueue(self, environment_id, **body) -> list[str]:
        """Put work in the queue and return the IDs of the items."""
        response = self("POST", f"/_emulator/environments/{environment_id}/enqueue", body)
        assert response.status_code == 200, response.text
        return [item["id"] for item in response.json["data"]]

    def retrieve(self, environment_id):
        """Return an environment."""
        return self("GET", f"{ENVIRONMENTS}/{environment_id}").json

    def update(self, environment_id, **body) -> TestResponse:
        """Update an environment."""
        return self("POST", f"{ENVIRONMENTS}/{environment_id}", body)

    def poll(self, environment_id, **query):
        """Poll, and return the item, or None."""
        response = self("GET", f"{ENVIRONMENTS}/{environment_id}/work/poll", **query)
        assert response.status_code == 200, response.text
        return json.loads(response.text)

    def stats(self, environment_id):
        """Return the queue's statistics."""
        return self("GET", f"{ENVIRONMENTS}/{environment_id}/work/stats").json

    def item(self, environment_id, work_id):
        """Return a work item."""
        return self("GET", f"{ENVIRONMENTS}/{environment_id}/work/{work_id}").json

    def act(self, environment_id, work_id, action, body=None, **query) -> TestResponse:
        """Acknowledge, stop, or send a heartbeat of a work item."""
        return self(
            "POST", f"{ENVIRONMENTS}/{environment_id}/work/{work_id}/{action}", body, **query
        )

    def begin(self, environment_id, work_id):
        """Acknowledge an item and send its first heartbeat. Return the response to the heartbeat."""
        assert self.act(environment_id, work_id, "ack").status_code == 200
        return self.act(environment_id, work_id, "heartbeat").json


def message(response, status) -> str:
    """Return the message of an error response with this status."""
    assert response.status_code == status, response.text
    return response.json["error"]["message"]


def bearer(token: str) -> dict[str, str]:
    """Return the headers of a request with a bearer token."""
    return API_HEADERS | {"authorization": f"Bearer {token}"}


@contextmanager
def connected(url: str) -> Iterator[http.client.HTTPConnection]:
    """Connect to a served emulator."""
    parts = urlsplit(url)
    with closing(
        http.client.HTTPConnection(str(parts.hostname), parts.port, timeout=30)
    ) as connection:
        yield connection


def send(
    connection: http.client.HTTPConnection, method: str, path: str, body: Any = None
) -> tuple[int, Any]:
    """Send a request over a connection, and return the status and the JSON of its response."""
    connection.request(method, path, None if body is None else json.dumps(body), HEADERS)
    with connection.getresponse() as response:
        return response.status, json.loads(response.read())


def token_of(secret: str) -> str:
    """Return the token of a session from the secret of a work item."""
    return str(
        json.loads(base64.urlsafe_b64decode(secret + "=" * (-len(secret) % 4)))["sessions_token"]
    )
