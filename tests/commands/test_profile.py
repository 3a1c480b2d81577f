"""Changes of the profiles file: flushed, and under a lock. `tests/transcripts/` has what `ant profile` prints."""

from __future__ import annotations

import json
import os
import stat
import tomllib
from contextlib import ExitStack

import pytest

from ant_cli.runtime.storage import locked
from tests.conftest import needs_posix

WORK = """active = "work"

[profiles.work]
timeout = 30
"""


@pytest.fixture
def path(profiles):
    """The profiles file."""
    return profiles(WORK)


def document(path):
    """Return the content of the profiles file."""
    return tomllib.loads(path.read_text())


@needs_posix("folders that can be flushed")
def test_a_change_is_flushed_to_disk_before_and_after_the_rename(ant, path, monkeypatch):
    """The new file is flushed before the rename, and the folder after it."""
    fsync, states = os.fsync, []

    def record(descriptor):
        is_folder = stat.S_ISDIR(os.fstat(descriptor).st_mode)
        states.append(("folder" if is_folder else "file", "two" in document(path)["profiles"]))
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", record)
    assert ant("profile", "create", "two").exit == 0
    assert states == [("file", False), ("folder", True)]


# Another process changes the profiles


@pytest.mark.parametrize(
    ("released_after_s", "exit_code", "is_noted"), [(0.5, 0, False), (2, 0, True), (60, 1, True)]
)
def test_a_lock_of_another_process_is_reported_after_a_second_and_given_up_after_ten(
    ant, path, released_after_s, exit_code, is_noted
):
    """Otherwise nobody would know what the command waits for, or which process to end."""
    waited = [0.0]
    with ExitStack() as other_process:
        other_process.enter_context(locked(path))

        def sleep(seconds: float) -> None:
            waited[0] += seconds
            if waited[0] >= released_after_s:
                path.write_text(f"{before}[profiles.theirs]\n")
                other_process.close()

        before = path.read_text()
        done = ant("profile", "create", "new", sleep=sleep)
    lock = f"{path}.lock"
    note = f"Note: waiting for another process that is changing the profiles and holds {lock}."
    assert done.exit == exit_code
    assert (note in done.stderr) is is_noted
    assert (f"another process has held {lock} for 10 s. Nothing was changed." in done.stderr) is (
        exit_code == 1
    )
    assert (path.read_text() == before) is (exit_code == 1)
    assert document(path)["profiles"].keys() >= ({"theirs", "new"} if exit_code == 0 else set())


# Which profile is meant

THREE = """active = "active"

[profiles.by-flag]
api_key = "sk-ant-api03-by-flag-0123"
timeout = 1

[profiles.by-variable]
api_key = "sk-ant-api03-by-variable-0123"
timeout = 2

[profiles.active]
api_key = "sk-ant-api03-active-0123"
timeout = 3
"""


@pytest.mark.parametrize(
    ("flags", "variable", "meant"),
    [
        (("--profile", "by-flag"), "by-variable", "by-flag"),
        ((), "by-variable", "by-variable"),
        ((), "", "active"),
    ],
)
@pytest.mark.parametrize(
    ("words", "stdin"),
    [
        (("profile", "set", "timeout", "9"), None),
        (("profile", "set", "api_key"), "sk-ant-api03-new-0123"),
        (("profile", "unset", "timeout"), None),
        (("auth", "logout"), None),
        (("auth", "login", "--no-verify", "--api-key-stdin"), "sk-ant-api03-new-0123"),
    ],
    ids=str,
)
def test_each_command_changes_the_profile_of_the_flag_or_else_the_variable_or_else_the_active_one(
    ant, profiles, flags, variable, meant, words, stdin
):
    """The other profiles stay as they are."""
    path = profiles(THREE)
    before = document(path)["profiles"]
    env = {"ANTHROPIC_API_KEY": None, "ANTHROPIC_PROFILE": variable}
    done = ant(*words, *flags, env=env, stdin=stdin)
    after = document(path)["profiles"]
    changed = [name for name in before if before[name] != after[name]]
    assert (done.exit, changed) == (0, [meant])
    assert f"profile '{meant}'" in done.stderr
    shown = ant("profile", "get", "--format", "json", *flags, env=env).json
    assert shown.get("timeout") == after[meant].get("timeout")


@pytest.mark.parametrize("kind", ["api_key", "api_key_command", "auth_token"])
def test_logout_removes_a_credential_of_each_kind_and_nothing_else(ant, profiles, kind):
    """A profile may have a token only."""
    path = profiles(f'active = "a"\n[profiles.a]\n{kind} = "secret-0123"\ntimeout = 3\n')
    done = ant("auth", "logout")
    assert done.stderr.startswith("Removed the credentials of profile 'a'.\n")
    assert document(path)["profiles"] == {"a": {"timeout": 3}}


@pytest.mark.usefixtures("credential_store")
def test_logout_of_all_profiles_deletes_each_key_in_the_credential_store(
    ant, profiles, credential_store
):
    """No file refers to them any more."""
    profiles('[profiles.a]\napi_key = "keyring:a-1"\n[profiles.b]\napi_key = "keyring:b-1"\n')
    credential_store.entries |= {("ant", "a-1"): "one", ("ant", "b-1"): "two", ("ant", "c"): "3"}
    assert ant("auth", "logout", "--all").exit == 0
    assert credential_store.entries == {("ant", "c"): "3"}


# Lists and values


def listed(ant, *words, **env):
    """Return the names in a list of profiles, each with whether it is marked as the active one."""
    done = ant(
        "profile", "list", "--format", "jsonl", *words, env={"ANTHROPIC_API_KEY": None, **env}
    )
    return {row["name"]: row["active"] for row in map(json.loads, done.stdout.splitlines())}


def test_the_list_marks_the_profile_that_a_command_without_flags_would_use(ant, official, profiles):
    """Without one of this program, that is the official tool's, if it is logged in."""
    official.log_in()
    official.log_in("other")
    profiles("[profiles.mine]\n")
    assert listed(ant) == {"mine": False, "default": True, "other": False}
    profiles('active = "mine"\n[profiles.mine]\n')
    assert listed(ant) == {"mine": True, "default": False, "other": False}
    profiles('active = "other"\n[profiles.other]\n')
    assert listed(ant) == {"other": True, "default": False}
    profiles("[profiles.mine]\n")
    official.credentials("default").unlink()
    assert listed(ant) == {"mine": False, "default": False, "other": False}


def test_the_values_of_a_profile_are_shown_with_their_types_and_unknown_ones_masked(ant, profiles):
    """A number is no secret. JSON has none that is not finite, and a switch may be a code."""
    profiles(
        "active = 'a'\n[profiles.a]\ntimeout = 2.5\nmax_retries = 0\nmine = 7\non = true\nodd = nan\n"
        "text = 'something-unknown'\n"
    )
    (row,) = map(json.loads, ant("profile", "list", "--format", "jsonl").stdout.splitlines())
    assert row == {
        "name": "a",
        "active": True,
        "max_retries": 0,
        "mine": 7,
        "odd": "...",
        "on": "...",
        "text": "...nown",
        "timeout": 2.5,
    }


def test_without_an_active_profile_the_values_are_those_of_the_official_tool_s_login(ant, official):
    """Commands use it, too."""
    official.log_in(base_url="https://work.example")
    env = {"ANTHROPIC_API_KEY": None}
    assert ant("profile", "get", "base_url", env=env).stdout == "https://work.example\n"


def test_an_empty_value_of_a_profile_is_not_shown(ant, profiles):
    """It counts as none, as in every command."""
    profiles("active = 'a'\n[profiles.a]\nbase_url = ''\nformat = 'yaml'\n")
    assert ant("profile", "get").stdout == "format = yaml\n"
    assert "has no base_url" in ant("profile", "get", "base_url").stderr


def test_a_whole_number_of_seconds_is_stored_as_such_and_others_are_not_rounded(ant, path):
    """It is read by people."""
    for text, stored in (("90s", 90), ("1.5", 1.5), ("1m", 60)):
        assert ant("profile", "set", "timeout", text).exit == 0
        assert document(path)["profiles"]["work"]["timeout"] == stored
        assert type(document(path)["profiles"]["work"]["timeout"]) is type(stored)


# The active profile, when profiles come and go


def test_only_the_profile_that_was_active_takes_the_mark_with_it(ant, profiles):
    """Another one that is renamed or deleted changes nothing about that."""
    path = profiles('active = "a"\n[profiles.a]\n[profiles.b]\n')
    assert ant("profile", "create", "c").exit == 0
    assert ant("profile", "rename", "b", "d").exit == 0
    assert document(path)["active"] == "a"
    done = ant("profile", "delete", "d")
    assert (document(path)["active"], done.stderr) == ("a", "Deleted profile 'd'.\n")
    assert ant("profile", "rename", "a", "e").exit == 0
    assert document(path)["active"] == "e"
    assert "No profile is active now." in ant("profile", "delete", "e").stderr
    assert document(path) == {"profiles": {"c": {}}}


@pytest.mark.parametrize(
    ("words", "is_noted"),
    [
        (("profile", "activate", "work"), True),
        (("profile", "activate", "two"), False),
        (("profile", "deactivate"), True),
        (("profile", "list"), True),
        (("auth", "login", "--no-verify", "--api-key-stdin", "--profile", "work"), True),
        (("auth", "login", "--no-verify", "--api-key-stdin", "--profile", "two"), False),
    ],
    ids=str,
)
def test_a_variable_that_selects_another_profile_is_noted(ant, profiles, words, is_noted):
    """In this shell, what the command did has no effect."""
    profiles(f"{WORK}[profiles.two]\n")
    env = {"ANTHROPIC_PROFILE": "two", "ANTHROPIC_API_KEY": None}
    done = ant(*words, env=env, stdin="sk-ant-api03-new-0123")
    note = "Note: ANTHROPIC_PROFILE is set, and selects profile 'two'.\n"
    assert (done.exit, done.stderr.endswith(note)) == (0, is_noted)
