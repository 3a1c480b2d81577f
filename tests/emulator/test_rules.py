"""Rules of the endpoints at their limits: the last value that is accepted, and the first that is not."""

import json
from contextlib import closing

import pytest
from werkzeug.test import Client, EnvironBuilder, run_wsgi_app

from ant_cli.emulator import Emulator, call, store
from ant_cli.emulator.call import BOUND_HOST, FILES_ARE_REPLACED, OCCUPY_THREAD, PATIENCE_S
from ant_cli.emulator.errors import ClientLeft, EmulatorError
from ant_cli.emulator.routes import ROUTES
from ant_cli.emulator.worlds import Worlds
from tests.helpers.words import API_HEADERS

from .api import ENVIRONMENTS, HEADERS, Api, bearer, message, token_of

FAULTS = "/_emulator/faults"
CLOCK = "/_emulator/clock"


# Work


def test_an_item_is_handed_out_again_after_the_time_to_reclaim_and_not_at_it(api, queue, clock):
    """A worker may still acknowledge it at the last moment."""
    (work,) = api.enqueue(queue)
    assert api.poll(queue)["id"] == work
    clock.advance(ms=1_000)
    assert api.poll(queue, reclaim_older_than_ms=1_000) is None
    clock.advance(ms=1)
    assert api.poll(queue, reclaim_older_than_ms=1_000)["id"] == work
    clock.advance(ms=5_000)
    assert api.poll(queue) is None
    clock.advance(ms=1)
    assert api.poll(queue)["id"] == work


def test_a_worker_counts_for_thirty_seconds_after_its_last_poll(api, queue, clock):
    """Each once."""

    def poll(worker):
        headers = HEADERS | {"anthropic-worker-id": worker}
        api("GET", f"{ENVIRONMENTS}/{queue}/work/poll", headers=headers)

    poll("a")
    poll("b")
    clock.advance(ms=10_000)
    poll("a")
    clock.advance(ms=19_999)
    assert api.stats(queue)["workers_polling"] == 2
    clock.advance(ms=1)
    assert api.stats(queue)["workers_polling"] == 1
    clock.advance(ms=10_000)
    assert api.stats(queue)["workers_polling"] == 0
    cloud = api.create("cloud")
    assert api.stats(cloud)["workers_polling"] is None


def test_the_statistics_tell_items_that_wait_from_those_that_were_handed_out(api, queue, clock):
    """The oldest is that of both."""
    first = api("GET", CLOCK).json["now"]
    api.enqueue(queue)
    clock.advance(ms=1)
    api.enqueue(queue, count=2)
    assert (api.stats(queue)["depth"], api.stats(queue)["pending"]) == (3, 0)
    item = api.poll(queue)
    stats = api.stats(queue)
    assert (stats["depth"], stats["pending"], stats["oldest_queued_at"]) == (2, 1, first)
    api.act(queue, item["id"], "ack")
    stats = api.stats(queue)
    assert (stats["depth"], stats["pending"], stats["oldest_queued_at"] > first) == (2, 0, True)


def test_each_heartbeat_is_another_one_and_the_first_is_the_start(api, queue, clock):
    """Also when the clock stands still."""
    (work,) = api.enqueue(queue)
    first = api.begin(queue, work)["last_heartbeat"]
    second = api.act(queue, work, "heartbeat", expected_last_heartbeat=first).json
    assert second["last_heartbeat"] > first
    assert api.item(queue, work)["started_at"] == first
    clock.advance(ms=1_500)
    stale = api.act(queue, work, "heartbeat", expected_last_heartbeat=first)
    lease = stale.json["error"]["details"]["current_state"]
    assert lease == {
        "state": "active",
        "ttl_seconds": 299,
        "lease_extended": False,
        "last_heartbeat": second["last_heartbeat"],
    }
    assert f"the last heartbeat of {work}, which is {second['last_heartbeat']}" in message(
        stale, 412
    )


def test_a_first_heartbeat_may_expect_none(api, queue):
    """By its own word."""
    (work,) = api.enqueue(queue)
    api.act(queue, work, "ack")
    stale = api.act(queue, work, "heartbeat", expected_last_heartbeat="2026-01-01T00:00:00Z")
    assert message(stale, 412).endswith(f"of {work}, which is NO_HEARTBEAT.")
    assert stale.json["error"]["details"]["current_state"]["last_heartbeat"] is None
    begun = api.act(queue, work, "heartbeat", expected_last_heartbeat="NO_HEARTBEAT")
    assert begun.status_code == 200


def test_a_heartbeat_for_a_lease_that_ran_out_has_the_last_one_before(api, queue, clock):
    """The item is in the queue again."""
    (work,) = api.enqueue(queue)
    last = api.begin(queue, work)["last_heartbeat"]
    clock.advance(ms=300_000)
    late = api.act(queue, work, "heartbeat", expected_last_heartbeat=last)
    assert "ran out at 2026-03-15T10:05:00.000000Z; it is queued again" in message(late, 412)
    lease = late.json["error"]["details"]["current_state"]
    assert (lease["state"], lease["ttl_seconds"], lease["last_heartbeat"]) == ("queued", 0, last)
    item = api.item(queue, work)
    assert (item["state"], item["started_at"], item["latest_heartbeat_at"]) == (
        "queued",
        None,
        None,
    )
    assert api.poll(queue)["id"] == work


def test_a_stopping_item_has_stopped_when_its_lease_runs_out(api, queue, clock):
    """At that time, and it was asked to once."""
    (work,) = api.enqueue(queue)
    api.begin(queue, work)
    asked = api.act(queue, work, "stop").json["stop_requested_at"]
    clock.advance(ms=1_000)
    assert api.act(queue, work, "stop").json["stop_requested_at"] == asked
    assert api.act(queue, work, "heartbeat").json["ttl_seconds"] == 120
    api("POST", FAULTS, {"status": 412, "error_code": "own"})
    error = api.act(queue, work, "heartbeat").json["error"]
    assert error["details"]["current_state"]["state"] == "stopping"
    assert error["details"]["error_code"] == "own"
    clock.advance(ms=400_000)
    item = api.item(queue, work)
    assert (item["state"], item["stopped_at"]) == ("stopped", "2026-03-15T10:05:00.000000Z")
    assert api.act(queue, work, "heartbeat").json["ttl_seconds"] == 0


def test_a_forced_stop_ends_the_lease(api, queue, clock):
    """So the item does not come back."""
    (work,) = api.enqueue(queue)
    api.begin(queue, work)
    stopped = api.act(queue, work, "stop", {"force": True}).json["stopped_at"]
    clock.advance(ms=301_000)
    assert (api.item(queue, work)["stopped_at"], api.poll(queue)) == (stopped, None)


def test_the_metadata_of_work_keeps_empty_texts_and_has_limits(api, queue):
    """Only null deletes a key. New work has the same limits as an update."""
    (work,) = api.enqueue(queue, metadata={"a": "1", "b": "2"})
    path = f"{ENVIRONMENTS}/{queue}/work/{work}"
    changed = api("POST", path, {"metadata": {"a": "", "b": None, "c": "3"}}).json
    assert changed["metadata"] == api.item(queue, work)["metadata"] == {"a": "", "c": "3"}
    for url in (path, f"/_emulator/environments/{queue}/enqueue"):
        assert "is too long" in message(api("POST", url, {"metadata": {"k" * 65: ""}}), 400)


# Environments


@pytest.mark.parametrize(
    ("metadata", "why"),
    [
        ({str(number): "x" for number in range(16)}, None),
        ({str(number): "x" for number in range(17)}, "at most 16 keys are allowed, got 17"),
        ({"k" * 64: "v" * 512}, None),
        ({"k" * 65: "v"}, "is too long: at most 64 characters in a key and 512 in a value"),
        ({"k": "v" * 513}, "'k' is too long"),
        ({"my-anthropic": "v", "Anthropic": "v"}, None),
        ({"anthropic_x": "v"}, "'anthropic_x' is reserved"),
        ({"anthropicx": "v"}, "'anthropicx' is reserved"),
    ],
)
def test_metadata_has_limits(api, metadata, why):
    """Those that the API documents."""
    response = api("POST", ENVIRONMENTS, {"name": "a", "metadata": metadata})
    if why is None:
        assert response.json["metadata"] == metadata
    else:
        assert why in message(response, 400)


@pytest.mark.parametrize(
    ("host", "is_accepted"),
    [
        ("a" * 63, True),
        ("a" * 64, False),
        (".".join(["a" * 63] * 3 + ["a" * 61]), True),
        (".".join(["a" * 63] * 3 + ["a" * 62]), False),
    ],
)
def test_a_host_has_a_greatest_length_as_has_each_of_its_labels(api, host, is_accepted):
    """Those of DNS: 253 characters and 63."""
    networking = {"type": "limited", "allowed_hosts": [host]}
    config = {"type": "cloud", "networking": networking}
    response = api("POST", ENVIRONMENTS, {"name": "a", "config": config})
    assert response.status_code == (200 if is_accepted else 400)


def test_a_name_has_no_nul(api):
    """But may have more than one line."""
    assert api("POST", ENVIRONMENTS, {"name": "a\nb"}).json["name"] == "a\nb"
    refused = api("POST", ENVIRONMENTS, {"name": "a\0b"})
    assert message(refused, 400) == "name: must not contain a NUL."


def test_the_first_five_mistakes_of_a_body_are_named(api):
    """In the order in which they were written."""
    refused = api("POST", ENVIRONMENTS, {"name": "a", **dict.fromkeys("uvwxyz", 1)})
    sentence = "is not a field of this request"
    assert message(refused, 400) == "; ".join(f"{name}: {sentence}" for name in "uvwxy") + "."


def test_a_body_that_is_nested_too_deeply_is_refused(emulator):
    """And no failure of the emulator."""
    body = b"[" * 100_000 + b"]" * 100_000
    response = Client(emulator).post(
        f"{ENVIRONMENTS}?beta=true", data=body, headers=HEADERS, content_type="application/json"
    )
    assert response.status_code == 400


def test_an_update_of_an_environment_deletes_keys_by_null_or_an_empty_text(api):
    """And keeps what is null or left out."""
    environment = api.create(metadata={"a": "1", "b": "2", "c": "3"}, description="d")
    updated = api.update(environment, metadata={"a": None, "b": ""}, name=None, config=None).json
    assert (updated["metadata"], updated["name"], updated["description"]) == (
        {"c": "3"},
        "demo",
        "d",
    )
    assert api.update(environment, description=None, metadata=None).json["description"] is None


def test_names_are_unique_whichever_environment_is_the_older(api):
    """One may keep its own."""
    older, newer = api.create("a"), api.create("b")
    for environment, name, other in ((older, "b", newer), (newer, "a", older)):
        assert f"'{name}' is taken by {other}" in message(api.update(environment, name=name), 409)
    assert api.update(older, name="a").status_code == 200


def test_an_environment_is_archived_once(api, clock):
    """Its time stays."""
    environment = api.create()
    first = api("POST", f"{ENVIRONMENTS}/{environment}/archive").json
    clock.advance(ms=1_000)
    assert api("POST", f"{ENVIRONMENTS}/{environment}/archive").json == first


def test_an_update_of_a_config_merges_what_has_the_same_type(api):
    """Another type of networking begins with its defaults."""

    def updated(**config):
        return api.update(environment, config={"type": "cloud", **config}).json["config"]

    environment = api.create(
        config={
            "type": "cloud",
            "packages": {"apt": ["a"], "pip": ["p"]},
            "networking": {
                "type": "limited",
                "allowed_hosts": ["a.example"],
                "allow_package_managers": True,
            },
        }
    )
    packages = updated(packages={"pip": []})["packages"]
    assert (packages["apt"], packages["pip"]) == (["a"], [])
    merged = updated(networking={"type": "limited", "allow_mcp_servers": True})["networking"]
    assert (merged["allowed_hosts"], merged["allow_mcp_servers"]) == (["a.example"], True)
    refused = api.update(
        environment,
        config={
            "type": "cloud",
            "networking": {"type": "limited", "allow_package_managers": False},
        },
    )
    assert message(refused, 400).startswith("config.packages.apt: packages under limited")
    assert updated(networking={"type": "unrestricted"})["networking"] == {"type": "unrestricted"}
    updated(packages={"apt": []})
    again = updated(networking={"type": "limited"})["networking"]
    assert (again["allowed_hosts"], again["allow_mcp_servers"]) == ([], False)


# Faults


def test_a_fault_that_lets_a_request_pass_leaves_it_to_an_older_one(api):
    """Both are counted by their own requests."""
    api("POST", FAULTS, {"status": 500, "times": 9})
    api("POST", FAULTS, {"status": 503, "after": 2, "times": 1})
    assert [api("GET", ENVIRONMENTS).status_code for _ in range(4)] == [500, 500, 503, 500]


def test_a_cut_at_the_end_of_a_body_is_none(api, emulator):
    """The fault waits for a longer one."""
    length = len(api("GET", ENVIRONMENTS).data)
    fault = api("POST", FAULTS, {"cut_after_bytes": length}).json
    assert api("GET", ENVIRONMENTS).status_code == 200
    assert api("GET", FAULTS).json["data"] == [fault]
    api("DELETE", FAULTS)
    api("POST", FAULTS, {"cut_after_bytes": length - 1})
    body, *_ = run_wsgi_app(emulator, EnvironBuilder(ENVIRONMENTS, headers=HEADERS).get_environ())
    assert len(next(body)) < length
    assert api("GET", FAULTS).json["data"] == []


def test_removing_faults_counts_those_that_were_left(api):
    """Not those that have happened."""
    for status in (500, 503):
        api("POST", FAULTS, {"status": status})
    api("GET", ENVIRONMENTS)
    assert api("DELETE", FAULTS).json["count"] == 1
    assert api("GET", "/_emulator/report").json["data"] == []


def test_faults_do_not_happen_to_the_emulators_own_endpoints(api):
    """A test could not remove them any more."""
    api("POST", FAULTS, {"status": 500, "times": 9})
    for path in (CLOCK, "/healthz"):
        assert api("GET", path).status_code == 200
    assert api("GET", "/_emulatorx").status_code == 500


@pytest.mark.parametrize("body", ["[]", '[{"id": 1}]', '{"data": []}', "no JSON", "5"])
def test_a_stub_of_a_list_may_be_anything_but_an_object_that_is_no_page(api, emulator, body):
    """Such as the response of something else."""
    api("POST", FAULTS, {"path": "/v1/vaults", "status": 200, "body": body})
    response = Client(emulator).get("/v1/vaults", headers=HEADERS)
    assert (response.status_code, response.text) == (200, body)


@pytest.mark.parametrize(
    ("fault", "why"),
    [
        ({"after_commit": True, "delay_ms": 1}, None),
        ({"after_commit": True, "body_delay_ms": 1}, "after_commit: needs a status"),
        ({"after_commit": True}, "status: required"),
        ({"status": 304}, None),
        ({"status": 204}, None),
        ({"status": 302}, "body: required for the status 302"),
        ({"status": 400}, None),
        ({"status": 199, "body": ""}, "status: "),
        ({"status": 599}, None),
        ({"status": 600}, "status: "),
        ({"error_after_events": 0, "body": "a\rb"}, "body: must be one line"),
        ({"error_after_events": 0, "body": "a\nb"}, "body: must be one line"),
        ({"error_after_events": 0, "error_code": "x"}, "error_code: a stream"),
        ({"error_after_events": 0, "headers": ["a: b"]}, "headers: a stream"),
        ({"disconnect": True, "headers": ["a: b"]}, "headers: needs a status"),
        ({"disconnect": True, "body_delay_ms": 1}, "body_delay_ms: excludes disconnect"),
        ({"cut_after_events": 1, "body_delay_ms": 1}, None),
        ({"status": 500, "cut_after_bytes": 0}, "status: excludes cut_after_bytes"),
        ({"status": 500, "headers": ["Content-Length: 1"]}, "headers.0: "),
        ({"status": 500, "headers": ["Connection: close"]}, "headers.0: "),
        ({"status": 500, "headers": ["no colon"]}, "headers.0: "),
    ],
)
def test_a_fault_that_can_not_happen_as_it_is_described_is_refused(api, fault, why):
    """When it is given."""
    response = api("POST", FAULTS, fault)
    if why is None:
        assert response.status_code == 200, response.text
    else:
        assert message(response, 400).startswith(why)


@pytest.mark.usefixtures("queue")
def test_the_error_at_the_end_of_a_stream_may_be_given(api, emulator):
    """Or it is that of an overloaded API."""
    session = api("POST", "/_emulator/sessions", {"script": ["terminate"]}).json["id"]
    environ = EnvironBuilder(f"/v1/sessions/{session}/events/stream", headers=HEADERS).get_environ()
    for given, data in (({"body": '{"own": 1}'}, '{"own": 1}'), ({}, "overloaded_error")):
        api("POST", FAULTS, {"error_after_events": 1, **given})
        body, *_ = run_wsgi_app(emulator, dict(environ))
        *_, last = [chunk.decode() for chunk in body]
        assert last.startswith("event: error\ndata: ")
        assert data in last


def test_a_client_that_does_not_wait_as_long_as_a_fault_leaves(api, emulator, monkeypatch):
    """Its request is carried out, unless a response is given. One that waits long enough gets it."""
    waits = []
    monkeypatch.setattr("ant_cli.emulator.faults.time.sleep", waits.append)

    def create(name, patience_s):
        builder = EnvironBuilder(ENVIRONMENTS, method="POST", json={"name": name}, headers=HEADERS)
        body, status, _ = run_wsgi_app(emulator, builder.get_environ() | {PATIENCE_S: patience_s})
        return status, b"".join(body)

    for field in ("delay_ms", "body_delay_ms"):
        for patience_s in (1.0, 2.0):
            api("POST", FAULTS, {field: 1_500, "method": "POST"})
            name = f"{field} {patience_s}"
            if patience_s > 1.5:
                assert create(name, patience_s)[0] == "200 OK"
            else:
                with pytest.raises(ClientLeft):
                    create(name, patience_s)
    assert len(api("GET", ENVIRONMENTS).json["data"]) == 4
    assert [*filter(None, waits)] == [1.0, 1.5, 1.0, 1.5]


# Requests


@pytest.mark.parametrize("length", [10, 11])
def test_a_body_has_a_greatest_length(api, monkeypatch, length):
    """That is accepted."""
    monkeypatch.setattr(call, "LARGEST_BODY", 10)
    response = Client(api.emulator).post(ENVIRONMENTS, data=b" " * length, headers=HEADERS)
    assert response.status_code == (413 if length > 10 else 400)
    assert ("larger than 10 bytes" in response.text) == (length > 10)


def test_an_encoded_body_is_refused_and_an_empty_one_has_no_encoding(api):
    """Some clients send the header with each request."""
    headers = HEADERS | {"content-encoding": "gzip"}
    client = Client(api.emulator)
    assert client.get(ENVIRONMENTS, headers=headers).status_code == 200
    assert client.post(ENVIRONMENTS, data=b"x", headers=headers).status_code == 415


def test_a_filter_by_words_needs_the_whole_word_and_none_is_no_filter(api, queue):
    """Repeated, with or without brackets."""
    api("POST", "/_emulator/sessions", {"script": [{"message": "x"}]})
    path = api("GET", "/v1/sessions").json["data"][0]["id"]

    def found(**query):
        return len(api("GET", "/v1/sessions", **query).json["data"])

    assert path.startswith("session_")
    assert [found(statuses=text) for text in ("idle", "idl", "dle", "")] == [1, 0, 0, 1]
    assert found(statuses=["running", "idle"]) == found(**{"statuses[]": ["running", "idle"]}) == 1
    assert found(environment_id=queue) == 1
    assert found(environment_id=queue[:-1]) == 0
    assert [found(agent_id=text) for text in ("agent_emulator", "agent")] == [1, 0]


def test_a_page_has_at_most_a_thousand_items(api):
    """A number is written in digits only."""
    assert api("GET", ENVIRONMENTS, limit=1000).status_code == 200
    assert api("GET", "/v1/models").json["data"][0]["type"] == "model"
    for path in ("/v1/models/other", "/v1/environments/", "/v1//environments"):
        assert api("GET", path).status_code == 404


def test_a_method_that_an_endpoint_has_not_is_refused_with_those_that_it_has(api):
    """A HEAD has no body."""
    refused = api("DELETE", ENVIRONMENTS)
    assert (refused.status_code, refused.headers["allow"]) == (405, "GET, HEAD, POST")
    head = Client(api.emulator).head(ENVIRONMENTS, headers=HEADERS)
    assert (head.status_code, head.data) == (200, b"")
    chunks, *_ = run_wsgi_app(
        api.emulator, EnvironBuilder(ENVIRONMENTS, method="HEAD", headers=HEADERS).get_environ()
    )
    assert list(chunks) == []
    assert "no such endpoint" in message(api("PUT", "/v1/vaults"), 404)
    assert "not emulated" in message(api("GET", "/v1/vaults"), 404)


def test_a_head_request_takes_no_work(api, queue):
    """Nobody would receive it."""
    (work,) = api.enqueue(queue)
    path = f"{ENVIRONMENTS}/{queue}/work/poll"
    assert Client(api.emulator).head(path, headers=HEADERS).status_code == 404
    assert api.poll(queue)["id"] == work


def test_a_request_without_the_path_as_it_was_sent_is_found_by_the_decoded_one(emulator):
    """As of a server that passes on only what WSGI requires."""
    builder = EnvironBuilder("/v1/environments/env_é", headers=HEADERS)
    environ = builder.get_environ()
    del environ["REQUEST_URI"], environ["RAW_URI"]
    body, status, _ = run_wsgi_app(emulator, environ)
    assert (status, "'env_é'" in b"".join(body).decode()) == ("404 Not Found", True)


@pytest.mark.parametrize(
    "beta", ["managed-agents-2026-04-01", "a, managed-agents-2026-04-01", "managed-agents-x,b"]
)
def test_the_beta_header_may_name_others_too(api, beta):
    """With a blank or without."""
    assert api("GET", ENVIRONMENTS, headers=HEADERS | {"anthropic-beta": beta}).status_code == 200


def test_the_workspace_of_a_request_is_checked_if_the_emulator_has_one(api):
    """Without one, any is accepted. An empty header counts as missing."""
    sent = HEADERS | {"anthropic-workspace-id": "wrkspc_2"}
    assert api("GET", ENVIRONMENTS, headers=sent).status_code == 200
    with closing(Emulator(":memory:", workspace_id="wrkspc_1")) as emulator:
        own = Api(emulator)
        assert "another workspace" in message(own("GET", ENVIRONMENTS, headers=sent), 400)
        for text in ("", "wrkspc_1"):
            headers = HEADERS | {"anthropic-workspace-id": text}
            assert own("GET", ENVIRONMENTS, headers=headers).status_code == 200


def test_the_clock_may_be_set_to_its_first_and_its_last_time(api):
    """And the date of a response is that time."""
    assert api("POST", CLOCK, {"now": "1970-01-01T00:00:00Z", "freeze": True}).status_code == 200
    assert api("GET", ENVIRONMENTS).headers["date"] == "Thu, 01 Jan 1970 00:00:00 GMT"
    for now in ("9999-01-01T00:00:00Z", "1969-12-31T23:59:59.999999Z"):
        assert message(api("POST", CLOCK, {"now": now}), 400).startswith(
            "now: must be in the years"
        )
    late = {"now": "9998-12-31T23:59:59.999Z", "advance_ms": 1}
    assert api("POST", CLOCK, late).status_code == 400


# Credentials


def test_a_bearer_token_is_read_in_any_case_and_between_blanks(api, queue):
    """As HTTP says. A secret of work is base64 for URLs, without padding."""
    api.enqueue(queue)
    for scheme in ("bearer", "BEARER", "Bearer  "):
        headers = API_HEADERS | {"authorization": f"{scheme} sk-ant-oat01-any"}
        assert api("GET", f"{ENVIRONMENTS}/{queue}/work", headers=headers).status_code == 200
    secret = api.poll(queue)["secret"]
    assert ("=" in secret, token_of(secret).startswith("sk-ant-sst01-")) == (False, True)


def test_one_credential_that_is_foreign_or_gone_is_outweighed_by_another(api, queue):
    """Of the right kind. The reason is the one that all of them have."""
    key = api("POST", f"/_emulator/environments/{queue}/key").json["environment_key"]
    gone = bearer("sk-ant-sst01-gone")
    other = api.create_queue("other")
    beat = f"{ENVIRONMENTS}/{other}/work/work_1/heartbeat"
    assert "no work item with this secret" in message(api("POST", beat, headers=gone), 403)
    assert "another environment" in message(api("POST", beat, headers=bearer(key)), 403)
    for headers in (gone, bearer(key)):
        both = headers | {"x-api-key": "any"}
        assert api("POST", beat, headers=both).status_code == 404


@pytest.mark.parametrize(
    "path", ["/v1/skills/s", "/v1/vaults/v/credentials/c", "/v1/memory_stores/m"]
)
def test_a_worker_may_read_what_belongs_to_no_environment_where_a_test_gives_the_response(path):
    """With the key of its environment or the secret of its item, on an emulator with a key, too."""
    with closing(Emulator(":memory:", api_key="secret")) as emulator:
        api = Api(emulator, HEADERS | {"x-api-key": "secret"})
        queue = api.create_queue()
        api.enqueue(queue)
        key = api("POST", f"/_emulator/environments/{queue}/key").json["environment_key"]
        api("POST", FAULTS, {"path": path, "status": 200, "body": "{}", "times": 2})
        for token in (key, token_of(api.poll(queue)["secret"])):
            assert api("GET", path, headers=bearer(token)).status_code == 200
        assert api("GET", path, headers=bearer("sk-ant-oat01-other")).status_code == 401


# The journal


def test_the_journal_names_a_request_without_a_response(api):
    """Its status is null."""
    api("POST", FAULTS, {"disconnect": True})
    with pytest.raises(ConnectionError):
        api("GET", ENVIRONMENTS)
    (entry,) = api("GET", "/_emulator/requests").json["data"]
    assert (entry["status"], entry["response_body"]) == (None, None)
    assert "dropped the connection" in entry["error"]
    assert "x-stainless-retry-count" not in entry["headers"]


@pytest.mark.parametrize(
    ("body", "kept"),
    [(b"", None), (b"\xff", "\ufffd"), (b"[" * 50_000, "[" * 50_000), (b'{"a": 1}', {"a": 1})],
)
def test_the_journal_keeps_a_body_as_json_or_as_text(api, emulator, body, kept):
    """Whatever was sent."""
    Client(emulator).post(ENVIRONMENTS, data=body, headers=HEADERS)
    assert api("GET", "/_emulator/requests").json["data"][0]["request_body"] == kept


def test_the_journal_hides_a_key_that_json_has_to_escape():
    """It is in a body as JSON writes it."""
    key = 'a"b\\c'
    with closing(Emulator(":memory:", api_key=key)) as emulator:
        api = Api(emulator, HEADERS | {"x-api-key": key})
        api("POST", ENVIRONMENTS, {"name": f"x {key} y"})
        text = api("GET", "/_emulator/requests").text
    assert json.dumps(key)[1:-1] not in text
    assert "x [REDACTED] y" in text


# Waiting


def test_what_is_waited_for_may_be_empty(monkeypatch):
    """An empty list is something, and None is not. Others that wait go on waiting."""
    slept = []
    monkeypatch.setattr(store.time, "sleep", slept.append)
    assert store.wait_for(list, 60) == []
    assert store.wait_for(lambda: 0, 60) == 0
    assert slept == []
    found = iter([None, None, "x"])

    def look():
        assert store.wait_for(lambda: "inner", 1) == "inner"
        return next(found)

    assert store.wait_for(look, 60) == "x"
    assert slept == [store.LOOK_AGAIN_SECONDS] * 2
    assert store.wait_for(lambda: None, 0) is None
    assert store._WAITING == []


def test_a_request_that_waits_occupies_a_thread_and_another_does_not(
    api, emulator, queue, monkeypatch
):
    """A poll, a stream, and a delay of a fault, once each."""
    monkeypatch.setattr("ant_cli.emulator.faults.time.sleep", lambda _: None)
    session = api("POST", "/_emulator/sessions", {"script": ["terminate"]}).json["id"]
    poll = f"{ENVIRONMENTS}/{queue}/work/poll"

    def occupied(path, **fault):
        if fault:
            api("POST", FAULTS, fault)
        count = []
        environ = EnvironBuilder(path, headers=HEADERS).get_environ()
        body, *_ = run_wsgi_app(emulator, environ | {OCCUPY_THREAD: lambda: count.append(1)})
        assert b"".join(body)
        return len(count)

    assert occupied(f"{poll}?block_ms=1") == 0  # there is work
    assert [occupied(f"{poll}{query}") for query in ("", "?block_ms=1")] == [0, 1]
    assert occupied(f"/v1/sessions/{session}/events/stream") == 1
    assert occupied(f"/v1/sessions/{session}/events") == 0
    assert occupied(ENVIRONMENTS, delay_ms=1) == 1
    assert occupied(ENVIRONMENTS, body_delay_ms=1) == 1
    assert occupied(ENVIRONMENTS, status=500) == 0


def test_a_fault_for_whose_delay_there_is_no_thread_is_not_used_up(api, emulator):
    """The request fails, and the next one is delayed."""
    fault = api("POST", FAULTS, {"delay_ms": 600_000}).json

    def refuse():
        raise EmulatorError(503, "no thread")

    environ = EnvironBuilder(ENVIRONMENTS, headers=HEADERS).get_environ()
    _, status, _ = run_wsgi_app(emulator, environ | {OCCUPY_THREAD: refuse})
    assert status == "503 Service Unavailable"
    assert api("GET", FAULTS).json["data"] == [fault]


# What each response has


def respond(emulator, path, headers=HEADERS, **environ):
    """Return the status and the headers of a response, and its text."""
    given = EnvironBuilder(path, headers=headers).get_environ() | environ
    body, status, found = run_wsgi_app(emulator, given)
    return int(status[:3]), found, b"".join(body).decode()


@pytest.mark.usefixtures("queue")
def test_a_response_has_its_length_unless_it_is_a_stream(api, emulator):
    """And names an emulator that accepts any key."""
    session = api("POST", "/_emulator/sessions", {"script": ["terminate"]}).json["id"]
    _, listed, text = respond(emulator, ENVIRONMENTS)
    assert (int(listed["content-length"]), "ant-emulator" in listed) == (len(text), True)
    _, streamed, _ = respond(emulator, f"/v1/sessions/{session}/events/stream")
    assert "content-length" not in streamed
    with closing(Emulator(":memory:", api_key="secret")) as other:
        assert "ant-emulator" not in respond(other, ENVIRONMENTS)[1]
        assert respond(other, "/healthz", {})[0] == 200
        status, _, text = respond(other, ENVIRONMENTS, API_HEADERS)
        assert (status, "x-api-key or authorization: Bearer: required." in text) == (401, True)
        assert "invalid x-api-key" in respond(other, ENVIRONMENTS, HEADERS)[2]
        spaced = API_HEADERS | {"authorization": "Bearer   secret "}
        assert respond(other, ENVIRONMENTS, spaced)[0] == 200


def test_the_files_of_a_worker_need_no_beta_header(api):
    """As in the API; environments do."""
    headers = {"x-api-key": "any", "anthropic-version": "2023-06-01"}
    statuses = [
        api("GET", path, headers=headers).status_code
        for path in ("/v1/files", "/v1/models", ENVIRONMENTS)
    ]
    assert statuses == [200, 200, 400]


def test_a_given_response_that_is_no_error_has_no_reason_in_the_journal(api):
    """From 400 on, it is one."""
    for status in (304, 399, 400):
        api("POST", FAULTS, {"status": status, "body": "{}"})
        Client(api.emulator).get(ENVIRONMENTS, headers=HEADERS)
    entries = api("GET", "/_emulator/requests").json["data"]
    assert [(each["status"], each["error"] is None) for each in entries] == [
        *((304, True), (399, True)),
        (400, False),
    ]


def test_faults_happen_to_no_mistyped_endpoint_of_the_emulator_itself(api):
    """It is not a path of the API."""
    api("POST", FAULTS, {"status": 500, "times": 9})
    assert api("GET", "/_emulator/nothing").status_code == 404


def test_a_client_also_leaves_a_path_that_is_not_emulated(api, emulator, monkeypatch):
    """If it does not wait as long as the fault."""
    monkeypatch.setattr("ant_cli.emulator.faults.time.sleep", lambda _: None)
    api("POST", FAULTS, {"delay_ms": 1_500, "path": "/v1/vaults"})
    with pytest.raises(ClientLeft):
        respond(emulator, "/v1/vaults", **{PATIENCE_S: 1.0})


def test_a_failure_of_an_emulator_whose_files_were_replaced_says_so(emulator, monkeypatch):
    """Otherwise it is a bug."""

    def fail(*_):
        raise ZeroDivisionError("x")

    monkeypatch.setattr("ant_cli.emulator.store.Transaction.all", fail)
    for is_replaced, status, part in (
        (True, 503, "were replaced while it was running"),
        (False, 500, "The emulator failed: ZeroDivisionError: x."),
    ):
        found = respond(emulator, ENVIRONMENTS, **{FILES_ARE_REPLACED: lambda: is_replaced})  # noqa: B023
        assert (found[0], part in found[2]) == (status, True)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"host": "LOCALHOST:8080"}, 200),
        ({"host": "My.Host"}, 200),
        ({"host": "localhost:"}, 200),
        ({"host": "[::1]:8080"}, 200),
        ({"host": "127.1.2.3"}, 200),
        ({"host": "my.host.evil.example"}, 403),
        ({"host": "192.0.2.1"}, 403),
        ({"host": ""}, 403),
        ({"host": "localhost:8080", "origin": "HTTP://LocalHost:8080"}, 200),
        ({"host": "localhost:8080", "origin": "https://localhost:8080"}, 403),
        ({"host": "localhost:8080", "origin": "http://localhost:8081"}, 403),
        ({"host": "localhost:8080", "origin": "null"}, 403),
        ({"host": "localhost", "sec-fetch-site": "same-origin"}, 200),
        ({"host": "localhost", "sec-fetch-site": "none"}, 200),
        ({"host": "localhost", "sec-fetch-site": "same-site"}, 403),
        ({"host": "localhost", "sec-fetch-site": "cross-site"}, 403),
    ],
)
def test_without_a_key_only_this_machine_and_no_other_web_page_is_answered(
    emulator, headers, status
):
    """Names are compared in any case. With a key, every host is: a web page can't know it."""
    bound = {BOUND_HOST: "mY.hOST", "HTTP_HOST": headers["host"]}
    sent = HEADERS | {name: text for name, text in headers.items() if name != "host"}
    assert respond(emulator, ENVIRONMENTS, sent, **bound)[0] == status
    with closing(Emulator(":memory:", api_key="any-key")) as other:
        assert respond(other, ENVIRONMENTS, sent, **bound)[0] == 200


def test_the_emulator_lists_all_of_its_own_endpoints(api):
    """With what each takes."""
    listed = api("GET", "/_emulator/").json["data"]
    assert [(each["method"], each["path"]) for each in listed] == [
        (route.method, route.path) for route in ROUTES if route.path.startswith("/_emulator")
    ]
    bodies = {each["path"]: each["body"] for each in listed if each["method"] == "POST"}
    assert bodies["/_emulator/clock"]["properties"].keys() == {"advance_ms", "now", "freeze"}
    assert bodies["/_emulator/reset"] is None
    assert all(each["description"] for each in listed)


@pytest.mark.parametrize("path", ["/v1/environments/", "/v1/environments/env_1/", "/"])
def test_a_path_with_an_empty_segment_is_no_endpoint(api, path):
    """It has no ID."""
    assert "there is no such endpoint" in message(api("GET", path), 404)


def test_the_journal_has_paths_in_which_each_segment_is_encoded(api, emulator):
    """As a fault names them: however a client encodes a letter, it is the same path."""
    respond(emulator, f"{ENVIRONMENTS}/a%25b%2fc%20%41%C3%A9")
    (entry,) = api("GET", "/_emulator/requests").json["data"]
    assert entry["path"] == f"{ENVIRONMENTS}/a%25b%2Fc%20A%C3%A9"


@pytest.mark.usefixtures("queue")
def test_a_filter_finds_no_word_that_is_a_part_of_what_was_asked_for(api):
    """And one in brackets is a filter, too."""
    api("POST", "/_emulator/sessions", {"script": [{"message": "x"}]})
    for query in (
        {"statuses": "idles"},
        {"statuses[]": ["running"]},
        {"agent_id": "my_agent_emulator"},
    ):
        assert api("GET", "/v1/sessions", **query).json["data"] == []


def test_the_body_of_a_response_is_cut_in_the_journal(api, emulator):
    """As that of a request is."""
    api("POST", FAULTS, {"status": 500, "body": "x" * 70_000})
    Client(emulator).get(ENVIRONMENTS, headers=HEADERS)
    (entry,) = api("GET", "/_emulator/requests").json["data"]
    assert len(entry["response_body"]) == 65_536


def test_the_key_of_an_environment_that_is_gone_leads_to_no_world():
    """Nor does one that no world has made."""
    with closing(Worlds()) as worlds:
        client = Client(worlds)
        own = API_HEADERS | {"x-api-key": "one"}
        body = {"name": "queue", "config": {"type": "self_hosted"}}
        queue = client.post(ENVIRONMENTS, json=body, headers=own).json["id"]
        made = client.post(f"/_emulator/environments/{queue}/key", headers=own)
        worker = bearer(f" {made.json['environment_key']} ")
        path = f"{ENVIRONMENTS}/{queue}/work/stats"
        assert client.get(path, headers=worker).status_code == 200
        client.delete(f"{ENVIRONMENTS}/{queue}", headers=own)
        assert client.get(path, headers=worker).status_code == 401
