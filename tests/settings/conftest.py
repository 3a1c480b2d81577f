"""Runs with a login of the official tool: `ant_with_login(*LIST)`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from tests.conftest import Result
from tests.helpers.stores import NOW, REFRESH, TOKEN
from tests.helpers.words import LIST, NO_KEY


@pytest.fixture
def ant_with_login(ant: Callable[..., Result], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """Run `ant` without a key in the environment. The test fails if a token is shown."""
    monkeypatch.setattr("time.time", lambda: NOW)

    def run(*words: str, env: Mapping[str, str | None] = {}, **more: Any) -> Result:
        done = ant(*(words or LIST), env={**NO_KEY, **env}, **more)
        assert TOKEN not in done.stdout + done.stderr
        assert REFRESH not in done.stdout + done.stderr
        return done

    return run
