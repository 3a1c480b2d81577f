"""A worker's requests: while one waits, in whatever way, everything else goes on."""

from __future__ import annotations

import asyncio
import os
import select
import socket
import ssl
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from types import SimpleNamespace
from unittest.mock import Mock

import pytest
import trustme

from ant_cli.errors import AntError
from ant_cli.http.direct import DirectTransport
from ant_cli.http.transport import FailedAttempt, Timeouts
from ant_cli.worker import on_loop
from ant_cli.worker.context import WorkerContext
from ant_cli.worker.on_loop import run_on_loop, runtime_on_loop
from tests.conftest import KEY, make_runtime
from tests.helpers.processes import run_process
from tests.helpers.runs import OK
from tests.helpers.servers import Act, ScriptedServer
from tests.helpers.system_verifier import server_context
from tests.helpers.work_server import ITEM, WorkServer

PATIENT = Timeouts(60, 60)


@pytest.fixture
def tls(tmp_path, clean_environ):
    """Return the settings of a server whose certificate a client with this environment trusts."""
    authority, settings = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(settings)
    clean_environ["SSL_CERT_FILE"] = str(tmp_path / "ca.pem")
    authority.cert_pem.write_to_path(clean_environ["SSL_CERT_FILE"])
    return settings


def test_a_worker_runs_items_over_tls(tls, start, script):
    """Its requests are encrypted as those of other commands."""
    with WorkServer(tls) as server:
        worker = start("--base-url", server.url, "--max-items", "2", handler=[script("echo ran")])
        assert worker.end() == 0
    assert worker.output == ["ran", "ran"]
    assert [server.count(call) for call in ("poll", "ack", "stop")] == [2, 2, 2]


def test_a_worker_asks_a_server_that_the_verifier_of_the_system_trusts(
    system_verifier, api_runtime
):
    """On macOS, the system verifies the certificate, by the name of the server."""
    with ScriptedServer(OK, tls=server_context("127.0.0.1")) as server:
        assert asyncio.run(run_on_loop(post, api_runtime, server.url)) == b'{"id": "x"}'
    assert set(system_verifier.names) == {"127.0.0.1"}


def test_a_worker_runs_items_through_a_proxy(start, script):
    """The library for proxies blocks, so its requests are sent from threads."""
    with WorkServer() as proxy:
        env = {"http_proxy": proxy.url}
        handler = [script("echo ran")]
        worker = start(
            "--base-url", "http://api.invalid", "--max-items", "2", handler=handler, env=env
        )
        assert worker.end() == 0
    assert worker.output == ["ran", "ran"]
    assert [proxy.count(call) for call in ("poll", "ack", "stop")] == [2, 2, 2]


def test_a_response_much_larger_than_an_item_is_not_read(start, script):
    """Leases end while it is."""
    with WorkServer(poll={**ITEM, "metadata": {"a": "x" * 2_000_000}}) as server:
        worker = start("--base-url", server.url, handler=[script("exit 0")])
        assert "larger than 2 MB" in worker.wait_for("poll failed, backing off")["error"]


@pytest.fixture
def api_runtime(clean_environ):
    """Return a runtime for clients on an event loop, with a thread that opens their connections."""
    with ThreadPoolExecutor(1) as executor:
        runtime = runtime_on_loop(
            make_runtime({**clean_environ, "ANTHROPIC_AUTH_TOKEN": KEY}), executor
        )
        with closing(runtime.transport):
            yield runtime


def post(runtime, url, body=b"", timeouts=PATIENT):
    """Send a request, and return the body of the response."""
    with runtime.transport.stream("POST", url, {}, body, timeouts) as response:
        response.read()
    return response.body


def test_while_a_large_request_is_sent_the_event_loop_goes_on(api_runtime):
    """A server that is slow to read would cost leases. This one reads one request until it is allowed to go on."""
    may_read = threading.Event()

    def send(url):
        post(api_runtime, url)
        loop = asyncio.get_running_loop()
        loop.call_soon(may_read.set)
        body = post(api_runtime, url, b"x" * 20_000_000)
        assert len(loop._selector.get_map()) == 1  # a pipe that is always ready would take all time
        return body

    with ScriptedServer((OK, may_read.wait)) as server:
        assert asyncio.run(run_on_loop(send, server.url)) == b'{"id": "x"}'
    assert server.requests[1].endswith(b"\r\n\r\n" + b"x" * 20_000_000)


def test_a_pause_before_a_retry_can_be_cancelled(api_runtime):
    """The shutdown of a worker does not wait for it."""

    async def cancel_a_pause():
        pause = asyncio.create_task(run_on_loop(api_runtime.sleep, 3600))
        await asyncio.sleep(0)  # it has begun
        pause.cancel()
        await pause

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(cancel_a_pause())


@pytest.mark.parametrize("encrypted", [False, True])
def test_a_connection_is_kept_for_the_next_request(tls, api_runtime, encrypted):
    """Another one would take as long as several requests, over TLS above all."""

    async def send_twice(url):
        for _ in range(2):
            await run_on_loop(post, api_runtime, url)
            watched = asyncio.get_running_loop()._selector.get_map()
            assert len(watched) == 1  # the event loop's own pipe

    with ScriptedServer(OK, tls=tls if encrypted else None) as server:
        asyncio.run(send_twice(server.url))
    assert (len(server.requests), server.connections) == (2, 1)


class EndlessRecord(ScriptedServer):
    """Answers the first request, and the second with a TLS record that never ends, a byte at a time."""

    def _reply(self, connection, request):
        if not self.requests:
            return super()._reply(connection, request)
        with socket.socket(fileno=os.dup(connection.fileno())) as below_tls:
            below_tls.sendall(b"\x17\x03\x03\x40\x00")  # 16 KiB of data follow
            while not self._over.wait(0.02):
                below_tls.sendall(b"x")
        return False


def post_twice(api_runtime, server):
    """Send a request that opens the connection, however long that takes, and one with a time limit."""

    async def send_twice():
        await run_on_loop(post, api_runtime, server.url)
        await run_on_loop(post, api_runtime, server.url, b"", Timeouts(0.3, 60))

    asyncio.run(send_twice())


def test_a_tls_record_that_drips_is_given_up(tls, api_runtime):
    """Each of its bytes can be read, but there is nothing to decrypt before the last one."""
    with (
        EndlessRecord(OK, tls=tls) as server,
        pytest.raises(FailedAttempt, match="no response within"),
    ):
        post_twice(api_runtime, server)


@pytest.mark.parametrize("encrypted", [False, True])
def test_a_silent_server_is_given_up(tls, api_runtime, encrypted):
    """The time limits are those of other commands."""
    with (
        ScriptedServer(OK, (Act.STALL,), tls=tls if encrypted else None) as server,
        pytest.raises(FailedAttempt, match="no response within"),
    ):
        post_twice(api_runtime, server)


class Renegotiating(socket.socket):
    """Stands for TLS 1.2 whose server has begun another handshake: before it sends, it has to receive."""

    attempts = 0

    def send(self, data):
        self.attempts += 1
        if not select.select([self], [], [], 0)[0]:
            raise ssl.SSLWantReadError
        return super().send(data)


def test_a_renegotiation_takes_no_processor_time_while_the_server_is_silent(
    api_runtime, monkeypatch
):
    """A socket that can be written to says nothing then."""
    local, remote = socket.socketpair()
    sock = Renegotiating(fileno=local.detach())
    monkeypatch.setattr(DirectTransport, "connect", lambda *_: sock)

    async def send():
        request = asyncio.create_task(run_on_loop(post, api_runtime, "http://127.0.0.1:1"))
        while not sock.attempts:
            await asyncio.sleep(0)
        for _ in range(100):
            await asyncio.sleep(0)
        remote.sendall(OK)
        return await request

    with remote:
        assert asyncio.run(send()) == b'{"id": "x"}'
    assert sock.attempts == 2


class KeysAreUpdated(socket.socket):
    """A TLS 1.3 connection whose server has asked for new keys: it has to send before it can receive."""

    attempts = 0

    def recv_into(self, buffer, *_):
        self.attempts += 1
        if self.attempts == 1:
            raise ssl.SSLWantWriteError
        buffer[: len(OK)] = OK
        return len(OK)


def test_a_read_that_has_to_send_first_waits_until_it_can_send(api_runtime, monkeypatch):
    """The server sends nothing before it has received the new keys."""
    local, remote = socket.socketpair()
    sock = KeysAreUpdated(fileno=local.detach())
    monkeypatch.setattr(DirectTransport, "connect", lambda *_: sock)

    async def send():
        request = run_on_loop(post, api_runtime, "http://127.0.0.1:1")
        return await asyncio.wait_for(request, 10)

    with remote:
        assert asyncio.run(send()) == b'{"id": "x"}'


class Counting(socket.socket):
    """Counts how often it is read."""

    reads = 0

    def recv_into(self, *given):
        self.reads += 1
        return super().recv_into(*given)


def test_waiting_for_a_response_takes_no_processor_time(api_runtime, monkeypatch):
    """A poll takes as long as there is no work."""
    local, remote = socket.socketpair()
    sock = Counting(fileno=local.detach())
    monkeypatch.setattr(DirectTransport, "connect", lambda *_: sock)

    async def send():
        request = asyncio.create_task(run_on_loop(post, api_runtime, "http://127.0.0.1:1"))
        while not sock.reads:
            await asyncio.sleep(0)
        for _ in range(100):
            await asyncio.sleep(0)
        assert sock.reads == 1
        remote.sendall(OK)
        return await request

    with remote:
        assert asyncio.run(send()) == b'{"id": "x"}'


def test_a_wait_may_end_for_two_reasons_at_once():
    """The time is up just when the socket is ready."""

    async def end_twice():
        turn = asyncio.get_running_loop().create_future()
        on_loop._resolve(turn)
        on_loop._resolve(turn)
        await turn

    asyncio.run(end_twice())


def test_the_runtime_of_everything_else_still_blocks(clean_environ):
    """It is used without an event loop, too."""
    runtime = make_runtime(clean_environ)
    before = dict(vars(runtime))
    runtime_on_loop(runtime, Mock())
    assert vars(runtime) == before


def test_a_request_that_is_cancelled_closes_its_connection(api_runtime):
    """The server learns that nobody waits."""
    received = []

    async def cancel_when_it_is_sent(listener):
        loop = asyncio.get_running_loop()
        request = asyncio.create_task(
            run_on_loop(post, api_runtime, f"http://127.0.0.1:{listener.getsockname()[1]}")
        )

        def serve():
            connection, _ = listener.accept()
            with connection:
                connection.recv(10_000)
                loop.call_soon_threadsafe(request.cancel)
                received.append(connection.recv(10_000))

        with suppress(asyncio.CancelledError):
            await asyncio.gather(request, asyncio.to_thread(serve))
        # a later connection may have the same number, and could not be watched
        assert len(loop._selector.get_map()) == 1

    with socket.create_server(("127.0.0.1", 0)) as listener:
        asyncio.run(cancel_when_it_is_sent(listener))
    assert received == [b""]


@pytest.mark.parametrize("error", [OSError("no route"), asyncio.CancelledError()])
def test_what_ends_a_wait_is_raised_where_the_request_waits(error):
    """The request retries after a failure, and closes its connection when it is cancelled."""
    raised = []

    async def fail():
        raise error

    def request():
        try:
            on_loop._wait_for(fail())
        except (OSError, asyncio.CancelledError) as found:
            raised.append(found)
        return "the end"

    assert asyncio.run(run_on_loop(request)) == "the end"
    assert raised == [error]


@pytest.mark.parametrize("on_loop", [True, False])
def test_a_call_for_which_no_thread_can_be_started_fails_like_others(clean_environ, on_loop):
    """It is repeated later. A thread opens the connection, or does everything if there is a proxy."""
    executor = Mock(submit=Mock(side_effect=RuntimeError("can't start new thread")))
    runtime = runtime_on_loop(make_runtime(clean_environ), executor)
    context = SimpleNamespace(_executor=executor, _on_loop=on_loop)
    with pytest.raises(AntError, match="can't start new thread"):
        asyncio.run(
            WorkerContext.call(
                context, *((post, runtime, "http://127.0.0.1:1") if on_loop else (int,))
            )
        )


def test_calls_that_wait_for_a_thread_are_not_sent_after_the_end():
    """The worker does not wait for those that were sent."""
    with ThreadPoolExecutor(1) as executor:
        sent = threading.Event()
        executor.submit(sent.wait)
        waiting = executor.submit(int)
        context = SimpleNamespace(_executor=executor, guardian=Mock(), api=Mock())
        WorkerContext.close(context)
        sent.set()
    assert waiting.cancelled()
    context.guardian.close.assert_called_once()
    context.api.close.assert_called_once()


def test_without_greenlet_a_worker_says_what_to_install_and_everything_else_can_be_imported(
    clean_environ,
):
    """Windows does not get the package. Only a worker that starts needs it."""
    code = "import sys; sys.modules['greenlet'] = None; from ant_cli.worker import exporter, handler, supervisor"
    done = run_process(
        [sys.executable, "-c", f"{code}; handler.find_command([], '', environ={{}})"], clean_environ
    )
    assert done.stderr.splitlines()[-1].endswith(
        "UsageError: the worker needs the package greenlet."
    )
