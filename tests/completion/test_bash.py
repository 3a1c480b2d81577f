"""Completion in bash, with keys in a terminal."""

from __future__ import annotations

import socket
import subprocess

import pytest

from tests.completion.conftest import NAMES, SCRIPTS, SECOND_NAME, ShellSandbox, needs
from tests.helpers.shells import Terminal

pytestmark = pytest.mark.slow

ALL = "\x0f"
"""Control-O: insert every offered word."""
SETUP = rf"""
bind -x '"\C-g": printf "«%s»" "$READLINE_LINE"' 2>/dev/null
if ((BASH_VERSINFO[0] < 4)); then # no READLINE_LINE: make the line a comment, and print it from the history
  set +H
  show() {{ fc -ln -1 -1 | sed 's/.*#{{\(.*\)}}$/«\1»/'; }}
  bind '"\C-g": "\C-a#{{\C-e}}\C-mshow\C-m"'
fi
bind '"\C-o": insert-completions'
bind 'set enable-bracketed-paste off'
bind 'set bell-style none'
bind 'set completion-query-items 0'
bind 'set page-completions off'
PS1='> '
source '{SCRIPTS / "ant.bash"}'
"""


@pytest.fixture
def bash(terminal) -> Terminal:
    return terminal(["bash", "--norc", "-i"], SETUP)


@pytest.fixture
def is_old() -> bool:
    """Whether it is the bash 3.2 of macOS."""
    needs("bash")
    version = subprocess.run(["bash", "-c", "echo $BASH_VERSINFO"], capture_output=True, text=True, check=True)
    return int(version.stdout) < 4


@pytest.fixture
def comp_type(*, is_old: bool) -> None:
    """Skip the test if bash does not tell the key that was pressed."""
    if is_old:
        pytest.skip("bash 3.2 has no COMP_TYPE, so it lists IDs without names")


def offered(bash: Terminal, typed: str) -> list[str]:
    """Return every word that is offered for the last argument."""
    before = typed.rpartition(" ")[0]
    return bash.complete(typed, ALL).removeprefix(before).split()


@pytest.mark.parametrize(
    ("typed", "completed"),
    [
        ("ant beta:env", "ant beta:environments"),
        ("ant beta:environments:w", "ant beta:environments:work "),
        ("ant beta:environments:work sto", "ant beta:environments:work stop "),
        ("ant beta:environments cr", "ant beta:environments create "),
        ("ant --local beta:environments --format json cr", "ant --local beta:environments --format json create "),
        ("ant comp", "ant completion "),
        ("ant completion z", "ant completion zsh "),
        ("ant beta:environments create --sc", "ant beta:environments create --scope "),
        ("ant beta:environments create --scope o", "ant beta:environments create --scope organization "),
        ("ant --dry", "ant --dry-run "),
        ("ant beta:environments --dry", "ant beta:environments --dry-run "),
        ("ant beta:environments:work stop --force=t", "ant beta:environments:work stop --force=true "),
        ("ant beta:environments list --format=jsonl --sl", "ant beta:environments list --format=jsonl --slurp "),
        ("ant beta:environments create --config @env.", "ant beta:environments create --config @env.yaml "),
        ("ant beta:environments create --config=@env.", "ant beta:environments create --config=@env.yaml "),
        (
            "ant beta:environments create --name @file://env.",
            "ant beta:environments create --name @file://env.yaml ",
        ),
        ("ant beta:environments create --file env.", "ant beta:environments create --file env.yaml "),
        ("ant beta:environments create -f my", r"ant beta:environments create -f my\ files/"),
        (r"ant beta:environments create -f env\ t", r"ant beta:environments create -f env\ two.yaml "),
        (
            r"ant beta:environments create --config @env\ t",
            r"ant beta:environments create --config @env\ two.yaml ",
        ),
        ("ant beta:environments create --config @my", r"ant beta:environments create --config @my\ files/"),
        ("ant beta:environments create --file=env.", "ant beta:environments create --file=env.yaml "),
        ("ant profile activate my", "ant profile activate my.team "),
        ("ant beta:environments create -f ~/env.", "ant beta:environments create -f ~/env.yaml "),
        ("ant beta:environments create --name nothing", "ant beta:environments create --name nothing"),
        ("ant --profile h", "ant --profile home "),
        ("ant 'beta:env", "ant 'beta:environments"),
        ('ant "beta:environments:w', 'ant "beta:environments:work" '),
        ("ant 'beta:environments' cr", "ant 'beta:environments' create "),
        ("ant beta:environments list '--format=jsonl", "ant beta:environments list '--format=jsonl' "),
        ("ant beta:environments create --config '@env t", "ant beta:environments create --config '@env two.yaml' "),
        ("ant help ou", "ant help output "),
        ("ant help beta:environments:w", "ant help beta:environments:work "),
        ("ant help beta:environments cr", "ant help beta:environments create "),
        ("ant help --", "ant help --help "),
        ("ant help beta:environments create ", "ant help beta:environments create "),
    ],
)
def test_tab_completes_commands_and_flags_without_running_ant(
    bash: Terminal, sandbox: ShellSandbox, typed: str, completed: str, *, is_old: bool
):
    """Everything except IDs is completed by the shell alone."""
    blank = " " if is_old and completed.endswith("/") else ""  # bash 3.2 takes a folder for the end of the word
    assert bash.complete(typed) == completed + blank
    assert sandbox.calls == []


def test_every_command_of_a_group_is_offered(bash: Terminal):
    """Tab after an empty argument offers all commands of the group."""
    assert offered(bash, "ant beta:environments:work ") == [
        "ack", "heartbeat", "list", "poll", "retrieve", "stats", "stop", "update",
    ]  # fmt: skip


def test_help_completes_topics_and_commands(bash: Terminal):
    """After a group, `help` completes the commands of the group."""
    assert {"output", "exit-codes", "beta:environments", "beta:environments:work", "profile"} <= set(
        offered(bash, "ant help ")
    )
    assert offered(bash, "ant help beta:environments ") == [
        "archive", "create", "delete", "list", "retrieve", "update",
    ]  # fmt: skip


def test_flags_of_the_command_and_global_flags_are_offered_and_no_others(bash: Terminal):
    """Flags of other commands are not offered."""
    flags = offered(bash, "ant beta:environments list --")
    assert {"--include-archived", "--limit", "--format", "--help"} <= set(flags)
    assert "--config" not in flags
    assert {"-f", "-h", "--limit"} <= set(offered(bash, "ant beta:environments list -"))


def test_formats_are_offered_after_an_equals_sign(bash: Terminal):
    """The text before the equals sign is kept."""
    assert bash.complete("ant beta:environments list --format=j", ALL).split()[-2:] == ["--format=json", "jsonl"]


@pytest.mark.usefixtures("comp_type")
@pytest.mark.parametrize("flag", ["--environment-id ", "--environment-id=", ""])
def test_listed_ids_are_followed_by_their_names(bash: Terminal, flag: str):
    """The second tab lists them. No part of a name is inserted or run."""
    line = f"ant beta:environments retrieve {flag}env_"
    assert bash.complete(line, "\t\t") == line
    screen = bash.screen()
    assert 'env_1  data: "a" %B $(date) \\ it\'s' in screen
    assert "env_2  other" in screen


def test_no_name_of_an_id_is_inserted(bash: Terminal):
    """Neither a menu nor inserting all offered words inserts a name."""
    assert offered(bash, "ant beta:environments retrieve env_") == ["env_1", "env_2"]
    bash.complete("bind '\"\\C-t\": menu-complete'\n", "")
    assert bash.complete("ant beta:environments retrieve env_", "\x14").rstrip().endswith((" env_1", " env_2"))


@pytest.mark.parametrize(
    ("typed", "completed"),
    [
        ("tmp-b", "env_2 "),
        ("--environment-id my", "--environment-id env_3 "),
        ("--environment-id=my", "--environment-id=env_3 "),
        (r"my\ d", "env_3 "),
        ("'my d", "'env_3' "),
        ("'$(to", "'env_4' "),
        ("'a:", "'env_5' "),
        ("a:", "a:"),  # readline would replace only the part after the colon
        ("tmp-", "tmp-"),
        ("TMP", "TMP"),
        ("x", "x"),
        ("env_4", "env_4 "),
    ],
)
def test_a_name_is_replaced_by_its_id(bash: Terminal, sandbox: ShellSandbox, typed: str, completed: str):
    """A name of several environments, or of none, is unchanged.

    An ID is always an ID, even if it is also a name.
    """
    sandbox.name_environments(**NAMES, env_6="env_4")
    line = "ant beta:environments retrieve "
    assert bash.complete(line + typed) == line + completed
    assert not (sandbox.folder / "oops").exists()


def test_each_of_several_ids_is_completed(bash: Terminal, sandbox: ShellSandbox):
    """A command that takes one ID does not complete a second one."""
    sandbox.name_environments(**NAMES)
    complete = bash.complete
    line = "ant beta:environments archive env_1 env_3 "
    assert complete(line + "tmp-b") == line + "env_2 "
    line = "ant beta:environments retrieve env_1 tmp-b"
    assert complete(line) == line


@pytest.mark.usefixtures("comp_type")
def test_several_environments_that_match_a_partial_name_are_listed_with_their_ids(
    bash: Terminal, sandbox: ShellSandbox
):
    """The second tab lists them, and does not change the line."""
    sandbox.name_environments(**NAMES)
    line = "ant beta:environments retrieve tmp"
    assert bash.complete(line, "\t\t") == line
    assert "tmp-a  env_1" in bash.screen()
    assert "tmp-b  env_2" in bash.screen()
    assert "env_3" not in bash.screen()
    assert offered(bash, line) == ["env_1", "env_2"]


@pytest.mark.usefixtures("comp_type")
def test_the_id_of_a_name_with_a_colon_is_listed(bash: Terminal, sandbox: ShellSandbox):
    """Readline could replace only what follows the colon."""
    sandbox.name_environments(**NAMES)
    line = "ant beta:environments retrieve a:"
    assert bash.complete(line, "\t\t") == line
    assert "a:b  env_5" in bash.screen()
    assert bash.complete(line, ALL) == line


@pytest.mark.parametrize("flag", ["--environment-id ", "--environment-id=", ""])
def test_ids_are_fetched_by_running_ant_with_the_line(bash: Terminal, sandbox: ShellSandbox, flag: str):
    """`ant` gets the whole line up to the cursor."""
    line = f"ant --local beta:environments retrieve {flag}"
    assert bash.complete(line + "env_2") == line + "env_2 "
    assert sandbox.calls == [f"__complete environment_id --local beta:environments retrieve {flag}env_2"]


def test_completing_a_work_id_passes_the_environment_id_on_to_ant(bash: Terminal, sandbox: ShellSandbox):
    """Its quotes are removed."""
    line = "ant beta:environments:work stop --environment-id 'env_1' w"
    assert bash.complete(line) == line + "ork_1 "
    assert sandbox.calls == ["__complete work_id beta:environments:work stop --environment-id env_1 w"]


def test_a_quoted_argument_is_completed(bash: Terminal):
    """Readline keeps the opening quote."""
    assert bash.complete('ant completion "fi') == 'ant completion "fish" '


def test_completion_works_without_colons_in_comp_wordbreaks(bash: Terminal):
    """Some users remove the colon from COMP_WORDBREAKS."""
    bash.complete("COMP_WORDBREAKS=${COMP_WORDBREAKS//[:=@]/}\n", "")
    assert bash.complete("ant beta:environments:w") == "ant beta:environments:work "
    assert bash.complete("ant beta:environments create --config=@env.") == (
        "ant beta:environments create --config=@env.yaml "
    )


def test_completion_works_with_any_ifs(bash: Terminal):
    """IFS may be left over from a loop."""
    bash.complete("IFS=:\n", "")
    assert bash.complete("ant beta:environments:work sto") == "ant beta:environments:work stop "
    assert bash.complete("ant beta:environments list --format js", ALL).split()[-2:] == ["json", "jsonl"]


def test_ids_of_the_emulator_are_completed_by_the_real_program(terminal, sandbox: ShellSandbox):
    """Names are not run as commands."""
    identifier = sandbox.use_real_ant()
    bash = terminal(["bash", "--norc", "-i"], SETUP)
    line = "ant beta:environments retrieve "
    assert bash.complete(line) == f"{line}{identifier} "
    assert not (sandbox.folder / "oops").exists()


def test_ids_that_only_an_emulator_has_are_not_requested_from_the_api(bash: Terminal, sandbox: ShellSandbox):
    """The prefix of the ID tells the kind, and `ant` knows the base URL."""
    line = "ant emulator enqueue env_2"
    assert bash.complete(line) == line + " "
    assert set(sandbox.calls) == {"__complete emulator_environment_id emulator enqueue env_2"}


def test_an_environment_to_enqueue_in_is_completed_by_the_real_program(terminal, sandbox: ShellSandbox):
    """It is fetched only from the emulator at the base URL."""
    identifier = sandbox.use_real_ant()
    line = "ant emulator enqueue "
    assert terminal(["bash", "--norc", "-i"], SETUP).complete(line) == f"{line}{identifier} "
    with socket.create_server(("127.0.0.1", 0)) as server:
        del sandbox.environ["ANTHROPIC_BASE_URL"]
        sandbox.environ["HTTPS_PROXY"] = f"http://127.0.0.1:{server.getsockname()[1]}"
        assert terminal(["bash", "--norc", "-i"], SETUP).complete(line) == line
        server.settimeout(0)
        with pytest.raises(BlockingIOError):
            server.accept()


@pytest.mark.usefixtures("second_name")
def test_bash_completes_the_second_name(terminal):
    """The installed file asks the program for its script."""
    bash = terminal(
        ["bash", "--norc", "-i"],
        SETUP.replace("ant.bash", "ant-environments.bash") + "complete -W theirs ant\n",
    )
    assert bash.complete(SECOND_NAME) == f"{SECOND_NAME}eate "
    assert bash.complete("ant the") == "ant theirs "
