import http.client
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from itertools import count
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import urlsplit

import pytest

from ant_cli.emulator import faults, http_server, own_files, work
from ant_cli.emulator.http_server import serve
from tests.conftest import needs_posix
from tests.helpers.emulators import serving

from .api import ENVIRONMENTS, HEADERS, connected, send


@needs_posix("signals")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_the_server_and_restores_the_signal_handlers(emulator, monkeypatch, number):
    """The base URL is announced once. Waitress leaves its threads to the end of the process."""
    monkeypatch.setattr(http_server, "MOST_THREADS", 1)
    before = [signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)]
    urls = []

    def on_listening(url):
        urls.append(url)
        os.kill(os.getpid(), number)

    serve(emulator, "127.0.0.1", 0, on_listening, lambda _line: None)
    assert [signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)] == before
    assert len(urls) == 1
    parts = urlsplit(urls[0])
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((parts.hostname, parts.port))


@needs_posix("signals")
def test_a_stopping_server_finishes_the_requests_in_flight(database):
    """A stream ends as a whole. A client that has sent no request is not waited for."""
    command = [sys.executable, Path(__file__).parent / "serve.py", database, "0"]
    with (
        subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process,
        ExitStack() as stack,
    ):
        stack.callback(process.kill)
        url = process.stdout.readline().strip()
        connection, idle = (stack.enter_context(connected(url)) for _ in range(2))
        idle.connect()
        environment = send(
            connection, "POST", ENVIRONMENTS, {"name": "q", "config": {"type": "self_hosted"}}
        )[1]
        session = send(
            connection, "POST", "/_emulator/sessions", {"environment_id": environment["id"]}
        )[1]
        connection.request("GET", f"/v1/sessions/{session['id']}/events/stream", headers=HEADERS)
        stream = connection.getresponse()
        assert stream.readline() == b"event: ping\n"
        process.terminate()
        # raises IncompleteRead if the end is missing
        assert stream.read() == b'data: {"type": "ping"}\n\n'
        assert idle.sock.recv(1) == b""
        assert process.stdout.read() == "stopped\n"


@pytest.mark.parametrize("name", ["block_ms", "block%5Fms", "%62lock_m%73"])
def test_a_poll_that_waits_lets_the_server_handle_other_requests(emulator, monkeypatch, name):
    """Its parameter may be percent-encoded. Work that is enqueued meanwhile ends the poll."""
    looked, wait_for = threading.Event(), work.wait_for

    def wait(look, _seconds):
        def watched():
            found = look()
            looked.set()
            return found

        return wait_for(watched, 60)

    monkeypatch.setattr(work, "wait_for", wait)
    with (
        serving(emulator) as server,
        connected(server.url) as waiting,
        connected(server.url) as other,
        ThreadPoolExecutor() as pool,
    ):
        queue = send(other, "POST", ENVIRONMENTS, {"name": "q", "config": {"type": "self_hosted"}})[
            1
        ]["id"]
        poll = pool.submit(send, waiting, "GET", f"{ENVIRONMENTS}/{queue}/work/poll?{name}=999")
        looked.wait()
        assert send(other, "POST", f"/_emulator/environments/{queue}/enqueue", {})[0] == 200
        assert poll.result()[1]["type"] == "work"


def test_a_poll_whose_client_has_left_takes_no_work(emulator, monkeypatch):
    """The item would be lost until it is reclaimed."""
    looked, ended, wait_for = threading.Event(), threading.Event(), work.wait_for

    def wait(look, _seconds):
        looked.set()
        found = wait_for(look, 60)
        ended.set()
        return found

    monkeypatch.setattr(work, "wait_for", wait)
    with serving(emulator) as server, connected(server.url) as other:
        queue = send(other, "POST", ENVIRONMENTS, {"name": "q", "config": {"type": "self_hosted"}})[
            1
        ]["id"]
        with connected(server.url) as leaving:
            leaving.request(
                "GET", f"{ENVIRONMENTS}/{queue}/work/poll?block_ms=999", headers=HEADERS
            )
            looked.wait()
        assert ended.wait(30)
        send(other, "POST", f"/_emulator/environments/{queue}/enqueue", {})
        assert send(other, "GET", f"{ENVIRONMENTS}/{queue}/work/poll")[1]["type"] == "work"


def test_a_fault_delays_no_request_that_it_does_not_match(emulator, monkeypatch):
    """A delay occupies only the thread of its request."""
    delayed, release = threading.Event(), threading.Event()

    def sleep(seconds):
        if seconds == 600:
            delayed.set()
            release.wait()

    monkeypatch.setattr(faults.time, "sleep", sleep)
    with serving(emulator) as server, connected(server.url) as slow, connected(server.url) as other:
        send(other, "POST", "/_emulator/faults", {"delay_ms": 600_000})
        slow.request("GET", ENVIRONMENTS, headers=HEADERS)
        delayed.wait()
        try:
            assert send(other, "GET", ENVIRONMENTS)[0] == 200
        finally:
            release.set()
        assert slow.getresponse().status == 200


def test_a_disconnect_fault_closes_the_connection_without_a_response(served):
    """Over HTTP the fault is a broken connection."""
    with connected(served) as connection:
        send(connection, "POST", "/_emulator/faults", {"disconnect": True, "path_contains": "/v1/"})
        with pytest.raises(http.client.RemoteDisconnected):
            send(connection, "GET", ENVIRONMENTS)
        assert send(connection, "GET", ENVIRONMENTS)[0] == 200


def test_each_request_is_logged_in_one_line(emulator):
    """It has the time, the request ID, the fault and the reason; control characters in the path are escaped."""
    lines = []
    with serving(emulator, lines.append) as server, connected(server.url) as connection:
        send(connection, "GET", ENVIRONMENTS)
        send(connection, "GET", "/%0a%1b[31m")
        _, fault = send(connection, "POST", "/_emulator/faults", {"disconnect": True})
        with pytest.raises(http.client.RemoteDisconnected):
            send(connection, "GET", ENVIRONMENTS)
    line = re.compile(r"20\d\d-\S+Z (\S+ \S+ \S+) [0-9.]+ ms req_\w+ ?(.*)")
    assert [line.fullmatch(text).groups() for text in lines] == [
        (f"GET {ENVIRONMENTS} 200", ""),
        ("GET /%0A%1B%5B31m 404", "GET /%0A%1B%5B31m: there is no such endpoint."),
        ("POST /_emulator/faults 200", ""),
        (
            f"GET {ENVIRONMENTS} disconnected",
            f"{fault['id']} Injected fault ({fault['id']}) dropped the connection.",
        ),
    ]


def test_the_log_tells_the_time_of_the_machine_and_how_long_a_request_took(emulator, monkeypatch):
    """The clock of the emulator may be set to another time."""
    ticks = count(0, 0.25)
    times = {"perf_counter": lambda: next(ticks), "time_ns": lambda: 10**18}
    monkeypatch.setattr(http_server, "time", SimpleNamespace(**times))
    lines = []
    with serving(emulator, lines.append) as server, connected(server.url) as connection:
        send(connection, "GET", "/healthz")
    (line,) = lines
    assert line.startswith("2001-09-09T01:46:40.000000Z GET /healthz 200 250.0 ms req_")


def test_the_files_of_an_emulator_are_replaced_when_a_module_is_another(tmp_path, monkeypatch):
    """A new time, size or name of a module counts. Other files do not matter, and the folder may be missing."""
    folder = tmp_path / "emulator"
    monkeypatch.setattr(own_files, "_FOLDER", folder)
    from_a_zip = own_files.OwnFiles()
    assert not from_a_zip.are_replaced()
    folder.mkdir()
    module = folder / "a.py"
    module.write_text("1")
    os.utime(module, (1, 1))
    files = own_files.OwnFiles()
    (folder / "a.pyc").write_text("x")
    assert not files.are_replaced()
    os.utime(module, (2, 2))
    assert files.are_replaced()
    module.write_text("10")
    os.utime(module, (1, 1))
    assert files.are_replaced()
    module.write_text("2")
    os.utime(module, (1, 1))
    assert not files.are_replaced()
    (folder / "b.py").touch()
    assert files.are_replaced()
    shutil.rmtree(folder)
    assert files.are_replaced()


def test_the_base_url_of_an_ipv6_address_has_brackets(emulator):
    """The base URL can be used unchanged."""
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        pytest.skip("no IPv6 on this machine")
    with serving(emulator, host="::1") as server, connected(server.url) as connection:
        assert server.url.startswith("http://[::1]:")
        assert send(connection, "GET", ENVIRONMENTS)[0] == 200


def test_thirty_two_blocking_polls_do_not_block_other_requests(served):
    """The server still accepts the request to enqueue the work that they wait for."""
    with connected(served) as connection:
        config = {"type": "self_hosted"}
        queue = send(connection, "POST", ENVIRONMENTS, {"name": "q", "config": config})[1]["id"]
        begun = threading.Barrier(33)

        def wait(_number):
            with connected(served) as own:
                begun.wait()
                while not (
                    item := send(own, "GET", f"{ENVIRONMENTS}/{queue}/work/poll?block_ms=999")[1]
                ):
                    pass  # on a busy machine, the work may arrive after this poll
                return item

        with ThreadPoolExecutor(32) as pool:
            polls = [pool.submit(wait, number) for number in range(32)]
            begun.wait()
            send(connection, "POST", f"/_emulator/environments/{queue}/enqueue", {"count": 32})
            assert len({poll.result()["id"] for poll in polls}) == 32
