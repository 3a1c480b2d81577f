"""What the paths of `ant apply` and `ant diff` mean, and which lock file belongs to them."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

import pytest

from tests.conftest import needs_posix

CHANGED = "config: {type: cloud}\ndescription: changed\n"


def test_a_path_in_another_case_is_the_same_environment_where_the_disk_ignores_case(tracked):
    """On a disk that does not, a hard link is another spelling of the same file."""
    with suppress(FileExistsError):
        os.link("environments/a.yaml", "environments/A.YAML")
    tracked.write("environments/a.yaml", CHANGED)
    assert "./environments/a.yaml" in tracked.ant("diff", "environments/A.YAML").stdout
    tracked.apply("--only", "environments/A.YAML")
    assert tracked.server()["a"]["description"] == "changed"
    assert set(tracked.ids()) == {"./environments/a.yaml"}


@pytest.mark.parametrize("folder", ["more", "."])
@pytest.mark.parametrize("spelling", ["more/x.yaml", "./more/x.yaml", "an absolute path"])
def test_a_file_is_named_also_if_its_folder_is_named_before_or_after_it(team, folder, spelling):
    """A file that was named and does not say what it declares is a mistake, and not merely a warning."""
    path = team.write("more/x.yaml", "config: {type: cloud}\n").absolute()
    file = str(path) if spelling == "an absolute path" else spelling
    for paths in ((file, folder), (folder, file)):
        result = team.ant("diff", *paths)
        assert (result.exit, result.stdout) == (1, "")
        assert "it does not say what it declares" in result.stderr


def test_a_folder_with_a_lock_file_of_its_own_is_left_out(team):
    """Its environments would be created a second time, in another account."""
    team.write("environments/a.yaml")
    team.write("prod/environments/b.yaml")
    team.write("prod/claude-lock.json", '{"resources": {}}')
    result = team.apply(".")
    assert "Warning: prod is left out, because it has its own lock file." in result.stderr
    assert set(team.server()) == {"a"}
    Path("environments/a.yaml").unlink()
    assert "prod is left out" not in team.apply("--lock-file", "prod/claude-lock.json", ".").stderr
    assert set(team.server()) == {"a", "b"}


def test_a_lock_file_in_a_folder_of_environments_is_not_taken_for_an_environment(team):
    """Only its folder says what a file without a type is."""
    team.write("environments/a.yaml")
    team.write("prod/environments/b.yaml")
    team.write("prod/environments/claude-lock.json", '{"resources": {}}')
    result = team.apply(".")
    left_out = "prod/environments is left out, because it has its own lock file."
    assert left_out in result.stderr
    assert set(team.server()) == {"a"}


def test_a_named_folder_is_not_left_out_because_of_another_lock_file_in_it(team):
    """With --lock-file, that one is meant. A warning would say that its files are left out."""
    team.write("claude-lock.json", '{"resources": {}}')
    team.write("environments/a.yaml")
    result = team.ant("apply", "--validate", "--lock-file", "other.json", ".")
    assert (result.exit, result.stderr) == (0, "1 file is valid.\n")
    assert "left out" not in team.ant("diff", "--lock-file", "other.json", ".").stderr


def test_a_pattern_means_the_lock_file_of_the_files_that_it_matches(team):
    """The result is the same as if the shell had expanded the pattern."""
    team.write("prod-1/environments/a.yaml")
    team.apply("--lock-file", "prod-1/claude-lock.json", "prod-1")
    result = team.ant("diff", "prod-*/environments/a.yaml")
    assert (result.exit, "Preview  ./prod-1/claude-lock.json\n" in result.stdout) == (0, True)


def test_strict_counts_also_for_the_files_of_a_folder_with_a_lock_file_of_its_own(team):
    """One command checks the files of both lock files."""
    team.write("environments/a.yaml")
    team.write("prod/environments/b.yaml", "config: {type: cloud}\ncolour: red\n")
    team.write("prod/claude-lock.json", '{"resources": {}}')
    check = ("apply", "--validate", ".")
    assert team.ant(*check).stderr.endswith("\n2 files are valid.\n")
    result = team.ant(*check, "--strict")
    assert (result.exit, "prod/environments/b.yaml, line 2" in result.stderr) == (2, True)


@needs_posix("links")
def test_the_lock_file_of_a_path_is_not_searched_for_outside_the_repository(
    team, tmp_path_factory, monkeypatch
):
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
@pytest.mark.parametrize("folder", ["share", "share/deep/deeper"])
def test_prune_archives_nothing_below_a_folder_that_is_a_link_without_a_target(team, folder):
    """Such as a link to a share that is not mounted: the files are not gone."""
    team.write(f"{folder}/a.yaml", "type: environment\nconfig: {type: cloud}\n")
    Path("environments").symlink_to("share")
    team.apply("environments")
    Path("share").rename("elsewhere")
    result = team.ant("apply", "--prune", "--yes", ".")
    assert (result.exit, "a.yaml does not exist" in result.stderr) == (2, True)
    assert not team.server()["a"]["archived_at"]


@needs_posix("links")
def test_a_file_that_is_gone_is_noticed_in_a_folder_behind_a_link(team):
    """The target of the link exists, but the file in it is missing."""
    team.write("share/a.yaml", "type: environment\nconfig: {type: cloud}\n")
    team.write("share/b.yaml", "type: environment\nconfig: {type: cloud}\n")
    Path("environments").symlink_to("share")
    team.apply("environments")
    Path("share/a.yaml").unlink()
    assert (
        "./environments/a.yaml is in the lock file, but its file is gone" in team.ant("diff").stderr
    )


def test_a_folder_with_the_name_of_a_file_does_not_hide_new_files(tracked):
    """It may be beside tracked files."""
    Path("environments/old.yaml").mkdir()
    tracked.write("environments/new.yaml")
    result = tracked.ant("diff")
    assert "./environments/new.yaml is not tracked" in result.stderr
    assert "left out" not in result.stderr
