"""Web pages are kept away from a served emulator that takes any key."""

import http.client
from urllib.parse import urlsplit

import pytest

from ant_cli.emulator import Emulator

from .api import ENVIRONMENTS, HEADERS, message
from .test_server import connected, running, send


def status_of(url, method, path, headers, body=None):
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=30)
    connection.putrequest(method, path, skip_host="host" in headers)
    for name, text in {**HEADERS, **headers, "content-length": str(len(body or b""))}.items():
        connection.putheader(name, text)
    connection.endheaders(body)
    response = connection.getresponse()
    response.read()
    connection.close()
    return response.status


@pytest.mark.parametrize("path", [ENVIRONMENTS, "/_emulator/clock", "/healthz"])
@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"host": "localhost"}, 200),
        ({"host": "LOCALHOST:8080"}, 200),
        ({"host": "127.0.0.1:1"}, 200),
        ({"host": "127.8.8.8"}, 200),
        ({"host": "[::1]:80"}, 200),
        ({"host": "localhost", "origin": "http://localhost"}, 200),
        ({"sec-fetch-site": "same-origin"}, 200),
        ({"sec-fetch-site": "none"}, 200),
        ({"host": "evil.example"}, 403),
        ({"host": "localhost.evil.example"}, 403),
        ({"host": "127.0.0.1.evil.example:8080"}, 403),
        ({"host": "evil.example@localhost:1:2"}, 403),
        ({"host": "10.0.0.1"}, 403),
        ({"host": "[::1"}, 403),
        ({"host": ""}, 403),
        ({"host": "localhost", "origin": "http://evil.example"}, 403),
        ({"host": "localhost:1", "origin": "http://localhost:2"}, 403),
        ({"host": "localhost", "origin": "https://localhost"}, 403),
        ({"origin": "null"}, 403),
        ({"origin": ""}, 403),
        ({"sec-fetch-site": "cross-site"}, 403),
        ({"sec-fetch-site": "same-site"}, 403),
    ],
)
def test_without_a_key_only_requests_that_no_web_page_caused_are_answered(served, path, headers, status):
    """The host is loopback, and there is no foreign origin."""
    assert status_of(served, "GET", path, headers) == status


def test_a_foreign_form_empties_nothing(served):
    """What a plain form of a web page can send is refused before it is acted upon."""
    with connected(served) as connection:
        send(connection, "POST", ENVIRONMENTS, {"name": "kept"})
        form = {"origin": "https://evil.example", "content-type": "text/plain"}
        assert status_of(served, "POST", "/_emulator/reset", form, b"a=b") == 403
        assert len(send(connection, "GET", ENVIRONMENTS)[1]["data"]) == 1


def test_the_host_that_the_server_was_bound_to_is_its_own(emulator, monkeypatch):
    """A name of this machine works if it was named for listening; the error has the API's envelope."""
    with running(emulator) as server, connected(server.url) as connection:
        monkeypatch.setattr(server, "_host", "workstation")
        assert status_of(server.url, "GET", ENVIRONMENTS, {"host": "Workstation:8080"}) == 200
        connection.request("GET", ENVIRONMENTS, headers={**HEADERS, "host": "other"})
        response = connection.getresponse()
        assert response.status == 403
        assert b'"type":"permission_error"' in response.read()


def test_with_a_key_any_host_is_answered(database):
    """The key is what keeps others out, so that the emulator can stand behind a name."""
    emulator = Emulator(database, api_key="secret")
    with running(emulator) as server:
        foreign = {"host": "emulator.example", "origin": "http://evil.example"}
        assert status_of(server.url, "GET", ENVIRONMENTS, {**foreign, "x-api-key": "secret"}) == 200
        assert status_of(server.url, "GET", ENVIRONMENTS, foreign) == 401
    emulator.close()


def test_inside_a_process_there_is_no_host(api):
    """No browser reaches an emulator that nobody serves."""
    response = api("GET", ENVIRONMENTS, headers={**api.headers, "host": "evil.example", "origin": "null"})
    assert response.status_code == 200
    assert message(api("GET", "/v1/nothing"), 404)
