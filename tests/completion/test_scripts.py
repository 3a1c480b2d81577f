"""`ant completion`, and the content of the scripts."""

from __future__ import annotations

import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest
from completion_scripts import (
    flag_rows,
    in_fish,
    in_powershell,
    is_named_after_help,
    kind_name,
    with_help,
)

from ant_cli.completion.scripts import FILES, script
from ant_cli.help.catalog import catalog
from ant_cli.help.command_row import Command
from ant_cli.help.contents import TOPICS
from ant_cli.help.tool_commands import SHELLS
from ant_cli.operations import OPERATIONS
from ant_cli.operations.spec import Setting
from tests.completion.conftest import SCRIPTS, ShellSandbox, needs
from tests.conftest import needs_posix
from tests.helpers.processes import run_process

ROOT = catalog()
OWN_FLAGS = {param.flag for operation in OPERATIONS for param in operation.params}
"""Flags that some commands of the API have, and others do not."""
FLAGS_OF = {
    "bash": r"^ +'{}'\) reply=\((.*)\) ;;$",
    "zsh": r"^ +\('{}'\) reply=\((.*)\) ;;$",
    "fish": r"^ +case '{}'; set flags (.*)$",
    "powershell": r"^ +'{}' = '(-.*)'$",
}
"""The place of a command's flags in a script."""


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("command", ["completion", "@completion"])
def test_the_printed_script_is_the_committed_one(ant, shell: str, command: str):
    """The official tool's `@completion` prints it, too."""
    result = ant(command, shell)
    assert (result.exit, result.stderr) == (0, "")
    assert result.stdout == (SCRIPTS / FILES[shell]).read_text()


@pytest.mark.parametrize(
    ("shell", "line"),
    [
        ("bash", "complete -F _ant ant-environments"),
        ("zsh", "#compdef ant-environments"),
        ("zsh", "  compdef _ant ant-environments"),
        ("fish", "complete -c ant-environments -f -a '(__ant_offers)'"),
        ("fish", "complete -c ant-environments -n __ant_expects_file -F"),
        ("powershell", "-CommandName 'ant-environments', 'ant-environments.exe' -ScriptBlock {"),
    ],
)
def test_the_script_of_the_second_name_registers_that_name(shell: str, line: str):
    """The other one may be the official tool, with its own completion."""
    assert f"{line}\n" in script(shell, "ant-environments")


def test_a_wheel_has_every_script_in_the_package():
    """Only a checkout has the folder from which they are read otherwise."""
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())
    included = project["tool"]["hatch"]["build"]["targets"]["wheel"]["force-include"]
    assert included == {
        f"completions/{name}": f"ant_cli/completion/generated/{name}" for name in FILES.values()
    }


def test_pwsh_is_accepted_as_a_name_of_powershell(ant):
    """The executable of PowerShell is called pwsh."""
    assert ant("completion", "pwsh").stdout == ant("completion", "powershell").stdout


def test_an_unknown_shell_is_a_usage_error(ant):
    """The error suggests the nearest known shell."""
    refusal = ant("completion", "bsh").refusal
    assert "Did you mean 'bash'?" in refusal
    assert "bash, zsh, fish, powershell" in refusal


def test_a_shell_is_required(ant):
    """The shell is not guessed from $SHELL."""
    assert ant("completion").exit == 2


def test_the_help_page_says_how_to_install_each_script(ant):
    """It has a line for each shell."""
    page = ant("completion", "--help").stdout
    for line in (
        'eval "$(ant completion bash)"',
        "<(ant completion zsh)",
        "ant completion fish |",
        "ant completion pwsh",
    ):
        assert line in page


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.command)
def test_every_script_completes_every_flag_of_every_command_and_no_others(shell: str, operation):
    """Scripts and parser use the same rows."""
    (flags,) = re.findall(
        FLAGS_OF[shell].format(operation.command), script(shell, "ant"), re.MULTILINE
    )
    assert {*flags.split()} & OWN_FLAGS == {param.flag for param in operation.params}


@pytest.mark.parametrize("shell", SHELLS)
def test_no_template_marker_is_left_in_a_script(shell: str):
    """Every table of a template is filled."""
    text = script(shell, "ant")
    assert ("@TABLE" in text, "beta:environments" in text) == (False, True)


def test_the_completion_command_accepts_exactly_the_shells_with_a_script():
    """No shell lacks a script, and no script lacks its shell."""
    assert tuple(FILES) == SHELLS


@pytest.mark.parametrize(("shell", "program"), [("bash", "bash"), ("zsh", "zsh"), ("fish", "fish")])
def test_each_shell_finds_no_syntax_error_in_its_script(shell: str, program: str):
    """The shell reads the script without running it."""
    needs(program)
    done = subprocess.run([program, "-n", SCRIPTS / FILES[shell]], capture_output=True, check=True)
    assert done.stderr == b""


def test_a_flag_may_take_other_values_after_a_particular_command():
    """The row of that command comes before the row of all other commands."""
    usual = Setting("name", str, "", completes="free")
    special = usual._replace(completes="plain")
    commands = tuple(
        Command((name,), "", flags=(flag,))
        for name, flag in zip("abc", (usual, usual, special), strict=True)
    )
    rows = flag_rows(commands, kind_name)
    assert rows[0] == ("c", ("--name",), "plain")
    assert ("*", ("--name",), "free") in rows


@pytest.mark.parametrize(
    ("quoting", "text", "quoted"),
    [
        (in_fish, "can't \\ do", r"'can\'t \\ do'"),
        (in_powershell, "can't", "'can''t'"),
        (in_powershell, "can’t", "'can’’t'"),  # noqa: RUF001 - this very character
    ],
)
def test_descriptions_are_quoted_for_their_shell(quoting, text: str, quoted: str):
    """An apostrophe in a description does not end the string."""
    assert quoting(text) == quoted


HELP_COMMANDS = [command for command in with_help(ROOT).walk() if command.path[:1] == ("help",)]


def test_help_takes_topics_and_all_other_commands():
    """At every depth they are completed as plain arguments."""
    below = [command for command in HELP_COMMANDS if is_named_after_help(command)]
    others = {command.path for command in ROOT.walk()} - {(), ("help",)}
    assert {command.path[1:] for command in below} == others | {(name,) for name in TOPICS}
    assert not any(command.arguments for command in below)


@pytest.mark.parametrize("command", HELP_COMMANDS, ids=lambda command: command.full_name)
def test_help_accepts_everything_that_is_offered_as_its_argument(ant, command: Command):
    """`ant help` would reject nothing that is offered."""
    assert ant(*command.path).exit == 0


# PowerShell


def test_the_powershell_script_follows_the_grammar():
    """PowerShell itself is not installed everywhere, but the parser finds syntax errors on every machine."""
    import tree_sitter
    import tree_sitter_powershell

    parser = tree_sitter.Parser(tree_sitter.Language(tree_sitter_powershell.language()))
    text = script("powershell", "ant")
    assert not parser.parse(text.encode()).root_node.has_error
    assert parser.parse(text.replace("')", "'", 1).encode()).root_node.has_error


@pytest.mark.parametrize(
    "table", ["subcommands", "flags", "flagDescriptions", "flagKinds", "argumentKinds"]
)
def test_no_powershell_hash_table_has_duplicate_keys(table: str):
    """PowerShell rejects duplicate keys, and ignores case."""
    rows = script("powershell", "ant").partition(f"${table} = @{{\n")[2].partition("\n    }")[0]
    keys = re.findall(r"^        ('.*') = ", rows.lower(), re.MULTILINE)
    assert keys
    assert len(set(keys)) == len(keys)


def test_the_powershell_script_is_ascii():
    """PowerShell 5.1 decodes files, and the output of programs, with the code page of the system."""
    assert script("powershell", "ant").isascii()


PWSH = r"""
. $env:SCRIPT
foreach ($line in ($env:LINES -split "`n")) {
    $before, $after = $line -split '\|', 2
    $found = [System.Management.Automation.CommandCompletion]::CompleteInput("$before$after", $before.Length, $null)
    @($found.CompletionMatches | ForEach-Object { $_.CompletionText }) -join "`t"
}
"""
"""Complete each line as with the tab key, with the cursor at the bar, or else at the end."""
PWSH_SETTINGS = {
    "as it starts": "",
    "strict": "Set-StrictMode -Version Latest; $ErrorActionPreference = 'Stop'",
    "failing programs": "$PSNativeCommandUseErrorActionPreference = $true; $ErrorActionPreference = 'Stop'",
}
PWSH_OFFERS = {
    "ant beta:environments:work st": ["stop", "stats"],
    "ant 'beta:environments:work' st": ["stop", "stats"],
    "ant beta:environments:work st| work_1 --force": ["stop", "stats"],
    "ant beta:environments:work st|xyz": ["stop", "stats"],
    "ant beta:environments:work ST": ["stop", "stats"],
    "$x = @(ant beta:environments:work st|) | Out-Null": ["stop", "stats"],
    "ant --local beta:environments --format json cr": ["create"],
    "ant beta:environments list --format=js": ["--format=json", "--format=jsonl"],
    "ant beta:environments:work stop --force=": ["--force=true", "--force=false"],
    "ant --profile ": ["home", "my.team", "work"],
    "ant beta:environments retrieve env_": ["env_1", "env_2"],
    "ant beta:environments retrieve oth": ["env_2"],
    "ant beta:environments retrieve env_1 oth": [],
    "ant beta:environments archive env_1 env_3 oth": ["env_2"],
    "ant beta:environments retrieve --environment-id=oth": ["--environment-id=env_2"],
    "ant beta:environments retrieve [": [],
    "ant beta:environments create --file env.": ["env.yaml"],
    "ant beta:environments create --file env": ["'env two.yaml'", "env.yaml"],
    "ant beta:environments create --file my": ["'my files/'"],
    "ant beta:environments create --description '@env.": ["'@env.yaml'"],
    "ant beta:environments create --description=@file://env.": ["--description=@file://env.yaml"],
    "ant beta:environments create --name ": [],
    "ant help ou": ["output"],
    "ant help beta:environments cr": ["create"],
}


@pytest.mark.parametrize("settings", PWSH_SETTINGS.values(), ids=PWSH_SETTINGS.keys())
def test_powershell_completes_in_any_session(sandbox: ShellSandbox, settings: str):
    """It is called like the tab key calls it, with different settings of the session."""
    if shutil.which("pwsh") is None:
        pytest.skip("PowerShell is not installed: see https://aka.ms/install-powershell")
    environ = sandbox.environ | {
        "SCRIPT": str(SCRIPTS / "ant.ps1"),
        "LINES": "\n".join(PWSH_OFFERS),
    }
    command = ["pwsh", "-NoProfile", "-NonInteractive", "-Command", settings + PWSH]
    done = run_process(command, environ, cwd=sandbox.folder, check=True)
    offers = [[word for word in line.split("\t") if word] for line in done.stdout.splitlines()]
    assert dict(zip(PWSH_OFFERS, offers, strict=True)) == PWSH_OFFERS
    assert done.stderr == ""


@needs_posix("programs without an extension")
def test_powershell_gets_a_script_for_the_second_name(sandbox: ShellSandbox):
    """Its parser is not needed for the name alone."""
    sandbox.install_second_name()
    done = run_process(["ant-environments", "completion", "pwsh"], sandbox.environ, check=True)
    assert "-CommandName 'ant-environments', 'ant-environments.exe'" in done.stdout
    assert "'ant'" not in done.stdout
