"""Faults of the system: each is one message and an exit code for the profiles, and no file is damaged."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import tempfile
import tomllib
from pathlib import Path

import pytest
import tomli_w
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from ant_cli.settings.rows import PROFILE_SETTINGS
from tests.conftest import as_root, needs_linux, needs_posix
from tests.helpers.profile_workers import Workers

GOOD = 'active = "work"\n\n[profiles.work]\nformat = "yaml"\n'
LIST, CREATE = ("profile", "list"), ("profile", "create", "another")
ME, SOMEBODY, ROOT, NOBODY_KNOWN = 65534, 65533, 0, 64242
"""User IDs: the user who runs `ant`, another user, the superuser, and a user without a name."""


@pytest.fixture(scope="module")
def workers():
    """Processes that carry out commands, as other users."""
    pytest.importorskip("fcntl", reason="this test needs POSIX: fork")
    with Workers() as workers:
        yield workers


@pytest.fixture
def home():
    """A folder that other users can access, unlike those of pytest."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def try_both(workers, home):
    """Look at the profiles and change them. Return the status and output of each. Nothing is lost by it."""

    def run(user=None, **environ):
        environ = environ or {"ANTHROPIC_CONFIG_DIR": str(home / "anthropic")}
        before = contents(home)
        looked = workers.run_one(LIST, environ, user)
        changed = workers.run_one(CREATE, environ, user)
        after = contents(home)
        if changed[0]:
            assert {name: after.get(name) for name in before} == before
            assert not [name for name in after if ".profiles.toml-" in name]
        return (*looked, *changed)

    return run


def contents(folder):
    """Return the content of the files in a folder, by name."""
    return {
        str(file): file.read_bytes()
        for file in folder.rglob("*")
        if file.is_file() and file.suffix != ".lock"
    }


def place(home, content=GOOD, *, owner=ME, mode=0o600, folder_owner=ME, folder_mode=0o700):
    """Create the folder of the profiles, and a file in it, with owners and permissions."""
    folder = home / "anthropic"
    folder.mkdir()
    path = folder / "profiles.toml"
    path.write_bytes(content.encode())
    for where, user, bits in ((path, owner, mode), (folder, folder_owner, folder_mode)):
        if hasattr(os, "geteuid") and os.geteuid() == 0:
            os.chown(where, user, user)
        where.chmod(bits)
    return path


# Another user


@as_root
@pytest.mark.parametrize(
    ("facts", "looked", "changed", "message"),
    [
        ({}, 0, 0, ""),
        ({"owner": SOMEBODY}, 4, 4, "can't be read: permission denied"),
        ({"owner": SOMEBODY, "mode": 0o644}, 4, 4, "belongs to another user"),
        (
            {"owner": SOMEBODY, "mode": 0o666, "folder_owner": SOMEBODY, "folder_mode": 0o777},
            4,
            4,
            "belongs to",
        ),
        (
            {"owner": ROOT, "mode": 0o644, "folder_owner": ROOT, "folder_mode": 0o755},
            0,
            1,
            "permission denied",
        ),
        ({"owner": ROOT, "mode": 0o644}, 0, 1, "can't be written: operation not permitted"),
        ({"folder_mode": 0o500}, 0, 1, "can't be written: permission denied"),
        ({"folder_mode": 0o600}, 4, 4, "can't be read: permission denied"),
        ({"folder_owner": ROOT, "folder_mode": 0o755}, 0, 1, "can't be written: permission denied"),
        ({"folder_mode": 0o777}, 4, 4, "can't be read: other users can replace it"),
        (
            {"folder_owner": SOMEBODY, "folder_mode": 0o755},
            4,
            4,
            "anthropic belongs to another user",
        ),
    ],
    ids=repr,
)
def test_a_user_can_read_and_edit_only_profiles_of_their_own_or_of_root(
    try_both, home, facts, looked, changed, message
):
    """A file of another user may redirect requests. A file in a read-only folder is left unchanged."""
    path = place(home, **facts)
    status, _, end, said = try_both(ME)
    assert (status, end) == (looked, changed), said
    assert message in said
    if end == 0:
        assert (path.stat().st_uid, stat.S_IMODE(path.stat().st_mode)) == (ME, 0o600)
        assert "another" in tomllib.loads(path.read_text())["profiles"]


@as_root
def test_root_can_edit_a_users_file_which_keeps_its_owner(try_both, home):
    """This is the case with sudo."""
    path = place(home)
    assert try_both(ROOT)[::2] == (0, 0)
    assert (path.stat().st_uid, path.stat().st_gid, stat.S_IMODE(path.stat().st_mode)) == (
        ME,
        ME,
        0o600,
    )


@as_root
@pytest.mark.parametrize(
    ("owner", "statuses"),
    [(SOMEBODY, (4, 4)), (ROOT, (0, 1)), (ME, (0, 0))],
    ids=["another's", "root's", "mine"],
)
def test_the_owner_of_a_links_target_counts_not_of_the_link(try_both, home, owner, statuses):
    """The link may belong to any user."""
    place(home, owner=owner, mode=0o644)
    (home / "anthropic").rename(home / "elsewhere")
    (home / "anthropic").mkdir()
    (home / "anthropic" / "profiles.toml").symlink_to(home / "elsewhere" / "profiles.toml")
    if owner == ROOT:
        os.chown(home / "elsewhere", ROOT, ROOT)
        (home / "elsewhere").chmod(0o755)
    assert try_both(ME)[::2] == statuses


@as_root
@pytest.mark.parametrize(
    ("environ", "looked", "changed", "message"),
    [
        (
            {"HOME": "/nonexistent"},
            0,
            1,
            "/nonexistent/.config/anthropic can't be written: permission denied",
        ),
        ({"HOME": "{home}"}, 4, 4, "can't be read: permission denied"),
        (
            {"UNRELATED": "x"},
            0,
            4,
            "there is no home directory for profiles.\nSet ANTHROPIC_CONFIG_DIR to a folder.",
        ),
    ],
    ids=["none there", "not mine", "none known"],
)
def test_a_user_without_a_home_has_no_profiles(try_both, home, environ, looked, changed, message):
    """Containers may run as any user ID."""
    home.chmod(0o700)
    environ = {name: value.format(home=home) for name, value in environ.items()}
    status, said, end, why = try_both(NOBODY_KNOWN, **environ)
    assert (status, end) == (looked, changed), said + why
    assert message in why


# Something else in place of the file


def a_huge_file(path):
    with path.open("wb") as file:
        file.truncate(100_000_000)
    path.chmod(0o600)


MAKE = {
    "a pipe": lambda path: os.mkfifo(path),
    "a folder": Path.mkdir,
    "a device": lambda path: path.symlink_to("/dev/null"),
    "an endless device": lambda path: path.symlink_to("/dev/zero"),
    "a circle": lambda path: path.symlink_to(path),
    "a huge file": a_huge_file,
}
"""What may be in place of a file."""


def modes(path):
    """Return the permissions of a file, and of the devices that it may link to."""
    return [
        path.lstat().st_mode,
        *(Path(device).stat().st_mode for device in ("/dev/null", "/dev/zero")),
    ]


@needs_posix("pipes and devices with names")
@pytest.mark.parametrize(
    ("what", "message"),
    [
        ("a pipe", "it is a pipe or a device, not a file"),
        ("a folder", "is a directory"),
        ("a device", "it is a pipe or a device, not a file"),
        ("an endless device", "it is a pipe or a device, not a file"),
        ("a circle", "too many levels of symbolic links"),
        ("a huge file", "it is larger than 1 MB"),
    ],
)
def test_a_profiles_path_that_is_not_a_regular_file_is_rejected_and_unchanged(
    try_both, home, what, message
):
    """It is rejected at once, and a device keeps its permissions even if root runs the command."""
    path = home / "anthropic" / "profiles.toml"
    path.parent.mkdir()
    MAKE[what](path)
    before = modes(path)
    status, said, end, why = try_both()
    assert (status, end) == (4, 4)
    assert (
        f"can't be read: {message}.\nTo run without profiles: ANTHROPIC_CONFIG_DIR={os.devnull}"
        in said
    )
    assert message in why
    assert modes(path) == before


@needs_posix("pipes and devices with names")
@pytest.mark.parametrize("what", ["a pipe", "a folder", "a circle", "a device"])
def test_a_lock_that_is_not_a_regular_file_is_rejected(try_both, home, what):
    """It is neither waited for nor followed."""
    path = place(home)
    MAKE[what](path.with_name("profiles.toml.lock"))
    status, _, end, why = try_both()
    assert (status, end) == (0, 1)
    assert "profiles.toml.lock can't be written: " in why


@needs_posix("links")
def test_a_dangling_link_is_followed_when_the_file_is_created(try_both, home):
    """The target of a link into dotfiles may not exist yet; its folder must exist."""
    target = home / "dotfiles.toml"
    (home / "anthropic").mkdir()
    (home / "anthropic" / "profiles.toml").symlink_to(target)
    assert try_both()[::2] == (0, 0)
    assert (home / "anthropic" / "profiles.toml").is_symlink()
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    (home / "anthropic" / "profiles.toml").unlink()
    (home / "anthropic" / "profiles.toml").symlink_to(home / "no" / "dotfiles.toml")
    status, _, end, why = try_both()
    assert (status, end) == (0, 1)
    assert "can't be written: no such file or directory" in why


@pytest.mark.parametrize(
    "content", [GOOD.replace("\n", "\r\n"), "\ufeff" + GOOD, ""], ids=["CRLF", "BOM", "empty"]
)
def test_a_profiles_file_of_an_editor_on_windows_and_an_empty_one_are_read(try_both, home, content):
    """Such editors write other line endings, or a byte order mark."""
    path = place(home, content)
    assert try_both()[::2] == (0, 0)
    assert tomllib.loads(path.read_text())["profiles"].keys() - {"work"} == {"another"}


TEXTS = st.text(st.characters(codec="utf-8"), max_size=8)
SCALARS = st.one_of(
    TEXTS,
    st.integers(-(2**63), 2**63 - 1),
    st.floats(allow_nan=False),
    st.booleans(),
    st.datetimes(),
    st.times(),
)
VALUES = st.recursive(
    SCALARS, lambda item: st.lists(item) | st.dictionaries(TEXTS, item), max_leaves=6
)
NAMES = st.sampled_from(["a", "b"]) | TEXTS
DOCUMENTS = st.fixed_dictionaries(
    {
        "profiles": st.dictionaries(
            NAMES, st.dictionaries(st.sampled_from([*PROFILE_SETTINGS]) | TEXTS, VALUES)
        )
    },
    optional={"active": NAMES, "x": VALUES},
)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=DOCUMENTS.map(tomli_w.dumps).map(str.encode) | st.binary(max_size=60))
@example(content=b"[profiles.a]\napi_key = inf\n")  # JSON has no such number
def test_an_edit_keeps_any_content_of_the_file_or_is_rejected(ant, clean_environ, content):
    """Values may have any type, anywhere. Values that can't be used cause a message."""
    path = Path(clean_environ["ANTHROPIC_CONFIG_DIR"]) / "profiles.toml"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content)
    path.chmod(0o600)
    for words in (LIST, (*LIST, "--format", "json"), ("profile", "get"), ("auth", "status")):
        done = ant(*words)
        assert done.exit in (0, 2, 4)
        assert "this is a bug" not in done.stderr
    if ant("profile", "create", "new-one").exit:
        assert path.read_bytes() == content
        return
    before, after = (
        tomllib.loads(data.decode("utf-8-sig")) for data in (content, path.read_bytes())
    )
    assert after["profiles"].pop("new-one") == {}
    assert {**after, "active": ""} == {"profiles": {}, **before, "active": ""}
    assert after["active"] == (before.get("active") or "new-one")


# Something else in place of the folder


@needs_posix("/dev/null")
def test_the_null_device_as_config_folder_disables_profiles(workers, ant):
    """A user can continue while the file is malformed, without any profile."""
    env = {"ANTHROPIC_CONFIG_DIR": "/dev/null"}
    status, said = workers.run_one(CREATE, env)
    assert (status, said) == (
        4,
        "ant: there is no folder for profiles.\nSet ANTHROPIC_CONFIG_DIR to a folder.\n",
    )
    assert ant("beta:environments", "list", "--local", env=env).exit == 0
    assert (
        "Profile     none (there is no folder for them)\n" in ant("auth", "status", env=env).stdout
    )


@needs_posix("/dev/null")
def test_without_a_config_folder_no_file_of_the_working_folder_is_read_in_its_place(ant, tmp_path):
    """The working folder may be somebody else's project."""
    (tmp_path / "configs").mkdir()
    (tmp_path / "configs" / "default.json").write_text("{}")
    (tmp_path / "active_config").write_text("default")
    (tmp_path / "profiles.toml").write_text("active = 'gone'")
    env = {"ANTHROPIC_CONFIG_DIR": "/dev/null", "ANTHROPIC_API_KEY": None}
    done = ant("auth", "token", env=env)
    assert (done.exit, done.stderr.splitlines()[0]) == (4, "ant: there is no API key.")
    report = ant("auth", "status", "--format", "json", env=env).json
    assert (report["profile"]["file"], report["official_profile"]) == (None, None)


def test_a_malformed_file_fails_every_command_that_may_depend_on_it(ant, profiles):
    """A key, base URL, workspace or format may be in it, and none of them is guessed."""
    profiles("active =")
    for words in (("--local",), ("--base-url", "http://h"), ("--dry-run",)):
        done = ant("beta:environments", "list", "--api-key", "k", *words)
        assert (done.exit, done.requests, done.stdout) == (4, [], "")
        assert "Invalid value (at end of document).\nCorrect the file" in done.stderr


def test_a_relative_config_folder_is_rejected_and_not_created(ant, tmp_path):
    """The working directory would decide which profiles are used: it may be somebody else's project."""
    done = ant(*CREATE, env={"ANTHROPIC_CONFIG_DIR": "here"})
    assert (done.exit, "Name its folder by an absolute path.\n" in done.stderr) == (1, True)
    assert not (tmp_path / "here").exists()


@pytest.mark.parametrize("words", [LIST, CREATE])
@pytest.mark.parametrize("folder", ["~/anthropic", "~ada/anthropic", "~"])
def test_a_config_folder_that_begins_with_a_tilde_is_rejected(ant, tmp_path, words, folder):
    """Otherwise a folder with that very name would be created."""
    refusal = ant(*words, env={"ANTHROPIC_CONFIG_DIR": folder}).refusal
    assert (
        "ANTHROPIC_CONFIG_DIR begins with ~, which only a shell replaces: write the whole path."
        in refusal
    )
    assert not [*tmp_path.iterdir()]


# Disks


@pytest.fixture
def disk(home):
    """Mount a disk of a given size at the folder of the profiles."""
    mounted = []

    def mount(options):
        folder = home / "anthropic"
        folder.mkdir()
        done = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", options, "ant", str(folder)],
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            pytest.skip(f"root may not mount a disk here: {done.stderr.strip()}")
        mounted.append(folder)
        return folder / "profiles.toml"

    yield mount
    for folder in mounted:
        subprocess.run(["umount", str(folder)], check=True)


@as_root
@needs_linux("mounts")
def test_an_edit_without_disk_space_keeps_the_old_file(try_both, disk):
    """The file system has space for the old file, and none for the new one."""
    path = disk("size=8k")
    path.write_text(GOOD)
    path.chmod(0o600)
    (path.parent / "profiles.toml.lock").touch()
    (path.parent / "full").write_bytes(b"x" * 4096)
    status, _, end, why = try_both()
    assert (status, end) == (0, 1)
    assert "can't be written: no space left on device. Nothing was changed." in why


@as_root
@needs_linux("mounts")
def test_a_profiles_file_on_a_read_only_disk_can_still_be_read(try_both, disk):
    """An edit is an error."""
    path = disk("size=64k")
    path.write_text(GOOD)
    path.chmod(0o644)
    subprocess.run(["mount", "-o", "remount,ro", str(path.parent)], check=True)
    status, said, end, why = try_both()
    assert (status, end) == (0, 1)
    warning = (
        f"Warning: other users can read {path}, and that can't be changed: read-only file system."
    )
    assert said.count(warning) == why.count(warning) == 1
    assert "can't be written: read-only file system. Nothing was changed." in why
