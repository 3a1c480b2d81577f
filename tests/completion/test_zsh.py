"""Completion in zsh, with keys in a terminal."""

from __future__ import annotations

import socket

import pytest

from tests.completion.conftest import NAMES, SCRIPTS, SECOND_NAME, ShellSandbox
from tests.helpers.shells import Terminal

pytestmark = pytest.mark.slow

ALL = "\x0f"
"""Control-O: insert every offered word."""
SETUP = r"""
PS1='> '
unsetopt beep prompt_sp
zstyle ':completion:*' insert-tab false
show-line() { printf '«%s»' "$BUFFER" }
zle -N show-line
insert-all() { _main_complete; compstate[insert]=all }
autoload -Uz compinit
compinit -u -C -d "$COMPDUMP"
zle -C insert-all complete-word insert-all
bindkey -e '^G' show-line '^O' insert-all
"""
"""The first shell of a test run writes the dump, which saves the others the search of all functions of zsh."""
SOURCED = SETUP + f"source '{SCRIPTS / '_ant'}'\n"
FOUND = f"fpath=('{SCRIPTS}' $fpath)\n" + SETUP.replace('-C -d "$COMPDUMP"', "-D")
"""The script as a file that zsh finds by its name."""


@pytest.fixture
def zsh(terminal) -> Terminal:
    return terminal(["zsh", "-f", "-i"], SOURCED)


@pytest.mark.parametrize(
    ("typed", "completed"),
    [
        ("ant beta:env", "ant beta:environments"),
        ("ant beta:environments:w", "ant beta:environments:work "),
        ("ant beta:environments:work sto", "ant beta:environments:work stop "),
        ("ant --local beta:environments --format json cr", "ant --local beta:environments --format json create "),
        ("ant completion z", "ant completion zsh "),
        ("ant beta:environments create --sc", "ant beta:environments create --scope "),
        ("ant beta:environments create --scope o", "ant beta:environments create --scope organization "),
        ("ant --dry", "ant --dry-run "),
        ("ant beta:environments:work stop --force=t", "ant beta:environments:work stop --force=true "),
        ("ant beta:environments create --config @env.", "ant beta:environments create --config @env.yaml "),
        ("ant beta:environments create --config=@env.", "ant beta:environments create --config=@env.yaml "),
        (
            "ant beta:environments create --name @file://env.",
            "ant beta:environments create --name @file://env.yaml ",
        ),
        ("ant beta:environments create --file env.", "ant beta:environments create --file env.yaml "),
        ("ant beta:environments create -f my", r"ant beta:environments create -f my\ files/"),
        ("ant --profile h", "ant --profile home "),
        ("ant 'beta:env", "ant 'beta:environments"),
        ("ant help ou", "ant help output "),
        ("ant help beta:environments:w", "ant help beta:environments:work "),
        ("ant help beta:environments cr", "ant help beta:environments create "),
        ("ant help beta:environments create ", "ant help beta:environments create "),
    ],
)
def test_tab_completes_commands_and_flags_without_running_ant(
    zsh: Terminal, sandbox: ShellSandbox, typed: str, completed: str
):
    """Everything except IDs is completed by the shell alone."""
    assert zsh.complete(typed) == completed
    assert sandbox.calls == []


def test_a_script_autoloaded_from_fpath_completes(terminal):
    """The first completion is then the first call of the function."""
    zsh = terminal(["zsh", "-f", "-i"], FOUND)
    assert zsh.complete("ant completion z") == "ant completion zsh "
    assert zsh.complete("ant completion b") == "ant completion bash "


def test_every_command_of_a_group_is_offered_with_its_summary(zsh: Terminal):
    """The list below the line has the summary of each command."""
    zsh.complete("ant beta:environments:work st")
    assert "Stop a work item, gracefully or immediately" in zsh.screen()
    assert "Show queue statistics" in zsh.screen()


def test_help_completes_topics_and_commands(zsh: Terminal):
    """After a group, `help` completes the commands of the group."""
    assert {"output", "exit-codes", "beta:environments", "beta:environments:work", "profile"} <= set(
        zsh.complete("ant help ", ALL).split()
    )
    assert sorted(zsh.complete("ant help beta:environments ", ALL).split()[3:]) == [
        "archive", "create", "delete", "list", "retrieve", "update",
    ]  # fmt: skip


def test_flags_are_offered_with_their_descriptions(zsh: Terminal):
    """Global flags are offered, too."""
    zsh.complete("ant beta:environments list --")
    assert "List archived environments too" in zsh.screen()
    assert "How results are printed" in zsh.screen()
    assert "--config" not in zsh.screen()


def test_profile_names_are_offered(zsh: Terminal):
    """A name may be in quotes in the file."""
    assert zsh.complete("ant --profile ", ALL) == "ant --profile home my.team work "


@pytest.mark.parametrize("flag", ["--environment-id ", "--environment-id=", ""])
def test_ids_are_fetched_by_running_ant_with_the_line(zsh: Terminal, sandbox: ShellSandbox, flag: str):
    """`ant` gets the whole line up to the cursor, and its names are shown unchanged."""
    line = f"ant --local beta:environments retrieve {flag}"
    assert zsh.complete(line + "env_") == line + "env_"
    assert r"""data: "a" %B $(date) \ it's""" in zsh.screen()
    assert sandbox.calls == [f"__complete environment_id --local beta:environments retrieve {flag}env_"]


@pytest.mark.parametrize(
    ("typed", "completed"),
    [
        ("tmp-b", "env_2 "),
        ("--environment-id my", "--environment-id env_3 "),
        ("--environment-id=my", "--environment-id=env_3 "),
        (r"my\ d", "env_3 "),
        ("'my d", "'env_3' "),
        ("'$(to", "'env_4' "),
        ("a:", "env_5 "),
        ("tmp-", "tmp-"),
        ("x", "x"),
        ("env_4", "env_4 "),
    ],
)
def test_a_name_is_replaced_by_its_id(zsh: Terminal, sandbox: ShellSandbox, typed: str, completed: str):
    """A name of several environments, or of none, is unchanged.

    An ID is always an ID, even if it is also a name.
    """
    sandbox.name_environments(**NAMES, env_6="env_4")
    line = "ant beta:environments retrieve "
    assert zsh.complete(line + typed) == line + completed
    assert not (sandbox.folder / "oops").exists()


def test_each_of_several_ids_is_completed(zsh: Terminal, sandbox: ShellSandbox):
    """A command that takes one ID does not complete a second one."""
    sandbox.name_environments(**NAMES)
    complete = zsh.complete
    line = "ant beta:environments archive env_1 env_3 "
    assert complete(line + "tmp-b") == line + "env_2 "
    line = "ant beta:environments retrieve env_1 tmp-b"
    assert complete(line) == line


def test_several_environments_that_match_a_partial_name_are_listed_with_their_ids(
    zsh: Terminal, sandbox: ShellSandbox
):
    """They are listed below the line, which does not change."""
    sandbox.name_environments(**NAMES)
    line = "ant beta:environments retrieve tmp"
    assert zsh.complete(line) == line
    assert "tmp-a  env_1" in zsh.screen()
    assert "tmp-b  env_2" in zsh.screen()
    assert "env_3" not in zsh.screen()


def test_completing_a_work_id_passes_the_environment_id_on_to_ant(zsh: Terminal, sandbox: ShellSandbox):
    """Its quotes are removed."""
    line = "ant beta:environments:work stop --environment-id 'env_1' w"
    assert zsh.complete(line) == line + "ork_1 "
    assert sandbox.calls == ["__complete work_id beta:environments:work stop --environment-id env_1 w"]


def test_ids_of_the_emulator_are_completed_by_the_real_program(terminal, sandbox: ShellSandbox):
    """Names are not run as commands."""
    identifier = sandbox.use_real_ant()
    zsh = terminal(["zsh", "-f", "-i"], SOURCED)
    line = "ant beta:environments retrieve "
    assert zsh.complete(line) == f"{line}{identifier} "
    assert not (sandbox.folder / "oops").exists()


def test_ids_that_only_an_emulator_has_are_not_requested_from_the_api(zsh: Terminal, sandbox: ShellSandbox):
    """The prefix of the ID tells the kind, and `ant` knows the base URL."""
    line = "ant emulator enqueue env_2"
    assert zsh.complete(line) == line + " "
    assert set(sandbox.calls) == {"__complete emulator_environment_id emulator enqueue env_2"}


def test_an_environment_to_enqueue_in_is_completed_by_the_real_program(terminal, sandbox: ShellSandbox):
    """It is fetched only from the emulator at the base URL."""
    identifier = sandbox.use_real_ant()
    line = "ant emulator enqueue "
    assert terminal(["zsh", "-f", "-i"], SOURCED).complete(line) == f"{line}{identifier} "
    with socket.create_server(("127.0.0.1", 0)) as server:
        del sandbox.environ["ANTHROPIC_BASE_URL"]
        sandbox.environ["HTTPS_PROXY"] = f"http://127.0.0.1:{server.getsockname()[1]}"
        assert terminal(["zsh", "-f", "-i"], SOURCED).complete(line) == line
        server.settimeout(0)
        with pytest.raises(BlockingIOError):
            server.accept()


@pytest.mark.usefixtures("second_name")
def test_zsh_completes_the_second_name(terminal):
    """Zsh finds the file by its name, and keeps the completion of `ant`."""
    zsh = terminal(["zsh", "-f", "-i"], FOUND)
    assert zsh.complete(SECOND_NAME) == f"{SECOND_NAME}eate "
    assert zsh.complete(SECOND_NAME) == f"{SECOND_NAME}eate "
