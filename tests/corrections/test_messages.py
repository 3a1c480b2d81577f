"""Suggestions: an error about a word that nobody knows says what was most likely meant."""

from __future__ import annotations

import pytest

from ant_cli.errors.suggestions import nearest
from tests.helpers.words import LIST


@pytest.mark.parametrize(
    ("line", "error", "hint"),
    [
        ("restore env_1", "unknown command 'restore'.", "can't be restored. A copy: ant"),
        (
            "beta:environments unarchive env_1",
            "'unarchive' for 'ant beta:environments'.",
            "can't be restored.",
        ),
        ("auth qqq", "unknown command 'qqq' for 'ant auth'.", "ant auth --help"),
        ("auth HIDDEN7x", "unknown command '[redacted]' for 'ant auth'.", "ant auth --help"),
        (
            "auth HIDDEN-horse-battery",
            "unknown command '[redacted]' for 'ant auth'.",
            "ant auth --help",
        ),
        (
            "profile HIDDEN+/=",
            "unknown command '[redacted]' for 'ant profile'.",
            "ant profile --help",
        ),
        (
            "profile set api_key my HIDDEN",
            "unexpected argument '[redacted]'.",
            "ant profile set --help",
        ),
        (
            "profile set api_kye x",
            "unknown setting 'api_kye'. Did you mean 'api_key'?",
            "settings are: api_key",
        ),
        ("profile set workspace_id99 x", "unknown setting '[redacted]'.", "settings are: api_key"),
        ("x" * 5000, f"unknown command '{'x' * 97}...'.", "ant --help"),
        (
            "beta:environments create --nme x",
            "unknown flag '--nme'.",
            "Did you mean: ant beta:environments create --name x",
        ),
        ("beta:environments list --format md", "unknown format 'md'. Did you mean 'markdown'?", ""),
        (
            "auth status --formt json",
            "unknown flag '--formt'.",
            "Did you mean: ant auth status --format json",
        ),
        (
            "beta:environments list --jq .name",
            "'--jq'",
            "Did you mean: ant beta:environments list --transform name",
        ),
        ("beta:environments --hlep", "'--hlep'", "Did you mean: ant beta:environments --help"),
        (
            "help beta:environments:wrok",
            "'beta:environments:wrok'",
            "Did you mean: ant beta:environments:work --help",
        ),
        ("beta:environments create -zHIDDEN", "unknown flag '-z'.", "create --help"),
        (
            "beta:environments create --x-api-kye:HIDDEN",
            "unknown flag '--x-api-kye'.",
            "create --help",
        ),
        (
            "profile set federation_rule_id x",
            "'federation_rule_id'.",
            "set ANTHROPIC_FEDERATION_RULE_ID.",
        ),
        ("profile set HIDDEN-1 x", "unknown setting '[redacted]'.", "The settings are: api_key"),
        ("auth --chck status", "unknown flag '--chck'.", "Did you mean: ant auth status --check"),
        (
            "auth login extra",
            "unexpected argument '[redacted]'.",
            "For a key in another profile: ant auth login --profile NAME",
        ),
        (
            "profile set format=json",
            "a setting and its value are two arguments.",
            "set format VALUE",
        ),
        (
            "beta:environments list --transform .[].name",
            "does not start with '.'.",
            "--transform name",
        ),
        (
            "beta:environments --force stop",
            "unknown flag '--force'.",
            "ant beta:environments --help",
        ),
        ("profile get --profile", "--profile needs a value.", "ant profile get --help"),
        ("profile activate", "NAME is required.", "ant profile activate --help"),
        ("emulator reset --yes=x", "--yes must be true or false, got 'x'.", ""),
        (
            "help create",
            "topic or command 'create'.",
            "Did you mean: ant beta:environments create --help",
        ),
        ("help auth lgin", "'lgin' for 'ant auth'.", "Did you mean: ant auth login --help"),
        (
            "help beta:environments creat",
            "'creat' for",
            "Did you mean: ant beta:environments create --help",
        ),
        (
            "beta:worker poll --on-failure stop",
            "'--on-failure'",
            "Did you mean: ant beta:worker poll --attempts 1",
        ),
    ],
)
def test_a_mistyped_command_line_gets_a_suggestion(ant, line, error, hint):
    """The messages are the same for the API's commands and the tool commands."""
    refusal = ant(*line.split()).refusal
    assert "HIDDEN" not in refusal
    first, second = refusal.splitlines()
    assert error in first
    assert hint in second


@pytest.mark.parametrize("argument", ["--api-key HIDDEN", "--api-key:HIDDEN", "--api-key: HIDDEN"])
@pytest.mark.parametrize("before", [(), LIST, ("auth", "login")])
def test_a_flag_and_its_value_in_one_argument_are_told_apart(ant, argument, before):
    """It is in quotes, or has the colon of YAML. The value may be a secret, so it is not shown."""
    refusal = ant(*before, argument).refusal
    assert "--api-key and its value must be two arguments, or have = between them." in refusal
    assert "HIDDEN" not in refusal


@pytest.mark.parametrize(
    "line",
    [
        "beta:environments restart data",
        "beta:environments:work delete work_1",
        "beta:environments list --matching x",
        "apply --delete",
        "lost",
    ],
)
def test_what_resembles_only_other_things_has_no_suggestion(ant, line):
    """A wrong one is worse than none. Commands of other groups are other things."""
    assert "Did you mean" not in ant(*line.split()).refusal


def test_a_name_has_one_slip_and_its_first_letter_is_right():
    """A letter is missing, added or different, or two have changed places."""
    known = ["stop", "status", "--max-items", "set", "of"]
    slips = {
        "stp": "stop",
        "stopp": "stop",
        "stpo": "stop",
        "stap": "stop",
        "-maxitem": "--max-items",
    }
    assert {typed: nearest(typed, known) for typed in slips} == slips
    assert [nearest(typed, known) for typed in ("top", "start", "unset", "or", "")] == [""] * 5


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("apply -var x=1", "'-v...'; -v is an argument of its own"),
        ("apply --var x=1", "'--var'"),
        ("apply . -var-file=x", "'-v...'; -v is an argument of its own"),
    ],
)
def test_a_variable_of_terraform_is_answered(ant, line, shown):
    """`-v` is a flag of `apply`, so "unknown flag '-v'" would be wrong; what follows it may be a secret."""
    assert ant(*line.split()).refusal.startswith(
        f"ant: unknown flag {shown}.\nFiles have no variables: "
    )
