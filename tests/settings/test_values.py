"""The checks of values that a flag, a variable or a profile gives."""

from __future__ import annotations

import stat
from pathlib import Path
from unittest.mock import Mock

import pytest

from ant_cli.errors import UsageError
from ant_cli.settings import exposed_secrets, rows
from ant_cli.settings.local_emulator import (
    creates_file,
    database_path,
    has_database,
    state_folder,
)
from ant_cli.settings.variable_rows import value_of
from tests.conftest import needs_posix


@pytest.mark.parametrize(
    ("url", "used"),
    [
        ("https://h", "https://h"),
        ("HTTPS://h", "HTTPS://h"),
        ("http://h//", "http://h"),
        ("http://h:1/v1/", "http://h:1/v1"),
        ("http://[::1]:8080/", "http://[::1]:8080"),
        ("http://u:p@h", "http://u:p@h"),
        ("local:", "local:"),
        ("local:a/", "local:a/"),
        ("Local:", None),
        ("h", None),
        ("ftp://h", None),
        (" https://h", None),
        ("https://", None),
        ("https://:8080", None),
        ("https://h:0", None),
        ("https://h:65536", None),
        ("https://h:x", None),
        ("https://h?a", None),
        ("https://h#a", None),
        ("https://h/a b", None),
        ("https://h/\t", None),
        ("https://h/\u00a0", None),
        ("https://h/\x7f", None),
        ("https://h%41", None),
        ("https://{host}", None),
        ("https://[::1", None),
    ],
)
def test_a_base_url_has_a_host_and_nothing_after_its_path(url, used):
    """Slashes at its end are left out, but not in the path of a database."""
    if used is not None:
        assert rows.base_url("--base-url", url) == used
        return
    with pytest.raises(UsageError, match="--base-url must"):
        rows.base_url("--base-url", url)


@pytest.mark.parametrize("sign", '%<>^|\\`{}"')
def test_a_character_that_no_host_name_has_is_rejected(sign):
    """Such a character often comes from a template that was not filled in."""
    with pytest.raises(UsageError, match="must be a URL with a host"):
        rows.base_url("--base-url", f"https://a{sign}b.example")


@pytest.mark.parametrize(
    ("secret", "masked"),
    [
        ("x" * 8 + "end", "..."),
        ("x" * 8 + "last", "...last"),
        ("sk-ant-" + "x" * 7 + "last", "sk-ant-..."),
        ("sk-ant-" + "x" * 8 + "last", "sk-ant-...last"),
        ("x-sk-ant-xlast", "...last"),
    ],
)
def test_the_end_of_a_key_is_shown_from_twelve_characters_on(secret, masked):
    """A known beginning does not count."""
    assert rows.mask(secret) == masked


@pytest.mark.parametrize(
    ("secret", "problem"),
    [
        ("", "is empty"),
        (" \n", "is empty"),
        ("keyring:a", "names an entry of the credential store"),
        (" keyring:a", "names an entry of the credential store"),
        ("a\nb", "a line break, perhaps"),
        ("ab\u00e9", "a line break, perhaps"),
        ("a b", "contains a space"),
        ("export KEY=a", "contains a space"),
    ],
)
def test_a_text_that_can_not_be_a_key_is_not_stored_as_one(secret, problem):
    """White space around a key is left out."""
    with pytest.raises(UsageError, match=problem):
        rows.check_new_secret("the key", secret)
    assert rows.check_new_secret("the key", " a \n") == "a"


@pytest.mark.parametrize("space", ["", " ", "\n"])
@pytest.mark.parametrize(
    ("text", "noun"), [("sk-ant-api03-x", "an API key"), ("env_01Ab", "an ID")]
)
def test_an_api_key_or_an_id_is_no_key_of_an_environment(text, noun, space):
    """It may have been pasted with white space around it."""
    with pytest.raises(UsageError, match=f"holds {noun}, but"):
        rows.environment_key("the key", f"{space}{text}{space}")


@pytest.mark.parametrize("text", ["xsk-ant-api03-x", "sk-ant-x", "xenv_01Ab", "env_01Ab-x", "env_"])
def test_a_text_that_only_resembles_an_api_key_or_an_id_may_be_the_key_of_an_environment(text):
    """Nothing more is known about the form of such a key."""
    assert rows.environment_key("the key", f" {text}\n") == text


@pytest.mark.parametrize("text", ["", " ", "\t"])
def test_a_command_line_of_nothing_is_empty(text):
    """A profile would then have a command that can't be run."""
    with pytest.raises(UsageError, match="the command is empty"):
        rows.command("the command", text)


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("ANTHROPIC_CUSTOM_HEADERS", " \n", None),
        ("ANTHROPIC_CUSTOM_HEADERS", "A: 1\n\nB-c : x: y\r\nA:2", {"a": "2", "b-c": "x: y"}),
        ("ANTHROPIC_CUSTOM_HEADERS", "Empty:", {"empty": ""}),
        ("ANTHROPIC_CUSTOM_HEADERS", "!#$%&'*+.^_`|~0-9: x", {"!#$%&'*+.^_`|~0-9": "x"}),
    ],
)
def test_the_headers_of_a_gateway_are_lines_with_a_colon(name, text, value):
    """A name may be in any case, and the last one of a name counts. A value may have colons."""
    assert value_of(name, {name: text}) == value


@pytest.mark.parametrize(
    ("argv", "secrets"),
    [
        (["--api-key", " k1 "], ["k1"]),
        (["--api-key=k1"], ["k1"]),
        (["--api-key= k1\n"], ["k1"]),
        (["--api-key"], []),
        (["api_key=k1"], ["k1"]),
        (["api_key:k1"], ["k1"]),
        (["api_key: k1"], []),  # a value in YAML is data
        (["api-key", "k1"], []),  # no flag
        (["auth", "print-credentials", "--access-token", "x"], []),  # it asks for one
        (["list", "--access-token", "k1"], ["k1"]),
        (["--base-url", "http://u:p1@h"], ["p1"]),
        (["--base-url=http://u:p1@h"], ["p1"]),
    ],
)
def test_secrets_of_a_command_line_are_found_before_it_is_read(argv, secrets):
    """Any error may quote an argument."""
    found = set(exposed_secrets(argv, {}))
    assert found >= set(secrets)
    assert ("k1" in found, "x" in found) == ("k1" in secrets, "x" in secrets)


NAMES = (
    *("access-token", "api-key", "api-token", "auth", "auth-key", "auth-token", "authorization"),
    *("bearer", "cookie", "cookie2", "environment-key", "identity-token", "key", "metadata-key"),
    *("password", "secret", "secret-key", "token", "work-secret", "x-api-key", "anthropic-api-key"),
)


@pytest.mark.parametrize("name", NAMES)
def test_what_is_called_like_a_credential_is_a_secret_however_the_name_is_written(name):
    """The flag may not exist here, or an editor may have replaced its dashes."""
    names = [f"--{name}", f"-{name}", f"--{name.upper()}", f"--{name.replace('-', '_')}"]
    names += [f"--{name.replace('-', dash)}" for dash in "\u2013\u2014\u2212"]
    for written in names:
        assert [*exposed_secrets([written, "v1"], {})] == ["v1"]
    assert "v1" in {*exposed_secrets(["-H", f"{name}:v1"], {})}
    variable = f"ANTHROPIC_{name.removeprefix('anthropic-').upper().replace('-', '_')}"
    assert [*exposed_secrets([], {variable: " v1\n"})] == ["v1"]


@pytest.mark.parametrize("name", ["keyring", "tokens", "monkey", "max-retries", "author"])
def test_what_only_contains_such_a_name_is_no_secret(name):
    """A message may have to show the value."""
    assert not [*exposed_secrets([f"--{name}", "v1"], {f"ANTHROPIC_{name.upper()}": "v1"})]


@pytest.mark.parametrize("prefix", ["ANTHROPIC_", "ANT_WORKER_", "ANT_EMULATOR_"])
def test_the_keys_of_this_program_in_variables_are_secrets_and_those_of_others_are_not(prefix):
    """`TOKEN` may be a variable of another program, whose value is a common word."""
    found = {*exposed_secrets([], {f"{prefix}API_KEY": "v1", "TOKEN": "v2", "OTHER_API_KEY": "v3"})}
    assert found == ({"v1"} if prefix == "ANTHROPIC_" else set())
    assert {*exposed_secrets([], {"ANT_WORKER_METADATA_KEY": "v1"})} == {"v1"}


@pytest.mark.parametrize(
    "name", ["ANTHROPIC_BASE_URL", "https_proxy", "HTTPS_PROXY", "http_proxy", "ALL_PROXY"]
)
def test_the_password_of_a_server_or_a_proxy_in_a_variable_is_found(name):
    """A message about the connection may quote it."""
    assert "p1-of-proxy" in set(exposed_secrets([], {name: "http://u:p1-of-proxy@h"}))


@needs_posix("XDG_STATE_HOME")
def test_the_data_of_the_emulator_is_in_a_private_folder_of_the_user(tmp_path):
    """An empty variable counts as unset."""
    environ = {"XDG_STATE_HOME": str(tmp_path / "a" / "b")}
    assert not has_database("local:", environ)
    assert database_path("local:", environ) == str(tmp_path / "a" / "b" / "ant" / "emulator.db")
    for folder in ("a", "a/b", "a/b/ant"):
        assert stat.S_IMODE((tmp_path / folder).stat().st_mode) == 0o700
    (tmp_path / "a" / "b" / "ant" / "emulator.db").touch()
    assert has_database("local:", environ)
    assert database_path("local:x.db", environ) == "x.db"
    assert state_folder({"XDG_STATE_HOME": ""}) == Path.home() / ".local" / "state" / "ant"


@needs_posix("the variable HOME")
def test_without_a_folder_for_the_data_of_the_emulator_an_error_says_what_to_set(
    tmp_path, monkeypatch
):
    """In a container, the user may have no home directory."""
    (tmp_path / "file").touch()
    with pytest.raises(
        UsageError, match=r"the emulator's database can't be used: .*file"
    ) as caught:
        database_path("local:", {"XDG_STATE_HOME": str(tmp_path / "file")})
    assert "--base-url local:PATH, or local::memory:" in caught.value.hint
    monkeypatch.setattr(Path, "home", Mock(side_effect=RuntimeError))
    with pytest.raises(UsageError, match="no home directory") as caught:
        database_path("local:", {})
    assert caught.value.hint == "Set HOME or XDG_STATE_HOME."


@pytest.mark.parametrize(
    ("url", "is_new"),
    [
        ("local:", False),
        ("local::memory:", False),
        ("local:there.db", False),
        ("local:not-there.db", True),
        ("http://not-there", False),
    ],
)
def test_a_base_url_creates_a_file_only_if_it_names_one_that_is_not_there(
    url, is_new, tmp_path, monkeypatch
):
    """The user's own database, and memory, need no note."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "there.db").touch()
    assert creates_file(url) is is_new
