"""The options of the worker's commands: each comes from its flag, or else its variable, or else its default."""

from __future__ import annotations

import os
from typing import Any

import pytest

from ant_cli.errors import UsageError
from ant_cli.settings.worker_options import (
    CheckOptions,
    ExporterOptions,
    PollOptions,
    SessionOptions,
    command_flags,
    read_key_file,
    read_options,
    rows_of,
)
from tests.conftest import flags_of

KINDS = {
    "poll": PollOptions,
    "run": SessionOptions,
    "exporter": ExporterOptions,
    "check": CheckOptions,
}
OPTIONS = [(command, row.name) for command, kind in KINDS.items() for row in rows_of(kind)]
FLAGS = [(command, row.name) for command, kind in KINDS.items() for row in command_flags(kind)]
TEXTS = ("7s", "8s", "7", "8", "127.0.0.1:7", "127.0.0.1:8", "true", "false", "always", "never")
"""Texts of which each option takes two that differ, or it takes any text."""
NEEDED = {"environment_id": "env_0", "environment_key": "key-0", "session_id": "s", "work_id": "w"}


def row_of(command, name):
    """Return the row of an option."""
    return next(row for row in rows_of(KINDS[command]) if row.name == name)


def two_of(command, name):
    """Return two texts of an option with their values, which differ from each other and from the default."""
    row = row_of(command, name)
    found: dict[Any, str] = {}
    for text in (*row.choices[1:], *TEXTS):
        try:
            value = row.value_of("", text)
        except UsageError:
            continue
        if text != row.default:
            found.setdefault(value, text)
    (one, first), (other, second), *_ = found.items()
    return (first, one), (second, other)


def read(command, texts, environ):
    """Return the options of a command with these flags and variables, and what it needs in other variables."""
    kind = KINDS[command]
    needed = {
        row.variable: NEEDED[row.name]
        for row in rows_of(kind)
        if row.required and row.name not in texts
    }
    flags = flags_of("beta:worker", command, **texts)
    return read_options(kind, flags, {**needed, **environ}, f"beta:worker {command}")


@pytest.fixture
def key_files(tmp_path):
    """Return two files with keys."""
    paths = [tmp_path / "one", tmp_path / "two"]
    for path in paths:
        path.write_text(f"key-in-{path.name}\n")
        path.chmod(0o600)
    return [str(path) for path in paths]


OF_ANY = {"environment_id": "env_0", "environment_key_file": ""}
OF_SESSIONS = {
    "workdir": ".",
    "max_idle": 60,
    "max_concurrent_calls": 1,
    "log_format": "auto",
    "unrestricted_paths": False,
}
DEFAULTS = {
    "poll": {
        **(OF_ANY | OF_SESSIONS),
        "environment_key": "key-0",
        "worker_id": "",
        "on_work": "",
        "session_folders": None,
        "concurrency": 1,
        "heartbeat": "auto",
        "lease": 45,
        "retry_delay": 10,
        "attempts": 5,
        "metadata_key": "",
        "no_auto_stop": False,
        "item_timeout": 0,
        "drain_timeout": 20,
        "kill_timeout": 70,
        "exit_when_idle": 0,
        "max_items": 0,
        "listen": None,
    },
    "run": {
        **(OF_ANY | OF_SESSIONS),
        "environment_key": "",
        "session_id": "s",
        "work_id": "w",
        "work_secret_file": "",
        "session_folders": False,
    },
    "exporter": {**OF_ANY, "environment_key": "", "listen": ("127.0.0.1", 9464), "cache": 5},
    "check": {**OF_ANY, "environment_key": "", "on_work": "", "listen": ("127.0.0.1", 9464)},
}
"""Each option without a flag and a variable. Durations are in seconds."""


@pytest.mark.parametrize("command", KINDS)
def test_an_option_without_a_flag_and_a_variable_has_its_default(command):
    """Required options have a value in this test."""
    assert vars(read(command, {}, {})) == DEFAULTS[command]


def test_the_variables_of_the_official_worker_have_its_names_and_all_others_one_prefix():
    """Units and manifests that were written for the official worker can be used."""
    names = {row.variable for kind in KINDS.values() for row in rows_of(kind)}
    official = {"ENVIRONMENT_ID", "ENVIRONMENT_KEY", "WORKER_ID"}
    official |= {"SESSION_ID", "WORK_ID", "WORK_SECRET_FILE"}
    others = {name for name in names if name.startswith("ANT_WORKER_")}
    assert names - others == {f"ANTHROPIC_{name}" for name in official}


@pytest.mark.parametrize("command", KINDS)
def test_only_what_others_could_read_or_few_people_change_has_no_flag(command):
    """Other users can read the arguments of a process."""
    rows = {row.name for row in rows_of(KINDS[command])}
    flags = {row.name for row in command_flags(KINDS[command])}
    assert rows - flags == ({"metadata_key", "retry_delay"} if command == "poll" else set())


@pytest.mark.parametrize(("command", "name"), OPTIONS)
def test_the_variable_of_an_option_is_used_if_it_has_no_flag(command, name, key_files):
    """Some options have only a variable."""
    (text, value), _ = two_of(command, name)
    if name == "environment_key_file":
        text = value = key_files[0]
    options = read(command, {}, {row_of(command, name).variable: text})
    assert getattr(options, name) == value


@pytest.mark.parametrize(("command", "name"), FLAGS)
def test_the_flag_of_an_option_wins_over_its_variable(command, name, key_files):
    """Both are given, and differ."""
    (text, value), (other, _) = two_of(command, name)
    if name == "environment_key_file":
        text, other = key_files
        value = text
    options = read(command, {name: text}, {row_of(command, name).variable: other})
    assert getattr(options, name) == value


@pytest.mark.parametrize("command", KINDS)
@pytest.mark.parametrize(
    ("texts", "variables", "key"),
    [
        ({"environment_key": "flag"}, ("key", "file"), "flag"),
        ({"environment_key_file": "one"}, ("key", "file"), "key-in-one"),
        ({"environment_key": "flag", "environment_key_file": "one"}, (), "flag"),
        ({}, ("key", "file"), "key-in-two"),
        ({}, ("key",), "variable"),
    ],
)
def test_a_key_of_a_flag_wins_over_a_file_and_a_file_over_the_key_of_a_variable(
    command, key_files, texts, variables, key
):
    """A file is named on purpose. The variable of the key may be for other calls."""
    files = dict(zip(("one", "two"), key_files, strict=True))
    values = {"ANTHROPIC_ENVIRONMENT_KEY": "variable"} if "key" in variables else {}
    if "file" in variables:
        values[row_of(command, "environment_key_file").variable] = files["two"]
    texts = {name: files.get(text, text) for name, text in texts.items()}
    assert read(command, texts, values).environment_key == key


@pytest.mark.parametrize("command", KINDS)
@pytest.mark.parametrize(("text", "noun"), [("env_1", "an ID"), ("sk-ant-api03-x", "an API key")])
def test_what_is_no_key_of_an_environment_by_its_form_is_rejected(command, text, noun):
    """`check` accepts an API key, because its report says what is wrong."""
    if command == "check" and noun == "an API key":
        assert read(command, {"environment_key": text}, {}).environment_key == text
        return
    with pytest.raises(UsageError, match=f"holds {noun}, but has to hold the key"):
        read(command, {"environment_key": text}, {})


@pytest.mark.parametrize(
    ("concurrency", "text", "expected"),
    [("1", None, False), ("2", None, True), ("1", "true", True), ("2", "false", False)],
)
def test_sessions_that_may_run_at_once_have_their_own_folders_unless_a_flag_says_otherwise(
    concurrency, text, expected
):
    """They would change each other's files."""
    texts = {"concurrency": concurrency, **({"session_folders": text} if text else {})}
    assert read("poll", texts, {}).has_session_folders is expected


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("\n", "is empty"),
        ("two\nlines", "contains a character that no key has"),
        ("\u00e9", "contains a character that no key has"),
        ("sk-ant-api03-x", "holds an API key"),
    ],
)
def test_a_file_that_holds_no_key_is_named(tmp_path, content, problem):
    """A command may read one file with a key and another one with a secret."""
    path = tmp_path / "key"
    path.write_text(content, "utf-8")
    path.chmod(0o600)
    with pytest.raises(UsageError, match=problem) as caught:
        read_key_file(str(path))
    assert caught.value.message.startswith(
        "--environment-key-file"
        if "API key" in problem
        else f"the file {path} of --environment-key"
    )


@pytest.mark.parametrize(
    ("command", "name"),
    [
        ("poll", "worker_id"),
        ("poll", "environment_id"),
        ("run", "session_id"),
        ("run", "work_id"),
        ("exporter", "environment_id"),
        ("check", "environment_id"),
    ],
)
@pytest.mark.parametrize("text", ["a\nb", "\u00e9"])
def test_an_id_or_a_name_that_can_not_be_sent_is_rejected(command, name, text):
    """Otherwise each request would fail."""
    with pytest.raises(UsageError, match="contains a character that is not allowed in a header"):
        read(command, {name: text}, {})


def test_the_key_for_metadata_is_an_api_key_that_can_be_sent():
    """Any text that can be sent in a header is accepted: the form of the key is not checked."""
    for text in ("sk-ant-api03-x", "env_1"):
        assert read("poll", {}, {"ANT_WORKER_METADATA_KEY": f" {text}\n"}).metadata_key == text
    with pytest.raises(UsageError, match="ANT_WORKER_METADATA_KEY contains a character"):
        read("poll", {}, {"ANT_WORKER_METADATA_KEY": "a\nb"})


@pytest.mark.parametrize(
    ("variables", "missing", "has_hint"),
    [
        ({}, ["--environment-id", "--environment-key"], True),
        ({"ANTHROPIC_ENVIRONMENT_KEY": "key-0"}, ["--environment-id"], False),
        ({"ANTHROPIC_ENVIRONMENT_ID": "env_0"}, ["--environment-key"], True),
    ],
)
def test_what_a_worker_needs_is_named_with_its_variable_and_where_a_key_comes_from(
    variables, missing, has_hint
):
    """Each of them may be given by a flag or by a variable."""
    with pytest.raises(UsageError) as caught:
        read_options(PollOptions, flags_of("beta:worker", "poll"), variables, "beta:worker poll")
    for flag in missing:
        name = flag.strip("-").upper().replace("-", "_")
        assert f"{flag} (ANTHROPIC_{name})" in caught.value.message
    assert ("The environment's page in the Console gives a key" in caught.value.hint) is has_hint


def test_the_options_show_no_key_and_can_be_changed_one_by_one():
    """A debugger or a log may print the options. An unknown name is a programming error."""
    options = read("poll", {"environment_key": "key-0"}, {"ANT_WORKER_METADATA_KEY": "key-1"})
    assert ("key-0" in repr(options), "key-1" in repr(options)) == (False, False)
    assert repr(options).count("[redacted]") == 2
    changed = options.replaced(concurrency=7)
    assert (changed.concurrency, changed.environment_key) == (7, "key-0")
    with pytest.raises(TypeError, match="missing or unknown options: other"):
        options.replaced(other=1)
    with pytest.raises(TypeError, match="missing or unknown options: attempts, concurrency"):
        PollOptions()


@pytest.mark.parametrize(
    ("name", "low", "high"),
    [("concurrency", 1, 1000), ("attempts", 1, 1000), ("max_items", 0, 999_999_999)],
)
def test_a_number_is_within_its_limits(name, low, high):
    """Both limits are valid values, and the message names them."""
    for number in (low, high):
        assert getattr(read("poll", {name: str(number)}, {}), name) == number
    for number in (low - 1, high + 1):
        with pytest.raises(UsageError, match=f"must be a whole number from {low} to {high}"):
            read("poll", {name: str(number)}, {})


@pytest.mark.parametrize("text", ["1s", "5m", "300s", "45s"])
def test_a_lease_is_whole_seconds_from_one_to_five_minutes(text):
    """The API takes no others."""
    assert read("poll", {"lease": text}, {}).lease in (1, 300, 45)


@pytest.mark.parametrize("text", ["0.9s", "0s", "301s", "1.5s", "299.5s"])
def test_another_lease_is_rejected(text):
    """It says which are taken."""
    with pytest.raises(UsageError, match="must be whole seconds from 1s to 300s"):
        read("poll", {"lease": text}, {})


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("127.0.0.1:0", ("127.0.0.1", 0)),
        ("[::1]:65535", ("::1", 65535)),
        ("localhost:9464", ("localhost", 9464)),
    ],
)
def test_an_address_is_a_host_and_a_port(text, address):
    """That of IPv6 has brackets around it."""
    assert read("poll", {"listen": text}, {}).listen == address


@pytest.mark.parametrize(
    "text",
    [
        *("9464", ":9464", "h:", "h:65536", "h:123456", "h:x", "h:-1", "h:1x"),
        *("h:000080", "h:+80", "h: 80", "h:\N{SUPERSCRIPT TWO}", "h:80\n"),
    ],
)
def test_another_address_is_rejected(text):
    """The message has an example of an address."""
    with pytest.raises(UsageError, match=r"must be ADDRESS:PORT, such as 127\.0\.0\.1:9464"):
        read("poll", {"listen": text}, {})


@pytest.mark.parametrize(
    ("mode", "text", "problem"),
    [
        (0o600, "key", None),
        (0o660, "key", None),
        (0o604, "key", "other users can read it"),
        (0o602, "key", "other users can"),
        (0o600, "", "is empty"),
        (0o600, " \n", "is empty"),
        (0o600, "k" * 100_000, None),
        (0o600, "k" * 100_001, "it is larger than 100,000 bytes"),
    ],
)
def test_the_file_of_a_key_is_small_and_not_open_to_every_user(tmp_path, mode, text, problem):
    """A group may read the file, as mounted secrets of containers require."""
    path = tmp_path / "key"
    path.write_text(text)
    path.chmod(mode)
    given = {"environment_key_file": str(path)}
    if problem is None:
        assert read("poll", given, {}).environment_key == text
        return
    with pytest.raises(UsageError, match=problem):
        read("poll", given, {})


def test_the_file_of_a_key_may_belong_to_another_user(tmp_path, monkeypatch):
    """A secret that is mounted into a container may belong to root."""
    path = tmp_path / "key"
    path.write_text("of-another")
    path.chmod(0o600)
    os.chown(path, path.stat().st_uid or 12345, -1)
    monkeypatch.setattr(os, "geteuid", lambda: path.stat().st_uid + 1)
    found = read("poll", {"environment_key_file": str(path)}, {})
    assert found.environment_key == "of-another"
