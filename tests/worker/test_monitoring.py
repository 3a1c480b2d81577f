"""Metrics, health and queue statistics, as Prometheus, Kubernetes and KEDA read them."""

from __future__ import annotations

import asyncio
import errno
import json
import os
import re
import select
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from unittest.mock import patch

import httpx
import prometheus_client
import pytest
from prometheus_client.parser import text_string_to_metric_families

from ant_cli import __version__
from ant_cli.errors import AntError, APIError, NetworkError, UsageError
from ant_cli.operations.spec import Flags
from ant_cli.settings.loading import load
from ant_cli.settings.worker_options import ExporterOptions
from ant_cli.worker import exporter as exporter_module
from ant_cli.worker import listener as listener_module
from ant_cli.worker import metrics as metrics_module
from ant_cli.worker.endings import OUTCOMES
from ant_cli.worker.exporter import (
    _look,
    _statistics,
    cached,
    find_page,
    of_lists,
    serve_statistics,
    to_numbers,
)
from ant_cli.worker.listener import Listener, text_page
from ant_cli.worker.metrics import (
    READY_S,
    Tally,
    WorkerMetrics,
    _health,
    _readiness,
    _responds,
    monitored,
)
from tests.conftest import KEY, Screen, make_runtime
from tests.worker.conftest import API_KEY, poll_options

STATS = {
    "depth": 3,
    "pending": 1,
    "oldest_queued_at": None,
    "workers_polling": None,
    "type": "work_queue_stats",
}
NUMBERS = to_numbers(STATS, 0.0)
OWN = {"environment_id": "env_1", "worker_id": "w1"}


def samples(text):
    """Return the value of each sample, by its name and its sorted labels."""
    return {
        (
            sample.name,
            *sorted(f"{name}={value}" for name, value in sample.labels.items()),
        ): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_the_metrics_have_the_names_texts_and_values_of_metrics_txt():
    """A counter has each outcome from the start: with 0, `increase` sees the first one."""
    tally, metrics = Tally(4), WorkerMetrics(OWN)
    tally.polls["work"] += 2
    tally.items["succeeded"] += 1
    tally.slots_used = 1
    tally.started_at |= {"work_2": 990.5, "work_1": 980.5}
    tally.unconfirmed.add("work_3")
    tally.last_poll_at = 1000.5
    metrics.observe_duration(0.3)
    metrics.observe_wait(0.03)
    tally.outage, tally.draining = "the handler exited with 125", True
    stats = {"env_1": cached(lambda: {**NUMBERS, "running": 5}, 5.0, lambda: 2000.5)}
    lists = {"env_1": {"unheld": 1, "dead_letters": 2}}
    shown = (
        (metrics.text(tally) + find_page(stats, "/metrics", lists).body)
        .decode()
        .replace(__version__, "VERSION")
    )
    path = Path(__file__).with_name("metrics.txt")
    if os.environ.get("ANT_WRITE_TRANSCRIPTS"):
        path.write_text(shown)
    assert shown == path.read_text()


def test_the_worker_changes_what_each_metric_shows():
    """Each attribute that is read, each of its counts, and each histogram; and every counter is read.

    The number of slots never changes. The start of the oldest run follows from those of all.
    """
    read = set[str]()

    class Watched(Tally):
        def __getattribute__(self, name):
            read.add(name)
            return super().__getattribute__(name)

    metrics, tally = WorkerMetrics(OWN), Tally(1)
    metrics.text(Watched(1))
    assert {name for name, counts in vars(tally).items() if isinstance(counts, Counter)} <= read
    shown = {name for name in vars(metrics) if name.startswith("observe_")}
    for name in read - {"slots", "oldest_started_at"}:
        counts = getattr(tally, name)
        if isinstance(counts, Counter) and counts.keys() != set(OUTCOMES):
            shown |= {f'{name}["{outcome}"]' for outcome in counts}
        else:
            shown.add(f"{name}[outcome]" if isinstance(counts, Counter) else name)
    source = "".join(
        path.read_text("utf-8") for path in Path(metrics_module.__file__).parent.glob("*.py")
    )
    changed = re.findall(r"\btally\.(\w+(?:\[.+?\])?)(?: [+-]?= |\()", source)
    changed += re.findall(r"\btally\.(\w+)(?:\[self\._id\] = |\.add\()", source)
    assert shown - set(changed) == set()


def test_the_oldest_handler_is_that_which_was_started_first():
    """0 means that no handler runs. An alert finds one that hangs."""
    tally = Tally(3)
    assert tally.oldest_started_at == 0
    tally.started_at |= {"work_1": 30.0, "work_2": 10.0, "work_3": 20.0}
    assert tally.oldest_started_at == 10.0


def test_the_oldest_handler_is_found_while_others_start():
    """The page of metrics is made in another thread."""
    tally = Tally(3)

    class Racing(float):
        def __lt__(self, other):
            tally.started_at["work_4"] = 30.0
            return super().__lt__(other)

    tally.started_at |= {"work_1": Racing(20.0), "work_2": Racing(10.0), "work_3": Racing(40.0)}
    assert tally.oldest_started_at == 10.0


def test_counters_have_no_series_with_the_time_of_their_creation():
    """They would double the number of series."""
    prometheus_client.enable_created_metrics()  # as after its import
    assert b"_created" not in WorkerMetrics(OWN).text(Tally(1))


def test_durations_and_waits_are_observed_by_their_own_histograms():
    """Their buckets differ."""

    async def observe():
        options, tally = poll_options(listen="127.0.0.1:0", worker_id="w1"), Tally(1)
        pages = []
        listening = SimpleNamespace(close=lambda: None)
        with (
            patch.object(
                metrics_module, "Listener", lambda *given: pages.append(given[2]) or listening
            ),
            monitored(options, tally),
        ):
            tally.observe_duration(40.0)
            tally.observe_wait(0.2)
            tally.slots_used = 1
            return {path: pages[0](path) for path in ("/metrics", "/readyz", "/other")}

    found = asyncio.run(observe())
    text = samples(found["/metrics"].body.decode())
    labels = ("environment_id=env_1", "worker_id=w1")
    assert text["ant_worker_item_duration_seconds_sum", *labels] == 40.0
    assert text["ant_worker_queue_wait_seconds_sum", *labels] == 0.2
    assert found["/readyz"].status == 200
    assert found["/other"] is None


def test_readiness_goes_by_the_clock_of_the_polls():
    """The time of the last one is that of a calendar."""

    async def ready(ago_s):
        tally, pages = Tally(1), []
        tally.last_poll_at = time.time() - ago_s
        listening = SimpleNamespace(close=lambda: None)
        with (
            patch.object(
                metrics_module, "Listener", lambda *given: pages.append(given[2]) or listening
            ),
            monitored(poll_options(listen="127.0.0.1:0"), tally),
        ):
            return pages[0]("/readyz").status

    assert asyncio.run(ready(0)) == 200
    assert asyncio.run(ready(READY_S + 1)) == 503


def test_a_worker_whose_event_loop_is_stuck_is_not_healthy(monkeypatch):
    """Kubernetes starts it again."""
    assert 1 <= metrics_module._ALIVE_S <= 10
    monkeypatch.setattr(metrics_module, "_ALIVE_S", 0.01)
    stuck = SimpleNamespace(call_soon_threadsafe=lambda _call: None)
    page = _health(stuck)
    assert (page.status, page.body) == (503, b"the event loop is stuck\n")
    alive = SimpleNamespace(call_soon_threadsafe=lambda call: call())
    assert (_health(alive).status, _health(alive).body) == (200, b"ok\n")


def expositions():
    """Return the metrics of a worker and an exporter."""
    stats = {"env_1": cached(lambda: NUMBERS, 5.0)}
    return [WorkerMetrics(OWN).text(Tally(4)).decode(), find_page(stats, "/metrics").body.decode()]


@pytest.mark.parametrize("text", expositions(), ids=["worker", "exporter"])
def test_metrics_follow_the_conventions_that_promtool_checks(text):
    """Names are in lower case with base units, each has a help text, and only counters end in `_total`."""
    families = list(text_string_to_metric_families(text))
    assert len(families) > 5
    for family in families:
        assert re.fullmatch(r"ant_work(er)?_[a-z_]+", family.name)
        assert not re.search(
            r"_(total|count|sum|bucket|info_total)$|milli|_ms\b|minute|gauge|counter", family.name
        )
        assert family.documentation.endswith(".")
        assert family.type in ("gauge", "counter", "histogram")
        assert all(
            sample.name.endswith("_total") for sample in family.samples if family.type == "counter"
        )
        assert f"# HELP {family.name}" in text
        labels = {label for sample in family.samples for label in sample.labels}
        assert not labels & {family.name, "job", "instance"}


def test_a_worker_is_ready_while_it_polls_or_is_busy_without_draining_or_an_outage():
    """A worker whose slots are full does not need to poll."""
    tally = Tally(2)
    tally.last_poll_at = 1000.0
    assert _readiness(tally, 1000.0 + READY_S - 1).status == 200
    assert _readiness(tally, 1000.0 + READY_S).status == 503
    tally.slots_used = 1
    assert _readiness(tally, 1000.0 + READY_S).status == 503
    tally.slots_used = 2
    assert _readiness(tally, 2000.0).status == 200
    tally.outage = "the handler exited with 125"
    assert _readiness(tally, 1000.0).status == 503
    assert b"outage: the handler exited with 125; only one item" in _readiness(tally, 1000.0).body
    tally.outage, tally.waiting_for_leases = "", {"work_1"}
    assert (
        _readiness(tally, 1000.0).body == b"heartbeats fail; items that wait for their leases: 1\n"
    )
    tally.waiting_for_leases.clear()
    tally.draining = True
    assert _readiness(tally, 1000.0).status == 503


@pytest.mark.parametrize(
    ("changes", "status", "text"),
    [
        ({}, 200, "ok"),
        ({"draining": True, "outage": "x"}, 503, "draining"),
        (
            {"outage": "x", "waiting_for_leases": {"a"}},
            503,
            "outage: x; only one item at a time runs, until one succeeds",
        ),
        (
            {"waiting_for_leases": {"a", "b"}},
            503,
            "heartbeats fail; items that wait for their leases: 2",
        ),
        ({"last_poll_at": 0.0}, 503, "polling fails"),
        ({"last_poll_at": 0.0, "slots_used": 1}, 503, "polling fails"),
        ({"last_poll_at": 0.0, "slots_used": 2}, 200, "ok"),
    ],
)
def test_the_page_for_readiness_says_why_a_worker_is_not_ready(changes, status, text):
    """The most important reason comes first."""
    tally = Tally(2)
    tally.last_poll_at = 1000.0
    vars(tally).update(changes)
    page = _readiness(tally, 1010.0)
    assert (page.status, page.body.decode()) == (status, f"{text}\n")


def test_a_worker_is_healthy_while_its_event_loop_waits():
    """The question comes from another thread."""

    async def ask():
        return await asyncio.to_thread(_responds, asyncio.get_running_loop())

    assert asyncio.run(ask(), debug=True)


def test_a_worker_serves_its_metrics_and_its_health(queue, start, script, fifo):
    """They are at the address of --listen, while items run."""
    with httpx.Client() as client:
        listener = Listener("127.0.0.1", 0, lambda _path: None)
        address = listener.url.removeprefix("http://")
        listener.close()
        queue.enqueue(2)
        handler = script(f"echo started; read line < {fifo}")
        worker = start(
            "--listen", address, "--max-items", "2", "--worker-id", "w1", handler=[handler]
        )
        worker.wait_for("handler output", line="started")
        fifo.write_text("go\n")
        worker.wait_for("handler output", line="started")  # the first item has left the only slot
        assert client.get(f"http://{address}/healthz").status_code == 200
        assert client.get(f"http://{address}/readyz").status_code == 200
        assert client.get(f"http://{address}/other").status_code == 404
        response = client.get(f"http://{address}/metrics")
        worker.send(signal.SIGTERM)
        worker.wait_for("draining: no more work is taken")
        assert client.get(f"http://{address}/readyz").text == "draining\n"
    assert response.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    found = samples(response.text)
    labels = (f"environment_id={queue.id}", "worker_id=w1")
    assert found["ant_worker_slots_used", *labels] == 1
    assert found["ant_worker_item_duration_seconds_count", *labels] == 1
    assert found["ant_worker_queue_wait_seconds_count", *labels] == 2
    assert all(count for (name, *_), count in found.items() if name.endswith("_count"))
    fifo.write_text("go\n")
    assert worker.end() == 0


def test_an_address_in_use_is_an_error_before_anything_is_claimed(queue, work, script):
    """The exit status is 1."""
    queue.enqueue()
    listener = Listener("127.0.0.1", 0, lambda _path: text_page("taken"))
    worker = work(
        "--listen", listener.url.removeprefix("http://"), handler=[script("exit 0")], status=1
    )
    listener.close()
    why = os.strerror(errno.EADDRINUSE).lower()
    assert (
        f"nothing can listen at {listener.url.removeprefix('http://')}: {why}." in worker.lines[-1]
    )
    assert queue.count("/poll") == 0


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_a_page_is_served_at_an_address_of_either_version(host):
    """The address of a pod may be one of IPv6."""
    try:
        listener = Listener(host, 0, lambda path: text_page(path))
    except AntError:
        pytest.skip("this machine has no such address")
    with closing(listener):
        assert httpx.get(f"{listener.url}/a?b").text == "/a\n"


@pytest.mark.slow
def test_silent_clients_do_not_lock_out_others(monkeypatch):
    """Each connection takes a file descriptor, and without any left, a worker can't extend its leases."""
    monkeypatch.setattr("ant_cli.worker.listener._REQUEST_TIMEOUT_S", 600.0)
    listener = Listener("127.0.0.1", 0, lambda _path: text_page("served"))
    address = ("127.0.0.1", int(listener.url.rpartition(":")[2]))
    with ExitStack() as stack:
        stack.callback(listener.close)
        silent = [stack.enter_context(socket.create_connection(address, 10)) for _ in range(200)]
        for connection in silent:
            connection.sendall(b"GET /metr")
        assert httpx.get(listener.url).text == "served\n"
        assert _was_closed(silent[0])
        assert not select.select([silent[-1]], [], [], 0)[0]


@pytest.mark.slow
def test_a_client_is_not_disconnected_because_of_many_others_that_have_left():
    """Only connections that are open count."""
    with closing(Listener("127.0.0.1", 0, lambda _path: text_page("served"))) as listener:
        address = ("127.0.0.1", int(listener.url.rpartition(":")[2]))
        with socket.create_connection(address, 10) as slow:
            slow.sendall(b"GET /metr")
            for _ in range(100):
                assert httpx.get(listener.url).text == "served\n"
            slow.sendall(b"ics HTTP/1.0\r\n\r\n")
            assert slow.recv(12) == b"HTTP/1.0 200"


@pytest.fixture
def small_listener(monkeypatch):
    """Return a listener that takes two connections, and a function that opens one."""
    monkeypatch.setattr(listener_module, "_MOST_CONNECTIONS", 2)
    with (
        closing(Listener("127.0.0.1", 0, lambda _path: text_page("served"))) as listener,
        ExitStack() as stack,
    ):
        address = ("127.0.0.1", int(listener.url.rpartition(":")[2]))

        def connect():
            connection = stack.enter_context(socket.create_connection(address, 10))
            connection.sendall(b"GET /metr")
            return connection

        yield listener, connect


def test_of_too_many_connections_the_oldest_is_closed(small_listener):
    """The newest connection is answered, and the other open connection goes on."""
    listener, connect = small_listener
    oldest, newer = connect(), connect()
    assert httpx.get(listener.url).text == "served\n"
    assert _was_closed(oldest)
    newer.sendall(b"ics HTTP/1.0\r\n\r\n")
    assert newer.recv(12) == b"HTTP/1.0 200"


@pytest.fixture
def ended(monkeypatch):
    """Return a semaphore that is released for each connection that a listener has closed."""
    end, count = Listener.shutdown_request, threading.Semaphore(0)
    monkeypatch.setattr(
        Listener,
        "shutdown_request",
        lambda listener, request: (end(listener, request), count.release()),
    )
    return count


def test_connections_that_have_ended_do_not_count(small_listener, ended):
    """A monitor makes a new connection each time."""
    listener, connect = small_listener
    slow = connect()
    for _ in range(4):
        assert httpx.get(listener.url).text == "served\n"
        assert ended.acquire(timeout=60)
    slow.sendall(b"ics HTTP/1.0\r\n\r\n")
    assert slow.recv(12) == b"HTTP/1.0 200"


def test_a_client_that_leaves_is_not_worth_a_message(capfd, ended):
    """A client that sends nothing does not delay the end of a worker."""
    with closing(Listener("127.0.0.1", 0, lambda _path: text_page("served"))) as listener:
        address = ("127.0.0.1", int(listener.url.rpartition(":")[2]))
        with socket.create_connection(address, 10) as leaving:
            leaving.sendall(b"GET /metr")
            at_once = struct.pack("ii", 1, 0)
            leaving.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, at_once)
        assert ended.acquire(timeout=60)
        silent = socket.create_connection(address, 10)
        silent.sendall(b"GET /metr")
        assert httpx.get(listener.url).text == "served\n"
        before = time.monotonic()
    assert time.monotonic() - before < listener_module._REQUEST_TIMEOUT_S / 2
    silent.close()
    assert capfd.readouterr() == ("", "")


def test_a_page_has_its_type_its_length_in_bytes_and_no_query():
    """A name in an error may have other letters than ASCII."""
    with closing(Listener("127.0.0.1", 0, {"/a": text_page("\xe4\u20ac")}.get)) as listener:
        found = httpx.get(f"{listener.url}/a?b=c")
        assert (found.status_code, found.text) == (200, "\xe4\u20ac\n")
        assert found.headers["content-type"] == "text/plain; charset=utf-8"
        assert found.headers["content-length"] == "6"
        missing = httpx.get(f"{listener.url}/b")
        assert (missing.status_code, missing.text) == (404, "There is nothing here.\n")


@pytest.mark.parametrize("host", ["x" * 64 + ".invalid", "a..b"])
def test_a_host_at_which_nothing_can_listen_is_an_error(host):
    """Some names can't even be encoded."""
    with pytest.raises(AntError, match=rf"^nothing can listen at {re.escape(host)}:9464: ."):
        Listener(host, 9464, lambda _path: None)


def test_after_its_end_a_listener_has_left_its_port():
    """Another one can listen there at once."""
    first = Listener("127.0.0.1", 0, lambda _path: text_page("first"))
    port = int(first.url.rpartition(":")[2])
    first.close()
    with closing(Listener("127.0.0.1", port, lambda _path: text_page("second"))) as second:
        assert httpx.get(second.url).text == "second\n"


def test_a_silent_client_is_disconnected(monkeypatch):
    """Otherwise it would keep its thread, and its file descriptor, for as long as it likes."""
    assert 1 <= listener_module._REQUEST_TIMEOUT_S <= 60
    monkeypatch.setattr(listener_module, "_REQUEST_TIMEOUT_S", 0.01)
    with closing(Listener("127.0.0.1", 0, lambda _path: text_page("served"))) as listener:
        address = ("127.0.0.1", int(listener.url.rpartition(":")[2]))
        with socket.create_connection(address) as silent:
            silent.sendall(b"GET /metr")
            assert silent.recv(1) == b""


def test_a_client_is_served_although_the_oldest_of_too_many_has_left():
    """Its connection can't be shut down any more."""
    with closing(Listener("127.0.0.1", 0, lambda _path: text_page("served"))) as listener:
        gone = [socket.socket() for _ in range(64)]
        for connection in gone:
            connection.close()
        listener._connections |= dict.fromkeys(gone)
        assert httpx.get(listener.url).text == "served\n"


def test_pages_are_served_when_no_thread_can_be_started(monkeypatch):
    """Handlers may use up the processes that this user may have. A worker without /healthz would be restarted."""
    listener = Listener("127.0.0.1", 0, lambda _path: text_page("served"))

    def refuse(_thread):
        raise RuntimeError("can't start new thread")

    with closing(listener), monkeypatch.context() as patch:
        patch.setattr("threading.Thread.start", refuse)
        assert httpx.get(listener.url).text == "served\n"


def test_a_page_that_fails_is_a_response_with_an_error():
    """A monitor that gets none can't tell a bug from a service that is down."""
    with closing(Listener("127.0.0.1", 0, lambda _path: text_page(str(1 / 0)))) as listener:
        response = httpx.get(listener.url)
    assert (response.status_code, response.text) == (500, "This page failed: ZeroDivisionError.\n")


# The exporter


def _was_closed(connection):
    try:
        return connection.recv(1) == b""
    except ConnectionError:
        return True


@contextmanager
def exporting(environ, environment_ids):
    """Run an exporter, and yield a client of its pages. It ends without an error."""
    words = ["beta:worker", "exporter", "--environment-id", environment_ids]
    with subprocess.Popen(
        [sys.executable, "-m", "ant_cli", *words, "--listen", "127.0.0.1:0"],
        env=environ,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            url = process.stderr.readline().split()[4].rstrip(".")
            with httpx.Client(base_url=url, headers={}) as client:
                yield client
        finally:
            process.send_signal(signal.SIGTERM)
        assert process.stderr.read() == ""
    assert process.returncode == 0


def test_statistics_are_only_numbers():
    """The API sends null for unknown values. KEDA would report null as an error, and does not read time stamps."""
    now = datetime(2026, 3, 15, 10, 0, 30, tzinfo=UTC).timestamp()
    assert to_numbers(STATS, now) == {
        "depth": 3,
        "pending": 1,
        "workers_polling": 0,
        "depth_and_pending": 4,
        "oldest_queued_age_seconds": 0,
    }
    assert (
        to_numbers({**STATS, "oldest_queued_at": "2026-03-15T10:00:00Z"}, now + 0.12345)[
            "oldest_queued_age_seconds"
        ]
        == 30.123
    )


def test_many_scrapers_cause_one_request():
    """The statistics are shared until they are too old."""
    fetched, now = [], [1000.0]
    read = cached(lambda: fetched.append(1) or NUMBERS, 5.0, lambda: now[0])
    assert all(read().numbers["depth"] == 3 for _ in range(10))
    now[0] += 4.9
    read()
    assert len(fetched) == 1
    now[0] += 0.1
    read()
    assert len(fetched) == 2


def test_a_failure_is_kept_as_long_as_a_success():
    """An overloaded API does not get more requests. Older numbers are not shown as new."""
    fetched, now = [], [1000.0]

    def fetch():
        fetched.append(1)
        if len(fetched) == 2:
            raise NetworkError("no response")
        return NUMBERS

    read = cached(fetch, 5.0, lambda: now[0])
    assert read() == (1000.0, NUMBERS, "")
    now[0] += 5
    assert [read() for _ in range(3)] == [(1005.0, {}, "no response")] * 3
    assert len(fetched) == 2
    now[0] += 5
    assert read() == (1010.0, NUMBERS, "")


def test_readers_that_come_together_cause_one_request():
    """The second waits for the response to the first one."""
    fetching, may_end, fetched = threading.Event(), threading.Event(), []

    def fetch():
        fetched.append(1)
        fetching.set()
        assert may_end.wait(60)
        return NUMBERS

    waiting = threading.Event()
    moments = iter([1000.0, 1001.0])

    def now():
        if fetching.is_set() and not may_end.is_set():
            waiting.set()  # without a lock, the second comes as far as this
        return next(moments)

    read = cached(fetch, 5.0, now)
    with ThreadPoolExecutor(2) as executor:
        first = executor.submit(read)
        assert fetching.wait(60)
        second = executor.submit(read)
        assert not waiting.wait(0.05)
        may_end.set()
        assert first.result(60) == second.result(60)
    assert len(fetched) == 1


def test_statistics_do_not_stay_old_if_the_clock_is_set_back():
    fetched, now = [], [1000.0]
    read = cached(lambda: fetched.append(1) or NUMBERS, 5.0, lambda: now[0])
    read()
    now[0] -= 3600
    assert (read().taken_at, len(fetched)) == (now[0], 2)


@pytest.mark.parametrize(("running", "unfinished"), [(0, 4), (2, 6)], ids=["none runs", "two run"])
def test_the_unfinished_items_are_those_that_wait_and_those_that_run(running, unfinished):
    """0 is a number: a scaler takes a missing one for an error."""
    found = to_numbers({**STATS, "running": running}, 0.0)
    assert (found["running"], found["unfinished"]) == (running, unfinished)


@pytest.mark.parametrize("running", [0, 2])
def test_running_items_are_counted_if_the_key_may_list_them(running):
    """None of them is known to run without that."""
    api = SimpleNamespace(stats=lambda: dict(STATS), running=lambda: running)
    assert _statistics(api, lambda: NOW)["unfinished"] == 4 + running


def test_the_numbers_of_lists_belong_to_their_environment():
    """Each has its own dead letters, and one without any numbers has none."""
    stats = {name: cached(lambda: NUMBERS, 5.0) for name in ("env_1", "env_2", "env_3")}
    lists = {"env_1": {"unheld": 1, "dead_letters": 2}, "env_2": {"unheld": 3}}
    found = samples(find_page(stats, "/metrics", lists).body.decode())
    assert found["ant_work_queue_unheld", "environment_id=env_1"] == 1
    assert found["ant_work_queue_unheld", "environment_id=env_2"] == 3
    assert found["ant_work_queue_dead_letters", "environment_id=env_1"] == 2
    assert ("ant_work_queue_dead_letters", "environment_id=env_2") not in found
    assert ("ant_work_queue_unheld", "environment_id=env_3") not in found
    assert found["ant_work_stats_up", "environment_id=env_3"] == 1
    assert b"unheld" not in find_page(stats, "/stats/env_1", lists).body


def test_an_only_environment_has_a_short_path_and_no_other_one():
    """A wrong ID is an error, not another queue."""
    stats = {"env_1": cached(lambda: NUMBERS, 5.0)}
    for path in ("/stats", "/stats/", "/stats/env_1", "/stats/env_1/"):
        assert json.loads(find_page(stats, path).body) == NUMBERS
    for path in ("/stats/env_2", "/env_1", "/", "/metrics/"):
        assert find_page(stats, path) is None


def test_a_failure_of_the_api_is_not_reported_as_an_empty_queue():
    """A scaler that reads 0 would end busy workers. It gets an error instead, and Prometheus gets a 0 for `up`."""

    def fail():
        raise NetworkError("no response")

    stats = {"env_1": cached(fail, 5.0)}
    page = find_page(stats, "/stats/env_1")
    assert page.status == 502
    assert json.loads(page.body) == {"error": "no response"}
    found = samples(find_page(stats, "/metrics").body.decode())
    assert found["ant_work_stats_up", "environment_id=env_1"] == 0
    assert not any(name == "ant_work_queue_depth" for name, *_ in found)


DONE = {"state": "stopped", "stopped_at": "2026-03-15T09:30:00Z"}
STARTING = {"state": "starting", "acknowledged_at": "2026-03-15T09:50:00Z"}
NOW = datetime(2026, 3, 15, 10, 0, tzinfo=UTC).timestamp()


@pytest.mark.parametrize(
    ("items", "numbers"),
    [
        ([DONE, STARTING], {"unheld": 1}),
        ([{**STARTING, "acknowledged_at": "2026-03-15T09:56:00Z"}], {"unheld": 0}),
        ([{**STARTING, "latest_heartbeat_at": "2026-03-15T09:50:01Z"}], {"unheld": 0}),
        ([{**DONE, "metadata": {"ant_attempts": "1"}}], {"unheld": 0, "dead_letters": 0}),
        ([{**DONE, "metadata": {"ant_dead_letter": "x"}}], {"unheld": 0, "dead_letters": 1}),
        (
            [{"stopped_at": "2026-03-15T08:30:00Z", "metadata": {"ant_dead_letter": "x"}}],
            {"unheld": 0, "dead_letters": 0},
        ),
    ],
    ids=["unheld", "just taken", "held", "a failure", "a dead letter", "an old one"],
)
def test_the_exporter_counts_dead_letters_and_items_that_nobody_holds(items, numbers):
    """The counters of a job end with it. Without any failure in metadata, dead letters are unknown, not 0."""
    assert of_lists(items, NOW) == numbers


def test_statistics_whose_running_items_can_not_be_counted_are_a_failure_unless_it_is_the_key():
    """A scaler that reads `unfinished` without those that run would end busy workers."""

    def statistics(error):
        def fail():
            raise error

        return _statistics(SimpleNamespace(stats=lambda: dict(STATS), running=fail), lambda: NOW)

    assert "running" not in statistics(APIError("GET x", 401, "", b"", ""))
    with pytest.raises(APIError):
        statistics(APIError("GET x", 503, "", b"", ""))


@pytest.mark.parametrize(
    "answer",
    [
        NetworkError("no response"),
        APIError("GET x", 401, "", b"", ""),
        APIError("GET x", 503, "", b"", ""),
    ],
    ids=["no response", "an API key", "overloaded"],
)
def test_what_the_api_does_not_list_is_not_counted_as_0(answer):
    """An alert would end while the API is down, and one environment does not keep another from being counted."""

    def fail():
        raise answer

    apis = {
        "env_1": SimpleNamespace(newest_items=fail),
        "env_2": SimpleNamespace(newest_items=lambda: [STARTING]),
    }
    assert _look(apis, lambda: NOW) == {"env_1": {}, "env_2": {"unheld": 1}}


def test_the_exporter_counts_again_what_it_could_not_count_before():
    """And forgets what it counted if the API does not list it any more."""
    answers = [[STARTING], APIError("GET x", 503, "", b"", ""), []]

    def next_answer():
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    apis, lists = {"env_1": SimpleNamespace(newest_items=next_answer)}, {}
    shown = []
    for _ in range(3):
        lists.update(_look(apis, lambda: NOW))
        shown.append(dict(lists["env_1"]))
    assert shown == [{"unheld": 1}, {}, {"unheld": 0}]


def exported(monkeypatch, environ, api, *, screen=None, date="", closed=None, **options):
    """Run an exporter until it has counted twice, and return its pages, and the connections that it asked with.

    It is 10 o'clock here, and `date` at the server.
    """
    connections, pages, counted = [], [], []
    closed = [] if closed is None else closed

    def make(connection, runtime, name):
        connections.append((name, connection.credential))
        runtime.server_clock.take(date)
        return api

    class Waiting:
        def wait(self, seconds):
            assert seconds == 60
            counted.append(1)
            if len(counted) == 2:
                raise KeyboardInterrupt
            return False

    listening = SimpleNamespace(
        close=lambda: closed.append("the listener"), url="http://127.0.0.1:1"
    )
    monkeypatch.setattr(exporter_module, "WorkAPI", make)
    monkeypatch.setattr(
        exporter_module, "Listener", lambda *given: pages.append(given[2]) or listening
    )
    monkeypatch.setattr(
        exporter_module, "threading", SimpleNamespace(Event=Waiting, Lock=threading.Lock)
    )
    screen = screen or Screen(terminal=False)
    runtime = make_runtime(environ, stderr=screen, now=lambda: NOW)
    given = {
        "environment_id": "env_1",
        "environment_key": "",
        "environment_key_file": "",
        "listen": ("127.0.0.1", 0),
        "cache": 0.0,
        **options,
    }
    serve_statistics(ExporterOptions(**given), load(runtime, Flags()).connection, runtime)
    return pages[0], connections, screen.text()


def test_an_exporter_with_an_environment_key_asks_with_that(monkeypatch, clean_environ):
    """The API key can't list work. Names between commas may be empty, and each environment has its own reader."""
    looks = iter([[STARTING], [], [], []])
    api = SimpleNamespace(
        stats=lambda: dict(STATS), running=lambda: 1, newest_items=lambda: next(looks), close=int
    )
    find, connections, text = exported(
        monkeypatch,
        {**clean_environ, "ANTHROPIC_API_KEY": API_KEY},
        api,
        environment_id=" env_1 ,, env_2, ",
        environment_key=KEY,
    )
    assert [(name, given.kind) for name, given in connections] == [
        ("env_1", "environment_key"),
        ("env_2", "environment_key"),
    ]
    assert text == "The exporter listens at http://127.0.0.1:1. Stop it with Ctrl-C.\n"
    assert find("/stats") is None
    assert find("/stats/env_2").status == 200
    # it has counted again since
    found = samples(find("/metrics").body.decode())
    assert found["ant_work_queue_unheld", "environment_id=env_1"] == 0


def test_an_exporter_without_an_environment_key_asks_with_the_api_key(monkeypatch, clean_environ):
    """Both kinds of credential may read the statistics."""
    api = SimpleNamespace(
        stats=lambda: dict(STATS), running=lambda: 1, newest_items=list, close=int
    )
    environ = {**clean_environ, "ANTHROPIC_API_KEY": API_KEY}
    _, connections, _ = exported(monkeypatch, environ, api)
    assert [given.kind for _, given in connections] == ["api_key"]


def queue_api(**changes):
    """Return an API of a queue in which nothing was counted."""
    answers = {"stats": lambda: dict(STATS), "running": lambda: 1, "newest_items": list}
    return SimpleNamespace(**{**answers, "close": int, **changes})


def test_an_exporter_has_counted_when_it_says_that_it_listens(monkeypatch, clean_environ):
    """From then on, its metrics have the numbers of each environment."""
    screen, said = Screen(terminal=False), []
    api = queue_api(newest_items=lambda: said.append(screen.text()) or [])
    environ = {**clean_environ, "ANTHROPIC_API_KEY": API_KEY}
    exported(monkeypatch, environ, api, screen=screen, environment_id="env_1,env_2")
    assert said[:2] == ["", ""]
    assert all("listens at" in text for text in said[2:])


def test_an_exporter_that_is_ended_while_it_counts_has_succeeded(monkeypatch, clean_environ):
    """The first count takes several requests. The exporter closes its connections and its port."""

    def interrupt():
        raise KeyboardInterrupt

    closed = []
    api = queue_api(newest_items=interrupt, close=lambda: closed.append("an API"))
    environ = {**clean_environ, "ANTHROPIC_API_KEY": API_KEY}
    try:
        _, _, text = exported(monkeypatch, environ, api, closed=closed, environment_id="e1,e2")
    except KeyboardInterrupt:
        pytest.fail("it ended as if something was lost")
    assert text == ""
    assert sorted(closed) == ["an API", "an API", "the listener"]


@pytest.mark.parametrize(("cache", "requests"), [(0.0, 3), (60.0, 1)])
def test_an_exporter_keeps_statistics_for_the_time_of_its_option(
    monkeypatch, clean_environ, cache, requests
):
    """With a time of 0, each page has new statistics."""
    asked = []
    api = queue_api(stats=lambda: asked.append(1) or dict(STATS))
    environ = {**clean_environ, "ANTHROPIC_API_KEY": API_KEY}
    find, _, _ = exported(monkeypatch, environ, api, cache=cache)
    for path in ("/stats", "/metrics", "/stats/env_1"):
        assert find(path).status == 200
    assert len(asked) == requests


def test_the_ages_of_an_exporter_go_by_the_clock_of_the_server(monkeypatch, clean_environ):
    """The clock of the machine may be wrong, here by an hour."""
    unheld = {"state": "starting", "acknowledged_at": "2026-03-15T10:50:00Z"}
    queued = {"oldest_queued_at": "2026-03-15T10:59:00Z"}
    api = queue_api(stats=lambda: {**STATS, **queued}, newest_items=lambda: [unheld])
    environ = {**clean_environ, "ANTHROPIC_API_KEY": API_KEY}
    find, _, _ = exported(monkeypatch, environ, api, date="Sun, 15 Mar 2026 11:00:00 GMT")
    found = samples(find("/metrics").body.decode())
    assert found["ant_work_queue_unheld", "environment_id=env_1"] == 1
    assert 60 <= found["ant_work_queue_oldest_age_seconds", "environment_id=env_1"] <= 61


def test_the_key_of_an_exporter_is_fetched_once_for_all_environments(
    monkeypatch, clean_environ, profiles, tmp_path
):
    """A key command may ask a person, or a service that costs something."""
    command = f"sh -c 'echo x >> {tmp_path}/calls; echo {API_KEY}'"
    profiles(f'[profiles.p]\napi_key_command = "{command}"\n')
    environ = {**clean_environ, "ANTHROPIC_API_KEY": "", "ANTHROPIC_PROFILE": "p"}
    _, connections, _ = exported(monkeypatch, environ, queue_api(), environment_id="env_1,env_2")
    assert [credential.secret for _, credential in connections] == [API_KEY] * 2
    assert (tmp_path / "calls").read_text() == "x\n"


def test_an_exporter_without_the_library_for_metrics_is_an_error_at_the_start(
    monkeypatch, clean_environ
):
    """Otherwise each scrape would fail."""
    monkeypatch.setitem(sys.modules, "prometheus_client", None)
    runtime = make_runtime({**clean_environ, "ANTHROPIC_API_KEY": API_KEY})
    options = ExporterOptions(
        environment_id="env_1",
        environment_key="",
        environment_key_file="",
        listen=("127.0.0.1", 0),
        cache=5.0,
    )
    with pytest.raises(UsageError, match="metrics need the package"):
        serve_statistics(options, load(runtime, Flags()).connection, runtime)


def test_several_environments_share_metric_families_and_have_separate_pages():
    """The format allows each name once."""
    stats = {name: cached(lambda: NUMBERS, 5.0) for name in ("env_1", "env_2")}
    text = find_page(stats, "/metrics").body.decode()
    assert text.count("# TYPE ant_work_queue_depth gauge") == 1
    found = samples(text)
    assert found["ant_work_queue_depth", "environment_id=env_1"] == 3
    assert found["ant_work_queue_depth", "environment_id=env_2"] == 3
    assert find_page(stats, "/stats/env_2").status == 200
    assert find_page(stats, "/stats/env_3") is None
    assert find_page(stats, "/stats") is None  # ambiguous
    assert find_page(stats, "/statistics") is None
    assert find_page(stats, "/healthz").status == 200


@pytest.mark.parametrize(("variable", "running"), [("ENVIRONMENT_KEY", 2), ("API_KEY", None)])
def test_the_exporter_serves_the_format_that_kedas_scaler_reads(
    queue, clean_environ, variable, running
):
    """KEDA sends one plain GET without headers, and expects 200 and a JSON number. An API key can not list work."""
    done, active, starting, *_ = queue.enqueue(6)
    for work_id, actions in (
        (done, ("stop",)),
        (active, ("ack", "heartbeat")),
        (starting, ("ack",)),
    ):
        for action in actions:
            queue.act(work_id, action)
    metadata = {"metadata": {"ant_dead_letter": "the handler exited with 1"}}
    queue.send("POST", f"{queue._path}/{done}", metadata)
    key = {"ENVIRONMENT_KEY": KEY, "API_KEY": API_KEY}[variable]
    environ = {**clean_environ, "ANTHROPIC_BASE_URL": queue.url, f"ANTHROPIC_{variable}": key}
    with exporting(environ, queue.id) as client:
        response = client.get("/stats")
        assert response.status_code == 200
        found = response.json()
        assert (found["depth"], found.get("running")) == (3, running)
        assert found.get("unfinished") == (running and 5)
        found = samples(client.get("/metrics").text)
        label = f"environment_id={queue.id}"
        assert found["ant_work_queue_depth", label] == 3
        assert found.get(("ant_work_queue_dead_letters", label)) == (running and 1)
        assert found.get(("ant_work_queue_unheld", label)) == (running and 0)
    assert queue.count("/stats") == 1


def test_each_environment_of_an_exporter_has_the_statistics_of_its_own_queue(queue, clean_environ):
    """A scaler would start workers for the other one."""
    config = {"name": "empty", "config": {"type": "self_hosted"}}
    empty = queue.send("POST", "/v1/environments", config)["id"]
    queue.enqueue(2)
    environ = {
        **clean_environ,
        "ANTHROPIC_BASE_URL": queue.url,
        "ANTHROPIC_API_KEY": API_KEY,
    }
    with exporting(environ, f"{queue.id}, {empty}") as client:
        depths = [client.get(f"/stats/{name}").json()["depth"] for name in (queue.id, empty)]
        found = samples(client.get("/metrics").text)
    assert depths == [2, 0]
    assert found["ant_work_queue_depth", f"environment_id={queue.id}"] == 2
    assert found["ant_work_queue_depth", f"environment_id={empty}"] == 0
