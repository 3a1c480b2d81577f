from contextlib import closing

import pytest

from ant_cli.emulator import Emulator
from tests.helpers.emulators import serving

from .api import API_KEY, Api
from .manual_clock import ManualClock


@pytest.fixture
def clock():
    """Return a clock that stops until the test moves it."""
    return ManualClock()


@pytest.fixture
def emulator(clock):
    """Return an emulator in memory."""
    emulator = Emulator(":memory:", clock=clock)
    yield emulator
    emulator.close()


@pytest.fixture
def api(emulator):
    """Return a client of the emulator in memory."""
    return Api(emulator)


@pytest.fixture
def queue(api):
    """Return a self-hosted environment."""
    return api.create_queue()


@pytest.fixture
def database(tmp_path):
    """Return the path of a database that does not exist yet."""
    return tmp_path / "state" / "emulator.db"


@pytest.fixture
def threads():
    """Return how many threads the served emulator has."""
    return 64


@pytest.fixture
def served(database, threads):
    """Serve an emulator on loopback, and return its base URL."""
    with closing(Emulator(database)) as emulator, serving(emulator, threads=threads) as server:
        yield server.url


@pytest.fixture
def anthropic():
    """Return the SDK. It takes a second to load, so only those processes do it that run one of these tests."""
    import anthropic.lib.environments

    return anthropic


@pytest.fixture
def client(anthropic, served):
    """Return the SDK's client of a served emulator, with an API key. It checks the types of responses."""
    strictly = {"max_retries": 0, "_strict_response_validation": True}
    with anthropic.Anthropic(base_url=served, api_key=API_KEY, **strictly) as client:
        yield client
