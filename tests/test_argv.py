"""How a command line is read: its operation and its flags."""

import pytest

from ant_cli.argv import ApiCall, ToolCall, help_call, parse
from ant_cli.errors import UsageError
from ant_cli.operations import GROUPS, OPERATIONS
from tests.conftest import needs_posix
from tests.helpers.words import ARCHIVE, DELETE, LIST, RETRIEVE, UPDATE

CREATE = ("beta:environments", "create")
STOP = ("beta:environments:work", "stop")


def flags(*words):
    call = parse(words)
    assert isinstance(call, ApiCall)
    return {**call.texts, **call.flags}


def refusal(*words):
    with pytest.raises(UsageError) as caught:
        parse(words)
    return f"{caught.value.message} {caught.value.hint}"


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.command)
def test_the_two_words_of_a_command_call_its_operation(operation):
    """Every operation is found by its group and its name."""
    assert parse([operation.group, operation.name]) == ApiCall(operation, {}, {})


@pytest.mark.parametrize(
    ("words", "flag"),
    [
        ((*CREATE, "--name", "a", "--name", "b"), "--name"),
        (("apply", ".", "--lock-file", "a", "--lock-file=b"), "--lock-file"),
        ((*CREATE, "--name", "a", "--name", "a"), None),
        ((*CREATE, "--metadata", "a=1", "--metadata", "b=2"), None),
    ],
)
def test_other_flags_with_two_values_get_a_note(words, flag):
    """Only the last one is used, as in the official tool."""
    note = f"Note: {flag} is given more than once; only its last value is used."
    assert list(parse(words).notes) == ([note] if flag else [])


@pytest.mark.parametrize(
    "words",
    [
        (*CREATE, "--name", "\u201cdemo\u201d"),
        (*CREATE, "--name=\u201cmy", "demo\u201d"),
        (*CREATE, "--name", "a", "--metadata", "team=\u2018x\u2019"),
        (*CREATE, "--api-key", "\u201ek\u201c"),
        (*UPDATE, "--add", "packages.pip=\u201cpolars\u201d"),
        ("beta:environments", "delete", "\u201cenv_1\u201d"),
        ("apply", "\u201cenvironments\u201d"),
    ],
)
def test_typographic_quotes_around_a_value_are_rejected(words):
    """A chat or a word processor made them; a shell takes them for a part of the value, which may be a secret."""
    message = refusal(*words)
    assert "begins with a typographic quote. Write straight quotes: 'TEXT'" in message


def test_typographic_quotes_within_a_text_are_part_of_it():
    """They may be around one word of a description."""
    text = "\u201cAlpha\u201d and \u201cBeta\u201d"
    assert flags(*CREATE, "--description", text) == {"description": text}


@pytest.mark.parametrize("words", [("-f", "env.yaml"), ("-f=env.yaml",), ("-fenv.yaml",), ("--file", "env.yaml")])
def test_a_short_flag_takes_its_value_in_every_way(words):
    """The value may be the next word, or be attached to `-f`."""
    assert flags(*CREATE, *words) == {"file": "env.yaml"}


@pytest.mark.parametrize("word", ["true", "false", "True", "FALSE"])
def test_a_boolean_flag_followed_by_true_or_false_is_rejected(word):
    """D22: otherwise the word would be taken for the ID of a work item."""
    assert f"--force={word}" in refusal(*STOP, "--force", word)
    assert f"--force={word}" in refusal(*STOP, "work_1", "--force", word)


def test_a_command_that_changes_something_takes_several_ids():
    """D31: each ID is a separate request."""
    assert flags(*DELETE, "env_2") == {"environment_id": ["env_1", "env_2"]}
    ids = {"environment_id": "env_1", "work_id": ["work_1", "work_2"]}
    assert flags(*STOP, "--environment-id", "env_1", "work_1", "work_2") == ids


WORK = ("beta:environments:work", "retrieve")
PIPED = "For several IDs: printf '%s\\n'"


@needs_posix("its quotes in hints")
@pytest.mark.parametrize(
    ("words", "hint"),
    [
        ((*RETRIEVE, "env_2"), f"{PIPED} env_1 env_2 | ant beta:environments retrieve"),
        (
            (*WORK, "env_1", "work_1"),
            "Did you mean `ant beta:environments:work retrieve --environment-id env_1 work_1`?",
        ),
        ((*WORK, "work_1", "work_2"), f"{PIPED} work_1 work_2 | ant beta:environments:work retrieve"),
        (
            (*WORK, "--environment-id", "a b", "w", "x"),
            f"{PIPED} w x | ant beta:environments:work retrieve --environment-id 'a b'",
        ),
        (("beta:environments:work", "list", "env_1", "env_2"), "Run `ant beta:environments:work list --help`"),
    ],
)
def test_several_ids_of_a_command_that_only_reads_are_answered_with_the_pipe_that_takes_them(words, hint):
    """As arguments, the official tool rejects them, too."""
    message = refusal(*words)
    assert hint in message


@pytest.mark.parametrize(
    ("words", "parts"),
    [
        (("beta:environments", "delete", "--environment-id", "env_1", "env_2", "env_3"), ["env_2"]),
        (("beta:environments", "delete", "--environment-id", "env_1", "env_2"), ["env_2", "--environment-id"]),
        ((*CREATE, "env_1"), ["env_1"]),
        ((*CREATE, "--name"), ["--name", "value", "beta:environments create --help"]),
        (("beta:environments", "--fromat", "json", "list"), ["--fromat", "--format"]),
        (("--fromat", "json"), ["--fromat", "--format"]),
        (("--base-url",), ["--base-url", "value", "ant --help"]),
        (("--version=1",), ["--version takes no value", "ant --help"]),
        ((*LIST, "-rtrue"), ["-r must be a separate argument.", "list --help"]),
        (("apply", "-vy"), ["-v must be a separate argument.", "apply --help"]),
        ((*CREATE, "--help=true"), ["--help takes no value", "create --help"]),
        (("beta:environments:work", "--force=true", "stop"), ["--force goes after", "stop --force"]),
    ],
)
def test_unknown_words_and_misused_flags_are_rejected(words, parts):
    """The message names the word, and suggests what may have been meant."""
    message = refusal(*words)
    assert all(part in message for part in parts)


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


def test_two_dashes_end_the_flags_also_after_an_id():
    """What follows them is an ID, even if it looks like a flag."""
    words = (*ARCHIVE, "env_1", "--", "env_2", "--yes")
    assert parse(words).texts == {"environment_id": ["env_1", "env_2", "--yes"]}


@pytest.mark.parametrize(
    ("words", "flags"),
    [
        (("-local", *LIST, "-limit", "5"), {"local": True, "limit": "5"}),
        (("beta:environments", "-format=json", "list", "-slurp=false"), {"format": "json", "slurp": False}),
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
        (("profile", "set", "timeout", "5", "--profile=ci"), {"key": "timeout", "value": "5", "profile": "ci"}),
        (("profile", "set", "--", "base_url", "-x"), {"key": "base_url", "value": "-x"}),
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
