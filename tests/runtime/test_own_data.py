"""The program in a zip, such as that of `python -m zipapp`, where its package has no files."""

from __future__ import annotations

import os
import sys
import zipfile
from pathlib import Path

import pytest

import ant_cli
from tests.conftest import needs_posix
from tests.helpers.processes import run_process

PACKAGE = Path(ant_cli.__file__).parent
SCRIPTS = PACKAGE.parent / "completions"


@pytest.fixture(scope="module")
def archive(tmp_path_factory) -> Path:
    """Return the package in a zip, with the completion scripts of a wheel."""
    path: Path = tmp_path_factory.mktemp("zip") / "ant.zip"
    with zipfile.ZipFile(path, "w") as file:
        for source in PACKAGE.rglob("*"):
            if "__pycache__" not in source.parts:
                file.write(source, source.relative_to(PACKAGE.parent))
        file.write(SCRIPTS / "ant.bash", "ant_cli/completion/generated/ant.bash")
    return path


@pytest.fixture
def zipped(archive, clean_environ, tmp_path):
    """Run `ant` from the zip."""
    environ = {**clean_environ, "PYTHONPATH": str(archive)}
    command = (sys.executable, "-m", "ant_cli")
    return lambda *words: run_process([*command, *words], environ, cwd=tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("words", "beginning"),
    [
        (("--help",), "Usage: ant"),
        (("help", "columns"), "Output"),
        (("completion", "bash"), "#"),
        (("schema", "environment"), "{"),
        (("beta:environments", "list", "--base-url", "local:emulator.db", "--format", "raw"), "{"),
        (("beta:environments", "lst", "--local"), "ant: "),
    ],
)
def test_the_program_finds_its_own_data_in_a_zip(zipped, words, beginning):
    """By the loader of its package."""
    done = zipped(*words)
    assert (done.stdout or done.stderr).startswith(beginning)
    assert "operating system" not in done.stderr
    assert "bug" not in done.stderr


@pytest.mark.slow
@needs_posix("exec")
def test_what_needs_a_file_of_the_program_says_so_in_a_zip(zipped):
    """Python can't run a single file of a zip."""
    done = zipped("emulator", "exec", "--", "true")
    assert (done.returncode, done.stderr) == (
        2,
        "ant: this command runs a file of ant, which is in a zip.\n"
        "Install ant with pip or pipx instead.\n",
    )


@pytest.mark.slow
def test_a_copy_without_completion_scripts_says_so(zipped):
    """Such as a zip of a checkout. Only one script is in this one."""
    done = zipped("completion", "zsh")
    assert (done.returncode, done.stderr.partition("\n")[0]) == (
        2,
        "ant: this copy of ant has no completion scripts.",
    )


def test_no_module_reads_a_file_beside_itself():
    """In a zip there is none. The emulator, which shares no code with the rest, asks its loader itself."""
    allowed = {"emulator/own_files.py", "emulator/store.py"}
    found = {
        path.relative_to(PACKAGE).as_posix()
        for path in PACKAGE.rglob("*.py")
        if "(__file__)" in path.read_text("utf-8")
    }
    assert {name.replace(os.sep, "/") for name in found} == allowed
