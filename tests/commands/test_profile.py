"""Profiles by name: creating, showing, changing, and using them."""

from __future__ import annotations

import os
import stat
import tomllib
from contextlib import ExitStack
from pathlib import Path

import pytest

from ant_cli.runtime.storage import locked
from tests.conftest import needs_posix

SECRET = "sk-ant-api03-0123456789-wxyz"
MASK = "sk-ant-...wxyz"
WORK = f"""active = "work"

[profiles.home]
base_url = "local:"

[profiles.work]
api_key = "{SECRET}"
api_key_command = "op read x"
future_secret = "abcdefgh-12345"
timeout = 30
"""


@pytest.fixture
def path(profiles):
    """The profiles file with two profiles. One of them is active."""
    return profiles(WORK)


@pytest.fixture
def profile(ant):
    """Run `ant profile` without a key in the environment. The test fails if the secret is shown."""

    def run(*words, env=None, **more):
        done = ant("profile", *words, env={"ANTHROPIC_API_KEY": None, **(env or {})}, **more)
        assert SECRET not in done.stdout + done.stderr
        return done

    return run


def document(path):
    """Return the content of the profiles file."""
    return tomllib.loads(path.read_text())


def profiles_in(path):
    """Return the profiles in the file."""
    return document(path)["profiles"]


# Showing


@pytest.mark.usefixtures("path")
def test_list_marks_the_active_profile(profile):
    """Profiles are listed in the order of their names."""
    assert profile("list").stdout == "  home\n* work\n"


@pytest.mark.usefixtures("path")
def test_list_as_data_masks_secrets(profile):
    """Each profile is an item, as in the lists of the API."""
    done = profile("list", "--format", "jsonl")
    assert done.stdout.splitlines() == [
        '{"name":"home","active":false,"base_url":"local:"}',
        f'{{"name":"work","active":true,"api_key":"{MASK}","api_key_command":"op read x",'
        '"future_secret":"...2345","timeout":30}',
    ]
    assert profile("list", "--transform", "name", "-r").stdout == "home\nwork\n"
    assert profile("list", "--columns", "name").stdout == "NAME\nhome\nwork\n"


@pytest.mark.usefixtures("path")
def test_list_notes_that_a_variable_selects_another_profile(profile):
    """The star marks a profile that is not used in this shell."""
    done = profile("list", env={"ANTHROPIC_PROFILE": "home"})
    assert done.stderr == "Note: ANTHROPIC_PROFILE is set, and selects profile 'home'.\n"


def test_list_without_profiles_says_how_to_create_one(profile):
    """Stdout is empty, and the exit code is 0."""
    done = profile("list")
    assert (done.exit, done.stdout, done.stderr) == (0, "", "There is no profile yet. Create one: ant auth login\n")


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (("timeout",), "30\n"),
        (("api_key",), f"{MASK}\n"),
        (("future_secret",), "...2345\n"),
        (("base_url", "--profile", "home"), "local:\n"),
        (("timeout", "--format", "json"), "30\n"),
        ((), f"api_key = {MASK}\napi_key_command = op read x\nfuture_secret = ...2345\ntimeout = 30\n"),
    ],
)
@pytest.mark.usefixtures("path")
def test_get_prints_a_bare_value_and_masks_secrets(profile, words, text):
    """Values that may be secrets are masked, too."""
    assert profile("get", *words).stdout == text


@pytest.mark.usefixtures("path")
def test_get_of_an_unset_key_exits_with_1_and_of_an_unknown_key_with_2(profile):
    """A script can tell the two apart."""
    done = profile("get", "format")
    assert (done.exit, done.stdout) == (1, "")
    assert "profile 'work' has no format" in done.stderr
    done = profile("get", "fromat")
    assert done.exit == 2
    assert "Did you mean 'format'?" in done.stderr


def test_get_of_an_empty_profile_prints_a_note_on_stderr(profile, path):
    """As data, it is an empty object."""
    path.write_text('active = "a"\n[profiles.a]\n')
    done = profile("get")
    assert (done.exit, done.stdout, done.stderr) == (0, "", "Profile 'a' is empty.\n")
    assert profile("get", "--format", "json").json == {}


@pytest.mark.parametrize(
    ("key", "value", "shown"),
    [("api_key_command", f"echo {SECRET}", "echo [redacted]"), ("base_url", f"http://ada:{SECRET}@h", "http://h")],
)
def test_get_redacts_a_key_in_another_value(profile, path, key, value, shown):
    """A user may have written it into a command, or as the password of a URL."""
    path.write_text(f'active = "a"\n[profiles.a]\n{key} = "{value}"\n')
    assert profile("get", key).stdout == f"{shown}\n"


def test_get_escapes_control_characters_on_a_terminal(profile, path):
    """The file may come from anywhere."""
    path.write_text('active = "a"\n[profiles.a]\nworkspace_id = "a\\u001b[31m"\n')
    done = profile("get", "workspace_id", terminal=True)
    assert (done.exit, done.stdout) == (0, "a␛[31m\n")


# Changing


@pytest.mark.parametrize(
    ("key", "text", "value"),
    [
        ("base_url", "https://gate.example/V0/", "https://gate.example/V0"),
        ("base_url", "local:My.db", "local:My.db"),
        ("workspace_id", "wrkspc_A1", "wrkspc_A1"),
        ("format", "YAML", "yaml"),
        ("timeout", "2.5", 2.5),
        ("timeout", "60", 60),
        ("max_retries", "0", 0),
        ("api_key_command", "op read 'op://a b/c'", "op read 'op://a b/c'"),
    ],
)
def test_set_validates_and_stores_a_value(profile, path, key, text, value):
    """Numbers are stored as numbers."""
    done = profile("set", key, text, env={"ANT_NO_HINTS": "1"})
    assert done.stderr == f"Set {key} of profile 'work' to {value}.\n"
    assert profiles_in(path)["work"][key] == value
    assert type(profiles_in(path)["work"][key]) is type(value)
    assert profiles_in(path)["work"]["api_key"] == SECRET


def test_the_table_of_profiles_has_the_columns_of_every_profile(profile, path):
    """Columns that the first profile lacks are included."""
    path.write_text(f'[profiles.a]\nbase_url = "local:"\n[profiles.b]\napi_key = "{SECRET}"\nfuture = 1\n')
    done = profile("list", "--format", "table")
    assert done.stdout.splitlines()[0].split() == ["NAME", "ACTIVE", "API_KEY", "BASE_URL"]
    assert "sk-ant-..." in done.stdout


@pytest.mark.parametrize("key", ["api_key", "auth_token"])
def test_set_reads_a_secret_from_stdin(profile, path, key):
    """White space around the secret is removed."""
    secret = "sk-ant-api03-9876543210-abcd"
    done = profile("set", key, stdin=f" {secret}\n", env={"ANT_NO_HINTS": "1"})
    assert profiles_in(path)["work"][key] == secret
    assert done.stderr == f"Set {key} of profile 'work' to sk-ant-...abcd.\n"


@pytest.mark.parametrize("key", ["api_key", "auth_token"])
def test_set_rejects_a_secret_that_contains_a_space(profile, path, key):
    """`auth login` rejects it, too."""
    done = profile("set", key, stdin="sk-ant-api03-9876543210 abcd")
    assert (done.exit, path.read_text()) == (2, WORK)
    assert f"{key} contains a space, which no key has" in done.stderr


def test_set_rejects_a_secret_on_the_command_line(profile, path):
    """The message does not repeat the secret."""
    done = profile("set", "api_key", "a-secret-of-no-known-form")
    assert (done.exit, path.read_text()) == (2, WORK)
    assert "api_key is not accepted on the command line" in done.stderr
    assert "a-secret-of-no-known-form" not in done.stderr


def test_set_changes_the_profile_of_the_flag_or_the_variable(profile, path):
    """The flag may be before or after the arguments."""
    assert profile("set", "format", "yaml", "--profile", "home").exit == 0
    assert profile("set", "timeout", "5", env={"ANTHROPIC_PROFILE": "home"}).exit == 0
    assert profiles_in(path)["home"] == {"base_url": "local:", "format": "yaml", "timeout": 5}
    assert profile("set", "format", "yaml", "--profile", "nope").exit == 4


def test_unset_removes_known_and_unknown_keys(profile, path):
    """A key that is not set is not an error."""
    assert profile("unset", "timeout").exit == 0
    assert profile("unset", "future_secret").exit == 0
    assert set(profiles_in(path)["work"]) == {"api_key", "api_key_command"}
    assert profile("unset", "timeout").stderr == "Profile 'work' has no timeout.\n"
    assert profile("unset", "tmeout").exit == 2


# Names


def test_the_first_profile_becomes_the_active_one(profile, clean_environ):
    """A note says that the profile has no key yet."""
    done = profile("create", "work", "--workspace-id", "wrkspc_1", "--max-retries", "5")
    assert done.stderr == (
        "Created profile 'work'.\nIt is the active profile: commands use it from now on.\n"
        "It has no key yet: ant auth login --profile work\n"
    )
    path = Path(clean_environ["ANTHROPIC_CONFIG_DIR"]) / "profiles.toml"
    assert path.read_text() == ('active = "work"\n\n[profiles.work]\nworkspace_id = "wrkspc_1"\nmax_retries = 5\n')


def test_a_second_profile_does_not_become_the_active_one(profile, path):
    """There is no note about a missing key for a profile with a key command."""
    done = profile("create", "ci", "--api-key-command", "op read y")
    assert done.stderr.splitlines() == [
        "Created profile 'ci'.",
        "The active profile is 'work'. To use this one: --profile ci, or ant profile activate ci",
    ]
    assert profiles_in(path)["ci"] == {"api_key_command": "op read y"}


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("create", "work"), "profile 'work' already exists"),
        (("create", "a b"), "is not a valid profile name"),
        (("create", SECRET), "a key is not a name"),
        (("rename", "home", SECRET), "a key is not a name"),
        (("create", "ci", "--format", "tabel"), "unknown format 'tabel'. Did you mean 'table'?"),
        (("create",), "NAME is required."),
        (("rename", "home", "work"), "profile 'work' already exists"),
        (("rename", "home", ".."), "is not a valid profile name"),
        (("set", "base_url", "gate.example"), "base_url must start with http"),
        (("set", "format", "tabel"), "Did you mean 'table'?"),
        (("set", "timeout", "soon"), "timeout must be a number of seconds from 0.001 to 86400, got 'soon'"),
        (("set", "max_retries", "2.5"), "max_retries must be a whole number"),
        (("set", "workspace_id", "a\nb"), "workspace_id contains a character"),
        (("set", "api_key_command", 'op "x'), "api_key_command is not a command line"),
        (("set", "api_key_command", " "), "api_key_command is empty"),
        (("set", "timeout", "0.00001"), "timeout must be a number of seconds from 0.001 to 86400, got '0.00001'"),
        (("set", "timeout", "86401"), "timeout must be a number of seconds from 0.001 to 86400, got '86401'"),
        (("set", "timeout"), "timeout needs a value"),
        (("set", "timeout", ""), "ant profile unset timeout"),
        (("set", "base-url", "http://h"), "Did you mean 'base_url'?"),
        (("set", "future_secret", "x"), "unknown setting 'future_secret'"),
        (("lst",), "unknown command 'lst' for 'ant profile'. Did you mean `ant profile list`?"),
    ],
)
def test_invalid_profile_commands_are_rejected(profile, path, words, message):
    """The exit code is 2, and the file is unchanged."""
    done = profile(*words)
    assert (done.exit, path.read_text()) == (2, WORK)
    assert message in done.stderr


@pytest.mark.parametrize("words", [("activate",), ("delete",), ("rename",)])
def test_an_unknown_profile_is_an_error_with_a_suggestion(profile, path, words):
    """The exit code is 4, and the message has the most similar name."""
    done = profile(*words, "wrok", *(["x"] if words == ("rename",) else []))
    assert (done.exit, path.read_text()) == (4, WORK)
    assert "profile 'wrok' does not exist. Did you mean 'work'?" in done.stderr


def test_activate_changes_the_active_profile(profile, path):
    """A note names a variable that overrides the active profile."""
    done = profile("activate", "home", env={"ANTHROPIC_PROFILE": "work"})
    assert document(path)["active"] == "home"
    assert "The active profile is now 'home'." in done.stderr
    assert "ANTHROPIC_PROFILE is set, and selects profile 'work'" in done.stderr


def test_rename_keeps_the_values_of_a_profile_and_whether_it_is_active(profile, path):
    """Renaming another profile does not change the active one."""
    before = profiles_in(path)["work"]
    assert profile("rename", "work", "office").exit == 0
    assert (document(path)["active"], profiles_in(path)["office"]) == ("office", before)
    assert "work" not in profiles_in(path)
    assert profile("rename", "home", "flat").exit == 0
    assert document(path)["active"] == "office"


def test_delete_removes_the_profile_and_leaves_none_active(profile, path):
    """Without an active profile, `profile get` exits with 4."""
    done = profile("delete", "work")
    assert document(path) == {"profiles": {"home": {"base_url": "local:"}}}
    assert "No profile is active now." in done.stderr
    assert profile("get").exit == 4
    assert profile("delete", "home").stderr == "Deleted profile 'home'.\n"
    done = profile("get")
    assert (done.exit, "To create one: ant profile create NAME" in done.stderr) == (4, True)


@needs_posix("folders that can be flushed")
def test_a_change_is_flushed_to_disk_before_and_after_the_rename(profile, path, monkeypatch):
    """The new file is flushed before the rename, and the folder after it."""
    fsync, states = os.fsync, []

    def record(descriptor):
        is_folder = stat.S_ISDIR(os.fstat(descriptor).st_mode)
        states.append(("folder" if is_folder else "file", "two" in profiles_in(path)))
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", record)
    assert profile("create", "two").exit == 0
    assert states == [("file", False), ("folder", True)]


def test_an_empty_active_profile_means_unset(profile, path):
    """Empty values mean unset everywhere."""
    path.write_text('active = ""\n[profiles.a]\n')
    done = profile("get")
    assert (done.exit, "no profile is active" in done.stderr) == (4, True)


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
    assert (f"another process has held {lock} for 10 s. Nothing was changed." in done.stderr) is (exit_code == 1)
    assert (path.read_text() == before) is (exit_code == 1)
    assert document(path)["profiles"].keys() >= ({"theirs", "new"} if exit_code == 0 else set())
