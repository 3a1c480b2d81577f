import pytest

from ant_cli.emulator import Emulator

from .api import Api, message

SECOND = 1_000
LEASE = 300 * SECOND


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
        *[
            (state, ("stop", {"force": True}), "stopped")
            for state in ("queued", "starting", "active", "stopping")
        ],
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
