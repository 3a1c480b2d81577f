import pytest

from ant_cli.emulator import Emulator

from .api import ENVIRONMENTS, Api, message

SECOND = 1_000
LEASE = 300 * SECOND


@pytest.fixture
def queue(api):
    """Return a self-hosted environment."""
    return api.create_queue()


@pytest.fixture
def work(api, queue):
    """Return a queued item."""
    return api.enqueue(queue)[0]


def bring_to(api, queue, work, state):
    """Move a queued item to a state."""
    ways = {
        "queued": [],
        "starting": ["ack"],
        "active": ["ack", "heartbeat"],
        "stopping": ["ack", "heartbeat", "stop"],
        "stopped": ["stop"],
    }
    for action in ways[state]:
        assert api.act(queue, work, action).status_code == 200
    assert api.item(queue, work)["state"] == state


def test_each_state_of_an_item_sets_its_timestamp(api, queue, clock):
    """The fields are in the order of the reference."""
    work = api.enqueue(queue, session_id="session_1", metadata={"k": "v"})[0]
    for action in ("ack", "heartbeat", "heartbeat", "stop"):
        clock.advance(ms=SECOND)
        assert api.act(queue, work, action).status_code == 200
    clock.advance(ms=SECOND)
    api.act(queue, work, "stop", {"force": True})
    moments = [f"2026-03-15T10:00:0{second}.000000Z" for second in range(6)]
    assert list(api.item(queue, work).items()) == [
        ("id", work),
        ("acknowledged_at", moments[1]),
        ("created_at", moments[0]),
        ("data", {"id": "session_1", "type": "session"}),
        ("environment_id", queue),
        ("latest_heartbeat_at", moments[3]),
        ("metadata", {"k": "v"}),
        ("secret", None),
        ("started_at", moments[2]),
        ("state", "stopped"),
        ("stop_requested_at", moments[4]),
        ("stopped_at", moments[5]),
        ("type", "work"),
    ]


@pytest.mark.parametrize(
    ("state", "action", "after"),
    [
        ("queued", ("ack",), "starting"),
        ("starting", ("ack",), 409),
        ("active", ("ack",), 409),
        ("stopping", ("ack",), 409),
        ("stopped", ("ack",), 409),
        ("queued", ("heartbeat",), 412),
        ("starting", ("heartbeat",), "active"),
        ("active", ("heartbeat",), "active"),
        ("stopping", ("heartbeat",), "stopping"),
        ("stopped", ("heartbeat",), "stopped"),
        ("queued", ("stop",), "stopped"),
        ("starting", ("stop",), "stopping"),
        ("active", ("stop",), "stopping"),
        ("stopping", ("stop",), "stopping"),
        ("stopped", ("stop",), "stopped"),
        ("active", ("stop", {"force": False}), "stopping"),
        ("active", ("stop", {"force": None}), "stopping"),
        *[(state, ("stop", {"force": True}), "stopped") for state in ("queued", "starting", "active", "stopping")],
        ("stopped", ("stop", {"force": True}), "stopped"),
    ],
)
def test_every_action_in_every_state_leads_to_the_next_state_or_is_a_conflict(
    api, queue, work, state, action, after
):
    """A conflict changes nothing."""
    bring_to(api, queue, work, state)
    before = api.item(queue, work)
    response = api.act(queue, work, *action)
    if after in (409, 412):
        assert work in message(response, after)
        assert response.headers["x-should-retry"] == "false"
        assert api.item(queue, work) == before
    else:
        assert response.json["state"] == api.item(queue, work)["state"] == after


def test_stopping_an_item_again_changes_nothing(api, queue, work, clock):
    """The times of the first stop request and of the first stop are kept."""
    bring_to(api, queue, work, "stopping")
    before = api.item(queue, work)
    clock.advance(ms=SECOND)
    assert api.act(queue, work, "stop").json == before
    ended = api.act(queue, work, "stop", {"force": True}).json
    clock.advance(ms=SECOND)
    assert api.act(queue, work, "stop", {"force": True}).json == ended


def test_a_heartbeat_must_repeat_the_last_heartbeat_of_the_previous_response(api, queue, work):
    """The value must be exactly the same."""
    bring_to(api, queue, work, "starting")
    last = "NO_HEARTBEAT"
    for _ in range(3):
        answer = api.act(queue, work, "heartbeat", expected_last_heartbeat=last).json
        assert answer == {
            "last_heartbeat": answer["last_heartbeat"],
            "lease_extended": True,
            "state": "active",
            "ttl_seconds": 300,
            "type": "work_heartbeat",
        }
        assert answer["last_heartbeat"] > last or last == "NO_HEARTBEAT"
        assert api.item(queue, work)["latest_heartbeat_at"] == answer["last_heartbeat"]
        last = answer["last_heartbeat"]


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        ("queued", "2026-03-15T10:00:00.000000Z"),
        ("starting", "2026-03-15T10:00:00.000000Z"),
        ("active", "NO_HEARTBEAT"),
        ("active", "2026-03-15T10:00:00Z"),
        ("active", "nonsense"),
    ],
)
def test_a_heartbeat_with_an_outdated_last_heartbeat_is_412(api, queue, work, state, expected):
    """A worker that does not know the last heartbeat does not hold the lease. The details describe the lease."""
    bring_to(api, queue, work, state)
    before = api.item(queue, work)
    response = api.act(queue, work, "heartbeat", expected_last_heartbeat=expected)
    assert message(response, 412).startswith("work_id: " if state == "queued" else "expected_last_heartbeat: ")
    assert response.json["error"]["details"] == {
        "error_code": "heartbeat_precondition_failed",
        "current_state": {
            "state": state,
            "ttl_seconds": 0 if state == "queued" else 300,
            "lease_extended": False,
            "last_heartbeat": before["latest_heartbeat_at"],
        },
    }
    assert api.item(queue, work) == before


@pytest.mark.parametrize("expected", ["NO_HEARTBEAT", "nonsense"])
def test_heartbeats_of_stopping_and_stopped_items_are_not_compared(api, queue, work, expected):
    """The response tells the worker that it should stop, or that it is too late."""
    bring_to(api, queue, work, "stopped")
    answer = api.act(queue, work, "heartbeat", expected_last_heartbeat=expected).json
    assert answer["lease_extended"] is False
    assert (answer["state"], answer["last_heartbeat"], answer["ttl_seconds"]) == ("stopped", "", 0)


def test_a_first_heartbeat_after_a_stop_request_returns_the_stored_state(api, queue, work):
    """The response tells the worker that the item is stopping, and nothing is stored."""
    api.act(queue, work, "ack")
    before = api.act(queue, work, "stop").json
    assert api.act(queue, work, "heartbeat", expected_last_heartbeat="NO_HEARTBEAT").json == {
        "last_heartbeat": "",
        "lease_extended": False,
        "state": "stopping",
        "ttl_seconds": 120,
        "type": "work_heartbeat",
    }
    assert api.item(queue, work) == before


@pytest.mark.parametrize("ttl", ["0", "301", "-5", "soon"])
def test_desired_ttl_seconds_must_be_from_1_to_300(api, queue, work, ttl):
    """Other values are rejected, and the message names the field."""
    bring_to(api, queue, work, "starting")
    response = api.act(queue, work, "heartbeat", desired_ttl_seconds=ttl)
    assert message(response, 400).startswith("desired_ttl_seconds: ")


def test_an_item_is_queued_again_when_its_lease_expires(api, queue, work, clock):
    """Heartbeats of the old worker are rejected. `reclaim_older_than_ms` applies to polls, not to the lease."""
    assert api.poll(queue)["id"] == work
    api.act(queue, work, "ack")
    old = api.act(queue, work, "heartbeat", desired_ttl_seconds=1).json["last_heartbeat"]
    clock.advance(ms=SECOND - 1)
    assert api.item(queue, work)["state"] == "active"
    clock.advance(ms=1)
    item = api.item(queue, work)
    assert item["state"] == "queued"
    assert [item[name] for name in ("acknowledged_at", "started_at", "latest_heartbeat_at")] == [None] * 3
    late = api.act(queue, work, "heartbeat", expected_last_heartbeat=old)
    ran_out = "2026-03-15T10:00:01.000000Z"
    assert message(late, 412) == f"work_id: the lease of {work} ran out at {ran_out}; it is queued again."
    assert late.json["error"]["details"]["current_state"]["last_heartbeat"] == old
    assert api.act(queue, work, "heartbeat").status_code == 412
    assert api.poll(queue)["id"] == work
    api.act(queue, work, "ack")
    new = api.act(queue, work, "heartbeat", expected_last_heartbeat="NO_HEARTBEAT").json["last_heartbeat"]
    assert new > old


def test_lease_seconds_of_the_emulator_shorten_the_default_lease(clock):
    """The emulator was started with another lease, which ack and heartbeat then use."""
    emulator = Emulator(":memory:", clock=clock, lease_seconds=2)
    api = Api(emulator)
    queue = api.create_queue()
    work = api.enqueue(queue)[0]
    api.act(queue, work, "ack")
    clock.advance(ms=2 * SECOND - 1)
    assert api.act(queue, work, "heartbeat").json["ttl_seconds"] == 2
    clock.advance(ms=2 * SECOND - 1)
    assert api.act(queue, work, "heartbeat", desired_ttl_seconds=300).json["ttl_seconds"] == 300
    clock.advance(ms=LEASE - 1)
    assert api.act(queue, work, "heartbeat").json["lease_extended"] is True
    clock.advance(ms=2 * SECOND)
    assert api.item(queue, work)["state"] == "queued"
    emulator.close()


def test_an_item_that_was_stopped_by_force_stays_stopped_when_its_lease_would_expire(api, queue, work, clock):
    """Otherwise finished work would run again."""
    bring_to(api, queue, work, "active")
    assert api.act(queue, work, "stop", {"force": True}).status_code == 200
    clock.advance(ms=LEASE)
    assert (api.poll(queue), api.item(queue, work)["state"]) == (None, "stopped")


def test_a_stopping_item_is_stopped_when_its_lease_expires(api, queue, work, clock):
    """A stopping item never goes back to the queue."""
    bring_to(api, queue, work, "stopping")
    clock.advance(ms=LEASE)
    item = api.item(queue, work)
    assert (item["state"], item["stopped_at"]) == ("stopped", "2026-03-15T10:05:00.000000Z")
    assert api("DELETE", f"{ENVIRONMENTS}/{queue}").status_code == 200


def test_update_merges_the_metadata_of_a_work_item(api, queue):
    """A string sets a key, even an empty one. Null deletes the key, and an empty body changes nothing."""
    work = api.enqueue(queue, metadata={"a": "1", "b": "2"})[0]
    path = f"{ENVIRONMENTS}/{queue}/work/{work}"
    assert api("POST", path, {"metadata": {"a": None, "c": "", "d": None}}).json["metadata"] == {"b": "2", "c": ""}
    assert api("POST", path, {}).json["metadata"] == {"b": "2", "c": ""}
    assert message(api("POST", path, {"metadata": {"a": 1}}), 400).startswith("metadata.a: ")
    assert message(api("POST", path, {"state": "stopped"}), 400).startswith("state: ")


def test_stop_rejects_a_force_that_is_not_a_boolean(api, queue, work):
    """Values that resemble a boolean are rejected, too."""
    assert message(api.act(queue, work, "stop", {"force": "true"}), 400).startswith("force: ")


def test_an_item_is_404_in_another_environment(api, queue, work):
    """The same holds for an item that never existed."""
    other = api.create_queue("other")
    for environment_id, work_id in ((other, work), (queue, "work_1")):
        path = f"{ENVIRONMENTS}/{environment_id}/work/{work_id}"
        assert message(api("GET", path), 404).startswith("work_id: ")
        for action in ("", "/ack", "/heartbeat", "/stop"):
            assert message(api("POST", path + action, {}), 404).startswith("work_id: ")
