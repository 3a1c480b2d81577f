"""Lock files that somebody else has made: in a pull request, or in a folder that others can write to."""

from __future__ import annotations

import json
import os
import stat
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from io import FileIO
from pathlib import Path
from threading import Event

import pytest

from ant_cli.apply import server
from ant_cli.apply.execution import Journal
from ant_cli.apply.lockfile import read_lock
from ant_cli.errors import UsageError
from tests.conftest import needs_posix

posix_only = pytest.mark.skipif(
    os.name == "nt", reason="this test needs POSIX: owners, modes and links"
)
LOCK = Path("claude-lock.json")
JOURNAL = Path("claude-lock.json.lock")
SECRETS = '{"auths": {"registry": {"auth": "c2VjcmV0"}}}\n'


@posix_only
@pytest.mark.parametrize(
    ("content", "words"),
    [
        (SECRETS, ("apply", "--yes", ".")),
        (SECRETS, ("apply", "--validate", ".")),
        ('{"version": 1, "resources": {}}', ("diff", ".")),
        (None, ("export", "--all")),
    ],
    ids=["secrets", "secrets that are not needed", "a lock file", "nothing"],
)
def test_a_lock_file_that_is_a_link_is_rejected_and_its_target_unchanged(
    team, tmp_path_factory, content, words
):
    """A pull request could let CI write to any file of the machine, and show what is in it."""
    target = tmp_path_factory.mktemp("home") / "config.json"
    if content is not None:
        target.write_text(content)
        target.chmod(0o600)
    team.write("environments/a.yaml")
    LOCK.symlink_to(target)
    result = team.ant(*words)
    assert result.exit in (1, 2)
    assert result.stderr.endswith(
        "claude-lock.json can't be used: it is a symbolic link.\nPut the file itself there.\n"
        "To use another one: --lock-file PATH\n"
    )
    assert target.exists() is (content is not None)
    if content is not None:
        assert (target.read_text(), stat.S_IMODE(target.stat().st_mode)) == (content, 0o600)
    assert team.server() == {}


@posix_only
@pytest.mark.parametrize("mode", [0o600, 0o640, 0o644])
def test_an_existing_lock_file_keeps_its_mode(tracked, mode):
    """The file of a team may be one that only they can read."""
    LOCK.chmod(mode)
    tracked.write("environments/b.yaml")
    tracked.apply(".")
    assert set(tracked.lock()) == {"./environments/a.yaml", "./environments/b.yaml"}
    assert stat.S_IMODE(LOCK.stat().st_mode) == mode


@posix_only
@pytest.mark.parametrize("umask", [0o002, 0o022, 0o077, 0])
def test_a_new_lock_file_has_the_mode_of_the_umask_and_can_be_used_in_the_next_run(team, umask):
    """It is never made so that others can change it, because it would be rejected then."""
    team.write("environments/a.yaml")
    before = os.umask(umask)
    try:
        team.apply(".")
    finally:
        os.umask(before)
    assert stat.S_IMODE(LOCK.stat().st_mode) == 0o644 & ~umask
    assert team.diff(".") == 0


@posix_only
@pytest.mark.parametrize("mode", [0o646, 0o666])
def test_a_lock_file_that_every_user_can_change_is_rejected(tracked, mode):
    """Otherwise they decide what is archived."""
    LOCK.chmod(mode)
    Path("environments/a.yaml").unlink()
    result = tracked.ant("apply", "--yes", "--prune", ".")
    assert result.exit == 2
    assert (
        f"claude-lock.json can't be used: other users can change it (mode 0{mode:o}).\n"
        in result.stderr
    )
    assert f"To change that: chmod {mode & ~0o022:o} " in result.stderr
    assert set(tracked.server()) == {"a"}


@posix_only
@pytest.mark.skipif(
    os.name != "nt" and os.geteuid() != 0, reason="only root can give files to others"
)
@pytest.mark.parametrize(("group", "is_read"), [(0, True), (65534, False)])
def test_a_group_may_change_the_lock_file_only_if_its_owner_is_alone_in_it(
    tmp_path, group, is_read
):
    """On many systems the umask is 002, and each user has a group: git makes files with mode 0664 there."""
    path = tmp_path / "claude-lock.json"
    path.write_text('{"version": 1, "resources": {}}')
    path.chmod(0o664)
    os.chown(path, 0, group)
    if is_read:
        assert read_lock(path).exists
    else:
        with pytest.raises(UsageError, match="other users can change it"):
            read_lock(path)


@posix_only
@pytest.mark.skipif(
    os.name != "nt" and os.geteuid() != 0, reason="only root can give files to others"
)
def test_a_lock_file_of_another_user_in_a_folder_above_is_rejected(tmp_path, monkeypatch):
    """As git does with a repository. It would decide which environments a run changes and archives."""
    path = tmp_path / "claude-lock.json"
    path.write_text('{"version": 1, "resources": {}}')
    os.chown(path, 1234, 1234)
    monkeypatch.setattr(os, "geteuid", lambda: 4321)
    with pytest.raises(UsageError, match="it belongs to another user") as caught:
        read_lock(path)
    assert "If it should be yours: sudo chown" in caught.value.hint


@posix_only
@pytest.mark.skipif(
    os.name != "nt" and os.geteuid() != 0, reason="only root can give files to others"
)
def test_root_takes_no_lock_file_of_another_user_from_a_folder_above(team, monkeypatch):
    """Everybody can put one into /tmp. In the current folder, root works for its owner, as with sudo."""
    team.write("claude-lock.json", '{"version": 1, "resources": {}}')
    os.chown(LOCK, 1234, 1234)
    assert team.diff() == 0
    team.write("inner/environments/a.yaml")
    monkeypatch.chdir("inner")
    result = team.ant("apply", "--dry-run", ".")
    assert result.exit == 2
    path = Path("../claude-lock.json").resolve()
    assert result.stderr == (
        f"ant: the lock file {path} belongs to another user, and is not in a folder that you named.\n"
        f"To use it: --lock-file {path}\n"
    )
    assert team.ant("diff", "--lock-file", str(path), ".").exit == 2  # there are changes
    assert team.ant("diff", "..").exit == 2  # the folder was named


@pytest.mark.parametrize(
    "text",
    [
        "[" * 1_000_000,
        '{"resources": ' + '{"a":' * 1_000_000,
        '{"resources": {"./a.yaml": ' + "[" * 1_000_000,
        '{"origin": ' + "[" * 100_000 + "]" * 100_000 + "}",
        '{"version": 1, "resources": {"./a.yaml": {"kind": "environment", "id": '
        + "1" * 1_000_000
        + "}}}",
    ],
    ids=["lists", "objects", "in an entry", "in the origin", "a long number"],
)
def test_a_lock_file_that_is_nested_too_deeply_is_rejected(team, text):
    """It is an error, not a bug."""
    team.write("environments/a.yaml")
    LOCK.write_text(text)
    result = team.ant("apply", "--yes", ".")
    assert result.exit == 2
    assert "claude-lock.json is not a lock file" in result.stderr


@pytest.mark.parametrize(
    "field",
    [
        "base_url",
        "organization_id",
        "workspace_id",
        "id",
        "kind",
        "hash",
        "remote_hash",
        "key",
        "other kind",
    ],
)
@pytest.mark.parametrize("character", ["\n::error::x", "\x1b[2J", "\u2028", "\u202e", "\ud800"])
def test_a_lock_file_with_a_control_character_is_rejected(team, field, character):
    """A line that begins with `::` is a command in the log of a GitHub job, and ESC one for a terminal."""
    team.write("environments/a.yaml")
    entry = dict.fromkeys(("id", "hash", "remote_hash"), "x") | {"kind": "environment"}
    origin = dict.fromkeys(("base_url", "organization_id", "workspace_id"), "x")
    fields = entry if field in entry else origin
    if field == "other kind":
        fields["kind"] = "agent"
        entry["kind"] = f"a{character}"
    elif field != "key":
        fields[field] += character
    key = f"./environments/x{character if field == 'key' else ''}.yaml"
    LOCK.write_text(json.dumps({"version": 1, "origin": origin, "resources": {key: entry}}))
    result = team.ant("apply", "--dry-run")
    assert (result.exit, result.stdout) == (2, "")
    assert "control character" in result.stderr
    assert not any(line.startswith("::") for line in result.stderr.splitlines())
    assert "\x1b" not in result.stderr


@pytest.mark.parametrize("identifier", ["..", ".", " ", ""])
def test_an_entry_whose_id_can_not_be_part_of_a_path_is_rejected(team, identifier):
    """It would lead to another endpoint."""
    entry = {"kind": "environment", "id": identifier, "hash": "h", "remote_hash": "r"}
    LOCK.write_text(json.dumps({"version": 1, "resources": {"./environments/a.yaml": entry}}))
    result = team.ant("apply", "--dry-run")
    assert (result.exit, result.stderr.count("An entry has no id.")) == (2, 1)


@pytest.mark.parametrize(
    ("key", "problem"),
    [("a.yaml", "does not begin with ./"), ("../a.yaml", "leads out of its folder")],
)
def test_a_key_that_is_no_path_below_the_lock_file_is_rejected_for_what_it_is(team, key, problem):
    """A person may have written it."""
    entry = {"kind": "environment", "id": "env_1"}
    team.write("claude-lock.json", json.dumps({"resources": {key: entry}}))
    assert f"the key {key!r} {problem}." in team.ant("diff").stderr


def test_a_lock_file_of_more_than_10_mb_is_rejected_without_being_read(team):
    """A sparse file is small in an archive."""
    team.write("environments/a.yaml")
    LOCK.touch()
    os.truncate(LOCK, 10**12)
    result = team.ant("apply", "--validate", ".")
    assert (result.exit, result.stderr.count("it is larger than 10 MB.")) == (2, 1)


# The lock of the lock file, which has the names that a killed run was creating


def test_the_names_that_a_killed_run_left_are_read_even_if_its_last_line_is_incomplete(team):
    """The next run takes over what it created without a question."""
    team.by_hand("create", "--name", "a", "--config", "{type: cloud}")
    team.write("environments/a.yaml")
    JOURNAL.write_bytes(b'"a"\n"b')
    JOURNAL.chmod(0o600)
    team.apply(".")
    assert team.ids() == {"./environments/a.yaml": team.server()["a"]["id"]}
    assert not JOURNAL.exists()


def test_a_name_is_not_lost_after_an_incomplete_line(tmp_path):
    """A run was killed while it wrote the line."""
    path = tmp_path / "lock"
    path.write_bytes(b'"a"\n"b')
    path.chmod(0o600)
    with path.open("a+b") as file:
        Journal(file).begin("c")
        assert Journal(file).interrupted == {"a", "c"}


def test_a_name_that_begins_while_the_last_one_ends_stays_in_the_journal(tmp_path):
    """Requests are sent at the same time. If its line were lost, a run after a kill would create it twice."""
    emptying, has_begun = Event(), Event()

    class File(FileIO):
        """A file that is emptied slowly."""

        def truncate(self, size=None):
            emptying.set()
            has_begun.wait(0.1)  # if it can begin now, its line is lost
            return super().truncate(size)

    def begin():
        emptying.wait()
        journal.begin("b")
        has_begun.set()

    with File(tmp_path / "lock", "a+") as file, ThreadPoolExecutor(1) as threads:
        journal = Journal(file)
        journal.begin("a")
        begun = threads.submit(begin)
        journal.end("a")
        begun.result()
    assert (tmp_path / "lock").read_text() == '\n"b"\n'


def test_the_names_of_a_killed_run_are_forgotten_when_the_next_one_has_created_them(team):
    """Otherwise an environment that others make later under this name would be taken over."""
    team.add("a", "b")
    JOURNAL.write_bytes(b'\n"a"\n')
    JOURNAL.chmod(0o600)
    team.apply(".")
    assert set(team.server()) == {"a", "b"}
    assert not JOURNAL.exists()


def test_a_name_is_in_the_journal_until_its_outcome_is_known(tmp_path):
    """Others that are done meanwhile, or that an earlier run has left, change nothing about that."""
    path = tmp_path / "lock"
    path.write_bytes(b'"left"\n')
    path.chmod(0o600)
    with path.open("a+b") as file:
        journal = Journal(file)
        assert journal.interrupted == {"left"}
        journal.begin("a")
        journal.end("a")
        assert "left" in Journal(file).interrupted
        journal.begin("left")
        journal.end("left")
        assert path.read_bytes() == b"", "what is done is still in the journal"


@pytest.mark.parametrize(
    "content", [b"[" * 100_000, b"\xff\xfe\n{", b"1" * 5000 + b"\n3\nnull", b'"a"\r"b"']
)
def test_names_that_are_malformed_are_ignored(team, content):
    """A run may have been killed at any moment."""
    team.write("environments/a.yaml")
    JOURNAL.write_bytes(content)
    JOURNAL.chmod(0o600)
    team.apply(".")
    assert set(team.server()) == {"a"}


def names_with(mode):
    JOURNAL.write_bytes(b'"a"\n')
    JOURNAL.chmod(mode)


def huge_names():
    names_with(0o600)
    os.truncate(JOURNAL, 10**12)


@posix_only
@pytest.mark.parametrize(
    "make",
    [
        partial(names_with, 0o644),
        partial(names_with, 0o666),
        huge_names,
        lambda: JOURNAL.symlink_to("environments/a.yaml"),
        lambda: os.mkfifo(JOURNAL),
        lambda: names_with(0o600) or os.link(JOURNAL, "precious"),
    ],
    ids=["readable", "writable", "huge", "link", "pipe", "hard link"],
)
@pytest.mark.parametrize("words", [("apply", "--yes", "."), ("export", "--all")])
def test_something_in_place_of_the_names_that_no_run_has_left_is_refused(team, make, words):
    """It came with the repository: Git creates no private files, and a run no others. A link is not followed."""
    team.by_hand("create", "--name", "a", "--config", "{type: cloud}")
    before = team.write("environments/a.yaml").read_bytes()
    make()
    result = team.ant(*words)
    assert result.exit == 2
    assert (
        "claude-lock.json.lock was not written by ant.\nRemove it, also from version"
        in result.stderr
    )
    assert (LOCK.exists(), Path("environments/a.yaml").read_bytes()) == (False, before)


# A lock file that is replaced, or can't be written


@pytest.mark.parametrize("make", ["link", "folder", "file"])
def test_a_lock_file_that_is_replaced_during_a_run_is_not_followed(
    team, tmp_path_factory, monkeypatch, make
):
    """Another process may do that at any time."""
    precious = tmp_path_factory.mktemp("home") / "precious"
    precious.write_text(SECRETS)
    create = server.create

    def swap_and_create(client, body):
        LOCK.unlink(missing_ok=True)
        if make == "folder":
            LOCK.mkdir()
        elif make == "link":
            LOCK.symlink_to(precious)
        else:
            LOCK.write_text(SECRETS)
        return create(client, body)

    monkeypatch.setattr(server, "create", swap_and_create)
    team.write("environments/a.yaml")
    result = team.ant("apply", "--yes", ".")
    assert precious.read_text() == SECRETS
    identifier = team.server()["a"]["id"]
    if make == "folder":
        assert f"./environments/a.yaml: {identifier} is not in the lock file." in result.stderr
    else:
        assert team.ids() == {"./environments/a.yaml": identifier}
        assert not LOCK.is_symlink()


@needs_posix("permissions")
def test_nothing_is_created_whose_name_can_not_be_noted_before(team, monkeypatch):
    """If the run were killed, the next one would not look for it."""
    team.write("environments/a.yaml")

    def full(descriptor):
        if stat.S_IMODE(os.fstat(descriptor).st_mode) == 0o600:
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    result = team.ant("apply", "--yes", ".")
    assert result.exit == 1
    assert "claude-lock.json.lock can't be written: no space left on device." in result.stderr
    assert "0 done and recorded, 1 failed, 0 not started.\n" in result.stderr
    assert (team.server(), JOURNAL.exists()) == ({}, False)


@needs_posix("permissions")
@pytest.mark.parametrize("words", [(), ("--format", "json")])
def test_a_step_that_can_not_be_recorded_is_not_reported_as_recorded(team, monkeypatch, words):
    """An ID that is nowhere else is shown. The next run finds the environment by its name."""
    team.add("a", "b")
    fsync = os.fsync

    def full(descriptor):
        if stat.S_IMODE(os.fstat(descriptor).st_mode) == 0o644:
            raise OSError(28, "No space left on device")
        fsync(descriptor)

    def apply_with_full_disk():
        monkeypatch.setattr(os, "fsync", full)
        result = team.ant("apply", "--yes", "--parallel", "1", ".", *words)
        monkeypatch.setattr(os, "fsync", fsync)
        assert result.exit == 1
        return result

    result = apply_with_full_disk()
    identifier = team.server()["a"]["id"]
    assert f"./environments/a.yaml: {identifier} is not in the lock file.\n" in result.stderr
    assert (
        "0 done and recorded, 1 done but not recorded, 0 failed, 1 not started. Run it again"
        in result.stderr
    )
    assert "claude-lock.json can't be written: no space left on device." in result.stderr
    if not words:
        assert f"created {identifier}" in result.stdout
    team.apply(".")
    assert team.ids()["./environments/a.yaml"] == identifier
    team.write("environments/a.yaml", "config: {type: cloud}\ndescription: new\n")
    result = apply_with_full_disk()
    assert "./environments/a.yaml: its change is not in the lock file.\n" in result.stderr
    team.apply(".")
    assert team.diff(".") == 0


@needs_posix("permissions")
def test_a_step_that_a_later_one_records_counts_as_recorded(team, monkeypatch):
    """Each time, the whole file is written."""
    team.add("a", "b")
    fsync, failures = os.fsync, [28]

    def full_once(descriptor):
        if stat.S_IMODE(os.fstat(descriptor).st_mode) == 0o644 and failures:
            raise OSError(failures.pop(), "No space left on device")
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", full_once)
    result = team.ant("apply", "--yes", ".")
    recorded = len(json.loads(LOCK.read_text())["resources"]) if LOCK.exists() else 0
    assert f"{recorded} done and recorded, " in result.stderr
