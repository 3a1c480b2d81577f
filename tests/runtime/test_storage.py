"""Files that several processes change: the lock file, and replacing the file."""

from __future__ import annotations

import errno
import os
import stat
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from unittest.mock import Mock

import pytest

from ant_cli.runtime.storage import (
    PRIVATE,
    PRIVATE_IF_NEW,
    SHARED,
    Patience,
    append,
    is_locked,
    locked,
    make_private,
    replace_file,
)
from tests.conftest import needs_posix
from tests.helpers.processes import started

COUNT = """
import sys
from pathlib import Path
from ant_cli.runtime.storage import locked, replace_file
path = Path(sys.argv[1])
for _ in range(50):
    with locked(path):
        replace_file(path, str(int(path.read_text()) + 1).encode())
"""


def test_an_empty_lock_is_removed(tmp_path):
    """A folder that is under version control stays clean."""
    path = tmp_path / "file"
    with locked(path):
        assert Path(f"{path}.lock").exists()
    assert list(tmp_path.iterdir()) == []


@needs_posix("unlinking an open file")
def test_a_lock_is_held_until_its_file_is_removed(tmp_path, monkeypatch):
    """Otherwise, two processes could hold two files of the same name."""
    unlink, held = Path.unlink, []

    def look(path):
        with path.open("rb") as other:
            held.append(is_locked(other))
        unlink(path)

    monkeypatch.setattr(Path, "unlink", look)
    with locked(tmp_path / "file"):
        pass
    assert held == [True]


def test_the_content_of_the_lock_is_kept_for_the_next_process(tmp_path):
    """It stays until a process empties the file."""
    path = tmp_path / "file"
    with locked(path) as lock:
        append(lock, b"creating x\n")
    with locked(path) as lock:
        lock.seek(0)
        assert lock.read() == b"creating x\n"
        lock.truncate(0)
    assert list(tmp_path.iterdir()) == []


def test_several_processes_that_lock_and_unlock_lose_no_change(tmp_path):
    """This holds even if a process removes the lock that another one waits for."""
    path = tmp_path / "count"
    path.write_text("0")
    runs = [subprocess.Popen([sys.executable, "-c", COUNT, str(path)]) for _ in range(4)]
    assert [run.wait() for run in runs] == [0] * 4
    assert path.read_text() == "200"
    assert list(tmp_path.iterdir()) == [path]


@needs_posix("shared locks")
def test_two_processes_that_ask_for_a_lock_at_the_same_time_are_not_mistaken_for_its_owner(
    tmp_path,
):
    """Both have the file open when they ask."""
    path = tmp_path / "file"
    path.touch()
    with path.open("rb") as first, path.open("rb") as second:
        assert (is_locked(first), is_locked(second)) == (False, False)


@needs_posix("permissions")
def test_folders_are_made_for_the_user_alone_whatever_the_umask_is(tmp_path):
    """Otherwise the program would refuse what is in them."""
    before = os.umask(0)
    try:
        make_private(tmp_path / "a" / "b")
    finally:
        os.umask(before)
    make_private(tmp_path / "a" / "b")
    assert [stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("a", "a/b")] == [
        0o700,
        0o700,
    ]


def test_a_folder_that_its_file_system_never_makes_is_an_error(tmp_path, monkeypatch):
    """Linux says of a new folder in /proc that there is no such file, although the folder above it exists."""
    monkeypatch.setattr(
        Path, "mkdir", lambda folder, **_: (folder / "none").stat() if folder != tmp_path else None
    )
    with pytest.raises(FileNotFoundError):
        make_private(tmp_path / "a")


def test_waiting_for_another_process_is_announced(tmp_path):
    """The message is printed once before a wait, and not at all without a wait."""
    path = tmp_path / "file"
    said: list[str] = []
    holder = (
        "import sys; from pathlib import Path; from ant_cli.runtime.storage import locked\n"
        "with locked(Path(sys.argv[1])): print('locked', flush=True); sys.stdin.read()"
    )
    command = [sys.executable, "-c", holder, str(path)]
    with started(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout
        assert other.stdin
        other.stdout.readline()

        def let_it_go() -> None:
            said.append("waiting")
            assert other.stdin
            other.stdin.close()

        with locked(path, let_it_go):
            pass
        with locked(path, lambda: said.append("again")):
            pass
    assert said == ["waiting"]


@needs_posix("permissions and links")
def test_files_of_others_with_a_similar_name_stay(tmp_path):
    """Only leftovers of a killed process are removed."""
    kept = [
        tmp_path / name
        for name in (
            *(".a.yaml-mine", ".a.yaml-12345678", ".a.yaml-", "a.yaml-x.ant-draft"),
            ".b.yaml-12345678.ant-draft",  # of another file, which may be written right now
        )
    ]
    for path in kept:
        path.write_text("mine")
    (tmp_path / ".a.yaml-12345678.ant-draft").write_text("left")
    kept.append(tmp_path / ".a.yaml-x.ant-draft")
    kept[-1].mkdir()
    replace_file(tmp_path / "a.yaml", b"new")
    assert {path.name for path in tmp_path.iterdir()} == {"a.yaml", *(path.name for path in kept)}


def test_an_interrupted_change_leaves_nothing_behind(tmp_path, monkeypatch):
    """The new content may be a secret."""
    path = tmp_path / "file"
    path.write_text("old")

    def interrupt(_):
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupt)
    with pytest.raises(KeyboardInterrupt):
        replace_file(path, b"new")
    assert (path.read_text(), list(tmp_path.iterdir())) == ("old", [path])


@pytest.mark.parametrize(("fails", "content"), [(1, "new"), (100, "old")])
def test_on_windows_a_file_that_somebody_has_open_for_a_moment_is_replaced(
    tmp_path, monkeypatch, fails, content
):
    """A search index or a virus scanner opens new files. After a second, the error is reported."""
    path = tmp_path / "file"
    path.write_text("old")
    waits, replace = [], Path.replace

    def busy(draft, target):
        if len(waits) < fails:
            raise PermissionError
        replace(draft, target)

    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setattr(time, "sleep", waits.append)
    monkeypatch.setattr(Path, "replace", busy)
    with suppress(PermissionError):
        replace_file(path, b"new")
    assert (path.read_text(), list(tmp_path.iterdir())) == (content, [path])
    assert sum(waits) < 1


@needs_posix("flock")
def test_a_file_system_without_locks_is_an_error_and_not_waited_for(tmp_path, monkeypatch):
    """Some network file systems have no locks."""
    monkeypatch.setattr("fcntl.flock", Mock(side_effect=OSError(errno.ENOLCK, "no locks")))
    at_once = Patience(limit_s=0)
    with (
        pytest.raises(OSError, match="no locks"),
        locked(tmp_path / "file", patience=at_once),
    ):
        pytest.fail("nothing is locked")


def test_a_lock_whose_file_can_not_be_removed_is_released(tmp_path, monkeypatch):
    """The next process removes the file."""
    with monkeypatch.context() as patch:
        patch.setattr(Path, "unlink", Mock(side_effect=PermissionError))
        with locked(tmp_path / "file"):
            pass
    with locked(tmp_path / "file", lambda: pytest.fail("it waits")):
        pass
    assert list(tmp_path.iterdir()) == []


@needs_posix("links")
def test_a_link_in_the_place_of_the_lock_is_rejected(tmp_path):
    """Following it could open another file."""
    path = tmp_path / "file"
    Path(f"{path}.lock").symlink_to(tmp_path / "target")
    with pytest.raises(OSError, match="link"), locked(path):
        pass
    assert not (tmp_path / "target").exists()


@needs_posix("permissions and links")
@pytest.mark.parametrize(
    ("umask", "permissions", "mode"),
    [
        (0o022, PRIVATE, 0o600),
        (0, PRIVATE, 0o600),
        (0o022, SHARED, 0o644),
        (0o027, SHARED, 0o640),
        (0, SHARED, 0o644),
        (0, PRIVATE_IF_NEW, 0o600),
    ],
)
def test_a_new_file_has_the_permissions_of_the_umask_or_is_private(
    tmp_path, umask, permissions, mode
):
    """Others can never change it."""
    path = tmp_path / "file"
    before = os.umask(umask)
    try:
        replace_file(path, b"new", permissions)
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == mode
    assert path.read_bytes() == b"new"
    assert list(tmp_path.iterdir()) == [path]


@needs_posix("permissions and links")
@pytest.mark.parametrize(
    ("old", "permissions", "new"),
    [
        (0o600, SHARED, 0o600),
        (0o4755, SHARED, 0o755),
        (0o640, PRIVATE_IF_NEW, 0o640),
        (0o644, PRIVATE, 0o600),
    ],
)
def test_a_file_that_need_not_be_private_keeps_its_permissions(tmp_path, old, permissions, new):
    """A file that only its owner could read stays so."""
    path = tmp_path / "file"
    path.touch()
    path.chmod(old)
    replace_file(path, b"new", permissions)
    assert stat.S_IMODE(path.stat().st_mode) == new


@needs_posix("permissions and links")
def test_a_link_is_replaced_and_its_target_unchanged(tmp_path):
    """Somebody else may have put the link there."""
    (tmp_path / "target").write_text("precious")
    (tmp_path / "target").chmod(0o600)
    (tmp_path / "file").symlink_to("target")
    replace_file(tmp_path / "file", b"new", SHARED)
    assert not (tmp_path / "file").is_symlink()
    assert (tmp_path / "target").read_text() == "precious"
    assert stat.S_IMODE((tmp_path / "file").stat().st_mode) == 0o644
    (tmp_path / "to-folder").symlink_to(tmp_path)
    replace_file(tmp_path / "to-folder", b"new")
    assert (tmp_path / "to-folder").read_bytes() == b"new"


@needs_posix("pipes")
def test_nothing_but_a_file_or_a_link_is_replaced(tmp_path):
    """As root, a rename would replace even /dev/null."""
    pipe, folder = tmp_path / "pipe", tmp_path / "folder"
    os.mkfifo(pipe)
    folder.mkdir()
    for path, problem in ((pipe, "a pipe, not a file"), (folder, "Is a directory")):
        with pytest.raises(OSError, match=problem):
            replace_file(path, b"new")
    assert pipe.is_fifo()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["folder", "pipe"]
