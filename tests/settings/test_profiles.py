"""The profiles file: it is read with care, and changed completely or not at all."""

from __future__ import annotations

import os
import re
import stat
import subprocess
import sys
import tomllib
from pathlib import Path

import keyring
import keyring.errors
import pytest

from ant_cli.errors import CredentialError, OutputError, UsageError
from ant_cli.main import main
from ant_cli.runtime.extras import install_hint
from ant_cli.runtime.storage import replace_file
from ant_cli.settings.credentials import Credential
from ant_cli.settings.key_references import KeyCommand, KeyringEntry, delete_keys, store_key
from ant_cli.settings.profiles import (
    NO_STORE,
    check_name,
    config_dir,
    edit,
    read_store,
    shown,
    writable_path,
)
from ant_cli.settings.rows import mask
from tests.conftest import Screen, make_runtime, needs_posix
from tests.helpers.memory_keyring import Memory
from tests.helpers.words import LIST, NO_KEY

SECRET = "sk-ant-api03-0123456789-wxyz"
GOOD = f"""active = "work"
future = [1, 2]

[profiles.work]
api_key = "{SECRET}"
color = "blue"
"""


@pytest.fixture
def stderr():
    """The output on stderr."""
    return Screen(terminal=False)


@pytest.fixture
def process(clean_environ, stderr):
    """A run without stdin."""
    return make_runtime(clean_environ, stdout=Screen(terminal=False), stderr=stderr)


@pytest.fixture
def path(clean_environ):
    """The profiles file, whose folder exists."""
    where = Path(clean_environ["ANTHROPIC_CONFIG_DIR"])
    where.mkdir(mode=0o700)
    return where / "profiles.toml"


def write(path, text, mode=0o600):
    """Write the profiles file."""
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    path.chmod(mode)
    return path


# The folder


@pytest.mark.parametrize(
    ("environ", "platform", "home", "where"),
    [
        ({"ANTHROPIC_CONFIG_DIR": "/c", "HOME": "/h"}, "posix", "/p", "/c"),
        ({"ANTHROPIC_CONFIG_DIR": "", "HOME": "/h"}, "posix", "/p", "/h/.config/anthropic"),
        ({}, "posix", "/p", "/p/.config/anthropic"),
        ({"HOME": ""}, "posix", "~", None),
        ({"APPDATA": "/roaming", "HOME": "/h"}, "nt", "/p", "/roaming/Anthropic"),
        ({"ANTHROPIC_CONFIG_DIR": "/c", "APPDATA": "/roaming"}, "nt", "/p", "/c"),
        ({}, "nt", "/p", "/p/.config/anthropic"),
    ],
)
def test_the_config_folder_comes_from_the_variable_or_the_platform(environ, platform, home, where):
    """It is `ANTHROPIC_CONFIG_DIR`, or else a folder in `%APPDATA%` on Windows or in the home folder."""
    assert config_dir(environ, platform, lambda _: home) == (Path(where) if where else None)


@needs_posix("the variable HOME")
def test_without_a_home_no_profile_exists_or_can_be_created(process, monkeypatch):
    """Reading returns no profiles; the error of writing says which variable to set."""
    process.environ = {}
    monkeypatch.setenv("HOME", "~")  # the home of a user without a home folder
    assert read_store(process) == NO_STORE
    with pytest.raises(CredentialError, match="no home directory"):
        writable_path(process)


def test_reading_without_a_profiles_file_returns_none_and_creates_none(process, stderr):
    """Reading creates neither a file nor a folder."""
    store = read_store(process)
    assert (store.profiles, store.active, stderr.text()) == ({}, "", "")
    assert not store.path.parent.exists()


# Reading


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('active = "work\n', "Illegal character '\\n' (at line 1, column 15)"),
        (
            "[profiles.work]\napi_key\n",
            "Expected '=' after a key in a key/value pair (at line 2, column 8)",
        ),
        ('active = "', "Unterminated string (at end of document)"),
        ('active = "a\0b"\n', "Illegal character '\\x00' (at line 1, column 12)"),
        ("active =\r\n", "Invalid value (at line 1, column 9)"),
        ("active = 'a'\rb = 1", "(at line 1, column 13)"),
        ('# fine\nactive = "\xff"'.encode("latin-1"), "it is not text in UTF-8: byte 18"),
        ("x = " + "[" * 100_000, "maximum recursion depth exceeded"),
        ("x = " + "1" * 10_000, "value has 10000 digits"),
        ("profiles = 1", "profiles must be tables, such as [profiles.work]"),
        ("[profiles]\nwork = 1", "profiles must be tables, such as [profiles.work]"),
        ("active = 1", 'active must be the name of a profile, such as active = "work"'),
    ],
)
def test_a_malformed_file_is_an_error_with_its_position_and_never_overwritten(
    process, path, text, message
):
    """The error has the position; no command changes a file that it cannot read."""
    write(path, text)
    before = path.read_bytes()
    for attempt in (lambda: read_store(process), lambda: edit(process).__enter__()):
        with pytest.raises(CredentialError, match=re.escape(message)) as caught:
            attempt()
        assert str(path) in str(caught.value)
        assert (
            "it was not changed.\nTo run without profiles: ANTHROPIC_CONFIG_DIR="
            in caught.value.hint
        )
    assert path.read_bytes() == before


@needs_posix("its words for errors")
def test_a_file_in_the_place_of_the_config_folder_is_an_error(process, path):
    """Both reading and writing report it."""
    write(path, "")
    process.environ = {"ANTHROPIC_CONFIG_DIR": str(path)}
    with pytest.raises(CredentialError, match="can't be read: not a directory"):
        read_store(process)
    with pytest.raises(OutputError, match="can't be written: file exists"):
        writable_path(process)


@needs_posix("permissions")
@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o755])
def test_wide_permissions_of_the_profiles_file_are_narrowed_with_a_note(
    process, path, stderr, mode
):
    """Otherwise other users could read the secrets."""
    write(path, GOOD, mode)
    read_store(process)
    assert stat.S_IMODE(path.stat().st_mode) == mode & 0o700
    assert stderr.text() == f"Note: other users could read {path}; now only you can.\n"
    read_store(process)
    assert stderr.text().count("\n") == 1


@needs_posix("permissions")
@pytest.mark.parametrize("mode", [0o660, 0o602, 0o777])
def test_a_profiles_file_that_others_can_change_is_rejected_and_keeps_its_mode(process, path, mode):
    """They may have added a command that is run, or a server that would get the key."""
    write(path, GOOD, mode)
    with pytest.raises(CredentialError, match=r"other users can change it \(mode 0\d+\)") as caught:
        read_store(process)
    assert f"To change that: chmod {mode & ~0o022:o} {path}\n" in caught.value.hint
    with pytest.raises(CredentialError), edit(process):
        pytest.fail("the draft was made from a file that is not trusted")
    assert (path.read_text(), stat.S_IMODE(path.stat().st_mode)) == (GOOD, mode)


@needs_posix("permissions")
@pytest.mark.parametrize(("mode", "of_folder"), [(0o666, 0o700), (0o600, 0o777)])
def test_the_command_of_a_profile_that_others_can_change_is_not_run(
    process, path, tmp_path, mode, of_folder
):
    """It would run with the rights of this user. In a folder that they can change, they can replace the file."""
    write(path, f"[profiles.work]\napi_key_command = 'touch {tmp_path}/ran; echo {SECRET}'\n", mode)
    path.parent.chmod(of_folder)
    assert main(["--profile", "work", *LIST], process) == 4
    assert not (tmp_path / "ran").exists()


@needs_posix("permissions")
def test_permissions_that_cannot_be_narrowed_cause_a_note(process, path, stderr, monkeypatch):
    """An example is a mounted secret."""
    write(path, GOOD, 0o644)

    def refuse(*_):
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(os, "fchmod", refuse)
    assert read_store(process).active == "work"
    assert "that can't be changed: read-only file system" in stderr.text()


# Writing


@needs_posix("permissions")
def test_a_new_profiles_file_and_its_folder_are_private(process, clean_environ):
    """Only the owner can read them."""
    with edit(process) as draft:
        draft.new("work")
    where = Path(clean_environ["ANTHROPIC_CONFIG_DIR"])
    assert stat.S_IMODE(where.stat().st_mode) == 0o700
    assert {file.name: stat.S_IMODE(file.stat().st_mode) for file in where.iterdir()} == {
        "profiles.toml": 0o600
    }


@needs_posix("permissions")
def test_no_profile_is_written_into_a_folder_that_others_can_change(process, path):
    """It would be rejected when it is read."""
    path.parent.chmod(0o777)
    with (
        pytest.raises(OutputError, match=r"they can change .* \(mode 0777\)") as caught,
        edit(process),
    ):
        pytest.fail("nothing can be written there")
    assert f"To change that: chmod 755 {path.parent}\n" in caught.value.hint
    assert not path.exists()


@needs_posix("permissions")
def test_an_existing_config_folder_keeps_its_permissions(process, path):
    """The folder may be used by other programs and users."""
    path.parent.chmod(0o755)
    with edit(process) as draft:
        draft.new("work")
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o755


def test_unknown_keys_are_kept_and_keys_stay_in_order(process, path):
    """A newer version may have written the unknown keys."""
    write(path, GOOD)
    with edit(process) as draft:
        draft.profiles["work"]["base_url"] = "http://h"
        draft.new("another")
    assert tomllib.loads(path.read_text()) == {
        "active": "work",
        "future": [1, 2],
        "profiles": {
            "another": {},
            "work": {"api_key": SECRET, "base_url": "http://h", "color": "blue"},
        },
    }
    assert path.read_text().index("[profiles.another]") > path.read_text().index("[profiles.work]")


def test_an_edit_without_a_change_writes_nothing(process, path):
    """The file is not even sorted."""
    write(path, GOOD)
    before = path.stat()
    with edit(process):
        pass
    assert (path.stat().st_ino, path.read_text()) == (before.st_ino, GOOD)


def test_an_exception_during_an_edit_leaves_the_file_unchanged(process, path):
    """An edit is written completely or not at all."""
    write(path, GOOD)

    def half_a_change():
        with edit(process) as draft:
            draft.active = ""
            draft.existing("wrk")

    with pytest.raises(CredentialError, match="profile 'wrk' does not exist"):
        half_a_change()
    assert path.read_text() == GOOD


@needs_posix("links")
def test_an_edit_through_a_symbolic_link_changes_its_target(process, path, tmp_path):
    """A link into a folder of dotfiles stays a link."""
    target = write(tmp_path / "dotfiles.toml", GOOD)
    path.symlink_to(target)
    with edit(process) as draft:
        draft.new("another")
    assert path.is_symlink()
    assert "another" in tomllib.loads(target.read_text())["profiles"]
    assert not [file for file in tmp_path.iterdir() if file.name.startswith(".profiles")]


@needs_posix("permissions")
def test_an_edit_keeps_the_owner_of_the_file(path, monkeypatch):
    """With sudo, root changes a file that stays the user's."""
    write(path, GOOD)
    given = []
    monkeypatch.setattr(os, "geteuid", lambda: path.stat().st_uid + 1)
    monkeypatch.setattr(os, "fchown", lambda _, *ids: given.append(ids))
    owner = (path.stat().st_uid, path.stat().st_gid)
    replace_file(path, b"new")
    assert given == [owner]


def test_a_failing_rename_leaves_the_old_file_and_no_temporary_one(process, path, monkeypatch):
    """The new file is written under another name before."""
    write(path, GOOD)

    def refuse(_):
        raise OSError(28, "No space left on device")

    def change():
        with edit(process) as draft:
            draft.new("another")

    monkeypatch.setattr(os, "fsync", refuse)
    with pytest.raises(OutputError, match="no space left on device"):
        change()
    assert path.read_text() == GOOD
    assert sorted(file.name for file in path.parent.iterdir()) == ["profiles.toml"]


def test_an_edit_succeeds_although_the_folder_cannot_be_flushed(process, path, monkeypatch):
    """Some network file systems can't flush a folder. The file is already renamed by then."""
    write(path, GOOD)
    fsync = os.fsync

    def refuse_folders(descriptor):
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            raise OSError(22, "Invalid argument")
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", refuse_folders)
    with edit(process) as draft:
        draft.new("another")
    assert "another" in read_store(process).profiles


@pytest.mark.parametrize("name", ["", "-x", ".x", "a b", "a/b", "a\n", "é", "x" * 65, "a[b]"])
def test_profile_names_with_spaces_controls_or_odd_characters_are_rejected(name):
    """Names are used in shells, completed and printed."""
    with pytest.raises(UsageError, match="is not a valid profile name"):
        check_name(name)


@pytest.mark.parametrize("name", [SECRET, "sk-ant-oat01-x", "sk-ant-x"])
def test_a_key_in_place_of_a_name_is_rejected_without_showing_it(name):
    """Every kind of key begins with sk-ant-."""
    with pytest.raises(UsageError, match="a key is not a name") as caught:
        check_name(name)
    assert name not in str(caught.value)


@pytest.mark.parametrize(("dots", "is_read"), [(100, True), (101, False)])
def test_a_line_with_more_dots_than_any_value_needs_is_rejected(process, path, dots, is_read):
    """It takes long to read a TOML key with many dots."""
    write(path, f"[profiles.a]\nworkspace_id = '{'.' * dots}'\n")
    if is_read:
        assert read_store(process).profiles == {"a": {"workspace_id": "." * dots}}
        return
    with pytest.raises(CredentialError, match="a line has more than 100 dots"):
        read_store(process)


@pytest.mark.parametrize("name", ["Work", "a.b-c_d", "me@example.com", "_", "9" * 64])
def test_profile_names_of_letters_digits_and_some_signs_are_accepted(name):
    """These names need no quoting in a shell."""
    assert check_name(name) == name


@needs_posix("its words for errors")
def test_a_config_folder_that_cannot_be_created_is_an_error(ant):
    """Like a read-only disk, /proc allows no new folders, not even for root."""
    done = ant("profile", "create", "work", env={"ANTHROPIC_CONFIG_DIR": "/proc/ant"})
    assert done.exit == 1
    assert "/proc/ant can't be written" in done.stderr
    assert "ANTHROPIC_CONFIG_DIR can name another folder." in done.stderr


# Masking


@pytest.mark.parametrize(
    ("secret", "text"),
    [
        (SECRET, "sk-ant-...wxyz"),
        ("sk-ant-short", "sk-ant-..."),
        ("a-token-of-20-letters", "...ters"),
        ("tiny", "..."),
        ("", "..."),
    ],
)
def test_a_masked_key_shows_the_end_of_long_keys_only(secret, text):
    """Users can tell keys apart, and nothing of a short key is shown."""
    assert mask(secret) == text


def test_values_of_unknown_keys_are_masked():
    """They may be secrets; a command and the name of a keyring entry are not."""
    assert shown("api_key_command", "op read x") == "op read x"
    assert shown("api_key", "keyring:work-1") == "keyring:work-1"
    assert shown("client_secret", "abc-abc-abc-abc") == "...-abc"


# Commands that print a key


def python(code):
    """Return a command line that runs code."""
    return f'{sys.executable} -c "{code}"'


def fetch_secret(form, reference, source, process):
    """Return the secret that a profile's value refers to."""
    kept = KeyCommand(reference) if form == "command" else KeyringEntry(reference)
    return Credential("api_key", None, source, reference=kept).fetch(process).secret


@needs_posix("commands of POSIX")
def test_a_key_that_was_fetched_is_not_fetched_again(process):
    """The command may ask for a password."""
    credential = Credential("api_key", None, "c", reference=KeyCommand("echo sk-ant-1")).fetch(
        process
    )
    assert (credential.secret, credential.fetch(process) is credential) == ("sk-ant-1", True)


@needs_posix("commands of POSIX")
def test_a_key_command_runs_without_a_shell(process):
    """It is split into arguments by quotes, and no other character is special."""
    code = "import sys; print('sk-ant-' + sys.argv[1])"
    secret = fetch_secret("command", f"{python(code)} '$HOME;x'", "c", process)
    assert secret == "sk-ant-$HOME;x"
    assert "sk-ant-$HOME;x" not in process.redactor.redact(f"{secret} is shown")


def test_a_key_command_that_runs_itself_is_an_error(process):
    """`ant auth token` of the same profile runs itself; the command of another profile may be run."""
    code = "import os; print('sk-' + os.environ['ANT_API_KEY_COMMANDS'].replace(chr(10), '+'))"
    process.environ = {**process.environ, "ANT_API_KEY_COMMANDS": "a"}
    assert fetch_secret("command", python(code), "b", process) == "sk-a+b"
    with pytest.raises(CredentialError, match="a runs ant, which would run it again endlessly"):
        fetch_secret("command", python(code), "a", process)


def test_a_profile_whose_key_command_is_ant_auth_token_is_an_error(ant, profiles, capfd):
    """The error has the reason, and no chain of processes is started."""
    token = f"{sys.executable} -m ant_cli auth token --profile"
    profiles(
        f"[profiles.a]\napi_key_command = '{token} b'\n[profiles.b]\napi_key_command = '{token} a'\n"
    )
    done = ant("auth", "token", "--profile", "a", env=NO_KEY)
    assert (done.exit, done.stdout) == (4, "")
    # each command of the chain writes to its own stderr
    said = capfd.readouterr().err + done.stderr
    assert said.startswith("ant: api_key_command of profile 'a' runs ant, which would run it again")
    assert said.count("failed with status 4") == 2


def test_a_key_command_is_ended_if_its_output_can_not_be_read(process, monkeypatch):
    """Another thread may be one too many for this user."""
    commands, start = [], subprocess.Popen
    monkeypatch.setattr(
        subprocess,
        "Popen",
        lambda *args, **more: commands.append(start(*args, **more)) or commands[-1],
    )
    monkeypatch.setattr("threading.Thread.start", lambda _: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        KeyCommand(python("import threading; threading.Event().wait()")).fetch("c", process)
    assert commands[0].returncode in (-9, 1)  # by a signal that no program can ignore


def test_a_key_command_is_ended_after_its_time_limit(process):
    """The limit is shorter in this test."""
    command = python("import threading; threading.Event().wait()")
    with pytest.raises(
        CredentialError, match=r"c took longer than 0.2 s and was stopped."
    ) as raised:
        KeyCommand(command).fetch("c", process, timeout_s=0.2)
    assert raised.value.hint.startswith(
        "To see the command, and to try it by hand: ant profile get api_key_command"
    )


@needs_posix("commands of POSIX")
@pytest.mark.parametrize(("size", "is_read"), [(65_536, True), (65_537, False)])
def test_a_key_command_may_print_64_kib(process, size, is_read):
    """A key is much shorter, but a file that is printed by mistake may be longer."""
    command = KeyCommand(f"head -c {size} /dev/zero")
    if is_read:
        assert len(command.fetch("c", process)) == size
        return
    with pytest.raises(CredentialError, match=r"c prints more than a key."):
        command.fetch("c", process)


@needs_posix("commands of POSIX")
def test_a_key_command_that_prints_no_text_is_an_error(process):
    """The command may print a file in another encoding."""
    credential = Credential("api_key", None, "c", reference=KeyCommand(r"printf '\377'"))
    with pytest.raises(CredentialError, match="the key from c contains a character"):
        credential.fetch(process)


@needs_posix("commands of POSIX")
def test_a_key_command_is_found_on_the_path_of_the_run(process, tmp_path):
    """The run may have another PATH than the process."""
    program = tmp_path / "my-tool-of-keys"
    program.write_text("#!/bin/sh\necho a-key\n")
    program.chmod(0o755)
    process.environ = {**process.environ, "PATH": f"{tmp_path}:{process.environ['PATH']}"}
    assert KeyCommand("my-tool-of-keys").fetch("c", process) == "a-key\n"


def test_a_reference_is_described_on_one_line_without_a_key_in_it(process):
    """People write references by hand, so there may be extra spaces or a key."""
    command = KeyCommand(f" echo {SECRET}\n")
    assert command.describe("https://h", process) == "runs `echo [redacted]`"
    entry = KeyringEntry("keyring:a-1 ")
    assert entry.describe("https://h", process) == "in the credential store, as keyring:a-1"


@needs_posix("commands of POSIX")
def test_a_key_command_with_a_nul_can_not_be_run(process):
    """A TOML string may contain a NUL, but an argument of a program can't."""
    with pytest.raises(CredentialError, match=r"^c can't be run: .*echo: embedded null byte\.$"):
        KeyCommand("echo hush\0").fetch("c", process)


@needs_posix("commands of POSIX")
def test_a_key_command_does_not_read_what_is_piped_into_the_program(process):
    """The piped input is the body of a request, or a list of IDs."""
    reading, writing = os.pipe()
    os.write(writing, b"of-the-user")
    os.close(writing)
    before = os.dup(0)
    os.dup2(reading, 0)
    try:
        assert KeyCommand("cat").fetch("c", process) == ""
        assert os.read(reading, 100) == b"of-the-user"
    finally:
        os.dup2(before, 0)
        os.close(before)
        os.close(reading)


@needs_posix("commands of POSIX")
def test_a_key_command_that_closes_its_output_is_ended_after_its_time_limit(process):
    """The limit applies until the command ends, even if the key has arrived."""
    command = "sh -c 'echo key; exec >&-; exec sleep 5'"
    with pytest.raises(CredentialError, match=r"c took longer than 0.2 s and was stopped."):
        KeyCommand(command).fetch("c", process, timeout_s=0.2)


def test_a_key_command_with_endless_output_is_stopped(process):
    """It is stopped long before its output fills the memory."""
    command = python("while True: print('x' * 1000)")
    with pytest.raises(CredentialError, match=r"c prints more than a key."):
        KeyCommand(command).fetch("c", process)


# The credential store of the operating system


class Locked(Memory):
    """A credential store whose owner has denied access."""

    def get_password(self, *_):
        raise keyring.errors.KeyringLocked("it is locked")


def test_each_key_has_its_own_entry_in_the_credential_store(credential_store, process):
    """Two profiles that have the same name, one after the other, never share an entry."""
    first, second = store_key("work", "k-1"), store_key("work", "k-2")
    assert first != second
    assert fetch_secret("keyring", first, "api_key", process) == "k-1"
    delete_keys(first)
    delete_keys(first)
    delete_keys("sk-ant-no-reference")
    delete_keys(None)
    assert [*credential_store.entries.values()] == ["k-2"]
    with pytest.raises(
        CredentialError, match="no longer in the operating system's credential store"
    ):
        KeyringEntry(first).fetch("api_key", process)


def test_the_other_keys_are_deleted_if_the_credential_store_refuses_one(
    credential_store, monkeypatch
):
    """The system may ask for each key. The error names the command for the one that is left."""
    first, second = store_key("work", "k-1"), store_key("work", "k-2")
    entry, delete = first.removeprefix("keyring:"), credential_store.delete_password

    def refuse_first(service, name):
        if name == entry:
            raise keyring.errors.KeyringLocked("denied")
        delete(service, name)

    monkeypatch.setattr(credential_store, "delete_password", refuse_first)
    with pytest.raises(CredentialError, match="can't be used: denied") as caught:
        delete_keys(first, second)
    assert [*credential_store.entries.values()] == ["k-1"]
    assert caught.value.hint == f"To delete it there:\n  keyring del ant {entry}"


@pytest.mark.usefixtures("credential_store")
def test_an_error_of_the_credential_store_is_quoted(process):
    """The message is that of the store."""
    keyring.set_keyring(Locked())
    with pytest.raises(CredentialError, match="can't be used: it is locked"):
        KeyringEntry("keyring:x").fetch("api_key", process)


@pytest.mark.parametrize(
    "error", [RuntimeError("no bus!"), RuntimeError()], ids=["with words", "without"]
)
def test_any_exception_of_the_credential_store_is_reported_as_an_error(
    credential_store, monkeypatch, error
):
    """The store of each operating system has its own exceptions."""

    def fail(*_):
        raise error

    monkeypatch.setattr(credential_store, "set_password", fail)
    with pytest.raises(
        CredentialError, match=r"credential store can't be used: (no bus|RuntimeError)\.$"
    ):
        store_key("work", SECRET)


@pytest.mark.usefixtures("credential_store")
def test_a_missing_credential_store_is_an_error_with_an_alternative(process):
    """The error says how to store the key without it."""
    from keyring.backends.fail import Keyring

    keyring.set_keyring(Keyring())
    for attempt in (
        lambda: store_key("work", SECRET),
        lambda: KeyringEntry("keyring:work-1").fetch("api_key", process),
    ):
        with pytest.raises(
            CredentialError, match="can't be used: No recommended backend was available"
        ) as caught:
            attempt()
        assert "Without --keyring, `ant auth login`" in caught.value.hint


def test_a_keyring_reference_without_the_package_says_how_to_install_it(monkeypatch, process):
    """The package keyring is optional."""
    monkeypatch.setitem(sys.modules, "keyring", None)
    with pytest.raises(CredentialError, match="needs the package keyring") as caught:
        KeyringEntry("keyring:x").fetch("api_key", process)
    assert caught.value.hint == install_hint("keyring")
