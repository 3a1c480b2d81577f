"""The transport for proxies and international names: exceptions of httpx become those of the client."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from types import SimpleNamespace

import httpx
import pytest
from pytest_httpx import HTTPXMock

from ant_cli.http.proxied import HTTPXTransport
from ant_cli.http.transport import FailedAttempt, Timeouts
from tests.helpers.servers import Act, ScriptedServer, response

PROXY = {"http_proxy": "http://proxy.invalid:3128"}
URL = "http://api.invalid"
RETRIEVE = ("beta:environments", "retrieve", "env_1", "--base-url", URL)
CREATE = ("beta:environments", "create", "--name", "n", "--base-url", URL)


@pytest.fixture
def transport():
    with closing(HTTPXTransport({})) as transport:
        yield transport


@pytest.fixture
def through(ant):
    """Run a command through a proxy."""
    return lambda *args: ant(*args, env=PROXY, network=True)


def test_a_request_through_a_proxy_is_the_same_as_over_a_direct_connection(
    through, httpx_mock: HTTPXMock
):
    """Its response is printed."""
    httpx_mock.add_response(json={"id": "env_1"})
    assert through(*RETRIEVE).json == {"id": "env_1"}
    (request,) = httpx_mock.get_requests()
    assert str(request.url) == f"{URL}/v1/environments/env_1?beta=true"
    assert request.headers["anthropic-version"] == "2023-06-01"
    assert "content-length" not in request.headers


def test_a_body_is_sent_through_a_proxy(through, httpx_mock: HTTPXMock):
    """Byte for byte, with its length."""
    httpx_mock.add_response(json={"id": "env_1"})
    assert through(*CREATE).exit == 0
    (request,) = httpx_mock.get_requests()
    assert (request.method, request.content) == ("POST", b'{"name":"n"}')
    assert request.headers["content-length"] == "12"


@pytest.mark.parametrize(
    "error", [httpx.ConnectError, httpx.ConnectTimeout, httpx.ProxyError, httpx.PoolTimeout]
)
def test_a_create_that_the_proxy_could_not_send_is_retried(through, httpx_mock: HTTPXMock, error):
    """The environment can't exist, so the error has no explanation of a lost response."""
    httpx_mock.add_exception(error("no connection"), is_reusable=True)
    result = through(*CREATE)
    assert (result.exit, len(httpx_mock.get_requests())) == (8, 3)
    assert "may have succeeded" not in result.stderr
    assert "Is the proxy in http_proxy running?" in result.stderr


def test_a_proxy_that_accepts_no_connection_in_time_is_named_instead_of_a_longer_time_limit(
    through, httpx_mock: HTTPXMock
):
    """Most likely, it does not run."""
    error = httpx.ConnectTimeout("timed out")
    error.__cause__ = TimeoutError()
    httpx_mock.add_exception(error, is_reusable=True)
    result = through(*RETRIEVE)
    assert (result.exit, "no connection within 60 s" in result.stderr) == (8, True)
    assert "Is the proxy in http_proxy running?" in result.stderr
    assert "--timeout" not in result.stderr


@pytest.mark.parametrize(
    "error", [httpx.ReadError, httpx.ReadTimeout, httpx.WriteError, httpx.RemoteProtocolError]
)
def test_a_create_with_a_lost_response_through_a_proxy_is_not_retried(
    through, httpx_mock: HTTPXMock, error
):
    """The error says that it may have succeeded (D33)."""
    httpx_mock.add_exception(error("lost"))
    result = through(*CREATE)
    assert (result.exit, len(httpx_mock.get_requests())) == (8, 1)
    assert "may have succeeded" in result.stderr


def test_a_response_through_a_proxy_that_is_not_http_is_a_clear_error(
    through, httpx_mock: HTTPXMock
):
    """The message is the same as over a direct connection."""
    httpx_mock.add_exception(httpx.RemoteProtocolError("illegal status line"), is_reusable=True)
    result = through(*RETRIEVE)
    assert (result.exit, "the response is not valid HTTP" in result.stderr) == (8, True)


def test_a_connection_that_a_proxy_closes_is_no_malformed_response(through, httpx_mock: HTTPXMock):
    """The URL is right, so nothing is to be checked there."""
    closed = httpx.RemoteProtocolError("Server disconnected without sending a response.")
    httpx_mock.add_exception(closed, is_reusable=True)
    result = through(*RETRIEVE)
    assert (result.exit, "not valid HTTP" in result.stderr) == (8, False)
    assert "erver disconnected without sending a response" in result.stderr


# Threads share the transport


LONG = Timeouts(60, 600)
HELD = (response(b"x" * 10)[:-10], Act.STALL)


def exchange(transport, server, timeouts=LONG, meanwhile=lambda: None):
    with transport.stream("GET", server.url, {}, b"", timeouts) as received:
        meanwhile()
        received.read(100)
    return received.body


def test_a_request_through_a_proxy_keeps_its_deadline_when_another_thread_sends_one(
    transport, monkeypatch
):
    """Each attempt has its own limit, however many threads share the connections."""
    now, limit = [0.0], Timeouts(60, 10)
    monkeypatch.setattr("ant_cli.http.transport.time", SimpleNamespace(monotonic=lambda: now[0]))

    def send_another():
        now[0] = 5.0
        with ThreadPoolExecutor(1) as thread:
            assert thread.submit(exchange, transport, server, limit).result() == b"other"
        now[0] = 10.0

    with ScriptedServer(HELD, response(b"other")) as server, pytest.raises(FailedAttempt) as caught:
        exchange(transport, server, limit, send_another)
    assert str(caught.value) == "no complete response within 10 s"
