"""Optional packages: the requirements in hints, and the quoting of the install command."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from ant_cli.runtime.extras import REQUIREMENTS, install_command, install_hint
from tests.conftest import needs_posix

ROOT = Path(__file__).parents[2]


def test_hints_name_the_requirements_of_pyproject():
    """A hint and an extra install the same packages; `socks` is an extra of httpx, and Windows gets no greenlet."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = {
        **project["optional-dependencies"],
        "socks": ["socksio>=1,<2"],
        "greenlet": ["greenlet>=3.1"],
    }
    assert f"{extras['greenlet'][0]}; sys_platform != 'win32'" in project["dependencies"]
    assert {name: list(packages) for name, packages in REQUIREMENTS.items()} == {
        name: packages for name, packages in extras.items() if name != "dev"
    }


@pytest.mark.parametrize("feature", REQUIREMENTS)
@needs_posix("sh")
def test_a_shell_passes_the_running_python_and_whole_requirements_to_the_install_command(
    monkeypatch, feature
):
    """`>` and `<` do not redirect, and a space or a quote in the path of Python does not split it."""
    monkeypatch.setattr(sys, "executable", "/opt/my python's/bin/python3")
    printer = 'for word in "$@"; do printf "%s\\n" "$word"; done'
    command = f"sh -c {shlex.quote(printer)} sh {install_command(feature)}"
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=True)
    words = ["/opt/my python's/bin/python3", "-m", "pip", "install", *REQUIREMENTS[feature]]
    assert done.stdout.splitlines() == words


@pytest.mark.parametrize(
    ("executable", "command"),
    [
        (r"C:\Python311\python.exe", r'C:\Python311\python.exe -m pip install "textual>=8"'),
        (
            r"C:\Program Files\py\python.exe",
            r'"C:\Program Files\py\python.exe" -m pip install "textual>=8"',
        ),
    ],
)
def test_on_windows_the_install_command_has_double_quotes_only_where_needed(
    monkeypatch, executable, command
):
    """PowerShell runs a quoted path only after `&`, so a path without spaces is not quoted."""
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setattr(sys, "executable", executable)
    assert install_command("explore") == command


def test_a_frozen_program_is_not_told_to_install_packages(monkeypatch):
    """`sys.executable` is the program itself, which has no `-m pip`."""
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    assert (
        install_hint("worker")
        == "This frozen program has no place for it: install ant with pip or pipx instead."
    )
    assert install_command("explore") == ""


UV = """[tool]
requirements = [
    { name = "ant-environments", SOURCE },
    { name = "socksio", specifier = ">=1,<2" },
    { name = "uvloop" },
]
"""
UV_WITH = "uv tool install --with 'socksio>=1,<2' --with uvloop --with 'textual>=8'"


@pytest.mark.parametrize(
    ("receipt", "text", "command"),
    [
        ("pipx_metadata.json", "", "pipx inject ant-environments 'textual>=8'"),
        ("uv-receipt.toml", UV.replace("SOURCE", 'directory = "/src"'), f"{UV_WITH} /src"),
        (
            "uv-receipt.toml",
            UV.replace("SOURCE", 'extras = ["emulator", "worker"], path = "/a.whl"'),
            f"{UV_WITH} '/a.whl[emulator,worker]'",
        ),
        (
            "uv-receipt.toml",
            UV.replace("SOURCE", 'git = "https://git.example/ant"'),
            f"{UV_WITH} SOURCE",
        ),
    ],
)
@needs_posix("its quotes")
def test_the_install_command_fits_the_tool_that_installed_ant(
    monkeypatch, tmp_path, receipt, text, command
):
    """Pipx forgets what its pip installs, and uv at an upgrade what is not in its receipt."""
    prefix = tmp_path / "ant-environments"
    prefix.mkdir()
    (prefix / receipt).write_text(text)
    monkeypatch.setattr(sys, "prefix", str(prefix))
    assert install_command("explore") == command


def test_an_embedded_python_without_a_path_is_called_python(monkeypatch):
    """`sys.executable` is empty in an embedded Python."""
    monkeypatch.setattr(sys, "executable", "")
    assert install_hint("explore").startswith("To install it: python -m pip install ")


def test_no_message_names_an_extra_or_the_distribution():
    """Only one module contains `pip install`. `ant-environments` alone is also the name of a command."""
    paths = [path for path in (ROOT / "ant_cli").rglob("*") if path.suffix in (".py", ".md", ".1")]
    pattern = re.compile(r"pip install|ant-cli\[|ant-environments\[|install ant-environments")
    assert not [
        path for path in paths if pattern.search(path.read_text("utf-8").replace(r"\-", "-"))
    ]
