"""What a variable may decide, as `docs/credentials.md` says, and what is checked before it does."""

from __future__ import annotations

from pathlib import Path
from unittest.mock import Mock

import pytest

from ant_cli.operations.spec import Setting
from ant_cli.runtime import variables
from ant_cli.settings.official_tool import is_official
from ant_cli.settings.rows import SETTINGS
from ant_cli.settings.variable_rows import BY_NAME, ROWS
from tests.conftest import needs_posix
from tests.helpers.words import LIST, NO_KEY

NAMES = [
    value for name, value in vars(variables).items() if name.isupper() and isinstance(value, str)
]


def test_every_variable_that_the_program_names_has_a_row():
    """A new one can't be forgotten in the table."""
    assert set(NAMES) <= BY_NAME.keys()
    assert len(BY_NAME) == len(ROWS)


@pytest.mark.parametrize(
    "setting", [row for row in SETTINGS.values() if row.variable], ids=lambda row: row.name
)
def test_the_check_of_a_setting_is_that_of_its_variable(setting: Setting):
    """Otherwise, the table would say something else than what is done."""
    assert BY_NAME[setting.variable].check.run is setting.parse


# Programs


@pytest.fixture
def repository(tmp_path, monkeypatch):
    """A repository of somebody else, which is the working folder, with a program in it."""
    folder = tmp_path / "cloned"
    (folder / ".git").mkdir(parents=True)
    program = folder / "evil"
    program.write_text("#!/bin/sh\n# anthropics/anthropic-cli\necho ran > ran\n")
    program.chmod(0o755)
    monkeypatch.chdir(folder)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    return folder


@needs_posix("a shell script")
@pytest.mark.parametrize("path", ["./evil", "{}/evil", "../cloned/evil", "../outside", "evil"])
def test_an_official_tool_that_came_with_a_repository_is_not_run(ant, repository, path):
    """The variable may have come with it, too, in a file such as `.env`. It would inherit the key."""
    (repository.parent / "outside").symlink_to(repository / "evil")
    text = path.format(repository)
    refusal = ant("beta:agents", "list", env={"ANT_OFFICIAL": text}).refusal
    assert f"ANT_OFFICIAL names {text!r}, which is not run: it" in refusal
    hints = (
        ("relative to the working folder", "Name its folder by an absolute path.\n"),
        ("in the repository", "Move its folder out of the repository.\n"),
    )
    assert any(why in refusal and refusal.endswith(hint) for why, hint in hints)
    assert not (repository / "ran").exists()


@needs_posix("a shell script")
def test_no_other_program_is_run_as_the_official_tool(ant, repository):
    """A shell would run a file of the project that is called as the command."""
    (repository / "beta:agents").write_text("echo ran > ran\n")
    refusal = ant("beta:agents", "list", env={"ANT_OFFICIAL": "/bin/sh"}).refusal
    assert "ANT_OFFICIAL must be the path of the official `ant`; /bin/sh is not it.\n" in refusal
    assert "github.com/anthropics/anthropic-cli" in refusal
    assert not (repository / "ran").exists()


OF_THE_OFFICIAL_TOOL = b"...github.com/anthropics/anthropic-cli..."


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"\x7fELF" + OF_THE_OFFICIAL_TOOL, True),
        (b"MZ" + OF_THE_OFFICIAL_TOOL, True),
        (b"\xcf\xfa\xed\xfe" + OF_THE_OFFICIAL_TOOL, True),
        (b"\xca\xfe\xba\xbe" + OF_THE_OFFICIAL_TOOL + b"ant_cli", True),
        (b"\x7fELF" + OF_THE_OFFICIAL_TOOL + b"ant_cli", True),
        (b"MZ" + OF_THE_OFFICIAL_TOOL + b"ant_cli", True),
        (b"\xcf\xfa\xed\xfe" + OF_THE_OFFICIAL_TOOL + b"ant_cli", True),
        (b"\x7fELF of Apache Ant", False),
        (b"#!/bin/sh\n# anthropics/anthropic-cli\nexec ~/go/bin/ant", True),
        (b"#!/bin/sh\n# anthropics/anthropic-cli, not ant_cli", False),
        (b"#!/usr/bin/python3\nimport ant_cli", False),
        (b"", False),
    ],
)
def test_the_official_tool_is_known_by_what_is_in_its_file(tmp_path, content, expected):
    """Scripts of ant_cli also contain the name of the official tool. A binary may contain any text."""
    (tmp_path / "ant").write_bytes(content)
    assert is_official(tmp_path / "ant") is expected


def test_what_can_not_be_read_is_not_the_official_tool(tmp_path, monkeypatch):
    """A program may be executable but not readable."""
    assert not is_official(tmp_path)
    assert not is_official(tmp_path / "none")
    (tmp_path / "ant").write_bytes(OF_THE_OFFICIAL_TOOL)
    monkeypatch.setattr(Path, "read_bytes", Mock(side_effect=PermissionError))
    assert not is_official(tmp_path / "ant")


# Claude Platform on AWS


@pytest.mark.parametrize("more", [(), ("--local",), ("--base-url", "https://aws.example")])
@pytest.mark.parametrize("text", ["1", "true", "yes"])
def test_a_variable_that_asks_for_signed_requests_is_an_error_whatever_the_server(ant, more, text):
    """The request would go to another place than the user means."""
    refusal = ant(*LIST, *more, env={"ANTHROPIC_USE_AWS": text}).refusal
    assert (
        "ANTHROPIC_USE_AWS asks for requests that are signed for Claude Platform on AWS" in refusal
    )
    assert "docs/credentials.md" in refusal


@pytest.mark.parametrize("text", ["", " ", "0", "false", "False", " f ", "no", "OFF"])
def test_a_variable_that_asks_for_no_signed_requests_changes_nothing(ant, text):
    """It may be set for other programs."""
    assert ant(*LIST, env={"ANTHROPIC_USE_AWS": text}).exit == 0


@pytest.mark.parametrize(
    "words", [("auth", "status"), ("auth", "token"), ("beta:worker", "check", "env_1")]
)
def test_commands_that_use_a_credential_say_so_too(ant, words):
    """They would show or use one that is not meant."""
    env = {**NO_KEY, "ANTHROPIC_USE_AWS": "1"}
    assert "ANTHROPIC_USE_AWS asks" in ant(*words, env=env).stderr
