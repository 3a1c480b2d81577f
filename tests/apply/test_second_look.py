"""Right before a change, an environment is read again: what others changed, and what was done already."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ant_cli.apply import server
from ant_cli.errors import APIError
from ant_cli.http.response import Response

BEFORE: dict[str, Any] = {
    "id": "env_1",
    "name": "a",
    "description": "old",
    "config": {"type": "cloud"},
    "archived_at": None,
    "updated_at": "2026-01-01T00:00:00Z",
}
NO_TIMES = {name: BEFORE[name] for name in BEFORE if name != "updated_at"}


def response(value):
    found = Response(200, "OK", {}, [])
    found.body = json.dumps(value).encode()
    return found


class Client:
    """A client whose server has `now` when it is read again; an error is raised instead."""

    def __init__(self, now):
        self.now = now
        self.sent = []

    def send(self, _request, prepare=None):
        if prepare is None:
            if isinstance(self.now, APIError):
                raise self.now
            return response(self.now)
        found = prepare(None)
        if isinstance(found, Response):
            return found
        self.sent.append(found.path.rpartition("/")[2])
        return response({**BEFORE, "description": "new"})


def no_such_environment(status=404):
    return APIError("GET /v1/environments/env_1", status, "", b"{}", "req_1")


@pytest.mark.parametrize(
    "change",
    [
        {"updated_at": "2026-01-01T00:00:01Z"},
        {"archived_at": "2026-01-01T00:00:01Z"},
        {"description": "of a colleague"},
        {"config": {"type": "cloud", "packages": {"pip": ["x"]}}},
    ],
    ids=lambda change: next(iter(change)),
)
@pytest.mark.parametrize("before", [BEFORE, NO_TIMES], ids=["times", "no times"])
def test_whatever_others_changed_stops_an_update_and_a_deletion(change, before):
    """Some servers send no times, and a time may be the only thing that differs."""
    client = Client({**before, **change})
    for act in (
        lambda: server.update(client, before, {"description": "new"}),
        lambda: server.delete(client, before),
    ):
        with pytest.raises(server.Changed) as caught:
            act()
        assert caught.value.now == client.now
    assert client.sent == []


def test_an_update_that_was_made_already_is_not_sent_again():
    """An attempt whose response was lost made it. Its result is what the server has."""
    client = Client({**BEFORE, "description": "new", "updated_at": "2026-01-01T00:00:01Z"})
    assert server.update(client, BEFORE, {"description": "new"}) == client.now
    assert client.sent == []


def test_an_environment_that_was_archived_already_is_not_archived_again():
    """It existed, so nothing has to be forgotten."""
    client = Client({**BEFORE, "archived_at": "2026-01-01T00:00:01Z"})
    assert server.archive(client, BEFORE) is True
    assert client.sent == []
    client = Client(BEFORE)
    assert server.archive(client, BEFORE) is True
    assert client.sent == ["archive"]


def test_an_environment_that_is_gone_needs_no_archiving_and_no_deletion_but_has_no_update():
    """Others have deleted it."""
    client = Client(no_such_environment())
    assert server.archive(client, BEFORE) is False
    server.delete(client, BEFORE)
    with pytest.raises(server.Changed) as caught:
        server.update(client, BEFORE, {"description": "new"})
    assert caught.value.now is None
    assert client.sent == []


@pytest.mark.parametrize("status", [401, 403, 429, 500])
def test_only_a_404_says_that_an_environment_is_gone(status):
    """Otherwise an outage would look like a deletion, and a plan would create all of them again."""
    client = Client(no_such_environment(status))
    for act in (
        lambda: server.retrieve(client, "env_1"),
        lambda: server.archive(client, BEFORE),
        lambda: server.update(client, BEFORE, {"description": "new"}),
    ):
        with pytest.raises(APIError):
            act()
    assert server.retrieve(Client(no_such_environment()), "env_1") is None
