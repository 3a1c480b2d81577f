"""Files that somebody else may have made, linked or changed: which ones are read, and why others are not."""

from __future__ import annotations

import os
import shlex
import stat
from pathlib import Path
from types import SimpleNamespace

import pytest

from ant_cli.runtime import trusted_files
from ant_cli.runtime.trusted_files import (
    NOTHING_FORBIDDEN,
    OTHERS_READ,
    FileRule,
    UntrustedFile,
    is_foreign,
    path_below,
    read_trusted,
)

if os.name == "nt":
    pytest.skip(
        "POSIX has the owners and modes that these tests are about", allow_module_level=True
    )

SMALL = FileRule(10)


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "it's"
    path.write_bytes(b"content")
    path.chmod(0o644)
    return path


def problem(path: Path, rule: FileRule = SMALL) -> str:
    """Return why a file is not read, and the hint."""
    with pytest.raises(UntrustedFile) as caught:
        read_trusted(str(path), rule)
    return f"{caught.value.strerror}. {caught.value.hint}"


def test_a_file_that_only_this_user_can_change_is_read(path):
    """The limit is inclusive."""
    assert read_trusted(str(path), FileRule(7)) == b"content"


@pytest.mark.parametrize(
    ("rule", "size"), [(FileRule(6), "6 bytes"), (FileRule(2_000_000), "2 MB")]
)
def test_a_file_beyond_its_limit_is_rejected_without_being_read_to_its_end(path, rule, size):
    """A sparse file of a terabyte takes no disk, but would take all memory."""
    os.truncate(path, 7 if rule.limit == 6 else 10**12)
    assert problem(path, rule) == f"it is larger than {size}. "


def test_a_link_is_rejected_unless_the_rule_allows_it(path, tmp_path):
    """A link may lead to a secret of the user."""
    link = tmp_path / "link"
    link.symlink_to(path)
    assert problem(link) == "it is a symbolic link. Put the file itself there."
    assert read_trusted(str(link), FileRule(10, may_be_link=True)) == b"content"


def test_a_link_that_is_put_there_after_the_look_is_not_followed(path, tmp_path, monkeypatch):
    """Nobody can win the race between the look and the opening of the file."""
    link = tmp_path / "link"
    link.symlink_to(path)
    monkeypatch.setattr(os.path, "islink", lambda _: False)
    with pytest.raises(OSError, match="symbolic link"):
        read_trusted(str(link), SMALL)


@pytest.mark.parametrize(
    "rule", [SMALL, FileRule(10, NOTHING_FORBIDDEN, owner="anyone", may_be_link=True)]
)
def test_a_pipe_or_a_device_is_rejected_at_once(tmp_path, rule):
    """A pipe may never have a writer, and a device may never end."""
    os.mkfifo(tmp_path / "pipe")
    assert problem(tmp_path / "pipe", rule) == "it is a pipe or a device, not a file. "
    for found in (rule, rule._replace(may_be_pipe=True)):
        assert problem(Path("/dev/zero"), found) == "it is a pipe or a device, not a file. "


@pytest.mark.parametrize(
    ("mode", "rule", "expected"),
    [
        (0o664, SMALL, "other users can change it (mode 0664). To change that: chmod 644 "),
        (0o602, SMALL, "other users can change it (mode 0602). To change that: chmod 600 "),
        (
            0o640,
            FileRule(10, OTHERS_READ),
            "other users can read it (mode 0640). To change that: chmod 600 ",
        ),
    ],
)
def test_a_file_that_is_open_to_others_is_rejected_with_the_command_that_closes_it(
    path, mode, rule, expected
):
    """The path is quoted for a shell."""
    path.chmod(mode)
    quoted = str(path).replace("'", "'\"'\"'")
    assert problem(path, rule) == f"{expected}'{quoted}'"
    assert stat.S_IMODE(path.stat().st_mode) == mode


@pytest.mark.parametrize(
    ("owner", "me", "foreign"),
    [(1000, 1000, False), (0, 1000, False), (1000, 0, False), (1001, 1000, True)],
)
def test_a_file_is_foreign_if_its_owner_is_neither_the_user_nor_root(
    owner, me, foreign, monkeypatch
):
    """Root may read the files of all users, as with sudo, except for what becomes a part of a command line."""
    monkeypatch.setattr(os, "geteuid", lambda: me)
    facts = os.stat_result((0o100600, 0, 0, 1, owner, 0, 0, 0, 0, 0))
    assert is_foreign(facts) is foreign
    assert is_foreign(facts, even_to_root=True) is (foreign or (owner, me) == (1000, 0))


@pytest.mark.parametrize(
    ("rule", "is_read"), [(SMALL, False), (FileRule(10, owner="anyone"), True)]
)
def test_a_file_of_another_user_is_rejected_unless_the_rule_allows_it(
    path, monkeypatch, rule, is_read
):
    """The hint is for somebody who knows that it is their own."""
    os.chown(path, path.stat().st_uid or 12345, -1)
    monkeypatch.setattr(os, "geteuid", lambda: path.stat().st_uid + 1)
    if is_read:
        assert read_trusted(str(path), rule) == b"content"
    else:
        command = f"sudo chown $(id -u) {shlex.quote(str(path))}"
        assert (
            problem(path, rule) == f"it belongs to another user. If it should be yours: {command}"
        )


@pytest.mark.parametrize(
    ("group", "members", "is_read"),
    [
        ("ada", [], True),
        ("ada", ["ada"], True),
        ("ada", ["ada", "bob"], False),
        ("staff", [], False),
        (None, [], False),
    ],
)
def test_a_group_counts_as_others_unless_it_is_that_of_the_owner_alone(
    path, monkeypatch, group, members, is_read
):
    """A container may have no names for its groups."""

    def find_group(_):
        if group is None:
            raise KeyError
        return SimpleNamespace(gr_name=group, gr_mem=members)

    monkeypatch.setattr("grp.getgrgid", find_group)
    monkeypatch.setattr("pwd.getpwuid", lambda _: SimpleNamespace(pw_name="ada"))
    for rule, changed in (
        (FileRule(10, own_group=True), path),
        (FileRule(10, safe_folders=True), path.parent),
    ):
        path.chmod(0o644)
        changed.chmod(changed.stat().st_mode | 0o020)
        if is_read:
            assert read_trusted(str(path), rule) == b"content"
        else:
            assert "other users can" in problem(path, rule)
    path.chmod(0o666)
    assert "other users can change it" in problem(path, FileRule(10, own_group=True))


@pytest.mark.parametrize(
    ("folder", "mode", "is_read"),
    [
        (".config/anthropic", 0o755, True),
        (".config/anthropic", 0o777, False),
        (".config/anthropic", 0o1777, True),
        (".config", 0o757, False),
        (".", 0o757, False),
        ("..", 0o757, True),
        ("of links", 0o757, False),
    ],
)
def test_a_file_that_others_could_replace_is_rejected_where_it_matters(
    tmp_path, monkeypatch, folder, mode, is_read
):
    """As in ssh. Only the owner of a file can replace it in a sticky folder."""
    home = tmp_path / "above" / "home"
    monkeypatch.setenv("HOME", str(home))
    path, link = home / ".config" / "anthropic" / "file", home / "of links" / "link"
    for each in (path, link):
        each.parent.mkdir(parents=True)
    path.write_bytes(b"content")
    link.symlink_to(path)
    (home / folder).chmod(mode)
    rule = FileRule(10, safe_folders=True, may_be_link=True)
    if is_read:
        assert read_trusted(str(link), rule) == b"content"
    else:
        where = (home / folder).resolve()
        expected = (
            f"other users can replace it, because they can change "
            f"{where} (mode {mode:04o}). To change that: "
        )
        assert problem(link, rule).startswith(f"{expected}chmod 755 ")


def test_a_name_that_no_file_can_have_is_an_error_of_the_file():
    """Otherwise it would be an unexpected exception."""
    assert problem(Path("a\0b")) == "embedded null byte. "


@pytest.mark.parametrize(
    ("named", "home", "rejected"),
    [
        ("project/.cfg/f", "home", True),
        ("project/sub/.cfg/f", "home", True),
        ("link-into-project/f", "home", True),
        ("project/link-out/f", "home", False),
        ("project-2/.cfg/f", "home", False),
        ("home/.config/f", "home", False),
        ("project/.cfg/f", "project/home", False),
    ],
)
def test_a_file_that_may_have_come_with_the_current_repository_is_rejected(
    tmp_path, monkeypatch, named, home, rejected
):
    """A home folder may itself be a repository, with the settings of its user."""
    for folder in (
        "home/.config",
        "project/.git",
        "project/.cfg",
        "project/sub/.cfg",
        "project-2/.cfg",
        "elsewhere",
    ):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "link-into-project").symlink_to(tmp_path / "project" / ".cfg")
    (tmp_path / "project" / "link-out").symlink_to(tmp_path / "elsewhere")
    monkeypatch.setenv("HOME", str(tmp_path / home))
    monkeypatch.chdir(tmp_path / "project" / "sub")
    rule, path = FileRule(10, own_place=True), tmp_path / named
    path.write_text("content")
    if rejected:
        text = f"it is in the repository {tmp_path / 'project'}, and may have come with it. Move its folder out"
        assert problem(path, rule).startswith(text)
        monkeypatch.chdir(tmp_path)
    assert read_trusted(str(path), rule) == b"content"
    monkeypatch.chdir(path.parent)
    assert problem(Path("f"), rule).startswith("its path is relative to the working folder")


@pytest.mark.parametrize("kind", ["file", "link"])
def test_the_repository_may_be_a_worktree_or_a_submodule(tmp_path, monkeypatch, kind):
    """In a worktree or a submodule, `.git` is a file or a link."""
    git = tmp_path / "project" / ".git"
    git.parent.mkdir()
    if kind == "file":
        git.write_text("gitdir: elsewhere")
    else:
        git.symlink_to("nowhere")
    (tmp_path / "project" / "f").write_text("content")
    monkeypatch.chdir(git.parent)
    found = problem(tmp_path / "project" / "f", FileRule(10, own_place=True))
    assert found.startswith(f"it is in the repository {git.parent}")


def test_a_path_is_below_a_folder_whatever_the_folder_is_called(monkeypatch):
    """On macOS and Windows, the disk ignores the case of names."""
    monkeypatch.setattr(
        trusted_files, "is_same_file", lambda one, other: one.casefold() == other.casefold()
    )
    assert path_below("/Home/Work/x/y.yaml", "/home/work") == "x/y.yaml"
    assert path_below("/Home/Work", "/home/work") == "."
    assert path_below("/home/work/x", "/home/work") == "x"
    assert path_below("/home/other/x", "/home/work") is None
    assert path_below("/home", "/home/work") is None
