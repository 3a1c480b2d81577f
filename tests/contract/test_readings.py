"""The readings of the API, which the emulator of this program follows."""

import re
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest
import yaml

from ant_cli.emulator import Emulator

from . import readings
from .readings import READINGS, WORKER, Queue, connect, is_expected, queue_of, record, verdict

PAGE = Path(__file__).parents[2].joinpath("docs", "emulator.md").read_text(encoding="utf-8")
SECTION = " ".join(PAGE.partition("\n## Our reading\n")[2].partition("\n## ")[0].split())
SHOWN = [name for name, steps in READINGS.items() if isinstance(steps, list)]


@pytest.fixture
def judge():
    """Return a function that returns the verdict about a reading on an emulator, at which nothing is left then."""
    with closing(Emulator(":memory:", workspace_id="wrkspc_1")) as emulator:

        def application(environ, start_response):
            return emulator(environ | {"REQUEST_URI": quote(environ["PATH_INFO"])}, start_response)

        client = connect("http://127.0.0.1", "test", transport=httpx.WSGITransport(application))

        def sleep(seconds):
            client.post("/_emulator/clock", json={"advance_ms": seconds * 1000}).raise_for_status()

        def judge_it(steps, agent="agent_1", *, of_worker=False):
            if not of_worker:
                return verdict(steps, client, agent, sleep)
            queue = queue_on(client)
            found = verdict(steps, client, agent, sleep, queue)
            client.delete(f"/v1/environments/{queue.environment_id}").raise_for_status()
            return found

        yield judge_it
        for path in ("environments?include_archived=true", "sessions?include_archived=true"):
            assert client.get(f"/v1/{path}").json()["data"] == []


def queue_on(client):
    """Make an environment and its key."""
    body = {"name": "ant-contract-of-the-worker", "config": {"type": "self_hosted"}}
    environment_id = client.post("/v1/environments", json=body).json()["id"]
    made = client.post(f"/_emulator/environments/{environment_id}/key")
    return Queue(environment_id, made.json()["environment_key"])


def test_the_page_and_the_requests_have_the_same_readings():
    """What the page says besides them are headings and words between two of them."""
    rest = SECTION[SECTION.index("* ") :]
    for name in sorted(READINGS, key=len, reverse=True):
        assert name in rest
        rest = rest.replace(name, "", 1)
    assert set(re.findall(r"[\w`]+", rest)) <= {"Environments", "Metadata", "and"}


@pytest.mark.parametrize("name", SHOWN)
def test_a_reading_holds_for_the_emulator(judge, name):
    """So that neither the page nor the requests become outdated."""
    assert judge(READINGS[name]) == ("holds", "")


@pytest.mark.parametrize("name", WORKER)
def test_a_reading_of_the_worker_holds_for_the_emulator(judge, name):
    """Otherwise the worker's tests would show nothing about a service that follows it."""
    assert judge(WORKER[name], of_worker=True) == ("holds", "")


@pytest.mark.parametrize(
    ("found", "expected", "holds"),
    [
        (290, {"from": 290, "to": 300}, True),
        (300, {"from": 290, "to": 300}, True),
        (301, {"from": 290, "to": 300}, False),
        ("absent", {"from": 290, "to": 300}, False),
        ({"a": "x"}, {"a": "x"}, True),
        ({"a": "x"}, {"a": "y"}, False),
    ],
)
def test_a_range_is_expected_where_requests_take_their_time(found, expected, holds):
    """The rest of a lease is less than the lease."""
    assert is_expected(found, expected) is holds


def test_results_are_recorded_by_reading_and_a_skipped_one_keeps_its_result(tmp_path):
    """One person has an agent, another one an environment's key."""
    path = tmp_path / "results.yaml"
    path.write_text("a: {result: holds, date: '2026-12-01', server: s}\n")
    record("https://h", [("a", "skipped", "x"), ("b", "differs", "GET: 404")], path)
    found = yaml.safe_load(path.read_text())
    assert found["a"] == {"result": "holds", "date": "2026-12-01", "server": "s"}
    assert (found["b"]["result"], found["b"]["why"]) == ("differs", "GET: 404")
    assert set(yaml.safe_load(readings.RESULTS.read_text()) or {}) <= {*READINGS, *WORKER}


def test_the_readings_of_the_worker_need_an_environment_and_its_key():
    """Without both, they are skipped."""
    given = {"ANT_CONTRACT_ENVIRONMENT_ID": "env_1", "ANT_CONTRACT_ENVIRONMENT_KEY": "k"}
    assert queue_of(given) == Queue("env_1", "k")
    assert queue_of({**given, "ANT_CONTRACT_ENVIRONMENT_KEY": ""}) is None


def test_a_reading_that_does_not_hold_shows_what_the_server_did(judge):
    """A response that is not expected, an environment without work, and no agent."""
    create = {"send": "POST environments", "body": {"name": "{name}"}}
    refused = {**create, "expect": {"status": 400}}
    assert judge([refused]) == ("differs", "POST environments: status is 200, not 400")
    other = {**create, "expect": {"body.config.no": 1}}
    assert judge([other]) == ("differs", "POST environments: body.config.no is 'absent', not 1")
    assert judge([{"send": "GET sessions/{session}"}], agent=None) == (
        "skipped",
        "needs ANT_CONTRACT_AGENT",
    )
    assert judge("needs a tool") == ("skipped", "needs a tool")
