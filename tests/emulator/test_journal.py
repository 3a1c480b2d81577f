"""The journal: what a test sees of the requests that its program sent."""

import json

import pytest

from ant_cli.emulator import Emulator

from .api import ENVIRONMENTS, HEADERS, Api

REQUESTS = "/_emulator/requests"


def test_the_journal_explains_each_request_of_the_api(api):
    """It has what was sent and what was returned, and leaves out the emulator's own endpoints."""
    headers = HEADERS | {
        "anthropic-worker-id": "w1",
        "user-agent": "test/1",
        "x-stainless-retry-count": "2",
    }
    refused = api("POST", ENVIRONMENTS, {"name": ""}, headers=headers, more="1")
    entries = api("GET", REQUESTS).json["data"]
    assert entries == [
        {
            "time": "2026-03-15T10:00:00.000000Z",
            "method": "POST",
            "path": ENVIRONMENTS,
            "query": {"beta": "true", "more": "1"},
            "credentials": entries[0]["credentials"],
            "worker_id": "w1",
            "headers": {
                "anthropic-version": "2023-06-01",
                "anthropic-beta": "managed-agents-2026-04-01",
                "user-agent": "test/1",
                "x-stainless-retry-count": "2",
            },
            "request_body": {"name": ""},
            "status": 400,
            "error": refused.json["error"]["message"],
            "request_id": refused.headers["request-id"],
            "fault": None,
            "response_body": refused.json,
        }
    ]
    assert ["API key" in kind for kind in entries[0]["credentials"]] == [True]
    assert api("DELETE", REQUESTS).json == {"count": 1, "type": "requests_deleted"}
    assert api("GET", REQUESTS).json == {"data": []}


def test_the_journal_names_the_fault_that_was_applied(api):
    """A fault that fails the request, and one that only delays it."""
    faults = [
        api("POST", "/_emulator/faults", body).json["id"]
        for body in ({"delay_ms": 1}, {"status": 503})
    ]
    for _ in range(3):
        api("GET", ENVIRONMENTS)
    entries = [(entry["status"], entry["fault"]) for entry in api("GET", REQUESTS).json["data"]]
    assert entries == [(503, faults[1]), (200, faults[0]), (200, None)]


@pytest.mark.parametrize("path", ["/_emulator", "/_emulator/", "/_emulator/nothing"])
def test_a_request_to_the_emulator_itself_needs_no_credential_and_is_not_in_the_journal(api, path):
    """Also one that leaves out the slash, or mistypes the rest."""
    assert api("GET", path, headers={}).status_code == (200 if path.endswith("/") else 404)
    assert api("GET", REQUESTS).json["data"] == []


def test_the_journal_hides_secrets():
    """Those of the emulator, in a body that is cut, too, and its own key wherever a client sends it."""
    emulator = Emulator(":memory:", api_key="correct-horse")
    api = Api(emulator, HEADERS | {"x-api-key": "correct-horse"})
    queue = api.create_queue()
    api.enqueue(queue)
    secret = api.poll(queue)["secret"]
    api(
        "POST",
        ENVIRONMENTS,
        {"name": "correct-horse", "metadata": {"secret": secret, "long": "x" * 70_000}},
    )
    api(
        "POST",
        ENVIRONMENTS,
        {"name": "sk-ant-sst01-of_any-kind"},
        description='{"secret": "' + secret,
    )
    text = api("GET", REQUESTS).text
    assert len(api("GET", REQUESTS).json["data"]) == 4
    assert not [known for known in (secret[:20], "correct-", "of_any-kind") if known in text]
    emulator.close()


def test_the_journal_hides_what_has_the_name_of_a_secret(api):
    """Values that the emulator has not issued are hidden, too. An empty worker ID is stored as null."""
    names = ("secret", "sessions_token", "environment_key")
    metadata = {name: f"hidden {name}" for name in names} | {"other": "shown"}
    headers = HEADERS | {"anthropic-worker-id": ""}
    api("POST", ENVIRONMENTS, {"name": "a", "metadata": metadata}, headers=headers)
    (entry,) = api("GET", REQUESTS).json["data"]
    hidden = dict.fromkeys(names, "[REDACTED]") | {"other": "shown"}
    assert entry["request_body"]["metadata"] == entry["response_body"]["metadata"] == hidden
    assert entry["worker_id"] is None


def test_the_journal_keeps_the_last_requests_and_the_beginning_of_their_bodies(api):
    """An emulator that runs for days does not grow."""
    for number in range(1_002):
        api("GET", ENVIRONMENTS, number=number)
    entries = api("GET", REQUESTS).json["data"]
    assert [entry["query"]["number"] for entry in entries] == [
        str(number) for number in range(2, 1_002)
    ]
    api("POST", ENVIRONMENTS, {"name": "x" * 100_000})
    *_, last = api("GET", REQUESTS).json["data"]
    assert json.dumps({"name": "x" * 100_000}).startswith(last["request_body"])
    assert len(last["request_body"]) == 65_536
    api("POST", "/_emulator/reset")
    assert api("GET", REQUESTS).json["data"] == []
