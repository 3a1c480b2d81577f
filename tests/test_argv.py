"""How a command line is read: its operation and its flags."""

import shlex
from pathlib import Path

import pytest
import yaml

from ant_cli.argv import ApiCall, OfficialCall, ToolCall, VersionCall, help_call, parse
from ant_cli.errors import UsageError
from ant_cli.operations import GROUPS, OPERATIONS
from tests.helpers.words import ARCHIVE, DELETE, LIST

CREATE = ("beta:environments", "create")
STOP = ("beta:environments:work", "stop")
LINES = yaml.safe_load(Path(__file__).with_name("argv_lines.yaml").read_text("utf-8"))


def flags(*words):
    call = parse(words)
    assert isinstance(call, ApiCall)
    return {**call.texts, **call.flags}


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.command)
def test_the_two_words_of_a_command_call_its_operation(operation):
    """Every operation is found by its group and its name."""
    assert parse([operation.group, operation.name]) == ApiCall(operation, {}, {})


@pytest.mark.parametrize(
    "words", [("-f", "env.yaml"), ("-f=env.yaml",), ("-fenv.yaml",), ("--file", "env.yaml")]
)
def test_a_short_flag_takes_its_value_in_every_way(words):
    """The value may be the next word, or be attached to `-f`."""
    assert flags(*CREATE, *words) == {"file": "env.yaml"}


def test_a_command_that_changes_something_takes_several_ids():
    """D31: each ID is a separate request."""
    assert flags(*DELETE, "env_2") == {"environment_id": ["env_1", "env_2"]}
    ids = {"environment_id": "env_1", "work_id": ["work_1", "work_2"]}
    assert flags(*STOP, "--environment-id", "env_1", "work_1", "work_2") == ids


@pytest.mark.parametrize(
    ("words", "path"),
    [
        ((), []),
        (("--help",), []),
        (("--format", "json"), []),
        (("beta:environments",), ["beta:environments"]),
        (("--format", "json", "beta:environments", "-h"), ["beta:environments"]),
        ((*CREATE, "--name", "x", "--help"), list(CREATE)),
        ((*CREATE, "-help"), list(CREATE)),
        (("auth",), ["auth"]),
        (("auth", "login", "--keyring", "-h"), ["auth", "login"]),
        (("completion", "bash", "--help"), ["completion"]),
        (("help", "output"), ["output"]),
        (("--format", "json", "help", "auth", "login"), ["auth", "login"]),
        (("help", "--help"), ["help"]),
        (("--format", "json", "help"), []),
    ],
)
def test_every_way_to_ask_for_help_is_the_same_call(words, path):
    """A group alone, --help or -h anywhere after a command, and `ant help` all show the page of the command."""
    assert parse(words) == help_call(*path)


@pytest.mark.parametrize("flag", ["--version", "-version", "-v"])
def test_the_version_is_shown_after_global_flags_too(flag):
    """One dash is enough."""
    assert isinstance(parse(["--format", "json", flag]), VersionCall)


def test_two_dashes_end_the_flags_also_after_an_id():
    """What follows them is an ID, even if it looks like a flag."""
    words = (*ARCHIVE, "env_1", "--", "env_2", "--yes")
    assert parse(words).texts == {"environment_id": ["env_1", "env_2", "--yes"]}


@pytest.mark.parametrize(
    ("words", "flags"),
    [
        (("-local", *LIST, "-limit", "5"), {"local": True, "limit": "5"}),
        (
            ("beta:environments", "-format=json", "list", "-slurp=false"),
            {"format": "json", "slurp": False},
        ),
        ((*LIST, "-file", "x"), {"file": "x"}),
        ((*LIST, "-fx"), {"file": "x"}),
        ((*LIST, "-fil"), {"file": "il"}),
        (("auth", "status", "-check"), {"check": True}),
    ],
)
def test_one_dash_is_enough_for_a_long_flag(words, flags):
    """As in the official tool. Only a name that no flag has is a short flag with its value."""
    call = parse(words)
    assert {**getattr(call, "texts", {}), **call.flags} == flags


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("--format", "json", "auth", "status", "--check"), {"format": "json", "check": True}),
        (("auth", "--debug", "status", "--check=false"), {"debug": True, "check": False}),
        (
            ("profile", "set", "timeout", "5", "--profile=ci"),
            {"key": "timeout", "value": "5", "profile": "ci"},
        ),
        (("profile", "set", "--", "base_url", "-x"), {"key": "base_url", "value": "-x"}),
        (("profile", "set", "base_url", ""), {"key": "base_url", "value": ""}),
        (("@completion", "bash"), {"shell": "bash"}),
    ],
)
def test_tool_commands_are_parsed_like_those_of_the_api(words, expected):
    """Global flags work anywhere, boolean flags may have a value, and arguments are positional."""
    call = parse(words)
    assert isinstance(call, ToolCall)
    assert call.flags == expected


def test_the_groups_hold_all_operations():
    """Six commands for environments, eight for work."""
    assert len(GROUPS["beta:environments"].operations) == 6
    assert len(GROUPS["beta:environments:work"].operations) == 8


def read_as(call):
    """Return a call as the file of lines has it."""
    if isinstance(call, OfficialCall):
        return " ".join(call.argv)
    if isinstance(call, VersionCall):
        return "version"
    notes = {"notes": list(call.notes)} if call.notes else {}
    return {**getattr(call, "texts", {}), **call.flags, **notes}


@pytest.mark.parametrize(("typed", "expected"), LINES["calls"].items())
def test_a_line_gives_the_fields_and_flags_of_its_command(typed, expected):
    assert read_as(parse(shlex.split(typed))) == expected


@pytest.mark.parametrize(("typed", "expected"), LINES["errors"].items())
def test_a_line_that_can_not_be_read_has_an_error_with_its_exit_code(typed, expected):
    with pytest.raises(UsageError) as caught:
        parse(shlex.split(typed))
    error = caught.value
    assert [error.exit_code, error.message, error.hint] == expected
