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
    """Each failure has the status and the headers."""
    asked = {"path_contains": "env", "status": 529, "times": 2, "headers": ["retry-after: 2"]}
    fault = api("POST", FAULTS, asked).json
    assert fault["type"] == "fault"
    for left in (2, 1):
        assert api("GET", FAULTS).json["data"] == [fault | {"times": left}]
        response = api("GET", ENVIRONMENTS)
        assert response.status == "529 Overloaded"
        assert response.json["error"]["type"] == "overloaded_error"
        assert response.headers["retry-after"] == "2"
    assert api("GET", ENVIRONMENTS).status_code == 200
    assert api("GET", FAULTS).json == {"data": []}


def test_a_fault_matches_the_percent_encoded_path(api):
    """An encoded slash does not match a slash, so a fault for an endpoint does not match an unusual ID."""
    api("POST", FAULTS, {"path_contains": "env_1/work", "status": 500})
    assert api("GET", f"{ENVIRONMENTS}/env_1%2Fwork").status_code == 404
    assert api("GET", f"{ENVIRONMENTS}/env_1/work").status_code == 500


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


def test_the_response_of_a_fault_can_be_given_whole(emulator, api):
    """As a proxy sends it, which knows nothing of the API; or as the API, with an error code."""
    headers = ["Content-Type: text/html", "x-should-retry: false", "retry-after: 3"]
    api("POST", FAULTS, {"status": 502, "body": "<html>", "headers": headers})
    response = Client(emulator).get(ENVIRONMENTS, headers=HEADERS)
    assert (response.status_code, response.text, response.content_type) == (
        502,
        "<html>",
        "text/html",
    )
    assert (response.headers["x-should-retry"], response.headers["retry-after"]) == ("false", "3")
    api("POST", FAULTS, {"status": 403, "error_code": "organization_on_hold"})
    response = api("GET", ENVIRONMENTS)
    assert response.json["error"]["details"]["error_code"] == "organization_on_hold"


@pytest.mark.parametrize("line", ["x-price: 5 €", "x-price: \x7f", "x-price: 5\tEUR", "x price: 5"])
def test_a_header_that_cannot_be_sent_is_refused_with_its_fault(api, line):
    """Not at the request to which the fault applies, which would fail with a traceback."""
    body = {"status": 503, "headers": [line]}
    assert "headers.0: " in message(api("POST", FAULTS, body), 400)
    assert api("GET", ENVIRONMENTS).status_code == 200


def test_a_fault_can_cut_a_body(api, emulator):
    """The connection is dropped after the given number of bytes, of more that were announced."""
    api("POST", FAULTS, {"cut_after_bytes": 5})
    body, status, headers = run_wsgi_app(
        emulator, EnvironBuilder(ENVIRONMENTS, headers=HEADERS).get_environ()
    )
    assert (status, next(body), int(headers["content-length"]) > 5) == ("200 OK", b'{"dat', True)
    with pytest.raises(Disconnected, match=r"^Injected fault \(fault_\w+\) cut the response\.$"):
        next(body)
    api("POST", FAULTS, {"cut_after_bytes": 5})  # as well as that of an error
    body, status, _ = run_wsgi_app(
        emulator, EnvironBuilder(ENVIRONMENTS + "/env_1", headers=HEADERS).get_environ()
    )
    assert (status, next(body)) == ("404 Not Found", b'{"typ')


def test_a_fault_gives_the_response_of_a_path_that_is_not_emulated(api, emulator):
    """As often as asked, also without the beta header of environments; the journal has no error then."""
    stub = {
        "path_contains": "/v1/vaults",
        "method": "POST",
        "status": 200,
        "body": '{"id": "vlt_1"}',
        "times": 2,
    }
    api("POST", FAULTS, stub)
    assert api("GET", "/v1/vaults").status_code == 404
    for headers in (HEADERS, {"x-api-key": "any", "anthropic-beta": "vaults"}):
        response = Client(emulator).post("/v1/vaults", json={}, headers=headers)
        assert (response.status_code, response.json) == (200, {"id": "vlt_1"})
    assert api("POST", "/v1/vaults", {}).status_code == 404
    assert Client(emulator).post("/v1/vaults", json={}).status_code == 401
    entries = api("GET", "/_emulator/requests").json["data"]
    assert [(entry["status"], entry["error"]) for entry in entries[1:3]] == [(200, None)] * 2
    assert entries[1]["fault"] == entries[2]["fault"] is not None
    api("POST", FAULTS, {"path_contains": "/v1/files", "status": 204})
    response = Client(emulator).delete("/v1/files/file_1", headers=HEADERS)
    assert (response.status_code, response.data) == (204, b"")


@pytest.mark.parametrize(
    "body",
    [{"after_commit": True, "status": 500}, {"cut_after_events": 0}, {"cut_after_bytes": 9_999}],
)
@pytest.mark.parametrize("path", ["/v1/sessions/session_1/events/stream", "/v1/unknown"])
def test_a_fault_that_cannot_apply_is_not_counted_down(api, body, path):
    """Nothing is committed, there is no stream, and the body is shorter. The journal names no fault."""
    fault = api("POST", FAULTS, body).json
    assert api("GET", path).status_code == 404
    assert api("GET", FAULTS).json["data"] == [fault]
    assert api("GET", "/_emulator/requests").json["data"][0]["fault"] is None


@pytest.mark.parametrize(
    ("removed", "instead"),
    [
        ({"retry_after": 3}, "retry_after was removed; write headers, such as ['retry-after: 5']"),
        ({"retry_after_ms": 3}, "retry_after_ms was removed; write headers"),
        ({"worker_id": "w1"}, "worker_id was removed; write path or path_contains, and after"),
        ({"query_contains": "a"}, "query_contains was removed; write path or path_contains"),
    ],
)
def test_a_member_of_a_fault_that_was_removed_says_what_to_write_instead(api, removed, instead):
    """It is never ignored: the fault would fail other requests than before."""
    assert instead in message(api("POST", FAULTS, {"status": 500, **removed}), 400)


def test_a_fault_for_an_exact_path_leaves_the_paths_below_it_alone(api):
    """A text that a path contains is also in the paths of its objects."""
    api("POST", FAULTS, {"path": ENVIRONMENTS, "status": 503, "times": 9})
    assert api("GET", ENVIRONMENTS).status_code == 503
    assert api("GET", f"{ENVIRONMENTS}/env_1").status_code == 404
    both = {"path": ENVIRONMENTS, "path_contains": "v1", "status": 500}
    assert message(api("POST", FAULTS, both), 400).startswith("path: excludes path_contains")


def test_of_several_faults_for_a_request_the_newest_one_applies(api):
    """So a test may replace what its fixture has set up."""
    for status in (500, 503):
        api("POST", FAULTS, {"path": ENVIRONMENTS, "status": status, "times": 2})
    assert [api("GET", ENVIRONMENTS).status_code for _ in range(4)] == [503, 503, 500, 500]


@pytest.mark.parametrize("path", ["/v1/vaults", "/v1/agents/agent_1/versions"])
def test_a_stub_that_returns_an_object_for_a_list_is_an_error_of_the_test(api, path):
    """A client would see an empty list, and the test would pass by mistake."""
    stub = {"path_contains": "/v1/", "status": 200, "times": 9, "body": '{"id": "vlt_1"}'}
    api("POST", FAULTS, stub)
    why = message(api("GET", path), 500)
    assert "answers the list GET " + path in why
    kinds = [each["kind"] for each in api("GET", "/_emulator/report").json["data"]]
    assert kinds == ["stub_of_list"]
    for method, other in (("POST", path), ("GET", f"{path}/vlt_1"), ("GET", f"{path}/x/content")):
        assert api(method, other).json == {"id": "vlt_1"}
    api("POST", FAULTS, {**stub, "body": '{"data": [], "next_page": null}'})
    assert api("GET", path).json["data"] == []


def test_an_injected_412_of_a_heartbeat_has_the_lease_in_its_details(api):
    """As if another worker had it. Without such an item, or for another request, there are no details."""
    queue = api.create_queue()
    (work,) = api.enqueue(queue)
    last = api.begin(queue, work)["last_heartbeat"]
    api("POST", FAULTS, {"status": 412, "times": 3})
    error = api.act(queue, work, "heartbeat").json["error"]
    assert error["details"]["error_code"] == "heartbeat_precondition_failed"
    lease = error["details"]["current_state"]
    assert (lease["state"], lease["ttl_seconds"], lease["lease_extended"]) == ("active", 300, False)
    assert lease["last_heartbeat"] > last
    items = f"{ENVIRONMENTS}/{queue}/work"
    for path in (f"{items}/none/heartbeat", f"{items}/{work}/stop"):
        assert "current_state" not in api("POST", path).json["error"].get("details", {})


def test_the_report_names_each_fault_that_never_applied(api):
    """One that applied at least once did its work. A fault that was given back did not apply."""
    api("POST", FAULTS, {"path": ENVIRONMENTS, "method": "POST", "status": 503})
    api("POST", FAULTS, {"path_contains": "/work", "status": 503, "times": 5})
    api("POST", FAULTS, {"path": ENVIRONMENTS, "cut_after_bytes": 9_999})
    api("POST", FAULTS, {"path": "/v1/environments/env_1/work", "status": 503, "times": 5})
    api("GET", f"{ENVIRONMENTS}/env_1/work")
    api("GET", ENVIRONMENTS)
    report = [each["message"] for each in api("GET", "/_emulator/report").json["data"]]
    assert [text.removeprefix("A fault for ") for text in report] == [
        "POST /v1/environments applied to no request.",
        "any method a path with '/work' applied to no request.",
        "any method /v1/environments applied to no request.",
    ]


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
    monkeypatch.setattr(
        sqlite3, "connect", lambda *args, **more: connect(*args, factory=Connection, **more)
    )
    emulator = Emulator(database)
    Api(emulator)("POST", FAULTS, {"status": 503, "times": 1})
    watching.append(True)
    with ThreadPoolExecutor(2) as threads:
        responses = [threads.submit(Api(emulator), "GET", ENVIRONMENTS) for _ in range(2)]
        statuses = [response.result().status_code for response in responses]
    emulator.close()
    assert sorted(statuses) == [200, 503]
