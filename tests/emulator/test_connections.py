"""Connections: no client can lock out the others."""

import http.client
import json
import socket
from contextlib import ExitStack
from urllib.parse import urlsplit

import pytest

from ant_cli.emulator import connections
from ant_cli.emulator.http_request import LARGEST_BODY
from tests.served_emulator import serving

from .api import ENVIRONMENTS, HEADERS
from .test_server import connected, send


def address_of(url):
    parts = urlsplit(url)
    return parts.hostname, parts.port


def raw(url, text):
    """Send bytes, and return everything that the server sends before it closes the connection."""
    with socket.create_connection(address_of(url), timeout=30) as client:
        client.sendall(text)
        received = b""
        while data := client.recv(65536):
            received += data
    return received


@pytest.mark.parametrize("extra", ["", "expect: 100-continue\r\n"])
def test_a_content_length_over_the_limit_is_rejected_before_the_body_is_sent(served, extra):
    """The response arrives while the client still waits to send the body."""
    head = f"POST {ENVIRONMENTS} HTTP/1.1\r\nhost: localhost\r\n{extra}content-length: {LARGEST_BODY + 1}\r\n\r\n"
    with socket.create_connection(address_of(served), timeout=30) as client:
        client.sendall(head.encode())
        response = http.client.HTTPResponse(client)
        response.begin()
        assert response.status == 413
        error = json.loads(response.read())
    assert error["error"] == {"type": "request_too_large", "message": f"body: larger than {LARGEST_BODY} bytes."}
    assert error["request_id"] == response.headers["request-id"]


@pytest.mark.parametrize("length", ["", "content-length: 0\r\n"])
def test_a_request_without_a_body_is_handled_at_once_even_with_expect_100_continue(served, length):
    """Some clients send the header with every POST, even if there is no body."""
    head = f"POST {ENVIRONMENTS} HTTP/1.1\r\nhost: localhost\r\nexpect: 100-continue\r\n{length}\r\n"
    with socket.create_connection(address_of(served), timeout=10) as client:
        client.sendall(head.encode())
        assert client.recv(12) == b"HTTP/1.1 401"


def test_a_client_that_sends_too_large_a_body_can_read_the_error(served):
    """The connection is not reset while the client is sending the body."""
    with connected(served) as connection:
        connection.request("POST", ENVIRONMENTS, b" " * (LARGEST_BODY + 1), HEADERS)
        assert connection.getresponse().status == 413


def test_a_chunked_body_is_rejected_as_soon_as_it_exceeds_the_limit(served):
    """A chunked body has no length that could be checked in advance, so its chunks are counted."""
    with connected(served) as connection:
        chunks = (b" " * 1_000_000 for _ in range(12))
        connection.request("POST", ENVIRONMENTS, chunks, HEADERS, encode_chunked=True)
        assert connection.getresponse().status == 413


def test_a_body_of_exactly_ten_megabytes_is_accepted(served):
    """A body of exactly the maximum size is allowed."""
    with connected(served) as connection:
        text = json.dumps({"name": "n"}).encode()
        connection.request("POST", ENVIRONMENTS, text + b" " * (LARGEST_BODY - len(text)), HEADERS)
        assert connection.getresponse().status == 200


@pytest.mark.parametrize(
    ("text", "status"),
    [
        (b"GET\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nno colon\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nx: " + b"x" * 300_000 + b"\r\n\r\n", 431),
        (b"POST / HTTP/1.1\r\ntransfer-encoding: gzip\r\n\r\n", 501),
    ],
)
def test_malformed_http_is_rejected_with_an_api_error_body(served, text, status):
    """Errors of HTTP itself have the same body as errors of the API."""
    head, _, body = raw(served, text).partition(b"\r\n\r\n")
    assert int(head.split()[1]) == status
    assert json.loads(body)["type"] == "error"


def test_idle_connections_do_not_lock_new_clients_out(emulator, monkeypatch):
    """A new connection replaces the oldest one that never sent a request. Active connections are kept."""
    monkeypatch.setattr(connections, "MOST_CONNECTIONS", 20)
    with serving(emulator) as server, ExitStack() as stack, connected(server.url) as connection:
        assert send(connection, "GET", ENVIRONMENTS)[0] == 200
        for number in range(100):
            half = stack.enter_context(socket.create_connection(address_of(server.url), timeout=30))
            half.sendall(b"GET /v1/environments HTTP/1.1\r\n" if number % 2 else b"")
        with connected(server.url) as other:
            assert send(other, "GET", ENVIRONMENTS)[0] == 200
        assert send(connection, "GET", ENVIRONMENTS)[0] == 200


@pytest.mark.parametrize(("bound", "text"), [("REQUEST_SECONDS", b"GET / HTTP/1.1\r\nx: "), ("IDLE_SECONDS", b"")])
def test_a_connection_without_a_complete_request_is_closed_after_a_while(emulator, monkeypatch, bound, text):
    """The limit applies whether half of the request has arrived or nothing."""
    monkeypatch.setattr(connections, bound, 0)
    with serving(emulator) as server:
        assert raw(server.url, text) == b""
