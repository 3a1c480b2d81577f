"""Where `ant export` writes, what it says about that, and what it keeps."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.conftest import Screen, needs_posix

LOCK = Path("claude-lock.json")
NOTE = "Note: the files are in ./environments; standard output has only their paths.\n"


@pytest.fixture
def two(team):
    """Return a team with two environments on the server, and no files."""
    for name in "ab":
        team.by_hand("create", "--name", name, "--config", "{type: cloud}")
    return team


def test_an_environment_that_is_named_twice_is_exported_once(two):
    """By its name and by its ID."""
    identifier = two.server()["a"]["id"]
    result = two.ant("export", "a", identifier, "a", "b")
    assert (result.exit, len(result.stdout.splitlines())) == (0, 2)
    assert sorted(path.name for path in Path("environments").iterdir()) == ["a.yaml", "b.yaml"]


@pytest.mark.parametrize("is_terminal", [True, False])
@pytest.mark.parametrize(("words", "is_text"), [((), True), (("--format", "json"), False)])
def test_a_note_says_where_the_files_are_if_stdout_has_only_their_paths(
    two, is_terminal, words, is_text
):
    """Who redirects stdout may expect the files there. Where stderr goes does not matter."""
    result = two.ant("export", "a", *words, stdout=Screen(terminal=is_terminal))
    assert (NOTE in result.stderr) is (is_text and not is_terminal)
    result = two.ant("export", "b", *words, typed="", stdout=Screen(terminal=is_terminal))
    assert ("standard output has only" in result.stderr) is (is_text and not is_terminal)


def test_an_export_of_nothing_new_says_so_and_as_data_is_nothing(two):
    """A list prints its items one by one."""
    assert two.ant("export", "--all").exit == 0
    result = two.ant("export", "--all")
    assert (result.stdout, result.stderr) == (
        "",
        "Nothing to export: the lock file already has everything.\n",
    )
    result = two.ant("export", "--all", "--format", "json")
    assert (result.exit, result.stdout, result.stderr) == (0, "", "")


def test_a_file_that_is_gone_is_exported_again_and_others_stay(two):
    """Also if neither the lock file nor the server has changed."""
    assert two.ant("export", "--all").exit == 0
    Path("environments/a.yaml").unlink()
    Path("environments/b.yaml").write_text("name: b\nconfig: {type: cloud}\n# mine\n")
    assert two.ant("export", "--all").stdout.startswith("./environments/a.yaml  env_")
    assert Path("environments/a.yaml").exists()
    assert "# mine" in Path("environments/b.yaml").read_text()


@pytest.mark.parametrize("is_changed", [True, False])
def test_a_new_environment_gets_no_file_that_another_one_already_has(two, is_changed):
    """Not even with --force: the file is named after the one, and declares the other."""
    two.write("environments/b.yaml", "name: a\nconfig: {type: cloud}\n")
    two.apply("--adopt", ".")
    if is_changed:
        two.by_hand("update", two.server()["a"]["id"], "--description", "new")
    result = two.ant("export", "--all", "--force")
    assert result.exit == 0
    assert set(two.ids()) == {"./environments/b.yaml", "./environments/b-2.yaml"}
    assert "name: a\n" in Path("environments/b.yaml").read_text()
    assert two.diff() == 0


def test_an_export_over_a_tracked_file_keeps_what_it_does_not_know_of_its_entry(two):
    """The official tool may have written more, and a server in another form."""
    assert two.ant("export", "a").exit == 0
    lock = json.loads(LOCK.read_text())
    lock["origin"]["base_url"] += "/"
    lock["resources"]["./environments/a.yaml"]["version"] = "7"
    LOCK.write_text(json.dumps(lock))
    two.by_hand("update", two.server()["a"]["id"], "--description", "new")
    assert two.ant("export", "a", "--force").exit == 0
    now = json.loads(LOCK.read_text())
    assert now["origin"] == lock["origin"]
    assert now["resources"]["./environments/a.yaml"]["version"] == "7"
    assert "description: new\n" in Path("environments/a.yaml").read_text()
    assert two.diff() == 0


def test_an_export_from_another_account_writes_nothing(two):
    """Its environments would be mixed with those in the lock file."""
    LOCK.write_text(
        '{"version": 1, "origin": {"base_url": "https://other.example"}, "resources": {}}'
    )
    result = two.ant("export", "--all")
    assert (result.exit, Path("environments").exists()) == (1, False)
    assert "tracks resources on server https://other.example" in result.stderr


@needs_posix("permissions")
def test_a_file_that_is_read_only_is_not_overwritten_even_with_force(two):
    """Somebody has protected it."""
    path = two.write("environments/a.yaml", "mine\n")
    path.chmod(0o444)
    result = two.ant("export", "a", "--force")
    assert (result.exit, path.read_text()) == (2, "mine\n")
    assert "environments/a.yaml: it is read-only." in result.stderr


@pytest.mark.parametrize(
    ("suffix", "is_written"), [(".yml", True), (".YAML", True), (".json", False)]
)
def test_only_a_file_of_yaml_is_written_whatever_the_case_of_its_ending(two, suffix, is_written):
    """An export writes nothing else."""
    two.write(f"environments/a{suffix}", '{"config": {"type": "cloud"}}')
    two.apply("--adopt", "environments")
    two.by_hand("update", two.server()["a"]["id"], "--description", "new")
    result = two.ant("export", "a", "--force")
    assert (result.exit == 0) is is_written
    assert ("is not a YAML file" in result.stderr) is not is_written


@pytest.mark.parametrize("content", ["", "\n\n# by hand\n", "\ufeffx: y\n"])
def test_with_force_any_file_is_replaced(two, content):
    """Also one that begins with an empty line."""
    assert two.ant("export", "a").exit == 0
    LOCK.unlink()
    Path("environments/a.yaml").write_text(content, encoding="utf-8")
    assert two.ant("export", "a", "--force").exit == 0
    assert "type: cloud" in Path("environments/a.yaml").read_text()


def test_the_lock_file_of_the_folder_that_is_written_to_gets_the_entries(two):
    """Each account may have a folder and a lock file of its own."""
    two.write("prod/claude-lock.json", '{"resources": {}}')
    assert two.ant("export", "a", "--directory", "prod/environments").exit == 0
    written = json.loads(Path("prod/claude-lock.json").read_text())["resources"]
    assert (list(written), LOCK.exists()) == (["./environments/a.yaml"], False)


def test_an_export_makes_all_folders_of_its_path(two):
    """The lock file is in the working folder."""
    assert two.ant("export", "a", "--directory", "deep/er/environments").exit == 0
    assert list(two.ids()) == ["./deep/er/environments/a.yaml"]
    assert two.diff() == 0


def test_only_files_that_an_export_would_change_are_in_its_way(two):
    """An earlier export may have written the other files before it was killed."""
    assert two.ant("export", "--all").exit == 0
    LOCK.unlink()
    Path("environments/b.yaml").write_text("# " + "mine " * 1_000)
    refused = two.ant("export", "--all")
    problem = "ant: ./environments/b.yaml already exists, so nothing was written.\n"
    assert (refused.exit, refused.stderr) == (2, f"{problem}To overwrite: --force\n")
    assert not LOCK.exists()


@needs_posix("links")
def test_a_link_without_a_target_is_in_the_way_of_an_export(two):
    """The export would replace the link, or write to its target."""
    Path("environments").mkdir()
    Path("environments/a.yaml").symlink_to("nowhere.yaml")
    result = two.ant("export", "a")
    assert (result.exit, "a.yaml already exists" in result.stderr) == (2, True)
    assert Path("environments/a.yaml").is_symlink()


def test_a_file_in_place_of_the_folder_of_an_export_is_an_error(two):
    """Nothing is written to the lock file."""
    Path("environments").write_text("mine")
    result = two.ant("export", "a")
    assert (result.exit, "a.yaml can't be written: " in result.stderr) == (1, True)
    assert (Path("environments").read_text(), two.diff()) == ("mine", 1)
