"""Web pages have no access to a served emulator that accepts any key."""

import http.client
import json
from urllib.parse import urlsplit

import pytest

from ant_cli.emulator import Emulator
from tests.helpers.emulators import serving

from .api import ENVIRONMENTS, HEADERS, connected, message, send


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
        ({"host": "localhost:80.evil.example"}, 403),
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
def test_without_a_key_requests_from_web_pages_are_rejected(served, path, headers, status):
    """The host must be loopback, and other origins are rejected."""
    assert status_of(served, "GET", path, headers) == status


def test_a_form_of_a_foreign_web_page_cannot_reset_the_emulator(served):
    """A request that a plain form can send is rejected before it has an effect."""
    with connected(served) as connection:
        send(connection, "POST", ENVIRONMENTS, {"name": "kept"})
        form = {"origin": "https://evil.example", "content-type": "text/plain"}
        assert status_of(served, "POST", "/_emulator/reset", form, b"a=b") == 403
        assert len(send(connection, "GET", ENVIRONMENTS)[1]["data"]) == 1


def test_the_host_that_the_server_is_bound_to_is_accepted(emulator, monkeypatch):
    """A name of this machine works if the server listens on it. The error has the API's format."""
    with serving(emulator) as server, connected(server.url) as connection:
        monkeypatch.setattr(server, "_host", "workstation")
        assert status_of(server.url, "GET", ENVIRONMENTS, {"host": "Workstation:8080"}) == 200
        for name, reason in (
            ("host", "'x' is not this emulator; without a key it serves loopback addresses only."),
            ("origin", "'x' is foreign; without a key no web page may use this emulator."),
            ("sec-fetch-site", "'x' is foreign; without a key no web page may use this emulator."),
        ):
            connection.request("GET", ENVIRONMENTS, headers={**HEADERS, name: "x"})
            error = json.load(connection.getresponse())["error"]
            assert error == {"type": "permission_error", "message": f"{name}: {reason}"}


def test_with_a_key_any_host_is_accepted(database):
    """The key keeps others out, so the emulator may be reached by any name."""
    emulator = Emulator(database, api_key="secret")
    with serving(emulator) as server:
        foreign = {"host": "emulator.example", "origin": "http://evil.example"}
        assert status_of(server.url, "GET", ENVIRONMENTS, {**foreign, "x-api-key": "secret"}) == 200
        assert status_of(server.url, "GET", ENVIRONMENTS, foreign) == 401
    emulator.close()


def test_in_process_requests_are_not_checked_for_their_host(api):
    """A browser can't reach an emulator that is not served."""
    response = api(
        "GET", ENVIRONMENTS, headers={**api.headers, "host": "evil.example", "origin": "null"}
    )
    assert response.status_code == 200
    assert message(api("GET", "/v1/nothing"), 404)
