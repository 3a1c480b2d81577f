"""Suggestions: an error about a word that nobody knows says what was most likely meant."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from ant_cli.argv import unknown_command
from ant_cli.errors.suggestions import did_you_mean, nearest
from tests.helpers.words import LIST

MESSAGES = yaml.safe_load(Path(__file__).with_name("messages.yaml").read_text("utf-8"))


@pytest.mark.parametrize(("line", "shown"), MESSAGES.items())
def test_a_mistyped_command_line_gets_a_suggestion(ant, line, shown):
    """The messages are the same for the API's commands and the tool commands."""
    error, hint = shown
    refusal = ant(*line.split()).refusal
    assert "HIDDEN" not in refusal
    first, second = refusal.splitlines()
    assert error in first
    assert hint in second


def test_a_long_word_is_cut():
    assert str(unknown_command(["x" * 5000])) == f"unknown command '{'x' * 97}...'."


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


def test_a_name_of_another_tool_is_answered_only_where_it_has_one_here():
    assert did_you_mean("config", ["auth", "profile"]) == " Did you mean 'profile'?"
    assert did_you_mean("md", ["markdown"]) == " Did you mean 'markdown'?"
    assert did_you_mean("md", ["mode", "name"]) == ""
    assert did_you_mean("config", ["configs", "name"]) == " Did you mean 'configs'?"


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
