import json
import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest
from werkzeug.test import Client, EnvironBuilder, run_wsgi_app

from ant_cli.emulator import Disconnected, Emulator, faults

from .api import ENVIRONMENTS, HEADERS, Api, message

FAULTS = "/_emulator/faults"


def test_a_fault_fails_as_many_requests_as_its_times_field_says(api):
    """Each failure has the status, with the time to wait in both headers."""
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


def test_a_fault_applies_only_to_its_path_and_method(api):
    """Other requests succeed, and the failing request has no effect."""
    api("POST", FAULTS, {"path_contains": "/v1/environments", "method": "POST", "status": 500})
    assert api("GET", ENVIRONMENTS).status_code == 200
    assert api("POST", ENVIRONMENTS, {"name": "n"}).status_code == 500
    assert api("GET", ENVIRONMENTS).json["data"] == []
    assert api("POST", ENVIRONMENTS, {"name": "n"}).status_code == 200


def test_a_fault_matches_the_percent_encoded_path(api):
    """An encoded slash does not match a slash, so a fault for an endpoint does not match an unusual ID."""
    api("POST", FAULTS, {"path_contains": "env_1/work", "status": 500})
    assert api("GET", f"{ENVIRONMENTS}/env_1%2Fwork").status_code == 404
    assert api("GET", f"{ENVIRONMENTS}/env_1/work").status_code == 500


def test_the_oldest_of_several_matching_faults_is_used_first(api):
    """Faults are used in the order in which they were added."""
    for status in (500, 503, 408):
        api("POST", FAULTS, {"status": status})
    assert [api("GET", ENVIRONMENTS).status_code for _ in range(4)] == [500, 503, 408, 200]


def test_a_fault_with_after_lets_that_many_matching_requests_pass(api):
    """`after` counts only the requests that the fault matches."""
    api("POST", FAULTS, {"method": "GET", "status": 503, "after": 2, "times": 2})
    assert api("POST", ENVIRONMENTS, {"name": "n"}).status_code == 200
    assert [api("GET", ENVIRONMENTS).status_code for _ in range(5)] == [200, 200, 503, 503, 200]


def test_two_faults_can_set_the_outcome_of_the_attempts_of_one_request(api):
    """If the first fault lets a request pass, the second one is tried."""
    api("POST", FAULTS, {"status": 500, "after": 1})
    api("POST", FAULTS, {"status": 429})
    assert [api("GET", ENVIRONMENTS).status_code for _ in range(3)] == [429, 500, 200]


def test_a_fault_can_delay_the_second_half_of_a_body(api, emulator, monkeypatch):
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


def test_a_disconnect_in_process_raises_instead_of_returning_a_response(api):
    """In the process, a dropped connection is an exception of the WSGI call."""
    api("POST", FAULTS, {"disconnect": True})
    with pytest.raises(Disconnected) as raised:
        api("GET", ENVIRONMENTS)
    assert isinstance(raised.value, ConnectionError)
    assert api("GET", ENVIRONMENTS).status_code == 200


def test_a_fault_with_only_a_delay_lets_the_request_succeed(api):
    """Without a status, a fault delays the response and changes nothing else."""
    api("POST", FAULTS, {"delay_ms": 1, "times": 1})
    assert api("GET", ENVIRONMENTS).status_code == 200
    assert api("GET", FAULTS).json == {"data": []}


def test_a_fault_applies_only_to_its_query_and_worker(api):
    """As a test of two workers needs that fails the polls of one of them."""
    api("POST", FAULTS, {"status": 500, "query_contains": "limit=7", "worker_id": "w1"})
    sent = [({"limit": 7}, "w2"), ({"limit": 6}, "w1"), ({"limit": 7}, "w1")]
    responses = [
        api("GET", ENVIRONMENTS, headers=HEADERS | {"anthropic-worker-id": worker}, **query)
        for query, worker in sent
    ]
    assert [response.status_code for response in responses] == [200, 200, 500]


def test_the_change_is_made_if_its_response_is_lost_after_the_commit(api):
    """By a dropped connection, or by an error of something in between. The response of a read is lost, too."""
    api("POST", FAULTS, {"after_commit": True, "disconnect": True, "method": "POST"})
    with pytest.raises(Disconnected):
        api("POST", ENVIRONMENTS, {"name": "first"})
    api("POST", FAULTS, {"after_commit": True, "status": 502, "times": 2})
    assert api("POST", ENVIRONMENTS, {"name": "second"}).status_code == 502
    assert api("GET", ENVIRONMENTS).status_code == 502
    assert [item["name"] for item in api("GET", ENVIRONMENTS).json["data"]] == ["second", "first"]


def test_the_response_of_a_fault_can_be_given_whole(emulator, api):
    """As a proxy sends it, which knows nothing of the API; or as the API, with an error code."""
    headers = ["Content-Type: text/html", "x-should-retry: false"]
    api("POST", FAULTS, {"status": 502, "body": "<html>", "headers": headers, "retry_after": 3})
    response = Client(emulator).get(ENVIRONMENTS, headers=HEADERS)
    assert (response.status_code, response.text, response.content_type) == (502, "<html>", "text/html")
    assert (response.headers["x-should-retry"], response.headers["retry-after"]) == ("false", "3")
    api(
        "POST", FAULTS, {"status": 403, "error_code": "organization_on_hold", "retry_after": 9, "retry_after_ms": 1}
    )
    response = api("GET", ENVIRONMENTS)
    assert response.json["error"]["details"]["error_code"] == "organization_on_hold"
    assert (response.headers["retry-after"], response.headers["retry-after-ms"]) == ("9", "1")


def test_a_fault_can_cut_a_body(api, emulator):
    """The connection is dropped after the given number of bytes, of more that were announced."""
    api("POST", FAULTS, {"cut_after_bytes": 5})
    body, status, headers = run_wsgi_app(emulator, EnvironBuilder(ENVIRONMENTS, headers=HEADERS).get_environ())
    assert (status, next(body), int(headers["content-length"]) > 5) == ("200 OK", b'{"dat', True)
    with pytest.raises(Disconnected):
        next(body)
    api("POST", FAULTS, {"cut_after_bytes": 5})  # as well as that of an error
    body, status, _ = run_wsgi_app(emulator, EnvironBuilder(ENVIRONMENTS + "/env_1", headers=HEADERS).get_environ())
    assert (status, next(body)) == ("404 Not Found", b'{"typ')


def test_a_fault_gives_the_response_of_a_path_that_is_not_emulated(api, emulator):
    """As often as asked, also without the beta header of environments; the journal has no error then."""
    stub = {"path_contains": "/v1/agents", "method": "POST", "status": 200, "body": '{"id": "agent_1"}', "times": 2}
    api("POST", FAULTS, stub)
    assert api("GET", "/v1/agents").status_code == 404
    for headers in (HEADERS, {"x-api-key": "any", "anthropic-beta": "agents"}):
        response = Client(emulator).post("/v1/agents", json={}, headers=headers)
        assert (response.status_code, response.json) == (200, {"id": "agent_1"})
    assert api("POST", "/v1/agents", {}).status_code == 404
    assert Client(emulator).post("/v1/agents", json={}).status_code == 401
    entries = api("GET", "/_emulator/requests").json["data"]
    assert [(entry["status"], entry["error"]) for entry in entries[1:3]] == [(200, None)] * 2
    assert entries[1]["fault"] == entries[2]["fault"] is not None
    api("POST", FAULTS, {"path_contains": "/v1/files", "status": 204})
    response = Client(emulator).delete("/v1/files/file_1", headers=HEADERS)
    assert (response.status_code, response.data) == (204, b"")


@pytest.mark.parametrize(
    "body", [{"after_commit": True, "status": 500}, {"cut_after_events": 0}, {"cut_after_bytes": 9_999}]
)
@pytest.mark.parametrize("path", ["/v1/sessions/session_1/events/stream", "/v1/unknown"])
def test_a_fault_that_cannot_apply_is_not_counted_down(api, body, path):
    """Nothing is committed, there is no stream, and the body is shorter. The journal names no fault."""
    fault = api("POST", FAULTS, body).json
    assert api("GET", path).status_code == 404
    assert api("GET", FAULTS).json["data"] == [fault]
    assert api("GET", "/_emulator/requests").json["data"][0]["fault"] is None


def test_clearing_faults_removes_all_and_returns_their_number(api):
    """After clearing there are no faults."""
    for _ in range(3):
        api("POST", FAULTS, {"status": 500, "times": 9})
    assert api("DELETE", FAULTS).json == {"count": 3, "type": "faults_deleted"}
    assert api("GET", ENVIRONMENTS).status_code == 200


def test_faults_are_shared_by_all_emulators_on_the_file(database):
    """A fault that one process adds fails a request of another process, once."""
    one, other = Emulator(database), Emulator(database)
    Api(one)("POST", FAULTS, {"status": 503})
    assert Api(other)("GET", ENVIRONMENTS).status_code == 503
    assert Api(one)("GET", ENVIRONMENTS).status_code == 200
    one.close()
    other.close()


def test_a_fault_for_one_request_fails_only_one_of_two_simultaneous_requests(database, monkeypatch):
    """Each request that has found the fault waits until the other one has found it, too, if it can."""
    both = threading.Barrier(2, timeout=0.3)

    class Connection(sqlite3.Connection):
        def execute(self, sql, *values):
            cursor = super().execute(sql, *values)
            if sql.startswith("SELECT") and "faults" in sql and watching:
                with suppress(threading.BrokenBarrierError):  # the other one is correctly kept out
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
        ({"status": 199}, "status: "),
        ({"status": 200}, "body: required"),
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
        ({"cut_after_bytes": 1, "cut_after_events": 1}, "cut_after_events: excludes cut_after_bytes"),
        ({"delay_ms": 1, "body": "x"}, "body: needs a status"),
        ({"delay_ms": 1, "headers": ["a: b"]}, "headers: needs a status"),
        ({"disconnect": True, "error_code": "x"}, "error_code: needs a status"),
        ({"after_commit": True, "cut_after_bytes": 1}, "after_commit: needs a status, disconnect or delay_ms"),
        ({"status": 500, "headers": ["a"]}, "headers.0: 'a' is not a header"),
        ({"status": 500, "headers": ["a: b\r\nc: d"]}, "headers.0: "),
        ({"status": 500, "headers": ["Content-Length: 5"]}, "headers.0: "),
        ({"status": 500, "headers": ["connection: close"]}, "headers.0: "),
    ],
)
def test_a_fault_without_effect_or_with_invalid_fields_is_rejected(api, body, begin):
    """A fault must have an effect at least once."""
    assert message(api("POST", FAULTS, body), 400).startswith(begin)
