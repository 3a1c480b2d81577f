"""Completion in fish, called like the tab key calls it: `complete -C LINE`."""

from __future__ import annotations

import shlex
import socket

import pytest

from tests.completion.conftest import HARD_NAME_SHOWN, NAMES, SCRIPTS, SECOND_NAME, ShellSandbox, needs
from tests.helpers.processes import run_process

pytestmark = pytest.mark.slow

SETUP = r"""
function fish_prompt; printf '> '; end
bind ctrl-g 'printf "«%s»" (commandline)'
"""


@pytest.fixture(autouse=True)
def configured(sandbox: ShellSandbox):
    """Install the script as `ant completion --help` says, in place of that of Apache Ant, next to a build file."""
    folder = sandbox.folder / ".config" / "fish" / "completions"
    folder.mkdir(parents=True)
    (folder / "ant.fish").write_text(f"source {shlex.quote(str(SCRIPTS / 'ant.fish'))}\n")
    (sandbox.folder / "build.xml").touch()


@pytest.fixture
def fish(sandbox: ShellSandbox):
    """Return the words that fish offers for a line, each with its description."""
    needs("fish")

    def offered(line: str) -> dict[str, str]:
        done = run_process(
            ["fish", "-c", "complete -C $argv[1]", line], sandbox.environ, cwd=sandbox.folder, check=True
        )
        assert done.stderr == ""
        return {word: summary for word, _, summary in (row.partition("\t") for row in done.stdout.splitlines())}

    return offered


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("ant beta:env", ["beta:environments", "beta:environments:work"]),
        ("ant beta:environments:work st", ["stats", "stop"]),
        ("ant --local beta:environments --format json cr", ["create"]),
        ("ant completion ", ["bash", "fish", "powershell", "zsh"]),
        ("ant beta:environments create --scop", ["--scope"]),
        ("ant beta:environments create --scope ", ["account", "organization"]),
        ("ant beta:environments list --format=js", ["--format=json", "--format=jsonl"]),
        ("ant beta:environments --dry", ["--dry-run"]),
        ("ant beta:environments:work stop --force=", ["--force=false", "--force=true"]),
        ("ant beta:environments create --config @env.", ["@env.yaml"]),
        ("ant beta:environments create --config=@env.", ["--config=@env.yaml"]),
        ("ant beta:environments create --name @file://env.", ["@file://env.yaml"]),
        ("ant beta:environments create --file env.", ["env.yaml"]),
        ("ant beta:environments create -f my", ["my files/"]),
        ("ant beta:environments create --name ", []),
        ("ant beta:environments create ", []),
        ("ant --profile ", ["home", "my.team", "work"]),
        ("ant profile activate ", ["home", "my.team", "work"]),
        ("ant 'beta:env", ["beta:environments", "beta:environments:work"]),
        ("ant beta:worker EXP", ["exporter"]),
        ("ant beta:worker d", []),  # a letter that only their descriptions have
        ("ant beta:environments list --uncommon", []),
        ("ant help ou", ["output"]),
        ("ant help beta:env", ["beta:environments", "beta:environments:work"]),
        ("ant help beta:environments ", ["archive", "create", "delete", "list", "retrieve", "update"]),
        ("ant help beta:environments create ", []),
        ("ant help beta:environments create --n", []),
    ],
)
def test_tab_completes_commands_and_flags_without_running_ant(
    fish, sandbox: ShellSandbox, typed: str, offered: list[str]
):
    """Everything except IDs is completed by the shell alone."""
    assert sorted(fish(typed)) == offered
    assert sandbox.calls == []


def test_flags_are_offered_with_their_descriptions(fish):
    """Flags of the command and global flags are offered."""
    flags = fish("ant beta:environments list --")
    assert flags["--include-archived"] == "List archived environments too"
    assert flags["--format"] == "How results are printed"
    assert "--config" not in flags


def test_help_completes_topics_and_commands_with_their_summaries(fish):
    """Each topic and command is shown with its summary."""
    words = fish("ant help ")
    assert words["exit-codes"] == "Exit codes"
    assert words["profile"] == fish("ant ")["profile"]
    assert {"beta:environments", "beta:environments:work"} <= set(words)


def test_a_choice_does_not_repeat_the_description_of_its_flag(fish):
    """The flag was described when it was completed."""
    assert fish("ant beta:environments list --format ")["json"] == ""
    assert fish("ant completion ")["bash"] == ""


@pytest.mark.parametrize("flag", ["--environment-id ", "--environment-id=", ""])
def test_ids_are_fetched_by_running_ant_with_the_line(fish, sandbox: ShellSandbox, flag: str):
    """`ant` gets the whole line up to the cursor, and its names are shown unchanged."""
    offered = fish(f"ant --local beta:environments retrieve {flag}env_")
    attached = flag if flag.endswith("=") else ""
    assert offered == {f"{attached}env_1": r"""data: "a" %B $(date) \ it's""", f"{attached}env_2": "other"}
    assert set(sandbox.calls) == {f"__complete environment_id --local beta:environments retrieve {flag}env_"}


def test_a_second_id_is_not_offered_for_a_command_that_takes_one(fish, sandbox: ShellSandbox):
    """The command takes only one ID."""
    assert fish("ant beta:environments retrieve env_1 ") == {}
    assert sandbox.calls == []


@pytest.mark.parametrize(
    ("typed", "completed"),
    [
        ("tmp-b", "env_2 "),
        ("--environment-id my", "--environment-id env_3 "),
        ("--environment-id=my", "--environment-id=env_3 "),
        (r"my\ d", "env_3 "),
        ("'my d", "env_3 "),
        ("'$(to", "env_4 "),
        ("a:", "env_5 "),
        ("tmp-", "tmp-"),
        ("xyz", "xyz"),
        ("env_4", "env_4 "),
    ],
)
def test_a_name_is_replaced_by_its_id(terminal, sandbox: ShellSandbox, typed: str, completed: str):
    """A name of several environments, or of none, is unchanged.

    An ID is always an ID, even if it is also a name.
    """
    sandbox.name_environments(**NAMES, env_6="env_4")
    line = "ant beta:environments retrieve "
    assert terminal(["fish", "-i"], SETUP).complete(line + typed) == line + completed
    assert not (sandbox.folder / "oops").exists()


def test_each_of_several_ids_is_completed(terminal, sandbox: ShellSandbox):
    """The position of earlier IDs makes no difference."""
    sandbox.name_environments(**NAMES)
    complete = terminal(["fish", "-i"], SETUP).complete
    line = "ant beta:environments archive env_1 env_3 "
    assert complete(line + "tmp-b") == line + "env_2 "


def test_several_environments_that_match_a_partial_name_are_offered_with_their_ids(fish, sandbox: ShellSandbox):
    """A name that is chosen from the list is replaced by its ID at the next tab."""
    sandbox.name_environments(**NAMES)
    assert fish("ant beta:environments retrieve tmp") == {"tmp-a": "env_1", "tmp-b": "env_2"}


def test_completing_a_work_id_passes_the_environment_id_on_to_ant(fish, sandbox: ShellSandbox):
    """Its quotes are removed."""
    assert fish("ant beta:environments:work stop --environment-id 'env_1' w") == {"work_1": "queued"}
    assert set(sandbox.calls) == {"__complete work_id beta:environments:work stop --environment-id env_1 w"}


def test_ids_of_the_emulator_are_completed_by_the_real_program(fish, sandbox: ShellSandbox):
    """Names are not run as commands."""
    identifier = sandbox.use_real_ant()
    assert fish("ant beta:environments retrieve ") == {identifier: HARD_NAME_SHOWN}
    assert not (sandbox.folder / "oops").exists()


def test_ids_that_only_an_emulator_has_are_not_requested_from_the_api(fish, sandbox: ShellSandbox):
    """The prefix of the ID tells the kind, and `ant` knows the base URL."""
    assert fish("ant emulator enqueue env_2") == {"env_2": "other"}
    assert set(sandbox.calls) == {"__complete emulator_environment_id emulator enqueue env_2"}


def test_an_environment_to_enqueue_in_is_completed_by_the_real_program(fish, sandbox: ShellSandbox):
    """It is fetched only from the emulator at the base URL."""
    identifier = sandbox.use_real_ant()
    assert fish("ant emulator enqueue ") == {identifier: HARD_NAME_SHOWN}
    with socket.create_server(("127.0.0.1", 0)) as server:
        del sandbox.environ["ANTHROPIC_BASE_URL"]
        sandbox.environ["HTTPS_PROXY"] = f"http://127.0.0.1:{server.getsockname()[1]}"
        assert fish("ant emulator enqueue ") == {}
        server.settimeout(0)
        with pytest.raises(BlockingIOError):
            server.accept()


@pytest.mark.usefixtures("second_name")
def test_fish_completes_the_second_name(sandbox: ShellSandbox):
    """The script for the second name adds nothing to `ant`."""
    needs("fish")
    script = f"complete -c ant -f -a theirs; source {SCRIPTS / 'ant-environments.fish'}; complete -C $argv[1]"
    for line, offered in ((SECOND_NAME, "create\tCreate an environment\n"), ("ant the", "theirs\n")):
        done = run_process(["fish", "-Nc", script, line], sandbox.environ, check=True)
        assert done.stdout == offered
