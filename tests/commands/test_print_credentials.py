"""`ant auth print-credentials`, which has the output of the official tool."""

from __future__ import annotations

import json

import pytest

from tests.conftest import needs_posix
from tests.helpers.federation import grant
from tests.helpers.processes import run_process
from tests.helpers.stores import NOW, REFRESH, TOKEN, WHO

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


@pytest.mark.usefixtures("official")
def test_print_credentials_prints_the_login_as_json_with_the_members_of_its_file(printed):
    """The order is that of the official tool. The key in the environment, which requests would use, is ignored."""
    done = printed()
    assert (done.exit, done.stderr) == (0, "")
    assert list(done.json.items()) == [
        ("version", "1.0"),
        ("type", "oauth_token"),
        ("access_token", TOKEN),
        ("expires_at", NOW + 3600),
        ("refresh_token", REFRESH),
        *WHO.items(),
    ]
    assert done.stdout == json.dumps(done.json, indent=2) + "\n"


def test_a_name_beyond_ascii_is_printed_as_it_is(printed, official):
    """The official tool does not escape it either."""
    login = {"access_token": TOKEN, "expires_at": NOW + 3600, "organization_name": "Exämple"}
    official.write_credentials("default", login)
    assert '"organization_name": "Exämple"' in printed().stdout


@pytest.mark.usefixtures("official")
def test_print_credentials_with_access_token_prints_only_the_token(printed):
    """It can be used in $( ), and the order of the flags does not matter."""
    assert printed("--access-token").stdout == f"{TOKEN}\n"
    assert printed("--access-token", "--profile", "default").stdout == f"{TOKEN}\n"
    missing = printed("--access-token", "--profile", "none")
    assert (missing.exit, missing.stdout) == (4, "")
    assert "profile 'none' (from --profile) does not exist" in missing.stderr


def test_print_credentials_with_env_prints_lines_for_the_token_and_the_base_url_of_the_profile(printed, official):
    """Like the official tool, it prints no line without a base URL."""
    assert printed("--env").stdout == f"ANTHROPIC_AUTH_TOKEN={TOKEN}\n"
    official.log_in(base_url="https://gate.example")
    lines = f"ANTHROPIC_AUTH_TOKEN={TOKEN}\nANTHROPIC_BASE_URL=https://gate.example\n"
    assert printed("--env").stdout == lines


@needs_posix("sh")
@pytest.mark.parametrize(
    "token", ["a'b", "$(touch pwned)".replace(" ", "${IFS}"), "`id`", "a;b", 'a"b', "a\\b", "~", "#x"]
)
def test_a_shell_evaluates_the_lines_to_the_exact_values(printed, official, token, tmp_path):
    """The content of a login's file and its base URL are never run as a command."""
    official.log_in(token=token, base_url="http://h/$(touch${IFS}pwned)';x")
    script = printed("--env").stdout + 'printf "%s\\n" "$ANTHROPIC_AUTH_TOKEN" "$ANTHROPIC_BASE_URL"'
    done = run_process(["sh", "-c", script], {}, check=True, cwd=tmp_path)
    assert done.stdout == f"{token}\nhttp://h/$(touch${{IFS}}pwned)';x\n"
    assert list(tmp_path.iterdir()) == []


def test_an_expired_login_is_not_printed(printed, official):
    """The official tool would renew it. A program that receives it would fail later, with a less clear message."""
    official.log_in(expires_at=NOW + 30)
    for words in ((), ("--access-token",), ("--env",)):
        done = printed(*words)
        assert (done.exit, done.stdout) == (4, "")
        assert str(official.credentials("default")) in done.stderr


def test_the_key_of_a_profile_is_printed_as_a_key(printed, profiles):
    """It is in the variable where other programs expect a key, because it is not an access token."""
    profiles('active = "a"\n[profiles.a]\napi_key = "my-key-01"\nbase_url = "http://gate.example"\n')
    assert printed("--env").stdout == "ANTHROPIC_API_KEY=my-key-01\nANTHROPIC_BASE_URL=http://gate.example\n"
    other = printed("--env", env={"ANTHROPIC_BASE_URL": "https://other.example"})
    assert (other.exit, other.stdout) == (4, "")  # the two lines together would send it there
    assert printed().json == {"version": "1.0", "type": "api_key", "api_key": "my-key-01"}
    done = printed("--access-token")
    assert (done.exit, done.stdout) == (4, "")
    assert "no access token" in done.stderr


def test_the_token_of_a_profile_is_printed_as_a_token(printed, profiles):
    """When it expires is unknown."""
    profiles('active = "a"\n[profiles.a]\nauth_token = "my-token-01"\n')
    assert printed().json == {"version": "1.0", "type": "oauth_token", "access_token": "my-token-01"}
    assert printed("--access-token").stdout == "my-token-01\n"


EXCHANGED = "exchanged-0123456789"


def test_a_federation_is_exchanged_for_a_token_that_is_printed(printed, variables):
    """The steps of a CI job can pass it to other programs."""
    done = printed(env=variables, replies=[grant(access_token=EXCHANGED)])
    expected = {"version": "1.0", "type": "oauth_token", "access_token": EXCHANGED, "expires_at": NOW + 3600}
    assert done.json == expected
    assert printed("--env", env=variables, replies=[]).stdout == f"ANTHROPIC_AUTH_TOKEN={EXCHANGED}\n"


def test_an_access_token_without_an_end_is_printed_without_one(ant, variables):
    """The response of an exchange may leave its end out; both commands print the token."""
    endless = grant(access_token=EXCHANGED, expires_in=None)
    assert ant("auth", "token", env=variables, replies=[endless]).stdout == f"{EXCHANGED}\n"
    done = ant("auth", "print-credentials", env=variables, replies=[endless])
    assert done.json == {"version": "1.0", "type": "oauth_token", "access_token": EXCHANGED}


def test_a_federation_gives_no_token_for_the_emulator_in_this_process(printed, variables):
    """It exchanges nothing, and its requests need no credential."""
    done = printed("--local", env=variables)
    assert (done.exit, done.stdout, done.requests) == (4, "", [])
    assert "there are no access tokens for this credential and base URL" in done.stderr


@pytest.mark.usefixtures("official")
def test_a_login_is_printed_also_for_the_emulator_in_this_process(printed):
    """Its token is for other programs."""
    assert printed("--local", "--profile", "default", "--access-token").stdout == f"{TOKEN}\n"


def test_two_forms_at_once_are_a_usage_error(printed):
    """The official tool rejects them, too."""
    done = printed("--access-token", "--env")
    assert (done.exit, done.stdout) == (2, "")


def test_print_credentials_without_a_profile_prints_nothing(printed):
    """The key in the environment is ignored."""
    done = printed("--env")
    assert (done.exit, done.stdout) == (4, "")
