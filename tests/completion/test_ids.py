"""`ant __complete`: the IDs that a shell requests."""

from __future__ import annotations

import json
import os
import socket
import stat
import subprocess
import sys
import threading
from pathlib import Path

import httpx
import pytest
from completion_scripts import kind_name

from ant_cli import completion
from ant_cli.help.catalog import longest_match
from ant_cli.settings.profiles import config_dir
from tests.helpers.processes import run_process
from tests.helpers.servers import Act, Reply, ScriptedServer
from tests.helpers.words import CREATE, DELETE, NO_KEY

PAGE = {"data": [{"id": "env_1", "name": "data"}, {"id": "env_2", "name": ""}], "next_page": "more"}
RETRIEVE = ("__complete", "environment_id", "beta:environments", "retrieve", "")
"""The last word is the one at the cursor."""


@pytest.fixture
def profile(profiles):
    """Write the only profile, which is active."""
    return lambda text: profiles(f'active = "work"\n[profiles.work]\n{text}\n')


@pytest.fixture
def cache_folder(clean_environ) -> Path:
    return Path(clean_environ["XDG_CACHE_HOME"]) / "ant"


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
    result = ant("__complete", "work_id", *words, replies=[{"data": [{"id": "work_1", "state": "queued"}]}])
    assert result.stdout == "work_1\tqueued\n"
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
    page = httpx.Response(200, content=b'{"data": [{"id": "env_1", "name": %s}]}' % json.dumps(name).encode())
    assert ant(*RETRIEVE, replies=[page]).stdout == f"env_1\t{shown}\n"


@pytest.mark.parametrize("identifier", ["env 1", "$(date)", "env_1\n", "é", "", None, 'env"', "-x", "--yes"])
def test_a_malformed_id_in_a_response_is_not_offered(ant, identifier):
    """It would become part of the command line."""
    assert ant(*RETRIEVE, replies=[{"data": [{"id": identifier}]}]).stdout == ""


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
def test_every_failure_of_completion_is_silent(ant, cache_folder: Path, reply):
    """A failed request is neither retried nor cached."""
    result = ant(*RETRIEVE, replies=[reply])
    assert (result.exit, result.stdout, result.stderr, len(result.requests)) == (0, "", "", 1)
    assert not cache_folder.exists()


@pytest.mark.parametrize(
    "words",
    [
        (),
        ("unknown_id", "x"),
        ("environment_id", "--profile", "nobody", ""),
        ("environment_id", "--base-url", "ftp://x", ""),
        ("environment_id", "--base-url", ""),
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


@pytest.mark.parametrize("word", ["$KEY", "`cat key`"])
def test_unexpanded_shell_variables_are_not_used_as_ids(ant, word: str):
    """The shell passes the unexpanded text."""
    assert ant(*RETRIEVE[:-1], "--api-key", word, "").requests == []


@pytest.mark.parametrize("local", [{"words": ("--local",)}, {"env": {"ANTHROPIC_BASE_URL": "local:"}}])
def test_ids_of_the_in_process_emulator_need_no_credential(ant, local):
    """The emulator runs within the completing process."""
    env = {"ANTHROPIC_API_KEY": None, **local.get("env", {})}
    words = local.get("words", ())
    made = ant(*words, *CREATE, "--config", "{type: cloud}", env=env)
    result = ant("__complete", "environment_id", *words, "beta:environments", "retrieve", "", env=env)
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
    for arguments, env in (("--base-url", base_url, ""), {}), (("",), {"ANTHROPIC_BASE_URL": base_url}):
        result = ant(*words, *arguments, env=env, replies=[PAGE])
        assert (result.stdout, len(result.requests)) == ("env_1\tdata\nenv_2\t\n", 1)


@pytest.mark.parametrize(
    "words",
    [("",), ("--local=false", ""), ("--base-url", "https://api.anthropic.com"), ("--base-url=http://x.io",)],
)
def test_environments_to_enqueue_in_are_not_requested_from_other_hosts(ant, words):
    """The real API is one of these hosts."""
    result = ant("__complete", "emulator_environment_id", "emulator", "enqueue", *words)
    assert (result.exit, result.stdout, result.stderr, result.requests) == (0, "", "", [])


# The cache


def test_ids_are_cached_for_a_minute(ant, cache_folder: Path):
    """After a minute a new request is sent, and outdated entries are removed."""
    ant(*RETRIEVE, replies=[PAGE])
    again = ant(*RETRIEVE[:-1], "env_", replies=[])
    assert again.stdout == "env_1\tdata\nenv_2\t\n"
    assert again.requests == []
    (kept,) = cache_folder.iterdir()
    written = kept.stat().st_mtime
    os.utime(kept, (written - 50, written - 50))
    assert ant(*RETRIEVE, replies=[]).stdout == "env_1\tdata\nenv_2\t\n"
    os.utime(kept, (written - 61, written - 61))
    assert ant(*RETRIEVE, replies=[{"data": [{"id": "env_3"}]}]).stdout == "env_3\t\n"
    os.utime(kept, (written - 61, written - 61))
    assert ant(*RETRIEVE[:-1], "--workspace-id", "w", "", replies=[PAGE]).requests
    assert not kept.exists()


@pytest.mark.parametrize("typed", ["env_3", "--environment-id=env_3", "new", r"new\ one"])
def test_an_id_or_a_name_that_is_not_in_the_cache_is_requested_at_once(ant, typed):
    """It may be that of an environment that was created since."""
    ant(*RETRIEVE, replies=[PAGE])
    page = {"data": [{"id": "env_3", "name": "new one"}, *PAGE["data"]]}
    assert ant(*RETRIEVE[:-1], typed, replies=[page]).stdout == "env_3\tnew one\nenv_1\tdata\nenv_2\t\n"
    assert ant(*RETRIEVE[:-1], typed).requests == []


@pytest.mark.parametrize(
    ("words", "reply"),
    [
        (("beta:environments", "create", "--name", "new"), {"id": "env_3"}),
        ((*DELETE, "--yes"), {"id": "env_1"}),
        (("emulator", "enqueue", "env_1", "--base-url", "http://127.0.0.1:8080"), {"data": [{"id": "work_1"}]}),
    ],
)
def test_a_change_by_this_program_is_offered_at_once(ant, words, reply):
    ant(*RETRIEVE, replies=[PAGE])
    ant(*words, replies=[reply])
    assert ant(*RETRIEVE, replies=[{"data": [{"id": "env_3"}]}]).stdout == "env_3\t\n"


def test_a_list_without_ids_is_not_cached(ant, cache_folder: Path):
    """The first environment is offered as soon as it exists."""
    ant(*RETRIEVE, replies=[{"data": []}])
    assert not cache_folder.exists()


def test_completion_creates_no_database_of_an_emulator(ant, tmp_path: Path, clean_environ):
    result = ant(*RETRIEVE, env={"ANTHROPIC_BASE_URL": f"local:{tmp_path / 'new.db'}"})
    again = ant(*RETRIEVE, env={"ANTHROPIC_BASE_URL": "local:"})
    assert (result.stdout, again.stdout) == ("", "")
    assert not (tmp_path / "new.db").exists()
    assert not (Path(clean_environ["XDG_STATE_HOME"]) / "ant").exists()


def test_cache_keys_work_without_the_blake2_extension_module(clean_environ):
    """If Python was built without it, hashlib has the same hash."""
    program = (
        "import hashlib, os, sys; sys.modules.update(dict.fromkeys(sys.argv[1:]));"
        "from ant_cli.completion import Cache; print(vars(Cache(os.environ, 'k', {})))"
    )
    outputs = {
        subprocess.run(
            [sys.executable, "-c", program, *without], env=clean_environ, capture_output=True, check=True
        ).stdout
        for without in ([], ["_blake2"])
    }
    assert len(outputs) == 1


@pytest.mark.parametrize(
    "change",
    [
        {"words": ("--api-key", "other")},
        {"words": ("--base-url", "https://example.com")},
        {"words": ("--workspace-id=w",)},
        {"env": {"ANTHROPIC_API_KEY": "other"}},
        {"env": {"ANTHROPIC_BASE_URL": "https://example.com"}},
        {"env": {"ANTHROPIC_AUTH_TOKEN": "other"}},
    ],
)
def test_another_base_url_or_credential_has_its_own_cache_entry(ant, change):
    """A cache entry is for one base URL and one credential."""
    ant(*RETRIEVE, replies=[PAGE])
    result = ant(*RETRIEVE[:-1], *change.get("words", ()), "", env=change.get("env", {}), replies=[PAGE])
    assert len(result.requests) == 1


@pytest.mark.parametrize("flag", ["--workspace-id", "--api-key", "--profile"])
def test_each_value_of_a_flag_has_its_own_cache_entry(clean_environ, cache_folder: Path, flag: str):
    """Otherwise the IDs of one workspace would be offered for another."""
    for value in ("one", "two"):
        typed = completion.flag_words(["beta:environments", "retrieve", flag, value])
        completion.Cache(clean_environ, "environment_id", typed).write(b"env_1\n")
    assert len(list(cache_folder.iterdir())) == 2


def test_a_login_below_xdg_config_home_has_its_own_cache_entry(ant, tmp_path: Path):
    """The official tool reads its logins there."""
    env = {"XDG_CONFIG_HOME": str(tmp_path)}
    ant(*RETRIEVE, env=env, replies=[PAGE])
    assert ant(*RETRIEVE, env=env).requests == []
    (tmp_path / "anthropic" / "configs").mkdir(parents=True)
    assert len(ant(*RETRIEVE, env=env, replies=[PAGE]).requests) == 1


def test_a_new_key_in_the_profile_has_its_own_cache_entry(ant, profile):
    """IDs that only the old key can read are not offered with the new one."""
    for key in ("first-key", "second-key"):
        profile(f'api_key = "{key}"')
        result = ant(*RETRIEVE, env=NO_KEY, replies=[PAGE])
        assert [request.headers["x-api-key"] for request in result.requests] == [key]
    again = ant(*RETRIEVE, env=NO_KEY, replies=[])
    assert again.stdout == "env_1\tdata\nenv_2\t\n"


@pytest.mark.parametrize("platform", ["posix", "nt"])
@pytest.mark.parametrize("names", [["HOME"], ["HOME", "APPDATA"], ["HOME", "APPDATA", "ANTHROPIC_CONFIG_DIR"]])
def test_the_cache_depends_on_the_profiles_file_that_settings_read(tmp_path: Path, platform: str, names: list[str]):
    """A change of the active profile leads to another cache entry, on each operating system."""
    environ = {name: str(tmp_path / name) for name in names}
    before = vars(completion.Cache(environ, "environment_id", []))
    folder = config_dir(environ, platform)
    folder.mkdir(parents=True)
    (folder / "profiles.toml").touch()
    assert vars(completion.Cache(environ, "environment_id", [])) != before


def test_the_cache_is_private_to_the_user_and_holds_no_key(ant, cache_folder: Path, clean_environ):
    """The name of a cache file is a hash."""
    ant(*RETRIEVE, replies=[PAGE])
    (kept,) = cache_folder.iterdir()
    assert stat.S_IMODE(cache_folder.stat().st_mode) == 0o700
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert clean_environ["ANTHROPIC_API_KEY"] not in kept.name + kept.read_text()


def _writable_by_others(entry: Path) -> None:
    entry.chmod(0o666)


def _of_another_user(entry: Path) -> None:
    if os.geteuid():
        pytest.skip("this test needs root, to give a file to another user")
    os.chown(entry, 1, 1)


@pytest.mark.skipif(os.name == "nt", reason="this test needs POSIX: permissions")
@pytest.mark.parametrize("change", [_writable_by_others, _of_another_user])
def test_a_cache_entry_that_another_user_may_have_written_is_not_offered(ant, cache_folder, change):
    """If several users share a cache folder, the entry would become part of the command line."""
    ant(*RETRIEVE, replies=[PAGE])
    (kept,) = cache_folder.iterdir()
    kept.write_text("$(date)\tdata\n")
    change(kept)
    assert ant(*RETRIEVE, replies=[PAGE]).stdout == "env_1\tdata\nenv_2\t\n"


def test_ids_are_offered_even_if_they_cannot_be_cached(ant, cache_folder: Path):
    """The cache folder may belong to another user."""
    cache_folder.parent.mkdir(parents=True)
    cache_folder.touch()
    assert ant(*RETRIEVE, replies=[PAGE]).stdout.startswith("env_1\t")


@pytest.mark.parametrize(
    ("platform", "environ", "folder"),
    [
        ("posix", {"XDG_CACHE_HOME": "/c", "HOME": "/h"}, "/c/ant"),
        ("posix", {"HOME": "/h"}, "/h/.cache/ant"),
        ("posix", {}, "~/.cache/ant"),
        ("nt", {"LOCALAPPDATA": "L"}, os.path.join("L", "ant", "cache")),  # noqa: PTH118 - the value is a text
    ],
)
def test_the_cache_is_in_the_xdg_cache_folder_or_where_windows_keeps_local_data(platform, environ, folder):
    """The rules of the XDG base directories apply. On Windows, the data does not roam with the user."""
    assert completion.folder(environ, platform) == os.path.expanduser(folder)  # noqa: PTH111 - as above


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
        done = subprocess.run(command, env=clean_environ, capture_output=True, timeout=60, check=True)
    assert (done.stdout, done.stderr, len(server.requests)) == (b"", b"", 1)


def test_completion_does_not_wait_for_the_look_up_of_a_host_name(ant, monkeypatch):
    """The client has no time limit for it."""
    is_over, looked_up = threading.Event(), list[str]()

    def look_up(host: str, *_: object, **__: object) -> None:
        is_over.wait(10)
        looked_up.append(host)
        raise socket.gaierror

    monkeypatch.setattr("socket.getaddrinfo", look_up)
    result = ant(*RETRIEVE[:-1], "--base-url", "http://slow.example", "", network=True)
    assert (result.exit, result.stdout, result.stderr, looked_up) == (0, "", "", [])
    is_over.set()


def test_completion_from_the_cache_imports_no_heavy_modules(clean_environ):
    """It takes hardly longer than starting Python."""
    words = list(RETRIEVE[1:])
    kept = completion.Cache(clean_environ, words[0], completion.flag_words(words[1:-1]))
    kept.write(b"env_1\tkept\n")
    command = [sys.executable, "-X", "importtime", "-m", "ant_cli", *RETRIEVE]
    done = run_process(command, clean_environ, check=True)
    assert done.stdout == "env_1\tkept\n"
    loaded = {line.split("|")[-1].strip() for line in done.stderr.splitlines() if "|" in line}
    assert "ant_cli.completion" in loaded
    heavy = {
        "typing",
        "pathlib",
        "json",
        "hashlib",
        "httpx",
        "httpcore",
        "typer",
        "ant_cli.argv",
        "ant_cli.operations.spec",
    }
    assert not loaded & heavy


def test_the_kind_of_an_emulator_id_names_the_id_after_its_prefix():
    """The prefix marks IDs that are requested from emulators only."""
    (argument,) = longest_match(["emulator", "enqueue"]).arguments
    assert kind_name(argument).startswith(completion.EMULATOR)
    assert completion.source_of(kind_name(argument).removeprefix(completion.EMULATOR)) is not None


FEDERATED = ("--federation-rule", "fdrl_1", "--organization-id", "org_1", "--identity-token-file", "token.jwt")


@pytest.mark.parametrize("typed", [FEDERATED, ("--api-key-stdin",), ("--auth-token-stdin",)])
@pytest.mark.parametrize("before", [True, False], ids=["before", "after"])
def test_ids_are_not_requested_with_another_credential_than_the_command_will_use(ant, typed, before):
    """The access token of a federation, or a key on stdin, is not available when the tab key is pressed."""
    command = ("beta:environments", "retrieve")
    words = (*typed, *command, "") if before else (*command, *typed, "")
    result = ant("__complete", "environment_id", *words, replies=[PAGE])
    assert (result.exit, result.stdout, result.requests) == (0, "", [])


def test_ids_are_kept_for_folders_whose_names_are_not_utf_8(clean_environ):
    """Python represents such bytes by surrogates, which UTF-8 can't encode."""
    environ = {**clean_environ, "XDG_STATE_HOME": os.fsdecode(b"/home/\xff")}
    kept = completion.Cache(environ, "environment_id", {})
    kept.write(b"env_1\n")
    assert kept.read() == b"env_1\n"
