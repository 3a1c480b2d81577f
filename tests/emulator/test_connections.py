"""Connections: how many are served at once, and what a client gets that breaks the rules of HTTP."""

import json
import logging
import re
import socket
import subprocess
import sys
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from ant_cli.emulator import http_server
from ant_cli.emulator.call import LARGEST_BODY
from tests.conftest import needs_posix
from tests.helpers.emulators import serving

from .api import ENVIRONMENTS, HEADERS, Api, connected, send


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


def test_a_content_length_over_the_limit_is_rejected_before_the_body_is_sent(served):
    """The response arrives while the client still waits to send the body."""
    length = http_server.LARGEST_READ
    head = f"POST {ENVIRONMENTS} HTTP/1.1\r\nhost: localhost\r\ncontent-length: {length}\r\n\r\n"
    assert raw(served, head.encode()).startswith(b"HTTP/1.1 413 ")


def test_a_chunked_body_is_rejected_as_soon_as_it_exceeds_the_limit(served):
    """A chunked body has no length that could be checked in advance, so its chunks are counted."""
    with connected(served) as connection:
        chunks = iter([b" " * LARGEST_BODY, b" "])
        connection.request("POST", ENVIRONMENTS, chunks, HEADERS, encode_chunked=True)
        response = connection.getresponse()
        assert (response.status, json.load(response)["error"]["type"]) == (413, "request_too_large")


def test_requests_that_are_sent_together_are_answered_in_turn(served):
    """A client need not wait for a response before it sends the next request."""
    lines = [
        f"GET {path} HTTP/1.1\r\nhost: localhost\r\n"
        for path in ("/healthz", "/nothing", "/healthz")
    ]
    received = raw(served, ("\r\n".join(lines) + "connection: close\r\n\r\n").encode())
    assert re.findall(rb"HTTP/1.1 (\d+)", received) == [b"200", b"401", b"200"]


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
        (b"GET / HTTP/1.1\r\nx: " + b"x" * 16_384, 431),
        (b"GET /healthz HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\nx: %a\r\n\r\n", 200),
        (b"POST / HTTP/1.1\r\ntransfer-encoding: gzip\r\n\r\n", 501),
    ],
)
def test_malformed_http_is_rejected(served, text, status):
    """The server closes the connection. Headers of almost 16 KB are accepted."""
    assert int(raw(served, text.replace(b"%a", b"x" * 16_000)).split()[1]) == status


def test_the_library_that_serves_prints_no_warnings(emulator):
    """Waitress would warn about requests that wait for a thread."""
    logging.getLogger("waitress").setLevel(logging.NOTSET)
    with serving(emulator):
        assert not logging.getLogger("waitress.queue").isEnabledFor(logging.WARNING)


UNLIMITED = -1


@needs_posix("limits")
@pytest.mark.parametrize(
    ("soft", "hard", "files", "raised"),
    [
        (256, UNLIMITED, 3_920, (3_920, UNLIMITED)),
        (256, 1_000, 1_000, (1_000, 1_000)),
        (256, 100_000, 3_920, (3_920, 100_000)),
        (3_920, 100_000, 3_920, None),
        (100_000, 100_000, 3_920, None),
        (UNLIMITED, UNLIMITED, 3_920, None),
    ],
)
def test_the_limit_of_open_files_is_raised_to_what_can_be_used(
    monkeypatch, soft, hard, files, raised
):
    """The soft limit is never lowered. The hard limit, which only root may raise, does not change."""
    given = []
    monkeypatch.setattr("resource.RLIM_INFINITY", UNLIMITED)
    monkeypatch.setattr("resource.getrlimit", lambda _: (soft, hard))
    monkeypatch.setattr("resource.setrlimit", lambda _, limits: given.append(limits))
    assert http_server._open_files() == files
    assert given == ([raised] if raised else [])


@needs_posix("poll")
@pytest.mark.parametrize(
    ("open_files", "threads", "waiting"), [(16, 1, 1), (64, 3, 2), (1600, 174, 142)]
)
def test_the_server_stays_below_the_limit_of_open_files(
    emulator, monkeypatch, open_files, threads, waiting
):
    """At the limit it could not accept a connection. It would try again and again, and take all processor time."""
    monkeypatch.setattr(http_server, "_open_files", lambda: open_files)
    with serving(emulator, threads=0) as server:
        http = server.http
        limits = (
            server.threads.most,
            server.threads.most_waiting,
            http.adj.connection_limit,
        )
    assert limits == (threads, waiting, 2 + 3 * threads)


def test_a_response_does_not_name_the_server(served):
    """Neither does one of the emulator in the process of a command."""
    with connected(served) as connection:
        connection.request("GET", "/healthz")
        with connection.getresponse() as response:
            assert "server" not in response.headers


def test_a_stream_without_a_thread_is_refused_and_logged(emulator):
    """So are delays and polls that wait. For health checks and control pages, there are always threads."""
    api, lines = Api(emulator), []
    queue = api.create_queue()
    session = api("POST", "/v1/sessions", {"agent": "a", "environment_id": queue}).json["id"]
    api.poll(queue)
    path, poll = f"/v1/sessions/{session}/events/stream", f"{ENVIRONMENTS}/{queue}/work/poll"
    with serving(emulator, lines.append, threads=4) as server, ExitStack() as stack:
        client, *streams = (stack.enter_context(connected(server.url)) for _ in range(3))
        for stream in streams:
            stream.request("GET", path, headers=HEADERS)
        opened = [stack.enter_context(stream.getresponse()) for stream in streams]
        assert [response.readline() for response in opened] == [b"event: ping\n"] * 2
        assert [send(client, "GET", path)[0] for _ in range(3)] == [503, 503, 503]
        assert send(client, "GET", "/healthz") == (200, {"status": "ok"})
        assert [send(client, "GET", poll)[0], send(client, "GET", f"{poll}?block_ms=1")[0]] == [
            200,
            503,
        ]
        send(client, "POST", "/_emulator/faults", {"delay_ms": 1})
        assert send(client, "GET", ENVIRONMENTS)[0] == 503
        assert send(client, "DELETE", "/_emulator/faults")[1]["count"] == 1  # it did not apply
        for each in (*opened, *streams):
            each.close()
        while send(client, "GET", f"{poll}?block_ms=1")[0] == 503:
            pass  # until the server has noticed
    refused = [line for line in lines if f"{path} 503" in line]
    assert len(refused) == 3
    assert (
        "has threads for 2 streams, waiting polls and delays at once, and all of them are occupied"
        in refused[0]
    )


@contextmanager
def served_with_limit(options, database, count):
    """Serve a database in a process with a limit of open files, and yield clients that have sent a request."""
    command = f"ulimit {options} 64; exec {sys.executable} {Path(__file__).parent / 'serve.py'} {database} 0"
    process = subprocess.Popen(
        ["sh", "-c", command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    with process, ExitStack() as stack:
        stack.callback(process.kill)
        url = process.stdout.readline().strip()
        clients = [stack.enter_context(connected(url)) for _ in range(count)]
        for client in clients:
            client.request("GET", ENVIRONMENTS, headers=HEADERS)
        yield clients
        process.terminate()
        assert process.stdout.read() == "stopped\n"


@needs_posix("ulimit")
def test_clients_beyond_the_limit_of_open_files_wait_until_a_connection_is_closed(database):
    """More clients than the limit leaves room for are served one after the other."""
    with served_with_limit("-n", database, 80) as clients:
        for client in clients:
            assert client.getresponse().status == 200
            client.close()


@needs_posix("ulimit")
def test_a_soft_limit_of_open_files_is_raised(database):
    """It is low on macOS, where some polls and streams would leave no thread for other requests."""
    with served_with_limit("-S -n", database, 100) as clients:
        assert [client.getresponse().status for client in clients] == [200] * 100


@pytest.mark.parametrize("text", [b"GET / HTTP/1.1\r\nx: ", b""])
def test_a_connection_without_a_complete_request_is_closed_after_a_while(
    emulator, monkeypatch, text
):
    """The limit applies whether half of the request has arrived or nothing."""
    monkeypatch.setattr(http_server, "IDLE_SECONDS", 0)
    with serving(emulator) as server:
        assert raw(server.url, text) == b""
