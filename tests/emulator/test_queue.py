import threading
import time

import pytest
from werkzeug.test import EnvironBuilder, run_wsgi_app

from ant_cli.emulator import store
from ant_cli.emulator.call import IS_STOPPING

from .api import ENVIRONMENTS, HEADERS, message

SECOND = 1_000


@pytest.fixture
def queue(api):
    """Return a self-hosted environment."""
    return api.create_queue()


def test_poll_returns_each_item_once_oldest_first(api, queue):
    """The queue keeps its order. When no item is left, poll returns null."""
    work = api.enqueue(queue, count=3)
    polled = [api.poll(queue) for _ in range(4)]
    assert [item and item["id"] for item in polled] == [*work, None]
    assert polled[0]["state"] == "queued"


def test_poll_returns_no_work_of_another_environment(api, queue):
    """Each environment has its own queue."""
    other = api.create_queue("other")
    api.enqueue(other)
    assert api.poll(queue) is None
    assert api("GET", f"{ENVIRONMENTS}/{queue}/work").json["data"] == []


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
        ({"reclaim_older_than_ms": 10**18 - 1}, 10**9, False),
        ({"reclaim_older_than_ms": 10**18 - 1, "block_ms": 1}, 10**9, False),
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


def test_acknowledged_and_stopped_items_are_not_reclaimed(api, queue, clock):
    """Only queued items are reclaimed."""
    acknowledged, stopped, waiting = api.enqueue(queue, count=3)
    api.act(queue, acknowledged, "ack")
    api.act(queue, stopped, "stop")
    assert api.poll(queue)["id"] == waiting
    clock.advance(ms=6 * SECOND)
    assert api.poll(queue)["id"] == waiting


@pytest.mark.parametrize(
    "query", [*({"block_ms": value} for value in ("0", "1000", "-1", "x")), {"reclaim_older_than_ms": "0"}]
)
def test_an_invalid_block_ms_or_reclaim_older_than_ms_is_rejected(api, queue, query):
    """`block_ms` is from 1 to 999, and the other at least 1."""
    response = api("GET", f"{ENVIRONMENTS}/{queue}/work/poll", **query)
    assert message(response, 400).startswith(f"{next(iter(query))}: ")


def test_cloud_environments_have_no_queue(api):
    """Poll, enqueue and list are rejected, and the statistics have no items and no workers."""
    environment_id = api.create()
    path = f"{ENVIRONMENTS}/{environment_id}/work"
    refused = message(api("GET", f"{path}/poll"), 400)
    assert refused.startswith("Only BYOC and bridge environments support work polling.")
    assert refused.endswith("is anthropic_cloud.")
    assert "self-hosted" in message(api("POST", f"/_emulator/environments/{environment_id}/enqueue"), 400)
    assert message(api("GET", path), 404) == (
        f"Environment {environment_id} not found, or does not support work listing. "
        "The work API is only available for self-hosted environments."
    )
    none = {"depth": 0, "oldest_queued_at": None, "pending": 0, "workers_polling": None}
    assert api.stats(environment_id) == {"type": "work_queue_stats", **none}


def test_an_archived_environment_can_be_polled_but_takes_no_new_work(api, queue):
    """Existing work can still be polled, but nothing can be enqueued."""
    work = api.enqueue(queue)[0]
    api("POST", f"{ENVIRONMENTS}/{queue}/archive")
    assert "archived" in message(api("POST", f"/_emulator/environments/{queue}/enqueue"), 400)
    assert api.poll(queue)["id"] == work
    refused = api("GET", f"{ENVIRONMENTS}/{queue}/work")
    assert message(refused, 404) == f"Environment {queue} is archived."
    assert refused.json["error"]["error_code"] == "environment_archived"


@pytest.mark.parametrize(
    "body", [{"count": 0}, {"count": 10_001}, {"count": True}, {"session_id": ""}, {"metadata": {"a": 1}}]
)
def test_enqueue_rejects_an_invalid_body(api, queue, body):
    """The count has bounds, and string fields must be strings."""
    response = api("POST", f"/_emulator/environments/{queue}/enqueue", body)
    assert message(response, 400).startswith(next(iter(body)))


def test_enqueue_creates_a_new_session_for_each_item_by_default(api, queue):
    """With a given session, the items share it."""
    response = api("POST", f"/_emulator/environments/{queue}/enqueue", {"count": 2, "metadata": {"é": "ü"}})
    one, other = response.json["data"]
    assert one["data"]["id"] != other["data"]["id"]
    assert api.item(queue, one["id"]) == one
    assert one["metadata"] == {"é": "ü"}
    named = api.enqueue(queue, count=2, session_id="session_x")
    assert [api.item(queue, work)["data"]["id"] for work in named] == ["session_x"] * 2


def test_stats_count_queued_and_pending_items(api, queue, clock):
    """Acknowledged work is in neither number. The oldest item may be queued or pending."""
    empty = {"depth": 0, "oldest_queued_at": None, "pending": 0, "type": "work_queue_stats", "workers_polling": 0}
    assert api.stats(queue) == empty
    first = api.enqueue(queue)[0]
    clock.advance(ms=1)
    second = api.enqueue(queue)[0]
    assert api.poll(queue)["id"] == first
    assert api.stats(queue) == empty | {"depth": 1, "pending": 1, "oldest_queued_at": "2026-03-15T10:00:00.000000Z"}
    api.act(queue, first, "ack")
    assert api.stats(queue) == empty | {"depth": 1, "oldest_queued_at": "2026-03-15T10:00:00.001000Z"}
    api.act(queue, second, "ack")
    assert api.stats(queue) == empty


def test_stats_count_workers_of_the_last_thirty_seconds(api, queue, clock):
    """Each worker is counted once, for thirty seconds. Workers without an ID are not counted."""
    for worker in ("w1", "w2", "w2", None):
        headers = HEADERS | ({"Anthropic-Worker-ID": worker} if worker else {})
        api("GET", f"{ENVIRONMENTS}/{queue}/work/poll", headers=headers)
    assert api.stats(queue)["workers_polling"] == 2
    clock.advance(ms=29 * SECOND)
    api("GET", f"{ENVIRONMENTS}/{queue}/work/poll", headers=HEADERS | {"anthropic-worker-id": "w1"})
    clock.advance(ms=SECOND)
    assert api.stats(queue)["workers_polling"] == 1


def test_a_blocking_poll_without_work_returns_null(api, queue):
    """The wait ends after `block_ms`."""
    begun = time.monotonic()
    assert api.poll(queue, block_ms=30) is None
    assert time.monotonic() - begun >= 0.03


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


def test_a_waiting_request_looks_repeatedly():
    """What it waits for may come from another process, which can't wake it."""
    answers = iter([None, None, "work"])
    begun = time.monotonic()
    assert store.wait_for(lambda: next(answers), 60) == "work"
    assert time.monotonic() - begun < 30


@pytest.mark.parametrize(("path", "body"), [("/environments/{}/enqueue", {}), ("/clock", {"advance_ms": 300_000})])
def test_a_waiting_poll_finds_work_that_is_enqueued_or_whose_lease_runs_out(api, queue, monkeypatch, path, body):
    """The poll looks again after a while, and then the item is in the queue."""
    if path == "/clock":
        api.act(queue, api.enqueue(queue)[0], "ack")
    requests = iter([body])

    def sleep(_seconds):
        for each in requests:
            api("POST", "/_emulator" + path.format(queue), each)

    monkeypatch.setattr(store.time, "sleep", sleep)
    assert api.poll(queue, block_ms=999) is not None
