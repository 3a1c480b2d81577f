"""Folders and files that have several names, as on macOS, where neither case nor the way to write an accent counts.

A bind mount gives a folder a second name here, and a hard link a file.
"""

from __future__ import annotations

import shlex
import subprocess
import unicodedata
from pathlib import Path

import pytest

from ant_cli.runtime.trusted_files import path_below
from tests.conftest import Result, as_root, needs_linux
from tests.helpers.processes import ANT, run_process
from tests.helpers.words import KEY

COMPOSED, DECOMPOSED = (unicodedata.normalize(form, "\u00fcbung.yaml") for form in ("NFC", "NFD"))


@pytest.fixture
def two_names(tmp_path, clean_environ):
    """Run `ant` in the folder `repo`, a repository, which is also `REPO`."""
    for name in ("repo/.git", "repo/cfg", "repo/environments", "REPO", "home"):
        (tmp_path / name).mkdir(parents=True, mode=0o700)
    (tmp_path / "repo/environments/a.yaml").write_text("config: {type: cloud}\n")
    probe = subprocess.run(["unshare", "-m", "true"], check=False, capture_output=True)
    if probe.returncode:
        pytest.skip("this test needs a mount namespace of its own")

    def run(*words: str, **env: str) -> Result:
        line = f"mount --bind repo REPO && cd repo && exec {shlex.join([*ANT, *words])}"
        environ = {**clean_environ, "HOME": str(tmp_path / "home"), "ANTHROPIC_API_KEY": KEY, **env}
        done = run_process(["unshare", "-m", "sh", "-c", line], environ, cwd=tmp_path)
        return Result(done.returncode, done.stdout, done.stderr)

    return run


@as_root
@needs_linux("mount namespaces")
def test_profiles_that_came_with_the_repository_are_not_used_by_another_name_of_it(
    two_names, tmp_path
):
    """A variable may name the folder in another case."""
    config = tmp_path / "REPO" / "cfg"
    (tmp_path / "repo/cfg/profiles.toml").write_text('active = "x"\n[profiles.x]\n')
    (tmp_path / "repo/cfg/profiles.toml").chmod(0o600)
    done = two_names("beta:environments", "list", "--local", ANTHROPIC_CONFIG_DIR=str(config))
    assert (done.exit, "and may have come with it" in done.stderr) == (4, True)


@as_root
@needs_linux("mount namespaces")
def test_files_and_their_lock_file_may_be_named_by_two_names_of_a_folder(two_names, tmp_path):
    """They are in the folder of the lock file."""
    lock = str(tmp_path / "REPO/claude-lock.json")
    url = {"ANTHROPIC_BASE_URL": "local:../emulator.db"}
    for words in (("apply", "--yes", "environments"), ("diff", "environments")):
        done = two_names(*words, "--lock-file", lock, **url)
        assert done.exit == 0, done.stderr
    assert '"./environments/a.yaml"' in (tmp_path / "repo/claude-lock.json").read_text()


@needs_linux("file names that are bytes")
def test_a_file_whose_name_was_typed_in_another_form_than_it_is_stored_is_one_file(
    ant, tmp_path, monkeypatch
):
    """A keyboard gives one character, and macOS may store two. The folder is searched, too."""
    monkeypatch.chdir(tmp_path)
    env = {"ANTHROPIC_BASE_URL": "local:emulator.db", "ANTHROPIC_API_KEY": KEY}
    Path("environments").mkdir()
    stored, typed = Path("environments", DECOMPOSED), Path("environments", COMPOSED)
    stored.write_text("name: exercise\nconfig: {type: cloud}\n")
    typed.hardlink_to(stored)  # as if one name were both
    applied = ant("apply", "--yes", "--only", str(typed), env=env, network=True)
    assert applied.exit == 0, applied.stderr
    for words in (("diff", "."), ("diff", str(stored)), ("diff", str(typed))):
        done = ant(*words, env=env, network=True)
        assert (done.exit, done.stderr) == (0, ""), done


@pytest.mark.parametrize(
    ("path", "folder", "found"),
    [
        ("/a/b/c", "/a", str(Path("b", "c"))),
        ("/a", "/a", "."),
        ("/b", "/a", None),
        ("/ab/c", "/a", None),
        ("/", "/a", None),
    ],
)
def test_a_path_is_below_a_folder_or_not(path, folder, found):
    """Also if none of both exists."""
    assert path_below(path, folder) == found
