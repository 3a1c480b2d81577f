"""What an application's author would have in their own `conftest.py`."""

import anthropic
import pytest


@pytest.fixture
def client(ant_emulator):
    """Return a client that checks the type of every response."""
    with anthropic.Anthropic(
        base_url=ant_emulator.url,
        api_key=ant_emulator.api_key,
        max_retries=1,
        _strict_response_validation=True,
    ) as client:
        yield client
