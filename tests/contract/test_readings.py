"""The readings of the API, which the emulator of this program follows."""

import re
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest

from ant_cli.emulator import Emulator

from .readings import READINGS, connect, verdict

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

        yield lambda steps, agent="agent_1": verdict(steps, client, agent, sleep)
        for path in ("environments?include_archived=true", "sessions?include_archived=true"):
            assert client.get(f"/v1/{path}").json()["data"] == []


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
