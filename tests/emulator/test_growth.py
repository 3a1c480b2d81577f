"""Sessions with many events: the time of a turn does not depend on those before it."""

import time
from contextlib import closing

import pytest

from ant_cli.emulator import Emulator

from .api import Api

pytestmark = pytest.mark.slow
HELLO = {"type": "user.message", "content": [{"type": "text", "text": "Hello."}]}
MOST_GROWTH = 8
"""For four times the events. The square would be 16."""


def chat(api, session, count):
    """Send messages one after the other, each of which gets a turn of four events."""
    for _ in range(count // 4):
        api("POST", f"/v1/sessions/{session}/events", {"events": [HELLO]})
        api("GET", f"/v1/sessions/{session}")


def play(api, session, count):
    """Play a script with many turns, whose messages are sent at once."""
    for _ in range(count // 400):
        api("POST", f"/v1/sessions/{session}/events", {"events": [HELLO] * 100})
    api("GET", f"/v1/sessions/{session}")


def seconds(drive, count):
    """Return how long a session of so many events takes, with the lists of them."""
    with closing(Emulator(":memory:")) as emulator:
        api = Api(emulator)
        api("POST", "/_emulator/clock", {"freeze": True})
        api("POST", "/_emulator/scripts", {"script": [{"message": "Hi."}, "idle"] * (count // 4)})
        body = {"agent": "agent_1", "environment_id": api.create()}
        session = api("POST", "/v1/sessions", body).json["id"]
        began = time.process_time()
        drive(api, session, count)
        page, listed = "", 0
        while page is not None:
            query = {"limit": 1000, "page": page}
            response = api("GET", f"/v1/sessions/{session}/events", **query).json
            listed, page = listed + len(response["data"]), response["next_page"]
        took = time.process_time() - began
    assert listed == count
    return took


@pytest.mark.parametrize("drive", [chat, play])
def test_ten_thousand_events_of_a_session_take_four_times_as_long_as_a_quarter(drive):
    """Of three times, the shortest counts, since something else may happen at the same time."""
    few, many = (min(seconds(drive, count) for _ in range(3)) for count in (2_400, 10_000))
    assert many < MOST_GROWTH * few
