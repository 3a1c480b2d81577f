"""Completion in bash, zsh and fish, with keys in a terminal. The tables of lines are the same for all."""

from __future__ import annotations

import re
import shlex
import socket
import subprocess
from collections.abc import Callable, Iterator
from typing import NamedTuple

import pytest

from tests.completion.conftest import SCRIPTS, ShellSandbox, needs
from tests.helpers.terminals import TAB, Terminal

pytestmark = pytest.mark.slow

ALL = "\x0f"
"""Control-O: insert every offered word."""
BASH = rf"""
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
ZSH = r"""
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
FOUND = f"fpath=('{SCRIPTS}' $fpath)\n" + ZSH.replace('-C -d "$COMPDUMP"', "-D")
"""The script as a file that zsh finds by its name."""
FISH = r"""
function fish_prompt; printf '> '; end
bind ctrl-g 'printf "«%s»" (commandline)'
bind ctrl-o 'commandline -r -- (complete -C (commandline) | string replace -r "\t.*" "" | string join " ")'
bind ctrl-t 'complete -C (commandline) | string replace \t "  "'
"""
"""Its own list of what it offers fills the screen, and describes each word in parentheses."""


class Kind(NamedTuple):
    """How to start a shell, and the keys that list what it offers, with descriptions."""

    command: list[str]
    setup: str
    list_keys: str


KINDS = {
    "bash": Kind(["bash", "--norc", "-i"], BASH, TAB + TAB),
    "zsh": Kind(["zsh", "-f", "-i"], f"{ZSH}source '{SCRIPTS / '_ant'}'\n", TAB),
    # Since 4.1, fish asks a terminal for its attributes, and waits ten seconds for one that does not answer.
    "fish": Kind(["fish", "--features=no-query-term", "-i"], FISH, "\x14"),
}


class Shell:
    """A shell that completes the lines of a test."""

    def __init__(self, name: str, terminal: Terminal) -> None:
        self.name = name
        self._terminal = terminal

    def complete(self, typed: str, key: str = TAB) -> str:
        """Return the line after a key."""
        return self._terminal.complete(typed, key)

    def offered(self, typed: str) -> list[str]:
        """Return every word that is offered for the last argument."""
        inserted = self.complete(typed, ALL)
        return (
            []
            if inserted == typed
            else sorted(inserted.removeprefix(typed.rpartition(" ")[0]).split())
        )

    def listed(self, typed: str) -> str:
        """Return the screen with all words and their descriptions. Listing them does not change the line."""
        assert self.complete(typed, KINDS[self.name].list_keys) == typed
        return self._terminal.screen.replace("\r", "").replace("\x07", "")


@pytest.fixture
def start(sandbox: ShellSandbox) -> Iterator[Callable[..., Shell]]:
    """Start a shell with the completion: `start("zsh")`. Fish finds it as `ant completion --help` says."""
    folder = sandbox.folder / ".config" / "fish" / "completions"
    folder.mkdir(parents=True)
    (folder / "ant.fish").write_text(f"source {shlex.quote(str(SCRIPTS / 'ant.fish'))}\n")
    (sandbox.folder / "build.xml").touch()  # fish has a completion for Apache Ant, which reads it
    started: list[Terminal] = []

    def run(name: str, setup: str = "") -> Shell:
        needs(name)
        command, usual, _ = KINDS[name]
        started.append(Terminal(command, setup or usual, sandbox.folder, sandbox.environ))
        return Shell(name, started[-1])

    yield run
    for terminal in started:
        terminal.close()


@pytest.fixture(params=KINDS)
def shell(request: pytest.FixtureRequest, start: Callable[..., Shell]) -> Shell:
    return start(request.param)


@pytest.fixture
def bash(start: Callable[..., Shell]) -> Shell:
    return start("bash")


@pytest.fixture
def is_old(request: pytest.FixtureRequest) -> bool:
    """Whether the shell of the test is the bash 3.2 of macOS."""
    if "shell" in request.fixturenames and request.node.callspec.params["shell"] != "bash":
        return False
    version = subprocess.run(
        ["bash", "-c", "echo $BASH_VERSINFO"], capture_output=True, text=True, check=True
    )
    return int(version.stdout) < 4


@pytest.fixture
def lists_names(*, is_old: bool) -> None:
    """Skip the test if the shell does not tell the key that was pressed."""
    if is_old:
        pytest.skip("bash 3.2 has no COMP_TYPE, so it lists IDs without names")


COMPLETED = {
    "ant beta:env": "ant beta:environments",
    "ant beta:environments:w": "ant beta:environments:work ",
    "ant beta:environments:work sto": "ant beta:environments:work stop ",
    "ant beta:environments cr": "ant beta:environments create ",
    "ant --local beta:environments --format json cr": "ant --local beta:environments --format json create ",
    "ant comp": "ant completion ",
    "ant completion z": "ant completion zsh ",
    'ant completion "fi': 'ant completion "fish" ',
    "ant beta:environments create --sc": "ant beta:environments create --scope ",
    "ant beta:environments create --scope o": "ant beta:environments create --scope organization ",
    "ant --dry": "ant --dry-run ",
    "ant beta:environments --dry": "ant beta:environments --dry-run ",
    "ant beta:environments:work stop --force=t": "ant beta:environments:work stop --force=true ",
    "ant beta:environments list --format=jsonl --sl": "ant beta:environments list --format=jsonl --slurp ",
    "ant beta:environments create --config @env.": "ant beta:environments create --config @env.yaml ",
    "ant beta:environments create --config=@env.": "ant beta:environments create --config=@env.yaml ",
    "ant beta:environments create --name @file://env.": "ant beta:environments create --name @file://env.yaml ",
    "ant beta:environments create --file env.": "ant beta:environments create --file env.yaml ",
    "ant beta:environments create -f my": r"ant beta:environments create -f my\ files/",
    r"ant beta:environments create -f env\ t": r"ant beta:environments create -f env\ two.yaml ",
    r"ant beta:environments create --config @env\ t": r"ant beta:environments create --config @env\ two.yaml ",
    "ant beta:environments create --config @my": r"ant beta:environments create --config @my\ files/",
    "ant beta:environments create --file=env.": "ant beta:environments create --file=env.yaml ",
    "ant beta:environments create -f ~/env.": "ant beta:environments create -f ~/env.yaml ",
    "ant profile activate my": "ant profile activate my.team ",
    "ant --profile h": "ant --profile home ",
    "ant 'beta:env": "ant 'beta:environments",
    'ant "beta:environments:w': 'ant "beta:environments:work" ',
    "ant 'beta:environments' cr": "ant 'beta:environments' create ",
    "ant help ou": "ant help output ",
    "ant help beta:env": "ant help beta:environments",
    "ant help beta:environments:w": "ant help beta:environments:work ",
    "ant help beta:environments cr": "ant help beta:environments create ",
    "ant help --": "ant help --help ",
}
"""What the tab key makes of a line."""
IN_FISH = {"ant beta:worker EXP": "ant beta:worker exporter "}
NOT_IN_FISH = {
    "ant beta:environments list '--format=jsonl": "ant beta:environments list '--format=jsonl' ",
    "ant beta:environments create --config '@env t": "ant beta:environments create --config '@env two.yaml' ",
}


def test_tab_completes_commands_and_flags_without_running_ant(
    shell: Shell, sandbox: ShellSandbox, *, is_old: bool
):
    """Everything except IDs is completed by the shell alone."""
    lines = COMPLETED | (IN_FISH if shell.name == "fish" else NOT_IN_FISH)
    completed = {typed: shell.complete(typed) for typed in lines}
    if is_old:  # it takes a folder for the end of the word
        completed = {typed: re.sub("/ $", "/", line) for typed, line in completed.items()}
    assert completed == lines
    assert sandbox.calls == []


OFFERED = {
    "ant beta:environments:work ": [
        "ack",
        "heartbeat",
        "list",
        "poll",
        "retrieve",
        "stats",
        "stop",
        "update",
    ],
    "ant help beta:environments ": ["archive", "create", "delete", "list", "retrieve", "update"],
    "ant completion ": ["bash", "fish", "powershell", "zsh"],
    "ant beta:environments create --scope ": ["account", "organization"],
    "ant --profile ": ["home", "my.team", "work"],
    "ant profile activate ": ["home", "my.team", "work"],
    "ant beta:environments list --format j": ["json", "jsonl"],
    "ant beta:environments retrieve env_": ["env_1", "env_2"],
    "ant beta:environments create --name ": [],
    "ant beta:environments create ": [],
    "ant beta:environments list --uncommon": [],
    "ant beta:worker d": [],  # a letter that only descriptions have
    "ant help beta:environments create ": [],
    "ant help beta:environments create --n": [],
    "ant beta:environments retrieve env_1 ": [],
}
"""The words that may follow."""


def test_every_word_that_may_follow_is_offered_and_no_other(shell: Shell):
    """No description of one, such as the name of an environment, is inserted."""
    assert {typed: shell.offered(typed) for typed in OFFERED} == OFFERED
    flags = shell.offered("ant beta:environments list --")
    assert {"--include-archived", "--limit", "--format", "--help"} <= set(flags)
    assert "--config" not in flags
    topics = shell.offered("ant help ")
    assert {
        "output",
        "exit-codes",
        "beta:environments",
        "beta:environments:work",
        "profile",
    } <= set(topics)


def test_in_bash_short_flags_and_choices_after_an_equals_sign_are_offered(bash: Shell):
    """The text before the equals sign is kept."""
    assert {"-f", "-h", "--limit"} <= set(bash.offered("ant beta:environments list -"))
    assert bash.offered("ant beta:environments list --format=j") == ["--format=json", "jsonl"]


@pytest.mark.parametrize("name", ["zsh", "fish"])
def test_what_is_offered_is_listed_with_its_description(start: Callable[..., Shell], name: str):
    """Commands, topics and flags have one, but not the choices of a flag, which was described when it was typed."""
    shell = start(name)
    commands = shell.listed("ant beta:environments:work st")
    assert "Stop a work item, gracefully or immediately" in commands
    assert "Show queue statistics" in commands
    flags = shell.listed("ant beta:environments list --")
    assert "List archived environments too" in flags
    assert "How results are printed" in flags
    assert "Exit codes" in shell.listed("ant help ")
    assert "How results are printed" not in shell.listed("ant beta:environments list --format ")


# IDs


FLAGS = pytest.mark.parametrize("flag", ["--environment-id ", "--environment-id=", ""])


@FLAGS
@pytest.mark.usefixtures("lists_names")
def test_ids_are_listed_with_their_names(shell: Shell, flag: str):
    """No part of a name is inserted or run."""
    listed = shell.listed(f"ant beta:environments retrieve {flag}env_")
    assert re.search(r"""env_1 +(-- )?data: "a" %B \$\(date\) \\ it's""", listed)
    assert re.search("env_2 +(-- )?other", listed)


@FLAGS
def test_ids_are_fetched_by_running_ant_with_the_line(
    shell: Shell, sandbox: ShellSandbox, flag: str
):
    """`ant` gets the whole line up to the cursor."""
    line = f"ant --local beta:environments retrieve {flag}"
    assert shell.complete(line + "env_2") == line + "env_2 "
    assert set(sandbox.calls) == {
        f"__complete environment_id --local beta:environments retrieve {flag}env_2"
    }


NAMES = {
    "env_1": "tmp-a",
    "env_2": "tmp-b",
    "env_3": "my data",
    "env_4": "$(touch oops) `touch oops`",
    "env_5": "a:b",
    "env_6": "env_4",
}
"""The names of environments by ID. An ID is always an ID, even if it is also a name."""
REPLACED = {
    "tmp-b": "env_2 ",
    "--environment-id my": "--environment-id env_3 ",
    "--environment-id=my": "--environment-id=env_3 ",
    r"my\ d": "env_3 ",
    "'my d": "'env_3' ",
    "'$(to": "'env_4' ",
    "a:": "env_5 ",
    "tmp-": "tmp-",
    "xyz": "xyz",
    "env_4": "env_4 ",
}
REPLACED_OTHERWISE = {
    "bash": {
        "a:": "a:",
        "'a:": "'env_5' ",
        "TMP": "TMP",
    },  # readline would replace only what follows the colon
    "zsh": {},
    "fish": {"'my d": "env_3 ", "'$(to": "env_4 "},
}


def test_a_name_is_replaced_by_its_id(shell: Shell, sandbox: ShellSandbox):
    """A name of several environments, or of none, is unchanged. No name is run as a command."""
    sandbox.name_environments(**NAMES)
    line, replaced = "ant beta:environments retrieve ", REPLACED | REPLACED_OTHERWISE[shell.name]
    assert {
        typed: shell.complete(line + typed).removeprefix(line) for typed in replaced
    } == replaced
    assert not (sandbox.folder / "oops").exists()


def test_each_of_several_ids_is_completed(shell: Shell, sandbox: ShellSandbox):
    """A command that takes one ID does not complete a second one."""
    sandbox.name_environments(**NAMES)
    line = "ant beta:environments archive env_1 env_3 "
    assert shell.complete(line + "tmp-b") == line + "env_2 "
    line = "ant beta:environments retrieve env_1 tmp-b"
    assert shell.complete(line) == line


@pytest.mark.usefixtures("lists_names")
def test_several_environments_that_match_a_partial_name_are_listed_with_their_ids(
    shell: Shell, sandbox: ShellSandbox
):
    """In fish, a name that is chosen from the list is replaced by its ID at the next tab."""
    sandbox.name_environments(**NAMES)
    listed = shell.listed("ant beta:environments retrieve tmp")
    assert "tmp-a  env_1" in listed
    assert "tmp-b  env_2" in listed
    assert "env_3" not in listed
    if shell.name == "bash":
        assert shell.offered("ant beta:environments retrieve tmp") == ["env_1", "env_2"]
        assert "a:b  env_5" in shell.listed("ant beta:environments retrieve a:")
        assert shell.offered("ant beta:environments retrieve a:") == []


def test_completing_a_work_id_passes_the_environment_id_on_to_ant(
    shell: Shell, sandbox: ShellSandbox
):
    """Its quotes are removed."""
    line = "ant beta:environments:work stop --environment-id 'env_1' w"
    assert shell.complete(line) == line + "ork_1 "
    assert set(sandbox.calls) == {
        "__complete work_id beta:environments:work stop --environment-id env_1 w"
    }


def test_ids_that_only_an_emulator_has_are_not_requested_from_the_api(
    shell: Shell, sandbox: ShellSandbox
):
    """The prefix of the ID tells the kind, and `ant` knows the base URL."""
    assert shell.complete("ant emulator enqueue env_2") == "ant emulator enqueue env_2 "
    assert set(sandbox.calls) == {"__complete emulator_environment_id emulator enqueue env_2"}


@pytest.mark.parametrize("name", KINDS)
def test_ids_of_the_emulator_are_completed_by_the_real_program(
    start: Callable[..., Shell], sandbox: ShellSandbox, name: str
):
    """Names are not run as commands. Without the emulator's base URL, the API is not asked for its environments."""
    identifier = sandbox.use_real_ant()
    shell, enqueue = start(name), "ant emulator enqueue "
    for line in ("ant beta:environments retrieve ", enqueue):
        assert shell.complete(line) == f"{line}{identifier} "
    assert not (sandbox.folder / "oops").exists()
    with socket.create_server(("127.0.0.1", 0)) as server:
        del sandbox.environ["ANTHROPIC_BASE_URL"]
        sandbox.environ["HTTPS_PROXY"] = f"http://127.0.0.1:{server.getsockname()[1]}"
        assert start(name).complete(enqueue) == enqueue
        server.settimeout(0)
        with pytest.raises(BlockingIOError):
            server.accept()


@pytest.mark.parametrize("name", KINDS)
def test_no_profile_name_of_a_file_runs_from_a_completed_line(
    start: Callable[..., Shell], sandbox: ShellSandbox, name: str
):
    """The file may be that of a folder which somebody else has made."""
    (sandbox.folder / "config" / "profiles.toml").write_text('[profiles."h$(touch${IFS}oops)"]\n')
    line = start(name).complete("ant --profile h")
    assert line == "ant --profile h" or r"\$\(touch" in line


# What a shell is set to


@pytest.mark.parametrize("settings", ["COMP_WORDBREAKS=${COMP_WORDBREAKS//[:=@]/}", "IFS=:"])
def test_completion_works_with_other_settings_of_bash(bash: Shell, settings: str):
    """Some users remove the colon from COMP_WORDBREAKS, and IFS may be left over from a loop."""
    bash.complete(f"{settings}\n", "")
    for line in ("ant beta:environments:w", "ant beta:environments create --config=@env."):
        assert bash.complete(line) == COMPLETED[line]
    assert bash.offered("ant beta:environments list --format js") == ["json", "jsonl"]


def test_no_name_of_an_id_is_inserted_by_a_menu_of_bash(bash: Shell):
    """It inserts one offered word after the other."""
    bash.complete("bind '\"\\C-t\": menu-complete'\n", "")
    assert (
        bash.complete("ant beta:environments retrieve env_", "\x14")
        .rstrip()
        .endswith((" env_1", " env_2"))
    )


def test_a_script_that_zsh_autoloads_from_fpath_completes(start: Callable[..., Shell]):
    """The first completion is then the first call of the function."""
    zsh = start("zsh", FOUND)
    for word, rest in (("z", "sh"), ("b", "ash")):
        assert zsh.complete(f"ant completion {word}") == f"ant completion {word}{rest} "


@pytest.mark.parametrize(
    ("name", "setup"),
    [
        ("bash", BASH.replace("ant.bash", "ant-environments.bash") + "complete -W theirs ant\n"),
        ("zsh", FOUND + "compdef 'compadd theirs' ant\n"),
        (
            "fish",
            f"{FISH}source {SCRIPTS / 'ant-environments.fish'}\ncomplete -c ant -f -a theirs\n",
        ),
    ],
)
def test_the_second_name_is_completed_and_the_completion_of_another_ant_is_kept(
    start: Callable[..., Shell], sandbox: ShellSandbox, name: str, setup: str
):
    """The installed file asks the program for its script."""
    sandbox.install_second_name()
    (sandbox.folder / ".config" / "fish" / "completions" / "ant.fish").unlink()
    shell = start(name, setup)
    for _ in range(2):
        line = shell.complete("ant-environments beta:environments cr")
        assert line == "ant-environments beta:environments create "
    assert shell.complete("ant the") == "ant theirs "
