"""Invalid responses of a server: no handler runs without a lease, and requests are not repeated without a pause."""

from __future__ import annotations

import json
import signal
import threading
from contextlib import contextmanager

import pytest

from ant_cli.errors import APIError, NetworkError, ResponseError
from ant_cli.http.response import Response
from ant_cli.operations.spec import Flags
from ant_cli.settings.loading import load
from ant_cli.worker.work_api import MalformedResponse, WorkAPI, is_archived
from tests.conftest import make_runtime
from tests.helpers.work_server import ITEM, WorkServer

EXTENDED = {
    "lease_extended": True,
    "state": "active",
    "last_heartbeat": "2026-01-01T00:00:00Z",
    "ttl_seconds": 60,
}
DEEP = b'{"id": "work_1", "data": ' + b"[" * 100_000 + b"]" * 100_000 + b"}"
ODD = [
    {"id": 1},
    {"id": "x" * 257},
    {"id": ["work_1"]},
    {"data": "text"},
    {"data": [1]},
    {"metadata": [1]},
    {"metadata": "text"},
    {"state": ["queued"]},
    {"secret": {"token": "x"}},
    {"latest_heartbeat_at": [1]},
    {"latest_heartbeat_at": 1e999},
]


class Responding:
    """A transport with one response, which notes the requests, and how long each may take."""

    def __init__(self, body: object, status: int = 200) -> None:
        self._status = status
        self.requests = []
        self._body = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.seconds = {}

    @contextmanager
    def stream(self, _method, url, _headers, _body, timeouts):
        self.seconds[url.partition("?")[0].rpartition("/")[2]] = timeouts.whole_s
        self.requests.append(url)
        yield Response(self._status, "", {}, [self._body])


@pytest.fixture
def api_with(clean_environ):
    """Return a function that makes the API of a worker with a transport."""

    def make(transport):
        runtime = make_runtime(
            {**clean_environ, "ANTHROPIC_AUTH_TOKEN": "the-key"}, transport=transport
        )
        return WorkAPI(load(runtime, Flags()).connection, runtime, "env_1")

    return make


class SlowQueue(WorkServer):
    """Has work, and holds the polls after the first until there are four, or the worker repeats one."""

    def __init__(self) -> None:
        super().__init__()
        self.answers = threading.Event()
        self.repeated = False
        self._four = threading.Barrier(4, action=self.answers.set)

    def _reply(self, connection, request):
        if b"/poll?" in request and self.requests and not self.answers.is_set():
            if b"x-stainless-retry-count: 0" in request:
                self._four.wait()
            else:
                self.repeated = True
                self.answers.set()
        return super()._reply(connection, request)


def test_while_there_is_work_four_polls_wait_for_free_slots(start, script):
    """One returns only one item, so that slots would stay free."""
    with SlowQueue() as server:
        worker = start("--base-url", server.url, "--concurrency", "9", handler=[script("exit 0")])
        assert server.answers.wait(60)
        worker.send(signal.SIGTERM)
        assert worker.end() == 0
    assert not server.repeated


@pytest.mark.parametrize("item", [*({**ITEM, **part} for part in ODD), [ITEM], DEEP])
def test_an_invalid_item_is_an_error(api_with, item):
    """The worker then treats the poll as failed."""
    with pytest.raises(ResponseError):
        api_with(Responding(item)).poll()


def test_an_answer_to_a_change_that_is_not_of_the_form_of_the_api_is_no_reason_to_repeat_it(
    api_with,
):
    """The change was made. Sent again, it would get the same answer."""
    for body in ([], {**ITEM, "data": "text"}):
        with pytest.raises(MalformedResponse):
            api_with(Responding(body)).acknowledge("work_1")


@pytest.mark.parametrize("status", [400, 403, 404, 409])
@pytest.mark.parametrize(
    ("error", "expected"),
    [
        ({"message": "Environment env_1 is archived."}, True),
        ({"message": "no", "details": {"error_code": "environment_archived"}}, True),
        ({"message": "Environment env_1 was not found."}, False),
    ],
)
def test_an_archived_environment_is_known_by_the_text_of_an_error(status, error, expected):
    """Whatever its status is."""
    body = json.dumps({"type": "error", "error": error}).encode()
    assert is_archived(APIError("GET x", status, "", body, "")) is expected


def test_an_error_without_a_response_says_nothing_about_the_environment():
    """Its message is the program's own."""
    assert not is_archived(NetworkError("the proxy says that the host is archived."))


def test_an_invalid_item_is_not_taken_and_polling_pauses(start, script):
    """Taking it would keep it from other workers for a lease. The next poll may return a valid one."""
    with WorkServer(poll=[ITEM]) as server:
        worker = start("--base-url", server.url, "--max-items", "2", handler=[script("exit 0")])
        worker.wait_for("poll failed, backing off")
        worker.send(signal.SIGTERM)
        assert worker.end() == 0
    assert server.count("ack") == 0


def test_an_invalid_acknowledgement_starts_no_handler(start, script):
    """The next item has to wait, because the same would probably happen."""
    with WorkServer(ack={**ITEM, "data": "text"}) as server:
        worker = start("--base-url", server.url, "--max-items", "2", handler=[script("echo ran")])
        worker.wait_for("backing off after unprocessable work item")
        worker.send(signal.SIGTERM)
        assert worker.end() == 1
    assert worker.output == []
    assert server.count("ack") == 1


def test_a_string_that_can_not_be_in_a_variable_reaches_a_handler_in_its_input(start, script):
    """A lone surrogate is possible in JSON, but not in an environment variable."""
    odd = {
        "data": {"type": "session", "id": "\ud800"},
        "secret": "\udfff",
        "latest_heartbeat_at": "\ud800",
    }
    item = ITEM | odd
    with WorkServer(poll=item, ack=item) as server:
        handler = [script('cat; echo "$ANTHROPIC_WORK_ID"')]
        worker = start("--base-url", server.url, "--max-items", "1", handler=handler)
        assert worker.end() == 0
    *_, received, variable = worker.output
    assert variable == "work_1"
    assert json.loads(received)["data"] == odd["data"]
    assert server.count("stop") == 1


@pytest.mark.parametrize("ack", [{"data": {"type": "session"}}, {**ITEM, "id": "other\t1\tinf"}])
def test_an_item_keeps_the_id_of_the_poll(start, script, ack):
    """That one has been checked: it is a part of paths, and of what the guardian reads."""
    with WorkServer(ack=ack) as server:
        handler = [script('echo "$ANTHROPIC_WORK_ID"')]
        worker = start("--base-url", server.url, "--max-items", "1", handler=handler)
        assert worker.end() == 0
    assert worker.output == ["work_1"]


def test_a_handler_gets_all_of_an_item_that_is_larger_than_a_pipe(start, script):
    """It reads until the end of its input, as `cat` does."""
    item = {**ITEM, "metadata": {"notes": "x" * 300_000}}
    with WorkServer(poll=item, ack=item) as server:
        worker = start(
            "--base-url", server.url, "--max-items", "1", handler=[script("cat | wc -c")]
        )
        assert worker.end() == 0
    assert int(worker.output[0]) > 300_000


@pytest.mark.parametrize(
    "part",
    [
        *({"state": state} for state in ([], {})),
        *({"ttl_seconds": seconds} for seconds in ("60", 10**400, -(10**400))),
        *({"last_heartbeat": text} for text in ("x" * 1025, "\1" * 171)),
    ],
)
def test_an_invalid_response_to_a_heartbeat_is_an_error(api_with, part):
    """The worker then treats the heartbeat as failed."""
    with pytest.raises(ResponseError):
        api_with(Responding({**EXTENDED, **part})).heartbeat("work_1", "NO_HEARTBEAT", 45, 2.5)


@pytest.mark.slow
def test_an_invalid_response_to_a_heartbeat_does_not_extend_the_lease(start, script):
    """The handler does not start, and the worker continues."""
    with WorkServer(heartbeat=EXTENDED | {"ttl_seconds": -1}) as server:
        worker = start(
            *("--base-url", server.url, "--heartbeat", "always"),
            *("--drain-timeout", "0s", "--kill-timeout", "0s"),
            handler=[script("echo ran")],
        )
        worker.wait_for("heartbeat failed; it is repeated")
        worker.send(signal.SIGTERM)
        assert worker.end() == 0
    assert worker.events("work item not done")[0]["outcome"] == "given_back"
    assert worker.output == []


def test_a_stop_whose_response_is_no_item_is_not_repeated(start, script):
    """It has succeeded."""
    with WorkServer(stop=[]) as server:
        worker = start("--base-url", server.url, "--max-items", "1", handler=[script("exit 0")])
        assert worker.end() == 0
    assert server.count("stop") == 1


def test_what_the_worker_repeats_by_its_own_rules_is_sent_once(api_with):
    """The client would repeat a heartbeat beyond the end of a lease."""
    transport = Responding({}, status=503)
    api = api_with(transport)
    for call, *arguments in ((api.heartbeat, "NO_HEARTBEAT", 45, 2.5), (api.stop,), (api.session,)):
        with pytest.raises(APIError):
            call("work_1", *arguments)
    assert len(transport.requests) == 3


def test_a_worker_does_not_wait_for_a_dead_connection_as_long_as_other_commands_do(api_with):
    """Nor does it give up a slow network: it would then take items that nobody runs."""
    transport = Responding(ITEM)
    api = api_with(transport)
    api.poll()
    api.acknowledge("work_1")
    api.heartbeat("work_1", "NO_HEARTBEAT", 45, 2.5)
    api.stop("work_1")
    assert transport.seconds == {"poll": 30.0, "ack": 30.0, "heartbeat": 2.5, "stop": 30.0}
