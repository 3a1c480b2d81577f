"""Suggestions: an error about a word that nobody knows says what was most likely meant."""

from __future__ import annotations

import itertools
import re
import shlex
from fnmatch import fnmatchcase
from pathlib import Path

import pytest
import yaml

from ant_cli.argv import ApiCall, parse
from ant_cli.errors.suggestions import nearest
from ant_cli.help.catalog import catalog
from ant_cli.help.suggest import _rows, suggestion
from ant_cli.operations import GROUPS
from tests.conftest import needs_posix
from tests.helpers.words import LIST

TYPED = yaml.safe_load(Path(__file__).with_name("typed.yaml").read_text("utf-8"))
"""What people type, and what the answer has."""


@pytest.mark.parametrize(("line", "meant"), TYPED["commands"].items())
def test_an_unknown_command_is_answered_with_the_known_one_that_was_meant(ant, line, meant):
    """Other suggestions would only distract."""
    first, *others = line.split()
    is_known = others and first in ("auth", "profile", "emulator", "beta:environments")
    word, group, where = (
        (others[0], f"{first} ", f" for 'ant {first}'") if is_known else (first, "", "")
    )
    assert ant(*line.split()).refusal == (
        f"ant: unknown command {word!r}{where}. Did you mean {meant}?\n"
        f"Run `ant {group}--help` to see the commands.\n"
    )


@pytest.mark.parametrize(
    ("line", "error", "hint"),
    [
        ("restore env_1", "unknown command 'restore'.", "can't be restored. To make a copy: ant"),
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
            "unknown flag '--nme'. Did you mean '--name'?",
            "create --help",
        ),
        ("beta:environments list --format md", "unknown format 'md'. Did you mean 'markdown'?", ""),
        (
            "auth status --formt json",
            "unknown flag '--formt'. Did you mean '--format'?",
            "auth status --help",
        ),
        ("beta:environments list --jq .name", "Did you mean `--transform name`?", ""),
        ("beta:environments --hlep", "Did you mean '--help'?", ""),
        ("help beta:environments:wrok", "Did you mean `ant beta:environments:work`?", ""),
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
        ("auth --chck status", "unknown flag '--chck'.", "ant auth --help"),
        (
            "auth login extra",
            "unexpected argument '[redacted]'.",
            "`ant auth login --profile NAME`",
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
            "topic or command 'create'. Did you mean `ant beta:environments create --name NAME`?",
            "",
        ),
        ("help auth lgin", "'lgin' for 'ant auth'. Did you mean `ant auth login`?", "auth --help"),
        (
            "help beta:environments creat",
            "Did you mean `ant beta:environments create`?",
            "environments --help",
        ),
        ("beta:worker poll --on-failure stop", "Did you mean `--attempts 1`?", "poll --help"),
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
        "beta:environments list --match x",
        "apply --delete",
        "lint",
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


def test_a_new_group_of_commands_changes_no_other_answer(monkeypatch):
    """Only words that name the group lead to it."""
    line = ["agents", "list"]
    before = suggestion(line, catalog())
    group = GROUPS["beta:environments"]._replace(name="beta:agent-labels")
    monkeypatch.setitem(GROUPS, group.name, group)
    assert suggestion(line, catalog()) == before == " Did you mean `ant beta:agents`?"
    assert (
        suggestion(["agent-labels", "list"], catalog())
        == " Did you mean `ant beta:agent-labels list`?"
    )


SAMPLES = [
    "json",
    "5",
    "7d",
    "a,b",
    "metadata.k",
    "packages.pip=x",
    "k=v",
    "jsonpath={.a}",
    "http://h",
    "{a: [x]}",
]
ITEM = "--environment-id env_1 work_1"
PLACES = {
    "beta:environments create": "--name n",
    "beta:environments list": "",
    "emulator enqueue": "env_1",
}
"""What the commands need besides a flag, if not an ID."""


def typed_by(row):
    """Yield lines that a row of the table answers, each with the words after which it is typed."""
    names = [command.full_name for command in catalog().walk()]
    for pattern, after in itertools.product(row.words, row.commands):
        first, *words = pattern.split(" ")
        start = next(
            (text for text in ("8080", "env_1") if fnmatchcase(text, first)), first.replace("*", "")
        )
        values = [
            next((text for text in SAMPLES if fnmatchcase(text, word)), word.replace("*", ""))
            for word in words
        ]
        for command in [
            name
            for name in names
            if fnmatchcase(name, after) and (" " in name or after[-1:] != "*")
        ][:5]:
            is_api = command.startswith("beta:environments") and " " in command
            an_id = (
                "env_1"
                if command.endswith(("list", "poll", "stats")) or ":work" not in command
                else ITEM
            )
            yield [*command.split(), *PLACES.get(command, an_id * is_api).split()], [start, *values]


@needs_posix("the quotes of sh")
@pytest.mark.parametrize("row", list(_rows()), ids=lambda row: row.words[0])
def test_what_the_table_suggests_is_accepted(ant, row, tmp_path, monkeypatch):
    """Each suggestion is typed in turn: as a command, or as a flag of the command."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "json").write_text("description: d")
    answers = []
    for words, typed in typed_by(row):
        refusal = ant(*words, *typed).stderr
        meant = re.search(r"Did you mean `(.*)`\?", refusal)
        answers.append(meant or row.instead[:9] in refusal)
        if meant:
            line = (
                meant[1] if meant[1].startswith("ant ") else f"ant {shlex.join(words)} {meant[1]}"
            )
            first, *piped = (shlex.split(part)[1:] for part in line.split(" | "))
            assert all(map(parse, piped))
            done = ant(*first, "--dry-run") if isinstance(parse(first), ApiCall) else None
            assert done is None or done.exit != 2, done.stderr
    assert any(answers)


@needs_posix("the quotes of sh")
@pytest.mark.parametrize(("line", "answer"), TYPED["habits"].items())
def test_a_habit_or_a_value_without_quotes_is_answered_with_what_to_type(
    ant, tmp_path, line, answer
):
    """A wrong suggestion is worse than none, so there is no other one."""
    (tmp_path / "env.yaml").touch()
    refusal = ant("beta:environments", *shlex.split(line)).refusal
    assert answer in refusal
    assert "Did you mean '" not in refusal


@pytest.mark.parametrize("line", ["apply -var x=1", "apply --var x=1", "apply . -var-file=x"])
def test_a_variable_of_terraform_is_named_as_typed_and_answered(ant, line):
    """`-v` is a flag of `apply`, so "unknown flag '-v'" would be wrong."""
    flag = line.split()[-2 if "=1" in line else -1].partition("=")[0]
    assert ant(*line.split()).refusal.startswith(
        f"ant: unknown flag {flag!r}.\nFiles have no variables: "
    )
