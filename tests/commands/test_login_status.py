"""The output of `ant auth status` about logins of the official tool."""

from __future__ import annotations

import json
from pathlib import Path

import httpx
import pytest

from tests.conftest import needs_posix
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


def test_status_shows_a_login_with_its_owner_its_expiry_and_its_files(status, official):
    """The expiry is in UTC, so that it can be compared with the time of a server."""
    official.log_in("work", workspace_id="wrkspc_1")
    official.activate("work\n")
    done = status()
    assert (done.exit, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [
        "Credential  ...oken, ends 2026-09-21 15:13 UTC (bearer token, from login of profile 'work')",
        "Base URL    https://api.anthropic.com (default)",
        "Workspace   wrkspc_1 (workspace_id of profile 'work')",
        f"Profile     work (the active one of the official tool), from {official.config('work')}",
        "Official    work: ada@example.com, organization Example (org-1), workspace Default (wrkspc_1)",
        f"            ends 2026-09-21 15:13 UTC, in {official.credentials('work')}",
        "",
        "Credentials are looked up in this order, and the first one is used:",
        "  1. --api-key                     not given",
        "  2. --auth-token                  not given",
        "  3. --federation-rule             not given",
        "  4. ANTHROPIC_API_KEY             not set",
        "  5. ANTHROPIC_AUTH_TOKEN          not set",
        "  6. ANTHROPIC_FEDERATION_RULE_ID  not set",
        "  7. login of profile 'work'       ...oken, ends 2026-09-21 15:13 UTC  <- used",
    ]


def test_status_shows_a_login_that_a_key_shadows(status, official):
    """The login is read for this, although a request with that key would not read it."""
    official.log_in()
    done = status(env={"ANTHROPIC_API_KEY": "sk-ant-0123456789ab"})
    row = "login of profile 'default', official tool  ...oken, ends 2026-09-21 15:13 UTC"
    assert f"  7. {row}  shadowed by ANTHROPIC_API_KEY\n" in done.stdout
    assert done.exit == 0


def test_status_shows_the_profiles_of_both_stores_that_have_the_same_name(status, official, profiles):
    """The profile of this program is used."""
    official.log_in("work")
    path = profiles('active = "work"\n[profiles.work]\nauth_token = "mine-0123456789"\n')
    done = status()
    assert "  9. auth_token of profile 'work'" in done.stdout
    assert "\n 10. login of profile 'work', official tool" in done.stdout  # aligned
    assert "shadowed by auth_token of profile 'work'" in done.stdout
    assert f"Profile     work (the active one), from {path}\n" in done.stdout
    assert "Official    work: ada@example.com" in done.stdout


@pytest.mark.parametrize(("left", "verb"), [(-1, "ended"), (29, "ends")])
def test_status_of_an_expired_login_exits_with_4(status, official, left, verb):
    """The report is printed, too."""
    official.log_in(expires_at=NOW + left)
    done = status()
    assert done.exit == 4
    assert f"...oken, {verb} 2026-09-21 14:13" in done.stdout
    assert "ant auth print-credentials" in done.stderr
    assert status("--format", "json").json["usable"] is False


@needs_posix("permissions")
def test_status_of_unsafe_credentials_says_why(status, official):
    """The report is printed, too."""
    official.log_in()
    official.credentials("default").chmod(0o644)
    done = status()
    assert done.exit == 4
    assert "can't be used: other users can read it (mode 0644)" in done.stdout
    assert "chmod 600" in done.stderr


def test_status_of_an_incomplete_federation_exits_with_4(status):
    """It shows the existing values, and names the missing ones."""
    done = status(env={"ANTHROPIC_IDENTITY_TOKEN_FILE": "/run/token"})
    assert done.exit == 4
    assert "ANTHROPIC_IDENTITY_TOKEN_FILE  exchanges the token in /run/token by no rule  <- used" in done.stdout
    assert "--organization-id (ANTHROPIC_ORGANIZATION_ID)" in done.stderr


def test_status_as_json_has_the_login_without_its_tokens(status, official):
    """`--transform` selects from it."""
    official.log_in()
    assert status("--format", "json").json["official_profile"] == {
        "name": "default",
        "type": "user_oauth",
        "config": str(official.config("default")),
        "credentials": str(official.credentials("default")),
        "logged_in": True,
        "account_email": "ada@example.com",
        "organization_id": "org-1",
        "organization_name": "Example",
        "workspace_id": "wrkspc_1",
        "workspace_name": "Default",
        "scope": None,
        "expires_at": NOW + 3600,
        "problem": None,
    }
    assert status("--transform", "official_profile.account_email", "-r").stdout == "ada@example.com\n"


def test_status_names_the_file_that_should_name_the_active_profile(status, official):
    """Another key is used, so the file is a problem of the other tool only."""
    official.activate("../evil")
    found = status("--format", "json", env={"ANTHROPIC_API_KEY": "sk-ant-0123456789ab"})
    assert (found.exit, found.json["official_profile"]["name"]) == (0, "active_config")
    assert "it does not hold the name of a profile" in found.json["official_profile"]["problem"]


def test_status_as_json_has_the_organization_and_the_workspace_of_a_profile_without_a_login(status, official):
    """A federation needs no login, so only its profile names them."""
    official.federate(workspace_id="wrkspc_2")
    found = status("--format", "json").json["official_profile"]
    assert (found["type"], found["logged_in"], found["credentials"]) == ("oidc_federation", False, None)
    assert (found["organization_id"], found["workspace_id"]) == ("org-1", "wrkspc_2")


def test_status_shows_how_a_federation_profile_gets_its_token(status, official):
    """Its own file wins over a variable, and it has no owner: its organization is that of the rule."""
    official.federate()
    done = status(env={"ANTHROPIC_IDENTITY_TOKEN_FILE": "/run/another"})
    assert done.exit == 0
    assert "Official    default: exchanges the token in /run/token by fdrl_1\n" in done.stdout


def test_status_without_the_official_tool_does_not_mention_it(status):
    """Most users have no such files."""
    done = status("--format", "json")
    assert done.json["official_profile"] is None
    assert "fficial" not in status().stdout


@pytest.mark.parametrize("name", ["Evil\x1b]0;owned\x07", "Evil\nCredential  none", "Evil\u202e", "Evil\r"])
@pytest.mark.parametrize("key", ["organization_name", "account_email", "workspace_name", "organization_uuid"])
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
    assert [request.url.path for request in checked.requests] == ["/v1/oauth/token", "/v1/environments"]
    after = status(env=variables)
    assert f"{row}; its access token ends 2026-09-21 15:13 UTC  <- used" in after.stdout
    shadowed = status(env={**variables, "ANTHROPIC_API_KEY": "sk-ant-0123456789ab"})
    assert f"{row}; its access token ends 2026-09-21 15:13 UTC  shadowed by ANTHROPIC_API_KEY" in shadowed.stdout


def test_status_of_a_federation_shows_a_cached_token_of_any_year(status, variables, clean_environ):
    """Somebody may have changed the entry."""
    status("--check", env=variables, replies=[grant(), EMPTY])
    (entry,) = Path(clean_environ["HOME"]).rglob("access-tokens/*.json")
    entry.write_text(json.dumps({"access_token": "a-token", "obtained_at": -1e15 - 60, "expires_at": -1e15}))
    assert "its access token ended 1970-01-01 00:00 UTC  <- used" in status(env=variables).stdout
