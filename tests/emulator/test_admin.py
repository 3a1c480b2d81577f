import pytest

from ant_cli.emulator import Emulator

from .api import ENVIRONMENTS, Api, message

CLOCK = "/_emulator/clock"


def test_reset_removes_environments_work_faults_and_the_clock_shift(api):
    """After a reset, the emulator is like a new one."""
    queue_id = api.create_queue()
    api.enqueue(queue_id, count=2)
    api("POST", CLOCK, {"advance_ms": 1000})
    api("POST", "/_emulator/faults", {"path_contains": "nothing", "status": 500})
    assert api("POST", "/_emulator/reset", headers={}).json == {"type": "emulator_reset"}
    assert api("GET", ENVIRONMENTS).json["data"] == []
    assert api("GET", "/_emulator/faults").json["data"] == []
    assert api("GET", CLOCK).json["now"] == "2026-03-15T10:00:00.000000Z"
    assert api.create_queue()


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
    assert Api(one)("POST", CLOCK, body).json == {"now": now, "type": "clock"}
    one.close()
    other = Emulator(database, clock=clock)
    assert Api(other)("GET", CLOCK).json["now"] == now
    environment_id = Api(other).create()
    assert Api(other).retrieve(environment_id)["created_at"] == now
    other.close()


@pytest.mark.parametrize(
    "body",
    [
        {"now": "noon"},
        {"now": "2030-01-02T03:04:05"},
        {"now": "1969-12-31T23:59:59Z"},
        {"now": "9998-12-31T23:59:59Z", "advance_ms": 1000},
        {"now": "9999-01-01T00:00:00Z"},
        {"advance_ms": -1},
    ],
)
def test_an_invalid_clock_time_is_rejected(api, body):
    """Steps are never negative, and a time needs an offset and a year of four digits."""
    assert message(api("POST", CLOCK, body), 400).startswith(next(iter(body)))


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
