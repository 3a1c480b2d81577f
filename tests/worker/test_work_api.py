"""The requests of a worker, and what it takes from their responses. Nothing is served."""

from __future__ import annotations

import json
from contextlib import contextmanager
from urllib.parse import parse_qs, urlsplit

import pytest

from ant_cli.errors import APIError, NetworkError, ResponseError
from ant_cli.http.response import Response
from ant_cli.operations.spec import Flags
from ant_cli.settings.loading import load
from ant_cli.worker.work_api import (
    MalformedResponse,
    WorkAPI,
    age,
    connection_with_key,
    is_permanent,
    item_in_refusal,
)
from tests.conftest import make_runtime
from tests.helpers.words import page
from tests.helpers.work_server import ITEM

KEY, API_KEY = "sk-ant-oat01-of-the-environment", "sk-ant-api03-of-the-operator"
WORK = "/v1/environments/env_1/work"


class Scripted:
    """A transport that has a response for each request, and notes the requests."""

    def __init__(self, *replies):
        self._replies = list(replies)
        self.requests = []
        self.timeouts = []

    @contextmanager
    def stream(self, method, url, headers, body, timeouts):
        parts = urlsplit(url)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        self.requests.append((method, parts.path, query, json.loads(body or b"null")))
        self.headers = {name.lower(): value for name, value in headers.items()}
        self.timeouts.append((timeouts.step_s, timeouts.whole_s))
        reply = self._replies.pop(0)
        if isinstance(reply, Exception):
            raise reply
        status, reply = reply if isinstance(reply, tuple) else (200, reply)
        content = reply if isinstance(reply, bytes) else json.dumps(reply).encode()
        yield Response(status, "", {}, [content])


@pytest.fixture
def api_of(clean_environ):
    """Return a function that makes the API of a worker with these responses."""

    def make(*replies, worker_id="", api_key="", **flags):
        transport = Scripted(*replies)
        runtime = make_runtime(clean_environ, transport=transport, sleep=lambda _s: None)
        connection = load(runtime, Flags(flags)).connection
        connection = connection_with_key(connection, KEY, runtime.environ, api_key)
        return WorkAPI(connection, runtime, "env_1", worker_id), transport

    return make


@pytest.mark.parametrize(
    ("call", "reply", "request_"),
    [
        (lambda api: api.poll(), ITEM, ("GET", f"{WORK}/poll", {"block_ms": "999"}, None)),
        (
            lambda api: api.acknowledge("work_1"),
            ITEM,
            ("POST", f"{WORK}/work_1/ack", {}, None),
        ),
        (
            lambda api: api.heartbeat("work_1", "B1", 45, 5.0),
            {},
            (
                "POST",
                f"{WORK}/work_1/heartbeat",
                {"desired_ttl_seconds": "45", "expected_last_heartbeat": "B1"},
                None,
            ),
        ),
        (
            lambda api: api.give_back("work_1"),
            {},
            (
                "POST",
                f"{WORK}/work_1/heartbeat",
                {"desired_ttl_seconds": "1", "expected_last_heartbeat": "NO_HEARTBEAT"},
                None,
            ),
        ),
        (
            lambda api: api.stop("work_1"),
            {},
            ("POST", f"{WORK}/work_1/stop", {}, {"force": True}),
        ),
        (
            lambda api: api.update("work_1", {"a": "1", "b": None}),
            {},
            ("POST", f"{WORK}/work_1", {}, {"metadata": {"a": "1", "b": None}}),
        ),
        (lambda api: api.session("a/b"), {}, ("GET", "/v1/sessions/a%2Fb", {}, None)),
        (lambda api: api.stats(), {}, ("GET", f"{WORK}/stats", {}, None)),
        (lambda api: api.newest_items(), page(), ("GET", WORK, {"limit": "200"}, None)),
    ],
    ids=["poll", "ack", "heartbeat", "give_back", "stop", "update", "session", "stats", "list"],
)
def test_each_call_is_one_request(api_of, call, reply, request_):
    """With all that the API asks for."""
    api, transport = api_of(reply, api_key=API_KEY)
    call(api)
    method, path, query, body = request_
    assert transport.requests == [(method, path, {"beta": "true", **query}, body)]


def test_a_poll_names_its_worker(api_of):
    """The statistics count it."""
    api, transport = api_of(b" null\n", worker_id="w1")
    assert api.poll() is None
    assert transport.headers["anthropic-worker-id"] == "w1"


def test_metadata_is_written_with_the_api_key(api_of):
    """An environment's key can't."""
    api, transport = api_of({}, ITEM, api_key=API_KEY)
    api.update("work_1", {"a": "1"})
    assert transport.headers["x-api-key"] == API_KEY
    assert "authorization" not in transport.headers
    api.acknowledge("work_1")
    assert transport.headers["authorization"] == f"Bearer {KEY}"


@pytest.mark.parametrize("odd", [{}, {"id": None}, {"id": ""}, {"id": ".."}, [], "null", 1])
def test_an_item_without_a_usable_id_is_a_failed_poll(api_of, odd):
    """The ID will be a part of paths."""
    api, _ = api_of(odd)
    with pytest.raises(ResponseError):
        api.poll()


@pytest.mark.parametrize(
    ("member", "is_taken"),
    [
        ({"metadata": None}, True),
        ({"ttl_seconds": 10**15}, True),
        ({"ttl_seconds": 10**15 + 1}, False),
        ({"ttl_seconds": 0}, True),
        ({"ttl_seconds": -1}, False),
        ({"ttl_seconds": True}, False),
        ({"ttl_seconds": 1.5}, False),
        ({"last_heartbeat": "x" * 1024}, True),
        ({"last_heartbeat": "x" * 1025}, False),
        ({"last_heartbeat": "\xe4" * 171}, False),
        ({"secret": "x" * 100_000}, True),
        ({"id": "x" * 256}, True),
        ({"id": "x" * 257}, False),
        *(({name: "1"}, False) for name in ("depth", "pending", "workers_polling", "data")),
        *(({name: 1}, False) for name in ("acknowledged_at", "latest_heartbeat_at", "secret")),
        ({"more": [1]}, True),
    ],
)
def test_the_members_that_the_worker_reads_are_checked(api_of, member, is_taken):
    """Others may be of any form. What the guardian gets must fit into a pipe, as JSON."""
    api, _ = api_of(member)
    if is_taken:
        assert api.heartbeat("work_1", "B1", 45, 5.0) == member
        return
    with pytest.raises(MalformedResponse):
        api.heartbeat("work_1", "B1", 45, 5.0)


def states(*found):
    """Return a page of items in these states."""
    return page(*({"id": f"work_{number}", "state": state} for number, state in enumerate(found)))


def test_running_items_are_counted_up_to_the_first_page_without_any_other(api_of):
    """Those that are done are older."""
    first = {**states("queued", "starting", "active"), "next_page": "2"}
    second = {**states("stopping", "stopped"), "next_page": "3"}
    done = {**states("stopped", "stopped"), "next_page": "4"}
    api, transport = api_of(first, second, done)
    assert api.running() == 3
    assert [query.get("page") for _, _, query, _ in transport.requests] == [None, "2", "3"]


def test_all_pages_of_the_newest_items_are_read(api_of):
    """Also those after a page of items that are done."""
    first = {**states("stopped"), "next_page": "2"}
    api, transport = api_of(first, states("queued"))
    assert [item["state"] for item in api.newest_items()] == ["stopped", "queued"]
    assert len(transport.requests) == 2


def test_no_more_than_the_2000_newest_items_are_read(api_of):
    """A queue may have a million items."""
    full = states(*["stopped"] * 200)
    api, transport = api_of(*({**full, "next_page": str(number)} for number in range(11)))
    assert (len(api.newest_items()), len(transport.requests)) == (2000, 10)


def test_an_item_of_a_list_that_is_not_of_the_form_of_the_api_is_an_error(api_of):
    """It is no number of items that run."""
    api, _ = api_of(page({"id": "work_1", "state": 1}))
    with pytest.raises(ResponseError):
        api.running()


@pytest.mark.parametrize("status", [400, 401, 404, 409, 503])
def test_only_a_412_shows_that_an_item_can_not_be_given_back(api_of, status):
    """It has a heartbeat by now. Another error says nothing about it."""
    refused, _ = api_of((412, {}))
    assert refused.give_back("work_1") is False
    given, _ = api_of(ITEM)
    assert given.give_back("work_1") is True
    failing, _ = api_of((status, {}))
    with pytest.raises(APIError):
        failing.give_back("work_1")


@pytest.mark.parametrize(
    ("call", "count"),
    [
        (lambda api: api.poll(), 3),
        (lambda api: api.update("work_1", {}), 3),
        (lambda api: api.stats(), 3),
        (lambda api: api.acknowledge("work_1"), 1),
        (lambda api: api.stop("work_1"), 1),
        (lambda api: api.session("session_1"), 1),
        (lambda api: api.heartbeat("work_1", "B1", 45, 5.0), 1),
    ],
    ids=["poll", "update", "stats", "ack", "stop", "session", "heartbeat"],
)
def test_only_some_requests_are_repeated_at_once(api_of, call, count):
    """The worker repeats changes by its own rules."""
    api, transport = api_of(*[(503, {})] * 9, api_key=API_KEY)
    with pytest.raises(APIError):
        call(api)
    assert len(transport.requests) == count


@pytest.mark.parametrize(("timeout", "expected"), [("600", 30.0), ("10", 10.0)])
def test_a_shorter_time_limit_of_the_settings_counts(api_of, timeout, expected):
    """A longer one would keep a slot from its work."""
    api, transport = api_of(ITEM, ITEM, ITEM, timeout=float(timeout))
    api.poll()
    api.acknowledge("work_1")
    api.heartbeat("work_1", "B1", 45, 2.5)
    assert transport.timeouts == [(expected, expected)] * 2 + [(2.5, 2.5)]


def refusal(status, **current):
    """Return an error with a body that shows an item."""
    body = json.dumps({"error": {"details": {"current_state": current}}}).encode()
    return APIError("POST x", status, "", body, "")


def test_only_a_412_says_what_an_item_is_like():
    """Another error with such a body is that of a gateway."""
    assert item_in_refusal(refusal(412, state="queued")) == {"state": "queued"}
    assert item_in_refusal(refusal(409, state="queued")) == {}
    assert item_in_refusal(NetworkError("no response")) == {}
    for body in (b"", b"[]", b'{"error": []}', b'{"error": {"details": "x"}}'):
        assert item_in_refusal(APIError("POST x", 412, "", body, "")) == {}


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (302, False),
        (400, True),
        (401, True),
        (403, True),
        (404, True),
        (408, False),
        (409, False),
        (412, True),
        (422, True),
        (429, False),
        (499, True),
        (500, False),
        (503, False),
    ],
)
def test_a_client_error_is_permanent_with_few_exceptions(status, expected):
    """Those that may pass are repeated."""
    assert is_permanent(APIError("GET x", status, "", b"", "")) is expected


def test_an_error_without_a_response_is_not_permanent():
    """Nor one whose response can't be read."""
    assert not is_permanent(NetworkError("no response"))
    assert not is_permanent(MalformedResponse("odd"))


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        ("1970-01-01T00:01:00Z", 40.0),
        ("1970-01-01T00:02:00Z", 0.0),
        (None, 0.0),
        ("soon", 0.0),
        (5, 0.0),
    ],
)
def test_an_age_is_never_negative(moment, expected):
    """The clocks of both sides may differ, and the server may not say when."""
    assert age(moment, 100.0) == expected


@pytest.mark.parametrize(
    ("environ", "source"),
    [
        ({"ANTHROPIC_ENVIRONMENT_KEY": KEY}, "ANTHROPIC_ENVIRONMENT_KEY"),
        ({"ANTHROPIC_ENVIRONMENT_KEY": f" {KEY}\n"}, "ANTHROPIC_ENVIRONMENT_KEY"),
        ({"ANTHROPIC_ENVIRONMENT_KEY": "sk-ant-oat01-other"}, "--environment-key"),
        ({}, "--environment-key"),
    ],
)
def test_a_message_about_the_key_names_its_source(clean_environ, environ, source):
    """A variable with another value is not where it comes from."""
    runtime = make_runtime({**clean_environ, "ANTHROPIC_API_KEY": "sk-ant-api03-x"})
    connection = load(runtime, Flags()).connection
    found = connection_with_key(connection, KEY, environ)
    assert (found.credential.secret, found.credential.source) == (KEY, source)
    assert (found.credential.kind, found.second_choice) == ("environment_key", None)
    both = connection_with_key(connection, KEY, environ, API_KEY)
    assert (both.second_choice.kind, both.second_choice.secret) == ("api_key", API_KEY)
    assert both.second_choice.source == "ANT_WORKER_METADATA_KEY"
