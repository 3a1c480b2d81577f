"""The workflows and the shell scripts in docs/apply.md and docs/stages.md, run with the emulator."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from contextlib import ExitStack, closing
from pathlib import Path

import pytest
import yaml

from ant_cli.emulator import Emulator
from tests.apply.conftest import Team
from tests.helpers.emulators import serving
from tests.helpers.processes import run_process

ACTION = Path(__file__).parents[2] / ".github" / "actions" / "plan"
DOCS = Path(__file__).parents[2] / "docs"
PAGES = (DOCS / "apply.md").read_text("utf-8") + (DOCS / "stages.md").read_text("utf-8")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        sys.platform == "win32" or not shutil.which("git"),
        reason="the shell and git of a CI machine",
    ),
]


def block(name: str) -> str:
    """Return the code block after a comment."""
    match = re.search(rf"<!-- {name} -->\n```\w+\n(.*?)```", PAGES, re.DOTALL)
    assert match
    return match[1]


@pytest.fixture
def shell(team, tmp_path_factory):
    """Return a function that runs a script in the repository with this `ant`, and a `pip` that does nothing."""
    programs = tmp_path_factory.mktemp("bin")
    ant = f'exec "{sys.executable}" -m ant_cli "$@"'
    for name, text in {
        "ant": ant,
        "pip": "exit 0",
        "gh": f'exec "{sys.executable}" "$0.py" "$@"',
    }.items():
        (programs / name).write_text(f"#!/bin/sh\n{text}\n")
        (programs / name).chmod(0o755)
    (programs / "gh.py").write_text(GH)
    remote = tmp_path_factory.mktemp("remote")
    environ = {
        **team.environ,
        "PATH": f"{programs}:{os.environ['PATH']}",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GITHUB_STEP_SUMMARY": str(programs / "summary.md"),
        "GITHUB_ACTION_PATH": str(ACTION),
        "GITHUB_REPOSITORY": "team/environments",
        "RUNNER_TEMP": str(programs),
        "PULL_REQUEST": "7",
        **{
            f"GIT_{who}_{what}": "a@b.example"
            for who in ("AUTHOR", "COMMITTER")
            for what in ("NAME", "EMAIL")
        },
    }

    def run(script: str, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
        command = ["bash", "-eo", "pipefail", "-c", script, "deploy.sh", *words]
        return run_process(command, environ | variables)

    setup = (
        f"git init -q --bare {remote} && git init -q -b main . && git remote add origin {remote}"
    )
    assert (
        run(
            f"{setup} && git commit -q --allow-empty -m start && git push -q -u origin main"
        ).returncode
        == 0
    )
    run.summary = programs / "summary.md"  # type: ignore[attr-defined] # attributes of a function, here and below
    run.comments = programs / "comments.json"  # type: ignore[attr-defined]
    return run


GH = """
# GitHub's comments on pull request 7, of which the first is somebody else's.
import json, pathlib, re, sys
words, file = sys.argv[1:], pathlib.Path(__file__).with_name("comments.json")
comments = json.loads(file.read_text()) if file.exists() else {"1": "<!-- the plan of ant apply --> of a person"}
issues = "repos/team/environments/issues"
if "--jq" in words:
    assert words[:3] == ["api", "--paginate", issues + "/7/comments"], words
    assert 'select(.user.type == "Bot" and (.body | startswith("<!-- the plan of ant apply' in words[-1]
    marker = re.search('"(<!-- .* -->)"', words[-1])[1]
    print(*[each for each, body in comments.items() if each != "1" and body.startswith(marker)], sep="\\n")
else:
    body = pathlib.Path(words[-1].removeprefix("body=@")).read_text()
    where = words[-3]
    number = where.rpartition("/")[2] if "PATCH" in words else str(len(comments) + 1)
    assert where == issues + ("/comments/" + number if "PATCH" in words else "/7/comments"), words
    file.write_text(json.dumps({**comments, number: body}))
"""


def steps(job: str, workflow: str = "workflow", stage: str = "") -> list[str]:
    """Return the commands of a job of a workflow."""
    text = block(workflow).replace("${{ matrix.stage }}", stage)
    found = yaml.safe_load(text)["jobs"][job]["steps"]
    return [step["run"] for step in found if "run" in step]


def action_steps() -> list[str]:
    """Return the commands of the action, without those that install `ant`."""
    found = [
        step
        for step in yaml.safe_load((ACTION / "action.yml").read_text())["runs"]["steps"]
        if "run" in step
    ]
    assert all(step["shell"] == "bash" for step in found)
    install, *others = [step["run"] for step in found]
    assert "$GITHUB_ACTION_PATH/../../.." in install
    assert (ACTION / "../../.." / "pyproject.toml").exists()
    return others


def test_the_action_runs_no_code_of_a_pull_request_when_it_installs_ant(team, shell, tmp_path):
    """Python imports modules of the working directory first. A pull request may bring any file."""
    for module in ("logging", "venv"):
        team.write(f"{module}.py", "raise SystemExit('the code of the pull request')\n")
    python = tmp_path / "python"
    python.write_text(f'#!/bin/sh\nexec {sys.executable} "$@" --without-pip\n')
    python.chmod(0o755)
    _, install, *_ = yaml.safe_load((ACTION / "action.yml").read_text())["runs"]["steps"]
    create_venv, *_ = install["run"].splitlines()
    done = shell(
        create_venv,
        **{**install["env"], "PYTHON": str(python), "RUNNER_TEMP": str(tmp_path / "runner")},
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_the_workflow_shows_a_plan_and_applies_it(team, shell):
    """The pull request changes nothing. The merge commits the lock file."""
    team.write("environments/a.yaml")
    for command in action_steps():
        assert shell(command).returncode == 0
    assert "+ 1 to create" in shell.summary.read_text()
    assert team.server() == {}
    for command in steps("apply"):
        done = shell(command)
        assert done.returncode == 0, done.stderr
    assert set(team.server()) == {"a"}
    assert shell("git log --format=%s origin/main").stdout.splitlines() == [
        "Record what was applied",
        "start",
    ]
    assert shell("git ls-files").stdout == "claude-lock.json\n"
    for command in steps("apply"):
        assert shell(command).returncode == 0
    assert shell("git log --format=%s").stdout.count("Record") == 1


def comments(shell) -> dict[str, str]:
    """Return the comments on the pull request by number, without the marker of the action's own."""
    found = json.loads(shell.comments.read_text())
    return {
        number: body.removeprefix("<!-- the plan of ant apply -->\n\n")
        for number, body in found.items()
    }


def test_the_action_comments_once_and_fails_if_the_plan_fails(team, shell):
    """Later runs update its comment, also where there is no plan. A person's comment is left alone."""
    team.write("environments/a.yaml")
    *_, plan = action_steps()
    assert shell(plan).returncode == 0
    first = comments(shell)["2"]
    assert first.startswith("### Plan for ")
    assert "| + | <code>a</code> | create |" in first
    team.apply(".")
    assert shell(plan).returncode == 0
    assert "1 unchanged" in comments(shell)["2"]
    team.by_hand("update", team.server()["a"]["id"], "--description", "x")
    team.write("environments/a.yaml", "config: {type: cloud}\ndescription: y\n")
    assert shell(plan).returncode == 1
    assert "! blocked: " in comments(shell)["2"]
    assert shell(plan, ANTHROPIC_BASE_URL="http://127.0.0.1:1").returncode == 8
    assert comments(shell)["2"] == "There is no plan: the log of the job says why.\n"
    assert comments(shell)["1"] == "<!-- the plan of ant apply --> of a person"
    assert set(comments(shell)) == {"1", "2"}


def test_the_plans_of_two_stages_have_a_comment_each(team, shell):
    """The action runs once for each, with the key of its account. Neither replaces the plan of the other."""
    *_, plan = action_steps()
    for _ in range(2):
        for stage in ("staging", "prod"):
            team.write(f"{stage}/environments/{stage}.yaml")
            team.write(f"{stage}/claude-lock.json", '{"version": 1, "resources": {}}')
            assert shell(plan, ARGUMENTS=f"--prune {stage}").returncode == 0
    _, staging, prod = comments(shell).values()
    assert ("<code>staging</code>" in staging, "<code>prod</code>" in prod) == (True, True)


def test_no_pull_request_can_cancel_an_apply_or_use_its_rights():
    """GitHub keeps one waiting run of each group, and a plan needs no right to write into the repository."""
    workflow = yaml.safe_load(block("workflow"))
    plan, apply = workflow["jobs"]["plan"], workflow["jobs"]["apply"]
    assert not {"concurrency", "permissions"} & set(workflow)
    assert "github.event.number" in plan["concurrency"]["group"]
    assert apply["concurrency"] == "apply"
    assert plan["permissions"] == {"contents": "read", "pull-requests": "write"}
    assert any(
        step.get("uses", "").endswith("/.github/actions/plan@COMMIT") for step in plan["steps"]
    )


def test_no_job_on_the_pages_loses_the_exit_code_of_a_plan():
    """Without `pipefail`, which GitHub's own shell does not set, a pipe has the exit code of its last program."""
    for workflow in ("workflow", "stages"):
        for job in ("plan", "apply"):
            assert not any("| tee" in command for command in steps(job, workflow))
    assert any("--dry-run --exit-code" in command for command in steps("plan", "stages"))


def test_the_hook_for_pre_commit_checks_the_files(team, shell):
    """It runs with its own arguments, and without a key."""
    (hook,) = yaml.safe_load((ACTION.parents[2] / ".pre-commit-hooks.yaml").read_text())
    command = " ".join([hook["entry"], *hook["args"]])
    no_key = {"ANTHROPIC_API_KEY": "", "ANTHROPIC_BASE_URL": "http://127.0.0.1:1"}
    for name in (
        "environments/a.yaml",
        "prod/environments/a.md",
        "environment_x.json",
        "claude-lock.json",
    ):
        assert re.search(hook["files"], name), name
    team.write("environments/a.yaml")
    assert shell(command, **no_key).returncode == 0
    team.write("environments/a.yaml", "config: {type: cloud, packges: {}}")
    assert shell(command, **no_key).returncode == 2


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


@pytest.fixture
def stages(team, shell, clean_environ):
    """Return two accounts by the names of their stages, and make the repository of the page, as a commit."""
    for name, file in {
        "template": "templates/data.yaml",
        "render": "render.py",
        "stage": "stage.sh",
    }.items():
        team.write(file, block(name))
    team.write(".gitignore", "/*/environments/\n")
    team.write("staging/values.toml", block("values"))
    team.write("prod/values.toml", block("values").replace("staging", "prod"))
    assert (
        shell("chmod +x stage.sh; git add . && git commit -qm Stages && git push -q").returncode
        == 0
    )
    with ExitStack() as stack:
        accounts = {}
        for stage in ("staging", "prod"):
            emulator = stack.enter_context(closing(Emulator(":memory:", organization_id=stage)))
            accounts[stage] = Team(stack.enter_context(serving(emulator)).url, clean_environ)
        yield accounts


def test_the_jobs_on_the_page_apply_the_same_files_to_two_accounts(shell, stages):
    """Each has its values. A plan changes nothing, and both lock files are committed."""
    for job, environments in {"plan": set(), "apply": {"data"}}.items():
        for stage, account in stages.items():
            for command in steps(job, "stages", stage):
                done = shell(command, ANTHROPIC_BASE_URL=account.url)
                assert done.returncode == 0, done.stderr
            assert set(account.server()) == environments
        assert shell.summary.read_text().count("1 to create") == 2
    for stage, account in stages.items():
        environment = account.server()["data"]
        assert environment["metadata"] == {"stage": stage}
        assert environment["config"]["networking"]["allowed_hosts"] == [f"api.{stage}.example.com"]
        assert environment["config"]["packages"]["pip"] == ["pandas==2.3.3", "polars"]
        assert (
            shell(
                f"./stage.sh {stage} --dry-run --exit-code", ANTHROPIC_BASE_URL=account.url
            ).returncode
            == 0
        )
    files = shell("git ls-tree -r --name-only origin/main").stdout.split()
    assert files == [
        ".gitignore",
        *("prod/claude-lock.json", "prod/values.toml", "render.py"),
        *("stage.sh", "staging/claude-lock.json", "staging/values.toml", "templates/data.yaml"),
    ]


def test_a_stage_of_the_page_is_applied_with_its_profile_and_not_to_the_other_account(
    shell, stages
):
    """Without a key in the environment, the profile of its name is used. A missing value is an error."""
    no_key = {"ANTHROPIC_API_KEY": "", "ANTHROPIC_BASE_URL": ""}
    for stage, account in stages.items():
        create = f"ant profile create {stage} --base-url {account.url}"
        key = f"echo sk-ant-x | ant profile set api_key --profile {stage}"
        assert shell(f"{create} && {key}", **no_key).returncode == 0
        done = shell(f"./stage.sh {stage} --yes", **no_key)
        assert (done.returncode, f"profile {stage}\n" in done.stdout) == (0, True), done.stderr
        assert set(account.server()) == {"data"}
    assert shell("cd templates && ../stage.sh staging --dry-run", **no_key).returncode == 0
    done = shell("./stage.sh staging --yes --profile prod", **no_key)
    assert (done.returncode, "tracks resources on server" in done.stderr) == (1, True)
    Path("prod/values.toml").write_text("stage = 'prod'\n")
    assert shell("./stage.sh prod --yes", **no_key).returncode == 1
