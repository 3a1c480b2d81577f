"""The Typer tree: it has every command with every flag, and makes the same calls as the command line."""

from __future__ import annotations

import io
import json
import os
import re
import sys
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

import ant_cli.app
import ant_cli.main
from ant_cli.app import app
from ant_cli.argv import parse
from ant_cli.errors import UsageError
from ant_cli.help.catalog import catalog
from ant_cli.help.command_row import HELP, argument_name, help_text
from ant_cli.settings.rows import GLOBAL_FLAGS
from tests.conftest import make_runtime
from tests.helpers.processes import run_process
from tests.helpers.words import ARCHIVE, LIST
from tests.run.conformance.cases import CASES, OURS

KEY = "plain-typer-key-0123"
PARSED = ("02-flags", "03-null", "07-ids", "15-usage", "17-many", "more")
"""The themes of the conformance cases about the parsing of arguments. tests/run/conformance runs all themes."""
EVERY_CASE = [case for case in [*CASES, *OURS] if case["id"].startswith(PARSED)]
TREE = typer.main.get_command(app)
COMMANDS = [command for command in catalog().walk() if not command.subcommands]
GROUPS = [command for command in catalog().walk() if command.subcommands]


def name_of(command):
    return f"ant {command.full_name}".rstrip()


@pytest.fixture
def surroundings(monkeypatch, clean_environ, tmp_path):
    """Give the process the tests' environment, and an emulator with its own file."""
    for name, value in clean_environ.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("ANTHROPIC_BASE_URL", f"local:{tmp_path}/emulator.db")


@pytest.fixture
def call_by_typer(monkeypatch):
    """Return the call that the Typer tree makes for arguments, and the exit status; None if it makes none."""

    def run(*args):
        calls = []
        monkeypatch.setattr(ant_cli.main, "execute", lambda call, _: calls.append(call))
        # made once, not for each run
        monkeypatch.setattr("typer.testing._get_command", lambda _: TREE)
        result = CliRunner().invoke(app, list(args))
        return (calls[0] if calls else None), result.exit_code

    return run


@pytest.mark.slow
def test_the_program_that_the_page_shows_is_checked_with_types(tmp_path):
    """Its author's mypy finds those of this package."""
    page = (Path(__file__).parents[1] / "docs" / "typer.md").read_text()
    (program, *_) = re.findall("```python\n(.*?)```", page, re.DOTALL)
    command = [sys.executable, "-m", "mypy", "--strict", "--cache-dir", tmp_path, "-c", program]
    done = run_process(command, os.environ)
    assert done.returncode == 0, done.stdout


def words_of(case):
    """Return the arguments of a conformance case, for a server that is never asked."""
    return [word.replace("{base_url}", "http://127.0.0.1:1") for word in case["args"]]


def call_by_argv(*args):
    """Return the call that the command line makes for arguments, and the exit status; None if it rejects them."""
    try:
        return parse(args), 0
    except UsageError as error:
        return None, error.exit_code


@pytest.mark.parametrize("case", EVERY_CASE, ids=[case["id"] for case in EVERY_CASE])
def test_typer_and_the_command_line_make_the_same_call_for_a_conformance_case(case, call_by_typer):
    """Both call the same operation with the same flags, or both reject the arguments with exit code 2."""
    words = words_of(case)
    assert call_by_typer(*words) == call_by_argv(*words) != (None, 0)


@pytest.mark.parametrize(
    "words",
    [
        ["--format", "json", "auth", "status", "--check", "--format", "yaml"],
        ["auth", "--debug", "login", "--api-key-stdin", "--no-verify", "--profile", "ci"],
        ["profile", "set", "timeout", "5"],
        ["profile", "get"],
        ["emulator", "fault", "--list"],
        ["emulator", "session", "create", "--script", "-"],
        ["completion", "bash"],
        ["help", "beta:environments", "create"],
        ["help", "exit-codes"],
        ["--version"],
        ["-v"],
        [],
        ["emulator"],
        ["emulator", "session", "-h"],
        [*LIST, "--limit", "5", "--help"],
        ["profile", "activate"],
        ["auth", "login", "extra"],
        ["auth", "lgin"],
        ["--columns", "id", "auth", "token"],
        ["--workspace-id", "w", "emulator", "start"],
        [*LIST, "--lmit", "5"],
        ["beta:environments:work", "stop", "--environment-id", "env_1", "--force", "false"],
        ["beta:environments", "delete", "--environment-id", "env_1", "env_2"],
        [*ARCHIVE, "--dry-run", "--", "-env", "--force"],
        ["beta:worker", "poll", "--", "docker", "run", "--rm", "worker"],
        [
            "beta:worker",
            "poll",
            "env_1",
            "--concurrency",
            "2",
            "--",
            "docker",
            "run",
            "--rm",
            "worker",
        ],
        ["beta:worker", "check", "env_1"],
    ],
    ids=" ".join,
)
def test_typer_and_the_command_line_agree_on_tool_commands_help_and_mistakes(words, call_by_typer):
    """Both reject a mistake with exit code 2, before anything is done."""
    assert call_by_typer(*words) == call_by_argv(*words) != (None, 0)


def in_tree(command):
    """Return a command, or a group of commands, from the tree."""
    found = TREE
    for name in command.path:
        found = found.commands[name]
    return found


@pytest.mark.parametrize("command", [*COMMANDS, *GROUPS], ids=name_of)
def test_the_tree_has_every_flag_and_argument_of_a_command(command):
    """The flags and arguments of the tree equal those of the catalog. A group takes the global flags."""
    found = in_tree(command)
    taken = GLOBAL_FLAGS if command.subcommands else command.global_flags
    assert (found.help, found.short_help) == (command.help, command.summary)
    assert {
        name: (param.multiple, param.is_flag, param.metavar, param.help)
        for param in found.params
        if param.param_type_name == "option"
        for name in param.opts
    } == {
        name: (flag.repeatable, flag.type is bool, flag.metavar or None, help_text(flag))
        for flag in (HELP, *command.flags, *taken)
        for name in flag.spellings
    }
    assert [
        (param.required, param.metavar, param.help, param.nargs == -1)
        for param in found.params
        if param.param_type_name == "argument"
    ] == [
        (param.required, argument_name(param), param.help, param.repeatable)
        for param in command.arguments
    ]


@pytest.mark.parametrize("group", GROUPS, ids=name_of)
def test_the_tree_has_every_command_of_a_group(group):
    """The group has no other commands."""
    names = {command.path[-1] for command in group.subcommands}
    assert in_tree(group).commands.keys() == names


@pytest.mark.usefixtures("surroundings")
def test_commands_work_when_the_tree_is_mounted_in_another_program():
    """Global flags work before and after the command, and results go to stdout."""
    theirs = typer.Typer()
    theirs.command("hello")(lambda: None)
    theirs.add_typer(app, name="ant")

    def run(*args):
        return CliRunner().invoke(theirs, ["ant", *args])

    created = run(
        "--format", "yaml", "beta:environments", "create", "--name", "demo", "--format", "json"
    )
    assert created.exit_code == 0, created.output
    identifier = json.loads(created.stdout)["id"]
    listed = run("beta:environments", "--format", "jsonl", "list", "--transform", "{id,name}")
    assert json.loads(listed.stdout) == {"id": identifier, "name": "demo"}
    assert run("beta:environments", "delete", identifier).exit_code == 0
    missing = run("beta:environments", "retrieve", identifier)
    assert (missing.exit_code, missing.stdout) == (5, "")
    assert "404 Not Found" in missing.stderr
    assert run("beta:environments", "--help").stdout.startswith(
        "Usage: ant beta:environments COMMAND [FLAGS]"
    )
    assert run("profile", "list", "--format", "json").exit_code == 0


@pytest.mark.usefixtures("surroundings")
def test_completion_in_a_program_that_mounts_the_tree_offers_commands_and_runs_none():
    """The shell asks for it with the words before the cursor, which may be a whole command."""
    theirs = typer.Typer(name="theirs")
    theirs.add_typer(app, name="ant")
    words = "theirs ant beta:environments li"
    asked = {"_THEIRS_COMPLETE": "complete_bash", "COMP_WORDS": words, "COMP_CWORD": "3"}
    completed = CliRunner().invoke(theirs, [], env=asked)
    assert (completed.exit_code, completed.stdout) == (0, "list\n")


@pytest.mark.usefixtures("surroundings")
def test_the_input_of_the_test_runner_is_read():
    """The runner's input is read like a pipe on the command line."""
    words = ["beta:environments", "create", "--transform", "name", "-r"]
    piped = CliRunner().invoke(app, words, input="name: from-input\n")
    assert (piped.exit_code, piped.stdout) == (0, "from-input\n"), piped.output
    missing = CliRunner().invoke(app, words)
    assert (missing.exit_code, missing.stdout) == (2, "")
    assert "--name is required" in missing.stderr


def test_a_command_takes_its_surroundings_from_the_context(clean_environ):
    """If the `obj` of the context is a Runtime, the command uses its streams and its environment."""
    stdout, stderr = io.BytesIO(), io.BytesIO()
    environ = clean_environ | {"ANTHROPIC_API_KEY": "context-key-0123456789"}
    runtime = make_runtime(environ, stdout=stdout, stderr=stderr)
    result = CliRunner().invoke(app, ["auth", "token"], obj=runtime)
    assert (result.exit_code, result.output) == (0, "")
    assert stdout.getvalue() == b"context-key-0123456789\n"


@pytest.mark.usefixtures("surroundings")
@pytest.mark.parametrize("before", [["--api-key", KEY], []], ids=["before the command", "after it"])
def test_a_secret_of_a_flag_is_redacted_in_the_typer_tree(before):
    """A message that quotes another value does not show the secret."""
    after = [] if before else ["--api-key", KEY]
    result = CliRunner().invoke(app, [*before, *LIST, "--limit", KEY, *after])
    assert result.exit_code == 2
    assert "--limit must be" in result.stderr
    assert KEY not in result.output
