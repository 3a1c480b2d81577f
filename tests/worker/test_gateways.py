"""Errors of a gateway, which say nothing about what the API has done, and errors of the API, which do."""

from __future__ import annotations

import json
from contextlib import contextmanager

import pytest

from ant_cli.errors import APIError
from ant_cli.http.response import Response
from ant_cli.operations.spec import Flags
from ant_cli.settings.loading import load
from ant_cli.worker.work_api import WorkAPI
from tests.conftest import make_runtime

CHANGES = pytest.mark.parametrize(
    "change",
    [
        lambda api: api.acknowledge("work_1"),
        lambda api: api.stop("work_1"),
        lambda api: api.heartbeat("work_1", "NO_HEARTBEAT", 45, 5.0),
        lambda api: api.give_back("work_1"),
    ],
    ids=["ack", "stop", "heartbeat", "give_back"],
)
STATUSES = pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 429])


@pytest.fixture
def failure_of(clean_environ):
    """Return a function that returns the error of a change which is answered like this."""

    def failure(change, status, body):
        class Responding:
            @contextmanager
            def stream(self, *_):
                yield Response(status, "", {}, [body])

        environ = {**clean_environ, "ANTHROPIC_AUTH_TOKEN": "the-key"}
        runtime = make_runtime(environ, transport=Responding())
        api = WorkAPI(load(runtime, Flags()).connection, runtime, "env_1")
        with pytest.raises(APIError) as caught:
            change(api)
        return caught.value

    return failure


@CHANGES
@STATUSES
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>conflict</html>",
        b'{"message": "conflict"}',
        b'{"type": "error"}',
        b'{"type": "error", "error": "conflict"}',
        b'{"type": "error", "error": {"message": "conflict"}}',
        b'{"type": "error", "error": {"type": 409}}',
        b'{"error": {"type": "conflict_error"}}',
        b'["error"]',
        b'{"type": "error", "error": {"type": "conflict_error"}',
    ],
)
def test_an_error_without_the_error_object_of_the_api_leaves_the_outcome_open(
    failure_of, change, status, body
):
    """It may be the answer of a gateway to a change that was made."""
    assert failure_of(change, status, body).outcome_unknown


@CHANGES
@STATUSES
def test_an_error_of_the_api_is_an_answer(failure_of, change, status):
    """The change was not made."""
    body = {"type": "error", "error": {"type": "x_error", "message": "no"}, "request_id": None}
    assert not failure_of(change, status, json.dumps(body).encode()).outcome_unknown
