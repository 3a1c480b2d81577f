"""`ant auth print-credentials`, which has the output of the official tool."""

from __future__ import annotations

import pytest

from tests.conftest import needs_posix
from tests.helpers.federation import grant
from tests.helpers.processes import run_process
from tests.helpers.stores import NOW, REFRESH, TOKEN

PRINT = ("auth", "print-credentials")


@pytest.fixture
def official(official):
    """The official tool's store, with a login."""
    official.log_in()
    return official


@pytest.fixture
def printed(ant, monkeypatch):
    """Run `ant auth print-credentials` with a key in the environment. The test fails if a token is on stderr."""
    monkeypatch.setattr("time.time", lambda: NOW)

    def run(*words, **more):
        done = ant(*PRINT, *words, **more)
        assert TOKEN not in done.stderr
        assert REFRESH not in done.stderr
        return done

    return run


@needs_posix("sh")
@pytest.mark.parametrize(
    "token",
    ["a'b", "$(touch pwned)".replace(" ", "${IFS}"), "`id`", "a;b", 'a"b', "a\\b", "~", "#x"],
)
def test_a_shell_evaluates_the_lines_to_the_exact_values(printed, official, token, tmp_path):
    """The content of a login's file and its base URL are never run as a command."""
    official.log_in(token=token, base_url="http://h/$(touch${IFS}pwned)';x")
    script = (
        printed("--env").stdout + 'printf "%s\\n" "$ANTHROPIC_AUTH_TOKEN" "$ANTHROPIC_BASE_URL"'
    )
    done = run_process(["sh", "-c", script], {}, check=True, cwd=tmp_path)
    assert done.stdout == f"{token}\nhttp://h/$(touch${{IFS}}pwned)';x\n"
    assert list(tmp_path.iterdir()) == []


EXCHANGED = "exchanged-0123456789"


def test_a_federation_is_exchanged_for_a_token_that_is_printed(printed, variables):
    """The steps of a CI job can pass it to other programs."""
    done = printed(env=variables, replies=[grant(access_token=EXCHANGED)])
    expected = {
        "version": "1.0",
        "type": "oauth_token",
        "access_token": EXCHANGED,
        "expires_at": NOW + 3600,
    }
    assert done.json == expected
    assert (
        printed("--env", env=variables, replies=[]).stdout == f"ANTHROPIC_AUTH_TOKEN={EXCHANGED}\n"
    )


def test_an_access_token_without_an_end_is_printed_without_one(ant, variables):
    """The response of an exchange may leave its end out; both commands print the token."""
    endless = grant(access_token=EXCHANGED, expires_in=None)
    assert ant("auth", "token", env=variables, replies=[endless]).stdout == f"{EXCHANGED}\n"
    done = ant("auth", "print-credentials", env=variables, replies=[endless])
    assert done.json == {"version": "1.0", "type": "oauth_token", "access_token": EXCHANGED}


def test_the_end_of_a_login_is_printed_in_whole_seconds(printed, official):
    """expires_at is a whole number even if the file has a fraction."""
    official.log_in(expires_at=NOW + 3600.9)
    assert '"expires_at": 1790003600,' in printed().stdout


@pytest.mark.usefixtures("official")
@pytest.mark.parametrize("variable", ["ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN"])
def test_a_key_or_token_of_a_variable_is_not_printed_but_that_of_the_profile(printed, variable):
    """As in the official tool. Other commands use the variable."""
    environ = {"ANTHROPIC_API_KEY": None, variable: "of-the-variable"}
    assert printed("--access-token", env=environ).stdout == f"{TOKEN}\n"
    assert printed("--env", env=environ).stdout == f"ANTHROPIC_AUTH_TOKEN={TOKEN}\n"
