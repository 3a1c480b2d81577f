"""The workflow and the shell script in docs/apply.md, run with the emulator."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

PAGE = (Path(__file__).parents[2] / "docs" / "apply.md").read_text("utf-8")
pytestmark = pytest.mark.skipif(
    sys.platform == "win32" or not shutil.which("git"), reason="the shell and git of a CI machine"
)


def block(name: str) -> str:
    """Return the code block after a comment."""
    match = re.search(rf"<!-- {name} -->\n```\w+\n(.*?)```", PAGE, re.DOTALL)
    assert match
    return match[1]


@pytest.fixture
def shell(team, tmp_path_factory):
    """Return a function that runs a script in the repository with this `ant`, and a `pip` that does nothing."""
    programs = tmp_path_factory.mktemp("bin")
    for name, text in {"ant": f'exec "{sys.executable}" -m ant_cli "$@"', "pip": "exit 0"}.items():
        (programs / name).write_text(f"#!/bin/sh\n{text}\n")
        (programs / name).chmod(0o755)
    remote = tmp_path_factory.mktemp("remote")
    environ = {
        **team.environ,
        "PATH": f"{programs}:{os.environ['PATH']}",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GITHUB_STEP_SUMMARY": str(programs / "summary.md"),
        **{f"GIT_{who}_{what}": "a@b.example" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")},
    }

    def run(script: str, *words: str) -> subprocess.CompletedProcess[str]:
        command = ["bash", "-eo", "pipefail", "-c", script, "deploy.sh", *words]
        return subprocess.run(command, env=environ, capture_output=True, text=True, check=False)

    setup = f"git init -q --bare {remote} && git init -q -b main . && git remote add origin {remote}"
    assert run(f"{setup} && git commit -q --allow-empty -m start && git push -q -u origin main").returncode == 0
    run.summary = programs / "summary.md"  # type: ignore[attr-defined]
    return run


def steps(job: str) -> list[str]:
    """Return the commands of a job of the workflow."""
    workflow = yaml.safe_load(block("workflow"))
    return [step["run"] for step in workflow["jobs"][job]["steps"] if "run" in step]


def test_the_workflow_shows_a_plan_and_applies_it(team, shell):
    """The pull request changes nothing. The merge commits the lock file."""
    team.write("environments/a.yaml")
    for command in steps("plan"):
        assert shell(command).returncode == 0
    assert "+ 1 to create" in shell.summary.read_text()
    assert team.server() == {}
    for command in steps("apply"):
        done = shell(command)
        assert done.returncode == 0, done.stderr
    assert set(team.server()) == {"a"}
    assert shell("git log --format=%s origin/main").stdout.splitlines() == ["Record what was applied", "start"]
    assert shell("git ls-files").stdout == "claude-lock.json\n"
    for command in steps("apply"):
        assert shell(command).returncode == 0
    assert shell("git log --format=%s").stdout.count("Record") == 1


def test_the_script_on_the_page_plans_and_applies(team, shell):
    """Its exit code is 1 for a blocked plan or an invalid file."""
    script = block("script")
    team.write("environments/a.yaml")
    done = shell(script, "plan")
    assert (done.returncode, "There are changes." in done.stdout) == (0, True), done.stderr
    assert team.server() == {}
    done = shell(script, "apply")
    assert done.returncode == 0, done.stderr
    assert set(team.server()) == {"a"}
    assert shell("git log --format=%s").stdout.splitlines() == ["Record what was applied", "start"]
    assert "Nothing to do." in shell(script, "apply").stdout
    team.by_hand("update", team.server()["a"]["id"], "--description", "x")
    assert shell(script, "apply").returncode == 1
    team.write("environments/a.yaml", "config: 3")
    assert shell(script, "plan").returncode == 2
