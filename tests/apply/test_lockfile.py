"""The lock file, which two tools share: what is kept, what is rejected, and its format."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ant_cli.apply.lockfile import (
    Entry,
    LockFile,
    ResourceOrigin,
    find_lock_path,
    read_lock,
    shown_folder,
    shown_path,
)
from ant_cli.errors import OutputError, UsageError
from tests.conftest import needs_posix

HASH = "0123456789abcdef" * 2
WRITTEN = """{
  "version": 1,
  "origin": {
    "base_url": "https://api.anthropic.com",
    "organization_id": "org-1"
  },
  "resources": {
    "./agents/a\\u00e9.md": {"kind":  "agent", "id": "agent_1",
      "version": 3, "odd": [1.0, 1e3]},
    "./environments/b.yaml": {
      "kind": "environment",
      "id": "env_1",
      "hash": "0123456789abcdef0123456789abcdef",
      "remote_hash": "0123456789abcdef0123456789abcdef"
    },
    "https://github.com/x/y": {
      "kind": "skill",
      "id": "skill_1",
      "revision": "abc",
      "subpath": "s"
    }
  }
}
"""


VISIBLE = st.characters(codec="utf-8", exclude_categories=("C", "Z"))


@pytest.fixture
def path(tmp_path):
    return tmp_path / "claude-lock.json"


def test_reading_and_writing_a_lock_file_keeps_every_byte(path):
    """Foreign entries keep their layout, numbers and escapes."""
    path.write_text(WRITTEN)
    lock = read_lock(path)
    assert lock.to_bytes().decode() == WRITTEN
    assert lock.origin == ResourceOrigin("https://api.anthropic.com", "org-1", "")
    assert set(lock.tracked) == {"./environments/b.yaml"}
    assert set(lock.entries) == {
        "./agents/aé.md",
        "./environments/b.yaml",
        "https://github.com/x/y",
    }


def test_a_change_of_an_entry_keeps_all_other_entries_unchanged(path):
    """Only the lines of the entry itself differ."""
    path.write_text(WRITTEN)
    lock = read_lock(path)
    entry = lock.entries["./environments/b.yaml"]._replace(hash="f" * 32)
    changed = lock.with_entry("./environments/b.yaml", entry)
    assert changed.to_bytes().decode() == WRITTEN.replace(
        f'"hash": "{HASH}"', f'"hash": "{"f" * 32}"'
    )
    assert lock.to_bytes().decode() == WRITTEN
    again = changed.with_entry("./z&z.yaml", entry).without("./z&z.yaml")
    assert again.to_bytes() == changed.to_bytes()


def test_a_new_lock_file_has_its_fields_in_order(path):
    """It has two spaces, sorted keys, and a line break at the end, as written by the official tool."""
    lock = LockFile(path).with_origin(ResourceOrigin("http://h", "o", "w"))
    entry = Entry("environment", "env_1", "h", "r")
    lock.with_entry("./b.yaml", entry).with_entry("./a<b.yaml", entry._replace(id="env_2")).save()
    assert path.read_text() == (
        '{\n  "version": 1,\n  "origin": {\n    "base_url": "http://h",\n    "organization_id": "o",\n'
        '    "workspace_id": "w"\n  },\n  "resources": {\n'
        '    "./a\\u003cb.yaml": {\n      "kind": "environment",\n      "id": "env_2",\n      "hash": "h",\n'
        '      "remote_hash": "r"\n    },\n'
        '    "./b.yaml": {\n      "kind": "environment",\n      "id": "env_1",\n      "hash": "h",\n'
        '      "remote_hash": "r"\n    }\n  }\n}\n'
    )
    assert read_lock(path).entries["./a<b.yaml"].id == "env_2"


@given(st.dictionaries(st.text(VISIBLE), st.text(VISIBLE, min_size=1), max_size=5))
def test_a_written_lock_file_can_be_read_again(tmp_path_factory, names):
    """Keys and IDs may have any characters that can be seen."""
    path = tmp_path_factory.mktemp("lock") / "claude-lock.json"
    lock = LockFile(path)
    for key, identifier in names.items():
        lock = lock.with_entry(
            f"./x{key}".replace("..", ""), Entry("environment", f"e{identifier}", "h", "r")
        )
    path.write_bytes(lock.to_bytes())
    found = read_lock(path)
    assert {key: entry.id for key, entry in found.entries.items()} == {
        key: entry.id for key, entry in lock.entries.items()
    }
    assert found.to_bytes() == lock.to_bytes()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this test needs POSIX: named pipes")
def test_a_pipe_in_place_of_the_lock_file_does_not_block_the_command(path):
    """There may never be a writer."""
    os.mkfifo(path)
    with pytest.raises(UsageError, match="it is a pipe or a device, not a file"):
        read_lock(path)


def test_the_lock_file_is_searched_for_up_to_the_root_of_the_repository(tmp_path):
    """Otherwise it is created in the current folder."""
    inner = tmp_path / "repository" / "a" / "b"
    inner.mkdir(parents=True)
    (tmp_path / "claude-lock.json").touch()
    (tmp_path / "repository" / ".git").mkdir()
    assert find_lock_path(None, inner) == inner / "claude-lock.json"
    (tmp_path / "repository" / "claude-lock.json").touch()
    assert find_lock_path(None, inner) == tmp_path / "repository" / "claude-lock.json"
    assert find_lock_path("x.json", inner) == inner / "x.json"


@needs_posix("the variable HOME")
def test_the_search_for_the_lock_file_ends_at_the_home_folder(tmp_path, monkeypatch):
    """What is above it may be somebody else's. HOME may be a link."""
    (tmp_path / "claude-lock.json").touch()
    inner = tmp_path / "home" / "a"
    inner.mkdir(parents=True)
    (tmp_path / "link").symlink_to("home")
    monkeypatch.setenv("HOME", str(tmp_path / "link"))
    assert find_lock_path(None, inner) == inner / "claude-lock.json"
    (tmp_path / "home" / "claude-lock.json").touch()
    assert find_lock_path(None, inner) == tmp_path / "home" / "claude-lock.json"


@needs_posix("links")
def test_a_link_without_a_target_in_place_of_the_lock_file_is_found(tmp_path):
    """It would be skipped otherwise, and a second lock file be created below it."""
    (tmp_path / "inner").mkdir()
    (tmp_path / "claude-lock.json").symlink_to("nowhere")
    assert find_lock_path(None, tmp_path / "inner") == tmp_path / "claude-lock.json"


@needs_posix("links")
@pytest.mark.parametrize(
    "make", [lambda path: path.write_text("gitdir: x"), lambda path: path.symlink_to("nowhere")]
)
def test_a_submodule_and_a_worktree_are_repositories_of_their_own(tmp_path, make):
    """Their `.git` is a file, or a link whose target may be missing."""
    inner = tmp_path / "repository" / "submodule"
    inner.mkdir(parents=True)
    (tmp_path / "repository" / "claude-lock.json").touch()
    make(inner / ".git")
    assert find_lock_path(None, inner) == inner / "claude-lock.json"


@needs_posix("its words for errors")
def test_a_lock_file_that_can_not_be_written_is_an_error(tmp_path):
    """Its folder does not exist."""
    with pytest.raises(OutputError, match="can't be written: no such file or directory"):
        LockFile(tmp_path / "nowhere" / "claude-lock.json").save()


@pytest.mark.parametrize("marker", ["<<<<<<< ours", "=======", ">>>>>>> theirs"])
def test_a_merge_conflict_is_a_usage_error_of_apply_and_of_export(team, marker):
    """In `diff`, 2 means that there are changes, so there it is 1."""
    team.write("environments/a.yaml")
    team.write("claude-lock.json", f'{{"version": 1,\n{marker}\n"resources": {{}}}}')
    commands = (("apply", "--yes", "."), ("export", "--all"), ("diff", "."))
    done = [team.ant(*words) for words in commands]
    assert [each.exit for each in done] == [2, 2, 1]
    assert all(
        "claude-lock.json, line 2: there is a merge conflict." in each.stderr for each in done
    )
    assert team.server() == {}


def test_a_step_that_only_changes_the_lock_file_is_no_change_in_the_data_of_a_plan(team):
    """A job that posts the number of changes would ask for a review of nothing."""
    team.add("a")
    team.apply(".")
    team.write("environments/a.yaml", "config: {type: cloud}\ndescription: one\n")
    team.by_hand("update", team.ids()["./environments/a.yaml"], "--description", "one")
    done = team.ant("apply", "--dry-run", ".", "--format", "json")
    plan = json.loads(done.stdout)
    assert [step["action"] for step in plan["resources"]] == ["record"]
    assert plan["changes"] == 0
    assert team.diff(".") == 0


ENTRY = '{"kind": "environment", "id": "env_1", "hash": "h", "remote_hash": "r"}'


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (f'{{"resources": {{"./a.yaml": {ENTRY}, "./a.yaml": {ENTRY}}}}}', "two entries for the"),
        (f'{{"resources": {{"./a.yaml": {ENTRY}, "./\\u0061.yaml": {ENTRY}}}}}', "two entries for"),
        ('{"resources": {}, "resources": {}}', "A field occurs twice"),
        ('{"version": 1, "resources": {}, "version": 1}', "A field occurs twice"),
        ('{"resources": {}, "paths": []}', "it is a saved plan"),
        ('{"resources": {}, "options": {}}', "it is a saved plan"),
        ('{"resources": {}, "steps": []}', "it is a saved plan"),
        ('{"version": 1}', "it has no resources"),
        ('{"version": 0, "resources": {}}', "its version is 0"),
        ('{"version": 2, "resources": {}}', "was written by a newer ant"),
        ('{"version": 2, "environments": {}}', "was written by a newer ant"),
        ('{"version": 2, "steps": []}', "was written by a newer ant"),
        ('{"version": 999999999, "resources": {}}', "was written by a newer ant"),
        ('{"version": 1000000000, "resources": {}}', "its version is 1000000000"),
        (f'{{"version": {"1" * 30}, "resources": {{}}}}', r"its version is 1{20}\.$"),
        ('{"resources": {"./a.yaml": {"kind": "environment"}}}', "An entry has no id"),
        ('{"resources": {"./a.yaml": {"kind": "environment", "id": null}}}', "An entry has no id"),
        (f'{{"resources": {{"http://h/r": {ENTRY}}}}}', "does not begin with ./"),
        (f'{{"resources": {{"a.yaml": {ENTRY}}}}}', "does not begin with ./"),
        (f'{{"resources": {{".": {ENTRY}}}}}', "leads out of its folder"),
        (f'{{"resources": {{"./a/..": {ENTRY}}}}}', "leads out of its folder"),
        (f'{{"resources": {{"/a.yaml": {ENTRY}}}}}', "leads out of its folder"),
    ],
)
def test_a_file_that_can_not_be_used_as_a_lock_file_says_why(path, text, problem):
    """A merge by hand, or a wrong path, may have made it. Nothing may be created or archived because of it."""
    path.write_text(text)
    with pytest.raises(UsageError, match=problem):
        read_lock(path)


@pytest.mark.parametrize(
    ("key", "entry"),
    [
        ("agents/b.md", '{"kind": "agent"}'),
        ("../b.md", '{"kind": "agent", "id": "a/b"}'),
        ("https://h/r", '{"kind": "environment", "revision": "abc"}'),
        ("r", '{"kind": "environment", "subpath": "s"}'),
        ("https://h/r", ENTRY),
        ("./c.yaml", '{"kind": null}'),
    ],
)
def test_an_entry_that_only_the_official_tool_manages_may_have_any_key_and_no_id(path, key, entry):
    """It is not tracked here, and it is written as it was read."""
    text = f'{{\n  "version": 1,\n  "origin": {{}},\n  "resources": {{\n    "{key}": {entry}\n  }}\n}}\n'
    path.write_text(text)
    lock = read_lock(path)
    assert lock.tracked == {}
    assert lock.to_bytes().decode() == text


def test_an_entry_with_a_field_of_another_tool_is_sorted(path):
    """The official tool sorts the fields in the same way."""
    members = {"zz": b"1", "kind": b'"environment"', "aa": b"2"}
    entry = Entry("environment", "env_1", "h", "r", members)
    written = json.loads(LockFile(path).with_entry("./a.yaml", entry).to_bytes())
    fields = ["aa", "hash", "id", "kind", "remote_hash", "zz"]
    assert list(written["resources"]["./a.yaml"]) == fields


def test_a_lock_file_without_its_last_entry_has_empty_resources(path):
    """The layout of the file stays the same."""
    path.write_text(f'{{"version": 1, "resources": {{"./a.yaml": {ENTRY}}}}}')
    left = read_lock(path).without("./a.yaml").to_bytes().decode()
    assert left == '{\n  "version": 1,\n  "origin": {},\n  "resources": {}\n}\n'


def test_a_field_that_is_null_in_a_lock_file_is_as_one_that_is_missing(path):
    """Another program may write it so."""
    entry = '{"kind": "environment", "id": "env_1", "hash": null}'
    origin = '{"base_url": "https://h", "organization_id": null}'
    path.write_text(f'{{"origin": {origin}, "resources": {{"./a.yaml": {entry}}}}}')
    lock = read_lock(path)
    assert lock.origin == ResourceOrigin("https://h")
    assert (lock.tracked["./a.yaml"].hash, lock.tracked["./a.yaml"].remote_hash) == ("", "")


def test_a_new_origin_replaces_the_old_one_and_keeps_what_only_the_official_tool_knows(path):
    """A field that is no longer known is removed, and is not left at the old account's value."""
    old = '{"base_url": "https://old", "workspace_id": "w", "region": "eu"}'
    path.write_text(f'{{"origin": {old}, "resources": {{}}, "more": [1.0]}}')
    read_lock(path).with_origin(ResourceOrigin("https://new", "o")).save()
    found = json.loads(path.read_text())
    assert found["origin"] == {"base_url": "https://new", "organization_id": "o", "region": "eu"}
    assert found["more"] == [1]


@pytest.mark.parametrize(
    ("folder", "shown"),
    [
        (".", "./claude-lock.json"),
        ("a", "./a/claude-lock.json"),
        ("..", "../claude-lock.json"),
        ("..a", "./..a/claude-lock.json"),
        (".a", "./.a/claude-lock.json"),
    ],
)
def test_a_path_is_shown_from_the_current_folder_and_begins_with_dots(folder, shown):
    """Also one whose own name begins with two dots."""
    path = Path.cwd() / folder / "claude-lock.json"
    assert shown_path(path) == shown
    assert shown_folder(path.parent) == (shown.removesuffix("/claude-lock.json"))
