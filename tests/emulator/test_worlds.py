"""Worlds: an emulator for each API key, as parallel files of tests need it."""

import json
from contextlib import closing

import pytest
from werkzeug.test import Client

from ant_cli.emulator.worlds import MOST_WORLDS, Worlds
from tests.helpers.words import API_HEADERS

from .api import ENVIRONMENTS, token_of


@pytest.fixture
def worlds():
    """Return an emulator with a world for each API key."""
    with closing(Worlds(seed=7)) as worlds:
        yield worlds


@pytest.fixture
def request_as(worlds):
    """Return a function that sends a request with a key, as a bearer token or as an API key."""

    def send(credential, method, path, body=None):
        headers = dict(API_HEADERS)
        if credential.startswith("x:"):
            headers["x-api-key"] = credential[2:]
        elif credential:
            headers["authorization"] = f"Bearer {credential}"
        return Client(worlds).open(path, method=method, json=body, headers=headers)

    return send


def test_each_key_has_its_own_world(request_as):
    """Also for faults, the clock, scripts and a reset. The kind of the header does not matter."""
    for key in ("one", "x:two"):
        assert request_as(key, "POST", ENVIRONMENTS, {"name": "same"}).status_code == 200
    request_as("one", "POST", "/_emulator/faults", {"path": ENVIRONMENTS, "status": 503})
    request_as("one", "POST", "/_emulator/clock", {"freeze": True})
    assert request_as("two", "GET", "/_emulator/clock").json["frozen"] is False
    assert request_as("two", "GET", ENVIRONMENTS).status_code == 200
    assert request_as("x:one", "GET", ENVIRONMENTS).status_code == 503
    assert len(request_as("one", "GET", "/_emulator/requests").json["data"]) == 2
    request_as("one", "POST", "/_emulator/reset")
    assert request_as("one", "GET", ENVIRONMENTS).json["data"] == []
    (left,) = request_as("two", "GET", ENVIRONMENTS).json["data"]
    assert left["name"] == "same"


def test_a_request_of_no_world_has_an_id_as_every_other(request_as):
    """Clients log it from the header."""
    refused = request_as("", "GET", ENVIRONMENTS)
    assert refused.status_code == 401
    assert refused.headers["request-id"] == refused.json["request_id"]


def test_the_keys_and_secrets_of_a_world_lead_to_it(request_as):
    """So the worker of a test finds its queue. What no world has issued is refused, and makes no world."""
    queues = {}
    for key in ("one", "two"):
        body = {"name": "queue", "config": {"type": "self_hosted"}}
        queues[key] = request_as(key, "POST", ENVIRONMENTS, body).json["id"]
        admin = f"/_emulator/environments/{queues[key]}"
        request_as(key, "POST", f"{admin}/enqueue", {})
        worker = request_as(key, "POST", f"{admin}/key").json["environment_key"]
        path = f"{ENVIRONMENTS}/{queues[key]}/work"
        item = json.loads(request_as(worker, "GET", f"{path}/poll").text)
        request_as(worker, "POST", f"{path}/{item['id']}/ack")
        secret = token_of(item["secret"])
        assert request_as(secret, "POST", f"{path}/{item['id']}/stop").status_code == 200
    assert queues["one"] != queues["two"]  # with a seed, too
    for unknown in ("sk-ant-oat01-x", "sk-ant-sst01-x"):
        refused = request_as(unknown, "GET", f"{ENVIRONMENTS}/{queues['one']}/work/poll")
        assert (refused.status_code, refused.json["type"]) == (401, "error")


def test_a_request_without_a_key_has_no_world(request_as):
    """A reset that forgets the key must not remove what another test has made. A health check needs none."""
    for path in (ENVIRONMENTS, "/_emulator/clock"):
        refused = request_as("", "GET", path)
        assert refused.status_code == 401
        assert "Each API key has a world of its own" in refused.json["error"]["message"]
    assert request_as("", "GET", "/healthz").json == {"status": "ok"}


def test_a_world_may_begin_while_another_thread_looks_for_that_of_a_secret(request_as, monkeypatch):
    """The tests of a suite start at any time."""
    for key in ("one", "two"):
        request_as(key, "GET", ENVIRONMENTS)
    begun = []

    def has_issued(*_):
        begun.append(request_as(f"new {len(begun)}", "GET", ENVIRONMENTS).status_code)
        return False

    monkeypatch.setattr("ant_cli.emulator.wsgi_app.Emulator.has_issued", has_issued)
    assert request_as("sk-ant-sst01-x", "GET", "/v1/agents/a").status_code == 401
    assert begun == [200, 200]


def test_there_is_a_greatest_number_of_worlds(request_as):
    """A suite that makes a key for each request would fill the memory."""
    for number in range(MOST_WORLDS):
        assert request_as(str(number), "GET", "/_emulator/clock").status_code == 200
    assert request_as("one more", "GET", "/_emulator/clock").status_code == 503
    assert request_as("0", "GET", "/_emulator/clock").status_code == 200
