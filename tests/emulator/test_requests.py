"""What is checked of every request before a rule sees it, and the form of every error."""

from urllib.parse import unquote

import pytest
from werkzeug.test import Client, EnvironBuilder, run_wsgi_app

from ant_cli.emulator import Emulator, http_request
from ant_cli.emulator.errors import error_type

from .api import ENVIRONMENTS, HEADERS, Api, check_form, message


def without(name):
    return {key: value for key, value in HEADERS.items() if key != name}


@pytest.mark.parametrize(
    ("headers", "status", "begin"),
    [
        (without("x-api-key"), 401, "x-api-key"),
        (HEADERS | {"x-api-key": ""}, 401, "x-api-key"),
        (without("x-api-key") | {"authorization": "Basic abc"}, 401, "x-api-key"),
        (without("x-api-key") | {"authorization": "Bearer "}, 401, "x-api-key"),
        (without("anthropic-version"), 400, "anthropic-version: "),
        (HEADERS | {"anthropic-version": "2024-01-01"}, 400, "anthropic-version: "),
        (without("anthropic-beta"), 400, "anthropic-beta: "),
        (HEADERS | {"anthropic-beta": "files-api-2025-04-14"}, 400, "anthropic-beta: "),
        ({}, 401, "x-api-key"),
    ],
)
def test_missing_headers_are_refused(api, headers, status, begin):
    """No credential is 401; no version and no managed-agents beta are 400."""
    assert message(api("GET", ENVIRONMENTS, headers=headers), status).startswith(begin)


@pytest.mark.parametrize(
    "headers",
    [
        HEADERS,
        HEADERS | {"anthropic-version": "2026-10-21"},
        without("x-api-key") | {"authorization": "Bearer token"},
        HEADERS | {"anthropic-beta": "files-api-2025-04-14, managed-agents-2027-01-01"},
    ],
)
def test_any_credential_and_one_beta_of_several_will_do(api, headers):
    """Without a key of its own the emulator takes every credential."""
    assert api("GET", ENVIRONMENTS, headers=headers).status_code == 200


def test_inside_a_process_no_credential_is_needed():
    """`require_credential=False` drops the first check and no other."""
    emulator = Emulator(":memory:", require_credential=False)
    api = Api(emulator)
    assert api("GET", ENVIRONMENTS, headers=without("x-api-key")).status_code == 200
    assert api("GET", ENVIRONMENTS, headers={}).status_code == 400
    emulator.close()


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
def test_with_a_key_nothing_else_is_accepted(path, credential, status):
    """The emulator's own endpoints are guarded like the API's."""
    emulator = Emulator(":memory:", api_key="sécret", require_credential=False)
    response = Api(emulator)("GET", path, headers=without("x-api-key") | credential)
    assert response.status_code == status
    if status == 401:
        assert response.json["error"]["type"] == "authentication_error"
    emulator.close()


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/v1/agents", 404),
        ("GET", "/", 404),
        ("GET", "/v1/environments/", 404),
        ("GET", "/v1//environments", 404),
        ("GET", "/v1/environments/env_1/work/work_1/ack/more", 404),
        ("POST", "/_emulator/nothing", 404),
        ("DELETE", "/v1/environments", 405),
        ("PUT", "/v1/environments/env_1", 405),
        ("GET", "/v1/environments/env_1/archive", 405),
        ("GET", "/v1/environments/env_1/work/work_1/ack", 405),
        ("POST", "/v1/environments/env_1/work", 405),
        ("OPTIONS", "/v1/environments", 405),
    ],
)
def test_what_is_no_endpoint_is_an_error_in_the_envelope(api, method, path, status):
    """Unknown paths are 404, known ones with another method 405 and say which they take."""
    response = api(method, path)
    assert response.status_code == status
    assert ("allow" in response.headers) == (status == 405)


def test_head_answers_without_a_body(api):
    """HEAD is GET with nothing but the headers."""
    response = api("HEAD", "/_emulator/clock")
    assert (response.status_code, response.data) == (200, b"")


def test_head_hands_out_no_work(api, emulator):
    """Poll takes no HEAD: nobody would get the item."""
    queue = api.create_queue()
    work = api.enqueue(queue)[0]
    response = Client(emulator).head(f"{ENVIRONMENTS}/{queue}/work/poll", headers=HEADERS)
    assert response.status_code == 404
    assert api.poll(queue)["id"] == work


def test_a_body_above_ten_megabytes_is_refused(emulator):
    """Too large a body is 413, before it is read."""
    response = Client(emulator).post(ENVIRONMENTS, data=b" " * (http_request.LARGEST_BODY + 1), headers=HEADERS)
    check_form("POST", ENVIRONMENTS, response)
    assert message(response, 413)
    assert response.json["error"]["type"] == "request_too_large"


@pytest.mark.parametrize(
    ("status", "word"),
    [
        (400, "invalid_request_error"),
        (403, "permission_error"),
        (409, "invalid_request_error"),
        (412, "invalid_request_error"),
        (429, "rate_limit_error"),
        (500, "api_error"),
        (503, "api_error"),
        (529, "overloaded_error"),
    ],
)
def test_every_status_has_its_word(status, word):
    """The type of an error follows from its status."""
    assert error_type(status) == word


def test_a_broken_database_is_answered_in_the_envelope(database):
    """When the file goes bad under the emulator, the caller learns it as a server error."""
    emulator = Emulator(database)
    with emulator._store.write() as transaction:
        transaction.run("DROP TABLE environments")
    response = Api(emulator)("GET", ENVIRONMENTS)
    assert "no such table" in message(response, 500)
    emulator.close()


@pytest.mark.parametrize(
    ("method", "rest"), [("GET", "%2Fwork"), ("GET", "%2fwork%2Fstats"), ("POST", "%2Farchive"), ("GET", "%3Fa")]
)
def test_a_slash_in_an_identifier_reaches_no_other_endpoint(api, method, rest):
    """A percent-encoded slash is part of the ID, which nothing has."""
    environment_id = api.create_queue()
    text = message(api(method, f"{ENVIRONMENTS}/{environment_id}{rest}", {} if method == "POST" else None), 404)
    assert unquote(environment_id + rest) in text
    assert api.retrieve(environment_id)["archived_at"] is None


def test_a_path_may_be_encoded_more_than_it_must(api):
    """Each segment is compared by what it says, as the URI standard has it."""
    environment_id = api.create_queue()
    assert api("GET", f"/v1/%65nvironments/%65{environment_id[1:]}/wor%6B/stats").status_code == 200


@pytest.mark.parametrize(
    "paths",
    [
        {"PATH_INFO": "/v1/environments/é".encode().decode("latin-1")},
        {"REQUEST_URI": "/v1/environments/%C3%A9?beta=true"},
        {"REQUEST_URI": "http://emulator/v1/environments/%C3%A9?beta=true"},
    ],
)
def test_the_path_is_had_from_every_kind_of_server(emulator, paths):
    """The one that was sent counts; a server that has only the decoded one will do."""
    environ = EnvironBuilder(headers=HEADERS).get_environ()
    del environ["REQUEST_URI"], environ["RAW_URI"]
    body, *_ = run_wsgi_app(emulator, environ | paths)
    assert "there is no environment 'é'" in b"".join(body).decode()


def test_identifiers_of_any_kind_are_just_not_found(api):
    """Odd identifiers, percent-encoded or not UTF-8, are 404 and never a failure."""
    for odd in ("env_1", "%00", "%ff", "a'b", "*", "..", "%F0%9F%90%9C", "x" * 3000):
        assert api("GET", f"{ENVIRONMENTS}/{odd}").status_code == 404
