"""`ant __complete`: the IDs that a shell requests."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import httpx
import pytest
from completion_scripts import kind_name

from ant_cli import completion
from ant_cli.help.catalog import longest_match
from tests.helpers.servers import Act, Reply, ScriptedServer
from tests.helpers.words import CREATE, NO_KEY

PAGE = {"data": [{"id": "env_1", "name": "data"}, {"id": "env_2", "name": ""}], "next_page": "more"}
RETRIEVE = ("__complete", "environment_id", "beta:environments", "retrieve", "")
"""The last word is the one at the cursor."""


@pytest.fixture
def profile(profiles):
    """Write the only profile, which is active."""
    return lambda text: profiles(f'active = "work"\n[profiles.work]\n{text}\n')


def test_the_first_page_of_environments_is_offered(ant):
    """One request is sent, with the credential of the command; each ID has its name as a description."""
    result = ant(*RETRIEVE, replies=[PAGE])
    assert (result.exit, result.stdout, result.stderr) == (0, "env_1\tdata\nenv_2\t\n", "")
    (request,) = result.requests
    assert request.url.path == "/v1/environments"
    assert request.url.params["limit"] == "1000"
    assert "x-api-key" in request.headers


def test_the_work_of_the_environment_on_the_line_is_offered(ant):
    """A work item has its state as a description, since it has no name."""
    words = ("beta:environments:work", "stop", "--environment-id=env_7", "--work-id", "")
    items = [
        {"id": "work_1", "state": "queued"},
        {"id": "work_2", "state": "active", "name": "n"},
        {"id": "work-3", "state": "active", "name": None},
        {"state": "of no ID"},
    ]
    result = ant("__complete", "work_id", *words, replies=[{"data": items}])
    assert result.stdout == "work_1\tqueued\nwork_2\tn\nwork-3\tactive\n"
    assert result.requests[0].url.path == "/v1/environments/env_7/work"


def test_work_is_not_requested_without_its_environment_id(ant):
    """The API lists work only by environment."""
    result = ant("__complete", "work_id", "beta:environments:work", "stop", "")
    assert (result.exit, result.stdout, result.stderr, result.requests) == (0, "", "", [])


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("two\nlines\tand\x1b[31m red", "two lines and␛[31m red"),
        ("a: 'b' \"c\" $(date) `date` \\", "a: 'b' \"c\" $(date) `date` \\"),
        ("right\u202eleft", "right\\u202eleft"),
        ("x" * 100, "x" * 60),
        ("\ud83d", "\\ud83d"),
        (None, ""),
    ],
)
def test_control_characters_in_names_are_escaped(ant, name: str | None, shown: str):
    """A name is on one line and has no terminal sequences. An object without one has its ID only."""
    page = httpx.Response(
        200, content=b'{"data": [{"id": "env_1", "name": %s}]}' % json.dumps(name).encode()
    )
    assert ant(*RETRIEVE, replies=[page]).stdout == f"env_1\t{shown}\n"


@pytest.mark.parametrize(
    "identifier", ["env 1", "$(date)", "env_1\n", "é", "", None, 'env"', "-x", "--yes"]
)
def test_a_malformed_id_in_a_response_is_not_offered(ant, identifier):
    """It would become part of the command line."""
    done = ant(*RETRIEVE, replies=[{"data": [{"id": identifier}, {"id": "env_2"}]}])
    assert (done.exit, done.stdout) == (0, "env_2\t\n")


@pytest.mark.parametrize("second", ["env_A", "ENV_a", "env-A"])
def test_no_two_ids_are_offered_that_a_shell_may_take_for_one(ant, second: str):
    """Bash inserts what two lines have in common, with `set completion-ignore-case` in any case: the name, too."""
    items = [
        {"id": identifier, "name": f"$(touch oops){identifier}"}
        for identifier in ("env_A", second, "env_AB")
    ]
    assert ant(*RETRIEVE, replies=[{"data": items}]).stdout == (
        "env_A\t$(touch oops)env_A\nenv_AB\t$(touch oops)env_AB\n"
    )


@pytest.mark.parametrize(
    "reply",
    [
        httpx.Response(401),
        httpx.Response(500),
        ConnectionResetError("no"),
        httpx.Response(200, text="<html>"),
        {},
        [],
    ],
)
def test_every_failure_of_completion_is_silent(ant, reply):
    """A failed request is not retried."""
    result = ant(*RETRIEVE, replies=[reply])
    assert (result.exit, result.stdout, result.stderr, len(result.requests)) == (0, "", "", 1)


@pytest.mark.parametrize(
    "words",
    [
        (),
        ("unknown_id", "x"),
        ("environment_id", "--profile", "nobody", ""),
        ("environment_id", "--base-url", "ftp://x", ""),
        ("environment_id", "--base-url", ""),
        ("environment_id", "--base-url=", "http://a.io", ""),
    ],
)
def test_no_request_is_sent_for_an_invalid_command_line(ant, words):
    """The line may be incomplete."""
    env = {"ANTHROPIC_BASE_URL": "ftp://x"} if words[1:] == ("--base-url", "") else {}
    result = ant("__complete", *words, env=env)
    assert (result.exit, result.stdout, result.stderr, result.requests) == (0, "", "", [])


def test_no_request_is_sent_without_a_credential(ant):
    """The response would be an error."""
    result = ant(*RETRIEVE, env=NO_KEY)
    assert (result.exit, result.stdout, result.stderr, result.requests) == (0, "", "", [])


def test_the_key_command_of_a_profile_is_not_run_for_completion(ant, profiles, tmp_path: Path):
    """The command may take long, or ask for a password."""
    profiles(f"[profiles.work]\napi_key_command = 'touch {tmp_path / 'ran'}'\n")
    result = ant(*RETRIEVE[:-1], "--profile", "work", "", env=NO_KEY)
    assert (result.exit, result.stdout, result.requests) == (0, "", [])
    assert not (tmp_path / "ran").exists()


def test_no_request_is_sent_with_a_credential_of_lower_precedence(ant, profile, tmp_path: Path):
    """The key command wins over the token and is not run, so the token is not used in its place."""
    profile(f"api_key_command = 'touch {tmp_path / 'ran'}'\nauth_token = 'second-best'")
    result = ant(*RETRIEVE, env=NO_KEY, replies=[PAGE])
    assert (result.exit, result.stdout, result.stderr, result.requests) == (0, "", "", [])
    assert not (tmp_path / "ran").exists()


def test_the_key_and_the_url_of_a_profile_are_used(ant, profiles):
    """Completion uses the same settings as the command itself."""
    profiles('[profiles.work]\napi_key = "k"\nbase_url = "https://example.com"\n')
    result = ant(*RETRIEVE[:-1], "--profile", "work", "", env=NO_KEY, replies=[PAGE])
    assert result.requests[0].url.host == "example.com"
    assert result.requests[0].headers["x-api-key"] == "k"


@pytest.mark.parametrize("word", ["$KEY", "`cat key`", "key-$N", "key-`cat n`", "'$KEY'"])
def test_unexpanded_shell_variables_are_not_used_as_ids(ant, word: str):
    """The shell passes the unexpanded text."""
    done = ant(*RETRIEVE[:-1], "--api-key", word, "")
    assert (done.exit, done.stdout, done.requests) == (0, "", [])


@pytest.mark.parametrize("at_cursor", ["--local", "--base-url=http://a.io", "--profile=no", "env_"])
def test_the_word_at_the_cursor_does_not_decide_yet(ant, at_cursor):
    """The user may go on typing the word."""
    done = ant(*RETRIEVE[:-1], at_cursor, replies=[PAGE])
    assert (done.stdout, done.requests[0].url.host) == (
        "env_1\tdata\nenv_2\t\n",
        "api.anthropic.com",
    )


@pytest.mark.parametrize("before", [("--description", "$TEXT"), ("$ID",), ("--name=`hostname`",)])
def test_a_variable_that_does_not_decide_where_to_look_is_no_obstacle(ant, before):
    done = ant(*RETRIEVE[:-1], *before, "", replies=[PAGE])
    assert done.stdout == "env_1\tdata\nenv_2\t\n"


@pytest.mark.parametrize(
    ("typed", "host"),
    [
        (("--base-url", "http://a.io", "--base-url=http://b.io"), "b.io"),
        (("--base-url=http://b.io", "-base-url", "http://a.io"), "a.io"),
        (("--local", "--local=false", "--base-url", "http://a.io"), "a.io"),
        (("--local=false", "--local"), None),
    ],
)
def test_the_last_one_of_a_repeated_flag_decides_as_in_the_command(ant, typed, host):
    done = ant(*RETRIEVE[:-1], *typed, "", replies=[PAGE])
    assert [request.url.host for request in done.requests] == ([host] if host else [])


@pytest.mark.parametrize(
    "local",
    [
        {"words": ("--local",)},
        {"words": ("-local",)},
        {"words": ("-base-url=local:",)},
        {"env": {"ANTHROPIC_BASE_URL": "local:"}},
    ],
)
def test_ids_of_the_in_process_emulator_need_no_credential(ant, local):
    """The emulator runs within the completing process."""
    env = {"ANTHROPIC_API_KEY": None, **local.get("env", {})}
    words = local.get("words", ())
    made = ant(*words, *CREATE, "--config", "{type: cloud}", env=env)
    result = ant(
        "__complete", "environment_id", *words, "beta:environments", "retrieve", "", env=env
    )
    assert result.stdout == f"{made.json['id']}\tn\n"


def test_the_emulator_is_not_asked_if_the_flag_for_it_is_false(ant):
    """A boolean flag may have a value, also on a line that is still being typed."""
    done = ant("__complete", "environment_id", "--local=false", *RETRIEVE[2:], replies=[PAGE])
    assert [request.url.path for request in done.requests] == ["/v1/environments"]


@pytest.mark.parametrize(
    "base_url", ["http://127.0.0.1:8080", "http://localhost:1", "http://[::1]:1", "https://127.1/x"]
)
def test_environments_to_enqueue_in_are_requested_from_a_loopback_emulator(ant, base_url: str):
    """The base URL comes from the flag or from the variable."""
    words = ("__complete", "emulator_environment_id", "emulator", "enqueue")
    for arguments, env in (
        (("--base-url", base_url, ""), {}),
        (("",), {"ANTHROPIC_BASE_URL": base_url}),
    ):
        result = ant(*words, *arguments, env=env, replies=[PAGE])
        assert (result.stdout, len(result.requests)) == ("env_1\tdata\nenv_2\t\n", 1)


@pytest.mark.parametrize(
    "words",
    [
        ("",),
        ("--local=false", ""),
        ("--base-url", "https://api.anthropic.com"),
        ("--base-url=http://x.io",),
    ],
)
def test_environments_to_enqueue_in_are_not_requested_from_other_hosts(ant, words):
    """The real API is one of these hosts."""
    result = ant("__complete", "emulator_environment_id", "emulator", "enqueue", *words)
    assert (result.exit, result.stdout, result.stderr, result.requests) == (0, "", "", [])


def test_completion_creates_no_database_of_an_emulator(ant, tmp_path: Path, clean_environ):
    result = ant(*RETRIEVE, env={"ANTHROPIC_BASE_URL": f"local:{tmp_path / 'new.db'}"})
    again = ant(*RETRIEVE, env={"ANTHROPIC_BASE_URL": "local:"})
    assert (result.stdout, again.stdout) == ("", "")
    assert not (tmp_path / "new.db").exists()
    assert not (Path(clean_environ["XDG_STATE_HOME"]) / "ant").exists()


# Time


@pytest.mark.parametrize(
    "reply",
    [(Act.STALL,), (b"HTTP/1.1 200 OK\r\ncontent-length: 9999\r\n\r\n", Act.DRIP)],
    ids=["not at all", "byte by byte"],
)
def test_completion_does_not_wait_for_a_slow_api(clean_environ, reply: Reply):
    """The time limit applies to the whole response, which this server never ends."""
    with ScriptedServer(reply) as server:
        command = [sys.executable, "-m", "ant_cli", *RETRIEVE[:-1], "--base-url", server.url, ""]
        done = subprocess.run(
            command, env=clean_environ, capture_output=True, timeout=60, check=True
        )
    assert (done.stdout, done.stderr, len(server.requests)) == (b"", b"", 1)


def test_completion_does_not_wait_for_the_look_up_of_a_host_name(ant, monkeypatch):
    """The HTTP client has no time limit for the look-up, so completion stops waiting after 0.3 seconds."""
    is_over, looked_up = threading.Event(), list[str]()

    def look_up(host: str, *_: object, **__: object) -> None:
        is_over.wait(10)
        looked_up.append(host)
        raise socket.gaierror

    monkeypatch.setattr("socket.getaddrinfo", look_up)
    began = time.monotonic()
    result = ant(*RETRIEVE[:-1], "--base-url", "http://slow.example", "", network=True)
    assert time.monotonic() - began < 2.5
    assert (result.exit, result.stdout, result.stderr, looked_up) == (0, "", "", [])
    is_over.set()


def test_the_kind_of_an_emulator_id_names_the_id_after_its_prefix():
    """The prefix marks IDs that are requested from emulators only."""
    (argument,) = longest_match(["emulator", "enqueue"]).arguments
    assert kind_name(argument).startswith(completion.EMULATOR)
    assert completion.source_of(kind_name(argument).removeprefix(completion.EMULATOR)) is not None


@pytest.mark.parametrize(("kind", "sent"), [("work_id", 1), ("environment_id", 0)])
def test_the_key_of_an_environment_is_sent_if_the_list_accepts_it(ant, kind, sent):
    """The list of environments takes an API key only."""
    env = {**NO_KEY, "ANTHROPIC_ENVIRONMENT_KEY": "sk-ant-env-1"}
    words = ("beta:environments:work", "retrieve", "--environment-id", "env_1", "")
    done = ant("__complete", kind, *words, env=env, replies=[PAGE])
    assert (len(done.requests), done.stderr) == (sent, "")


@pytest.mark.parametrize("flag", ["--api-key-stdin=false", "--auth-token-stdin=false"])
def test_a_credential_that_will_not_be_on_stdin_is_used(ant, flag):
    done = ant(*RETRIEVE[:-1], flag, "", replies=[PAGE])
    assert done.stdout == "env_1\tdata\nenv_2\t\n"


@pytest.mark.parametrize(
    ("words", "key", "server", "sent"),
    [
        ((), 'api_key = "k"', {"ANTHROPIC_BASE_URL": "https://a.io", **NO_KEY}, 0),
        ((), 'base_url = "https://a.io"', {"ANTHROPIC_API_KEY": "k"}, 1),
        (("--api-key", "k"), 'base_url = "https://a.io"', {}, 1),
        (("--base-url", "https://a.io"), 'api_key = "k"', NO_KEY, 1),
    ],
)
def test_only_the_key_of_a_profile_is_not_sent_to_the_server_of_a_variable(
    ant, profile, words, key, server, sent
):
    """The command prints a note about it, which nobody would see here."""
    profile(key)
    done = ant(*RETRIEVE[:-1], *words, "", env=server, replies=[PAGE])
    assert [request.url.host for request in done.requests] == ["a.io"] * sent
    assert done.stderr == ""


FEDERATED = (
    "--federation-rule",
    "fdrl_1",
    "--organization-id",
    "org_1",
    "--identity-token-file",
    "token.jwt",
)


@pytest.mark.parametrize("typed", [FEDERATED, ("--api-key-stdin",), ("--auth-token-stdin",)])
@pytest.mark.parametrize("before", [True, False], ids=["before", "after"])
def test_ids_are_not_requested_with_another_credential_than_the_command_will_use(
    ant, typed, before, tmp_path
):
    """The access token of a federation, or a key on stdin, is not available when the tab key is pressed."""
    (tmp_path / "token.jwt").write_text("identity")
    command = ("beta:environments", "retrieve")
    words = (*typed, *command, "") if before else (*command, *typed, "")
    result = ant("__complete", "environment_id", *words, replies=[PAGE])
    assert (result.exit, result.stdout, result.requests) == (0, "", [])
