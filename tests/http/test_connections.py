"""The network: any failure, at any point, ends the run in time with one message, and without partial output."""

from __future__ import annotations

import base64
import contextlib
import datetime
import itertools
import os
import re
import select
import shutil
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import certifi
import httpx
import pytest
import trustme

from ant_cli.errors import UsageError
from ant_cli.http.choice import is_direct, proxy_variable
from ant_cli.http.direct import DirectTransport, Origin
from ant_cli.http.proxied import proxy_url
from ant_cli.http.transport import Attempt, FailedAttempt, Timeouts, timeouts_of
from ant_cli.http.trust import describe_trust, tls_context
from ant_cli.http.wire import Wire
from ant_cli.runtime.extras import install_hint
from tests.conftest import Result, needs_linux, needs_posix
from tests.helpers.runs import OK, OUTPUT
from tests.helpers.servers import Act, ScriptedServer, error, response
from tests.helpers.system_verifier import server_context
from tests.helpers.transports import ScriptedSocket
from tests.helpers.words import ARCHIVE, CREATE, DELETE, LINES, RETRIEVE, UPDATE, page

CUT = OK[:-3]
HEAD = b"HTTP/1.1 200 OK\r\n"
NO_RETRIES = ("--max-retries", "0")
CHECK_URL = "Check the base URL and the network."
RESET_BY_PEER, CLOSED = (
    "[^\n]*reset[^\n]*",
    "the server closed the connection without sending a response.",
)
NOT_HTTP = f"the response is not valid HTTP.\n{CHECK_URL}"
bytes_outlive_a_reset = needs_posix("bytes that can be read after a reset")
RESET = pytest.param(Act.RESET, marks=bytes_outlive_a_reset)
MAPPED = pytest.param(
    "[::ffff:127.0.0.1]", marks=needs_posix("IPv6 sockets that reach IPv4 addresses")
)
UNSPECIFIED = pytest.param("0.0.0.0", marks=needs_posix("0.0.0.0 as an address of this host"))


@pytest.mark.parametrize(
    ("words", "has_length"), [(RETRIEVE, False), (DELETE, False), ((*ARCHIVE, "env_1"), True)]
)
def test_a_request_without_a_body_has_a_length_if_its_method_usually_has_a_body(
    ant_over_socket, words, has_length
):
    """As in the official tool."""
    (sent,) = ant_over_socket(words=words).requests
    assert (b"\r\ncontent-length: 0\r\n" in sent, b"content-length" in sent) == (
        has_length,
        has_length,
    )


@pytest.mark.parametrize(
    ("headers", "connections"),
    [((), 1), (("connection: keep-alive",), 1), (("connection: keep-alive, Close",), 2)],
)
def test_a_connection_is_used_for_the_next_request_unless_the_server_ends_it(
    ant_over_socket, headers, connections
):
    """The server may announce in a header that it closes the connection."""
    pages = [response(page({"id": "env_1"}, after="2"), *headers), response(page({"id": "env_2"}))]
    with ScriptedServer(*pages) as server:
        assert (
            ant_over_socket(words=LINES, server=server).stdout == '{"id":"env_1"}\n{"id":"env_2"}\n'
        )
    assert server.connections == connections


# Connections that end early


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        ((Act.RESET,), RESET_BY_PEER),
        ((Act.CLOSE,), CLOSED),
        ((HEAD + b"cont", Act.RESET), RESET_BY_PEER),
        ((HEAD + b"cont", Act.CLOSE), CLOSED),
        ((b"SSH-2.0-OpenSSH_9.9\r\n", Act.CLOSE), CLOSED),
        ((b"HTTP/1.1 abc OK\r\n\r\n{}", Act.CLOSE), NOT_HTTP),
        ((b"HTTP/1.1 2000 OK\r\n\r\n{}", Act.CLOSE), NOT_HTTP),
        ((b"HTTP/1.1 200 OK\r\n x: a\r\n\r\n{}", Act.CLOSE), NOT_HTTP),
        ((b"HTTP/1.1 101 Switching Protocols\r\n\r\n", Act.CLOSE), NOT_HTTP),
        ((HEAD + b"bad header\r\n\r\n{}", Act.CLOSE), NOT_HTTP),
        ((HEAD + b"x: a\0b\r\n\r\n{}", Act.CLOSE), NOT_HTTP),
        ((HEAD + b"content-length: -2\r\n\r\n{}", Act.CLOSE), NOT_HTTP),
        ((HEAD + b"content-length: 2\r\ncontent-length: 3\r\n\r\n{}", Act.CLOSE), NOT_HTTP),
        ((HEAD + b"x: " + b"a" * 1_000_000 + b"\r\n\r\n{}", Act.CLOSE), NOT_HTTP),
        ((HEAD + b"x: a\r\n" * 150_000 + b"\r\n{}", Act.CLOSE), NOT_HTTP),
    ],
    ids=lambda value: str(value)[:40],
)
def test_no_response_is_a_network_error_after_three_attempts(ant_over_socket, reply, said):
    """The exit code is 8, and the message says what happened."""
    result = ant_over_socket(reply)
    assert (result.exit, result.stdout, len(result.requests)) == (8, "", 3)
    assert re.search(rf'beta=true": {said}\n$', result.stderr)


@pytest.mark.parametrize("end", [RESET, Act.CLOSE])
def test_nothing_of_an_incomplete_response_is_printed(ant_over_socket, end):
    """A GET is retried; if the retries fail as well, stdout stays empty."""
    result = ant_over_socket((CUT, end))
    assert (result.exit, result.stdout, len(result.requests)) == (1, "", 3)
    assert result.stderr.endswith("the response broke off, so nothing of it is shown.\n")
    assert ant_over_socket((CUT, end), OK).stdout == OUTPUT


@pytest.mark.parametrize("end", [RESET, Act.CLOSE])
def test_a_response_that_breaks_off_behind_a_proxy_is_not_printed(ant_over_socket, end):
    """The message is the same as over a direct connection."""
    with ScriptedServer((CUT, end)) as server:
        result = ant_over_socket(
            url="http://api.invalid", env={"http_proxy": server.url}, more=NO_RETRIES
        )
    assert (result.exit, result.stdout, len(server.requests)) == (1, "", 1)
    assert "the response broke off" in result.stderr


@pytest.mark.parametrize("chunk", [b'5\r\n{"a":\r\n', b'zz\r\n{"a":1}\r\n'])
def test_broken_chunks_are_an_incomplete_response(ant_over_socket, chunk):
    """Neither a missing end nor an invalid size is accepted."""
    result = ant_over_socket((HEAD + b"transfer-encoding: chunked\r\n\r\n" + chunk, Act.CLOSE))
    assert (result.exit, result.stdout) == (1, "")


@pytest.mark.parametrize("end", [RESET, Act.CLOSE])
@pytest.mark.parametrize("words", [CREATE, (*UPDATE, "--name", "n")])
def test_a_change_with_an_incomplete_response_is_not_repeated(ant_over_socket, words, end):
    """The server has carried it out. A second `create`, for example, would make a second environment."""
    result = ant_over_socket((CUT, end), OK, words=words)
    assert (result.exit, result.stdout, len(result.requests)) == (1, "", 1)
    assert "broke off" in result.stderr
    assert ("may have succeeded" in result.stderr) is (words == CREATE)


@pytest.mark.parametrize(
    "reply",
    [
        HEAD + b'\r\n{"id":"x"}',
        b'HTTP/1.0 200 OK\r\n\r\n{"id":"x"}',
        HEAD + b"content-length: 10\r\ncontent-length: 10\r\n\r\n" + b'{"id":"x"}',
        HEAD
        + b"transfer-encoding: chunked\r\n\r\n"
        + b'a;q=1\r\n{"id":"x"}\r\n0\r\nx-end: 1\r\n\r\n',
        b"HTTP/1.1 100 Continue\r\n\r\n" + OK,
        response({"id": "x"}, status="200"),
        OK + b"what follows is not read",
    ],
)
def test_unusual_but_complete_responses_are_accepted(ant_over_socket, reply):
    """HTTP allows each of them."""
    assert ant_over_socket((reply, Act.CLOSE)).stdout == OUTPUT


FIRST, LAST = response(page(1, after="p")), response(page(2))


@pytest.mark.parametrize(
    "replies",
    [
        pytest.param(((FIRST, Act.RESET), LAST), marks=bytes_outlive_a_reset),
        ((FIRST, Act.CLOSE), LAST),
        (FIRST, (Act.CLOSE,), LAST),
    ],
)
def test_a_connection_that_became_stale_before_the_next_page_is_replaced(ant_over_socket, replies):
    """Most likely, the server gave it up while it was idle, so that a new one does not count as a retry."""
    result = ant_over_socket(*replies, words=LINES, more=NO_RETRIES)
    assert (result.exit, result.stdout, len(result.requests)) == (0, "1\n2\n", len(replies))


def test_a_malformed_response_on_a_kept_connection_is_not_asked_for_again(ant_over_socket):
    """The server has received the request, so sending it again would be a retry."""
    result = ant_over_socket(
        FIRST, (b"not HTTP\r\n\r\n", Act.CLOSE), LAST, words=LINES, more=NO_RETRIES
    )
    assert (result.exit, result.stdout, len(result.requests)) == (8, "1\n", 2)
    assert "the response is not valid HTTP" in result.stderr


def test_a_post_repeated_after_a_stale_connection_counts_as_a_retry(ant_over_socket):
    """Only a GET is repeated without counting: a POST may have been carried out before the connection ended."""
    words = (*UPDATE, "--name", "n")
    result = ant_over_socket(
        error("500 Broken"), (Act.CLOSE,), OK, words=words, more=("--max-retries", "1")
    )
    assert (result.exit, result.stdout, len(result.requests), len(result.waits)) == (8, "", 2, 1)


# Silence


@pytest.mark.slow
@pytest.mark.parametrize(
    ("reply", "timeout", "said"),
    [
        ((Act.STALL,), "0.3", "no response within 0.3 s"),
        ((HEAD, Act.STALL), "0.3", "no response within 0.3 s"),
        (
            (CUT, Act.STALL),
            "2",
            "no more of the response within 2 s",
        ),  # long enough for a busy machine to send the first part
    ],
)
def test_a_silent_server_is_given_up_after_the_timeout(ant_over_socket, reply, timeout, said):
    """Each stage of a request has a timeout."""
    result = ant_over_socket(reply, more=NO_RETRIES, timeout=timeout)
    assert (result.exit, result.stdout) == (8, "")
    assert result.stderr.endswith(f": {said}.\nTo wait longer: --timeout SECONDS.\n")


def test_a_server_with_a_full_connection_queue_is_given_up(ant_over_socket):
    """Nothing was sent, so the error is the same as without a server."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full:
        waiting = [socket.socket() for _ in range(4)]
        for one in waiting:
            one.settimeout(0)
            one.connect_ex(full.getsockname())
        url = f"http://127.0.0.1:{full.getsockname()[1]}"
        result = ant_over_socket(url=url, words=CREATE, more=NO_RETRIES, timeout="0.3")
        for one in waiting:
            one.close()
    assert result.exit == 8
    assert "no connection within 0.3 s.\nTo wait longer: --timeout SECONDS.\n" in result.stderr
    assert "may have succeeded" not in result.stderr


@pytest.mark.parametrize("path", ["", "/ä"], ids=["direct", "httpx"])
def test_a_tls_handshake_that_stalls_is_named_and_not_retried(ant_over_socket, path):
    """A port that never replies to a handshake won't reply to the next one."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"https://127.0.0.1:{silent.getsockname()[1]}{path}"
        result = ant_over_socket(url=url, words=CREATE, timeout="0.3")
    assert (result.exit, result.waits) == (8, [])
    assert "the TLS handshake failed (no reply within 0.3 s)" in result.stderr
    assert "may have succeeded" not in result.stderr


@pytest.mark.parametrize("path", ["", "/ä"])
@pytest.mark.parametrize(
    "reply", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"", b"SSH-2.0-OpenSSH_9.9\r\n"]
)
def test_a_tls_handshake_with_a_plain_text_port_is_named_and_not_retried(
    ant_over_socket, path, reply
):
    """Both transports print the same message, which says how the base URL may be wrong."""
    with ScriptedServer(greeting=reply) as server:
        result = ant_over_socket(url=f"https://127.0.0.1:{server.port}{path}")
    assert (result.exit, result.waits) == (8, [])
    assert re.search(r": the TLS handshake failed \((?!no reply)[^[]", result.stderr)
    assert "_ssl.c" not in result.stderr
    assert result.stderr.endswith(
        ").\nDoes the server speak TLS at this port? If it does not, the base URL begins with http://.\n"
    )


@pytest.mark.parametrize("way", ["direct", "proxy"])
@pytest.mark.parametrize(
    "sent", [b"HTTP/1.1 200 ", b"HTTP/1.1 200 OK\r\nx: ", HEAD + b"content-length: 900000\r\n\r\n{"]
)
def test_a_response_that_drips_is_given_up_when_the_attempt_takes_too_long(
    ant_over_socket, monkeypatch, way, sent
):
    """The bytes belong to the headers or the body. Each arrives a minute after the last, by the test's clock."""
    clock = SimpleNamespace(monotonic=partial(next, itertools.count(0, 60)))
    monkeypatch.setattr("ant_cli.http.transport.time", clock)
    with ScriptedServer((sent, Act.DRIP)) as server:
        url = server.url
        if way == "proxy":
            url = "http://api.invalid"
        env = {"http_proxy": server.url} if way == "proxy" else {}
        result = ant_over_socket(url=url, env=env, more=NO_RETRIES)
    assert (result.exit, result.stdout) == (8, "")
    assert result.stderr.endswith(
        ": no complete response within 600 s.\nTo wait longer: --timeout SECONDS.\n"
    )


def test_a_wait_that_is_cut_short_by_the_end_of_the_attempt_is_blamed_on_the_attempt():
    """The message names the limit that was reached, not that of a step."""
    with ScriptedServer((Act.STALL,)) as server, pytest.raises(FailedAttempt) as caught:
        exchange(DirectTransport({}), server, Timeouts(60, 0.05))  # which closes the connection
    assert str(caught.value) == "no complete response within 0.05 s"


def test_a_connection_that_takes_as_long_as_a_whole_attempt_may_is_what_the_message_names():
    """An exchange of an identity token, for example, has the same limit for a step and for everything."""

    def connect(*_):
        raise TimeoutError

    with (
        pytest.raises(FailedAttempt) as caught,
        DirectTransport({}, connect).stream("GET", "http://api.invalid", {}, b"", Timeouts(0, 0)),
    ):
        pass
    assert str(caught.value) == "no connection within 0 s"


def test_a_kept_connection_is_not_used_for_another_server():
    """The request has a credential, which is for one server only."""
    with (
        contextlib.closing(DirectTransport({})) as transport,
        ScriptedServer(OK, OK) as one,
        ScriptedServer(OK) as other,
    ):
        for server in (one, other):
            exchange(transport, server, Timeouts(60, 600))
        assert [len(one.requests), len(other.requests)] == [1, 1]


def test_a_connection_with_a_response_that_nobody_read_is_not_used_again():
    """The rest of this response would be taken for the next one."""
    later = (HEAD + b"content-length: 5\r\n\r\n", Act.STALL)
    limits = Timeouts(5, 50)
    with (
        contextlib.closing(DirectTransport({})) as transport,
        ScriptedServer(OK, later, OK) as server,
    ):
        exchange(transport, server, limits)
        with transport.stream("GET", server.url, {}, b"", limits):
            pass
        exchange(transport, server, limits)
        assert server.connections == 2


@pytest.mark.parametrize(
    ("url", "origin", "host", "target"),
    [
        ("http://a.example/v1?x=1", ("http", "a.example", 80), "a.example", "/v1?x=1"),
        ("https://A.example:8443", ("https", "a.example", 8443), "A.example:8443", "/"),
        ("https://a.example/?x=1", ("https", "a.example", 443), "a.example", "/?x=1"),
        ("http://ada:p@w@b.example./v1/", ("http", "b.example.", 80), "b.example.", "/v1/"),
        ("http://[::1]:8080/x", ("http", "::1", 8080), "[::1]:8080", "/x"),
        ("http://[::ffff:1.2.3.4]", ("http", "::ffff:1.2.3.4", 80), "[::ffff:1.2.3.4]", "/"),
        (f"http://{'a' * 63}.b/", ("http", f"{'a' * 63}.b", 80), f"{'a' * 63}.b", "/"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_request_goes_to_the_server_that_its_url_names(url, origin, host, target):
    """The user and the password are not part of the host."""
    connected, sent = [], []

    class Socket(ScriptedSocket):
        def sendall(self, data):
            sent.append(bytes(data))
            super().sendall(data)

    def open_socket(where, _attempt):
        connected.append(where)
        return Socket(where, lambda _: httpx.Response(200))

    stream = DirectTransport({}, open_socket).stream("GET", url, {"a": "b"}, b"", Timeouts(60, 600))
    with stream as received:
        received.read()
    assert connected == [origin]
    assert sent == [f"GET {target} HTTP/1.1\r\nhost: {host}\r\na: b\r\n\r\n".encode()]


@pytest.mark.parametrize(
    "host", ["", ".", "a..b", ".a", f"{'a' * 64}.b", f"b.{'a' * 64}"], ids=lambda host: host[:9]
)
def test_a_url_without_a_possible_host_is_rejected_before_a_connection_is_opened(host):
    """A label of a host name has 1 to 63 characters."""
    transport = DirectTransport({}, lambda *_: pytest.fail("a connection was opened"))
    stream = transport.stream("GET", f"http://{host}/", {}, b"", Timeouts(60, 600))
    with pytest.raises(UsageError, match="the host name in the base URL is not valid"), stream:
        pass


def exchange(transport: DirectTransport, server: ScriptedServer, timeouts: Timeouts) -> None:
    with transport.stream("GET", server.url, {}, b"", timeouts) as received:
        received.read()


def test_an_attempt_may_take_ten_times_the_timeout_of_a_step():
    """The official tool has the same limit: ten minutes by default."""
    assert timeouts_of(60.0) == Timeouts(60.0, 600.0)
    assert timeouts_of(60.0, 30.0) == Timeouts(30.0, 30.0)
    assert timeouts_of(2.0, 30.0) == Timeouts(2.0, 20.0)


def test_a_response_that_arrives_byte_by_byte_is_accepted(ant_over_socket):
    """The timeout applies between bytes, not to the whole response."""
    assert ant_over_socket(tuple(bytes([byte]) for byte in OK)).stdout == OUTPUT


def test_an_early_rejection_of_a_large_body_is_read(ant_over_socket):
    """The server responds with 413 without reading the rest of the body."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def refuse() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(1000)
                connection.sendall(error("413 Content Too Large"))
                connection.shutdown(socket.SHUT_WR)
                while connection.recv(1_000_000):
                    pass

        threading.Thread(target=refuse, daemon=True).start()
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        result = ant_over_socket(
            url=url, words=CREATE, stdin=b'{"description":"' + b"x" * 5_000_000 + b'"}'
        )
    assert (result.exit, "413 Content Too Large" in result.stderr) == (1, True)


def test_a_server_that_never_reads_a_large_body_is_given_up(shell, tmp_path):
    """Sending has a timeout, too. The shell has its own limit, which turns a hang into a failure."""
    (tmp_path / "body.json").write_bytes(b'{"description":"' + b"x" * 9_000_000 + b'"}')
    with socket.socket() as deaf:
        # prevents the system from buffering all of it
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        deaf.bind(("127.0.0.1", 0))
        deaf.listen()
        url = f"http://127.0.0.1:{deaf.getsockname()[1]}"
        flags = f"--base-url {url} --timeout 0.3 --max-retries 0"
        result = shell(
            f"$ANT beta:environments create --name n --file body.json {flags}", seconds=100
        )
    assert (result.exit, result.stdout) == (8, "")
    assert "0.3 s" in result.stderr


# Addresses


@pytest.mark.parametrize(
    ("url", "status", "said"),
    [
        ("http://127.0.0.1:1", 8, "refused"),
        ("http://nosuch.invalid", 8, f"the host name is not known.\n{CHECK_URL}\n"),
        ("http://bücher.invalid", 8, f"the host name is not known.\n{CHECK_URL}\n"),
        ("http://a..b.invalid", 2, "ant: the host name in the base URL is not valid.\n"),
        (
            "http://" + "a" * 70 + ".invalid",
            2,
            "ant: the host name in the base URL is not valid.\n",
        ),
        (f"http://{'ä' * 70}.invalid", 2, "ant: the host name in the base URL is not valid.\n"),
        ("http://\u2028x.invalid", 2, "base-url"),
        ("https://127.0.0.1:{port}", 8, "TLS handshake failed"),
        *(
            (url, 2, "base-url")
            for url in ("http://127.0.0.1:99999", "http://127.0.0.1:-1", "http://[::1", "http://")
        ),
        *((url, 2, "base-url") for url in ("{url}?a=b", "{url}#a", "{url}?", "{url}/a#")),
        *((url, 2, "base-url") for url in ("ws://127.0.0.1", "127.0.0.1", "http://a b")),
    ],
)
def test_an_unusable_base_url_is_a_usage_or_network_error(ant_over_socket, url, status, said):
    """Impossible addresses are usage errors, all others network errors; none reaches a server."""
    result = ant_over_socket(url=url, timeout="0.3")
    assert (result.exit, result.stdout, result.requests) == (status, "", [])
    assert said in result.stderr


@pytest.mark.parametrize(
    ("url", "line"),
    [
        ("{url}/", b"GET /v1/environments/env_1?"),
        ("{url}/a/b/", b"GET /a/b/v1/environments/env_1?"),
        ("{url}/a%20b", b"GET /a%20b/v1/environments/env_1?"),
        ("{url}/ä", b"GET /%C3%A4/v1/environments/env_1?"),
    ],
)
def test_the_path_of_the_base_url_comes_before_the_paths_of_the_api(ant_over_socket, url, line):
    """A gateway may serve the API under a path."""
    result = ant_over_socket(url=url)
    assert (result.exit, result.stdout) == (0, OUTPUT)
    assert result.requests[0].startswith(line)


def test_a_base_url_may_be_an_ipv6_address(ant_over_socket):
    """The address is in brackets."""
    assert ant_over_socket(server=ScriptedServer(OK, host="::1")).stdout == OUTPUT


@pytest.mark.parametrize(
    "name",
    [
        *("localhost", "LOCALHOST", "127.1", "2130706433", MAPPED, UNSPECIFIED),
        *("127\u30020\u30020\u30021", "127\uff0e0\uff0e0\uff0e1"),
    ],
)
def test_loopback_is_never_requested_through_a_proxy(ant_over_socket, name):
    """This holds for every notation of a loopback address, also with full-width dots."""
    env = dict.fromkeys(("http_proxy", "HTTP_PROXY", "ALL_PROXY"), "http://127.0.0.1:1")
    assert ant_over_socket(url=f"http://{name}:{{port}}", env=env).stdout == OUTPUT


@pytest.mark.parametrize("name", ["\uff11\uff12\uff17.0.0.1", "\uff4c\uff4f\uff43alhost"])
def test_full_width_digits_and_letters_do_not_lead_loopback_to_a_proxy(ant_over_socket, name):
    """The key stays on this machine. A resolver may read such a name as loopback; httpx rejects it."""
    assert ant_over_socket(
        url=f"http://{name}:{{port}}", env={"http_proxy": "http://127.0.0.1:1"}
    ).refusal


# Proxies


def through(ant_over_socket, variable: str, proxy: str, scheme: str = "http") -> Result:
    """Send a request to a host that can be reached only through a proxy."""
    return ant_over_socket(url=f"{scheme}://api.invalid", env={variable: proxy}, more=NO_RETRIES)


@pytest.mark.parametrize(
    ("variable", "scheme"),
    [("http_proxy", "http"), ("HTTPS_PROXY", "https"), ("ALL_PROXY", "http")],
)
def test_a_failing_proxy_is_named_by_its_variable_without_its_password(
    ant_over_socket, variable, scheme
):
    """The message does not show the password of the proxy."""
    result = through(ant_over_socket, variable, "http://ada:proxy-pass@127.0.0.1:1", scheme)
    assert (result.exit, "proxy-pass" in result.stderr) == (8, False)
    assert variable in result.stderr


def test_a_socks_proxy_without_socksio_names_the_package_to_install(ant_over_socket, monkeypatch):
    """Httpx needs another package for SOCKS. Without the package, it is a usage error."""
    monkeypatch.setitem(sys.modules, "socksio", None)
    refusal = through(ant_over_socket, "ALL_PROXY", "socks5://127.0.0.1:1").refusal
    message = "ALL_PROXY names a SOCKS proxy, which needs the package socksio."
    assert refusal == f"ant: {message}\n{install_hint('socks')}\n"


@pytest.mark.parametrize(
    "proxy",
    [
        "http://ada:proxy-pass@[bad",
        "foo:bar",
        "ftp://proxy",
        "http://p:99999",
        "http://p:0",
        "://",
        "http://",
        "http://:80",
    ],
)
def test_a_malformed_proxy_variable_is_a_usage_error(ant_over_socket, proxy):
    """The message has the name of the variable, not its value."""
    refusal = through(ant_over_socket, "http_proxy", proxy).refusal
    unusable = (
        "can't be used: .*" if proxy.startswith("ftp") else "must be the URL of a proxy, such as .*"
    )
    assert re.fullmatch(rf"ant: http_proxy {unusable}[^.]\.\n", refusal)
    assert "proxy-pass" not in refusal


def test_a_connection_that_fails_as_soon_as_it_is_open_is_closed(ant_over_socket, monkeypatch):
    """Warnings are errors, also that of a socket that nobody has closed."""

    def refuse(*_: object) -> None:
        raise OSError(22, "Invalid argument")

    with ScriptedServer(OK) as server:
        monkeypatch.setattr(socket.socket, "setsockopt", refuse)
        assert ant_over_socket(server=server, env={}, more=("--max-retries", "0")).exit == 8


def test_errors_of_a_proxy_are_reported(ant_over_socket):
    """A 407 comes from the proxy, either as the response or in place of a tunnel."""
    with ScriptedServer(error("407 Proxy Authentication Required")) as proxy:
        assert through(ant_over_socket, "http_proxy", proxy.url).exit == 1
        tunnel = through(ant_over_socket, "https_proxy", proxy.url, "https")
        assert (tunnel.exit, "407" in tunnel.stderr) == (8, True)
        hint = (
            "https_proxy running? If it requires a user and a password: http://USER:PASSWORD@HOST."
        )
        assert hint in tunnel.stderr
    assert [line.split()[0] for line in proxy.lines] == ["GET", "CONNECT"]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed_through_a_proxy(ant_over_socket, status):
    """Requests through a proxy use another transport, which must not send the key to another host either."""
    moved = response(b"", "location: http://elsewhere.invalid/", status=f"{status} Moved")
    with ScriptedServer(moved, OK) as proxy:
        result = through(ant_over_socket, "http_proxy", proxy.url)
    assert (result.exit, result.stdout) == (1, "")
    assert [line.split()[:2] for line in proxy.lines] == [
        ["GET", "http://api.invalid/v1/environments/env_1?beta=true"]
    ]


PROXIED_HOSTS = [
    ("http://192.0.2.7", "192.0.2.9/24"),
    ("http://[::ffff:192.0.2.7]", "192.0.2.0/24"),
    ("http://[fd00::1]", "fd00::/8"),
    ("http://[fd00::1%25eth0]", "fd00::1"),
    ("http://[FD00:0:0::1]", "fd00::1"),
    ("http://[fd00::1]", "[fd00:0:0:0::1]:80"),
    ("http://[fd00::1]:8080", "[fd00::1]:8080"),
    ("http://0xc0.0.2.7", "192.0.2.7"),
    ("http://api.example", "other, api.example"),
    ("http://eu.api.example", "api.example"),
    ("http://API.example.", "api.EXAMPLE"),
    ("http://eu.api.example", ".api.example"),
    ("http://eu.api.example", "*.api.example"),
    ("http://eu.api.example", "*.API.Example"),
    ("http://eu.api.example", "API.Example."),
    ("http://api.example:8080", "api.example:8080"),
    ("https://api.example", "api.example:443"),
    ("http://api.example", "*"),
    ("http://bücher.example", "xn--bcher-kva.example"),
]
"""Base URLs, and values of NO_PROXY that name their hosts."""


@pytest.mark.parametrize(("url", "exempt"), PROXIED_HOSTS)
def test_a_host_in_no_proxy_is_requested_without_the_proxy(url, exempt):
    """Networks, addresses and domains are read as Go reads them."""
    environ = {"ALL_PROXY": "http://proxy.invalid:3128", "NO_PROXY": exempt}
    assert proxy_variable(url, environ) is None
    assert proxy_variable(url, environ | {"NO_PROXY": "elsewhere.example"}) == "ALL_PROXY"


@pytest.mark.parametrize(
    ("url", "exempt"),
    [
        ("http://192.0.3.7", "192.0.2.0/24"),
        ("http://api.example", "192.0.2.0/0"),
        ("http://[fd00::1]:8080", "[fd00::1]:80"),
        ("http://api.example:8080", "api.example:80"),
        ("http://[fd00::1]", "[fd00::1]"),
        ("http://api.example", "other api.example"),
        ("http://my-api.example", "api.example"),
        ("http://api.example", "*.api.example"),
        ("http://api.example", ".api.example"),
    ],
)
def test_a_host_that_only_resembles_an_item_of_no_proxy_is_requested_through_the_proxy(url, exempt):
    """Direct connections may be blocked."""
    environ = {"http_proxy": "proxy.invalid:3128", "no_proxy": exempt}
    assert proxy_variable(url, environ) == "http_proxy"


def test_items_of_no_proxy_that_cannot_be_read_are_ignored(ant_over_socket):
    """They match nothing, and the request goes through the proxy."""
    with ScriptedServer(OK) as proxy:
        env = {
            "http_proxy": proxy.url,
            "NO_PROXY": "[::1,fd00::/200,a/b/c,:,/,a:b:c,[x]:" + "9" * 5000,
        }
        assert ant_over_socket(url="http://192.0.2.7", env=env).stdout == OUTPUT


def test_a_proxy_without_a_scheme_is_asked_by_http():
    """That is how curl and Go read such a variable."""
    assert proxy_url("http_proxy", {"http_proxy": "p:1"}) == "http://p:1"
    assert proxy_url("all_proxy", {"all_proxy": "socks5://p:1"}) == "socks5://p:1"


def test_spaces_around_the_url_of_a_proxy_are_ignored(ant_over_socket):
    """A file of variables may leave some behind."""
    with ScriptedServer(OK) as proxy:
        assert through(ant_over_socket, "http_proxy", f" {proxy.url} ").stdout == OUTPUT


def test_only_the_variable_of_the_urls_scheme_is_read(ant_over_socket):
    """A mistake in another one does not matter here. An empty variable counts as unset."""
    with ScriptedServer(OK) as proxy:
        env = {
            "http_proxy": "",
            "HTTP_PROXY": proxy.url,
            "https_proxy": "http://[bad",
            "ALL_PROXY": "http://:80",
        }
        assert ant_over_socket(url="http://api.invalid", env=env).stdout == OUTPUT


def test_the_proxy_of_the_other_scheme_is_not_used():
    """Only ALL_PROXY counts for both."""
    env = {"http_proxy": "p:1"}
    assert proxy_variable("https://api.example", env) is None
    assert proxy_variable("https://api.example", env | {"all_proxy": "p:2"}) == "all_proxy"


@pytest.mark.parametrize(
    ("environ", "chosen"),
    [
        ({"http_proxy": "a", "HTTP_PROXY": "b"}, "http_proxy"),
        ({"http_proxy": " ", "HTTP_PROXY": "b"}, "HTTP_PROXY"),
        ({"HTTP_PROXY": "b", "all_proxy": "c"}, "HTTP_PROXY"),
        ({"all_proxy": "c", "ALL_PROXY": "d"}, "all_proxy"),
        ({"HTTP_PROXY": "", "ALL_PROXY": "d"}, "ALL_PROXY"),
        ({"http_proxy": "a", "no_proxy": " ", "NO_PROXY": "api.example"}, None),
        ({"http_proxy": "a", "no_proxy": "b.example", "NO_PROXY": "api.example"}, "http_proxy"),
        ({"http_proxy": "a", "no_proxy": "api.example", "NO_PROXY": "b.example"}, None),
        ({"http_proxy": "a", "NO_PROXY": "b.example , api.example:"}, None),
        ({"http_proxy": "a", "NO_PROXY": "api.example:80"}, None),
        ({"http_proxy": "a", "NO_PROXY": "api.example:81"}, "http_proxy"),
        ({"http_proxy": "a", "NO_PROXY": ".example"}, None),
        ({"http_proxy": "a", "NO_PROXY": ".api.example,*.api.example"}, "http_proxy"),
        ({"http_proxy": "a", "NO_PROXY": "*"}, None),
    ],
)
def test_of_two_variables_about_a_proxy_the_more_specific_one_and_the_lower_case_win(
    environ, chosen
):
    """As in curl and Go. A blank one counts as unset."""
    assert proxy_variable("http://api.example", environ) == chosen


def test_the_direct_transport_is_for_urls_of_servers_without_a_proxy():
    """Whether a worker can send its requests on its event loop depends on that."""
    proxy = {"ALL_PROXY": "http://proxy.invalid:3128"}
    assert is_direct("https://api.example", {})
    assert is_direct("http://127.0.0.1:8000", proxy)
    assert not is_direct("https://api.example", proxy)
    assert not is_direct("https://bücher.example", {})
    assert not is_direct("local:", {})
    assert not is_direct("local:data.db", proxy)


def test_http_proxy_in_capitals_is_ignored_below_a_web_server():
    """There it holds the header `Proxy` of a request, so that any visitor could read the key."""
    env = {"HTTP_PROXY": "http://proxy.invalid:3128", "REQUEST_METHOD": "GET"}
    assert proxy_variable("http://api.example", env) is None
    assert proxy_variable("http://api.example", env | {"http_proxy": "p:1"}) == "http_proxy"


# Certificates


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    """A certificate authority that exists only for this test."""
    return trustme.CA()


@pytest.mark.parametrize("other", ["", "/no-such-folder"])
def test_an_empty_or_additional_place_of_authorities_is_no_mistake(tmp_path, other):
    """Go and OpenSSL look into each folder that exists. An empty variable counts as unset."""
    folders = os.pathsep.join(filter(None, [str(tmp_path), other]))
    assert tls_context({"SSL_CERT_FILE": "", "SSL_CERT_DIR": folders})
    assert describe_trust({"SSL_CERT_FILE": "", "SSL_CERT_DIR": folders}) == (
        f"{folders} (SSL_CERT_DIR)"
    )
    with pytest.raises(UsageError):
        tls_context({"SSL_CERT_DIR": str(tmp_path / "missing")})


def test_the_file_and_the_folder_of_the_variables_are_named_together():
    """Both are used. The log has room for one name."""
    environ = {"SSL_CERT_FILE": "/a.pem", "SSL_CERT_DIR": "/certs"}
    assert describe_trust(environ) == "/a.pem (SSL_CERT_FILE and SSL_CERT_DIR)"


@pytest.mark.parametrize("platform", ["win32", "darwin"])
def test_windows_and_macos_verify_by_themselves_unless_a_variable_names_authorities(
    monkeypatch, platform
):
    monkeypatch.setattr("ant_cli.http.trust.sys", SimpleNamespace(platform=platform))
    assert describe_trust({"SSL_CERT_FILE": ""}) == "the operating system's verifier"
    assert describe_trust({"SSL_CERT_FILE": "/a.pem"}) == "/a.pem (SSL_CERT_FILE)"


@needs_linux("other systems verify by themselves")
@pytest.mark.parametrize(
    "bundle",
    [
        "/etc/ssl/certs/ca-certificates.crt",
        "/etc/pki/tls/certs/ca-bundle.crt",
        "/etc/ssl/ca-bundle.pem",
        "/etc/ssl/cert.pem",
        "/own/cert.pem",
    ],
)
@pytest.mark.parametrize(
    "names", [None, (), ("README", "company.pem"), ("x0123abcd.0", "0123abcd.0.old")]
)
def test_authorities_are_found_where_systems_keep_them(monkeypatch, tmp_path, bundle, names):
    """The paths of Python's OpenSSL come first. A folder counts only if its files have names that OpenSSL reads."""
    folder = tmp_path / "certs"
    if names is not None:
        folder.mkdir()
        for name in names:
            (folder / name).touch()
    paths = SimpleNamespace(openssl_cafile="/own/cert.pem", openssl_capath=str(folder))
    monkeypatch.setattr("ssl.get_default_verify_paths", lambda: paths)
    monkeypatch.setattr("os.path.isfile", lambda path: path in (bundle, "/etc/ssl/cert.pem"))
    assert describe_trust({}) == f"{bundle} (operating system)"
    folder.mkdir(exist_ok=True)
    (folder / "0123abcd.0").touch()
    assert describe_trust({}) == f"{folder} (operating system)"


def test_a_place_of_authorities_that_is_no_folder_is_left_out(monkeypatch, tmp_path):
    place = tmp_path / "certs"
    place.touch()
    paths = SimpleNamespace(openssl_cafile=str(place), openssl_capath=str(place))
    monkeypatch.setattr("ssl.get_default_verify_paths", lambda: paths)
    monkeypatch.setattr("ant_cli.http.trust.sys", SimpleNamespace(platform="linux"))
    assert describe_trust({}) == f"{place} (operating system)"


@pytest.fixture
def trust(authority: trustme.CA, tmp_path) -> str:
    """A file with the authority's certificate."""
    authority.cert_pem.write_to_path(str(tmp_path / "authority.pem"))
    return str(tmp_path / "authority.pem")


def tls_server(
    authority: trustme.CA, name: str = "localhost", *, expired: bool = False, reply: bytes = OK
) -> ScriptedServer:
    """Return a server with a certificate for a name."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    yesterday = datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=1)
    issued = authority.issue_cert(
        name, not_after=yesterday if expired else None
    ).private_key_and_cert_chain_pem
    # Wine accepts a chain without its end, so the authority is sent, too.
    with trustme.Blob(issued.bytes() + authority.cert_pem.bytes()).tempfile() as file:
        context.load_cert_chain(file)
    return ScriptedServer(reply, tls=context)


@pytest.mark.parametrize("user", ["", "ada:hunter2pass@"])
def test_ssl_cert_file_adds_a_trusted_authority_on_both_transports(
    ant_over_socket, authority, trust, user
):
    """The certificate of the server was issued by that authority."""
    server = tls_server(authority)
    result = ant_over_socket(
        server=server, url=f"https://{user}localhost:{{port}}", env={"SSL_CERT_FILE": trust}
    )
    assert (result.exit, result.stdout) == (0, OUTPUT)


@pytest.mark.parametrize(
    ("name", "expired", "known", "said", "hint"),
    [
        (
            "localhost",
            False,
            False,
            "(",
            "To trust another certificate authority, set SSL_CERT_FILE to the file of its",
        ),
        (
            "localhost",
            True,
            True,
            "(certificate has expired)",
            "Compare the clock of this machine with the",
        ),
        (
            "other.example",
            False,
            True,
            "(Hostname mismatch, ",
            "The certificate is for another host: check the one in",
        ),
    ],
)
def test_a_certificate_error_is_explained_and_not_retried(
    ant_over_socket, authority, trust, name, expired, known, said, hint
):
    """Another authority helps only if that is unknown. A retry would have the same result."""
    server = tls_server(authority, name, expired=expired)
    env = {"SSL_CERT_FILE": trust} if known else {}
    result = ant_over_socket(server=server, url="https://localhost:{port}", env=env)
    assert (result.exit, result.waits) == (8, [])
    assert f": the server's certificate is not trusted {said}" in result.stderr
    assert result.stderr.splitlines()[-1].startswith(hint)


def test_an_https_proxy_that_rejects_a_connection_is_named_and_asked_again(
    ant_over_socket, authority, trust
):
    """The TLS handshake with the proxy succeeded, so the error is not about it."""
    with tls_server(
        authority, reply=b"HTTP/1.1 407 No User\r\ncontent-length: 0\r\n\r\n"
    ) as server:
        env = {"SSL_CERT_FILE": trust, "https_proxy": server.url.replace("127.0.0.1", "localhost")}
        result = ant_over_socket(url="https://api.invalid", env=env, words=CREATE)
    assert (result.exit, len(server.requests)) == (8, 3)
    assert "407" in result.stderr
    assert "Is the proxy in https_proxy running?" in result.stderr
    assert "may have succeeded" not in result.stderr


@pytest.mark.parametrize("path", ["", "/ä"], ids=["direct", "httpx"])
def test_a_certificate_is_not_accepted_by_its_common_name(ant_over_socket, authority, trust, path):
    """The constraints of an authority apply to alternative names only, so a common name could be any name.

    OpenSSL would look at it, because the certificate has no alternative name of a host.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("ada@example.com", common_name="localhost").configure_cert(context)
    server = ScriptedServer(OK, tls=context)
    url = f"https://localhost:{{port}}{path}"
    result = ant_over_socket(server=server, url=url, env={"SSL_CERT_FILE": trust})
    assert (result.exit, result.requests) == (8, [])
    # Python 3.13 and later reject it by itself, with an OpenSSL that says so.
    assert re.search("Hostname mismatch|Empty Subject Alternative Name", result.stderr)


@pytest.mark.parametrize(("name", "status"), [("localhost", 0), ("other.example", 8)])
def test_the_certificate_of_a_proxy_is_checked_like_that_of_a_server(
    ant_over_socket, authority, trust, name, status
):
    """The authorities of SSL_CERT_FILE are trusted for both."""
    with tls_server(authority, name) as proxy:
        env = {"http_proxy": f"https://localhost:{proxy.port}", "SSL_CERT_FILE": trust}
        result = ant_over_socket(url="http://api.invalid", env=env, more=NO_RETRIES)
    assert (result.exit, len(proxy.requests)) == (status, 1 if status == 0 else 0)


@pytest.mark.parametrize("user", ["", "ada:hunter2pass@"])
@pytest.mark.parametrize("variable", ["SSL_CERT_FILE", "SSL_CERT_DIR"])
def test_ssl_cert_file_or_dir_that_does_not_exist_is_a_usage_error(ant_over_socket, variable, user):
    """Otherwise no server would be trusted, and the user would not see the reason."""
    refusal = ant_over_socket(
        url=f"https://{user}localhost:{{port}}", env={variable: "/nope"}
    ).refusal
    reasons = {
        "SSL_CERT_DIR": "there is no such folder",
        "SSL_CERT_FILE": "no such file or directory",
    }
    assert refusal.endswith(
        f"{variable} can't be used: {reasons[variable]}.\n".replace(
            "FILE can't", "FILE or SSL_CERT_DIR can't"
        )
    )


@pytest.fixture
def system_trust(authority: trustme.CA, tmp_path, monkeypatch) -> Callable[..., Path]:
    """Make the system trust the authority by a folder, by a file, or not at all. Returns the path."""

    def install(kind: str) -> Path:
        folder, file = tmp_path / "certs", tmp_path / "cert.pem"
        folder.mkdir()
        authority.cert_pem.write_to_path(str(folder / "company.pem" if kind == "folder" else file))
        if kind == "folder":
            if not shutil.which("openssl"):
                pytest.skip(
                    "this test needs openssl, which names the files in a folder of authorities"
                )
            subprocess.run(["openssl", "rehash", str(folder)], check=True)
        if kind == "nothing":
            file.unlink()
        paths = ssl.get_default_verify_paths()._replace(
            openssl_cafile=str(file), openssl_capath=str(folder)
        )
        monkeypatch.setattr(ssl, "get_default_verify_paths", lambda: paths)
        monkeypatch.setattr("ant_cli.http.trust.BUNDLES", ())
        return folder if kind == "folder" else file

    return install


@needs_linux("other systems verify by themselves")
@pytest.mark.parametrize("path", ["", "/ä"], ids=["direct", "httpx"])
@pytest.mark.parametrize("kind", ["folder", "file"])
def test_an_authority_in_the_operating_systems_trust_store_is_trusted(
    ant_over_socket, authority, system_trust, kind, path
):
    """Companies install their authorities there. The debug log names the trust store."""
    place = system_trust(kind)
    result = ant_over_socket(
        server=tls_server(authority), url=f"https://localhost:{{port}}{path}", more=("--debug",)
    )
    assert (result.exit, result.stdout) == (0, OUTPUT)
    assert f"* certificate authorities: {place} (operating system)\n" in result.stderr


def test_an_empty_ssl_cert_file_next_to_a_folder_counts_as_unset(
    ant_over_socket, authority, system_trust
):
    """Otherwise a file without a name would be read."""
    env = {"SSL_CERT_FILE": "", "SSL_CERT_DIR": str(system_trust("folder"))}
    result = ant_over_socket(server=tls_server(authority), url="https://localhost:{port}", env=env)
    assert (result.exit, result.stdout) == (0, OUTPUT)


@needs_linux("other systems verify by themselves")
def test_certifi_is_used_if_the_operating_system_has_no_trust_store(
    ant_over_socket, authority, system_trust
):
    """Certifi does not have the authority of this test."""
    system_trust("nothing")
    result = ant_over_socket(
        server=tls_server(authority), url="https://localhost:{port}", more=("--debug",)
    )
    assert (
        result.exit,
        "not trusted (self-signed certificate in certificate chain)" in result.stderr,
    ) == (8, True)
    assert f"* certificate authorities: {certifi.where()} (certifi" in result.stderr


def test_ssl_cert_file_replaces_the_operating_systems_trust_store(
    ant_over_socket, authority, trust, system_trust
):
    """SSL_CERT_FILE names the only trusted authorities."""
    system_trust("file")
    other = trust.replace("authority", "other")
    trustme.CA().cert_pem.write_to_path(other)
    for file, status in ((trust, 0), (other, 8)):
        env = {"SSL_CERT_FILE": file}
        result = ant_over_socket(
            server=tls_server(authority), url="https://localhost:{port}", env=env, more=("--debug",)
        )
        assert result.exit == status
        assert f"* certificate authorities: {file} (SSL_CERT_FILE)\n" in result.stderr


@pytest.mark.parametrize("path", ["", "/ä"], ids=["direct", "httpx"])
@pytest.mark.parametrize("name", ["localhost", "127.0.0.1", "::1"])
def test_a_server_that_the_verifier_of_the_system_trusts_is_asked(
    ant_over_socket, system_verifier, name, path
):
    """On Windows and macOS, the system verifies the certificate after the handshake, by the name of the server."""
    host = "::1" if ":" in name else "127.0.0.1"
    server = ScriptedServer(OK, tls=server_context(name), host=host)
    url = f"https://{f'[{name}]' if ':' in name else name}:{{port}}{path}"
    result = ant_over_socket(server=server, url=url, more=("--debug",))
    assert (result.exit, result.stdout) == (0, OUTPUT)
    assert set(system_verifier.names) == {name}
    assert "* certificate authorities: the operating system's verifier\n" in result.stderr


@pytest.mark.parametrize("path", ["", "/ä"], ids=["direct", "httpx"])
def test_a_server_that_the_verifier_of_the_system_rejects_gets_no_request(
    ant_over_socket, system_verifier, path
):
    """The error names the reason of the system."""
    system_verifier.rejects = True
    server = ScriptedServer(OK, tls=server_context("localhost"))
    result = ant_over_socket(server=server, url=f"https://localhost:{{port}}{path}")
    assert (result.exit, result.requests) == (8, [])
    assert "the server's certificate is not trusted (unknown to this system)" in result.stderr


# Retries


@pytest.mark.parametrize(
    ("header", "low", "high"),
    [
        ("retry-after: 0", 0, 0),
        ("retry-after: 7", 7, 7),
        ("retry-after: 60", 60, 60),
        ("retry-after: -5", 0, 0),
        ("retry-after: Fri, 01 Jan 1999 00:00:00 GMT", 0, 0),
        ("retry-after: 2.5", 2.5, 2.5),
        ("retry-after-ms: 1500", 1.5, 1.5),
        ("retry-after: 7\r\nretry-after-ms: 1500", 1.5, 1.5),
        ("retry-after: 7\r\nretry-after-ms: soon", 7, 7),
        *(
            (f"retry-after: {text}", 0.3, 0.5)
            for text in ("NaN", "inf", "-inf", "1e400", "1_0", "0x10", "", "soon")
        ),
        ("retry-after: Fri, 31 Dec 99999999999 23:59:59 GMT", 0.3, 0.5),
    ],
)
def test_retry_after_is_honoured_up_to_a_minute_and_invalid_values_are_ignored(
    ant_over_socket, header, low, high
):
    """No wait is negative. A wait of more than two seconds is announced."""
    result = ant_over_socket(error("429 Too Many", "rate_limit_error", header), OK)
    assert (result.exit, result.stdout) == (0, OUTPUT)
    assert low <= result.waits[0] <= high
    assert ("Retry 1 of 2" in result.stderr) == (high > 2)


@needs_posix("a time zone that a test can set")
def test_retry_after_may_be_a_date(ant_over_socket, time_zone):
    """The date is in GMT, whatever the local time zone is."""
    time_zone("America/New_York")
    date = time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(time.time() + 30))
    result = ant_over_socket(error("503 Busy", "x", f"retry-after: {date}"), OK)
    assert 25 < result.waits[0] <= 31


def test_thousands_of_retries_wait_at_most_eight_seconds_each(ant_over_socket):
    """The delay stops growing at eight seconds."""
    result = ant_over_socket(error("429 Too Many"), more=("--max-retries", "1100"))
    assert (result.exit, len(result.waits)) == (7, 1100)
    assert 6 <= result.waits[-1] <= 8


def test_a_success_with_x_should_retry_is_not_retried(ant_over_socket):
    """The request was carried out, and `x-should-retry` is for failures."""
    for words in (RETRIEVE, CREATE):
        result = ant_over_socket(response({"id": "x"}, "x-should-retry: true"), words=words)
        assert (result.exit, result.stdout, len(result.requests)) == (0, OUTPUT, 1)


@pytest.mark.parametrize(
    ("url", "origin", "host", "target"),
    [
        ("http://h", ("http", "h", 80), "h", "/"),
        ("https://h/v1?a=b", ("https", "h", 443), "h", "/v1?a=b"),
        ("http://ada:pw@h:8080/v1", ("http", "h", 8080), "h:8080", "/v1"),
        ("http://h.example.:80/", ("http", "h.example.", 80), "h.example.:80", "/"),
        ("https://[fd00::1]/", ("https", "fd00::1", 443), "[fd00::1]", "/"),
        (
            "http://[::ffff:10.0.0.1]:81/",
            ("http", "::ffff:10.0.0.1", 81),
            "[::ffff:10.0.0.1]:81",
            "/",
        ),
        (f"http://{'a' * 63}/", ("http", "a" * 63, 80), "a" * 63, "/"),
    ],
)
def test_a_url_says_where_to_connect_and_what_to_request(url, origin, host, target):
    """The header `host` has the port if the URL has one, and never the user."""
    asked: list[tuple[object, str, bytes]] = []

    def open_socket(to: Origin, _attempt: object) -> Any:
        def reply(request: httpx.Request) -> httpx.Response:
            asked.append((to, request.headers["host"], request.url.raw_path))
            return httpx.Response(200)

        return ScriptedSocket(to, reply)

    with (
        contextlib.closing(DirectTransport({}, open_socket)) as transport,
        transport.stream("GET", url, {}, b"", timeouts_of(5)) as received,
    ):
        received.read()
    assert asked == [(origin, host, target.encode())]


def test_a_body_has_its_length_in_bytes(ant_over_socket):
    """The server reads as many bytes as the header says."""
    (request,) = ant_over_socket(words=CREATE, more=("--description", "ü😀")).requests
    assert request.endswith('\r\n\r\n{"name":"n","description":"ü😀"}'.encode())


def test_a_connection_with_tls_is_used_for_the_next_request(ant_over_socket, authority, trust):
    """The second page needs no second handshake."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    server = ScriptedServer(FIRST, LAST, tls=context)
    result = ant_over_socket(
        server=server,
        words=LINES,
        url="https://localhost:{port}",
        env={"SSL_CERT_FILE": trust},
    )
    assert (result.exit, result.stdout, server.connections) == (0, "1\n2\n", 1)


def test_a_connection_of_http_1_0_is_not_used_again(ant_over_socket):
    """A server with HTTP/1.0 answers one request for each connection, so a second one would be lost."""
    old = FIRST.replace(b"HTTP/1.1", b"HTTP/1.0")
    with ScriptedServer(old, LAST) as server:
        assert ant_over_socket(words=LINES, server=server).stdout == "1\n2\n"
    assert server.connections == 2


@pytest.mark.parametrize(
    ("code", "hint"),
    [
        *((code, "Compare the clock of this machine") for code in (9, 10, 0x800B0101, -67818)),
        *((code, "The certificate is for another host") for code in (62, 64, 0x800B010F, -67602)),
        *((code, "To trust another certificate authority") for code in (18, 19, 20, 0x800B0109)),
    ],
)
def test_what_to_do_about_a_certificate_follows_from_the_number_of_the_problem(code, hint):
    """OpenSSL, Windows and macOS have different numbers for the same problem."""
    error = ssl.SSLCertVerificationError("no")
    error.verify_code, error.verify_message = code, "not good."
    attempt = Attempt(timeouts_of(5))
    attempt.phase = "handshake"
    failure = attempt.failure(error).error("GET")
    assert failure.message == "the server's certificate is not trusted (not good)."
    assert failure.hint.startswith(hint)


@pytest.mark.parametrize("path", ["", "/\u00e4"], ids=["direct", "httpx"])
def test_only_the_variables_of_the_run_name_a_proxy(ant_over_socket, monkeypatch, path):
    """A program that runs commands in its own process may pass other variables than its own."""
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1")
    assert ant_over_socket(url=f"{{url}}{path}").stdout == OUTPUT


@pytest.mark.parametrize("reason", ["", "connection refused by API-7"])
def test_the_reason_of_the_operating_system_is_shown_in_its_own_words(ant, reason):
    """Only the first letter is changed. For an error without a reason, the name of its class is shown."""
    error = (
        ConnectionAbortedError(reason.capitalize().replace("api", "API"))
        if reason
        else ConnectionAbortedError()
    )
    result = ant(*RETRIEVE, "--max-retries", "0", replies=[error])
    assert result.stderr.endswith(f"{reason or 'connectionAbortedError'}.\n")


def test_a_failed_tls_handshake_behind_a_proxy_is_not_blamed_on_the_proxy(ant_over_socket):
    """The proxy has opened the tunnel, so it works."""
    tunnel = (HEAD + b"\r\n", b"SSH-2.0-OpenSSH_9.9\r\n", Act.CLOSE)
    with ScriptedServer(tunnel) as proxy:
        result = through(ant_over_socket, "https_proxy", proxy.url, "https")
    assert "the TLS handshake failed" in result.stderr
    assert result.stderr.splitlines()[-1].startswith("Does the server speak TLS at this port?")


def test_a_change_is_sent_over_a_new_connection_if_the_server_closed_the_idle_one(
    ant_over_socket, monkeypatch
):
    """Over the old connection, the change would be lost, which would count as a failed attempt."""

    def is_reusable(wire: Wire) -> bool:
        select.select([wire._socket], [], [], 30)  # until the server has closed it
        return look(wire)

    look = Wire.is_reusable
    monkeypatch.setattr(Wire, "is_reusable", is_reusable)
    words = (*ARCHIVE, "env_1", "env_2", "--parallel", "1", "--yes")
    result = ant_over_socket((OK, Act.CLOSE), OK, words=words, more=NO_RETRIES)
    assert (result.exit, len(result.requests)) == (0, 2)


@pytest.mark.parametrize(
    ("user", "pair"),
    [
        ("ada:pass-word", "ada:pass-word"),
        ("u%40corp:p%3Aw%2Fx-yz", "u@corp:p:w/x-yz"),
        (":pass-word", ":pass-word"),
        ("gateway-token", "gateway-token:"),
        ("ü:pass-wörd", "ü:pass-wörd"),
    ],
)
def test_the_user_in_a_base_url_is_sent_as_a_header(ant, user, pair):
    """Percent-encoded characters are decoded."""
    request = ant(*RETRIEVE, "--base-url", f"http://{user}@h").request
    name, _, encoded = request.headers["authorization"].partition(" ")
    assert (name, base64.b64decode(encoded).decode()) == ("Basic", pair)
    assert request.headers["host"] == "h"


def test_a_wait_that_a_server_asks_for_is_named_in_place_of_the_credential(ant):
    """The key may be valid although the status is 403."""
    reply = httpx.Response(403, headers={"retry-after": "61"}, json={})
    result = ant(*RETRIEVE, replies=[reply])
    assert result.stderr.endswith("The server asks to wait 61 s before the next request.\n")


def test_the_authorities_of_both_variables_are_trusted(
    ant_over_socket, authority, system_trust, trust
):
    """The folder has the authority of the server. The file has another one."""
    other = trust.replace("authority", "other")
    trustme.CA().cert_pem.write_to_path(other)
    env = {"SSL_CERT_FILE": other, "SSL_CERT_DIR": str(system_trust("folder"))}
    result = ant_over_socket(server=tls_server(authority), url="https://localhost:{port}", env=env)
    assert (result.exit, result.stdout) == (0, OUTPUT)


def test_a_proxy_whose_host_is_not_known_is_named(ant_over_socket):
    """The base URL is not to blame: only the proxy looks up its host name."""
    result = through(ant_over_socket, "http_proxy", "http://nosuch.invalid:3128")
    assert result.exit == 8
    assert "the host name is not known.\nIs the proxy in http_proxy running?" in result.stderr
    assert CHECK_URL not in result.stderr
