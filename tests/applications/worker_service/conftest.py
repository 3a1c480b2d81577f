"""What an application's author would have in their own `conftest.py`."""

import pytest


@pytest.fixture
def anthropic():
    """Return the SDK. It takes a second to load, so only those processes do it that run one of these tests."""
    import anthropic

    return anthropic


@pytest.fixture
def client(anthropic, ant_emulator):
    """Return a client that checks the type of every response."""
    with anthropic.Anthropic(
        base_url=ant_emulator.url,
        api_key=ant_emulator.api_key,
        max_retries=1,
        _strict_response_validation=True,
    ) as client:
        yield client
