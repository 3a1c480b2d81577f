"""Changes of the profiles file: flushed, and under a lock. `tests/transcripts/` has what `ant profile` prints."""

from __future__ import annotations

import os
import stat
import tomllib
from contextlib import ExitStack

import pytest

from ant_cli.runtime.storage import locked
from tests.conftest import needs_posix

WORK = """active = "work"

[profiles.work]
timeout = 30
"""


@pytest.fixture
def path(profiles):
    """The profiles file."""
    return profiles(WORK)


def document(path):
    """Return the content of the profiles file."""
    return tomllib.loads(path.read_text())


@needs_posix("folders that can be flushed")
def test_a_change_is_flushed_to_disk_before_and_after_the_rename(ant, path, monkeypatch):
    """The new file is flushed before the rename, and the folder after it."""
    fsync, states = os.fsync, []

    def record(descriptor):
        is_folder = stat.S_ISDIR(os.fstat(descriptor).st_mode)
        states.append(("folder" if is_folder else "file", "two" in document(path)["profiles"]))
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", record)
    assert ant("profile", "create", "two").exit == 0
    assert states == [("file", False), ("folder", True)]


# Another process changes the profiles


@pytest.mark.parametrize(
    ("released_after_s", "exit_code", "is_noted"), [(0.5, 0, False), (2, 0, True), (60, 1, True)]
)
def test_a_lock_of_another_process_is_reported_after_a_second_and_given_up_after_ten(
    ant, path, released_after_s, exit_code, is_noted
):
    """Otherwise nobody would know what the command waits for, or which process to end."""
    waited = [0.0]
    with ExitStack() as other_process:
        other_process.enter_context(locked(path))

        def sleep(seconds: float) -> None:
            waited[0] += seconds
            if waited[0] >= released_after_s:
                path.write_text(f"{before}[profiles.theirs]\n")
                other_process.close()

        before = path.read_text()
        done = ant("profile", "create", "new", sleep=sleep)
    lock = f"{path}.lock"
    note = f"Note: waiting for another process that is changing the profiles and holds {lock}."
    assert done.exit == exit_code
    assert (note in done.stderr) is is_noted
    assert (f"another process has held {lock} for 10 s. Nothing was changed." in done.stderr) is (
        exit_code == 1
    )
    assert (path.read_text() == before) is (exit_code == 1)
    assert document(path)["profiles"].keys() >= ({"theirs", "new"} if exit_code == 0 else set())
