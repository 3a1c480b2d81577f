import sqlite3
import threading
import time
from contextlib import closing

import pytest
from werkzeug.test import EnvironBuilder, run_wsgi_app

from ant_cli.emulator import Emulator, store
from ant_cli.emulator.call import IS_STOPPING

from .api import ENVIRONMENTS, HEADERS, Api

SECOND = 1_000


@pytest.mark.parametrize(
    ("query", "passed", "again"),
    [
        ({}, 5 * SECOND, False),
        ({}, 5 * SECOND + 1, True),
        ({"reclaim_older_than_ms": ""}, 5 * SECOND, False),
        ({"reclaim_older_than_ms": 100}, 100, False),
        ({"reclaim_older_than_ms": 100}, 101, True),
        ({"reclaim_older_than_ms": 1}, 1, False),
        ({"reclaim_older_than_ms": 1}, 2, True),
        ({"reclaim_older_than_ms": 10**12, "block_ms": 1}, 10**9, False),
    ],
)
def test_an_item_without_an_ack_is_polled_again_after_reclaim_older_than_ms(
    api, queue, clock, query, passed, again
):
    """The time must be longer than `reclaim_older_than_ms`, 5000 by default, and restarts with each poll."""
    work = api.enqueue(queue)[0]
    api.poll(queue)
    for _ in range(2):
        clock.advance(ms=passed)
        assert (api.poll(queue, **query) or {}).get("id") == (work if again else None)
        if not again:
            return


def test_a_blocking_poll_without_work_returns_null(api, queue):
    """The wait ends after `block_ms`."""
    begun = time.monotonic()
    assert api.poll(queue, block_ms=30) is None
    assert 0.03 <= time.monotonic() - begun < 20


def test_a_blocking_poll_returns_queued_work_immediately(api, queue, monkeypatch):
    """A poll does not wait if there is work in the queue."""
    work = api.enqueue(queue)[0]
    monkeypatch.setattr(store.time, "sleep", pytest.fail)
    assert api.poll(queue, block_ms=999)["id"] == work


def test_a_poll_whose_client_disconnected_takes_no_item(emulator, queue, api, monkeypatch):
    """The item stays in the queue for other workers."""
    left = threading.Event()

    def leave(_seconds):
        left.set()
        api.enqueue(queue)

    monkeypatch.setattr(store.time, "sleep", leave)
    path = f"{ENVIRONMENTS}/{queue}/work/poll"
    environ = EnvironBuilder(path, query_string={"block_ms": 999}, headers=HEADERS).get_environ()
    body, *_ = run_wsgi_app(emulator, environ | {IS_STOPPING: left.is_set})
    assert list(body) == [b"null"]
    assert api.stats(queue)["depth"] == 1


@pytest.mark.parametrize("path", ["environments/{}/work/poll", "sessions/{}/events/stream"])
def test_no_other_request_comes_between_the_question_whether_a_client_left_and_its_answer(
    database, path
):
    """Otherwise a client that leaves right then, and goes on by another request, loses an item or events."""
    with closing(Emulator(database)) as emulator:
        api = Api(emulator)
        queue = api.create_queue()
        session = api("POST", "/_emulator/sessions", {"script": ["terminate"]}).json["id"]
        subject = session if "sessions" in path else queue
        asked = []

        def is_stopping():
            with (
                closing(sqlite3.connect(database, timeout=0)) as other,
                pytest.raises(sqlite3.OperationalError, match="locked"),
            ):
                other.execute("BEGIN IMMEDIATE")
            asked.append(path)
            return False

        environ = EnvironBuilder(f"/v1/{path.format(subject)}", headers=HEADERS).get_environ()
        body, *_ = run_wsgi_app(emulator, environ | {IS_STOPPING: is_stopping})
        list(body)
        assert asked


def test_a_waiting_request_looks_repeatedly():
    """What it waits for may come from another process, which can't wake it."""
    look = iter([None, None, "work"]).__next__
    begun = time.monotonic()
    assert store.wait_for(look, 60) == "work"
    assert time.monotonic() - begun < 30
    assert look not in store._WAITING


@pytest.mark.parametrize(
    ("path", "body"), [("/environments/{}/enqueue", {}), ("/clock", {"advance_ms": 300_000})]
)
def test_a_waiting_poll_finds_work_that_is_enqueued_or_whose_lease_runs_out(
    api, queue, monkeypatch, path, body
):
    """The poll looks again after a while, and then the item is in the queue."""
    if path == "/clock":
        api.act(queue, api.enqueue(queue)[0], "ack")
    requests = iter([body])

    def sleep(_seconds):
        for each in requests:
            api("POST", "/_emulator" + path.format(queue), each)

    monkeypatch.setattr(store.time, "sleep", sleep)
    assert api.poll(queue, block_ms=999) is not None
