"""Logins of the official tool: which one is used, with which headers, and when it is not used."""

from __future__ import annotations

import json
import sys
from itertools import combinations
from pathlib import Path

import httpx
import pytest

from ant_cli.operations.spec import Flags
from ant_cli.settings.loading import load
from ant_cli.settings.logins import folder_of, profile_names
from tests.conftest import flags_of, make_runtime, needs_posix
from tests.helpers.stores import NOW, REFRESH, TOKEN
from tests.helpers.words import EMPTY, KEY, LIST, NO_KEY, page
from tests.settings.conftest import VARIABLES

HERE = "https://here.example"


# The login of a person


def test_a_login_is_sent_as_a_bearer_token_with_the_beta_header_and_the_workspace(
    ant_with_login, official
):
    """The headers are those of the official tool."""
    official.log_in(workspace_id="wrkspc_1", base_url="http://gate.example")
    done = ant_with_login(*LIST)
    request = done.request
    assert request.url.host == "gate.example"
    assert request.headers["authorization"] == f"Bearer {TOKEN}"
    assert request.headers["anthropic-beta"] == "managed-agents-2026-04-01,oauth-2025-04-20"
    assert request.headers["anthropic-workspace-id"] == "wrkspc_1"
    assert "x-api-key" not in request.headers
    assert (done.exit, done.stderr) == (0, "")


def test_a_login_completes_ids(ant_with_login, official):
    """Its access token is there when the tab key is pressed."""
    official.log_in()
    reply = {"data": [{"id": "env_1", "name": "data"}]}
    words = ("__complete", "environment_id", "beta:environments", "retrieve", "")
    done = ant_with_login(*words, replies=[reply])
    assert (done.stdout, done.stderr) == ("env_1\tdata\n", "")
    assert done.request.headers["authorization"] == f"Bearer {TOKEN}"


def test_a_beta_flag_is_sent_in_addition_to_that_of_the_login(ant_with_login, official):
    """`--beta` replaces the default, but a login does not work without its own beta version."""
    official.log_in()
    assert (
        ant_with_login(*LIST, "--beta", "one").request.headers["anthropic-beta"]
        == "one,oauth-2025-04-20"
    )


def test_a_key_is_sent_without_the_beta_header_of_logins(ant, official):
    """The header depends on the credential."""
    official.log_in()
    request = ant(*LIST).request
    assert request.headers["anthropic-beta"] == "managed-agents-2026-04-01"
    assert request.headers["x-api-key"] == KEY


@pytest.mark.parametrize(
    ("words", "env", "active", "token"),
    [
        ((), {}, "", "of-default"),
        ((), {}, "work\n", "of-work"),
        ((), {"ANTHROPIC_PROFILE": "home"}, "work", "of-home"),
        (("--profile", "default"), {"ANTHROPIC_PROFILE": "home"}, "work", "of-default"),
        ((), {"ANTHROPIC_PROFILE": ""}, "work", "of-work"),
    ],
)
def test_the_profile_is_that_of_the_flag_the_variable_or_active_config(
    ant_with_login, official, words, env, active, token
):
    """Without any of them, it is the profile called default."""
    for name in ("default", "work", "home"):
        official.log_in(name, token=f"of-{name}")
    if active:
        official.activate(active)
    assert (
        ant_with_login(*LIST, *words, env=env).request.headers["authorization"] == f"Bearer {token}"
    )


def test_both_stores_live_in_one_folder(ant_with_login, official):
    """ANTHROPIC_CONFIG_DIR moves both. Using one does not change the other."""
    official.log_in("theirs")
    official.activate("theirs\n")
    before = {path: path.read_bytes() for path in official.folder.rglob("*") if path.is_file()}
    stored = ant_with_login(
        "auth", "login", "--profile", "mine", "--api-key-stdin", "--no-verify", stdin="my-key"
    )
    assert stored.exit == 0
    assert ant_with_login(*LIST, "--profile", "mine").requests[0].headers["x-api-key"] == "my-key"
    sent = ant_with_login(*LIST, "--profile", "theirs").requests[0].headers
    assert sent["authorization"] == f"Bearer {TOKEN}"
    assert {path: path.read_bytes() for path in before} == before


def test_the_active_profile_of_this_program_comes_before_active_config(
    ant_with_login, official, profiles
):
    """The user has chosen it with this program."""
    official.log_in("theirs")
    official.activate("theirs")
    profiles('active = "mine"\n[profiles.mine]\nauth_token = "my-token"\n')
    assert ant_with_login(*LIST).requests[0].headers["authorization"] == "Bearer my-token"


def test_a_profile_that_is_in_neither_store_is_an_error_that_lists_the_names_of_both(
    ant_with_login, official, profiles
):
    """The exit code is 4, and nothing is sent."""
    official.log_in("work")
    profiles('[profiles.home]\napi_key = "k"\n')
    done = ant_with_login(*LIST, "--profile", "wrok")
    assert (done.exit, done.requests) == (4, [])
    assert "profile 'wrok' (from --profile) does not exist. Did you mean 'work'?" in done.stderr
    assert "The profiles are: home, work." in done.stderr


@pytest.mark.parametrize("name", ["../x", "..", "a/b", "/etc/passwd", "a\x00b", ".", "x\n"])
def test_a_profile_name_can_not_be_a_path(ant_with_login, official, name):
    """This holds for names on the command line and in active_config."""
    for existing in ("x", *["x\n"] * (sys.platform != "win32")):
        official.log_in(existing)
    (official.folder / "x.json").write_text(official.config("x").read_text())
    done = ant_with_login(*LIST, "--profile", name)
    assert (done.exit, done.requests) == (4, [])
    official.activate(name.strip() or "/")
    if name.strip() != "x":
        done = ant_with_login(*LIST)
        assert (done.exit, done.requests) == (4, [])
        assert "active_config, of the official tool, can't be used" in done.stderr


def test_the_names_of_profiles_are_those_of_files_that_can_be_named(ant, official):
    """The names are sorted. A file whose name is not valid for a profile is left out."""
    for name in ("me.b-1_X", "a", "two words", "\u00fc"):
        official.log_in(name, token=f"of-{name}", expires_at=10**10)
    assert profile_names({"ANTHROPIC_CONFIG_DIR": str(official.folder)}) == ["a", "me.b-1_X"]
    request = ant(*LIST, "--profile", "me.b-1_X", env=NO_KEY).request
    assert request.headers["authorization"] == "Bearer of-me.b-1_X"
    assert ant(*LIST, "--profile", "two words", env=NO_KEY).exit == 4


# Each pair of sources

FEDERATION = {
    "federation-rule": "fdrl_1",
    "organization-id": "org-1",
    "identity-token-file": "/run/token",
}
NAMED, KEPT = '[profiles.named]\napi_key = "k3"\n', '[profiles.kept]\napi_key = "k4"\n'
ORDER = {
    "--api-key": {"words": ["--api-key=k1"]},
    "--auth-token": {"words": ["--auth-token=t1"]},
    "--federation-rule": {"words": [f"--{name}={value}" for name, value in FEDERATION.items()]},
    "ANTHROPIC_API_KEY": {"env": {"ANTHROPIC_API_KEY": "k2"}},
    "ANTHROPIC_AUTH_TOKEN": {"env": {"ANTHROPIC_AUTH_TOKEN": "t2"}},
    "api_key of profile 'named'": {"words": ["--profile=named"], "profiles": NAMED},
    "login of profile 'theirs'": {"env": {"ANTHROPIC_PROFILE": "theirs"}, "login": "theirs"},
    "ANTHROPIC_FEDERATION_RULE_ID": {"env": VARIABLES},
    "api_key of profile 'kept'": {"active": 'active = "kept"\n', "profiles": KEPT},
    "login of profile 'default'": {"login": "default"},
}
"""Sources of one credential each, by precedence."""


@pytest.mark.parametrize(("winner", "loser"), list(combinations(ORDER, 2)))
def test_of_two_credentials_the_one_of_the_higher_place_is_used(
    ant_with_login, official, profiles, winner, loser
):
    """The order is: flags, variables, a named profile, a federation of variables, then active profiles."""
    words, env, text = [], {}, ""
    for row in (ORDER[winner], ORDER[loser]):
        words += row.get("words", [])
        env |= row.get("env", {})
        text = row.get("active", "") + text + row.get("profiles", "")
        if "login" in row:
            official.log_in(row["login"])
    profiles(text)
    done = ant_with_login("auth", "status", "--transform", "credential", "-r", *words, env=env)
    assert done.stdout == f"{winner}\n"


# Expiry


@pytest.mark.parametrize(
    ("left", "used"), [(31, True), (30, False), (1, False), (0, False), (-9e9, False)]
)
def test_a_token_that_expires_within_30_seconds_is_not_used(ant_with_login, official, left, used):
    """The message names the file, and the official tool's command that renews the token. The file is unchanged."""
    official.log_in("work", expires_at=int(NOW + left))
    before = official.credentials("work").read_bytes()
    done = ant_with_login(*LIST, "--profile", "work")
    assert (done.exit, len(done.requests)) == ((0, 1) if used else (4, 0))
    if not used:
        assert str(official.credentials("work")) in done.stderr
        assert "official tool" in done.stderr
        message = "ant auth print-credentials --profile work > /dev/null, or else ant auth login --profile work\n"
        assert message in done.stderr
    assert official.credentials("work").read_bytes() == before


def test_a_token_without_an_expiry_time_is_used(ant_with_login, official):
    """A helper program may write such a file."""
    official.log_in()
    official.write_credentials("default", {"access_token": TOKEN})
    assert ant_with_login(*LIST).exit == 0


def test_a_login_without_a_refresh_token_is_renewed_by_logging_in(ant_with_login, official):
    """The official tool could not renew it either."""
    official.log_in()
    official.write_credentials("default", {"access_token": TOKEN, "expires_at": NOW})
    assert "ant auth login --profile default" in ant_with_login(*LIST).stderr


def test_a_long_run_uses_the_token_that_was_renewed_meanwhile(
    ant_with_login, official, monkeypatch
):
    """An hour passes between two pages, and the official tool renews the login in another process."""
    official.log_in()
    clock = [NOW]
    monkeypatch.setattr("time.time", lambda: clock[0])

    def reply(request):
        if "page" in request.url.params:
            return EMPTY
        clock[0] += 3600
        official.log_in(expires_at=NOW + 7200, token="renewed-login-token")
        return page({"id": "env_1"}, after="p2")

    done = ant_with_login(*LIST, replies=reply)
    sent = [request.headers["authorization"] for request in done.requests]
    assert sent == [f"Bearer {TOKEN}", "Bearer renewed-login-token"]


def test_a_token_that_is_rejected_is_read_again_once(ant_with_login, official):
    """The official tool may have replaced it early. Otherwise the rejection is the result."""
    official.log_in()
    done = ant_with_login(*LIST, replies=[httpx.Response(401, json={})])
    assert (done.exit, len(done.requests)) == (4, 1)

    def reply(request):
        if "renewed" in request.headers["authorization"]:
            return EMPTY
        official.log_in(token="renewed-login-token")
        return httpx.Response(401, json={})

    done = ant_with_login(*LIST, replies=reply)
    assert done.exit == 0
    assert done.requests[1].headers["authorization"] == "Bearer renewed-login-token"


def test_a_token_that_is_rejected_after_its_user_logged_out_is_not_sent_again(
    ant_with_login, official
):
    """There is no other token, so the rejection is the result."""
    official.log_in()

    def reply(_request):
        official.credentials("default").unlink()
        return httpx.Response(401, json={"problem": "revoked"})

    done = ant_with_login(*LIST, replies=reply)
    assert (done.exit, len(done.requests)) == (4, 1)
    assert "revoked" in done.stderr


# Settings


@pytest.mark.parametrize(
    ("config", "env", "words", "host", "workspace"),
    [
        ({}, {}, (), "api.anthropic.com", None),
        (
            {"base_url": "http://theirs.example/"},
            {"ANTHROPIC_BASE_URL": HERE},
            (),
            "theirs.example",
            None,
        ),
        ({}, {"ANTHROPIC_BASE_URL": HERE}, (), "here.example", None),
        ({"base_url": "http://theirs.example"}, {}, ("--base-url", HERE), "here.example", None),
        ({"workspace_id": "w1"}, {"ANTHROPIC_WORKSPACE_ID": "w2"}, (), "api.anthropic.com", "w1"),
        ({}, {"ANTHROPIC_WORKSPACE_ID": "w2"}, (), "api.anthropic.com", "w2"),
        ({"workspace_id": "w1"}, {}, ("--workspace-id", "w3"), "api.anthropic.com", "w3"),
    ],
)
def test_variables_fill_only_what_a_profile_of_the_official_tool_leaves_empty(
    ant_with_login, official, config, env, words, host, workspace
):
    """A flag has precedence over both."""
    official.log_in(**config)
    request = ant_with_login(*LIST, *words, env=env).request
    assert request.url.host == host
    assert request.headers.get("anthropic-workspace-id") == workspace


def test_a_login_that_is_sent_to_the_server_of_a_variable_causes_one_note(ant_with_login, official):
    """The owner of that server receives the token."""
    official.log_in("work")
    done = ant_with_login(*LIST, "--profile", "work", env={"ANTHROPIC_BASE_URL": HERE})
    note = f"Note: the token of profile 'work' is sent to {HERE} (ANTHROPIC_BASE_URL). See: ant auth status\n"
    assert done.stderr == note


def test_the_error_of_a_rejected_login_names_it_and_masks_its_token(ant_with_login, official):
    """The server may echo the token."""
    official.log_in()
    body = {
        "type": "error",
        "error": {"type": "authentication_error", "message": f"no: {TOKEN} {REFRESH}"},
    }
    done = ant_with_login(*LIST, replies=[httpx.Response(401, json=body)])
    assert done.exit == 4
    assert "(from login of profile 'default') was not accepted" in done.stderr


def test_a_dry_run_reads_no_token(ant_with_login, official):
    """The request is not sent, so the token is not needed."""
    official.log_in(expires_at=0)
    done = ant_with_login(*LIST, "--dry-run")
    assert (done.exit, done.requests) == (0, [])
    assert "authorization: Bearer [redacted]\n" in done.stdout
    assert "anthropic-beta: managed-agents-2026-04-01,oauth-2025-04-20\n" in done.stdout


# Federation profiles


def rule_of(environ, **flags):
    """Return the rule of a run."""
    settings = load(make_runtime(environ), flags_of(**flags))
    return settings.connection.credential.issuer, settings.connection


def test_a_federation_profile_is_a_rule_with_its_settings(clean_environ, official):
    """The workspace is part of the exchange, and is not sent as a header."""
    environ = {**clean_environ, "ANTHROPIC_API_KEY": "", "ANTHROPIC_ORGANIZATION_ID": "org-2"}
    official.federate(
        workspace_id="w1",
        base_url="http://gate.example",
        authentication={"service_account_id": "svac_1"},
    )
    rule, connection = rule_of(environ)
    assert tuple(rule) == ("fdrl_1", "org-1", "", "/run/token", "svac_1", "w1", "profile 'default'")
    assert connection.base_url == "http://gate.example"


def test_variables_fill_what_a_federation_profile_leaves_empty(clean_environ, official):
    """This includes variables that are not a federation by themselves. A flag has precedence over the profile."""
    environ = {
        **clean_environ,
        "ANTHROPIC_API_KEY": "",
        "ANTHROPIC_ORGANIZATION_ID": "org-2",
        "ANTHROPIC_IDENTITY_TOKEN_FILE": "/run/other",
        "ANTHROPIC_SERVICE_ACCOUNT_ID": "svac_2",
        "ANTHROPIC_WORKSPACE_ID": "w2",
    }
    official.federate(organization_id=None, authentication={"identity_token": None})
    rule, _ = rule_of(environ)
    assert tuple(rule) == ("fdrl_1", "org-2", "", "/run/other", "svac_2", "w2", "profile 'default'")
    rule, _ = rule_of(environ, federation_rule="fdrl_9", identity_token="jwt")
    assert rule[:4] == ("fdrl_9", "org-2", "jwt", "")


def test_only_one_identity_token_is_used_if_several_places_have_one(clean_environ, official):
    """A flag wins over the profile, and the profile over a variable, whether they give the token or its file."""
    environ = {
        **clean_environ,
        "ANTHROPIC_API_KEY": "",
        "ANTHROPIC_IDENTITY_TOKEN": "jwt-of-variable",
    }
    official.federate()
    assert rule_of(environ)[0][2:4] == ("", "/run/token")
    assert rule_of(environ, identity_token_file="/run/flag")[0][2:4] == ("", "/run/flag")
    assert rule_of(environ, identity_token="jwt-of-flag")[0][2:4] == ("jwt-of-flag", "")


def test_a_request_of_a_federation_profile_has_an_exchanged_token(
    ant_with_login, official, tmp_path
):
    """The workspace is in the exchange and not in the request, as in the official tool."""
    (tmp_path / "jwt").write_text("header.claims.signature\n")
    source = {"identity_token": {"source": "file", "path": str(tmp_path / "jwt")}}
    official.federate(workspace_id="w1", base_url="http://127.0.0.1:9", authentication=source)
    before = sorted(official.folder.iterdir())
    token = {"access_token": "exchanged-0123456789", "token_type": "Bearer", "expires_in": 3600}
    exchange, request = ant_with_login(*LIST, replies=[token, EMPTY]).requests
    assert json.loads(exchange.content) == {
        "grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer",
        "assertion": "header.claims.signature",
        "federation_rule_id": "fdrl_1",
        "organization_id": "org-1",
        "workspace_id": "w1",
    }
    assert request.headers["authorization"] == "Bearer exchanged-0123456789"
    assert request.headers["anthropic-beta"] == "managed-agents-2026-04-01,oauth-2025-04-20"
    assert "anthropic-workspace-id" not in request.headers
    assert sorted(official.folder.iterdir()) == sorted([*before, official.folder / "access-tokens"])


def test_a_flag_of_a_federation_changes_one_value_of_the_profile(clean_environ, official):
    """The rule then comes from the command line, and has precedence over a key in the environment."""
    official.federate()
    rule, _ = rule_of(clean_environ, profile="default", identity_token="jwt")
    assert tuple(rule) == ("fdrl_1", "org-1", "jwt", "", "", "", "--identity-token")
    rule, _ = rule_of(clean_environ, profile="default", identity_token_file="/run/typed")
    assert rule[:4] == ("fdrl_1", "org-1", "", "/run/typed")


def test_complete_variables_come_before_the_active_federation_profile_and_after_a_named_one(
    clean_environ, official
):
    """This is the documented order of the official tool."""
    variables = {
        "ANTHROPIC_FEDERATION_RULE_ID": "fdrl_2",
        "ANTHROPIC_ORGANIZATION_ID": "org-2",
        "ANTHROPIC_IDENTITY_TOKEN": "jwt",
    }
    official.federate()
    environ = {**clean_environ, "ANTHROPIC_API_KEY": "", **variables}
    assert rule_of(environ)[0].source == "ANTHROPIC_FEDERATION_RULE_ID"
    assert rule_of(environ, profile="default")[0].source == "profile 'default'"
    assert rule_of({**environ, "ANTHROPIC_PROFILE": "default"})[0].federation_rule == "fdrl_1"


# The folder


def test_no_file_of_the_official_tool_is_read_if_there_is_a_key(
    clean_environ, official, monkeypatch
):
    """A start with a key stays as fast as it was."""
    import sys

    official.log_in()
    loaded = [name for name in sys.modules if name.startswith("ant_cli.settings.logins")]
    for name in loaded:
        monkeypatch.delitem(sys.modules, name)
    for environ in (
        clean_environ,
        {**clean_environ, "ANTHROPIC_API_KEY": "", "ANTHROPIC_AUTH_TOKEN": "t"},
    ):
        load(make_runtime(environ), Flags())
    load(make_runtime({**clean_environ, "ANTHROPIC_API_KEY": ""}), flags_of(local=True))
    assert not [name for name in sys.modules if name.startswith("ant_cli.settings.logins")]


@needs_posix("XDG_CONFIG_HOME")
def test_the_folder_is_that_of_the_variable_or_of_xdg(tmp_path):
    """A relative XDG_CONFIG_HOME is ignored, as its specification requires: it may belong to anybody."""
    home = {"HOME": "/home/a"}
    assert folder_of(home) == Path("/home/a/.config/anthropic")
    assert folder_of({**home, "XDG_CONFIG_HOME": "/x"}) == Path("/x/anthropic")
    assert folder_of({**home, "XDG_CONFIG_HOME": "x"}) == Path("/home/a/.config/anthropic")
    assert folder_of({**home, "XDG_CONFIG_HOME": "/x", "ANTHROPIC_CONFIG_DIR": "/c"}) == Path("/c")
    assert folder_of({**home, "ANTHROPIC_CONFIG_DIR": "/dev/null"}) is None
    assert profile_names({**home, "ANTHROPIC_CONFIG_DIR": str(tmp_path)}) == []


def test_credentials_path_may_name_another_file(ant_with_login, official, tmp_path):
    """It is an absolute path, or one in the home directory. A relative path would depend on the working folder."""
    official.log_in()
    moved = tmp_path / "token.json"
    official.credentials("default").rename(moved)
    for path, status in ((str(moved), 0), ("~/token.json", 0), ("token.json", 4)):
        official.write_config(
            "default", {"authentication": {"type": "user_oauth", "credentials_path": path}}
        )
        assert ant_with_login(*LIST, env={"HOME": str(tmp_path)}).exit == status
    (tmp_path / ".git").mkdir()  # a token in a repository may be somebody else's
    official.write_config(
        "default", {"authentication": {"type": "user_oauth", "credentials_path": str(moved)}}
    )
    assert "it is in the repository" in ant_with_login(*LIST).stderr


# With this program's own commands


def test_completion_of_ids_uses_a_login(ant, official):
    words = ("__complete", "environment_id", "beta:environments", "retrieve", "")
    official.log_in(token="login-one", expires_at=10**10)
    done = ant(*words, env=NO_KEY, replies=[page({"id": "env_1"})])
    assert (done.request.headers["authorization"], done.stdout) == ("Bearer login-one", "env_1\t\n")


@needs_posix("the worker")
@pytest.mark.parametrize(
    ("words", "status"),
    [
        (("poll", "--environment-key", "key-1", "--on-work", "/nope/x"), 2),
        (
            (
                "run",
                "--session-id",
                "session_1",
                "--work-id",
                "work_1",
                "--work-secret-file",
                "/nope/x",
            ),
            78,
        ),
    ],
    ids=["poll", "run"],
)
def test_a_worker_with_a_credential_of_its_own_looks_for_no_login(
    ant_with_login, official, words, status
):
    """The settings of the official tool's profile don't apply to the worker, and can't keep it from starting."""
    official.activate("../x")
    done = ant_with_login("beta:worker", *words, "--environment-id", "env_1")
    assert (done.exit, "/nope/x" in done.stderr, done.requests) == (status, True, [])
    assert "official tool" not in done.stderr
