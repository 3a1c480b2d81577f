"""The options of the worker's commands: each comes from its flag, or else its variable, or else its default."""

from __future__ import annotations

from typing import Any

import pytest

from ant_cli.errors import UsageError
from ant_cli.settings.worker_options import (
    CheckOptions,
    ExporterOptions,
    PollOptions,
    SessionOptions,
    command_flags,
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
    "text", ["9464", ":9464", "h:", "h:65536", "h:123456", "h:x", "h:-1", "h:1x"]
)
def test_another_address_is_rejected(text):
    """It says what one looks like."""
    with pytest.raises(UsageError, match=r"must be ADDRESS:PORT, such as 127\.0\.0\.1:9464"):
        read("poll", {"listen": text}, {})
