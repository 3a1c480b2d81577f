"""The checks of every request before it reaches a rule, and the form of every error."""

import json
from urllib.parse import unquote

import pytest
from werkzeug.test import Client

from ant_cli.emulator import Emulator, call
from ant_cli.emulator.errors import EmulatorError, envelope

from .api import ENVIRONMENTS, HEADERS, Api, check_form, message

NO_CREDENTIAL = "x-api-key or authorization: Bearer: required."
NO_VERSION = "anthropic-version: must be 2023-06-01 or 2026-10-21, got"
NO_BETA = "anthropic-beta: header required, managed-agents-2026-04-01 for example."


def without(name):
    return {key: value for key, value in HEADERS.items() if key != name}


@pytest.mark.parametrize(
    ("headers", "status", "text"),
    [
        (without("x-api-key"), 401, NO_CREDENTIAL),
        (HEADERS | {"x-api-key": ""}, 401, NO_CREDENTIAL),
        (without("x-api-key") | {"authorization": "Basic abc"}, 401, NO_CREDENTIAL),
        (without("x-api-key") | {"authorization": "Bearer "}, 401, NO_CREDENTIAL),
        (without("anthropic-version"), 400, f"{NO_VERSION} ''."),
        (HEADERS | {"anthropic-version": "2024-01-01"}, 400, f"{NO_VERSION} '2024-01-01'."),
        (without("anthropic-beta"), 400, NO_BETA),
        (HEADERS | {"anthropic-beta": "files-api-2025-04-14"}, 400, NO_BETA),
        ({}, 401, NO_CREDENTIAL),
    ],
)
def test_a_missing_credential_version_or_beta_header_is_rejected(api, headers, status, text):
    """The status is 401 without a credential, and 400 without a version or the managed-agents beta."""
    assert message(api("GET", ENVIRONMENTS, headers=headers), status) == text


@pytest.mark.parametrize(
    "headers",
    [
        HEADERS,
        HEADERS | {"anthropic-version": "2026-10-21"},
        without("x-api-key") | {"authorization": "Bearer sk-ant-api03-any"},
        HEADERS | {"anthropic-beta": "files-api-2025-04-14, managed-agents-2027-01-01"},
    ],
)
def test_any_credential_and_a_list_of_betas_are_accepted(api, headers):
    """An emulator without a key accepts every API key, also as a bearer token, as the Python SDK sends it."""
    assert api("GET", ENVIRONMENTS, headers=headers).status_code == 200


@pytest.mark.parametrize("path", [ENVIRONMENTS, "/_emulator/faults"])
@pytest.mark.parametrize(
    ("credential", "status"),
    [
        ({"x-api-key": "sécret"}, 200),
        ({"authorization": "Bearer sécret"}, 200),
        ({"authorization": "bearer sécret", "x-api-key": "other"}, 200),
        ({"x-api-key": "other"}, 401),
        ({"authorization": "sécret"}, 401),
        ({}, 401),
    ],
)
def test_an_emulator_with_a_key_rejects_every_other_credential(path, credential, status):
    """The endpoints under `/_emulator/` check the key, too."""
    emulator = Emulator(":memory:", api_key="sécret", require_credential=False)
    response = Api(emulator)("GET", path, headers=without("x-api-key") | credential)
    assert response.status_code == status
    if status == 401:
        why = "invalid x-api-key" if credential.get("x-api-key") else NO_CREDENTIAL
        assert response.json["error"] == {"type": "authentication_error", "message": why}
    emulator.close()


def test_a_405_names_all_methods_of_the_path(api):
    """They are those of all endpoints that have this path."""
    allowed = {
        "/v1/environments/env_1": "DELETE, GET, HEAD, POST",
        "/v1/environments/env_1/work/poll": "GET, HEAD, POST",  # POST updates the item with the ID `poll`
        "/_emulator/clock": "GET, HEAD, POST",
    }
    for path, names in allowed.items():
        response = api("PUT", path)
        assert response.headers["allow"] == names
        assert message(response, 405) == f"{path} takes {names}, not PUT."


def test_head_returns_the_headers_of_get_without_a_body(api):
    """HEAD has the status and headers of GET."""
    response = api("HEAD", "/_emulator/clock")
    assert (response.status_code, response.data) == (200, b"")


def test_head_of_poll_is_rejected_and_takes_no_work(api, emulator):
    """Nobody would receive the item."""
    queue = api.create_queue()
    work = api.enqueue(queue)[0]
    response = Client(emulator).head(f"{ENVIRONMENTS}/{queue}/work/poll", headers=HEADERS)
    assert response.status_code == 404
    assert api.poll(queue)["id"] == work


def test_a_body_above_ten_megabytes_is_rejected(emulator):
    """The status is 413, before the body is read."""
    response = Client(emulator).post(
        ENVIRONMENTS, data=b" " * (call.LARGEST_BODY + 1), headers=HEADERS
    )
    check_form("POST", ENVIRONMENTS, response)
    assert message(response, 413) == "body: larger than 10485760 bytes."
    assert response.json["error"]["type"] == "request_too_large"


@pytest.mark.parametrize(
    ("status", "word"),
    [
        (400, "invalid_request_error"),
        (402, "billing_error"),
        (403, "permission_error"),
        (409, "conflict_error"),
        (412, "invalid_request_error"),
        (429, "rate_limit_error"),
        (500, "api_error"),
        (503, "api_error"),
        (504, "timeout_error"),
        (529, "overloaded_error"),
    ],
)
def test_every_error_status_has_its_error_type(status, word):
    """The status decides the type of an error."""
    assert json.loads(envelope(EmulatorError(status, "x"), "req_1"))["error"] == {
        "type": word,
        "message": "x",
    }


def test_a_broken_database_is_reported_as_a_server_error(database):
    """The response is a 500 with the API's error body."""
    emulator = Emulator(database)
    with emulator._store.write() as transaction:
        transaction.run("DROP TABLE environments")
    response = Api(emulator)("GET", ENVIRONMENTS)
    assert "no such table" in message(response, 500)
    emulator.close()


@pytest.mark.parametrize(
    ("method", "rest"),
    [("GET", "%2Fwork"), ("GET", "%2fwork%2Fstats"), ("POST", "%2Farchive"), ("GET", "%3Fa")],
)
def test_an_encoded_slash_in_an_id_reaches_no_other_endpoint(api, method, rest):
    """A percent-encoded slash is part of the ID, so the response is 404."""
    environment_id = api.create_queue()
    text = message(
        api(method, f"{ENVIRONMENTS}/{environment_id}{rest}", {} if method == "POST" else None), 404
    )
    assert unquote(environment_id + rest) in text
    assert api.retrieve(environment_id)["archived_at"] is None


def test_unnecessary_percent_encoding_in_a_path_is_accepted(api):
    """Each segment is compared after decoding, as the URI standard requires."""
    environment_id = api.create_queue()
    assert api("GET", f"/v1/%65nvironments/%65{environment_id[1:]}/wor%6B/stats").status_code == 200


def test_unusual_ids_are_404_and_never_a_server_error(api):
    """IDs may be percent-encoded, or not be UTF-8."""
    for odd in ("env_1", "%00", "%ff", "a'b", "*", "..", "%F0%9F%90%9C", "x" * 3000):
        assert api("GET", f"{ENVIRONMENTS}/{odd}").status_code == 404
