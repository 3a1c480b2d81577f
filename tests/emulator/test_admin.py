import json
from contextlib import closing

import pytest

from ant_cli.emulator import Emulator

from .api import ENVIRONMENTS, Api

CLOCK = "/_emulator/clock"


@pytest.mark.parametrize(
    ("body", "now"),
    [
        ({"advance_ms": 90_000}, "2026-03-15T10:01:30.000000Z"),
        ({"now": "2030-01-02T03:04:05.000006Z"}, "2030-01-02T03:04:05.000006Z"),
        ({"now": "2030-01-02T03:04:05+02:00", "advance_ms": 1}, "2030-01-02T01:04:05.001000Z"),
        ({}, "2026-03-15T10:00:00.000000Z"),
    ],
)
def test_a_moved_clock_is_shared_by_all_emulators_on_the_file(database, clock, body, now):
    """The shift of the clock is stored in the database."""
    one = Emulator(database, clock=clock)
    assert Api(one)("POST", CLOCK, body).json == {"now": now, "frozen": False, "type": "clock"}
    one.close()
    other = Emulator(database, clock=clock)
    assert Api(other)("GET", CLOCK).json["now"] == now
    environment_id = Api(other).create()
    assert Api(other).retrieve(environment_id)["created_at"] == now
    other.close()


def test_a_frozen_clock_stands_still_until_it_is_moved_or_released(api, clock):
    """Moved, it stands still at another time; released, it goes on from there."""

    def now(body=None):
        clock.advance(ms=1)
        response = api("POST" if body else "GET", CLOCK, body).json
        return response["now"][17:23], response["frozen"]

    assert now({"now": "2030-01-01T00:00:05Z", "freeze": True}) == ("05.000", True)
    assert now() == ("05.000", True)
    assert now({"advance_ms": 1000}) == ("06.000", True)
    assert now() == ("06.000", True)
    assert now({"freeze": False}) == ("06.000", False)
    assert now() == ("06.001", False)
    now({"freeze": True})
    api("POST", "/_emulator/reset")
    assert now()[1] is False


def test_two_emulators_with_the_same_seed_respond_with_the_same_bytes():
    """So does one emulator after a reset. A health check in between doesn't matter."""

    def run(emulator, checks):
        api = Api(emulator)
        api("POST", CLOCK, {"now": "2030-01-01T00:00:00Z", "freeze": True})
        queue = api.create_queue()
        responses = [api("POST", "/_emulator/sessions", {"script": [{"tool": "bash"}]})]
        if checks:
            api("GET", "/healthz", headers={})
        responses += [api("GET", f"{ENVIRONMENTS}/{queue}/work/poll"), api("GET", "/nowhere")]
        responses += [
            api("POST", "/_emulator/faults", {"delay_ms": 1}),
            api("GET", "/_emulator/requests"),
        ]
        return [(response.data, list(response.headers)) for response in responses]

    emulators = [Emulator(":memory:", seed=seed) for seed in (7, 7, 8)]
    first, second, other = (run(emulator, number) for number, emulator in enumerate(emulators))
    assert first == second
    item = json.loads(first[1][0])
    assert item["id"][-22:] != item["environment_id"][-22:] != item["data"]["id"][-22:]
    assert all(one[0] != another[0] for one, another in zip(first, other, strict=True))
    Api(emulators[0])("POST", "/_emulator/reset")
    assert [body for body, _ in run(emulators[0], 0)] == [body for body, _ in first]
    for emulator in emulators:
        emulator.close()


@pytest.mark.parametrize("seed", [0, 7])
def test_more_requests_do_not_change_the_ids_that_follow_from_a_seed(seed):
    """Each health check has a request ID of its own, and other requests change only the request IDs after them."""
    with (
        closing(Emulator(":memory:", seed=seed)) as one,
        closing(Emulator(":memory:", seed=seed)) as other,
    ):
        checks = [
            Api(one)("GET", path, headers={}).headers["request-id"]
            for path in ("/healthz", "/healthz", "/v1/x")
        ]
        assert len(set(checks)) == 3
        assert Api(one).create() == Api(other).create()


def test_the_emulator_uses_the_machine_clock_by_default():
    """Timestamps of the emulator are between two readings of the machine's clock."""
    emulator = Emulator(":memory:")
    first = Api(emulator)("GET", CLOCK).json["now"]
    assert first <= Api(emulator)("GET", CLOCK).json["now"]
    emulator.close()


def test_the_date_of_a_response_is_the_time_of_the_clock(api):
    """Clients take it as now. Errors have it, too."""
    api("POST", CLOCK, {"now": "2027-01-02T03:04:05.9Z"})
    for path in (ENVIRONMENTS, "/v1/none"):
        assert api("GET", path).headers["date"] == "Sat, 02 Jan 2027 03:04:05 GMT"


def test_the_clock_works_beyond_the_year_3000(api, monkeypatch):
    """On Windows, the functions of C end there."""

    def gmtime(seconds):
        raise OSError(22, "Invalid argument", seconds)

    monkeypatch.setattr("time.gmtime", gmtime)
    moved = api("POST", CLOCK, {"now": "9998-12-31T23:59:59Z", "freeze": True})
    assert moved.json["now"] == "9998-12-31T23:59:59.000000Z"
    assert api("GET", "/v1/environments").headers["date"] == "Thu, 31 Dec 9998 23:59:59 GMT"
