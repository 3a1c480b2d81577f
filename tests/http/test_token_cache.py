"""The cache of access tokens: later runs use its entries, unless others may have written or read them."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path

import httpx
import pytest

from tests.conftest import as_root, needs_posix
from tests.helpers.federation import ASSERTION, OBJECT, bearers, grant
from tests.helpers.processes import ANT, COVERAGE, run_process
from tests.helpers.servers import ScriptedServer, response
from tests.helpers.words import KEY, RETRIEVE


def test_a_later_run_uses_the_cached_token(federated):
    """It needs no exchange."""
    assert bearers(federated(*RETRIEVE, replies=[grant(1), OBJECT])) == ["", "1"]
    assert bearers(federated(*RETRIEVE, replies=[OBJECT])) == ["1"]


@needs_posix("permissions")
def test_only_its_owner_can_read_the_cache(federated, folder, entry):
    """Folder and file are private from the beginning, and the lock is removed."""
    federated(*RETRIEVE, replies=[grant(), OBJECT])
    modes = [stat.S_IMODE(path.stat().st_mode) for path in (folder.parent, folder, entry())]
    assert modes == [0o700, 0o700, 0o600]


@pytest.mark.parametrize(
    "change",
    [
        ["--federation-rule", "fdrl_2"],
        ["--organization-id", "org-2"],
        ["--service-account-id", "svac_2"],
        ["--workspace-id", "wrkspc_2"],
        ["--base-url", "https://other.example"],
        ["--identity-token-file", "another"],
        ["--identity-token", f"{ASSERTION}2"],
    ],
)
def test_a_token_is_used_only_with_the_settings_of_its_exchange(federated, token_file, change):
    """They are rule, organization, account, workspace, base URL and identity."""
    Path("another").write_bytes(token_file.read_bytes())
    federated(*RETRIEVE, replies=[grant(1), OBJECT])
    assert bearers(federated(*RETRIEVE, *change, replies=[grant(2), OBJECT])) == ["", "2"]
    assert bearers(federated(*RETRIEVE, replies=[OBJECT])) == ["1"]


def test_two_paths_of_the_same_identity_token_file_share_an_entry(federated, token_file, tmp_path):
    """A relative path means the same as the absolute one."""
    federated(*RETRIEVE, replies=[grant(1), OBJECT])
    os.chdir(tmp_path)
    env = {"ANTHROPIC_IDENTITY_TOKEN_FILE": token_file.name}
    assert bearers(federated(*RETRIEVE, env=env, replies=[OBJECT])) == ["1"]


def test_an_identity_token_in_a_variable_is_cached_by_its_hash_and_never_stored(
    federated, clean_environ
):
    """In a file, it would be a credential that lasts longer than the access token."""
    env = {"ANTHROPIC_IDENTITY_TOKEN_FILE": None, "ANTHROPIC_IDENTITY_TOKEN": ASSERTION}
    federated(*RETRIEVE, env=env, replies=[grant(1), OBJECT])
    assert bearers(federated(*RETRIEVE, env=env, replies=[OBJECT])) == ["1"]
    files = [path for path in Path(clean_environ["HOME"]).rglob("*") if path.is_file()]
    assert files
    assert [path for path in files if ASSERTION in path.read_text() + str(path)] == []


def test_no_token_is_cached_in_a_folder_that_may_belong_to_a_project(
    federated, tmp_path, monkeypatch
):
    """It would be committed, and one that came with the repository would be used."""
    monkeypatch.chdir(tmp_path)
    env = {"ANTHROPIC_CONFIG_DIR": ".cfg"}
    for number in range(2):
        done = federated(*RETRIEVE, env=env, replies=[grant(number), OBJECT])
        assert bearers(done) == ["", str(number)]
        reason = "each run exchanges one: its path is relative to the working folder"
        assert f"can't be cached in {Path('.cfg/access-tokens')}, so {reason}" in done.stderr
    assert not Path(".cfg").exists()


def test_expired_entries_are_removed(federated, clock, folder):
    """Each CI job has its own identity token, so the number of entries would grow."""
    for number in range(3):
        federated(
            *RETRIEVE, "--identity-token", f"{ASSERTION}{number}", replies=[grant(number), OBJECT]
        )
        clock.now += 60
    assert len(list(folder.iterdir())) == 3
    clock.now += 4000
    lock = folder / "other.lock"  # another process may hold it
    lock.touch()
    other = folder / "of-somebody.json"
    other.mkdir()
    for path in (lock, other):
        os.utime(path, (0, 0))
    done = federated(*RETRIEVE, replies=[grant(9), OBJECT])
    (new,) = {*folder.iterdir()} - {lock, other}
    assert (new.is_file(), done.stderr) == (True, "")


def test_the_life_of_a_cached_token_begins_before_its_exchange(federated, clock, entry):
    """A slow server may count the life of the token from before the response."""
    start = clock.now

    def reply(request):
        if request.method == "GET":
            return OBJECT
        clock.now += 20
        return grant(1)

    federated(*RETRIEVE, replies=reply)
    stored = json.loads(entry().read_text())
    assert (stored["obtained_at"], stored["expires_at"]) == (start, start + 3600)


def test_a_rejected_token_is_replaced_although_its_entry_is_gone(federated, clock, entry):
    """Another process may have removed the entry."""
    federated(*RETRIEVE, replies=[grant(1), OBJECT])
    clock.now += 600

    def reply(request):
        if request.method == "POST":
            return grant(2)
        if not request.headers["authorization"].endswith("-1"):
            return OBJECT
        entry().unlink()
        return httpx.Response(401, json={})

    result = federated(*RETRIEVE, replies=reply)
    assert (result.exit, bearers(result), result.stderr) == (0, ["1", "", "2"], "")


def test_without_profiles_nothing_is_cached(federated, clean_environ):
    """The user has chosen that with /dev/null for the folder, so there is no note."""
    env = {"ANTHROPIC_CONFIG_DIR": os.devnull}
    for number in (1, 2):
        result = federated(*RETRIEVE, env=env, replies=[grant(number), OBJECT])
        assert (bearers(result), result.stderr) == (["", str(number)], "")
    assert not list(Path(clean_environ["HOME"]).iterdir())


# Untrusted entries and folders


def linked(path):
    target = path.with_name("elsewhere")
    path.rename(target)
    path.symlink_to(target)


def to_pipe(path):
    path.unlink()
    os.mkfifo(path)


def to_folder(path):
    path.unlink()
    path.mkdir()


DAMAGED = {
    "empty": b"",
    "cut": b'{"access_token": "',
    "text": b"a token",
    "list": b"[]",
    "without members": b"{}",
    "null": b"null",
    "deep": b"[" * 60_000,
    "huge": b" " * 10_000_000,
    "binary": b"\xff\xfe\x00",
    "without a token": {"access_token": ""},
    "a number as token": {"access_token": 7},
    "a line break": {"access_token": f"{KEY}-9\r\nx-evil: 1"},
    "a control character": {"access_token": f"{KEY}-9\x1b"},
    "text as end": {"expires_at": "soon"},
    "no end": {"expires_at": None},
    "a huge end": {"expires_at": 10**400},
    "an end beyond all bounds": {"expires_at": float("inf")},
    "an end that is no number": {"expires_at": float("nan")},
    "an end before its beginning": {"expires_at": 1},
}
"""Contents of an entry, or members that differ from those of a good one."""
UNTRUSTED = {
    "link": linked,
    "pipe": to_pipe,
    "group can read": lambda path: path.chmod(0o640),
    "others can write": lambda path: path.chmod(0o602),
}


@pytest.mark.parametrize("name", [*DAMAGED, *(UNTRUSTED if os.name != "nt" else {})])
def test_an_entry_that_is_damaged_or_accessible_to_others_is_replaced(federated, entry, name):
    """One note says so, and the next run trusts the new entry."""
    federated(*RETRIEVE, replies=[grant(1), OBJECT])
    path = entry()
    if name in UNTRUSTED:
        UNTRUSTED[name](path)
    else:
        wrong = DAMAGED[name]
        good = json.loads(path.read_text())
        path.write_bytes(
            wrong if isinstance(wrong, bytes) else json.dumps({**good, **wrong}).encode()
        )
    result = federated(*RETRIEVE, replies=[grant(2), OBJECT])
    assert (result.exit, bearers(result)) == (0, ["", "2"])
    assert result.stderr.count("Note: ") == result.stderr.count("\n") == 1
    assert f"the cached access token in {path} was removed, and not used: " in result.stderr
    assert stat.S_ISREG(path.lstat().st_mode)
    assert bearers(federated(*RETRIEVE, replies=[OBJECT])) == ["2"]


@needs_posix("permissions")
def test_the_target_of_a_link_in_place_of_an_entry_is_unchanged(federated, entry, tmp_path):
    """It is neither read nor written."""
    federated(*RETRIEVE, replies=[grant(1), OBJECT])
    path, precious = entry(), tmp_path / "precious"
    path.rename(precious)
    before = precious.read_text()
    path.symlink_to(precious)
    assert bearers(federated(*RETRIEVE, replies=[grant(2), OBJECT])) == ["", "2"]
    assert precious.read_text() == before


@needs_posix("permissions")
def test_entries_of_a_folder_that_others_can_write_to_are_replaced(federated, entry, folder):
    """Others may have replaced an entry. The folder is made private."""
    federated(*RETRIEVE, replies=[grant(1), OBJECT])
    entry()
    folder.chmod(0o770)
    result = federated(*RETRIEVE, replies=[grant(2), OBJECT])
    assert bearers(result) == ["", "2"]
    assert result.stderr.endswith(
        "was removed, and not used: other users could write to its folder.\n"
    )
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    folder.chmod(0o755)  # others can see the names of the entries
    assert federated(*RETRIEVE, replies=[OBJECT]).stderr == ""
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


ME, SOMEBODY = 65534, 65533
"""User IDs: the user who runs `ant`, and another one."""


@as_root
@pytest.mark.parametrize("mode", [0o600, 0o644])
def test_an_entry_of_another_user_is_replaced(federated, entry, monkeypatch, mode):
    """The token may belong to the other user, who could then see the requests."""
    federated(*RETRIEVE, replies=[grant(1), OBJECT])
    os.chown(entry(), SOMEBODY, SOMEBODY)
    entry().chmod(mode)
    monkeypatch.setattr(os, "geteuid", lambda: ME)
    result = federated(*RETRIEVE, replies=[grant(2), OBJECT])
    assert bearers(result) == ["", "2"]
    assert result.stderr.endswith("was removed, and not used: it belongs to another user.\n")
    assert entry().stat().st_uid != SOMEBODY
    assert bearers(federated(*RETRIEVE, replies=[OBJECT])) == ["2"]


@as_root
def test_a_folder_of_another_user_is_not_used(federated, entry, folder, monkeypatch):
    """It is neither read nor written."""
    federated(*RETRIEVE, replies=[grant(1), OBJECT])
    before = entry().read_text()
    os.chown(folder, SOMEBODY, SOMEBODY)
    monkeypatch.setattr(os, "geteuid", lambda: ME)
    result = federated(*RETRIEVE, replies=[grant(2), OBJECT])
    assert bearers(result) == ["", "2"]
    assert result.stderr.endswith("so each run exchanges one: it belongs to another user.\n")
    assert entry().read_text() == before


# Unusable folders


def folder_as_file(folder):
    folder.parent.mkdir()
    folder.write_text("")


def folder_as_link(folder):
    (folder.parent.parent / "elsewhere").mkdir()
    folder.parent.mkdir()
    folder.symlink_to(folder.parent.parent / "elsewhere")


def parent_as_file(folder):
    folder.parent.write_text("")


@needs_posix("permissions")
@pytest.mark.parametrize("obstacle", [folder_as_file, folder_as_link, to_folder])
def test_an_unusable_folder_is_noted_once_and_the_run_continues(federated, folder, entry, obstacle):
    """Each run then exchanges the token."""
    if obstacle is to_folder:
        federated(*RETRIEVE, replies=[grant(0), OBJECT])
        to_folder(entry())
    else:
        obstacle(folder)
    for number in (1, 2):
        result = federated(*RETRIEVE, replies=[grant(number), OBJECT])
        assert (result.exit, bearers(result)) == (0, ["", str(number)])
        assert result.stderr.count("\n") == 1
        assert result.stderr.startswith(
            f"Note: access tokens can't be cached in {folder}, so each run exchanges one: "
        )
        assert (
            federated(*RETRIEVE, env={"ANT_NO_HINTS": "1"}, replies=[grant(), OBJECT]).stderr == ""
        )
    if obstacle is folder_as_link:
        assert not list((folder.parent.parent / "elsewhere").iterdir())


@needs_posix("permissions")
def test_a_pipe_in_place_of_the_lock_causes_one_note(federated, entry, folder):
    """The run does not wait for the other end of the pipe."""
    federated(*RETRIEVE, replies=[grant(1), OBJECT])
    path = entry()
    path.unlink()
    os.mkfifo(f"{path}.lock")
    result = federated(*RETRIEVE, replies=[grant(2), OBJECT])
    assert (result.exit, bearers(result)) == (0, ["", "2"])
    assert result.stderr.startswith(f"Note: access tokens can't be cached in {folder}, ")
    assert result.stderr.endswith(" is not seekable.\n")


@needs_posix("permissions")
def test_a_full_disk_is_noted_and_the_run_continues(variables, clean_environ, folder, tmp_path):
    """A file that could not be written completely is removed."""
    limit = ("sh", "-c", 'trap "" XFSZ; ulimit -f 0; exec "$0" "$@"')
    environ = {
        name: value
        for name, value in {**clean_environ, **variables, **COVERAGE}.items()
        if value is not None
    }
    with ScriptedServer(response(grant(access_token="a-token")), response(OBJECT)) as server:
        done = run_process(
            (*limit, *ANT, *RETRIEVE, "--base-url", server.url), environ, cwd=tmp_path
        )
    assert (done.returncode, json.loads(done.stdout)) == (0, OBJECT)
    note = f"Note: access tokens can't be cached in {folder}, so each run exchanges one: file too large.\n"
    assert done.stderr == note
    assert [path.name for path in folder.iterdir() if not path.name.endswith(".lock")] == []
