"""The output of `ant auth status` about logins of the official tool."""

from __future__ import annotations

import json
from pathlib import Path

import httpx
import pytest

from tests.helpers.federation import grant
from tests.helpers.stores import NOW, REFRESH, TOKEN
from tests.helpers.words import EMPTY

STATUS = ("auth", "status")


@pytest.fixture
def status(ant, monkeypatch):
    """Run `ant auth status` without a key in the environment. The test fails if a token is shown."""
    monkeypatch.setattr("time.time", lambda: NOW)

    def run(*words, env=None, **more):
        done = ant(*STATUS, *words, env={"ANTHROPIC_API_KEY": None, **(env or {})}, **more)
        assert TOKEN not in done.stdout + done.stderr
        assert REFRESH not in done.stdout + done.stderr
        return done

    return run


def test_status_shows_a_folder_whose_name_is_not_utf_8(status, tmp_path):
    """Python has its bytes as lone surrogates."""
    done = status(env={"ANTHROPIC_CONFIG_DIR": str(tmp_path / "\udcff")})
    assert done.exit == 4
    assert r"\udcff" in done.stdout


@pytest.mark.parametrize(
    "name", ["Evil\x1b]0;owned\x07", "Evil\nCredential  none", "Evil\u202e", "Evil\r"]
)
@pytest.mark.parametrize(
    "key", ["organization_name", "account_email", "workspace_name", "organization_uuid"]
)
def test_status_escapes_strings_that_a_server_wrote_into_a_login(status, official, key, name):
    """Others choose the names, and a line break in one would look like a line of the report."""
    official.log_in()
    official.write_credentials("default", {"access_token": TOKEN, key: name})
    for terminal in (False, True):
        shown = status(terminal=terminal).stdout
        assert "Evil" in shown
        assert not {"\x1b", "\x07", "\u202e", "\r"} & set(shown)
        assert shown.count("\nCredential  none") == 0


@pytest.mark.parametrize(
    ("end", "shown"),
    [
        (253_402_300_799, "ends 9999-12-31 23:59 UTC"),
        (0, "ended 1970-01-01 00:00 UTC"),
        (-253_402_300_799, "ended 1970-01-01 00:00 UTC"),
    ],
)
def test_status_shows_the_expiry_of_a_login_in_any_year(status, official, end, shown):
    """Some systems have no dates so late."""
    official.log_in(expires_at=end)
    assert f"            {shown}, in " in status().stdout


def test_status_as_json_has_what_a_login_says_about_its_owner(status, official):
    official.log_in()
    owner = {
        "account_email": "ada@example.com",
        "organization_name": "Example",
        "workspace_id": "wrkspc_1",
        "workspace_name": "W",
        "scope": "org:read",
    }
    login = {"access_token": TOKEN, "organization_uuid": "org-1", **owner}
    official.write_credentials("default", login)
    shown = json.loads(status("--format", "json").stdout)["official_profile"]
    assert owner | {"organization_id": "org-1"} == {
        key: shown[key] for key in (*owner, "organization_id")
    }


def test_status_with_check_sends_a_request_with_the_login(status, official):
    """The headers are those of other commands."""
    official.log_in()
    done = status("--check", replies=[EMPTY])
    (request,) = done.requests
    assert request.headers["authorization"] == f"Bearer {TOKEN}"
    assert "oauth-2025-04-20" in request.headers["anthropic-beta"]
    assert "Token accepted by https://api.anthropic.com" in done.stderr
    assert status("--check", replies=[httpx.Response(401, json={})]).exit == 4


def test_status_of_a_federation_shows_when_its_cached_token_expires(status, variables, token_file):
    """Nothing is exchanged for the report."""
    row = f"exchanges the token in {token_file} by fdrl_1"
    before = status(env=variables)
    assert (before.exit, before.requests) == (0, [])
    assert f"{row}  <- used" in before.stdout
    checked = status("--check", env=variables, replies=[grant(), EMPTY])
    assert [request.url.path for request in checked.requests] == [
        "/v1/oauth/token",
        "/v1/environments",
    ]
    after = status(env=variables)
    assert f"{row}; its access token ends 2026-09-21 15:13 UTC  <- used" in after.stdout
    shadowed = status(env={**variables, "ANTHROPIC_API_KEY": "sk-ant-0123456789ab"})
    assert (
        f"{row}; its access token ends 2026-09-21 15:13 UTC  shadowed by ANTHROPIC_API_KEY"
        in shadowed.stdout
    )


def test_status_of_a_federation_shows_a_cached_token_of_any_year(status, variables, clean_environ):
    """Somebody may have changed the entry."""
    status("--check", env=variables, replies=[grant(), EMPTY])
    (entry,) = Path(clean_environ["HOME"]).rglob("access-tokens/*.json")
    entry.write_text(
        json.dumps({"access_token": "a-token", "obtained_at": -1e15 - 60, "expires_at": -1e15})
    )
    assert "its access token ended 1970-01-01 00:00 UTC  <- used" in status(env=variables).stdout


@pytest.mark.parametrize(
    ("login", "owner"),
    [
        ({}, "no token"),
        ({"account_email": "ada@example.com"}, "ada@example.com"),
        ({"organization_name": "Example"}, "organization Example"),
        ({"organization_uuid": "org-1"}, "organization org-1"),
        (
            {"organization_name": "Example", "organization_uuid": "org-1"},
            "organization Example (org-1)",
        ),
        ({"workspace_name": "W", "account_email": "a@b"}, "a@b, workspace W"),
    ],
)
def test_status_names_the_owner_of_a_login_by_what_its_file_has(status, official, login, owner):
    """Each of them may be missing."""
    official.write_config("default", {"authentication": {"type": "user_oauth"}})
    official.write_credentials("default", {"access_token": TOKEN, **login})
    expected = owner if login else "...oken, never ends"
    assert f"Official    default: {expected}\n" in status().stdout


def test_what_a_login_says_about_its_owner_wins_over_the_profile(status, official):
    """It is newer, and the profile may have been edited."""
    official.log_in(organization_id="org-of-profile", workspace_id="wrkspc_of_profile")
    found = status("--format", "json").json["official_profile"]
    assert (found["organization_id"], found["workspace_id"]) == ("org-1", "wrkspc_1")
    official.write_credentials("default", {"access_token": TOKEN})
    found = status("--format", "json").json["official_profile"]
    assert (found["organization_id"], found["workspace_id"]) == (
        "org-of-profile",
        "wrkspc_of_profile",
    )


def test_a_login_whose_file_can_not_be_used_is_reported_with_its_profile(status, official):
    """The report has the paths of both files."""
    official.log_in()
    official.credentials("default").write_text("broken")
    found = status("--format", "json").json["official_profile"]
    assert (found["type"], found["logged_in"]) == ("user_oauth", False)
    assert found["config"] == str(official.config("default"))
    assert found["credentials"] == str(official.credentials("default"))
    assert found["problem"].endswith("can't be used: it is not JSON.")


def test_a_federation_that_is_not_used_is_reported_with_what_variables_add_to_it(status, official):
    """A federation has no file with tokens."""
    official.federate(authentication={"identity_token": None})
    env = {"ANTHROPIC_API_KEY": "a-key", "ANTHROPIC_IDENTITY_TOKEN": "identity-canary-0123"}
    report = status("--format", "json", env=env).json
    found = report["official_profile"]
    assert (found["type"], found["credentials"], found["problem"]) == (
        "oidc_federation",
        None,
        None,
    )
    assert found["value"] == "exchanges ...0123 by fdrl_1"
    assert report["sources"][-1] == {
        "source": "federation of profile 'default', official tool",
        "kind": "auth_token",
        "state": "shadowed",
        "value": found["value"],
    }


def test_each_server_that_is_not_used_is_listed_once(status, official):
    """The default is no source, and the one in use shadows itself not."""
    official.log_in(base_url="https://of-login.example")
    env = {"ANTHROPIC_BASE_URL": "https://variable.example"}
    words = ("--format", "json", "--base-url", "https://flag.example")
    shown = status(*words, env=env).json["base_url"]
    login = {"source": "base_url of profile 'default'", "value": "https://of-login.example"}
    variable = {"source": "ANTHROPIC_BASE_URL", "value": "https://variable.example"}
    assert (shown["value"], shown["shadows"]) == ("https://flag.example", [login, variable])
    shown = status("--format", "json", env=env).json["base_url"]
    assert (shown["value"], shown["shadows"]) == (login["value"], [variable])


def test_a_profile_of_the_same_name_is_noted_only_if_the_profile_gives_the_key(
    ant, official, profiles
):
    """Otherwise nobody could have meant the other one."""
    official.log_in("work")
    profiles('active = "work"\n[profiles.work]\napi_key = "stored-key"\n')
    note = "the official tool has a profile 'work', too; this program's is used"
    words = ("beta:environments", "list")
    assert note in ant(*words, env={"ANTHROPIC_API_KEY": None}).stderr
    assert ant(*words).stderr.count(note) == 0
    assert note not in ant(*words, "--profile", "work", "--auth-token", "a-token").stderr
