"""Completion in fish, asked as the tab key asks it: `complete -C LINE`."""

from __future__ import annotations

import shlex
import socket
import subprocess

import pytest

from tests.completion.conftest import HARD_NAME_SHOWN, SCRIPTS, Desk, needs


@pytest.fixture
def fish(desk: Desk):
    """Return what fish offers for a line: words, and what it says about each."""
    needs("fish")

    def offered(line: str) -> dict[str, str]:
        script = f"source {shlex.quote(str(SCRIPTS / 'ant.fish'))}; complete -C $argv[1]"
        done = subprocess.run(
            ["fish", "--no-config", "-c", script, line],
            cwd=desk.folder,
            env=desk.environ,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=True,
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
        ("ant help o", ["output"]),
        ("ant help beta:env", ["beta:environments", "beta:environments:work"]),
        ("ant help beta:environments ", ["archive", "create", "delete", "list", "retrieve", "update"]),
        ("ant help beta:environments create ", []),
        ("ant help beta:environments create --n", []),
    ],
)
def test_the_tab_key_completes_without_ant(fish, desk: Desk, typed: str, offered: list[str]):
    """Whatever is no ID is completed by the shell alone."""
    assert sorted(fish(typed)) == offered
    assert desk.calls == []


def test_words_are_offered_with_what_they_are_for(fish):
    """Flags of the command, and those of every command."""
    flags = fish("ant beta:environments list --")
    assert flags["--include-archived"] == "List archived environments too"
    assert flags["--format"] == "How results are printed"
    assert "--config" not in flags


def test_help_is_offered_on_topics_and_commands(fish):
    """With what each is about."""
    words = fish("ant help ")
    assert words["exit-codes"] == "Exit codes"
    assert words["profile"] == fish("ant ")["profile"]
    assert {"beta:environments", "beta:environments:work"} <= set(words)


def test_a_choice_does_not_repeat_the_description_of_its_flag(fish):
    """The flag was described when it was completed."""
    assert fish("ant beta:environments list --format ")["json"] == ""
    assert fish("ant completion ")["bash"] == ""


@pytest.mark.parametrize("flag", ["--environment-id ", "--environment-id=", ""])
def test_ids_are_asked_of_ant(fish, desk: Desk, flag: str):
    """It gets the whole line up to the cursor, and its names are shown as they are."""
    offered = fish(f"ant --local beta:environments retrieve {flag}env_")
    attached = flag if flag.endswith("=") else ""
    assert offered == {f"{attached}env_1": r"""data: "a" %B $(date) \ it's""", f"{attached}env_2": "other"}
    assert set(desk.calls) == {f"__complete environment_id --local beta:environments retrieve {flag}env_"}


def test_an_id_that_is_there_is_not_offered_again(fish, desk: Desk):
    """A command takes one."""
    assert fish("ant beta:environments retrieve env_1 ") == {}
    assert desk.calls == []


def test_the_environment_of_a_work_item_is_handed_on(fish, desk: Desk):
    """Quotes are taken off."""
    assert fish("ant beta:environments:work stop --environment-id 'env_1' w") == {"work_1": "queued"}
    assert set(desk.calls) == {"__complete work_id beta:environments:work stop --environment-id env_1 w"}


def test_ids_from_the_api_are_completed_for_real(fish, desk: Desk):
    """The emulator answers, and nothing of a name is run."""
    identifier = desk.use_real_ant()
    assert fish("ant beta:environments retrieve ") == {identifier: HARD_NAME_SHOWN}
    assert not (desk.folder / "oops").exists()


def test_the_real_api_is_not_asked_for_what_an_emulator_has(fish, desk: Desk):
    """The kind says so, and `ant` knows the base URL."""
    assert fish("ant emulator enqueue env_2") == {"env_2": "other"}
    assert set(desk.calls) == {"__complete emulator_environment_id emulator enqueue env_2"}


def test_an_environment_to_enqueue_in_is_completed_for_real(fish, desk: Desk):
    """From the emulator that the base URL names, and from nowhere else."""
    identifier = desk.use_real_ant()
    assert fish("ant emulator enqueue ") == {identifier: HARD_NAME_SHOWN}
    with socket.create_server(("127.0.0.1", 0)) as server:
        del desk.environ["ANTHROPIC_BASE_URL"]
        desk.environ["HTTPS_PROXY"] = f"http://127.0.0.1:{server.getsockname()[1]}"
        assert fish("ant emulator enqueue ") == {}
        server.settimeout(0)
        with pytest.raises(BlockingIOError):
            server.accept()
