"""Commands that people copy into their shell, and commands that they wrote for it."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from ant_cli.errors.command_line import PIPE, command_line, quote
from ant_cli.runtime import shell
from tests.conftest import needs_posix


@pytest.fixture
def windows(monkeypatch):
    """Let the shell be that of Windows."""
    monkeypatch.setattr(sys, "platform", "win32")


@needs_posix("sh")
def test_sh_sets_the_variable_to_the_whole_value():
    command = shell.set_variable("WHERE", "a $HOME 'b'")
    done = subprocess.run(
        ["sh", "-c", f"{command}; printenv WHERE"], capture_output=True, text=True, check=True
    )
    assert done.stdout == "a $HOME 'b'\n"


@needs_posix("sh")
def test_a_command_is_split_as_sh_does():
    assert shell.split(r"code\ x --wait 'a b'") == ["code x", "--wait", "a b"]


@pytest.mark.usefixtures("windows")
@pytest.mark.parametrize(
    ("arg", "quoted"),
    [
        (r"C:\envs\data.yaml", r"C:\envs\data.yaml"),
        ("two words", '"two words"'),
        ("", '""'),
        ("a,b", '"a,b"'),
        ("$HOME", "'$HOME'"),
        ('{"name": "it\'s"}', """'{"name": "it\'\'s"}'"""),
    ],
)
def test_powershell_gets_quotes_only_where_needed_and_literal_ones_for_dollars(arg, quoted):
    assert quote(arg) == quoted


@pytest.mark.usefixtures("windows")
def test_powershell_sets_a_variable_by_its_own_syntax():
    assert shell.set_variable("EDITOR", "it's") == "$env:EDITOR = 'it''s'"


@pytest.mark.usefixtures("windows")
@pytest.mark.parametrize(
    ("command", "args"),
    [
        (r"C:\Windows\notepad.exe", [r"C:\Windows\notepad.exe"]),
        (
            r'"C:\Program Files\np\np.exe" --title="a b"',
            [r"C:\Program Files\np\np.exe", "--title=a b"],
        ),
        (r'powershell -c "Get-Secret \"ant key\""', ["powershell", "-c", 'Get-Secret "ant key"']),
        ("code 'x' \"\"", ["code", "'x'", ""]),
        (r"echo \"a", ["echo", '"a']),
        ("  ", []),
    ],
)
def test_a_windows_command_keeps_its_backslashes_and_has_only_double_quotes(command, args):
    assert shell.split(command) == args


@pytest.mark.usefixtures("windows")
def test_a_windows_command_with_an_open_quote_is_rejected():
    with pytest.raises(ValueError, match="No closing quotation"):
        shell.split('"C:\\Program Files\\np.exe')


@pytest.mark.usefixtures("windows")
def test_a_bare_name_is_found_on_path_and_not_in_the_working_folder(tmp_path):
    """On Windows, the folder of a repository would come first."""
    (tmp_path / "bin").mkdir()
    for name in ("less.exe", "more.exe", "bin/less", "bin/less.exe"):
        (tmp_path / name).touch(mode=0o755)

    def find(name):
        return shell.find_program(name, {"PATH": f"{os.pathsep}.{os.pathsep}{tmp_path / 'bin'}"})

    assert [find("less"), find("less.exe")] == [str(tmp_path / "bin" / "less.exe")] * 2
    assert find("more.exe") is None
    assert find("./more.exe")


@pytest.mark.usefixtures("windows")
@pytest.mark.parametrize(
    ("name", "kinds", "found"),
    [
        ("a", None, "a.com"),
        ("b", None, "b.exe"),
        ("c", None, "c.bat"),
        ("d", None, "d.cmd"),
        ("e", None, None),
        ("UP.EXE", None, "UP.EXE"),
        ("b", ".EXE;.PY", "b.exe"),
        ("e", ".EXE;.PY", "e.py"),
        ("a", ".EXE;.PY", None),
        ("e.py", ".EXE;;.PY;", "e.py"),
        ("e", ".EXE;;.PY;", "e.py"),
    ],
)
def test_a_program_of_windows_has_one_of_the_endings_that_the_variable_lists(
    tmp_path, name, kinds, found
):
    """PATHEXT may be in upper case and may have empty parts."""
    for file in ("a.com", "b.exe", "c.bat", "d.cmd", "e.py", "UP.EXE"):
        (tmp_path / file).touch()
    environ = {"PATH": str(tmp_path)} | ({"PATHEXT": kinds} if kinds else {})
    expected = str(tmp_path / found) if found else None
    assert shell.find_program(name, environ) == expected


@needs_posix("the quotes of sh")
def test_a_command_line_in_a_message_quotes_each_word_and_only_its_own_pipes_are_pipes():
    line = command_line("auth login", "a b; rm -rf x", "|", PIPE, "ant", "help", ">")
    assert line == "ant auth login 'a b; rm -rf x' '|' | ant help '>'"
