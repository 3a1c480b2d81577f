"""Runs with the credential of a workload identity federation: `federated(*RETRIEVE, replies=[grant(), {}])`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Result
from tests.helpers.words import KEY

SIGNATURE = "never-shown-signature-of-the-job"
ASSERTION = f"eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJyZXBvOmFjbWUvYXBwIn0.{SIGNATURE}"
"""An identity token. Its last part is secret."""
OBJECT = {"id": "env_1", "type": "environment"}


def grant(number: int = 1, **fields: Any) -> dict[str, Any]:
    """Return a response to an exchange, with the n-th access token. A field with None is left out."""
    content = {
        "access_token": f"{KEY}-{number}",
        "token_type": "Bearer",
        "expires_in": 3600,
        **fields,
    }
    return {name: value for name, value in content.items() if value is not None}


class Clock:
    """A clock that stops until it is moved."""

    def __init__(self) -> None:
        self.now = 1_790_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    """The clock of all runs of a test."""
    return Clock()


@pytest.fixture
def token_file(tmp_path: Path) -> Path:
    """The file with the identity token."""
    path = tmp_path / "identity-token"
    path.write_text(f"{ASSERTION}\n")
    return path


@pytest.fixture
def folder(clean_environ: dict[str, str]) -> Path:
    """The folder in which access tokens are cached."""
    return Path(clean_environ["ANTHROPIC_CONFIG_DIR"]) / "access-tokens"


@pytest.fixture
def entry(folder: Path) -> Callable[[], Path]:
    """Return the only entry of the cache, which must have no other files."""

    def find() -> Path:
        (path,) = folder.iterdir()
        return path

    return find


@pytest.fixture
def variables(token_file: Path) -> dict[str, str | None]:
    """The variables of a federation, without a key."""
    return {
        "ANTHROPIC_API_KEY": None,
        "ANTHROPIC_FEDERATION_RULE_ID": "fdrl_1",
        "ANTHROPIC_ORGANIZATION_ID": "org-1",
        "ANTHROPIC_IDENTITY_TOKEN_FILE": str(token_file),
    }


@pytest.fixture
def federated(
    ant: Callable[..., Result], variables: dict[str, str | None], clock: Clock
) -> Callable[..., Result]:
    """Run `ant` with a federation. The test fails if a part of the identity token is printed."""

    def run(*words: str, env: Mapping[str, str | None] = {}, **more: Any) -> Result:
        result = ant(*words, env={**variables, **env}, now=clock, **more)
        assert SIGNATURE not in result.stdout + result.stderr
        return result

    return run


def paths(result: Result) -> list[str]:
    """Return the path of each request."""
    return [request.url.path for request in result.requests]


def bearers(result: Result) -> list[str]:
    """Return the number of each request's access token: `1` for the first; empty for an exchange."""
    sent = [request.headers.get("authorization", "") for request in result.requests]
    return [text.removeprefix(f"Bearer {KEY}-") for text in sent]
