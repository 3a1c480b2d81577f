"""Completion of `ant-environments`, the second name of this program, next to the completion of another `ant`."""

from __future__ import annotations

import pytest

from tests.completion import test_bash, test_zsh
from tests.completion.conftest import REAL_ANT, SCRIPTS, ShellSandbox, needs
from tests.helpers.processes import run_process

pytestmark = pytest.mark.slow

LINE, COMPLETED = "ant-environments beta:environments cr", "ant-environments beta:environments create "


@pytest.fixture(autouse=True)
def second_name(sandbox: ShellSandbox) -> None:
    """Install the program under its second name."""
    (sandbox.folder / "bin" / "ant-environments").symlink_to(REAL_ANT)


def test_bash_completes_the_second_name(terminal):
    """The installed file asks the program for its script."""
    bash = terminal(
        ["bash", "--norc", "-i"],
        test_bash.SETUP.replace("ant.bash", "ant-environments.bash") + "complete -W theirs ant\n",
    )
    assert bash.complete(LINE) == COMPLETED
    assert bash.complete("ant the") == "ant theirs "


def test_zsh_completes_the_second_name(terminal):
    """Zsh finds the file by its name, and keeps the completion of `ant`."""
    zsh = terminal(["zsh", "-f", "-i"], test_zsh.FOUND)
    assert zsh.complete(LINE) == COMPLETED
    assert zsh.complete(LINE) == COMPLETED


def test_fish_completes_the_second_name(sandbox: ShellSandbox):
    """The script for the second name adds nothing to `ant`."""
    needs("fish")
    script = f"complete -c ant -f -a theirs; source {SCRIPTS / 'ant-environments.fish'}; complete -C $argv[1]"
    for line, offered in ((LINE, "create\tCreate an environment\n"), ("ant the", "theirs\n")):
        done = run_process(["fish", "-Nc", script, line], sandbox.environ, check=True)
        assert done.stdout == offered


def test_powershell_gets_a_script_for_the_second_name(sandbox: ShellSandbox):
    """Its parser is not needed for the name alone."""
    done = run_process(["ant-environments", "completion", "pwsh"], sandbox.environ, check=True)
    assert "-CommandName 'ant-environments', 'ant-environments.exe'" in done.stdout
    assert "'ant'" not in done.stdout
