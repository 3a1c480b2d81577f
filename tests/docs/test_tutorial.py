"""The tutorial: its blocks are run in order, in one shell, and print what the page shows."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

import pytest
import yaml

from tests.helpers.processes import run_process

pytestmark = pytest.mark.slow

PAGE = (Path(__file__).parents[2] / "docs" / "tutorial.md").read_text()
BLOCKS = re.findall(r"```(sh|text)\n(.*?)```", PAGE, re.DOTALL)
INSTALL, *REST = BLOCKS
MARK = "== end of block =="


@pytest.fixture(scope="module")
def printed(tmp_path_factory):
    """Run all blocks, and return what each one printed, and the folder that they leave."""
    home = tmp_path_factory.mktemp("home")
    programs = home / "bin"
    programs.mkdir()
    (programs / "ant").write_text(f'#!/bin/sh\nexec "{sys.executable}" -m ant_cli "$@"\n')
    (programs / "ant").chmod(0o755)
    folder = home / "tmp"
    folder.mkdir()
    environ = {
        "PATH": f"{programs}:{os.environ['PATH']}",
        "HOME": str(home),
        "TMPDIR": str(folder),
        "LC_ALL": "C.UTF-8",
    }
    script = "".join(f"{text}echo '{MARK}'\n" for kind, text in REST if kind == "sh")
    stop = "trap 'ant emulator stop --all > /dev/null 2>&1 || true' EXIT\n"
    done = run_process(["bash", "-euo", "pipefail", "-c", stop + script], environ, timeout=120)
    assert done.returncode == 0, done.stderr
    (made,) = folder.iterdir()
    return iter(done.stdout.split(f"{MARK}\n")[:-1]), made


def test_every_block_of_the_tutorial_runs_and_prints_what_the_page_shows(printed):
    """The first one, which installs the program, is that of the README."""
    outputs, _ = printed
    output = ""
    for kind, text in REST:
        if kind == "sh":
            output = next(outputs)
        else:
            assert text in output
    assert "pip install '.[emulator]'" in INSTALL[1]


def test_the_workflow_of_the_tutorial_is_valid_and_checks_the_files(printed):
    """Its last line is what the tutorial has run."""
    _, folder = printed
    workflow = yaml.safe_load((folder / ".github/workflows/environments.yml").read_text())
    steps = workflow["jobs"]["environments"]["steps"]
    assert steps[-1]["run"] == "ant apply --validate --strict ."
    assert workflow["permissions"] == {"contents": "read"}
