"""Attacks on the official tool's store: links, modes, owners, pipes, and malformed files."""

from __future__ import annotations

import json
import os
from pathlib import Path

import httpx
import pytest

from tests.helpers.stores import REFRESH, TOKEN, OfficialStore
from tests.helpers.words import LIST, NO_KEY

if os.name == "nt":
    pytest.skip(
        "POSIX has the owners and modes that these tests are about", allow_module_level=True
    )


@pytest.fixture
def official(official):
    """The official tool's store, with a login."""
    official.activate("default\n")
    official.log_in()
    return official


def refused(done, *texts):
    """Check that a run ended before it sent anything, with a message that contains these strings."""
    assert (done.exit, done.requests, done.stdout) == (4, [], "")
    for text in texts:
        assert str(text) in done.stderr
    return True


def test_credentials_that_are_a_symbolic_link_are_rejected(ant_with_login, official, tmp_path):
    """This holds even if the target is private."""
    path = official.credentials("default")
    path.rename(tmp_path / "elsewhere")
    path.symlink_to(tmp_path / "elsewhere")
    assert refused(ant_with_login(), path, "it is a symbolic link")
    (tmp_path / "elsewhere").unlink()
    assert refused(ant_with_login(), path, "it is a symbolic link")


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o620, 0o601])
def test_credentials_that_others_can_read_are_rejected(ant_with_login, official, mode):
    """The hint is the command that fixes the mode, quoted for a shell. The mode itself is not changed."""
    path = official.credentials("default")
    path.chmod(mode)
    assert refused(ant_with_login(), f"mode 0{mode:o}", f"chmod 600 {path}")
    assert path.stat().st_mode & 0o777 == mode


@pytest.mark.parametrize("which", ["config", "active"])
@pytest.mark.parametrize("mode", [0o666, 0o664])
def test_a_config_that_others_can_change_is_rejected(ant_with_login, official, which, mode):
    """It decides where the token is sent."""
    path = official.file(which)
    path.chmod(mode)
    assert refused(ant_with_login(), f"mode 0{mode:o}", f"chmod 644 {path}")


def test_a_config_may_be_a_symbolic_link(ant_with_login, official, tmp_path):
    """Programs that manage configuration files use links. The target must be safe."""
    path = official.config("default")
    path.rename(tmp_path / "linked")
    path.symlink_to(tmp_path / "linked")
    assert ant_with_login().exit == 0
    (tmp_path / "linked").chmod(0o666)
    assert refused(ant_with_login(), "other users can change it")


@pytest.mark.parametrize("which", ["config", "credentials", "active"])
def test_a_file_of_another_user_is_rejected(ant_with_login, official, monkeypatch, which):
    """Its owner could send the token elsewhere, or make this user act in another account."""
    path = official.file(which)
    real, mine, foreign = os.fstat, 1234, 4321

    def fstat(descriptor):
        facts = real(descriptor)
        owner = foreign if os.path.samestat(facts, path.stat()) else mine
        return os.stat_result((*facts[:4], owner, *facts[5:]))

    monkeypatch.setattr(os, "fstat", fstat)
    monkeypatch.setattr(os, "geteuid", lambda: mine)
    assert refused(ant_with_login(), path, "it belongs to another user")


@pytest.mark.parametrize("which", ["config", "credentials", "active"])
@pytest.mark.parametrize(
    "make",
    [os.mkfifo, lambda path: Path(path).mkdir(), lambda path: Path(path).symlink_to("/dev/zero")],
)
def test_a_pipe_a_folder_or_a_device_is_rejected_at_once(ant_with_login, official, which, make):
    """Reading a pipe without a writer, or /dev/zero, would never end."""
    path = official.file(which)
    path.unlink()
    make(path)
    assert refused(ant_with_login(), path, "official tool")


@pytest.mark.parametrize("which", ["config", "credentials", "active"])
def test_a_file_of_100_mb_is_rejected_without_being_read(ant_with_login, official, which):
    """No real file of the store is larger than a megabyte."""
    path = official.file(which)
    os.truncate(path, 100_000_000)
    assert refused(ant_with_login(), path, "it is larger than 1 MB")


NOT_JSON = [
    b"",
    b"{",
    b"[1]",
    b'"x"',
    b"\xff\xfe{}",
    b"[" * 100_000,
    b"1" * 5000,
    b"null",
    b'{"a": tru',
]


@pytest.mark.parametrize("which", ["config", "credentials"])
@pytest.mark.parametrize("data", NOT_JSON, ids=range(len(NOT_JSON)))
def test_a_file_that_is_not_a_json_object_is_rejected(ant_with_login, official, which, data):
    """The message names the file, and quotes none of its content."""
    path = official.file(which)
    path.write_bytes(data)
    assert refused(ant_with_login(), path)


def test_a_config_of_an_editor_that_writes_a_byte_order_mark_is_read(ant_with_login, official):
    """Some editors on Windows write a byte order mark."""
    path = official.config("default")
    path.write_text(f"\ufeff{path.read_text()}", "utf-8")
    assert ant_with_login().exit == 0


def test_a_file_in_the_place_of_a_folder_of_the_official_tool_has_no_profile(
    ant_with_login, official
):
    """The file belongs to another program, so nobody is logged in."""
    for path in (official.config("default"), official.credentials("default")):
        path.unlink()
        path.parent.rmdir()
        path.parent.touch()
    assert refused(ant_with_login(), "there is no API key.")


CREDENTIALS = [
    ({"type": "certificate"}, "it is of the unknown type 'certificate'"),
    ({"type": 1}, "type must be a string"),
    ({"access_token": None}, "its access_token is empty"),
    ({"access_token": ""}, "its access_token is empty"),
    ({"access_token": ["x"]}, "access_token must be a string"),
    ({"access_token": f"{TOKEN}\nx-api-key: other"}, "contains a character that no key has"),
    ({"access_token": f"{TOKEN}\r\n"}, None),
    ({"access_token": f"{TOKEN} x"}, "contains a space"),
    ({"access_token": f"{TOKEN}\u00e9"}, "contains a character that no key has"),
    ({"access_token": f"{TOKEN}\x1b[31m"}, "contains a character that no key has"),
    ({"refresh_token": 1}, "refresh_token must be a string"),
    ({"expires_at": "2026-11-25"}, "expires_at must be a time"),
    ({"expires_at": True}, "expires_at must be a time"),
    ({"expires_at": float("inf")}, "expires_at must be a time"),
    ({"expires_at": float("nan")}, "expires_at must be a time"),
    ({"expires_at": 10**400}, None),
    ({"expires_at": -(10**400)}, " has ended,"),
    ({"expires_at": 10**12}, None),
    ({"organization_name": {"a": 1}}, "organization_name must be a string"),
    ({"unknown": [1]}, None),
]


@pytest.mark.parametrize(("change", "message"), CREDENTIALS, ids=range(len(CREDENTIALS)))
def test_credentials_with_unusual_content_are_rejected_or_sent_unchanged(
    ant_with_login, official, change, message
):
    """Unknown members are ignored. A token with a line break would be a second header."""
    path = official.credentials("default")
    official.write_credentials("default", {**json.loads(path.read_text()), **change})
    if message is None:
        echo = httpx.Response(400, json={"error": {"message": f"no {TOKEN}"}})
        done = ant_with_login(*LIST, replies=[echo])
        assert done.request.headers["authorization"] == f"Bearer {TOKEN}"
    else:
        done = ant_with_login()
        assert refused(done, path, message)
        assert ".." not in done.stderr


CONFIGS = [
    ({"authentication": None}, "it has no authentication"),
    ({"authentication": {"type": "magic"}}, "of the unknown type 'magic'"),
    ({"authentication": {}}, "of the unknown type ''"),
    ({"base_url": 1}, "base_url must be a string"),
    ({"workspace_id": ["w"]}, "workspace_id must be a string"),
    (
        {"authentication": {"type": "oidc_federation", "identity_token": {"source": "url"}}},
        "another source",
    ),
    ({"authentication": {"type": "oidc_federation", "identity_token": "x"}}, "another source"),
    (
        {"authentication": {"type": "oidc_federation", "identity_token": {"source": "file"}}},
        "names no file",
    ),
]


@pytest.mark.parametrize(("change", "message"), CONFIGS, ids=range(len(CONFIGS)))
def test_a_config_with_invalid_content_is_rejected(ant_with_login, official, change, message):
    """The exit code is 4, and the message names the file."""
    path = official.config("default")
    official.write_config("default", {**json.loads(path.read_text()), **change})
    assert refused(ant_with_login(), path, message)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"base_url": "file:///etc/passwd"}, "base_url of profile 'default' must start with http"),
        ({"base_url": "http://a\r\nb"}, "base_url of profile 'default' must be a URL"),
        ({"workspace_id": "w\r\nx: y"}, "workspace_id of profile 'default' contains a character"),
    ],
)
def test_a_setting_of_the_official_tool_that_cannot_be_sent_is_an_error_that_names_the_file(
    ant_with_login, official, change, message
):
    """The exit code is 2, as for every setting."""
    official.write_config("default", {"authentication": {"type": "user_oauth"}, **change})
    refusal = ant_with_login().refusal
    assert message in refusal
    assert f"Correct it in {official.config('default')}" in refusal


@pytest.mark.usefixtures("official")
@pytest.mark.parametrize("status", [400, 401, 403, 500])
def test_tokens_that_a_server_echoes_are_redacted(ant_with_login, status):
    """They are redacted in the error and in the debug log, including the refresh token, which was not sent."""
    message = f"{TOKEN} {REFRESH} {TOKEN.upper()} {REFRESH.encode().hex()}"
    reply = httpx.Response(status, json={"error": {"message": message}, "type": "error"})
    done = ant_with_login(*LIST, "--max-retries", "0", "--debug", replies=[reply])
    assert done.stderr.count("[redacted] [redacted] [redacted] [redacted]") == 2
    assert len(done.requests) == 1


# A folder that came with a project, named by its `.env`


@pytest.fixture
def project(tmp_path, monkeypatch):
    """The working folder: a repository."""
    folder = tmp_path / "project"
    (folder / ".git").mkdir(parents=True)
    monkeypatch.chdir(folder)
    return folder


@pytest.mark.parametrize("named", ["{project}/.cfg", ".cfg", "./.cfg", "../project/.cfg"])
def test_profiles_that_came_with_the_repository_are_not_used(ant, project, named):
    """Listing environments would run their command, and send the key to their server."""
    env = {**NO_KEY, "ANTHROPIC_CONFIG_DIR": named.format(project=project)}
    (project / ".cfg").mkdir(mode=0o700)
    (project / ".cfg" / "profiles.toml").write_text(
        "active = 'a'\n[profiles.a]\nbase_url = 'https://evil.example'\napi_key_command = 'touch ran'\n"
    )
    for words in (
        LIST,
        ("profile", "list"),
        ("auth", "status"),
        ("auth", "login", "--api-key-stdin"),
    ):
        done = ant(*words, env=env, stdin="new-key-0123")
        assert refused(
            done,
            ".cfg/profiles.toml can't be read: ",
            "To run without profiles: ANTHROPIC_CONFIG_DIR=",
        )
    assert not (project / "ran").exists()
    assert [path.name for path in (project / ".cfg").iterdir()] == ["profiles.toml"]


@pytest.mark.parametrize("named", ["{project}/.cfg", ".cfg"])
def test_no_login_of_a_folder_in_the_repository_is_used_and_nothing_is_stored_there(
    ant, project, named
):
    """Nor is the identity token of a federation sent to a server that its profile names."""
    env = {**NO_KEY, "ANTHROPIC_CONFIG_DIR": named.format(project=project)}
    stored = ant("auth", "login", "--api-key-stdin", "--no-verify", env=env, stdin="new-key-0123")
    assert (stored.exit, (project / ".cfg").exists()) == (1, False)
    OfficialStore(project / ".cfg").log_in()
    assert refused(
        ant(*LIST, env=env), ".cfg/configs/default.json, of the official tool, can't be used"
    )
