"""Metrics, health and queue statistics, as Prometheus, Kubernetes and KEDA read them."""

from __future__ import annotations

import errno
import json
import os
import re
import select
import shutil
import signal
import socket
import subprocess
import sys
from contextlib import ExitStack
from datetime import UTC, datetime

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from ant_cli.errors import AntError, NetworkError, UsageError
from ant_cli.worker.exporter import CachedStats, Exporter, to_numbers
from ant_cli.worker.health import READY_S, _readiness
from ant_cli.worker.listener import Listener, text_page
from ant_cli.worker.metrics import Identity, exposition, worker_metrics
from ant_cli.worker.settlement import Outcome
from ant_cli.worker.tally import Tally
from tests.conftest import KEY

STATS = {"depth": 3, "pending": 1, "oldest_queued_at": None, "workers_polling": None, "type": "work_queue_stats"}


def samples(text):
    """Return the value of each sample by its name and its labels in the order of the alphabet."""
    return {
        (sample.name, *sorted(f"{name}={value}" for name, value in sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_a_workers_metrics_are_read_by_prometheus_own_parser():
    """With the worker and the environment as labels of all of them."""
    tally = Tally(4)
    tally.polls["work"] += 2
    tally.slots_used = 1
    tally.item_ended(Outcome.SUCCEEDED, 0.3)
    found = samples(exposition(worker_metrics(tally, Identity("env_1", "w1"))).decode())
    labels = ("environment_id=env_1", "worker_id=w1")
    assert found["ant_worker_slots", *labels] == 4
    assert found["ant_worker_slots_used", *labels] == 1
    assert found["ant_worker_polls_total", labels[0], "outcome=work", labels[1]] == 2
    assert found["ant_worker_polls_total", labels[0], "outcome=error", labels[1]] == 0
    assert found["ant_worker_items_total", labels[0], "outcome=succeeded", labels[1]] == 1
    assert found["ant_worker_item_duration_seconds_bucket", labels[0], "le=0.1", labels[1]] == 0
    assert found["ant_worker_item_duration_seconds_bucket", labels[0], "le=0.5", labels[1]] == 1
    assert found["ant_worker_item_duration_seconds_count", *labels] == 1
    assert found["ant_worker_item_duration_seconds_sum", *labels] == pytest.approx(0.3)


def expositions():
    """Return what a worker and an exporter serve."""
    stats = {"env_1": CachedStats(lambda: STATS, 5.0)}
    return [
        exposition(worker_metrics(Tally(4), Identity("env_1", "w1"))).decode(),
        Exporter(stats).find("/metrics").body.decode(),
    ]


@pytest.mark.parametrize("text", expositions(), ids=["worker", "exporter"])
def test_metrics_follow_the_conventions_that_promtool_checks(text):
    """Names in lower case with base units, a help text for each, and `_total` for counters and nothing else."""
    families = list(text_string_to_metric_families(text))
    assert len(families) > 5
    for family in families:
        assert re.fullmatch(r"ant_work(er)?_[a-z_]+", family.name)
        assert not re.search(r"_(total|count|sum|bucket|info_total)$|milli|_ms\b|minute|gauge|counter", family.name)
        assert family.documentation.endswith(".")
        assert family.type in ("gauge", "counter", "histogram")
        assert all(sample.name.endswith("_total") for sample in family.samples if family.type == "counter")
        assert f"# HELP {family.name}" in text
        labels = {label for sample in family.samples for label in sample.labels}
        assert not labels & {family.name, "job", "instance"}


@pytest.mark.skipif(not shutil.which("promtool"), reason="promtool is not installed; the test above has its rules")
@pytest.mark.parametrize("text", expositions(), ids=["worker", "exporter"])
def test_promtool_has_no_complaint_about_the_metrics(text):
    """It reads what a scrape would."""
    done = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_a_worker_is_ready_while_it_polls_or_is_busy_and_does_not_drain():
    """A worker whose slots are full has no reason to poll."""
    tally = Tally(1)
    tally.last_poll_at = 1000.0
    assert _readiness(tally, 1000.0 + READY_S - 1).status == 200
    assert _readiness(tally, 1000.0 + READY_S).status == 503
    tally.slots_used = 1
    assert _readiness(tally, 2000.0).status == 200
    tally.draining = True
    assert _readiness(tally, 1000.0).status == 503


def test_a_worker_serves_its_metrics_and_its_health(queue, start, script, fifo):
    """At the address of --listen, while items run."""
    with httpx.Client() as client:
        listener = Listener("127.0.0.1", 0, lambda _path: None)
        address = listener.url.removeprefix("http://")
        listener.close()
        queue.enqueue()
        handler = script(f"echo started; read line < {fifo}")
        worker = start("--listen", address, "--max-items", "1", "--worker-id", "w1", handler=[handler])
        worker.wait_for("handler output", line="started")
        assert client.get(f"http://{address}/healthz").status_code == 200
        assert client.get(f"http://{address}/readyz").status_code == 200
        assert client.get(f"http://{address}/other").status_code == 404
        response = client.get(f"http://{address}/metrics")
    assert response.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    found = samples(response.text)
    assert found["ant_worker_slots_used", f"environment_id={queue.id}", "worker_id=w1"] == 1
    fifo.write_text("go\n")
    assert worker.end() == 0


def test_an_address_that_is_taken_is_an_error_before_anything_is_claimed(queue, work, script):
    """The exit status is 1."""
    queue.enqueue()
    listener = Listener("127.0.0.1", 0, lambda _path: text_page("taken"))
    worker = work("--listen", listener.url.removeprefix("http://"), handler=[script("exit 0")], status=1)
    listener.close()
    why = os.strerror(errno.EADDRINUSE).lower()
    assert f"nothing can listen at {listener.url.removeprefix('http://')}: {why}." in worker.lines[-1]
    assert queue.count("/poll") == 0


def test_a_name_that_no_host_can_have_is_an_error():
    """The system is not even asked."""
    with pytest.raises(AntError, match=r"nothing can listen at ä\.\.b:9464: not an address\."):
        Listener("ä..b", 9464, lambda _path: None)


def test_clients_that_never_ask_give_way_to_others(monkeypatch):
    """Each connection takes a file descriptor, without which a worker can't extend its leases."""
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


# The exporter


def _was_closed(connection):
    try:
        return connection.recv(1) == b""
    except ConnectionError:
        return True


def test_statistics_are_numbers_and_nothing_else():
    """KEDA takes null, which the API sends for what it does not know, for an error, and reads no time stamps."""
    now = datetime(2026, 3, 15, 10, 0, 30, tzinfo=UTC).timestamp()
    assert to_numbers(STATS, now) == {
        "depth": 3,
        "pending": 1,
        "workers_polling": 0,
        "depth_and_pending": 4,
        "oldest_queued_age_seconds": 0,
    }
    assert to_numbers({**STATS, "oldest_queued_at": "2026-03-15T10:00:00Z"}, now)["oldest_queued_age_seconds"] == 30


def test_a_crowd_of_scrapers_costs_one_request():
    """Until the statistics are too old."""
    fetched, now = [], [1000.0]
    stats = CachedStats(lambda: fetched.append(1) or STATS, 5.0, lambda: now[0])
    assert all(stats.read().numbers["depth"] == 3 for _ in range(10))
    now[0] += 4.9
    stats.read()
    assert len(fetched) == 1
    now[0] += 0.1
    stats.read()
    assert len(fetched) == 2


def test_a_failure_of_the_api_is_no_queue_without_work():
    """A scaler that read 0 would end busy workers; it gets an error, and Prometheus a 0 for `up`."""

    def fail():
        raise NetworkError("no response")

    exporter = Exporter({"env_1": CachedStats(fail, 5.0)})
    page = exporter.find("/stats/env_1")
    assert page.status == 502
    assert json.loads(page.body) == {"error": "no response"}
    found = samples(exporter.find("/metrics").body.decode())
    assert found["ant_work_stats_up", "environment_id=env_1"] == 0
    assert not any(name == "ant_work_queue_depth" for name, *_ in found)


def test_an_exporter_without_the_library_for_metrics_is_an_error_before_anybody_scrapes_it(monkeypatch):
    """Not one of each scrape."""
    monkeypatch.setitem(sys.modules, "prometheus_client", None)
    with pytest.raises(UsageError, match="metrics need the package"):
        Exporter({})


def test_several_environments_share_families_and_have_a_page_each():
    """The format wants each name once."""
    exporter = Exporter({name: CachedStats(lambda: STATS, 5.0) for name in ("env_1", "env_2")})
    text = exporter.find("/metrics").body.decode()
    assert text.count("# TYPE ant_work_queue_depth gauge") == 1
    found = samples(text)
    assert found["ant_work_queue_depth", "environment_id=env_1"] == 3
    assert found["ant_work_queue_depth", "environment_id=env_2"] == 3
    assert exporter.find("/stats/env_2").status == 200
    assert exporter.find("/stats/env_3") is None
    assert exporter.find("/stats") is None  # of which of them?
    assert exporter.find("/statistics") is None
    assert exporter.find("/healthz").status == 200


def test_the_exporter_serves_what_kedas_scaler_reads(queue, clean_environ):
    """One plain GET without any header, answered with exactly 200 and a JSON number at `depth`."""
    queue.enqueue(3)
    environ = {**clean_environ, "ANTHROPIC_BASE_URL": queue.url, "ANTHROPIC_API_KEY": KEY}
    words = ["beta:worker", "exporter", "--environment-id", queue.id, "--listen", "127.0.0.1:0"]
    process = subprocess.Popen(
        [sys.executable, "-m", "ant_cli", *words], env=environ, stderr=subprocess.PIPE, text=True
    )
    line = process.stderr.readline()
    url = line.split()[4].rstrip(".")
    with httpx.Client(headers={}) as client:
        response = client.get(f"{url}/stats")
        assert response.status_code == 200
        assert response.json()["depth"] == 3
        assert samples(client.get(f"{url}/metrics").text)["ant_work_queue_depth", f"environment_id={queue.id}"] == 3
    assert queue.count("/stats") == 1
    process.send_signal(signal.SIGTERM)
    assert process.wait() == 0
    assert process.stderr.read() == ""
    process.stderr.close()
