"""A team's year with `ant apply`: nothing is created twice or archived without a request, and no ID is lost."""

from __future__ import annotations

from pathlib import Path

import pytest

from ant_cli.runtime.storage import locked
from tests.conftest import needs_posix

FOREIGN = '"./agents/helper.md": {"kind":  "agent", "id": "agent_1",\n "version": 3}'


def left() -> list[str]:
    """Return the files in the folder."""
    return sorted(path.name for path in Path.cwd().iterdir())


@pytest.fixture
def pruned(team):
    """A team that has pruned an environment, and then reverted the commit."""
    team.add("a", "b")
    team.apply(".")
    Path("environments/a.yaml").unlink()
    team.apply("--prune", ".")
    team.write("environments/a.yaml")
    return team


@pytest.mark.parametrize("target", ["server.delete", "server.create"])
@needs_posix("SIGKILL")
def test_a_run_that_is_killed_while_it_replaces_an_archived_environment_can_be_repeated(
    pruned, target
):
    """The name is free by then, or the new environment exists."""
    code = KILLED.format(number=1, target=target, before=False)
    run = pruned.program("apply", "--yes", "--delete-archived", ".", code=code)
    run.communicate()
    assert run.returncode == -9
    pruned.apply(".")
    assert set(pruned.server(archived=True)) == {"a", "b"}
    assert pruned.diff(".") == 0


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


def test_a_run_says_that_it_waits_for_another(team):
    """It would look as if it hung."""
    team.add("a")
    with locked(Path.cwd() / "claude-lock.json", lambda: None):
        run = team.program("apply", "--yes", ".")
        assert (
            run.stderr.readline() == b"Waiting for another run that holds ./claude-lock.json ...\n"
        )
    assert run.communicate()[1] == b""
    assert set(team.server()) == {"a"}


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
    team.add(*"abcde")
    code = KILLED.format(number=number, target=target, before=before)
    run = team.program("apply", "--yes", "--parallel", "3", ".", code=code)
    run.communicate()
    assert run.returncode == -9
    team.apply(".")
    assert set(team.server(archived=True)) == set("abcde")
    assert set(team.ids().values()) == {one["id"] for one in team.server().values()}
    assert left() == ["claude-lock.json", "environments"]
