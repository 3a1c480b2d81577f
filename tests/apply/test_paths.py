"""What the paths of `ant apply` and `ant diff` mean, and which lock file belongs to them."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

import pytest

from tests.conftest import needs_posix

CHANGED = "config: {type: cloud}\ndescription: changed\n"


def test_a_path_adds_to_what_the_lock_file_tracks(team):
    """A change in another file is shown and applied, too, as by the official tool."""
    team.write("environments/a.yaml")
    team.apply("environments")
    team.write("environments/a.yaml", CHANGED)
    team.write("more/environments/b.yaml")
    diff = team.ant("diff", "more")
    assert "./environments/a.yaml" in diff.stdout
    note = "Note: tracked files that no path names have 1 of the changes; to leave them out: --only\n"
    assert diff.stderr == note
    assert note.replace("; to leave them out: --only", "") in team.ant("diff", "--prune", "more").stderr
    for path in ("environments", "environments/*.yaml", ".", "environments/../environments/a.yaml"):
        assert "Note: tracked files" not in team.ant("diff", path).stderr
    team.apply("more")
    assert team.server()["a"]["description"] == "changed"
    assert set(team.ids()) == {"./environments/a.yaml", "./more/environments/b.yaml"}


def test_only_narrows_a_run_to_the_named_files(team):
    """A saved plan keeps that."""
    team.add("a", "b")
    team.apply(".")
    for name in "ab":
        team.write(f"environments/{name}.yaml", CHANGED)
    assert "b.yaml" not in team.ant("diff", "--only", "environments/a.yaml").stdout
    words = ("--only", "environments/a.yaml", "--save-plan", "plan.json")
    assert team.ant("apply", "--dry-run", *words).exit == 0
    assert team.ant("apply", "--plan", "plan.json").exit == 0
    assert {name: one["description"] for name, one in team.server().items()} == {"a": "changed", "b": None}


def test_a_path_in_another_case_is_the_same_environment_where_the_disk_ignores_case(tracked):
    """On a disk that does not, a hard link is another spelling of the same file."""
    with suppress(FileExistsError):
        os.link("environments/a.yaml", "environments/A.YAML")
    tracked.write("environments/a.yaml", CHANGED)
    assert "./environments/a.yaml" in tracked.ant("diff", "environments/A.YAML").stdout
    tracked.apply("--only", "environments/A.YAML")
    assert tracked.server()["a"]["description"] == "changed"
    assert set(tracked.ids()) == {"./environments/a.yaml"}


@pytest.mark.parametrize(
    ("words", "message"),
    [(("--only",), "--only needs a path."), (("--only", "--prune", "."), "--only and --prune can't be combined")],
)
def test_only_without_a_path_or_with_prune_is_refused(team, words, message):
    """Nothing would be left to do, or files that were not named would count as gone."""
    result = team.ant("apply", *words)
    assert (result.exit, message in result.stderr) == (2, True)
    assert team.ant("diff", *words).exit == 1


def test_the_lock_file_is_that_of_the_path_not_of_the_current_folder(team):
    """Each stage has a lock file of its own."""
    for stage in ("staging", "prod"):
        team.write(f"{stage}/environments/{stage}.yaml")
        team.apply("--lock-file", f"{stage}/claude-lock.json", stage)
    team.write("staging/environments/staging.yaml", CHANGED)
    for path in ("staging", "staging/environments/staging.yaml", "./staging/environments/../environments"):
        assert team.ant("diff", path).exit == 2
    assert (team.ant("diff", "prod").exit, team.ant("diff", "prod/environments/*.yaml").exit) == (0, 0)
    team.apply("staging")
    assert team.server()["staging"]["description"] == "changed"
    assert not Path("claude-lock.json").exists()


def test_an_export_uses_the_lock_file_of_its_folder(team):
    """Otherwise the environments would be in two lock files."""
    team.by_hand("create", "--name", "a", "--config", "{type: cloud}")
    team.write("staging/claude-lock.json", "{}")
    assert team.ant("export", "--all", "--directory", "staging/environments").exit == 0
    assert team.ant("diff", "staging").exit == 0
    assert not Path("claude-lock.json").exists()


def test_paths_with_different_lock_files_are_refused(team):
    """One run has one lock file. They are named."""
    for stage in ("staging", "prod"):
        team.write(f"{stage}/environments/{stage}.yaml")
        team.write(f"{stage}/claude-lock.json", "{}")
    result = team.ant("apply", "--yes", "staging", "prod")
    assert result.exit == 2
    assert "the paths have different lock files:\n  staging: " in result.stderr
    assert "staging/claude-lock.json\n  prod: " in result.stderr
    assert "Name the paths of one at a time." in result.stderr
    assert team.server() == {}


def test_a_run_that_finds_no_file_of_an_environment_says_so(team):
    """The wrong folder may have been named."""
    assert "Note: no file of an environment was found" in team.ant("diff", ".").stderr
    team.write("environments/a.yaml")
    assert team.ant("diff", ".").stderr == ""


def test_a_folder_with_a_lock_file_of_its_own_is_left_out(team):
    """Its environments would be created a second time, in another account."""
    team.write("environments/a.yaml")
    team.write("prod/environments/b.yaml")
    team.write("prod/claude-lock.json", "{}")
    result = team.apply(".")
    assert "Warning: prod is left out, because it has its own lock file." in result.stderr
    assert set(team.server()) == {"a"}
    Path("environments/a.yaml").unlink()
    assert "prod is left out" not in team.apply("--lock-file", "prod/claude-lock.json", ".").stderr
    assert set(team.server()) == {"a", "b"}


def test_a_named_folder_is_not_left_out_because_of_another_lock_file_in_it(team):
    """With --lock-file, that one is meant. A warning would say that its files are left out."""
    team.write("claude-lock.json", "{}")
    team.write("environments/a.yaml")
    result = team.ant("apply", "--validate", "--lock-file", "other.json", ".")
    assert (result.exit, result.stderr) == (0, "1 file is valid.\n")
    assert "left out" not in team.ant("diff", "--lock-file", "other.json", ".").stderr


def test_a_run_that_leaves_every_file_out_is_refused(team):
    """In the folder above the stages, a job would succeed without having looked at anything."""
    for stage in ("staging", "prod"):
        team.write(f"{stage}/environments/a.yaml")
        team.write(f"{stage}/claude-lock.json", "{}")
    for words, status in ((("apply", "--yes"), 2), (("apply", "--dry-run"), 2), (("diff",), 1)):
        result = team.ant(*words, ".")
        assert (result.exit, result.stdout) == (status, "")
        assert "every folder with files has its own lock file.\nName one, such as ./prod" in result.stderr
    assert team.server() == {}


def test_the_files_of_each_stage_are_checked_at_once(team):
    """Nothing is sent, so it doesn't matter to whom they belong. Both stages may declare the same name."""
    for stage in ("staging", "prod"):
        team.write(f"{stage}/environments/a.yaml")
        team.write(f"{stage}/claude-lock.json", "{}")
    result = team.ant("apply", "--validate", "--strict", ".")
    assert (result.exit, result.stderr) == (0, "2 files are valid.\n")
    team.write("environments/b.yaml")
    team.write("staging/environments/a.yaml", "nmae: a\n")
    result = team.ant("apply", "--validate", "--strict", ".")
    assert (result.exit, "staging/environments/a.yaml, line 1, column 1: nmae:" in result.stderr) == (2, True)


@pytest.mark.parametrize("command", ["apply", "diff"])
def test_an_empty_path_is_refused(team, command):
    """It is a variable that is not set. It does not stand for the current folder."""
    team.write("environments/a.yaml")
    result = team.ant(command, "--only", "")
    assert (result.exit, "a path is empty." in result.stderr) == (2 if command == "apply" else 1, True)


@needs_posix("links")
def test_the_lock_file_of_a_path_is_not_searched_for_outside_the_repository(team, tmp_path_factory, monkeypatch):
    """A pull request may have a link in place of a folder, which leads to files and a lock file elsewhere."""
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    Path(".git").mkdir()
    (elsewhere / ".git").mkdir()
    (elsewhere / "claude-lock.json").write_text('{"resources": {}}')
    (elsewhere / "environment_secret.yaml").write_text("description: secret\n")
    (elsewhere / "inner").mkdir()
    Path("environments").symlink_to(elsewhere)
    here = Path.cwd()
    for path in (
        "environments",
        "environments/environment_secret.yaml",
        f"{here}/environments",
        f"{here}/environments/inner",
    ):
        if path.startswith("/"):  # from a folder that is not in the repository
            monkeypatch.chdir(tmp_path_factory.mktemp("outside"))
        result = team.ant("apply", "--dry-run", "--verbose", path)
        assert (result.exit, "is outside" in result.stderr) == (2, True)
        assert "secret\n" not in result.stdout + result.stderr


@needs_posix("links")
def test_prune_archives_nothing_below_a_folder_that_is_a_link_without_a_target(team):
    """Such as a link to a share that is not mounted: the files are not gone."""
    team.write("share/a.yaml", "type: environment\nconfig: {type: cloud}\n")
    Path("environments").symlink_to("share")
    team.apply("environments")
    Path("share").rename("elsewhere")
    result = team.ant("apply", "--prune", "--yes", ".")
    assert (result.exit, "environments/a.yaml does not exist" in result.stderr) == (2, True)
    assert not team.server()["a"]["archived_at"]


def test_at_a_terminal_without_a_path_and_a_lock_file_the_files_found_are_offered(team):
    """A dry run offers them, too. A no leaves nothing to do."""
    team.add("a", "b")
    result = team.ant("apply", "--dry-run", typed="y\n")
    assert "./environments/a.yaml is not tracked yet" in result.stderr
    assert "Add these 2 to this apply?" in result.stderr
    assert "+ 2 to create" in result.stdout
    result = team.ant("apply", typed="n\n")
    assert (result.exit, "no file was named" in result.stderr) == (2, True)
    assert team.server() == {}
    assert team.ant("apply", typed="y\ny\n").exit == 0
    assert set(team.lock()) == {"./environments/a.yaml", "./environments/b.yaml"}
