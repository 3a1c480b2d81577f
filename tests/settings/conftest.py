"""Settings of a run, and runs with a login of the official tool: `ant_with_login(*LIST)`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from ant_cli.settings.loading import Settings, load
from ant_cli.settings.profiles import NO_STORE, ProfileStore
from tests.conftest import Result, Screen, flags_of, make_runtime
from tests.helpers.stores import NOW, REFRESH, TOKEN
from tests.helpers.words import LIST, NO_KEY

VARIABLES = {
    "ANTHROPIC_FEDERATION_RULE_ID": "fdrl_2",
    "ANTHROPIC_ORGANIZATION_ID": "org-2",
    "ANTHROPIC_IDENTITY_TOKEN_FILE": "/run/token-2",
}
"""A federation in the environment."""


def settings_of(
    flags: Mapping[str, str], environ: Mapping[str, str], store: ProfileStore = NO_STORE
) -> Settings:
    """Load the settings of a run at a terminal with these flags, variables and profiles."""
    return load(make_runtime(environ, stdout=Screen(terminal=True)), flags_of(**flags), store)


@pytest.fixture
def ant_with_login(
    ant: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Result]:
    """Run `ant` without a key in the environment. The test fails if a token is shown."""
    monkeypatch.setattr("time.time", lambda: NOW)

    def run(*words: str, env: Mapping[str, str | None] = {}, **more: Any) -> Result:
        done = ant(*(words or LIST), env={**NO_KEY, **env}, **more)
        assert TOKEN not in done.stdout + done.stderr
        assert REFRESH not in done.stdout + done.stderr
        return done

    return run
