import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from werkzeug.test import EnvironBuilder, run_wsgi_app

from ant_cli.emulator import Emulator
from ant_cli.emulator.app import IS_STOPPING
from ant_cli.emulator.store import Arrivals

from .api import ENVIRONMENTS, HEADERS, Api, message

SECOND = 1_000


@pytest.fixture
def queue(api):
    """Return a self-hosted environment."""
    return api.create_queue()


def test_poll_hands_out_the_oldest_first_and_each_once(api, queue):
    """A queue keeps its order; when everything is handed out the answer is null."""
    work = api.enqueue(queue, count=3)
    polled = [api.poll(queue) for _ in range(4)]
    assert [item and item["id"] for item in polled] == [*work, None]
    assert polled[0]["state"] == "queued"


def test_a_queue_is_one_environment_s(api, queue):
    """Nobody polls another environment's work."""
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
        ({"reclaim_older_than_ms": 0}, 0, False),
        ({"reclaim_older_than_ms": 0}, 1, True),
        ({"reclaim_older_than_ms": 10**18 - 1}, 10**9, False),
    ],
)
def test_what_is_never_acknowledged_is_handed_out_again(api, queue, clock, query, passed, again):
    """The wait is more than `reclaim_older_than_ms`, five seconds by default, and begins anew each time."""
    work = api.enqueue(queue)[0]
    api.poll(queue)
    for _ in range(2):
        clock.advance(ms=passed)
        assert (api.poll(queue, **query) or {}).get("id") == (work if again else None)
        if not again:
            return


def test_what_is_acknowledged_or_stopped_is_not_handed_out(api, queue, clock):
    """Only queued items are reclaimed."""
    acknowledged, stopped, _ = api.enqueue(queue, count=3)
    api.act(queue, acknowledged, "ack")
    api.act(queue, stopped, "stop")
    assert api.poll(queue)["id"] not in (acknowledged, stopped)
    clock.advance(ms=6 * SECOND)
    assert api.poll(queue)["id"] not in (acknowledged, stopped)


@pytest.mark.parametrize(
    "query",
    [*({"block_ms": value} for value in ("0", "1000", "-1", "x")), {"reclaim_older_than_ms": "-1"}],
)
def test_wrong_waits_are_refused(api, queue, query):
    """`block_ms` is from 1 to 999, and no time is negative."""
    response = api("GET", f"{ENVIRONMENTS}/{queue}/work/poll", **query)
    assert message(response, 400).startswith(f"{next(iter(query))}: ")


def test_cloud_environments_have_no_queue(api):
    """Polling and enqueueing are refused, there is no list, and the statistics count nothing and nobody."""
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
    assert api.stats(environment_id) == {
        "depth": 0,
        "oldest_queued_at": None,
        "pending": 0,
        "type": "work_queue_stats",
        "workers_polling": None,
    }


def test_archived_environments_finish_their_work_and_take_no_more(api, queue):
    """What waits can still be polled; new sessions cannot be created."""
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
def test_enqueue_checks_its_body(api, queue, body):
    """A count has bounds, and texts are texts."""
    response = api("POST", f"/_emulator/environments/{queue}/enqueue", body)
    assert message(response, 400).startswith(next(iter(body)))


def test_enqueue_gives_each_item_a_session(api, queue):
    """Without a session of the caller's each item has its own."""
    response = api("POST", f"/_emulator/environments/{queue}/enqueue", {"count": 2, "metadata": {"é": "ü"}})
    one, other = response.json["data"]
    assert one["data"]["id"] != other["data"]["id"]
    assert api.item(queue, one["id"]) == one
    assert one["metadata"] == {"é": "ü"}
    named = api.enqueue(queue, count=2, session_id="session_x")
    assert [api.item(queue, work)["data"]["id"] for work in named] == ["session_x"] * 2


def test_stats_count_what_waits_and_what_was_handed_out(api, queue, clock):
    """Acknowledged work is in neither number; the oldest may be waiting or handed out."""
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
    """Each worker counts once, those without an ID not at all, and nobody longer than thirty seconds."""
    for worker in ("w1", "w2", "w2", None):
        headers = HEADERS | ({"Anthropic-Worker-ID": worker} if worker else {})
        api("GET", f"{ENVIRONMENTS}/{queue}/work/poll", headers=headers)
    assert api.stats(queue)["workers_polling"] == 2
    clock.advance(ms=29 * SECOND)
    api("GET", f"{ENVIRONMENTS}/{queue}/work/poll", headers=HEADERS | {"anthropic-worker-id": "w1"})
    clock.advance(ms=SECOND)
    assert api.stats(queue)["workers_polling"] == 1


def test_a_poll_that_waits_in_vain_answers_null(api, queue):
    """The wait ends by itself."""
    begun = time.monotonic()
    assert api.poll(queue, block_ms=30) is None
    assert time.monotonic() - begun >= 0.03


def test_a_poll_that_waits_finds_what_is_there_at_once(api, emulator, queue):
    """With work in the queue nobody waits."""
    arrivals = emulator._store.arrivals = Watched(look_again_seconds=60)
    work = api.enqueue(queue)[0]
    assert api.poll(queue, block_ms=999)["id"] == work
    assert not arrivals.looked.is_set()


def test_a_poll_whose_client_has_left_takes_nothing(emulator, queue, api):
    """The item stays for those who are still there."""
    left = threading.Event()

    def leave(_seen, _seconds):
        left.set()
        api.enqueue(queue)

    emulator._store.arrivals._wait_while = leave
    path = f"{ENVIRONMENTS}/{queue}/work/poll"
    environ = EnvironBuilder(path, query_string={"block_ms": 999}, headers=HEADERS).get_environ()
    body, *_ = run_wsgi_app(emulator, environ | {IS_STOPPING: left.is_set})
    assert list(body) == [b"null"]
    assert api.stats(queue)["depth"] == 1


class Watched(Arrivals):
    """Arrivals that tell when somebody who waits has looked, and for whom everybody waits a minute."""

    def __init__(self, look_again_seconds):
        super().__init__(look_again_seconds)
        self.looked = threading.Event()

    def wait_for(self, look, _seconds):
        """Wait, so long that only an announcement can end it within the test."""

        def watched():
            found = look()
            self.looked.set()
            return found

        return super().wait_for(watched, 60)


def test_who_waits_is_woken_by_what_arrives():
    """An announcement ends the wait at once, however seldom one looks again."""
    arrivals, found = Watched(look_again_seconds=60), []
    with ThreadPoolExecutor() as pool:
        waiting = pool.submit(arrivals.wait_for, lambda: found or None, 60)
        arrivals.looked.wait()
        found.append("work")
        arrivals.announce()
        assert waiting.result(timeout=30) == ["work"]


def test_who_waits_looks_again_by_itself():
    """What nobody announces is found soon after."""
    answers = iter([None, None, "work"])
    begun = time.monotonic()
    assert Arrivals().wait_for(lambda: next(answers), 60) == "work"
    assert time.monotonic() - begun < 30


@pytest.mark.parametrize(
    ("path", "body"),
    [("/environments/{}/enqueue", {}), ("/clock", {"advance_ms": 300_000})],
)
def test_enqueueing_and_moving_the_clock_are_announced(api, emulator, queue, path, body):
    """A poll in the same process does not have to look again by itself."""
    arrivals = emulator._store.arrivals = Watched(look_again_seconds=60)
    if path == "/clock":
        api.act(queue, api.enqueue(queue)[0], "ack")
    with ThreadPoolExecutor() as pool:
        poll = pool.submit(api.poll, queue, block_ms=999)
        arrivals.looked.wait()
        api("POST", "/_emulator" + path.format(queue), body)
        assert poll.result(timeout=30) is not None


@pytest.mark.parametrize("shared", ["emulator", "file"])
def test_a_poll_that_waits_wakes_when_work_arrives(database, shared):
    """Work enqueued in the same process, or by another on the same file, ends the wait."""
    emulator = Emulator(database)
    other = emulator if shared == "emulator" else Emulator(database)
    api = Api(emulator)
    queue = api.create_queue()

    def poll():
        while (item := api.poll(queue, block_ms=999)) is None:  # on a busy machine work may come later than that
            pass
        return item

    with ThreadPoolExecutor() as pool:
        polls = [pool.submit(poll) for _ in range(2)]
        work = Api(other).enqueue(queue, count=2)
        assert sorted(poll.result()["id"] for poll in polls) == sorted(work)
    emulator.close()
    other.close()
