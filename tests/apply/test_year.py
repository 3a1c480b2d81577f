"""A team's year with `ant apply`: nothing is created twice or archived without a request, and no ID is lost."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import needs_posix

FOREIGN = '"./agents/helper.md": {"kind":  "agent", "id": "agent_1",\n "version": 3}'


def left() -> list[str]:
    """Return the files in the folder."""
    return sorted(path.name for path in Path.cwd().iterdir())


def test_a_year_with_apply_changes_only_what_the_files_changed(team):
    """It has creates, edits, a rename, a deletion, drift, an archived environment, and nothing in between."""
    # January: the first files.
    team.write("environments/data.yaml", "config: {type: cloud, packages: {pip: [pandas]}}\n")
    team.write("environments/edge.md", "---\nconfig: {type: self_hosted}\n---\nAt the edge.\n")
    assert team.diff(".") == 2
    assert team.server() == {}
    result = team.apply(".")
    assert "First apply  ./claude-lock.json does not exist yet and will be created" in result.stdout
    assert "Resources  + 2 to create" in result.stdout
    assert team.server()["edge"]["description"] == "At the edge."
    first = team.ids()
    assert set(first) == {"./environments/data.yaml", "./environments/edge.md"}
    assert team.diff(".") == team.diff() == 0
    assert "Resources  2 unchanged" in team.apply().stdout

    # March: an edit. Comments and order are not a change.
    team.write("environments/data.yaml", "# more\nconfig: {packages: {pip: [pandas, polars]}, type: cloud}\n")
    result = team.apply()
    assert "config.packages.pip:\n        + polars\n" in result.stdout
    assert team.server()["data"]["config"]["packages"]["pip"] == ["pandas", "polars"]
    before = Path("claude-lock.json").read_bytes()
    team.write(
        "environments/data.yaml", "config:\n  type: cloud\n  packages:\n    pip: [pandas, polars] # better\n"
    )
    assert team.diff() == 0
    team.apply()
    assert Path("claude-lock.json").read_bytes() == before

    # May: a file is renamed, and its environment with it.
    Path("environments/data.yaml").rename("environments/analysis.yaml")
    assert 'name: "data" \u2192 "analysis"' in team.ant("diff").stdout
    team.apply("--prune")
    assert team.ids()["./environments/analysis.yaml"] == first["./environments/data.yaml"]
    assert set(team.server(archived=True)) == {"analysis", "edge"}

    # July: a file is deleted. Only --prune archives its environment.
    Path("environments/edge.md").unlink()
    team.apply(".")
    assert set(team.server()) == {"analysis", "edge"}
    assert "./environments/edge.md" in team.ids()
    result = team.apply(".", "--prune")
    assert "- 1 to archive" in result.stdout
    assert set(team.server()) == {"analysis"}
    assert set(team.ids()) == {"./environments/analysis.yaml"}

    # September: somebody changes an environment by hand.
    identifier = team.ids()["./environments/analysis.yaml"]
    team.by_hand("update", identifier, "--description", "by hand")
    result = team.ant("apply", "--yes")
    assert result.exit == 1
    assert f"{identifier} changed outside this config since the last apply; re-run with --force" in result.stdout
    assert team.server()["analysis"]["description"] == "by hand"
    assert team.diff() == 1
    written = Path("environments/analysis.yaml").read_bytes()
    lock = Path("claude-lock.json").read_bytes()
    assert f"ant export {identifier} --force" in result.stdout
    assert team.ant("export", identifier, "--force").exit == 0
    assert "by hand" in Path("environments/analysis.yaml").read_text()
    assert team.diff() == 0
    Path("environments/analysis.yaml").write_bytes(written)
    Path("claude-lock.json").write_bytes(lock)
    team.apply("--force")
    assert team.server()["analysis"]["description"] is None
    assert team.diff() == 0

    # November: somebody archives an environment by hand.
    team.by_hand("archive", identifier)
    result = team.ant("apply", "--yes")
    assert result.exit == 1
    assert (
        f"{identifier}, which is archived, keeps this name and can't be restored; choose another" in result.stdout
    )
    assert team.ids()["./environments/analysis.yaml"] == identifier
    team.write("environments/analysis.yaml", "name: analysis-2\nconfig: {type: cloud}\n")
    team.apply("--force")
    assert set(team.server()) == {"analysis-2"}
    assert team.ids()["./environments/analysis.yaml"] == team.server()["analysis-2"]["id"]


@pytest.fixture
def pruned(team):
    """A team that has pruned an environment, and then reverted the commit."""
    team.write("environments/a.yaml")
    team.write("environments/b.yaml")
    team.apply(".")
    Path("environments/a.yaml").unlink()
    team.apply("--prune", ".")
    team.write("environments/a.yaml")
    return team


def test_a_revert_of_a_prune_says_what_is_possible_and_deletes_only_on_request(pruned):
    """An archived environment keeps its name, and the API can't restore it. Nothing ends in a 409."""
    archived = pruned.server(archived=True)["a"]["id"]
    result = pruned.ant("apply", "--yes", "--force", ".")
    assert result.exit == 1
    assert f"{archived}, which is archived, keeps this name and can't be restored" in result.stdout
    assert pruned.diff(".") == 1
    assert pruned.server(archived=True)["a"]["id"] == archived
    result = pruned.apply("--delete-archived", ".")
    assert f"note: deletes {archived}, which is archived, permanently" in result.stdout
    assert pruned.ids()["./environments/a.yaml"] == pruned.server()["a"]["id"] != archived
    assert pruned.diff(".") == 0


def test_at_a_terminal_the_user_is_asked_before_an_archived_environment_is_deleted(pruned):
    """A no changes nothing. A file with another name needs no answer."""
    archived = pruned.server(archived=True)["a"]["id"]
    result = pruned.ant("apply", ".", typed="n\n")
    assert f"./environments/a.yaml: {archived} has the name 'a'" in result.stderr
    assert "Delete these archived environments permanently" in result.stderr
    assert (result.exit, pruned.server(archived=True)["a"]["id"]) == (1, archived)
    assert pruned.ant("apply", "--yes", ".", typed="y\n").exit == 1
    assert pruned.ant("apply", ".", typed="y\ny\n").exit == 0
    assert pruned.server()["a"]["id"] != archived
    Path("environments/b.yaml").unlink()
    pruned.apply("--prune", ".")
    pruned.write("environments/b.yaml", "name: c\nconfig: {type: cloud}\n")
    pruned.apply(".")
    assert set(pruned.server(archived=True)) == {"a", "b", "c"}


@pytest.mark.parametrize("target", ["server.delete", "server.create"])
@needs_posix("SIGKILL")
def test_a_run_that_is_killed_while_it_replaces_an_archived_environment_can_be_repeated(pruned, target):
    """The name is free by then, or the new environment exists."""
    run = pruned.program(
        "apply",
        "--yes",
        "--delete-archived",
        ".",
        code=KILLED.format(number=1, target=target, before=False),
    )
    run.communicate()
    assert run.returncode == -9
    pruned.apply(".")
    assert set(pruned.server(archived=True)) == {"a", "b"}
    assert pruned.diff(".") == 0


def test_wrong_credentials_change_nothing(team):
    """In another workspace, none of the IDs exists."""
    team.write("environments/a.yaml")
    team.write("environments/b.yaml")
    team.apply(".")
    text = Path("claude-lock.json").read_text()
    Path("claude-lock.json").write_text(text.replace('"id": "env_', '"id": "env_x'))
    for flags in ((), ("--prune",), (".", "--adopt")):
        result = team.ant("apply", "--yes", *flags)
        assert result.exit == 1
        assert "none of the 2 environments that claude-lock.json tracks exists for the credentials" in result.stderr
    assert len(team.server()) == 2


def test_files_and_entries_of_other_kinds_are_unchanged(team):
    """Entries in the lock file keep every byte."""
    team.write("agents/helper.md", "---\nmodel: x\n---\nHelp.")
    team.write("environments/a.yaml")
    Path("claude-lock.json").write_text(f'{{"version": 1, "resources": {{\n{FOREIGN}}}}}')
    result = team.apply(".")
    assert "files of other kinds were left alone (1 agent)" in result.stderr
    assert FOREIGN in Path("claude-lock.json").read_text()
    Path("environments/a.yaml").unlink()
    team.apply(".", "--prune")
    assert FOREIGN in Path("claude-lock.json").read_text()
    assert list(team.lock()) == ["./agents/helper.md"]


# Simultaneous and killed runs


def test_two_simultaneous_runs_lose_no_entry_and_create_nothing_twice(team):
    """They wait for each other."""
    for number in range(6):
        team.write(f"environments/e{number}.yaml")
    names = [f"environments/e{number}.yaml" for number in range(6)]
    runs = [team.program("apply", "--yes", *some) for some in (names[:4], names[2:], names)]
    for run in runs:
        _, stderr = run.communicate()
        assert run.returncode == 0, stderr
    assert len(team.ids()) == 6
    assert {one["id"] for one in team.server().values()} == set(team.ids().values())
    assert left() == ["claude-lock.json", "environments"]


KILLED = """
import os, signal
from ant_cli.apply import lockfile, server
count = 0
def kill_at(number, function):
    def counted(*words):
        global count
        count = mine = count + 1
        if mine == number and {before}:
            os.kill(os.getpid(), signal.SIGKILL)
        result = function(*words)
        if mine == number:
            os.kill(os.getpid(), signal.SIGKILL)
        return result
    return counted
{target} = kill_at({number}, {target})
"""


@needs_posix("SIGKILL")
@pytest.mark.parametrize(
    ("number", "target", "before"),
    [
        (1, "lockfile.LockFile.save", True),
        (5, "lockfile.LockFile.save", False),
        (1, "server.create", False),
        (3, "server.create", True),
        (5, "server.create", False),
    ],
)
def test_a_killed_run_loses_no_environment(team, number, target, before):
    """The next run continues at any point, without an option to adopt anything."""
    for name in "abcde":
        team.write(f"environments/{name}.yaml")
    code = KILLED.format(number=number, target=target, before=before)
    run = team.program("apply", "--yes", "--parallel", "3", ".", code=code)
    run.communicate()
    assert run.returncode == -9
    team.apply(".")
    assert set(team.server(archived=True)) == set("abcde")
    assert set(team.ids().values()) == {one["id"] for one in team.server().values()}
    assert left() == ["claude-lock.json", "environments"]
