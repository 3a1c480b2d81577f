import json
import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest
from werkzeug.test import EnvironBuilder, run_wsgi_app

from ant_cli.emulator import Disconnected, Emulator, faults

from .api import ENVIRONMENTS, HEADERS, Api, message

FAULTS = "/_emulator/faults"


def test_a_fault_answers_as_often_as_it_says(api):
    """A status is answered `times` times, with the time to wait in both headers."""
    fault = api("POST", FAULTS, {"path_contains": "environ", "status": 529, "times": 2, "retry_after_ms": 50}).json
    assert fault["type"] == "fault"
    for left in (2, 1):
        assert api("GET", FAULTS).json["data"] == [fault | {"times": left}]
        response = api("GET", ENVIRONMENTS)
        assert response.status == "529 Overloaded"
        assert response.json["error"]["type"] == "overloaded_error"
        assert (response.headers["retry-after-ms"], response.headers["retry-after"]) == ("50", "1")
    assert api("GET", ENVIRONMENTS).status_code == 200
    assert api("GET", FAULTS).json == {"data": []}


def test_a_fault_waits_for_its_path_and_its_method(api):
    """Other requests pass, and the request that fails is not acted upon."""
    api("POST", FAULTS, {"path_contains": "/v1/environments", "method": "POST", "status": 500})
    assert api("GET", ENVIRONMENTS).status_code == 200
    assert api("POST", ENVIRONMENTS, {"name": "n"}).status_code == 500
    assert api("GET", ENVIRONMENTS).json["data"] == []
    assert api("POST", ENVIRONMENTS, {"name": "n"}).status_code == 200


def test_a_fault_sees_the_path_as_it_was_sent(api):
    """An encoded slash is none, so that a fault for an endpoint does not meet an odd ID."""
    api("POST", FAULTS, {"path_contains": "env_1/work", "status": 500})
    assert api("GET", f"{ENVIRONMENTS}/env_1%2Fwork").status_code == 404
    assert api("GET", f"{ENVIRONMENTS}/env_1/work").status_code == 500


def test_faults_come_in_the_order_they_were_asked_for(api):
    """Of several faults that fit, the oldest is spent first."""
    for status in (500, 503, 408):
        api("POST", FAULTS, {"status": status})
    assert [api("GET", ENVIRONMENTS).status_code for _ in range(4)] == [500, 503, 408, 200]


def test_a_fault_lets_the_first_requests_pass(api):
    """`after` counts the requests that the fault would meet, and no others."""
    api("POST", FAULTS, {"method": "GET", "status": 503, "after": 2, "times": 2})
    assert api("POST", ENVIRONMENTS, {"name": "n"}).status_code == 200
    assert [api("GET", ENVIRONMENTS).status_code for _ in range(5)] == [200, 200, 503, 503, 200]


def test_a_fault_that_lets_a_request_pass_leaves_it_to_the_next(api):
    """Two faults script what happens attempt by attempt."""
    api("POST", FAULTS, {"status": 500, "after": 1})
    api("POST", FAULTS, {"status": 429})
    assert [api("GET", ENVIRONMENTS).status_code for _ in range(3)] == [429, 500, 200]


def test_a_body_may_come_in_two_halves(api, emulator, monkeypatch):
    """The delay is in the middle of the body, which is otherwise unchanged."""
    waits = []
    monkeypatch.setattr(faults.time, "sleep", waits.append)
    environment_id = api.create()
    api("POST", FAULTS, {"body_delay_ms": 1500})
    chunks, status, _ = run_wsgi_app(
        emulator, EnvironBuilder(f"{ENVIRONMENTS}/{environment_id}", headers=HEADERS).get_environ()
    )
    first, second = chunks
    assert (status, waits) == ("200 OK", [0, 1.5])
    assert json.loads(first + second) == api.retrieve(environment_id)
    assert abs(len(first) - len(second)) <= 1


def test_a_disconnect_is_raised_instead_of_an_answer(api):
    """Inside a process a dropped connection is an exception of the WSGI call."""
    api("POST", FAULTS, {"disconnect": True})
    with pytest.raises(Disconnected) as raised:
        api("GET", ENVIRONMENTS)
    assert isinstance(raised.value, ConnectionError)
    assert api("GET", ENVIRONMENTS).status_code == 200


def test_a_delay_alone_lets_the_request_through(api):
    """A fault without status delays the answer and changes nothing else."""
    api("POST", FAULTS, {"delay_ms": 1, "times": 1})
    assert api("GET", ENVIRONMENTS).status_code == 200
    assert api("GET", FAULTS).json == {"data": []}


def test_faults_can_be_cleared(api):
    """Clearing forgets every fault and says how many there were."""
    for _ in range(3):
        api("POST", FAULTS, {"status": 500, "times": 9})
    assert api("DELETE", FAULTS).json == {"count": 3, "type": "faults_deleted"}
    assert api("GET", ENVIRONMENTS).status_code == 200


def test_faults_are_shared_by_everyone_on_the_file(database):
    """A fault asked for in one process meets the requests of another, once."""
    one, other = Emulator(database), Emulator(database)
    Api(one)("POST", FAULTS, {"status": 503})
    assert Api(other)("GET", ENVIRONMENTS).status_code == 503
    assert Api(one)("GET", ENVIRONMENTS).status_code == 200
    one.close()
    other.close()


def test_a_fault_is_spent_once_by_two_requests_that_come_at_once(database, monkeypatch):
    """Each request that has found the fault waits until the other one has found it too, if it can."""
    both = threading.Barrier(2, timeout=0.3)

    class Connection(sqlite3.Connection):
        def execute(self, sql, *values):
            cursor = super().execute(sql, *values)
            if sql.startswith("SELECT") and "faults" in sql and watching:
                with suppress(threading.BrokenBarrierError):  # the other one is kept out, as it should be
                    both.wait()
            return cursor

    connect, watching = sqlite3.connect, []
    monkeypatch.setattr(sqlite3, "connect", lambda *args, **more: connect(*args, factory=Connection, **more))
    emulator = Emulator(database)
    Api(emulator)("POST", FAULTS, {"status": 503, "times": 1})
    watching.append(True)
    with ThreadPoolExecutor(2) as threads:
        responses = [threads.submit(Api(emulator), "GET", ENVIRONMENTS) for _ in range(2)]
        statuses = [response.result().status_code for response in responses]
    emulator.close()
    assert sorted(statuses) == [200, 503]


@pytest.mark.parametrize(
    ("body", "begin"),
    [
        ({}, "status: required"),
        ({"path_contains": "x"}, "status: required"),
        ({"status": 200}, "status: "),
        ({"status": 500, "times": 0}, "times: "),
        ({"status": 500, "method": "PATCH"}, "method: "),
        ({"status": 500, "retry_after_ms": -1}, "retry_after_ms: "),
        ({"delay_ms": "long"}, "delay_ms: "),
        ({"status": 500, "disconnect": True}, "status: "),
        ({"delay_ms": 1, "retry_after_ms": 1}, "retry_after_ms: "),
        ({"status": 500, "after": -1}, "after: "),
        ({"status": 500, "cut_after_events": 1}, "status: excludes cut_after_events"),
        ({"disconnect": True, "cut_after_events": 0}, "disconnect: excludes cut_after_events"),
        ({"status": 500, "body_delay_ms": 1}, "body_delay_ms: excludes status"),
        ({"disconnect": True, "body_delay_ms": 1}, "body_delay_ms: excludes disconnect"),
    ],
)
def test_a_fault_that_makes_no_sense_is_refused(api, body, begin):
    """A fault has to do something, and to do it at least once."""
    assert message(api("POST", FAULTS, body), 400).startswith(begin)
