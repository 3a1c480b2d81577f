"""Suggestions: an error about a word that nobody knows says what was most likely meant."""

from __future__ import annotations

import shlex

import pytest

from tests.conftest import needs_posix
from tests.helpers.words import LIST

COMMANDS = {
    "hlep": "`ant help`",
    "beta environments": "`ant beta:environments`",
    "beta environments list": "`ant beta:environments list`",
    "beta environments work poll": "`ant beta:environments:work poll`",
    "beta:environments:list": "`ant beta:environments list`",
    "beta:environment list": "`ant beta:environments list`",
    "get env_1": "`ant beta:environments retrieve` or `ant beta:environments:work retrieve`",
    "login": "`ant auth login`",
    "work poll": "`ant beta:environments:work poll`",
    "version": "`ant --version`",
    "beta:environments show": "`ant beta:environments retrieve`",
    "beta:environments creat": "`ant beta:environments create`",
    "beta:environments poll": "`ant beta:environments:work poll` or `ant beta:worker poll`",
    "profile rm": "`ant profile delete`",
    "emulator stauts": "`ant emulator status`",
    "auth lgin": "`ant auth login`",
    "profile st": "`ant profile set`",
    "profile switch default": "`ant profile activate`",
    "whoami": "`ant auth status`",
    "beta:environments describe env_1": "`ant beta:environments retrieve`",
    "beta:environments view env_1": "`ant beta:environments retrieve`",
    "beta:environments destroy env_1": "`ant beta:environments delete`",
    "config set format json": "`ant profile set`",
    "worker run": "`ant beta:worker run`",
    "run": "`ant beta:worker run`",
    "worker start": "`ant beta:worker poll`",
    "worker start now": "`ant beta:worker poll`",
    "plan environments": "`ant diff`",
    "validate .": "`ant apply --validate`",
    "validate environments": "`ant apply --validate`",
    "get environments": "`ant beta:environments list`",
    "get env data": "`ant beta:environments retrieve data`",
    "environments get data": "`ant beta:environments retrieve`",
    "config use-context ci": "`ant profile activate ci`",
    "profile use ci": "`ant profile activate ci`",
    "profile show": "`ant profile get`",
    "delete env env_1": "`ant beta:environments delete`",
    "create environment": "`ant beta:environments create`",
    "auth list": "`ant profile list`",
    "auth switch work": "`ant profile activate`",
    "switch work": "`ant profile activate`",
}
"""Unknown commands, many of them of other tools, and those that were meant."""


@pytest.mark.parametrize("line", COMMANDS)
def test_an_unknown_command_is_answered_with_the_known_one_that_was_meant(ant, line):
    """Other suggestions would only distract."""
    first, *others = line.split()
    is_known = others and first in ("auth", "profile", "emulator", "beta:environments")
    word, group, where = (others[0], f"{first} ", f" for 'ant {first}'") if is_known else (first, "", "")
    assert ant(*line.split()).refusal == (
        f"ant: unknown command {word!r}{where}. Did you mean {COMMANDS[line]}?\n"
        f"Run `ant {group}--help` to see the commands.\n"
    )


@pytest.mark.parametrize(
    ("line", "error", "hint"),
    [
        (
            "restore env_1",
            "unknown command 'restore'.",
            "Archived environments can't be restored. To make a copy: ant",
        ),
        ("beta:environments unarchive env_1", "'unarchive' for 'ant beta:environments'.", "can't be restored."),
        ("auth qqq", "unknown command 'qqq' for 'ant auth'.", "ant auth --help"),
        ("auth qqq-www 1", "unknown command 'qqq-www' for 'ant auth'.", "ant auth --help"),
        ("auth HIDDEN7x", "unknown command '[redacted]' for 'ant auth'.", "ant auth --help"),
        ("auth HIDDEN-horse-battery", "unknown command '[redacted]' for 'ant auth'.", "ant auth --help"),
        ("profile HIDDEN+/=", "unknown command '[redacted]' for 'ant profile'.", "ant profile --help"),
        ("profile set api_key my HIDDEN", "unexpected argument '[redacted]'.", "ant profile set --help"),
        ("profile delete a extra", "unexpected argument 'extra'.", "ant profile delete --help"),
        ("profile set api_kye x", "unknown setting 'api_kye'. Did you mean 'api_key'?", "settings are: api_key"),
        ("profile set workspace-idx99 x", "unknown setting '[redacted]'. Did you mean 'workspace_id'?", ""),
        ("x" * 5000, f"unknown command '{'x' * 97}...'.", "ant --help"),
        ("beta:environments create --nme x", "unknown flag '--nme'. Did you mean '--name'?", "create --help"),
        ("auth status --formt json", "unknown flag '--formt'. Did you mean '--format'?", "auth status --help"),
        ("beta:environments list --jq .name", "Did you mean `--transform .name`?", ""),
        ("beta:environments list -ojson", "Did you mean `--format json`?", ""),
        ("beta:environments list -w", "Did you mean `--watch`?", ""),
        ("beta:environments --hlep", "Did you mean '--help'?", ""),
        ("apply --auto-approve", "Did you mean `--yes`?", ""),
        ("help exit-code", "Did you mean 'exit-codes'?", ""),
        ("help beta:environments:wrok", "Did you mean `ant beta:environments:work`?", ""),
        ("apply -f env.yaml", "Did you mean `ant apply --only env.yaml`?", "apply --help"),
        ("beta:environments list --max-results 5", "Did you mean `--max-items 5`?", "list --help"),
        ("beta:environments create -zHIDDEN", "unknown flag '-z'.", "create --help"),
        ("beta:environments create --x-api-kye:HIDDEN", "unknown flag '--x-api-kye'.", "create --help"),
        ("profile set federation_rule_id x", "'federation_rule_id'.", "set ANTHROPIC_FEDERATION_RULE_ID."),
        ("profile set HIDDEN-1 x", "unknown setting '[redacted]'.", "The settings are: api_key"),
        ("auth --chck status", "unknown flag '--chck'.", "ant auth --help"),
        ("auth login extra", "unexpected argument '[redacted]'.", "ant auth login --help"),
        ("completion bash extra", "unexpected argument 'extra'.", "ant completion --help"),
        ("profile get --profile", "--profile needs a value.", "ant profile get --help"),
        ("profile activate", "NAME is required.", "ant profile activate --help"),
        ("emulator enqueue", "ENVIRONMENT_ID is required.", "ant emulator enqueue --help"),
        ("emulator reset --yes=x", "--yes must be true or false, got 'x'.", ""),
        ("help zzz", "unknown topic or command 'zzz'.", "The topics are: input, output"),
        ("help nope -h", "unknown topic or command 'nope'.", "The topics are: input, output"),
        ("help outptu", "topic or command 'outptu'. Did you mean 'output'?", "The topics are: input, output"),
        ("help create", "topic or command 'create'. Did you mean `ant beta:environments create`", ""),
        ("help auth lgin", "'lgin' for 'ant auth'. Did you mean `ant auth login`?", "auth --help"),
        ("help beta:environments creat", "Did you mean `ant beta:environments create`?", "environments --help"),
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


HABITS = {
    "list --all": "A list follows every page",
    "list --quiet": "2> /dev/null",
    "list -q .id": "--transform PATH",
    "list -n x": "`--workspace-id x`",
    "list --no-headers": "--transform id -r",
    "list --sort-by name": "jq 'sort_by(.name)'",
    "list -l team=data": """--filter 'metadata.KEY=="VALUE"'""",
    "retrieve env_1 --wait": "Wait with --until CONDITION",
    "create --set a=b": "--metadata KEY=VALUE",
    "create demo": "`ant beta:environments create --name demo`",
    "list -o yaml": "`--format yaml`",
    "list --output=name": "`--transform name -r`",
    "list --json id": "`--format json`",
    "list -L5": "`--max-items 5`",
    "list --status archived": "`--include-archived`",
    """list --search "it's" """: """`--filter 'name%"*TEXT*"'`""",
    "list -verbose": "`--debug`",
    "retrieve --name data": "`ant beta:environments retrieve data`",
    "delete data -y": "`--yes`",
    "update --filter name==x": "`ant beta:environments list --filter name==x | ant beta:environments update`",
    "update data --packages.pip polars": "`--add packages.pip=polars`",
    "update data --metadata.team=x": "`--metadata team=x`",
    "update data packages.pip=polars": "`--add packages.pip=polars`",
    "create -n 'x y'": "`--name 'x y'`",
    "create name=x": "`--name x`",
    "create \u2013name x": "`--name x`",
    "create --name x --metadata team data": "`--metadata team=data`",
    "create --name x --npm left-pad": "`--config.packages '{npm: [left-pad]}'`",
    "create env.yaml": "`ant beta:environments create --file env.yaml",
    "list data": "`ant beta:environments retrieve data`",
    "label data tier=2": "`ant beta:environments update data --metadata tier=2`",
    """create "it's" """: """`ant beta:environments create --name 'it'"'"'s'`""",
    "create --name x --config {type: cloud}": "around it: --config '{type: ...'",
    "update env_1 --config {type: cloud}": "around it: --config '{type: ...'",
    "create --description --name x": "--description took --name as its value.",
}
"""What users of other tools type, or forget to quote, after `beta:environments`, and what the answer names."""


@needs_posix("the quotes of sh")
@pytest.mark.parametrize("line", HABITS)
def test_a_habit_or_a_value_without_quotes_is_answered_with_what_to_type(ant, tmp_path, line):
    """A wrong suggestion is worse than none, so there is no other one."""
    (tmp_path / "env.yaml").touch()
    refusal = ant("beta:environments", *shlex.split(line)).refusal
    assert HABITS[line] in refusal
    assert "Did you mean '" not in refusal
